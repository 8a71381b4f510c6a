// SPDX-License-Identifier: Apache-2.0
//
// See manifest.h. The text between the lists of grants is copied as it is.
#include "tools/authority/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "abi/ids.h"
#include "tools/authority/ask.h"

enum { NODES_MAX = 1 << 16 };

void manifest_open(struct manifest *manifest, const char *path)
{
    struct json_error error;
    size_t size;

    manifest->path = path;
    manifest->text = (char *)file_read(path, &size, false);
    manifest->json = (struct json){.nodes = malloc(NODES_MAX * sizeof(struct json_node)),
                                   .nodes_max = NODES_MAX};
    if (manifest->json.nodes == NULL)
        fail(EXIT_REFUSED, path, "there is not enough memory");
    if (!json_read(&manifest->json, manifest->text, size, &error))
        fail_at(path, error.line, error.column, json_fault_text(error.fault));
    uint32_t programs = json_member(&manifest->json, 0, "programs");
    if (programs == JSON_NONE || manifest->json.nodes[programs].type != JSON_ARRAY)
        fail(EXIT_REFUSED, path, "is no boot manifest: it has no programs");
}

void manifest_close(struct manifest *manifest)
{
    free(manifest->json.nodes);
    free(manifest->text);
}

uint32_t manifest_program_count(const struct manifest *manifest)
{
    return manifest->json.nodes[json_member(&manifest->json, 0, "programs")].count;
}

static void grant_put(FILE *out, uint32_t *count, const char *text)
{
    fprintf(out, "%s\n        %s", *count == 0 ? "" : ",", text);
    (*count)++;
}

static const char *span(const struct manifest *manifest, uint32_t node)
{
    const struct json_node *at = &manifest->json.nodes[node];
    return say("%.*s", (int)at->size, manifest->text + at->start);
}

void manifest_write(const struct manifest *manifest, FILE *out,
                    const char *(*change)(void *context, uint32_t program, uint32_t grant,
                                          const char *text),
                    void *context, uint32_t to, const char *added)
{
    const struct json *json = &manifest->json;
    uint32_t programs = json_member(json, 0, "programs");
    uint32_t program = json_first(json, programs);
    size_t done = 0;

    for (uint32_t i = 0; i < json->nodes[programs].count; i++) {
        uint32_t grants = json_member(json, program, "grants");
        if (grants == JSON_NONE || json->nodes[grants].type != JSON_ARRAY)
            fail(EXIT_REFUSED, manifest->path, "has a program without a list of grants");
        const struct json_node *list = &json->nodes[grants];
        uint32_t grant = json_first(json, grants);
        uint32_t count = 0;
        fwrite(manifest->text + done, 1, list->start - done, out);
        fputc('[', out);
        for (uint32_t j = 0; j < list->count; j++) {
            const char *text = change == NULL ? span(manifest, grant)
                                              : change(context, i, j, span(manifest, grant));
            if (text != NULL)
                grant_put(out, &count, text);
            said_forget();
            grant = json->nodes[grant].next;
        }
        if (i == to && added != NULL)
            grant_put(out, &count, added);
        fputs(count == 0 ? "]" : "\n      ]", out);
        done = list->start + list->size;
        program = json->nodes[program].next;
    }
    fputs(manifest->text + done, out);
}

const char *grant_with_methods(const char *grant, const char *methods)
{
    const char *list = strstr(grant, "\"methods\"");
    const char *open = list == NULL ? NULL : strchr(list, '[');
    const char *close = open == NULL ? NULL : strchr(open, ']');

    return close == NULL ? grant : say("%.*s%s%s", (int)(open + 1 - grant), grant, methods, close);
}

// --- set-grant ----------------------------------------------------------------------------------

struct setting {
    uint32_t place;
    const char *name;
    const char *grant;
    bool is_set;
};

// The name that a grant's text has, into `name`.
static bool name_of(const char *text, char name[NAME_SIZE])
{
    struct json_node nodes[256];
    struct json json = {.nodes = nodes, .nodes_max = 256};
    struct json_error error;

    return json_read(&json, text, strlen(text), &error) && nodes[0].type == JSON_OBJECT &&
           json_text(&json, json_member(&json, 0, "name"), name, NAME_SIZE) && name[0] != '\0';
}

static const char *replaced(void *context, uint32_t program, uint32_t grant, const char *text)
{
    struct setting *setting = context;
    char name[NAME_SIZE];

    (void)grant;
    if (program != setting->place || !name_of(text, name) || strcmp(name, setting->name) != 0)
        return text;
    setting->is_set = true;
    return setting->grant;
}

int set_grant_run(const struct options *options)
{
    struct manifest manifest;
    char name[NAME_SIZE];
    char *end;
    char *text = NULL;
    size_t size;
    unsigned long place = strtoul(options->arguments[1], &end, 10);
    struct setting setting = {(uint32_t)place, name, options->arguments[2], false};

    manifest_open(&manifest, options->arguments[0]);
    if (*end != '\0' || place >= manifest_program_count(&manifest))
        fail(EXIT_USAGE, options->arguments[1],
             "is no place of a program in this manifest: 0 is the first");
    if (!name_of(setting.grant, name))
        fail(EXIT_USAGE, setting.grant, "is no grant: an object with a name is needed");
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        fail(EXIT_REFUSED, manifest.path, "there is not enough memory");
    manifest_write(&manifest, out, replaced, &setting, 0, NULL);
    if (!setting.is_set) {
        rewind(out);
        manifest_write(&manifest, out, NULL, NULL, setting.place, setting.grant);
    }
    if (fclose(out) != 0)
        fail(EXIT_REFUSED, manifest.path, "there is not enough memory");
    fwrite(text, 1, size, stdout);
    free(text);
    manifest_close(&manifest);
    return 0;
}

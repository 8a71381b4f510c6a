// SPDX-License-Identifier: Apache-2.0
//
// The small languages inside of fields.
#include "system/init/manager/syntax.h"

#include <string.h>

static bool is_letter_or_digit(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

static bool is_name(const char *name, bool has_dots)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < size; i++) {
        bool is_sign = name[i] == '-' || name[i] == '_' || (has_dots && name[i] == '.');
        if (!is_letter_or_digit(name[i]) && !(is_sign && i > 0)) {
            return false;
        }
    }
    return size > 0 && size < NAME_SIZE;
}

bool name_is_good(const char *name)
{
    return is_name(name, true);
}

bool part_is_good(const char *name)
{
    return is_name(name, false);
}

static const char *blanks_skip(const char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    return text;
}

bool command_next(const char **place, struct phrase *word)
{
    const char *at = blanks_skip(*place);
    bool is_quoted = false;

    if (*at == '\0') {
        *place = at;
        return false;
    }
    for (; *at != '\0' && (is_quoted || (*at != ' ' && *at != '\t')); at++) {
        if (*at == '"') {
            is_quoted = !is_quoted;
            continue;
        }
        if (is_quoted && *at == '\\' && (at[1] == '"' || at[1] == '\\')) {
            at++;
        }
        phrase_put_bytes(word, at, 1);
    }
    *place = at;
    return true;
}

bool command_is_good(const char *command, bool is_empty_good)
{
    bool is_quoted = false;

    for (const char *at = command; *at != '\0'; at++) {
        if (is_quoted && *at == '\\' && (at[1] == '"' || at[1] == '\\')) {
            at++;
        } else if (*at == '"') {
            is_quoted = !is_quoted;
        }
    }
    return !is_quoted && (is_empty_good || *blanks_skip(command) != '\0');
}

// Takes the bytes up to `stop` or the end, without the blanks around them.
static const char *part_take(const char *text, char stop, char *part)
{
    struct phrase out = phrase_in(part, NAME_SIZE);
    const char *end = text = blanks_skip(text);

    while (*end != '\0' && *end != stop) {
        end++;
    }
    size_t size = (size_t)(end - text);
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) {
        size--;
    }
    phrase_put_bytes(&out, text, size);
    if (out.is_cut) {
        part[0] = '\0';
    }
    return end;
}

bool grant_parse(struct grant *grant, const char *text)
{
    char first[NAME_SIZE];

    memset(grant, 0, sizeof(*grant));
    text = part_take(text, '=', grant->name);
    if (*text != '=') {
        return false;
    }
    // A service's name may have dots: the slash tells.
    const char *slash = part_take(++text, '/', first);
    if (*slash == '/') {
        memcpy(grant->service, first, sizeof(first));
        text = slash + 1;
        if (!name_is_good(grant->service)) {
            return false;
        }
    }
    text = part_take(text, '.', grant->source);
    if (*text == '.') {
        text = part_take(text + 1, '\0', grant->facet);
        if (!part_is_good(grant->facet)) {
            return false;
        }
    }
    return part_is_good(grant->name) && part_is_good(grant->source);
}

bool export_parse(struct export *export, const char *text)
{
    memset(export, 0, sizeof(*export));
    text = part_take(text, ':', export->name);
    if (*text != ':') {
        return false;
    }
    part_take(text + 1, '\0', export->interface);
    return part_is_good(export->name) && part_is_good(export->interface) &&
           export->interface[0] > '9'; // a letter
}

bool condition_parse(const char *text, enum condition_kind *kind, const char **rest)
{
    static const char *const prefixes[CONDITION_COUNT] = {
        "path:", "file:", "directory:", "registry:"};

    for (int i = 0; i < CONDITION_COUNT; i++) {
        if (text_starts(text, prefixes[i])) {
            *kind = (enum condition_kind)i;
            *rest = text + strlen(prefixes[i]);
            return **rest != '\0';
        }
    }
    return false;
}

const char *kernel_source_find(const char *name)
{
    static const struct {
        const char *name;
        const char *interface;
    } sources[] = {
#define KERNEL_SOURCE(name, interface) {name, interface},
#include "system/init/manager/kernel_source.def"
#undef KERNEL_SOURCE
    };

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (text_is(name, sources[i].name)) {
            return sources[i].interface;
        }
    }
    return NULL;
}

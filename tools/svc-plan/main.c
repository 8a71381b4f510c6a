// SPDX-License-Identifier: Apache-2.0
//
// svc-plan: what the service manager would do with a set of definitions, and what is wrong with it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/init/format/definitions.h"
#include "system/init/manager/assert.h"
#include "tools/svc-plan/print.h"

enum { EXIT_WRONG = 1, EXIT_USAGE = 2, FILE_MAX = 1 << 24, NODES_MAX = 1 << 18 };

static const char help[] =
    "svc-plan FILE [--start SERVICE] [--dot | --json]\n"
    "  Says what a boot with these definitions would do, without doing it.\n"
    "  --start SERVICE  what starting this one would do, instead\n"
    "  --dot            the graph, for graphviz\n"
    "  --json           everything, for programs\n"
    "  Exit code 0: it boots and nothing is wrong; 1: something is wrong; 2: usage.\n";

static struct catalogue catalogue;
static struct definition pool[SERVICES_MAX * DEFINITIONS_PER_SERVICE];
static struct json_node nodes[NODES_MAX];
static struct plan plan;

_Noreturn void manager_assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "svc-plan: a defect of this tool: %s:%u: %s does not hold\n", file, line,
            claim);
    abort();
}

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "svc-plan: %s: %s\n", what, why);
    exit(EXIT_USAGE);
}

static char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(FILE_MAX + 1);

    if (file == NULL || bytes == NULL) {
        fail(path, strerror(errno));
    }
    *size = fread(bytes, 1, FILE_MAX + 1, file);
    if (ferror(file)) {
        fail(path, "it can't be read; is it a file?");
    }
    if (*size > FILE_MAX) {
        fail(path, "longer than 16 MiB");
    }
    fclose(file);
    return bytes;
}

int main(int count, char **words)
{
    const char *path = NULL;
    const char *start = NULL;
    void (*print)(const struct plan *) = plan_print;
    size_t size;

    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--dot") == 0) {
            print = plan_print_dot;
        } else if (strcmp(words[i], "--json") == 0) {
            print = plan_print_json;
        } else if (strcmp(words[i], "--start") == 0 && i + 1 < count) {
            start = words[++i];
        } else if (strcmp(words[i], "--help") == 0) {
            fputs(help, stdout);
            return 0;
        } else if (words[i][0] == '-' || path != NULL) {
            fputs(help, stderr);
            return EXIT_USAGE;
        } else {
            path = words[i];
        }
    }
    if (path == NULL) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    catalogue_init(&catalogue, pool, SERVICES_MAX * DEFINITIONS_PER_SERVICE);
    char *bytes = file_read(path, &size);
    bool is_read = definitions_read(&catalogue, bytes, size, nodes, NODES_MAX);
    catalogue_stage_end(&catalogue, NULL);
    uint16_t slot = start != NULL ? catalogue_find(&catalogue, start) : NO_SERVICE;
    if (is_read && start != NULL && slot == NO_SERVICE) {
        fail(start, "the file defines no such service");
    }
    plan_make(&plan, &catalogue, catalogue_staged(&catalogue), slot);
    print(&plan);
    free(bytes);
    return catalogue.problems.errors > 0 || plan.verdict != VERDICT_FULL ? EXIT_WRONG : 0;
}

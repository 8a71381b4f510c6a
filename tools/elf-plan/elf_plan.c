// SPDX-License-Identifier: Apache-2.0
//
// Prints the loader's plan of ELF files, as far as it follows from the file alone: addresses are
// those of one seed, in a process whose addresses begin at 0.
//
//     elf-plan FILE.elf ...
//
// Exit code 1: a file was refused; 2: a file can't be read.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/ids.h"
#include "runtime/loader/loader.h"
#include "runtime/space.h"

enum { FILE_MAX = 64 << 20, REFUSED = 1, UNREADABLE = 2 };

static uint8_t *file_read(FILE *from, uint64_t *size)
{
    uint8_t *bytes = malloc(FILE_MAX);
    if (bytes != NULL) {
        *size = fread(bytes, 1, FILE_MAX, from);
    }
    if (bytes != NULL && (ferror(from) != 0 || fgetc(from) != EOF)) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}

static void range_print(const char *what, struct loader_range range, const char *more)
{
    printf("  %s %#" PRIx64 " to %#" PRIx64 "%s\n", what, range.low, range.high, more);
}

static void plan_print(const char *name, const struct loader_plan *plan)
{
    printf("%s: entry %#" PRIx64 ", %" PRIu64 " relocations, %" PRIu64 " bytes of its own\n", name,
           plan->entry, plan->relocation_count, plan->memory_size);
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct loader_segment *segment = &plan->segments[i];
        char rights[] = {'r', (segment->rights & RIGHT_WRITE) != 0 ? 'w' : '-',
                         (segment->rights & RIGHT_EXECUTE) != 0 ? 'x' : '-', 0};
        range_print(rights, segment->pages,
                    loader_is_shared(segment) ? ", pages of the file" : ", its own");
    }
    if (plan->relro.low != plan->relro.high) {
        range_print("read-only in the end:", plan->relro, "");
    }
    range_print("stack:", plan->stack, "");
    if (plan->tls.memory_size != 0) {
        range_print("thread-local storage:", plan->tls.pages, "");
    }
}

static int file_plan(const char *name, const uint8_t *bytes, uint64_t size)
{
    const struct loader_options options = {.range = {LAYOUT_STACK, TSR_SPACE_FIRST},
                                           .seed = LOADER_SEED_KNOWN,
                                           .stack_size = LAYOUT_STACK_TOP - LAYOUT_STACK,
                                           .memory_max = 64 << 20};
    const struct loader_file file = {bytes, size};
    struct loader_plan plan;
    struct loader_error error;
    char text[LOADER_ERROR_TEXT_MAX];
    if (loader_plan(&plan, &file, &options, &error)) {
        plan_print(name, &plan);
        return 0;
    }
    loader_error_print(&error, text, sizeof text);
    fprintf(stderr, "%s: %s\n", name, text);
    return REFUSED;
}

static int file_take(const char *name)
{
    errno = 0;
    FILE *from = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    uint64_t size = 0;
    uint8_t *bytes = from == NULL ? NULL : file_read(from, &size);
    if (from != NULL && from != stdin) {
        fclose(from);
    }
    if (bytes == NULL) {
        fprintf(stderr, "%s: %s\n", name,
                errno != 0 ? strerror(errno) : "it is larger than 64 MiB");
        return UNREADABLE;
    }
    int result = file_plan(name, bytes, size);
    free(bytes);
    return result;
}

int main(int count, char **arguments)
{
    int worst = count > 1 ? 0 : UNREADABLE;
    if (count < 2) {
        fprintf(stderr, "usage: elf-plan FILE.elf ...\n");
    }
    for (int i = 1; i < count; i++) {
        int result = file_take(arguments[i]);
        worst = result > worst ? result : worst;
    }
    return worst;
}

// SPDX-License-Identifier: Apache-2.0
//
// What the loader makes of the files that are named, in lines that loader_interop.py compares with
// readelf. Addresses are as in the file: the base is taken off again.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/loader/loader.h"

static uint64_t base;

static bool take(void *self, struct loader_range pages)
{
    (void)self;
    (void)pages;
    return true;
}

static bool share(void *self, struct loader_range pages, uint32_t rights, uint64_t offset)
{
    (void)self;
    printf("share %" PRIx64 " %" PRIx64 " %x %" PRIx64 "\n", pages.low - base, pages.high - base,
           rights, offset);
    return true;
}

// Of the word, if it is one: in the end come the relocations.
static bool put(void *self, uint64_t address, const void *bytes, uint64_t size)
{
    uint64_t word;
    (void)self;
    if (size == sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        printf("word %" PRIx64 " %" PRIx64 "\n", address - base, word - base);
    }
    return true;
}

static bool protect(void *self, struct loader_range pages, uint32_t rights)
{
    (void)self;
    printf("protect %" PRIx64 " %" PRIx64 " %x\n", pages.low - base, pages.high - base, rights);
    return true;
}

static void plan_print(const struct loader_plan *plan)
{
    printf("entry %" PRIx64 "\n", plan->entry - base);
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct loader_segment *segment = &plan->segments[i];
        printf("segment %u %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %x\n", segment->header,
               segment->file_offset, segment->start - base, segment->file_size,
               segment->memory_size, segment->rights);
    }
    if (plan->tls.memory_size != 0) {
        printf("tls %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 "\n",
               plan->tls.template - base, plan->tls.file_size, plan->tls.memory_size,
               plan->tls.alignment, plan->tls.thread_pointer - plan->tls.block);
    }
    printf("relocations %" PRIu64 "\n", plan->relocation_count);
}

static void file_print(const char *path, const struct loader_file *file)
{
    const struct loader_options options = {
        .range = {0x10000000, 0x50000000}, .seed = 1, .stack_size = 65536, .memory_max = 1 << 30};
    const struct loader_target target = {
        .share = share, .own = take, .guard = take, .write = put, .protect = protect};
    struct loader_plan plan;
    struct loader_error error;
    printf("file %s\n", path);
    bool is_planned = loader_plan(&plan, file, &options, &error);
    base = plan.base;
    if (is_planned) {
        plan_print(&plan);
        is_planned = loader_apply(&plan, file, &target, &error);
    }
    if (!is_planned) {
        char text[LOADER_ERROR_TEXT_MAX];
        loader_error_print(&error, text, sizeof(text));
        printf("refused %s\n", text);
    }
}

int main(int count, char **paths)
{
    enum { ROOM = 64 << 20 };
    uint8_t *bytes = malloc(ROOM);
    for (int i = 1; i < count && bytes != NULL; i++) {
        FILE *stream = fopen(paths[i], "rb");
        if (stream == NULL) {
            perror(paths[i]);
            return 1;
        }
        struct loader_file file = {bytes, fread(bytes, 1, ROOM, stream)};
        fclose(stream);
        file_print(paths[i], &file);
    }
    free(bytes);
    return bytes == NULL;
}

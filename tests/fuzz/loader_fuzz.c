// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a program, in memory that ends where they end. The loader refuses them in words, or
// makes a plan that keeps its promises and carries it out into memory that notices everything else.
// The first bytes say how: seed, where the file was before it changed under the plan, if it did.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/ids.h"
#include "runtime/loader/test/image.h"

enum { HEAD = 4, FILE_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static bool do_meet(struct loader_range left, struct loader_range right)
{
    return left.low < right.high && right.low < left.high;
}

static void plan_check(const struct loader_plan *plan, const struct loader_options *options,
                       const struct loader_file *file)
{
    struct loader_range pieces[LOADER_SEGMENTS_MAX + 2];
    uint32_t count = 0;
    bool is_entry = false;
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct loader_segment *segment = &plan->segments[i];
        pieces[count++] = segment->pages;
        is_entry = is_entry || ((segment->rights & 4) != 0 && plan->entry >= segment->start &&
                                plan->entry - segment->start < segment->file_size);
        must(segment->file_offset <= file->size &&
                 segment->file_size <= file->size - segment->file_offset,
             "a segment's bytes are in the file");
        must(segment->start >= segment->pages.low &&
                 segment->start + segment->memory_size <= segment->pages.high &&
                 segment->file_size <= segment->memory_size,
             "a segment's bytes are in its pages");
        must((segment->rights & 6) != 6 && (segment->rights & 1) != 0 && segment->rights < 8,
             "nothing is writable and executable");
    }
    must(is_entry, "the entry is a byte of the file in an executable segment");
    pieces[count++] = (struct loader_range){plan->stack.low - LOADER_GUARD_SIZE,
                                            plan->stack.high + LOADER_GUARD_SIZE};
    if (plan->tls.memory_size != 0) {
        pieces[count++] = plan->tls.pages;
        must(plan->tls.block >= plan->tls.pages.low &&
                 plan->tls.thread_pointer - plan->tls.block >= plan->tls.memory_size &&
                 plan->tls.thread_pointer + LOADER_TCB_SIZE <= plan->tls.pages.high,
             "the block is in its pages");
    }
    for (uint32_t i = 0; i < count; i++) {
        must(pieces[i].low % PAGE_SIZE == 0 && pieces[i].high % PAGE_SIZE == 0 &&
                 pieces[i].low < pieces[i].high && pieces[i].low >= options->range.low &&
                 pieces[i].high <= options->range.high,
             "all pieces are whole pages within the range");
        for (uint32_t j = 0; j < i; j++) {
            must(!do_meet(pieces[i], pieces[j]), "no pieces meet");
        }
    }
    must(plan->memory_size <= options->memory_max, "memory is within its limit");
}

static void words_check(const struct loader_error *error, const struct loader_file *file)
{
    char text[LOADER_ERROR_TEXT_MAX];
    must(error->fact != LOADER_FACT_NONE && error->fact < LOADER_FACT_COUNT,
         "a refusal has a fact");
    must(loader_error_print(error, text, sizeof(text)) > 20, "errors have words");
    must(error->at <= file->size, "the place of an error is in the file");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct image image;
    static uint8_t bytes[FILE_MAX];
    struct loader_plan plan;
    struct loader_error error;
    if (size <= HEAD || size > FILE_MAX) {
        return 0;
    }
    struct loader_file file = {data + HEAD, size - HEAD};
    uint64_t change = data[1] | (uint64_t)data[2] << 8;
    // Static programs of the corpus are linked here.
    image_init(&image, &file, 0x10000000);
    struct loader_options options = image_options(&image, data[0]);
    if (!loader_plan(&plan, &file, &options, &error)) {
        words_check(&error, &file);
        image_fini(&image);
        return 0;
    }
    plan_check(&plan, &options, &file);
    if (data[3] != 0 && change < file.size) {
        memcpy(bytes, file.bytes, file.size);
        bytes[change] ^= data[3];
        image.file.bytes = bytes;
    }
    if (!loader_apply(&plan, &image.file, &image.target, &error)) {
        must(data[3] != 0, "a plan can be carried out");
        words_check(&error, &file);
    } else {
        must(image.own_size == plan.memory_size, "the memory of its own is as much as planned");
    }
    if (image.broken != NULL) {
        must(false, image.broken);
    }
    image_fini(&image);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Carrying a plan out, in an order in which nothing is read back: memory first, then the file's
// bytes, then relocations, which are written into the thread's block as well where they are in its
// template, then the rights that writing had to wait for.
#include <string.h>

#include "runtime/loader/parts.h"

struct applying {
    const struct loader_plan *plan;
    const struct loader_file *file;
    const struct loader_target *target;
    struct loader_error *error;
};

static bool refuse_file(const struct applying *applying, enum loader_fact fact, uint64_t value)
{
    return loader_refuse(applying->error, fact, (struct spot){LOADER_PART_FILE, 0, 0}, value);
}

// Whether the file still has what the plan speaks of.
static bool file_check(const struct applying *applying)
{
    const struct loader_plan *plan = applying->plan;
    bool is_there = true;
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct loader_segment *segment = &plan->segments[i];
        is_there = is_there && file_has(applying->file, segment->file_offset, segment->file_size);
    }
    for (uint32_t i = 0; i < LOADER_TABLES; i++) {
        is_there =
            is_there && file_has(applying->file, plan->tables[i].offset, plan->tables[i].size);
    }
    return is_there || refuse_file(applying, LOADER_FACT_FILE_OUTSIDE, applying->file->size);
}

// --- One step -----------------------------------------------------------------------------------

static bool own(const struct applying *applying, struct loader_range pages)
{
    return applying->target->own(applying->target->self, pages) ||
           refuse_file(applying, LOADER_FACT_TARGET, pages.low);
}

static bool guard(const struct applying *applying, uint64_t low)
{
    struct loader_range pages = {low, low + LOADER_GUARD_SIZE};
    return applying->target->guard(applying->target->self, pages) ||
           refuse_file(applying, LOADER_FACT_TARGET, pages.low);
}

static bool write(const struct applying *applying, uint64_t address, const void *bytes,
                  uint64_t size)
{
    return size == 0 || applying->target->write(applying->target->self, address, bytes, size) ||
           refuse_file(applying, LOADER_FACT_TARGET, address);
}

static bool protect(const struct applying *applying, struct loader_range pages, uint32_t rights)
{
    return pages.low == pages.high ||
           applying->target->protect(applying->target->self, pages, rights) ||
           refuse_file(applying, LOADER_FACT_TARGET, pages.low);
}

// --- Memory and bytes ---------------------------------------------------------------------------

static bool segment_map(const struct applying *applying, const struct loader_segment *segment)
{
    const struct loader_target *target = applying->target;
    if (!loader_is_shared(segment)) {
        return own(applying, segment->pages) &&
               write(applying, segment->start, applying->file->bytes + segment->file_offset,
                     segment->file_size);
    }
    return target->share(target->self, segment->pages, segment->rights,
                         page_floor(segment->file_offset)) ||
           refuse_file(applying, LOADER_FACT_TARGET, segment->pages.low);
}

static bool stack_map(const struct applying *applying)
{
    const struct loader_range *stack = &applying->plan->stack;
    return guard(applying, stack->low - LOADER_GUARD_SIZE) && own(applying, *stack) &&
           guard(applying, stack->high);
}

static bool tls_map(const struct applying *applying)
{
    const struct loader_tls *tls = &applying->plan->tls;
    if (tls->memory_size == 0) {
        return true;
    }
    const struct loader_segment *segment =
        loader_segment_in_file(applying->plan, tls->template, tls->file_size);
    const uint8_t *bytes = segment == NULL ? NULL
                                           : applying->file->bytes + segment->file_offset +
                                                 (tls->template - segment->start);
    return own(applying, tls->pages) && write(applying, tls->block, bytes, tls->file_size) &&
           write(applying, tls->thread_pointer, &tls->thread_pointer, sizeof tls->thread_pointer);
}

// --- Relocations --------------------------------------------------------------------------------

// What of the word is in the template goes to the block, too.
static bool tls_relocate(const struct applying *applying, const struct relocation *relocation)
{
    const struct loader_tls *tls = &applying->plan->tls;
    uint8_t bytes[sizeof relocation->value];
    memcpy(bytes, &relocation->value, sizeof bytes);
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        uint64_t offset = relocation->place + i - tls->template;
        if (offset < tls->file_size && !write(applying, tls->block + offset, &bytes[i], 1)) {
            return false;
        }
    }
    return true;
}

static bool relocate(const struct applying *applying)
{
    struct relocation_walk walk = {0};
    struct relocation relocation;
    enum walk_step step;
    for (;;) {
        step = loader_relocation_next(applying->plan, applying->file, &walk, &relocation,
                                      applying->error);
        if (step != WALK_FOUND) {
            return step == WALK_END;
        }
        if (!write(applying, relocation.place, &relocation.value, sizeof relocation.value) ||
            !tls_relocate(applying, &relocation)) {
            return false;
        }
    }
}

static bool rights_set(const struct applying *applying)
{
    const struct loader_plan *plan = applying->plan;
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct loader_segment *segment = &plan->segments[i];
        bool is_final = loader_is_shared(segment) || (segment->rights & RIGHT_WRITE) != 0;
        if (!is_final && !protect(applying, segment->pages, segment->rights)) {
            return false;
        }
    }
    return protect(applying, plan->relro, RIGHT_READ);
}

bool loader_apply(const struct loader_plan *plan, const struct loader_file *file,
                  const struct loader_target *target, struct loader_error *error)
{
    const struct applying applying = {plan, file, target, error};
    *error = (struct loader_error){0};
    if (!file_check(&applying)) {
        return false;
    }
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        if (!segment_map(&applying, &plan->segments[i])) {
            return false;
        }
    }
    return stack_map(&applying) && tls_map(&applying) && relocate(&applying) &&
           rights_set(&applying);
}

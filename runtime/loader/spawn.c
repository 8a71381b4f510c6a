// SPDX-License-Identifier: Apache-2.0
//
// The loader's target over AddressSpace: see spawn.h. A mapping can't be split, so whatever has
// rights of its own is mapped by itself, at once with the rights that it keeps; what is written
// goes through a window.
#include "runtime/loader/spawn.h"

#include <string.h>

#include "abi/ids.h"
#include "runtime/runtime.h"
#include "runtime/space.h"

enum {
    OBJECT_SIZE = 1024 * PAGE_SIZE, // of one memory object, at most
    READ_SIZE = 512,                // bytes of one call
    RW = RIGHT_READ | RIGHT_WRITE,
};

// Memory that the process has for itself, and where the caller sees it.
struct piece {
    struct loader_range pages;
    uint64_t window;
};

struct loading {
    struct tsr_build *build;
    struct memory_object memory; // with the file
    uint64_t offset;             // ... from this byte on
    struct loader_plan plan;
    uint64_t window; // where the next piece will be seen
    uint32_t piece_count;
    struct piece pieces[LOADER_SEGMENTS_MAX + 1]; // and the thread's block
    struct capnp_exception *exception;
};

static uint32_t pages_of(struct loader_range range)
{
    return (uint32_t)((range.high - range.low) / PAGE_SIZE);
}

static uint64_t least(uint64_t left, uint64_t right)
{
    return left < right ? left : right;
}

// --- The target ---------------------------------------------------------------------------------

static bool target_share(void *self, struct loader_range pages, uint32_t rights, uint64_t offset)
{
    struct loading *loading = self;
    return tsr_pages_map(loading->build->space, pages.low, pages_of(pages), rights, loading->memory,
                         loading->offset + offset, loading->exception);
}

static uint32_t rights_of(const struct loader_plan *plan, struct loader_range pages)
{
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        if (plan->segments[i].pages.low == pages.low) {
            return plan->segments[i].rights;
        }
    }
    return RW;
}

// All of an object, from the first of these pages on; what is to be read-only in the end is.
static bool object_map(struct loading *loading, struct loader_range pages, uint32_t rights,
                       struct memory_object memory)
{
    struct loader_range relro = loading->plan.relro;
    struct loader_range part = {pages.low, pages.low};
    for (; part.low < pages.high; part.low = part.high) {
        bool is_relro = part.low >= relro.low && part.low < relro.high;
        bool is_before = part.low < relro.low;
        part.high = is_relro    ? least(relro.high, pages.high)
                    : is_before ? least(relro.low, pages.high)
                                : pages.high;
        if (!tsr_pages_map(loading->build->space, part.low, pages_of(part),
                           is_relro ? RIGHT_READ : rights, memory, part.low - pages.low,
                           loading->exception)) {
            return false;
        }
    }
    return true;
}

// One object more of a piece; piece NULL: it is never written.
static bool object_give(struct loading *loading, struct loader_range pages, uint32_t rights,
                        struct piece *piece)
{
    struct memory_object memory;
    if (!job_make_memory(loading->build->job, pages_of(pages), &memory, loading->exception)) {
        return false;
    }
    bool is_given = true;
    if (piece != NULL) {
        uint64_t at = piece->window + (pages.low - piece->pages.low);
        is_given = tsr_pages_map(loading->build->spawner->space, at, pages_of(pages), RW, memory, 0,
                                 loading->exception);
        piece->pages.high = is_given ? pages.high : pages.low;
    }
    is_given = is_given && object_map(loading, pages, rights, memory);
    tsr_release(memory.id);
    return is_given;
}

static bool target_own(void *self, struct loader_range pages)
{
    struct loading *loading = self;
    uint32_t rights = rights_of(&loading->plan, pages);
    struct piece *piece = NULL;
    if (pages.low != loading->plan.stack.low) {
        piece = &loading->pieces[loading->piece_count++];
        *piece = (struct piece){{pages.low, pages.low}, loading->window};
        loading->window += pages.high - pages.low;
    }
    struct loader_range object = {pages.low, pages.low};
    for (; object.low < pages.high; object.low = object.high) {
        object.high = least(object.low + OBJECT_SIZE, pages.high);
        if (!object_give(loading, object, rights, piece)) {
            return false;
        }
    }
    return true;
}

// Nobody maps there but the process itself, should it wish to.
static bool target_guard(void *self, struct loader_range pages)
{
    (void)self;
    (void)pages;
    return true;
}

static bool target_write(void *self, uint64_t address, const void *bytes, uint64_t size)
{
    struct loading *loading = self;
    const struct piece *piece = loading->pieces;
    while (address - piece->pages.low >= piece->pages.high - piece->pages.low) {
        piece++; // it is in one of them
    }
    memcpy((uint8_t *)piece->window + (address - piece->pages.low), bytes, size);
    return true;
}

// They were mapped so.
static bool target_protect(void *self, struct loader_range pages, uint32_t rights)
{
    (void)self;
    (void)pages;
    (void)rights;
    return true;
}

static bool pieces_close(struct loading *loading, struct capnp_exception *exception)
{
    bool is_closed = true;
    for (uint32_t i = 0; i < loading->piece_count; i++) {
        const struct piece *piece = &loading->pieces[i];
        is_closed = tsr_pages_unmap(loading->build->spawner->space, piece->window,
                                    pages_of(piece->pages), exception) &&
                    is_closed;
    }
    return is_closed;
}

// --- All of it ----------------------------------------------------------------------------------

// The file is at fault, as build->error says.
static bool refuse(const struct tsr_build *build, struct capnp_exception *exception)
{
    char text[LOADER_ERROR_TEXT_MAX];
    loader_error_print(&build->error, text, sizeof text);
    capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, text);
    return false;
}

bool loader_build(struct tsr_build *build, const struct loader_file *file,
                  struct memory_object memory, uint64_t offset, struct capnp_exception *exception)
{
    struct loading loading = {.build = build,
                              .memory = memory,
                              .offset = offset,
                              .window = tsr_write_window(build->spawner),
                              .exception = exception};
    const struct loader_target target = {.self = &loading,
                                         .share = target_share,
                                         .own = target_own,
                                         .guard = target_guard,
                                         .write = target_write,
                                         .protect = target_protect};
    const struct loader_options options = {
        .range = {build->base + LAYOUT_STACK, build->base + TSR_SPACE_FIRST},
        .seed = build->seed,
        .stack_size = LAYOUT_STACK_TOP - LAYOUT_STACK,
        .memory_max = LOADER_MEMORY_MAX};
    if (!loader_plan(&loading.plan, file, &options, &build->error)) {
        return refuse(build, exception);
    }
    struct capnp_exception ignored;
    bool is_loaded = loader_apply(&loading.plan, file, &target, &build->error);
    bool is_closed = pieces_close(&loading, is_loaded ? exception : &ignored);
    build->entry = loading.plan.entry;
    build->stack = loading.plan.stack.high;
    build->fs_base = loading.plan.tls.thread_pointer;
    if (!is_loaded && build->error.fact != LOADER_FACT_TARGET) {
        return refuse(build, exception);
    }
    build->error.fact = LOADER_FACT_NONE; // the exception says what was refused
    return is_loaded && is_closed;
}

// --- Files that somebody else may change or take away -------------------------------------------

static bool read(struct memory_object memory, uint64_t offset, uint8_t *bytes, uint32_t size,
                 struct capnp_exception *exception)
{
    struct capnp_call call;
    struct memory_object_read_params_builder params;
    struct memory_object_read_results_reader results;
    bool is_read = memory_object_read_begin(memory, &call, &params, exception);
    if (is_read) {
        memory_object_read_params_set_offset(params, offset);
        memory_object_read_params_set_length(params, size);
        is_read = capnp_call_send(&call, exception) &&
                  memory_object_read_finish(&call, &results, exception);
    }
    if (is_read) {
        struct capnp_data data = memory_object_read_results_get_data(results);
        is_read = data.size == size;
        if (is_read) {
            memcpy(bytes, data.data, size);
        } else {
            capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, "the file is too short");
        }
    }
    capnp_call_end(&call);
    return is_read;
}

// A copy of the file in sealed memory of the process's job.
static bool copy_make(struct tsr_build *build, const struct loader_source *source,
                      struct memory_object *copy, struct capnp_exception *exception)
{
    struct loader_range all = {0, source->size + PAGE_SIZE - 1 - (source->size - 1) % PAGE_SIZE};
    uint64_t window = tsr_write_window(build->spawner);
    struct address_space space = build->spawner->space;
    if (!job_make_memory(build->job, pages_of(all), copy, exception)) {
        return false;
    }
    bool is_copied = tsr_pages_map(space, window, pages_of(all), RW, *copy, 0, exception);
    if (is_copied) {
        for (uint64_t at = 0; is_copied && at < source->size; at += READ_SIZE) {
            is_copied = read(source->memory, source->offset + at, (uint8_t *)window + at,
                             (uint32_t)least(READ_SIZE, source->size - at), exception);
        }
        struct capnp_exception ignored;
        is_copied =
            tsr_pages_unmap(space, window, pages_of(all), is_copied ? exception : &ignored) &&
            is_copied;
    }
    if (!is_copied || !memory_object_seal(*copy, exception)) {
        tsr_release(copy->id);
        return false;
    }
    return true;
}

static bool mapped_build(struct tsr_build *build, const struct loader_source *source,
                         struct capnp_exception *exception)
{
    const struct tsr_spawner *spawner = build->spawner;
    uint32_t pages = (uint32_t)((source->size + PAGE_SIZE - 1) / PAGE_SIZE);
    if (!tsr_pages_map(spawner->space, spawner->window, pages, RIGHT_READ, source->memory,
                       source->offset, exception)) {
        return false;
    }
    const struct loader_file file = {(const uint8_t *)spawner->window, source->size};
    bool is_built = loader_build(build, &file, source->memory, source->offset, exception);
    struct capnp_exception ignored;
    return tsr_pages_unmap(spawner->space, spawner->window, pages,
                           is_built ? exception : &ignored) &&
           is_built;
}

bool loader_build_file(struct tsr_build *build, const struct loader_source *source,
                       struct capnp_exception *exception)
{
    uint64_t whole;
    bool is_sealed;
    if (!memory_object_info(source->memory, &whole, &is_sealed, exception)) {
        return false;
    }
    bool is_mapped = is_sealed && source->is_own && source->offset % PAGE_SIZE == 0;
    uint64_t most = is_mapped ? TSR_BLOB_MAX : LOADER_COPY_MAX;
    if (source->size == 0 || source->offset > whole || source->size > whole - source->offset ||
        source->size > most) {
        build->error = (struct loader_error){.fact = LOADER_FACT_SIZE, .value = source->size};
        return refuse(build, exception);
    }
    if (is_mapped) {
        return mapped_build(build, source, exception);
    }
    struct loader_source copied = {.size = source->size, .is_own = true};
    if (!copy_make(build, source, &copied.memory, exception)) {
        return false;
    }
    bool is_built = mapped_build(build, &copied, exception);
    tsr_release(copied.memory.id);
    return is_built;
}

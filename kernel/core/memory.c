// SPDX-License-Identifier: Apache-2.0
//
// Memory objects: pages that processes read and write through calls, and map. All of an object's
// pages are there as long as it is. Commits name object pages, never frames; frames stand in the
// transient record: consecutive ones by their first, others in a list that has a frame.
#include <stddef.h>
#include <string.h>

#include "kernel/core/core.h"
#include "kernel/core/memory.h"

static_assert(MEMORY_OBJECT_READ_LENGTH_MOST <= sizeof((struct core *)NULL)->scratch,
              "one read fits");

void memory_created(struct core *core, uint32_t object)
{
    struct memory_record *memory = &core->objects[object].memory;
    bool is_fixed = (core->state.objects[object].flags & OBJECT_PINNED) != 0;
    memory->list = is_fixed ? NONE : frame_take(&core->frames);
    for (uint64_t page = 0; !is_fixed && page < core->state.objects[object].argument; page++) {
        ((uint32_t *)frame_at(memory->list))[page] = frame_take(&core->frames);
    }
}

uint32_t memory_create_fixed(struct core *core, uint32_t job, uint32_t frame, uint32_t pages)
{
    uint32_t object = object_create(core, OBJECT_MEMORY, job, pages, OBJECT_PINNED);
    core_commit_on(core, COMMIT_MEMORY_SEAL, object);
    core->objects[object].memory.base = frame;
    return object;
}

uint32_t memory_frame(const struct core *core, uint32_t object, uint32_t page)
{
    const struct memory_record *memory = &core->objects[object].memory;
    ASSERT(page < core->state.objects[object].argument);
    return memory->list == NONE ? memory->base + page
                                : ((const uint32_t *)frame_at(memory->list))[page];
}

void memory_destroyed(struct core *core, uint32_t object)
{
    for (uint32_t page = (uint32_t)core->state.objects[object].argument; page > 0; page--) {
        frames_give(&core->frames, memory_frame(core, object, page - 1), 1);
    }
    frames_give(&core->frames, core->objects[object].memory.list, 1);
}

// --- Methods ------------------------------------------------------------------------------------

enum status memory_object_info_run(struct core *core, struct request *request)
{
    const struct object *object = &core->state.objects[request->target.object];
    request->results.memory_object_info = (struct memory_object_info_results){
        .size = object->argument * PAGE_SIZE, .sealed = object->sealed != 0};
    return STATUS_OK;
}

void memory_move(const struct core *core, uint32_t object, uint64_t offset, uint8_t *out,
                 const uint8_t *in, uint32_t length)
{
    for (uint32_t done = 0; done < length;) {
        uint32_t in_page = (uint32_t)((offset + done) % PAGE_SIZE);
        uint32_t part = length - done < PAGE_SIZE - in_page ? length - done : PAGE_SIZE - in_page;
        uint32_t frame = memory_frame(core, object, (uint32_t)((offset + done) / PAGE_SIZE));
        uint8_t *at = (uint8_t *)frame_at(frame) + in_page;
        memcpy(in == NULL ? out + done : at, in == NULL ? at : in + done, part);
        done += part;
    }
}

enum status memory_object_read_run(struct core *core, struct request *request)
{
    uint64_t offset = request->params.memory_object_read.offset;
    uint32_t length = request->params.memory_object_read.length;
    uint64_t size = core->state.objects[request->target.object].argument * PAGE_SIZE;
    if (offset > size) {
        return STATUS_BAD_VALUE;
    }
    length = length > size - offset ? (uint32_t)(size - offset) : length;
    uint8_t *bytes = (uint8_t *)core->scratch; // the message is decoded
    memory_move(core, request->target.object, offset, bytes, NULL, length);
    request->results.memory_object_read.data = (struct plain_data){bytes, length};
    return STATUS_OK;
}

enum status memory_object_write_run(struct core *core, struct request *request)
{
    uint64_t offset = request->params.memory_object_write.offset;
    struct plain_data data = request->params.memory_object_write.data;
    const struct object *object = &core->state.objects[request->target.object];
    uint64_t size = object->argument * PAGE_SIZE;
    if (offset > size || data.size > size - offset) {
        return STATUS_BAD_VALUE;
    }
    if (object->sealed != 0) {
        return STATUS_SEALED;
    }
    memory_move(core, request->target.object, offset, NULL, data.data, data.size);
    return STATUS_OK;
}

enum status memory_object_seal_run(struct core *core, struct request *request)
{
    uint32_t object = request->target.object;
    const struct memory_record *memory = &core->objects[object].memory;
    if (memory->writers != 0 || (memory->behind & core->behind) != 0) {
        return STATUS_MAPPED_WRITABLE;
    }
    if (core->state.objects[object].sealed == 0) {
        core_commit_on(core, COMMIT_MEMORY_SEAL, object);
    }
    return STATUS_OK;
}

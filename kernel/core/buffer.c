// SPDX-License-Identifier: Apache-2.0
//
// A program's buffers: found in the mappings, touched by frame. A message in the ring's message
// area is one span, at hand; any other address is looked up page by page, and what is not wholly
// mapped with the rights needed is refused before anything is read or written.
#include <string.h>

#include "kernel/core/buffer.h"
#include "kernel/core/memory.h"
#include "kernel/core/thread.h"

enum status buffer_resolve_address(const struct core *core, uint32_t process, uint64_t at,
                                   uint32_t size, uint32_t rights, struct buffer *buffer)
{
    uint64_t address = at - core->processes[process].base;
    buffer->count = 0;
    buffer->spans[0] = (struct span){hal_frames, 0}; // where there is nothing to find
    for (uint32_t left = size; left != 0;) {
        uint64_t page = address >> PAGE_SHIFT;
        uint32_t found = mapping_find(core, process, page, 1);
        const struct mapping *mapping = &core->state.mappings[found];
        if (found == NONE || (mapping->rights & rights) != rights ||
            buffer->count == BUFFER_SPANS_MAX) {
            return STATUS_BAD_BUFFER;
        }
        uint32_t object = core->state.facets[mapping->facet].object;
        uint32_t object_page = mapping->object_page + (uint32_t)(page - mapping->page);
        uint8_t *place = (uint8_t *)frame_at(memory_frame(core, object, object_page));
        uint32_t in_page = (uint32_t)(address % PAGE_SIZE);
        uint32_t part = left < PAGE_SIZE - in_page ? left : PAGE_SIZE - in_page;
        buffer->page = (uint64_t)object << 32 | object_page;
        buffer->spans[buffer->count++] = (struct span){place + in_page, part};
        address += part;
        left -= part;
    }
    return STATUS_OK;
}

enum status buffer_resolve_message(const struct core *core, const struct thread_record *thread,
                                   uint64_t at, uint32_t size, uint32_t rights,
                                   struct buffer *buffer)
{
    bool is_inside = at <= thread->message_size && size <= thread->message_size - at;
    uint64_t area = thread_ring(core, thread->self.thread) + PAGE_SIZE;
    return is_inside || size == 0
               ? buffer_resolve_address(core, thread->process, area + at, size, rights, buffer)
               : STATUS_BAD_BUFFER;
}

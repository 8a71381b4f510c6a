// SPDX-License-Identifier: Apache-2.0
//
// A program's buffers: found in the mappings, touched by frame. A message in the ring's message
// area is one span, at hand; any other address is looked up page by page, and what is not wholly
// mapped with the rights needed is refused before anything is read or written.
#include <string.h>

#include "kernel/core/buffer.h"
#include "kernel/core/memory.h"
#include "kernel/core/thread.h"

// The part of the buffer from `at` on that is in this page, of at most `size` bytes; how many.
static uint32_t span_put(struct buffer *buffer, uint8_t *page, uint64_t at, uint32_t size)
{
    uint32_t in_page = (uint32_t)(at % PAGE_SIZE);
    uint32_t part = size < PAGE_SIZE - in_page ? size : PAGE_SIZE - in_page;
    buffer->spans[buffer->count++] = (struct span){page + in_page, part};
    return part;
}

enum status buffer_resolve_address(const struct core *core, uint32_t process, uint64_t at,
                                   uint32_t size, uint32_t rights, struct buffer *buffer)
{
    uint64_t address = at - core->processes[process].base;
    buffer->count = 0;
    buffer->spans[0] = (struct span){hal_frames, 0}; // where there is nothing to find
    for (uint32_t done = 0; done < size;) {
        uint64_t page = (address + done) >> PAGE_SHIFT;
        uint32_t found = mapping_find(core, process, page, 1);
        const struct mapping *mapping = &core->state.mappings[found];
        if (found == NONE || (mapping->rights & rights) != rights ||
            buffer->count == BUFFER_SPANS_MAX) {
            return STATUS_BAD_BUFFER;
        }
        uint32_t object = core->state.facets[mapping->facet].object;
        uint32_t object_page = mapping->object_page + (uint32_t)(page - mapping->page);
        uint32_t frame = memory_frame(core, object, object_page);
        buffer->page = (uint64_t)object << 32 | object_page;
        done += span_put(buffer, frame_at(frame), address + done, size - done);
    }
    return STATUS_OK;
}

// A part of the message area that is not within one page.
enum status buffer_resolve_message(const struct thread_record *thread, uint64_t at, uint32_t size,
                                   struct buffer *buffer)
{
    buffer->count = 0;
    buffer->spans[0] = (struct span){hal_frames, 0}; // where there is nothing to find
    if (at > thread->message_size || size > thread->message_size - at) {
        return size == 0 ? STATUS_OK : STATUS_BAD_BUFFER;
    }
    for (uint32_t done = 0; done < size;) {
        uint8_t *page = thread->messages[(at + done) / PAGE_SIZE];
        done += span_put(buffer, page, at + done, size - done);
    }
    return STATUS_OK;
}

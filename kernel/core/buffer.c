// SPDX-License-Identifier: Apache-2.0
//
// A program's buffers: found in the mappings, touched by frame. A message in the ring's message
// area is one span, at hand; any other address is looked up page by page, and what is not wholly
// mapped with the rights needed is refused before anything is read or written.
#include <string.h>

#include "kernel/core/buffer.h"

static const struct mapping *mapping_with(const struct core *core, uint32_t process, uint64_t page)
{
    const struct state *state = &core->state;
    for (uint32_t at = state->processes[process].first_mapping; at != NONE;
         at = state->mappings[at].next) {
        const struct mapping *mapping = &state->mappings[at];
        if (page - mapping->page < mapping->count) {
            return mapping;
        }
    }
    return NULL;
}

enum status buffer_resolve_address(const struct core *core, uint32_t process, uint64_t at,
                                   uint32_t size, uint32_t rights, struct buffer *buffer)
{
    uint64_t address = at - core->processes[process].base;
    buffer->count = 0;
    if (size == 0) { // wherever it would be
        return STATUS_OK;
    }
    if (address >= LAYOUT_END || size > LAYOUT_END - address) {
        return STATUS_BAD_BUFFER;
    }
    for (uint32_t done = 0; done < size;) {
        uint64_t page = (address + done) >> PAGE_SHIFT;
        uint32_t in_page = (uint32_t)((address + done) % PAGE_SIZE);
        const struct mapping *mapping = mapping_with(core, process, page);
        if (mapping == NULL || (mapping->rights & rights) != rights ||
            buffer->count == BUFFER_SPANS_MAX) {
            return STATUS_BAD_BUFFER;
        }
        uint32_t object = core->state.facets[mapping->facet].object;
        uint32_t object_page = mapping->object_page + (uint32_t)(page - mapping->page);
        uint32_t frame = memory_frame(core, object, object_page);
        buffer->page = (uint64_t)object << 32 | object_page;
        uint32_t part = size - done < PAGE_SIZE - in_page ? size - done : PAGE_SIZE - in_page;
        buffer->spans[buffer->count] = (struct span){(uint8_t *)frame_at(frame) + in_page, part};
        buffer->count++;
        done += part;
    }
    return STATUS_OK;
}

// A part of the message area that is not within one page.
enum status buffer_resolve_message(const struct thread_record *thread, uint64_t at, uint32_t size,
                                   struct buffer *buffer)
{
    buffer->count = 0;
    if (size != 0 && (at >= thread->message_size || size > thread->message_size - at)) {
        return STATUS_BAD_BUFFER;
    }
    for (uint32_t done = 0; done < size;) {
        uint32_t in_page = (uint32_t)(at + done) % PAGE_SIZE;
        uint32_t part = size - done < PAGE_SIZE - in_page ? size - done : PAGE_SIZE - in_page;
        buffer->spans[buffer->count] =
            (struct span){thread->messages[(at + done) / PAGE_SIZE] + in_page, part};
        buffer->count++;
        done += part;
    }
    return STATUS_OK;
}

void buffer_read(const struct buffer *buffer, uint32_t offset, void *to, uint32_t size)
{
    uint8_t *out = to;
    for (uint32_t i = 0; size > 0; i++) {
        const struct span *span = &buffer->spans[i];
        if (offset >= span->size) {
            offset -= span->size;
            continue;
        }
        uint32_t part = size < span->size - offset ? size : span->size - offset;
        memcpy(out, span->at + offset, part);
        out += part;
        size -= part;
        offset = 0;
    }
}

void buffer_write_pieces(const struct buffer *buffer, uint32_t offset, const void *from,
                         uint32_t size)
{
    const uint8_t *in = from;
    for (uint32_t i = 0; size > 0; i++) {
        const struct span *span = &buffer->spans[i];
        if (offset >= span->size) {
            offset -= span->size;
            continue;
        }
        uint32_t part = size < span->size - offset ? size : span->size - offset;
        memmove(span->at + offset, in, part); // a program may answer itself
        in += part;
        size -= part;
        offset = 0;
    }
}

void buffer_copy_pieces(const struct buffer *to, uint32_t offset, const struct buffer *from,
                        uint32_t size)
{
    for (uint32_t i = 0; size > 0; i++) {
        uint32_t part = size < from->spans[i].size ? size : from->spans[i].size;
        buffer_write_pieces(to, offset, from->spans[i].at, part);
        offset += part;
        size -= part;
    }
}

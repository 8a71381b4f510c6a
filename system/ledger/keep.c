// SPDX-License-Identifier: Apache-2.0
//
// See keep.h.
#include "system/ledger/keep.h"

#include <string.h>

enum {
    PIECE = 512, // bytes that one call reads or writes at most
    WORD = 8,    // before a checkpoint: its size
    HALVES = 2,
};

bool keep_open(struct keep *keep, struct capnp_exception *exception)
{
    uint64_t size;
    bool is_sealed;
    if (keep->memory.id == 0) {
        return true;
    }
    if (!memory_object_info(keep->memory, &size, &is_sealed, exception)) {
        return false;
    }
    size /= HALVES;
    keep->half_size = size < KEEP_HALF_MAX ? (uint32_t)size : KEEP_HALF_MAX;
    return true;
}

static bool piece_read(const struct keep *keep, uint64_t offset, void *to, uint32_t size)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct memory_object_read_params_builder params;
    struct memory_object_read_results_reader results;
    if (!memory_object_read_begin(keep->memory, &call, &params, &exception)) {
        return false;
    }
    memory_object_read_params_set_offset(params, offset);
    memory_object_read_params_set_length(params, size);
    bool is_read = capnp_call_send(&call, &exception) &&
                   memory_object_read_finish(&call, &results, &exception);
    if (is_read) {
        struct capnp_data data = memory_object_read_results_get_data(results);
        is_read = !capnp_call_refuse_response(&call, &exception) && data.size == size;
        if (is_read) {
            memcpy(to, data.data, size);
        }
    }
    capnp_call_end(&call);
    return is_read;
}

// The checkpoint of a half, if there is a whole one.
static bool half_read(const struct keep *keep, uint32_t half, uint8_t *bytes,
                      struct checkpoint *checkpoint)
{
    uint64_t start = (uint64_t)half * keep->half_size;
    uint64_t size;
    if (!piece_read(keep, start, &size, WORD) || size == 0 || size > keep->half_size - WORD) {
        return false;
    }
    for (uint64_t done = 0; done < size; done += PIECE) {
        uint32_t piece = size - done < PIECE ? (uint32_t)(size - done) : PIECE;
        if (!piece_read(keep, start + WORD + done, bytes + done, piece)) {
            return false;
        }
    }
    return checkpoint_open(checkpoint, bytes, (size_t)size).fault == REPLAY_OK;
}

bool keep_read(struct keep *keep, void *bytes, struct checkpoint *checkpoint)
{
    uint64_t newest = 0;
    uint32_t found = HALVES;
    if (keep->memory.id == 0) {
        return false;
    }
    for (uint32_t half = 0; half < HALVES; half++) {
        if (half_read(keep, half, bytes, checkpoint) && checkpoint->header.seq > newest) {
            newest = checkpoint->header.seq;
            found = half;
        }
    }
    keep->next = found == HALVES ? 0 : 1 - found;
    return found != HALVES && half_read(keep, found, bytes, checkpoint);
}

static bool piece_write(const struct keep *keep, uint64_t offset, const void *from, uint32_t size,
                        struct capnp_exception *exception)
{
    return memory_object_write(keep->memory, offset, (struct capnp_data){from, size}, exception);
}

bool keep_write(struct keep *keep, const void *bytes, uint64_t size,
                struct capnp_exception *exception)
{
    const uint8_t *from = bytes;
    uint64_t start = (uint64_t)keep->next * keep->half_size;
    uint64_t none = 0;
    if (keep->half_size < WORD || size > keep->half_size - WORD) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, size,
                            "the checkpoint is larger than the memory for it");
        return false;
    }
    bool is_written = piece_write(keep, start, &none, WORD, exception);
    for (uint64_t done = 0; done < size && is_written; done += PIECE) {
        uint32_t piece = size - done < PIECE ? (uint32_t)(size - done) : PIECE;
        is_written = piece_write(keep, start + WORD + done, from + done, piece, exception);
    }
    is_written = is_written && piece_write(keep, start, &size, WORD, exception);
    keep->next = is_written ? 1 - keep->next : keep->next;
    return is_written;
}

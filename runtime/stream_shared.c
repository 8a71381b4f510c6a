// SPDX-License-Identifier: Apache-2.0
//
// Streams over MemoryObjects and notifications: mapped where that is possible, else by calls.

#include "runtime/stream.h"

#include "abi/commit.h"
#include "runtime/thread.h"

enum { PIECE_MAX = 512 }; // bytes that one call reads or writes

static bool piece_read(struct tsr_stream *stream, uint32_t offset, uint8_t *to, uint32_t size)
{
    struct capnp_call call;
    struct memory_object_read_params_builder params;
    struct memory_object_read_results_reader results;
    if (!memory_object_read_begin(stream->memory, &call, &params, &stream->why)) {
        return false;
    }
    memory_object_read_params_set_offset(params, offset);
    memory_object_read_params_set_length(params, size);
    bool is_read = capnp_call_send(&call, &stream->why) &&
                   memory_object_read_finish(&call, &results, &stream->why);
    if (is_read) {
        struct capnp_data data = memory_object_read_results_get_data(results);
        is_read = data.size == size || tsr_refuse(&stream->why, STATUS_BAD_MESSAGE, size);
        __builtin_memcpy(to, data.data, is_read ? size : 0);
    }
    capnp_call_end(&call);
    return is_read;
}

static bool shared_read(struct tsr_stream *stream, uint32_t offset, void *to, uint32_t size)
{
    bool is_read = true;
    for (uint32_t done = 0; is_read && done < size; done += PIECE_MAX) {
        uint32_t piece = size - done < PIECE_MAX ? size - done : PIECE_MAX;
        is_read = piece_read(stream, offset + done, (uint8_t *)to + done, piece);
    }
    return is_read;
}

static bool shared_write(struct tsr_stream *stream, uint32_t offset, const void *from,
                         uint32_t size)
{
    bool is_written = true;
    for (uint32_t done = 0; is_written && done < size; done += PIECE_MAX) {
        uint32_t piece = size - done < PIECE_MAX ? size - done : PIECE_MAX;
        is_written = memory_object_write(stream->memory, offset + done,
                                         (struct capnp_data){(const uint8_t *)from + done, piece},
                                         &stream->why);
    }
    return is_written;
}

static bool shared_wake(struct tsr_stream *stream, uint64_t bits)
{
    return notification_signal(stream->bell, bits, &stream->why);
}

static enum tsr_stream_result shared_sleep(struct tsr_stream *stream, uint64_t bits,
                                           uint64_t timeout_ns)
{
    uint64_t taken;
    if (tsr_notification_wait(stream->bell.id, bits, timeout_ns, &taken, &stream->why)) {
        return STREAM_OK;
    }
    return stream->why.status == STATUS_TIMED_OUT ? STREAM_TIMED_OUT : STREAM_FAILED;
}

static const struct tsr_stream_machine shared_machine = {
    .read = shared_read, .write = shared_write, .wake = shared_wake, .sleep = shared_sleep};

bool tsr_stream_make(struct job job, uint32_t pages, uint64_t type, struct memory_object *memory,
                     struct notification *bell, struct capnp_exception *exception)
{
    struct tsr_stream_header header = tsr_stream_header_of(pages * PAGE_SIZE, type);
    if (pages == 0 || pages > TSR_STREAM_PAGES_MAX || (pages & (pages - 1)) != 0) {
        return tsr_refuse(exception, STATUS_BAD_VALUE, pages);
    }
    if (!job_make_memory(job, pages + 1, memory, exception)) {
        return false;
    }
    if (!memory_object_write(
            *memory, 0, (struct capnp_data){(const uint8_t *)&header, sizeof header}, exception) ||
        !job_make_notification(job, bell, exception)) {
        tsr_release(memory->id);
        return false;
    }
    return true;
}

// What begin found wrong, in words.
static bool refuse_begin(const struct tsr_stream *stream, enum tsr_stream_result result,
                         struct capnp_exception *exception)
{
    if (result == STREAM_FAILED) {
        *exception = stream->why;
        return false;
    }
    capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0,
                        "this memory is no stream of these records");
    return false;
}

bool tsr_stream_open(struct tsr_stream *stream, const struct tsr_stream_options *options,
                     struct capnp_exception *exception)
{
    uint64_t size;
    uint64_t address = 0;
    bool is_sealed;
    if (!memory_object_info(options->memory, &size, &is_sealed, exception)) {
        return false;
    }
    uint64_t most = (uint64_t)(TSR_STREAM_PAGES_MAX + 1) * PAGE_SIZE;
    uint32_t pages = (uint32_t)((size < most ? size : most) / PAGE_SIZE);
    bool is_mapped =
        options->space != NULL && tsr_space_map(options->space, options->memory, 0, pages,
                                                RIGHT_READ | RIGHT_WRITE, &address, exception);
    if (!is_mapped && options->buffer == NULL) {
        return options->space == NULL && tsr_refuse(exception, STATUS_UNSUPPORTED, 0);
    }
    enum tsr_stream_result result =
        tsr_stream_begin(stream, &shared_machine, is_mapped ? (uint8_t *)address : NULL,
                         (uint64_t)pages * PAGE_SIZE, options);
    if (result != STREAM_OK && is_mapped) {
        struct capnp_exception ignored;
        tsr_space_unmap(options->space, address, pages, &ignored);
    }
    stream->pages = pages;
    return result == STREAM_OK || refuse_begin(stream, result, exception);
}

void tsr_stream_close(struct tsr_stream *stream)
{
    struct capnp_exception ignored;
    tsr_stream_end(stream);
    if (stream->mapped != NULL) {
        tsr_space_unmap(stream->space, (uint64_t)stream->mapped, stream->pages, &ignored);
        stream->mapped = NULL;
    }
}

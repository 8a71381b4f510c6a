// SPDX-License-Identifier: Apache-2.0
//
// Writes a stream. Its argument: "map", "call" or "lie". Granted: console, memory, bell, count (a
// notification whose bits are the number of records); to map, space.

#include <string.h>

#include "runtime/runtime.h"
#include "runtime/stream.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

enum { RECORD_MAX = 64 }; // bytes

static struct tsr_space space;

// The message is built where its reader will read it.
static void record_write(struct tsr_stream *stream, uint64_t number)
{
    struct tsr_line text = {0};
    struct capnp_builder message;
    uint8_t *bytes = NULL;
    tsr_must(tsr_stream_reserve(stream, RECORD_MAX, TIMEOUT_NONE, &bytes) == STREAM_OK,
             "source: no room: ", &stream->why);
    capnp_builder_init(&message, bytes, RECORD_MAX);
    struct sample_builder sample = sample_build(&message);
    tsr_line_decimal(&text, number);
    sample_set_number(sample, number);
    sample_set_square(sample, number * number);
    sample_set_text(sample, tsr_line_of(&text));
    tsr_must(tsr_stream_commit(stream, capnp_builder_size(&message)) == STREAM_OK,
             "source: not written: ", &stream->why);
}

// A record that says it is larger than it can be, published by hand.
static void record_lie(struct tsr_stream *stream)
{
    struct tsr_stream_header *header = (struct tsr_stream_header *)(void *)stream->mapped;
    uint8_t *bytes = NULL;
    tsr_must(tsr_stream_reserve(stream, RECORD_MAX, TIMEOUT_NONE, &bytes) == STREAM_OK,
             "source: no room: ", &stream->why);
    const uint32_t word[2] = {0x10000000, 0x64617461}; // its size; data
    memcpy(bytes - sizeof word, word, sizeof word);
    uint32_t end = stream->position + (uint32_t)(sizeof word + RECORD_MAX);
    __atomic_store_n(&header->written, end, __ATOMIC_SEQ_CST);
    tsr_must(notification_signal(stream->bell, TSR_STREAM_WRITTEN, &stream->why),
             "source: no bell: ", &stream->why);
}

int tsr_main(struct start *start)
{
    struct capnp_message info;
    struct capnp_exception exception;
    struct notification count;
    static uint8_t buffer[2048];
    static struct tsr_stream stream;
    struct tsr_stream_options options = {
        .type = SAMPLE_TYPE, .is_writer = true, .buffer = buffer, .buffer_size = sizeof buffer};
    uint64_t records = 0;
    tsr_start_info(start, &info);
    struct capnp_text how = start_info_get_arguments(start_info_read(&info));
    if (!tsr_find(start, "memory", MEMORY_OBJECT_INTERFACE_ID, &options.memory.id) ||
        !tsr_find(start, "bell", NOTIFICATION_INTERFACE_ID, &options.bell.id) ||
        !tsr_find(start, "count", NOTIFICATION_INTERFACE_ID, &count.id) || how.size == 0) {
        return 1;
    }
    if (tsr_space_open(&space, start, &exception)) {
        options.space = &space;
    }
    tsr_must(notification_take(count, UINT64_MAX, &records, &exception), "source: how many? ",
             &exception);
    tsr_must(tsr_stream_open(&stream, &options, &exception), "source: no stream: ", &exception);
    tsr_must((stream.mapped == NULL) == (how.data[0] == 'c'),
             "source: reached another way: ", &(struct capnp_exception){0});
    for (uint64_t i = 0; i < records; i++) {
        record_write(&stream, i);
    }
    if (how.data[0] == 'l') {
        record_lie(&stream);
    }
    tsr_stream_close(&stream);
    return 0;
}

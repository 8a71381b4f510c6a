// SPDX-License-Identifier: Apache-2.0
//
// Messages in and out for capnp_interop.c, in all formats: the part that knows frames, packing and
// buffers. Included there only; uses its random values.

#ifndef TESTS_INTEROP_CAPNP_INTEROP_STREAM_H
#define TESTS_INTEROP_CAPNP_INTEROP_STREAM_H

enum { BUFFER_WORDS = 64 * 1024, SEGMENTS_MAX = 512 };

enum format { FORMAT_BINARY, FORMAT_PACKED, FORMAT_FLAT, FORMAT_CANONICAL };

static enum format format_of(const char *name)
{
    static const char *const names[] = {"binary", "packed", "flat", "canonical"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) == 0) {
            return (enum format)i;
        }
    }
    die("unknown format");
}

// ---- out ----

static uint64_t pool[BUFFER_WORDS];
static uint32_t pool_used;

static bool pool_more(void *context, uint32_t bytes_min, struct capnp_buffer *buffer)
{
    (void)context;
    uint32_t words = bytes_min / 8 + below(20);
    if (words > BUFFER_WORDS - pool_used) {
        return false;
    }
    *buffer = (struct capnp_buffer){pool + pool_used, words * 8, 0};
    pool_used += words;
    return true;
}

// An arena of small buffers, or, where there can be but one segment, of a large one.
static struct capnp_arena *arena_open(enum format format)
{
    static struct capnp_arena arena;
    static struct capnp_buffer buffers[SEGMENTS_MAX];
    bool is_large = format == FORMAT_FLAT || format == FORMAT_CANONICAL || below(8) == 0;
    uint32_t first = is_large ? BUFFER_WORDS : 12 + below(80);
    memset(pool, 0xaa, sizeof(pool));
    pool_used = first;
    buffers[0] = (struct capnp_buffer){pool, first * 8, 0};
    capnp_arena_init(&arena, buffers, 1, SEGMENTS_MAX, pool_more, NULL);
    return &arena;
}

static void write_framed(const struct capnp_buffer *buffers, uint32_t count)
{
    static uint8_t frame[BUFFER_WORDS * 8 + CAPNP_FRAME_HEAD_BYTES_MAX];
    capnp_frame_write(frame, buffers, count);
    fwrite(frame, 1, (size_t)capnp_frame_size(buffers, count), stdout);
}

static struct capnp_buffer canonical_of(struct capnp_message *message)
{
    static uint64_t words[BUFFER_WORDS];
    struct capnp_builder builder;
    capnp_builder_init(&builder, words, sizeof(words));
    capnp_message_canonicalize(&builder, capnp_message_root(message));
    if (builder.error != CAPNP_OK || message->error != CAPNP_OK) {
        die("no canonical form");
    }
    return capnp_builder_buffer(&builder);
}

static void write_message(enum format format, struct capnp_arena *arena)
{
    static uint8_t packed[BUFFER_WORDS * 10];
    uint32_t count = capnp_arena_finish(arena);
    if (format == FORMAT_BINARY) {
        write_framed(arena->buffers, count);
    } else if (format == FORMAT_PACKED) {
        uint8_t head[CAPNP_FRAME_HEAD_BYTES_MAX];
        capnp_frame_head(head, arena->buffers, count);
        uint64_t size = capnp_pack(packed, sizeof(packed), head, capnp_frame_head_size(count));
        for (uint32_t i = 0; i < count; i++) {
            size += capnp_pack(packed + size, sizeof(packed) - size, arena->buffers[i].bytes,
                               arena->buffers[i].used);
        }
        fwrite(packed, 1, (size_t)size, stdout);
    } else {
        static struct capnp_segment segments[SEGMENTS_MAX];
        capnp_arena_open(arena, segments);
        struct capnp_buffer flat =
            format == FORMAT_FLAT ? arena->buffers[0] : canonical_of(&segments[0].message);
        fwrite(flat.bytes, 1, flat.used, stdout);
    }
}

// ---- in ----

static uint8_t *input;
static size_t input_size;
static size_t input_at;

static void input_read(void)
{
    size_t capacity = 1 << 20;
    size_t got;
    input = malloc(capacity);
    while (input != NULL &&
           (got = fread(input + input_size, 1, capacity - input_size, stdin)) > 0) {
        input_size += got;
        if (input_size == capacity) {
            capacity *= 2;
            input = realloc(input, capacity);
        }
    }
    if (input == NULL) {
        die("out of memory");
    }
}

// Unpacks one framed message, by asking for as much as its frame says.
static uint64_t unpack(uint8_t *frame, uint64_t capacity)
{
    struct capnp_unpacker unpacker;
    uint64_t have = 0;
    capnp_unpacker_init(&unpacker, input + input_at, input_size - input_at);
    for (uint64_t need = 8; need > have; need = capnp_frame_need(frame, have)) {
        if (need > capacity || capnp_unpack(&unpacker, frame + have, need - have) != CAPNP_OK) {
            die("a packed message is cut or too large");
        }
        have = need;
    }
    if (capnp_unpacker_finish(&unpacker) != CAPNP_OK) {
        die("a run goes on beyond a message");
    }
    input_at = (size_t)(unpacker.at - input);
    return have;
}

// The next message of standard input; NULL at its end. Valid until the next two are read.
static struct capnp_message *read_message(enum format format)
{
    static struct capnp_segment segments[2][SEGMENTS_MAX];
    static uint64_t frame[BUFFER_WORDS + 512];
    static int turn;
    struct capnp_segment *opened = segments[turn ^= 1];
    uint64_t size = 0;
    if (input == NULL) {
        input_read();
    }
    if (input_at == input_size) {
        return NULL;
    }
    if (format == FORMAT_FLAT || format == FORMAT_CANONICAL) {
        capnp_segment_set(opened, input, (uint32_t)input_size);
        capnp_segments_init(opened, 1, UINT32_MAX, NULL, 0);
        input_at = input_size;
        return &opened->message;
    }
    const uint8_t *bytes = input + input_at;
    uint64_t available = input_size - input_at;
    if (format == FORMAT_PACKED) {
        available = unpack((uint8_t *)frame, sizeof(frame));
        bytes = (uint8_t *)frame;
    }
    enum capnp_error error =
        capnp_frame_open(opened, SEGMENTS_MAX, bytes, available, UINT32_MAX, &size);
    if (error != CAPNP_OK) {
        die(capnp_error_text(error));
    }
    input_at += format == FORMAT_PACKED ? 0 : (size_t)size;
    return &opened->message;
}

#endif

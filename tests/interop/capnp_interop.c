// SPDX-License-Identifier: Apache-2.0
//
// Our side of capnp_interop.py (against the `capnp` tool) and capnp_cpp.py (against the C++
// library): messages of the struct All of tools/capnpc-c/test/test.capnp, and beside them what is
// in them, one line per value: "scalars.int8 -3".
//
//   build <format> <seed> <count>   random messages to standard output; the lines that describe
//                                   them to standard error, a line "." after each
//   dump <format>                   messages from standard input; lines to standard error
//   pairs <format> <seed> <count>   random messages to standard output, after each its canonical
//                                   form as a message of its own
//   verify <format>                 messages from standard input, after each its canonical form:
//                                   must be what we make of it
//   caps-build, caps-check          a message with capabilities, to or from the C++ side
//
// Formats: binary (framed, in several segments), packed, flat, canonical (both without a frame: one
// message).
//
// When building, a line is written when a value is chosen, not when it is read back, so that a
// mistake that builder and reader share is still seen by the other side.

#include "tools/capnpc-c/test/other.capnp.h"
#include "tools/capnpc-c/test/test.capnp.h"
#include "tools/capnpc-c/test/whole.capnp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TREE_DEPTH_MAX = 5, LIST_MAX = 9 };

static uint64_t random_state;
static char path[4096];
static size_t path_size;

static _Noreturn void die(const char *fact)
{
    fprintf(stderr, "capnp_interop: %s\n", fact);
    exit(1);
}

// ---- random values (splitmix64) ----

static uint64_t next_random(void)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)(next_random() % limit);
}

// Small, all ones, one bit and any: the numbers at which widths go wrong.
static uint64_t any_u64(void)
{
    switch (below(4)) {
    case 0:
        return below(3);
    case 1:
        return UINT64_MAX - below(3);
    case 2:
        return UINT64_C(1) << below(64);
    default:
        return next_random();
    }
}

static double any_f64(void)
{
    static const double special[] = {0.0, -0.0, 1.0, -1.5, 1e300, 5e-324};
    double value = capnp_f64_of(next_random());
    return below(3) == 0 || value != value ? special[below(6)] : value;
}

static float any_f32(void)
{
    static const float special[] = {0.0F, -0.0F, 1.0F, -1.5F, 1e30F, 1e-45F};
    float value = capnp_f32_of((uint32_t)next_random());
    return below(3) == 0 || value != value ? special[below(6)] : value;
}

static struct capnp_data any_data(void)
{
    static uint8_t bytes[64];
    uint32_t size = below(20);
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)next_random();
    }
    return (struct capnp_data){bytes, size};
}

static struct capnp_text any_text(void)
{
    static const char *const pieces[] = {"a",  "Zz", " ",        "\"",
                                         "\\", "\n", "\xc3\xa9", "\xe2\x82\xac"};
    static char bytes[64];
    bytes[0] = 0;
    for (uint32_t i = below(12); i > 0; i--) {
        strcat(bytes, pieces[below(8)]);
    }
    return (struct capnp_text){bytes, (uint32_t)strlen(bytes)};
}

// ---- lines ----

static size_t push(const char *name)
{
    size_t before = path_size;
    path_size += (size_t)snprintf(path + path_size, sizeof(path) - path_size, "%s%s",
                                  path_size > 0 ? "." : "", name);
    return before;
}

static size_t push_index(uint32_t index)
{
    char name[16];
    snprintf(name, sizeof(name), "%" PRIu32, index);
    return push(name);
}

static void pop(size_t before)
{
    path_size = before;
    path[before] = 0;
}

static void line(const char *name, const char *value)
{
    fprintf(stderr, "%s%s%s %s\n", path, path_size > 0 ? "." : "", name, value);
}

static int64_t say_int(const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64, value);
    line(name, text);
    return value;
}

static uint64_t say_uint(const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    line(name, text);
    return value;
}

static bool say_bool(const char *name, bool value)
{
    line(name, value ? "true" : "false");
    return value;
}

static float say_f32(const char *name, float value)
{
    char text[32];
    snprintf(text, sizeof(text), "f%08" PRIx32, capnp_bits_of_f32(value));
    line(name, text);
    return value;
}

static double say_f64(const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof(text), "d%016" PRIx64, capnp_bits_of_f64(value));
    line(name, text);
    return value;
}

static void say_bytes(const char *name, const void *bytes, uint32_t size)
{
    char text[256];
    for (uint32_t i = 0; i < size && i < 127; i++) {
        snprintf(text + 1 + (size_t)i * 2, 3, "%02x", ((const uint8_t *)bytes)[i]);
    }
    text[0] = 'x';
    text[1 + (size_t)size * 2] = 0;
    line(name, text);
}

static struct capnp_text say_text(const char *name, struct capnp_text text)
{
    if (strlen(text.data) != text.size) {
        die("a text is not terminated where its size says");
    }
    say_bytes(name, text.data, text.size);
    return text;
}

static struct capnp_data say_data(const char *name, struct capnp_data data)
{
    say_bytes(name, data.data, data.size);
    return data;
}

// Whether a field is there; says so where it isn't.
static bool say_has(const char *name, bool has)
{
    if (!has) {
        line(name, "absent");
    }
    return has;
}

#include "tests/interop/capnp_interop_all.h"

#include "tests/interop/capnp_interop_stream.h"

// ---- commands ----

static void build(enum format format, uint32_t count, bool is_pairs)
{
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_arena *arena = arena_open(format);
        build_all(all_build(&arena->builder));
        if (arena->builder.error != CAPNP_OK) {
            die(capnp_error_text(arena->builder.error));
        }
        write_message(format, arena);
        if (is_pairs) {
            static struct capnp_segment segments[SEGMENTS_MAX];
            capnp_arena_open(arena, segments);
            struct capnp_buffer canonical = canonical_of(&segments[0].message);
            write_framed(&canonical, 1);
        } else {
            fputs(".\n", stderr);
        }
    }
}

static void dump(enum format format)
{
    for (struct capnp_message *message = read_message(format); message != NULL;
         message = read_message(format)) {
        dump_all(all_read(message));
        if (message->error != CAPNP_OK) {
            die(capnp_error_text(message->error));
        }
        fputs(".\n", stderr);
    }
}

// Also by way of a copy, which must have the same canonical form.
static void verify(enum format format)
{
    static uint64_t copy_words[BUFFER_WORDS];
    uint32_t count = 0;
    for (struct capnp_message *message = read_message(format); message != NULL;
         message = read_message(format)) {
        struct capnp_buffer ours = canonical_of(message);
        struct capnp_builder builder;
        capnp_builder_init(&builder, copy_words, sizeof(copy_words));
        capnp_message_copy(&builder, message);
        struct capnp_segment *theirs = capnp_segment_of(read_message(FORMAT_BINARY));
        if (message->error != CAPNP_OK || builder.error != CAPNP_OK) {
            die("a message could not be read or copied");
        }
        if (theirs == NULL || theirs->message.size != ours.used ||
            memcmp(theirs->message.bytes, ours.bytes, ours.used) != 0) {
            die("another canonical form");
        }
        struct capnp_segment copied;
        capnp_segment_set(&copied, copy_words, capnp_builder_size(&builder));
        capnp_segments_init(&copied, 1, UINT32_MAX, NULL, 0);
        ours = canonical_of(&copied.message);
        if (theirs->message.size != ours.used ||
            memcmp(theirs->message.bytes, ours.bytes, ours.used) != 0) {
            die("another canonical form of a copy");
        }
        count++;
    }
    fprintf(stderr, "%" PRIu32 " messages\n", count);
}

// Capabilities are numbered in the order in which they are set, and so on both sides.
static void caps_build(void)
{
    struct capnp_arena *arena = arena_open(FORMAT_BINARY);
    struct open_builder open = open_build(&arena->builder);
    open_set_cap(open, (struct capnp_cap){100});
    open_set_both(open, (struct both){101});
    struct capnp_list_builder caps = open_init_caps(open, 2);
    capnp_list_set_cap(caps, 0, (struct capnp_cap){102});
    capnp_list_set_cap(caps, 1, (struct capnp_cap){103});
    capnp_list_set_cap(open_init_boths(open, 1), 0, (struct capnp_cap){104});
    capnp_any_set_cap(box_init_value(open_init_boxed(open)), (struct capnp_cap){105});
    for (uint32_t i = 0; i < 6; i++) {
        if (arena->builder.cap_count != 6 || arena->builder.caps[i] != 100 + i) {
            die("the capabilities of the message are others than those set");
        }
    }
    write_message(FORMAT_BINARY, arena);
}

static void caps_check(void)
{
    static const uint64_t caps[] = {100, 101, 102, 103, 104, 105};
    struct capnp_message *message = read_message(FORMAT_BINARY);
    if (message == NULL) {
        die("no message");
    }
    capnp_segments_init(capnp_segment_of(message), capnp_segment_of(message)->count, UINT32_MAX,
                        caps, 6);
    struct open_reader open = open_read(message);
    const uint64_t seen[] = {open_get_cap(open).id,
                             open_get_both(open).id,
                             capnp_list_get_cap(open_get_caps(open), 0).id,
                             capnp_list_get_cap(open_get_caps(open), 1).id,
                             capnp_list_get_cap(open_get_boths(open), 0).id,
                             both_read_any(box_get_value(open_get_boxed(open))).id};
    if (message->error != CAPNP_OK || memcmp(seen, caps, sizeof(caps)) != 0) {
        die("a capability is another than the one set");
    }
}

int main(int argument_count, char **arguments)
{
    const char *command = argument_count > 1 ? arguments[1] : "";
    enum format format = format_of(argument_count > 2 ? arguments[2] : "binary");
    if (argument_count == 5 && (strcmp(command, "build") == 0 || strcmp(command, "pairs") == 0)) {
        random_state = strtoull(arguments[3], NULL, 0);
        build(format, (uint32_t)strtoul(arguments[4], NULL, 0), command[0] == 'p');
    } else if (argument_count == 3 && strcmp(command, "dump") == 0) {
        dump(format);
    } else if (argument_count == 3 && strcmp(command, "verify") == 0) {
        verify(format);
    } else if (strcmp(command, "caps-build") == 0) {
        caps_build();
    } else if (strcmp(command, "caps-check") == 0) {
        caps_check();
    } else {
        die("usage: see the opening comment");
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

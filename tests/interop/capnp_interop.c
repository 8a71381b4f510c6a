// SPDX-License-Identifier: Apache-2.0
//
// Our side of capnp_interop.py: messages of the struct All of tools/capnpc-c/test/test.capnp, and
// beside them what is in them, one line per value: "scalars.int8 -3".
//
//   capnp_interop build <seed> <count>   random messages, framed, to standard output; the lines
//   that
//                                        describe them to standard error, a line "." after each
//   capnp_interop dump                   framed messages from standard input; lines to standard
//                                        error
//
// When building, a line is written when a value is chosen, not when it is read back, so that a
// mistake that builder and reader share is still seen by the other side.

#include "tools/capnpc-c/test/other.capnp.h"
#include "tools/capnpc-c/test/test.capnp.h"

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

// ---- framed messages ----

static void build(uint32_t count)
{
    static uint64_t buffer[8192];
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_builder builder;
        capnp_builder_init(&builder, buffer, sizeof(buffer));
        build_all(all_build(&builder));
        if (builder.error != CAPNP_OK) {
            die(capnp_error_text(builder.error));
        }
        uint32_t frame[2] = {0, capnp_builder_size(&builder) / 8};
        fwrite(frame, sizeof(frame), 1, stdout);
        fwrite(buffer, 8, frame[1], stdout);
        fputs(".\n", stderr);
    }
}

static void dump(void)
{
    static uint8_t buffer[CAPNP_MESSAGE_BYTES_MAX];
    uint32_t frame[2];
    while (fread(frame, sizeof(frame), 1, stdin) == 1) {
        struct capnp_message message;
        if (frame[0] != 0 || frame[1] > sizeof(buffer) / 8 ||
            fread(buffer, 8, frame[1], stdin) != frame[1]) {
            die("a message is in several segments, too large or cut");
        }
        capnp_message_init(&message, buffer, frame[1] * 8, NULL, 0);
        dump_all(all_read(&message));
        if (message.error != CAPNP_OK) {
            die(capnp_error_text(message.error));
        }
        fputs(".\n", stderr);
    }
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 4 && strcmp(arguments[1], "build") == 0) {
        random_state = strtoull(arguments[2], NULL, 0);
        build((uint32_t)strtoul(arguments[3], NULL, 0));
    } else if (argument_count == 2 && strcmp(arguments[1], "dump") == 0) {
        dump();
    } else {
        die("usage: capnp_interop build <seed> <count> | dump");
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

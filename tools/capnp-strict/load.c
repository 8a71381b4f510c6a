// SPDX-License-Identifier: Apache-2.0
//
// Files as messages and schemas (load.h).

#include "load.h"

#include "lib/capnp/copy.h"
#include "lib/capnp/frame.h"
#include "lib/capnp/packed.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_BYTES = 1 << 16, BYTES_MAX = INT32_MAX, OPTIONS_MAX = 64, EXIT_REFUSED = 1 };

extern char **environ;

const char *load_tool = "";

_Noreturn void load_die(const char *place, const char *fact)
{
    fprintf(stderr, "%s: %s: %s\n", load_tool, place, fact);
    exit(EXIT_REFUSED);
}

static void stderr_write(struct capnp_writer *writer, const char *bytes, size_t size)
{
    (void)writer;
    fwrite(bytes, 1, size, stderr);
}

_Noreturn void load_die_of(const struct capnp_problem *problem, const char *place)
{
    struct capnp_writer writer = {stderr_write};
    fprintf(stderr, "%s: ", load_tool);
    capnp_problem_print(problem, place, &writer);
    fputs("\n", stderr);
    exit(EXIT_REFUSED);
}

static void check(enum capnp_error error, const char *place)
{
    if (error != CAPNP_OK) {
        load_die(place, capnp_error_text(error));
    }
}

void *load_memory(size_t size)
{
    void *memory = calloc(1, size > 0 ? size : 1);
    if (memory == NULL) {
        load_die("memory", strerror(errno));
    }
    return memory;
}

void load_grow(struct load_bytes *bytes)
{
    uint8_t *larger = load_memory(bytes->size * 2);
    memcpy(larger, bytes->data, bytes->size);
    free(bytes->data);
    *bytes = (struct load_bytes){larger, bytes->size * 2};
}

static struct load_bytes read_all(FILE *file, const char *place)
{
    struct load_bytes room = {load_memory(FIRST_BYTES), FIRST_BYTES};
    size_t used = 0;
    size_t got = 0;
    while ((got = fread(room.data + used, 1, room.size - used, file)) > 0) {
        used += got;
        if (used == room.size) {
            load_grow(&room);
        }
    }
    if (ferror(file)) {
        load_die(place, strerror(errno));
    }
    return (struct load_bytes){room.data, used};
}

struct load_bytes load_file(const char *path)
{
    if (strcmp(path, "-") == 0) {
        return read_all(stdin, "standard input");
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        load_die(path, strerror(errno));
    }
    struct load_bytes bytes = read_all(file, path);
    fclose(file);
    return bytes;
}

// The message, of at most so many bytes, in one segment.
static struct capnp_struct_reader join(struct capnp_segment *segments, uint64_t size,
                                       const char *place)
{
    // Shared parts of a message are copied as often as they are pointed to.
    struct load_bytes room = {load_memory((size_t)size + 8), (size_t)size + 8};
    struct capnp_builder builder;
    for (;;) {
        capnp_builder_init(&builder, room.data, (uint32_t)room.size);
        capnp_message_copy(&builder, &segments[0].message);
        if (builder.error != CAPNP_BUILDER_FULL || room.size > UINT32_MAX / 4) {
            break;
        }
        load_grow(&room);
    }
    enum capnp_error error = segments[0].message.error;
    check(error != CAPNP_OK ? error : builder.error, place);
    struct capnp_segment *flat = load_memory(sizeof(*flat));
    capnp_segment_set(flat, room.data, capnp_builder_size(&builder));
    capnp_segments_init(flat, 1, UINT32_MAX, NULL, 0);
    return capnp_message_root(&flat->message);
}

struct capnp_struct_reader load_message(const struct load_bytes *bytes, size_t *at,
                                        const char *place)
{
    static struct capnp_segment segments[CAPNP_SEGMENTS_MAX];
    uint64_t size = 0;
    check(capnp_frame_open(segments, CAPNP_SEGMENTS_MAX, bytes->data + *at, bytes->size - *at,
                           UINT32_MAX, &size),
          place);
    check(size > BYTES_MAX ? CAPNP_MESSAGE_TOO_LARGE : CAPNP_OK, place);
    *at += (size_t)size;
    return join(segments, size, place);
}

struct capnp_struct_reader load_flat(const struct load_bytes *bytes, const char *place)
{
    struct capnp_segment segment;
    check(bytes->size > BYTES_MAX ? CAPNP_MESSAGE_TOO_LARGE : CAPNP_OK, place);
    capnp_segment_set(&segment, bytes->data, (uint32_t)bytes->size);
    capnp_segments_init(&segment, 1, UINT32_MAX, NULL, 0);
    return join(&segment, bytes->size, place);
}

struct load_bytes load_unpacked(const struct load_bytes *packed, const char *place)
{
    struct capnp_unpacker unpacker;
    uint64_t words = capnp_unpacked_words(packed->data, packed->size);
    check(words == UINT64_MAX ? CAPNP_PACKED_CUT : CAPNP_OK, place);
    check(words > BYTES_MAX / CAPNP_WORD_BYTES ? CAPNP_MESSAGE_TOO_LARGE : CAPNP_OK, place);
    size_t size = (size_t)words * CAPNP_WORD_BYTES;
    struct load_bytes bytes = {load_memory(size), size};
    capnp_unpacker_init(&unpacker, packed->data, packed->size);
    check(capnp_unpack(&unpacker, bytes.data, size), place);
    return bytes;
}

// Runs `capnp compile -o-` and returns what it wrote.
static struct load_bytes compile(const char *path, char *const *options)
{
    char *arguments[OPTIONS_MAX + 5] = {"capnp", "compile", "-o-"};
    int pipes[2];
    size_t count = 3;
    for (; *options != NULL && count < OPTIONS_MAX; options++) {
        arguments[count++] = *options;
    }
    arguments[count] = (char *)path;
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    if (pipe(pipes) != 0 || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO) != 0 ||
        posix_spawn_file_actions_addclose(&actions, pipes[0]) != 0) {
        load_die(path, strerror(errno));
    }
    int wrong = posix_spawnp(&child, "capnp", &actions, NULL, arguments, environ);
    if (wrong != 0) {
        load_die("capnp", strerror(wrong));
    }
    close(pipes[1]);
    FILE *file = fdopen(pipes[0], "rb");
    struct load_bytes bytes = read_all(file, path);
    fclose(file);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        load_die(path, "capnp compile refused the schema");
    }
    return bytes;
}

struct capnp_struct_reader load_schema(const char *path, char *const *options,
                                       struct capnp_catalog *catalog)
{
    static const char suffix[] = ".capnp";
    size_t length = strlen(path);
    size_t at = 0;
    bool is_source =
        length >= sizeof(suffix) && strcmp(path + length - (sizeof(suffix) - 1), suffix) == 0;
    struct load_bytes bytes = is_source ? compile(path, options) : load_file(path);
    struct capnp_struct_reader request = load_message(&bytes, &at, path);
    struct capnp_problem problem = {0};
    uint32_t count = capnp_catalog_count(request);
    capnp_catalog_init(catalog, load_memory(count * sizeof(struct capnp_catalog_node)), count);
    if (!capnp_catalog_add(catalog, request, &problem) || !capnp_catalog_check(catalog, &problem)) {
        load_die_of(&problem, path);
    }
    return request;
}

// SPDX-License-Identifier: Apache-2.0
//
// Reading the compiler's request and looking things up in it (request.h).
//
// Standard input is one framed message: segment count - 1, the size of each segment in words, the
// segments. All of it is read, the frame stripped, and the segments copied into one, which the
// library's reader then sees. Nothing is freed: the process is about to end.
//
// Format: the encoding specification, "Serialization Over a Stream".

#include "request.h"

#include "copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCOPES_MAX = 64 };

static struct capnp_message message;
static struct capnp_struct_reader root;
static const uint64_t *flat_words;
static uint32_t flat_count;

static _Noreturn void die(const char *fact)
{
    fprintf(stderr, "capnpc-c: %s\n", fact);
    exit(1);
}

_Noreturn void refuse(struct capnp_struct_reader node, const char *fact, struct capnp_text name)
{
    struct capnp_text place = node_display_name(node);
    fprintf(stderr, "capnpc-c: %.*s: %s%s%.*s\n", (int)place.size, place.data, fact,
            name.size > 0 ? ": " : "", (int)name.size, name.data);
    exit(1);
}

static void *take_memory(size_t bytes)
{
    void *memory = calloc(1, bytes > 0 ? bytes : 1);
    if (memory == NULL) {
        die("out of memory");
    }
    return memory;
}

// All of standard input, as words.
static uint64_t *read_input(size_t *words)
{
    size_t capacity = 1 << 20;
    size_t used = 0;
    char *bytes = take_memory(capacity);
    size_t got;
    while ((got = fread(bytes + used, 1, capacity - used, stdin)) > 0) {
        used += got;
        if (used == capacity) {
            capacity *= 2;
            bytes = realloc(bytes, capacity);
            if (bytes == NULL) {
                die("out of memory");
            }
        }
    }
    if (used == 0 || used % CAPNP_WORD_BYTES != 0) {
        die("standard input is not a request (run this through `capnp compile -o`)");
    }
    *words = used / CAPNP_WORD_BYTES;
    return (uint64_t *)(void *)bytes;
}

// Finds the segments behind the frame's table.
static void unframe(const uint64_t *words, size_t count, struct copy_source *source)
{
    const uint32_t *table = (const uint32_t *)(const void *)words;
    if (table[0] >= COPY_SEGMENTS_MAX) {
        die("the request has more than 512 segments");
    }
    source->segment_count = table[0] + 1;
    size_t at = source->segment_count / 2 + 1;
    for (uint32_t i = 0; i < source->segment_count; i++) {
        if (at > count || table[i + 1] > count - at) {
            die("the request is shorter than its segment table says");
        }
        source->segments[i] = words + at;
        source->words[i] = table[i + 1];
        at += table[i + 1];
    }
}

void request_read(void)
{
    static struct copy_source source;
    size_t count = 0;
    const uint64_t *words = read_input(&count);
    if (count > UINT32_MAX / 16) {
        die("the request is larger than 2 GiB");
    }
    unframe(words, count, &source);
    struct copy_target target = {.words = take_memory(count * 8), .capacity = (uint32_t)count};
    const char *wrong = copy_tree(&source, 0, 0, &target);
    if (wrong != NULL) {
        die(wrong);
    }
    flat_words = target.words;
    flat_count = target.used;
    capnp_message_init_large(&message, flat_words, flat_count * 8, UINT32_MAX);
    root = capnp_message_root(&message);
}

struct capnp_struct_reader request_root(void)
{
    // The request was checked while it was copied, and grows by being read: no limit makes sense.
    message.traversal_words = UINT32_MAX;
    if (message.error != CAPNP_OK) {
        die(capnp_error_text(message.error));
    }
    return root;
}

bool request_find_node(uint64_t id, struct capnp_struct_reader *node)
{
    struct capnp_list_reader nodes = request_nodes(request_root());
    for (uint32_t i = 0; i < nodes.count; i++) {
        *node = capnp_list_get_struct(nodes, i);
        if (node_id(*node) == id) {
            return true;
        }
    }
    return false;
}

struct capnp_struct_reader request_node(uint64_t id)
{
    struct capnp_struct_reader node;
    if (request_find_node(id, &node)) {
        return node;
    }
    fprintf(stderr, "capnpc-c: the request lacks node 0x%llx\n", (unsigned long long)id);
    exit(1);
}

static bool find_info(uint64_t id, struct capnp_struct_reader *info)
{
    struct capnp_list_reader infos = request_source_info(request_root());
    for (uint32_t i = 0; i < infos.count; i++) {
        *info = capnp_list_get_struct(infos, i);
        if (info_id(*info) == id) {
            return true;
        }
    }
    return false;
}

struct capnp_text request_node_doc(uint64_t id)
{
    struct capnp_struct_reader info;
    return find_info(id, &info) ? info_doc(info) : (struct capnp_text){"", 0};
}

struct capnp_text request_member_doc(uint64_t id, uint32_t index)
{
    struct capnp_struct_reader info;
    if (!find_info(id, &info) || index >= info_members(info).count) {
        return (struct capnp_text){"", 0};
    }
    return member_doc(capnp_list_get_struct(info_members(info), index));
}

uint64_t request_file_of(struct capnp_struct_reader node)
{
    for (int scopes = 0; scopes < SCOPES_MAX; scopes++) {
        if (node_kind(node) == NODE_FILE) {
            return node_id(node);
        }
        if (node_scope_id(node) == 0) {
            return 0;
        }
        node = request_node(node_scope_id(node));
    }
    refuse(node, "nested too deep", (struct capnp_text){"", 0});
}

uint32_t request_size(void)
{
    return message.size;
}

const uint64_t *request_value_words(struct capnp_struct_reader value, uint32_t *count)
{
    const uint8_t *slot = value.data + value.data_bytes + VALUE_POINTER * CAPNP_WORD_BYTES;
    struct copy_source source = {
        .segments = {flat_words}, .words = {flat_count}, .segment_count = 1};
    struct copy_target target = {.words = take_memory((size_t)flat_count * 8),
                                 .capacity = flat_count};
    const char *wrong = copy_tree(&source, 0, (uint32_t)((slot - message.bytes) / 8), &target);
    if (wrong != NULL) {
        die(wrong);
    }
    *count = target.used;
    return target.words;
}

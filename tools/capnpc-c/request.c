// SPDX-License-Identifier: Apache-2.0
//
// Reading the compiler's request and looking things up in it (request.h).
//
// Standard input is one framed message, of several segments where it is large. Nothing is freed:
// the process is about to end.

#include "request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCOPES_MAX = 64 };

static struct capnp_segment segments[CAPNP_SEGMENTS_MAX];
static struct capnp_message *const message = &segments[0].message;
static struct capnp_struct_reader root;
static uint32_t size;

static _Noreturn void die(const char *fact)
{
    fprintf(stderr, "capnpc-c: %s\n", fact);
    exit(1);
}

_Noreturn void refuse(struct capnp_struct_reader node, const char *fact, struct capnp_text name)
{
    struct capnp_text display = node_display_name(node);
    const char *colon = memchr(display.data, ':', display.size);
    int path_size = colon == NULL ? (int)display.size : (int)(colon - display.data);
    uint32_t line = place_line(display, name);
    line = line == 0 ? place_line(display, (struct capnp_text){"", 0}) : line;
    fprintf(stderr, "capnpc-c: %.*s:", path_size, display.data);
    if (line > 0) {
        fprintf(stderr, "%" PRIu32 ": ", line);
    }
    if (colon != NULL) {
        fprintf(stderr, "%.*s: ", (int)display.size - path_size - 1, colon + 1);
    }
    fprintf(stderr, "%s%s%.*s\n", fact, name.size > 0 ? ": " : "", (int)name.size, name.data);
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

void request_read(void)
{
    size_t capacity = 1 << 20;
    size_t used = 0;
    uint64_t framed = 0;
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
    if (used > UINT32_MAX / 2) {
        die("the request is larger than 2 GiB");
    }
    if (capnp_frame_open(segments, CAPNP_SEGMENTS_MAX, bytes, used, UINT32_MAX, &framed) !=
            CAPNP_OK ||
        framed != used) {
        die("standard input is not a request (run this through `capnp compile -o`)");
    }
    size = (uint32_t)used;
    root = capnp_message_root(message);
    if (request_files(request_root()).count == 0) {
        die("the request names no file");
    }
}

struct capnp_struct_reader request_root(void)
{
    // Everything is looked up again and again: a limit makes no sense.
    for (uint32_t i = 0; i < segments->count; i++) {
        segments[i].message.traversal_words = UINT32_MAX;
    }
    if (message->error != CAPNP_OK) {
        die(capnp_error_text(message->error));
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
    return size;
}

const uint64_t *request_value_words(struct capnp_struct_reader value, uint32_t *count)
{
    struct capnp_builder builder;
    uint64_t *words = take_memory(size);
    capnp_builder_init(&builder, words, size);
    capnp_any_set(capnp_builder_root_any(&builder), capnp_get_any(value, VALUE_POINTER));
    if (builder.error != CAPNP_OK) {
        die(capnp_error_text(builder.error));
    }
    *count = capnp_builder_size(&builder) / CAPNP_WORD_BYTES;
    return words;
}

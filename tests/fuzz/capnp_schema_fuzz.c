// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a schema, a CodeGeneratorRequest of one segment: refused with a reason, or taken;
// then everything that it declares can be listed, and messages of its first structs be printed and
// parsed, within bounds and in bounded time.
//
// The messages are an empty one and the schema itself, read as what it is not.

#include "lib/capnp/dynamic.h"
#include "lib/capnp/segment.h"

#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 256, BYTES_MAX = 1 << 14, BUILDER_WORDS = 1 << 15, STRUCTS_MAX = 6 };

static void holds(bool claim)
{
    if (!claim) {
        abort();
    }
}

// What is printed is read as far as it goes, and counted.
static void sink_write(struct capnp_writer *writer, const char *bytes, size_t size)
{
    static volatile uint8_t seen;
    (void)writer;
    for (size_t i = 0; i < size; i++) {
        seen = (uint8_t)bytes[i];
    }
    (void)seen;
}

static struct capnp_writer sink = {sink_write};

static void print(const struct capnp_catalog *catalog, uint64_t type, const void *bytes,
                  uint32_t size, enum capnp_layout layout)
{
    struct capnp_segment segment;
    struct capnp_problem problem = {0};
    capnp_segment_set(&segment, bytes, size);
    capnp_segments_init(&segment, 1, UINT32_MAX, NULL, 0);
    struct capnp_struct_reader root = capnp_message_root(&segment.message);
    bool is_good = capnp_json_print(root, catalog, type, layout, &sink, &problem);
    holds(is_good == (problem.sentence[0] == 0));
    capnp_segments_init(&segment, 1, UINT32_MAX, NULL, 0);
    problem = (struct capnp_problem){0};
    (void)capnp_text_print(root, catalog, type, layout, &sink, &problem);
}

static void parse(const struct capnp_catalog *catalog, uint64_t type)
{
    static uint64_t words[BUILDER_WORDS];
    struct capnp_builder builder;
    struct capnp_problem problem = {0};
    struct capnp_input input = {"{}", 2, 0};
    capnp_builder_init(&builder, words, sizeof(words));
    holds(capnp_json_parse(&input, catalog, type, &builder, &problem) ||
          problem.kind == CAPNP_PROBLEM_TOO_LARGE || problem.kind == CAPNP_PROBLEM_TOO_DEEP);
    // The names of all fields are part of what is said then.
    input = (struct capnp_input){"(a = 1)", 7, 0};
    (void)capnp_text_parse(&input, catalog, type, &builder, &problem);
}

static void use(const struct capnp_catalog *catalog, const void *bytes, uint32_t size)
{
    uint32_t structs = 0;
    capnp_catalog_list(catalog, 0, &sink);
    for (uint32_t i = 0; i < catalog->count && structs < STRUCTS_MAX; i++) {
        struct capnp_problem problem = {0};
        uint64_t id = 0;
        struct capnp_text name =
            capnp_get_text(catalog->nodes[i].node, 0, (struct capnp_text){"", 0});
        if (capnp_catalog_find(catalog, name, &id, &problem)) {
            structs++;
            print(catalog, id, NULL, 0, CAPNP_LAYOUT_SHORT);
            print(catalog, id, bytes, size, CAPNP_LAYOUT_LINES);
            parse(catalog, id);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static struct capnp_catalog_node nodes[NODES_MAX];
    struct capnp_catalog catalog;
    struct capnp_problem problem = {0};
    struct capnp_segment segment;
    uint32_t bytes = (uint32_t)size & ~(uint32_t)7;
    if (size > BYTES_MAX) {
        return 0;
    }
    // At the end of its own memory, so that reading beyond it is seen.
    uint8_t *memory = malloc(bytes + 1);
    memcpy(memory + 1, input, bytes);
    capnp_segment_set(&segment, memory + 1, bytes);
    capnp_segments_init(&segment, 1, UINT32_MAX, NULL, 0);
    capnp_catalog_init(&catalog, nodes, NODES_MAX);
    if (capnp_catalog_add(&catalog, capnp_message_root(&segment.message), &problem) &&
        capnp_catalog_check(&catalog, &problem)) {
        use(&catalog, memory + 1, bytes);
    } else {
        holds(problem.kind == CAPNP_PROBLEM_SCHEMA && problem.sentence[0] != 0);
    }
    free(memory);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// The catalog of dynamic.capnp, and buffers (dynamic_support.h).

#include "lib/capnp/test/dynamic_support.h"

#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 64, MESSAGE_BYTES = 1 << 16, SHOWN_BYTES = 1 << 20 };

static uint64_t words[MESSAGE_BYTES / 8];
static char shown[SHOWN_BYTES];

struct capnp_catalog *dynamic_catalog(void)
{
    static struct capnp_catalog_node nodes[NODES_MAX];
    static struct capnp_catalog catalog;
    static struct capnp_message message;
    struct capnp_problem problem = {0};
    const struct capnp_schema *schema = &capnp_schema_e1f3d8a9b0c44d17;
    if (catalog.count == 0) {
        capnp_message_init(&message, schema->words, schema->word_count * 8, NULL, 0);
        capnp_catalog_init(&catalog, nodes, NODES_MAX);
        if (!capnp_catalog_add(&catalog, capnp_message_root(&message), &problem) ||
            !capnp_catalog_check(&catalog, &problem)) {
            abort();
        }
    }
    return &catalog;
}

uint64_t dynamic_type(const char *name)
{
    uint64_t id = 0;
    struct capnp_problem problem = {0};
    struct capnp_text text = {name, (uint32_t)strlen(name)};
    if (!capnp_catalog_find(dynamic_catalog(), text, &id, &problem)) {
        abort();
    }
    return id;
}

bool dynamic_read(enum dynamic_form form, const char *bytes, size_t size, uint64_t type,
                  struct capnp_struct_reader *root, struct capnp_problem *problem)
{
    static struct capnp_message message;
    struct capnp_input input = {bytes, size, 0};
    struct capnp_builder builder;
    capnp_builder_init(&builder, words, sizeof(words));
    bool is_good = form == DYNAMIC_TEXT
                       ? capnp_text_parse(&input, dynamic_catalog(), type, &builder, problem)
                       : capnp_json_parse(&input, dynamic_catalog(), type, &builder, problem);
    if (dynamic_catalog()->nodes[0].node.message->error != CAPNP_OK) {
        abort(); // the schema was read amiss
    }
    capnp_message_init(&message, words, is_good ? capnp_builder_size(&builder) : 0, NULL, 0);
    *root = capnp_message_root(&message);
    return is_good;
}

const char *dynamic_shown(enum dynamic_form form, struct capnp_struct_reader root, uint64_t type,
                          enum capnp_layout layout, struct capnp_problem *problem)
{
    struct capnp_memory_writer writer;
    capnp_memory_writer_init(&writer, shown, sizeof(shown) - 1);
    if (form == DYNAMIC_TEXT) {
        (void)capnp_text_print(root, dynamic_catalog(), type, layout, &writer.writer, problem);
    } else {
        (void)capnp_json_print(root, dynamic_catalog(), type, layout, &writer.writer, problem);
    }
    shown[writer.size < sizeof(shown) ? writer.size : sizeof(shown) - 1] = 0;
    return shown;
}

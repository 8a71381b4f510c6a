// SPDX-License-Identifier: Apache-2.0
//
// The catalog of schemas, and questions about interfaces, methods and fields.
#include "lib/shell/interface.h"

#include <string.h>

#include "lib/capnp/dynamic_node.h"
#include "lib/capnp/dynamic_type.h"

void shell_schemas_init(struct shell_schemas *schemas)
{
    schemas->file_count = schemas->checked_count = 0;
    schemas->used = schemas->checked_used = 0;
    capnp_catalog_init(&schemas->catalog, schemas->nodes, SHELL_NODES_MAX);
}

uint8_t *shell_schemas_room(struct shell_schemas *schemas, uint32_t size)
{
    bool has_room = schemas->file_count < SHELL_FILES_MAX && size % CAPNP_WORD_BYTES == 0 &&
                    size <= SHELL_SCHEMAS_MAX - schemas->used;
    return has_room ? schemas->bytes + schemas->used : NULL;
}

// All files so far, anew: an addition that fails may have left nodes behind.
static bool catalog_build(struct shell_schemas *schemas, struct capnp_problem *problem)
{
    bool is_good = true;
    capnp_catalog_init(&schemas->catalog, schemas->nodes, SHELL_NODES_MAX);
    for (uint32_t i = 0; i < schemas->file_count && is_good; i++) {
        struct capnp_message *message = &schemas->messages[i];
        message->error = CAPNP_OK;
        dynamic_renew(message);
        is_good = capnp_catalog_add(&schemas->catalog, capnp_message_root(message), problem);
    }
    return is_good;
}

void shell_schemas_add(struct shell_schemas *schemas, uint32_t size)
{
    schemas->messages[schemas->file_count++] =
        (struct capnp_message){.bytes = schemas->bytes + schemas->used, .size = size};
    schemas->used += size;
}

void shell_schemas_drop(struct shell_schemas *schemas)
{
    schemas->file_count = schemas->checked_count;
    schemas->used = schemas->checked_used;
}

bool shell_schemas_check(struct shell_schemas *schemas, struct capnp_problem *problem)
{
    struct capnp_problem ignored = {0};
    if (catalog_build(schemas, problem) && capnp_catalog_check(&schemas->catalog, problem)) {
        schemas->checked_count = schemas->file_count;
        schemas->checked_used = schemas->used;
        return true;
    }
    shell_schemas_drop(schemas);
    if (!catalog_build(schemas, &ignored) || !capnp_catalog_check(&schemas->catalog, &ignored)) {
        shell_schemas_init(schemas); // what was good before is good again
    }
    return false;
}

// ---- Interfaces and methods ----

static bool is_interface(const struct capnp_catalog_node *node)
{
    return node != NULL && node_kind(node->node) == NODE_INTERFACE;
}

const struct capnp_catalog_node *shell_interface(const struct shell_schemas *schemas, uint64_t id)
{
    const struct capnp_catalog_node *node = capnp_catalog_node(&schemas->catalog, id);
    if (node != NULL) {
        dynamic_renew(node->node.message);
    }
    return is_interface(node) ? node : NULL;
}

const struct capnp_catalog_node *shell_interface_named(const struct shell_schemas *schemas,
                                                       struct capnp_text name)
{
    for (uint32_t i = 0; i < schemas->catalog.count; i++) {
        const struct capnp_catalog_node *node = &schemas->catalog.nodes[i];
        dynamic_renew(node->node.message);
        if (is_interface(node) && dynamic_text_equal(dynamic_node_name(node->node), name)) {
            return node;
        }
    }
    return NULL;
}

struct capnp_text shell_interface_name(const struct capnp_catalog_node *interface)
{
    dynamic_renew(interface->node.message);
    return dynamic_node_name(interface->node);
}

struct capnp_text shell_interface_doc(const struct capnp_catalog_node *interface)
{
    return info_doc(interface->info);
}

struct capnp_text shell_first_sentence(struct capnp_text doc)
{
    uint32_t size = 0;
    while (size < doc.size &&
           !(doc.data[size] == '.' &&
             (size + 1 == doc.size || doc.data[size + 1] == ' ' || doc.data[size + 1] == '\n'))) {
        size++;
    }
    return (struct capnp_text){doc.data, size < doc.size ? size + 1 : size};
}

uint32_t shell_method_count(const struct capnp_catalog_node *interface)
{
    dynamic_renew(interface->node.message);
    uint32_t count = interface_methods(interface->node).count;
    return count < SHELL_METHODS_MAX ? count : SHELL_METHODS_MAX;
}

struct shell_method shell_method_at(const struct capnp_catalog_node *interface, uint32_t number)
{
    dynamic_renew(interface->node.message);
    struct capnp_struct_reader method =
        capnp_list_get_struct(interface_methods(interface->node), number);
    struct capnp_list_reader docs = info_members(interface->info);
    return (struct shell_method){
        .interface = interface,
        .number = number,
        .name = member_name(method),
        .doc = number < docs.count ? member_doc(capnp_list_get_struct(docs, number))
                                   : (struct capnp_text){"", 0},
        .params = method_param_type(method),
        .results = method_result_type(method),
    };
}

bool shell_method_named(const struct capnp_catalog_node *interface, struct capnp_text name,
                        struct shell_method *method)
{
    for (uint32_t i = 0; i < shell_method_count(interface); i++) {
        *method = shell_method_at(interface, i);
        if (dynamic_text_equal(method->name, name)) {
            return true;
        }
    }
    return false;
}

// ---- Fields ----

static const struct capnp_catalog_node *struct_of(const struct shell_schemas *schemas,
                                                  uint64_t type)
{
    const struct capnp_catalog_node *node = capnp_catalog_node(&schemas->catalog, type);
    if (node == NULL || node_kind(node->node) != NODE_STRUCT) {
        return NULL;
    }
    dynamic_renew(node->node.message);
    return node;
}

uint32_t shell_field_count(const struct shell_schemas *schemas, uint64_t type)
{
    const struct capnp_catalog_node *node = struct_of(schemas, type);
    uint32_t count = node == NULL ? 0 : struct_fields(node->node).count;
    return count < SHELL_ARGUMENTS_MAX ? count : SHELL_ARGUMENTS_MAX;
}

struct shell_field shell_field_at(const struct shell_schemas *schemas, uint64_t type,
                                  uint32_t index)
{
    const struct capnp_catalog_node *node = struct_of(schemas, type);
    struct capnp_struct_reader field = capnp_list_get_struct(struct_fields(node->node), index);
    struct capnp_struct_reader slot = slot_type(field);
    enum type_kind kind = field_is_group(field) ? TYPE_STRUCT : type_kind(slot);
    bool is_capability =
        kind == TYPE_INTERFACE || (kind == TYPE_ANY_POINTER && any_pointer_is_capability(slot));
    return (struct shell_field){
        .name = member_name(field),
        .is_capability = is_capability,
        .is_text = kind == TYPE_TEXT || kind == TYPE_DATA,
        .enumeration = kind == TYPE_ENUM ? type_id(slot) : 0,
        .pointer = (uint16_t)slot_offset(field),
    };
}

uint32_t shell_enumerant(const struct shell_schemas *schemas, uint64_t enumeration, uint32_t index,
                         struct capnp_text *name)
{
    const struct capnp_catalog_node *node = capnp_catalog_node(&schemas->catalog, enumeration);
    if (node == NULL || node_kind(node->node) != NODE_ENUM) {
        return 0;
    }
    dynamic_renew(node->node.message);
    struct capnp_list_reader list = enum_enumerants(node->node);
    if (index < list.count) {
        *name = member_name(capnp_list_get_struct(list, index));
    }
    return list.count;
}

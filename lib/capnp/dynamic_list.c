// SPDX-License-Identifier: Apache-2.0
//
// What a schema declares, for people: types, methods and interfaces in the schema language's own
// notation (dynamic.h).

#include "lib/capnp/dynamic_type.h"

enum { SCOPES_MAX = 64 };

// The struct that stands for the result of a streaming method: StreamResult of stream.capnp.
static const uint64_t stream_result = UINT64_C(0x995f9a3377c0b16e);

// The node's name, or its id where the schema lacks it.
static void print_node_name(const struct capnp_catalog *catalog, uint64_t id,
                            struct capnp_writer *writer)
{
    const struct capnp_catalog_node *node = capnp_catalog_node(catalog, id);
    if (node != NULL) {
        dynamic_write_text(writer, dynamic_node_name(node->node));
    } else {
        dynamic_write(writer, "(unknown)");
    }
}

// The name of a type parameter: of the scope that declares it.
static void print_parameter(const struct capnp_catalog *catalog, struct capnp_struct_reader type,
                            struct capnp_writer *writer)
{
    const struct capnp_catalog_node *scope =
        any_pointer_is_of_scope(type) ? capnp_catalog_node(catalog, any_pointer_scope_id(type))
                                      : NULL;
    uint16_t index = any_pointer_parameter_index(type);
    if (scope != NULL && index < node_parameters(scope->node).count) {
        dynamic_write_text(
            writer, parameter_name(capnp_list_get_struct(node_parameters(scope->node), index)));
    } else {
        dynamic_write(writer, any_pointer_is_capability(type) ? "Capability" : "AnyPointer");
    }
}

// What the type's own parameters are bound to: "(Text, Point)".
static void print_bindings(const struct capnp_catalog *catalog, struct capnp_struct_reader type,
                           struct capnp_writer *writer)
{
    struct capnp_list_reader scopes = type_brand_scopes(type);
    for (uint32_t i = 0; i < scopes.count; i++) {
        struct capnp_struct_reader scope = capnp_list_get_struct(scopes, i);
        struct capnp_list_reader bindings = brand_scope_bindings(scope);
        if (brand_scope_id(scope) != type_id(type) || brand_scope_is_inherited(scope)) {
            continue;
        }
        for (uint32_t j = 0; j < bindings.count; j++) {
            struct capnp_struct_reader binding = capnp_list_get_struct(bindings, j);
            dynamic_write(writer, j == 0 ? "(" : ", ");
            if (binding_is_type(binding)) {
                capnp_catalog_type_print(catalog, binding_type(binding), writer);
            } else {
                dynamic_write(writer, "AnyPointer");
            }
        }
        dynamic_write(writer, bindings.count > 0 ? ")" : "");
    }
}

void capnp_catalog_type_print(const struct capnp_catalog *catalog, struct capnp_struct_reader type,
                              struct capnp_writer *writer)
{
    enum type_kind kind = type_kind(type);
    if (kind == TYPE_LIST) {
        dynamic_write(writer, "List(");
        capnp_catalog_type_print(catalog, list_element_type(type), writer);
        dynamic_write(writer, ")");
    } else if (kind == TYPE_ENUM || kind == TYPE_STRUCT || kind == TYPE_INTERFACE) {
        print_node_name(catalog, type_id(type), writer);
        print_bindings(catalog, type, writer);
    } else if (kind == TYPE_ANY_POINTER) {
        print_parameter(catalog, type, writer);
    } else {
        dynamic_write(writer, dynamic_kind_name(kind));
    }
}

// Parameters or results: the fields of a struct that the method implies, or the struct's name.
static void print_side(const struct capnp_catalog *catalog, uint64_t id,
                       struct capnp_writer *writer)
{
    const struct capnp_catalog_node *node = capnp_catalog_node(catalog, id);
    if (id == stream_result) {
        dynamic_write(writer, "stream");
        return;
    }
    if (node == NULL || node_scope_id(node->node) != 0) {
        print_node_name(catalog, id, writer);
        return;
    }
    struct capnp_list_reader fields = struct_fields(node->node);
    dynamic_write(writer, "(");
    for (uint32_t i = 0; i < fields.count; i++) {
        struct capnp_struct_reader field = capnp_list_get_struct(fields, i);
        dynamic_write(writer, i > 0 ? ", " : "");
        dynamic_write_text(writer, member_name(field));
        dynamic_write(writer, " :");
        capnp_catalog_type_print(catalog, slot_type(field), writer);
    }
    dynamic_write(writer, ")");
}

void capnp_catalog_method_print(const struct capnp_catalog *catalog,
                                const struct capnp_catalog_node *interface, uint32_t method,
                                struct capnp_writer *writer)
{
    dynamic_renew(interface->node.message);
    struct capnp_struct_reader reader =
        capnp_list_get_struct(interface_methods(interface->node), method);
    dynamic_write_text(writer, member_name(reader));
    dynamic_write(writer, " @");
    dynamic_write_number(writer, method);
    dynamic_write(writer, " ");
    print_side(catalog, method_param_type(reader), writer);
    dynamic_write(writer, " -> ");
    print_side(catalog, method_result_type(reader), writer);
}

uint64_t capnp_catalog_file_of(const struct capnp_catalog *catalog, uint64_t id)
{
    for (uint32_t i = 0; i < SCOPES_MAX; i++) {
        const struct capnp_catalog_node *node = capnp_catalog_node(catalog, id);
        if (node == NULL || node_kind(node->node) == NODE_FILE) {
            return node == NULL ? 0 : id;
        }
        id = node_scope_id(node->node);
    }
    return 0;
}

// Documentation, each line behind the indentation; line ends at its end are left out.
static void print_doc(struct capnp_text doc, const char *indent, struct capnp_writer *writer)
{
    while (doc.size > 0 && doc.data[doc.size - 1] == '\n') {
        doc.size--;
    }
    for (uint32_t from = 0; from < doc.size;) {
        uint32_t to = from;
        while (to < doc.size && doc.data[to] != '\n') {
            to++;
        }
        dynamic_write(writer, to > from ? indent : "");
        dynamic_write_text(writer, (struct capnp_text){doc.data + from, to - from});
        dynamic_write(writer, "\n");
        from = to + 1;
    }
}

static void print_interface(const struct capnp_catalog *catalog,
                            const struct capnp_catalog_node *interface, struct capnp_writer *writer)
{
    static const char hex[] = "0123456789abcdef";
    struct capnp_list_reader superclasses = interface_superclasses(interface->node);
    struct capnp_list_reader methods = interface_methods(interface->node);
    struct capnp_list_reader docs = info_members(interface->info);
    dynamic_write(writer, "interface ");
    dynamic_write_text(writer, dynamic_node_name(interface->node));
    dynamic_write(writer, " @0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        writer->write(writer, &hex[interface->id >> shift & 15], 1);
    }
    for (uint32_t i = 0; i < superclasses.count; i++) {
        dynamic_write(writer, i == 0 ? " extends(" : ", ");
        print_node_name(catalog, superclass_id(capnp_list_get_struct(superclasses, i)), writer);
    }
    dynamic_write(writer, superclasses.count > 0 ? ")\n" : "\n");
    print_doc(info_doc(interface->info), "  ", writer);
    for (uint32_t i = 0; i < methods.count; i++) {
        dynamic_write(writer, "  ");
        capnp_catalog_method_print(catalog, interface, i, writer);
        dynamic_write(writer, "\n");
        if (i < docs.count) {
            print_doc(member_doc(capnp_list_get_struct(docs, i)), "    ", writer);
        }
    }
}

void capnp_catalog_list(const struct capnp_catalog *catalog, uint64_t file,
                        struct capnp_writer *writer)
{
    bool has_some = false;
    for (uint32_t i = 0; i < catalog->count; i++) {
        const struct capnp_catalog_node *node = &catalog->nodes[i];
        dynamic_renew(node->node.message);
        if (node_kind(node->node) == NODE_INTERFACE &&
            (file == 0 || capnp_catalog_file_of(catalog, node->id) == file)) {
            dynamic_write(writer, has_some ? "\n" : "");
            print_interface(catalog, node, writer);
            has_some = true;
        }
    }
}

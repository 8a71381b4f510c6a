// SPDX-License-Identifier: Apache-2.0
//
// The contents of the pages: interfaces with their methods, structs with their fields, enums and
// constants of one file, in the order of their declaration.

#include "docs.h"

#include <inttypes.h>
#include <string.h>

enum { LABEL_BYTES = 64, TITLE_BYTES = 200 };

static const char not_said[] = "not said";

static void cell(struct page *page, struct capnp_text text)
{
    page_cell_begin(page);
    page_text(page, text);
    page_cell_end(page);
}

// The word after `label` in a documentation, up to the full stop; no data if it isn't there.
static struct capnp_text said_in(struct capnp_text doc, const char *label)
{
    uint32_t length = (uint32_t)strlen(label);
    for (uint32_t at = 0; at + length <= doc.size; at++) {
        if (memcmp(doc.data + at, label, length) == 0) {
            uint32_t end = at + length;
            while (end < doc.size && doc.data[end] != '.' && doc.data[end] != '\n') {
                end++;
            }
            return (struct capnp_text){doc.data + at + length, end - at - length};
        }
    }
    return (struct capnp_text){NULL, 0};
}

// What the interface says of itself, or for it one of its methods' documentation.
static struct capnp_text rule_of(const struct capnp_catalog_node *interface, const char *name)
{
    char label[LABEL_BYTES];
    struct capnp_list_reader docs = info_members(interface->info);
    snprintf(label, sizeof(label), "%s: ", name);
    struct capnp_text found = said_in(info_doc(interface->info), label);
    snprintf(label, sizeof(label), "%s of the interface: ", name);
    for (uint32_t i = 0; i < docs.count && found.data == NULL; i++) {
        found = said_in(member_doc(capnp_list_get_struct(docs, i)), label);
    }
    return found.data != NULL ? found : docs_text(not_said);
}

// The first sentence, on one line.
static struct capnp_text summary_of(struct capnp_text doc)
{
    uint32_t end = 0;
    while (end < doc.size &&
           !(doc.data[end] == '.' &&
             (end + 1 == doc.size || doc.data[end + 1] == ' ' || doc.data[end + 1] == '\n'))) {
        end++;
    }
    return (struct capnp_text){doc.data, end};
}

static struct capnp_text doc_of_member(const struct capnp_catalog_node *node, uint32_t index)
{
    struct capnp_list_reader docs = info_members(node->info);
    return index < docs.count ? member_doc(capnp_list_get_struct(docs, index))
                              : (struct capnp_text){"", 0};
}

// ---- declarations ----

static void declare(struct page *page, const char *kind, const struct capnp_catalog_node *node)
{
    char title[TITLE_BYTES];
    char anchor[LABEL_BYTES];
    struct capnp_text name = dynamic_node_name(node->node);
    snprintf(title, sizeof(title), "%s %.*s", kind, (int)name.size, name.data);
    snprintf(anchor, sizeof(anchor), "x%016" PRIx64, node->id);
    page_heading(page, 2, docs_text(title), anchor);
    page_doc(page, info_doc(node->info));
}

static void write_interface(struct page *page, const struct capnp_catalog *catalog,
                            const struct capnp_catalog_node *node)
{
    static const char *const columns[] = {"id", "transfer", "session scope", NULL};
    char id[LABEL_BYTES];
    struct capnp_list_reader methods = interface_methods(node->node);
    declare(page, "interface", node);
    snprintf(id, sizeof(id), "0x%016" PRIx64, node->id);
    page_table_begin(page, columns);
    page_row_begin(page);
    cell(page, docs_text(id));
    cell(page, rule_of(node, "Transfer"));
    cell(page, rule_of(node, "Session scope"));
    page_row_end(page);
    page_table_end(page);
    for (uint32_t i = 0; i < methods.count; i++) {
        page_heading(page, 3, member_name(capnp_list_get_struct(methods, i)), NULL);
        page_code_begin(page);
        capnp_catalog_method_print(catalog, node, i, &page->writer);
        page_code_end(page);
        page_doc(page, doc_of_member(node, i));
    }
}

// A scalar or text default as text; empty if it is none of them.
static struct capnp_text default_of(const struct dynamic_field *field, char *room)
{
    struct capnp_struct_reader value = slot_default(field->field);
    uint64_t bits = dynamic_value_bits(value, field->type.kind);
    struct capnp_text name = {"", 0};
    if (field->type.kind == TYPE_ENUM && bits != 0) {
        (void)dynamic_enumerant_name(field->type.node, bits, &name);
    } else if (field->type.kind == TYPE_TEXT) {
        name = schema_text(value, VALUE_POINTER);
    } else if (field->type.kind == TYPE_BOOL && bits != 0) {
        name = docs_text("true");
    } else if (bits != 0 && field->type.kind != TYPE_FLOAT32 && field->type.kind != TYPE_FLOAT64) {
        name = (struct capnp_text){room, dynamic_integer_print(room, field->type.kind, bits)};
    }
    return name;
}

static void write_field_row(struct page *page, const struct capnp_catalog *catalog,
                            const struct capnp_catalog_node *node, uint32_t index)
{
    char room[LABEL_BYTES];
    struct capnp_struct_reader reader = capnp_list_get_struct(struct_fields(node->node), index);
    struct dynamic_field field = dynamic_field_of(catalog, reader, NULL);
    page_row_begin(page);
    cell(page, field.name);
    page_cell_begin(page);
    if (field.is_group) {
        page_text(page, docs_text("group"));
    } else {
        capnp_catalog_type_print(catalog, slot_type(reader), &page->writer);
    }
    page_cell_end(page);
    cell(page, field.discriminant == NO_DISCRIMINANT ? docs_text("") : docs_text("one of"));
    cell(page, field.is_group ? docs_text("") : default_of(&field, room));
    cell(page, doc_of_member(node, index));
    page_row_end(page);
}

static void write_struct(struct page *page, const struct capnp_catalog *catalog,
                         const struct capnp_catalog_node *node)
{
    static const char *const columns[] = {"field", "type", "union", "default", "what it is", NULL};
    struct capnp_list_reader fields = struct_fields(node->node);
    declare(page, struct_is_group(node->node) ? "group" : "struct", node);
    page_table_begin(page, columns);
    for (uint32_t i = 0; i < fields.count; i++) {
        dynamic_renew(node->node.message);
        write_field_row(page, catalog, node, i);
    }
    page_table_end(page);
}

static void write_enum(struct page *page, const struct capnp_catalog *catalog,
                       const struct capnp_catalog_node *node)
{
    static const char *const columns[] = {"value", "number", "what it is", NULL};
    struct capnp_list_reader enumerants = enum_enumerants(node->node);
    (void)catalog;
    declare(page, "enum", node);
    page_table_begin(page, columns);
    for (uint32_t i = 0; i < enumerants.count; i++) {
        page_row_begin(page);
        cell(page, member_name(capnp_list_get_struct(enumerants, i)));
        page_cell_begin(page);
        dynamic_write_number(&page->writer, i);
        page_cell_end(page);
        cell(page, doc_of_member(node, i));
        page_row_end(page);
    }
    page_table_end(page);
}

static void write_const(struct page *page, const struct capnp_catalog *catalog,
                        const struct capnp_catalog_node *node)
{
    declare(page, "const", node);
    page_code_begin(page);
    page_text(page, docs_text(":"));
    capnp_catalog_type_print(catalog, const_type(node->node), &page->writer);
    page_code_end(page);
}

static void write_nothing(struct page *page, const struct capnp_catalog *catalog,
                          const struct capnp_catalog_node *node)
{
    (void)page;
    (void)catalog;
    (void)node;
}

// A node and what is declared inside of it. Groups are declared by the fields that have them.
static void write_node(struct page *page, const struct capnp_catalog *catalog,
                       const struct capnp_catalog_node *node, uint32_t depth)
{
    static void (*const kinds[])(struct page *, const struct capnp_catalog *,
                                 const struct capnp_catalog_node *) = {
        [NODE_FILE] = write_nothing, [NODE_STRUCT] = write_struct,
        [NODE_ENUM] = write_enum,    [NODE_INTERFACE] = write_interface,
        [NODE_CONST] = write_const,  [NODE_ANNOTATION] = write_nothing,
    };
    dynamic_renew(node->node.message);
    kinds[node_kind(node->node)](page, catalog, node);
    for (uint32_t i = 0; node_kind(node->node) == NODE_STRUCT && i < catalog->count; i++) {
        const struct capnp_catalog_node *group = &catalog->nodes[i];
        if (node_scope_id(group->node) == node->id && node_kind(group->node) == NODE_STRUCT &&
            struct_is_group(group->node) && depth < CAPNP_NESTING_MAX) {
            write_node(page, catalog, group, depth + 1);
        }
    }
    struct capnp_list_reader nested = node_nested(node->node);
    for (uint32_t i = 0; i < nested.count && depth < CAPNP_NESTING_MAX; i++) {
        const struct capnp_catalog_node *inner =
            capnp_catalog_node(catalog, nested_id(capnp_list_get_struct(nested, i)));
        if (inner != NULL) {
            write_node(page, catalog, inner, depth + 1);
        }
    }
}

void docs_file(struct page *page, const struct capnp_catalog *catalog,
               struct capnp_struct_reader file)
{
    const struct capnp_catalog_node *node = capnp_catalog_node(catalog, file_id(file));
    page_heading(page, 1, file_name(file), NULL);
    if (node != NULL) {
        page_doc(page, info_doc(node->info));
        write_node(page, catalog, node, 0);
    }
}

void docs_index_rows(struct page *page, const struct capnp_catalog *catalog,
                     struct capnp_struct_reader file)
{
    for (uint32_t i = 0; i < catalog->count; i++) {
        const struct capnp_catalog_node *node = &catalog->nodes[i];
        dynamic_renew(node->node.message);
        if (node_kind(node->node) != NODE_INTERFACE ||
            capnp_catalog_file_of(catalog, node->id) != file_id(file)) {
            continue;
        }
        page_row_begin(page);
        page_cell_begin(page);
        page_link(page, dynamic_node_name(node->node),
                  docs_target(file_name(file), page->style, node->id));
        page_cell_end(page);
        cell(page, file_name(file));
        cell(page, rule_of(node, "Transfer"));
        cell(page, rule_of(node, "Session scope"));
        cell(page, summary_of(info_doc(node->info)));
        page_row_end(page);
    }
}

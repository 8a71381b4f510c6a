// SPDX-License-Identifier: Apache-2.0
//
// The catalog of schema nodes (dynamic.h): adding, checking, finding; writers and problems.
//
// The check is what everything else relies on: unions have their tag inside the struct, fields lie
// within its sections and have a default of their own type, ids lead to nodes of the right kind.
// Recursion goes through type expressions only, and the reader bounds how deep those are.

#include "lib/capnp/dynamic.h"

#include "lib/capnp/dynamic_type.h"

#include <string.h>

enum { ENUMERANTS_MAX = 65536, NODE_KIND_COUNT = NODE_ANNOTATION + 1 };

static void memory_write(struct capnp_writer *writer, const char *bytes, size_t size)
{
    struct capnp_memory_writer *memory = (struct capnp_memory_writer *)writer;
    if (memory->size < memory->capacity) {
        size_t room = memory->capacity - memory->size;
        memcpy(memory->bytes + memory->size, bytes, size < room ? size : room);
    }
    memory->size += size;
}

void capnp_memory_writer_init(struct capnp_memory_writer *memory, char *bytes, size_t capacity)
{
    *memory = (struct capnp_memory_writer){{memory_write}, bytes, capacity, 0};
}

void capnp_problem_print(const struct capnp_problem *problem, const char *file,
                         struct capnp_writer *writer)
{
    if (file != NULL) {
        dynamic_write(writer, file);
        dynamic_write(writer, ":");
    }
    if (problem->line != 0) {
        dynamic_write_number(writer, problem->line);
        dynamic_write(writer, ":");
        dynamic_write_number(writer, problem->column);
        dynamic_write(writer, ":");
    }
    dynamic_write(writer, file != NULL || problem->line != 0 ? " " : "");
    if (problem->path[0] != 0) {
        dynamic_write(writer, problem->path);
        dynamic_write(writer, ": ");
    }
    dynamic_write(writer, problem->sentence);
}

// ---- the catalog ----

uint32_t capnp_catalog_count(struct capnp_struct_reader request)
{
    return request_nodes(request).count;
}

void capnp_catalog_init(struct capnp_catalog *catalog, struct capnp_catalog_node *nodes,
                        uint32_t capacity)
{
    *catalog = (struct capnp_catalog){nodes, 0, capacity};
}

// Shell's sort: in place, and not quadratic on any input worth the name.
static void nodes_sort(struct capnp_catalog_node *nodes, uint32_t count)
{
    uint32_t gap = 1;
    while (gap < count / 3) {
        gap = gap * 3 + 1;
    }
    for (; gap > 0; gap /= 3) {
        for (uint32_t i = gap; i < count; i++) {
            struct capnp_catalog_node moved = nodes[i];
            uint32_t at = i;
            for (; at >= gap && nodes[at - gap].id > moved.id; at -= gap) {
                nodes[at] = nodes[at - gap];
            }
            nodes[at] = moved;
        }
    }
}

static void nodes_unite(struct capnp_catalog *catalog)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < catalog->count; i++) {
        if (kept == 0 || catalog->nodes[kept - 1].id != catalog->nodes[i].id) {
            catalog->nodes[kept++] = catalog->nodes[i];
        }
    }
    catalog->count = kept;
}

static struct capnp_catalog_node *node_find(const struct capnp_catalog *catalog, uint64_t id)
{
    uint32_t low = 0;
    uint32_t high = catalog->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (catalog->nodes[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < catalog->count && catalog->nodes[low].id == id ? &catalog->nodes[low] : NULL;
}

const struct capnp_catalog_node *capnp_catalog_node(const struct capnp_catalog *catalog,
                                                    uint64_t id)
{
    return node_find(catalog, id);
}

// Notes what reading the schema itself found wrong.
static bool message_is_good(struct capnp_message *message, struct capnp_problem *problem)
{
    message = dynamic_whole_of(message);
    if (message->error == CAPNP_OK) {
        return true;
    }
    if (dynamic_problem_begin(problem, CAPNP_PROBLEM_SCHEMA, NULL)) {
        dynamic_say(problem, "the schema is malformed: ");
        dynamic_say(problem, capnp_error_text(message->error));
    }
    return false;
}

bool capnp_catalog_add(struct capnp_catalog *catalog, struct capnp_struct_reader request,
                       struct capnp_problem *problem)
{
    struct capnp_list_reader nodes = request_nodes(request);
    struct capnp_list_reader infos = request_source_info(request);
    if (nodes.count > catalog->capacity - catalog->count) {
        if (dynamic_problem_begin(problem, CAPNP_PROBLEM_SCHEMA, NULL)) {
            dynamic_say(problem, "the schema has more nodes than there is room for");
        }
        return false;
    }
    for (uint32_t i = 0; i < nodes.count; i++) {
        struct capnp_struct_reader node = capnp_list_get_struct(nodes, i);
        catalog->nodes[catalog->count++] = (struct capnp_catalog_node){
            node_id(node), node, {request.message, NULL, 0, 0, 0}, false};
    }
    nodes_sort(catalog->nodes, catalog->count);
    nodes_unite(catalog);
    for (uint32_t i = 0; i < infos.count; i++) {
        struct capnp_struct_reader info = capnp_list_get_struct(infos, i);
        struct capnp_catalog_node *found = node_find(catalog, info_id(info));
        if (found != NULL && found->info.data == NULL) {
            found->info = info;
        }
    }
    return message_is_good(request.message, problem);
}

bool capnp_catalog_add_schema(struct capnp_catalog *catalog, const struct capnp_schema *schema,
                              struct capnp_message *messages, uint32_t message_count,
                              uint32_t *used, struct capnp_problem *problem)
{
    if (node_find(catalog, schema->id) != NULL) {
        return true;
    }
    if (*used == message_count) {
        if (dynamic_problem_begin(problem, CAPNP_PROBLEM_SCHEMA, NULL)) {
            dynamic_say(problem, "there are more schema files than there is room for");
        }
        return false;
    }
    struct capnp_message *message = &messages[(*used)++];
    // Counted, though nobody doubts it: a default may be shown again within itself, without end.
    *message = (struct capnp_message){.bytes = (const uint8_t *)schema->words,
                                      .size = schema->word_count * CAPNP_WORD_BYTES};
    dynamic_renew(message);
    bool is_good = capnp_catalog_add(catalog, capnp_message_root(message), problem);
    for (uint32_t i = 0; i < schema->import_count && is_good; i++) {
        is_good = capnp_catalog_add_schema(catalog, schema->imports[i], messages, message_count,
                                           used, problem);
    }
    return is_good;
}

// ---- the check ----

struct check {
    struct capnp_catalog *catalog;
    const struct capnp_catalog_node *node;
    struct capnp_problem *problem;
};

// Returns false, and says what is wrong with which member of the node.
static bool wrong(const struct check *check, struct capnp_text member, const char *fact)
{
    if (dynamic_problem_begin(check->problem, CAPNP_PROBLEM_SCHEMA, NULL)) {
        dynamic_say_text(check->problem, node_display_name(check->node->node));
        dynamic_say(check->problem, member.size > 0 ? ": " : "");
        dynamic_say_text(check->problem, member);
        dynamic_say(check->problem, ": ");
        dynamic_say(check->problem, fact);
    }
    return false;
}

static bool leads_to(const struct check *check, uint64_t id, enum node_kind kind)
{
    const struct capnp_catalog_node *found = capnp_catalog_node(check->catalog, id);
    return found != NULL && node_kind(found->node) == kind;
}

static bool type_check(const struct check *check, struct capnp_struct_reader type,
                       struct capnp_text member);

static bool brand_check(const struct check *check, struct capnp_struct_reader type,
                        struct capnp_text member)
{
    struct capnp_list_reader scopes = type_brand_scopes(type);
    for (uint32_t i = 0; i < scopes.count; i++) {
        struct capnp_list_reader bindings = brand_scope_bindings(capnp_list_get_struct(scopes, i));
        for (uint32_t j = 0; j < bindings.count; j++) {
            struct capnp_struct_reader binding = capnp_list_get_struct(bindings, j);
            if (!binding_is_type(binding)) {
                continue;
            }
            struct capnp_struct_reader bound = binding_type(binding);
            if (!type_check(check, bound, member)) {
                return false;
            }
            if (!dynamic_kind_is_pointer(type_kind(bound))) {
                return wrong(check, member, "a type parameter is bound to no pointer");
            }
        }
    }
    return true;
}

// Recursive; a type that is nested too deep reads as Void in the end.
static bool type_check(const struct check *check, struct capnp_struct_reader type,
                       struct capnp_text member)
{
    static const enum node_kind wanted[TYPE_KIND_COUNT] = {
        [TYPE_ENUM] = NODE_ENUM, [TYPE_STRUCT] = NODE_STRUCT, [TYPE_INTERFACE] = NODE_INTERFACE};
    enum type_kind kind = type_kind(type);
    if ((uint32_t)kind >= TYPE_KIND_COUNT) {
        return wrong(check, member, "the type is of an unknown kind");
    }
    if (kind == TYPE_LIST) {
        return type_check(check, list_element_type(type), member);
    }
    if (wanted[kind] == NODE_FILE) {
        return true;
    }
    if (!leads_to(check, type_id(type), wanted[kind])) {
        return wrong(check, member, "the type is not in the schema");
    }
    return brand_check(check, type, member);
}

static bool slot_check(const struct check *check, struct capnp_struct_reader field)
{
    struct capnp_text name = member_name(field);
    struct capnp_struct_reader type = slot_type(field);
    if (!type_check(check, type, name)) {
        return false;
    }
    enum type_kind kind = type_kind(type);
    uint64_t index = slot_offset(field);
    uint64_t end = (index + 1) * dynamic_kind_bits(kind);
    if (dynamic_kind_is_pointer(kind) ? index >= struct_pointer_words(check->node->node)
                                      : end > (uint64_t)struct_data_words(check->node->node) * 64) {
        return wrong(check, name, "the field lies outside of its struct");
    }
    struct capnp_struct_reader value = slot_default(field);
    if (value.data != NULL && value_kind(value) != kind) {
        return wrong(check, name, "the default is of another type");
    }
    return true;
}

// One field leads to each group, so that going into groups takes no more steps than there are.
static bool group_check(const struct check *check, struct capnp_struct_reader field)
{
    struct capnp_catalog_node *group = node_find(check->catalog, group_type_id(field));
    if (group == NULL || node_kind(group->node) != NODE_STRUCT || !struct_is_group(group->node)) {
        return wrong(check, member_name(field), "the group is not in the schema");
    }
    if (struct_data_words(group->node) != struct_data_words(check->node->node) ||
        struct_pointer_words(group->node) != struct_pointer_words(check->node->node)) {
        return wrong(check, member_name(field), "the group is not of its struct's size");
    }
    if (group->is_entered) {
        return wrong(check, member_name(field), "the group is that of another field, too");
    }
    group->is_entered = true;
    return true;
}

static bool struct_check(const struct check *check)
{
    struct capnp_struct_reader node = check->node->node;
    struct capnp_list_reader fields = struct_fields(node);
    const struct capnp_text none = {"", 0};
    uint32_t members = 0;
    if (struct_discriminant_count(node) > 0 &&
        (uint64_t)struct_discriminant_offset(node) + 2 >
            (uint64_t)struct_data_words(node) * CAPNP_WORD_BYTES) {
        return wrong(check, none, "the union's tag lies outside of the struct");
    }
    for (uint32_t i = 0; i < fields.count; i++) {
        struct capnp_struct_reader field = capnp_list_get_struct(fields, i);
        members += field_discriminant(field) != NO_DISCRIMINANT ? 1 : 0;
        if (field_discriminant(field) != NO_DISCRIMINANT &&
            field_discriminant(field) >= struct_discriminant_count(node)) {
            return wrong(check, member_name(field), "the union has no such member");
        }
        if (!(field_is_group(field) ? group_check(check, field) : slot_check(check, field))) {
            return false;
        }
    }
    return members == struct_discriminant_count(node)
               ? true
               : wrong(check, none, "the union has other members than it says");
}

// Parameters or results: a struct. The result of streaming methods is one of a file that not every
// schema brings along.
static bool side_check(const struct check *check, uint64_t id)
{
    return capnp_catalog_node(check->catalog, id) == NULL || leads_to(check, id, NODE_STRUCT);
}

static bool interface_check(const struct check *check)
{
    struct capnp_list_reader methods = interface_methods(check->node->node);
    struct capnp_list_reader superclasses = interface_superclasses(check->node->node);
    for (uint32_t i = 0; i < methods.count; i++) {
        struct capnp_struct_reader method = capnp_list_get_struct(methods, i);
        if (!side_check(check, method_param_type(method)) ||
            !side_check(check, method_result_type(method))) {
            return wrong(check, member_name(method), "its parameters are no struct");
        }
    }
    for (uint32_t i = 0; i < superclasses.count; i++) {
        uint64_t id = superclass_id(capnp_list_get_struct(superclasses, i));
        if (!leads_to(check, id, NODE_INTERFACE)) {
            return wrong(check, (struct capnp_text){"", 0}, "what it extends is not there");
        }
    }
    return true;
}

static bool enum_check(const struct check *check)
{
    struct capnp_list_reader enumerants = enum_enumerants(check->node->node);
    if (enumerants.count > ENUMERANTS_MAX) {
        return wrong(check, (struct capnp_text){"", 0}, "the enum has too many enumerants");
    }
    for (uint32_t i = 0; i < enumerants.count; i++) {
        (void)member_name(capnp_list_get_struct(enumerants, i));
    }
    return true;
}

static bool const_check(const struct check *check)
{
    return type_check(check, const_type(check->node->node), (struct capnp_text){"", 0});
}

static bool nothing_check(const struct check *check)
{
    (void)check;
    return true;
}

bool capnp_catalog_check(struct capnp_catalog *catalog, struct capnp_problem *problem)
{
    static bool (*const checks[NODE_KIND_COUNT])(const struct check *) = {
        [NODE_FILE] = nothing_check, [NODE_STRUCT] = struct_check,
        [NODE_ENUM] = enum_check,    [NODE_INTERFACE] = interface_check,
        [NODE_CONST] = const_check,  [NODE_ANNOTATION] = nothing_check,
    };
    for (uint32_t i = 0; i < catalog->count; i++) {
        catalog->nodes[i].is_entered = false;
    }
    for (uint32_t i = 0; i < catalog->count; i++) {
        struct check check = {catalog, &catalog->nodes[i], problem};
        dynamic_renew(check.node->node.message);
        enum node_kind kind = node_kind(check.node->node);
        if ((uint32_t)kind >= NODE_KIND_COUNT) {
            return wrong(&check, (struct capnp_text){"", 0}, "the node is of an unknown kind");
        }
        if (!checks[kind](&check) || !message_is_good(check.node->node.message, problem)) {
            return false;
        }
    }
    return true;
}

// ---- finding ----

static bool text_has(struct capnp_text text, char wanted)
{
    bool has = false;
    for (uint32_t i = 0; i < text.size; i++) {
        has = has || text.data[i] == wanted;
    }
    return has;
}

// Whether a node goes by this name: the part after the colon, or all from a part of the file's
// path on.
static bool node_is_called(struct capnp_struct_reader node, struct capnp_text name)
{
    struct capnp_text full = node_display_name(node);
    if (!text_has(name, ':')) {
        return dynamic_text_equal(dynamic_node_name(node), name);
    }
    if (name.size > full.size) {
        return false;
    }
    uint32_t start = full.size - name.size;
    return (start == 0 || full.data[start - 1] == '/') &&
           memcmp(full.data + start, name.data, name.size) == 0;
}

static bool node_is_type(struct capnp_struct_reader node)
{
    return node_kind(node) == NODE_STRUCT && !struct_is_group(node);
}

// "...; the schema has: A, B": what could have been meant.
static void say_types(const struct capnp_catalog *catalog, struct capnp_problem *problem)
{
    const char *before = "; the schema has: ";
    for (uint32_t i = 0; i < catalog->count; i++) {
        struct capnp_text name = dynamic_node_name(catalog->nodes[i].node);
        dynamic_renew(catalog->nodes[i].node.message);
        // Structs that methods imply are named Interface.method$Params.
        if (node_is_type(catalog->nodes[i].node) && !text_has(name, '$')) {
            dynamic_say(problem, before);
            dynamic_say_text(problem, name);
            before = ", ";
        }
    }
}

bool capnp_catalog_find(const struct capnp_catalog *catalog, struct capnp_text name, uint64_t *id,
                        struct capnp_problem *problem)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < catalog->count; i++) {
        const struct capnp_catalog_node *node = &catalog->nodes[i];
        dynamic_renew(node->node.message);
        if (node_is_type(node->node) && node_is_called(node->node, name)) {
            *id = node->id;
            found++;
        }
    }
    if (found == 1) {
        return true;
    }
    if (dynamic_problem_begin(problem, CAPNP_PROBLEM_UNKNOWN_TYPE, NULL)) {
        dynamic_say(problem, found == 0 ? "there is no struct " : "there are several structs ");
        dynamic_say_text(problem, name);
        if (found == 0) {
            say_types(catalog, problem);
        } else {
            dynamic_say(problem, "; put the name of its file and a colon before it");
        }
    }
    return false;
}

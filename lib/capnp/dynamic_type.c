// SPDX-License-Identifier: Apache-2.0
//
// Types, fields and places of the dynamic side (dynamic_type.h).
//
// A type parameter is found as the schema's brands say: the scope that declares it either binds it
// here, to a type that is meant within the scope around, or inherits what the scope around has.

#include "lib/capnp/dynamic_type.h"

#include "lib/capnp/dynamic_number.h"
#include "lib/capnp/segment.h"

#include <string.h>

static const struct {
    const char *name;
    uint8_t bits;
    bool is_pointer;
    enum capnp_element element;
} kinds[TYPE_KIND_COUNT] = {
    [TYPE_VOID] = {"Void", 0, false, CAPNP_ELEMENT_VOID},
    [TYPE_BOOL] = {"Bool", 1, false, CAPNP_ELEMENT_BIT},
    [TYPE_INT8] = {"Int8", 8, false, CAPNP_ELEMENT_BYTE},
    [TYPE_INT16] = {"Int16", 16, false, CAPNP_ELEMENT_TWO_BYTES},
    [TYPE_INT32] = {"Int32", 32, false, CAPNP_ELEMENT_FOUR_BYTES},
    [TYPE_INT64] = {"Int64", 64, false, CAPNP_ELEMENT_EIGHT_BYTES},
    [TYPE_UINT8] = {"UInt8", 8, false, CAPNP_ELEMENT_BYTE},
    [TYPE_UINT16] = {"UInt16", 16, false, CAPNP_ELEMENT_TWO_BYTES},
    [TYPE_UINT32] = {"UInt32", 32, false, CAPNP_ELEMENT_FOUR_BYTES},
    [TYPE_UINT64] = {"UInt64", 64, false, CAPNP_ELEMENT_EIGHT_BYTES},
    [TYPE_FLOAT32] = {"Float32", 32, false, CAPNP_ELEMENT_FOUR_BYTES},
    [TYPE_FLOAT64] = {"Float64", 64, false, CAPNP_ELEMENT_EIGHT_BYTES},
    [TYPE_TEXT] = {"Text", 0, true, CAPNP_ELEMENT_POINTER},
    [TYPE_DATA] = {"Data", 0, true, CAPNP_ELEMENT_POINTER},
    [TYPE_LIST] = {"List", 0, true, CAPNP_ELEMENT_POINTER},
    [TYPE_ENUM] = {"enum", 16, false, CAPNP_ELEMENT_TWO_BYTES},
    [TYPE_STRUCT] = {"struct", 0, true, CAPNP_ELEMENT_STRUCT},
    [TYPE_INTERFACE] = {"interface", 0, true, CAPNP_ELEMENT_POINTER},
    [TYPE_ANY_POINTER] = {"AnyPointer", 0, true, CAPNP_ELEMENT_POINTER},
};

uint32_t dynamic_kind_bits(enum type_kind kind)
{
    return kinds[kind].bits;
}

bool dynamic_kind_is_pointer(enum type_kind kind)
{
    return kinds[kind].is_pointer;
}

enum capnp_element dynamic_kind_element(enum type_kind kind)
{
    return kinds[kind].element;
}

const char *dynamic_kind_name(enum type_kind kind)
{
    return kinds[kind].name;
}

static bool is_parameter(struct capnp_struct_reader type)
{
    return type_kind(type) == TYPE_ANY_POINTER && any_pointer_is_of_scope(type);
}

// The entry of a brand for the scope with this id.
static bool brand_find(const struct dynamic_scope *scope, uint64_t id,
                       struct capnp_struct_reader *entry)
{
    for (uint32_t i = 0; i < scope->brand.count; i++) {
        *entry = capnp_list_get_struct(scope->brand, i);
        if (brand_scope_id(*entry) == id) {
            return true;
        }
    }
    return false;
}

// What the parameter is bound to, and the scope in which that is meant; false if to nothing.
static bool parameter_find(struct capnp_struct_reader *type, const struct dynamic_scope **scope)
{
    uint64_t id = any_pointer_scope_id(*type);
    uint16_t index = any_pointer_parameter_index(*type);
    struct capnp_struct_reader entry;
    for (const struct dynamic_scope *at = *scope; at != NULL; at = at->outer) {
        if (!brand_find(at, id, &entry)) {
            return false;
        }
        if (brand_scope_is_inherited(entry)) {
            continue;
        }
        struct capnp_list_reader bindings = brand_scope_bindings(entry);
        if (index >= bindings.count || !binding_is_type(capnp_list_get_struct(bindings, index))) {
            return false;
        }
        *type = binding_type(capnp_list_get_struct(bindings, index));
        *scope = at->outer;
        return true;
    }
    return false;
}

struct dynamic_type dynamic_type_of(const struct capnp_catalog *catalog,
                                    struct capnp_struct_reader type,
                                    const struct dynamic_scope *scope)
{
    // Each step leaves a scope, so that this ends.
    while (is_parameter(type) && parameter_find(&type, &scope)) {
    }
    struct dynamic_type found = {type_kind(type), type, scope, NULL};
    if (found.kind == TYPE_ENUM || found.kind == TYPE_STRUCT) {
        found.node = capnp_catalog_node(catalog, type_id(type));
    }
    return found;
}

struct dynamic_type dynamic_element_of(const struct capnp_catalog *catalog,
                                       const struct dynamic_type *list)
{
    return dynamic_type_of(catalog, list_element_type(list->type), list->scope);
}

struct dynamic_scope dynamic_scope_of(const struct dynamic_type *type)
{
    return (struct dynamic_scope){type_brand_scopes(type->type), type->scope};
}

struct dynamic_field dynamic_field_of(const struct capnp_catalog *catalog,
                                      struct capnp_struct_reader reader,
                                      const struct dynamic_scope *scope)
{
    struct dynamic_field field = {.field = reader,
                                  .name = member_name(reader),
                                  .discriminant = field_discriminant(reader),
                                  .is_group = field_is_group(reader)};
    if (field.is_group) {
        // A group has no Type of its own, and so no brand.
        const struct capnp_struct_reader none = {reader.message, NULL, 0, 0, 0};
        field.type = (struct dynamic_type){TYPE_STRUCT, none, scope,
                                           capnp_catalog_node(catalog, group_type_id(reader))};
        return field;
    }
    field.type = dynamic_type_of(catalog, slot_type(reader), scope);
    field.offset = slot_offset(reader);
    if (dynamic_kind_bits(field.type.kind) >= 8) {
        field.offset *= dynamic_kind_bits(field.type.kind) / 8;
    }
    return field;
}

uint64_t dynamic_value_bits(struct capnp_struct_reader value, enum type_kind kind)
{
    switch (dynamic_kind_bits(kind)) {
    case 1:
        return value_bool(value) ? 1 : 0;
    case 8:
        return value_u8(value);
    case 16:
        return value_u16(value);
    case 32:
        return value_u32(value);
    case 64:
        return value_u64(value);
    default:
        return 0;
    }
}

uint64_t dynamic_field_bits(struct capnp_struct_reader reader, const struct dynamic_field *field)
{
    uint64_t absent = dynamic_value_bits(slot_default(field->field), field->type.kind);
    switch (dynamic_kind_bits(field->type.kind)) {
    case 1:
        return capnp_get_bool(reader, field->offset, absent != 0) ? 1 : 0;
    case 8:
        return capnp_get_u8(reader, field->offset, (uint8_t)absent);
    case 16:
        return capnp_get_u16(reader, field->offset, (uint16_t)absent);
    case 32:
        return capnp_get_u32(reader, field->offset, (uint32_t)absent);
    case 64:
        return capnp_get_u64(reader, field->offset, absent);
    default:
        return 0;
    }
}

uint64_t dynamic_element_bits(struct capnp_list_reader list, uint32_t index, enum type_kind kind)
{
    switch (dynamic_kind_bits(kind)) {
    case 1:
        return capnp_list_get_bool(list, index) ? 1 : 0;
    case 8:
        return capnp_list_get_u8(list, index);
    case 16:
        return capnp_list_get_u16(list, index);
    case 32:
        return capnp_list_get_u32(list, index);
    case 64:
        return capnp_list_get_u64(list, index);
    default:
        return 0;
    }
}

uint32_t dynamic_integer_print(char *out, enum type_kind kind, uint64_t bits)
{
    switch (kind) {
    case TYPE_INT8:
        return dynamic_signed_print(out, (int8_t)bits);
    case TYPE_INT16:
        return dynamic_signed_print(out, (int16_t)bits);
    case TYPE_INT32:
        return dynamic_signed_print(out, (int32_t)bits);
    case TYPE_INT64:
        return dynamic_signed_print(out, (int64_t)bits);
    default:
        return dynamic_unsigned_print(out, bits);
    }
}

bool dynamic_enumerant_name(const struct capnp_catalog_node *node, uint64_t number,
                            struct capnp_text *name)
{
    struct capnp_list_reader enumerants = enum_enumerants(node->node);
    if (number >= enumerants.count) {
        return false;
    }
    *name = member_name(capnp_list_get_struct(enumerants, (uint32_t)number));
    return true;
}

void dynamic_renew(struct capnp_message *message)
{
    if (!message->is_constant) {
        uint64_t words = (uint64_t)message->size / CAPNP_WORD_BYTES * CAPNP_TRAVERSAL_TIMES +
                         CAPNP_TRAVERSAL_WORDS_MIN;
        message->traversal_words = words < UINT32_MAX ? (uint32_t)words : UINT32_MAX;
    }
}

struct capnp_message *dynamic_whole_of(struct capnp_message *message)
{
    return message->is_segmented ? &capnp_segment_of(message)->first->message : message;
}

bool dynamic_text_equal(struct capnp_text left, struct capnp_text right)
{
    return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

struct capnp_text dynamic_text_of(const char *text)
{
    return (struct capnp_text){text, (uint32_t)strlen(text)};
}

struct capnp_text dynamic_node_name(struct capnp_struct_reader node)
{
    struct capnp_text name = node_display_name(node);
    uint32_t at = name.size;
    while (at > 0 && name.data[at - 1] != ':') {
        at--;
    }
    return (struct capnp_text){name.data + at, name.size - at};
}

uint32_t dynamic_utf8_size(const char *bytes, uint32_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = (uint8_t)bytes[0];
    uint32_t size = 0;
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc0 && first < 0xf8) {
        size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    }
    if (size == 0 || size > left) {
        return 0;
    }
    uint32_t code = first & (0x7fu >> size);
    for (uint32_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (uint32_t)(bytes[i] & 0x3f);
    }
    bool is_code = code >= least[size] && code < 0x110000 && (code < 0xd800 || code >= 0xe000);
    return is_code ? size : 0;
}

// ---- writing ----

void dynamic_write_text(struct capnp_writer *writer, struct capnp_text text)
{
    writer->write(writer, text.data, text.size);
}

void dynamic_write(struct capnp_writer *writer, const char *text)
{
    dynamic_write_text(writer, dynamic_text_of(text));
}

void dynamic_write_number(struct capnp_writer *writer, uint64_t number)
{
    char digits[DYNAMIC_NUMBER_BYTES];
    writer->write(writer, digits, dynamic_unsigned_print(digits, number));
}

// ---- problems ----

// Appends to text of CAPNP_PROBLEM_BYTES, cut to fit, with the NUL kept.
static void append(char *text, const char *bytes, uint32_t size)
{
    size_t used = strlen(text);
    size_t room = CAPNP_PROBLEM_BYTES - 1 - used;
    size_t taken = size < room ? size : room;
    memcpy(text + used, bytes, taken);
    text[used + taken] = 0;
}

static void path_set(char *path, const struct dynamic_place *place)
{
    const struct dynamic_place *places[CAPNP_NESTING_MAX * 2];
    uint32_t count = 0;
    for (; place != NULL && count < CAPNP_NESTING_MAX * 2; place = place->outer) {
        places[count++] = place;
    }
    while (count > 0) {
        place = places[--count];
        if (place->name.data != NULL) {
            append(path, ".", path[0] != 0 ? 1 : 0);
            append(path, place->name.data, place->name.size);
        } else {
            char digits[DYNAMIC_NUMBER_BYTES];
            append(path, "[", 1);
            append(path, digits, dynamic_unsigned_print(digits, place->index));
            append(path, "]", 1);
        }
    }
}

bool dynamic_problem_begin(struct capnp_problem *problem, enum capnp_problem_kind kind,
                           const struct dynamic_place *place)
{
    if (problem->kind != CAPNP_PROBLEM_NONE) {
        return false;
    }
    *problem = (struct capnp_problem){.kind = kind};
    path_set(problem->path, place);
    return true;
}

void dynamic_say_text(struct capnp_problem *problem, struct capnp_text text)
{
    append(problem->sentence, text.data, text.size);
}

void dynamic_say(struct capnp_problem *problem, const char *text)
{
    dynamic_say_text(problem, dynamic_text_of(text));
}

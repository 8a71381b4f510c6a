// SPDX-License-Identifier: Apache-2.0
//
// Types of fields: how they are written in C, and the expressions that get and set scalars.
//
// The table has one row per type of the schema language; what it cannot say (enums, structs, lists,
// interfaces) is spelled from the node's name. Type parameters are AnyPointer, whatever they are
// bound to.

#include "unit.h"

#include <inttypes.h>

struct scalar {
    const char *spelling;
    const char *width; // suffix of the accessors
    const char *from;  // opens the conversion from the accessor's value
    const char *to;    // opens the conversion to it
};

static const struct scalar scalars[TYPE_KIND_COUNT] = {
    [TYPE_BOOL] = {"bool", "bool", "(", "("},
    [TYPE_INT8] = {"int8_t", "u8", "(int8_t)(", "(uint8_t)("},
    [TYPE_INT16] = {"int16_t", "u16", "(int16_t)(", "(uint16_t)("},
    [TYPE_INT32] = {"int32_t", "u32", "(int32_t)(", "(uint32_t)("},
    [TYPE_INT64] = {"int64_t", "u64", "(int64_t)(", "(uint64_t)("},
    [TYPE_UINT8] = {"uint8_t", "u8", "(", "("},
    [TYPE_UINT16] = {"uint16_t", "u16", "(", "("},
    [TYPE_UINT32] = {"uint32_t", "u32", "(", "("},
    [TYPE_UINT64] = {"uint64_t", "u64", "(", "("},
    [TYPE_FLOAT32] = {"float", "u32", "capnp_f32_of(", "capnp_bits_of_f32("},
    [TYPE_FLOAT64] = {"double", "u64", "capnp_f64_of(", "capnp_bits_of_f64("},
    [TYPE_ENUM] = {NULL, "u16", NULL, "(uint16_t)("},
};

static const uint8_t scalar_bytes[TYPE_KIND_COUNT] = {
    [TYPE_INT8] = 1,    [TYPE_INT16] = 2,   [TYPE_INT32] = 4,  [TYPE_INT64] = 8,
    [TYPE_UINT8] = 1,   [TYPE_UINT16] = 2,  [TYPE_UINT32] = 4, [TYPE_UINT64] = 8,
    [TYPE_FLOAT32] = 4, [TYPE_FLOAT64] = 8, [TYPE_ENUM] = 2,
};

static struct name spell(const char *before, struct name name, const char *after)
{
    struct name spelled;
    snprintf(spelled.text, sizeof(spelled.text), "%s%.480s%s", before, name.text, after);
    return spelled;
}

// The node that a type names.
static struct capnp_struct_reader node_of(struct unit *unit, struct capnp_struct_reader type)
{
    struct capnp_struct_reader node = request_node(type_id(type));
    unit_use(unit, node);
    return node;
}

static struct name list_spelling(struct unit *unit, const struct field *field, bool is_builder)
{
    struct capnp_struct_reader element = list_element_type(field->type);
    for (int depth = 0; depth < CAPNP_DEPTH_MAX && type_kind(element) == TYPE_LIST; depth++) {
        element = list_element_type(element);
    }
    if (type_kind(element) >= TYPE_ENUM && type_kind(element) <= TYPE_INTERFACE) {
        struct name name = name_of_node(node_of(unit, element));
        if (type_kind(list_element_type(field->type)) == TYPE_STRUCT) {
            return spell("struct ", name, is_builder ? "_builder_list" : "_reader_list");
        }
    }
    return spell("struct capnp_list", (struct name){""}, is_builder ? "_builder" : "_reader");
}

struct name type_spelling(struct unit *unit, const struct field *field, bool is_builder)
{
    enum type_kind kind = type_kind(field->type);
    if (kind < TYPE_KIND_COUNT && scalars[kind].spelling != NULL) {
        return spell(scalars[kind].spelling, (struct name){""}, "");
    }
    switch (kind) {
    case TYPE_TEXT:
        return (struct name){"struct capnp_text"};
    case TYPE_DATA:
        return (struct name){"struct capnp_data"};
    case TYPE_LIST:
        return list_spelling(unit, field, is_builder);
    case TYPE_ENUM:
        return spell("enum ", name_of_tag(node_of(unit, field->type)), "");
    case TYPE_STRUCT:
        return spell("struct ", name_of_node(node_of(unit, field->type)),
                     is_builder ? "_builder" : "_reader");
    case TYPE_INTERFACE:
        return spell("struct ", name_of_tag(node_of(unit, field->type)), "");
    case TYPE_ANY_POINTER:
        if (any_pointer_is_capability(field->type)) {
            return (struct name){"struct capnp_cap"};
        }
        return spell("struct capnp_any", (struct name){""}, is_builder ? "_builder" : "_reader");
    default:
        refuse(field->owner, "a type that this generator does not know", member_name(field->field));
    }
}

bool type_is_pointer(const struct field *field)
{
    enum type_kind kind = type_kind(field->type);
    return kind >= TYPE_TEXT && kind != TYPE_ENUM;
}

bool type_is_scalar(const struct field *field)
{
    return !type_is_pointer(field) && type_kind(field->type) != TYPE_VOID;
}

bool type_is_cap(const struct field *field)
{
    return type_kind(field->type) == TYPE_INTERFACE ||
           (type_kind(field->type) == TYPE_ANY_POINTER && any_pointer_is_capability(field->type));
}

bool type_is_any(const struct field *field)
{
    return type_kind(field->type) == TYPE_ANY_POINTER && !any_pointer_is_capability(field->type);
}

const char *type_element(const struct field *field)
{
    switch (type_kind(list_element_type(field->type))) {
    case TYPE_VOID:
        return "CAPNP_ELEMENT_VOID";
    case TYPE_BOOL:
        return "CAPNP_ELEMENT_BIT";
    case TYPE_INT8:
    case TYPE_UINT8:
        return "CAPNP_ELEMENT_BYTE";
    case TYPE_INT16:
    case TYPE_UINT16:
    case TYPE_ENUM:
        return "CAPNP_ELEMENT_TWO_BYTES";
    case TYPE_INT32:
    case TYPE_UINT32:
    case TYPE_FLOAT32:
        return "CAPNP_ELEMENT_FOUR_BYTES";
    case TYPE_INT64:
    case TYPE_UINT64:
    case TYPE_FLOAT64:
        return "CAPNP_ELEMENT_EIGHT_BYTES";
    case TYPE_STRUCT:
        return "CAPNP_ELEMENT_STRUCT";
    default:
        return "CAPNP_ELEMENT_POINTER";
    }
}

// Offset (bits for bool, else bytes) and default, as the accessors want them.
static void emit_place(FILE *to, const struct field *field, const char *between)
{
    enum type_kind kind = type_kind(field->type);
    uint64_t bits = value_bits(slot_default(field->field), kind);
    uint32_t offset = slot_offset(field->field);
    if (kind == TYPE_BOOL) {
        fprintf(to, "%" PRIu32 "%s, %s", offset, between, bits != 0 ? "true" : "false");
    } else if (scalar_bytes[kind] == 8) {
        fprintf(to, "%" PRIu32 "%s, UINT64_C(0x%" PRIx64 ")", offset * 8, between, bits);
    } else {
        fprintf(to, "%" PRIu32 "%s, 0x%" PRIx64, offset * scalar_bytes[kind], between, bits);
    }
}

void emit_scalar_get(struct unit *unit, FILE *to, const struct field *field)
{
    const struct scalar *scalar = &scalars[type_kind(field->type)];
    if (scalar->from != NULL) {
        fputs(scalar->from, to);
    } else {
        fprintf(to, "(%s)(", type_spelling(unit, field, false).text);
    }
    fprintf(to, "capnp_get_%s(reader.s, ", scalar->width);
    emit_place(to, field, "");
    fputs("))", to);
}

void emit_scalar_set(struct unit *unit, FILE *to, const struct field *field)
{
    const struct scalar *scalar = &scalars[type_kind(field->type)];
    char value[64];
    (void)unit;
    snprintf(value, sizeof(value), ", %svalue)", scalar->to);
    fprintf(to, "capnp_set_%s(builder.s, ", scalar->width);
    emit_place(to, field, value);
    fputs(")", to);
}

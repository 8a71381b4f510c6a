// SPDX-License-Identifier: Apache-2.0
//
// Values that schemas contain: defaults of fields, and constants.
//
// Scalars become numbers, text and data literals. Structs and lists become constant messages: the
// words, cut out of the compiler's request, and a capnp_message over them that is never written to.

#include "unit.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

uint64_t value_bits(struct capnp_struct_reader value, enum type_kind kind)
{
    switch (kind) {
    case TYPE_BOOL:
        return value_bool(value);
    case TYPE_INT8:
    case TYPE_UINT8:
        return value_u8(value);
    case TYPE_INT16:
    case TYPE_UINT16:
    case TYPE_ENUM:
        return value_u16(value);
    case TYPE_INT32:
    case TYPE_UINT32:
    case TYPE_FLOAT32:
        return value_u32(value);
    case TYPE_INT64:
    case TYPE_UINT64:
    case TYPE_FLOAT64:
        return value_u64(value);
    default:
        return 0;
    }
}

void emit_blob(FILE *to, struct capnp_struct_reader value, enum type_kind kind)
{
    if (kind == TYPE_TEXT) {
        struct capnp_text text = schema_text(value, VALUE_POINTER);
        fputs("{", to);
        emit_string(to, text.data, text.size);
        fprintf(to, ", %" PRIu32 "}", text.size);
        return;
    }
    struct capnp_data data = capnp_get_data(value, VALUE_POINTER, (struct capnp_data){NULL, 0});
    if (data.size == 0) {
        fputs("{NULL, 0}", to);
        return;
    }
    fputs("{(const uint8_t *)", to);
    emit_string(to, (const char *)data.data, data.size);
    fprintf(to, ", %" PRIu32 "}", data.size);
}

void emit_constant_message(struct unit *unit, struct name name, struct capnp_struct_reader value)
{
    uint32_t count = 0;
    const uint64_t *words = request_value_words(value, &count);
    fprintf(unit->types, "extern const struct capnp_message %s;\n", name.text);
    fprintf(unit->source, "\nstatic const uint64_t %s_words[] = {", name.text);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(unit->source, "%sUINT64_C(0x%016" PRIx64 "),", i % 3 == 0 ? "\n    " : " ",
                words[i]);
    }
    fprintf(unit->source,
            "\n};\n\nconst struct capnp_message %s = {.bytes = (const uint8_t *)%s_words,\n"
            "    .size = sizeof(%s_words),\n    .is_constant = true};\n",
            name.text, name.text, name.text);
}

static void emit_integer(FILE *to, uint64_t bits, enum type_kind kind)
{
    switch (kind) {
    case TYPE_INT8:
        fprintf(to, "%d", (int8_t)bits);
        return;
    case TYPE_INT16:
        fprintf(to, "%d", (int16_t)bits);
        return;
    case TYPE_INT32:
    case TYPE_INT64: {
        int64_t number = kind == TYPE_INT32 ? (int32_t)bits : (int64_t)bits;
        // The smallest number has no literal: minus is an operator.
        if (number == INT64_MIN) {
            fputs("(-INT64_C(9223372036854775807) - 1)", to);
        } else if (number == INT32_MIN) {
            fputs("(-2147483647 - 1)", to);
        } else if (kind == TYPE_INT32) {
            fprintf(to, "%" PRId64, number);
        } else {
            fprintf(to, "%sINT64_C(%" PRId64 ")", number < 0 ? "-" : "",
                    number < 0 ? -number : number);
        }
        return;
    }
    case TYPE_UINT64:
        fprintf(to, "UINT64_C(%" PRIu64 ")", bits);
        return;
    default:
        fprintf(to, "%" PRIu64 "%s", bits, bits > INT_MAX ? "u" : "");
        return;
    }
}

static void emit_float(FILE *to, double value, bool is_single)
{
    const char *suffix = is_single ? "f" : "";
    if (isnan(value)) {
        fprintf(to, "__builtin_nan%s(\"\")", suffix);
    } else if (isinf(value)) {
        fprintf(to, "%s__builtin_inf%s()", value < 0 ? "-" : "", suffix);
    } else {
        fprintf(to, "%a%s", value, suffix);
    }
}

// A constant of up to 32 bits that fits an int is an enumerator, so that it can size an array.
static bool is_enumerator(uint64_t bits, enum type_kind kind)
{
    return (kind >= TYPE_INT8 && kind <= TYPE_INT32) || kind == TYPE_UINT8 || kind == TYPE_UINT16 ||
           (kind == TYPE_UINT32 && bits <= INT_MAX);
}

static void emit_scalar_const(struct unit *unit, const struct field *field, struct name upper)
{
    struct capnp_struct_reader value = const_value(field->owner);
    enum type_kind kind = type_kind(field->type);
    uint64_t bits = value_bits(value, kind);
    if (is_enumerator(bits, kind)) {
        fprintf(unit->types, "enum { %s = ", upper.text);
        emit_integer(unit->types, bits, kind);
        fputs(" };\n", unit->types);
        return;
    }
    // Another file's enum is complete only after the includes.
    FILE *to = kind == TYPE_ENUM ? unit->inlines : unit->types;
    struct name spelling = type_spelling(unit, field, false);
    fprintf(to, "static const %s %s = ", spelling.text, upper.text);
    if (kind == TYPE_BOOL) {
        fputs(bits != 0 ? "true" : "false", to);
    } else if (kind == TYPE_FLOAT32) {
        emit_float(to, (double)capnp_f32_of((uint32_t)bits), true);
    } else if (kind == TYPE_FLOAT64) {
        emit_float(to, capnp_f64_of(bits), false);
    } else if (kind == TYPE_ENUM) {
        fprintf(to, "(%s)%" PRIu64, spelling.text, bits);
    } else {
        emit_integer(to, bits, kind);
    }
    fputs(";\n", to);
}

// A struct or list constant is a function, for it is a reader over a constant message.
static void emit_message_const(struct unit *unit, const struct field *field, struct name name)
{
    struct name spelling = type_spelling(unit, field, false);
    struct name message = name_join(name, (struct name){"message"});
    emit_constant_message(unit, message, const_value(field->owner));
    fprintf(unit->inlines, "static inline %s %s_const(void)\n{\n    return ", spelling.text,
            name.text);
    if (type_kind(field->type) == TYPE_STRUCT) {
        fprintf(unit->inlines, "(%s){capnp_constant_struct(&%s)};\n}\n\n", spelling.text,
                message.text);
    } else if (type_kind(list_element_type(field->type)) == TYPE_STRUCT) {
        fprintf(unit->inlines, "(%s){capnp_constant_list(&%s, CAPNP_ELEMENT_STRUCT)};\n}\n\n",
                spelling.text, message.text);
    } else {
        fprintf(unit->inlines, "capnp_constant_list(&%s, %s);\n}\n\n", message.text,
                type_element(field));
    }
}

void const_generate(struct unit *unit, struct capnp_struct_reader node)
{
    struct field field = {.owner = node, .field = node, .type = const_type(node)};
    struct name name = name_of_node(node);
    enum type_kind kind = type_kind(field.type);
    bool is_late = kind == TYPE_STRUCT || kind == TYPE_LIST || kind == TYPE_ENUM;
    emit_doc(is_late ? unit->inlines : unit->types, request_node_doc(node_id(node)), "");
    if (kind == TYPE_STRUCT || kind == TYPE_LIST) {
        unit_name(node, "%s_const", name.text);
        emit_message_const(unit, &field, name);
    } else if (kind == TYPE_TEXT || kind == TYPE_DATA) {
        unit_name(node, "%s", name_upper(name).text);
        fprintf(unit->types, "static const %s %s = ", type_spelling(unit, &field, false).text,
                name_upper(name).text);
        emit_blob(unit->types, const_value(node), kind);
        fputs(";\n", unit->types);
    } else if (type_is_scalar(&field)) {
        unit_name(node, "%s", name_upper(name).text);
        emit_scalar_const(unit, &field, name_upper(name));
    } else if (kind != TYPE_VOID) {
        refuse(node, "constants of this type are not supported", (struct capnp_text){"", 0});
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Plain codecs, for a schema with the annotation `plain`: the side that serves its interfaces takes
// each message over at once, as a C struct of its own, and answers with one (lib/capnp/plain.h).
//
// For interface Job with method makeEndpoint in kernel.capnp, kernel.plain.h has `struct
// job_make_endpoint_params` and `_results` (neither where it would be empty), `union kernel_params`
// and `union kernel_results` of them all, the declaration of job_make_endpoint_run, which the
// server implements, and job_methods, the table from a method's number to its codec and handler;
// kernel.plain.c has the codecs and tables. Enums, ids and method numbers stand in kernel.names.h,
// which kernel.capnp.h includes too, so that nobody minds who else is included.
//
// Parameters and results are scalars, capabilities, data, and in parameters text. How long data of
// a result gets at most says the annotation `most`; capabilities of a result are never absent.
// Everything else is refused. Parameters may say between what they have to be (`least` and `most`);
// what is not is malformed in no way, so that the table has a function of its own to ask. Where a
// capability of the parameters stands among them, which
// interface it is of (0: any) and which methods it has to admit (the annotation `reach`), the table
// says for each, so that one place of the server asks for all of them.

#define _POSIX_C_SOURCE 200809L // open_memstream

#include "unit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { METHODS_MAX = 1024, CAPS_MAX = 16, CAP_RECORD_BYTES = 16 };

// c.capnp: annotation plain (file) :Void; annotation most (field, param) :UInt32; annotations least
// and reach (param) :UInt32
static const uint64_t plain_annotation_id = UINT64_C(0x8d0f6a1b7c3e5294);
static const uint64_t most_annotation_id = UINT64_C(0xa6e2d95c1f70b483);
static const uint64_t least_annotation_id = UINT64_C(0xb90e53d1674fa28c);
static const uint64_t by_annotation_id = UINT64_C(0xf28a6d0c95e3b174);
static const uint64_t reach_annotation_id = UINT64_C(0xd7406be38ca951f2);

// Parameters or results of a method.
struct side {
    struct capnp_struct_reader node;
    struct name member; // of the union: job_make_endpoint
    struct name type;   // job_make_endpoint_params
    bool is_result;
    uint32_t cap_count;
    uint32_t bytes; // at most, with the records of the capabilities
};

struct method {
    struct capnp_struct_reader interface;
    struct name table; // job
    uint32_t index;
    struct name name; // job_make_endpoint
    struct name run;  // the same, or who serves it instead (the annotation `by`)
    struct side params, results;
};

static struct method methods[METHODS_MAX];
static uint32_t method_count;

// The value of an annotation, or an empty one.
static bool annotation_find(struct capnp_list_reader annotations, uint64_t id,
                            struct capnp_struct_reader *value)
{
    for (uint32_t i = 0; i < annotations.count; i++) {
        struct capnp_struct_reader annotation = capnp_list_get_struct(annotations, i);
        if (annotation_id(annotation) == id) {
            *value = annotation_value(annotation);
            return true;
        }
    }
    return false;
}

bool plain_is_wanted(struct capnp_struct_reader file)
{
    struct capnp_struct_reader value;
    return annotation_find(node_annotations(request_node(file_id(file))), plain_annotation_id,
                           &value);
}

struct name plain_base(struct capnp_struct_reader file)
{
    struct capnp_text path = file_name(file);
    const char *last = strrchr(path.data, '/');
    struct name base;
    snprintf(base.text, sizeof(base.text), "%.500s", last == NULL ? path.data : last + 1);
    char *suffix = strstr(base.text, ".capnp");
    if (suffix != NULL) {
        *suffix = 0;
    }
    return base;
}

// ---- collecting ----

// The field, with its type checked. False for void, which has no member.
static bool side_field(const struct side *side, uint32_t index, struct field *field)
{
    struct capnp_struct_reader reader = capnp_list_get_struct(struct_fields(side->node), index);
    *field = (struct field){.owner = side->node,
                            .field = reader,
                            .type = slot_type(reader),
                            .path = name_snake(member_name(reader))};
    enum type_kind kind = type_kind(field->type);
    struct capnp_struct_reader value;
    if (field_is_group(reader) || field_discriminant(reader) != NO_DISCRIMINANT) {
        refuse(side->node, "a plain struct has no groups and no unions: field",
               member_name(reader));
    }
    if (kind == TYPE_FLOAT32 || kind == TYPE_FLOAT64 || kind == TYPE_LIST || kind == TYPE_STRUCT ||
        (kind == TYPE_TEXT && side->is_result) ||
        (kind == TYPE_ANY_POINTER && !type_is_cap(field))) {
        refuse(side->node, "not in a plain struct: the type of field", member_name(reader));
    }
    if ((kind == TYPE_TEXT || kind == TYPE_DATA) &&
        capnp_has_pointer(slot_default(reader), VALUE_POINTER)) {
        refuse(side->node, "a plain struct has no default for text and data: field",
               member_name(reader));
    }
    if (kind == TYPE_DATA && side->is_result &&
        !annotation_find(schema_list(reader, 1), most_annotation_id, &value)) {
        refuse(side->node, "the annotation `most` must say how long it gets: field",
               member_name(reader));
    }
    bool is_ranged = annotation_find(schema_list(reader, 1), least_annotation_id, &value) ||
                     annotation_find(schema_list(reader, 1), most_annotation_id, &value);
    bool has_range = kind == TYPE_UINT8 || kind == TYPE_UINT16 || kind == TYPE_UINT32 ||
                     kind == TYPE_UINT64 || kind == TYPE_TEXT || kind == TYPE_DATA;
    if (is_ranged && (side->is_result ? kind != TYPE_DATA : !has_range)) {
        refuse(side->node,
               "`least` and `most` are about numbers without sign, text and data: field",
               member_name(reader));
    }
    return kind != TYPE_VOID;
}

// What an annotation of a field says; 0: it has none.
static uint32_t field_says(const struct field *field, uint64_t annotation)
{
    struct capnp_struct_reader value;
    return annotation_find(schema_list(field->field, 1), annotation, &value) ? value_u32(value) : 0;
}

static uint32_t field_most(const struct field *field)
{
    return field_says(field, most_annotation_id);
}

static uint32_t field_least(const struct field *field)
{
    return field_says(field, least_annotation_id);
}

static struct side side_of(const struct method *method, uint64_t id, bool is_result)
{
    struct side side = {.node = request_node(id), .member = method->name, .is_result = is_result};
    side.type =
        name_join(method->name, is_result ? (struct name){"results"} : (struct name){"params"});
    side.bytes = struct_message_bytes(side.node);
    for (uint32_t i = 0; i < struct_fields(side.node).count; i++) {
        struct field field;
        if (side_field(&side, i, &field)) {
            side.cap_count += type_is_cap(&field);
            side.bytes += is_result ? (field_most(&field) + 7) & ~7U : 0;
        }
    }
    if (side.cap_count > CAPS_MAX) {
        refuse(side.node, "more than 16 capabilities", (struct capnp_text){"", 0});
    }
    side.bytes += side.cap_count * CAP_RECORD_BYTES;
    return side;
}

static bool side_is_empty(const struct side *side)
{
    return struct_data_words(side->node) == 0 && struct_pointer_words(side->node) == 0;
}

static void methods_collect(struct capnp_struct_reader node)
{
    struct capnp_list_reader list = interface_methods(node);
    for (uint32_t i = 0; node_kind(node) == NODE_INTERFACE && i < list.count; i++) {
        struct capnp_struct_reader reader = capnp_list_get_struct(list, i);
        if (method_count == METHODS_MAX) {
            refuse(node, "more than 1024 plain methods", (struct capnp_text){"", 0});
        }
        struct method *method = &methods[method_count++];
        method->interface = node;
        method->table = name_of_node(node);
        method->index = i;
        method->name = name_join(method->table, name_snake(member_name(reader)));
        method->params = side_of(method, method_param_type(reader), false);
        method->results = side_of(method, method_result_type(reader), true);
        struct capnp_struct_reader by;
        method->run = annotation_find(schema_list(reader, 1), by_annotation_id, &by)
                          ? name_snake(schema_text(by, VALUE_POINTER))
                          : method->name;
    }
    // file.c walked the same way before, and refused what is nested too deep.
    for (uint32_t i = 0; i < node_nested(node).count; i++) {
        methods_collect(request_node(nested_id(capnp_list_get_struct(node_nested(node), i))));
    }
}

// ---- the header ----

static void emit_struct(struct unit *unit, FILE *to, const struct side *side)
{
    if (side_is_empty(side)) {
        return;
    }
    fprintf(to, "struct %s {\n", side->type.text);
    for (uint32_t i = 0; i < struct_fields(side->node).count; i++) {
        struct field field;
        if (side_field(side, i, &field)) {
            enum type_kind kind = type_kind(field.type);
            fprintf(to, "    %s %s;\n",
                    type_is_cap(&field) ? "uint64_t"
                    : kind == TYPE_TEXT || kind == TYPE_DATA
                        ? "struct plain_data"
                        : type_spelling(unit, &field, false).text,
                    field.path.text);
        }
    }
    fputs("};\n", to);
    for (uint32_t i = 0; i < struct_fields(side->node).count; i++) {
        struct field field;
        if (side_field(side, i, &field) && field_most(&field) != 0) {
            struct name constant = name_upper(name_join(side->member, field.path));
            fprintf(to, "enum { %s_MOST = %" PRIu32 " };\n", constant.text, field_most(&field));
        }
    }
}

static void emit_union(FILE *to, const char *base, bool is_result)
{
    const char *kind = is_result ? "results" : "params";
    fprintf(to, "union %s_%s {\n", base, kind);
    for (uint32_t i = 0; i < method_count; i++) {
        const struct side *side = is_result ? &methods[i].results : &methods[i].params;
        if (!side_is_empty(side)) {
            fprintf(to, "    struct %s %s;\n", side->type.text, side->member.text);
        }
    }
    fputs("};\n\n", to);
}

static bool is_first(uint32_t i)
{
    return methods[i].index == 0;
}

// Whether no method before is served by the same function.
static bool is_first_run(uint32_t i)
{
    bool is_first = true;
    for (uint32_t before = 0; before < i; before++) {
        is_first = is_first && strcmp(methods[before].run.text, methods[i].run.text) != 0;
    }
    return is_first;
}

static void emit_header(struct unit *unit, FILE *to, const char *base)
{
    for (uint32_t i = 0; i < method_count; i++) {
        const struct method *method = &methods[i];
        emit_struct(unit, to, &method->params);
        emit_struct(unit, to, &method->results);
        emit_doc(to, request_member_doc(node_id(method->interface), method->index), "");
        if (is_first_run(i)) {
            fprintf(to, "enum status %s_run(struct core *core, struct request *request);\n\n",
                    method->run.text);
        }
    }
    emit_union(to, base, false);
    emit_union(to, base, true);
    fprintf(
        to,
        "// A capability among the parameters: where its id stands there, the interface that it has"
        "\n// (0: any), and the methods that it admits, as bits."
        "\nstruct %s_capability {\n"
        "    uint64_t interface;\n"
        "    uint32_t methods;\n"
        "    uint32_t offset;\n"
        "};\n\n"
        "// decode: NULL where there are no parameters; encode: NULL where there are no results,"
        "\n// else it returns the size of the message, and its capabilities in their order."
        "\n// admits: whether the parameters are within their ranges; NULL where they have none."
        "\nstruct %s_method {\n"
        "    bool (*decode)(const struct plain_reader *reader, union %s_params *params);\n"
        "    uint32_t (*encode)(const union %s_results *results, uint8_t *bytes, uint64_t *caps);\n"
        "    enum status (*run)(struct core *core, struct request *request);\n"
        "    bool (*admits)(const union %s_params *params);\n"
        "    const struct %s_capability *capabilities; // among the parameters\n"
        "    uint8_t transfers;     // how many they are\n"
        "    uint8_t received;      // capabilities among the results: always all of them\n"
        "    uint16_t result_bytes; // most that it answers with, with capability records\n"
        "};\n\n",
        base, base, base, base, base, base);
    for (uint32_t i = 0; i < method_count; i++) {
        if (is_first(i)) {
            fprintf(to, "extern const struct %s_method %s_methods[%s_METHOD_COUNT];\n", base,
                    methods[i].table.text, name_upper(methods[i].table).text);
        }
    }
}

// ---- the source ----

// Place and conversions of a scalar: its word, its first bit there, and the unsigned type between.
struct place {
    uint32_t word, shift;
    const char *bits;
    uint64_t absent;
};

static struct place place_of(const struct field *field)
{
    static const uint8_t widths[TYPE_KIND_COUNT] = {
        [TYPE_BOOL] = 1,    [TYPE_INT8] = 8,  [TYPE_INT16] = 16,  [TYPE_INT32] = 32,
        [TYPE_INT64] = 64,  [TYPE_UINT8] = 8, [TYPE_UINT16] = 16, [TYPE_UINT32] = 32,
        [TYPE_UINT64] = 64, [TYPE_ENUM] = 16,
    };
    enum type_kind kind = type_kind(field->type);
    uint32_t width = widths[kind];
    uint32_t bit = slot_offset(field->field) * width;
    return (struct place){bit / 64, bit % 64,
                          width == 64   ? "uint64_t"
                          : width == 32 ? "uint32_t"
                          : width == 16 ? "uint16_t"
                                        : "uint8_t",
                          value_bits(slot_default(field->field), kind)};
}

// What values are XORed with, if that changes anything.
static void emit_absent(FILE *to, const struct place *place)
{
    if (place->absent != 0) {
        fprintf(to, " ^ UINT64_C(0x%" PRIx64 ")", place->absent);
    }
}

static void emit_decode_scalar(struct unit *unit, FILE *to, const struct field *field)
{
    struct place place = place_of(field);
    bool is_bool = type_kind(field->type) == TYPE_BOOL;
    fprintf(to, "    to->%s = (%s)(%s)((plain_word(reader, %" PRIu32 ") >> %" PRIu32,
            field->path.text, type_spelling(unit, field, false).text, place.bits, place.word,
            place.shift);
    emit_absent(to, &place);
    fputs(is_bool ? ") & 1);\n" : "));\n", to);
}

static void emit_decode(struct unit *unit, FILE *to, const char *base, const struct method *method)
{
    const struct side *side = &method->params;
    struct field field;
    if (side_is_empty(side)) {
        return;
    }
    fprintf(to,
            "static bool %s_decode(const struct plain_reader *reader, union %s_params *params)\n{\n"
            "    struct %s *to = &params->%s;\n",
            method->name.text, base, side->type.text, side->member.text);
    for (uint32_t i = 0; i < struct_fields(side->node).count; i++) {
        if (side_field(side, i, &field) && type_is_scalar(&field)) {
            emit_decode_scalar(unit, to, &field);
        }
    }
    static const char first[] = "    return ";
    const char *before = first;
    for (uint32_t i = 0; i < struct_fields(side->node).count; i++) {
        if (side_field(side, i, &field) && type_is_pointer(&field)) {
            fprintf(to, "%splain_%s(reader, %" PRIu32 ", &to->%s)", before,
                    type_is_cap(&field) ? "cap" : "data", slot_offset(field.field),
                    field.path.text);
            before = " &&\n        ";
        }
    }
    fputs(before == first ? "    return true;\n}\n\n" : ";\n}\n\n", to);
}

static bool side_has_range(const struct side *side)
{
    bool has = false;
    for (uint32_t i = 0; i < struct_fields(side->node).count; i++) {
        struct field field;
        has =
            has || (side_field(side, i, &field) && (field_least(&field) | field_most(&field)) != 0);
    }
    return has;
}

static void emit_admits(FILE *to, const char *base, const struct method *method)
{
    const struct side *side = &method->params;
    if (!side_has_range(side)) {
        return;
    }
    fprintf(to,
            "static bool %s_admits(const union %s_params *params)\n{\n"
            "    const struct %s *from = &params->%s;\n    return true",
            method->name.text, base, side->type.text, side->member.text);
    for (uint32_t i = 0; i < struct_fields(side->node).count; i++) {
        struct field field;
        if (!side_field(side, i, &field)) {
            continue;
        }
        const char *size = type_is_pointer(&field) ? ".size" : "";
        uint32_t nul = type_kind(field.type) == TYPE_TEXT ? 1 : 0; // it counts there
        if (field_least(&field) != 0) {
            fprintf(to, " && from->%s%s >= %" PRIu32, field.path.text, size,
                    field_least(&field) + nul);
        }
        if (field_most(&field) != 0) {
            fprintf(to, " && from->%s%s <= %" PRIu32, field.path.text, size,
                    field_most(&field) + nul);
        }
    }
    fputs(";\n}\n\n", to);
}

static void emit_capabilities(FILE *to, const char *base, const struct method *method)
{
    const struct side *side = &method->params;
    if (side->cap_count == 0) {
        return;
    }
    fprintf(to, "static const struct %s_capability %s_capabilities[] = {\n", base,
            method->name.text);
    for (uint32_t i = 0; i < struct_fields(side->node).count; i++) {
        struct field field;
        if (side_field(side, i, &field) && type_is_cap(&field)) {
            bool is_typed = type_kind(field.type) == TYPE_INTERFACE;
            fprintf(to,
                    "    {UINT64_C(0x%" PRIx64 "), 0x%" PRIx32
                    ", offsetof(union %s_params, "
                    "%s.%s)},\n",
                    is_typed ? type_id(field.type) : 0, field_says(&field, reach_annotation_id),
                    base, side->member.text, field.path.text);
        }
    }
    fputs("};\n\n", to);
}

// All scalars of one word at once.
static void emit_encode_word(FILE *to, const struct side *side, uint32_t word)
{
    const char *before = "";
    fprintf(to, "    plain_put(bytes, %" PRIu32 ", ", word + 1);
    for (uint32_t i = 0; i < struct_fields(side->node).count; i++) {
        struct field field;
        if (!side_field(side, i, &field) || !type_is_scalar(&field)) {
            continue;
        }
        struct place place = place_of(&field);
        if (place.word == word) {
            fprintf(to, "%s((uint64_t)(%s)from->%s", before, place.bits, field.path.text);
            emit_absent(to, &place);
            fprintf(to, ") << %" PRIu32, place.shift);
            before = " |\n        ";
        }
    }
    fputs(before[0] == 0 ? "0);\n" : ");\n", to);
}

static void emit_encode(FILE *to, const char *base, const struct method *method)
{
    const struct side *side = &method->results;
    if (side_is_empty(side)) {
        return;
    }
    uint32_t data_words = struct_data_words(side->node);
    uint32_t pointer_words = struct_pointer_words(side->node);
    fprintf(to,
            "static uint32_t %s_encode(const union %s_results *results, uint8_t *bytes, uint64_t "
            "*caps)\n"
            "{\n    (void)caps;\n    const struct %s *from = &results->%s;\n"
            "    plain_put(bytes, 0, UINT64_C(0x%" PRIx64 "));\n",
            method->name.text, base, side->type.text, side->member.text,
            (uint64_t)pointer_words << 48 | (uint64_t)data_words << 32);
    for (uint32_t word = 0; word < data_words; word++) {
        emit_encode_word(to, side, word);
    }
    fprintf(to, "    uint32_t size = %" PRIu32 ";\n", struct_message_bytes(side->node));
    uint32_t ordinal = 0;
    for (uint32_t i = 0; i < struct_fields(side->node).count; i++) {
        struct field field;
        if (!side_field(side, i, &field) || !type_is_pointer(&field)) {
            continue;
        }
        uint32_t at = 1 + data_words + slot_offset(field.field);
        if (type_is_cap(&field)) {
            fprintf(to,
                    "    plain_put_cap(bytes, %" PRIu32 ", %" PRIu32
                    ");\n"
                    "    caps[%" PRIu32 "] = from->%s;\n",
                    at, ordinal, ordinal, field.path.text);
            ordinal++;
        } else {
            fprintf(to,
                    "    size = plain_put_data(bytes, %" PRIu32 ", size, from->%s, %" PRIu32
                    ");\n"
                    "    if (size == PLAIN_TOO_LONG) {\n        return size;\n    }\n",
                    at, field.path.text, field_most(&field));
        }
    }
    fputs("    return size;\n}\n\n", to);
}

static void emit_function(FILE *to, const struct side *side, const char *verb)
{
    if (side_is_empty(side)) {
        fputs("NULL, ", to);
    } else {
        fprintf(to, "%s_%s, ", side->member.text, verb);
    }
}

static void emit_source(struct unit *unit, FILE *to, const char *base)
{
    for (uint32_t i = 0; i < method_count; i++) {
        emit_decode(unit, to, base, &methods[i]);
        emit_admits(to, base, &methods[i]);
        emit_capabilities(to, base, &methods[i]);
        emit_encode(to, base, &methods[i]);
    }
    for (uint32_t i = 0; i < method_count; i++) {
        const struct method *method = &methods[i];
        if (is_first(i)) {
            fprintf(to, "const struct %s_method %s_methods[%s_METHOD_COUNT] = {\n", base,
                    method->table.text, name_upper(method->table).text);
        }
        fprintf(to, "    [%s] = {", name_upper(method->name).text);
        emit_function(to, &method->params, "decode");
        emit_function(to, &method->results, "encode");
        fprintf(to, "%s_run, ", method->run.text);
        fprintf(to, side_has_range(&method->params) ? "%s_admits, " : "NULL, ", method->name.text);
        if (method->params.cap_count == 0) {
            fputs("NULL, ", to);
        } else {
            fprintf(to, "%s_capabilities, ", method->name.text);
        }
        fprintf(to, "%" PRIu32 ", %" PRIu32 ", %" PRIu32 "},\n", method->params.cap_count,
                method->results.cap_count,
                side_is_empty(&method->results) ? 0 : method->results.bytes);
        if (i + 1 == method_count || is_first(i + 1)) {
            fputs("};\n\n", to);
        }
    }
}

// ---- the files ----

static FILE *open_part(struct unit *unit, const char *part)
{
    struct capnp_text path = file_name(unit->file);
    const char *last = strrchr(path.data, '/');
    int folder = last == NULL ? 0 : (int)(last + 1 - path.data);
    char name[4096];
    snprintf(name, sizeof(name), "%.*s%s.%s", folder, path.data, plain_base(unit->file).text, part);
    FILE *to = open_output(name);
    fprintf(to, "// Generated from %.*s by capnpc-c; changes belong there.\n\n", (int)path.size,
            path.data);
    return to;
}

void plain_generate(struct unit *unit, const char *names)
{
    uint64_t id = file_id(unit->file);
    struct name base = plain_base(unit->file);
    method_count = 0;
    methods_collect(request_node(id));

    FILE *to = open_part(unit, "names.h");
    fprintf(to,
            "#ifndef NAMES_%016" PRIX64 "_H\n#define NAMES_%016" PRIX64
            "_H\n\n#include <stdint.h>\n\n%s#endif\n",
            id, id, names);
    close_output(to, "names.h");

    to = open_part(unit, "plain.h");
    fprintf(to,
            "#ifndef PLAIN_%016" PRIX64 "_H\n#define PLAIN_%016" PRIX64
            "_H\n\n#include \"abi/errors.h\"\n#include \"lib/capnp/plain.h\"\n"
            "#include \"%s.names.h\"\n\nstruct core;\nstruct request;\n\n",
            id, id, base.text);
    emit_header(unit, to, base.text);
    fputs("\n#endif\n", to);
    close_output(to, "plain.h");

    to = open_part(unit, "plain.c");
    fprintf(to, "#include <stddef.h>\n\n#include \"%s.plain.h\"\n\n", base.text);
    emit_source(unit, to, base.text);
    close_output(to, "plain.c");
}

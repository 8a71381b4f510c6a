// SPDX-License-Identifier: Apache-2.0
//
// Enums and structs: the types, and an accessor for each field.
//
// For struct Foo: `struct foo_reader` and `struct foo_builder`, lists of them, foo_read and
// foo_build for messages whose root it is, and per field foo_get_x, foo_set_x, and for what is
// reached through a pointer foo_has_x and foo_init_x. Fields of groups are fields of the struct
// around them, with the group's name before theirs. A setter of a union's member makes it the
// active one, in all unions around it.

#include "unit.h"

#include <inttypes.h>

static void emit_fields(struct unit *unit, struct capnp_struct_reader node,
                        const struct field *around, uint32_t depth);

void enum_generate(struct unit *unit, struct capnp_struct_reader node)
{
    struct name name = name_of_tag(node);
    struct name upper = name_upper(name_of_node(node));
    struct capnp_list_reader members = enum_enumerants(node);
    unit_tag(name, node);
    emit_doc(unit->names, request_node_doc(node_id(node)), "");
    fprintf(unit->names, "enum %s {\n", name.text);
    for (uint32_t i = 0; i < members.count; i++) {
        struct name member = name_snake(member_name(capnp_list_get_struct(members, i)));
        emit_doc(unit->names, request_member_doc(node_id(node), i), "    ");
        member = name_join(upper, name_upper(member));
        unit_name(node, "%s", member.text);
        fprintf(unit->names, "    %s = %" PRIu32 ",\n", member.text, i);
    }
    fprintf(unit->names, members.count == 0 ? "    %s_NONE\n};\n\n" : "};\n\n", upper.text);
}

uint32_t struct_message_bytes(struct capnp_struct_reader node)
{
    return (1u + struct_data_words(node) + struct_pointer_words(node)) * CAPNP_WORD_BYTES;
}

// `enum foo_which` and the function that reads it, for the union directly in this struct or group.
static void emit_which(struct unit *unit, struct capnp_struct_reader node,
                       const struct field *around)
{
    struct name owner = name_of_node(around->owner);
    struct name name = name_join(owner, around->path);
    struct name which = name_join(name, (struct name){"which"});
    struct capnp_list_reader fields = struct_fields(node);
    unit_tag(which, around->owner);
    fprintf(unit->types, "enum %s {\n", which.text);
    for (uint32_t i = 0; i < fields.count; i++) {
        struct capnp_struct_reader field = capnp_list_get_struct(fields, i);
        if (field_discriminant(field) != NO_DISCRIMINANT) {
            struct name member = name_upper(name_join(name, name_snake(member_name(field))));
            unit_name(around->owner, "%s", member.text);
            fprintf(unit->types, "    %s = %" PRIu16 ",\n", member.text, field_discriminant(field));
        }
    }
    fputs("};\n\n", unit->types);
    fprintf(unit->inlines,
            "static inline enum %s %s(struct %s_reader reader)\n{\n"
            "    return (enum %s)capnp_get_u16(reader.s, %" PRIu32 ", 0);\n}\n\n",
            which.text, which.text, owner.text, which.text, struct_discriminant_offset(node));
}

// Statements of a setter that make the field the active member of the unions around it.
static void emit_tags(struct unit *unit, const struct field *field)
{
    for (uint32_t i = 0; i < field->tag_count; i++) {
        fprintf(unit->inlines, "    capnp_set_u16(builder.s, %" PRIu32 ", %" PRIu16 ", 0);\n",
                field->tags[i].offset, field->tags[i].value);
    }
}

static void emit_get(struct unit *unit, const struct field *field)
{
    unit_name(field->owner, "%s_get_%s", name_of_node(field->owner).text, field->path.text);
    FILE *to = unit->inlines;
    struct name owner = name_of_node(field->owner);
    struct name spelling = type_spelling(unit, field, false);
    enum type_kind kind = type_kind(field->type);
    uint32_t index = slot_offset(field->field);
    struct capnp_struct_reader value = slot_default(field->field);
    struct name constant = {"NULL"};
    if ((kind == TYPE_STRUCT || kind == TYPE_LIST) && capnp_has_pointer(value, VALUE_POINTER)) {
        struct name name = name_join(name_join(owner, field->path), (struct name){"default"});
        emit_constant_message(unit, name, value);
        constant.text[0] = '&';
        snprintf(constant.text + 1, sizeof(constant.text) - 1, "%.480s", name.text);
    }
    emit_doc(to, field->doc, "");
    fprintf(to, "static inline %s %s_get_%s(struct %s_reader reader)\n{\n    return ",
            spelling.text, owner.text, field->path.text, owner.text);
    if (type_is_scalar(field)) {
        emit_scalar_get(unit, to, field);
    } else if (kind == TYPE_TEXT || kind == TYPE_DATA) {
        fprintf(to, "capnp_get_%s(reader.s, %" PRIu32 ", (%s)", kind == TYPE_TEXT ? "text" : "data",
                index, spelling.text);
        emit_blob(to, value, kind);
        fputs(")", to);
    } else if (kind == TYPE_STRUCT) {
        fprintf(to, "(%s){capnp_get_struct(reader.s, %" PRIu32 ", %s)}", spelling.text, index,
                constant.text);
    } else if (kind == TYPE_LIST) {
        bool is_wrapped = type_kind(list_element_type(field->type)) == TYPE_STRUCT;
        if (is_wrapped) {
            fprintf(to, "(%s){", spelling.text);
        }
        fprintf(to, "capnp_get_list(reader.s, %" PRIu32 ", %s, %s)%s", index, type_element(field),
                constant.text, is_wrapped ? "}" : "");
    } else if (type_is_any(field)) {
        fprintf(to, "capnp_get_any(reader.s, %" PRIu32 ")", index);
    } else {
        fprintf(to, "(%s){capnp_get_cap(reader.s, %" PRIu32 ").id}", spelling.text, index);
    }
    fputs(";\n}\n\n", to);
}

static void emit_has(struct unit *unit, const struct field *field)
{
    struct name owner = name_of_node(field->owner);
    unit_name(field->owner, "%s_has_%s", owner.text, field->path.text);
    fprintf(unit->inlines, "static inline bool %s_has_%s(struct %s_reader reader)\n{\n    return ",
            owner.text, field->path.text, owner.text);
    for (uint32_t i = 0; i < field->tag_count; i++) {
        fprintf(unit->inlines, "capnp_get_u16(reader.s, %" PRIu32 ", 0) == %" PRIu16 " && ",
                field->tags[i].offset, field->tags[i].value);
    }
    fprintf(unit->inlines, "capnp_has_pointer(reader.s, %" PRIu32 ");\n}\n\n",
            slot_offset(field->field));
}

static void emit_set(struct unit *unit, const struct field *field)
{
    FILE *to = unit->inlines;
    struct name owner = name_of_node(field->owner);
    enum type_kind kind = type_kind(field->type);
    uint32_t index = slot_offset(field->field);
    unit_name(field->owner, "%s_set_%s", owner.text, field->path.text);
    fprintf(to, "static inline void %s_set_%s(struct %s_builder builder", owner.text,
            field->path.text, owner.text);
    if (kind == TYPE_VOID) {
        fputs(")\n{\n", to);
        emit_tags(unit, field);
        fputs("}\n\n", to);
        return;
    }
    fprintf(to, ", %s value)\n{\n", type_spelling(unit, field, false).text);
    emit_tags(unit, field);
    fputs("    ", to);
    if (type_is_scalar(field)) {
        // Asked in these words by all setters of the struct, it is compiled once for many.
        fprintf(to, "if (capnp_has_data(builder.s, %" PRIu32 ")) {\n        ",
                (uint32_t)struct_data_words(field->owner) * CAPNP_WORD_BYTES);
        emit_scalar_set(unit, to, field);
        fputs(";\n    }\n}\n\n", to);
        return;
    }
    if (type_is_cap(field)) {
        fprintf(to, "capnp_set_cap(builder.s, %" PRIu32 ", (struct capnp_cap){value.id})", index);
    } else if (type_is_any(field)) {
        fprintf(to, "capnp_any_set(capnp_build_any(builder.s, %" PRIu32 "), value)", index);
    } else if (kind == TYPE_STRUCT) {
        fprintf(to, "capnp_set_struct(builder.s, %" PRIu32 ", value.s)", index);
    } else if (kind == TYPE_LIST) {
        bool is_wrapped = type_kind(list_element_type(field->type)) == TYPE_STRUCT;
        fprintf(to, "capnp_set_list(builder.s, %" PRIu32 ", value%s)", index,
                is_wrapped ? ".l" : "");
    } else {
        fprintf(to, "capnp_set_%s(builder.s, %" PRIu32 ", value)",
                kind == TYPE_TEXT ? "text" : "data", index);
    }
    fputs(";\n}\n\n", to);
}

// Structs and lists are made in place; of what is behind an AnyPointer, its place.
static void emit_init(struct unit *unit, const struct field *field)
{
    FILE *to = unit->inlines;
    struct name owner = name_of_node(field->owner);
    struct name spelling = type_spelling(unit, field, true);
    bool is_list = type_kind(field->type) == TYPE_LIST;
    struct capnp_struct_reader element = is_list ? list_element_type(field->type) : field->type;
    bool is_wrapped = type_kind(element) == TYPE_STRUCT;
    unit_name(field->owner, "%s_init_%s", owner.text, field->path.text);
    fprintf(to, "static inline %s %s_init_%s(struct %s_builder builder%s)\n{\n", spelling.text,
            owner.text, field->path.text, owner.text, is_list ? ", uint32_t count" : "");
    emit_tags(unit, field);
    fputs("    return ", to);
    if (type_is_any(field)) {
        fprintf(to, "capnp_build_any(builder.s, %" PRIu32 ");\n}\n\n", slot_offset(field->field));
        return;
    }
    if (!is_wrapped) {
        fprintf(to, "capnp_init_list(builder.s, %" PRIu32 ", %s, count);\n}\n\n",
                slot_offset(field->field), type_element(field));
        return;
    }
    struct capnp_struct_reader node = request_node(type_id(element));
    fprintf(to,
            "(%s){capnp_init_struct%s(builder.s, %" PRIu32 "%s, %" PRIu16 ", %" PRIu16 ")};\n}\n\n",
            spelling.text, is_list ? "_list" : "", slot_offset(field->field),
            is_list ? ", count" : "", struct_data_words(node), struct_pointer_words(node));
}

static void emit_field(struct unit *unit, const struct field *field)
{
    enum type_kind kind = type_kind(field->type);
    if (kind == TYPE_VOID) {
        if (field->tag_count > 0) {
            emit_doc(unit->inlines, field->doc, "");
            emit_set(unit, field);
        }
        return;
    }
    emit_get(unit, field);
    if (type_is_pointer(field)) {
        emit_has(unit, field);
    }
    if (kind == TYPE_STRUCT || kind == TYPE_LIST || type_is_any(field)) {
        emit_init(unit, field);
    }
    emit_set(unit, field);
}

// A group that is a member of a union can be chosen without setting any of its fields.
static void emit_group(struct unit *unit, const struct field *group, uint32_t depth)
{
    struct name owner = name_of_node(group->owner);
    struct capnp_struct_reader node = request_node(group_type_id(group->field));
    if (field_discriminant(group->field) != NO_DISCRIMINANT) {
        emit_doc(unit->inlines, group->doc, "");
        unit_name(group->owner, "%s_choose_%s", owner.text, group->path.text);
        fprintf(unit->inlines, "static inline void %s_choose_%s(struct %s_builder builder)\n{\n",
                owner.text, group->path.text, owner.text);
        emit_tags(unit, group);
        fputs("}\n\n", unit->inlines);
    }
    if (depth == CAPNP_DEPTH_MAX) {
        refuse(group->owner, "groups are nested too deep: field", member_name(group->field));
    }
    emit_fields(unit, node, group, depth + 1);
}

// The fields of a struct, or of a group in it; `around` tells where we are.
static void emit_fields(struct unit *unit, struct capnp_struct_reader node,
                        const struct field *around, uint32_t depth)
{
    struct capnp_list_reader fields = struct_fields(node);
    if (struct_discriminant_count(node) > 0) {
        emit_which(unit, node, around);
    }
    for (uint32_t i = 0; i < fields.count; i++) {
        struct field field = *around;
        field.field = capnp_list_get_struct(fields, i);
        field.path = name_join(around->path, name_snake(member_name(field.field)));
        field.doc = request_member_doc(node_id(node), i);
        if (field_discriminant(field.field) != NO_DISCRIMINANT) {
            if (field.tag_count == FIELD_TAGS_MAX) {
                refuse(field.owner, "unions are nested too deep: field", member_name(field.field));
            }
            field.tags[field.tag_count].offset = struct_discriminant_offset(node);
            field.tags[field.tag_count++].value = field_discriminant(field.field);
        }
        if (field_is_group(field.field)) {
            emit_group(unit, &field, depth);
        } else {
            field.type = slot_type(field.field);
            emit_field(unit, &field);
        }
    }
}

static void emit_struct_types(struct unit *unit, struct capnp_struct_reader node, const char *name)
{
    static const struct {
        const char *suffix;
        const char *content;
    } types[] = {{"reader", "struct_reader s"},
                 {"builder", "struct_builder s"},
                 {"reader_list", "list_reader l"},
                 {"builder_list", "list_builder l"}};
    emit_doc(unit->types, request_node_doc(node_id(node)), "");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct name tag;
        snprintf(tag.text, sizeof(tag.text), "%.480s_%s", name, types[i].suffix);
        unit_tag(tag, node);
        fprintf(unit->types, "struct %s {\n    struct capnp_%s;\n};\n", tag.text, types[i].content);
    }
    fputs("\n", unit->types);
}

// Functions of a struct as a whole, with $ for its name. Reading and building are those of a root,
// of an element of a list, and of what an AnyPointer leads to.
static const struct {
    const char *suffix;
    const char *text;
    bool is_sized; // data and pointer words follow the text
} struct_functions[] = {
    {"read",
     "static inline struct $_reader $_read(struct capnp_message *message)\n{\n"
     "    return (struct $_reader){capnp_message_root(message)",
     false},
    {"build",
     "static inline struct $_builder $_build(struct capnp_builder *builder)\n{\n"
     "    return (struct $_builder){capnp_builder_root(builder",
     true},
    {"reader_at",
     "static inline struct $_reader $_reader_at(struct $_reader_list list, uint32_t index)\n{\n"
     "    return (struct $_reader){capnp_list_get_struct(list.l, index)",
     false},
    {"builder_at",
     "static inline struct $_builder $_builder_at(struct $_builder_list list, uint32_t index)\n{\n"
     "    return (struct $_builder){capnp_list_init_struct(list.l, index)",
     false},
    {"read_any",
     "static inline struct $_reader $_read_any(struct capnp_any_reader any)\n{\n"
     "    return (struct $_reader){capnp_any_struct(any)",
     false},
    {"build_any",
     "static inline struct $_builder $_build_any(struct capnp_any_builder any)\n{\n"
     "    return (struct $_builder){capnp_any_init_struct(any",
     true},
    {"read_any_list",
     "static inline struct $_reader_list $_read_any_list(struct capnp_any_reader any)\n{\n"
     "    return (struct $_reader_list){capnp_any_list(any, CAPNP_ELEMENT_STRUCT)",
     false},
    {"build_any_list",
     "static inline struct $_builder_list $_build_any_list(struct capnp_any_builder any,\n"
     "    uint32_t count)\n{\n"
     "    return (struct $_builder_list){capnp_any_init_struct_list(any, count",
     true},
};

void struct_generate(struct unit *unit, struct capnp_struct_reader node)
{
    const struct name name = name_of_node(node);
    struct field around = {.owner = node, .path = {""}};
    if (node_id(node) == STREAM_RESULT_ID) {
        return; // call.h has it
    }
    emit_struct_types(unit, node, name.text);
    for (size_t i = 0; i < sizeof(struct_functions) / sizeof(struct_functions[0]); i++) {
        unit_name(node, "%s_%s", name.text, struct_functions[i].suffix);
        for (const char *at = struct_functions[i].text; *at != 0; at++) {
            fprintf(unit->inlines, *at == '$' ? "%s" : "%.1s", *at == '$' ? name.text : at);
        }
        if (struct_functions[i].is_sized) {
            fprintf(unit->inlines, ", %" PRIu16 ", %" PRIu16 ")", struct_data_words(node),
                    struct_pointer_words(node));
        }
        fputs("};\n}\n\n", unit->inlines);
    }
    emit_fields(unit, node, &around, 0);
}

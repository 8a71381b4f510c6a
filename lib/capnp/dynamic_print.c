// SPDX-License-Identifier: Apache-2.0
//
// Printing a message by its schema; what differs between text and JSON is in a dynamic_print_form.
//
// What is shown is what `capnp convert` shows: fields that aren't pointers always, pointers that
// aren't null, of a union the active member. In lines, a struct or list that fits the rest of a
// line stays on it: it is measured first, by printing it to a writer that only counts and that ends
// the walk once it is over; what the measuring took from the traversal limit is given back, so that
// layouts don't differ in what they can print.

#include "lib/capnp/dynamic_form.h"

#include <string.h>

enum { LINE_BYTES = 90, LINE_BYTES_MIN = 24, INDENT_BYTES = 2 };

struct measure {
    struct capnp_writer writer; // first
    size_t size;
    size_t size_max;
};

struct printer {
    const struct dynamic_print_form *form;
    const struct capnp_catalog *catalog;
    struct capnp_message *message;
    struct capnp_writer *writer;
    struct capnp_problem *problem;
    struct measure *measure; // NULL: this is for real
    enum capnp_layout layout;
    bool is_default; // reading what the schema itself holds
    uint32_t depth;
};

// A struct's fields or a list's elements while they are printed.
struct members {
    bool in_lines;
    bool has_some;
};

struct value {
    uint64_t bits;
    bool is_null; // of pointers
    struct capnp_text text;
    struct capnp_data data;
    struct capnp_list_reader list;
    struct capnp_struct_reader reader;
};

static void print_value(struct printer *printer, const struct dynamic_type *type,
                        const struct value *value, const struct dynamic_place *place);

static void measure_write(struct capnp_writer *writer, const char *bytes, size_t size)
{
    (void)bytes;
    ((struct measure *)writer)->size += size;
}

static bool is_over(const struct printer *printer)
{
    return printer->measure != NULL && printer->measure->size > printer->measure->size_max;
}

static void print(struct printer *printer, const char *text)
{
    dynamic_write(printer->writer, text);
}

// The schema is read anew for each struct, list and enumerant, as often as the message has them.
// Defaults are part of the schema, and get no more than its limit.
static void renew(const struct printer *printer, struct capnp_message *schema)
{
    if (!printer->is_default) {
        dynamic_renew(schema);
    }
}

static void print_line_start(struct printer *printer)
{
    print(printer, "\n");
    for (uint32_t i = 0; i < printer->depth * INDENT_BYTES; i++) {
        print(printer, " ");
    }
}

static void problem_note(struct printer *printer, enum capnp_problem_kind kind,
                         const struct dynamic_place *place, const char *sentence)
{
    if (dynamic_problem_begin(printer->problem, kind, place)) {
        dynamic_say(printer->problem, sentence);
    }
}

// Whether a struct or list has to be broken into lines: if it is longer than the rest of the line.
static bool is_long(const struct printer *printer, const struct dynamic_type *type,
                    const struct value *value)
{
    if (printer->layout == CAPNP_LAYOUT_SHORT || printer->measure != NULL) {
        return false;
    }
    struct capnp_message *message =
        type->kind == TYPE_LIST ? value->list.message : value->reader.message;
    uint32_t traversal_words = message->traversal_words;
    enum capnp_error error = printer->message->error;
    size_t taken = (size_t)printer->depth * INDENT_BYTES;
    struct measure measure = {{measure_write},
                              0,
                              taken + LINE_BYTES_MIN > LINE_BYTES ? LINE_BYTES_MIN
                                                                  : LINE_BYTES - taken};
    struct capnp_problem unused = {0};
    struct printer counting = *printer;
    counting.writer = &measure.writer;
    counting.measure = &measure;
    counting.problem = &unused;
    print_value(&counting, type, value, NULL);
    if (!message->is_constant) {
        message->traversal_words = traversal_words;
    }
    if (!printer->message->is_constant) {
        printer->message->error = error;
    }
    return measure.size > measure.size_max;
}

static void member_begin(struct printer *printer, struct members *members)
{
    if (members->has_some) {
        // At a line's end no blank follows.
        print(printer, members->in_lines ? "," : printer->form->separator[printer->layout]);
    }
    if (members->in_lines) {
        print_line_start(printer);
    }
    members->has_some = true;
}

static void members_end(struct printer *printer, const struct members *members)
{
    printer->depth--;
    // Nothing without members is long.
    if (members->in_lines) {
        print_line_start(printer);
    }
}

// ---- values ----

static struct value value_of_field(const struct printer *printer, struct capnp_struct_reader reader,
                                   const struct dynamic_field *field)
{
    struct value value = {.reader = reader};
    if (field->is_group) {
        return value;
    }
    if (!dynamic_kind_is_pointer(field->type.kind)) {
        value.bits = dynamic_field_bits(reader, field);
        return value;
    }
    // An absent one is read where the schema keeps its default.
    struct capnp_struct_reader from = reader;
    uint16_t index = (uint16_t)field->offset;
    value.is_null = !capnp_has_pointer(reader, index);
    if (value.is_null) {
        from = slot_default(field->field);
        index = VALUE_POINTER;
    }
    if (field->type.kind == TYPE_TEXT) {
        value.text = capnp_get_text(from, index, (struct capnp_text){"", 0});
    } else if (field->type.kind == TYPE_DATA) {
        value.data = capnp_get_data(from, index, (struct capnp_data){NULL, 0});
    } else if (field->type.kind == TYPE_STRUCT) {
        value.reader = capnp_get_struct(from, index, NULL);
    } else if (field->type.kind == TYPE_LIST) {
        struct dynamic_type element = dynamic_element_of(printer->catalog, &field->type);
        value.list = capnp_get_list(from, index, dynamic_kind_element(element.kind), NULL);
    }
    return value;
}

// inner: how the elements of the elements lie, where those are lists.
static struct value value_of_element(struct capnp_list_reader list, uint32_t index,
                                     enum type_kind kind, enum capnp_element inner)
{
    struct value value = {.bits = 0};
    if (kind == TYPE_TEXT) {
        value.text = capnp_list_get_text(list, index);
    } else if (kind == TYPE_DATA) {
        value.data = capnp_list_get_data(list, index);
    } else if (kind == TYPE_STRUCT) {
        value.reader = capnp_list_get_struct(list, index);
    } else if (kind == TYPE_LIST) {
        value.list = capnp_list_get_list(list, index, inner);
    } else {
        value.bits = dynamic_element_bits(list, index, kind);
    }
    return value;
}

static void print_list(struct printer *printer, const struct dynamic_type *type,
                       const struct value *value, const struct dynamic_place *place)
{
    struct members members = {is_long(printer, type, value), false};
    enum capnp_element inner = CAPNP_ELEMENT_VOID;
    renew(printer, type->type.message);
    struct dynamic_type element = dynamic_element_of(printer->catalog, type);
    if (element.kind == TYPE_LIST) {
        inner = dynamic_kind_element(dynamic_element_of(printer->catalog, &element).kind);
    }
    print(printer, "[");
    printer->depth++;
    for (uint32_t i = 0; i < value->list.count && !is_over(printer); i++) {
        struct dynamic_place here = {place, {NULL, 0}, i};
        struct value each = value_of_element(value->list, i, element.kind, inner);
        member_begin(printer, &members);
        print_value(printer, &element, &each, &here);
    }
    members_end(printer, &members);
    print(printer, "]");
}

// Whether a field is to be shown, its union's tag aside.
static bool is_set(struct capnp_struct_reader reader, const struct dynamic_field *field)
{
    return field->is_group || !dynamic_kind_is_pointer(field->type.kind) ||
           capnp_has_pointer(reader, (uint16_t)field->offset);
}

static void print_field(struct printer *printer, struct capnp_struct_reader reader,
                        const struct dynamic_field *field, struct members *members,
                        const struct dynamic_place *place)
{
    struct dynamic_place inner = {place, field->name, 0};
    struct value value = value_of_field(printer, reader, field);
    bool is_default = printer->is_default;
    printer->is_default = is_default || value.is_null;
    member_begin(printer, members);
    printer->form->name(printer->writer, field->name);
    print(printer, printer->form->assign[printer->layout]);
    print_value(printer, &field->type, &value, &inner);
    printer->is_default = is_default;
}

static void print_fields(struct printer *printer, struct capnp_struct_reader reader,
                         const struct dynamic_type *type, const struct dynamic_scope *scope,
                         struct members *members, const struct dynamic_place *place)
{
    const struct capnp_catalog_node *node = type->node;
    struct capnp_list_reader fields = struct_fields(node->node);
    uint16_t which = NO_DISCRIMINANT;
    uint32_t active = fields.count;
    if (struct_discriminant_count(node->node) > 0) {
        which = capnp_get_u16(reader, struct_discriminant_offset(node->node), 0);
    }
    for (uint32_t i = 0; i < fields.count && !is_over(printer); i++) {
        struct dynamic_field field =
            dynamic_field_of(printer->catalog, capnp_list_get_struct(fields, i), scope);
        bool is_member = field.discriminant != NO_DISCRIMINANT;
        if (is_member && field.discriminant == which && printer->form->is_union_last) {
            active = i;
        } else if (is_member ? field.discriminant == which && (which != 0 || is_set(reader, &field))
                             : is_set(reader, &field)) {
            print_field(printer, reader, &field, members, place);
        }
    }
    if (active < fields.count) {
        struct dynamic_field field =
            dynamic_field_of(printer->catalog, capnp_list_get_struct(fields, active), scope);
        print_field(printer, reader, &field, members, place);
    }
}

static void print_struct(struct printer *printer, const struct dynamic_type *type,
                         const struct value *value, const struct dynamic_place *place)
{
    struct members members = {is_long(printer, type, value), false};
    struct dynamic_scope inner = dynamic_scope_of(type);
    print(printer, printer->form->open);
    printer->depth++;
    renew(printer, type->node->node.message);
    print_fields(printer, value->reader, type,
                 struct_is_group(type->node->node) ? type->scope : &inner, &members, place);
    // A default that costs more than the schema's own limit; the next message may ask for less.
    struct capnp_message *schema = dynamic_whole_of(type->node->node.message);
    if (schema->error != CAPNP_OK) {
        problem_note(printer, CAPNP_PROBLEM_SCHEMA, place, "the schema can't be read to its end");
        schema->error = CAPNP_OK;
    }
    members_end(printer, &members);
    print(printer, printer->form->close);
}

static void print_nested(struct printer *printer, const struct dynamic_type *type,
                         const struct value *value, const struct dynamic_place *place)
{
    if (printer->depth == CAPNP_NESTING_MAX) {
        problem_note(printer, CAPNP_PROBLEM_TOO_DEEP, place,
                     "more than 64 structs and lists one inside the other");
        print(printer, type->kind == TYPE_LIST ? "[]" : printer->form->open);
        print(printer, type->kind == TYPE_LIST ? "" : printer->form->close);
        return;
    }
    if (type->kind == TYPE_LIST) {
        print_list(printer, type, value, place);
    } else {
        print_struct(printer, type, value, place);
    }
}

static void print_pointer(struct printer *printer, const struct dynamic_type *type,
                          const struct value *value, const struct dynamic_place *place)
{
    if (printer->form->has_pointers) {
        print(printer, type->kind == TYPE_INTERFACE ? "<external capability>" : "<opaque pointer>");
        return;
    }
    print(printer, printer->form->nothing);
    if (!value->is_null) {
        problem_note(printer, CAPNP_PROBLEM_NO_FORM, place,
                     type->kind == TYPE_INTERFACE ? "a capability can't be written in JSON"
                                                  : "an AnyPointer can't be written in JSON");
    }
}

static void print_bytes(struct printer *printer, const struct dynamic_type *type,
                        const struct value *value, const struct dynamic_place *place)
{
    uint32_t size = type->kind == TYPE_TEXT ? value->text.size : value->data.size;
    if (printer->measure != NULL && size > printer->measure->size_max) {
        printer->measure->size += size;
    } else if (type->kind == TYPE_DATA) {
        printer->form->data(printer->writer, value->data);
    } else if (!printer->form->text(printer->writer, value->text)) {
        problem_note(printer, CAPNP_PROBLEM_NOT_UTF8, place, "the text is not UTF-8");
    }
}

static void print_enumerant(struct printer *printer, const struct dynamic_type *type,
                            const struct value *value)
{
    struct capnp_text name;
    renew(printer, type->node->node.message);
    if (dynamic_enumerant_name(type->node, value->bits, &name)) {
        printer->form->enumerant(printer->writer, name);
    } else {
        printer->form->unknown_enumerant(printer->writer, value->bits);
    }
}

static void print_value(struct printer *printer, const struct dynamic_type *type,
                        const struct value *value, const struct dynamic_place *place)
{
    switch (type->kind) {
    case TYPE_VOID:
        print(printer, printer->form->nothing);
        break;
    case TYPE_BOOL:
        print(printer, value->bits != 0 ? "true" : "false");
        break;
    case TYPE_INT8:
    case TYPE_INT16:
    case TYPE_INT32:
    case TYPE_INT64:
    case TYPE_UINT8:
    case TYPE_UINT16:
    case TYPE_UINT32:
    case TYPE_UINT64:
    case TYPE_FLOAT32:
    case TYPE_FLOAT64:
        printer->form->number(printer->writer, type->kind, value->bits);
        break;
    case TYPE_ENUM:
        print_enumerant(printer, type, value);
        break;
    case TYPE_TEXT:
    case TYPE_DATA:
        print_bytes(printer, type, value, place);
        break;
    case TYPE_LIST:
    case TYPE_STRUCT:
        print_nested(printer, type, value, place);
        break;
    case TYPE_INTERFACE:
    case TYPE_ANY_POINTER:
        print_pointer(printer, type, value, place);
        break;
    case TYPE_KIND_COUNT:
        break;
    }
    if (printer->message->error != CAPNP_OK) {
        problem_note(printer, CAPNP_PROBLEM_MESSAGE, place,
                     capnp_error_text(printer->message->error));
    }
}

bool dynamic_print(const struct dynamic_print_form *form, struct capnp_struct_reader root,
                   const struct capnp_catalog *catalog, uint64_t type, enum capnp_layout layout,
                   struct capnp_writer *writer, struct capnp_problem *problem)
{
    struct printer printer = {.form = form,
                              .catalog = catalog,
                              .message = dynamic_whole_of(root.message),
                              .writer = writer,
                              .problem = problem,
                              .layout = layout};
    const struct capnp_catalog_node *node = capnp_catalog_node(catalog, type);
    struct dynamic_type root_type = {TYPE_STRUCT, {root.message, NULL, 0, 0, 0}, NULL, node};
    struct value value = {.reader = root};
    print_value(&printer, &root_type, &value, NULL);
    return problem->kind == CAPNP_PROBLEM_NONE;
}

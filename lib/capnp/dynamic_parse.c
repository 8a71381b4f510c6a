// SPDX-License-Identifier: Apache-2.0
//
// Parsing a value by its schema into a message: the walk; scalars and texts are dynamic_scalar.c.
//
// The lexer of the form gives tokens; parser->token is the one that is looked at. A function that
// parses a value leaves its last token there, so that nothing behind the root is ever looked at.
// Lists are gone through twice: once for their elements to be counted, since a message says how
// many there are before the first.
//
// Every field is given at most once, which a bit for each field of each open struct keeps; and of
// each union one member. Errors are found at the first token that can't be right.

#include "lib/capnp/dynamic_parse.h"

static bool parse_value(struct dynamic_parser *parser, const struct dynamic_type *type,
                        const struct dynamic_slot *slot, const struct dynamic_place *place);

static void position_set(struct capnp_problem *problem, const struct capnp_input *input, size_t at)
{
    problem->line = 1;
    problem->column = 1;
    for (size_t i = 0; i < at; i++) {
        if (input->bytes[i] == '\n') {
            problem->line++;
            problem->column = 1;
        } else if ((input->bytes[i] & 0xc0) != 0x80) {
            problem->column++;
        }
    }
}

bool dynamic_fail(struct dynamic_parser *parser, enum capnp_problem_kind kind,
                  const struct dynamic_place *place, const char *sentence)
{
    if (dynamic_problem_begin(parser->problem, kind, place)) {
        position_set(parser->problem, parser->input, parser->token.at);
        dynamic_say(parser->problem, sentence);
    }
    return false;
}

const char *dynamic_token_name(const struct dynamic_parser *parser)
{
    static const char *const names[] = {
        [DYNAMIC_TOKEN_END] = "the end of the input",
        [DYNAMIC_TOKEN_BAD] = "nothing known",
        [DYNAMIC_TOKEN_OPEN_STRUCT] = "a struct",
        [DYNAMIC_TOKEN_CLOSE_STRUCT] = "the end of a struct",
        [DYNAMIC_TOKEN_OPEN_LIST] = "a list",
        [DYNAMIC_TOKEN_CLOSE_LIST] = "the end of a list",
        [DYNAMIC_TOKEN_COMMA] = "a comma",
        [DYNAMIC_TOKEN_ASSIGN] = "a colon or equals sign",
        [DYNAMIC_TOKEN_NAME] = "a name",
        [DYNAMIC_TOKEN_NUMBER] = "a number",
        [DYNAMIC_TOKEN_STRING] = "a string",
        [DYNAMIC_TOKEN_BYTES] = "bytes",
    };
    return names[parser->token.kind];
}

// What is here can't be: "<wanted> is wanted here, not a comma", or what the lexer says.
static bool unexpected(struct dynamic_parser *parser, const struct dynamic_place *place,
                       const char *wanted)
{
    if (parser->token.kind == DYNAMIC_TOKEN_BAD) {
        return dynamic_fail(parser, CAPNP_PROBLEM_SYNTAX, place, parser->token.why);
    }
    (void)dynamic_fail(parser, CAPNP_PROBLEM_SYNTAX, place, wanted);
    dynamic_say(parser->problem, " is wanted here, not ");
    dynamic_say(parser->problem, dynamic_token_name(parser));
    return false;
}

static void advance(struct dynamic_parser *parser)
{
    parser->token = parser->form->next(parser->input);
}

bool dynamic_builder_is_good(struct dynamic_parser *parser, const struct dynamic_place *place)
{
    if (parser->builder->error != CAPNP_OK) {
        return dynamic_fail(parser, CAPNP_PROBLEM_TOO_LARGE, place,
                            capnp_error_text(parser->builder->error));
    }
    return true;
}

struct capnp_list_builder dynamic_slot_list(const struct dynamic_slot *slot,
                                            enum capnp_element element, uint32_t count)
{
    return slot->field != NULL
               ? capnp_init_list(slot->target, (uint16_t)slot->field->offset, element, count)
               : capnp_list_init_list(slot->list, slot->index, element, count);
}

// ---- structs ----

// Whether the token, a field name, is this one.
bool dynamic_token_is(const struct dynamic_parser *parser, struct capnp_text name)
{
    struct capnp_text span = parser->token.span;
    if (parser->token.kind != DYNAMIC_TOKEN_STRING) {
        return dynamic_text_equal(span, name);
    }
    uint32_t at = 0;
    uint32_t taken = 0;
    for (;;) {
        struct dynamic_piece piece = parser->form->piece(span, &at);
        if (piece.size == 0) {
            return taken == name.size;
        }
        for (uint32_t i = 0; i < piece.size; i++, taken++) {
            if (taken >= name.size || (uint8_t)name.data[taken] != piece.bytes[i]) {
                return false;
            }
        }
    }
}

// The fields of a struct while it is parsed.
struct fields {
    const struct dynamic_type *type;
    const struct dynamic_scope *scope;
    struct capnp_struct_builder target;
    uint32_t first_bit;       // of parser->given
    struct capnp_text active; // the union's member that was given; no data: none yet
};

static bool union_choose(struct dynamic_parser *parser, struct fields *fields,
                         const struct dynamic_field *field, const struct dynamic_place *place)
{
    if (field->discriminant == NO_DISCRIMINANT) {
        return true;
    }
    if (fields->active.data != NULL) {
        (void)dynamic_fail(parser, CAPNP_PROBLEM_UNION_TWICE, place, "");
        dynamic_say_text(parser->problem, field->name);
        dynamic_say(parser->problem, " and ");
        dynamic_say_text(parser->problem, fields->active);
        dynamic_say(parser->problem,
                    " exclude each other: they are members of one union; leave out one of them");
        return false;
    }
    fields->active = field->name;
    capnp_set_u16(fields->target, struct_discriminant_offset(fields->type->node->node),
                  field->discriminant, 0);
    return true;
}

static bool field_mark(struct dynamic_parser *parser, const struct fields *fields, uint32_t index,
                       const struct dynamic_field *field, const struct dynamic_place *place)
{
    uint32_t bit = fields->first_bit + index;
    uint64_t mask = UINT64_C(1) << (bit % 64);
    if ((parser->given[bit / 64] & mask) != 0) {
        (void)dynamic_fail(parser, CAPNP_PROBLEM_FIELD_TWICE, place, "field ");
        dynamic_say_text(parser->problem, field->name);
        dynamic_say(parser->problem, " stands twice in one struct");
        return false;
    }
    parser->given[bit / 64] |= mask;
    return true;
}

// The field that the token names.
static bool field_find(struct dynamic_parser *parser, const struct fields *fields,
                       struct dynamic_field *field, uint32_t *index,
                       const struct dynamic_place *place)
{
    dynamic_renew(fields->type->node->node.message);
    struct capnp_list_reader list = struct_fields(fields->type->node->node);
    for (uint32_t i = 0; i < list.count; i++) {
        struct capnp_struct_reader reader = capnp_list_get_struct(list, i);
        if (dynamic_token_is(parser, member_name(reader))) {
            *field = dynamic_field_of(parser->catalog, reader, fields->scope);
            *index = i;
            return true;
        }
    }
    (void)dynamic_fail(parser, CAPNP_PROBLEM_UNKNOWN_FIELD, place, "unknown field ");
    dynamic_renew(fields->type->node->node.message);
    dynamic_say_names(parser, list, "fields");
    return false;
}

static bool parse_struct(struct dynamic_parser *parser, const struct dynamic_type *type,
                         struct capnp_struct_builder target, const struct dynamic_place *place);

// A field's name, the sign between, and its value; the token is the name.
static bool parse_field(struct dynamic_parser *parser, struct fields *fields,
                        const struct dynamic_place *place)
{
    struct dynamic_field field;
    uint32_t index = 0;
    if (!field_find(parser, fields, &field, &index, place) ||
        !field_mark(parser, fields, index, &field, place) ||
        !union_choose(parser, fields, &field, place)) {
        return false;
    }
    struct dynamic_place inner = {place, field.name, 0};
    advance(parser);
    if (parser->token.kind != DYNAMIC_TOKEN_ASSIGN) {
        return unexpected(parser, &inner, parser->form->assign);
    }
    advance(parser);
    struct dynamic_slot slot = {.target = fields->target, .field = &field};
    return parse_value(parser, &field.type, &slot, &inner);
}

static bool parse_fields(struct dynamic_parser *parser, struct fields *fields,
                         const struct dynamic_place *place)
{
    advance(parser);
    while (parser->token.kind != DYNAMIC_TOKEN_CLOSE_STRUCT) {
        if (parser->token.kind != parser->form->name) {
            return unexpected(parser, place, "a field's name");
        }
        if (!parse_field(parser, fields, place)) {
            return false;
        }
        advance(parser);
        if (parser->token.kind == DYNAMIC_TOKEN_CLOSE_STRUCT) {
            break;
        }
        if (parser->token.kind != DYNAMIC_TOKEN_COMMA) {
            return unexpected(parser, place, "a comma or the end of the struct");
        }
        advance(parser);
        if (parser->token.kind == DYNAMIC_TOKEN_CLOSE_STRUCT && !parser->form->has_final_comma) {
            return unexpected(parser, place, "another field after the comma");
        }
    }
    return true;
}

static bool parse_struct(struct dynamic_parser *parser, const struct dynamic_type *type,
                         struct capnp_struct_builder target, const struct dynamic_place *place)
{
    struct dynamic_scope inner = dynamic_scope_of(type);
    uint32_t bits = parser->given_count;
    struct fields fields = {.type = type, .scope = &inner, .target = target, .first_bit = bits};
    if (parser->token.kind != DYNAMIC_TOKEN_OPEN_STRUCT) {
        return dynamic_wrong_type(parser, type, place);
    }
    if (struct_is_group(type->node->node)) {
        fields.scope = type->scope;
    }
    uint32_t count = struct_fields(type->node->node).count;
    if (count > CAPNP_PARSE_FIELDS_MAX - bits) {
        return dynamic_fail(parser, CAPNP_PROBLEM_TOO_DEEP, place,
                            "the structs around this one have more than 4096 fields in all");
    }
    parser->given_count += count;
    bool is_good = parse_fields(parser, &fields, place);
    for (uint32_t bit = bits; bit < parser->given_count; bit++) {
        parser->given[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
    }
    parser->given_count = bits;
    return is_good;
}

static struct capnp_struct_builder slot_struct(const struct dynamic_slot *slot,
                                               const struct dynamic_type *type)
{
    if (slot->field == NULL) {
        return capnp_list_init_struct(slot->list, slot->index);
    }
    if (slot->field->is_group) {
        return slot->target;
    }
    return capnp_init_struct(slot->target, (uint16_t)slot->field->offset,
                             struct_data_words(type->node->node),
                             struct_pointer_words(type->node->node));
}

static bool parse_struct_value(struct dynamic_parser *parser, const struct dynamic_type *type,
                               const struct dynamic_slot *slot, const struct dynamic_place *place)
{
    struct capnp_struct_builder target = slot_struct(slot, type);
    return dynamic_builder_is_good(parser, place) && parse_struct(parser, type, target, place);
}

// ---- lists ----

bool dynamic_list_count(struct dynamic_parser *parser, uint32_t *count,
                        const struct dynamic_place *place)
{
    struct capnp_input ahead = *parser->input;
    struct dynamic_token last = parser->token;
    bool has_element = false;
    uint32_t depth = 1;
    *count = 0;
    while (depth > 0) {
        struct dynamic_token token = parser->form->next(&ahead);
        if (token.kind == DYNAMIC_TOKEN_BAD || token.kind == DYNAMIC_TOKEN_END) {
            parser->token = token.kind == DYNAMIC_TOKEN_BAD ? token : last;
            return dynamic_fail(parser, CAPNP_PROBLEM_SYNTAX, place,
                                token.kind == DYNAMIC_TOKEN_BAD ? token.why
                                                                : "the list doesn't end");
        }
        if (token.kind == DYNAMIC_TOKEN_COMMA && depth == 1) {
            *count += 1;
            has_element = false;
            continue;
        }
        if (token.kind == DYNAMIC_TOKEN_CLOSE_LIST || token.kind == DYNAMIC_TOKEN_CLOSE_STRUCT) {
            depth--;
        } else {
            has_element = true;
            depth +=
                token.kind == DYNAMIC_TOKEN_OPEN_LIST || token.kind == DYNAMIC_TOKEN_OPEN_STRUCT
                    ? 1
                    : 0;
        }
    }
    *count += has_element ? 1 : 0;
    return true;
}

bool dynamic_list_next(struct dynamic_parser *parser, uint32_t index, bool *is_end,
                       const struct dynamic_place *place)
{
    advance(parser);
    *is_end = parser->token.kind == DYNAMIC_TOKEN_CLOSE_LIST;
    if (*is_end || index == 0) {
        return true;
    }
    if (parser->token.kind != DYNAMIC_TOKEN_COMMA) {
        return unexpected(parser, place, "a comma or the end of the list");
    }
    advance(parser);
    *is_end = parser->token.kind == DYNAMIC_TOKEN_CLOSE_LIST;
    if (*is_end && !parser->form->has_final_comma) {
        return unexpected(parser, place, "another element after the comma");
    }
    return true;
}

static struct capnp_list_builder list_begin(const struct dynamic_slot *slot,
                                            const struct dynamic_type *element, uint32_t count)
{
    if (element->kind != TYPE_STRUCT) {
        return dynamic_slot_list(slot, dynamic_kind_element(element->kind), count);
    }
    uint16_t data_words = struct_data_words(element->node->node);
    uint16_t pointer_words = struct_pointer_words(element->node->node);
    return slot->field != NULL ? capnp_init_struct_list(slot->target, (uint16_t)slot->field->offset,
                                                        count, data_words, pointer_words)
                               : capnp_list_init_struct_list(slot->list, slot->index, count,
                                                             data_words, pointer_words);
}

static bool parse_list(struct dynamic_parser *parser, const struct dynamic_type *type,
                       const struct dynamic_slot *slot, const struct dynamic_place *place)
{
    uint32_t count = 0;
    bool is_end = false;
    if (parser->token.kind != DYNAMIC_TOKEN_OPEN_LIST) {
        return dynamic_wrong_type(parser, type, place);
    }
    if (!dynamic_list_count(parser, &count, place)) {
        return false;
    }
    dynamic_renew(type->type.message);
    struct dynamic_type element = dynamic_element_of(parser->catalog, type);
    struct capnp_list_builder list = list_begin(slot, &element, count);
    if (!dynamic_builder_is_good(parser, place)) {
        return false;
    }
    for (uint32_t i = 0;; i++) {
        struct dynamic_place inner = {place, {NULL, 0}, i};
        struct dynamic_slot each = {.list = list, .index = i};
        if (!dynamic_list_next(parser, i, &is_end, place)) {
            return false;
        }
        if (is_end) {
            return true;
        }
        if (!parse_value(parser, &element, &each, &inner)) {
            return false;
        }
    }
}

// ---- all values ----

static bool parse_nested(struct dynamic_parser *parser, const struct dynamic_type *type,
                         const struct dynamic_slot *slot, const struct dynamic_place *place)
{
    if (parser->depth == CAPNP_NESTING_MAX) {
        return dynamic_fail(parser, CAPNP_PROBLEM_TOO_DEEP, place,
                            "more than 64 structs and lists one inside the other");
    }
    parser->depth++;
    bool is_good = type->kind == TYPE_LIST ? parse_list(parser, type, slot, place)
                                           : parse_struct_value(parser, type, slot, place);
    parser->depth--;
    return is_good;
}

static bool parse_value(struct dynamic_parser *parser, const struct dynamic_type *type,
                        const struct dynamic_slot *slot, const struct dynamic_place *place)
{
    if (parser->token.kind < DYNAMIC_TOKEN_NAME &&
        parser->token.kind != DYNAMIC_TOKEN_OPEN_STRUCT &&
        parser->token.kind != DYNAMIC_TOKEN_OPEN_LIST) {
        return unexpected(parser, place, "a value");
    }
    switch (type->kind) {
    case TYPE_LIST:
    case TYPE_STRUCT:
        return parse_nested(parser, type, slot, place);
    case TYPE_TEXT:
    case TYPE_DATA:
        return dynamic_parse_bytes(parser, type, slot, place);
    case TYPE_INTERFACE:
    case TYPE_ANY_POINTER:
        return dynamic_fail(parser, CAPNP_PROBLEM_NO_FORM, place,
                            type->kind == TYPE_INTERFACE
                                ? "a capability can't be written down; leave the field out"
                                : "an AnyPointer can't be written down; leave the field out");
    default:
        return dynamic_parse_scalar(parser, type, slot, place);
    }
}

bool dynamic_parse(const struct dynamic_parse_form *form, struct capnp_input *input,
                   const struct capnp_catalog *catalog, uint64_t type,
                   struct capnp_builder *builder, struct capnp_problem *problem)
{
    struct dynamic_parser parser = {.form = form,
                                    .input = input,
                                    .catalog = catalog,
                                    .builder = builder,
                                    .problem = problem,
                                    .depth = 1};
    const struct capnp_catalog_node *node = capnp_catalog_node(catalog, type);
    struct dynamic_type root = {TYPE_STRUCT, {node->node.message, NULL, 0, 0, 0}, NULL, node};
    parser.token.at = input->at;
    input->bytes = input->bytes != NULL ? input->bytes : ""; // there may be nothing at all
    if (input->size > INT32_MAX) {
        return dynamic_fail(&parser, CAPNP_PROBLEM_TOO_LARGE, NULL,
                            "the input is larger than 2 GiB");
    }
    dynamic_renew(node->node.message);
    struct capnp_struct_builder target = capnp_builder_root(builder, struct_data_words(node->node),
                                                            struct_pointer_words(node->node));
    advance(&parser);
    return dynamic_builder_is_good(&parser, NULL) && parse_struct(&parser, &root, target, NULL);
}

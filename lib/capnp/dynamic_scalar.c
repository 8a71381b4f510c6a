// SPDX-License-Identifier: Apache-2.0
//
// Parsing scalars, text and data (dynamic_parse.h), each within the range of its type.
//
// Numbers are exact: a whole number is one however it is written (1.5e3), and is refused if it
// isn't one or doesn't fit; a floating number is refused if it would become infinite.

#include "lib/capnp/dynamic_parse.h"

#include <string.h>

enum {
    WORD_BYTES = 64, // of names that are compared for likeness, and of numbers in strings
    BYTE_MAX = 255
};

// ---- what is wrong ----

// The token as it stands in the input, between quotation marks, cut if it is long.
static void say_token(struct dynamic_parser *parser)
{
    struct capnp_text span = parser->token.span;
    dynamic_say(parser->problem, parser->token.is_negative ? "\"-" : "\"");
    dynamic_say_text(
        parser->problem,
        (struct capnp_text){span.data, span.size < WORD_BYTES ? span.size : WORD_BYTES});
    dynamic_say(parser->problem, span.size < WORD_BYTES ? "\"" : "...\"");
}

bool dynamic_wrong_type(struct dynamic_parser *parser, const struct dynamic_type *type,
                        const struct dynamic_place *place)
{
    (void)dynamic_fail(parser, CAPNP_PROBLEM_WRONG_TYPE, place, "");
    if (type->node != NULL) {
        dynamic_say(parser->problem, dynamic_kind_name(type->kind));
        dynamic_say(parser->problem, " ");
        dynamic_say_text(parser->problem, dynamic_node_name(type->node->node));
    } else {
        dynamic_say(parser->problem, dynamic_kind_name(type->kind));
    }
    dynamic_say(parser->problem, " is wanted, not ");
    if (parser->token.kind == DYNAMIC_TOKEN_NAME) {
        dynamic_say_text(parser->problem, parser->token.span);
        if (dynamic_kind_is_pointer(type->kind) &&
            dynamic_token_is(parser, dynamic_text_of("null"))) {
            dynamic_say(parser->problem, "; leave the field out");
        }
    } else {
        dynamic_say(parser->problem, dynamic_token_name(parser));
    }
    return false;
}

// The bytes that a string stands for; UINT32_MAX if there are more than fit.
static uint32_t string_take(const struct dynamic_parser *parser, char *bytes, uint32_t room)
{
    uint32_t at = 0;
    uint32_t size = 0;
    for (;;) {
        struct dynamic_piece piece = parser->form->piece(parser->token.span, &at);
        if (piece.size == 0) {
            return size;
        }
        if (piece.size > room - size) {
            return UINT32_MAX;
        }
        memcpy(bytes + size, piece.bytes, piece.size);
        size += piece.size;
    }
}

// The token as a word: what a string stands for, or the span itself.
static struct capnp_text word_of(const struct dynamic_parser *parser, char room[WORD_BYTES])
{
    uint32_t size = parser->token.span.size;
    if (parser->token.kind == DYNAMIC_TOKEN_STRING) {
        size = string_take(parser, room, WORD_BYTES);
    } else if (size <= WORD_BYTES) {
        memcpy(room, parser->token.span.data, size);
    }
    return (struct capnp_text){room, size <= WORD_BYTES ? size : 0};
}

// How many letters have to be changed, added or taken away to make one word of the other
// (Levenshtein's distance); WORD_BYTES if one is too long to be looked at.
static uint32_t distance(struct capnp_text left, struct capnp_text right)
{
    uint8_t row[WORD_BYTES + 1];
    if (left.size > WORD_BYTES || right.size > WORD_BYTES) {
        return WORD_BYTES;
    }
    for (uint32_t j = 0; j <= right.size; j++) {
        row[j] = (uint8_t)j;
    }
    for (uint32_t i = 0; i < left.size; i++) {
        uint8_t diagonal = row[0];
        row[0] = (uint8_t)(i + 1);
        for (uint32_t j = 0; j < right.size; j++) {
            uint8_t changed = (uint8_t)(diagonal + (left.data[i] != right.data[j] ? 1 : 0));
            uint8_t shorter = row[j] < row[j + 1] ? row[j] : row[j + 1];
            diagonal = row[j + 1];
            row[j + 1] = changed <= shorter ? changed : (uint8_t)(shorter + 1);
        }
    }
    return row[right.size];
}

void dynamic_say_names(struct dynamic_parser *parser, struct capnp_list_reader members,
                       const char *what)
{
    char room[WORD_BYTES];
    struct capnp_text word = word_of(parser, room);
    struct capnp_text best = {"", 0};
    uint32_t least = word.size / 3 + 1; // at most so far away
    say_token(parser);
    for (uint32_t i = 0; i < members.count; i++) {
        struct capnp_text name = member_name(capnp_list_get_struct(members, i));
        uint32_t found = distance(word, name);
        if (found <= least && found < word.size && (best.size == 0 || found < least)) {
            best = name;
            least = found;
        }
    }
    if (best.size > 0) {
        dynamic_say(parser->problem, "; did you mean ");
        dynamic_say_text(parser->problem, best);
        dynamic_say(parser->problem, "?");
    }
    dynamic_say(parser->problem, best.size > 0 ? " The " : "; the ");
    dynamic_say(parser->problem, what);
    dynamic_say(parser->problem, " are:");
    for (uint32_t i = 0; i < members.count; i++) {
        dynamic_say(parser->problem, i > 0 ? ", " : " ");
        dynamic_say_text(parser->problem, member_name(capnp_list_get_struct(members, i)));
    }
    dynamic_say(parser->problem, members.count == 0 ? " none" : "");
}

static bool out_of_range(struct dynamic_parser *parser, const struct dynamic_type *type,
                         const struct dynamic_place *place)
{
    char digits[DYNAMIC_NUMBER_BYTES];
    uint32_t bits = dynamic_kind_bits(type->kind);
    bool is_signed = type->kind <= TYPE_INT64;
    bool is_float = type->kind == TYPE_FLOAT32 || type->kind == TYPE_FLOAT64;
    uint64_t most = UINT64_MAX >> (64 - bits + (is_signed ? 1 : 0));
    (void)dynamic_fail(parser, CAPNP_PROBLEM_OUT_OF_RANGE, place, "");
    say_token(parser);
    dynamic_say(parser->problem, " is out of range; ");
    dynamic_say(parser->problem, dynamic_kind_name(type->kind));
    if (is_float) {
        dynamic_say(parser->problem, type->kind == TYPE_FLOAT32
                                         ? " goes up to 3.4028235e38"
                                         : " goes up to 1.7976931348623157e308");
        return false;
    }
    dynamic_say(parser->problem, " goes from ");
    uint32_t size = is_signed ? dynamic_signed_print(digits, -(int64_t)most - 1) : 1;
    dynamic_say_text(parser->problem, (struct capnp_text){is_signed ? digits : "0", size});
    dynamic_say(parser->problem, " to ");
    size = dynamic_unsigned_print(digits, most);
    dynamic_say_text(parser->problem, (struct capnp_text){digits, size});
    return false;
}

// ---- numbers ----

// The current token as a number: its digits or word, and its sign.
struct number {
    struct capnp_text text;
    bool is_negative;
    bool is_word; // such as inf
    char room[WORD_BYTES];
};

static bool is_octal(const struct dynamic_parser *parser, struct capnp_text text)
{
    bool is = parser->form->has_octal && text.size > 1 && text.data[0] == '0';
    for (uint32_t i = 0; i < text.size; i++) {
        is = is && text.data[i] >= '0' && text.data[i] <= '9';
    }
    return is;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// False if the token is no number.
static bool number_take(const struct dynamic_parser *parser, struct number *number)
{
    number->text = parser->token.span;
    number->is_negative = parser->token.is_negative;
    if (parser->token.kind == DYNAMIC_TOKEN_STRING && parser->form->has_numbers_in_strings) {
        number->text = word_of(parser, number->room);
        if (number->text.size > 0 && number->text.data[0] == '-') {
            number->is_negative = true;
            number->text = (struct capnp_text){number->text.data + 1, number->text.size - 1};
        }
        number->is_word = !parser->form->is_number(number->text);
        return number->text.size > 0;
    }
    number->is_word = number->text.size > 0 && !is_digit(number->text.data[0]);
    return parser->token.kind == DYNAMIC_TOKEN_NUMBER ||
           (parser->token.kind == DYNAMIC_TOKEN_NAME && !parser->form->has_numbers_in_strings);
}

static enum dynamic_number_result octal_take(struct capnp_text text, uint64_t *magnitude)
{
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.data[i] > '7') {
            return DYNAMIC_NUMBER_NOT_WHOLE;
        }
        if (*magnitude >> 61 != 0) {
            return DYNAMIC_NUMBER_OUT_OF_RANGE;
        }
        *magnitude = *magnitude << 3 | (uint64_t)(text.data[i] - '0');
    }
    return DYNAMIC_NUMBER_OK;
}

static enum dynamic_number_result whole_take(const struct dynamic_parser *parser,
                                             const struct number *number,
                                             struct dynamic_whole *whole)
{
    enum dynamic_number_result result = DYNAMIC_NUMBER_OK;
    if (is_octal(parser, number->text)) {
        *whole = (struct dynamic_whole){0, false};
        result = octal_take(number->text, &whole->magnitude);
    } else {
        result = dynamic_whole_parse(number->text.data, number->text.size, whole);
    }
    whole->is_negative = number->is_negative;
    return result;
}

static bool parse_integer(struct dynamic_parser *parser, const struct dynamic_type *type,
                          uint64_t *bits, const struct dynamic_place *place)
{
    struct number number;
    struct dynamic_whole whole;
    if (!number_take(parser, &number) || number.is_word) {
        return dynamic_wrong_type(parser, type, place);
    }
    enum dynamic_number_result result = whole_take(parser, &number, &whole);
    if (result == DYNAMIC_NUMBER_NOT_WHOLE) {
        (void)dynamic_fail(parser, CAPNP_PROBLEM_WRONG_TYPE, place, "");
        say_token(parser);
        dynamic_say(parser->problem, " is no whole number, as ");
        dynamic_say(parser->problem, dynamic_kind_name(type->kind));
        dynamic_say(parser->problem, " wants");
        return false;
    }
    bool is_signed = type->kind <= TYPE_INT64;
    uint64_t most = UINT64_MAX >> (64 - dynamic_kind_bits(type->kind) + (is_signed ? 1 : 0));
    uint64_t least = is_signed ? most + 1 : 0; // the magnitude of the least one
    if (result == DYNAMIC_NUMBER_OUT_OF_RANGE ||
        whole.magnitude > (whole.is_negative ? least : most)) {
        return out_of_range(parser, type, place);
    }
    *bits = whole.is_negative ? 0 - whole.magnitude : whole.magnitude;
    return true;
}

// The words for what has no digits.
static bool special_take(const struct number *number, double *value)
{
    static const struct {
        const char *word;
        uint64_t bits;
    } words[] = {{"inf", UINT64_C(0x7ff) << 52},
                 {"Infinity", UINT64_C(0x7ff) << 52},
                 {"nan", UINT64_C(0x7ff8) << 48},
                 {"NaN", UINT64_C(0x7ff8) << 48}};
    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (dynamic_text_equal(number->text, dynamic_text_of(words[i].word))) {
            *value = capnp_f64_of(words[i].bits);
            return true;
        }
    }
    return false;
}

static enum dynamic_number_result double_take(const struct dynamic_parser *parser,
                                              const struct number *number, double *value)
{
    bool is_hex = number->text.size > 2 && (number->text.data[1] | 0x20) == 'x';
    if (!is_hex && !is_octal(parser, number->text)) {
        return dynamic_double_parse(number->text.data, number->text.size, value);
    }
    struct dynamic_whole whole;
    enum dynamic_number_result result = whole_take(parser, number, &whole);
    *value = (double)whole.magnitude;
    return result;
}

static bool parse_float(struct dynamic_parser *parser, const struct dynamic_type *type,
                        uint64_t *bits, const struct dynamic_place *place)
{
    struct number number;
    double value = 0;
    if (!number_take(parser, &number) || (number.is_word && !special_take(&number, &value))) {
        return dynamic_wrong_type(parser, type, place);
    }
    enum dynamic_number_result result = DYNAMIC_NUMBER_OK;
    if (!number.is_word) {
        result = double_take(parser, &number, &value);
    }
    uint64_t sign = number.is_negative ? UINT64_C(1) << 63 : 0;
    uint32_t narrow = capnp_bits_of_f32((float)capnp_f64_of(capnp_bits_of_f64(value) | sign));
    if (result == DYNAMIC_NUMBER_NOT_WHOLE) {
        return dynamic_wrong_type(parser, type, place);
    }
    if (result == DYNAMIC_NUMBER_OUT_OF_RANGE ||
        (!number.is_word && type->kind == TYPE_FLOAT32 && (narrow & 0x7f800000) == 0x7f800000)) {
        return out_of_range(parser, type, place);
    }
    *bits = type->kind == TYPE_FLOAT32 ? narrow : capnp_bits_of_f64(value) | sign;
    return true;
}

// ---- other scalars ----

static bool parse_enum(struct dynamic_parser *parser, const struct dynamic_type *type,
                       uint64_t *bits, const struct dynamic_place *place)
{
    if (parser->token.kind == DYNAMIC_TOKEN_NUMBER && parser->form->has_numbers_in_strings) {
        const struct dynamic_type number = {.kind = TYPE_UINT16};
        return parse_integer(parser, &number, bits, place);
    }
    if (parser->token.kind != parser->form->name) {
        return dynamic_wrong_type(parser, type, place);
    }
    dynamic_renew(type->node->node.message);
    struct capnp_list_reader enumerants = enum_enumerants(type->node->node);
    for (uint32_t i = 0; i < enumerants.count; i++) {
        if (dynamic_token_is(parser, member_name(capnp_list_get_struct(enumerants, i)))) {
            *bits = i;
            return true;
        }
    }
    (void)dynamic_fail(parser, CAPNP_PROBLEM_UNKNOWN_ENUMERANT, place, "unknown value ");
    dynamic_renew(type->node->node.message);
    dynamic_say_names(parser, enumerants, "values");
    return false;
}

static bool parse_word(struct dynamic_parser *parser, const struct dynamic_type *type,
                       uint64_t *bits, const struct dynamic_place *place)
{
    bool is_name = parser->token.kind == DYNAMIC_TOKEN_NAME;
    bool is_good = false;
    if (type->kind == TYPE_VOID) {
        is_good = is_name && dynamic_token_is(parser, dynamic_text_of(parser->form->nothing));
    } else if (is_name) {
        *bits = dynamic_token_is(parser, dynamic_text_of("true")) ? 1 : 0;
        is_good = *bits == 1 || dynamic_token_is(parser, dynamic_text_of("false"));
    }
    return is_good ? true : dynamic_wrong_type(parser, type, place);
}

static void field_set(struct capnp_struct_builder target, const struct dynamic_field *field,
                      uint64_t bits)
{
    uint64_t absent = dynamic_value_bits(slot_default(field->field), field->type.kind);
    switch (dynamic_kind_bits(field->type.kind)) {
    case 1:
        capnp_set_bool(target, field->offset, bits != 0, absent != 0);
        break;
    case 8:
        capnp_set_u8(target, field->offset, (uint8_t)bits, (uint8_t)absent);
        break;
    case 16:
        capnp_set_u16(target, field->offset, (uint16_t)bits, (uint16_t)absent);
        break;
    case 32:
        capnp_set_u32(target, field->offset, (uint32_t)bits, (uint32_t)absent);
        break;
    case 64:
        capnp_set_u64(target, field->offset, bits, absent);
        break;
    default:
        break;
    }
}

static void element_set(struct capnp_list_builder list, uint32_t index, enum type_kind kind,
                        uint64_t bits)
{
    switch (dynamic_kind_bits(kind)) {
    case 1:
        capnp_list_set_bool(list, index, bits != 0);
        break;
    case 8:
        capnp_list_set_u8(list, index, (uint8_t)bits);
        break;
    case 16:
        capnp_list_set_u16(list, index, (uint16_t)bits);
        break;
    case 32:
        capnp_list_set_u32(list, index, (uint32_t)bits);
        break;
    case 64:
        capnp_list_set_u64(list, index, bits);
        break;
    default:
        break;
    }
}

bool dynamic_parse_scalar(struct dynamic_parser *parser, const struct dynamic_type *type,
                          const struct dynamic_slot *slot, const struct dynamic_place *place)
{
    uint64_t bits = 0;
    bool is_good = false;
    if (type->kind == TYPE_VOID || type->kind == TYPE_BOOL) {
        is_good = parse_word(parser, type, &bits, place);
    } else if (type->kind == TYPE_ENUM) {
        is_good = parse_enum(parser, type, &bits, place);
    } else if (type->kind == TYPE_FLOAT32 || type->kind == TYPE_FLOAT64) {
        is_good = parse_float(parser, type, &bits, place);
    } else {
        is_good = parse_integer(parser, type, &bits, place);
    }
    if (is_good && slot->field != NULL) {
        field_set(slot->target, slot->field, bits);
    } else if (is_good) {
        element_set(slot->list, slot->index, type->kind, bits);
    }
    return is_good;
}

// ---- text and data ----

// Data as a list of numbers.
static bool parse_data_list(struct dynamic_parser *parser, const struct dynamic_slot *slot,
                            const struct dynamic_place *place)
{
    static const struct dynamic_type byte = {.kind = TYPE_UINT8};
    uint32_t count = 0;
    bool is_end = false;
    if (!dynamic_list_count(parser, &count, place)) {
        return false;
    }
    struct capnp_list_builder list = dynamic_slot_list(slot, CAPNP_ELEMENT_BYTE, count);
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
        if (!dynamic_parse_scalar(parser, &byte, &each, &inner)) {
            return false;
        }
    }
}

static bool is_utf8(const char *bytes, uint32_t size)
{
    uint32_t at = 0;
    while (at < size) {
        uint32_t step = dynamic_utf8_size(bytes + at, size - at);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

bool dynamic_parse_bytes(struct dynamic_parser *parser, const struct dynamic_type *type,
                         const struct dynamic_slot *slot, const struct dynamic_place *place)
{
    bool is_text = type->kind == TYPE_TEXT;
    enum dynamic_token_kind kind = parser->token.kind;
    if (!is_text && parser->form->has_data_lists && kind == DYNAMIC_TOKEN_OPEN_LIST) {
        return parse_data_list(parser, slot, place);
    }
    bool is_string = kind == DYNAMIC_TOKEN_STRING && (is_text || !parser->form->has_data_lists);
    if (!is_string && (kind != DYNAMIC_TOKEN_BYTES || is_text)) {
        return dynamic_wrong_type(parser, type, place);
    }
    struct dynamic_piece (*next)(struct capnp_text, uint32_t *) =
        is_string ? parser->form->piece : parser->form->byte;
    uint32_t size = 0;
    uint32_t at = 0;
    for (struct dynamic_piece piece = next(parser->token.span, &at); piece.size > 0;
         piece = next(parser->token.span, &at)) {
        size += piece.size;
    }
    struct capnp_list_builder list =
        dynamic_slot_list(slot, CAPNP_ELEMENT_BYTE, size + (is_text ? 1 : 0));
    if (!dynamic_builder_is_good(parser, place)) {
        return false;
    }
    at = 0;
    uint32_t set = 0;
    for (struct dynamic_piece piece = next(parser->token.span, &at); piece.size > 0;
         piece = next(parser->token.span, &at)) {
        for (uint32_t i = 0; i < piece.size; i++) {
            capnp_list_set_u8(list, set++, piece.bytes[i]);
        }
    }
    if (is_text && !is_utf8((const char *)list.data, size)) {
        return dynamic_fail(parser, CAPNP_PROBLEM_NOT_UTF8, place, "the text is not UTF-8");
    }
    return true;
}

// SPDX-License-Identifier: Apache-2.0
//
// Messages as JSON (dynamic.h), as `capnp convert` of Cap'n Proto 0.9 writes and reads it.
//
// {"name": "a", "list": [1, 2], "wide": "18446744073709551615", "data": [0, 255], "nothing": null}
//
// Of a union the active member is there and no other. The grammar is that of RFC 8259: no comments,
// no comma before a closing bracket. Numbers may stand in strings, where 0x is allowed and 64 bits
// survive readers of other makes; infinities and NaN are the strings Infinity, -Infinity and NaN.

#include "lib/capnp/dynamic_form.h"

// ---- printing ----

static void print_hex(struct capnp_writer *writer, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
    writer->write(writer, escape, sizeof(escape));
}

// The letter that stands for a byte after a backslash; 0 if there is none.
static char escape_letter(uint8_t byte)
{
    static const char letters[] = "btn\0fr"; // of 8 to 13
    if (byte >= 8 && byte <= 13) {
        return letters[byte - 8];
    }
    return byte == '"' || byte == '\\' ? (char)byte : 0;
}

static bool json_print_text(struct capnp_writer *writer, struct capnp_text text)
{
    bool is_good = true;
    uint32_t from = 0; // what is not written yet
    uint32_t at = 0;
    dynamic_write(writer, "\"");
    while (at < text.size) {
        uint8_t byte = (uint8_t)text.data[at];
        char letter = escape_letter(byte);
        uint32_t plain = dynamic_utf8_size(text.data + at, text.size - at);
        if (plain > 0 && byte >= 0x20 && letter == 0) {
            at += plain;
            continue;
        }
        writer->write(writer, text.data + from, at - from);
        if (letter != 0) {
            writer->write(writer, (char[]){'\\', letter}, 2);
        } else if (plain > 0) {
            print_hex(writer, byte);
        } else {
            dynamic_write(writer, "\xef\xbf\xbd"); // U+FFFD, the replacement character
            is_good = false;
        }
        from = ++at;
    }
    writer->write(writer, text.data + from, at - from);
    dynamic_write(writer, "\"");
    return is_good;
}

static void json_print_name(struct capnp_writer *writer, struct capnp_text name)
{
    (void)json_print_text(writer, name);
}

static void json_print_data(struct capnp_writer *writer, struct capnp_data data)
{
    dynamic_write(writer, "[");
    for (uint32_t i = 0; i < data.size; i++) {
        dynamic_write(writer, i > 0 ? "," : "");
        dynamic_write_number(writer, data.data[i]);
    }
    dynamic_write(writer, "]");
}

static void json_print_double(struct capnp_writer *writer, double value)
{
    char digits[DYNAMIC_NUMBER_BYTES];
    uint32_t size = dynamic_double_print(digits, value);
    char last = digits[size - 1];
    if (last == 'f') {
        dynamic_write(writer, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    } else if (last == 'n') {
        dynamic_write(writer, "\"NaN\"");
    } else {
        writer->write(writer, digits, size);
    }
}

static void json_print_number(struct capnp_writer *writer, enum type_kind kind, uint64_t bits)
{
    char digits[DYNAMIC_NUMBER_BYTES];
    if (kind == TYPE_FLOAT32) {
        json_print_double(writer, (double)capnp_f32_of((uint32_t)bits));
    } else if (kind == TYPE_FLOAT64) {
        json_print_double(writer, capnp_f64_of(bits));
    } else {
        bool is_wide = dynamic_kind_bits(kind) == 64;
        dynamic_write(writer, is_wide ? "\"" : "");
        writer->write(writer, digits, dynamic_integer_print(digits, kind, bits));
        dynamic_write(writer, is_wide ? "\"" : "");
    }
}

static const struct dynamic_print_form print_form = {
    .open = "{",
    .close = "}",
    .assign = {":", ": "},
    .separator = {",", ", "},
    .nothing = "null",
    .is_union_last = true,
    .name = json_print_name,
    .text = json_print_text,
    .data = json_print_data,
    .number = json_print_number,
    .enumerant = json_print_name,
    .unknown_enumerant = dynamic_write_number,
};

bool capnp_json_print(struct capnp_struct_reader root, const struct capnp_catalog *catalog,
                      uint64_t type, enum capnp_layout layout, struct capnp_writer *writer,
                      struct capnp_problem *problem)
{
    return dynamic_print(&print_form, root, catalog, type, layout, writer, problem);
}

// ---- parsing ----

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static size_t blanks_skip(const struct capnp_input *input)
{
    size_t at = input->at;
    while (at < input->size && (input->bytes[at] == ' ' || input->bytes[at] == '\t' ||
                                input->bytes[at] == '\n' || input->bytes[at] == '\r')) {
        at++;
    }
    return at;
}

bool capnp_json_at_end(const struct capnp_input *input)
{
    return blanks_skip(input) == input->size;
}

static struct dynamic_token bad(size_t at, const char *why)
{
    return (struct dynamic_token){DYNAMIC_TOKEN_BAD, at, {"", 0}, false, why};
}

static struct dynamic_token token(const struct capnp_input *input, enum dynamic_token_kind kind,
                                  size_t start, size_t end)
{
    return (struct dynamic_token){
        kind, start, {input->bytes + start, (uint32_t)(end - start)}, false, NULL};
}

// The size of the escape at a backslash; 0 if it is none. Both halves of a surrogate pair are one.
static uint32_t escape_size(const char *bytes, size_t left)
{
    if (left < 2) {
        return 0;
    }
    if (bytes[1] == 'u') {
        uint32_t size = 2;
        while (size < left && size < 6 && is_hex(bytes[size])) {
            size++;
        }
        return size == 6 ? 6 : 0;
    }
    for (const char *known = "\"\\/bfnrt"; *known != 0; known++) {
        if (bytes[1] == *known) {
            return 2;
        }
    }
    return 0;
}

static uint32_t hex_value(char c)
{
    return (uint32_t)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

static uint32_t unit_of(const char *bytes)
{
    return hex_value(bytes[2]) << 12 | hex_value(bytes[3]) << 8 | hex_value(bytes[4]) << 4 |
           hex_value(bytes[5]);
}

// The code that the \u at `bytes` stands for, and how many bytes it takes; 0 bytes if it is half a
// surrogate pair.
static uint32_t code_of(const char *bytes, size_t left, uint32_t *size)
{
    uint32_t code = unit_of(bytes);
    *size = 6;
    if (code < 0xd800 || code >= 0xe000) {
        return code;
    }
    *size = 0;
    if (code < 0xdc00 && left >= 12 && bytes[6] == '\\' && escape_size(bytes + 6, left - 6) == 6) {
        uint32_t low = unit_of(bytes + 6);
        *size = low >= 0xdc00 && low < 0xe000 ? 12 : 0;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return code;
}

static struct dynamic_token string_next(struct capnp_input *input, size_t start)
{
    const char *bytes = input->bytes;
    size_t at = start + 1;
    while (at < input->size && bytes[at] != '"') {
        uint32_t size = 1;
        if ((uint8_t)bytes[at] < 0x20) {
            return bad(at, bytes[at] == '\n' ? "the string doesn't end on its line"
                                             : "a control character in a string; write \\u00..");
        }
        if (bytes[at] == '\\') {
            size = escape_size(bytes + at, input->size - at);
            if (size == 0) {
                return bad(at, "an unknown escape");
            }
            if (size == 6) {
                (void)code_of(bytes + at, input->size - at, &size);
            }
            if (size == 0) {
                return bad(at, "half of a surrogate pair");
            }
        }
        at += size;
    }
    if (at >= input->size) {
        return bad(start, "the string doesn't end");
    }
    input->at = at + 1;
    struct dynamic_token found = token(input, DYNAMIC_TOKEN_STRING, start + 1, at);
    found.at = start;
    return found;
}

static uint32_t digits_end(const char *bytes, uint32_t size, uint32_t at)
{
    while (at < size && is_digit(bytes[at])) {
        at++;
    }
    return at;
}

// The size of the number, without a minus sign, that `bytes` begin with; 0 if there is none.
static uint32_t number_size(const char *bytes, uint32_t size)
{
    uint32_t at = digits_end(bytes, size, 0);
    if (at == 0 || (at > 1 && bytes[0] == '0')) {
        return 0;
    }
    if (at < size && bytes[at] == '.') {
        uint32_t end = digits_end(bytes, size, at + 1);
        if (end == at + 1) {
            return 0;
        }
        at = end;
    }
    if (at < size && (bytes[at] | 0x20) == 'e') {
        at += at + 1 < size && (bytes[at + 1] == '+' || bytes[at + 1] == '-') ? 2 : 1;
        uint32_t end = digits_end(bytes, size, at);
        if (end == at) {
            return 0;
        }
        at = end;
    }
    return at;
}

static struct dynamic_token number_next(struct capnp_input *input, size_t start)
{
    bool is_negative = input->bytes[start] == '-';
    size_t at = start + (is_negative ? 1 : 0);
    size_t left = input->size - at;
    uint32_t size = number_size(input->bytes + at, (uint32_t)left);
    size_t end = at + size;
    if (size == 0 ||
        (end < input->size && (is_digit(input->bytes[end]) || is_letter(input->bytes[end]) ||
                               input->bytes[end] == '.'))) {
        return bad(start, "not a number of JSON");
    }
    input->at = end;
    struct dynamic_token found = token(input, DYNAMIC_TOKEN_NUMBER, at, end);
    found.at = start;
    found.is_negative = is_negative;
    return found;
}

static struct dynamic_token json_next(struct capnp_input *input)
{
    static const char brackets[] = "{}[],:";
    static const enum dynamic_token_kind kinds[] = {
        DYNAMIC_TOKEN_OPEN_STRUCT, DYNAMIC_TOKEN_CLOSE_STRUCT, DYNAMIC_TOKEN_OPEN_LIST,
        DYNAMIC_TOKEN_CLOSE_LIST,  DYNAMIC_TOKEN_COMMA,        DYNAMIC_TOKEN_ASSIGN};
    size_t at = blanks_skip(input);
    input->at = at;
    if (at == input->size) {
        return token(input, DYNAMIC_TOKEN_END, at, at);
    }
    char c = input->bytes[at];
    for (uint32_t i = 0; i < sizeof(brackets) - 1; i++) {
        if (c == brackets[i]) {
            input->at = at + 1;
            return token(input, kinds[i], at, at + 1);
        }
    }
    if (c == '"') {
        return string_next(input, at);
    }
    if (c == '-' || is_digit(c)) {
        return number_next(input, at);
    }
    size_t end = at;
    while (end < input->size && is_letter(input->bytes[end])) {
        end++;
    }
    if (end == at) {
        return bad(at, c == '#' || c == '/' ? "JSON has no comments" : "no value starts with this");
    }
    input->at = end;
    return token(input, DYNAMIC_TOKEN_NAME, at, end);
}

static struct dynamic_piece utf8_of(uint32_t code)
{
    if (code < 0x80) {
        return (struct dynamic_piece){1, {(uint8_t)code}};
    }
    struct dynamic_piece piece = {code < 0x800 ? 2 : code < 0x10000 ? 3 : 4, {0}};
    for (uint32_t i = piece.size - 1; i > 0; i--) {
        piece.bytes[i] = (uint8_t)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    piece.bytes[0] = (uint8_t)(0xf00 >> piece.size | code);
    return piece;
}

static struct dynamic_piece json_piece(struct capnp_text span, uint32_t *at)
{
    static const char names[] = "btnfr";
    static const uint8_t values[] = {8, 9, 10, 12, 13};
    if (*at >= span.size) {
        return (struct dynamic_piece){0, {0}};
    }
    const char *bytes = span.data + *at;
    if (bytes[0] != '\\') {
        *at += 1;
        return (struct dynamic_piece){1, {(uint8_t)bytes[0]}};
    }
    if (bytes[1] == 'u') {
        uint32_t size = 0;
        uint32_t code = code_of(bytes, span.size - *at, &size);
        *at += size;
        return utf8_of(code);
    }
    uint8_t byte = (uint8_t)bytes[1];
    for (uint32_t i = 0; i < sizeof(values); i++) {
        byte = bytes[1] == names[i] ? values[i] : byte;
    }
    *at += 2;
    return (struct dynamic_piece){1, {byte}};
}

static bool json_is_number(struct capnp_text text)
{
    if (text.size > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        for (uint32_t i = 2; i < text.size; i++) {
            if (!is_hex(text.data[i])) {
                return false;
            }
        }
        return true;
    }
    return text.size > 0 && number_size(text.data, text.size) == text.size;
}

static const struct dynamic_parse_form parse_form = {
    .nothing = "null",
    .assign = "a colon",
    .name = DYNAMIC_TOKEN_STRING,
    .has_numbers_in_strings = true,
    .has_data_lists = true,
    .next = json_next,
    .piece = json_piece,
    .is_number = json_is_number,
};

bool capnp_json_parse(struct capnp_input *input, const struct capnp_catalog *catalog, uint64_t type,
                      struct capnp_builder *builder, struct capnp_problem *problem)
{
    return dynamic_parse(&parse_form, input, catalog, type, builder, problem);
}

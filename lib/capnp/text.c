// SPDX-License-Identifier: Apache-2.0
//
// The text form of messages (dynamic.h): what `capnp decode` prints and `capnp encode` reads, the
// notation of the schema language for values.
//
// (name = "a", list = [1, 0x2], group = (inner = -1.5), data = 0x"00 ff", color = green)
//
// Blanks and comments (# to the end of the line) may stand anywhere, a comma before a closing
// bracket; neighbouring strings are one. Escapes in strings are those of C, without \u; bytes above
// 127 are themselves in text, and escaped in data.

#include "lib/capnp/dynamic_form.h"

// ---- printing ----

static void print_octal(struct capnp_writer *writer, uint8_t byte)
{
    char escape[] = {'\\', (char)('0' + byte / 64), (char)('0' + byte / 8 % 8),
                     (char)('0' + byte % 8)};
    writer->write(writer, escape, sizeof(escape));
}

// The letter that stands for a byte after a backslash; 0 if there is none.
static char escape_letter(uint8_t byte)
{
    static const char letters[] = "abtnvfr"; // of 7 to 13
    if (byte >= 7 && byte <= 13) {
        return letters[byte - 7];
    }
    return byte == '"' || byte == '\\' || byte == '\'' ? (char)byte : 0;
}

// Returns false if something in `bytes` isn't UTF-8; where is_text, only that is escaped.
static bool print_string(struct capnp_writer *writer, const char *bytes, uint32_t size,
                         bool is_text)
{
    uint32_t from = 0; // what is not written yet
    uint32_t at = 0;
    dynamic_write(writer, "\"");
    while (at < size) {
        uint8_t byte = (uint8_t)bytes[at];
        char letter = escape_letter(byte);
        uint32_t plain = byte >= 0x20 && byte < 0x7f && letter == 0 ? 1 : 0;
        if (byte >= 0x80 && is_text) {
            plain = dynamic_utf8_size(bytes + at, size - at);
        }
        if (plain > 0) {
            at += plain;
            continue;
        }
        writer->write(writer, bytes + from, at - from);
        if (letter != 0) {
            writer->write(writer, (char[]){'\\', letter}, 2);
        } else {
            print_octal(writer, byte);
        }
        from = ++at;
    }
    writer->write(writer, bytes + from, at - from);
    dynamic_write(writer, "\"");
    return true;
}

static bool text_print_text(struct capnp_writer *writer, struct capnp_text text)
{
    return print_string(writer, text.data, text.size, true);
}

static void text_print_data(struct capnp_writer *writer, struct capnp_data data)
{
    (void)print_string(writer, data.data != NULL ? (const char *)data.data : "", data.size, false);
}

static void text_print_number(struct capnp_writer *writer, enum type_kind kind, uint64_t bits)
{
    char digits[DYNAMIC_NUMBER_BYTES];
    uint32_t size = 0;
    if (kind == TYPE_FLOAT32) {
        size = dynamic_float_print(digits, capnp_f32_of((uint32_t)bits));
    } else if (kind == TYPE_FLOAT64) {
        size = dynamic_double_print(digits, capnp_f64_of(bits));
    } else {
        size = dynamic_integer_print(digits, kind, bits);
    }
    writer->write(writer, digits, size);
}

static void text_print_unknown(struct capnp_writer *writer, uint64_t number)
{
    dynamic_write(writer, "(");
    dynamic_write_number(writer, number);
    dynamic_write(writer, ")");
}

static const struct dynamic_print_form print_form = {
    .open = "(",
    .close = ")",
    .assign = {" = ", " = "},
    .separator = {", ", ", "},
    .nothing = "void",
    .has_pointers = true,
    .name = dynamic_write_text,
    .text = text_print_text,
    .data = text_print_data,
    .number = text_print_number,
    .enumerant = dynamic_write_text,
    .unknown_enumerant = text_print_unknown,
};

bool capnp_text_print(struct capnp_struct_reader root, const struct capnp_catalog *catalog,
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
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t blanks_skip(const char *bytes, size_t size, size_t at)
{
    while (at < size && (is_blank(bytes[at]) || bytes[at] == '#')) {
        if (bytes[at] == '#') {
            while (at < size && bytes[at] != '\n') {
                at++;
            }
        } else {
            at++;
        }
    }
    return at;
}

bool capnp_text_at_end(const struct capnp_input *input)
{
    return blanks_skip(input->bytes, input->size, input->at) == input->size;
}

// The end of a run of what `is` accepts.
static size_t run_end(const struct capnp_input *input, size_t at, bool (*is)(char))
{
    while (at < input->size && is(input->bytes[at])) {
        at++;
    }
    return at;
}

static bool starts(const struct capnp_input *input, size_t at, char c)
{
    return at < input->size && input->bytes[at] == c;
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

// The size of the escape at a backslash; 0 if it is none.
static uint32_t escape_size(const char *bytes, uint32_t left)
{
    if (left < 2) {
        return 0;
    }
    if (bytes[1] == 'x') {
        return left >= 4 && is_hex(bytes[2]) && is_hex(bytes[3]) ? 4 : 0;
    }
    uint32_t size = 1;
    while (size < left && size < 4 && bytes[size] >= '0' && bytes[size] <= '7') {
        size++;
    }
    if (size > 1) {
        return size == 4 && bytes[1] > '3' ? 0 : size; // above 255
    }
    for (const char *known = "abfnrtv'\"\\?"; *known != 0; known++) {
        if (bytes[1] == *known) {
            return 2;
        }
    }
    return 0;
}

// Strings one after the other; the token's span begins behind the first quotation mark and ends
// before the last one.
static struct dynamic_token string_next(struct capnp_input *input, size_t start)
{
    size_t at = start;
    size_t end = start;
    while (starts(input, at, '"')) {
        for (at++; at < input->size && input->bytes[at] != '"';) {
            uint32_t left = input->size - at < 4 ? (uint32_t)(input->size - at) : 4;
            uint32_t size = 1;
            if (input->bytes[at] == '\n') {
                return bad(start, "the string doesn't end on its line");
            }
            if (input->bytes[at] == '\\') {
                size = escape_size(input->bytes + at, left);
            }
            if (size == 0) {
                return bad(at, "an unknown escape");
            }
            at += size;
        }
        if (at >= input->size) {
            return bad(start, "the string doesn't end");
        }
        end = at;
        at = blanks_skip(input->bytes, input->size, at + 1);
    }
    input->at = end + 1;
    struct dynamic_token found = token(input, DYNAMIC_TOKEN_STRING, start + 1, end);
    found.at = start;
    return found;
}

static struct dynamic_token bytes_next(struct capnp_input *input, size_t start, size_t quote)
{
    size_t at = quote + 1;
    uint32_t digits = 0;
    for (; at < input->size && input->bytes[at] != '"'; at++) {
        if (is_hex(input->bytes[at])) {
            digits++;
        } else if (!is_blank(input->bytes[at]) || digits % 2 != 0) {
            return bad(at, "bytes are pairs of hexadecimal digits");
        }
    }
    if (at >= input->size || digits % 2 != 0) {
        return bad(start, at >= input->size ? "the bytes don't end"
                                            : "bytes are pairs of hexadecimal digits");
    }
    input->at = at + 1;
    struct dynamic_token found = token(input, DYNAMIC_TOKEN_BYTES, quote + 1, at);
    found.at = start;
    return found;
}

// The end of a number that starts with a digit; 0 if it isn't one.
static size_t number_end(const struct capnp_input *input, size_t at)
{
    const char *bytes = input->bytes;
    if (bytes[at] == '0' && (starts(input, at + 1, 'x') || starts(input, at + 1, 'X'))) {
        size_t end = run_end(input, at + 2, is_hex);
        return end > at + 2 ? end : 0;
    }
    at = run_end(input, at, is_digit);
    if (starts(input, at, '.')) {
        at = run_end(input, at + 1, is_digit);
    }
    if (starts(input, at, 'e') || starts(input, at, 'E')) {
        at += starts(input, at + 1, '+') || starts(input, at + 1, '-') ? 2 : 1;
        size_t end = run_end(input, at, is_digit);
        at = end > at ? end : 0;
    }
    return at;
}

static struct dynamic_token number_next(struct capnp_input *input, size_t start)
{
    size_t at = start;
    if (input->bytes[at] == '-') {
        at = blanks_skip(input->bytes, input->size, at + 1);
    }
    size_t end = 0;
    if (at < input->size && is_digit(input->bytes[at])) {
        end = number_end(input, at);
    } else if (at < input->size && is_letter(input->bytes[at])) {
        end = run_end(input, at, is_letter);
    }
    if (end == 0 ||
        (end < input->size && (is_letter(input->bytes[end]) || is_digit(input->bytes[end]) ||
                               input->bytes[end] == '.'))) {
        return bad(start, "not a number");
    }
    input->at = end;
    struct dynamic_token found = token(input, DYNAMIC_TOKEN_NUMBER, at, end);
    found.at = start;
    found.is_negative = at > start;
    return found;
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c);
}

static struct dynamic_token text_next(struct capnp_input *input)
{
    static const char brackets[] = "()[],=";
    static const enum dynamic_token_kind kinds[] = {
        DYNAMIC_TOKEN_OPEN_STRUCT, DYNAMIC_TOKEN_CLOSE_STRUCT, DYNAMIC_TOKEN_OPEN_LIST,
        DYNAMIC_TOKEN_CLOSE_LIST,  DYNAMIC_TOKEN_COMMA,        DYNAMIC_TOKEN_ASSIGN};
    size_t at = blanks_skip(input->bytes, input->size, input->at);
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
    if (is_letter(c)) {
        input->at = run_end(input, at, is_word);
        return token(input, DYNAMIC_TOKEN_NAME, at, input->at);
    }
    if (c == '0' && starts(input, at + 1, 'x') && starts(input, at + 2, '"')) {
        return bytes_next(input, at, at + 2);
    }
    if (c == '-' || is_digit(c)) {
        return number_next(input, at);
    }
    return bad(at, "no value or name starts with this");
}

static uint8_t hex_value(char c)
{
    return (uint8_t)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

static struct dynamic_piece text_piece(struct capnp_text span, uint32_t *at)
{
    static const char letters[] = "abtnvfr";
    // A quotation mark is the end of one string; behind blanks comes the next.
    while (*at < span.size && span.data[*at] == '"') {
        *at = (uint32_t)blanks_skip(span.data, span.size, *at + 1) + 1;
    }
    if (*at >= span.size) {
        return (struct dynamic_piece){0, {0}};
    }
    const char *bytes = span.data + *at;
    if (bytes[0] != '\\') {
        *at += 1;
        return (struct dynamic_piece){1, {(uint8_t)bytes[0]}};
    }
    uint32_t size = escape_size(bytes, span.size - *at);
    uint32_t value = (uint8_t)bytes[1];
    *at += size;
    if (bytes[1] == 'x') {
        value = (uint32_t)hex_value(bytes[2]) * 16 + hex_value(bytes[3]);
    } else if (is_digit(bytes[1])) {
        value = 0;
        for (uint32_t i = 1; i < size; i++) {
            value = value * 8 + (uint32_t)(bytes[i] - '0');
        }
    } else {
        for (uint32_t i = 0; letters[i] != 0; i++) {
            value = bytes[1] == letters[i] ? 7 + i : value;
        }
    }
    return (struct dynamic_piece){1, {(uint8_t)value}};
}

static struct dynamic_piece text_byte(struct capnp_text span, uint32_t *at)
{
    while (*at < span.size && is_blank(span.data[*at])) {
        *at += 1;
    }
    if (*at >= span.size) {
        return (struct dynamic_piece){0, {0}};
    }
    uint8_t byte = (uint8_t)(hex_value(span.data[*at]) * 16 + hex_value(span.data[*at + 1]));
    *at += 2;
    return (struct dynamic_piece){1, {byte}};
}

static const struct dynamic_parse_form parse_form = {
    .nothing = "void",
    .assign = "an equals sign",
    .name = DYNAMIC_TOKEN_NAME,
    .has_final_comma = true,
    .has_octal = true,
    .next = text_next,
    .piece = text_piece,
    .byte = text_byte,
};

bool capnp_text_parse(struct capnp_input *input, const struct capnp_catalog *catalog, uint64_t type,
                      struct capnp_builder *builder, struct capnp_problem *problem)
{
    return dynamic_parse(&parse_form, input, catalog, type, builder, problem);
}

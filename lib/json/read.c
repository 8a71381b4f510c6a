// SPDX-License-Identifier: Apache-2.0
//
// The reader: one pass over the text, with the open arrays and objects on a small stack. What
// may come next is one of six expectations, so that no function calls itself.
#include "lib/json/json.h"

#include <string.h>

#include "lib/json/utf8.h"

enum expect {
    EXPECT_VALUE,
    EXPECT_FIRST_ITEM, // or the closing bracket
    EXPECT_FIRST_NAME,
    EXPECT_NAME,
    EXPECT_COLON,
    EXPECT_COMMA, // or the closing bracket
    EXPECT_END,
};

struct reader {
    struct json *json;
    size_t size;
    size_t at;
    enum json_fault fault;
    uint32_t depth;
    uint32_t open[JSON_DEPTH_MAX]; // nodes of the arrays and objects around this place
};

const char *json_fault_text(enum json_fault fault)
{
    static const char *const texts[JSON_FAULT_COUNT] = {
        [JSON_OK] = "nothing is wrong",
        [JSON_TOO_LONG] = "the text is too long",
        [JSON_TOO_DEEP] = "arrays and objects are nested too deep",
        [JSON_TOO_MANY_NODES] = "there are too many values",
        [JSON_TOO_MANY_MEMBERS] = "an object has too many members",
        [JSON_ENDS_EARLY] = "the text ends here, but something is open",
        [JSON_NO_VALUE] = "no value: text in double quotes, a number, true, false, null, [ or {",
        [JSON_NO_NAME] = "a name in double quotes must stand here",
        [JSON_NO_COLON] = "a colon must stand here, between name and value",
        [JSON_NO_COMMA] = "a comma or the closing bracket must stand here",
        [JSON_BAD_NUMBER] = "this is no number as JSON writes them",
        [JSON_BAD_ESCAPE] = "no such escape; JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX",
        [JSON_BAD_SURROGATE] = "this \\u is half of a pair; write both halves",
        [JSON_BAD_UTF8] = "these bytes are not UTF-8",
        [JSON_CONTROL] = "a control character inside of text; write it as an escape",
        [JSON_DUPLICATE] = "the object has a member of this name already; remove one",
        [JSON_REST] = "something stands behind the end of the value",
    };
    return texts[fault];
}

// Where `byte` stands in `bytes`; -1 if it doesn't.
static int place_of(const char *bytes, char byte)
{
    for (int i = 0; bytes[i] != '\0'; i++) {
        if (bytes[i] == byte) {
            return i;
        }
    }
    return -1;
}

static bool fail(struct reader *reader, enum json_fault fault)
{
    reader->fault = fault;
    return false;
}

static uint32_t node_add(struct reader *reader, enum json_type type, size_t start, size_t size)
{
    struct json *json = reader->json;

    if (json->node_count == json->nodes_max) {
        fail(reader, JSON_TOO_MANY_NODES);
        return JSON_NONE;
    }
    json->nodes[json->node_count] = (struct json_node){
        .type = (uint8_t)type,
        .start = (uint32_t)start,
        .size = (uint32_t)size,
        .next = json->node_count + 1,
    };
    return json->node_count++;
}

static int hex_of(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

// The four hexadecimal digits at `text`; -1 if they are none.
static int32_t unit_of(const char *text, size_t size)
{
    int32_t unit = 0;

    if (size < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_of(text[i]);
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

// Steps over one escape, which begins at `at` with a backslash.
static bool escape_skip(struct reader *reader)
{
    const char *text = reader->json->text + reader->at;
    size_t left = reader->size - reader->at;

    if (left < 2) {
        return fail(reader, JSON_ENDS_EARLY);
    }
    if (text[1] != 'u') {
        reader->at += 2;
        return place_of("\"\\/bfnrt", text[1]) >= 0 || fail(reader, JSON_BAD_ESCAPE);
    }
    int32_t unit = unit_of(text + 2, left - 2);
    if (unit < 0) {
        return fail(reader, JSON_BAD_ESCAPE);
    }
    reader->at += 6;
    if (unit < 0xd800 || unit > 0xdfff) {
        return true;
    }
    int32_t low = left >= 12 && text[6] == '\\' && text[7] == 'u' ? unit_of(text + 8, 4) : -1;
    if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        return fail(reader, JSON_BAD_SURROGATE);
    }
    reader->at += 6;
    return true;
}

static bool string_read(struct reader *reader, uint32_t *node)
{
    const char *text = reader->json->text;
    size_t start = ++reader->at;

    while (reader->at < reader->size && text[reader->at] != '"') {
        uint8_t byte = (uint8_t)text[reader->at];
        if (byte < 0x20) {
            return fail(reader, JSON_CONTROL);
        }
        if (byte == '\\') {
            if (!escape_skip(reader)) {
                return false;
            }
            continue;
        }
        size_t size = utf8_size(text + reader->at, reader->size - reader->at);
        if (size == 0) {
            return fail(reader, JSON_BAD_UTF8);
        }
        reader->at += size;
    }
    if (reader->at == reader->size) {
        return fail(reader, JSON_ENDS_EARLY);
    }
    *node = node_add(reader, JSON_STRING, start, reader->at - start);
    reader->at++;
    return *node != JSON_NONE;
}

static bool is_digit(const struct reader *reader)
{
    return reader->at < reader->size && reader->json->text[reader->at] >= '0' &&
           reader->json->text[reader->at] <= '9';
}

static bool digits_skip(struct reader *reader)
{
    if (!is_digit(reader)) {
        return fail(reader, JSON_BAD_NUMBER);
    }
    while (is_digit(reader)) {
        reader->at++;
    }
    return true;
}

static bool byte_is(const struct reader *reader, const char *any)
{
    return reader->at < reader->size && place_of(any, reader->json->text[reader->at]) >= 0;
}

static bool number_read(struct reader *reader)
{
    size_t start = reader->at;

    reader->at += byte_is(reader, "-");
    bool leads_with_zero = byte_is(reader, "0");
    size_t digits = reader->at;
    if (!digits_skip(reader) || (leads_with_zero && reader->at != digits + 1)) {
        return fail(reader, JSON_BAD_NUMBER);
    }
    if (byte_is(reader, ".")) {
        reader->at++;
        if (!digits_skip(reader)) {
            return false;
        }
    }
    if (byte_is(reader, "eE")) {
        reader->at++;
        reader->at += byte_is(reader, "+-");
        if (!digits_skip(reader)) {
            return false;
        }
    }
    return node_add(reader, JSON_NUMBER, start, reader->at - start) != JSON_NONE;
}

static bool word_read(struct reader *reader)
{
    static const struct {
        const char *word;
        size_t size;
        enum json_type type;
    } words[] = {{"null", 4, JSON_NULL}, {"false", 5, JSON_FALSE}, {"true", 4, JSON_TRUE}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (reader->size - reader->at >= words[i].size &&
            memcmp(reader->json->text + reader->at, words[i].word, words[i].size) == 0) {
            size_t start = reader->at;
            reader->at += words[i].size;
            return node_add(reader, words[i].type, start, words[i].size) != JSON_NONE;
        }
    }
    return fail(reader, JSON_NO_VALUE);
}

static bool bracket_open(struct reader *reader, enum json_type type)
{
    if (reader->depth == JSON_DEPTH_MAX) {
        return fail(reader, JSON_TOO_DEEP);
    }
    uint32_t node = node_add(reader, type, reader->at, 0);
    if (node == JSON_NONE) {
        return false;
    }
    reader->open[reader->depth++] = node;
    reader->at++;
    return true;
}

// Reads one value, or opens one. Returns what may come behind it.
static enum expect value_read(struct reader *reader)
{
    char byte = reader->json->text[reader->at];
    uint32_t node;

    if (byte == '{') {
        (void)bracket_open(reader, JSON_OBJECT);
        return EXPECT_FIRST_NAME;
    }
    if (byte == '[') {
        (void)bracket_open(reader, JSON_ARRAY);
        return EXPECT_FIRST_ITEM;
    }
    if (byte == '"') {
        (void)string_read(reader, &node);
    } else if (byte == '-' || is_digit(reader)) {
        (void)number_read(reader);
    } else {
        (void)word_read(reader);
    }
    return reader->depth == 0 ? EXPECT_END : EXPECT_COMMA;
}

static struct json_node *inner_of(struct reader *reader)
{
    return &reader->json->nodes[reader->open[reader->depth - 1]];
}

// Closes the innermost bracket if the byte at hand does.
static bool bracket_close(struct reader *reader)
{
    struct json_node *node = inner_of(reader);

    if (!byte_is(reader, node->type == JSON_OBJECT ? "}" : "]")) {
        return false;
    }
    reader->at++;
    reader->depth--;
    node->next = reader->json->node_count;
    node->size = (uint32_t)(reader->at - node->start);
    return true;
}

// The next byte of a string, decoded; `*at` and `*rest` (bytes of UTF-8 still to come from an
// escape) move on. -1 at the end.
static int decode_step(const char *text, size_t size, size_t *at, uint32_t *rest)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";

    if (*rest != 0) {
        int byte = (int)(*rest & 0xff);
        *rest >>= 8;
        return byte;
    }
    if (*at >= size) {
        return -1;
    }
    if (text[*at] != '\\') {
        return (uint8_t)text[(*at)++];
    }
    char escape = text[*at + 1];
    if (escape != 'u') {
        *at += 2;
        return to[place_of(from, escape)];
    }
    uint32_t code = (uint32_t)unit_of(text + *at + 2, 4);
    *at += 6;
    if (code >= 0xd800 && code <= 0xdfff) {
        uint32_t low = (uint32_t)unit_of(text + *at + 2, 4);
        *at += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code < 0x80) {
        return (int)code;
    }
    if (code < 0x800) {
        *rest = 0x80 | (code & 0x3f);
        return (int)(0xc0 | (code >> 6));
    }
    if (code < 0x10000) {
        *rest = (0x80 | ((code >> 6) & 0x3f)) | (0x80 | (code & 0x3f)) << 8;
        return (int)(0xe0 | (code >> 12));
    }
    *rest = (0x80 | ((code >> 12) & 0x3f)) | (0x80 | ((code >> 6) & 0x3f)) << 8 |
            (0x80 | (code & 0x3f)) << 16;
    return (int)(0xf0 | (code >> 18));
}

static bool same_text(const struct json *json, uint32_t left, uint32_t right)
{
    const struct json_node *a = &json->nodes[left];
    const struct json_node *b = &json->nodes[right];
    size_t at_a = 0, at_b = 0;
    uint32_t rest_a = 0, rest_b = 0;
    int byte;

    do {
        byte = decode_step(json->text + a->start, a->size, &at_a, &rest_a);
        if (byte != decode_step(json->text + b->start, b->size, &at_b, &rest_b)) {
            return false;
        }
    } while (byte != -1);
    return true;
}

static bool name_read(struct reader *reader)
{
    struct json *json = reader->json;
    uint32_t object = reader->open[reader->depth - 1];
    size_t start = reader->at;
    uint32_t name;

    if (!byte_is(reader, "\"")) {
        return fail(reader, JSON_NO_NAME);
    }
    if (!string_read(reader, &name)) {
        return false;
    }
    if (json->nodes[object].count++ == JSON_MEMBERS_MAX) {
        return fail(reader, JSON_TOO_MANY_MEMBERS);
    }
    for (uint32_t i = object + 1; i < name; i = json->nodes[i + 1].next) {
        if (same_text(json, i, name)) {
            reader->at = start;
            return fail(reader, JSON_DUPLICATE);
        }
    }
    return true;
}

// What stands at `at` is no blank. Returns what may come behind it.
static enum expect token_read(struct reader *reader, enum expect expect)
{
    bool is_object = reader->depth > 0 && inner_of(reader)->type == JSON_OBJECT;

    switch (expect) {
    case EXPECT_FIRST_ITEM:
    case EXPECT_FIRST_NAME:
    case EXPECT_COMMA:
        if (bracket_close(reader)) {
            return reader->depth == 0 ? EXPECT_END : EXPECT_COMMA;
        }
        break;
    case EXPECT_VALUE:
    case EXPECT_NAME:
    case EXPECT_COLON:
    case EXPECT_END:
        break;
    }
    switch (expect) {
    case EXPECT_FIRST_ITEM:
        inner_of(reader)->count++;
        return value_read(reader);
    case EXPECT_VALUE:
        return value_read(reader);
    case EXPECT_FIRST_NAME:
    case EXPECT_NAME:
        (void)name_read(reader);
        return EXPECT_COLON;
    case EXPECT_COLON:
        reader->fault = byte_is(reader, ":") ? JSON_OK : JSON_NO_COLON;
        reader->at += reader->fault == JSON_OK;
        return EXPECT_VALUE;
    case EXPECT_COMMA:
        reader->fault = byte_is(reader, ",") ? JSON_OK : JSON_NO_COMMA;
        reader->at += reader->fault == JSON_OK;
        inner_of(reader)->count += !is_object;
        return is_object ? EXPECT_NAME : EXPECT_VALUE;
    case EXPECT_END:
        break;
    }
    reader->fault = JSON_REST;
    return EXPECT_END;
}

static void error_place(const struct reader *reader, struct json_error *error)
{
    *error = (struct json_error){
        .fault = reader->fault, .offset = (uint32_t)reader->at, .line = 1, .column = 1};
    for (size_t i = 0; i < reader->at && i < reader->size; i++) {
        bool is_end = reader->json->text[i] == '\n';
        error->line += is_end;
        error->column = is_end ? 1 : error->column + 1;
    }
}

bool json_read(struct json *json, const char *text, size_t size, struct json_error *error)
{
    struct reader reader = {.json = json, .size = size};
    enum expect expect = EXPECT_VALUE;

    json->text = text;
    json->node_count = 0;
    if (size > JSON_SIZE_MAX) {
        reader.size = 0;
        reader.fault = JSON_TOO_LONG;
    }
    while (reader.fault == JSON_OK) {
        while (byte_is(&reader, " \t\n\r")) {
            reader.at++;
        }
        if (reader.at == reader.size) {
            reader.fault = expect == EXPECT_END ? JSON_OK : JSON_ENDS_EARLY;
            break;
        }
        expect = token_read(&reader, expect);
    }
    error_place(&reader, error);
    return reader.fault == JSON_OK;
}

uint32_t json_line(const struct json *json, uint32_t node)
{
    uint32_t line = 1;

    for (uint32_t i = 0; i < json->nodes[node].start; i++) {
        line += json->text[i] == '\n';
    }
    return line;
}

uint32_t json_first(const struct json *json, uint32_t node)
{
    return json->nodes[node].type >= JSON_ARRAY && json->nodes[node].count > 0 ? node + 1
                                                                               : JSON_NONE;
}

bool json_is_text(const struct json *json, uint32_t node, const char *text)
{
    const struct json_node *string = &json->nodes[node];
    size_t at = 0;
    uint32_t rest = 0;

    if (string->type != JSON_STRING) {
        return false;
    }
    for (const char *byte = text; *byte != '\0'; byte++) {
        if (decode_step(json->text + string->start, string->size, &at, &rest) != (uint8_t)*byte) {
            return false;
        }
    }
    return decode_step(json->text + string->start, string->size, &at, &rest) == -1;
}

uint32_t json_member(const struct json *json, uint32_t object, const char *name)
{
    uint32_t end = json->nodes[object].next;

    if (json->nodes[object].type != JSON_OBJECT) {
        return JSON_NONE;
    }
    for (uint32_t i = object + 1; i < end; i = json->nodes[i + 1].next) {
        if (json_is_text(json, i, name)) {
            return i + 1;
        }
    }
    return JSON_NONE;
}

bool json_text(const struct json *json, uint32_t node, char *out, size_t out_size)
{
    const struct json_node *string = &json->nodes[node];
    size_t at = 0, size = 0;
    uint32_t rest = 0;
    int byte = 0;

    while (string->type == JSON_STRING && size < out_size) {
        byte = decode_step(json->text + string->start, string->size, &at, &rest);
        if (byte <= 0) {
            break;
        }
        out[size++] = (char)byte;
    }
    if (string->type != JSON_STRING || size == out_size || byte == 0) {
        out[0] = '\0';
        return false;
    }
    out[size] = '\0';
    return true;
}

bool json_integer(const struct json *json, uint32_t node, int64_t *out)
{
    const struct json_node *number = &json->nodes[node];
    const char *text = json->text + number->start;
    int64_t value = 0;

    if (number->type != JSON_NUMBER) {
        return false;
    }
    for (uint32_t i = text[0] == '-'; i < number->size; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text[i] - '0', &value)) {
            return false;
        }
    }
    // Counted downwards: there is one more negative number than there are positive ones.
    return text[0] == '-' ? (*out = value, true) : !__builtin_sub_overflow(0, value, out);
}

// SPDX-License-Identifier: Apache-2.0
//
// The writer: no blanks, no line ends, control characters as escapes. Bytes that are not UTF-8
// become U+FFFD, so that whatever a program printed can be told as JSON.
#include <string.h>

#include "lib/json/json.h"
#include "lib/json/utf8.h"

static void put(struct json_writer *writer, const char *bytes, size_t size)
{
    if (writer->is_full || size > writer->max - writer->size) {
        writer->is_full = true;
        return;
    }
    memcpy(writer->bytes + writer->size, bytes, size);
    writer->size += size;
}

static void put_comma(struct json_writer *writer)
{
    if (writer->needs_comma) {
        put(writer, ",", 1);
    }
    writer->needs_comma = true;
}

void json_write_begin(struct json_writer *writer, char open)
{
    put_comma(writer);
    put(writer, &open, 1);
    writer->needs_comma = false;
}

void json_write_end(struct json_writer *writer, char closing)
{
    put(writer, &closing, 1);
    writer->needs_comma = true;
}

static void put_escaped(struct json_writer *writer, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char named[] = "\b\f\n\r\t\"\\";
    static const char names[] = "bfnrt\"\\";
    char text[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
    size_t size = sizeof(text);

    for (size_t i = 0; i < sizeof(names) - 1; i++) {
        if ((uint8_t)named[i] == byte) {
            text[1] = names[i];
            size = 2;
        }
    }
    put(writer, text, size);
}

void json_write_bytes(struct json_writer *writer, const char *bytes, size_t size)
{
    put_comma(writer);
    put(writer, "\"", 1);
    for (size_t at = 0; at < size;) {
        size_t length = utf8_size(bytes + at, size - at);
        uint8_t byte = (uint8_t)bytes[at];
        if (length == 0) {
            put(writer, "\xef\xbf\xbd", 3);
            length = 1;
        } else if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f) {
            put_escaped(writer, byte);
        } else {
            put(writer, bytes + at, length);
        }
        at += length;
    }
    put(writer, "\"", 1);
}

void json_write_text(struct json_writer *writer, const char *text)
{
    json_write_bytes(writer, text, strlen(text));
}

void json_write_name(struct json_writer *writer, const char *name)
{
    json_write_text(writer, name);
    put(writer, ":", 1);
    writer->needs_comma = false;
}

void json_write_integer(struct json_writer *writer, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    put_comma(writer);
    put(writer, digits + at, sizeof(digits) - at);
}

void json_write_bool(struct json_writer *writer, bool value)
{
    put_comma(writer);
    put(writer, value ? "true" : "false", value ? 4 : 5);
}

void json_write_null(struct json_writer *writer)
{
    put_comma(writer);
    put(writer, "null", 4);
}

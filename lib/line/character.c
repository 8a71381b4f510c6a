// SPDX-License-Identifier: Apache-2.0
//
// A character is a code point, or a byte that belongs to none, with all that follows and combines
// with it. Valid sequences can be told from both ends of a text, so that going back finds the same
// characters as going forward.
#include "lib/json/utf8.h"
#include "lib/line/parts.h"
#include "lib/line/width.h"

enum { FIRST_PRINTABLE = 0x20, DELETE = 0x7f, FIRST_MULTIBYTE = 0x80, SEQUENCE_MAX = 4 };

static inline bool is_plain_at(const char *text, size_t size, size_t at)
{
    return at >= size || (uint8_t)text[at] < FIRST_MULTIBYTE;
}

// The class of the code point at `at`, and its size; a byte that belongs to none is hostile.
static enum width_class class_at(const char *text, size_t size, size_t at, size_t *code_size)
{
    *code_size = utf8_size(text + at, size - at);
    if (*code_size == 0) {
        *code_size = 1;
        return WIDTH_HOSTILE;
    }
    return width_of(utf8_code(text + at, *code_size));
}

struct line_character line_character_at(const char *text, size_t size, size_t at)
{
    struct line_character character = {.size = 1, .base_size = 1, .columns = 1, .is_plain = true};
    enum width_class class;
    size_t code_size;

    if (is_plain_at(text, size, at) && is_plain_at(text, size, at + 1)) {
        character.is_plain = width_of((uint8_t)text[at]) != WIDTH_HOSTILE;
        return character;
    }
    class = class_at(text, size, at, &character.base_size);
    character.size = character.base_size;
    character.is_plain = class != WIDTH_HOSTILE;
    character.is_orphan = class == WIDTH_NOTHING;
    character.columns = class == WIDTH_WIDE ? 2 : 1;
    while (at + character.size < size &&
           class_at(text, size, at + character.size, &code_size) == WIDTH_NOTHING)
        character.size += code_size;
    return character;
}

static size_t code_before(const char *text, size_t at)
{
    for (size_t size = 1; size <= SEQUENCE_MAX && size <= at; size++) {
        if (utf8_size(text + at - size, size) == size)
            return at - size;
    }
    return at - 1;
}

struct line_character line_piece_at(const char *text, size_t size, size_t at, size_t most)
{
    size_t end = size - at < most ? size : at + most, next = at;

    while (next < end && text[next] >= FIRST_PRINTABLE && text[next] < DELETE)
        next++;
    if (next > at && !is_plain_at(text, size, next))
        next--; // which may combine with what stands before it
    if (next <= at + 1)
        return line_character_at(text, size, at);
    return (struct line_character){.size = next - at,
                                   .base_size = next - at,
                                   .columns = (uint32_t)(next - at),
                                   .is_plain = true};
}

size_t line_character_before(const char *text, size_t at)
{
    size_t start = at, code_size;

    do {
        size_t behind = start;
        start = code_before(text, behind);
        if (class_at(text, behind, start, &code_size) != WIDTH_NOTHING)
            break;
    } while (start > 0);
    return start;
}

bool line_begins_character(const char *text, size_t size)
{
    size_t code_size;

    return is_plain_at(text, size, 0) || (((uint8_t)text[0] & 0xc0) != 0x80 &&
                                          class_at(text, size, 0, &code_size) != WIDTH_NOTHING);
}

bool line_ends_character(const char *text, size_t size)
{
    size_t start = size > 0 ? code_before(text, size) : 0;

    return size == 0 || utf8_size(text + start, size - start) > 0;
}

uint32_t line_columns_of(const char *text, size_t size)
{
    uint32_t columns = 0;

    for (size_t at = 0; at < size;) {
        struct line_character character = line_piece_at(text, size, at, size);
        columns += character.columns;
        at += character.size;
    }
    return columns;
}

bool line_is_word_at(const char *text, size_t at)
{
    uint8_t byte = (uint8_t)text[at];

    return byte >= FIRST_MULTIBYTE || (byte >= '0' && byte <= '9') ||
           (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

// SPDX-License-Identifier: Apache-2.0
//
// Text in buffers of fixed size.
#include "system/init/manager/phrase.h"

#include <string.h>

enum { DISTANCE_TEXT_MAX = 64 };

struct phrase phrase_in(char *bytes, size_t max)
{
    bytes[0] = '\0';
    return (struct phrase){.bytes = bytes, .max = max};
}

void phrase_put_bytes(struct phrase *text, const char *bytes, size_t size)
{
    size_t room = text->max - 1 - text->size;

    if (size > room) {
        text->is_cut = true;
        size = room;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void phrase_put(struct phrase *text, const char *words)
{
    phrase_put_bytes(text, words, strlen(words));
}

void phrase_put_safe(struct phrase *text, const char *words)
{
    for (; *words != '\0'; words++) {
        phrase_put_bytes(text, *words >= ' ' && *words <= '~' ? words : "?", 1);
    }
}

void phrase_put_number(struct phrase *text, int64_t value)
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
    phrase_put_bytes(text, digits + at, sizeof(digits) - at);
}

void phrase_put_seconds(struct phrase *text, uint64_t time_ns)
{
    uint64_t milliseconds = time_ns / 1000000;
    char fraction[4] = {'.', (char)('0' + milliseconds / 100 % 10),
                        (char)('0' + milliseconds / 10 % 10), (char)('0' + milliseconds % 10)};

    phrase_put_number(text, (int64_t)(milliseconds / 1000));
    phrase_put_bytes(text, fraction, sizeof(fraction));
    phrase_put(text, " s");
}

bool text_is(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

static char lower_of(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + 32) : letter;
}

bool text_is_alike(const char *left, const char *right)
{
    while (*left != '\0' && lower_of(*left) == lower_of(*right)) {
        left++;
        right++;
    }
    return lower_of(*left) == lower_of(*right);
}

bool text_starts(const char *text, const char *with)
{
    while (*with != '\0' && *text == *with) {
        text++;
        with++;
    }
    return *with == '\0';
}

uint32_t text_distance(const char *left, const char *right, uint32_t most)
{
    uint32_t row[DISTANCE_TEXT_MAX];
    size_t left_size = strlen(left);
    size_t right_size = strlen(right);

    if (left_size >= DISTANCE_TEXT_MAX || right_size >= DISTANCE_TEXT_MAX) {
        return most + 1;
    }
    for (uint32_t j = 0; j <= right_size; j++) {
        row[j] = j;
    }
    for (uint32_t i = 1; i <= left_size; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= right_size; j++) {
            uint32_t best = diagonal + (lower_of(left[i - 1]) != lower_of(right[j - 1]));
            diagonal = row[j];
            best = diagonal + 1 < best ? diagonal + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[right_size] > most ? most + 1 : row[right_size];
}

// SPDX-License-Identifier: Apache-2.0
//
// Text put together in a buffer of fixed size: cut where it is full, always with a zero byte at its
// end.
#ifndef INIT_MANAGER_PHRASE_H
#define INIT_MANAGER_PHRASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct phrase {
    char *bytes;
    size_t size; // without the zero
    size_t max;  // of the buffer, at least 1
    bool is_cut;
};

struct phrase phrase_in(char *bytes, size_t max);
void phrase_put(struct phrase *text, const char *words);
void phrase_put_bytes(struct phrase *text, const char *bytes, size_t size);
// Control characters and what is not ASCII become `?`: for what others wrote.
void phrase_put_safe(struct phrase *text, const char *words);
void phrase_put_number(struct phrase *text, int64_t value);
// "1.250 s" of nanoseconds.
void phrase_put_seconds(struct phrase *text, uint64_t time_ns);

bool text_is(const char *left, const char *right);
// Letters of ASCII are the same in either case.
bool text_is_alike(const char *left, const char *right);
bool text_starts(const char *text, const char *with);

// How many insertions, deletions and replacements lead from one to the other; more than `most` is
// `most + 1`. Texts of 64 bytes and more are never near.
uint32_t text_distance(const char *left, const char *right, uint32_t most);

#endif

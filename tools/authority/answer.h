// SPDX-License-Identifier: Apache-2.0
//
// Answers: rows of named fields, which come as sentences or as JSON. A row's text says where its
// fields stand: "{process} holds {interface}".
//
//     answer_begin(&answer, history, "who", at);
//     answer_row(&answer, "holder", "{name} ...", fields, COUNT_OF(fields));
//     answer_end(&answer);
#ifndef TOOLS_AUTHORITY_ANSWER_H
#define TOOLS_AUTHORITY_ANSWER_H

#include "lib/json/json.h"
#include "tools/authority/authority.h"

enum field_kind {
    FIELD_TEXT, // null: JSON's null, and nothing in a sentence
    FIELD_NUMBER,
    FIELD_BOOL,
    FIELD_SAY, // in sentences alone
};

struct field {
    const char *name;
    enum field_kind kind;
    const char *text;
    uint64_t number;
};

#define TEXT(name, text)     ((struct field){name, FIELD_TEXT, text, 0})
#define SAY(name, text)      ((struct field){name, FIELD_SAY, text, 0})
#define NUMBER(name, number) ((struct field){name, FIELD_NUMBER, NULL, number})
#define BOOL(name, is_true)  ((struct field){name, FIELD_BOOL, NULL, is_true})
#define COUNT_OF(table)      (sizeof(table) / sizeof((table)[0]))
#define ROW(answer, kind, text, ...)                                                               \
    answer_row(answer, kind, text, (const struct field[]){__VA_ARGS__},                            \
               sizeof((const struct field[]){__VA_ARGS__}) / sizeof(struct field))

struct answer {
    FILE *out;
    bool is_json;
    uint64_t rows;
};

// What the answer holds for, first: seq, time, head.
void answer_begin(struct answer *answer, const struct history *history, const char *verb,
                  struct authority_at at);
void answer_row(struct answer *answer, const char *kind, const char *text,
                const struct field *fields, size_t count);
void answer_end(struct answer *answer);

// A text that lasts until the next row is out.
const char *say(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Forgets those texts, where no row was made of them.
void said_forget(void);

#endif

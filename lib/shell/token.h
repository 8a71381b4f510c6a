// SPDX-License-Identifier: Apache-2.0
//
// The words and marks of the shell's language, one after the other; for parse.c alone.
#ifndef LIB_SHELL_TOKEN_H
#define LIB_SHELL_TOKEN_H

#include "lib/shell/parse.h"

enum shell_token {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_SEPARATOR, // `;` or the end of a line
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_ARROW,
};

struct shell_scan {
    struct shell_script *script; // where the words' text goes
    struct shell_problem *problem;
    enum shell_verdict verdict;
    const char *text;
    size_t size, at;
    uint32_t line, column; // of what is at `at`
};

// The next one; a word goes to *word. When it is none, the scan's verdict is no longer SHELL_WELL,
// and TOKEN_END comes.
enum shell_token shell_scan_next(struct shell_scan *scan, struct shell_word *word);

// Says what is wrong at a place, unless something was wrong before. "sentence", or
// "sentence `of`" where `of` is a word.
void shell_scan_fail(struct shell_scan *scan, enum shell_verdict verdict, uint32_t line,
                     uint32_t column, const char *sentence, const struct shell_word *of);

#endif

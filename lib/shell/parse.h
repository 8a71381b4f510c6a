// SPDX-License-Identifier: Apache-2.0
//
// The language of the shell: from text to statements, without meaning. Nothing here knows a command
// or holds a capability; programs/shell carries out what this reads.
//
//     call timer now ; run "chat-client" with { stdio: client @stdio } -> $chat
//     if $chat == 0 { say well } else { exit 1 }      # and so on
//
// A word is bare or quoted. Bare words end at a blank or at one of `; { } , : #` and quotes; what
// stands between matching ( ) or [ ] is one word, whatever is in it: a value of a schema. "..."
// knows \" \\ \n \t; '...' is taken as it is. `$name` is a variable, `@name` a capability. A `#` at
// the beginning of a word makes the rest of the line a comment. Statements end at `;`, at the end
// of a line, and at `}`.
//
//     command  = word {word [":"]} ["only" "{" word {"," word} "}"]
//                ["with" "{" word ":" ["client"] word {"," ...} "}"] ["->" "$name"]
//     if       = "if" condition "{" statements "}" ["else" ("{" statements "}" | if)]
//     condition = word ("==" | "!=") word | command
//
// Statements are one behind the other; an `if` says where to go on when its condition does not
// hold, and a jump goes behind its `else`. So they are carried out by a loop that needs no memory
// of where it is.
//
// The text may be anything. What is wrong is said with line and column; text that only ends too
// early (an open brace or quote) is told apart, so that whoever types can be asked for more.
// Everything is in the caller's memory, nothing is allocated; the work grows with the text's size.
#ifndef LIB_SHELL_PARSE_H
#define LIB_SHELL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SHELL_TEXT_MAX = 8192, // bytes of a text
    SHELL_WORDS_MAX = 1024,
    SHELL_STATEMENTS_MAX = 256,
    SHELL_NESTING_MAX = 16, // of braces, and of brackets in a word
    SHELL_NAME_MAX = 31,    // bytes of the name of a variable or a capability
    SHELL_SENTENCE_MAX = 96,
};

enum shell_word_kind {
    SHELL_BARE,       // as it stands
    SHELL_QUOTED,     // without its quotes, escapes replaced
    SHELL_VARIABLE,   // without its $
    SHELL_CAPABILITY, // without its @
};

struct shell_word {
    enum shell_word_kind kind;
    const char *text; // in struct shell_script; not ended by a zero
    uint32_t size;
    uint32_t line, column; // of its first character, from 1; columns count characters
    bool is_client;        // of a grant's value: `client` stands before it
    bool is_named;         // a `:` stands behind it: it names the word that follows
};

enum shell_statement_kind {
    SHELL_COMMAND,    // words, only, with, result
    SHELL_IF_COMMAND, // the same; where it fails, go on at `next`
    SHELL_IF_EQUAL,   // two words; where they differ, go on at `next`
    SHELL_IF_UNEQUAL, // ... are equal
    SHELL_JUMP,       // go on at `next`
};

struct shell_statement {
    enum shell_statement_kind kind;
    uint32_t next;                 // the index of a statement; their number: the end
    uint32_t words, word_count;    // indexes into the script's words
    uint32_t only, only_count;     // words
    uint32_t grants, grant_count;  // pairs of words: a name, a value
    uint32_t result, result_count; // one word, or none
};

enum shell_verdict {
    SHELL_WELL,
    SHELL_UNFINISHED, // the text ends too early: more of it may make it well
    SHELL_WRONG,
};

struct shell_problem {
    uint32_t line, column;
    char sentence[SHELL_SENTENCE_MAX]; // what is wrong and what to do; ends in zero
};

struct shell_script {
    struct shell_word words[SHELL_WORDS_MAX];
    struct shell_statement statements[SHELL_STATEMENTS_MAX];
    uint32_t word_count, statement_count;
    char text[SHELL_TEXT_MAX]; // of the words
    uint32_t text_size;
};

// Reads all of it. Unless it is SHELL_WELL, *problem says why; the script then holds nothing.
enum shell_verdict shell_parse(struct shell_script *script, const char *text, size_t size,
                               struct shell_problem *problem);

bool shell_word_is(const struct shell_word *word, const char *text);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// The assertion language: sentences about authority, one a line, that hold in every state of a log
// or don't. docs/authority.md is its manual.
//
//     rule   = ("never" | "only" | "always") set ("holds" | "reaches") targets
//              ["through" set] ["from" moment] ["to" moment]
//     let    = "let" name "=" (set | targets)
//     set    = term {"or" term}        term = factor {"and" factor}
//     factor = "not" factor | "(" set ")" | "any" | name | glob
//            | "program" "(" glob {"," glob} ")"
//            | ("process" | "session") "(" number {"," number} ")"
//     targets = target {"," target}    target = Interface ["." method] | "object" "(" n ")" | "any"
//     moment = number | number unit    unit = ns, us, ms, s
//
// A bare name is one that `let` defined, else a program. `*` in a glob is any text. `#` begins a
// comment. A set is kept as operations on a stack of truths.
#ifndef LIB_AUTHORITY_RULE_H
#define LIB_AUTHORITY_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RULES_MAX = 64, // of one file
    RULE_OPS_MAX = 1024,
    RULE_TARGETS_MAX = 256,
    RULE_LETS_MAX = 64,
    RULE_DEPTH_MAX = 8,     // brackets and `not` inside each other
    RULE_STACK_MAX = 32,    // truths at once
    RULE_MESSAGE_MAX = 200, // bytes of what is wrong
    RULE_OBJECT_NONE = 0x7fffffff,
};

enum rule_quantifier { RULE_NEVER, RULE_ONLY, RULE_ALWAYS };

enum rule_op_kind { OP_ANY, OP_PROGRAM, OP_PROCESS, OP_SESSION, OP_NOT, OP_AND, OP_OR };

struct rule_op {
    enum rule_op_kind kind;
    uint32_t number;  // PROCESS, SESSION: its index
    const char *text; // PROGRAM: a glob; in the rules' text
    uint32_t size;
};

struct rule_target {
    bool is_any;
    uint64_t interface;
    uint64_t methods; // one of them is enough; 0: none is asked for
    uint32_t object;  // index; RULE_OBJECT_NONE
};

struct rule_list { // of operations or of targets
    uint32_t first, count;
};

struct rule_moment {
    bool is_time;
    uint64_t value;
};

struct rule {
    enum rule_quantifier quantifier;
    bool reaches; // else holds
    struct rule_list subject;
    struct rule_list targets;
    struct rule_list through; // count 0: not asked
    struct rule_moment from, to;
    uint32_t line;
    const char *text; // of the whole rule
    uint32_t size;
};

struct rule_let {
    const char *name;
    uint32_t size;
    bool is_targets;
    struct rule_list list;
};

// Where names come from, so that the library has none of its own.
struct rule_names {
    bool (*interface)(const char *name, size_t size, uint64_t *interface);
    bool (*method)(uint64_t interface, const char *name, size_t size, uint32_t *number);
    // Whether there can be such a program; null: whatever is named.
    bool (*program)(const void *context, const char *name, size_t size);
    // What is nearest to a word that names nothing: of interfaces (kind 0), of the methods of one
    // (its id), of programs (kind 1). Null: nothing is.
    const char *(*nearest)(const void *context, uint64_t kind, const char *word, size_t size);
    const void *context;
};

struct rules {
    struct rule rules[RULES_MAX];
    struct rule_op ops[RULE_OPS_MAX];
    struct rule_target targets[RULE_TARGETS_MAX];
    struct rule_let lets[RULE_LETS_MAX];
    uint32_t count, op_count, target_count, let_count;
};

struct rule_error {
    uint32_t line, column; // from 1; bytes
    char message[RULE_MESSAGE_MAX];
};

// The rules in a text, which stays in use. False: `error` says what is wrong first.
bool rules_parse(struct rules *rules, const char *text, size_t size, const struct rule_names *names,
                 struct rule_error *error);

// Whether a text is what a glob says.
bool rule_glob(const char *glob, size_t glob_size, const char *text, size_t size);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// What the files of the tool `authority` share: see main.c for what it does.
#ifndef TOOLS_AUTHORITY_AUTHORITY_H
#define TOOLS_AUTHORITY_AUTHORITY_H

#include <stdio.h>

#include "lib/replay/replay.h"

// commit.c: one line per commit. `seq`: commits before it.
void commit_print(FILE *out, uint64_t seq, const struct commit *commit);
// The name of a kind, or null.
const char *commit_kind_name(uint64_t kind);

// hold.c: every hold that counts in this state, by process and id.
void holds_print(FILE *out, const struct state *state);

// sentence.c: what was found, where, as one sentence.
void error_print(FILE *out, const struct replay_error *error, const struct replay_log *log);

// interface.c: the interfaces of abi/methods.lock.
const char *interface_name(uint64_t interface);      // null: unknown
uint64_t interface_methods(uint64_t interface);      // bit n: it has a method n
void interface_print(FILE *out, uint64_t interface); // its name, or its number

void hex_print(FILE *out, const uint8_t *bytes, size_t size);

#endif

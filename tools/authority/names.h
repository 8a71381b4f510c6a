// SPDX-License-Identifier: Apache-2.0
//
// Names for what a log has numbers for, and back. Interfaces and methods are named by
// abi/methods.lock. Programs, endpoints and capabilities are named by the boot package that the
// machine started with, if it is at hand: LOG with the ending .pkg, or --package. A process's
// program is the one whose pages the log says were mapped into it. Names are for reading: the log
// vouches for numbers alone, and the tool says when it has no package.
#ifndef TOOLS_AUTHORITY_NAMES_H
#define TOOLS_AUTHORITY_NAMES_H

#include "tools/authority/authority.h"

struct names *names_open(const struct history *history);
void names_close(struct names *names);

bool names_has_package(const struct history *history);
// The program of a process; null: not known.
const char *program_name(const struct history *history, uint32_t process);
// The name under which a process finds a capability that it started with; null: none is known.
const char *capability_name(const struct history *history, const struct authority_hold *hold);
// Which of the manifest's programs a process is, and which of that one's grants a hold came from.
bool manifest_program(const struct history *history, uint32_t process, uint32_t *place);
bool manifest_grant(const struct history *history, const struct authority_hold *hold,
                    uint32_t *program, uint32_t *grant);
// The name that the manifest gives an endpoint; null.
const char *endpoint_name(const struct history *history, uint32_t object);
// How many programs the package has, and which; for looking for the nearest.
const char *program_at(const struct history *history, uint32_t place);

// Texts that last until the next row is out: "ping (process 3)", "Timer (object 2)", "echo, greet".
const char *process_label(const struct history *history, uint32_t process);
const char *object_label(const struct history *history, uint32_t object);
// What a hold lets its holder call, of which object.
const char *hold_label(const struct history *history, uint32_t hold);
const char *methods_label(uint64_t interface, uint64_t methods);
const char *interface_label(uint64_t interface);
const char *session_label(const struct history *history, uint32_t session);
const char *cap_label(struct commit_id id);

// What a word on the command line names at a moment: 3, 3.1 (index.generation), ping, ping#2 (the
// second process of that program). What names nothing ends the tool with the nearest name.
uint32_t process_named(const struct history *history, const char *word, uint32_t at);
// 11, 11.1, an endpoint's name, an interface of which there is one object, or ping/console.
uint32_t object_named(const struct history *history, const char *word, uint32_t at);

// 19, 19.1, or ping/pong: the facet through which ping has it.
uint32_t facet_named(const struct history *history, const char *word, uint32_t at);
uint32_t job_named(const struct history *history, const char *word, uint32_t at);

// The name of `count` at `name_at` that is nearest to a word; null: none is near.
const char *nearest_name(const char *word, const char *(*name_at)(const void *context, uint32_t),
                         const void *context);
uint32_t edit_distance(const char *a, const char *b);

#endif

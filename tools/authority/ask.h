// SPDX-License-Identifier: Apache-2.0
//
// The verbs that ask about moments: each takes the command line and returns the exit code.
#ifndef TOOLS_AUTHORITY_ASK_H
#define TOOLS_AUTHORITY_ASK_H

#include "tools/authority/answer.h"
#include "tools/authority/names.h"

// ask.c
int who_run(const struct options *options);
int path_run(const struct options *options);
int holds_run(const struct options *options);
int at_run(const struct options *options);
int diff_run(const struct options *options);

// assert.c
int assert_run(const struct options *options);

// prove.c
int prove_run(const struct options *options);

// reach.c
int reach_run(const struct options *options);
int why_not_run(const struct options *options);
// suggest.c
int suggest_run(const struct options *options);
// what_if.c
int what_if_run(const struct options *options);
// graph.c
int graph_run(const struct options *options);
// build.c
int replay_with_run(const struct options *options);
// manifest.c
int set_grant_run(const struct options *options);

// The row of one hold, as `holds` prints it. `kind`: the row's name; `mark`: what precedes it.
void hold_row(struct answer *answer, const struct history *history, uint32_t hold,
              struct authority_at at, const char *kind, const char *mark);
extern const char *const how_words[];

#endif

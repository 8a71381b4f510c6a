// SPDX-License-Identifier: Apache-2.0
//
// A script for svc-sim: what services do, and what happens when.
#ifndef SVC_SIM_SCRIPT_H
#define SVC_SIM_SCRIPT_H

#include "system/init/world/world.h"

enum { SCRIPT_LINES_MAX = 1024, SCRIPT_WORDS_MAX = 8, SCRIPT_WORD_MAX = 64 };

struct script_line {
    uint32_t number; // in the file
    uint64_t at_ns;
    uint32_t word_count;
    char words[SCRIPT_WORDS_MAX][SCRIPT_WORD_MAX];
};

struct script {
    uint64_t end_ns;
    uint32_t behave_count, at_count;
    struct script_line behaves[SCRIPT_LINES_MAX];
    struct script_line ats[SCRIPT_LINES_MAX]; // in the order of time
};

// Reads a script; what is wrong is printed with its line, and false returned.
bool script_read(struct script *script, const char *path);

// Sets the behaviour of one service as a line says, once services have their slots.
bool script_behave(const struct script_line *line, struct world *world);

// Does what a line says; false, and said, if it makes no sense.
bool script_do(const struct script_line *line, struct world *world);

#endif

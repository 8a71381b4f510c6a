// SPDX-License-Identifier: Apache-2.0
//
// The command line: words that begin with "tessera." are ours and must be right; others are
// somebody else's (loaders and monitors add their own) and stay unread. docs/boot.md lists them.
#ifndef HAL_X86_64_COMMAND_H
#define HAL_X86_64_COMMAND_H

#include <stdint.h>

#include "kernel/kernel.h"

enum log_level {
    LOG_QUIET,   // only why it can't boot
    LOG_NORMAL,  // what this machine is and lacks
    LOG_VERBOSE, // and what the loader and the firmware said
};

// What a machine does after the last program has ended.
enum ending {
    ENDING_TEST,   // QEMU's test device; without one as ENDING_OFF
    ENDING_OFF,    // power off
    ENDING_REBOOT, // start again
    ENDING_STOP,   // stand still
};

struct command {
    uint32_t log;                   // enum log_level
    uint32_t ending;                // enum ending
    uint32_t flags;                 // enum boot_flag
    uint32_t seed;                  // of the programs' addresses; 0: not said
    uint32_t sizes[RESOURCE_COUNT]; // 0: not said
};

// Why a line was refused: a sentence that begins with the word concerned.
struct command_fault {
    char text[160];
};

// False: refused, and `fault` says why.
bool command_decode(const char *line, struct command *command, struct command_fault *fault);

#endif

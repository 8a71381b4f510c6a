// SPDX-License-Identifier: Apache-2.0
//
// struct kernel: the parts that kernel_turn joins, and what the kernel tells people.
#ifndef KERNEL_PARTS_H
#define KERNEL_PARTS_H

#include "kernel/core/core.h"
#include "kernel/gate/gate.h"
#include "kernel/log/log.h"

struct kernel {
    struct core core;
    struct log log;
    void *storage; // of core.state's arenas
};

// A line for people: "tessera: " and what follows, to the console.
struct report {
    char text[160];
    uint32_t size;
};

void report_begin(struct report *report);
void report_text(struct report *report, const char *text);
void report_decimal(struct report *report, uint64_t value);
void report_hex(struct report *report, uint64_t value);
void report_bytes(struct report *report, const uint8_t *bytes, uint32_t count);
void report_end(struct report *report);

// Closes the log, states the head and the digest, lets the log leave the machine, and halts.
_Noreturn void kernel_halt(struct kernel *kernel, int32_t code);

#endif

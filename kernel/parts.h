// SPDX-License-Identifier: Apache-2.0
//
// struct kernel: the parts that kernel_turn joins.
#ifndef KERNEL_PARTS_H
#define KERNEL_PARTS_H

#include "kernel/core/core.h"
#include "kernel/gate/gate.h"
#include "kernel/kernel.h"
#include "kernel/log/log.h"

enum { SYSLOG_PAGES = SYSLOG_RECORDS * sizeof(struct syslog_record) / PAGE_SIZE };

struct kernel {
    struct core core;
    struct log log;
};

// The first commits: who is there before anybody acts, and the first program, which is sound, with
// what it is given.
void core_genesis(struct core *core, const struct boot *boot);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// struct kernel: the parts that kernel_turn joins.
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

#endif

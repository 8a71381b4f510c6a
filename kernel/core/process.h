// SPDX-License-Identifier: Apache-2.0
//
// Processes, for the rest of the kernel: process.c.
#ifndef KERNEL_CORE_PROCESS_H
#define KERNEL_CORE_PROCESS_H

#include "kernel/core/core.h"

// An empty process: a space without mappings. process_needs: what room it takes.
extern const struct needs process_needs;
uint32_t process_create(struct core *core, uint32_t job, uint32_t session);
void process_start(struct core *core, uint32_t process); // its threads may run
void process_exit(struct core *core, uint32_t process, int32_t code, enum exit_reason cause);
// One bounded piece of giving back what dead processes held; false: there is none left, or no room
// in the log to do so, or nobody asks how they ended.
bool process_sweep(struct core *core);

// Of their kinds: kernel/core/object.c.
void process_created(struct core *core, uint32_t object);
enum status builder_check(struct core *core, struct request *request);
void builder_destroyed(struct core *core, uint32_t object);

#endif

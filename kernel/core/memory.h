// SPDX-License-Identifier: Apache-2.0
//
// Memory objects and address spaces, for the rest of the core: memory.c, address_space.c.
#ifndef KERNEL_CORE_MEMORY_H
#define KERNEL_CORE_MEMORY_H

#include "kernel/core/core.h"

// Sealed memory over frames that are not given back.
uint32_t memory_create_fixed(struct core *core, uint32_t job, uint32_t frame, uint32_t pages);
uint32_t memory_frame(const struct core *core, uint32_t object, uint32_t page);
// Copies bytes out of the object's pages, which has so many, or into them, where `in` is not NULL.
void memory_move(const struct core *core, uint32_t object, uint64_t offset, uint8_t *out,
                 const uint8_t *in, uint32_t length);

// The process of an object whose argument is its number, and which has not ended; NONE: it has.
uint32_t process_of(const struct core *core, uint32_t object);
void space_create(struct core *core, uint32_t process);
void space_destroy(struct core *core, uint32_t process);
// Room for what the process's job will pay, its mappings among it.
enum status space_has_room(const struct core *core, uint32_t process, const struct needs *needs);
// One that has any of these pages; NONE: there is none.
uint32_t mapping_find(const struct core *core, uint32_t process, uint64_t page, uint64_t count);
// A new mapping, whose id is yet to be said, over free pages; takes one away.
void memory_map(struct core *core, const struct commit_memory_map *map);
void memory_unmap(struct core *core, uint32_t mapping);
// A new object of so many pages, which the process has from a page on.
uint32_t memory_give(struct core *core, uint32_t process, uint64_t page, uint32_t count,
                     uint32_t rights);
// Unmaps what was mapped by a right that was taken away.
bool mapping_sweep(struct core *core, uint32_t mapping);

// Of its kind: kernel/core/object.c.
void memory_created(struct core *core, uint32_t object);
void memory_destroyed(struct core *core, uint32_t object);

#endif

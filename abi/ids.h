// SPDX-License-Identifier: Apache-2.0
//
// Ids and constants that a program and the kernel agree on. A capability id names a hold of the
// process that uses it and nothing else: the generation makes an id of a hold that is gone fail
// for ever, and an id that was never handed out names nothing.
#ifndef ABI_IDS_H
#define ABI_IDS_H

#include <assert.h>
#include <stdint.h>

enum {
    ABI_MAJOR = 1,
    ABI_MINOR = 0,
    PAGE_SIZE = 4096,
    PAGE_SHIFT = 12,
    NAME_SIZE = 32,            // bytes of a capability's or a program's name, with its final NUL
    MESSAGE_SIZE_MAX = 65536,  // bytes of one message
    KERNEL_MESSAGE_MAX = 1024, // bytes of a message to a kernel object
    TRANSFERS_MAX = 16,        // capabilities that travel with one call or return
    FACET_DEPTH_MAX = 8,       // facets between a hold and its object
    METHODS_MAX = 64,          // methods of one interface
};

// Generation in the upper half, index in the lower. Zero names nothing.
typedef struct {
    uint64_t value;
} cap_t;

static inline cap_t cap_of(uint32_t generation, uint32_t index)
{
    return (cap_t){(uint64_t)generation << 32 | index};
}

static inline uint32_t cap_index(cap_t cap)
{
    return (uint32_t)cap.value;
}

static inline uint32_t cap_generation(cap_t cap)
{
    return (uint32_t)(cap.value >> 32);
}

static_assert(sizeof(cap_t) == 8, "a capability id is one word");

// The system calls. Their numbers are passed in the first argument register.
enum system_call {
    SYSTEM_CALL_ENTER = 0, // cap_enter(min_complete, timeout_ns) -> completions, or a status
    SYSTEM_CALL_EXIT = 1,  // exit(code)
};

static const uint64_t TIMEOUT_NONE = UINT64_MAX; // no limit

// Where things are in a process, relative to the base of its address space. The kernel insists on
// the last two alone: programs map from LAYOUT_START to LAYOUT_RING.
enum layout {
    LAYOUT_START = 0x10000,  // struct start, the CapSet, the start-info message; read-only
    LAYOUT_STACK = 0x1e0000, // the first thread's; grows down from LAYOUT_STACK_TOP
    LAYOUT_STACK_TOP = 0x1f0000,
    LAYOUT_IMAGE = 0x400000,  // the program, as its segments say
    LAYOUT_OWN = 0x30000000,  // from here on it maps what it likes
    LAYOUT_RING = 0x3f000000, // the rings of its threads, which the kernel gives it
    LAYOUT_END = 0x40000000,  // nothing is mapped from here on
};

// Why a process ended.
enum exit_reason {
    EXIT_CALLED = 0,        // it called exit
    EXIT_FAULT_MEMORY = 1,  // access to memory that it does not have
    EXIT_FAULT_MACHINE = 2, // an instruction that a program may not or cannot execute
    EXIT_KILLED = 3,        // somebody with the authority ended it
};

#endif

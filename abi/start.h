// SPDX-License-Identifier: Apache-2.0
//
// What a process finds when it starts: its first thread's only argument points to a struct start,
// in read-only memory. Everything is an address in the process's own address space.
#ifndef ABI_START_H
#define ABI_START_H

#include <assert.h>
#include <stdint.h>

#include "abi/ids.h"

struct start {
    uint32_t abi_major;
    uint32_t abi_minor;
    uint64_t ring;         // struct ring_header *
    uint64_t capset;       // struct capset *
    uint64_t process;      // id, for messages to people
    uint64_t info;         // the start-info message: StartInfo of boot.capnp; bytes
    uint64_t info_size;    // bytes; 0: none
    uint64_t kernel_enter; // where entering the kernel is a call: its address; else 0
    uint64_t boot_flags;   // enum boot_flag, of the machine's first program; and a seed, see below
};

// From this bit of boot_flags on: a secret number, from which whoever starts programs draws the
// addresses that they get. Each process has another one.
enum { BOOT_SEED_SHIFT = 8 };

// What whoever boots the machine asks its first program for.
enum boot_flag {
    BOOT_SAFE_MODE = 1, // the least that works
    BOOT_RECOVERY = 2,  // nothing but what mends it
};

// The capabilities that the process was granted, in the order in which they were granted.
struct capset_entry {
    uint64_t cap;
    uint64_t interface;
    char name[NAME_SIZE]; // ends with NUL
};

struct capset {
    uint64_t count;
    uint64_t reserved;
    struct capset_entry entries[];
};

static_assert(sizeof(struct start) == 64, "one cache line");
static_assert(sizeof(struct capset_entry) == 48, "six words");
static_assert(sizeof(struct capset) == 16, "two words before the entries");

#endif

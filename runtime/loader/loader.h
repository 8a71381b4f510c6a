// SPDX-License-Identifier: Apache-2.0
//
// From the bytes of an ELF64 program for x86-64 to a process's memory, in two steps:
//
//     struct loader_plan plan;
//     struct loader_error error;
//     if (!loader_plan(&plan, &file, &options, &error) ||
//         !loader_apply(&plan, &file, &target, &error)) {
//         loader_error_print(&error, text, sizeof(text));
//         ... drop what the process has: nothing else was touched ...
//     }
//     ... start it at plan.entry, with its stack at plan.stack.high and its FS base at
//         plan.tls.thread_pointer ...
//
// A plan is made of the file alone and refuses whatever cannot be honoured; applying it acts
// through a table of functions, so that the same loader fills memory of a test, or another
// process's address space. Programs are whole: static (ET_EXEC) or static position-independent
// (ET_DYN).
//
// What holds:
// - Nothing is read outside of the file, whatever its bytes are, and every loop is bounded by its
//   size. Nothing is allocated, there is no state, and equal inputs give equal plans, byte for
//   byte.
// - In a plan all ranges of memory are whole pages within options.range; segments, stack with its
//   guards and the thread's block do not meet; no rights are both write and execute; each segment's
//   file bytes are in the file.
// - Applying a plan writes only into zeroed memory that it asked the target for, and only once the
//   place was asked for; it makes every check of relocations again, so even a file that changed
//   since the plan cannot make it write elsewhere. What it writes is a function of plan and file.
// - A refusal names what is wrong, in which entry of which table, at which byte, and the remedy. A
//   refused plan is all zero.
//
// The file must not change from the plan to the end of the apply, else the program may be a mixture
// of both: on Tessera its memory is sealed.
//
// Specifications: those of elf.h; for thread-local storage see tls.c.
#ifndef RUNTIME_LOADER_LOADER_H
#define RUNTIME_LOADER_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/commit.h"

enum {
    LOADER_SEGMENTS_MAX = 8,
    LOADER_HEADERS_MAX = 32,         // program headers of a file
    LOADER_GUARD_SIZE = 16 << 12,    // bytes below and above the stack that nothing is mapped to
    LOADER_STACK_MAX = 16 << 20,     // bytes that a file may ask for
    LOADER_ALIGNMENT_MAX = 16 << 20, // of a segment or the thread's block
    LOADER_TCB_SIZE = 64,            // bytes of the thread's block from the thread pointer on
    LOADER_ERROR_TEXT_MAX = 256,     // as long as an error's words get, with the final zero
    LOADER_SEED_KNOWN = 1,           // for places that are no secret: those that elf-plan prints
};

// The bytes of a file.
struct loader_file {
    const uint8_t *bytes;
    uint64_t size;
};

// Addresses from low to high, without high.
struct loader_range {
    uint64_t low, high;
};

struct loader_options {
    struct loader_range range; // where the process may have memory: whole pages
    uint64_t seed;             // of the places of image, stack and thread's block; secret
    uint64_t stack_size;       // bytes, whole pages, at least one; a file may ask for more
    uint64_t memory_max;       // bytes of memory of its own that the process may get
};

// A PT_LOAD. Its bytes are from `start` on: file_size from the file, then zeros. Where it is
// shared, its pages are pages of the file; else memory of its own.
struct loader_segment {
    struct loader_range pages;
    uint64_t start;       // address of its first byte, in the first of its pages
    uint64_t file_offset; // congruent to start modulo a page
    uint64_t file_size;
    uint64_t memory_size; // at least file_size
    uint32_t rights;      // enum memory_right
    uint32_t header;      // its place in the table of program headers
};

// Whether its pages are pages of the file; else they are memory of its own.
static inline bool loader_is_shared(const struct loader_segment *segment)
{
    return (segment->rights & RIGHT_WRITE) == 0 && segment->file_size == segment->memory_size;
}

// Thread-local storage: the template, and the block that is made of it for the first thread. For
// another thread one makes a block of the same form of the template in the program's memory.
struct loader_tls {
    uint64_t template;         // address in the image; its first bytes from the file, the rest zero
    uint64_t file_size;        // bytes
    uint64_t memory_size;      // bytes; 0, and all fields zero: the program has none
    uint64_t alignment;        // a power of two
    struct loader_range pages; // of the block, memory of its own
    uint64_t block;            // where the variables are
    uint64_t thread_pointer;   // behind them; the word there is its own address
};

// A table of relocations: where it stands in the file.
struct loader_table {
    uint64_t offset;
    uint64_t size; // bytes, whole entries
};

enum loader_table_kind {
    LOADER_TABLE_RELR, // applied in this order
    LOADER_TABLE_RELA,
    LOADER_TABLE_PLT,
    LOADER_TABLES,
};

struct loader_plan {
    uint64_t base; // what is added to the file's addresses; modulo 2^64
    uint64_t entry;
    uint64_t segment_count;
    struct loader_segment segments[LOADER_SEGMENTS_MAX]; // in the order of their addresses
    struct loader_range relro; // pages of a segment to be read-only in the end; may be empty
    struct loader_range stack; // with a guard of LOADER_GUARD_SIZE at both ends
    struct loader_tls tls;
    struct loader_table tables[LOADER_TABLES];
    uint64_t relocation_count;
    uint64_t memory_size; // bytes of memory of its own: segments, stack, thread's block
};

enum loader_fact {
    LOADER_FACT_NONE,
    LOADER_FACT_SHORT,
    LOADER_FACT_MAGIC,
    LOADER_FACT_CLASS,
    LOADER_FACT_ENCODING,
    LOADER_FACT_VERSION,
    LOADER_FACT_OSABI,
    LOADER_FACT_TYPE,
    LOADER_FACT_MACHINE,
    LOADER_FACT_HEADER_SIZE,
    LOADER_FACT_HEADERS_NONE,
    LOADER_FACT_HEADERS_MANY,
    LOADER_FACT_HEADERS_OUTSIDE,
    LOADER_FACT_TWICE,
    LOADER_FACT_INTERPRETER,
    LOADER_FACT_SEGMENTS_NONE,
    LOADER_FACT_SEGMENTS_MANY,
    LOADER_FACT_FLAGS,
    LOADER_FACT_UNREADABLE,
    LOADER_FACT_WRITE_EXECUTE,
    LOADER_FACT_ALIGNMENT,
    LOADER_FACT_CONGRUENCE,
    LOADER_FACT_FILE_OUTSIDE,
    LOADER_FACT_FILE_LARGER,
    LOADER_FACT_TEXT_ZEROS,
    LOADER_FACT_WRAPS,
    LOADER_FACT_ORDER,
    LOADER_FACT_OVERLAP,
    LOADER_FACT_RANGE,
    LOADER_FACT_ENTRY,
    LOADER_FACT_STACK_EXECUTABLE,
    LOADER_FACT_STACK_SIZE,
    LOADER_FACT_TLS_ALIGNMENT,
    LOADER_FACT_TLS_PLACE,
    LOADER_FACT_RELRO_PLACE,
    LOADER_FACT_DYNAMIC_END,
    LOADER_FACT_NEEDED,
    LOADER_FACT_TEXT_RELOCATIONS,
    LOADER_FACT_NO_ADDENDS,
    LOADER_FACT_TABLE_ENTRY,
    LOADER_FACT_TABLE_SIZE,
    LOADER_FACT_TABLE_PLACE,
    LOADER_FACT_RELOCATION_TYPE,
    LOADER_FACT_RELOCATION_PLACE,
    LOADER_FACT_BITMAP,
    LOADER_FACT_MEMORY,
    LOADER_FACT_ROOM,
    LOADER_FACT_TARGET,
    LOADER_FACT_SIZE, // of spawn.h
    LOADER_FACT_COUNT,
};

// What an error's index counts.
enum loader_part {
    LOADER_PART_FILE, // nothing: it is about the file as a whole
    LOADER_PART_HEADER,
    LOADER_PART_DYNAMIC,
    LOADER_PART_RELR,
    LOADER_PART_RELA,
    LOADER_PART_PLT,
    LOADER_PART_COUNT,
};

struct loader_error {
    enum loader_fact fact;
    enum loader_part part;
    uint64_t index; // of the entry, from 0
    uint64_t at;    // byte of the file at which the entry, or what is wrong in the file, begins
    uint64_t value; // what was found
};

// Makes the plan, or says why not. Options: range and stack_size in whole pages, else nothing fits.
bool loader_plan(struct loader_plan *plan, const struct loader_file *file,
                 const struct loader_options *options, struct loader_error *error);

// Where a plan is carried out. All ranges are whole pages, addresses are the process's; a function
// that returns false ends the apply. Each page is mapped once, before anything else is done to it.
struct loader_target {
    void *self; // handed to each
    // Pages of the file, from the byte at `offset` on, a multiple of the page size; behind the
    // file's end, zeros. Rights are read, or read and execute.
    bool (*share)(void *self, struct loader_range pages, uint32_t rights, uint64_t offset);
    // Zeroed memory, to be read and written. It may be made once for all its ranges, whose sizes
    // are plan->memory_size in sum.
    bool (*own)(void *self, struct loader_range pages);
    // Nothing, and nothing else may ever be mapped there.
    bool (*guard)(void *self, struct loader_range pages);
    // Bytes into memory that came by `own`; never more than that range has.
    bool (*write)(void *self, uint64_t address, const void *bytes, uint64_t size);
    // Other rights for a part of such memory. No write to that range follows.
    bool (*protect)(void *self, struct loader_range pages, uint32_t rights);
};

// Carries out a plan that was made of this file. False: the target refused (LOADER_FACT_TARGET; the
// error's value is the address), or the file is not the one that the plan was made of; what is
// there by then is for the target's owner to drop.
bool loader_apply(const struct loader_plan *plan, const struct loader_file *file,
                  const struct loader_target *target, struct loader_error *error);

// "program header 3 (byte 232): writable and executable: 0x7; link with -z separate-code". Returns
// the length of what stands in `out`; `size` is at least 1.
size_t loader_error_print(const struct loader_error *error, char *out, size_t size);

#endif

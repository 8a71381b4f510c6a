// SPDX-License-Identifier: Apache-2.0
//
// What the files of the loader share, and nobody else uses.
#ifndef RUNTIME_LOADER_PARTS_H
#define RUNTIME_LOADER_PARTS_H

#include "abi/commit.h"
#include "abi/ids.h"
#include "runtime/loader/elf.h"
#include "runtime/loader/loader.h"

// --- Errors -------------------------------------------------------------------------------------

// The kind of entry whose place in the file an error names.
struct spot {
    enum loader_part part;
    uint64_t index;
    uint64_t at;
};

// Fills in the error. Returns false.
bool loader_refuse(struct loader_error *error, enum loader_fact fact, struct spot spot,
                   uint64_t value);

// --- Numbers ------------------------------------------------------------------------------------

static inline bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static inline uint64_t page_floor(uint64_t address)
{
    return address & ~(uint64_t)(PAGE_SIZE - 1);
}

// Rounds up; the caller knows that it does not wrap.
static inline uint64_t round_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

// Whether `size` bytes from `start` lie within `whole` bytes from `low`.
static inline bool is_within(uint64_t start, uint64_t size, uint64_t low, uint64_t whole)
{
    return start - low <= whole && size <= whole - (start - low);
}

// --- The file -----------------------------------------------------------------------------------

static inline bool file_has(const struct loader_file *file, uint64_t offset, uint64_t size)
{
    return is_within(offset, size, 0, file->size);
}

// The segment whose file bytes include these addresses; NULL: none.
const struct loader_segment *loader_segment_in_file(const struct loader_plan *plan,
                                                    uint64_t address, uint64_t size);

// --- Places -------------------------------------------------------------------------------------

enum { PLACES_MAX = 3 }; // image, stack, thread's block

// A range of addresses that is given away piece by piece, at random places of what is left.
struct places {
    struct loader_range range;
    struct loader_range taken[PLACES_MAX]; // ascending
    uint32_t taken_count;
    uint64_t random; // state of the generator
};

// Notes that a range is taken; it meets no other.
void loader_place_take(struct places *places, struct loader_range taken);

// Takes `size` bytes from an address that is `remainder` modulo `alignment`, a power of two: each
// such address that is free comes with equal odds. False: there is none.
bool loader_place_choose(struct places *places, uint64_t size, uint64_t alignment,
                         uint64_t remainder, struct loader_range *taken);

// --- Parts of a plan ----------------------------------------------------------------------------

// Checks alignment and sizes of a PT_TLS, and fills in plan->tls but for the block's place.
bool loader_tls_describe(struct loader_plan *plan, const struct elf_program_header *header,
                         struct spot spot, struct loader_error *error);

// Bytes that the block takes, in whole pages, at an address aligned to loader_tls_alignment(). What
// was described has them in range.
uint64_t loader_tls_size(const struct loader_tls *tls);
uint64_t loader_tls_alignment(const struct loader_tls *tls);

// Lays the block out in these pages.
void loader_tls_lay_out(struct loader_tls *tls, struct loader_range pages);

// Finds the tables of relocations that a PT_DYNAMIC names.
bool loader_dynamic_read(struct loader_plan *plan, const struct loader_file *file,
                         const struct elf_program_header *header, struct spot spot,
                         struct loader_error *error);

// --- Relocations --------------------------------------------------------------------------------

// One word of memory that gets an address.
struct relocation {
    uint64_t place;
    uint64_t value;
};

// A walk through all relocations of a plan. Starts out zeroed.
struct relocation_walk {
    enum loader_table_kind kind;
    uint64_t offset;  // in that table
    struct spot spot; // of the present entry
    uint64_t bitmap;  // packed table: what is left of the present entry
    uint64_t low;     // ... the address that the lowest bit stands for
    uint64_t next;    // ... where the next bitmap begins
    bool has_next;
};

enum walk_step { WALK_FOUND, WALK_END, WALK_REFUSED };

// The next one. Its place is in a writable segment, whatever the file says.
enum walk_step loader_relocation_next(const struct loader_plan *plan,
                                      const struct loader_file *file, struct relocation_walk *walk,
                                      struct relocation *relocation, struct loader_error *error);

#endif

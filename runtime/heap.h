// SPDX-License-Identifier: Apache-2.0
//
// A heap: blocks of memory of any size, from a window of addresses that is filled as it is needed.
//
//     static struct tsr_heap heap;
//     tsr_heap_open(&heap, &space, TSR_HEAP_CHECKED, &exception);      maps memory, and gives it
//     back tsr_heap_open_arena(&heap, memory, size, 0);                     memory that is there
//     already
//
//     struct node *node = tsr_heap_take(&heap, sizeof *node);
//     if (node == NULL) { ... there is no memory ... }
//     tsr_heap_give(&heap, node);
//
// Memory that runs out is an answer, NULL, and changes nothing. Giving back what is no block of the
// heap, or was given back already, changes nothing either and is told (enum tsr_heap_damage); with
// TSR_HEAP_CHECKED so is what was written behind a block or after it was given back. Threads may
// share a heap: see tsr_heap_share().
//
// The window is cut into chunks of 32 KiB. A chunk holds blocks of one size class, with a bit for
// each that says whether it is in use; what is larger than a class has chunks of its own, of which
// only the pages that it needs are filled. A chunk without blocks in use goes back to where it came
// from, but for one. All times are bounded by the number of chunks.
#ifndef RUNTIME_HEAP_H
#define RUNTIME_HEAP_H

#include "runtime/park.h"
#include "runtime/space.h"

enum {
    TSR_HEAP_CHUNK = 0x8000, // bytes
    TSR_HEAP_CHUNKS_MAX = 2048,
    TSR_HEAP_CLASSES = 16,
    TSR_HEAP_CLASS_MAX = 8192, // bytes of the largest class
    TSR_HEAP_ALIGNMENT = 16,   // of every block
};

enum tsr_heap_damage {
    HEAP_SOUND,
    HEAP_NOT_A_BLOCK,   // this address is no block of the heap, or of one that is gone
    HEAP_GIVEN_TWICE,   // this block is not in use
    HEAP_OVERRUN,       // somebody wrote behind the block (checked heaps)
    HEAP_WRITTEN_LATER, // somebody wrote into it after it was given back (checked heaps)
};

enum tsr_heap_flag { TSR_HEAP_CHECKED = 1 }; // costs time, and at least 8 bytes a block

// Where the memory comes from. Both are called with the heap's lock held.
struct tsr_heap_source {
    uint8_t *first;  // of the window, aligned to TSR_HEAP_ALIGNMENT
    uint32_t chunks; // of the window
    void *context;
    // Memory at so many pages from `at` on; false: there is none, and nothing has changed.
    bool (*fill)(void *context, uint8_t *at, uint32_t pages);
    // It is not needed any more; false: it could not be taken away, and is never used again.
    bool (*empty)(void *context, uint8_t *at, uint32_t pages);
};

struct tsr_heap_usage {
    uint64_t blocks; // in use
    uint64_t bytes;  // of these, as they lie
    uint64_t pages;  // filled
};

struct tsr_heap_slab;

struct tsr_heap {
    struct tsr_heap_source source;
    struct tsr_mutex mutex;
    uint32_t flags;
    uint32_t spare; // a chunk that is filled and not in use, plus one; 0: none
    struct tsr_heap_usage usage;
    struct tsr_heap_slab *open[TSR_HEAP_CLASSES]; // with blocks that are not in use
    uint8_t chunks[TSR_HEAP_CHUNKS_MAX];          // enum chunk_kind
};

// --- Opening ------------------------------------------------------------------------------------

void tsr_heap_init(struct tsr_heap *heap, const struct tsr_heap_source *source, uint32_t flags);

// Over addresses of the program's own, of which it takes 64 MiB; memory is the job's, a mapping for
// each chunk. False: there are not so many addresses, or no job was granted.
bool tsr_heap_open(struct tsr_heap *heap, struct tsr_space *space, uint32_t flags,
                   struct capnp_exception *exception);

// Over plain memory, for where nothing can be mapped: what does not make up a whole chunk stays
// unused.
void tsr_heap_open_arena(struct tsr_heap *heap, void *memory, uint64_t size, uint32_t flags);

// Before a second thread uses it: the park space of those who share it.
void tsr_heap_share(struct tsr_heap *heap, uint64_t park);

// --- Blocks -------------------------------------------------------------------------------------

// At least so many bytes, of any contents; of size 0 a block like any other. NULL: none are left.
__attribute__((warn_unused_result)) void *tsr_heap_take(struct tsr_heap *heap, uint64_t size);

// `count` times `each` bytes, zeroed.
__attribute__((warn_unused_result)) void *tsr_heap_take_zeroed(struct tsr_heap *heap,
                                                               uint64_t count, uint64_t each);

// The block with another size, perhaps elsewhere, with as much of its contents as fits; NULL: as
// take. NULL, and the block stays as it is: no memory, or it is no block in use.
__attribute__((warn_unused_result)) void *tsr_heap_resize(struct tsr_heap *heap, void *block,
                                                          uint64_t size);

// The block is not needed any more; NULL is none. A damaged one is not used again.
enum tsr_heap_damage tsr_heap_give(struct tsr_heap *heap, void *block);

// --- Looking ------------------------------------------------------------------------------------

struct tsr_heap_usage tsr_heap_usage(struct tsr_heap *heap);

// Looks at every block; what is wrong with the first that is damaged, which is then *block.
enum tsr_heap_damage tsr_heap_check(struct tsr_heap *heap, void **block);

// Gives back the chunk that is kept for next time.
void tsr_heap_trim(struct tsr_heap *heap);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// See heap.h. A chunk of blocks begins with a struct tsr_heap_slab, a large block with a struct
// large; what a chunk is stands apart from it, in heap->chunks, so that an address is judged before
// anything near it is read.
//
// A checked heap keeps the size that was asked for in the last four bytes of a block, fills what
// lies between with GUARD, and what is not in use with GONE.

#include "runtime/heap.h"

#include <string.h>

enum chunk_kind {
    CHUNK_FREE,  // not filled
    CHUNK_SLAB,  // blocks of one class
    CHUNK_LARGE, // the first of a large block
    CHUNK_REST,  // another of it
    CHUNK_SPARE, // filled, not in use
    CHUNK_LOST,  // never to be used again
};

enum {
    BITS_WORDS = TSR_HEAP_CHUNK / TSR_HEAP_ALIGNMENT / 64,
    CHUNK_PAGES = TSR_HEAP_CHUNK / PAGE_SIZE,
    GUARD = 0xa5,
    GONE = 0xdd,
    CHECK_BYTES = 8, // at least so many behind a block's contents: guards, and its size
};

// In place of the size: the block was written to while it was not in use, and stays out of use.
static const uint32_t OUT_OF_USE = UINT32_MAX;

struct tsr_heap_slab {
    struct tsr_heap_slab *next, *previous; // of those with blocks that are not in use
    uint32_t class;
    uint32_t used;
    uint32_t count; // of blocks
    uint32_t reserved;
    uint64_t bits[BITS_WORDS]; // bit n: block n is in use
};

struct large {
    uint64_t size; // bytes of the block as it lies
    uint64_t pages;
    uint64_t reserved[6];
};

static_assert(sizeof(struct tsr_heap_slab) % TSR_HEAP_ALIGNMENT == 0, "blocks are aligned");
static_assert(sizeof(struct large) % TSR_HEAP_ALIGNMENT == 0, "a large one, too");

static const uint32_t class_sizes[TSR_HEAP_CLASSES] = {
    16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096, TSR_HEAP_CLASS_MAX,
};

// A block that somebody names.
struct place {
    enum chunk_kind kind;        // SLAB or LARGE, if it is one
    struct tsr_heap_slab *slab;  // of a slab
    uint32_t index;              // ... of its blocks
    struct large *large;         // of a large one
    uint64_t size;               // bytes, as it lies
    enum tsr_heap_damage damage; // HEAP_SOUND: it is a block in use
};

void tsr_heap_init(struct tsr_heap *heap, const struct tsr_heap_source *source, uint32_t flags)
{
    memset(heap, 0, sizeof *heap);
    heap->source = *source;
    heap->flags = flags;
    if (heap->source.chunks > TSR_HEAP_CHUNKS_MAX) {
        heap->source.chunks = TSR_HEAP_CHUNKS_MAX;
    }
}

void tsr_heap_share(struct tsr_heap *heap, uint64_t park)
{
    heap->mutex.space = park;
}

// --- Chunks -------------------------------------------------------------------------------------

static uint8_t *chunk_at(const struct tsr_heap *heap, uint32_t chunk)
{
    return heap->source.first + (uint64_t)chunk * TSR_HEAP_CHUNK;
}

static uint32_t chunk_of(const struct tsr_heap *heap, const void *at)
{
    return (uint32_t)(((uint64_t)at - (uint64_t)heap->source.first) / TSR_HEAP_CHUNK);
}

// The first of so many chunks in a row that are not filled; the number of all: there are none.
static uint32_t chunks_find(const struct tsr_heap *heap, uint64_t count)
{
    uint64_t run = 0;
    for (uint32_t i = 0; i < heap->source.chunks; i++) {
        run = heap->chunks[i] == CHUNK_FREE ? run + 1 : 0;
        if (run == count) {
            return i + 1 - (uint32_t)count;
        }
    }
    return heap->source.chunks;
}

// Takes chunks in a row, and fills so many pages of them. NULL: no memory.
static uint8_t *chunks_take(struct tsr_heap *heap, uint64_t count, uint64_t pages,
                            enum chunk_kind kind)
{
    uint32_t chunk = chunks_find(heap, count);
    if (chunk == heap->source.chunks ||
        !heap->source.fill(heap->source.context, chunk_at(heap, chunk), (uint32_t)pages)) {
        return NULL;
    }
    memset(heap->chunks + chunk, CHUNK_REST, count);
    heap->chunks[chunk] = (uint8_t)kind;
    heap->usage.pages += pages;
    return chunk_at(heap, chunk);
}

static void chunks_give(struct tsr_heap *heap, uint32_t chunk, uint64_t count, uint64_t pages)
{
    bool is_empty =
        heap->source.empty(heap->source.context, chunk_at(heap, chunk), (uint32_t)pages);
    memset(heap->chunks + chunk, is_empty ? CHUNK_FREE : CHUNK_LOST, count);
    heap->usage.pages -= is_empty ? pages : 0;
}

// --- Slabs --------------------------------------------------------------------------------------

static uint8_t *block_at(const struct tsr_heap_slab *slab, uint32_t index)
{
    return (uint8_t *)(slab + 1) + (uint64_t)index * class_sizes[slab->class];
}

static void slab_link(struct tsr_heap *heap, struct tsr_heap_slab *slab)
{
    struct tsr_heap_slab **head = &heap->open[slab->class];
    slab->previous = NULL;
    slab->next = *head;
    if (*head != NULL) {
        (*head)->previous = slab;
    }
    *head = slab;
}

static void slab_unlink(struct tsr_heap *heap, struct tsr_heap_slab *slab)
{
    if (slab->next != NULL) {
        slab->next->previous = slab->previous;
    }
    *(slab->previous != NULL ? &slab->previous->next : &heap->open[slab->class]) = slab->next;
}

// A slab of a class with all its blocks free.
static struct tsr_heap_slab *slab_make(struct tsr_heap *heap, uint32_t class)
{
    uint8_t *bytes;
    if (heap->spare != 0) {
        bytes = chunk_at(heap, heap->spare - 1);
        heap->chunks[heap->spare - 1] = CHUNK_SLAB;
        heap->spare = 0;
    } else {
        bytes = chunks_take(heap, 1, CHUNK_PAGES, CHUNK_SLAB);
    }
    if (bytes == NULL) {
        return NULL;
    }
    struct tsr_heap_slab *slab = (struct tsr_heap_slab *)(void *)bytes;
    *slab = (struct tsr_heap_slab){
        .class = class, .count = (TSR_HEAP_CHUNK - (uint32_t)sizeof *slab) / class_sizes[class]};
    if ((heap->flags & TSR_HEAP_CHECKED) != 0) {
        memset(slab + 1, GONE, TSR_HEAP_CHUNK - sizeof *slab);
    }
    slab_link(heap, slab);
    return slab;
}

// The first block that is not in use; there is one.
static uint32_t slab_find(const struct tsr_heap_slab *slab)
{
    uint32_t word = 0;
    while (slab->bits[word] == UINT64_MAX) {
        word++;
    }
    return word * 64 + (uint32_t)__builtin_ctzll(~slab->bits[word]);
}

static void slab_mark(struct tsr_heap *heap, struct tsr_heap_slab *slab, uint32_t index)
{
    slab->bits[index / 64] |= UINT64_C(1) << index % 64;
    slab->used++;
    if (slab->used == slab->count) {
        slab_unlink(heap, slab);
    }
}

static void slab_clear(struct tsr_heap *heap, struct tsr_heap_slab *slab, uint32_t index)
{
    if (slab->used == slab->count) {
        slab_link(heap, slab);
    }
    slab->bits[index / 64] &= ~(UINT64_C(1) << index % 64);
    slab->used--;
    if (slab->used != 0) {
        return;
    }
    uint32_t chunk = chunk_of(heap, slab);
    slab_unlink(heap, slab);
    if (heap->spare == 0) {
        heap->spare = chunk + 1;
        heap->chunks[chunk] = CHUNK_SPARE;
    } else {
        chunks_give(heap, chunk, 1, CHUNK_PAGES);
    }
}

// --- Checks -------------------------------------------------------------------------------------

static bool is_filled(const uint8_t *bytes, uint64_t size, uint8_t with)
{
    for (uint64_t i = 0; i < size; i++) {
        if (bytes[i] != with) {
            return false;
        }
    }
    return true;
}

static void guards_put(uint8_t *block, uint64_t size, uint32_t wanted)
{
    memset(block + wanted, GUARD, size - wanted - sizeof wanted);
    memcpy(block + size - sizeof wanted, &wanted, sizeof wanted);
}

// How many bytes the owner of a block asked for: what guards_put() wrote, or anything.
static uint32_t wanted_of(const uint8_t *block, uint64_t size)
{
    uint32_t wanted;
    memcpy(&wanted, block + size - sizeof wanted, sizeof wanted);
    return wanted;
}

static enum tsr_heap_damage guards_check(const uint8_t *block, uint64_t size)
{
    uint32_t wanted = wanted_of(block, size);
    if (wanted == OUT_OF_USE) {
        return HEAP_WRITTEN_LATER;
    }
    bool is_whole = (uint64_t)wanted + CHECK_BYTES <= size &&
                    is_filled(block + wanted, size - wanted - sizeof wanted, GUARD);
    return is_whole ? HEAP_SOUND : HEAP_OVERRUN;
}

// What lies at an address that somebody calls a block.
static struct place place_of(const struct tsr_heap *heap, const void *block)
{
    struct place place = {.damage = HEAP_NOT_A_BLOCK};
    uint64_t offset = (uint64_t)block - (uint64_t)heap->source.first;
    uint64_t chunk = offset / TSR_HEAP_CHUNK;
    uint64_t within = offset % TSR_HEAP_CHUNK;
    if ((uint64_t)block < (uint64_t)heap->source.first || chunk >= heap->source.chunks) {
        return place;
    }
    uint8_t *at = chunk_at(heap, (uint32_t)chunk);
    place.kind = heap->chunks[chunk];
    if (place.kind == CHUNK_LARGE && within == sizeof(struct large)) {
        place.large = (struct large *)(void *)at;
        place.size = place.large->size;
        place.damage = HEAP_SOUND;
    }
    if (place.kind == CHUNK_SLAB && within >= sizeof(struct tsr_heap_slab)) {
        place.slab = (struct tsr_heap_slab *)(void *)at;
        place.size = class_sizes[place.slab->class];
        within -= sizeof(struct tsr_heap_slab);
        place.index = (uint32_t)(within / place.size);
        if (within % place.size == 0 && place.index < place.slab->count) {
            bool is_used = (place.slab->bits[place.index / 64] >> place.index % 64 & 1) != 0;
            place.damage = is_used ? HEAP_SOUND : HEAP_GIVEN_TWICE;
        }
    }
    if (place.damage == HEAP_SOUND && (heap->flags & TSR_HEAP_CHECKED) != 0) {
        place.damage = guards_check(block, place.size);
    }
    return place;
}

// --- Taking -------------------------------------------------------------------------------------

// The class for so many bytes; TSR_HEAP_CLASSES: it is large.
static uint32_t class_of(uint64_t size)
{
    uint32_t class = 0;
    while (class < TSR_HEAP_CLASSES && class_sizes[class] < size) {
        class ++;
    }
    return class;
}

static void *small_take(struct tsr_heap *heap, uint32_t class)
{
    for (;;) {
        struct tsr_heap_slab *slab = heap->open[class];
        if (slab == NULL && (slab = slab_make(heap, class)) == NULL) {
            return NULL;
        }
        uint32_t index = slab_find(slab);
        uint8_t *block = block_at(slab, index);
        slab_mark(heap, slab, index);
        if ((heap->flags & TSR_HEAP_CHECKED) == 0 || is_filled(block, class_sizes[class], GONE)) {
            heap->usage.blocks++;
            heap->usage.bytes += class_sizes[class];
            return block;
        }
        // Somebody writes into it who gave it back: it stays out of use.
        memcpy(block + class_sizes[class] - sizeof(uint32_t), &(uint32_t){OUT_OF_USE},
               sizeof(uint32_t));
    }
}

static void *large_take(struct tsr_heap *heap, uint64_t size)
{
    uint64_t window = (uint64_t)heap->source.chunks * TSR_HEAP_CHUNK;
    if (size > window) {
        return NULL;
    }
    uint64_t pages = (size + sizeof(struct large) + PAGE_SIZE - 1) / PAGE_SIZE;
    uint64_t chunks = (pages + CHUNK_PAGES - 1) / CHUNK_PAGES;
    uint8_t *bytes = chunks_take(heap, chunks, pages, CHUNK_LARGE);
    if (bytes == NULL) {
        return NULL;
    }
    struct large *large = (struct large *)(void *)bytes;
    *large = (struct large){.size = pages * PAGE_SIZE - sizeof *large, .pages = pages};
    heap->usage.blocks++;
    heap->usage.bytes += large->size;
    return large + 1;
}

// A block by its size as it lies; that size is then *size.
static void *any_take(struct tsr_heap *heap, uint64_t *size)
{
    uint32_t class = class_of(*size);
    if (class < TSR_HEAP_CLASSES) {
        *size = class_sizes[class];
        return small_take(heap, class);
    }
    struct large *block = large_take(heap, *size);
    *size = block != NULL ? block[-1].size : 0;
    return block;
}

static void *block_take(struct tsr_heap *heap, uint64_t size)
{
    bool is_checked = (heap->flags & TSR_HEAP_CHECKED) != 0;
    uint64_t all = size + (is_checked ? CHECK_BYTES : 0);
    if (size > (uint64_t)TSR_HEAP_CHUNKS_MAX * TSR_HEAP_CHUNK) {
        return NULL;
    }
    void *block = any_take(heap, &all);
    if (block != NULL && is_checked) {
        guards_put(block, all, (uint32_t)size);
    }
    return block;
}

void *tsr_heap_take(struct tsr_heap *heap, uint64_t size)
{
    tsr_mutex_lock(&heap->mutex);
    void *block = block_take(heap, size);
    tsr_mutex_unlock(&heap->mutex);
    return block;
}

void *tsr_heap_take_zeroed(struct tsr_heap *heap, uint64_t count, uint64_t each)
{
    uint64_t size;
    if (__builtin_mul_overflow(count, each, &size)) {
        return NULL;
    }
    void *block = tsr_heap_take(heap, size);
    if (block != NULL) {
        memset(block, 0, size);
    }
    return block;
}

// --- Giving back --------------------------------------------------------------------------------

static enum tsr_heap_damage block_give(struct tsr_heap *heap, void *block)
{
    struct place place = place_of(heap, block);
    if (place.damage != HEAP_SOUND) {
        return place.damage;
    }
    heap->usage.blocks--;
    heap->usage.bytes -= place.size;
    if (place.large != NULL) {
        uint64_t pages = place.large->pages;
        chunks_give(heap, chunk_of(heap, block), (pages + CHUNK_PAGES - 1) / CHUNK_PAGES, pages);
        return HEAP_SOUND;
    }
    if ((heap->flags & TSR_HEAP_CHECKED) != 0) {
        memset(block, GONE, place.size);
    }
    slab_clear(heap, place.slab, place.index);
    return HEAP_SOUND;
}

enum tsr_heap_damage tsr_heap_give(struct tsr_heap *heap, void *block)
{
    if (block == NULL) {
        return HEAP_SOUND;
    }
    tsr_mutex_lock(&heap->mutex);
    enum tsr_heap_damage damage = block_give(heap, block);
    tsr_mutex_unlock(&heap->mutex);
    return damage;
}

// Whether a block may simply be said to have another size: it would be as large as it is.
static bool is_as_large(const struct place *place, uint64_t all)
{
    if (place->large != NULL) {
        return all <= place->size && all + PAGE_SIZE > place->size && all > TSR_HEAP_CLASS_MAX;
    }
    uint32_t class = class_of(all);
    return class < TSR_HEAP_CLASSES && class_sizes[class] == place->size;
}

static void *block_resize(struct tsr_heap *heap, void *block, uint64_t size)
{
    bool is_checked = (heap->flags & TSR_HEAP_CHECKED) != 0;
    struct place place = place_of(heap, block);
    if (place.damage != HEAP_SOUND || size > (uint64_t)TSR_HEAP_CHUNKS_MAX * TSR_HEAP_CHUNK) {
        return NULL;
    }
    if (is_as_large(&place, size + (is_checked ? CHECK_BYTES : 0))) {
        if (is_checked) {
            guards_put(block, place.size, (uint32_t)size);
        }
        return block;
    }
    uint64_t contents = is_checked ? wanted_of(block, place.size) : place.size;
    void *other = block_take(heap, size);
    if (other != NULL) {
        memcpy(other, block, contents < size ? contents : size);
        block_give(heap, block);
    }
    return other;
}

void *tsr_heap_resize(struct tsr_heap *heap, void *block, uint64_t size)
{
    tsr_mutex_lock(&heap->mutex);
    void *other = block == NULL ? block_take(heap, size) : block_resize(heap, block, size);
    tsr_mutex_unlock(&heap->mutex);
    return other;
}

// --- Looking ------------------------------------------------------------------------------------

struct tsr_heap_usage tsr_heap_usage(struct tsr_heap *heap)
{
    tsr_mutex_lock(&heap->mutex);
    struct tsr_heap_usage usage = heap->usage;
    tsr_mutex_unlock(&heap->mutex);
    return usage;
}

static enum tsr_heap_damage slab_check(const struct tsr_heap *heap,
                                       const struct tsr_heap_slab *slab, void **block)
{
    for (uint32_t i = 0; i < slab->count; i++) {
        struct place place = place_of(heap, block_at(slab, i));
        bool is_free = place.damage == HEAP_GIVEN_TWICE;
        if (is_free && !is_filled(block_at(slab, i), place.size, GONE)) {
            *block = block_at(slab, i);
            return HEAP_WRITTEN_LATER;
        }
        if (!is_free && place.damage != HEAP_SOUND) {
            *block = block_at(slab, i);
            return place.damage;
        }
    }
    return HEAP_SOUND;
}

enum tsr_heap_damage tsr_heap_check(struct tsr_heap *heap, void **block)
{
    enum tsr_heap_damage damage = HEAP_SOUND;
    tsr_mutex_lock(&heap->mutex);
    bool is_checked = (heap->flags & TSR_HEAP_CHECKED) != 0;
    for (uint32_t i = 0; is_checked && damage == HEAP_SOUND && i < heap->source.chunks; i++) {
        void *at = chunk_at(heap, i);
        if (heap->chunks[i] == CHUNK_SLAB) {
            damage = slab_check(heap, at, block);
        } else if (heap->chunks[i] == CHUNK_LARGE) {
            *block = (struct large *)at + 1;
            damage = place_of(heap, *block).damage;
        }
    }
    tsr_mutex_unlock(&heap->mutex);
    return damage;
}

void tsr_heap_trim(struct tsr_heap *heap)
{
    tsr_mutex_lock(&heap->mutex);
    if (heap->spare != 0) {
        chunks_give(heap, heap->spare - 1, 1, CHUNK_PAGES);
        heap->spare = 0;
    }
    tsr_mutex_unlock(&heap->mutex);
}

// SPDX-License-Identifier: Apache-2.0
//
// The heap over a window whose memory is counted: what is filled twice, emptied twice, or written
// to after it was given back fails the test. Random blocks against a model that knows what each
// must contain.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/heap.h"

bool tsr_park(uint64_t space, const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    (void)space;
    (void)word;
    (void)expected;
    (void)timeout_ns;
    fail_msg("nobody else has the heap");
    return false;
}

void tsr_unpark(uint64_t space, const uint32_t *word, uint32_t count)
{
    (void)space;
    (void)word;
    (void)count;
}

enum {
    CHUNKS = 48,
    PAGES = CHUNKS * TSR_HEAP_CHUNK / PAGE_SIZE,
    BLOCKS = 256,
    STEPS = 20000,
    EMPTY = 0x5a,
};

static struct {
    _Alignas(PAGE_SIZE) uint8_t window[PAGES * PAGE_SIZE];
    bool is_filled[PAGES];
    uint32_t filled;
    uint32_t fills_left; // until one is refused
    bool refuses_empty;
    uint64_t random;
} fake;

static struct tsr_heap heap;

static uint64_t random_below(uint64_t limit)
{
    fake.random = fake.random * 6364136223846793005u + 1442695040888963407u;
    return (fake.random >> 33) % limit;
}

static bool fake_fill(void *context, uint8_t *at, uint32_t pages)
{
    uint64_t first = (uint64_t)(at - fake.window) / PAGE_SIZE;
    assert_ptr_equal(context, &fake);
    assert_true(first + pages <= PAGES);
    if (fake.fills_left == 0) {
        return false;
    }
    fake.fills_left--;
    for (uint64_t i = first; i < first + pages; i++) {
        assert_false(fake.is_filled[i]);
        fake.is_filled[i] = true;
        for (uint32_t b = 0; b < PAGE_SIZE; b++) {
            assert_int_equal(fake.window[i * PAGE_SIZE + b], EMPTY);
        }
        memset(fake.window + i * PAGE_SIZE, 0, PAGE_SIZE);
    }
    fake.filled += pages;
    return true;
}

static bool fake_empty(void *context, uint8_t *at, uint32_t pages)
{
    uint64_t first = (uint64_t)(at - fake.window) / PAGE_SIZE;
    assert_ptr_equal(context, &fake);
    if (fake.refuses_empty) {
        return false;
    }
    for (uint64_t i = first; i < first + pages; i++) {
        assert_true(fake.is_filled[i]);
        fake.is_filled[i] = false;
        memset(fake.window + i * PAGE_SIZE, EMPTY, PAGE_SIZE);
    }
    fake.filled -= pages;
    return true;
}

static void open_with(uint32_t flags)
{
    memset(&fake, 0, sizeof fake);
    memset(fake.window, EMPTY, sizeof fake.window);
    fake.fills_left = UINT32_MAX;
    const struct tsr_heap_source source = {.first = fake.window,
                                           .chunks = CHUNKS,
                                           .context = &fake,
                                           .fill = fake_fill,
                                           .empty = fake_empty};
    tsr_heap_init(&heap, &source, flags);
}

// --- Against a model ----------------------------------------------------------------------------

struct model {
    uint8_t *bytes;
    uint64_t size;
    uint8_t seed;
};

static struct model blocks[BLOCKS];

static uint64_t random_size(void)
{
    switch (random_below(8)) {
    case 0:
        return random_below(3 * TSR_HEAP_CHUNK);
    case 1:
        return random_below(TSR_HEAP_CLASS_MAX + 64);
    default:
        return random_below(300);
    }
}

static void model_write(struct model *block)
{
    block->seed = (uint8_t)random_below(256);
    for (uint64_t i = 0; i < block->size; i++) {
        block->bytes[i] = (uint8_t)(block->seed + i);
    }
}

static void model_check(const struct model *block, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        assert_int_equal(block->bytes[i], (uint8_t)(block->seed + i));
    }
}

static void model_step(void)
{
    struct model *block = &blocks[random_below(BLOCKS)];
    fake.fills_left = random_below(4) == 0 ? 0 : UINT32_MAX;
    if (block->bytes == NULL) {
        block->size = random_size();
        block->bytes = tsr_heap_take(&heap, block->size);
        if (block->bytes != NULL) {
            assert_int_equal((uint64_t)block->bytes % TSR_HEAP_ALIGNMENT, 0);
            model_write(block);
        }
    } else if (random_below(3) == 0) {
        uint64_t size = random_size();
        struct model other = *block;
        other.bytes = tsr_heap_resize(&heap, block->bytes, size);
        if (other.bytes != NULL) {
            other.size = size;
            model_check(&other, size < block->size ? size : block->size);
            *block = other;
            model_write(block);
        } else {
            model_check(block, block->size);
        }
    } else {
        model_check(block, block->size);
        assert_int_equal(tsr_heap_give(&heap, block->bytes), HEAP_SOUND);
        assert_int_not_equal(tsr_heap_give(&heap, block->bytes), HEAP_SOUND);
        block->bytes = NULL;
    }
}

static void run_model(uint32_t flags, uint64_t seed)
{
    void *damaged;
    open_with(flags);
    fake.random = seed;
    memset(blocks, 0, sizeof blocks);
    for (uint32_t i = 0; i < STEPS; i++) {
        model_step();
        assert_int_equal(tsr_heap_usage(&heap).pages, fake.filled);
        if (i % 500 == 0) {
            assert_int_equal(tsr_heap_check(&heap, &damaged), HEAP_SOUND);
        }
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        if (blocks[i].bytes != NULL) {
            model_check(&blocks[i], blocks[i].size);
            assert_int_equal(tsr_heap_give(&heap, blocks[i].bytes), HEAP_SOUND);
        }
    }
    assert_true(fake.filled <= TSR_HEAP_CHUNK / PAGE_SIZE);
    tsr_heap_trim(&heap);
    struct tsr_heap_usage usage = tsr_heap_usage(&heap);
    assert_int_equal(usage.blocks + usage.bytes + usage.pages + fake.filled, 0);
}

static void always_a_block_keeps_its_contents_and_all_memory_comes_back(void **state)
{
    (void)state;
    run_model(0, 1);
    run_model(0, 2);
}

static void always_the_same_of_a_checked_heap(void **state)
{
    (void)state;
    run_model(TSR_HEAP_CHECKED, 3);
}

// --- Sizes --------------------------------------------------------------------------------------

static void sizes_that_there_is_no_memory_for_are_refused(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {UINT64_MAX,         UINT64_MAX - 7,          UINT64_MAX - 63,
                                     UINT64_MAX / 2,     UINT64_C(1) << 32,       (1ull << 32) - 8,
                                     sizeof fake.window, sizeof fake.window - 63, INT64_MAX};
    for (uint32_t flags = 0; flags <= TSR_HEAP_CHECKED; flags++) {
        open_with(flags);
        void *block = tsr_heap_take(&heap, 40);
        memset(block, 7, 40);
        for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            assert_null(tsr_heap_take(&heap, sizes[i]));
            assert_null(tsr_heap_take_zeroed(&heap, sizes[i], 1));
            assert_null(tsr_heap_take_zeroed(&heap, 3, sizes[i] / 2));
            assert_null(tsr_heap_resize(&heap, block, sizes[i]));
            assert_int_equal(((uint8_t *)block)[39], 7);
        }
        assert_int_equal(tsr_heap_usage(&heap).blocks, 1);
        assert_int_equal(tsr_heap_give(&heap, block), HEAP_SOUND);
    }
}

static void blocks_of_no_size_are_blocks_of_their_own(void **state)
{
    (void)state;
    open_with(TSR_HEAP_CHECKED);
    void *first = tsr_heap_take(&heap, 0);
    void *second = tsr_heap_take(&heap, 0);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    assert_int_equal(tsr_heap_give(&heap, first), HEAP_SOUND);
    assert_int_equal(tsr_heap_give(&heap, second), HEAP_SOUND);
    assert_int_equal(tsr_heap_give(&heap, NULL), HEAP_SOUND);
}

static void all_of_the_window_can_be_one_block(void **state)
{
    (void)state;
    open_with(0);
    uint8_t *block = tsr_heap_take(&heap, sizeof fake.window - 64);
    assert_non_null(block);
    memset(block, 1, sizeof fake.window - 64);
    assert_null(tsr_heap_take(&heap, 1));
    assert_int_equal(tsr_heap_give(&heap, block), HEAP_SOUND);
    block = tsr_heap_take(&heap, 1);
    assert_non_null(block);
    assert_int_equal(tsr_heap_give(&heap, block), HEAP_SOUND);
}

static void zeroed_blocks_are_zero_when_they_were_used_before(void **state)
{
    (void)state;
    open_with(0);
    uint8_t *block = tsr_heap_take(&heap, 100);
    memset(block, 0xff, 100);
    assert_int_equal(tsr_heap_give(&heap, block), HEAP_SOUND);
    block = tsr_heap_take_zeroed(&heap, 10, 10);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(block[i], 0);
    }
}

// --- Memory that runs out -----------------------------------------------------------------------

static void wherever_memory_is_refused_nothing_has_changed(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {16, 500, 8192, 9000, 100000};
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        open_with(TSR_HEAP_CHECKED);
        fake.fills_left = 0;
        assert_null(tsr_heap_take(&heap, sizes[i]));
        assert_int_equal(tsr_heap_usage(&heap).pages, 0);
        fake.fills_left = 1;
        void *block = tsr_heap_take(&heap, sizes[i]);
        assert_non_null(block);
        assert_null(tsr_heap_resize(&heap, block, 2 * sizes[i] + 9000));
        assert_int_equal(tsr_heap_give(&heap, block), HEAP_SOUND);
        tsr_heap_trim(&heap);
        assert_int_equal(fake.filled, 0);
    }
}

static void memory_that_cannot_be_given_back_is_not_used_again(void **state)
{
    (void)state;
    open_with(0);
    uint8_t *block = tsr_heap_take(&heap, 20000);
    fake.refuses_empty = true;
    assert_int_equal(tsr_heap_give(&heap, block), HEAP_SOUND);
    fake.refuses_empty = false;
    uint8_t *other = tsr_heap_take(&heap, 20000);
    assert_non_null(other);
    assert_ptr_not_equal(block, other);
    assert_int_equal(tsr_heap_give(&heap, block), HEAP_NOT_A_BLOCK);
}

// --- Mistakes -----------------------------------------------------------------------------------

static void what_is_no_block_is_told_and_nothing_changes(void **state)
{
    (void)state;
    int elsewhere;
    open_with(0);
    uint8_t *small = tsr_heap_take(&heap, 64);
    uint8_t *large = tsr_heap_take(&heap, 5 * TSR_HEAP_CHUNK);
    void *wrong[] = {small + 1,
                     small + 16,
                     small - 1,
                     large + TSR_HEAP_CHUNK,
                     large - 64,
                     large + 64,
                     &elsewhere,
                     (void *)((uintptr_t)fake.window - 1),
                     fake.window + sizeof fake.window,
                     fake.window + sizeof fake.window - 1,
                     (void *)UINTPTR_MAX,
                     (void *)1};
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(tsr_heap_give(&heap, wrong[i]), HEAP_NOT_A_BLOCK);
        assert_null(tsr_heap_resize(&heap, wrong[i], 8));
    }
    assert_int_equal(tsr_heap_give(&heap, small + 64), HEAP_GIVEN_TWICE);
    assert_int_equal(tsr_heap_usage(&heap).blocks, 2);
    assert_int_equal(tsr_heap_give(&heap, small), HEAP_SOUND);
    assert_int_equal(tsr_heap_give(&heap, large), HEAP_SOUND);
    assert_int_equal(tsr_heap_give(&heap, large), HEAP_NOT_A_BLOCK);
}

static void a_byte_behind_a_block_is_found_at_any_size(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 8, 15, 16, 40, 56, 100, 4088, 8184, 8185, 70000};
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *damaged = NULL;
        open_with(TSR_HEAP_CHECKED);
        uint8_t *block = tsr_heap_take(&heap, sizes[i]);
        assert_int_equal(tsr_heap_check(&heap, &damaged), HEAP_SOUND);
        block[sizes[i]] ^= 1;
        assert_int_equal(tsr_heap_check(&heap, &damaged), HEAP_OVERRUN);
        assert_ptr_equal(damaged, block);
        assert_int_equal(tsr_heap_give(&heap, block), HEAP_OVERRUN);
        block[sizes[i]] ^= 1;
        assert_int_equal(tsr_heap_give(&heap, block), HEAP_SOUND);
    }
}

static void what_is_written_after_it_was_given_back_is_found_and_not_used(void **state)
{
    (void)state;
    void *damaged = NULL;
    open_with(TSR_HEAP_CHECKED);
    uint8_t *keeps = tsr_heap_take(&heap, 100);
    uint8_t *block = tsr_heap_take(&heap, 100);
    assert_int_equal(tsr_heap_give(&heap, block), HEAP_SOUND);
    block[50] = 1;
    assert_int_equal(tsr_heap_check(&heap, &damaged), HEAP_WRITTEN_LATER);
    assert_ptr_equal(damaged, block);
    assert_ptr_not_equal(tsr_heap_take(&heap, 100), block);
    assert_int_equal(tsr_heap_check(&heap, &damaged), HEAP_WRITTEN_LATER);
    assert_int_equal(tsr_heap_give(&heap, block), HEAP_WRITTEN_LATER);
    assert_int_equal(tsr_heap_give(&heap, keeps), HEAP_SOUND);
}

// --- Plain memory -------------------------------------------------------------------------------

static void plain_memory_of_any_size_and_place_is_a_heap(void **state)
{
    (void)state;
    for (uint64_t size = 0; size < 3 * TSR_HEAP_CHUNK; size += 4001) {
        for (uint64_t offset = 0; offset < 40; offset += 13) {
            uint64_t bytes = 0;
            memset(fake.window, EMPTY, sizeof fake.window);
            tsr_heap_open_arena(&heap, fake.window + offset, size, 0);
            for (uint8_t *block; (block = tsr_heap_take(&heap, 500)) != NULL; bytes += 512) {
                assert_true(block >= fake.window + offset);
                assert_true(block + 500 <= fake.window + offset + size);
                memset(block, 1, 500);
            }
            assert_true(bytes + TSR_HEAP_CHUNK + size / 32 >= size);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_a_block_keeps_its_contents_and_all_memory_comes_back),
        cmocka_unit_test(always_the_same_of_a_checked_heap),
        cmocka_unit_test(sizes_that_there_is_no_memory_for_are_refused),
        cmocka_unit_test(blocks_of_no_size_are_blocks_of_their_own),
        cmocka_unit_test(all_of_the_window_can_be_one_block),
        cmocka_unit_test(zeroed_blocks_are_zero_when_they_were_used_before),
        cmocka_unit_test(wherever_memory_is_refused_nothing_has_changed),
        cmocka_unit_test(memory_that_cannot_be_given_back_is_not_used_again),
        cmocka_unit_test(what_is_no_block_is_told_and_nothing_changes),
        cmocka_unit_test(a_byte_behind_a_block_is_found_at_any_size),
        cmocka_unit_test(what_is_written_after_it_was_given_back_is_found_and_not_used),
        cmocka_unit_test(plain_memory_of_any_size_and_place_is_a_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

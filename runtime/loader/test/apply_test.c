// SPDX-License-Identifier: Apache-2.0
//
// What is in memory after a plan was carried out, byte for byte; and what happens where it can't
// be.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/ids.h"
#include "runtime/loader/test/image.h"
#include "runtime/loader/test/sample.h"

enum { SEED = 11 };

static struct sample sample;
static struct image image;
static struct loader_plan plan;
static struct loader_error error;

static void load(void)
{
    struct loader_file file = sample_file(&sample);
    image_init(&image, &file, 0);
    assert_true(image_load(&image, &plan, SEED, &error));
    if (image.broken != NULL) {
        fail_msg("%s", image.broken);
    }
}

// What the image must be: the file's bytes, zeros, and the words of the sample's tables.
static void image_expect(uint8_t expected[SAMPLE_SPAN], uint64_t base)
{
    const uint64_t words[][2] = {
        {0x2008, 0x1010},
        {SAMPLE_TEMPLATE + 8, 0x1020},
        {SAMPLE_TEMPLATE + 32, 0x1030},
        {0x37f8, 0x1040},
        {0x2010, sample.data[2]},
        {0x2018, sample.data[3]},
        {0x2208, sample.dynamic[0].d_val},
        {0x2218, sample.dynamic[1].d_val},
    };
    static_assert(sizeof(words) / sizeof(words[0]) == SAMPLE_RELOCATIONS, "all of them");
    memset(expected, 0, SAMPLE_SPAN);
    memcpy(expected, &sample, 0x2600);
    for (uint32_t i = 0; i < SAMPLE_RELOCATIONS; i++) {
        uint64_t value = base + words[i][1];
        memcpy(expected + words[i][0], &value, sizeof(value));
    }
}

static void memory_is_the_file_with_its_words_relocated(void **state)
{
    static uint8_t expected[SAMPLE_SPAN];
    (void)state;
    sample_make(&sample);
    load();
    image_expect(expected, plan.base);
    assert_memory_equal((const void *)plan.base, expected, SAMPLE_SPAN);
    image_fini(&image);
}

static void a_packed_word_that_ends_behind_the_file_s_bytes_has_zeros_there(void **state)
{
    (void)state;
    sample_make(&sample);
    sample.relrs[0] = 0x25fc;
    sample.relrs[1] = 1;
    sample.relrs[2] = 1;
    load();
    uint32_t addend;
    uint64_t word;
    memcpy(&addend, (const uint8_t *)&sample + 0x25fc, sizeof(addend));
    memcpy(&word, (const uint8_t *)plan.base + 0x25fc, sizeof(word));
    assert_int_equal(word, plan.base + addend);
    image_fini(&image);
}

static void the_block_is_the_template_relocated_and_then_zeros(void **state)
{
    static uint8_t expected[SAMPLE_SPAN];
    (void)state;
    sample_make(&sample);
    load();
    image_expect(expected, plan.base);
    const struct loader_tls *tls = &plan.tls;
    const uint8_t *block = (const uint8_t *)tls->block;
    assert_memory_equal(block, expected + SAMPLE_TEMPLATE, SAMPLE_TEMPLATE_FILE);
    for (uint64_t i = SAMPLE_TEMPLATE_FILE; i < tls->thread_pointer - tls->block; i++) {
        assert_int_equal(block[i], 0);
    }
    assert_int_equal(*(const uint64_t *)tls->thread_pointer, tls->thread_pointer);
    for (uint64_t at = tls->thread_pointer + 8; at < tls->pages.high; at++) {
        assert_int_equal(*(const uint8_t *)at, 0);
    }
    image_fini(&image);
}

static void assert_state(struct loader_range range, enum image_state state, uint32_t rights)
{
    for (uint64_t at = range.low; at < range.high; at += PAGE_SIZE) {
        assert_int_equal(image.state[(at - image.range.low) / PAGE_SIZE], state);
        assert_int_equal(image.rights[(at - image.range.low) / PAGE_SIZE], rights);
    }
}

static void each_page_has_the_rights_of_the_plan_and_no_page_more_is_there(void **state)
{
    uint64_t mapped = 0;
    (void)state;
    sample_make(&sample);
    sample.headers[SAMPLE_CONSTANTS].p_filesz = 0xf00; // zeros behind: memory of its own
    load();
    uint64_t base = plan.base;
    assert_state((struct loader_range){base, base + 0x1000}, IMAGE_PROTECTED, 1);
    assert_state((struct loader_range){base + 0x1000, base + 0x2000}, IMAGE_SHARED, 5);
    assert_state((struct loader_range){base + 0x2000, base + 0x3000}, IMAGE_PROTECTED, 1);
    assert_state((struct loader_range){base + 0x3000, base + 0x4000}, IMAGE_OWN, 3);
    assert_state(plan.stack, IMAGE_OWN, 3);
    assert_state(plan.tls.pages, IMAGE_OWN, 3);
    assert_state((struct loader_range){plan.stack.low - LOADER_GUARD_SIZE, plan.stack.low},
                 IMAGE_GUARD, 0);
    assert_state((struct loader_range){plan.stack.high, plan.stack.high + LOADER_GUARD_SIZE},
                 IMAGE_GUARD, 0);
    for (uint32_t i = 0; i < IMAGE_PAGES; i++) {
        mapped += image.state[i] != IMAGE_EMPTY;
    }
    assert_int_equal(mapped, 4 + 16 + 2 * LOADER_GUARD_SIZE / PAGE_SIZE + 1);
    image_fini(&image);
}

static void a_target_that_refuses_ends_the_apply_at_any_call(void **state)
{
    struct loader_file file = sample_file(&sample);
    (void)state;
    sample_make(&sample);
    sample.headers[SAMPLE_CONSTANTS].p_filesz = 0xf00;
    load();
    uint64_t calls = image.calls;
    image_fini(&image);
    for (uint64_t i = 0; i < calls; i++) {
        image_init(&image, &file, 0);
        image.calls_left = i;
        assert_false(image_load(&image, &plan, SEED, &error));
        assert_int_equal(error.fact, LOADER_FACT_TARGET);
        assert_true(error.value >= image.range.low && error.value < image.range.high);
        assert_int_equal(image.calls, i + 1);
        assert_null(image.broken);
        image_fini(&image);
    }
}

// What a file may have become since its plan was made.
static void a_file_that_changes_under_the_plan_harms_only_its_own_program(void **state)
{
    struct loader_file file = sample_file(&sample);
    struct loader_options options;
    (void)state;
    for (uint64_t at = offsetof(struct sample, relas); at < offsetof(struct sample, constants);
         at++) {
        sample_make(&sample);
        image_init(&image, &file, 0);
        options = image_options(&image, SEED);
        assert_true(loader_plan(&plan, &file, &options, &error));
        ((uint8_t *)&sample)[at] ^= 0xff;
        if (!loader_apply(&plan, &file, &image.target, &error)) {
            assert_true(error.fact == LOADER_FACT_RELOCATION_TYPE ||
                        error.fact == LOADER_FACT_RELOCATION_PLACE ||
                        error.fact == LOADER_FACT_BITMAP);
        }
        assert_null(image.broken);
        image_fini(&image);
    }
}

static void a_file_that_became_shorter_is_refused_before_anything_is_done(void **state)
{
    struct loader_file file = sample_file(&sample);
    struct loader_options options;
    (void)state;
    sample_make(&sample);
    image_init(&image, &file, 0);
    options = image_options(&image, SEED);
    assert_true(loader_plan(&plan, &file, &options, &error));
    file.size--;
    assert_false(loader_apply(&plan, &file, &image.target, &error));
    assert_int_equal(error.fact, LOADER_FACT_FILE_OUTSIDE);
    file.size = 0x450;
    plan.segment_count = 0;
    assert_false(loader_apply(&plan, &file, &image.target, &error));
    assert_int_equal(error.fact, LOADER_FACT_FILE_OUTSIDE);
    assert_int_equal(image.calls, 0);
    image_fini(&image);
}

static void a_program_without_thread_local_storage_gets_no_block(void **state)
{
    (void)state;
    sample_make(&sample);
    sample.headers[SAMPLE_TLS].p_type = 0;
    load();
    assert_int_equal(plan.memory_size, SAMPLE_MEMORY - PAGE_SIZE);
    image_fini(&image);
    sample_make(&sample); // and one whose variables are all zero needs no bytes
    sample.headers[SAMPLE_TLS].p_filesz = 0;
    sample.headers[SAMPLE_TLS].p_vaddr = 0x999999900;
    load();
    assert_int_equal(*(const uint64_t *)plan.tls.thread_pointer, plan.tls.thread_pointer);
    assert_int_equal(*(const uint64_t *)plan.tls.block, 0);
    image_fini(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_the_file_with_its_words_relocated),
        cmocka_unit_test(a_packed_word_that_ends_behind_the_file_s_bytes_has_zeros_there),
        cmocka_unit_test(the_block_is_the_template_relocated_and_then_zeros),
        cmocka_unit_test(each_page_has_the_rights_of_the_plan_and_no_page_more_is_there),
        cmocka_unit_test(a_target_that_refuses_ends_the_apply_at_any_call),
        cmocka_unit_test(a_file_that_changes_under_the_plan_harms_only_its_own_program),
        cmocka_unit_test(a_file_that_became_shorter_is_refused_before_anything_is_done),
        cmocka_unit_test(a_program_without_thread_local_storage_gets_no_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

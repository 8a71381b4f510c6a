// SPDX-License-Identifier: Apache-2.0
//
// Plans say what the file says, at places that follow from the seed; and what the loader accepts.
// What it refuses is in refusal_test.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/commit.h"
#include "abi/ids.h"
#include "runtime/loader/test/sample.h"

static struct sample sample;

static const struct loader_options options = {
    .range = {0x400000, 0x2000000}, .seed = 7, .stack_size = 65536, .memory_max = 1 << 20};

static struct loader_plan plan_with(const struct loader_options *with)
{
    struct loader_file file = sample_file(&sample);
    struct loader_plan plan;
    struct loader_error error;
    if (!loader_plan(&plan, &file, with, &error)) {
        char text[LOADER_ERROR_TEXT_MAX];
        loader_error_print(&error, text, sizeof(text));
        fail_msg("refused: %s", text);
    }
    return plan;
}

static enum loader_fact refusal_with(const struct loader_options *with)
{
    struct loader_file file = sample_file(&sample);
    struct loader_plan plan;
    struct loader_error error;
    return loader_plan(&plan, &file, with, &error) ? LOADER_FACT_NONE : error.fact;
}

static void assert_range(struct loader_range range, uint64_t low, uint64_t high)
{
    assert_int_equal(range.low, low);
    assert_int_equal(range.high, high);
}

static void a_plan_says_what_the_file_says(void **state)
{
    (void)state;
    sample_make(&sample);
    struct loader_plan plan = plan_with(&options);
    uint64_t base = plan.base;
    assert_int_equal(base % PAGE_SIZE, 0);
    assert_int_equal(plan.entry, base + 0x1010);
    assert_int_equal(plan.segment_count, 3);
    const struct loader_segment expected[] = {
        {{base, base + 0x1000}, base, 0, 0x1000, 0x1000, RIGHT_READ, SAMPLE_CONSTANTS},
        {{base + 0x1000, base + 0x2000},
         base + 0x1000,
         0x1000,
         0x123,
         0x123,
         RIGHT_READ | RIGHT_EXECUTE,
         SAMPLE_TEXT},
        {{base + 0x2000, base + 0x4000},
         base + 0x2000,
         0x2000,
         0x600,
         0x1800,
         RIGHT_READ | RIGHT_WRITE,
         SAMPLE_DATA},
    };
    for (uint32_t i = 0; i < 3; i++) {
        const struct loader_segment *segment = &plan.segments[i];
        assert_range(segment->pages, expected[i].pages.low, expected[i].pages.high);
        assert_int_equal(segment->start, expected[i].start);
        assert_int_equal(segment->file_offset, expected[i].file_offset);
        assert_int_equal(segment->file_size, expected[i].file_size);
        assert_int_equal(segment->memory_size, expected[i].memory_size);
        assert_int_equal(segment->rights, expected[i].rights);
        assert_int_equal(segment->header, expected[i].header);
        assert_int_equal(loader_is_shared(segment), i < 2);
    }
    assert_range(plan.relro, base + 0x2000, base + 0x3000);
    assert_int_equal(plan.tables[LOADER_TABLE_RELR].offset, offsetof(struct sample, relrs));
    assert_int_equal(plan.tables[LOADER_TABLE_RELR].size, 8 * SAMPLE_RELRS);
    assert_int_equal(plan.tables[LOADER_TABLE_RELA].offset, offsetof(struct sample, relas));
    assert_int_equal(plan.tables[LOADER_TABLE_RELA].size, 24 * SAMPLE_RELAS);
    assert_int_equal(plan.tables[LOADER_TABLE_PLT].offset, offsetof(struct sample, plts));
    assert_int_equal(plan.tables[LOADER_TABLE_PLT].size, 24 * SAMPLE_PLTS);
    assert_int_equal(plan.relocation_count, SAMPLE_RELOCATIONS);
    assert_int_equal(plan.stack.high - plan.stack.low, 65536);
    assert_int_equal(plan.memory_size, SAMPLE_MEMORY);
}

// The linker's distance of a variable from the thread pointer: its offset in the template less the
// template's size, rounded up so that both are aligned.
static void variables_are_where_the_code_looks_for_them(void **state)
{
    static const struct {
        uint64_t address, size, alignment, offset; // offset: from the block to the thread pointer
    } rows[] = {
        {0x2100, 0x58, 64, 0x80}, {0x2100, 0x80, 64, 0x80},     {0x2104, 0x58, 64, 0x7c},
        {0x2104, 0x58, 4, 0x58},  {0x2103, 0x59, 1, 0x59},      {0x2100, 0x58, 4096, 0xf00},
        {0x2100, 1, 8, 8},        {0x2108, 0x1001, 16, 0x1008},
    };
    (void)state;
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sample_make(&sample);
        struct elf_program_header *header = &sample.headers[SAMPLE_TLS];
        header->p_vaddr = rows[i].address;
        header->p_offset = rows[i].address;
        header->p_filesz = 0;
        header->p_memsz = rows[i].size;
        header->p_align = rows[i].alignment;
        struct loader_plan plan = plan_with(&options);
        const struct loader_tls *tls = &plan.tls;
        assert_int_equal(tls->template, plan.base + rows[i].address);
        assert_int_equal(tls->memory_size, rows[i].size);
        assert_int_equal(tls->alignment, rows[i].alignment);
        assert_int_equal(tls->thread_pointer - tls->block, rows[i].offset);
        assert_int_equal(tls->thread_pointer % rows[i].alignment, 0);
        assert_int_equal(tls->block % rows[i].alignment, rows[i].address % rows[i].alignment);
        assert_true(tls->block >= tls->pages.low);
        assert_true(tls->thread_pointer % 64 == 0);
        assert_true(tls->thread_pointer + LOADER_TCB_SIZE <= tls->pages.high);
    }
}

static void large_alignments_are_kept(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct loader_options with = options;
        sample_make(&sample);
        with.seed = seed;
        with.memory_max = 32 << 20;
        // The data 1 MiB further on, as in the file modulo 1 MiB; and templates aligned as much.
        sample.headers[SAMPLE_TEXT].p_align = 0x200000;
        sample.headers[SAMPLE_TLS].p_align = 0x400000;
        struct loader_plan plan = plan_with(&with);
        assert_int_equal(plan.base % 0x400000, 0);
        assert_int_equal(plan.tls.thread_pointer % 0x400000, 0);
    }
}

static void a_program_without_headers_that_it_does_not_need_is_fine(void **state)
{
    (void)state;
    sample_make(&sample);
    sample.header.e_phnum = SAMPLE_TLS;
    struct loader_plan plan = plan_with(&options);
    assert_int_equal(plan.tls.memory_size, 0);
    assert_int_equal(plan.tls.thread_pointer, 0);
    assert_int_equal(plan.relocation_count, 0);
    assert_int_equal(plan.relro.low, plan.relro.high);
    sample_make(&sample);
    sample.headers[SAMPLE_TLS].p_type = 0x6474e550; // one that is of no meaning here
    sample.headers[SAMPLE_RELRO].p_memsz = 0;
    sample.headers[SAMPLE_CONSTANTS].p_memsz = 0;
    sample.headers[SAMPLE_CONSTANTS].p_filesz = 0;
    sample.headers[SAMPLE_DYNAMIC].p_type = 0;
    sample.header.e_ident[EI_OSABI] = ELFOSABI_GNU;
    plan = plan_with(&options);
    assert_int_equal(plan.segment_count, 2);
    sample.headers[SAMPLE_TLS].p_type = PT_TLS;
    sample.headers[SAMPLE_TLS].p_filesz = 0;
    sample.headers[SAMPLE_TLS].p_memsz = 0;
    assert_int_equal(plan_with(&options).tls.memory_size, 0);
    assert_int_equal(plan.relro.low, plan.relro.high);
}

static void empty_tables_are_fine(void **state)
{
    (void)state;
    sample_make(&sample);
    sample.dynamic[SAMPLE_RELASZ].d_val = 0;
    sample.dynamic[SAMPLE_RELRSZ].d_val = 0;
    sample.dynamic[SAMPLE_PLTRELSZ].d_tag = 1000; // unknown
    assert_int_equal(plan_with(&options).relocation_count, 0);
    sample.dynamic[0].d_tag = DT_NULL; // what follows the end is nothing
    assert_int_equal(plan_with(&options).relocation_count, 0);
}

static void read_only_data_with_zeros_behind_has_memory_of_its_own(void **state)
{
    (void)state;
    sample_make(&sample);
    sample.headers[SAMPLE_CONSTANTS].p_filesz = 0x900;
    struct loader_plan plan = plan_with(&options);
    assert_false(loader_is_shared(&plan.segments[0]));
    assert_int_equal(plan.memory_size, SAMPLE_MEMORY + PAGE_SIZE);
}

static void only_whole_pages_become_read_only(void **state)
{
    (void)state;
    sample_make(&sample);
    sample.headers[SAMPLE_RELRO].p_memsz = 0x1fff;
    struct loader_plan plan = plan_with(&options);
    assert_range(plan.relro, plan.base + 0x2000, plan.base + 0x3000);
    sample.headers[SAMPLE_RELRO].p_memsz = 0xfff;
    plan = plan_with(&options);
    assert_int_equal(plan.relro.low, plan.relro.high);
    sample.headers[SAMPLE_RELRO].p_vaddr = 0x3000;
    sample.headers[SAMPLE_RELRO].p_memsz = 0x1000;
    plan = plan_with(&options);
    assert_range(plan.relro, plan.base + 0x3000, plan.base + 0x4000);
}

// --- Places -------------------------------------------------------------------------------------

static void static_programs_stay_where_they_were_linked(void **state)
{
    (void)state;
    sample_make(&sample);
    sample.header.e_type = ET_EXEC;
    struct loader_options with = options;
    with.range = (struct loader_range){0, 0x100000};
    for (with.seed = 0; with.seed < 100; with.seed++) {
        struct loader_plan plan = plan_with(&with);
        assert_int_equal(plan.base, 0);
        assert_int_equal(plan.entry, 0x1010);
        assert_true(plan.stack.low - LOADER_GUARD_SIZE >= 0x4000);
        assert_true(plan.tls.pages.low >= 0x4000);
    }
}

static void equal_seeds_give_equal_plans_and_others_do_not(void **state)
{
    struct loader_options with = options;
    struct loader_plan plan;
    struct loader_plan again;
    uint32_t equal = 0;
    (void)state;
    sample_make(&sample);
    for (with.seed = 1; with.seed < 200; with.seed++) {
        plan = plan_with(&with);
        again = plan_with(&with);
        assert_memory_equal(&plan, &again, sizeof(plan));
        with.seed++;
        again = plan_with(&with);
        equal += plan.base == again.base;
        equal += plan.stack.low == again.stack.low;
        equal += plan.stack.low - plan.base == again.stack.low - again.base;
        equal += plan.tls.block - plan.stack.low == again.tls.block - again.stack.low;
    }
    assert_true(equal < 5); // of 400, with thousands of places for each
}

static bool do_meet(struct loader_range left, struct loader_range right)
{
    return left.low < right.high && right.low < left.high;
}

// In as few pages as there can be, all places that are possible come, and no others.
static void every_place_comes_and_pieces_never_meet(void **state)
{
    enum { SPARE = 3 };
    struct loader_options with = options;
    uint32_t seen[SPARE + 1] = {0};
    uint64_t size = SAMPLE_SPAN + 4096 + 2 * LOADER_GUARD_SIZE + PAGE_SIZE;
    (void)state;
    sample_make(&sample);
    with.stack_size = 4096;
    with.range.high = with.range.low + size + SPARE * PAGE_SIZE;
    for (with.seed = 0; with.seed < 2000; with.seed++) {
        struct loader_file file = sample_file(&sample);
        struct loader_plan plan;
        struct loader_error error;
        if (!loader_plan(&plan, &file, &with, &error)) {
            assert_int_equal(error.fact, LOADER_FACT_ROOM); // image in the middle: no room is left
            continue;
        }
        struct loader_range pieces[] = {
            {plan.base, plan.base + SAMPLE_SPAN},
            {plan.stack.low - LOADER_GUARD_SIZE, plan.stack.high + LOADER_GUARD_SIZE},
            plan.tls.pages};
        for (uint32_t i = 0; i < 3; i++) {
            assert_true(pieces[i].low >= with.range.low && pieces[i].high <= with.range.high);
            assert_false(do_meet(pieces[i], pieces[(i + 1) % 3]));
        }
        if (plan.base - with.range.low <= SPARE * PAGE_SIZE) {
            seen[(plan.base - with.range.low) / PAGE_SIZE]++;
        }
    }
    for (uint32_t i = 0; i <= SPARE; i++) {
        assert_true(seen[i] > 0);
    }
}

static void what_just_fits_is_planned_and_a_page_less_is_refused(void **state)
{
    struct loader_options with = options;
    uint64_t size = SAMPLE_SPAN + 65536 + 2 * LOADER_GUARD_SIZE;
    uint32_t planned = 0;
    (void)state;
    sample_make(&sample);
    sample.header.e_phnum = SAMPLE_TLS;
    with.range.high = with.range.low + size;
    for (with.seed = 0; with.seed < 1000; with.seed++) {
        planned += refusal_with(&with) == LOADER_FACT_NONE;
    }
    assert_true(planned > 0); // with the image at one of both ends
    with.range.high -= PAGE_SIZE;
    for (with.seed = 0; with.seed < 1000; with.seed++) {
        assert_int_equal(refusal_with(&with), LOADER_FACT_ROOM);
    }
    with.range.high = with.range.low + SAMPLE_SPAN - PAGE_SIZE;
    assert_int_equal(refusal_with(&with), LOADER_FACT_ROOM);
    with.range.high = with.range.low;
    assert_int_equal(refusal_with(&with), LOADER_FACT_ROOM);
    with.range.high = 0;
    assert_int_equal(refusal_with(&with), LOADER_FACT_ROOM);
    with = options;
    with.stack_size = UINT64_MAX - PAGE_SIZE + 1;
    assert_int_equal(refusal_with(&with), LOADER_FACT_ROOM);
}

static void the_last_addresses_can_be_used(void **state)
{
    struct loader_options with = options;
    (void)state;
    sample_make(&sample);
    with.range = (struct loader_range){UINT64_MAX - 0xfffff, UINT64_MAX - PAGE_SIZE + 1};
    for (with.seed = 0; with.seed < 100; with.seed++) {
        struct loader_plan plan = plan_with(&with);
        assert_true(plan.base >= with.range.low && plan.base < with.range.high);
        assert_true(plan.stack.high <= with.range.high);
    }
    sample.headers[SAMPLE_TEXT].p_align = 0x200000; // the next such address would be 0
    assert_int_equal(refusal_with(&with), LOADER_FACT_ROOM);
}

static void a_file_may_ask_for_a_larger_stack(void **state)
{
    (void)state;
    sample_make(&sample);
    sample.headers[SAMPLE_STACK].p_memsz = 100001;
    struct loader_plan plan = plan_with(&options);
    assert_int_equal(plan.stack.high - plan.stack.low, 25 * PAGE_SIZE);
    sample.headers[SAMPLE_STACK].p_memsz = 4096;
    plan = plan_with(&options);
    assert_int_equal(plan.stack.high - plan.stack.low, 65536);
}

static void memory_is_bounded_to_the_byte(void **state)
{
    struct loader_options with = options;
    (void)state;
    sample_make(&sample);
    with.memory_max = SAMPLE_MEMORY;
    assert_int_equal(refusal_with(&with), LOADER_FACT_NONE);
    with.memory_max--;
    assert_int_equal(refusal_with(&with), LOADER_FACT_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_says_what_the_file_says),
        cmocka_unit_test(variables_are_where_the_code_looks_for_them),
        cmocka_unit_test(large_alignments_are_kept),
        cmocka_unit_test(a_program_without_headers_that_it_does_not_need_is_fine),
        cmocka_unit_test(empty_tables_are_fine),
        cmocka_unit_test(read_only_data_with_zeros_behind_has_memory_of_its_own),
        cmocka_unit_test(only_whole_pages_become_read_only),
        cmocka_unit_test(static_programs_stay_where_they_were_linked),
        cmocka_unit_test(equal_seeds_give_equal_plans_and_others_do_not),
        cmocka_unit_test(every_place_comes_and_pieces_never_meet),
        cmocka_unit_test(what_just_fits_is_planned_and_a_page_less_is_refused),
        cmocka_unit_test(the_last_addresses_can_be_used),
        cmocka_unit_test(a_file_may_ask_for_a_larger_stack),
        cmocka_unit_test(memory_is_bounded_to_the_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

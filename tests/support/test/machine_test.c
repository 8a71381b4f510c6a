// SPDX-License-Identifier: Apache-2.0
//
// The machine of the unit tests, under a kernel of a hundred lines: one that takes the package's
// first program, gives its thread a ring, and completes every SQE at once.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include "abi/commit.h"
#include "abi/start.h"
#include "lib/package/package.h"
#include "lib/package/table.h"
#include "tests/support/machine.h"
#include "tests/support/watch.h"

enum {
    SPACE = 3,
    PAGE_START = LAYOUT_START / PAGE_SIZE,
    RING_AT = 2 * LAYOUT_START, // under the same table
    PAGE_RING = RING_AT / PAGE_SIZE,
    FRAME_START = 1,
    FRAME_RING = 2,
    FRAME_ROOT = 5,
    FRAME_TABLES = 6,
    COMPLETIONS = 32,
};

static int32_t next_thread; // which runs after the next turn
static uint32_t steps_left;
static uint32_t timers_seen;

static void *frame(uint32_t number)
{
    return hal_frames + (size_t)number * PAGE_SIZE;
}

static void first_process(uint64_t base)
{
    const uint32_t root = FRAME_ROOT;
    uint32_t tables[HAL_MAP_TABLES] = {FRAME_TABLES, FRAME_TABLES + 1, FRAME_TABLES + 2};
    struct start start = {.ring = base + RING_AT, .capset = base + LAYOUT_START + 64};
    struct ring_header ring = {
        .sq_entries = SQ_ENTRIES_DEFAULT,
        .cq_entries = COMPLETIONS,
        .sq_offset = 192,
        .cq_offset = 192 + SQ_ENTRIES_DEFAULT * sizeof(struct sqe),
    };
    struct capset *capset = (struct capset *)((uint8_t *)frame(FRAME_START) + 64);

    for (uint32_t i = FRAME_START; i < FRAME_TABLES + HAL_MAP_TABLES; i++) {
        memset(frame(i), 0, PAGE_SIZE);
    }
    memcpy(frame(FRAME_START), &start, sizeof(start));
    memcpy(frame(FRAME_RING), &ring, sizeof(ring));
    capset->count = 1;
    capset->entries[0] = (struct capset_entry){.cap = 77, .name = "console"};
    hal_space_create(SPACE, &root);
    hal_map(SPACE, PAGE_START, FRAME_START, RIGHT_READ, tables);
    hal_map(SPACE, PAGE_RING, FRAME_RING, RIGHT_READ | RIGHT_WRITE, tables);
    hal_thread_create(0, SPACE, 0, 0, base + LAYOUT_START);
    hal_thread_create(1, SPACE, 0, 0, base + LAYOUT_START);
}

struct kernel *kernel_boot(const struct boot *boot)
{
    const struct package_header *header = frame(boot->package_frame);

    if (boot->package_size < PAGE_SIZE || header->magic != PACKAGE_MAGIC ||
        (uint64_t)header->pages * PAGE_SIZE != boot->package_size) {
        hal_console_write("broken\n", 7);
        hal_halt(1);
    }
    first_process(hal_space_base(SPACE));
    return (struct kernel *)frame(0);
}

static void complete_all(void)
{
    struct ring_header *ring = frame(FRAME_RING);
    uint8_t *bytes = frame(FRAME_RING);

    for (; ring->sq_head != ring->sq_tail; ring->sq_head++, ring->cq_tail++) {
        struct sqe *sqe =
            (struct sqe *)(bytes + ring->sq_offset) + ring->sq_head % SQ_ENTRIES_DEFAULT;
        struct cqe *cqe = (struct cqe *)(bytes + ring->cq_offset) + ring->cq_tail % COMPLETIONS;
        *cqe = (struct cqe){.user_data = sqe->user_data};
    }
}

bool kernel_enter(struct kernel *kernel, uint32_t cpu)
{
    (void)kernel;
    return cpu == 0;
}

struct turn kernel_turn(struct kernel *kernel, const struct input *input)
{
    (void)kernel;
    if (input->kind == INPUT_EXIT) {
        hal_export("log", 3);
        hal_halt((int32_t)input->exit.code);
    }
    if (input->kind == INPUT_FAULT) {
        hal_panic("fault", "file", 1);
    }
    if (input->kind == INPUT_ENTER) {
        complete_all();
        hal_thread_result((uint32_t)next_thread, 1);
    }
    if (input->kind == INPUT_TIMER) {
        timers_seen++;
        next_thread = 1 - next_thread;
    }
    bool more = steps_left > 0;
    steps_left -= more ? 1 : 0;
    return (struct turn){.thread = next_thread, .more = more};
}

static int boot(void **state)
{
    (void)state;
    next_thread = 0;
    steps_left = 0;
    timers_seen = 0;
    return machine_boot(&(struct machine_options){.space_base = 1ull << 40}) ? 0 : 1;
}

static int fini(void **state)
{
    (void)state;
    machine_fini();
    return 0;
}

static void the_package_describes_and_hashes_its_blobs(void **state)
{
    const struct package_header *header = frame(machine.boot.package_frame);
    const struct package_table *table =
        frame(machine.boot.package_frame + package_table_page(header));

    (void)state;
    assert_string_equal(table->first, "init");
    assert_null(package_table_refusal(table));
    assert_int_equal(table->entry_count, 1);
    assert_string_equal(table->entries[0].name, "manifest");
    assert_true(package_entry_is_sound(&table->entries[0], 2 * PAGE_SIZE));
    assert_true(package_blob_is_sound(&table->entries[0], (const uint8_t *)table + PAGE_SIZE));
}

static void what_is_submitted_completes_and_is_reaped_in_order(void **state)
{
    struct cqe cqe;

    (void)state;
    // More rounds than entries: the indexes wrap around the queues.
    for (uint64_t i = 0; i < 3 * COMPLETIONS; i++) {
        struct sqe sqe = {.opcode = OP_NOP, .user_data = i};
        assert_true(machine_do(0, &sqe, &cqe));
        assert_int_equal(cqe.user_data, i);
        assert_false(machine_reap(0, &cqe));
        assert_true(machine.threads[0].has_result);
        assert_int_equal(machine.threads[0].result, 1);
    }
    for (uint32_t i = 0; i < SQ_ENTRIES_DEFAULT; i++) {
        assert_true(machine_submit(0, &(struct sqe){.opcode = OP_NOP}));
    }
    assert_false(machine_submit(0, &(struct sqe){.opcode = OP_NOP}));
}

static void a_program_reads_and_writes_what_its_rights_allow(void **state)
{
    uint64_t base = hal_space_base(SPACE);
    uint8_t bytes[PAGE_SIZE + 1] = {0};

    (void)state;
    assert_true(machine_read(SPACE, base + LAYOUT_START, bytes, PAGE_SIZE));
    assert_false(machine_read(SPACE, base + LAYOUT_START, bytes, PAGE_SIZE + 1));
    assert_false(machine_read(SPACE, LAYOUT_START, bytes, 1));
    assert_false(machine_write(SPACE, base + LAYOUT_START, bytes, 1));
    assert_true(machine_write(SPACE, base + RING_AT + PAGE_SIZE - 1, "x", 1));
    assert_int_equal(((uint8_t *)frame(FRAME_RING))[PAGE_SIZE - 1], 'x');
    assert_int_equal(machine_capability(0, "console").value, 77);
    assert_int_equal(machine_capability(0, "consol").value, 0);
}

static void unmapping_takes_the_right_page(void **state)
{
    (void)state;
    hal_unmap(SPACE, PAGE_START);
    assert_null(machine_mapping_find(SPACE, PAGE_START));
    assert_int_equal(machine_mapping_find(SPACE, PAGE_RING)->frame, FRAME_RING);
}

static void another_thread_runs_when_the_kernel_says_so(void **state)
{
    (void)state;
    assert_int_equal(machine.running, 0);
    assert_true(machine_run_until(1));
    assert_int_equal(machine.running, 1);
    assert_false(machine_run_until(2));
}

// What the kernel would see: first what is there, then something else; and the program nothing.
static void in_a_race_what_was_read_is_something_else_the_second_time(void **state)
{
    volatile uint8_t *byte = (uint8_t *)frame(FRAME_RING) + 1000;
    const uint8_t before = *byte;

    (void)state;
    watch_race(SPACE, hal_space_base(SPACE) + RING_AT, PAGE_SIZE, 7);
    const uint8_t first = byte[0];
    const uint8_t second = byte[0];
    byte[1] = 9;
    struct watch seen = watch_end();
    assert_int_equal(first, before);
    assert_int_not_equal(second, before);
    assert_int_equal(seen.reads, 2);
    assert_int_equal(seen.again, 1);
    assert_int_equal(byte[0], before);
    assert_int_equal(byte[1], 9);
}

static void steps_are_taken_with_interrupts_between_them(void **state)
{
    (void)state;
    steps_left = 5;
    machine.interrupts = true;
    machine_enter(0, 0, 0);
    assert_int_equal(steps_left, 0);
    assert_int_equal(timers_seen, 3);
}

static void the_end_of_the_machine_is_an_answer(void **state)
{
    (void)state;
    assert_int_equal(machine_exit(0, -5), HAL_NO_THREAD);
    assert_int_equal(machine.end, MACHINE_HALTED);
    assert_int_equal(machine.code, -5);
    assert_string_equal(machine.log.bytes, "log");
    assert_int_equal(boot(state), 0);
    machine_fault(0, EXIT_FAULT_MEMORY, 0);
    assert_int_equal(machine.end, MACHINE_PANICKED);
    assert_string_equal(machine.panic_what, "fault (file:1)");
    assert_false(machine_boot(&(struct machine_options){.package = "nonsense", .package_size = 8}));
    assert_int_equal(machine.code, 1);
    assert_non_null(strstr((const char *)machine.console.bytes, "this is no boot package"));
}

static void tables_are_taken_and_given_back(void **state)
{
    (void)state;
    assert_true(machine_boot(&(struct machine_options){.takes_tables = true}));
    assert_int_equal(machine.tables, 1 + HAL_MAP_TABLES);
    hal_thread_destroy(0);
    hal_thread_destroy(1);
    hal_space_destroy(SPACE);
    assert_int_equal(machine.tables, 0);
}

static sigjmp_buf after_abort;

static void abort_caught(int number)
{
    (void)number;
    siglongjmp(after_abort, 1);
}

static void map_twice(void)
{
    hal_map(SPACE, PAGE_RING, FRAME_RING, RIGHT_READ, NULL);
}

static void map_write_and_execute(void)
{
    hal_map(SPACE, 1, FRAME_RING, RIGHT_WRITE | RIGHT_EXECUTE, NULL);
}

static void map_foreign_frame(void)
{
    hal_map(SPACE, 1, machine.boot.ranges[0].count + 100, RIGHT_READ, NULL);
}

static void unmap_nothing(void)
{
    hal_unmap(SPACE, 1);
}

static void destroy_under_threads(void)
{
    hal_space_destroy(SPACE);
}

static void create_twice(void)
{
    hal_thread_create(0, SPACE, 0, 0, 0);
}

static void enter_out_of_turn(void)
{
    machine_enter(1, 0, 0);
}

static void breaches_of_the_contract_abort(void **state)
{
    void (*const breaches[])(void) = {
        map_twice,         map_write_and_execute, map_foreign_frame,
        unmap_nothing,     destroy_under_threads, create_twice,
        enter_out_of_turn,
    };
    void (*before)(int) = signal(SIGABRT, abort_caught);

    (void)state;
    for (volatile size_t i = 0; i < sizeof(breaches) / sizeof(breaches[0]); i++) {
        if (sigsetjmp(after_abort, 1) == 0) {
            breaches[i]();
            fail_msg("breach %zu went unnoticed", i);
        }
    }
    signal(SIGABRT, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_package_describes_and_hashes_its_blobs, boot, fini),
        cmocka_unit_test_setup_teardown(what_is_submitted_completes_and_is_reaped_in_order, boot,
                                        fini),
        cmocka_unit_test_setup_teardown(a_program_reads_and_writes_what_its_rights_allow, boot,
                                        fini),
        cmocka_unit_test_setup_teardown(unmapping_takes_the_right_page, boot, fini),
        cmocka_unit_test_setup_teardown(another_thread_runs_when_the_kernel_says_so, boot, fini),
        cmocka_unit_test_setup_teardown(in_a_race_what_was_read_is_something_else_the_second_time,
                                        boot, fini),
        cmocka_unit_test_setup_teardown(steps_are_taken_with_interrupts_between_them, boot, fini),
        cmocka_unit_test_setup_teardown(the_end_of_the_machine_is_an_answer, boot, fini),
        cmocka_unit_test_setup_teardown(tables_are_taken_and_given_back, boot, fini),
        cmocka_unit_test_setup_teardown(breaches_of_the_contract_abort, boot, fini),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

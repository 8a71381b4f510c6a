// SPDX-License-Identifier: Apache-2.0
//
// What a process finds when it starts, and the lines that it writes: capabilities by name and
// interface, exit codes for what was not as it should be, text that never overflows.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/thread.h"

enum { CONSOLE = 0x101, TIMER = 0x102 };

static _Alignas(PAGE_SIZE) uint8_t ring_memory[RING_PAGES_DEFAULT * PAGE_SIZE];

// A CapSet with two entries: its last member has no size of its own.
static union {
    struct capset set;
    uint8_t bytes[sizeof(struct capset) + 2 * sizeof(struct capset_entry)];
} memory;

static struct capset *const capset = &memory.set;

static struct start start;

static int set_up(void **state)
{
    struct ring_kernel kernel;
    (void)state;
    memset(ring_memory, 0, sizeof(ring_memory));
    memset(tsr_self(), 0, sizeof(struct tsr_thread));
    ring_kernel_init(&kernel, ring_memory, SQ_ENTRIES_DEFAULT, CQ_ENTRIES_DEFAULT,
                     RING_MESSAGE_PAGES_DEFAULT);
    memset(&memory, 0, sizeof(memory));
    capset->count = 2;
    capset->entries[0] = (struct capset_entry){.cap = 11, .interface = CONSOLE, .name = "console"};
    capset->entries[1] = (struct capset_entry){
        .cap = 12, .interface = TIMER, .name = "a name of exactly 31 characters"};
    start = (struct start){
        .abi_major = ABI_MAJOR, .ring = (uint64_t)ring_memory, .capset = (uint64_t)capset};
    return 0;
}

// The process "exits" by coming back to the test.
static jmp_buf after_exit;
static int32_t exit_code;

int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second)
{
    (void)second;
    assert_int_equal(number, SYSTEM_CALL_EXIT);
    exit_code = (int32_t)first;
    longjmp(after_exit, 1);
}

int tsr_main(struct start *given)
{
    return given == &start && tsr_start() == &start ? -7 : 1;
}

static int32_t run(void)
{
    if (setjmp(after_exit) == 0) {
        tsr_process_run(&start);
    }
    return exit_code;
}

static void the_program_runs_and_its_result_is_the_exit_code(void **state)
{
    (void)state;
    assert_int_equal(run(), -7);
}

static void another_abi_ends_the_process(void **state)
{
    (void)state;
    start.abi_major++;
    assert_int_equal(run(), TSR_EXIT_ABI);
}

static void a_malformed_ring_ends_the_process(void **state)
{
    (void)state;
    ring_memory[0]++;
    assert_int_equal(run(), TSR_EXIT_RING);
    start.ring = 0;
    assert_int_equal(run(), TSR_EXIT_RING);
}

static void a_malformed_capset_ends_the_process(void **state)
{
    (void)state;
    capset->entries[1].name[NAME_SIZE - 1] = 'x';
    assert_int_equal(run(), TSR_EXIT_CAPSET);
    capset->count = UINT64_MAX;
    assert_int_equal(run(), TSR_EXIT_CAPSET);
    start.capset = 0;
    assert_int_equal(run(), TSR_EXIT_CAPSET);
}

static void capabilities_are_found_by_name_and_interface(void **state)
{
    (void)state;
    uint64_t cap = 99;
    assert_true(tsr_find(&start, "console", CONSOLE, &cap));
    assert_int_equal(cap, 11);
    assert_false(tsr_find(&start, "console", TIMER, &cap));
    assert_int_equal(cap, 0);
    assert_false(tsr_find(&start, "consol", CONSOLE, &cap));
    assert_false(tsr_find(&start, "console2", CONSOLE, &cap));
    assert_false(tsr_find(&start, "", CONSOLE, &cap));
    assert_true(tsr_find(&start, "a name of exactly 31 characters", TIMER, &cap));
    assert_false(tsr_find(&start, "a name of exactly 31 characters!", TIMER, &cap));
    assert_true(tsr_find_any(&start, "console", &cap));
    assert_int_equal(cap, 11);
    assert_false(tsr_find_any(&start, "nothing", &cap));
    assert_int_equal(cap, 0);
}

static void numbers_are_written_in_full_range(void **state)
{
    (void)state;
    struct tsr_line line = {0};
    tsr_line_decimal(&line, 0);
    tsr_line_text(&line, " ");
    tsr_line_decimal(&line, UINT64_MAX);
    tsr_line_text(&line, " ");
    tsr_line_signed(&line, INT64_MIN);
    tsr_line_text(&line, " ");
    tsr_line_signed(&line, 42);
    tsr_line_text(&line, " ");
    tsr_line_hex(&line, 0xdeadbeef);
    assert_string_equal(line.text, "0 18446744073709551615 -9223372036854775808 42 0xdeadbeef");
    assert_int_equal(line.size, strlen(line.text));
    assert_ptr_equal(tsr_line_of(&line).data, line.text);
}

static void a_line_that_is_too_long_is_cut_and_says_so(void **state)
{
    (void)state;
    struct tsr_line line = {0};
    for (uint32_t i = 0; i < TSR_LINE_SIZE / 4; i++) {
        tsr_line_text(&line, "abcd");
    }
    assert_int_equal(line.size, TSR_LINE_SIZE);
    assert_string_equal(line.text + TSR_LINE_SIZE - 4, "abcd");
    tsr_line_bytes(&line, "", 0);
    assert_string_equal(line.text + TSR_LINE_SIZE - 4, "abcd");
    tsr_line_text(&line, "e");
    assert_int_equal(line.size, TSR_LINE_SIZE);
    assert_string_equal(line.text + TSR_LINE_SIZE - 4, "a...");
}

static void every_fact_has_its_sentence(void **state)
{
    (void)state;
    static const char *const unknown = "a fact that this program does not know";
#define STATUS(name, number, kind, sentence) assert_string_equal(tsr_fact_text(number), sentence);
#include "abi/errors.def"
#undef STATUS
    assert_string_equal(tsr_fact_text(-1), unknown);
    assert_string_equal(tsr_fact_text(63), unknown);
    assert_string_equal(tsr_fact_text(STATUS_LIMIT), unknown);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_program_runs_and_its_result_is_the_exit_code, set_up),
        cmocka_unit_test_setup(another_abi_ends_the_process, set_up),
        cmocka_unit_test_setup(a_malformed_ring_ends_the_process, set_up),
        cmocka_unit_test_setup(a_malformed_capset_ends_the_process, set_up),
        cmocka_unit_test_setup(capabilities_are_found_by_name_and_interface, set_up),
        cmocka_unit_test(numbers_are_written_in_full_range),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_and_says_so),
        cmocka_unit_test(every_fact_has_its_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// Boot: a package that is damaged in any way is refused with a line that says why; a machine too
// small says so; and a log that is full ends the machine in order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"
#include "lib/package/package.h"
#include "lib/sha256/sha256.h"

static const char *const programs[] = {"init", "child", NULL};
static const struct machine_options options = {.programs = programs};

static uint8_t *package;
static uint64_t package_size;

static struct package_header *header(void)
{
    return (struct package_header *)(void *)package;
}

static int begin(void **state)
{
    (void)state;
    package_size = machine_package(&options, NULL);
    package = malloc(package_size);
    if (package == NULL) {
        return 1;
    }
    machine_package(&options, package);
    return 0;
}

static int end(void **state)
{
    (void)state;
    machine_fini();
    free(package);
    return 0;
}

static void refused_with(uint64_t size, const char *line)
{
    assert_false(machine_boot(&(struct machine_options){.package = package, .package_size = size}));
    assert_int_equal(machine.end, MACHINE_HALTED);
    assert_int_equal(machine.code, 1);
    assert_non_null(machine.console.bytes);
    assert_non_null(strstr((const char *)machine.console.bytes, line));
}

static void boots(void)
{
    machine_package_seal(package, package_size);
    assert_true(
        machine_boot(&(struct machine_options){.package = package, .package_size = package_size}));
    core_check(act_core());
}

static void a_missing_package_is_refused_with_a_line(void **state)
{
    (void)state;
    refused_with(0, "there is no boot package");
}

static void what_is_no_package_is_refused_with_a_line(void **state)
{
    (void)state;
    header()->magic++;
    refused_with(package_size, "this is no boot package");
    header()->magic--;
    header()->version++;
    refused_with(package_size, "another version");
    header()->version--;
    refused_with(PAGE_SIZE - 1, "this is no boot package");
}

// Hostile: the hash is right each time, where there are bytes for one.
static void a_layout_that_lies_is_refused_with_a_line(void **state)
{
    const struct package_header good = *header();
    const struct {
        uint32_t pages, text_pages, data_pages, memory_pages, entry;
    } bad[] = {
        {good.pages + 1, 1, 1, 2, 0},
        {0, 1, 1, 2, 0},
        {3, 1, 1, 2, 0}, // no table
        {good.pages, 0, 1, 2, 0},
        {good.pages, UINT32_MAX, 1, 2, 0},
        {good.pages, PACKAGE_IMAGE_PAGES_MAX - 1, 1, 2, 0},
        {good.pages, 1, 3, 2, 0},
        {good.pages, 1, UINT32_MAX, UINT32_MAX, 0},
        {good.pages, 1, UINT32_MAX - 1, 2, 0}, // the table would be at the first page
        {good.pages, 1, good.pages - 2, good.pages - 2, 0},
        {good.pages, 1, 0, 0, 0},
        {good.pages, 1, 1, PACKAGE_IMAGE_PAGES_MAX, 0},
        {good.pages, 1, 1, 2, PAGE_SIZE}, // in the data
        {good.pages, 1, 1, 2, UINT32_MAX},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        header()->pages = bad[i].pages;
        header()->text_pages = bad[i].text_pages;
        header()->data_pages = bad[i].data_pages;
        header()->memory_pages = bad[i].memory_pages;
        header()->entry = bad[i].entry;
        machine_package_seal(package, package_size);
        refused_with(package_size, "its header's sizes are wrong");
        *header() = good;
    }
    machine_package_seal(package, package_size);
    refused_with(package_size - 1, "it is cut short");
    // What is just within bounds is believed.
    header()->entry = PAGE_SIZE - 1;
    header()->data_pages = 0;
    header()->memory_pages = PACKAGE_IMAGE_PAGES_MAX - 1;
    boots();
}

static void a_bit_that_changed_in_header_or_image_is_refused_with_a_line(void **state)
{
    uint64_t table = (uint64_t)package_table_page(header()) * PAGE_SIZE;

    (void)state;
    for (uint64_t at = 0; at < table; at += at < sizeof(struct package_header) ? 1 : 509) {
        package[at] ^= 4;
        refused_with(package_size, "tessera: ");
        package[at] ^= 4;
    }
    package[table - 1] ^= 1;
    refused_with(package_size, "its header or its first program does not have the hash");
    package[table - 1] ^= 1;
    boots();
}

static void assert_image(uint32_t space, uint64_t page, const uint8_t *expected)
{
    uint8_t bytes[PAGE_SIZE];
    uint64_t at = hal_space_base(space) + LAYOUT_IMAGE + page * PAGE_SIZE;

    assert_true(machine_read(space, at, bytes, sizeof(bytes)));
    assert_memory_equal(bytes, expected, sizeof(bytes));
}

static void
the_first_program_gets_text_data_and_memory_but_not_what_is_before_the_table(void **state)
{
    static const uint8_t zeros[PAGE_SIZE];
    uint8_t read[SHA256_SIZE];

    (void)state;
    header()->memory_pages = 3;
    boots();
    uint32_t init = (uint32_t)machine.running;
    uint32_t space = machine.threads[init].space;
    assert_image(space, 0, package + PAGE_SIZE);
    assert_image(space, 1, package + 2 * PAGE_SIZE);
    assert_image(space, 2, zeros);
    assert_image(space, 3, zeros);
    const struct machine_mapping *text = machine_mapping_find(space, LAYOUT_IMAGE / PAGE_SIZE);
    assert_int_equal(text->rights, RIGHT_READ | RIGHT_EXECUTE);
    assert_int_equal(text->frame, machine.boot.package_frame + 1);
    for (uint32_t page = 1; page < 4; page++) {
        assert_int_equal(machine_mapping_find(space, LAYOUT_IMAGE / PAGE_SIZE + page)->rights,
                         RIGHT_READ | RIGHT_WRITE);
    }
    assert_null(machine_mapping_find(space, LAYOUT_IMAGE / PAGE_SIZE + 4));
    assert_int_equal(act_read(init, act_named(init, "package"), 0, read, sizeof(read)),
                     sizeof(read));
    assert_memory_equal(read, package + 3 * PAGE_SIZE, sizeof(read));
}

// Every size of memory from too little to enough: a line, or a machine that runs.
static void too_little_memory_is_refused_with_a_line(void **state)
{
    uint32_t too_small = 0;
    uint32_t boots = 0;

    (void)state;
    for (uint32_t frames = 32; frames < 2400; frames += 14) {
        if (machine_boot(&(struct machine_options){.programs = programs, .frames = frames})) {
            core_check(act_core());
            boots++;
            continue;
        }
        assert_int_equal(machine.end, MACHINE_HALTED);
        assert_non_null(strstr((const char *)machine.console.bytes, "there is not enough memory"));
        too_small++;
    }
    assert_true(too_small > 0 && boots > 0);
}

static void a_full_log_halts_the_machine_and_says_so(void **state)
{
    (void)state;
    assert_true(machine_boot(&options));
    uint32_t init = (uint32_t)machine.running;
    for (uint32_t i = 0; i < 10000 && machine.end == MACHINE_RUNS; i++) {
        machine_submit(init, &(struct sqe){.opcode = OP_NOP, .flags = SQE_QUIET});
        struct sqe make = act_call(act_named(init, "job"), JOB_MAKE_ENDPOINT, 1);
        const uint64_t message[2] = {(uint64_t)1 << 32, 64};
        struct cqe cqe;
        machine_message_write(init, ACT_PAYLOAD, message, sizeof(message));
        make.payload = ACT_PAYLOAD;
        make.payload_len = sizeof(message);
        make.result = ACT_ANSWER;
        make.result_len = ACT_ANSWER_SIZE;
        machine_submit(init, &make);
        machine_enter(init, 1, TIMEOUT_NONE); // where there is no room it waits for ever
        if (machine.end == MACHINE_RUNS && machine_reap(init, &cqe) &&
            act_fact(&cqe) == STATUS_OK) {
            struct received made;
            machine_message_read(init, ACT_ANSWER + (uint32_t)cqe.status, &made, sizeof(made));
            machine_submit(
                init, &(struct sqe){.opcode = OP_RELEASE, .flags = SQE_QUIET, .cap = made.cap});
        }
    }
    assert_int_equal(machine.end, MACHINE_HALTED);
    assert_int_equal(machine.code, -1);
    assert_non_null(strstr((const char *)machine.console.bytes, "the log is full"));
    const struct log_trailer *trailer =
        (const struct log_trailer *)(const void *)(machine.log.bytes + machine.log.size -
                                                   sizeof(struct log_trailer));
    assert_int_equal(trailer->magic, LOG_TRAILER_MAGIC);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_missing_package_is_refused_with_a_line),
        TEST(what_is_no_package_is_refused_with_a_line),
        TEST(a_layout_that_lies_is_refused_with_a_line),
        TEST(a_bit_that_changed_in_header_or_image_is_refused_with_a_line),
        TEST(the_first_program_gets_text_data_and_memory_but_not_what_is_before_the_table),
        TEST(too_little_memory_is_refused_with_a_line),
        TEST(a_full_log_halts_the_machine_and_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

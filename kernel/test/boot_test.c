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

#include "abi/package.h"
#include "kernel/core/test/act.h"
#include "lib/sha256/sha256.h"

static const char *const programs[] = {"init", "child", NULL};
static const struct machine_options options = {.programs = programs};

static uint8_t *package;
static uint64_t package_size;

static struct package_header *header(void)
{
    return (struct package_header *)(void *)package;
}

// 0: the manifest, 1: init, 2: child.
static struct package_entry *entry(uint32_t index)
{
    return (struct package_entry *)(void *)(header() + 1) + index;
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

static void table_seal(void)
{
    sha256_of(entry(0), header()->entry_count * sizeof(struct package_entry), header()->sha256);
}

static void refused_with(uint64_t size, const char *line)
{
    assert_false(machine_boot(&(struct machine_options){.package = package, .package_size = size}));
    assert_int_equal(machine.end, MACHINE_HALTED);
    assert_int_equal(machine.code, 1);
    assert_non_null(machine.console.bytes);
    assert_non_null(strstr((const char *)machine.console.bytes, line));
}

static void damaged(void (*damage)(void), bool is_sealed, const char *line)
{
    struct package_header before = *header();
    struct package_entry entries[3];

    memcpy(entries, entry(0), sizeof(entries));
    damage();
    if (is_sealed) {
        table_seal();
    }
    refused_with(package_size, line);
    *header() = before;
    memcpy(entry(0), entries, sizeof(entries));
}

static void wrong_magic(void)
{
    header()->magic++;
}

static void wrong_version(void)
{
    header()->version++;
}

static void too_many_entries(void)
{
    header()->entry_count = PACKAGE_ENTRIES_MAX + 1;
}

static void size_beyond(void)
{
    header()->size += PAGE_SIZE;
}

static void size_in_a_page(void)
{
    header()->size -= 8;
}

static void size_zero(void)
{
    header()->size = 0;
}

static void first_beyond(void)
{
    header()->first = 3;
}

static void first_is_the_manifest(void)
{
    header()->first = 0;
}

static void entry_changed(void)
{
    entry(1)->size--;
}

static void offset_in_a_page(void)
{
    entry(1)->offset += 8;
}

static void offset_in_the_table(void)
{
    entry(1)->offset = 0;
}

static void offset_beyond(void)
{
    entry(1)->offset = package_size + PAGE_SIZE;
}

static void blob_beyond(void)
{
    entry(1)->size = package_size;
}

static void segments_none(void)
{
    entry(1)->segment_count = 0;
}

static void segments_too_many(void)
{
    entry(1)->segment_count = PACKAGE_SEGMENTS_MAX + 1;
}

static void a_damaged_table_is_refused_with_a_line(void **state)
{
    static const char broken[] = "the boot package is broken";
    static const char unsound[] = "the first program's checksum or layout is wrong";
    void (*const of_table[])(void) = {
        wrong_magic,    wrong_version, too_many_entries, size_beyond,
        size_in_a_page, size_zero,     first_beyond,
    };
    void (*const of_first[])(void) = {
        first_is_the_manifest, offset_in_a_page, offset_in_the_table, offset_beyond,
        blob_beyond,           segments_none,    segments_too_many,
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(of_table) / sizeof(of_table[0]); i++) {
        bool is_hashed = of_table[i] != too_many_entries;
        damaged(of_table[i], is_hashed, broken);
    }
    for (uint32_t i = 0; i < sizeof(of_first) / sizeof(of_first[0]); i++) {
        damaged(of_first[i], true, unsound);
    }
    damaged(entry_changed, false, broken);
    refused_with(PAGE_SIZE - 1, broken);
    refused_with(package_size - 1, broken);
}

static void a_missing_package_is_refused_with_a_line(void **state)
{
    (void)state;
    refused_with(0, "there is no boot package");
}

static void a_damaged_first_program_is_refused_with_a_line(void **state)
{
    (void)state;
    package[entry(1)->offset] ^= 1;
    refused_with(package_size, "the first program's checksum or layout is wrong");
    package[entry(1)->offset] ^= 1;
    const struct package_segment good = entry(1)->segments[1];
    const struct package_segment bad[] = {
        {good.blob_page, good.page, good.file_bytes, good.memory_bytes, RIGHT_WRITE, 0},
        {good.blob_page, good.page, good.file_bytes, good.memory_bytes,
         RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE, 0},
        {good.blob_page, good.page, good.file_bytes, good.memory_bytes, 8 | RIGHT_READ, 0},
        {good.blob_page, good.page, good.file_bytes, 0, good.rights, 0},
        {good.blob_page, good.page, good.memory_bytes + 1, good.memory_bytes, good.rights, 0},
        {good.blob_page + 9, good.page, good.file_bytes, good.memory_bytes, good.rights, 0},
        {good.blob_page, good.page, PAGE_SIZE, good.memory_bytes, good.rights, 0},
        {good.blob_page, 0, good.file_bytes, good.memory_bytes, good.rights, 0},
        {good.blob_page, 1u << 20, good.file_bytes, good.memory_bytes, good.rights, 0},
        {good.blob_page, good.page, good.file_bytes, 1u << 30, good.rights, 0},
        {good.blob_page, good.page, good.file_bytes, good.memory_bytes, RIGHT_READ, 0},
    };
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        entry(1)->segments[1] = bad[i];
        table_seal();
        refused_with(package_size, "the first program's checksum or layout is wrong");
    }
    entry(1)->segments[1] = good;
    entry(1)->entry = 3 * PAGE_SIZE;
    table_seal();
    refused_with(package_size, "the first program's checksum or layout is wrong");
    entry(1)->entry = 3 * PAGE_SIZE - 1;
    table_seal();
    assert_true(
        machine_boot(&(struct machine_options){.package = package, .package_size = package_size}));
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
        TEST(a_damaged_table_is_refused_with_a_line),
        TEST(a_missing_package_is_refused_with_a_line),
        TEST(a_damaged_first_program_is_refused_with_a_line),
        TEST(too_little_memory_is_refused_with_a_line),
        TEST(a_full_log_halts_the_machine_and_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

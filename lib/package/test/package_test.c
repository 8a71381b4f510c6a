// SPDX-License-Identifier: Apache-2.0
//
// What a package says of itself, changed in one place at a time: each lie is refused by the check
// that is about it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "abi/commit.h"
#include "lib/package/package.h"

enum { PAGES = 5, BLOB_PAGE = 1, BLOB_SIZE = 3 * PAGE_SIZE + 100 };

static _Alignas(PAGE_SIZE) uint8_t bytes[PAGES * PAGE_SIZE];
static struct package_header *const package = (struct package_header *)(void *)bytes;
static struct package_entry *const program = (struct package_entry *)(void *)(bytes + 64);

static void table_sign(void)
{
    sha256_of(program, package->entry_count * sizeof(*program), package->sha256);
}

// One program of text and data, as mkimage would write it.
static int begin(void **state)
{
    (void)state;
    memset(bytes, 0, sizeof(bytes));
    *program = (struct package_entry){.name = "init",
                                      .kind = PACKAGE_PROGRAM,
                                      .segment_count = 2,
                                      .offset = BLOB_PAGE * PAGE_SIZE,
                                      .size = BLOB_SIZE,
                                      .entry = 16};
    program->segments[0] = (struct package_segment){
        .file_bytes = PAGE_SIZE, .memory_bytes = PAGE_SIZE, .rights = RIGHT_READ | RIGHT_EXECUTE};
    program->segments[1] = (struct package_segment){.blob_page = 1,
                                                    .page = 1,
                                                    .file_bytes = 2 * PAGE_SIZE,
                                                    .memory_bytes = 5 * PAGE_SIZE,
                                                    .rights = RIGHT_READ | RIGHT_WRITE};
    sha256_of(bytes + program->offset, program->size, program->sha256);
    *package = (struct package_header){.magic = PACKAGE_MAGIC,
                                       .version = PACKAGE_VERSION,
                                       .entry_count = 1,
                                       .size = sizeof(bytes)};
    table_sign();
    return 0;
}

static bool is_refused(void)
{
    return !package_program_is_sound(program, sizeof(bytes));
}

static void a_good_package_is_believed(void **state)
{
    (void)state;
    assert_true(package_table_is_sound(package, sizeof(bytes)));
    assert_true(package_program_is_sound(program, sizeof(bytes)));
    assert_true(package_hash_is(bytes + program->offset, program->size, program->sha256));
}

static void a_table_that_lies_is_refused(void **state)
{
    (void)state;
    assert_false(package_table_is_sound(package, PAGE_SIZE - 1));
    assert_false(package_table_is_sound(package, sizeof(bytes) - 1)); // less than it says
    package->magic++;
    assert_false(package_table_is_sound(package, sizeof(bytes)));
    begin(NULL);
    package->version++;
    assert_false(package_table_is_sound(package, sizeof(bytes)));
    begin(NULL);
    package->size--; // no whole pages
    assert_false(package_table_is_sound(package, sizeof(bytes)));
    package->size = 0;
    assert_false(package_table_is_sound(package, sizeof(bytes)));
    begin(NULL);
    package->first = 1; // there is one
    assert_false(package_table_is_sound(package, sizeof(bytes)));
    begin(NULL);
    package->entry_count = PACKAGE_ENTRIES_MAX + 1; // its hash is not even looked at
    assert_false(package_table_is_sound(package, sizeof(bytes)));
    begin(NULL);
    program->name[0] = 'I';
    assert_false(package_table_is_sound(package, sizeof(bytes)));
}

static void a_blob_has_to_be_within_the_package(void **state)
{
    (void)state;
    program->offset = 0; // the table
    assert_false(package_entry_is_sound(program, sizeof(bytes)));
    program->offset = PAGE_SIZE + 8;
    assert_false(package_entry_is_sound(program, sizeof(bytes)));
    program->offset = PAGES * PAGE_SIZE;
    assert_false(package_entry_is_sound(program, sizeof(bytes)));
    program->size = 0; // nothing, at the end
    assert_true(package_entry_is_sound(program, sizeof(bytes)));
    program->offset = UINT64_MAX - PAGE_SIZE + 1;
    program->size = 2 * PAGE_SIZE; // around the end of all addresses
    assert_false(package_entry_is_sound(program, sizeof(bytes)));
}

static void a_blob_that_changed_has_another_hash(void **state)
{
    (void)state;
    bytes[program->offset + BLOB_SIZE - 1] ^= 1;
    assert_false(package_hash_is(bytes + program->offset, program->size, program->sha256));
}

static bool boot_says(uint64_t size, const char *what)
{
    const char *said = package_refusal(bytes, size);
    return said != NULL && strstr(said, what) != NULL && said[strlen(said) - 1] == '\n';
}

static void who_boots_is_told_why_not(void **state)
{
    (void)state;
    assert_null(package_refusal(bytes, sizeof(bytes)));
    assert_true(boot_says(0, "there is no boot package"));
    assert_true(boot_says(sizeof(bytes) - 1, "the boot package is broken"));
    bytes[program->offset] ^= 1;
    assert_true(boot_says(sizeof(bytes), "the first program's checksum"));
    bytes[program->offset] ^= 1;
    program->entry = UINT64_MAX;
    table_sign();
    assert_true(boot_says(sizeof(bytes), "the first program's checksum or layout"));
}

static void a_programs_numbers_are_checked_one_by_one(void **state)
{
    struct package_segment *text = &program->segments[0];
    struct package_segment *data = &program->segments[1];

    (void)state;
    program->kind = PACKAGE_MANIFEST;
    assert_true(is_refused());
    begin(NULL);
    program->segment_count = PACKAGE_SEGMENTS_MAX + 1;
    assert_true(is_refused());
    begin(NULL);
    program->entry = 6 * PAGE_SIZE; // behind its last page
    assert_true(is_refused());
    begin(NULL);
    text->rights = RIGHT_WRITE | RIGHT_EXECUTE;
    assert_true(is_refused());
    text->rights = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE;
    assert_true(is_refused());
    begin(NULL);
    text->memory_bytes = 2 * PAGE_SIZE; // what is shared has no pages of its own
    assert_true(is_refused());
    begin(NULL);
    data->file_bytes = data->memory_bytes + 1;
    assert_true(is_refused());
    begin(NULL);
    data->memory_bytes = data->file_bytes = 0;
    assert_true(is_refused());
    begin(NULL);
    data->blob_page = 2; // ends behind the blob
    assert_true(is_refused());
    data->blob_page = UINT32_MAX;
    assert_true(is_refused());
    begin(NULL);
    data->page = 0; // over the text
    assert_true(is_refused());
    data->page = PACKAGE_IMAGE_PAGES_MAX - 4; // five pages from there
    assert_true(is_refused());
    data->page = UINT32_MAX; // its end is a small number again
    assert_true(is_refused());
    begin(NULL);
    data->page = PACKAGE_IMAGE_PAGES_MAX - 5;
    assert_false(is_refused());
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_package_is_believed),          TEST(a_table_that_lies_is_refused),
        TEST(a_blob_has_to_be_within_the_package), TEST(a_blob_that_changed_has_another_hash),
        TEST(who_boots_is_told_why_not),           TEST(a_programs_numbers_are_checked_one_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// What a package's table says, changed in one place at a time: each lie is refused by the check
// that is about it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/package/table.h"
#include "lib/sha256/sha256.h"

enum { PAGES = 4, BLOB_SIZE = PAGE_SIZE + 100 };

static _Alignas(PAGE_SIZE) uint8_t bytes[PAGES * PAGE_SIZE];
static struct package_table *const table = (struct package_table *)(void *)bytes;
static struct package_entry *const entry = &table->entries[0];

static void seal(void)
{
    sha256_of(bytes + SHA256_SIZE, PAGE_SIZE - SHA256_SIZE, table->sha256);
}

static int begin(void **state)
{
    (void)state;
    memset(bytes, 0x5a, sizeof(bytes));
    *table = (struct package_table){.version = PACKAGE_VERSION, .entry_count = 1};
    *entry = (struct package_entry){
        .name = "one", .kind = PACKAGE_ELF, .offset = PAGE_SIZE, .size = BLOB_SIZE};
    sha256_of(bytes + PAGE_SIZE, 2 * PAGE_SIZE, entry->sha256);
    seal();
    return 0;
}

static void a_good_table_is_believed(void **state)
{
    (void)state;
    assert_null(package_table_refusal(table));
    assert_true(package_entry_is_sound(entry, sizeof(bytes)));
    assert_true(package_blob_is_sound(entry, bytes + entry->offset));
    table->entry_count = PACKAGE_ENTRIES_MAX;
    seal();
    assert_null(package_table_refusal(table));
}

static void each_bit_of_its_page_counts(void **state)
{
    (void)state;
    for (uint64_t bit = 0; bit < (uint64_t)8 * PAGE_SIZE; bit += bit < 2048 ? 1 : 509) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_non_null(package_table_refusal(table));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_table_that_lies_behind_a_right_hash_is_refused(void **state)
{
    (void)state;
    table->version++;
    assert_string_equal(package_table_refusal(table),
                        "its table does not have the hash that it states");
    seal();
    assert_string_equal(package_table_refusal(table), "its table is of another version");
    table->version--;
    table->entry_count = PACKAGE_ENTRIES_MAX + 1;
    seal();
    assert_string_equal(package_table_refusal(table),
                        "its table says that it has more entries than fit");
    table->entry_count = 1;
    memset(entry->name, 'x', NAME_SIZE);
    seal();
    assert_string_equal(package_table_refusal(table), "its table has a name that does not end");
    entry->name[NAME_SIZE - 1] = 0;
    memset(table->first, 'x', NAME_SIZE);
    seal();
    assert_string_equal(package_table_refusal(table), "its table has a name that does not end");
}

static void a_blob_has_to_be_within_the_package(void **state)
{
    (void)state;
    entry->offset = 0; // the table
    assert_false(package_entry_is_sound(entry, sizeof(bytes)));
    entry->offset = PAGE_SIZE + 8;
    assert_false(package_entry_is_sound(entry, sizeof(bytes)));
    entry->offset = PAGES * PAGE_SIZE;
    assert_false(package_entry_is_sound(entry, sizeof(bytes)));
    entry->size = 0; // nothing, at the end
    assert_true(package_entry_is_sound(entry, sizeof(bytes)));
    entry->offset = UINT64_MAX - PAGE_SIZE + 1;
    entry->size = 2 * PAGE_SIZE; // around the end of all addresses
    assert_false(package_entry_is_sound(entry, sizeof(bytes)));
    entry->offset = PAGE_SIZE;
    entry->size = UINT64_MAX;
    assert_false(package_entry_is_sound(entry, sizeof(bytes)));
}

static void a_blob_that_changed_has_another_hash_up_to_the_end_of_its_pages(void **state)
{
    (void)state;
    for (uint64_t at = PAGE_SIZE; at < 3 * PAGE_SIZE; at += 127) {
        bytes[at] ^= 1;
        assert_false(package_blob_is_sound(entry, bytes + entry->offset));
        bytes[at] ^= 1;
    }
    bytes[3 * PAGE_SIZE] ^= 1; // another's
    assert_true(package_blob_is_sound(entry, bytes + entry->offset));
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_table_is_believed),
        TEST(each_bit_of_its_page_counts),
        TEST(a_table_that_lies_behind_a_right_hash_is_refused),
        TEST(a_blob_has_to_be_within_the_package),
        TEST(a_blob_that_changed_has_another_hash_up_to_the_end_of_its_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// What is said of a package before a machine boots from it; what a kernel then makes of it, and of
// lies one at a time, is in kernel/test/boot_test.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/package/package.h"
#include "lib/sha256/sha256.h"

// Header, two pages of text, one of data, the table.
enum { PAGES = 5, HASHED = 4 * PAGE_SIZE };

static _Alignas(PAGE_SIZE) uint8_t bytes[PAGES * PAGE_SIZE];
static struct package_header *const package = (struct package_header *)(void *)bytes;

static void seal(void)
{
    sha256_of(bytes + SHA256_SIZE, HASHED - SHA256_SIZE, package->sha256);
}

static int begin(void **state)
{
    (void)state;
    memset(bytes, 0, sizeof(bytes));
    *package = (struct package_header){.magic = PACKAGE_MAGIC,
                                       .version = PACKAGE_VERSION,
                                       .pages = PAGES,
                                       .text_pages = 2,
                                       .data_pages = 1,
                                       .memory_pages = 4,
                                       .entry = 2 * PAGE_SIZE - 1};
    seal();
    return 0;
}

static void assert_said(uint64_t size, const char *what)
{
    const char *said = package_refusal(bytes, size);
    assert_non_null(said);
    assert_non_null(strstr(said, what));
    assert_int_equal(said[strlen(said) - 1], '\n');
}

static void a_good_package_is_believed_and_bytes_behind_it_are_nobodys(void **state)
{
    (void)state;
    assert_null(package_refusal(bytes, sizeof(bytes)));
    package->pages--; // the table is what stands behind, and it has no page any more
    seal();
    assert_said(sizeof(bytes), "sizes are wrong");
}

static void each_reason_has_its_words(void **state)
{
    (void)state;
    assert_said(0, "there is no boot package");
    assert_said(PAGE_SIZE - 1, "this is no boot package");
    assert_said(sizeof(bytes) - 1, "it is cut short");
    package->entry = 2 * PAGE_SIZE;
    seal();
    assert_said(sizeof(bytes), "sizes are wrong");
    package->magic ^= 1;
    assert_said(sizeof(bytes), "this is no boot package");
}

static void each_bit_up_to_the_table_counts(void **state)
{
    (void)state;
    for (uint64_t bit = 0; bit < (uint64_t)8 * HASHED; bit += bit < 1024 ? 1 : 1021) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_non_null(package_refusal(bytes, sizeof(bytes)));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    bytes[HASHED] ^= 1;
    assert_null(package_refusal(bytes, sizeof(bytes))); // others look at that
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_package_is_believed_and_bytes_behind_it_are_nobodys),
        TEST(each_reason_has_its_words),
        TEST(each_bit_up_to_the_table_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

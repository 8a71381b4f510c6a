// SPDX-License-Identifier: Apache-2.0
//
// Real programs, linked by lld and by ld in every way that the loader takes, are loaded and run on
// the host: with their relocations, their stack and their thread-local storage.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "abi/ids.h"
#include "runtime/loader/test/image.h"
#include "tests/loader/guest.h"

enum { FILE_ROOM = 1 << 20 };

static const uint64_t STATIC_LOW = 0x10000000; // where static guests are linked to, and more

static uint8_t bytes[FILE_ROOM];
static struct image image;

static struct loader_file file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s is not there", path);
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_true(size > 0 && size < sizeof(bytes));
    return (struct loader_file){bytes, size};
}

static bool is_in(uint64_t address, struct loader_range range)
{
    return address >= range.low && address < range.high;
}

static struct loader_plan guest_run(const char *path, uint64_t low, uint64_t seed)
{
    struct loader_file file = file_read(path);
    struct loader_plan plan;
    struct loader_error error;
    struct guest guest = {0};
    image_init(&image, &file, low);
    if (!image_load(&image, &plan, seed, &error)) {
        char text[LOADER_ERROR_TEXT_MAX];
        loader_error_print(&error, text, sizeof(text));
        fail_msg("%s: %s", path, text);
    }
    if (image.broken != NULL) {
        fail_msg("%s: %s", path, image.broken);
    }
    uint64_t result = image_run(&plan, (uint64_t)&guest);
    if (result != 0) {
        fail_msg("%s: the guest says %lu", path, result);
    }
    assert_true(is_in(guest.stack, plan.stack));
    assert_int_equal(guest.text, plan.entry);
    assert_true(is_in(guest.variable, plan.tls.pages));
    assert_int_equal(image.rights[(guest.data - image.range.low) / PAGE_SIZE], 3);
    assert_int_equal(image.rights[(guest.text - image.range.low) / PAGE_SIZE], 5);
    assert_int_equal(image.rights[(guest.constant - image.range.low) / PAGE_SIZE], 1);
    assert_int_equal(image.state[(plan.stack.low - image.range.low) / PAGE_SIZE - 1], IMAGE_GUARD);
    assert_int_equal(image.state[(plan.stack.high - image.range.low) / PAGE_SIZE], IMAGE_GUARD);
    image_fini(&image);
    return plan;
}

static void a_position_independent_program_runs_wherever_it_is_put(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct loader_plan plan = guest_run("build/loader/pie.elf", 0, seed);
        assert_true(plan.relocation_count > 5);
        assert_true(plan.tables[LOADER_TABLE_RELA].size > 0);
        assert_int_equal(plan.tables[LOADER_TABLE_RELR].size, 0);
        assert_true(plan.tls.file_size > 0 && plan.tls.memory_size > plan.tls.file_size);
        assert_int_equal(plan.tls.alignment, 64);
    }
}

static void packed_relocations_do_the_same(void **state)
{
    (void)state;
    struct loader_plan packed = guest_run("build/loader/packed.elf", 0, 3);
    struct loader_plan whole = guest_run("build/loader/pie.elf", 0, 3);
    assert_int_equal(packed.relocation_count, whole.relocation_count);
    assert_true(packed.tables[LOADER_TABLE_RELR].size > 0);
    assert_int_equal(packed.stack.high - packed.stack.low, 131072); // it asks for so much
}

static void segments_may_share_pages_of_the_file(void **state)
{
    (void)state;
    guest_run("build/loader/small.elf", 0, 4);
}

static void a_static_program_runs_where_it_was_linked(void **state)
{
    (void)state;
    struct loader_plan plan = guest_run("build/loader/static.elf", STATIC_LOW, 5);
    assert_int_equal(plan.base, 0);
    assert_int_equal(plan.relocation_count, 0);
    assert_int_equal(plan.segments[0].pages.low, 0x10200000);
}

static void what_another_linker_made_runs_too(void **state)
{
    (void)state;
    struct loader_plan plan = guest_run("build/loader/gnu.elf", 0, 6);
    assert_true(plan.relocation_count > 5);
    plan = guest_run("build/loader/gnu-static.elf", STATIC_LOW, 7);
    assert_int_equal(plan.base, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_independent_program_runs_wherever_it_is_put),
        cmocka_unit_test(packed_relocations_do_the_same),
        cmocka_unit_test(segments_may_share_pages_of_the_file),
        cmocka_unit_test(a_static_program_runs_where_it_was_linked),
        cmocka_unit_test(what_another_linker_made_runs_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

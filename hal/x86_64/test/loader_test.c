// SPDX-License-Identifier: Apache-2.0
//
// What a loader left: both protocols come to the same, and tables that are broken are refused.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "hal/x86_64/loader.h"
#include "hal/x86_64/test/firmware.h"

enum {
    INFO = 0x1000,
    MAP = 0x2000,
    MODULES = 0x3000,
    LINE = 0x4000,
    ROOT = 0x5000,
    PACKAGE = 0x400000,
    PVH_MAGIC = 0x336ec578,
    MULTIBOOT_MAGIC = 0x36d76289,
    TAG_MODULE = 3,
    TAG_MEMORY = 6,
};

struct pvh {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, line, rsdp, map;
    uint32_t map_count, reserved;
};

static struct loaded loaded;
static uint32_t tags_end; // of the Multiboot2 tags that were put

static bool read_is_refused(uint32_t loader, uint32_t magic, uint64_t info)
{
    memset(&loaded, 0, sizeof(loaded));
    if (setjmp(firmware_refusal) != 0) {
        return true;
    }
    loader_read(loader, magic, info, &loaded);
    return false;
}

static void expect_refused(uint32_t loader, uint32_t magic, const char *text)
{
    assert_true(read_is_refused(loader, magic, INFO));
    assert_string_equal(firmware_text, text);
}

static const uint64_t memory_map[][3] = {
    {0, 0x9fc00, 1},          {0x9fc00, 0x400, 2},        {0x100000, 0x700000, 1},
    {0x800000, 0x800800, 1},  {0x40000000, 0x1000000, 3}, {0x100000000, 0x40000000, 1},
    {UINT64_MAX - 5, 100, 1}, {0x2000001, 0xffe, 1},
};

enum { MAP_COUNT = sizeof(memory_map) / sizeof(memory_map[0]) };

static void pvh_put(void)
{
    const struct pvh info = {PVH_MAGIC, 1, 0, 1, MODULES, LINE, ROOT, MAP, MAP_COUNT, 0};
    const uint64_t module[4] = {PACKAGE, 5000, 0, 0};

    firmware_clear();
    firmware_put(INFO, &info, sizeof(info));
    firmware_put(MAP, memory_map, sizeof(memory_map));
    firmware_put(MODULES, module, sizeof(module));
    firmware_put(LINE, "tessera.safemode", 17);
    firmware_put(ROOT, "RSD PTR ", 8);
}

static void tag_put(uint32_t type, const void *body, uint32_t size)
{
    const uint32_t head[2] = {type, size + 8};

    firmware_put(INFO + tags_end, head, sizeof(head));
    firmware_put(INFO + tags_end + sizeof(head), body, size);
    tags_end += (size + 8 + 7) & ~7u;
    firmware_put(INFO, &tags_end, sizeof(tags_end));
}

static void multiboot_put(void)
{
    uint8_t map[8 + sizeof(memory_map)] = {24};
    const uint32_t module[3] = {PACKAGE, PACKAGE + 5000, 0};

    firmware_clear();
    tags_end = 8;
    memcpy(map + 8, memory_map, sizeof(memory_map));
    tag_put(1, "tessera.safemode", 17);
    tag_put(TAG_MODULE, module, sizeof(module));
    tag_put(77, "whatever", 8);
    tag_put(TAG_MEMORY, map, sizeof(map));
    tag_put(14, "RSD PTR 000000000000", 20);
}

static void expect_all(const char *name)
{
    static const struct frame_range expected[] = {{256, 0x700 + 0x800}, {0x100000, 0x40000}};

    assert_string_equal(loaded.loader, name);
    assert_string_equal(loaded.command_line, "tessera.safemode");
    assert_memory_equal(loaded.rsdp, "RSD PTR ", 8);
    assert_int_equal(loaded.package, PACKAGE);
    assert_int_equal(loaded.package_size, 5000);
    assert_int_equal(loaded.ram.count, 2);
    assert_memory_equal(loaded.ram.all, expected, sizeof(expected));
}

static void pvh_and_multiboot_come_to_the_same(void **state)
{
    (void)state;
    pvh_put();
    assert_false(read_is_refused(LOADER_PVH, 0, INFO));
    expect_all("PVH");
    multiboot_put();
    tag_put(0, "", 0);
    assert_false(read_is_refused(LOADER_MULTIBOOT, MULTIBOOT_MAGIC, INFO));
    expect_all("Multiboot2");
}

static void a_later_acpi_root_wins(void **state)
{
    uint8_t old[20] = "RSD PTR old";
    uint8_t new[36] = "RSD PTR new";

    (void)state;
    for (uint32_t order = 0; order < 2; order++) {
        multiboot_put();
        tag_put(order == 0 ? 15 : 14, order == 0 ? new : old, order == 0 ? 36 : 20);
        tag_put(order == 0 ? 14 : 15, order == 0 ? old : new, order == 0 ? 20 : 36);
        tag_put(0, "", 0);
        assert_false(read_is_refused(LOADER_MULTIBOOT, MULTIBOOT_MAGIC, INFO));
        assert_memory_equal(loaded.rsdp, "RSD PTR new", 11);
    }
}

static void the_wrong_loader_is_refused(void **state)
{
    (void)state;
    pvh_put();
    expect_refused(LOADER_MULTIBOOT, 0, "the loader is none of Multiboot2");
    *(uint32_t *)firmware_at(INFO + 4) = 0;
    expect_refused(LOADER_PVH, 0, "the loader gave no PVH start info with a memory map");
}

static void exactly_one_package_is_accepted(void **state)
{
    const uint32_t second[3] = {PACKAGE, PACKAGE + 1, 0};

    (void)state;
    pvh_put();
    *(uint32_t *)firmware_at(INFO + 12) = 0;
    expect_refused(LOADER_PVH, 0, "there is no boot package (QEMU: -initrd; GRUB: module2)");
    *(uint32_t *)firmware_at(INFO + 12) = 2;
    firmware_put(MODULES + 32, firmware_at(MODULES), 32);
    expect_refused(LOADER_PVH, 0, "there is more than one boot package");
    multiboot_put();
    tag_put(TAG_MODULE, second, sizeof(second));
    expect_refused(LOADER_MULTIBOOT, MULTIBOOT_MAGIC, "there is more than one boot package");
}

static void a_package_beyond_the_memory_is_refused(void **state)
{
    static const uint64_t places[][2] = {
        {0x1000, 10}, {0x900000, 0x800000}, {0x50000000, 10}, {UINT64_MAX, 10}, {1, UINT64_MAX}};

    (void)state;
    for (uint32_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        pvh_put();
        firmware_put(MODULES, places[i], sizeof(places[i]));
        expect_refused(LOADER_PVH, 0, "the boot package does not lie in the machine's memory");
    }
    pvh_put();
    memset(firmware_at(MODULES + 8), 0, 8);
    expect_refused(LOADER_PVH, 0, "the boot package is empty");
}

static void tables_beyond_what_is_mapped_are_refused(void **state)
{
    static const uint32_t pointers[] = {16, 24, 32, 40}; // modules, line, rsdp, map

    (void)state;
    for (uint32_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        pvh_put();
        *(uint64_t *)firmware_at(INFO + pointers[i]) = 0x100000000;
        expect_refused(LOADER_PVH, 0, "the loader's tables lie beyond the first 4 GiB");
    }
    pvh_put();
    *(uint32_t *)firmware_at(INFO + 48) = UINT32_MAX;
    expect_refused(LOADER_PVH, 0, "the loader's tables lie beyond the first 4 GiB");
}

static void a_command_line_without_end_is_refused(void **state)
{
    (void)state;
    pvh_put();
    memset(firmware_at(LINE), 'x', COMMAND_LINE_SIZE);
    expect_refused(LOADER_PVH, 0, "the command line has more than 1023 bytes, or no end");
    *(char *)firmware_at(LINE + COMMAND_LINE_SIZE - 1) = 0;
    assert_false(read_is_refused(LOADER_PVH, 0, INFO));
    multiboot_put();
    tag_put(1, "abc", 3);
    expect_refused(LOADER_MULTIBOOT, MULTIBOOT_MAGIC,
                   "the command line has more than 1023 bytes, or no end");
}

static void broken_tags_are_refused(void **state)
{
    static const char broken[] =
        "the loader's Multiboot2 tags are broken: one has a wrong size, or the end is missing";
    static const uint32_t sizes[] = {0, 7, 8, 15, 0x7fffffff, UINT32_MAX};

    (void)state;
    multiboot_put(); // no end
    expect_refused(LOADER_MULTIBOOT, MULTIBOOT_MAGIC, broken);
    for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        multiboot_put();
        uint32_t tag = tags_end;
        tag_put(TAG_MEMORY, "", 0);
        tag_put(0, "", 0);
        *(uint32_t *)firmware_at(INFO + tag + 4) = sizes[i];
        expect_refused(LOADER_MULTIBOOT, MULTIBOOT_MAGIC, broken);
    }
    multiboot_put();
    tag_put(TAG_MEMORY, "\x10\0\0\0\0\0\0", 8);
    expect_refused(LOADER_MULTIBOOT, MULTIBOOT_MAGIC,
                   "the entries of the loader's memory map are too short");
}

// The memory of one machine, a bit for each frame.
static void always_ranges_are_the_set_of_their_frames(void **state)
{
    (void)state;
    srand(1);
    for (uint32_t round = 0; round < 2000; round++) {
        struct ranges ranges = {0};
        bool frames[64] = {false};
        for (uint32_t step = 0; step < 12; step++) {
            uint32_t first = (uint32_t)rand() % 56;
            uint32_t end = first + (uint32_t)rand() % 8;
            bool adds = rand() % 3 != 0;
            (adds ? ranges_add : ranges_remove)(&ranges, first, end);
            for (uint32_t i = first; i < end; i++) {
                frames[i] = adds;
            }
            bool found[80] = {false};
            for (uint32_t i = 0; i < ranges.count; i++) {
                for (uint32_t j = 0; j < ranges.all[i].count; j++) {
                    assert_false(found[ranges.all[i].first + j]); // in one range only
                    found[ranges.all[i].first + j] = true;
                }
            }
            for (uint32_t i = 0; i < 64; i++) {
                assert_int_equal(found[i], frames[i]);
            }
        }
    }
}

static void too_many_ranges_lose_the_smallest(void **state)
{
    struct ranges ranges = {0};

    (void)state;
    for (uint32_t i = 0; i < FRAME_RANGES_MAX + 1; i++) {
        ranges_add(&ranges, i * 100, i * 100 + 10 + i);
    }
    assert_int_equal(ranges.count, FRAME_RANGES_MAX);
    for (uint32_t i = 0; i < ranges.count; i++) {
        assert_int_not_equal(ranges.all[i].first, 0);
    }
    ranges_add(&ranges, 9000, 9001);
    for (uint32_t i = 0; i < ranges.count; i++) {
        assert_int_not_equal(ranges.all[i].first, 9000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pvh_and_multiboot_come_to_the_same),
        cmocka_unit_test(a_later_acpi_root_wins),
        cmocka_unit_test(the_wrong_loader_is_refused),
        cmocka_unit_test(exactly_one_package_is_accepted),
        cmocka_unit_test(a_package_beyond_the_memory_is_refused),
        cmocka_unit_test(tables_beyond_what_is_mapped_are_refused),
        cmocka_unit_test(a_command_line_without_end_is_refused),
        cmocka_unit_test(broken_tags_are_refused),
        cmocka_unit_test(always_ranges_are_the_set_of_their_frames),
        cmocka_unit_test(too_many_ranges_lose_the_smallest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

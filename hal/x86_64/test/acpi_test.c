// SPDX-License-Identifier: Apache-2.0
//
// ACPI's tables: what is found in good ones, and that broken ones are only missing.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "hal/x86_64/acpi.h"
#include "hal/x86_64/loader.h"
#include "hal/x86_64/test/firmware.h"

enum {
    ROOT = 0x1000,
    MADT = 0x2000,
    FADT = 0x3000,
    DSDT = 0x4000,
    FADT_SIZE = 268,
};

static uint8_t rsdp[RSDP_SIZE];
static struct acpi acpi;

static void table_put(uint64_t address, const char *signature, const void *body, uint32_t size)
{
    uint32_t length = 36 + size;

    firmware_put(address, signature, 4);
    firmware_put(address + 4, &length, 4);
    firmware_put(address + 36, body, size);
    firmware_sum(address, length, address + 9);
}

static void rsdp_sum(void)
{
    uint8_t sum = 0;

    rsdp[8] = 0;
    for (uint32_t i = 0; i < 20; i++) {
        sum = (uint8_t)(sum + rsdp[i]);
    }
    rsdp[8] = (uint8_t)-sum;
}

static void field_put(uint32_t offset, uint64_t value, uint32_t size)
{
    firmware_put(FADT + offset, &value, size);
    firmware_sum(FADT, FADT_SIZE, FADT + 9);
}

// Three processors of which two are enabled, one of them by a number beyond 255; PM1a at 0x604.
static void tables_put(void)
{
    static const uint8_t madt[] = {0, 0, 0xe0, 0xfe, 1, 0, 0, 0, 0, 8,  0, 4, 1, 0, 0, 0,
                                   0, 8, 1,    5,    2, 0, 0, 0, 9, 16, 0, 0, 0, 1, 0, 0,
                                   1, 0, 0,    0,    0, 0, 0, 0, 1, 6,  1, 1, 1, 1};
    static const uint8_t dsdt[] = {0x10, 8,    '_', 'S', '5', '_',  8, '_', 'S', '5',
                                   '_',  0x12, 8,   4,   1,   0x0a, 7, 0,   0};
    const uint32_t roots[2] = {MADT, FADT};
    uint8_t fadt[FADT_SIZE - 36] = {0};

    firmware_clear();
    table_put(ROOT, "RSDT", roots, sizeof(roots));
    table_put(MADT, "APIC", madt, sizeof(madt));
    table_put(DSDT, "DSDT", dsdt, sizeof(dsdt));
    table_put(FADT, "FACP", fadt, sizeof(fadt));
    field_put(40, DSDT, 4);
    field_put(48, 0xb2, 4);
    field_put(52, 0xf1, 1);
    field_put(64, 0x604, 4);
    memset(rsdp, 0, sizeof(rsdp));
    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[17] = ROOT >> 8;
    rsdp_sum();
}

static void read_all(void)
{
    memset(&acpi, 0, sizeof(acpi));
    acpi_read(rsdp, &acpi);
}

static void processors_and_soft_off_are_found(void **state)
{
    (void)state;
    tables_put();
    read_all();
    assert_true(acpi.has_tables);
    assert_int_equal(acpi.tables_bad, 0);
    assert_int_equal(acpi.cpu_count, 2);
    assert_int_equal(acpi.cpu_ids[0], 4);
    assert_int_equal(acpi.cpu_ids[1], 256);
    assert_true(acpi.has_off);
    assert_int_equal(acpi.off_types[0], 1);
    assert_int_equal(acpi.off_types[1], 7);
    assert_int_equal(acpi.control_ports[0], 0x604);
    assert_int_equal(acpi.control_ports[1], 0);
    assert_int_equal(acpi.enable_port, 0xb2);
    assert_int_equal(acpi.enable_value, 0xf1);
    assert_int_equal(acpi.reset.address, 0);
}

static void reduced_hardware_has_registers_of_its_own(void **state)
{
    (void)state;
    tables_put();
    field_put(112, 1 << 20 | 1 << 10, 4);
    field_put(116, 1, 1);
    field_put(120, 0xcf9, 8);
    field_put(128, 6, 1);
    field_put(244, 0, 1);
    field_put(248, 0xfea00000, 8);
    read_all();
    assert_int_equal(acpi.sleep_control.address, 0xfea00000);
    assert_int_equal(acpi.sleep_control.space, ACPI_MEMORY);
    assert_int_equal(acpi.reset.address, 0xcf9);
    assert_int_equal(acpi.reset.space, ACPI_PORT);
    assert_int_equal(acpi.reset_value, 6);
    assert_int_equal(acpi.control_ports[0], 0);
}

static void a_register_in_no_known_space_is_none(void **state)
{
    (void)state;
    tables_put();
    field_put(112, 1 << 10, 4);
    field_put(116, 2, 1); // PCI configuration space
    field_put(120, 0x44, 8);
    read_all();
    assert_int_equal(acpi.reset.address, 0);
    field_put(116, 1, 1);
    field_put(120, 0x10000, 8); // no such port
    read_all();
    assert_int_equal(acpi.reset.address, 0);
}

static void a_wide_root_is_preferred(void **state)
{
    const uint64_t roots[1] = {MADT};

    (void)state;
    tables_put();
    table_put(0x6000, "XSDT", roots, sizeof(roots));
    rsdp[15] = 2;
    rsdp[25] = 0x60;
    rsdp_sum();
    read_all();
    assert_int_equal(acpi.cpu_count, 2);
    assert_false(acpi.has_off); // FADT is in the narrow one only
}

static void broken_tables_are_only_missing(void **state)
{
    (void)state;
    tables_put();
    rsdp[8]++;
    read_all();
    assert_false(acpi.has_tables);
    tables_put();
    *(uint8_t *)firmware_at(MADT + 20) ^= 1;
    read_all();
    assert_int_equal(acpi.tables_bad, 1);
    assert_int_equal(acpi.cpu_count, 0);
    assert_true(acpi.has_off);
    tables_put();
    rsdp[19] = 0xff; // the root is beyond 4 GiB - its size
    rsdp[18] = rsdp[17] = rsdp[16] = 0xff;
    rsdp_sum();
    read_all();
    assert_false(acpi.has_tables);
}

static void soft_off_that_is_not_constant_is_missing(void **state)
{
    static const uint8_t bodies[][16] = {
        {8, '_', 'S', '5', '_', 0x11, 8, 4, 1, 7, 0, 0}, // a buffer
        {8, '_', 'S', '5', '_', 0x12, 8, 1, 1, 7, 0, 0}, // one element
        {8, '_', 'S', '5', '_', 0x12, 8, 4, 'A', 7},     // a name
        {6, '_', 'S', '5', '_', 0x12, 8, 4, 1, 7},       // an alias
        {0, 0, 0, 0, 8, '_', 'S', '5', '_'},
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 8, '_', 'S', '5', '_', 0x12, 0xff},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        tables_put();
        table_put(DSDT, "DSDT", bodies[i], sizeof(bodies[i]));
        read_all();
        assert_false(acpi.has_off);
    }
}

// Bytes changed anywhere, checksums made right again: nothing is read beyond a table.
static void always_survives_changed_tables(void **state)
{
    static const uint32_t tables[] = {ROOT, MADT, FADT, DSDT};

    (void)state;
    srand(1);
    for (uint32_t round = 0; round < 20000; round++) {
        tables_put();
        uint32_t table = tables[rand() % 4];
        for (int count = rand() % 8; count >= 0; count--) {
            *(uint8_t *)firmware_at(table + (uint32_t)rand() % 300) = (uint8_t)rand();
        }
        uint32_t size = *(uint32_t *)firmware_at(table + 4);
        if (size >= 36 && size < FIRMWARE_TABLES - DSDT) {
            firmware_sum(table, size, table + 9);
        }
        read_all();
        assert_true(acpi.cpu_count <= ACPI_CPUS_MAX);
    }
}

static void interrupt_controllers_and_where_old_lines_lead_are_found(void **state)
{
    static const uint8_t madt[] = {
        0, 0,  0xe0, 0xfe, 1, 0, 0,    0,                 //
        1, 12, 9,    0,    0, 0, 0xc0, 0xfe, 0,  0, 0, 0, // an I/O APIC, from line 0 on
        1, 12, 10,   0,    0, 0, 0xc1, 0xfe, 24, 0, 0, 0, // another
        2, 10, 0,    0,    2, 0, 0,    0,    0,  0,       // line 0 leads to 2, as it is usual
        2, 10, 0,    9,    9, 0, 0,    0,    15, 0,       // line 9: level, low
        2, 10, 0,    16,   9, 0, 0,    0,    15, 0,       // there is no such line
        2, 8,  0,    3,    7, 0, 0,    0,                 // too short
    };

    (void)state;
    tables_put();
    table_put(MADT, "APIC", madt, sizeof(madt));
    read_all();
    assert_int_equal(acpi.io_apic_count, 2);
    assert_int_equal(acpi.io_apics[0].address, 0xfec00000);
    assert_int_equal(acpi.io_apics[1].first, 24);
    assert_int_equal(acpi.lines[0].number, 2);
    assert_false(acpi.lines[0].is_level);
    assert_int_equal(acpi.lines[3].number, 3);
    assert_true(acpi.lines[9].is_level && acpi.lines[9].is_low);
    assert_false(acpi.lines[4].is_level || acpi.lines[4].is_low);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupt_controllers_and_where_old_lines_lead_are_found),
        cmocka_unit_test(processors_and_soft_off_are_found),
        cmocka_unit_test(reduced_hardware_has_registers_of_its_own),
        cmocka_unit_test(a_register_in_no_known_space_is_none),
        cmocka_unit_test(a_wide_root_is_preferred),
        cmocka_unit_test(broken_tables_are_only_missing),
        cmocka_unit_test(soft_off_that_is_not_constant_is_missing),
        cmocka_unit_test(always_survives_changed_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

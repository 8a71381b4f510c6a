// SPDX-License-Identifier: Apache-2.0
//
// Reads ACPI's tables: from the root pointer (5.2.5.3) to RSDT or XSDT, from there to MADT
// (5.2.12), FADT (5.2.9), and by it to the DSDT, in which the package \_S5 (7.4.2) is looked for by
// its bytes (20.2.5): compilers write it as a constant, and the kernel does not interpret AML.
#include "hal/x86_64/acpi.h"

#include "hal/x86_64/loader.h"
#include "hal/x86_64/x86.h"

enum {
    RSDP_CHECKED = 20, // bytes that the first checksum covers
    RSDP_REVISION = 15,
    RSDP_RSDT = 16,
    RSDP_XSDT = 24,

    HEADER_LENGTH = 4,
    HEADER_SIZE = 36,
    TABLE_SIZE_MAX = 16 << 20,
    TABLES_MAX = 64,

    MADT_ENTRIES = 44,
    MADT_LOCAL_APIC = 0,
    MADT_IO_APIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LOCAL_X2APIC = 9,
    MADT_ENABLED = 1,
    MADT_POLARITY_LOW = 3, // of two bits
    MADT_TRIGGER = 2,      // the first of two bits
    MADT_TRIGGER_LEVEL = 3,

    FADT_DSDT = 40,
    FADT_SMI_COMMAND = 48,
    FADT_ACPI_ENABLE = 52,
    FADT_PM1A_CONTROL = 64,
    FADT_PM1B_CONTROL = 68,
    FADT_FLAGS = 112,
    FADT_RESET_REGISTER = 116,
    FADT_RESET_VALUE = 128,
    FADT_X_DSDT = 140,
    FADT_SLEEP_CONTROL = 244,
    FADT_FLAG_RESET = 1 << 10,
    FADT_FLAG_REDUCED = 1 << 20,

    REGISTER_SIZE = 12, // generic address structure
    REGISTER_ADDRESS = 4,

    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE = 0x0a,
    AML_WORD = 0x0b,
    AML_PACKAGE = 0x12,
    AML_ROOT = '\\',
    AML_ONES = 0xff,
};

// Bytes of a table that has been checked. Reads beyond its end are zero: fields that a later
// version added are "not there" in an older table.
struct table {
    const uint8_t *bytes;
    uint32_t size;
};

static uint64_t field(struct table table, uint32_t offset, uint32_t size)
{
    uint64_t value = 0;

    if (offset <= table.size && size <= table.size - offset) {
        memcpy(&value, table.bytes + offset, size);
    }
    return value;
}

static bool sum_is_zero(const uint8_t *bytes, uint32_t size)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < size; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return sum == 0;
}

static bool has_signature(const uint8_t *bytes, const char *signature)
{
    return memcmp(bytes, signature, 4) == 0;
}

// Size 0: it is bad.
static struct table table_at(uint64_t address, struct acpi *acpi)
{
    const uint8_t *bytes = address == 0 ? NULL : loader_bytes(address, HEADER_SIZE);
    struct table table = {bytes, HEADER_SIZE};

    if (bytes != NULL) {
        table.size = (uint32_t)field(table, HEADER_LENGTH, 4);
    }
    if (bytes == NULL || table.size < HEADER_SIZE || table.size > TABLE_SIZE_MAX ||
        loader_bytes(address, table.size) == NULL || !sum_is_zero(bytes, table.size)) {
        acpi->tables_bad++;
        return (struct table){NULL, 0};
    }
    return table;
}

// --- Processors ---------------------------------------------------------------------------------

static void cpu_add(struct acpi *acpi, uint64_t id, uint64_t flags)
{
    if ((flags & MADT_ENABLED) && acpi->cpu_count < ACPI_CPUS_MAX) {
        acpi->cpu_ids[acpi->cpu_count++] = (uint32_t)id;
    }
}

static void io_apic_add(struct acpi *acpi, struct table entry)
{
    if (acpi->io_apic_count < ACPI_IO_APICS_MAX && entry.size >= 12) {
        acpi->io_apics[acpi->io_apic_count++] =
            (struct acpi_io_apic){(uint32_t)field(entry, 4, 4), (uint32_t)field(entry, 8, 4)};
    }
}

static void line_override(struct acpi *acpi, struct table entry)
{
    uint64_t source = field(entry, 3, 1);
    uint64_t flags = field(entry, 8, 2);

    if (source < ACPI_OLD_LINES && entry.size >= 10) {
        acpi->lines[source] = (struct acpi_line){(uint32_t)field(entry, 4, 4),
                                                 (flags >> MADT_TRIGGER & 3) == MADT_TRIGGER_LEVEL,
                                                 (flags & 3) == MADT_POLARITY_LOW};
    }
}

static void madt_read(struct table madt, struct acpi *acpi)
{
    uint32_t size;

    for (uint32_t at = MADT_ENTRIES; at < madt.size; at += size) {
        uint64_t kind = field(madt, at, 1);
        size = (uint32_t)field(madt, at + 1, 1);
        if (size < 2 || size > madt.size - at) {
            acpi->tables_bad++;
            return;
        }
        struct table entry = {madt.bytes + at, size};
        if (kind == MADT_LOCAL_APIC) {
            cpu_add(acpi, field(entry, 3, 1), field(entry, 4, 4));
        } else if (kind == MADT_LOCAL_X2APIC) {
            cpu_add(acpi, field(entry, 4, 4), field(entry, 8, 4));
        } else if (kind == MADT_IO_APIC) {
            io_apic_add(acpi, entry);
        } else if (kind == MADT_OVERRIDE) {
            line_override(acpi, entry);
        }
    }
}

// --- Power --------------------------------------------------------------------------------------

// The number that a package's element at *at begins with, if it is one of a byte.
static bool number_read(struct table aml, uint32_t *at, uint8_t *value)
{
    uint64_t kind = field(aml, *at, 1);

    *value = (uint8_t)(kind == AML_BYTE || kind == AML_WORD ? field(aml, *at + 1, 1) : kind);
    *at += kind == AML_BYTE ? 2 : kind == AML_WORD ? 3 : 1;
    return *at <= aml.size && (kind == AML_ZERO || kind == AML_ONE || kind == AML_BYTE ||
                               kind == AML_WORD || kind == AML_ONES);
}

// Name (_S5, Package {type a, type b, ...}), the name at `at`. PkgLength has 1 to 4 bytes, as the
// upper two bits of the first one say (20.2.4); then comes the number of elements.
static bool soft_off_read(struct table aml, uint32_t at, uint8_t types[2])
{
    bool is_named =
        field(aml, at - 1, 1) == AML_NAME ||
        (at > 1 && field(aml, at - 1, 1) == AML_ROOT && field(aml, at - 2, 1) == AML_NAME);

    at += 4;
    if (!is_named || field(aml, at, 1) != AML_PACKAGE) {
        return false;
    }
    at += 2 + (uint32_t)(field(aml, at + 1, 1) >> 6);
    if (field(aml, at, 1) < 2) {
        return false;
    }
    at++;
    return number_read(aml, &at, &types[0]) && number_read(aml, &at, &types[1]);
}

static void soft_off_find(struct table aml, struct acpi *acpi)
{
    for (uint32_t at = HEADER_SIZE + 1; at + 4 <= aml.size && !acpi->has_off; at++) {
        if (aml.bytes[at] == '_' && has_signature(aml.bytes + at, "_S5_")) {
            acpi->has_off = soft_off_read(aml, at, acpi->off_types);
        }
    }
}

static struct acpi_register register_read(struct table fadt, uint32_t offset)
{
    struct acpi_register found = {field(fadt, offset + REGISTER_ADDRESS, 8),
                                  (uint8_t)field(fadt, offset, 1)};

    return found.space == ACPI_MEMORY || (found.space == ACPI_PORT && found.address < 1 << 16)
               ? found
               : (struct acpi_register){0, 0};
}

static void fadt_read(struct table fadt, struct acpi *acpi)
{
    uint64_t flags = field(fadt, FADT_FLAGS, 4);
    uint64_t dsdt = field(fadt, FADT_X_DSDT, 8);

    if (flags & FADT_FLAG_RESET) {
        acpi->reset = register_read(fadt, FADT_RESET_REGISTER);
        acpi->reset_value = (uint8_t)field(fadt, FADT_RESET_VALUE, 1);
    }
    if (flags & FADT_FLAG_REDUCED) {
        acpi->sleep_control = register_read(fadt, FADT_SLEEP_CONTROL);
    } else {
        acpi->control_ports[0] = (uint16_t)field(fadt, FADT_PM1A_CONTROL, 4);
        acpi->control_ports[1] = (uint16_t)field(fadt, FADT_PM1B_CONTROL, 4);
        acpi->enable_port = (uint16_t)field(fadt, FADT_SMI_COMMAND, 4);
        acpi->enable_value = (uint8_t)field(fadt, FADT_ACPI_ENABLE, 1);
    }
    soft_off_find(table_at(dsdt != 0 ? dsdt : field(fadt, FADT_DSDT, 4), acpi), acpi);
}

// --- Tables -------------------------------------------------------------------------------------

static const struct {
    const char *signature;
    void (*read)(struct table table, struct acpi *acpi);
} readers[] = {
    {"APIC", madt_read},
    {"FACP", fadt_read},
};

static void table_read(uint64_t address, struct acpi *acpi)
{
    struct table table = table_at(address, acpi);

    for (uint32_t i = 0; table.size != 0 && i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (has_signature(table.bytes, readers[i].signature)) {
            readers[i].read(table, acpi);
        }
    }
}

void acpi_read(const uint8_t *rsdp, struct acpi *acpi)
{
    struct table pointer = {rsdp, RSDP_SIZE};

    for (uint32_t line = 0; line < ACPI_OLD_LINES; line++) {
        acpi->lines[line] = (struct acpi_line){.number = line};
    }
    if (memcmp(rsdp, "RSD PTR ", 8) != 0 || !sum_is_zero(rsdp, RSDP_CHECKED)) {
        return;
    }
    bool is_wide = rsdp[RSDP_REVISION] >= 2 && field(pointer, RSDP_XSDT, 8) != 0;
    struct table root =
        table_at(field(pointer, is_wide ? RSDP_XSDT : RSDP_RSDT, is_wide ? 8 : 4), acpi);
    uint32_t width = is_wide ? 8 : 4;
    acpi->has_tables = root.size != 0;
    uint32_t count = (root.size - HEADER_SIZE) / width;
    for (uint32_t i = 0; acpi->has_tables && i < count && i < TABLES_MAX; i++) {
        table_read(field(root, HEADER_SIZE + i * width, width), acpi);
    }
}

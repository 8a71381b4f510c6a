// SPDX-License-Identifier: Apache-2.0
//
// What the kernel wants to know of ACPI (specification 6.4): the processors, and how the machine is
// switched off and started again. Nothing is believed that can be checked, no code of the firmware
// is run, and what is missing or broken is only missing. Section numbers are of that version.
#ifndef HAL_X86_64_ACPI_H
#define HAL_X86_64_ACPI_H

#include <stdbool.h>
#include <stdint.h>

enum { ACPI_CPUS_MAX = 256, ACPI_IO_APICS_MAX = 4, ACPI_OLD_LINES = 16 };

enum acpi_space { ACPI_MEMORY = 0, ACPI_PORT = 1 };

// 5.2.3.2, generic address structure, as far as it is used. An address of 0: there is none.
struct acpi_register {
    uint64_t address;
    uint8_t space; // enum acpi_space
};

// 5.2.12.3.
struct acpi_io_apic {
    uint32_t address;
    uint32_t first; // number of its first line
};

// 5.2.12.5: where a line of the old controllers leads.
struct acpi_line {
    uint32_t number;
    bool is_level, is_low;
};

struct acpi {
    bool has_tables;
    uint32_t tables_bad; // with a wrong size, place or checksum
    uint32_t cpu_count;  // usable ones; 0: not said
    uint32_t cpu_ids[ACPI_CPUS_MAX];
    uint32_t io_apic_count; // 0: there are only the old controllers
    struct acpi_io_apic io_apics[ACPI_IO_APICS_MAX];
    struct acpi_line lines[ACPI_OLD_LINES];
    // Soft off. With sleep_control it is the machine's without the old registers (4.8.3.7).
    bool has_off;
    uint8_t off_types[2]; // of \_S5
    struct acpi_register sleep_control;
    uint16_t control_ports[2]; // PM1a, PM1b; 0: none
    uint16_t enable_port;      // SMI_CMD; 0: no firmware to take the registers from
    uint8_t enable_value;
    struct acpi_register reset; // 4.8.3.6
    uint8_t reset_value;
};

// `rsdp`: RSDP_SIZE bytes. Tables beyond what start.S maps count as bad.
void acpi_read(const uint8_t *rsdp, struct acpi *acpi);

#endif

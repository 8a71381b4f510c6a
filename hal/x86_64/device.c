// SPDX-License-Identifier: Apache-2.0
//
// I/O ports and interrupt lines of a PC. Lines come through I/O APICs (Intel 82093AA data sheet)
// where ACPI says that there are any, else through the old controllers (Intel 8259A data sheet);
// all of them to the processor that boots. Lines 0 to 15 are those of the old controllers, wherever
// they lead; the others are numbered as ACPI does, and are level-triggered and low (PCI).
//
// A line that interrupts is masked, unless it is told by its edge and was open: masking would lose
// the next edge. One that comes while the line is closed is remembered, and masks it.
#include "hal/x86_64/x86.h"

#include "hal/x86_64/acpi.h"

enum {
    IO_SELECT = 0x00,
    IO_WINDOW = 0x10,
    IO_VERSION = 0x01,
    IO_PINS = 0x10, // two registers each
    PIN_LOW = 1 << 13,
    PIN_LEVEL = 1 << 15,
    PIN_MASKED = 1 << 16,
    PIN_TARGET = 24, // in the upper one

    OLD_MASTER = 0x20,
    OLD_SLAVE = 0xa0,
    OLD_CASCADE = 2,
    OLD_LINES = 8,     // of each
    OLD_END = 0x60,    // and which
    OLD_SERVED = 0x0b, // read what is being served
    OLD_SPURIOUS = 7,  // the line that is told where none interrupts any more

    PORTS_OWN_MAX = 16,
};

// Those of the machine itself. The last ones follow from ACPI.
static struct {
    uint16_t first, count;
} ports_own[PORTS_OWN_MAX] = {
    {OLD_MASTER, 2}, {OLD_SLAVE, 2}, {0x40, 4}, // interrupt controllers, interval timer
    {0x3f8, 8},      {0x2e8, 8},     {0xf4, 4}, // console, export, test device
};
static uint32_t ports_own_count = 6;

// Of a line. Without an I/O APIC: NULL.
static struct pin {
    volatile uint8_t *chip;
    uint32_t number;
    uint32_t word; // the lower one of its registers, but for the mask
} pins[HAL_LINES];
static uint32_t target; // upper one
static volatile uint8_t *chips[ACPI_IO_APICS_MAX];
static bool has_chips;
static uint64_t lines_open, lines_risen, lines_masked;

// --- Ports --------------------------------------------------------------------------------------

static void port_own(uint64_t port, uint16_t count)
{
    if (port != 0 && ports_own_count < PORTS_OWN_MAX) {
        ports_own[ports_own_count].first = (uint16_t)port;
        ports_own[ports_own_count++].count = count;
    }
}

bool hal_ports_are_free(uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < ports_own_count; i++) {
        if (first < (uint32_t)ports_own[i].first + ports_own[i].count &&
            ports_own[i].first < first + count) {
            return false;
        }
    }
    return true;
}

static uint32_t port_read_32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void port_write_32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

uint32_t hal_ports_read(const struct port_access *access, uint8_t *bytes, uint32_t count)
{
    uint16_t port = (uint16_t)access->port;
    uint32_t size = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (access->mask != 0) {
            bytes[size] = port_read((uint16_t)access->status);
            if ((bytes[size++] & access->mask) == 0) {
                break;
            }
        }
        uint32_t value = access->size == 1   ? port_read(port)
                         : access->size == 2 ? port_read_16(port)
                                             : port_read_32(port);
        memcpy(bytes + size, &value, access->size);
        size += access->size;
    }
    return size;
}

void hal_ports_write(const struct port_access *access, const uint8_t *bytes, uint32_t size)
{
    uint16_t port = (uint16_t)access->port;

    for (uint32_t i = 0; i < size; i += access->size) {
        uint32_t value = 0;
        memcpy(&value, bytes + i, access->size);
        if (access->size == 1) {
            port_write(port, (uint8_t)value);
        } else if (access->size == 2) {
            port_write_16(port, (uint16_t)value);
        } else {
            port_write_32(port, value);
        }
    }
}

// --- Controllers --------------------------------------------------------------------------------

static uint32_t chip_read(volatile uint8_t *chip, uint32_t reg)
{
    *(volatile uint32_t *)(chip + IO_SELECT) = reg;
    return *(volatile uint32_t *)(chip + IO_WINDOW);
}

static void chip_write(volatile uint8_t *chip, uint32_t reg, uint32_t value)
{
    *(volatile uint32_t *)(chip + IO_SELECT) = reg;
    *(volatile uint32_t *)(chip + IO_WINDOW) = value;
}

static void old_mask(uint32_t line, bool is_masked)
{
    uint16_t port = (line < OLD_LINES ? OLD_MASTER : OLD_SLAVE) + 1;
    uint8_t bit = (uint8_t)(1 << line % OLD_LINES);
    uint8_t mask = port_read(port);

    port_write(port, is_masked ? mask | bit : mask & (uint8_t)~bit);
}

static void line_mask(uint32_t line, bool is_masked)
{
    const struct pin *pin = &pins[line];

    if (pin->chip != NULL) {
        chip_write(pin->chip, IO_PINS + 2 * pin->number, pin->word | (is_masked ? PIN_MASKED : 0));
    } else if (!has_chips && line < 2 * OLD_LINES && line != OLD_CASCADE) {
        old_mask(line, is_masked);
    }
    lines_masked = (lines_masked & ~(1ull << line)) | (uint64_t)is_masked << line;
}

// Whether the controller that sent it means it, and has been told that it arrived.
static bool old_end(uint32_t line)
{
    uint16_t port = line < OLD_LINES ? OLD_MASTER : OLD_SLAVE;

    port_write(port, OLD_SERVED);
    bool is_meant = (port_read(port) >> line % OLD_LINES & 1) != 0;
    if (is_meant) {
        port_write(port, (uint8_t)(OLD_END | line % OLD_LINES));
    }
    if (port == OLD_SLAVE) {
        port_write(OLD_MASTER, OLD_END | OLD_CASCADE);
    }
    return is_meant;
}

// --- Lines --------------------------------------------------------------------------------------

static bool is_level(uint32_t line)
{
    return (pins[line].word & PIN_LEVEL) != 0;
}

void device_arrive(uint32_t line)
{
    bool is_meant = has_chips || old_end(line);

    if (is_meant && (is_level(line) || (lines_open >> line & 1) == 0)) {
        line_mask(line, true);
    }
    if (has_chips) {
        time_interrupt_end();
    }
    lines_risen |= (uint64_t)is_meant << line;
}

uint64_t device_lines_take(void)
{
    uint64_t told = lines_open & lines_risen;

    lines_open &= ~told;
    lines_risen &= ~told;
    return told;
}

// What has risen already interrupts again, by this processor itself.
void hal_lines_open(uint64_t lines)
{
    for (uint64_t left = lines & lines_masked; left != 0; left &= left - 1) {
        line_mask((uint32_t)__builtin_ctzll(left), false);
    }
    lines_open = lines;
    if ((lines & lines_risen) != 0) {
        time_interrupt_self(VECTOR_RISEN);
    }
}

// --- Boot ---------------------------------------------------------------------------------------

// The line of this number leads to this chip.
static void pin_find(volatile uint8_t *chip, const struct acpi_io_apic *from, uint32_t count,
                     uint32_t line, const struct acpi_line *at)
{
    if (at->number - from->first >= count) {
        return;
    }
    pins[line] = (struct pin){chip, at->number - from->first,
                              (VECTOR_LINES + line) | (at->is_level ? PIN_LEVEL : 0) |
                                  (at->is_low ? PIN_LOW : 0)};
    chip_write(chip, IO_PINS + 2 * pins[line].number + 1, target);
}

static bool is_taken(const struct acpi *acpi, uint32_t line)
{
    bool is_own = line < ACPI_OLD_LINES && acpi->lines[line].number != line;

    for (uint32_t i = 0; i < ACPI_OLD_LINES; i++) {
        is_own = is_own || (i != line && acpi->lines[i].number == line);
    }
    return is_own;
}

static void chip_init(const struct acpi *acpi, const struct acpi_io_apic *from,
                      volatile uint8_t *chip)
{
    uint32_t count = (chip_read(chip, IO_VERSION) >> 16 & 0xff) + 1;
    for (uint32_t pin = 0; pin < count; pin++) {
        chip_write(chip, IO_PINS + 2 * pin, PIN_MASKED);
    }
    for (uint32_t line = 0; line < HAL_LINES; line++) {
        const struct acpi_line pci = {.number = line, .is_level = true, .is_low = true};
        if (line < ACPI_OLD_LINES && (acpi->lines[line].number != line || !is_taken(acpi, line))) {
            pin_find(chip, from, count, line, &acpi->lines[line]);
        } else if (line >= ACPI_OLD_LINES && !is_taken(acpi, line)) {
            pin_find(chip, from, count, line, &pci);
        }
    }
}

void device_map(const struct acpi *acpi)
{
    for (uint32_t i = 0; i < acpi->io_apic_count; i++) {
        chips[i] = memory_device_map(acpi->io_apics[i].address);
        has_chips = has_chips || chips[i] != NULL;
    }
}

void device_init(const struct acpi *acpi)
{
    target = time_apic_id() << PIN_TARGET;
    for (uint32_t i = 0; i < acpi->io_apic_count; i++) {
        if (chips[i] != NULL) {
            chip_init(acpi, &acpi->io_apics[i], chips[i]);
        }
    }
    if (!has_chips) {
        time_old_controller_use();
        old_mask(OLD_CASCADE, false);
    }
    lines_masked = UINT64_MAX;
    port_own(acpi->control_ports[0], 2);
    port_own(acpi->control_ports[1], 2);
    port_own(acpi->enable_port, 1);
    port_own(acpi->reset.space == ACPI_PORT ? acpi->reset.address : 0, 1);
}

void device_log(void)
{
    console_text(has_chips ? "x86_64: interrupts by I/O APIC\n"
                           : "x86_64: interrupts by the old controllers\n");
}

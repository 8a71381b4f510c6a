// SPDX-License-Identifier: Apache-2.0
//
// The end of the machine: off, start again, or stand still. What is tried first is what the
// firmware's tables say, then what PCs have always had (ACPI 6.4, 4.8.3; Intel ICH9 data sheet,
// 13.7.5; PS/2 keyboard controller). All of it is read at boot: nothing is looked for at the end.
#include "hal/x86_64/acpi.h"
#include "hal/x86_64/x86.h"

enum {
    PORT_DEBUG_EXIT = 0xf4, // QEMU's isa-debug-exit, for tests; nothing answers elsewhere
    EXIT_BASE = 0x10,       // tells an intended end from a reset

    CONTROL_ENABLED = 1 << 0, // SCI_EN: the registers are ours, not the firmware's
    CONTROL_TYPE = 10,        // SLP_TYP begins at this bit
    CONTROL_SLEEP = 1 << 13,  // SLP_EN
    SLEEP_TYPE = 2,           // in the sleep control register
    SLEEP_ENABLE = 1 << 5,

    PORT_RESET = 0xcf9,
    RESET_FULL = 0x0e, // power cycle
    PORT_KEYBOARD_COMMAND = 0x64,
    KEYBOARD_RESET = 0xfe,

    TRIES = 1000000, // of a device that may never answer
};

static struct acpi power;
static enum ending power_ending = ENDING_TEST;
// Where registers in memory were mapped; NULL: not a register in memory.
static volatile uint8_t *sleep_control;
static volatile uint8_t *reset;

static volatile uint8_t *register_map(const struct acpi_register *found)
{
    if (found->address == 0 || found->space != ACPI_MEMORY) {
        return NULL;
    }
    return memory_device_map(found->address);
}

void power_init(const struct acpi *acpi, enum ending ending)
{
    power = *acpi;
    power_ending = ending;
    sleep_control = register_map(&power.sleep_control);
    reset = register_map(&power.reset);
}

bool power_can_turn_off(const struct acpi *acpi)
{
    return acpi->has_off && (acpi->sleep_control.address != 0 || acpi->control_ports[0] != 0);
}

static void register_write(const struct acpi_register *to, volatile uint8_t *mapped, uint8_t value)
{
    if (mapped != NULL) {
        *mapped = value;
    } else if (to->address != 0 && to->space == ACPI_PORT) {
        port_write((uint16_t)to->address, value);
    }
}

static void wait(void)
{
    for (uint32_t i = 0; i < TRIES; i++) {
        __asm__ volatile("pause");
    }
}

// The firmware hands its registers over, if it has not yet.
static void registers_take(void)
{
    uint16_t port = power.control_ports[0];

    if (power.enable_port == 0 || (port_read_16(port) & CONTROL_ENABLED)) {
        return;
    }
    port_write(power.enable_port, power.enable_value);
    for (uint32_t i = 0; i < TRIES && !(port_read_16(port) & CONTROL_ENABLED); i++) {
        __asm__ volatile("pause");
    }
}

static void power_off(void)
{
    if (!power_can_turn_off(&power)) {
        return;
    }
    if (power.sleep_control.address != 0) {
        register_write(&power.sleep_control, sleep_control,
                       (uint8_t)(power.off_types[0] << SLEEP_TYPE | SLEEP_ENABLE));
        wait();
        return;
    }
    registers_take();
    for (uint32_t i = 0; i < 2; i++) {
        if (power.control_ports[i] != 0) {
            port_write_16(power.control_ports[i],
                          (uint16_t)(power.off_types[i] << CONTROL_TYPE | CONTROL_SLEEP));
        }
    }
    wait();
}

static void power_reboot(void)
{
    struct {
        uint16_t size;
        uint64_t address;
    } __attribute__((packed)) nothing = {0, 0};

    register_write(&power.reset, reset, power.reset_value);
    wait();
    port_write(PORT_RESET, RESET_FULL);
    wait();
    port_write(PORT_KEYBOARD_COMMAND, KEYBOARD_RESET);
    wait();
    __asm__ volatile("lidt %0; int3" : : "m"(nothing)); // a fault that can't be handled resets
}

static void power_stop(void)
{
}

static void (*const endings[])(void) = {
    [ENDING_TEST] = power_off,
    [ENDING_OFF] = power_off,
    [ENDING_REBOOT] = power_reboot,
    [ENDING_STOP] = power_stop,
};

_Noreturn static void power_stand(void)
{
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

_Noreturn void hal_halt(int32_t code)
{
    console_flush();
    if (power_ending == ENDING_TEST) {
        port_write(PORT_DEBUG_EXIT, (uint8_t)(EXIT_BASE + code));
    }
    if (power_ending != ENDING_TEST || code == 0) { // else somebody may want to read why
        endings[power_ending]();
    }
    power_stand();
}

_Noreturn void power_panic(int32_t code)
{
    console_flush();
    port_write(PORT_DEBUG_EXIT, (uint8_t)(EXIT_BASE + code));
    power_stand();
}

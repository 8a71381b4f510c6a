// SPDX-License-Identifier: Apache-2.0
//
// The monotonic clock is the time stamp counter, in ns since it was zero; the timer is the local
// APIC's, one-shot (SDM volume 3, 10.4 and 10.5). Both are measured at boot against channel 0 of
// the PC's interval timer (Intel 8254 data sheet), whose output the read-back command shows: small
// machines lack the port that shows channel 2's.
//
// A deadline that moves away leaves the timer as it is: it interrupts early, once, and is
// programmed again then. So the usual case, a new time slice at each switch, touches no device.
#include "hal/x86_64/x86.h"

enum {
    MSR_APIC_BASE = 0x1b,
    APIC_BASE_ENABLE = 1 << 11,
    APIC_BASE_X2APIC = 1 << 10,

    APIC_ID = 0x20,
    APIC_TASK_PRIORITY = 0x80,
    APIC_END = 0xb0,
    APIC_SPURIOUS = 0xf0,
    APIC_COMMAND = 0x300,
    APIC_COMMAND_TARGET = 0x310,
    APIC_TIMER = 0x320,
    APIC_THERMAL = 0x330,
    APIC_COUNTERS = 0x340,
    APIC_PIN_0 = 0x350,
    APIC_PIN_1 = 0x360,
    APIC_ERROR = 0x370,
    APIC_INITIAL_COUNT = 0x380,
    APIC_CURRENT_COUNT = 0x390,
    APIC_DIVIDE = 0x3e0,

    APIC_COMMAND_PENDING = 1 << 12,
    APIC_MASKED = 1 << 16,
    APIC_NMI = 4 << 8,
    APIC_OLD = 7 << 8,   // from the old controllers
    APIC_SELF = 1 << 18, // target of a command
    APIC_ENABLE = 1 << 8,
    APIC_DIVIDE_BY_1 = 0xb,

    PIT_CHANNEL_0 = 0x40,
    PIT_COMMAND = 0x43,
    PIT_COMMAND_ONCE = 0x30,   // channel 0, both bytes, mode 0: output rises at the end
    PIT_COMMAND_STATUS = 0xe2, // read back: status of channel 0
    PIT_STATUS_OUTPUT = 0x80,
    PIT_TICKS = 1193,
    PIT_NS = 999848, // of 1193 ticks at 1.193182 MHz
    PIT_TRIES = 100000000,

    MEASURE_TRIES = 10,
    MEASURE_ERROR = 256, // good enough: at most one part in so many

    PIC_MASTER = 0x20,
    PIC_SLAVE = 0xa0,
};

uint64_t time_scale = 0;
static uint64_t timer_scale; // ticks of the timer per ns, in 2^-32

static void apic_write(uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(LOCAL_APIC + offset) = value;
}

static uint32_t apic_read(uint32_t offset)
{
    return *(volatile uint32_t *)(LOCAL_APIC + offset);
}

// Intel 8259A data sheet: four initialisation words, then the mask.
static void old_controller_mask(uint16_t port, uint8_t vector, uint8_t wiring)
{
    port_write(port, 0x11);
    port_write(port + 1, vector);
    port_write(port + 1, wiring);
    port_write(port + 1, 0x01);
    port_write(port + 1, 0xff);
}

static void apic_init(void)
{
    uint64_t base = msr_read(MSR_APIC_BASE);
    if (base & APIC_BASE_X2APIC) { // left by firmware; the way back leads through "off"
        base &= ~(uint64_t)(APIC_BASE_X2APIC | APIC_BASE_ENABLE);
        msr_write(MSR_APIC_BASE, base);
    }
    msr_write(MSR_APIC_BASE, base | APIC_BASE_ENABLE);

    apic_write(APIC_TASK_PRIORITY, 0);
    apic_write(APIC_SPURIOUS, APIC_ENABLE | VECTOR_SPURIOUS);
    apic_write(APIC_THERMAL, APIC_MASKED);
    apic_write(APIC_COUNTERS, APIC_MASKED);
    apic_write(APIC_PIN_0, APIC_MASKED);
    apic_write(APIC_PIN_1, APIC_NMI);
    apic_write(APIC_ERROR, APIC_MASKED);
    apic_write(APIC_DIVIDE, APIC_DIVIDE_BY_1);
    apic_write(APIC_TIMER, VECTOR_TIMER | APIC_MASKED);
}

struct measure {
    uint64_t clock; // ticks in PIT_NS
    uint64_t timer;
    uint64_t error; // ticks of the clock by which the interval may be wrong
};

static bool pit_has_ended(void)
{
    port_write(PIT_COMMAND, PIT_COMMAND_STATUS);
    return (port_read(PIT_CHANNEL_0) & PIT_STATUS_OUTPUT) != 0;
}

// Lets the interval timer run down once, and counts both clocks meanwhile. Whatever holds up this
// processor at either end (firmware, a hypervisor) makes the interval longer.
static struct measure time_measure(void)
{
    port_write(PIT_COMMAND, PIT_COMMAND_ONCE);
    port_write(PIT_CHANNEL_0, PIT_TICKS & 0xff);
    uint64_t before = counter_read();
    port_write(PIT_CHANNEL_0, PIT_TICKS >> 8); // starts it
    apic_write(APIC_INITIAL_COUNT, UINT32_MAX);
    uint64_t begin = counter_read();
    uint64_t last = begin;
    uint64_t now = begin;
    for (uint32_t tries = 0; !pit_has_ended(); tries++) {
        last = now;
        now = counter_read();
        if (tries == PIT_TRIES) {
            hal_panic("the interval timer does not run", __FILE__, __LINE__);
        }
    }
    uint64_t timer = UINT32_MAX - apic_read(APIC_CURRENT_COUNT);
    uint64_t end = counter_read();
    return (struct measure){end - begin, timer, begin - before + (end - last)};
}

// The best of some tries, usually the first.
static struct measure time_measure_best(void)
{
    struct measure best = time_measure();

    for (uint32_t i = 1; i < MEASURE_TRIES && best.error > best.clock / MEASURE_ERROR; i++) {
        struct measure measure = time_measure();
        if (measure.error < best.error) {
            best = measure;
        }
    }
    return best;
}

void time_init(void)
{
    old_controller_mask(PIC_MASTER, VECTOR_OLD, 4);
    old_controller_mask(PIC_SLAVE, VECTOR_OLD + 8, 2);
    apic_init();

    struct measure measure = time_measure_best();
    apic_write(APIC_INITIAL_COUNT, 0);
    apic_write(APIC_TIMER, VECTOR_TIMER);
    if (measure.clock == 0 || measure.timer == 0) {
        hal_panic("the clock or its timer does not run", __FILE__, __LINE__);
    }
    time_scale = ((uint64_t)PIT_NS << 32) / measure.clock;
    timer_scale = (measure.timer << 32) / PIT_NS;

    struct cpu *cpu = cpu_current();
    cpu->deadline_ns = UINT64_MAX;
    cpu->programmed_ns = UINT64_MAX;
}

void time_cpu_init(struct cpu *cpu)
{
    apic_init();
    apic_write(APIC_TIMER, VECTOR_TIMER);
    cpu->deadline_ns = UINT64_MAX;
    cpu->programmed_ns = UINT64_MAX;
}

// Until the command before has left.
static void command_await(void)
{
    while (apic_read(APIC_COMMAND) & APIC_COMMAND_PENDING) {
        __asm__ volatile("pause");
    }
}

void time_interrupt_send(uint32_t apic_id, uint32_t command)
{
    command_await();
    apic_write(APIC_COMMAND_TARGET, apic_id << 24);
    apic_write(APIC_COMMAND, command);
}

void time_log(void)
{
    console_text("x86_64: clock ");
    console_decimal((1000ull << 32) / time_scale);
    console_text(" MHz, timer ");
    console_decimal(timer_scale * 1000 >> 32);
    console_text(" MHz\n");
}

// The count is rounded up. Too far a deadline interrupts early and is programmed again.
static void timer_program(struct cpu *cpu)
{
    uint64_t now_ns = cpu->input.now_ns;
    uint64_t wait_ns = cpu->deadline_ns > now_ns ? cpu->deadline_ns - now_ns : 0;
    unsigned __int128 ticks = ((unsigned __int128)wait_ns * timer_scale >> 32) + 1;

    apic_write(APIC_INITIAL_COUNT, ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX);
    cpu->programmed_ns = cpu->deadline_ns;
}

void hal_arm(uint64_t deadline_ns)
{
    struct cpu *cpu = cpu_current();

    cpu->deadline_ns = deadline_ns;
    if (deadline_ns < cpu->programmed_ns) {
        timer_program(cpu);
    }
}

void time_interrupt(struct cpu *cpu, uint64_t vector)
{
    apic_write(APIC_END, 0);
    if (vector == VECTOR_TIMER) {
        cpu->programmed_ns = UINT64_MAX;
    }
}

void time_interrupt_end(void)
{
    apic_write(APIC_END, 0);
}

void time_interrupt_self(uint32_t vector)
{
    command_await();
    apic_write(APIC_COMMAND, APIC_SELF | vector);
}

uint32_t time_apic_id(void)
{
    return apic_read(APIC_ID) >> 24;
}

void time_old_controller_use(void)
{
    apic_write(APIC_PIN_0, APIC_OLD);
}

// SPDX-License-Identifier: Apache-2.0
//
// What leaves the machine: text on the first serial port, the exported log on the second, and the
// end. Polled, with interrupts off. Registers: National Semiconductor PC16550D data sheet, chapter
// 8; a port that is not there reads as all ones, "ready", and swallows what is written.
#include "hal/x86_64/x86.h"

enum {
    PORT_CONSOLE = 0x3f8,
    PORT_EXPORT = 0x2f8,
    PORT_DEBUG_EXIT = 0xf4, // QEMU's isa-debug-exit, for tests; nothing answers elsewhere

    UART_DATA = 0,
    UART_INTERRUPTS = 1,
    UART_FIFO_CONTROL = 2,
    UART_LINE_CONTROL = 3,
    UART_MODEM_CONTROL = 4,
    UART_LINE_STATUS = 5,

    FIFO_ENABLE_CLEAR = 0x07,
    LINE_DIVISOR = 0x80,
    LINE_8N1 = 0x03,
    MODEM_READY = 0x03,
    STATUS_FIFO_EMPTY = 0x20,
    STATUS_SENT = 0x40,

    FIFO_BYTES = 16,
    DIVISOR_115200 = 1,

    EXIT_BASE = 0x10, // tells an intended end from a reset
    EXIT_PANIC = 127,
    BACKTRACE_MAX = 16,
};

const struct trap_frame *console_trap;

static void uart_init(uint16_t port)
{
    port_write(port + UART_INTERRUPTS, 0);
    port_write(port + UART_LINE_CONTROL, LINE_DIVISOR);
    port_write(port + UART_DATA, DIVISOR_115200);
    port_write(port + UART_INTERRUPTS, 0);
    port_write(port + UART_LINE_CONTROL, LINE_8N1);
    port_write(port + UART_FIFO_CONTROL, FIFO_ENABLE_CLEAR);
    port_write(port + UART_MODEM_CONTROL, MODEM_READY);
}

static void uart_write(uint16_t port, const uint8_t *bytes, uint32_t size)
{
    while (size > 0) {
        uint64_t count = size < FIFO_BYTES ? size : FIFO_BYTES;
        size -= (uint32_t)count;
        while (!(port_read(port + UART_LINE_STATUS) & STATUS_FIFO_EMPTY)) {
            __asm__ volatile("pause");
        }
        __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(port) : "memory");
    }
}

static void uart_flush(uint16_t port)
{
    while (!(port_read(port + UART_LINE_STATUS) & STATUS_SENT)) {
        __asm__ volatile("pause");
    }
}

void console_init(void)
{
    uart_init(PORT_CONSOLE);
    uart_init(PORT_EXPORT);
}

void hal_console_write(const char *text, uint32_t size)
{
    uart_write(PORT_CONSOLE, (const uint8_t *)text, size);
}

void hal_export(const void *bytes, uint32_t size)
{
    uart_write(PORT_EXPORT, bytes, size);
}

void console_text(const char *text)
{
    uint32_t size = 0;
    while (text[size] != 0) {
        size++;
    }
    hal_console_write(text, size);
}

static void number_write(uint64_t value, uint32_t base, uint32_t digits_min)
{
    char text[20];
    uint32_t first = sizeof(text);
    do {
        text[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0 || sizeof(text) - first < digits_min);
    hal_console_write(text + first, sizeof(text) - first);
}

void console_decimal(uint64_t value)
{
    number_write(value, 10, 1);
}

void console_hex(uint64_t value)
{
    number_write(value, 16, 16);
}

_Noreturn static void machine_leave(int32_t code)
{
    uart_flush(PORT_CONSOLE);
    uart_flush(PORT_EXPORT);
    port_write(PORT_DEBUG_EXIT, (uint8_t)(EXIT_BASE + code));
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

_Noreturn void hal_halt(int32_t code)
{
    machine_leave(code);
}

static void register_write(const char *name, uint64_t value)
{
    console_text(name);
    console_hex(value);
}

static void registers_write(const struct trap_frame *frame)
{
    uint64_t cr2;
    uint64_t cr3;
    __asm__ volatile("movq %%cr2, %0; movq %%cr3, %1" : "=r"(cr2), "=r"(cr3));
    register_write("  vector ", frame->vector);
    register_write("  error ", frame->error);
    register_write("  cr2 ", cr2);
    register_write("\n  rip ", frame->rip);
    register_write("  cs  ", frame->cs);
    register_write("  flg ", frame->rflags);
    register_write("\n  rsp ", frame->rsp);
    register_write("  ss  ", frame->ss);
    register_write("  cr3 ", cr3);
    register_write("\n  rax ", frame->rax);
    register_write("  rbx ", frame->rbx);
    register_write("  rcx ", frame->rcx);
    register_write("\n  rdx ", frame->rdx);
    register_write("  rsi ", frame->rsi);
    register_write("  rdi ", frame->rdi);
    register_write("\n  rbp ", frame->rbp);
    register_write("  r8  ", frame->r8);
    register_write("  r9  ", frame->r9);
    register_write("\n  r10 ", frame->r10);
    register_write("  r11 ", frame->r11);
    register_write("  r12 ", frame->r12);
    register_write("\n  r13 ", frame->r13);
    register_write("  r14 ", frame->r14);
    register_write("  r15 ", frame->r15);
    console_text("\n");
}

// Follows the frame pointers within the kernel's stack: return addresses, innermost first.
static void backtrace_write(uint64_t frame_pointer)
{
    uint64_t first = (uint64_t)cpu_stacks.kernel;
    uint64_t last = first + sizeof(cpu_stacks.kernel) - 2 * sizeof(uint64_t);

    console_text("  called from");
    for (uint32_t i = 0; i < BACKTRACE_MAX; i++) {
        if (frame_pointer < first || frame_pointer > last || frame_pointer % 8 != 0) {
            break;
        }
        const uint64_t *frame = (const uint64_t *)frame_pointer;
        register_write(" ", frame[1]);
        first = frame_pointer + 1; // the chain only goes outwards
        frame_pointer = frame[0];
    }
    console_text("\n");
}

_Noreturn void hal_panic(const char *what, const char *file, uint32_t line)
{
    static bool panicked;

    if (panicked) {
        machine_leave(EXIT_PANIC);
    }
    panicked = true;
    console_text("\npanic: ");
    console_text(what);
    console_text(" (");
    console_text(file);
    console_text(":");
    console_decimal(line);
    console_text(")\n");
    if (console_trap != NULL) {
        registers_write(console_trap);
        backtrace_write(console_trap->rbp);
    } else {
        backtrace_write((uint64_t)__builtin_frame_address(0));
    }
    machine_leave(EXIT_PANIC);
}

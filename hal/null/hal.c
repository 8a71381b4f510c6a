// SPDX-License-Identifier: Apache-2.0
//
// The contract of hal/hal.h as a platform that does nothing: what each function must see to, where
// a new platform starts from. It compiles, and nothing links it.
#include "hal/hal.h"

// Point it at frame 0 before kernel_boot(), even where the machine's memory starts later.
uint8_t *hal_frames;

// Remember tables[0] as the root of the space's page tables and let it share the kernel's part,
// or return false where no page tables exist.
bool hal_space_create(uint32_t space, const uint32_t *tables)
{
    (void)space;
    (void)tables;
    return false;
}

// The space may still be loaded on a CPU, since the kernel does not say when it loads one: load
// another first. Touch none of its frames afterwards.
void hal_space_destroy(uint32_t space)
{
    (void)space;
}

// Not 0 only where all processes share one address space and each has its slice.
uint64_t hal_space_base(uint32_t space)
{
    (void)space;
    return 0;
}

// Take tables in order and only as they are needed. Give the page exactly `rights`: readable
// implies neither writable nor executable, and the kernel's own memory stays out of reach.
uint32_t hal_map(uint32_t space, uint64_t page, uint32_t frame, uint32_t rights,
                 const uint32_t *tables)
{
    (void)space;
    (void)page;
    (void)frame;
    (void)rights;
    (void)tables;
    return 0;
}

// Also in the translation caches of every CPU, before it returns: the frame may get another owner.
void hal_unmap(uint32_t space, uint64_t page)
{
    (void)space;
    (void)page;
}

// The index may be the one of the thread that runs at this moment, destroyed earlier in the same
// turn: its registers must not be saved over the new thread's. Entry and stack come from a program
// and may be any number: running the thread may fault in the thread, never in the kernel.
void hal_thread_create(uint32_t thread, uint32_t space, uint64_t entry, uint64_t stack,
                       uint64_t argument)
{
    (void)thread;
    (void)space;
    (void)entry;
    (void)stack;
    (void)argument;
}

// It may be the thread that runs; the turn then names another one, or none.
void hal_thread_destroy(uint32_t thread)
{
    (void)thread;
}

// The other registers come back as from a function call: those that a function keeps are kept, and
// none holds anything of the kernel's or of another process.
void hal_thread_fs_base(uint32_t thread, uint64_t base)
{
    (void)thread;
    (void)base;
}

void hal_thread_result(uint32_t thread, uint64_t value)
{
    (void)thread;
    (void)value;
}

// Whatever the other CPU does meanwhile is still that thread's: the kernel gives nothing of it to
// anybody before that CPU has entered.
void hal_kick(uint32_t cpu)
{
    (void)cpu;
}

// Of this CPU alone. One INPUT_TIMER for each deadline, never before it. A deadline that has passed
// already is answered at the next occasion: between two turns, or when the thread would run.
void hal_arm(uint64_t deadline_ns)
{
    (void)deadline_ns;
}

// No port that moves the machine's own console, clock, interrupt controllers or power is free.
bool hal_ports_are_free(uint32_t first, uint32_t count)
{
    (void)first;
    (void)count;
    return true;
}

// Where there are no ports, all that is read is ones.
uint32_t hal_ports_read(const struct port_access *access, uint8_t *bytes, uint32_t count)
{
    (void)access;
    (void)bytes;
    (void)count;
    return 0;
}

// In order, and before anything that the thread does next.
void hal_ports_write(const struct port_access *access, const uint8_t *bytes, uint32_t size)
{
    (void)access;
    (void)bytes;
    (void)size;
}

// Costs little where nothing changes. A line that is told by its edge must not lose one that comes
// while it is closed.
void hal_lines_open(uint64_t lines)
{
    (void)lines;
}

// Bytes as they are: no conversion of line ends.
void hal_console_write(const char *text, uint32_t size)
{
    (void)text;
    (void)size;
}

// No text may look like another line.
void hal_report(const char *format, ...)
{
    (void)format;
}

// Whole and in order, or the log that leaves the machine does not verify.
void hal_export(const void *bytes, uint32_t size)
{
    (void)bytes;
    (void)size;
}

// Where there is no place for them they are lost: the machine's state does not depend on them.
void hal_export_syslog(const void *bytes, uint32_t size)
{
    (void)bytes;
    (void)size;
}

// After everything written and exported is out. Where the machine can't be left, stand still.
_Noreturn void hal_halt(int32_t code)
{
    (void)code;
    for (;;) {
    }
}

// Works in any state, even within itself: allocates nothing, trusts nothing, stops every CPU.
_Noreturn void hal_panic(const char *what, const char *file, uint32_t line)
{
    (void)what;
    (void)file;
    (void)line;
    for (;;) {
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// The whole contract between the portable kernel and a machine. A platform implements these
// functions, owns the loop, and calls the kernel only through kernel/kernel.h: kernel_boot() once,
// then kernel_turn() for every entry. None of these functions calls back into the kernel, and none
// fails: whatever could go wrong was checked, and whatever is needed was reserved, before. All are
// called under the kernel's one lock, with interrupts off.
//
// Threads and address spaces are named by the kernel's own indexes (below the counts in the boot
// configuration); a platform keeps what it needs for each in an array.
#ifndef HAL_HAL_H
#define HAL_HAL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

// --- Frames -------------------------------------------------------------------------------------

// Frame n of the machine's memory stands at hal_frames + n * 4096 for the kernel. Set before
// kernel_boot(). The kernel touches a program's memory only by frame, never at the program's
// addresses.
extern uint8_t *hal_frames;

// So many frames, one after another.
struct frame_range {
    uint32_t first;
    uint32_t count;
};

enum { FRAME_RANGES_MAX = 32 }; // that memory may be in

// --- Address spaces: a write-only cache of the kernel's mappings --------------------------------

enum {
    HAL_SPACE_TABLES = 1, // frames that a new space takes at most, on any platform
    HAL_MAP_TABLES = 3,   // table frames that one page's mapping takes at most
    HAL_NO_THREAD = -1,
};

// Makes space `space` empty. tables[0] is a zeroed frame for its root table; false: not needed, the
// frame stays the caller's.
bool hal_space_create(uint32_t space, const uint32_t *tables);

// Forgets the space. Its table frames are the caller's again. No thread of it exists any more.
void hal_space_destroy(uint32_t space);

// What to add to an address within a process to get the address that its code uses. Constant for
// the space's life. 0 where each process has its own page tables.
uint64_t hal_space_base(uint32_t space);

// Maps page `page` (address within the process / 4096) to `frame`; the page is not mapped.
// `rights`: enum memory_right. `tables`: HAL_MAP_TABLES zeroed frames; returns how many of them,
// from the first, became tables of this space. The others stay the caller's.
uint32_t hal_map(uint32_t space, uint64_t page, uint32_t frame, uint32_t rights,
                 const uint32_t *tables);

// Unmaps a page that is mapped. When it returns, this CPU doesn't use the mapping any more; others
// have to be kicked.
void hal_unmap(uint32_t space, uint64_t page);

// --- Threads ------------------------------------------------------------------------------------

// Makes thread `thread` of `space`: when it first runs, it begins at `entry` with `argument` as its
// only argument and the stack pointer at `stack`, as if called: the ABI's alignment of a function's
// entry is the platform's work. All three are addresses as the code uses them. Every other register
// is zero or the machine's initial value.
void hal_thread_create(uint32_t thread, uint32_t space, uint64_t entry, uint64_t stack,
                       uint64_t argument);

// The thread will never run again, if it ever did.
void hal_thread_destroy(uint32_t thread);

// What the thread's FS register adds to addresses when the thread runs next; 0 before.
void hal_thread_fs_base(uint32_t thread, uint64_t base);

// What the thread's present system call returns when the thread runs next.
void hal_thread_result(uint32_t thread, uint64_t value);

// --- CPUs ---------------------------------------------------------------------------------------

enum { HAL_CPUS_MAX = 8 };

// Another CPU, which called kernel_enter() before, enters the kernel soon. It forgets what it
// remembers of mappings before it runs a program again. Returns at once.
void hal_kick(uint32_t cpu);

// --- Time ---------------------------------------------------------------------------------------

// Asks for an INPUT_TIMER at or soon after `deadline_ns` on the clock of struct input; UINT64_MAX:
// none. Replaces what was asked for before.
void hal_arm(uint64_t deadline_ns);

// --- Devices ------------------------------------------------------------------------------------

enum {
    HAL_PORTS = 1 << 16, // I/O ports that there can be
    HAL_LINES = 64,      // interrupt lines
};

struct port_access {
    uint32_t port;   // the first of `size`
    uint32_t size;   // bytes: 1, 2, 4
    uint32_t status; // a port that is read before each access, where mask is not 0
    uint32_t mask;
};

// Whether none of these ports is one that the machine itself uses. Reading a port that is not there
// gives ones, writing to it nothing.
bool hal_ports_are_free(uint32_t first, uint32_t count);

// Reads `count` times, as IoPorts.read says (kernel.capnp). Returns how many bytes that gave.
uint32_t hal_ports_read(const struct port_access *access, uint8_t *bytes, uint32_t count);

// Writes `size` bytes, access->size at a time.
void hal_ports_write(const struct port_access *access, const uint8_t *bytes, uint32_t size);

// Bit n: line n is open; all others are closed, as all are at first. An open line that interrupts
// is closed by the platform and handed in with an INPUT_INTERRUPT; what comes while it is closed is
// handed in when it is opened.
void hal_lines_open(uint64_t lines);

// --- The world ----------------------------------------------------------------------------------

// Appends text to the machine's console. Returns when it is out.
void hal_console_write(const char *text, uint32_t size);

// The same for a line, in less than 256 bytes. The format knows %s, %.*s, %lu and %016lx, the last
// two of 64 bits. What text holds beside printable ASCII is shown as '.': none can move a cursor or
// forge another line.
__attribute__((format(printf, 1, 2))) void hal_report(const char *format, ...);

// Bytes that leave the machine at halt, in order: the commit log.
void hal_export(const void *bytes, uint32_t size);

// The same for the records of the SysLog, oldest first, apart from the commit log.
void hal_export_syslog(const void *bytes, uint32_t size);

// Leaves the machine. 0: all went well.
_Noreturn void hal_halt(int32_t code);

// Prints what is known of the state that should not have been possible, and stops the machine.
_Noreturn void hal_panic(const char *what, const char *file, uint32_t line);

#endif

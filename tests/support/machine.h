// SPDX-License-Identifier: Apache-2.0
//
// A machine without instructions: hal.h as plain records, for unit and property tests of the
// kernel. No program runs. A test plays all of them: it writes SQEs into a thread's ring, hands in
// the thread's system call, and looks at what came of it.
//
//     machine_boot(&(struct machine_options){0});
//     uint32_t init = (uint32_t)machine.running;
//     machine_submit(init, &(struct sqe){.opcode = OP_NOP, .user_data = 7});
//     machine_enter(init, 1, TIMEOUT_NONE);
//     machine_reap(init, &cqe);
//     machine_fini();
//
// The kernel says which thread runs, as on any machine, and only that one can enter; to have
// another, machine_run_until(). There is one CPU until the test asks for more. Time stands still
// unless the test moves it. Whatever breaks the contract of hal.h, or of this file, prints a line
// and aborts, so that no test has to look for it.
//
// hal_halt() and hal_panic() end the machine: the call that led there returns, and machine.end says
// how it ended. There is one machine at a time.
#ifndef TESTS_SUPPORT_MACHINE_H
#define TESTS_SUPPORT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/ids.h"
#include "abi/ring.h"
#include "hal/hal.h"
#include "kernel/kernel.h"

enum {
    MACHINE_THREADS_MAX = 1024,
    MACHINE_SPACES_MAX = 512,
    MACHINE_SPACE_PAGES = LAYOUT_END / PAGE_SIZE,
    MACHINE_REGION_PAGES = 512, // what one table of the lowest level maps
};

enum machine_end {
    MACHINE_RUNS = 0,
    MACHINE_HALTED = 1,
    MACHINE_PANICKED = 2,
};

// Zero in each field is a good machine.
struct machine_options {
    uint32_t frames;     // 0: 24 MiB of them
    uint64_t boot_id;    // 0: 1
    uint64_t space_base; // hal_space_base() of space 0; the others follow 4 GiB apart. 0: all 0
    bool takes_tables;   // hal_map() takes table frames, as a machine with page tables does
    uint32_t sizes[RESOURCE_COUNT]; // what there is of each resource; 0: as the memory suggests
    // Frames in the middle of memory that are not the kernel's: two ranges instead of one.
    uint32_t hole_first, hole_count;
    const char *const *programs; // names, then NULL; the kernel starts the first. NULL: "init"
    const void *manifest;        // NULL: one empty struct
    uint32_t manifest_size;
    const void *package; // a whole package instead of those
    uint64_t package_size;
};

struct machine_mapping {
    uint64_t page;
    uint32_t frame;
    uint32_t rights;
};

struct machine_space {
    bool alive;
    uint32_t count, room; // of the mappings, which are sorted by page
    struct machine_mapping *mappings;
    uint32_t tables; // frames that are its tables
    bool region_has_table[MACHINE_SPACE_PAGES / MACHINE_REGION_PAGES];
};

struct machine_thread {
    bool alive;
    bool has_result; // hal_thread_result() since it last entered: with machine_turn(), the test's
                     // to clear
    uint32_t space;
    uint64_t entry, stack, argument;
    uint64_t result;
    uint64_t fs_base;
};

enum { MACHINE_PORT_OWN = 0x3f8 }; // the port that is the machine's own

struct machine_bytes {
    uint8_t *bytes; // a NUL follows the last
    uint64_t size;
};

// What happened. Tests read it; of its fields they write only those said.
struct machine {
    struct kernel *kernel;
    enum machine_end end;
    int32_t code;           // HALTED
    char panic_what[128];   // PANICKED
    int32_t running;        // the thread that the kernel chose; HAL_NO_THREAD: none
    uint32_t cpu;           // on this CPU; see machine_cpu()
    uint32_t kicked;        // CPUs that will enter with the next steps, as bits
    uint32_t newest_thread; // the last that was created
    uint64_t now_ns;        // written by the test, never backwards
    uint64_t armed_ns;
    bool interrupts;  // written by the test: hand in an INPUT_TIMER between any two turns
    uint64_t turns;   // handed in since boot
    uint32_t tables;  // frames that are tables now
    struct boot boot; // what the kernel was told
    struct machine_bytes console, log, syslog;
    uint8_t ports[HAL_PORTS]; // what was written, or by the test; ones at first
    uint32_t port_reads;      // so far
    uint64_t open_lines;      // as hal_lines_open() said last
    struct machine_space spaces[MACHINE_SPACES_MAX];
    struct machine_thread threads[MACHINE_THREADS_MAX];
};

extern struct machine machine;

// Looks on at each entry of a thread, before and after its turn: for tests that know the kernel.
struct machine_witness {
    void (*before)(uint32_t thread);
    void (*after)(void);
};

extern const struct machine_witness *machine_witness; // NULL: nobody

// What a test does to the machine, one deed at a time: for who writes it down.
enum machine_deed_kind {
    MACHINE_WRITE,     // a, b: address, size; bytes; `thread` is the space
    MACHINE_SUBMIT,    // bytes: the SQE
    MACHINE_REAP,      // bytes: the completion that was taken
    MACHINE_ENTER,     // a, b: min_complete, timeout
    MACHINE_EXIT,      // a: code
    MACHINE_FAULT,     // a, b: cause, address
    MACHINE_TIMER,     // a: the time
    MACHINE_INTERRUPT, // a: lines
    MACHINE_DEEDS,
};

struct machine_deed {
    enum machine_deed_kind kind;
    uint32_t thread;
    uint64_t a, b;
    const void *bytes;
};

extern void (*machine_writer)(const struct machine_deed *deed); // NULL: nobody

// Boots the kernel and takes its steps until it says which thread runs. False: the machine ended.
bool machine_boot(const struct machine_options *options);

// Gives back all that the machine has; boot does so too.
void machine_fini(void);

// --- Inputs: each handed in with all steps that follow; each returns machine.running ------------

int32_t machine_enter(uint32_t thread, uint64_t min_complete, uint64_t timeout_ns);
int32_t machine_exit(uint32_t thread, int32_t code);
int32_t machine_fault(uint32_t thread, uint32_t cause, uint64_t address);

// Moves the clock and hands in INPUT_TIMER.
int32_t machine_timer(uint64_t now_ns);

// Open lines interrupt; they are closed then.
int32_t machine_interrupt(uint64_t lines);

// Hands in timers until the kernel lets the thread run. False: it doesn't, so the thread waits.
bool machine_run_until(uint32_t thread);

// From now on inputs are of this CPU, which may be new; machine.running and machine.armed_ns are
// its own. False: it runs nobody, or nobody any more, and goes on with INPUT_STEP.
bool machine_cpu_enter(uint32_t cpu);
// The same, and takes the steps. CPUs that the kernel kicks take a step between two steps of the
// one that kicked them.
int32_t machine_cpu(uint32_t cpu);
// The CPU on which the thread runs; HAL_CPUS_MAX: none.
uint32_t machine_cpu_of(uint32_t thread);

// One input and nothing more, for a test that takes the steps itself.
struct turn machine_turn(const struct input *input);

// --- What the kernel asked for ------------------------------------------------------------------

// The mapping of a page; NULL: none.
const struct machine_mapping *machine_mapping_find(uint32_t space, uint64_t page);

// --- Acting as a program: program.c -------------------------------------------------------------
// Addresses are those that the program's code would use. False: it would have faulted.

bool machine_read(uint32_t space, uint64_t address, void *bytes, uint64_t size);
bool machine_write(uint32_t space, uint64_t address, const void *bytes, uint64_t size);

// The ring of a process's first thread, as its struct start says.
uint64_t machine_ring(uint32_t thread);

// Puts an SQE into the thread's ring. False: the SQ is full.
bool machine_submit(uint32_t thread, const struct sqe *sqe);

// Takes the next completion. False: there is none.
bool machine_reap(uint32_t thread, struct cqe *cqe);

// Submits one SQE, enters until it has completed, and takes the completion. False: the thread waits
// or is gone. Other completions must have been taken before.
bool machine_do(uint32_t thread, const struct sqe *sqe, struct cqe *cqe);

// The bytes of the thread's message area.
bool machine_message_read(uint32_t thread, uint32_t offset, void *bytes, uint32_t size);
bool machine_message_write(uint32_t thread, uint32_t offset, const void *bytes, uint32_t size);

// A capability that the process was started with; value 0: it has none of that name.
cap_t machine_capability(uint32_t thread, const char *name);

// --- The boot package: package.c ----------------------------------------------------------------

// Builds the package of the options; returns its size. `bytes` is NULL to learn the size only.
// Each program has a page of text and two of data, the first beginning with its name.
uint64_t machine_package(const struct machine_options *options, uint8_t *bytes);
// Makes its two hashes right again. Where its header says of the table that it is not among the
// `size` bytes, nothing does.
void machine_package_seal(uint8_t *bytes, uint64_t size);

// --- For the parts of this machine --------------------------------------------------------------

void machine_deed(enum machine_deed_kind kind, uint32_t thread, uint64_t a, uint64_t b,
                  const void *bytes);

// The test, or the kernel, did what no program, or no kernel, may do.
_Noreturn void machine_fail(const char *what, uint64_t value);

#endif

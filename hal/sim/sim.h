// SPDX-License-Identifier: Apache-2.0
//
// What the files of the simulator share. The machine is one Linux process, its CPUs take turns:
// kernel and loop run on the host's own stack, a program's threads are fibers which run on stacks
// in their own memory, and nothing but the seed decides what time it is, which CPU is next and when
// somebody is interrupted. Every address that a program or the kernel can see is fixed, so that
// equal seeds give equal runs, byte for byte.
#ifndef HAL_SIM_SIM_H
#define HAL_SIM_SIM_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/ids.h"
#include "hal/hal.h"
#include "kernel/kernel.h"

enum {
    SIM_THREADS_MAX = 1024,
    SIM_SPACES_MAX = 2048,
};

// Where things stand in the host process. All of it is above the shadow memory of the sanitizers
// and below what Linux gives out by itself.
static const uint64_t SIM_RAM = 0x180000000000;    // frame 0
static const uint64_t SIM_GATE = 0x1f0000000000;   // the page by which programs enter the kernel
static const uint64_t SIM_SLICES = 0x200000000000; // address 0 of space 0
static const uint64_t SIM_SLICE_SIZE = 1ull << 32; // from one space to the next

static const uint64_t SIM_MEMORY_MAX = 1ull << 38; // bytes of RAM

// The kernel broke the contract of hal.h: say which part of it.
#define SIM_CHECK(condition)                                                                       \
    ((condition) ? (void)0 : hal_panic("hal contract: " #condition, __FILE__, __LINE__))

// --- switch.S: between the loop and the fibers --------------------------------------------------

// A thread that is not running. The first part is what switch.S loads and saves.
struct sim_context {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
    uint64_t rax;       // what its system call returns
    uint64_t rdi;       // its argument when it first runs; then 0
    uint32_t mxcsr;     // SSE control and status
    uint32_t x87;       // x87 control word, in the lower half
    uint64_t call[3];   // the system call that it made: number and two arguments
    uint64_t fs_base;   // 0: the host's own is left there
    uint64_t is_paused; // it came back by sim_pause, and asks for nothing
    // What ended its run, where that was no system call: written by the signal handler.
    bool has_fault;
    uint64_t fault_cause; // enum exit_cause
    uint64_t fault_address;
    uint64_t fault_instruction;
};

static_assert(offsetof(struct sim_context, rbx) == 0, "as switch.S has it");
static_assert(offsetof(struct sim_context, rbp) == 8, "as switch.S has it");
static_assert(offsetof(struct sim_context, r12) == 16, "as switch.S has it");
static_assert(offsetof(struct sim_context, r15) == 40, "as switch.S has it");
static_assert(offsetof(struct sim_context, rsp) == 48, "as switch.S has it");
static_assert(offsetof(struct sim_context, rip) == 56, "as switch.S has it");
static_assert(offsetof(struct sim_context, rax) == 64, "as switch.S has it");
static_assert(offsetof(struct sim_context, rdi) == 72, "as switch.S has it");
static_assert(offsetof(struct sim_context, mxcsr) == 80, "as switch.S has it");
static_assert(offsetof(struct sim_context, x87) == 84, "as switch.S has it");
static_assert(offsetof(struct sim_context, call) == 88, "as switch.S has it");
static_assert(offsetof(struct sim_context, fs_base) == 112, "as switch.S has it");
static_assert(offsetof(struct sim_context, is_paused) == 120, "as switch.S has it");

// 1 while a program's instructions run, 0 while the kernel's or the simulator's do. Written by
// switch.S and by the signal handler; Linux reads it too (fault.c).
extern volatile uint8_t sim_program_runs;

// Runs the thread until it enters the kernel or faults.
void sim_switch(struct sim_context *context);

// Where a fiber leaves to the loop, giving up its stack. Only ever jumped to.
void sim_leave(void);

// An instruction that faults: where a thread goes on that was stopped by a signal. The handler
// knows the address, and puts the registers back that the first signal saved.
void sim_resume(void);

// Where the handler returns to: goes on at sim_land_rip, as the program.
void sim_land(void);
extern uint64_t sim_land_rip;

// The signal handler for Linux: calls sim_signal_handle with the host's FS base in place, and puts
// the program's back where that answers that the program goes on.
void sim_signal(int number, void *info, void *where);
bool sim_signal_handle(int number, void *info, void *where);

// What programs call, through the gate page. Not for C.
uint64_t sim_kernel_enter(uint64_t number, uint64_t a, uint64_t b);
void sim_pause(void);

// --- thread.c -----------------------------------------------------------------------------------

// Runs a thread until it comes back, which *input says without its time. False: it was paused
// (compute.c), and goes on where it was.
bool sim_thread_run(uint32_t thread, struct input *input);

// Called by the signal handler: the running thread did something that it may not. Addresses are as
// its code uses them.
void sim_thread_fault(uint64_t cause, uint64_t address, uint64_t instruction);

// Keeps the registers that a signal interrupted, and puts them back: ucontext_t.
void sim_thread_save(const void *where);
void sim_thread_restore(void *where);

// --- memory.c -----------------------------------------------------------------------------------

// Makes the machine's memory and reserves the slices. `size` is a multiple of PAGE_SIZE.
void sim_memory_init(uint64_t size);

// --- fault.c ------------------------------------------------------------------------------------

void sim_fault_init(void);

// --- time.c -------------------------------------------------------------------------------------

// Each purpose draws from its own stream, so that more draws for one don't change the others.
enum sim_stream {
    SIM_STREAM_ENTROPY = 0,
    SIM_STREAM_CLOCK = 1,
    SIM_STREAM_SCHEDULE = 2,
    SIM_STREAM_CHAOS = 3,
    SIM_STREAM_COMPUTE = 4,
    SIM_STREAM_CPU = 5,
    SIM_STREAM_COUNT = 6,
};

void sim_time_init(uint64_t seed);
uint64_t sim_draw(enum sim_stream stream);

// Reads the clock, which moves on with every reading.
uint64_t sim_clock_read(void);

// Of the CPU at hand: whether an interrupt waits, since the armed deadline has come; it is
// disarmed.
bool sim_timer_take(void);

// Sleeps: the clock jumps to the armed deadline. False: none is armed.
bool sim_clock_sleep(void);

// The clock jumps there, if it is not there yet.
void sim_clock_jump(uint64_t now_ns);

// From now on the clock is the host's.
void sim_clock_live(void);

// The clock moves on by so much.
void sim_clock_add(uint64_t elapsed_ns);

// --- compute.c ----------------------------------------------------------------------------------

enum { SIM_COMPUTE_AT = 64 }; // in the gate page, as runtime/sim/compute.S has it

// Writes what programs call there, and makes what it needs.
void sim_compute_gate(uint8_t *code);

// Around the run of a thread: how far it may compute is drawn; the time that it took passes.
void sim_compute_begin(void);
void sim_compute_end(void);

// Whether the time slice ends at a pause.
bool sim_compute_is_over(uint64_t now_ns);

// --- device.c -----------------------------------------------------------------------------------

enum { SIM_SERIALS = 2 }; // COM2, COM3

void sim_devices_init(bool is_live);

// Time has passed for the devices. Returns when something moves again on a line by itself;
// UINT64_MAX: nothing moves.
uint64_t sim_devices_step(uint64_t now_ns);

// The open lines that have risen: they are closed now.
uint64_t sim_lines_take(void);

// What the far end of a serial port does.
void sim_serial_send(uint32_t serial, const uint8_t *bytes, size_t size, bool is_flood);
void sim_serial_break(uint32_t serial);
void sim_serial_carrier(uint32_t serial, bool is_there);
void sim_serial_stop(uint32_t serial, bool is_stopped);

// --- far.c --------------------------------------------------------------------------------------

void sim_far_init(int fd, bool is_live);
bool sim_far_is_there(void);

// A byte has reached the far end.
void sim_far_sent(uint32_t serial, uint8_t byte);

// ... at the latest now.
void sim_far_flush(void);
// Nobody runs and nothing moves until `next_ns`: the far ends' turn.
void sim_far_ask(uint64_t now_ns, uint64_t next_ns);

// Of a live machine: waits for the far ends, at most so long; looks now and then whether they said
// anything.
void sim_far_wait(uint64_t wait_ns);
void sim_far_look(void);

// --- console.c ----------------------------------------------------------------------------------

enum sim_export { SIM_EXPORT_LOG, SIM_EXPORT_SYSLOG, SIM_EXPORT_COUNT };

// Where hal_export() or hal_export_syslog() goes; without it nowhere. False: the file can't be
// made, errno says why.
bool sim_export_open(enum sim_export which, const char *path);

// Ends the simulator because of what the host or its user did; prints "sim: ..." on stderr.
_Noreturn void sim_die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

// --- chaos.c ------------------------------------------------------------------------------------

struct sim_chaos {
    uint64_t steps;  // turns after which the machine stops; 0: it goes on
    uint64_t faults; // one turn in so many has a fault; 0: none has
};

// Resources that a turn finds used up: below SIM_SQUEEZE_FRAMES the kinds of authoritative records.
enum sim_squeeze { SIM_SQUEEZE_FRAMES = 8, SIM_SQUEEZE_SLOTS = 9, SIM_SQUEEZE_COUNT = 10 };

void sim_chaos_init(const struct sim_chaos *chaos);
bool sim_chaos_is_on(void);

// kernel_turn(), with what goes wrong in it.
struct turn sim_chaos_turn(struct kernel *kernel, struct input *input);

// The run ends, in this way: looks at everything once more, and says so on standard error.
void sim_chaos_end(const char *what);

// Of tests/sim/inspect.c, which knows the kernel; what isn't right ends the simulator.
void sim_inspect_follow(const struct kernel *kernel); // the log, up to its end
void sim_inspect_check(const struct kernel *kernel);
void sim_inspect_print(const struct kernel *kernel);
void sim_inspect_squeeze(struct kernel *kernel, enum sim_squeeze what);
void sim_inspect_release(struct kernel *kernel, enum sim_squeeze what);

// --- smp.c --------------------------------------------------------------------------------------

struct sim_cpu {
    struct turn turn;  // its last one
    uint64_t armed_ns; // UINT64_MAX: nothing is armed
    bool is_there;     // it has entered the kernel
    bool is_kicked;
    bool is_late; // its last entry or pause drew that time runs out
};

extern struct sim_cpu *sim_cpu; // the one at hand

void sim_smp_init(uint32_t count);

// The CPU at hand enters the kernel. False: its thread was taken away, and what it wants is void.
bool sim_smp_enter(struct kernel *kernel);

// By the seed, one that has something to do; else the one whose deadline comes first.
void sim_smp_choose(uint64_t now_ns);

// Whether a kick arrives now; with a thread to run it may come later.
bool sim_smp_kick_take(void);

// --- loop.c -------------------------------------------------------------------------------------

enum {
    SIM_EXIT_USAGE = 2,    // the command line, or the host, does not allow it to run
    SIM_EXIT_DEADLOCK = 3, // every thread waits and nothing is due
    SIM_EXIT_PANIC = 127,
};

_Noreturn void sim_loop(struct kernel *kernel, bool trace, bool live);

#endif

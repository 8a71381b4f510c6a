// SPDX-License-Identifier: Apache-2.0
//
// Declarations that the files of this platform share and nobody else sees. SDM below is the Intel
// 64 and IA-32 Architectures Software Developer's Manual.
#ifndef HAL_X86_64_X86_H
#define HAL_X86_64_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/ids.h"
#include "hal/hal.h"
#include "hal/x86_64/acpi.h"
#include "hal/x86_64/command.h"
#include "hal/x86_64/layout.h"
#include "kernel/kernel.h"

enum {
    THREADS_MAX = 256,
    SPACES_MAX = 128,
    CPUS_MAX = 8, // of a machine with more, the others stay parked
};

static const uint64_t DIRECT_BASE = 0xffff800000000000; // frame 0 would be here
static const uint64_t USER_END = 0x7ffffffff000;        // the last page of the half stays empty

// Device registers are mapped below the kernel's image, which starts 1 MiB into its 2 MiB page.
static const uint64_t LOCAL_APIC = KERNEL_BASE;

// What a condition that only a defect of the kernel can break leads to.
#define ASSERT(claim) ((claim) ? (void)0 : hal_panic(#claim, __FILE__, __LINE__))

// --- Threads and CPUs ---------------------------------------------------------------------------

// As the entry code pushes it; SDM volume 3, 6.14.2 for the last five words.
struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector;
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};

// Interrupts and faults of a thread are pushed straight into its state: the task state segment's
// RSP0 is the end of it.
struct thread_state {
    // Image of XSAVE with x87, SSE and AVX, or of FXSAVE; valid while another thread's registers
    // are loaded, as are the bases.
    uint8_t fpu[512 + 64 + 256];
    uint64_t fs_base, gs_base;
    uint64_t resume; // RESUME_CALL or RESUME_FULL; valid while the thread is not running
    uint64_t root;   // address of its space's root table
    uint8_t reserved[48];
    struct trap_frame frame;
} __attribute__((aligned(64)));

// SDM volume 3, figure 7-11.
struct task_state {
    uint32_t reserved_0;
    uint64_t stacks[3]; // by ring; only ring 0's is used
    uint64_t reserved_1;
    uint64_t interrupt_stacks[7];
    uint64_t reserved_2;
    uint16_t reserved_3;
    uint16_t port_map; // beyond the segment: no port is allowed
} __attribute__((packed));

static_assert(sizeof(struct task_state) == 104, "SDM volume 3, figure 7-11");

struct cpu {
    // Read by the entry code.
    uint64_t stack;             // top of the kernel's stack
    struct thread_state *state; // of `thread`, or a state that nobody resumes
    int32_t thread;             // whose registers are loaded; CPU_NO_REGISTERS
    uint32_t reserved;
    uint64_t spare; // one register, while the entry code changes stacks
    struct cpu *self;
    struct task_state task;

    uint32_t number;
    uint32_t apic_id;
    bool is_here;    // it has started, and waits for the lock
    bool is_kicked;  // has to forget translations before it runs a program again
    bool is_rebased; // its thread has another FS base than is loaded
    struct kernel *kernel;
    uint64_t root;          // of the tables that are loaded
    struct input input;     // of the present turn
    uint64_t arrived;       // lines that interrupted while it slept; device_arrive() is still to do
    uint64_t deadline_ns;   // what the kernel asked for
    uint64_t programmed_ns; // when the timer will interrupt; UINT64_MAX: it won't
};

enum { CPU_NO_REGISTERS = -2 }; // differs from HAL_NO_THREAD and from every thread

// The guard pages are not mapped.
struct cpu_stacks {
    struct {
        uint8_t guard[PAGE_SIZE];
        uint8_t body[PAGE_SIZE];
    } interrupt[4]; // by enum interrupt_stack - 1
    uint8_t guard[PAGE_SIZE];
    uint8_t kernel[4 * PAGE_SIZE];
};

// Entries of the task state segment's interrupt stack table; 0: the thread's state, as RSP0 says.
enum interrupt_stack {
    STACK_THREAD = 0,
    STACK_DEBUG = 1,
    STACK_NMI = 2,
    STACK_DOUBLE_FAULT = 3,
    STACK_MACHINE_CHECK = 4,
};

static_assert(sizeof(struct trap_frame) == 176, "a multiple of 16: the stack stays aligned");
static_assert(offsetof(struct cpu, stack) == CPU_STACK, "entry.S");
static_assert(offsetof(struct cpu, state) == CPU_STATE, "entry.S");
static_assert(offsetof(struct cpu, thread) == CPU_THREAD, "entry.S");
static_assert(offsetof(struct cpu, spare) == CPU_SPARE, "entry.S");
static_assert(offsetof(struct cpu, self) == CPU_SELF, "cpu_current()");
static_assert(offsetof(struct thread_state, resume) == STATE_RESUME, "entry.S");
static_assert(offsetof(struct thread_state, frame) == STATE_FRAME, "entry.S");
static_assert(offsetof(struct thread_state, frame.r15) == STATE_R15, "entry.S");
static_assert(offsetof(struct thread_state, frame.r14) == STATE_R14, "entry.S");
static_assert(offsetof(struct thread_state, frame.r13) == STATE_R13, "entry.S");
static_assert(offsetof(struct thread_state, frame.r12) == STATE_R12, "entry.S");
static_assert(offsetof(struct thread_state, frame.rbp) == STATE_RBP, "entry.S");
static_assert(offsetof(struct thread_state, frame.rbx) == STATE_RBX, "entry.S");
static_assert(offsetof(struct thread_state, frame.rax) == STATE_RAX, "entry.S");
static_assert(offsetof(struct thread_state, frame.rip) == STATE_RIP, "entry.S");
static_assert(offsetof(struct thread_state, frame.rsp) == STATE_RSP, "entry.S");
static_assert(sizeof(struct thread_state) == STATE_SIZE, "a multiple of 16, as RSP0 has to be");
static_assert(offsetof(struct thread_state, frame) + sizeof(struct trap_frame) == STATE_SIZE,
              "nothing behind what interrupts push");
static_assert(sizeof(struct cpu_stacks) == STACKS_SIZE, "start.S");

// --- entry.S ------------------------------------------------------------------------------------

extern uint8_t entry_stubs[VECTOR_COUNT * STUB_SIZE];
extern volatile uint64_t entry_nmi_count; // NMIs so far: nothing here causes or awaits one
void entry_system_call(void);             // of a machine with one CPU
void entry_system_call_shared(void);      // of one with more: takes the lock
_Noreturn void entry_run(int32_t thread); // runs a thread; what was on the stack is gone

// --- boot.c, loop.c, trap.c ---------------------------------------------------------------------

// What start.S was called with: the loader's information, LOADER_..., EAX.
_Noreturn void boot_start(uint64_t info, uint32_t loader, uint32_t magic);

// Enter the kernel for the thread that runs; return the thread to run, or HAL_NO_THREAD. With more
// than one CPU they take the lock, and keep it where another thread is to run: thread_next() gives
// it back.
int32_t loop_system_call(uint64_t number, uint64_t first, uint64_t second);
int32_t loop_system_call_shared(uint64_t number, uint64_t first, uint64_t second);
int32_t loop_trap(void);
int32_t loop_start(void);
int32_t loop_idle(void); // sleeps

void trap_kernel(const struct trap_frame *frame);

// --- cpu.c --------------------------------------------------------------------------------------

extern struct cpu cpus[CPUS_MAX]; // the first one is that which boots
extern struct cpu_stacks cpu_stacks[CPUS_MAX];
extern uint64_t cpu_no_execute; // the page table bit, where the processor has it

// The one that this code runs on: GS is its own in the kernel. By the first, a field of it is read
// or written by one instruction.
static inline struct cpu __attribute__((address_space(256))) * cpu_by_gs(void)
{
    return NULL;
}

static inline struct cpu *cpu_current(void)
{
    return cpu_by_gs()->self;
}

// Descriptors, interrupt vectors, system call: faults get a name.
void cpu_tables_init(struct cpu *cpu);
void cpu_shared(void);        // the first one is not alone: its system calls take the lock
void cpu_features_find(void); // protections that the processors have
void cpu_features_use(void);  // on this one
void cpu_features_log(void);
uint64_t cpu_random(const char **source); // and where from, in words

// --- memory.c -----------------------------------------------------------------------------------

// Replaces the boot's page tables: `ram` becomes the direct map, tables come from `free`'s lowest
// range.
void memory_init(const struct frame_range *ram, uint32_t ram_count, struct frame_range *free);
uint64_t memory_root(uint32_t space);

// Where a device's register in memory can be reached. At boot only: takes tables from `free`. NULL:
// there is no place left, or the address is one of RAM.
volatile uint8_t *memory_device_map(uint64_t address);

// The tables of no space.
uint64_t memory_kernel_root(void);

static inline void memory_root_load(uint64_t root)
{
    cpu_by_gs()->root = root;
    __asm__ volatile("movq %0, %%cr3" : : "r"(root) : "memory");
}

// --- thread.c -----------------------------------------------------------------------------------

extern struct thread_state thread_states[THREADS_MAX + CPUS_MAX]; // the last ones are nobody's

// Makes the machine ready for a thread, but for its general registers; sleeps until there is one.
struct thread_state *thread_next(int32_t thread);
// The same, and gives the lock back.
struct thread_state *thread_next_shared(int32_t thread);

// The CPU keeps no thread's registers and no space's tables any more, so that another one may run
// it or give it back.
void thread_park(struct cpu *cpu);
// Another CPU gave the thread whose registers are loaded here another FS base, if any did.
void thread_base_load(struct cpu *cpu);

// At boot: which instructions save and load a thread's registers beyond the general ones.
void thread_methods_choose(bool xsave, bool avx, bool bases);
void thread_methods_log(void);

// An address that IRETQ and SYSRETQ accept: where a program can't be, one that faults in it.
static inline uint64_t thread_address(uint64_t address)
{
    return address < USER_END ? address : USER_END;
}

// --- time.c -------------------------------------------------------------------------------------

extern uint64_t time_scale; // ns per tick of the time stamp counter, in 2^-32

void time_init(void);
void time_cpu_init(struct cpu *cpu); // its timer, at the pace of the first one's
void time_log(void);
// An interrupt of the local APIC is acknowledged; the timer's owner arms it again.
void time_interrupt(struct cpu *cpu, uint64_t vector);

// Of the local APIC, for device.c.
void time_interrupt_end(void);
void time_interrupt_self(uint32_t vector);
uint32_t time_apic_id(void);
void time_old_controller_use(void); // interrupts of the old controllers come to this processor

// Has the deadline come at the time of the present turn? Tells so once.
static inline bool time_expired(struct cpu *cpu)
{
    if (__builtin_expect(cpu->input.now_ns < cpu->deadline_ns, true)) {
        return false;
    }
    cpu->deadline_ns = UINT64_MAX;
    return true;
}

// --- device.c -----------------------------------------------------------------------------------

// Maps what it needs: between memory_init() and the kernel's first frame.
void device_map(const struct acpi *acpi);
void device_init(const struct acpi *acpi); // after time_init()
void device_log(void);

// A line interrupted this processor.
void device_arrive(uint32_t line);

// Which line a vector is of; HAL_LINES: none.
static inline uint32_t device_line(uint64_t vector)
{
    if (vector - VECTOR_LINES < HAL_LINES) {
        return (uint32_t)(vector - VECTOR_LINES);
    }
    return vector - VECTOR_OLD < VECTOR_OLD_COUNT ? (uint32_t)(vector - VECTOR_OLD) : HAL_LINES;
}

// The open lines that have risen; they are closed now.
uint64_t device_lines_take(void);

// --- smp.c --------------------------------------------------------------------------------------

extern uint32_t smp_count; // CPUs that run

// Starts the others: each waits for the lock, which this one has until thread_next().
void smp_start(const struct acpi *acpi, struct kernel *kernel);

// The lock around kernel_turn(), fair. Taking it says whether this CPU's thread still runs here:
// else others have taken it away meanwhile, and what it wanted is void.
bool smp_lock(struct cpu *cpu);
void smp_unlock(void);

// An inter-processor interrupt (SDM volume 3, 10.6.1).
void time_interrupt_send(uint32_t apic_id, uint32_t command);

// --- console.c ----------------------------------------------------------------------------------

void console_init(void);
void console_level_set(enum log_level level);
bool console_shows(enum log_level level);
void console_flush(void); // all of it has left
void console_text(const char *text);
void console_decimal(uint64_t value);
void console_hex(uint64_t value);

// --- power.c, panic.c ---------------------------------------------------------------------------

// Maps what it needs: between memory_init() and the kernel's first frame.
void power_init(const struct acpi *acpi, enum ending ending);
bool power_can_turn_off(const struct acpi *acpi);
_Noreturn void power_panic(int32_t code);

extern const struct trap_frame *console_trap; // what hal_panic() shows the registers of

// --- string.c -----------------------------------------------------------------------------------

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);

// --- Instructions -------------------------------------------------------------------------------

static inline void port_write(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t port_read(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void port_write_16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint16_t port_read_16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

enum {
    MSR_FS_BASE = 0xc0000100,
    MSR_GS_BASE = 0xc0000101,
    MSR_GS_BASE_OUTSIDE = 0xc0000102,
};

static inline uint64_t msr_read(uint32_t msr)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

static inline uint64_t counter_read(void)
{
    uint64_t low; // RDTSC clears the upper halves
    uint64_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return high << 32 | low;
}

static inline uint64_t time_now_ns(void)
{
    return (uint64_t)((unsigned __int128)counter_read() * time_scale >> 32);
}

#endif

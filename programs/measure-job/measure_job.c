// SPDX-License-Identifier: Apache-2.0
//
// Measures what takes a job, and no program's file: a process (built, started, ended, waited for),
// fresh pages, and a signal between two threads, each of which then waits for the other's. Prints
// picoseconds, as `measure` does: see tests/bench/README.md. Granted: console, timer, job, space.
//
// The process is the few instructions of `process_code`, in a page that all of them share.
#include "abi/commit.h"
#include "runtime/thread.h" // SIGNAL and WAIT in one entry are below what typed clients offer
#include "runtime/worker.h"

#include "schema/kernel.capnp.h"

enum {
    PICOSECONDS = 1000,
    CODE_ENDED = 1,
    PAGES = 64, // of one run of the operation that touches pages
    MINE = 1 << 0,
    YOURS = 1 << 1,
    OVER = 1 << 2,
};

struct operation {
    const char *name;
    void (*run)(void);
    uint32_t runs;
    uint32_t count; // of operations in one run
};

static struct {
    struct debug_console console;
    struct timer timer;
    struct tsr_space space;
    struct memory_object code;
    struct notification bell;
    uint64_t kernel_enter; // how programs enter the kernel: 0 by a trap, else a function
    struct capnp_exception exception;
} own;

// exit(CODE_ENDED), with the way into the kernel as argument; needs no address and no stack but for
// a return.
__asm__(
    ".section .rodata\n"
    "process_code:\n"
    "    mov %rdi, %rax\n"
    "    mov $1, %edi\n" // SYSTEM_CALL_EXIT
    "    mov $1, %esi\n" // CODE_ENDED
    "    test %rax, %rax\n"
    "    jnz 1f\n"
    "    syscall\n"
    "1:  jmp *%rax\n"
    "process_code_end:\n"
    ".previous\n");
extern const uint8_t process_code[] __attribute__((visibility("hidden")));
extern const uint8_t process_code_end[] __attribute__((visibility("hidden")));
static_assert(SYSTEM_CALL_EXIT == 1, "process_code has the number");

static void must(bool is_so, const char *what)
{
    tsr_must(is_so, what, &own.exception);
}

// The process ends by itself, with the code that says so.
static void end_await(struct process process)
{
    uint64_t number;
    int32_t code = 0;
    enum exit_cause cause = EXIT_CAUSE_KILLED;
    must(job_next_exit(own.space.job, &number, &code, &cause, &own.exception),
         "cannot wait for a process: ");
    tsr_release(process.id);
    own.exception = (struct capnp_exception){0};
    must(cause == EXIT_CAUSE_CALLED && code == CODE_ENDED, "it did not end as it should: ");
}

static void operation_process(void)
{
    struct process_builder builder = {0};
    struct address_space space = {0};
    struct process process = {0};
    struct thread thread = {0};
    uint64_t base = 0, number, ring;
    must(job_make_process_builder(own.space.job, &builder, &own.exception) &&
             process_builder_space(builder, &space, &base, &number, &own.exception) &&
             address_space_map(space, base + LAYOUT_IMAGE, 1, RIGHT_READ | RIGHT_EXECUTE, own.code,
                               0, &own.exception) &&
             job_make_thread(own.space.job, space, &thread, &ring, &own.exception) &&
             process_builder_start(builder, &process, &own.exception) &&
             thread_start(thread, base + LAYOUT_IMAGE, 0, own.kernel_enter, &own.exception),
         "cannot build a process: ");
    tsr_release(thread.id);
    tsr_release(space.id);
    tsr_release(builder.id);
    end_await(process);
}

static void operation_pages(void)
{
    struct memory_object memory = {0};
    uint64_t address = 0;
    must(job_make_memory(own.space.job, PAGES, &memory, &own.exception) &&
             tsr_space_map(&own.space, memory, 0, PAGES, RIGHT_READ | RIGHT_WRITE, &address,
                           &own.exception),
         "no memory: ");
    for (uint32_t i = 0; i < PAGES; i++) {
        *(volatile uint8_t *)(address + (uint64_t)i * PAGE_SIZE) = 1;
    }
    must(tsr_space_unmap(&own.space, address, PAGES, &own.exception), "cannot unmap: ");
    tsr_release(memory.id);
}

static uint64_t now_ns(void)
{
    uint64_t now = 0;
    must(timer_now(own.timer, &now, &own.exception), "cannot read the clock: ");
    return now;
}

// Gives the other thread its turn and waits for one, with one entry. Returns the bits that came.
static uint64_t turn_pass(uint64_t signalled, uint64_t awaited)
{
    struct ring_user *ring = &tsr_self()->ring;
    uint64_t bits = 0;
    *ring_user_next(ring) =
        (struct sqe){.opcode = OP_SIGNAL, .flags = SQE_QUIET, .cap = own.bell.id, .arg = signalled};
    must(tsr_notification_wait(own.bell.id, awaited, TIMEOUT_NONE, &bits, &own.exception),
         "no turn: ");
    return bits;
}

static int32_t other_run(void *context)
{
    (void)context;
    uint64_t bits = 0;
    must(tsr_notification_wait(own.bell.id, YOURS | OVER, TIMEOUT_NONE, &bits, &own.exception),
         "no turn: ");
    while ((bits & OVER) == 0) {
        bits = turn_pass(MINE, YOURS | OVER);
    }
    return 0;
}

static void operation_signal(void)
{
    turn_pass(YOURS, MINE);
}

static uint64_t run_many(const struct operation *operation, uint32_t runs)
{
    uint64_t before = now_ns();
    for (uint32_t i = 0; i < runs; i++) {
        operation->run();
    }
    return now_ns() - before;
}

// Picoseconds of one operation.
static uint64_t operation_take(const struct operation *operation)
{
    operation->run(); // what happens once happens here
    uint64_t few = run_many(operation, operation->runs);
    uint64_t many = run_many(operation, 2 * operation->runs);
    return many > few ? (many - few) * PICOSECONDS / operation->runs / operation->count : 0;
}

static void print(const char *name, uint64_t picoseconds)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, "measure: ");
    tsr_line_text(&line, name);
    tsr_line_text(&line, " ");
    tsr_line_decimal(&line, picoseconds);
    tsr_line_text(&line, " ps");
    must(debug_console_write_line(own.console, tsr_line_of(&line), &own.exception), "measure: ");
}

static void code_make(void)
{
    struct capnp_data code = {process_code, (uint32_t)(process_code_end - process_code)};
    must(job_make_memory(own.space.job, 1, &own.code, &own.exception) &&
             memory_object_write(own.code, 0, code, &own.exception) &&
             memory_object_seal(own.code, &own.exception),
         "no code: ");
}

static void measure_all(void)
{
    static const struct operation operations[] = {
        {"process", operation_process, 50, 1},
        {"fresh_page", operation_pages, 50, PAGES},
        {"signal_to_waiter", operation_signal, 1000, 2},
    };
    static struct tsr_worker other;
    int32_t code;
    must(job_make_notification(own.space.job, &own.bell, &own.exception) &&
             tsr_workers_open(&own.space, &own.exception) &&
             tsr_worker_start(&other, other_run, NULL, &own.exception),
         "no other thread: ");
    for (uint32_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        print(operations[i].name, operation_take(&operations[i]));
    }
    must(notification_signal(own.bell, OVER, &own.exception) &&
             tsr_worker_join(&other, &code, &own.exception),
         "the other thread does not end: ");
}

int tsr_main(struct start *start)
{
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id)) {
        return 1;
    }
    own.kernel_enter = start->kernel_enter;
    must(tsr_space_open(&own.space, start, &own.exception), "no space: ");
    code_make();
    measure_all();
    return 0;
}

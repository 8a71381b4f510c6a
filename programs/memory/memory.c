// SPDX-License-Identifier: Apache-2.0
//
// Memory and threads, as a program uses them: what it maps, shares and starts, and what it
// finds there. Any call that is refused, and any word that is not what it should be, ends it with a
// line. Granted: console, job, capabilities, package, space.

#include <stddef.h>

#include "abi/commit.h"
#include "abi/errors.h"
#include "abi/ring.h"
#include "abi/start.h"
#include "runtime/runtime.h"
#include "runtime/spawn.h"

#include "schema/fault.capnp.h"
#include "schema/kernel.capnp.h"

enum {
    STACK_PAGES = 4,
    THREADS = 3,
    RW = RIGHT_READ | RIGHT_WRITE,
};

// Addresses within the process that the program keeps for itself.
static const uint64_t HEAP = 0x10000000;
static const uint64_t STACKS = 0x11000000;
static const uint64_t LAZY = 0x12000000;
static const uint64_t SHARED = 0x13000000;

static struct {
    struct start *start;
    uint64_t base; // of the process's addresses
    struct debug_console console;
    struct job job;
    struct capability_manager capabilities;
    struct address_space space;
    struct capnp_exception exception;
} own;

static void say(const char *text)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, text);
    if (!debug_console_write_line(own.console, tsr_line_of(&line), &own.exception)) {
        tsr_exit(1);
    }
}

// Ends the program unless it holds.
static void must(bool is_so, const char *what)
{
    if (is_so) {
        return;
    }
    struct tsr_line line = {0};
    tsr_line_text(&line, "memory: not so: ");
    tsr_line_text(&line, what);
    tsr_line_text(&line, ": ");
    tsr_line_exception(&line, &own.exception);
    tsr_panic(line.text);
}

static volatile uint64_t *word_at(uint64_t address)
{
    return (volatile uint64_t *)address;
}

// Fresh memory at an address that the program keeps free itself.
static void pages_make(uint64_t at, uint32_t pages)
{
    struct memory_object memory;
    must(job_make_memory(own.job, pages, &memory, &own.exception) &&
             address_space_map(own.space, at, pages, RW, memory, 0, &own.exception),
         "pages");
    tsr_release(memory.id); // the mapping keeps it
}

// The page below each stack stays empty.
static uint64_t stack_make(void)
{
    static uint64_t next = STACKS;
    uint64_t at = own.base + next;
    pages_make(at, STACK_PAGES);
    next += (STACK_PAGES + 1) * PAGE_SIZE;
    return at + STACK_PAGES * PAGE_SIZE;
}

// --- Memory -------------------------------------------------------------------------------------

static void memory_show(void)
{
    uint64_t at = own.base + HEAP;
    struct memory_object memory;
    pages_make(at, 8);
    must(job_make_memory(own.job, 1, &memory, &own.exception), "a page more");
    must(!address_space_map(own.space, at + PAGE_SIZE, 1, RW, memory, 0, &own.exception) &&
             own.exception.status == STATUS_ADDRESS_TAKEN,
         "a taken address is refused");
    for (uint32_t i = 0; i < 8; i++) {
        must(*word_at(at + i * PAGE_SIZE) == 0, "new pages are zero");
        *word_at(at + i * PAGE_SIZE) = i + 1;
    }
    must(address_space_protect(own.space, at, RIGHT_READ, &own.exception), "protect it");
    must(*word_at(at + 3 * PAGE_SIZE) == 4, "what may be read is still there");
    must(address_space_protect(own.space, at, RW, &own.exception), "and back again");
    *word_at(at + 3 * PAGE_SIZE) = 9;
    must(*word_at(at + 3 * PAGE_SIZE) == 9, "what may be written again");
    must(!address_space_protect(own.space, at, RIGHT_READ | RIGHT_EXECUTE, &own.exception) &&
             own.exception.status == STATUS_RIGHTS_REFUSED,
         "what may be written is not executed");
    must(!address_space_unmap(own.space, at + PAGE_SIZE, &own.exception) &&
             own.exception.status == STATUS_NOT_MAPPED,
         "no mapping begins in the middle of another");
    must(address_space_unmap(own.space, at, &own.exception), "unmap it");
    must(address_space_map(own.space, at + PAGE_SIZE, 1, RW, memory, 0, &own.exception),
         "map another there");
    must(*word_at(at + PAGE_SIZE) == 0, "which is zero");
    must(address_space_unmap(own.space, at + PAGE_SIZE, &own.exception), "unmap that, too");
    tsr_release(memory.id);
    say("memory: mapped, protected, given back");
}

// --- Shared -------------------------------------------------------------------------------------

// A whole program: stores 42 where its argument's stack pointer was, and exits with 7. rdi: struct
// start.
extern const uint8_t guest[];
extern const uint8_t guest_end[];
__asm__(
    ".section .rodata\n"
    "guest:\n"
    "    mov %rsp, %rbx\n"
    "    and $-4096, %rbx\n"
    "    movq $42, (%rbx)\n"
    "    mov 48(%rdi), %rax\n"
    "    mov $1, %edi\n"
    "    mov $7, %esi\n"
    "    xor %edx, %edx\n"
    "    test %rax, %rax\n"
    "    jz 1f\n"
    "    call *%rax\n"
    "1:  syscall\n"
    "guest_end:\n"
    ".text\n");

static_assert(offsetof(struct start, kernel_enter) == 48, "as the guest has it");

static void shared_show(void)
{
    struct memory_object memory;
    struct memory_object text;
    struct tsr_spawner spawner;
    struct tsr_build build;
    struct process process;
    uint64_t first = own.base + SHARED;
    uint64_t second = first + 2 * PAGE_SIZE;
    uint64_t id;
    int32_t code;
    enum exit_cause cause;
    must(job_make_memory(own.job, 2, &memory, &own.exception), "a memory object");
    must(address_space_map(own.space, first, 2, RW, memory, 0, &own.exception), "map it");
    must(address_space_map(own.space, second, 1, RIGHT_READ, memory, PAGE_SIZE, &own.exception),
         "map a part of it again");
    *word_at(first + PAGE_SIZE) = 11;
    must(*word_at(second) == 11, "both addresses show one page");
    must(!memory_object_seal(memory, &own.exception) &&
             own.exception.status == STATUS_MAPPED_WRITABLE,
         "what may be written is not sealed");

    must(job_make_memory(own.job, 1, &text, &own.exception), "memory for code");
    must(memory_object_write(text, 0, (struct capnp_data){guest, (uint32_t)(guest_end - guest)},
                             &own.exception),
         "write the code");
    must(memory_object_seal(text, &own.exception), "seal it");
    must(tsr_spawner_open(&spawner, own.start, &own.exception), "processes can be made");
    must(tsr_build_open(&build, &spawner, own.job, &own.exception), "an empty process");
    build.entry = build.base + LAYOUT_IMAGE;
    build.stack = build.base + LAYOUT_STACK_TOP;
    must(address_space_map(build.space, build.entry, 1, RIGHT_READ | RIGHT_EXECUTE, text, 0,
                           &own.exception),
         "map the code there");
    must(address_space_map(build.space, build.stack - PAGE_SIZE, 1, RW, memory, 0, &own.exception),
         "map the shared page there");
    must(tsr_build_start(&build, &process, &own.exception), "start it");
    must(job_next_exit(own.job, &id, &code, &cause, &own.exception) && code == 7, "its end");
    must(*word_at(first) == 42, "its word is here");
    say("memory: a process of one sealed page wrote into shared memory");
}

// --- Threads ------------------------------------------------------------------------------------

// What a thread is started with.
struct job_of_thread {
    struct job_of_thread *self; // where FS points
    struct ring_header *ring;
    struct thread thread;
    uint64_t ran;
    uint64_t *touch; // NULL, or what it writes to
};

static struct job_of_thread jobs[THREADS];

static int64_t enter(uint64_t number, uint64_t first, uint64_t second)
{
    int64_t result;
    if (own.start->kernel_enter != 0) {
        return ((int64_t(*)(uint64_t, uint64_t, uint64_t))own.start->kernel_enter)(number, first,
                                                                                   second);
    }
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(number), "+S"(first), "+d"(second)
                     :
                     : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
    return result;
}

// One submission by hand: Thread.exit with a code, whose message is the ring's first bytes.
static _Noreturn void thread_leave(const struct job_of_thread *job, int32_t code)
{
    struct ring_header *ring = job->ring;
    uint64_t *message = (uint64_t *)((uint8_t *)ring + ring->message_offset);
    struct sqe *sqe = (struct sqe *)((uint8_t *)ring + ring->sq_offset);
    message[0] = 1ull << 32; // a struct of one word
    message[1] = (uint32_t)code;
    *sqe = (struct sqe){.opcode = OP_CALL,
                        .flags = SQE_RING_PAYLOAD,
                        .method = THREAD_EXIT,
                        .cap = job->thread.id,
                        .payload_len = 16,
                        .arg = TIMEOUT_NONE};
    __atomic_store_n(&ring->sq_tail, 1, __ATOMIC_RELEASE);
    enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE);
    tsr_exit(3); // never here
}

static void thread_main(struct job_of_thread *job)
{
    struct job_of_thread *self;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(self));
    if (self != job) {
        thread_leave(job, -1);
    }
    if (job->touch != NULL) {
        *job->touch = 5;
    }
    self->ran++;
    thread_leave(job, (int32_t)(job - jobs) + 20);
}

static void thread_make(struct job_of_thread *job)
{
    uint64_t ring = 0;
    must(job_make_thread(own.job, own.space, &job->thread, &ring, &own.exception), "a thread");
    job->self = job;
    job->ring = (struct ring_header *)ring;
    must(thread_control(job->thread, (uint64_t)job, UINT32_MAX, false, &own.exception),
         "its FS base");
}

static void threads_show(void)
{
    for (int32_t i = 0; i < THREADS; i++) {
        thread_make(&jobs[i]);
        must(thread_start(jobs[i].thread, (uint64_t)thread_main, stack_make(), (uint64_t)&jobs[i],
                          &own.exception),
             "start it");
    }
    for (int32_t i = 0; i < THREADS; i++) {
        int32_t code;
        must(thread_join(jobs[i].thread, &code, &own.exception) && code == i + 20, "its code");
        must(jobs[i].ran == 1, "it ran once");
        tsr_release(jobs[i].thread.id);
    }
    say("memory: three threads ran, each with its ring and FS base, and were joined");
}

// --- Faults -------------------------------------------------------------------------------------

struct pager {
    uint64_t faults;
    bool is_over;
};

// The page comes when it is touched.
static bool pager_fault(void *self, struct fault_handler_fault_params_reader params,
                        struct fault_handler_fault_results_builder results,
                        struct capnp_exception *exception)
{
    struct pager *pager = self;
    uint64_t page = fault_handler_fault_params_get_address(params) & ~(uint64_t)(PAGE_SIZE - 1);
    (void)results;
    (void)exception;
    pager->faults++;
    pager->is_over = true;
    pages_make(own.base + page, 1);
    return true;
}

static bool pager_dispatch(void *self, uint16_t method, struct capnp_message *request,
                           struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct fault_handler_server methods = {.fault = pager_fault};
    return fault_handler_dispatch(&methods, self, method, request, response, exception);
}

static void faults_show(void)
{
    struct pager pager = {0};
    struct endpoint server;
    struct capnp_cap handler;
    struct revoker revoker;
    int32_t code;
    const struct tsr_serve_options options = {.interface = FAULT_HANDLER_INTERFACE_ID,
                                              .dispatch = pager_dispatch,
                                              .self = &pager,
                                              .stop = &pager.is_over};
    must(job_make_endpoint(own.job, 256, 0, &server, &own.exception), "an endpoint");
    must(capability_manager_facet(own.capabilities, (struct capnp_cap){server.id}, 1,
                                  FAULT_HANDLER_INTERFACE_ID, 0, 0, 0, &handler, &revoker,
                                  &own.exception),
         "a facet of it");
    jobs[0].ran = 0;
    jobs[0].touch = (uint64_t *)(own.base + LAZY);
    thread_make(&jobs[0]);
    must(thread_set_fault_endpoint(jobs[0].thread, (struct fault_handler){handler.id},
                                   &own.exception),
         "its fault endpoint");
    must(thread_start(jobs[0].thread, (uint64_t)thread_main, stack_make(), (uint64_t)&jobs[0],
                      &own.exception),
         "start it");
    must(tsr_serve(server.id, &options, &own.exception), "its fault");
    must(thread_join(jobs[0].thread, &code, &own.exception) && code == 20, "its code");
    must(pager.faults == 1 && *jobs[0].touch == 5 && jobs[0].ran == 1, "it went on where it was");
    say("memory: a thread touched a page that was not there, and went on once it was");
}

int tsr_main(struct start *start)
{
    own.start = start;
    own.base = (uint64_t)start - LAYOUT_START;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &own.job.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &own.capabilities.id) ||
        !tsr_find(start, "space", ADDRESS_SPACE_INTERFACE_ID, &own.space.id)) {
        return 1;
    }
    memory_show();
    shared_show();
    threads_show();
    faults_show();
    return 0;
}

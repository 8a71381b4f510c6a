// SPDX-License-Identifier: Apache-2.0
//
// The platform suite: stands in for the kernel, links with any hal/<platform>, and checks that the
// platform keeps the contract of hal.h. It needs no boot package. Two puppets in two address spaces
// do what a step of the table below orders; the input that comes of it, and what the puppet wrote
// into its page, are checked before the next step. One line for each step; halts with 0 if all
// held, else with 1.
//
// A platform may hand in INPUT_TIMER whenever it likes: a step that doesn't wait for one ignores
// it.
#include "tests/platform/puppet.h"

#include <stdbool.h>
#include <string.h>

#include "abi/commit.h"
#include "abi/ids.h"
#include "hal/hal.h"
#include "kernel/kernel.h"

enum {
    ACTORS = 2,
    MARK = 0x7e55,         // tells the suite's own system calls
    PAGE_DATA = 0x30,      // in each space: read and write
    PAGE_SHARED = 0x31,    // in each space: the same frame
    PAGE_READ_ONLY = 0x32, // in each space
    PAGE_EMPTY = 0x33,     // never mapped for long
    PAGE_REMAPPED = 0x34,  // unmapped and mapped again with other rights
    EXIT_CODE = 1234,
    WORD = 0x5eed,
    SLEEP_NS = 3000000,

    SERIAL = 0x2f8,
    SERIAL_INTERRUPT = 3,
    SERIAL_ENABLE = 1,
    SERIAL_IDENTITY = 2,
    SERIAL_MODEM = 4,
    SERIAL_LINE = 5,
    SERIAL_SCRATCH = 7,
    SERIAL_SAYS_EMPTY = 2, // in ENABLE
    SERIAL_OUT2 = 8,       // in MODEM: interrupts leave
    SERIAL_EMPTY = 0x20,   // in LINE
    PORT_ABSENT = 0x1e8,
};

struct actor {
    uint32_t space;
    uint32_t thread;
    uint32_t page_frame;
    uint32_t data_frame;
    struct puppet *puppet;
};

struct step {
    const char *name;
    // Gives the order; returns which actor runs, or ACTORS for none.
    uint32_t (*prepare)(void);
    // Whether the input and what the puppet saw are right. Timers come only to sleeping steps.
    bool (*check)(const struct input *input);
};

struct kernel {
    struct actor actors[ACTORS];
    uint64_t kernel_enter;
    uint32_t next_frame, end_frame;
    uint32_t tables[HAL_MAP_TABLES];
    uint32_t shared_frame, read_only_frame, code_frame;
    uint32_t step, failed;
    uint32_t running; // actor; ACTORS: none
    bool begun;
    uint64_t now_ns, deadline_ns;
};

static struct kernel suite;

// What no later step could make sense without.
static void require(bool condition, const char *otherwise)
{
    if (!condition) {
        hal_panic(otherwise, __FILE__, __LINE__);
    }
}

static void print(const char *text)
{
    uint32_t size = 0;
    while (text[size] != 0) {
        size++;
    }
    hal_console_write(text, size);
}

static void print_number(uint64_t number)
{
    char digits[20];
    uint32_t first = sizeof(digits);

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    hal_console_write(digits + first, (uint32_t)sizeof(digits) - first);
}

// --- Memory -------------------------------------------------------------------------------------

static void *frame_bytes(uint32_t frame)
{
    return hal_frames + (uint64_t)frame * PAGE_SIZE;
}

static uint32_t frame_take(void)
{
    require(suite.next_frame < suite.end_frame, "the machine has too little memory");
    memset(frame_bytes(suite.next_frame), 0, PAGE_SIZE);
    return suite.next_frame++;
}

static void map(uint32_t space, uint64_t page, uint32_t frame, uint32_t rights)
{
    uint32_t used = hal_map(space, page, frame, rights, suite.tables);

    require(used <= HAL_MAP_TABLES, "hal_map took more tables than it may");
    for (uint32_t i = 0; i < used; i++) {
        suite.tables[i] = frame_take();
    }
}

// --- Actors -------------------------------------------------------------------------------------

static void thread_begin(const struct actor *actor)
{
    uint64_t base = hal_space_base(actor->space);

    hal_thread_create(actor->thread, actor->space, base + LAYOUT_IMAGE, base + LAYOUT_STACK_TOP,
                      base + LAYOUT_START);
}

static void space_begin(struct actor *actor)
{
    uint32_t root = frame_take();

    if (!hal_space_create(actor->space, &root)) {
        suite.next_frame--;
    }
    map(actor->space, LAYOUT_START / PAGE_SIZE, actor->page_frame, RIGHT_READ | RIGHT_WRITE);
    map(actor->space, LAYOUT_STACK_TOP / PAGE_SIZE - 1, frame_take(), RIGHT_READ | RIGHT_WRITE);
    map(actor->space, LAYOUT_IMAGE / PAGE_SIZE, suite.code_frame, RIGHT_READ | RIGHT_EXECUTE);
}

static void actor_create(struct actor *actor, uint32_t space, uint32_t thread)
{
    *actor = (struct actor){
        .space = space,
        .thread = thread,
        .page_frame = frame_take(),
        .data_frame = frame_take(),
    };
    actor->puppet = frame_bytes(actor->page_frame);
    actor->puppet->kernel_enter = suite.kernel_enter;
    space_begin(actor);
    map(space, PAGE_DATA, actor->data_frame, RIGHT_READ | RIGHT_WRITE);
    map(space, PAGE_SHARED, suite.shared_frame, RIGHT_READ | RIGHT_WRITE);
    map(space, PAGE_READ_ONLY, suite.read_only_frame, RIGHT_READ);
    thread_begin(actor);
}

// Orders something at a page of the actor's space, then the suite's own system call.
static uint32_t order(uint32_t actor, enum puppet_order what, uint64_t page, uint64_t value)
{
    struct puppet *puppet = suite.actors[actor].puppet;

    puppet->order = what;
    puppet->address = hal_space_base(suite.actors[actor].space) + page * PAGE_SIZE;
    puppet->value = value;
    puppet->call[0] = SYSTEM_CALL_ENTER;
    puppet->call[1] = MARK;
    puppet->call[2] = UINT64_MAX - suite.step; // all 64 bits arrive
    return actor;
}

// The actor that ran made the suite's system call, with nothing lost.
static bool has_entered(const struct input *input)
{
    return input->kind == INPUT_ENTER && input->enter.min_complete == MARK &&
           input->enter.timeout_ns == UINT64_MAX - suite.step &&
           suite.actors[suite.running].puppet->registers == 0;
}

// It faulted at the page, by an instruction of its code page; it begins anew.
static bool has_faulted(const struct input *input, uint32_t cause, uint64_t page)
{
    const struct actor *actor = &suite.actors[suite.running];
    bool right = input->kind == INPUT_FAULT && input->fault.cause == cause;

    right = right && input->fault.instruction / PAGE_SIZE == LAYOUT_IMAGE / PAGE_SIZE;
    if (cause == EXIT_FAULT_MEMORY) {
        right = right && input->fault.address == page * PAGE_SIZE;
    }
    hal_thread_destroy(actor->thread);
    thread_begin(actor);
    return right;
}

// --- Steps --------------------------------------------------------------------------------------

static uint32_t first_enters(void)
{
    return order(0, PUPPET_ENTER, 0, 0);
}

static uint32_t second_enters(void)
{
    return order(1, PUPPET_ENTER, 0, 0);
}

static bool has_begun(const struct input *input)
{
    const struct actor *actor = &suite.actors[suite.running];
    uint64_t stack = actor->puppet->stack - hal_space_base(actor->space);

    return has_entered(input) && actor->puppet->began == 0 && stack % 16 == 8 &&
           stack < LAYOUT_STACK_TOP && stack >= LAYOUT_STACK_TOP - 32;
}

static uint32_t result_prepare(void)
{
    hal_thread_result(suite.actors[0].thread, UINT64_MAX - WORD);
    hal_thread_result(suite.actors[1].thread, WORD);
    return first_enters();
}

static bool result_check(const struct input *input)
{
    return has_entered(input) && suite.actors[0].puppet->result == UINT64_MAX - WORD;
}

static bool result_of_second_check(const struct input *input)
{
    return has_entered(input) && suite.actors[1].puppet->result == WORD;
}

static uint32_t load_prepare(void)
{
    *(uint64_t *)frame_bytes(suite.actors[0].data_frame) = WORD;
    *(uint64_t *)frame_bytes(suite.actors[1].data_frame) = WORD + 1;
    return order(0, PUPPET_LOAD, PAGE_DATA, 0);
}

static bool load_check(const struct input *input)
{
    return has_entered(input) && suite.actors[0].puppet->value == WORD;
}

static uint32_t load_of_second_prepare(void)
{
    return order(1, PUPPET_LOAD, PAGE_DATA, 0);
}

static bool load_of_second_check(const struct input *input)
{
    return has_entered(input) && suite.actors[1].puppet->value == WORD + 1;
}

static uint32_t share_prepare(void)
{
    return order(0, PUPPET_STORE, PAGE_SHARED, WORD + 2);
}

static bool share_check(const struct input *input)
{
    return has_entered(input) && *(uint64_t *)frame_bytes(suite.shared_frame) == WORD + 2;
}

static uint32_t share_of_second_prepare(void)
{
    return order(1, PUPPET_LOAD, PAGE_SHARED, 0);
}

static bool share_of_second_check(const struct input *input)
{
    return has_entered(input) && suite.actors[1].puppet->value == WORD + 2;
}

static uint32_t read_only_prepare(void)
{
    return order(0, PUPPET_STORE, PAGE_READ_ONLY, WORD);
}

static bool read_only_check(const struct input *input)
{
    return has_faulted(input, EXIT_FAULT_MEMORY, PAGE_READ_ONLY) &&
           *(uint64_t *)frame_bytes(suite.read_only_frame) == 0;
}

static uint32_t code_prepare(void)
{
    return order(0, PUPPET_STORE, LAYOUT_IMAGE / PAGE_SIZE, WORD);
}

static bool code_check(const struct input *input)
{
    return has_faulted(input, EXIT_FAULT_MEMORY, LAYOUT_IMAGE / PAGE_SIZE);
}

static uint32_t empty_prepare(void)
{
    return order(0, PUPPET_LOAD, PAGE_EMPTY, 0);
}

static bool empty_check(const struct input *input)
{
    return has_faulted(input, EXIT_FAULT_MEMORY, PAGE_EMPTY);
}

static uint32_t mapped_prepare(void)
{
    map(suite.actors[0].space, PAGE_EMPTY, suite.actors[0].data_frame, RIGHT_READ);
    return order(0, PUPPET_LOAD, PAGE_EMPTY, 0);
}

static uint32_t unmapped_prepare(void)
{
    hal_unmap(suite.actors[0].space, PAGE_EMPTY);
    return empty_prepare();
}

static uint32_t execute_prepare(void)
{
    return order(0, PUPPET_JUMP, PAGE_DATA, 0);
}

static bool execute_check(const struct input *input)
{
    bool at_data = input->kind == INPUT_FAULT && input->fault.address == PAGE_DATA * PAGE_SIZE &&
                   input->fault.instruction == PAGE_DATA * PAGE_SIZE;

    (void)has_faulted(input, EXIT_FAULT_MEMORY, PAGE_DATA);
    return at_data && input->fault.cause == EXIT_FAULT_MEMORY;
}

static uint32_t remapped_prepare(void)
{
    map(suite.actors[0].space, PAGE_REMAPPED, suite.actors[0].data_frame, RIGHT_READ);
    hal_unmap(suite.actors[0].space, PAGE_REMAPPED);
    map(suite.actors[0].space, PAGE_REMAPPED, suite.code_frame, RIGHT_READ | RIGHT_EXECUTE);
    return order(0, PUPPET_LOAD, PAGE_REMAPPED, 0);
}

static bool remapped_check(const struct input *input)
{
    uint64_t first;

    memcpy(&first, puppet_code, sizeof(first));
    return has_entered(input) && suite.actors[0].puppet->value == first;
}

static uint32_t illegal_prepare(void)
{
    return order(0, PUPPET_ILLEGAL, 0, 0);
}

static bool illegal_check(const struct input *input)
{
    return has_faulted(input, EXIT_FAULT_MACHINE, 0);
}

static uint32_t exit_prepare(void)
{
    order(0, PUPPET_ENTER, 0, 0);
    suite.actors[0].puppet->call[0] = SYSTEM_CALL_EXIT;
    suite.actors[0].puppet->call[1] = EXIT_CODE;
    return 0;
}

static bool exit_check(const struct input *input)
{
    return input->kind == INPUT_EXIT && (uint32_t)input->exit.code == EXIT_CODE;
}

static uint32_t again_prepare(void)
{
    struct actor *actor = &suite.actors[0];

    hal_thread_destroy(actor->thread);
    hal_space_destroy(actor->space);
    space_begin(actor);
    thread_begin(actor);
    return order(0, PUPPET_LOAD, PAGE_DATA, 0);
}

static bool again_check(const struct input *input)
{
    return has_faulted(input, EXIT_FAULT_MEMORY, PAGE_DATA);
}

static uint32_t sleep_prepare(void)
{
    suite.deadline_ns = suite.now_ns + SLEEP_NS;
    hal_arm(suite.now_ns + 1);
    hal_arm(suite.deadline_ns);
    return ACTORS;
}

static bool sleep_check(const struct input *input)
{
    return input->kind == INPUT_TIMER && input->now_ns >= suite.deadline_ns;
}

// --- Devices: the second serial port, a 16550 ---------------------------------------------------

static uint8_t port_read(uint32_t port)
{
    const struct port_access access = {.port = port, .size = 1};
    uint8_t value = 0;

    (void)hal_ports_read(&access, &value, 1);
    return value;
}

static void port_write(uint32_t port, uint8_t value)
{
    hal_ports_write(&(struct port_access){.port = port, .size = 1}, &value, 1);
}

static bool ports_check(const struct input *input)
{
    port_write(SERIAL + SERIAL_SCRATCH, WORD & 0xff);
    return has_entered(input) && port_read(SERIAL + SERIAL_SCRATCH) == (WORD & 0xff) &&
           port_read(PORT_ABSENT) == 0xff;
}

static bool status_check(const struct input *input)
{
    struct port_access access = {
        .port = SERIAL + SERIAL_SCRATCH, .size = 1, .status = SERIAL + SERIAL_LINE, .mask = 1};
    uint8_t bytes[4] = {0};
    bool is_ended = hal_ports_read(&access, bytes, 2) == 1 && (bytes[0] & 1) == 0;

    access.mask = SERIAL_EMPTY;
    return has_entered(input) && is_ended && hal_ports_read(&access, bytes, 2) == 4 &&
           (bytes[0] & SERIAL_EMPTY) != 0 && bytes[1] == (WORD & 0xff) && bytes[3] == bytes[1];
}

static bool own_check(const struct input *input)
{
    return has_entered(input) && hal_ports_are_free(SERIAL, 8) && !hal_ports_are_free(0x3f8, 1) &&
           !hal_ports_are_free(0x3f0, 16) && hal_ports_are_free(0x3f0, 8);
}

// An empty transmitter interrupts when it is asked to say so.
static void line_raise(void)
{
    (void)port_read(SERIAL + SERIAL_IDENTITY);
    port_write(SERIAL + SERIAL_MODEM, SERIAL_OUT2);
    port_write(SERIAL + SERIAL_ENABLE, 0);
    port_write(SERIAL + SERIAL_ENABLE, SERIAL_SAYS_EMPTY);
}

static uint32_t line_prepare(void)
{
    hal_lines_open(1 << SERIAL_INTERRUPT);
    line_raise();
    return ACTORS;
}

static uint32_t line_closed_prepare(void)
{
    line_raise();
    return first_enters();
}

static uint32_t line_opened_prepare(void)
{
    hal_lines_open(1 << SERIAL_INTERRUPT);
    return ACTORS;
}

static uint32_t line_others_prepare(void)
{
    hal_lines_open(1 << (SERIAL_INTERRUPT + 1));
    line_raise();
    return first_enters();
}

static bool line_check(const struct input *input)
{
    return input->kind == INPUT_INTERRUPT && input->interrupt.lines == 1 << SERIAL_INTERRUPT;
}

static const struct step steps[] = {
    {"a thread begins at its entry with its argument", first_enters, has_begun},
    {"registers are kept over a system call", first_enters, has_entered},
    {"a second thread begins beside it", second_enters, has_begun},
    {"registers are kept over another thread's run", first_enters, has_entered},
    {"a system call returns its own thread's result", result_prepare, result_check},
    {"the other thread's result waits for it", second_enters, result_of_second_check},
    {"a program reads its frame", load_prepare, load_check},
    {"the same page of another space is another frame", load_of_second_prepare,
     load_of_second_check},
    {"what a program writes is in its frame", share_prepare, share_check},
    {"a frame in two spaces is one memory", share_of_second_prepare, share_of_second_check},
    {"a store to a read-only page faults", read_only_prepare, read_only_check},
    {"a store to code faults", code_prepare, code_check},
    {"a load where nothing is mapped faults", empty_prepare, empty_check},
    {"a page mapped since then can be read", mapped_prepare, load_check},
    {"a page unmapped since then faults", unmapped_prepare, empty_check},
    {"running data faults", execute_prepare, execute_check},
    {"a page can be mapped again to another frame", remapped_prepare, remapped_check},
    {"an illegal instruction faults", illegal_prepare, illegal_check},
    {"the faults of one thread leave the other alone", second_enters, has_entered},
    {"exit hands in its code", exit_prepare, exit_check},
    {"a space made again is empty", again_prepare, again_check},
    {"an idle machine wakes at the deadline armed last", sleep_prepare, sleep_check},
    {"a device's register keeps what it is given, and no device is all ones", first_enters,
     ports_check},
    {"a string ends where its status says so", first_enters, status_check},
    {"the machine's own ports are nobody's", first_enters, own_check},
    {"a line interrupts an idle machine", line_prepare, line_check},
    {"a line that has interrupted is closed", line_closed_prepare, has_entered},
    {"what came while it was closed comes when it is opened", line_opened_prepare, line_check},
    {"to open a line opens no other one", line_others_prepare, has_entered},
    {"... and that one is told when it is", line_opened_prepare, line_check},
};

enum { STEP_COUNT = sizeof(steps) / sizeof(steps[0]) };

struct kernel *kernel_boot(const struct boot *boot)
{
    struct frame_range range = boot->ranges[0];

    for (uint32_t i = 1; i < boot->range_count; i++) {
        range = boot->ranges[i].count > range.count ? boot->ranges[i] : range;
    }
    suite.next_frame = range.first;
    suite.end_frame = range.first + range.count;
    suite.kernel_enter = boot->kernel_enter;
    suite.now_ns = boot->now_ns;
    for (uint32_t i = 0; i < HAL_MAP_TABLES; i++) {
        suite.tables[i] = frame_take();
    }
    suite.shared_frame = frame_take();
    suite.read_only_frame = frame_take();
    suite.code_frame = frame_take();
    memcpy(frame_bytes(suite.code_frame), puppet_code, (size_t)(puppet_code_end - puppet_code));
    // The first and the last that the kernel asks for.
    actor_create(&suite.actors[0], 0, 0);
    actor_create(&suite.actors[1], BOOT_SPACES_MAX - 1, BOOT_THREADS_MAX - 1);
    return &suite;
}

static _Noreturn void suite_end(void)
{
    print("platform: ");
    print_number(STEP_COUNT - suite.failed);
    print(" held, ");
    print_number(suite.failed);
    print(" failed\n");
    hal_export("platform\n", 9);
    hal_halt(suite.failed == 0 ? 0 : 1);
}

static void step_end(const struct input *input)
{
    const struct step *step = &steps[suite.step];
    bool held = step->check(input);

    print(held ? "platform: holds: " : "platform: FAILS: ");
    print(step->name);
    print("\n");
    suite.failed += held ? 0 : 1;
    suite.step++;
}

// The suite boots with one CPU.
bool kernel_enter(struct kernel *kernel, uint32_t cpu)
{
    (void)kernel;
    return cpu == 0;
}

// What ends a machine where nobody can go on.
_Noreturn void kernel_halt(struct kernel *kernel, int32_t code)
{
    (void)kernel;
    hal_halt(code);
}

struct turn kernel_turn(struct kernel *kernel, const struct input *input)
{
    bool sleeps = kernel->running == ACTORS;
    bool is_early = input->kind == INPUT_TIMER && (!sleeps || input->now_ns < kernel->deadline_ns);

    require(input->now_ns >= kernel->now_ns, "time ran backwards");
    kernel->now_ns = input->now_ns;
    if (!is_early) {
        if (kernel->begun) {
            step_end(input);
        }
        kernel->begun = true;
        if (kernel->step == STEP_COUNT) {
            suite_end();
        }
        kernel->running = steps[kernel->step].prepare();
    }
    if (kernel->running == ACTORS) {
        return (struct turn){.thread = HAL_NO_THREAD};
    }
    return (struct turn){.thread = (int32_t)kernel->actors[kernel->running].thread};
}

// SPDX-License-Identifier: Apache-2.0
//
// What is the simulator's own: chance from the seed, faults from signals, and how the process ends.
// What every platform does is checked by tests/platform. A machine is made once for each test, in a
// process of its own, since its addresses are fixed and some ways to end end the process.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/commit.h"
#include "hal/sim/sim.h"

enum { MEMORY = 1 << 20, CODE_FRAME = 1, STACK_FRAME = 2 };

// The kernel of these tests: its turn is whatever the test says.
static struct turn (*turn_of_test)(const struct input *input);

struct kernel *kernel_boot(const struct boot *boot)
{
    (void)boot;
    return NULL;
}

static uint32_t cpu_now;

bool kernel_enter(struct kernel *kernel, uint32_t cpu)
{
    (void)kernel;
    cpu_now = cpu;
    return false;
}

_Noreturn void kernel_halt(struct kernel *kernel, int32_t code)
{
    (void)kernel;
    hal_halt(code);
}

struct turn kernel_turn(struct kernel *kernel, const struct input *input)
{
    (void)kernel;
    return turn_of_test(input);
}

static void machine_begin(void)
{
    sim_memory_init(MEMORY);
    sim_time_init(1);
    sim_smp_init(1);
    sim_fault_init();
}

// Runs the child in a process of its own; returns its exit code.
static int exit_code_of(void (*child)(const void *), const void *argument)
{
    int status;
    pid_t process = fork();

    assert_true(process >= 0);
    if (process == 0) {
        // The child's last words are not the test's.
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        child(argument);
        _exit(0);
    }
    assert_int_equal(waitpid(process, &status, 0), process);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

// --- Chance -------------------------------------------------------------------------------------

static void equal_seeds_draw_equal_numbers(void **state)
{
    uint64_t first[SIM_STREAM_COUNT];

    (void)state;
    sim_time_init(7);
    for (uint32_t i = 0; i < SIM_STREAM_COUNT; i++) {
        first[i] = sim_draw((enum sim_stream)i);
    }
    sim_time_init(7);
    // In another order: each stream is on its own.
    for (uint32_t i = SIM_STREAM_COUNT; i-- > 0;) {
        assert_int_equal(sim_draw((enum sim_stream)i), first[i]);
    }
    sim_time_init(8);
    for (uint32_t i = 0; i < SIM_STREAM_COUNT; i++) {
        assert_int_not_equal(sim_draw((enum sim_stream)i), first[i]);
    }
}

static void the_clock_moves_on_and_sleeps_until_the_deadline(void **state)
{
    (void)state;
    sim_time_init(1);
    sim_smp_init(1);
    uint64_t before_ns = sim_clock_read();
    assert_false(sim_clock_sleep());
    hal_arm(before_ns + 1000000000);
    assert_false(sim_timer_take());
    assert_true(sim_clock_sleep());
    assert_true(sim_timer_take());
    assert_false(sim_timer_take());
    assert_true(sim_clock_read() > before_ns + 1000000000);
}

// --- Faults -------------------------------------------------------------------------------------

struct crime {
    const char *name;
    uint32_t cause;
    uint8_t size;
    uint8_t code[20];
};

// Not here: what tests/platform checks for each machine.
static const struct crime crimes[] = {
    {"a system call to the host", EXIT_FAULT_MACHINE, 7, {0xb8, 39, 0, 0, 0, 0x0f, 0x05}},
    {"a breakpoint", EXIT_FAULT_MACHINE, 1, {0xcc}},
    {"a privileged instruction", EXIT_FAULT_MACHINE, 1, {0xf4}},
    {"a division by zero", EXIT_FAULT_MACHINE, 4, {0x31, 0xc9, 0xf7, 0xf1}},
    {"an address that is none",
     EXIT_FAULT_MACHINE,
     13,
     {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x48, 0x8b, 0x00}},
    {"the null pointer", EXIT_FAULT_MEMORY, 5, {0x31, 0xc0, 0x48, 0x8b, 0x00}},
    // xor esp, esp; push rax
    {"a stack that is nowhere", EXIT_FAULT_MEMORY, 3, {0x31, 0xe4, 0x50}},
    // push the flags of direction and alignment; popf; fld1 twice; then a breakpoint
    {"flags and x87 registers left set",
     EXIT_FAULT_MACHINE,
     11,
     {0x68, 0x00, 0x04, 0x04, 0x00, 0x9d, 0xd9, 0xe8, 0xd9, 0xe8, 0xcc}},
    // mov $9, %edi; movabs gate, %rax; call *%rax
    {"a system call that does not exist",
     EXIT_FAULT_MACHINE,
     17,
     {0xbf, 9, 0, 0, 0, 0x48, 0xb8, 0, 0, 0, 0, 0, 0x1f, 0, 0, 0xff, 0xd0}},
};

static void commit_crime(const void *argument)
{
    const struct crime *crime = argument;
    uint64_t base = hal_space_base(0);

    machine_begin();
    memcpy(hal_frames + CODE_FRAME * PAGE_SIZE, crime->code, crime->size);
    hal_space_create(0, NULL);
    hal_map(0, LAYOUT_IMAGE / PAGE_SIZE, CODE_FRAME, RIGHT_READ | RIGHT_EXECUTE, NULL);
    hal_map(0, LAYOUT_STACK_TOP / PAGE_SIZE - 1, STACK_FRAME, RIGHT_READ | RIGHT_WRITE, NULL);
    // Twice: the first fault must leave nothing behind.
    for (uint32_t i = 0; i < 2; i++) {
        hal_thread_create(i, 0, base + LAYOUT_IMAGE, base + LAYOUT_STACK_TOP, 0);
        struct input input;
        bool is_back = sim_thread_run(i, &input);
        hal_thread_destroy(i);
        if (!is_back || input.kind != INPUT_FAULT || input.fault.cause != crime->cause ||
            input.fault.instruction - LAYOUT_IMAGE > crime->size) {
            _exit(1);
        }
    }
}

static void each_crime_is_a_fault_of_its_thread(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(crimes) / sizeof(crimes[0]); i++) {
        print_message("%s\n", crimes[i].name);
        assert_int_equal(exit_code_of(commit_crime, &crimes[i]), 0);
    }
}

// --- Computing ----------------------------------------------------------------------------------

// movabs $SIM_GATE + SIM_COMPUTE_AT, %rbx; again: call *%rbx; jmp again
static const uint8_t endless[] = {0x48, 0xbb, 64, 0, 0, 0, 0, 0x1f, 0, 0, 0xff, 0xd3, 0xeb, 0xfc};

// Exits with 1 where it comes back another way than by a pause, 2 where no time passes.
static void compute(const void *argument)
{
    struct input input;
    uint64_t base = hal_space_base(0);

    (void)argument;
    machine_begin();
    memcpy(hal_frames + CODE_FRAME * PAGE_SIZE, endless, sizeof(endless));
    hal_space_create(0, NULL);
    hal_map(0, LAYOUT_IMAGE / PAGE_SIZE, CODE_FRAME, RIGHT_READ | RIGHT_EXECUTE, NULL);
    hal_map(0, LAYOUT_STACK_TOP / PAGE_SIZE - 1, STACK_FRAME, RIGHT_READ | RIGHT_WRITE, NULL);
    hal_thread_create(0, 0, base + LAYOUT_IMAGE, base + LAYOUT_STACK_TOP, 0);
    hal_arm(1000000); // a million nanoseconds of computing
    for (uint32_t i = 0; !sim_timer_take(); i++) {
        if (sim_thread_run(0, &input)) {
            _exit(1);
        }
        if (i == 10000) {
            _exit(2);
        }
    }
}

static void a_program_that_never_enters_the_kernel_is_paused_and_takes_time(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of(compute, NULL), 0);
}

// --- CPUs ---------------------------------------------------------------------------------------

enum { CPUS = 3, KICKED = 2 };

static uint64_t turns_of[CPUS];

// All are idle, and the first one kicks the last one at each of its timers.
static struct turn kicking_turn(const struct input *input)
{
    turns_of[cpu_now]++;
    if (cpu_now == 0) {
        hal_arm(input->now_ns + 1000000);
    }
    if (input->kind == INPUT_TIMER && (cpu_now != 0 || turns_of[0] == 100)) {
        hal_halt(cpu_now == 0 && turns_of[1] == 1 && turns_of[KICKED] == 100 - 1 ? 0 : 1);
    }
    if (input->kind == INPUT_TIMER) {
        hal_kick(KICKED);
    }
    return (struct turn){.thread = HAL_NO_THREAD, .more = false};
}

static void kick(const void *argument)
{
    (void)argument;
    machine_begin();
    sim_smp_init(CPUS);
    turn_of_test = kicking_turn;
    sim_loop(NULL, false, false);
}

static void each_kick_makes_its_cpu_enter_once(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of(kick, NULL), 0);
}

// --- Ends ---------------------------------------------------------------------------------------

static struct turn idle_turn(const struct input *input)
{
    (void)input;
    return (struct turn){.thread = HAL_NO_THREAD};
}

static struct turn panic_turn(const struct input *input)
{
    (void)input;
    hal_panic("test", __FILE__, __LINE__);
}

static struct turn halt_turn(const struct input *input)
{
    (void)input;
    hal_halt(42);
}

static struct turn stray_turn(const struct input *input)
{
    (void)input;
    *(volatile uint8_t *)(uintptr_t)hal_space_base(0) = 1;
    return (struct turn){.thread = HAL_NO_THREAD};
}

static struct turn unmap_turn(const struct input *input)
{
    (void)input;
    hal_space_create(0, NULL);
    hal_unmap(0, 1);
    return (struct turn){.thread = HAL_NO_THREAD};
}

static void run_loop(const void *argument)
{
    (void)argument;
    machine_begin();
    sim_loop(NULL, false, false);
}

static void a_machine_where_nothing_is_due_ends_with_3(void **state)
{
    (void)state;
    turn_of_test = idle_turn;
    assert_int_equal(exit_code_of(run_loop, NULL), SIM_EXIT_DEADLOCK);
}

static void a_panic_ends_with_127(void **state)
{
    (void)state;
    turn_of_test = panic_turn;
    assert_int_equal(exit_code_of(run_loop, NULL), SIM_EXIT_PANIC);
}

static void a_kernel_that_breaks_the_contract_panics(void **state)
{
    (void)state;
    turn_of_test = unmap_turn;
    assert_int_equal(exit_code_of(run_loop, NULL), SIM_EXIT_PANIC);
}

static void halt_ends_with_its_code(void **state)
{
    (void)state;
    turn_of_test = halt_turn;
    assert_int_equal(exit_code_of(run_loop, NULL), 42);
}

static void a_stray_access_of_the_kernel_ends_the_process(void **state)
{
    (void)state;
    turn_of_test = stray_turn;
    // With which code, a sanitizer may decide.
    assert_int_not_equal(exit_code_of(run_loop, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_seeds_draw_equal_numbers),
        cmocka_unit_test(the_clock_moves_on_and_sleeps_until_the_deadline),
        cmocka_unit_test(each_crime_is_a_fault_of_its_thread),
        cmocka_unit_test(a_program_that_never_enters_the_kernel_is_paused_and_takes_time),
        cmocka_unit_test(each_kick_makes_its_cpu_enter_once),
        cmocka_unit_test(a_machine_where_nothing_is_due_ends_with_3),
        cmocka_unit_test(a_panic_ends_with_127),
        cmocka_unit_test(a_kernel_that_breaks_the_contract_panics),
        cmocka_unit_test(halt_ends_with_its_code),
        cmocka_unit_test(a_stray_access_of_the_kernel_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// Small worlds of jobs and threads: every sequence of a few operations, with the real code
// (walk.h). Beside it stands what must be so, in a few words: who lives, which is what was started
// and has neither ended nor lost its job; and that each exit is told once. After each operation the
// invariants hold and the log leads to the same state; in the end nothing is left or charged.
#include "kernel/core/test/jobs.h"
#include "kernel/core/test/memory.h"
#include "kernel/core/test/waiting.h"
#include "tests/property/follower.h"
#include "tests/property/walk.h"
#include "tests/property/world.h"

enum { UNITS = 2, TOLD_FIRST = 100 };

// A job with a process in it, or a thread; the second job is the first one's child.
static struct unit {
    cap_t cap;       // of the job, or the thread; value 0: released
    cap_t process;   // JOBS: of what runs in it
    uint32_t thread; // the machine's
    bool is_made, is_started, is_over;
    bool is_joined; // THREADS: somebody asked
    bool is_stopped;
} units[UNITS];

static uint32_t init;
static cap_t root;
static uint32_t ended, told; // exits that must be told, and that were
static uint32_t asked;       // nextExits, so far
static enum status done;     // the fact of what init did last

static void drop(cap_t *cap)
{
    if (act_do_fact(init, act_release(*cap)) != STATUS_OK) {
        broken("what is held can't be released");
    }
    cap->value = 0;
}

// What has completed is taken: exits and joins are counted, and the fact of what was done stays.
static void completions_take(void)
{
    struct cqe cqe;

    while (machine_reap(init, &cqe)) {
        if (cqe.user_data < TOLD_FIRST) {
            done = act_fact(&cqe);
        } else if (act_fact(&cqe) != STATUS_OK) {
            broken("completion %llu: fact %d", (unsigned long long)cqe.user_data, act_fact(&cqe));
        } else {
            told++;
        }
    }
}

// A method without parameters; exits that it causes may be told first.
static enum status call(cap_t cap, uint16_t method)
{
    struct sqe sqe = act_call(cap, method, 1);

    sqe.result_len = 64;
    act_submit(init, sqe);
    machine_run_until(init);
    completions_take();
    return done;
}

static void must(enum status found, enum status expected, const char *what)
{
    if (found != expected) {
        broken("%s: fact %d, not %d", what, found, expected);
    }
}

static void now_over(struct unit *unit)
{
    ended += unit->is_started && !unit->is_over ? 1 : 0;
    unit->is_over = true;
}

// --- Jobs ---------------------------------------------------------------------------------------

static bool job_is_over(const struct unit *unit)
{
    return unit->is_made && (unit->is_stopped || (unit == &units[1] && units[0].is_stopped));
}

static bool job_make(struct unit *unit)
{
    static const uint32_t limits[UNITS][RESOURCE_COUNT] = {
        {[RESOURCE_JOBS] = 1,
         [RESOURCE_PROCESSES] = 2,
         [RESOURCE_THREADS] = 2,
         [RESOURCE_OBJECTS] = 20,
         [RESOURCE_FACETS] = 20,
         [RESOURCE_HOLDS] = 40,
         [RESOURCE_MAPPINGS] = 20,
         [RESOURCE_PAGES] = 300,
         [RESOURCE_SPACE] = 600,
         [RESOURCE_CALLS] = 8},
        {[RESOURCE_PROCESSES] = 1,
         [RESOURCE_THREADS] = 1,
         [RESOURCE_OBJECTS] = 9,
         [RESOURCE_FACETS] = 9,
         [RESOURCE_HOLDS] = 19,
         [RESOURCE_MAPPINGS] = 9,
         [RESOURCE_PAGES] = 140,
         [RESOURCE_SPACE] = 290,
         [RESOURCE_CALLS] = 4},
    };
    uint32_t number = (uint32_t)(unit - units);
    cap_t parent = number == 0 ? root : units[0].cap;

    if (unit->is_made || parent.value == 0) {
        return false;
    }
    enum status expected = number == 1 && job_is_over(&units[0]) ? STATUS_JOB_OVER : STATUS_OK;
    enum status fact = act_job_fact(init, parent, limits[number], sizeof(limits[number]),
                                    PRIORITY_DEFAULT, &unit->cap);
    must(fact, expected, "a job is made");
    unit->is_made = fact == STATUS_OK;
    return true;
}

static bool job_start(struct unit *unit)
{
    if (!unit->is_made || unit->cap.value == 0 || unit->is_started) {
        return false;
    }
    if (job_is_over(unit)) {
        must(call(unit->cap, JOB_MAKE_PROCESS_BUILDER), STATUS_JOB_OVER, "in a dead job");
        return true;
    }
    cap_t builder = act_builder_in(init, unit->cap);
    must(act_start_in(init, unit->cap, builder, &unit->process), STATUS_OK, "a process starts");
    drop(&builder);
    unit->thread = machine.newest_thread;
    unit->is_started = true;
    return true;
}

static bool job_end(struct unit *unit)
{
    if (!unit->is_made || unit->cap.value == 0) {
        return false;
    }
    must(call(unit->cap, JOB_KILL), STATUS_OK, "a job is killed");
    unit->is_stopped = true;
    for (struct unit *below = unit; below < units + UNITS; below++) {
        now_over(below);
        below->is_over = below->is_started;
    }
    return true;
}

// A thread's stays while somebody waits for it: who gives it back is told that he did.
static bool hold_drop(struct unit *unit)
{
    if (unit->cap.value == 0 || (unit->is_joined && !unit->is_over)) {
        return false;
    }
    drop(&unit->cap);
    return true;
}

static bool process_end(struct unit *unit)
{
    if (unit->process.value == 0) {
        return false;
    }
    must(call(unit->process, PROCESS_KILL), STATUS_OK, "a process is killed");
    now_over(unit);
    return true;
}

static bool process_exit_itself(struct unit *unit)
{
    if (!unit->is_started || unit->is_over) {
        return false;
    }
    act_kill(unit->thread, 7);
    now_over(unit);
    return true;
}

static bool ask(struct unit *unit)
{
    (void)unit;
    if (asked == UNITS) {
        return false;
    }
    act_next_exit(init, TOLD_FIRST + asked++);
    return true;
}

// --- Threads ------------------------------------------------------------------------------------

static bool thread_make(struct unit *unit)
{
    if (unit->is_made) {
        return false;
    }
    unit->cap = act_thread_started(&unit->thread);
    unit->is_made = unit->is_started = true;
    return true;
}

static bool thread_exit_itself(struct unit *unit)
{
    if (!unit->is_started || unit->is_over || unit->is_stopped || unit->cap.value == 0) {
        return false;
    }
    act_thread_exit(unit->thread, unit->cap, 5);
    unit->is_over = true;
    return true;
}

static bool thread_exit_by_another(struct unit *unit)
{
    if (unit->cap.value == 0 || unit->is_over) {
        return false;
    }
    act_thread_exit(init, unit->cap, 6);
    unit->is_over = true;
    return true;
}

static bool thread_await(struct unit *unit)
{
    if (unit->cap.value == 0 || unit->is_joined) {
        return false;
    }
    act_join(init, unit->cap, TOLD_FIRST);
    unit->is_joined = true;
    return true;
}

static bool thread_stop(struct unit *unit)
{
    const struct act_control to = {0, PRIORITY_DEFAULT, !unit->is_stopped};

    if (unit->cap.value == 0) {
        return false;
    }
    must(act_control(init, unit->cap, to), unit->is_over ? STATUS_THREAD_OVER : STATUS_OK,
         "a thread is stopped, or goes on");
    unit->is_stopped = unit->is_over ? unit->is_stopped : to.is_suspended;
    return true;
}

// --- Both ---------------------------------------------------------------------------------------

static const struct action {
    const char *what;
    bool (*run)(struct unit *unit);
    uint32_t unit;
} job_actions[] =
    {
        {"a job is made", job_make, 0},
        {"a child of it is made", job_make, 1},
        {"a process starts in the job", job_start, 0},
        {"a process starts in the child", job_start, 1},
        {"the job is killed", job_end, 0},
        {"the child is killed", job_end, 1},
        {"the job's hold goes", hold_drop, 0},
        {"the child's hold goes", hold_drop, 1},
        {"the job's process exits", process_exit_itself, 0},
        {"the child's process exits", process_exit_itself, 1},
        {"the child's process is killed", process_end, 1},
        {"somebody asks for an exit", ask, 0},
},
  thread_actions[] = {
      {"a thread starts", thread_make, 0},
      {"another one starts", thread_make, 1},
      {"the thread exits", thread_exit_itself, 0},
      {"the other one exits", thread_exit_itself, 1},
      {"the thread is ended", thread_exit_by_another, 0},
      {"somebody joins the thread", thread_await, 0},
      {"somebody joins the other one", thread_await, 1},
      {"the thread is stopped, or goes on", thread_stop, 0},
      {"the thread's hold goes", hold_drop, 0},
      {"the other one's hold goes", hold_drop, 1},
};

static void look(void)
{
    if (machine.end != MACHINE_RUNS || !machine_run_until(init)) {
        broken("the first program doesn't go on");
    }
    act_enter(init);
    completions_take();
    for (uint32_t i = 0; i < UNITS; i++) {
        bool lives = units[i].is_started && !units[i].is_over;
        bool is_known = lives || units[i].thread != units[1 - i].thread; // not somebody else's now
        if (units[i].is_started && is_known && machine.threads[units[i].thread].alive != lives) {
            broken("unit %u %s", i, lives ? "is dead" : "lives");
        }
    }
    core_check(act_core());
    follower_step();
}

static void jobs_begin(const void *context)
{
    static const char *const programs[] = {"init", "child", "other", NULL};

    (void)context;
    history_begin();
    machine_boot(&(struct machine_options){.programs = programs, .frames = 3072});
    init = (uint32_t)machine.running;
    root = act_named(init, "job");
    follower_begin();
    look();
}

static void threads_begin(const void *context)
{
    (void)context;
    history_begin();
    if (!act_threads_boot()) {
        broken("the machine doesn't boot");
    }
    init = (uint32_t)machine.running;
    root = act_named(init, "job");
    follower_begin();
    look();
}

static bool act(const void *context, uint32_t number)
{
    const struct action *action = (const struct action *)context + number;

    note("%s", action->what);
    if (!action->run(&units[action->unit])) {
        return false;
    }
    look();
    return true;
}

static const char *what(const void *context, uint32_t number)
{
    return ((const struct action *)context)[number].what;
}

// Whoever lives exits, and all exits are told, each once.
static void jobs_end(const void *context)
{
    (void)context;
    for (uint32_t i = 0; i < UNITS; i++) {
        process_exit_itself(&units[i]);
        look();
    }
    while (asked < ended) {
        ask(NULL);
        look();
    }
    if (told != ended) {
        broken("%u exits are told of %u", told, ended);
    }
    for (uint32_t i = 0; i < UNITS; i++) {
        hold_drop(&units[i]);
        if (units[i].process.value != 0) {
            drop(&units[i].process);
        }
    }
    look();
    if (act_core()->state.arenas[ARENA_JOBS].live != 1 || act_core()->live_count != 1) {
        broken("a job or a process is left");
    }
}

static void threads_end(const void *context)
{
    uint32_t joined = 0;

    (void)context;
    for (uint32_t i = 0; i < UNITS; i++) {
        joined += units[i].is_joined && units[i].is_over ? 1 : 0;
    }
    if (told != joined) {
        broken("%u of %u threads that ended were joined", told, joined);
    }
    act_kill(init, 0);
    follower_step();
    if (machine.end != MACHINE_HALTED || act_core()->state.arenas[ARENA_THREADS].live != 0) {
        broken("a thread outlives its process");
    }
}

int main(void)
{
    static const struct walk_scene scenes[] = {
        {"jobs", job_actions, sizeof job_actions / sizeof job_actions[0], jobs_begin, act, jobs_end,
         what},
        {"threads", thread_actions, sizeof thread_actions / sizeof thread_actions[0], threads_begin,
         act, threads_end, what},
    };

    return walk_main(scenes, sizeof scenes / sizeof scenes[0]);
}

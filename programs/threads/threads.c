// SPDX-License-Identifier: Apache-2.0
//
// Threads that share memory. Each round starts some, lets them work on the same things, joins them,
// and says what must be so. Sleeping in the middle of what a mutex guards lets the others run there
// on any machine, so that they really have to wait. The first program of its system: granted
// console, timer, job, space.

#include "runtime/runtime.h"
#include "runtime/usage.h"
#include "runtime/worker.h"

#include "schema/kernel.capnp.h"

enum { WORKERS = 8, ROUNDS = 40, CALLS = 8, QUEUE = 4, ITEMS = 200, SLEEP_NS = 20000 };
enum { SPINNERS = 2, TURNS = 20 };

static struct {
    struct debug_console console;
    struct timer timer;
    struct tsr_space space;
    struct tsr_worker workers[TSR_WORKERS_MAX];
    struct tsr_mutex mutex;
    struct tsr_condition filled, emptied;
    struct tsr_once once;
    uint64_t counter, initialised; // guarded by mutex; by once
    uint64_t queue[QUEUE];         // guarded by mutex
    uint32_t queued, taken;
    uint64_t sum;
    struct notification bell;
    uint32_t turn; // whose number it is modulo SPINNERS may write the next
} own;

static void say(const char *what)
{
    tsr_say(own.console.id, "threads", what);
}

// What the clock says; any call would do.
static uint64_t now(void)
{
    struct capnp_exception exception;
    uint64_t time = 0;
    tsr_must(timer_now(own.timer, &time, &exception), "the clock does not answer: ", &exception);
    return time;
}

// Sleeps in the kernel, so that whoever can run does.
static void pause(void)
{
    struct capnp_exception exception;
    tsr_must(timer_sleep_until(own.timer, now() + 1, &exception), "no sleep: ", &exception);
}

// Starts `count` threads on one function, and joins them; each has to return its number.
static void run_all(uint32_t count, int32_t (*run)(void *context))
{
    struct capnp_exception exception = {0};
    for (uint32_t i = 0; i < count; i++) {
        tsr_must(tsr_worker_start(&own.workers[i], run, (void *)(uintptr_t)i, &exception),
                 "a thread does not start: ", &exception);
    }
    for (uint32_t i = 0; i < count; i++) {
        int32_t code = -1;
        tsr_must(tsr_worker_join(&own.workers[i], &code, &exception), "not joined: ", &exception);
        tsr_must(code == (int32_t)i, "a thread returned something else: ", &exception);
    }
}

// --- Mutex and once -----------------------------------------------------------------------------

static void initialise(void *context)
{
    uint64_t *word = context;
    uint64_t before = *word;
    pause();
    *word = before + 1;
}

static int32_t count(void *context)
{
    tsr_once_run(&own.once, initialise, &own.initialised);
    tsr_must(own.initialised == 1, "once did not run before: ", &(struct capnp_exception){0});
    for (uint32_t i = 0; i < ROUNDS; i++) {
        tsr_mutex_lock(&own.mutex);
        uint64_t before = own.counter;
        pause(); // who wants the mutex meanwhile has to wait
        own.counter = before + 1;
        tsr_mutex_unlock(&own.mutex);
    }
    return (int32_t)(uintptr_t)context;
}

static void show_mutex(void)
{
    run_all(WORKERS, count);
    struct capnp_exception exception = {0};
    tsr_must(own.counter == (uint64_t)WORKERS * ROUNDS, "a count was lost: ", &exception);
    tsr_must(own.initialised == 1, "once ran twice: ", &exception);
    say("eight of them counted under one mutex, and none was lost; once ran once");
}

// --- Condition variable -------------------------------------------------------------------------

static void put(uint64_t value)
{
    tsr_mutex_lock(&own.mutex);
    while (own.queued - own.taken == QUEUE) {
        tsr_condition_wait(&own.emptied, &own.mutex, TIMEOUT_NONE);
    }
    own.queue[own.queued++ % QUEUE] = value;
    tsr_condition_signal(&own.filled);
    tsr_mutex_unlock(&own.mutex);
}

static uint64_t take(void)
{
    tsr_mutex_lock(&own.mutex);
    while (own.queued == own.taken) {
        tsr_condition_wait(&own.filled, &own.mutex, TIMEOUT_NONE);
    }
    uint64_t value = own.queue[own.taken++ % QUEUE];
    own.sum += value;
    tsr_condition_signal(&own.emptied);
    tsr_mutex_unlock(&own.mutex);
    return value;
}

// Even ones put, odd ones take.
static int32_t pass_on(void *context)
{
    uintptr_t number = (uintptr_t)context;
    for (uint64_t i = 1; i <= ITEMS; i++) {
        if (number % 2 == 0) {
            put(i);
        } else {
            take();
        }
    }
    return (int32_t)number;
}

static void show_condition(void)
{
    struct capnp_exception exception = {0};
    run_all(WORKERS, pass_on);
    tsr_must(own.queued == own.taken && own.sum == WORKERS / 2 * (ITEMS * (ITEMS + 1) / 2),
             "an item was lost: ", &exception);
    tsr_mutex_lock(&own.mutex);
    bool is_woken = tsr_condition_wait(&own.filled, &own.mutex, SLEEP_NS);
    tsr_mutex_unlock(&own.mutex);
    tsr_must(!is_woken, "nobody signalled: ", &exception);
    say("four passed on what four others took, through a queue of four places");
}

// --- Spinning -----------------------------------------------------------------------------------

// Waits without entering the kernel: only an interrupt lets the other one run.
static int32_t spin(void *context)
{
    uint32_t number = (uint32_t)(uintptr_t)context;
    for (uint32_t turn = number; turn < TURNS; turn += SPINNERS) {
        while (__atomic_load_n(&own.turn, __ATOMIC_ACQUIRE) != turn) {
        }
        __atomic_store_n(&own.turn, turn + 1, __ATOMIC_RELEASE);
    }
    return (int32_t)number;
}

static void show_spinning(void)
{
    run_all(SPINNERS, spin);
    tsr_must(own.turn == TURNS, "a turn was lost: ", &(struct capnp_exception){0});
    say("two took turns by a word that they read again and again, without the kernel");
}

// --- Rings --------------------------------------------------------------------------------------

// Several sleeps at once, the longest first; they end in the other order.
static int32_t sleep_at_once(void *context)
{
    struct capnp_call calls[CALLS];
    struct capnp_exception exception;
    uint64_t from = now();
    for (uint64_t i = 0; i < CALLS; i++) {
        struct timer_sleep_until_params_builder params;
        tsr_must(timer_sleep_until_begin(own.timer, &calls[i], &params, &exception),
                 "no slot: ", &exception);
        timer_sleep_until_params_set_deadline(params, from + (CALLS - i) * SLEEP_NS);
        tsr_must(capnp_call_send(&calls[i], &exception), "not sent: ", &exception);
    }
    for (uint64_t i = CALLS; i > 0; i--) {
        struct timer_sleep_until_results_reader results;
        tsr_must(timer_sleep_until_finish(&calls[i - 1], &results, &exception),
                 "no end: ", &exception);
        capnp_call_end(&calls[i - 1]);
    }
    tsr_must(now() >= from + (uint64_t)CALLS * SLEEP_NS, "woken early: ", &exception);
    return (int32_t)(uintptr_t)context;
}

static void show_rings(void)
{
    run_all(WORKERS, sleep_at_once);
    say("each had eight calls under way in a ring of its own");
}

// --- A capability with several owners -----------------------------------------------------------

static int32_t ring_bell(void *context)
{
    struct capnp_exception exception;
    uintptr_t number = (uintptr_t)context;
    tsr_must(notification_signal(own.bell, UINT64_C(1) << number, &exception),
             "the bell is gone too early: ", &exception);
    tsr_release(own.bell.id);
    return (int32_t)number;
}

static void show_sharing(void)
{
    struct capnp_exception exception;
    uint64_t bits = 0;
    tsr_must(job_make_notification(own.space.job, &own.bell, &exception), "no bell: ", &exception);
    for (uint32_t i = 0; i < WORKERS; i++) {
        tsr_must(tsr_share(own.bell.id), "not shared: ", &exception);
    }
    run_all(WORKERS, ring_bell);
    tsr_must(notification_take(own.bell, UINT64_MAX, &bits, &exception) &&
                 bits == (1 << WORKERS) - 1,
             "not all rang: ", &exception);
    tsr_release(own.bell.id);
    tsr_must(!notification_signal(own.bell, 1, &exception),
             "released, and there still: ", &exception);
    say("they shared a capability, and the last owner gave it back");
}

// --- What they cost -----------------------------------------------------------------------------

static int32_t nothing(void *context)
{
    return (int32_t)(uintptr_t)context;
}

static struct tsr_usage usage(void)
{
    struct capnp_exception exception;
    struct tsr_usage usage;
    tsr_must(tsr_submit(&exception), "not released: ", &exception);
    tsr_must(tsr_usage_read(own.space.job, &usage, &exception), "no usage: ", &exception);
    return usage;
}

static void show_cost(void)
{
    struct capnp_exception exception = {0};
    struct tsr_worker one_more;
    struct tsr_usage before = usage();
    for (uint32_t i = 0; i < TSR_WORKERS_MAX; i++) {
        tsr_must(tsr_worker_start(&own.workers[i], nothing, (void *)(uintptr_t)i, &exception),
                 "a thread does not start: ", &exception);
    }
    tsr_must(!tsr_worker_start(&one_more, nothing, NULL, &exception) &&
                 exception.status == STATUS_OUT_OF_THREADS,
             "one more than there may be: ", &exception);
    for (uint32_t i = 0; i < TSR_WORKERS_MAX; i++) {
        int32_t code;
        tsr_must(tsr_worker_join(&own.workers[i], &code, &exception) && code == (int32_t)i,
                 "not joined: ", &exception);
    }
    struct tsr_usage after = usage();
    for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
        tsr_must(i == RESOURCE_LOG || after.used[i] == before.used[i],
                 "something was not given back: ", &exception);
    }
    say("sixty-four at a time, one more is refused, and all that they cost is given back");
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id) ||
        !tsr_space_open(&own.space, start, &exception)) {
        return 1;
    }
    tsr_must(tsr_workers_open(&own.space, &exception), "no threads: ", &exception);
    own.mutex.space = own.filled.space = own.emptied.space = own.once.space = tsr_workers_park();
    show_mutex();
    show_condition();
    show_spinning();
    show_rings();
    show_sharing();
    show_cost();
    return 0;
}

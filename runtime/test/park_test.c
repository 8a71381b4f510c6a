// SPDX-License-Identifier: Apache-2.0
//
// Mutex, condition variable and once, in every order of steps that a few threads can take. The
// algorithms themselves (park.c, included below) are compiled with atomic operations that first let
// another thread run; threads are fibers, sleeping is a list. A run is a list of choices; runs are
// repeated with the next list, depth first, until there is none. A run ends early where it has come
// to a state that was seen before: what is shared, and all that each thread has seen of it, since
// from there on the same must happen.
//
// A run fails when a claim does, or when everybody sleeps. That such a search sees a lost wake is
// shown with a mutex that has one.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

static void step(void);
static uint32_t note(uint32_t seen);

#define __atomic_exchange_n(word, value, order) (step(), note(exchange(word, value)))
#define __atomic_compare_exchange_n(word, from, to, weak, good, bad)                               \
    (step(), exchange_equal(word, from, to))
#define __atomic_load_n(word, order)           (step(), note(*(word)))
#define __atomic_fetch_add(word, value, order) (step(), note(add(word, value)))
#define __atomic_fetch_sub(word, value, order) (step(), note(add(word, 0u - (value))))

static uint32_t exchange(uint32_t *word, uint32_t value)
{
    uint32_t before = *word;
    *word = value;
    return before;
}

static bool exchange_equal(uint32_t *word, uint32_t *from, uint32_t to)
{
    uint32_t before = *word;
    if (before == *from) {
        *word = to;
    }
    bool is_equal = before == *from;
    *from = note(before);
    return is_equal;
}

static uint32_t add(uint32_t *word, uint32_t value)
{
    uint32_t before = *word;
    *word += value;
    return before;
}

#include "runtime/park.c"

enum { THREADS_MAX = 3, STACK_SIZE = 64 * 1024, CHOICES_MAX = 200, SEEN_SIZE = 1 << 20 };

struct thread {
    ucontext_t context;
    uint64_t history;          // of all that it has seen
    const uint32_t *sleeps_on; // NULL: it runs
    bool has_limit;            // it may wake because its time is over
    bool is_late;              // it did
    bool is_done;
};

static struct {
    struct thread threads[THREADS_MAX];
    ucontext_t scheduler;
    uint32_t thread_count, current;
    uint8_t choices[CHOICES_MAX]; // of this run
    uint8_t options[CHOICES_MAX]; // how many there were
    uint32_t depth, fixed;        // choices made; the first so many are given
    uint32_t runs, states;
    bool is_stuck, is_wrong;
} search;

static uint64_t seen_states[SEEN_SIZE]; // 0: free

static _Alignas(16) uint8_t stacks[THREADS_MAX][STACK_SIZE];

// What the threads do, and share.
static struct {
    void (*body)(uint32_t thread);
    struct tsr_mutex mutex;
    struct tsr_condition condition;
    struct tsr_once once;
    uint32_t inside, count, target;
} shared;

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
}

static uint32_t note(uint32_t seen)
{
    struct thread *self = &search.threads[search.current];
    self->history = mix(self->history, seen);
    return seen;
}

// Whether this state was seen before; from now on it was.
static bool is_seen(void)
{
    uint64_t hash = 1;
    const uint8_t *bytes = (const uint8_t *)&shared;
    for (uint32_t i = 0; i < sizeof(shared); i++) {
        hash = mix(hash, bytes[i]);
    }
    for (uint32_t i = 0; i < search.thread_count; i++) {
        const struct thread *thread = &search.threads[i];
        hash = mix(hash, thread->history);
        hash = mix(hash, (uint64_t)thread->sleeps_on);
        hash = mix(hash, thread->is_done);
    }
    uint64_t at = hash % SEEN_SIZE;
    while (seen_states[at] != 0 && seen_states[at] != hash) {
        at = (at + 1) % SEEN_SIZE;
    }
    bool is_old = seen_states[at] == hash;
    seen_states[at] = hash;
    search.states += !is_old;
    assert_true(search.states < SEEN_SIZE / 2);
    return is_old;
}

static void claim(bool is_so)
{
    search.is_wrong = search.is_wrong || !is_so;
}

static void step(void)
{
    note(1); // the place where it stands
    swapcontext(&search.threads[search.current].context, &search.scheduler);
}

bool tsr_park(uint64_t space, const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    struct thread *self = &search.threads[search.current];
    (void)space;
    step();
    self->is_late = false;
    if (note(*word) == expected) {
        self->sleeps_on = word;
        self->has_limit = timeout_ns != TIMEOUT_NONE;
        step();
    }
    return note(!self->is_late);
}

// Wakes the first ones: the kernel's order is that of arrival, which these algorithms don't need.
void tsr_unpark(uint64_t space, const uint32_t *word, uint32_t count)
{
    (void)space;
    step();
    for (uint32_t i = 0; i < search.thread_count && count > 0; i++) {
        if (search.threads[i].sleeps_on == word) {
            note(i);
            search.threads[i].sleeps_on = NULL;
            count--;
        }
    }
}

static void thread_run(void)
{
    uint32_t self = search.current;
    shared.body(self);
    search.threads[self].is_done = true;
    swapcontext(&search.threads[self].context, &search.scheduler);
}

// One of `count` ways to go on.
static uint32_t choose(uint32_t count)
{
    uint32_t depth = search.depth++;
    assert_true(depth < CHOICES_MAX);
    if (depth >= search.fixed) {
        search.choices[depth] = 0;
    }
    search.options[depth] = (uint8_t)count;
    return search.choices[depth];
}

// Whether the thread can go on; a sleeper with a limit can.
static bool is_ready(const struct thread *thread)
{
    return !thread->is_done && (thread->sleeps_on == NULL || thread->has_limit);
}

static void run_once(void)
{
    for (uint32_t i = 0; i < search.thread_count; i++) {
        struct thread *thread = &search.threads[i];
        thread->sleeps_on = NULL;
        thread->history = 0;
        thread->is_done = thread->has_limit = thread->is_late = false;
        getcontext(&thread->context);
        thread->context.uc_stack.ss_sp = stacks[i];
        thread->context.uc_stack.ss_size = STACK_SIZE;
        thread->context.uc_link = NULL;
        makecontext(&thread->context, thread_run, 0);
    }
    search.depth = 0;
    for (;;) {
        uint32_t ready[THREADS_MAX];
        uint32_t count = 0;
        uint32_t done = 0;
        for (uint32_t i = 0; i < search.thread_count; i++) {
            done += search.threads[i].is_done;
            if (is_ready(&search.threads[i])) {
                ready[count++] = i;
            }
        }
        if (count == 0) {
            search.is_stuck = search.is_stuck || done < search.thread_count;
            return;
        }
        if (count > 1 && search.depth >= search.fixed && is_seen()) {
            return;
        }
        search.current = ready[count == 1 ? 0 : choose(count)];
        struct thread *thread = &search.threads[search.current];
        if (thread->sleeps_on != NULL) {
            thread->sleeps_on = NULL;
            thread->is_late = true;
        }
        swapcontext(&search.scheduler, &thread->context);
    }
}

// The next list of choices; false: there is none.
static bool advance(void)
{
    uint32_t depth = search.depth;
    while (depth > 0 && search.choices[depth - 1] + 1 == search.options[depth - 1]) {
        depth--;
    }
    if (depth > 0) {
        search.choices[depth - 1]++;
    }
    search.fixed = depth;
    return depth > 0;
}

// Every order of `count` threads that all do `body`; stops at the first that is not as it should.
static void explore(uint32_t count, void (*body)(uint32_t thread), uint32_t target)
{
    memset(&search, 0, sizeof(search));
    memset(seen_states, 0, sizeof(seen_states));
    search.thread_count = count;
    do {
        memset(&shared, 0, sizeof(shared));
        shared.body = body;
        shared.target = target;
        run_once();
        search.runs++;
    } while (!search.is_stuck && !search.is_wrong && advance());
}

static void expect_sound(void)
{
    assert_false(search.is_stuck);
    assert_false(search.is_wrong);
    assert_true(search.runs > 10);
}

static void enter_and_leave(void)
{
    claim(note(shared.inside++) == 0);
    step();
    shared.inside--;
}

static void lock_once(uint32_t thread)
{
    (void)thread;
    tsr_mutex_lock(&shared.mutex);
    enter_and_leave();
    tsr_mutex_unlock(&shared.mutex);
}

static void lock_twice(uint32_t thread)
{
    lock_once(thread);
    lock_once(thread);
}

static void always_one_thread_is_inside_a_mutex_and_nobody_sleeps_for_ever(void **state)
{
    (void)state;
    explore(2, lock_twice, 0);
    expect_sound();
    explore(3, lock_once, 0);
    expect_sound();
}

// Forgets that others may sleep once it has waited itself.
static void lock_forgetful(uint32_t thread)
{
    (void)thread;
    while (exchange_if(&shared.mutex.word, MUTEX_FREE, MUTEX_LOCKED) != MUTEX_FREE) {
        exchange_if(&shared.mutex.word, MUTEX_LOCKED, MUTEX_CONTENDED);
        tsr_park(0, &shared.mutex.word, MUTEX_CONTENDED, TIMEOUT_NONE);
    }
    enter_and_leave();
    tsr_mutex_unlock(&shared.mutex);
}

static void a_mutex_that_forgets_its_sleepers_is_found(void **state)
{
    (void)state;
    explore(3, lock_forgetful, 0);
    assert_true(search.is_stuck);
}

// Thread 0 waits until the others have counted up to the target.
static void await_count(uint32_t thread)
{
    tsr_mutex_lock(&shared.mutex);
    if (thread == 0) {
        while (note(shared.count) < shared.target) {
            claim(tsr_condition_wait(&shared.condition, &shared.mutex, TIMEOUT_NONE));
        }
    } else {
        shared.count++;
    }
    tsr_mutex_unlock(&shared.mutex);
    if (thread != 0) {
        tsr_condition_signal(&shared.condition);
    }
}

static void always_who_waits_for_a_condition_learns_of_it(void **state)
{
    (void)state;
    explore(2, await_count, 1);
    expect_sound();
}

// The last thread opens; all others wait for that.
static void await_open(uint32_t thread)
{
    if (thread + 1 < search.thread_count) {
        tsr_mutex_lock(&shared.mutex);
        while (note(shared.count) == 0) {
            tsr_condition_wait(&shared.condition, &shared.mutex, TIMEOUT_NONE);
        }
        tsr_mutex_unlock(&shared.mutex);
    } else {
        shared.count = 1; // without the mutex: that is what goes wrong
        tsr_condition_broadcast(&shared.condition);
    }
}

static void a_change_outside_of_the_mutex_may_be_missed_and_is_found(void **state)
{
    (void)state;
    explore(2, await_open, 0);
    assert_true(search.is_stuck);
}

// Nobody signals: the time limit is what ends it, and the mutex is held again.
static void await_time(uint32_t thread)
{
    (void)thread;
    tsr_mutex_lock(&shared.mutex);
    bool is_woken = tsr_condition_wait(&shared.condition, &shared.mutex, 1);
    claim(!is_woken);
    enter_and_leave();
    tsr_mutex_unlock(&shared.mutex);
}

static void always_a_wait_with_a_limit_ends_with_the_mutex_held(void **state)
{
    (void)state;
    explore(2, await_time, 0);
    expect_sound();
}

static void count_up(void *context)
{
    uint32_t *count = context;
    step();
    ++*count;
}

static void run_once_each(uint32_t thread)
{
    (void)thread;
    tsr_once_run(&shared.once, count_up, &shared.count);
    claim(note(shared.count) == 1);
}

static void always_it_runs_once_and_is_over_for_everybody_who_asked(void **state)
{
    (void)state;
    explore(2, run_once_each, 0);
    expect_sound();
    explore(3, run_once_each, 0);
    expect_sound();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_one_thread_is_inside_a_mutex_and_nobody_sleeps_for_ever),
        cmocka_unit_test(a_mutex_that_forgets_its_sleepers_is_found),
        cmocka_unit_test(always_who_waits_for_a_condition_learns_of_it),
        cmocka_unit_test(a_change_outside_of_the_mutex_may_be_missed_and_is_found),
        cmocka_unit_test(always_a_wait_with_a_limit_ends_with_the_mutex_held),
        cmocka_unit_test(always_it_runs_once_and_is_over_for_everybody_who_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// Mutex, condition variable and once with threads of the host, which take turns as they please. The
// words are slept on by a lock and a condition of the host. Also built with the thread sanitizer
// (mk/threads.mk), which reports what the atomic operations don't order.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "abi/ids.h"
#include "runtime/park.h"

enum { THREADS = 4, ROUNDS = 3000, ROOM = 3 };

static pthread_mutex_t host_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t host_condition = PTHREAD_COND_INITIALIZER;
static uint64_t wakes; // how often anybody was woken: sleepers look whether it was they

bool tsr_park(uint64_t space, const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    (void)space;
    (void)timeout_ns;
    pthread_mutex_lock(&host_mutex);
    uint64_t before = wakes;
    while (__atomic_load_n(word, __ATOMIC_RELAXED) == expected && wakes == before) {
        pthread_cond_wait(&host_condition, &host_mutex);
    }
    pthread_mutex_unlock(&host_mutex);
    return true;
}

void tsr_unpark(uint64_t space, const uint32_t *word, uint32_t count)
{
    (void)space;
    (void)word;
    (void)count;
    pthread_mutex_lock(&host_mutex);
    wakes++;
    pthread_cond_broadcast(&host_condition);
    pthread_mutex_unlock(&host_mutex);
}

static struct {
    struct tsr_mutex mutex;
    struct tsr_condition full, empty;
    struct tsr_once once;
    uint64_t count; // not atomic: the mutex alone makes it right
    uint32_t stored, taken;
} shared;

static void run_threads(void *(*body)(void *))
{
    pthread_t threads[THREADS];
    memset(&shared, 0, sizeof(shared));
    for (uintptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, body, (void *)i), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

static void *count_up(void *argument)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        bool tries = (uintptr_t)argument % 2 == 0; // some only lock
        if (!tries || !tsr_mutex_try_lock(&shared.mutex)) {
            tsr_mutex_lock(&shared.mutex);
        }
        shared.count++;
        tsr_mutex_unlock(&shared.mutex);
    }
    return NULL;
}

static void what_a_mutex_guards_is_changed_by_one_thread_at_a_time(void **state)
{
    (void)state;
    run_threads(count_up);
    assert_int_equal(shared.count, THREADS * ROUNDS);
}

// The even ones fill a store of three places, the odd ones empty it.
static void *trade(void *argument)
{
    bool is_maker = (uintptr_t)argument % 2 == 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        tsr_mutex_lock(&shared.mutex);
        while (shared.stored == (is_maker ? ROOM : 0)) {
            tsr_condition_wait(is_maker ? &shared.full : &shared.empty, &shared.mutex,
                               TIMEOUT_NONE);
        }
        shared.stored += is_maker ? 1 : UINT32_MAX;
        shared.taken += is_maker ? 0 : 1;
        tsr_mutex_unlock(&shared.mutex);
        tsr_condition_signal(is_maker ? &shared.empty : &shared.full);
    }
    return NULL;
}

static void makers_and_takers_meet_at_conditions(void **state)
{
    (void)state;
    run_threads(trade);
    assert_int_equal(shared.stored, 0);
    assert_int_equal(shared.taken, THREADS / 2 * ROUNDS);
}

static void set_count(void *context)
{
    (void)context;
    shared.count += 77;
}

static void *ask_once(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        tsr_once_run(&shared.once, set_count, NULL);
        if (shared.count != 77) {
            return NULL;
        }
    }
    __atomic_fetch_add(&shared.taken, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void what_ran_once_is_seen_by_all(void **state)
{
    (void)state;
    run_threads(ask_once);
    assert_int_equal(shared.taken, THREADS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_mutex_guards_is_changed_by_one_thread_at_a_time),
        cmocka_unit_test(makers_and_takers_meet_at_conditions),
        cmocka_unit_test(what_ran_once_is_seen_by_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// See park.h. Only atomic operations here; sleeping is parking.c, so that these algorithms run on
// any machine that has a way to sleep on a word.

#include "runtime/park.h"

#include "abi/ids.h"

enum mutex_word { MUTEX_FREE, MUTEX_LOCKED, MUTEX_CONTENDED };
enum once_word { ONCE_NEW, ONCE_RUNS, ONCE_AWAITED, ONCE_DONE };

// Changes the word from `from` to `to`; what it was.
static inline uint32_t exchange_if(uint32_t *word, uint32_t from, uint32_t to)
{
    __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE);
    return from;
}

bool tsr_mutex_try_lock(struct tsr_mutex *mutex)
{
    return exchange_if(&mutex->word, MUTEX_FREE, MUTEX_LOCKED) == MUTEX_FREE;
}

// Whoever comes here can't know whether others sleep, so from now on the word says so.
__attribute__((noinline)) static void lock_contended(struct tsr_mutex *mutex)
{
    while (__atomic_exchange_n(&mutex->word, MUTEX_CONTENDED, __ATOMIC_ACQUIRE) != MUTEX_FREE) {
        tsr_park(mutex->space, &mutex->word, MUTEX_CONTENDED, TIMEOUT_NONE);
    }
}

void tsr_mutex_lock(struct tsr_mutex *mutex)
{
    if (!tsr_mutex_try_lock(mutex)) {
        lock_contended(mutex);
    }
}

void tsr_mutex_unlock(struct tsr_mutex *mutex)
{
    if (__atomic_exchange_n(&mutex->word, MUTEX_FREE, __ATOMIC_RELEASE) == MUTEX_CONTENDED) {
        tsr_unpark(mutex->space, &mutex->word, 1);
    }
}

// The word is read while the mutex is held: a signal after that changes it, and nobody sleeps on a
// word that has changed. sleepers goes first, so that who signals sees it or has changed the word
// before it is read.
bool tsr_condition_wait(struct tsr_condition *condition, struct tsr_mutex *mutex,
                        uint64_t timeout_ns)
{
    __atomic_fetch_add(&condition->sleepers, 1, __ATOMIC_SEQ_CST);
    uint32_t seen = __atomic_load_n(&condition->word, __ATOMIC_SEQ_CST);
    tsr_mutex_unlock(mutex);
    bool is_woken = tsr_park(condition->space, &condition->word, seen, timeout_ns);
    __atomic_fetch_sub(&condition->sleepers, 1, __ATOMIC_SEQ_CST);
    tsr_mutex_lock(mutex);
    return is_woken;
}

static void condition_wake(struct tsr_condition *condition, uint32_t count)
{
    __atomic_fetch_add(&condition->word, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&condition->sleepers, __ATOMIC_SEQ_CST) != 0) {
        tsr_unpark(condition->space, &condition->word, count);
    }
}

void tsr_condition_signal(struct tsr_condition *condition)
{
    condition_wake(condition, 1);
}

void tsr_condition_broadcast(struct tsr_condition *condition)
{
    condition_wake(condition, UINT32_MAX);
}

__attribute__((noinline)) static void once_await(struct tsr_once *once)
{
    uint32_t word;
    while ((word = __atomic_load_n(&once->word, __ATOMIC_ACQUIRE)) != ONCE_DONE) {
        if (word == ONCE_AWAITED ||
            exchange_if(&once->word, ONCE_RUNS, ONCE_AWAITED) == ONCE_RUNS) {
            tsr_park(once->space, &once->word, ONCE_AWAITED, TIMEOUT_NONE);
        }
    }
}

void tsr_once_run(struct tsr_once *once, void (*run)(void *context), void *context)
{
    if (__atomic_load_n(&once->word, __ATOMIC_ACQUIRE) == ONCE_DONE) {
        return;
    }
    if (exchange_if(&once->word, ONCE_NEW, ONCE_RUNS) != ONCE_NEW) {
        once_await(once);
        return;
    }
    run(context);
    if (__atomic_exchange_n(&once->word, ONCE_DONE, __ATOMIC_ACQ_REL) == ONCE_AWAITED) {
        tsr_unpark(once->space, &once->word, UINT32_MAX);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// What threads share, with threads of the host, which take turns as they please: mutex, condition
// variable and once, a heap, a stream. Words and bells are slept on by a lock and a condition of
// the host. Also built with the thread sanitizer (mk/threads.mk), which reports what the atomic
// operations don't order.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "abi/ids.h"
#include "runtime/heap.h"
#include "runtime/park.h"
#include "runtime/stream.h"

enum { THREADS = 4, ROUNDS = 3000, ROOM = 3, BLOCKS = 16, RECORDS = 20000 };

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

// --- A heap -------------------------------------------------------------------------------------

static struct tsr_heap heap;

// Takes and gives back blocks of many sizes, each filled with the thread's number.
static void *use_heap(void *argument)
{
    uint8_t mark = (uint8_t)((uintptr_t)argument + 1);
    uint8_t *blocks[BLOCKS] = {NULL};
    uint64_t sizes[BLOCKS] = {0};
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t at = i * 7 % BLOCKS;
        for (uint64_t b = 0; b < sizes[at]; b++) {
            if (blocks[at][b] != mark) {
                return NULL;
            }
        }
        if (tsr_heap_give(&heap, blocks[at]) != HEAP_SOUND) {
            return NULL;
        }
        sizes[at] = i * 31 % 600 + (i % 100 == 0 ? 20000 : 0);
        blocks[at] = tsr_heap_take(&heap, sizes[at]);
        if (blocks[at] == NULL) {
            return NULL;
        }
        memset(blocks[at], mark, sizes[at]);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        tsr_heap_give(&heap, blocks[i]);
    }
    __atomic_fetch_add(&shared.taken, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void threads_share_a_heap(void **state)
{
    (void)state;
    enum { ARENA_SIZE = 1 << 22 };
    uint8_t *arena = malloc(ARENA_SIZE);
    void *damaged;
    assert_non_null(arena);
    tsr_heap_open_arena(&heap, arena, ARENA_SIZE, TSR_HEAP_CHECKED);
    tsr_heap_share(&heap, 1);
    run_threads(use_heap);
    assert_int_equal(shared.taken, THREADS);
    assert_int_equal(tsr_heap_usage(&heap).blocks, 0);
    assert_int_equal(tsr_heap_check(&heap, &damaged), HEAP_SOUND);
    free(arena);
}

// --- A stream -----------------------------------------------------------------------------------

static struct {
    uint8_t *memory;
    uint64_t bits; // of the bell; guarded by host_mutex
    uint64_t slept;
} between;

static bool ring_bell(struct tsr_stream *stream, uint64_t bits)
{
    (void)stream;
    pthread_mutex_lock(&host_mutex);
    between.bits |= bits;
    pthread_cond_broadcast(&host_condition);
    pthread_mutex_unlock(&host_mutex);
    return true;
}

static enum tsr_stream_result sleep_for_bell(struct tsr_stream *stream, uint64_t bits,
                                             uint64_t timeout_ns)
{
    (void)stream;
    (void)timeout_ns;
    pthread_mutex_lock(&host_mutex);
    while ((between.bits & bits) == 0) {
        pthread_cond_wait(&host_condition, &host_mutex);
    }
    between.bits &= ~bits;
    between.slept++;
    pthread_mutex_unlock(&host_mutex);
    return STREAM_OK;
}

static const struct tsr_stream_machine machine = {.wake = ring_bell, .sleep = sleep_for_bell};

static bool side_begin(struct tsr_stream *stream, bool is_writer)
{
    const struct tsr_stream_options options = {.is_writer = is_writer};
    return tsr_stream_begin(stream, &machine, between.memory, 2 * PAGE_SIZE, &options) == STREAM_OK;
}

static void *write_stream(void *argument)
{
    struct tsr_stream stream;
    bool is_written = side_begin(&stream, true);
    (void)argument;
    for (uint32_t i = 0; is_written && i < RECORDS; i++) {
        uint8_t *bytes = between.memory;
        uint32_t size = i % 90;
        is_written = tsr_stream_reserve(&stream, size, TIMEOUT_NONE, &bytes) == STREAM_OK;
        memset(bytes, (uint8_t)i, is_written ? size : 0);
        is_written = is_written && tsr_stream_commit(&stream, size) == STREAM_OK;
    }
    tsr_stream_end(&stream);
    return NULL;
}

static void *read_stream(void *argument)
{
    struct tsr_stream stream;
    bool is_read = side_begin(&stream, false);
    (void)argument;
    for (uint32_t i = 0; is_read; i++) {
        const uint8_t *bytes;
        uint32_t size;
        is_read =
            tsr_stream_peek(&stream, TIMEOUT_NONE, &bytes, &size) == STREAM_OK && size == i % 90;
        for (uint32_t b = 0; is_read && b < size; b++) {
            is_read = bytes[b] == (uint8_t)i;
        }
        is_read = is_read && tsr_stream_release(&stream) == STREAM_OK;
    }
    shared.count = stream.records;
    return NULL;
}

static void *take_a_side(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    return number == 0 ? write_stream(NULL) : number == 1 ? read_stream(NULL) : NULL;
}

static void a_writer_and_a_reader_run_at_the_same_time(void **state)
{
    (void)state;
    struct tsr_stream_header header = tsr_stream_header_of(PAGE_SIZE, 0);
    between.memory = calloc(1, 2 * PAGE_SIZE);
    assert_non_null(between.memory);
    memcpy(between.memory, &header, sizeof header);
    run_threads(take_a_side);
    assert_int_equal(shared.count, RECORDS);
    free(between.memory);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_mutex_guards_is_changed_by_one_thread_at_a_time),
        cmocka_unit_test(makers_and_takers_meet_at_conditions),
        cmocka_unit_test(what_ran_once_is_seen_by_all),
        cmocka_unit_test(threads_share_a_heap),
        cmocka_unit_test(a_writer_and_a_reader_run_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

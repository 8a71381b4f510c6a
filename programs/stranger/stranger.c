// SPDX-License-Identifier: Apache-2.0
//
// What a stranger tries: its argument says which attempt. Each begins with random numbers of its
// own, from the time. Granted: bystander (to be asked), timer, job (its own, with limits); for some
// attempts also capabilities and space.

#include <string.h>

#include "abi/commit.h"
#include "programs/stranger/raw.h"
#include "runtime/worker.h"

#include "schema/boot.capnp.h"

enum { CALLS = 12, ROUNDS = 300, FLOOD_MAX = 2000, MEMORY_PAGES = 8 };

// --- Memory that changes ------------------------------------------------------------------------

static struct {
    struct tsr_space space;
    struct tsr_worker worker;
    uint64_t buffer; // address of two pages, which come and go
    bool is_over;
} race;

static struct memory_object race_memory;

// Writes into what the other thread submits, and takes its memory away and puts it back.
static int32_t race_run(void *context)
{
    struct ring_header *other = (struct ring_header *)stranger.start->ring;
    uint8_t *entries = (uint8_t *)other + other->sq_offset;
    struct capnp_exception exception;
    (void)context;
    while (!__atomic_load_n(&race.is_over, __ATOMIC_ACQUIRE)) {
        volatile uint64_t *words = (volatile uint64_t *)race.buffer;
        for (uint32_t i = 0; i < 64; i++) {
            words[random_below(2 * PAGE_SIZE / 8)] = random_word();
        }
        // Sizes and offsets of what is in the queue, but not where its results go.
        entries[random_below(SQ_ENTRIES_DEFAULT) * sizeof(struct sqe) + 40] ^= 1;
        if (random_below(4) == 0) {
            if (!address_space_unmap(stranger.space, race.buffer, &exception) ||
                !address_space_map(stranger.space, race.buffer, 2, RIGHT_READ | RIGHT_WRITE,
                                   race_memory, 0, &exception)) {
                return GOT_STUCK;
            }
        }
        timer_sleep_until(stranger.timer, 0, &exception); // the other one's turn
    }
    return GOT_NOTHING;
}

// Calls whose messages lie in that memory, several at once.
static int32_t race_calls(void)
{
    struct ring_user *ring = &tsr_self()->ring;
    struct cqe cqe;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < CALLS; i++) {
            *ring_user_next(ring) =
                (struct sqe){.opcode = OP_CALL,
                             .transfers = (uint8_t)(i % 3 == 0 ? 1 : 0),
                             .cap = i % 4 == 3 ? stranger.capabilities.id : stranger.bystander.id,
                             .user_data = i,
                             .payload = race.buffer + PAGE_SIZE - 8 * i,
                             .result = (uint64_t)stranger.scratch,
                             .payload_len = 16 + 8 * (i % 5),
                             .result_len = 256,
                             .arg = 1000000};
            ring_user_publish(ring);
        }
        for (uint32_t left = CALLS; left > 0;) {
            if (tsr_enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE) <= 0) {
                return GOT_STUCK;
            }
            while (ring_user_reap(ring, &cqe)) {
                left--;
            }
        }
    }
    return GOT_NOTHING;
}

static int32_t attempt_race(void)
{
    struct capnp_exception exception;
    int32_t code;
    if (!tsr_space_open(&race.space, stranger.start, &exception) ||
        !tsr_workers_open(&race.space, &exception) ||
        !job_make_memory(stranger.job, 2, &race_memory, &exception) ||
        !tsr_space_map(&race.space, race_memory, 0, 2, RIGHT_READ | RIGHT_WRITE, &race.buffer,
                       &exception) ||
        !tsr_worker_start(&race.worker, race_run, NULL, &exception)) {
        return NOT_GRANTED;
    }
    int32_t called = race_calls();
    __atomic_store_n(&race.is_over, true, __ATOMIC_RELEASE);
    if (!tsr_worker_join(&race.worker, &code, &exception)) {
        return GOT_STUCK;
    }
    return called != GOT_NOTHING ? called : code;
}

// --- Floods -------------------------------------------------------------------------------------

static bool make_endpoint(struct capnp_exception *exception)
{
    struct endpoint endpoint;
    return job_make_endpoint(stranger.job, 64, 0, &endpoint, exception);
}

static bool make_notification(struct capnp_exception *exception)
{
    struct notification notification;
    return job_make_notification(stranger.job, &notification, exception);
}

static bool make_memory(struct capnp_exception *exception)
{
    struct memory_object memory;
    return job_make_memory(stranger.job, MEMORY_PAGES, &memory, exception);
}

static bool make_builder(struct capnp_exception *exception)
{
    struct process_builder builder;
    return job_make_process_builder(stranger.job, &builder, exception);
}

static bool make_facet(struct capnp_exception *exception)
{
    struct capnp_cap facet;
    struct revoker revoker;
    return capability_manager_facet(stranger.capabilities, (struct capnp_cap){stranger.timer.id}, 1,
                                    0, 0, 0, 0, &facet, &revoker, exception);
}

static bool make_child(struct capnp_exception *exception)
{
    static const uint32_t limits[RESOURCE_COUNT] = {0};
    struct job child;
    return job_child(stranger.job, (struct capnp_data){(const uint8_t *)limits, sizeof limits}, 0,
                     0, false, &child, exception);
}

static bool make_thread(struct capnp_exception *exception)
{
    struct thread thread;
    uint64_t ring;
    return job_make_thread(stranger.job, stranger.space, &thread, &ring, exception);
}

// Each is made until that is refused, and kept.
static bool (*const makers[])(struct capnp_exception *) = {
    make_child,  make_thread,       make_builder, make_endpoint,
    make_memory, make_notification, make_facet,
};

static bool is_a_limit(int32_t fact)
{
    return (fact >= STATUS_OUT_OF_PROCESSES && fact <= STATUS_OUT_OF_CALLS) ||
           fact == STATUS_OUT_OF_JOBS ||
           (fact >= STATUS_LIMIT_SESSIONS && fact <= STATUS_LIMIT_LOG);
}

// As many calls at once as the ring takes, to the bystander and the timer, and nobody waits for
// any of them.
static void flood_calls(void)
{
    struct ring_user *ring = &tsr_self()->ring;
    struct cqe cqe;
    for (uint32_t i = 0; i < FLOOD_MAX; i++) {
        *ring_user_next(ring) = (struct sqe){.opcode = OP_CALL,
                                             .flags = SQE_RING_PAYLOAD | SQE_RING_RESULT,
                                             .cap = stranger.bystander.id,
                                             .payload_len = 16,
                                             .result_len = 64,
                                             .arg = TIMEOUT_NONE};
        ring_user_publish(ring);
        if (ring_user_room(ring) == 0) {
            tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
        }
        while (ring_user_room(ring) == 0) {
            tsr_enter(SYSTEM_CALL_ENTER, 1, 1000000);
            while (ring_user_reap(ring, &cqe)) {
            }
        }
    }
}

static int32_t attempt_flood(void)
{
    for (uint32_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        struct capnp_exception exception;
        uint32_t made = 0;
        while (made < FLOOD_MAX && makers[i](&exception)) {
            made++;
        }
        if (made == FLOOD_MAX || !is_a_limit(exception.status)) {
            return GOT_MORE;
        }
    }
    flood_calls();
    return GOT_NOTHING; // and all of that is left behind
}

// --- Which of them ------------------------------------------------------------------------------

static const struct {
    char name[16];
    int32_t (*run)(void);
} attempts[] = {
    {"forged-ids", attempt_forged_ids},
    {"addresses", attempt_addresses},
    {"indexes", attempt_indexes},
    {"noise", attempt_noise},
    {"race", attempt_race},
    {"flood", attempt_flood},
};

static bool own_find(const char *name, uint64_t interface, uint64_t *cap)
{
    bool is_found = tsr_find(stranger.start, name, interface, cap);
    if (is_found) {
        stranger.owned[stranger.owned_count++] = *cap;
    }
    return is_found;
}

int tsr_main(struct start *start)
{
    struct capnp_message info;
    struct capnp_exception exception;
    stranger.start = start;
    own_find("capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &stranger.capabilities.id);
    own_find("space", ADDRESS_SPACE_INTERFACE_ID, &stranger.space.id);
    if (!own_find("bystander", BYSTANDER_INTERFACE_ID, &stranger.bystander.id) ||
        !own_find("timer", TIMER_INTERFACE_ID, &stranger.timer.id) ||
        !own_find("job", JOB_INTERFACE_ID, &stranger.job.id) ||
        !timer_now(stranger.timer, &stranger.random, &exception)) {
        return NOT_GRANTED;
    }
    tsr_start_info(start, &info);
    struct capnp_text name = start_info_get_arguments(start_info_read(&info));
    for (uint32_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        if (strlen(attempts[i].name) == name.size &&
            memcmp(attempts[i].name, name.data, name.size) == 0) {
            return attempts[i].run();
        }
    }
    return NOT_GRANTED;
}

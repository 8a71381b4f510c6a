// SPDX-License-Identifier: Apache-2.0
//
// What each operation needs, found by leaving it too little: of each kind of record, of the job's
// limits, of free frames, of slots for what waits and of promises of the ring it is given none,
// then one, and so on, until it succeeds. Each refusal names what was missing, and leaves
// everything as it was (unchanged.h); with exactly what the table says nothing runs out on the way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/jobs.h"
#include "kernel/core/test/memory.h"
#include "kernel/core/test/squeeze.h"
#include "kernel/core/test/unchanged.h"
#include "kernel/core/test/waiting.h"

enum {
    MESSAGE = 64,
    RECV_AT = ACT_FREE + 1024,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    CLIENT = 0x1234, // an interface
    LEVELS_MAX = 40,
    MAP_PAGES = 3,
    MEMORY_PAGES = 5,
};

struct operation {
    const char *name;
    void (*prepare)(void);
    enum status (*run)(void);
    uint32_t of[RESOURCE_COUNT]; // needed
    uint32_t frames;
};

static uint32_t init, child;
static cap_t job, space, note, server, client, memory, builder, parked;
static struct act_facet cut;
static struct act_prepared prepared;
static uint64_t next_page;

// --- The operations -----------------------------------------------------------------------------

static enum status made(uint16_t method)
{
    struct act_answer answer;

    act_object(init, job, method, NULL, &answer);
    return act_fact(&answer.cqe);
}

static enum status endpoint_run(void)
{
    cap_t cap;

    return act_endpoint_fact(init, MESSAGE, &cap);
}

static enum status notification_run(void)
{
    return made(JOB_MAKE_NOTIFICATION);
}

static enum status park_space_run(void)
{
    return made(JOB_MAKE_PARK_SPACE);
}

static enum status memory_run(void)
{
    cap_t cap;

    return act_memory_fact(init, MEMORY_PAGES, &cap);
}

static enum status builder_run(void)
{
    return act_builder_fact(init, &builder);
}

static enum status child_run(void)
{
    uint32_t limits[RESOURCE_COUNT] = {0};
    cap_t made_job;

    return act_job_fact(init, job, limits, sizeof(limits), 0, &made_job);
}

static void builder_prepare(void)
{
    builder = act_builder(init);
}

static enum status space_run(void)
{
    cap_t cap;
    uint64_t base;

    return act_space_fact(init, builder, &cap, &base);
}

static enum status thread_run(void)
{
    cap_t thread;
    uint64_t ring;

    return act_thread(init, job, space, &thread, &ring);
}

static enum status grant_run(void)
{
    return act_grant(init, builder, NULL, 0, note);
}

static void start_prepare(void)
{
    builder = act_builder(init);
    assert_int_equal(act_prepare(init, job, builder, &prepared), STATUS_OK);
}

static enum status start_run(void)
{
    cap_t process;

    return act_built(init, builder, &process);
}

static enum status map_run(void)
{
    uint64_t at = LAYOUT_OWN + next_page * PAGE_SIZE;
    enum status fact = act_map(init, space, at, MAP_PAGES, RIGHT_READ, memory, 0);

    next_page += fact == STATUS_OK ? 600 : 0; // another region: with tables of its own
    return fact;
}

static void protect_prepare(void)
{
    assert_int_equal(map_run(), STATUS_OK);
}

static enum status protect_run(void)
{
    return act_protect(init, space, LAYOUT_OWN + (next_page - 600) * PAGE_SIZE, 0);
}

static enum status facet_run(void)
{
    return act_facet(init, note, 1, 0, 0).fact;
}

static enum status revoke_run(void)
{
    return act_revoke(init, cut.revoker);
}

static enum status seal_run(void)
{
    return act_seal(init, memory);
}

// What waits is withdrawn again.
static enum status waited(struct sqe sqe)
{
    uint32_t index = act_sq_index(init);
    struct sqe cancel = act_cancel(index);

    sqe.user_data = 1;
    act_submit(init, sqe);
    if (act_has_completion(init)) {
        return act_reap_fact(init, 1);
    }
    cancel.flags = SQE_QUIET;
    act_submit(init, cancel);
    assert_int_equal(act_reap_fact(init, 1), STATUS_CANCELLED);
    return STATUS_OK;
}

static enum status wait_run(void)
{
    return waited(act_wait(note, 1, 1));
}

static enum status park_run(void)
{
    return waited(act_park(parked, LAYOUT_OWN + 2048, 0, 1));
}

static enum status next_exit_run(void)
{
    struct sqe sqe = act_call(job, JOB_NEXT_EXIT, 1);

    sqe.result_len = ACT_ANSWER_SIZE;
    return waited(sqe);
}

static enum status sleep_run(void)
{
    const uint64_t words[2] = {1ull << 32, UINT64_MAX - 1}; // one struct of one word
    struct sqe sqe = act_call(act_named(init, "timer"), TIMER_SLEEP_UNTIL, 1);

    sqe.payload_len = sizeof(words);
    machine_message_write(init, ACT_FREE, words, sizeof(words));
    return waited(sqe);
}

static cap_t joined;

static void join_prepare(void)
{
    uint64_t ring;

    joined = act_thread_made(&ring);
}

static enum status join_run(void)
{
    struct sqe sqe = act_call(joined, THREAD_JOIN, 1);

    sqe.result_len = ACT_ANSWER_SIZE;
    return waited(sqe);
}

static enum status recv_run(void)
{
    return waited(act_recv(server, RECV_AT, RECV_SIZE, 1));
}

static enum status call_run(void)
{
    return waited(act_call(client, 0, 1));
}

static cap_t child_server;

static bool is_receiving;

// The child waits for a call.
static void transfer_prepare(void)
{
    if (!is_receiving) {
        act_submit(child, act_recv(child_server, RECV_AT, RECV_SIZE, 5));
        is_receiving = true;
    }
    assert_true(machine_run_until(init));
}

// It was called; the call's id.
static uint64_t call_take(void)
{
    assert_true(machine_run_until(child));
    is_receiving = false;
    return act_reap(child).extra;
}

static void descriptor_write(uint32_t thread, cap_t cap)
{
    struct transfer transfer = {cap.value, TRANSFER_COPY, 0};

    machine_message_write(thread, ACT_FREE, &transfer, sizeof(transfer));
}

static enum status transfer_run(void)
{
    struct sqe sqe = act_call(client, 0, 1);

    sqe.transfers = 1;
    descriptor_write(init, note);
    act_submit(init, sqe);
    if (act_has_completion(init)) {
        return act_reap_fact(init, 1);
    }
    assert_int_equal(act_do_fact(child, act_return(call_take(), 6)), STATUS_OK);
    assert_true(machine_run_until(init));
    return act_reap_fact(init, 1);
}

// A capability comes back with the answer: what is missing the caller is told.
static enum status answer_run(void)
{
    struct sqe call = act_call(client, 0, 1);

    call.result_len = MESSAGE;
    act_submit(init, call);
    if (act_has_completion(init)) {
        return act_reap_fact(init, 1);
    }
    struct sqe answer = act_return(call_take(), 6);
    answer.transfers = 1;
    descriptor_write(child, child_server);
    enum status fact = act_do_fact(child, answer);
    struct cqe cqe = act_reap(init);
    assert_int_equal(fact == STATUS_OK, act_fact(&cqe) == STATUS_OK);
    return act_fact(&cqe);
}

enum { RING = 1 + RING_MESSAGE_PAGES_DEFAULT, TABLES = 2 * HAL_MAP_TABLES + 1 };

#define MADE  [RESOURCE_OBJECTS] = 1, [RESOURCE_FACETS] = 1, [RESOURCE_HOLDS] = 1
#define WAITS [RESOURCE_CALLS] = 1

static const struct operation operations[] = {
    {"Job.makeEndpoint", NULL, endpoint_run, {MADE}, 0},
    {"Job.makeNotification", NULL, notification_run, {MADE}, 0},
    {"Job.makeParkSpace", NULL, park_space_run, {MADE}, 0},
    {"Job.makeMemory", NULL, memory_run, {MADE, [RESOURCE_PAGES] = MEMORY_PAGES}, 6},
    {"Job.makeProcessBuilder", NULL, builder_run, {MADE, [RESOURCE_PROCESSES] = 1}, 2},
    {"Job.child", NULL, child_run, {MADE, [RESOURCE_JOBS] = 1}, 0},
    {"Job.makeThread",
     NULL,
     thread_run,
     {[RESOURCE_OBJECTS] = 2,
      [RESOURCE_FACETS] = 2,
      [RESOURCE_HOLDS] = 1,
      [RESOURCE_THREADS] = 1,
      [RESOURCE_MAPPINGS] = 1,
      [RESOURCE_PAGES] = RING,
      [RESOURCE_SPACE] = RING},
     RING + TABLES},
    {"ProcessBuilder.space", builder_prepare, space_run, {MADE}, 0},
    {"ProcessBuilder.grant", builder_prepare, grant_run, {[RESOURCE_HOLDS] = 1}, 0},
    {"ProcessBuilder.start", start_prepare, start_run, {MADE}, 0},
    {"AddressSpace.map",
     NULL,
     map_run,
     {[RESOURCE_MAPPINGS] = 1, [RESOURCE_SPACE] = MAP_PAGES},
     TABLES},
    {"AddressSpace.protect", protect_prepare, protect_run, {0}, TABLES},
    {"CapabilityManager.facet", NULL, facet_run, {[RESOURCE_FACETS] = 1, [RESOURCE_HOLDS] = 2}, 0},
    {"Revoker.revoke", NULL, revoke_run, {0}, 0},
    {"MemoryObject.seal", NULL, seal_run, {0}, 0},
    {"WAIT", NULL, wait_run, {WAITS}, 0},
    {"PARK", NULL, park_run, {WAITS}, 0},
    {"Job.nextExit", NULL, next_exit_run, {WAITS}, 0},
    {"Timer.sleepUntil", NULL, sleep_run, {WAITS}, 0},
    {"Thread.join", join_prepare, join_run, {WAITS}, 0},
    {"RECV", NULL, recv_run, {WAITS}, 0},
    {"a CALL that waits in the queue", NULL, call_run, {WAITS}, 0},
    {"a CALL with a capability", transfer_prepare, transfer_run, {WAITS, [RESOURCE_HOLDS] = 1}, 0},
    {"a RETURN with a capability", transfer_prepare, answer_run, {WAITS, [RESOURCE_HOLDS] = 1}, 0},
};

// --- Squeezing ----------------------------------------------------------------------------------

// Less than `needed` is refused, each time with what is missing, and so much is enough.
static void squeezed(const struct operation *operation, enum squeeze_kind kind, uint32_t resource,
                     uint32_t needed)
{
    enum status fact = STATUS_LOG_FULL;
    uint32_t level;

    for (level = 0; level < LEVELS_MAX; level++) {
        if (operation->prepare != NULL) {
            operation->prepare();
        }
        squeeze(init, kind, resource, level);
        fact = operation->run();
        squeeze_release(init, kind, resource, level);
        if (fact == STATUS_OK || fact != squeeze_missing(kind, resource)) {
            break;
        }
    }
    if (fact != STATUS_OK || level != needed) {
        fail_msg("%s, squeeze %d of resource %u: fact %d, needs %u, not %u", operation->name,
                 (int)kind, resource, (int)fact, level, needed);
    }
    machine_timer(machine.now_ns);
    core_check(act_core());
}

static int boot(void **state)
{
    (void)state;
    if (!act_threads_boot()) {
        return 1;
    }
    init = (uint32_t)machine.running;
    job = act_named(init, "job");
    space = act_named(init, "space");
    note = act_notification(init);
    parked = act_park_space(init);
    server = act_endpoint(init, MESSAGE);
    client = act_facet(init, server, 1, CLIENT, 0).facet;
    memory = act_memory(init, MAP_PAGES);
    cut = act_facet(init, note, 1, 0, 0);
    next_page = 600;
    is_receiving = false;
    child = act_process(init, "server", server);
    child_server = act_named(child, "server");
    return machine_run_until(init) ? 0 : 1;
}

static void each_operation_needs_what_it_says_and_takes_no_more(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        const struct operation *operation = &operations[i];
        bool waits = operation->of[RESOURCE_CALLS] != 0;
        assert_int_equal(boot(NULL), 0);
        for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
            squeezed(operation, SQUEEZE_LIMIT, resource, operation->of[resource]);
            if (resource < ARENA_COUNT) {
                squeezed(operation, SQUEEZE_RECORDS, resource, operation->of[resource]);
            }
        }
        squeezed(operation, SQUEEZE_FRAMES, 0, operation->frames);
        squeezed(operation, SQUEEZE_SLOTS, 0, waits ? 1 : 0);
        squeezed(operation, SQUEEZE_RING, 0, waits ? 1 : 0);
    }
    assert_int_not_equal(unchanged_seen[STATUS_OUT_OF_MEMORY], 0);
    assert_int_not_equal(unchanged_seen[STATUS_LIMIT_CALLS], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_operation_needs_what_it_says_and_takes_no_more, boot,
                                        act_fini),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

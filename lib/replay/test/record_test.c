// SPDX-License-Identifier: Apache-2.0
//
// Which records may follow: for each kind, what of it is refused, and for which reason. Each case
// begins from the same state and changes one thing of a record that would be taken.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/ids.h"
#include "kernel/core/state/assert.h"
#include "lib/replay/test/sample_log.h"
#include "lib/replay/wellformed.h"

#define ENDPOINT 0x9f4b3c0000000103
#define PING     (0x9f4b3c0000000000 + SAMPLE_PING)

static struct sample_log sample;

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

static int begin(void **test)
{
    (void)test;
    sample_init(&sample);
    sample_history(&sample, 3);
    return 0;
}

static int end(void **test)
{
    (void)test;
    sample_fini(&sample);
    return 0;
}

// What sample_history leaves behind.
static const struct commit_id CONSOLE = {0, 1}, SERVER = {1, 1}, MEMORY = {2, 1};
static const struct commit_id FIRST = {0, 1}; // root job, session, process, hold, mapping
static const struct commit_id GONE = {1, 1};  // process

// What a body does not say is zero.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static struct commit record(uint16_t kind, const void *body, size_t size)
{
    struct commit commit = {.kind = kind, .actor = NONE};

    memcpy(commit.bytes, body, size);
    return commit;
}

#define RECORD(kind, name, ...)                                                                    \
    record(COMMIT_##kind, &(struct commit_##name){__VA_ARGS__}, sizeof(struct commit_##name))

static void assert_fault(const struct commit *commit, enum record_fault fault)
{
    assert_int_equal(record_check(&sample.state, commit), fault);
}

static void follow(const struct commit *commit)
{
    assert_fault(commit, RECORD_OK);
    reduce(&sample.state, commit);
}

static struct commit_id next(uint32_t arena)
{
    return sample_next(&sample, arena);
}

// The first word of a body is that of an id: of the one that comes next, or of one that is there.
static void an_id_is_the_next_one_or_that_of_something_live(void **test)
{
    struct commit create = RECORD(JOB_CREATE, job_create, next(ARENA_JOBS), FIRST);
    struct commit kill = RECORD(JOB_KILL, job, FIRST);

    (void)test;
    assert_fault(&create, RECORD_OK);
    create.job_create.job.generation++;
    assert_fault(&create, RECORD_NEW_ID);
    create.job_create.job.generation = 0;
    assert_fault(&create, RECORD_NEW_ID);
    assert_fault(&kill, RECORD_OK);
    kill.job.job.generation++;
    assert_fault(&kill, RECORD_ABSENT);
    kill.job.job.index = 100;
    assert_fault(&kill, RECORD_ABSENT);
}

static void kinds_and_their_order_are_fixed(void **test)
{
    struct commit unknown = {.kind = COMMIT_KIND_COUNT};
    struct commit none = {.kind = 0};
    struct commit genesis = {.kind = COMMIT_GENESIS};
    struct commit config = {.kind = COMMIT_GENESIS_CONFIG};
    struct commit head = {.kind = COMMIT_GENESIS_HEAD};

    (void)test;
    memcpy(config.bytes, &sample.state.config, sizeof(sample.state.config));
    assert_fault(&unknown, RECORD_KIND);
    assert_fault(&none, RECORD_KIND);
    assert_fault(&genesis, RECORD_ORDER);
    assert_fault(&config, RECORD_ORDER);
    assert_fault(&head, RECORD_ORDER);
}

// Of every kind: nothing behind what it uses, no flag that it doesn't know.
static void what_a_kind_does_not_use_is_zero(void **test)
{
    struct commit mark = RECORD(CHECKPOINT_MARK, checkpoint_mark, 3);

    (void)test;
    assert_fault(&mark, RECORD_OK);
    for (size_t i = sizeof(uint64_t); i < sizeof(mark.bytes); i++) {
        mark.bytes[i] = 1;
        assert_fault(&mark, RECORD_RESERVED);
        mark.bytes[i] = 0;
    }
    mark.flags = 1;
    assert_fault(&mark, RECORD_RESERVED);
    mark.flags = 0;
    mark.checkpoint_mark.seq = sample.state.seq + 1;
    assert_fault(&mark, RECORD_VALUE);
    struct commit job = RECORD(JOB_CREATE, job_create, next(ARENA_JOBS), FIRST);
    job.flags = JOB_DRAINER;
    assert_fault(&job, RECORD_OK);
    job.flags = 2;
    assert_fault(&job, RECORD_RESERVED);
}

static void a_session_shows_a_sealed_object_and_ends_once(void **test)
{
    struct commit create =
        RECORD(SESSION_CREATE, session_create, next(ARENA_SESSIONS), 0, MEMORY.index, FIRST, 9);
    struct commit finish = RECORD(SESSION_END, session, create.session_create.session);
    struct commit destroy = RECORD(SESSION_DESTROY, session, FIRST);

    (void)test;
    create.session_create.object = CONSOLE.index;
    assert_fault(&create, RECORD_STATE);
    create.session_create.object = 15;
    assert_fault(&create, RECORD_ABSENT);
    create.session_create.object = MEMORY.index;
    create.session_create.parent.generation++;
    assert_fault(&create, RECORD_ABSENT);
    create.session_create.parent = FIRST;
    create.session_create.job = 1;
    assert_fault(&create, RECORD_ABSENT);
    create.session_create.job = 0;
    create.flags = 1 << 14;
    assert_fault(&create, RECORD_RESERVED);
    create.flags = DISCLOSE_ALL;
    follow(&create);
    follow(&finish);
    assert_fault(&finish, RECORD_STATE);
    assert_fault(&destroy, RECORD_STATE); // it has a process and a child
}

static void sessions_and_jobs_nest_so_deep_and_no_deeper(void **test)
{
    struct commit_id parent = FIRST;

    (void)test;
    for (uint32_t depth = 2; depth <= SESSION_DEPTH_MAX + 1; depth++) {
        struct commit session =
            RECORD(SESSION_CREATE, session_create, next(ARENA_SESSIONS), 0, NONE, parent, 9);
        assert_fault(&session, depth > SESSION_DEPTH_MAX ? RECORD_DEPTH : RECORD_OK);
        if (depth <= SESSION_DEPTH_MAX)
            follow(&session);
        parent = session.session_create.session;
    }
    parent = FIRST;
    for (uint32_t depth = 2; depth <= JOB_DEPTH_MAX + 1; depth++) {
        struct commit job = RECORD(JOB_CREATE, job_create, next(ARENA_JOBS), parent);
        assert_fault(&job, depth > JOB_DEPTH_MAX ? RECORD_DEPTH : RECORD_OK);
        if (depth > JOB_DEPTH_MAX)
            break;
        follow(&job);
        struct commit move = RECORD(LIMIT_MOVE, limit_move, parent.index, job.job_create.job.index,
                                    RESOURCE_JOBS, sample.state.config.jobs - depth);
        follow(&move);
        parent = job.job_create.job;
    }
}

static void a_limit_moves_between_a_job_and_its_child_and_is_never_exceeded(void **test)
{
    struct commit job = RECORD(JOB_CREATE, job_create, next(ARENA_JOBS), FIRST);
    struct commit grandchild, destroy = RECORD(JOB_DESTROY, job, job.job_create.job);

    (void)test;
    follow(&job);
    uint32_t child = job.job_create.job.index;
    struct commit move = RECORD(LIMIT_MOVE, limit_move, 0, child, RESOURCE_HOLDS, 1);
    uint32_t left =
        sample.state.jobs[0].limit[RESOURCE_HOLDS] - sample.state.jobs[0].used[RESOURCE_HOLDS];
    move.limit_move.amount = left + 1;
    assert_fault(&move, RECORD_LIMIT);
    move.limit_move.amount = left;
    assert_fault(&move, RECORD_OK);
    move.limit_move.resource = RESOURCE_COUNT;
    assert_fault(&move, RECORD_VALUE);
    move.limit_move = (struct commit_limit_move){NONE, 0, RESOURCE_HOLDS, 1, {0}};
    assert_fault(&move, RECORD_STATE); // genesis is over
    move.limit_move = (struct commit_limit_move){0, 0, RESOURCE_HOLDS, 1, {0}};
    assert_fault(&move, RECORD_STATE);
    move.limit_move = (struct commit_limit_move){9, 0, RESOURCE_HOLDS, 1, {0}};
    assert_fault(&move, RECORD_ABSENT);
    move.limit_move = (struct commit_limit_move){0, child, RESOURCE_JOBS, 2, {0}};
    follow(&move);
    grandchild = RECORD(JOB_CREATE, job_create, next(ARENA_JOBS), job.job_create.job);
    follow(&grandchild);
    move.limit_move.to = grandchild.job_create.job.index;
    move.limit_move.amount = 1;
    assert_fault(&move, RECORD_STATE); // not its child
    assert_fault(&destroy, RECORD_STATE);
    destroy.job.job = FIRST;
    assert_fault(&destroy, RECORD_STATE);
    destroy.job.job = grandchild.job_create.job;
    follow(&destroy);
    destroy.job.job = job.job_create.job;
    follow(&destroy);
}

// A job of its own without any limit pays for nothing.
static void what_a_job_cannot_pay_is_refused(void **test)
{
    struct commit job = RECORD(JOB_CREATE, job_create, next(ARENA_JOBS), FIRST);

    (void)test;
    follow(&job);
    uint32_t poor = job.job_create.job.index;
    struct commit commits[] = {
        RECORD(JOB_CREATE, job_create, next(ARENA_JOBS), job.job_create.job),
        RECORD(SESSION_CREATE, session_create, next(ARENA_SESSIONS), poor, NONE, {0, 0}, 9),
        RECORD(PROCESS_CREATE, process_create, next(ARENA_PROCESSES), poor, 0),
        RECORD(OBJECT_CREATE, object_create, next(ARENA_OBJECTS), poor, OBJECT_TIMER,
               next(ARENA_FACETS), 1, 0),
        RECORD(FACET_CREATE, facet_create, next(ARENA_FACETS), poor, 1, PING, 1, 0),
    };
    for (size_t i = 0; i < sizeof(commits) / sizeof(commits[0]); i++)
        assert_fault(&commits[i], RECORD_LIMIT);
    // A process in it, and what belongs to that.
    struct commit move = RECORD(LIMIT_MOVE, limit_move, 0, poor, RESOURCE_PROCESSES, 1);
    follow(&move);
    follow(&commits[2]);
    uint32_t process = commits[2].process_create.process.index;
    struct commit thread = RECORD(THREAD_CREATE, thread_create, next(ARENA_THREADS), process);
    struct commit insert =
        RECORD(HOLD_INSERT, hold_insert, next(ARENA_HOLDS), process, 0, {0, 0}, 0);
    struct commit moved = RECORD(HOLD_MOVE, hold_move, FIRST, next(ARENA_HOLDS), process, HOW_CALL);
    struct commit map =
        RECORD(MEMORY_MAP, memory_map, next(ARENA_MAPPINGS), process, 2, 0, 1, 0, RIGHT_READ);
    assert_fault(&thread, RECORD_LIMIT);
    assert_fault(&insert, RECORD_LIMIT);
    assert_fault(&moved, RECORD_LIMIT);
    assert_fault(&map, RECORD_LIMIT);
    move.limit_move.resource = RESOURCE_MAPPINGS;
    follow(&move);
    assert_fault(&map, RECORD_LIMIT); // its space
    move.limit_move.resource = RESOURCE_SPACE;
    follow(&move);
    assert_fault(&map, RECORD_OK);
    move.limit_move.resource = RESOURCE_HOLDS;
    follow(&move);
    follow(&moved);
    moved =
        RECORD(HOLD_MOVE, hold_move, moved.hold_move.made, next(ARENA_HOLDS), process, HOW_CALL);
    assert_fault(&moved, RECORD_OK); // within the job nothing is charged
}

static void a_process_starts_once_exits_once_and_leaves_nothing(void **test)
{
    struct commit create = RECORD(PROCESS_CREATE, process_create, next(ARENA_PROCESSES), 0, 0);
    struct commit start = RECORD(PROCESS_START, process_start, create.process_create.process);
    struct commit leave = RECORD(PROCESS_EXIT, process_exit, FIRST, 1, EXIT_CALLED);
    struct commit reap = RECORD(PROCESS_REAP, process_reap, FIRST);

    (void)test;
    create.process_create.session = 1;
    assert_fault(&create, RECORD_ABSENT);
    create.process_create.session = 0;
    create.process_create.job = 1;
    assert_fault(&create, RECORD_ABSENT);
    create.process_create.job = 0;
    follow(&create);
    follow(&start);
    assert_fault(&start, RECORD_STATE);
    assert_fault(&reap, RECORD_STATE); // it lives
    follow(&leave);
    assert_fault(&leave, RECORD_STATE);
    assert_fault(&reap, RECORD_STATE); // it has holds, a thread, a mapping
    struct commit thread = RECORD(THREAD_CREATE, thread_create, next(ARENA_THREADS), FIRST.index);
    assert_fault(&thread, RECORD_STATE); // it is dead
    thread.thread_create.process = GONE.index + 5;
    assert_fault(&thread, RECORD_ABSENT);
    leave.process_exit.process = create.process_create.process;
    reap.process_reap.process = create.process_create.process;
    follow(&leave);
    follow(&reap); // this one never had anything
    assert_fault(&reap, RECORD_ABSENT);
}

static void an_object_has_a_kind_and_goes_when_nothing_needs_it(void **test)
{
    struct commit create = RECORD(OBJECT_CREATE, object_create, next(ARENA_OBJECTS), 0,
                                  OBJECT_TIMER, next(ARENA_FACETS), 1, 0);
    struct commit destroy = RECORD(OBJECT_DESTROY, object_destroy, MEMORY);

    (void)test;
    assert_fault(&destroy, RECORD_STATE); // it is mapped
    create.object_create.kind = OBJECT_NONE;
    assert_fault(&create, RECORD_VALUE);
    create.object_create.kind = OBJECT_KIND_COUNT;
    assert_fault(&create, RECORD_VALUE);
    create.object_create.kind = OBJECT_TIMER;
    create.object_create.root_facet.generation++;
    assert_fault(&create, RECORD_NEW_ID);
    create.object_create.root_facet.generation--;
    create.flags = OBJECT_PINNED;
    follow(&create);
    destroy.object_destroy.object = create.object_create.object;
    assert_fault(&destroy, RECORD_OK);
}

static void a_facet_is_within_its_parent(void **test)
{
    struct commit create =
        RECORD(FACET_CREATE, facet_create, next(ARENA_FACETS), 0, SERVER.index, PING, 3, 7);
    struct commit revoke = RECORD(FACET_REVOKE, facet, next(ARENA_FACETS));
    struct commit destroy = RECORD(FACET_DESTROY, facet, FIRST);

    (void)test;
    create.flags = 1;
    follow(&create); // minted by the server
    follow(&revoke);
    assert_fault(&revoke, RECORD_STATE);
    uint32_t minted = create.facet_create.facet.index;
    create = RECORD(FACET_CREATE, facet_create, next(ARENA_FACETS), 0, minted, PING, 1, 7);
    assert_fault(&create, RECORD_OK);
    create.facet_create.methods = 4;
    assert_fault(&create, RECORD_WIDER);
    create.facet_create.methods = 1;
    create.facet_create.interface = PING + 1;
    assert_fault(&create, RECORD_WIDER);
    create.facet_create.interface = PING;
    create.flags = 2;
    assert_fault(&create, RECORD_WIDER);
    create.flags = 1 << 14;
    assert_fault(&create, RECORD_RESERVED);
    create.flags = 0;
    create.facet_create.parent = 31;
    assert_fault(&create, RECORD_ABSENT);
    assert_fault(&destroy, RECORD_STATE); // a root facet goes with its object
    for (uint32_t depth = 2; depth <= FACET_DEPTH_MAX; depth++) {
        create = RECORD(FACET_CREATE, facet_create, next(ARENA_FACETS), 0, minted, PING, 1, 7);
        assert_fault(&create, depth == FACET_DEPTH_MAX ? RECORD_DEPTH : RECORD_OK);
        if (depth < FACET_DEPTH_MAX)
            follow(&create);
        minted = create.facet_create.facet.index;
    }
}

static void a_hold_is_of_a_living_process_and_a_facet(void **test)
{
    struct commit insert = RECORD(HOLD_INSERT, hold_insert, next(ARENA_HOLDS), 0, 0, {0, 0}, 0);
    struct commit move =
        RECORD(HOLD_MOVE, hold_move, FIRST, next(ARENA_HOLDS), GONE.index, HOW_RETURN);

    (void)test;
    assert_fault(&insert, RECORD_OK);
    insert.hold_insert.facet = 31;
    assert_fault(&insert, RECORD_ABSENT);
    insert.hold_insert.facet = 0;
    insert.hold_insert.revoker = 2;
    assert_fault(&insert, RECORD_VALUE);
    insert.hold_insert.revoker = 0;
    insert.hold_insert.process = 4;
    assert_fault(&insert, RECORD_ABSENT);
    assert_fault(&move, RECORD_ABSENT);
    move.hold_move.process = 0;
    assert_fault(&move, RECORD_OK);
    move.hold_move.how = HOW_MINT + 1;
    assert_fault(&move, RECORD_VALUE);
    move.hold_move.how = HOW_RETURN;
    move.hold_move.made.generation++;
    assert_fault(&move, RECORD_NEW_ID);
}

static void memory_stays_within_its_object_and_its_seal(void **test)
{
    struct commit create = RECORD(OBJECT_CREATE, object_create, next(ARENA_OBJECTS), 0,
                                  OBJECT_MEMORY, next(ARENA_FACETS), 1, 4);
    struct commit_id object = create.object_create.object;
    struct commit seal = RECORD(MEMORY_SEAL, memory, object);
    struct commit map = RECORD(MEMORY_MAP, memory_map, next(ARENA_MAPPINGS), 0,
                               create.object_create.root_facet.index, 8, 4, 1, RIGHT_READ);

    (void)test;
    follow(&create);
    assert_fault(&map, RECORD_VALUE); // behind the object's end
    map.memory_map.count = 0;
    assert_fault(&map, RECORD_VALUE);
    map.memory_map.count = 3;
    map.memory_map.page = UINT64_MAX - 1;
    assert_fault(&map, RECORD_VALUE);
    map.memory_map.page = 8;
    map.memory_map.rights = RIGHT_WRITE | RIGHT_EXECUTE;
    assert_fault(&map, RECORD_VALUE);
    map.memory_map.rights = 8;
    assert_fault(&map, RECORD_VALUE);
    map.memory_map.rights = RIGHT_READ;
    map.memory_map.facet = 0;
    assert_fault(&map, RECORD_STATE); // no memory
    map.memory_map.facet = 31;
    assert_fault(&map, RECORD_ABSENT);
    map.memory_map.facet = create.object_create.root_facet.index;
    follow(&map);
    follow(&seal);
    assert_fault(&seal, RECORD_STATE);
    struct commit writes = RECORD(MEMORY_MAP, memory_map, next(ARENA_MAPPINGS), 0,
                                  create.object_create.root_facet.index, 8, 1, 1, RIGHT_WRITE);
    assert_fault(&writes, RECORD_STATE);
    seal.memory.object = CONSOLE;
    assert_fault(&seal, RECORD_STATE);
}

// Until the root job has it, nobody has anything.
static void genesis_gives_the_root_job_what_the_machine_has(void **test)
{
    struct sample_log fresh;
    struct commit job = {.kind = COMMIT_JOB_CREATE};
    struct commit move = RECORD(LIMIT_MOVE, limit_move, NONE, 0, RESOURCE_HOLDS, 63);

    (void)test;
    sample_init(&fresh);
    assert_int_equal(record_check(&fresh.state, &move), RECORD_ABSENT);
    job.job_create.job = sample_next(&fresh, ARENA_JOBS);
    job.job_create.parent.index = 1;
    assert_int_equal(record_check(&fresh.state, &job), RECORD_VALUE);
    job.job_create.parent.index = 0;
    assert_int_equal(record_check(&fresh.state, &job), RECORD_OK);
    sample_commit(&fresh, &job);
    assert_int_equal(record_check(&fresh.state, &move), RECORD_VALUE);
    move.limit_move.amount = fresh.state.config.holds;
    sample_commit(&fresh, &move);
    assert_int_equal(record_check(&fresh.state, &move), RECORD_STATE); // once
    move.limit_move.resource = RESOURCE_LOG;                           // stated nowhere else
    assert_int_equal(record_check(&fresh.state, &move), RECORD_OK);
    sample_fini(&fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_id_is_the_next_one_or_that_of_something_live, begin,
                                        end),
        cmocka_unit_test_setup_teardown(kinds_and_their_order_are_fixed, begin, end),
        cmocka_unit_test_setup_teardown(what_a_kind_does_not_use_is_zero, begin, end),
        cmocka_unit_test_setup_teardown(a_session_shows_a_sealed_object_and_ends_once, begin, end),
        cmocka_unit_test_setup_teardown(sessions_and_jobs_nest_so_deep_and_no_deeper, begin, end),
        cmocka_unit_test_setup_teardown(
            a_limit_moves_between_a_job_and_its_child_and_is_never_exceeded, begin, end),
        cmocka_unit_test_setup_teardown(what_a_job_cannot_pay_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_process_starts_once_exits_once_and_leaves_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_object_has_a_kind_and_goes_when_nothing_needs_it, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_facet_is_within_its_parent, begin, end),
        cmocka_unit_test_setup_teardown(a_hold_is_of_a_living_process_and_a_facet, begin, end),
        cmocka_unit_test_setup_teardown(memory_stays_within_its_object_and_its_seal, begin, end),
        cmocka_unit_test_setup_teardown(genesis_gives_the_root_job_what_the_machine_has, begin,
                                        end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

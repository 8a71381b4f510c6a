// SPDX-License-Identifier: Apache-2.0
//
// Room before each change: the facts that core_has_room finds, one for each resource of the machine
// and one for each limit of the job that pays.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/core.h"

static struct core core;
static struct job_record jobs[4];
static const struct state_config config = {4, 4, 4, 4, 4, 4, 4, 4, 32, 64};

static void apply(enum commit_kind kind, const void *body, size_t size)
{
    struct commit commit = {.kind = (uint16_t)kind};
    memcpy(commit.bytes, body, size);
    core_apply(&core, &commit);
}

// A root job that has four of each resource and gave its child one of each.
static int begin(void **storage)
{
    *storage = calloc(1, state_size(&config));
    memset(&core, 0, sizeof core);
    memset(jobs, 0, sizeof jobs);
    core.jobs = jobs;
    state_init(&core.state, &config, *storage);
    apply(COMMIT_GENESIS, &(struct commit_genesis){0}, sizeof(struct commit_genesis));
    apply(COMMIT_GENESIS_CONFIG, &config, sizeof config);
    apply(COMMIT_JOB_CREATE, &(struct commit_job_create){.job = {0, 1}},
          sizeof(struct commit_job_create));
    apply(COMMIT_JOB_CREATE, &(struct commit_job_create){.job = {1, 1}, .parent = {0, 1}},
          sizeof(struct commit_job_create));
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        struct commit_limit_move move = {NONE, 0, resource, 4, {0}};
        apply(COMMIT_LIMIT_MOVE, &move, sizeof move);
        move = (struct commit_limit_move){0, 1, resource, 1, {0}};
        apply(COMMIT_LIMIT_MOVE, &move, sizeof move);
    }
    return 0;
}

static int end(void **storage)
{
    free(*storage);
    return 0;
}

static enum status fact_of(uint32_t job, uint32_t resource, uint32_t count)
{
    struct needs needs = {.frames = 0};
    needs.of[resource] = count;
    return core_has_room(&core, job, &needs);
}

static void each_limit_of_a_job_has_its_own_fact(void **storage)
{
    (void)storage;
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        assert_int_equal(fact_of(1, resource, 1), STATUS_OK);
        assert_int_equal(fact_of(1, resource, 2), STATUS_LIMIT_SESSIONS + resource);
    }
    assert_int_equal(fact_of(1, RESOURCE_PAGES, 2), STATUS_LIMIT_PAGES);
    jobs[1].calls = 1; // which wait
    assert_int_equal(fact_of(1, RESOURCE_CALLS, 1), STATUS_LIMIT_CALLS);
    // The root job paid for both jobs, and gave one away.
    assert_int_equal(fact_of(0, RESOURCE_JOBS, 1), STATUS_OK);
    assert_int_equal(fact_of(0, RESOURCE_JOBS, 2), STATUS_LIMIT_JOBS);
}

static void each_resource_of_the_machine_has_its_own_fact(void **storage)
{
    static const enum status out[] = {STATUS_OUT_OF_SESSIONS,  STATUS_OUT_OF_JOBS,
                                      STATUS_OUT_OF_PROCESSES, STATUS_OUT_OF_THREADS,
                                      STATUS_OUT_OF_OBJECTS,   STATUS_OUT_OF_FACETS,
                                      STATUS_OUT_OF_HOLDS,     STATUS_OUT_OF_MAPPINGS};
    (void)storage;
    for (uint32_t resource = 0; resource < ARENA_COUNT; resource++) {
        assert_int_equal(fact_of(0, resource, 5), out[resource]);
    }
    core.frames.free_count = 3;
    assert_int_equal(core_has_room(&core, 0, &(struct needs){.frames = 3}), STATUS_OK);
    assert_int_equal(core_has_room(&core, 0, &(struct needs){.frames = 4}), STATUS_OUT_OF_MEMORY);
}

// All that is asked for together has to be there together.
static void one_missing_resource_is_enough(void **storage)
{
    struct needs needs = {.frames = 1};
    (void)storage;
    core.frames.free_count = 1;
    for (uint32_t resource = 0; resource < RESOURCE_CALLS; resource++) {
        needs.of[resource] = 1;
    }
    assert_int_equal(core_has_room(&core, 1, &needs), STATUS_OK);
    needs.of[RESOURCE_SPACE] = 2;
    assert_int_equal(core_has_room(&core, 1, &needs), STATUS_LIMIT_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_limit_of_a_job_has_its_own_fact, begin, end),
        cmocka_unit_test_setup_teardown(each_resource_of_the_machine_has_its_own_fact, begin, end),
        cmocka_unit_test_setup_teardown(one_missing_resource_is_enough, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

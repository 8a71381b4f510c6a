// SPDX-License-Identifier: Apache-2.0
//
// What kernel.py counts: programs on the machine without instructions (tests/support/machine.h), so
// that nothing but the kernel's own turns is in kernel_turn.
//
//     OPERATION COUNT PROCESSES   does it COUNT times, in a machine that already has what so many
//                                 processes would have: HOLDS_EACH holds, OBJECTS_EACH objects
//     seal                        nanoseconds that the seal of one page takes, at best
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/core/test/waiting.h"

enum {
    MESSAGE = 64,
    RECV_AT = ACT_FREE,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    CLIENT = 0x1234,   // an interface
    HOLDS_EACH = 4,    // of one process, all of its own objects
    OBJECTS_EACH = 2,  // ... and as many facets
    SPARE = 4000,      // records for the machine itself, and for what is measured
    FRAMES = 128 << 8, // 128 MiB
    SEALS = 200,
    BILLION = 1000000000,
};

static uint32_t client_thread, server_thread;
static cap_t client, server, note, timer;

static void must(bool claim, const char *what)
{
    if (!claim) {
        machine_fail(what, 0);
    }
}

// What so many processes have, held by the first one, and recorded nowhere: it only has to be
// there.
static void crowd(uint32_t processes)
{
    struct core *core = &machine.kernel->core;
    const struct hold_origin origin = {0, HOW_MINT};

    for (uint32_t i = 0; i < processes * OBJECTS_EACH; i++) {
        uint32_t object = object_create(core, OBJECT_NOTIFICATION, 0, 0, 0);
        for (uint32_t hold = 0; hold < HOLDS_EACH / OBJECTS_EACH; hold++) {
            hold_insert(core, 0, core->state.objects[object].root_facet,
                        object_classes[OBJECT_NOTIFICATION].manner, origin);
        }
        core->commit_count = 0;
    }
}

static void world_make(uint32_t processes)
{
    static const char *const programs[] = {"init", "child", NULL};
    struct machine_options options = {.programs = programs, .frames = FRAMES};

    options.sizes[RESOURCE_OBJECTS] = options.sizes[RESOURCE_FACETS] =
        processes * OBJECTS_EACH + SPARE;
    options.sizes[RESOURCE_HOLDS] = processes * HOLDS_EACH + SPARE;
    options.sizes[RESOURCE_LOG] = 2048;
    must(machine_boot(&options), "the machine doesn't boot");
    client_thread = (uint32_t)machine.running;
    server = act_endpoint(client_thread, MESSAGE);
    client = act_facet(client_thread, server, 1, CLIENT, 0).facet;
    note = act_notification(client_thread);
    timer = act_named(client_thread, "timer");
    crowd(processes);
    server_thread = act_process(client_thread, "server", server);
    must(machine_run_until(client_thread), "the client doesn't run");
}

static void one(uint32_t thread, struct sqe sqe)
{
    struct cqe cqe;

    must(machine_submit(thread, &sqe), "the SQ is full");
    machine_enter(thread, 1, TIMEOUT_NONE);
    must(machine_reap(thread, &cqe) && act_fact(&cqe) == STATUS_OK, "an operation fails");
}

static void null_calls(uint32_t count)
{
    struct sqe sqe = act_call(timer, TIMER_NOW, 1);

    sqe.result_len = 64;
    for (uint32_t i = 0; i < count; i++) {
        one(client_thread, sqe);
    }
}

static void signals(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        one(client_thread, act_signal(note, 1));
    }
}

// Two entries each: the client's, and the server's with its answer and the next RECV.
static void round_trips(uint32_t count)
{
    cap_t cap = act_named(server_thread, "server");
    struct sqe call = act_call(client, 0, 1);
    struct sqe recv = act_recv(cap, RECV_AT, RECV_SIZE, 2);
    struct cqe cqe;

    call.payload_len = call.result_len = 32;
    must(machine_run_until(server_thread), "the server doesn't run");
    must(machine_submit(server_thread, &recv), "the SQ is full");
    machine_enter(server_thread, 1, TIMEOUT_NONE);
    for (uint32_t i = 0; i < count; i++) {
        must(machine_submit(client_thread, &call), "the SQ is full");
        machine_enter(client_thread, 1, TIMEOUT_NONE);
        must(machine.running == (int32_t)server_thread, "the server doesn't run at once");
        must(machine_reap(server_thread, &cqe), "no call came");
        struct sqe answer = act_return(cqe.extra, 3);
        answer.flags |= SQE_QUIET;
        answer.payload_len = 32;
        must(machine_submit(server_thread, &answer), "the SQ is full");
        must(machine_submit(server_thread, &recv), "the SQ is full");
        machine_enter(server_thread, 1, TIMEOUT_NONE);
        must(machine.running == (int32_t)client_thread, "the caller doesn't run at once");
        must(machine_reap(client_thread, &cqe) && cqe.status == 32, "no answer came");
    }
}

// A facet with its revoker, and both given back.
static void facets(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct act_facet made = act_facet(client_thread, note, 1, 0, 0);
        one(client_thread, act_release(made.facet));
        one(client_thread, act_release(made.revoker));
    }
}

// The revocation alone: what is made for it is made either way.
static void revocations(uint32_t count)
{
    for (uint32_t i = 0; i < 2 * SEALS; i++) {
        struct act_facet made = act_facet(client_thread, note, 1, 0, 0);
        if (i < count) {
            must(act_revoke(client_thread, made.revoker) == STATUS_OK, "no revocation");
        } else {
            act_is_live(client_thread, made.revoker);
        }
    }
}

static void spawns(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t child = act_process(client_thread, NULL, (cap_t){0});
        act_next_exit(client_thread, 1);
        act_kill(child, 0);
        must(machine_run_until(client_thread), "the parent doesn't run");
        act_reap(client_thread);
    }
}

static int seal_run(void)
{
    struct log_page *pages = calloc(SEALS + 1, sizeof(*pages));
    const struct commit commit = {.kind = 1};
    struct timespec from;
    struct timespec to;
    struct log log;
    uint64_t best = UINT64_MAX;

    must(pages != NULL, "the host has no memory left");
    log_init(&log, pages, SEALS + 1, 1);
    while (log.page < SEALS) {
        log_append(&log, &commit, 0);
    }
    for (uint32_t i = 0; i < SEALS; i++) {
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (uint32_t step = 0; step < LOG_SEAL_STEPS; step++) {
            log_seal_step(&log);
        }
        clock_gettime(CLOCK_MONOTONIC, &to);
        uint64_t took = (uint64_t)(to.tv_sec - from.tv_sec) * BILLION + (uint64_t)to.tv_nsec -
                        (uint64_t)from.tv_nsec;
        best = took < best ? took : best;
    }
    must(log.sealing == SEALS, "a page is not sealed");
    printf("%llu\n", (unsigned long long)best);
    free(pages);
    return 0;
}

static const struct {
    const char *name;
    void (*run)(uint32_t count);
} operations[] = {
    {"null", null_calls}, {"signal", signals},     {"trip", round_trips},
    {"facet", facets},    {"revoke", revocations}, {"spawn", spawns},
};

int main(int count, char **words)
{
    if (count == 2 && strcmp(words[1], "seal") == 0) {
        return seal_run();
    }
    for (uint32_t i = 0; count == 4 && i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(words[1], operations[i].name) == 0) {
            world_make((uint32_t)atoi(words[3]));
            machine_witness = NULL; // nobody looks on
            operations[i].run((uint32_t)atoi(words[2]));
            machine_fini();
            return 0;
        }
    }
    fputs("kernel_cost seal | OPERATION COUNT PROCESSES\n", stderr);
    return 2;
}

// SPDX-License-Identifier: Apache-2.0
//
// What the service manager costs: for tests/bench/manager_test.py.
//
//     manager_cost boot         milliseconds of a simulated boot of 200 services, best of 20
//     manager_cost validate     milliseconds to validate 512 services with 4,096 relations
//     manager_cost EVENT N      sends an event N times to a running system, to be counted
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "system/init/world/world.h"

enum { BOOT_SERVICES = 200, ROUNDS = 20, RELATIONS_A_SERVICE = 8 };

static struct world world;
static struct manager manager;
static struct definition pool[SERVICES_MAX * DEFINITIONS_PER_SERVICE];
static uint32_t service_count, relation_count;

_Noreturn void manager_assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s does not hold\n", file, line, claim);
    abort();
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void stage(void *context, struct catalogue *catalogue)
{
    (void)context;
    catalogue_stage_begin(catalogue);
    for (uint32_t i = 0; i < service_count; i++) {
        char name[24];
        struct place place = {.problems = &catalogue->problems};
        snprintf(name, sizeof(name), "service-%u", i);
        struct definition *definition = catalogue_stage(catalogue, name, false, 1);
        if (definition == NULL) {
            return;
        }
        place.service = catalogue_find(catalogue, name);
        definition_put_text(definition, FIELD_IMAGE_PATH, "image", &place);
        definition_put_item(definition, FIELD_TRIGGERS, true, "boot", &place);
        // As many relations as there are services before it, spread over them.
        uint32_t most = i < relation_count ? i : relation_count;
        for (uint32_t j = 0; j < most; j++) {
            snprintf(name, sizeof(name), "service-%u", i - 1 - j * (i / most));
            definition_put_item(definition, FIELD_REQUIRES, j == 0, name, &place);
        }
    }
}

static void boot(uint32_t count, uint32_t relations)
{
    struct manager_config config = {.seed = 1};

    service_count = count;
    relation_count = relations;
    manager_init(&manager, &config, pool, SERVICES_MAX * DEFINITIONS_PER_SERVICE);
    world_init(&world, &manager, 1);
    world.stage = stage;
    world_boot(&world, 0);
    world_run(&world, 60 * NS_PER_S);
    uint32_t active = 0;
    for (uint32_t i = 0; i < SERVICES_MAX; i++) {
        active += manager.services[i].is_present && manager.services[i].state == STATE_ACTIVE;
    }
    if (!manager.is_booted || active != count + 2) {
        fprintf(stderr, "the boot was not complete\n");
        exit(1);
    }
}

static void measure_boot(void)
{
    double best = 1e9;

    for (int i = 0; i < ROUNDS; i++) {
        double start = now_ms();
        boot(BOOT_SERVICES, 3);
        double took = now_ms() - start;
        best = took < best ? took : best;
    }
    printf("%.3f\n", best);
}

// 510 of these and the two that are built in; 8 relations each, and the rest once more.
static void measure_validation(void)
{
    double best = 1e9;

    service_count = SERVICES_MAX - 2;
    relation_count = RELATIONS_A_SERVICE + 1;
    catalogue_init(&manager.catalogue, pool, SERVICES_MAX * DEFINITIONS_PER_SERVICE);
    stage(NULL, &manager.catalogue);
    for (int i = 0; i < ROUNDS; i++) {
        double start = now_ms();
        catalogue_stage_end(&manager.catalogue, NULL);
        double took = now_ms() - start;
        best = took < best ? took : best;
    }
    if (catalogue_staged(&manager.catalogue)->graph.edge_count != EDGES_MAX) {
        fprintf(stderr, "%u relations\n", catalogue_staged(&manager.catalogue)->graph.edge_count);
        exit(1);
    }
    printf("%.3f\n", best);
}

static struct event event_of(const char *name)
{
    static const struct access_token token = {.integrity = INTEGRITY_SYSTEM};
    static struct request request = {
        .command = COMMAND_STATUS, .service = "service-7", .token = &token};
    uint16_t slot = catalogue_find(&manager.catalogue, "service-7");
    struct event event = {.kind = EVENT_NOTIFY,
                          .service = slot,
                          .activation = manager.services[slot].activation,
                          .text = "working"};

    if (strcmp(name, "status") == 0) {
        event.part = NOTIFY_STATUS;
    } else if (strcmp(name, "watchdog") == 0) {
        event.part = NOTIFY_WATCHDOG_USEC;
        event.value = 30000000;
    } else if (strcmp(name, "reloading") == 0) { // refused while it reloads: written down
        event.part = NOTIFY_RELOADING;
    } else if (strcmp(name, "command") == 0) {
        event = (struct event){.kind = EVENT_COMMAND, .request = &request};
    } else if (strcmp(name, "stale") == 0) {
        event.activation = 1;
    } else if (strcmp(name, "exit") == 0) {
        event = (struct event){.kind = EVENT_EXIT, .job = 0xdeadbeef};
    } else {
        event = (struct event){.kind = EVENT_CONTINUE};
    }
    return event;
}

static void send(const char *name, uint32_t count)
{
    static struct actions actions;

    boot(BOOT_SERVICES, 3);
    struct event event = event_of(name);
    for (uint32_t i = 0; i < count; i++) {
        manager_step(&manager, &event, world.now_ns, &actions);
    }
}

int main(int count, char **words)
{
    if (count == 3) {
        send(words[1], (uint32_t)atoi(words[2]));
    } else if (count == 2 && strcmp(words[1], "boot") == 0) {
        measure_boot();
    } else if (count == 2 && strcmp(words[1], "validate") == 0) {
        measure_validation();
    } else {
        fprintf(stderr, "manager_cost boot | validate | EVENT N\n");
        return 2;
    }
    return 0;
}

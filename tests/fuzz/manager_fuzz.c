// SPDX-License-Identifier: Apache-2.0
//
// Any events at a booted manager: notifications, submissions, output, ends of hooks and checks, by
// the numbers that the bytes give. Nothing may crash, no assertion of the manager may fail, and a
// service is always in a state with or without a process as the table says.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/init/manager/test/scene.h"

enum { EVENT_BYTES = 8, EVENTS_A_SCENE = 4000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t events;

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static void services_check(void)
{
    for (uint16_t slot = 0; slot < scene.manager.catalogue.slot_count; slot++) {
        const struct service *service = &scene.manager.services[slot];
        if (service->is_present) {
            must(service->main_job == NO_JOB || state_has_process(service->state),
                 "only what has a process has a main job");
            must(service->operation == NO_OPERATION || service->operation != service->queued,
                 "one operation is in one place");
        }
    }
}

// A job that lives: the main one, a hook or a check; or any number at all.
static uint32_t job_of(const struct service *service, uint8_t choice)
{
    const uint16_t jobs[] = {service->main_job, service->hook_job, service->health_job};
    uint16_t index = jobs[choice % 3];

    return choice < 200 && service->is_present && index < JOBS_MAX
               ? scene.manager.jobs[index].serial
               : choice * 0x1010101u;
}

static void event_send(const uint8_t *bytes, char *text, size_t text_size)
{
    uint16_t slot = bytes[1] % 8;
    const struct service *service = &scene.manager.services[slot];
    struct request request = {.command = (enum command)(bytes[3] % COMMAND_KINDS),
                              .token = (bytes[4] & 1) != 0 ? &scene.token : NULL,
                              .wait = (enum wait_choice)(bytes[4] % 3),
                              .timeout_s = bytes[5]};
    struct submission submission = {.token = (bytes[4] & 1) != 0 ? &scene.token : NULL,
                                    .image = (bytes[4] & 2) != 0 ? text : NULL,
                                    .arguments = text,
                                    .grants = text,
                                    .timeout_s = bytes[5]};
    struct event event = {.kind = (enum event_kind)(bytes[0] % EVENT_KINDS),
                          .service = slot,
                          .job = job_of(service, bytes[2]),
                          .activation = service->activation - (bytes[6] > 200),
                          .part = bytes[3] % 12,
                          .status = (int8_t)bytes[4],
                          .is_fault = (bytes[5] & 1) != 0,
                          .value = (uint64_t)bytes[5] << bytes[6] % 57,
                          .text = text,
                          .size = text_size,
                          .request = &request,
                          .submission = &submission};

    snprintf(request.service, sizeof(request.service), "%s", scene.manager.catalogue.names[slot]);
    scene.reply_count = scene.message_count = 0;
    world_event(&scene.world, &event);
    scene_run(bytes[7]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (events == 0 || scene.world.is_halted || events > EVENTS_A_SCENE) {
        scene_clear();
        scene_boot(
            "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'CapStoreMax': 2,"
            "'WatchdogTimeout': 5, 'NotifyAccess': 2, 'HealthCheck': 'c',"
            "'HealthCheckInterval': 1, 'ExecStartPost': ['p', 'q']},"
            "'b': {'ImagePath': 'x', 'BindsTo': 'a', 'Triggers': 'boot',"
            "'Conditions': 'path:/x', 'ExecStartPre': 'p', 'OnFailure': 'c'},"
            "'c': {'ImagePath': 'x', 'Type': 1, 'Triggers': ['boot', 'timer:*:*:0/5']},"
            "'d': {'ImagePath': 'x', 'Conflicts': 'c', 'Requires': 'b'}}");
        events = 1;
    }
    for (; size >= EVENT_BYTES && !scene.world.is_halted; events++) {
        char text[65];
        size_t text_size = data[0] % 65u;
        memset(text, data[1], text_size);
        text[text_size] = '\0';
        event_send(data, text, text_size);
        services_check();
        data += EVENT_BYTES;
        size -= EVENT_BYTES;
    }
    return 0;
}

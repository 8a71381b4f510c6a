// SPDX-License-Identifier: Apache-2.0
//
// A scene for tests.
#include "system/init/manager/test/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/init/format/definitions.h"

enum { NODES_MAX = 8192 };

struct scene scene;
static struct definition pool[SERVICES_MAX * DEFINITIONS_PER_SERVICE];
static struct json_node nodes[NODES_MAX];

static void stage(void *context, struct catalogue *catalogue)
{
    static char text[SCENE_TEXT_MAX + 64];
    int size = snprintf(text, sizeof(text), "{%s \"services\": %s}",
                        scene.system != NULL ? scene.system : "", scene.definitions);

    (void)context;
    for (int i = 0; i < size; i++) {
        text[i] = text[i] == '\'' ? '"' : text[i];
    }
    if (!definitions_read(catalogue, text, (size_t)size, nodes, NODES_MAX)) {
        fprintf(stderr, "the scene's definitions: %s\n", catalogue->problems.list[0].detail);
        abort();
    }
    for (uint32_t i = 0; i < scene.behaviour_count; i++) {
        uint16_t slot = catalogue_find(catalogue, scene.behaviours[i].name);
        if (slot != NO_SERVICE) {
            scene.world.behaviours[slot] = scene.behaviours[i].behaviour;
        }
    }
}

static void see(void *context, const struct action *action)
{
    (void)context;
    scene.actions[action->kind]++;
    scene.last[action->kind] = *action;
    if (action->kind == ACTION_LOG) {
        scene.records[action->record->kind]++;
        if (scene.message_count < SCENE_MESSAGES_MAX) {
            scene.messages[scene.message_count++] = *action->record;
        }
    }
    if (action->kind == ACTION_REPLY && scene.reply_count < SCENE_REPLIES_MAX) {
        scene.replies[scene.reply_count++] = action->reply;
    }
}

void scene_clear(void)
{
    memset(&scene, 0, sizeof(scene));
    scene.token.user = sid_system;
    scene.token.groups = &sid_everyone;
    scene.token.groups_count = 1;
    scene.token.integrity = INTEGRITY_SYSTEM;
    scene.world.boot_attempts = 1;
}

struct behaviour *scene_behave(const char *name)
{
    uint16_t slot =
        scene.definitions != NULL ? catalogue_find(&scene.manager.catalogue, name) : NO_SERVICE;
    if (slot != NO_SERVICE) {
        return &scene.world.behaviours[slot];
    }
    snprintf(scene.behaviours[scene.behaviour_count].name, NAME_SIZE, "%s", name);
    return &scene.behaviours[scene.behaviour_count++].behaviour;
}

void scene_prepare(const char *services)
{
    struct manager_config config = {.seed = 1, .boot_id = 7};
    struct world kept = {.silent_phase = scene.world.silent_phase,
                         .failing_phase = scene.world.failing_phase,
                         .boot_attempts = scene.world.boot_attempts,
                         .is_snapshot_failing = scene.world.is_snapshot_failing};

    manager_init(&scene.manager, &config, pool, SERVICES_MAX * DEFINITIONS_PER_SERVICE);
    world_init(&scene.world, &scene.manager, 1);
    scene.world.silent_phase = kept.silent_phase;
    scene.world.failing_phase = kept.failing_phase;
    scene.world.boot_attempts = kept.boot_attempts;
    scene.world.is_snapshot_failing = kept.is_snapshot_failing;
    scene.world.stage = stage;
    scene.world.see_action = see;
    scene.definitions = services;
    for (uint32_t i = 0; i < scene.behaviour_count; i++) {
        uint16_t slot = catalogue_find(&scene.manager.catalogue, scene.behaviours[i].name);
        if (slot != NO_SERVICE) {
            scene.world.behaviours[slot] = scene.behaviours[i].behaviour;
        }
    }
}

void scene_boot(const char *services)
{
    scene_prepare(services);
    world_boot(&scene.world, scene.flags);
    scene_run(1000);
}

void scene_run(uint64_t milliseconds)
{
    world_run(&scene.world, scene.world.now_ns + milliseconds * NS_PER_MS);
}

uint16_t scene_slot(const char *name)
{
    return catalogue_find(&scene.manager.catalogue, name);
}

struct service *scene_service(const char *name)
{
    return &scene.manager.services[scene_slot(name)];
}

enum service_state scene_state(const char *name)
{
    return scene_service(name)->state;
}

enum cause scene_cause(const char *name)
{
    return scene_service(name)->cause;
}

uint32_t scene_request(const struct request *request)
{
    uint32_t before = scene.reply_count;

    world_event(&scene.world, &(struct event){.kind = EVENT_COMMAND, .request = request});
    scene_run(50);
    return scene.reply_count > before ? before : SCENE_REPLIES_MAX;
}

uint32_t scene_command(enum command command, const char *name)
{
    struct request request = {.command = command, .token = &scene.token, .id = 1};

    snprintf(request.service, sizeof(request.service), "%s", name);
    return scene_request(&request);
}

void scene_notify(const char *name, enum notify_kind kind, uint64_t value, const char *text)
{
    world_event(&scene.world, &(struct event){.kind = EVENT_NOTIFY,
                                              .service = scene_slot(name),
                                              .activation = scene_service(name)->activation,
                                              .part = kind,
                                              .value = value,
                                              .text = text});
}

void scene_reconfigure(const char *services)
{
    scene.definitions = services;
    world_event(&scene.world, &(struct event){.kind = EVENT_REGISTRY});
    scene_run(50);
}

uint32_t scene_changes(const char *name, enum service_state from, enum service_state to)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < scene.message_count; i++) {
        const struct record *record = &scene.messages[i];
        count += record->kind == RECORD_TRANSITION && record->from == from && record->to == to &&
                 strcmp(record->service, name) == 0;
    }
    return count;
}

uint32_t scene_when(const char *name, enum service_state to)
{
    for (uint32_t i = 0; i < scene.message_count; i++) {
        const struct record *record = &scene.messages[i];
        if (record->kind == RECORD_TRANSITION && record->to == to &&
            strcmp(record->service, name) == 0) {
            return i;
        }
    }
    return UINT32_MAX;
}

bool scene_said(enum record_kind kind, const char *detail)
{
    for (uint32_t i = 0; i < scene.message_count; i++) {
        if (scene.messages[i].kind == kind && strstr(scene.messages[i].detail, detail) != NULL) {
            return true;
        }
    }
    return false;
}

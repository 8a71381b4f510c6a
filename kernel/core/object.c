// SPDX-License-Identifier: Apache-2.0
//
// Objects: what holds give authority over. A kind is one file with a table of methods; here stands
// the line that registers it.
#include "kernel/core/core.h"

const struct object_class object_classes[OBJECT_KIND_COUNT] = {
    [OBJECT_ENDPOINT] = {endpoint_methods, ENDPOINT_METHOD_COUNT, TRANSFER_COPY,
                         ENDPOINT_INTERFACE_ID, endpoint_created, NULL, false},
    [OBJECT_MEMORY] = {memory_object_methods, MEMORY_OBJECT_METHOD_COUNT, TRANSFER_COPY,
                       MEMORY_OBJECT_INTERFACE_ID, NULL, memory_destroyed, true},
    [OBJECT_PROCESS_BUILDER] = {process_builder_methods, PROCESS_BUILDER_METHOD_COUNT,
                                TRANSFER_NONE, PROCESS_BUILDER_INTERFACE_ID, builder_created,
                                builder_destroyed, false},
    [OBJECT_PROCESS] = {process_methods, PROCESS_METHOD_COUNT, TRANSFER_NONE, PROCESS_INTERFACE_ID,
                        process_created, NULL, false},
    [OBJECT_JOB] = {job_methods, JOB_METHOD_COUNT, TRANSFER_COPY, JOB_INTERFACE_ID, job_created,
                    NULL, false},
    [OBJECT_TIMER] = {timer_methods, TIMER_METHOD_COUNT, TRANSFER_COPY, TIMER_INTERFACE_ID, NULL,
                      NULL, true},
    [OBJECT_CONSOLE] = {debug_console_methods, DEBUG_CONSOLE_METHOD_COUNT, TRANSFER_COPY,
                        DEBUG_CONSOLE_INTERFACE_ID, NULL, NULL, true},
    [OBJECT_CAPABILITY_MANAGER] = {capability_manager_methods, CAPABILITY_MANAGER_METHOD_COUNT,
                                   TRANSFER_COPY, CAPABILITY_MANAGER_INTERFACE_ID, NULL, NULL,
                                   false},
    [OBJECT_NOTIFICATION] = {notification_methods, NOTIFICATION_METHOD_COUNT, TRANSFER_COPY,
                             NOTIFICATION_INTERFACE_ID, notification_created, NULL, true},
    [OBJECT_PARK_SPACE] = {NULL, 0, TRANSFER_NONE, PARK_SPACE_INTERFACE_ID, NULL, NULL, false},
    [OBJECT_LOG_READER] = {log_reader_methods, LOG_READER_METHOD_COUNT, TRANSFER_COPY,
                           LOG_READER_INTERFACE_ID, NULL, NULL, true},
};

const struct object_class revoker_class = {
    revoker_methods, REVOKER_METHOD_COUNT, TRANSFER_MOVE, REVOKER_INTERFACE_ID, NULL, NULL, false};

uint32_t object_create(struct core *core, enum object_kind kind, uint32_t job, uint64_t argument,
                       uint16_t flags)
{
    struct commit commit = core_commit_new(core, COMMIT_OBJECT_CREATE, ARENA_OBJECTS);
    struct commit_object_create *create = &commit.object_create;
    create->root_facet = arena_peek(&core->state.arenas[ARENA_FACETS]);
    create->kind = kind;
    create->job = job;
    create->interface = object_classes[kind].interface;
    create->argument = argument;
    commit.flags = flags;
    core_apply(core, &commit);
    core->objects[create->object.index] = (struct object_record){0};
    if (object_classes[kind].created != NULL) {
        object_classes[kind].created(core, create->object.index);
    }
    return create->object.index;
}

enum status object_make(struct core *core, const struct request *request, enum object_kind kind,
                        uint32_t job, uint64_t argument, struct needs needs, uint64_t *cap)
{
    uint32_t process = request->sender.process;
    needs.of[RESOURCE_OBJECTS]++;
    needs.of[RESOURCE_FACETS]++;
    needs.of[RESOURCE_HOLDS] += core->state.processes[process].job == job ? 1 : 0;
    enum status status = core_has_room(core, job, &needs);
    status = status == STATUS_OK ? hold_has_room(core, process, 1) : status;
    if (status == STATUS_OK) {
        uint32_t object = object_create(core, kind, job, argument, 0);
        *cap = hold_insert(core, process, core->state.objects[object].root_facet,
                           object_classes[kind].transfer, false,
                           (struct hold_origin){request->hold, HOW_RETURN})
                   .value;
    }
    return status;
}

void object_destroy(struct core *core, uint32_t object)
{
    const struct object *destroyed = &core->state.objects[object];
    const struct object_class *class = &object_classes[destroyed->kind];
    // A job's own object is paid by the job above, which is looked at after it.
    uint32_t job = destroyed->kind == OBJECT_JOB ? (uint32_t)destroyed->argument : destroyed->job;
    if (class->destroyed != NULL) {
        class->destroyed(core, object);
    }
    core->jobs[job].is_held = core->jobs[job].is_held && destroyed->kind != OBJECT_JOB;
    core_apply_on(core, COMMIT_OBJECT_DESTROY, ARENA_OBJECTS, object);
    job_collect(core, job);
}

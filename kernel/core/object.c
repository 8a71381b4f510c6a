// SPDX-License-Identifier: Apache-2.0
//
// Objects: what holds give authority over. A kind is one file with a table of methods; here stands
// the line that registers it.
#include "kernel/core/core.h"

#define CLASS(name, NAME, mode)                                                                    \
    .methods = name##_methods, .method_count = NAME##_METHOD_COUNT,                                \
    .interface = NAME##_INTERFACE_ID, .transfer = TRANSFER_##mode
#define PLAIN .is_plain = true, .quiet = UINT64_MAX

const struct object_class object_classes[OBJECT_KIND_COUNT] = {
    [OBJECT_ENDPOINT] = {CLASS(endpoint, ENDPOINT, COPY), .created = endpoint_created},
    [OBJECT_MEMORY] = {CLASS(memory_object, MEMORY_OBJECT, COPY), .created = memory_created,
                       .destroyed = memory_destroyed, .quiet = ~(1ULL << MEMORY_OBJECT_SEAL)},
    [OBJECT_PROCESS_BUILDER] = {CLASS(process_builder, PROCESS_BUILDER, NONE),
                                .created = builder_created, .destroyed = builder_destroyed,
                                .check = builder_check},
    [OBJECT_PROCESS] = {CLASS(process, PROCESS, NONE), .created = process_created},
    [OBJECT_JOB] = {CLASS(job, JOB, COPY), .created = job_created},
    [OBJECT_TIMER] = {CLASS(timer, TIMER, COPY), PLAIN},
    [OBJECT_CONSOLE] = {CLASS(debug_console, DEBUG_CONSOLE, COPY), PLAIN},
    [OBJECT_CAPABILITY_MANAGER] = {CLASS(capability_manager, CAPABILITY_MANAGER, COPY)},
    [OBJECT_NOTIFICATION] = {CLASS(notification, NOTIFICATION, COPY), PLAIN,
                             .created = notification_created},
    [OBJECT_ADDRESS_SPACE] = {CLASS(address_space, ADDRESS_SPACE, COPY), .check = space_check},
    [OBJECT_THREAD] = {CLASS(thread, THREAD, NONE), .created = thread_created,
                       .destroyed = thread_destroyed, .check = thread_check, .quiet = UINT64_MAX},
    [OBJECT_PARK_SPACE] = {.interface = PARK_SPACE_INTERFACE_ID, .transfer = TRANSFER_NONE},
    [OBJECT_LOG_READER] = {CLASS(log_reader, LOG_READER, COPY), PLAIN},
};

const struct object_class revoker_class = {CLASS(revoker, REVOKER, MOVE)};

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

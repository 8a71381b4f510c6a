// SPDX-License-Identifier: Apache-2.0
//
// Objects: what holds give authority over. A kind is one file with a table of methods; here stands
// the line that registers it.
#include <stddef.h>
#include <string.h>

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
    [OBJECT_INTERRUPT] = {CLASS(interrupt, INTERRUPT, COPY), .quiet = ~(1ULL << INTERRUPT_NARROW)},
    [OBJECT_IO_PORTS] = {CLASS(io_ports, IO_PORTS, COPY), .quiet = ~(1ULL << IO_PORTS_NARROW)},
    [OBJECT_LOG_READER] = {CLASS(log_reader, LOG_READER, COPY), PLAIN},
};

const struct object_class revoker_class = {CLASS(revoker, REVOKER, MOVE)};

uint32_t object_create(struct core *core, enum object_kind kind, uint32_t job, uint64_t argument,
                       uint16_t flags)
{
    const struct object_class *class = &object_classes[kind];
    struct commit commit = {
        .kind = COMMIT_OBJECT_CREATE,
        .flags = flags,
        .object_create = {.root_facet = arena_peek(&core->state.arenas[ARENA_FACETS]),
                          .kind = kind,
                          .job = job,
                          .interface = class->interface,
                          .argument = argument}};
    uint32_t object = core_commit(core, NONE, &commit);
    core->objects[object] = (struct object_record){0};
    if (class->created != NULL) {
        class->created(core, object);
    }
    return object;
}

// Whoever makes an object answers with it first.
#define MAKER(method, field)                                                                       \
    static_assert(offsetof(struct method##_results, field) == 0, "object_make() writes it")
MAKER(job_make_endpoint, server);
MAKER(job_make_notification, notification);
MAKER(job_make_park_space, space);
MAKER(job_make_memory, memory);
MAKER(job_make_process_builder, builder);
MAKER(job_make_thread, thread);
MAKER(job_child, job);
MAKER(process_builder_space, space);
MAKER(process_builder_start, process);
MAKER(interrupt_narrow, interrupt);
MAKER(io_ports_narrow, ports);

// The job that an object makes others for: a job itself, or the one that pays for the object.
static uint32_t job_served(const struct object *object)
{
    return object->kind == OBJECT_JOB ? (uint32_t)object->argument : object->job;
}

enum status object_make(struct core *core, struct request *request, enum object_kind kind,
                        uint64_t argument, const struct needs *more)
{
    uint32_t process = request->sender.process;
    uint32_t job = job_served(&core->state.objects[request->target.object]);
    struct needs needs = more == NULL ? (struct needs){0} : *more;
    needs.of[RESOURCE_OBJECTS]++;
    needs.of[RESOURCE_FACETS]++;
    needs.of[RESOURCE_HOLDS] += core->state.processes[process].job == job ? 1 : 0;
    enum status status = core_has_room(core, job, &needs);
    status = status == STATUS_OK ? hold_has_room(core, process, 1) : status;
    if (status == STATUS_OK) {
        uint32_t object = object_create(core, kind, job, argument, 0);
        cap_t made = hold_insert(core, process, core->state.objects[object].root_facet,
                                 object_classes[kind].transfer, false,
                                 (struct hold_origin){request->hold, HOW_RETURN});
        memcpy(&request->results, &made.value, sizeof made.value);
    }
    return status;
}

void object_destroy(struct core *core, uint32_t object)
{
    const struct object *destroyed = &core->state.objects[object];
    const struct object_class *class = &object_classes[destroyed->kind];
    uint32_t job = job_served(destroyed); // who pays for a job's object is looked at after it
    if (class->destroyed != NULL) {
        class->destroyed(core, object);
    }
    core->jobs[job].is_held = core->jobs[job].is_held && destroyed->kind != OBJECT_JOB;
    core_commit_on(core, COMMIT_OBJECT_DESTROY, object);
    job_collect(core, job);
}

// SPDX-License-Identifier: Apache-2.0
//
// Objects: what holds give authority over. A kind is one file with a table of methods; here stands
// the line that registers it.
#include <stddef.h>
#include <string.h>

#include "kernel/core/core.h"
#include "kernel/core/memory.h"
#include "kernel/core/process.h"
#include "kernel/core/session.h"
#include "kernel/core/thread.h"

// How the hold is that an object's maker gets: most can be handed on to anybody.
#define COPIED    TRANSFER_COPY, SCOPE_SHAREABLE, 0
#define KEPT      TRANSFER_NONE, SCOPE_SAME_SESSION, 0
#define REGRANTED TRANSFER_COPY, SCOPE_REGRANT_ONLY, 0
#define REVOKES   TRANSFER_MOVE, SCOPE_SHAREABLE, 1
#define CLASS(name, NAME, how)                                                                     \
    .methods = name##_methods, .method_count = NAME##_METHOD_COUNT,                                \
    .interface = NAME##_INTERFACE_ID, .manner = {how}
#define PLAIN .is_plain = true, .quiet = UINT64_MAX

const struct object_class object_classes[OBJECT_KIND_COUNT] = {
    [OBJECT_ENDPOINT] = {CLASS(endpoint, ENDPOINT, COPIED), .created = endpoint_created,
                         .quiet = UINT64_MAX},
    [OBJECT_MEMORY] = {CLASS(memory_object, MEMORY_OBJECT, COPIED), .created = memory_created,
                       .destroyed = memory_destroyed, .quiet = ~(1ULL << MEMORY_OBJECT_SEAL)},
    [OBJECT_PROCESS_BUILDER] = {CLASS(process_builder, PROCESS_BUILDER, KEPT),
                                .destroyed = builder_destroyed, .check = builder_check},
    [OBJECT_PROCESS] = {CLASS(process, PROCESS, KEPT), .created = process_created},
    [OBJECT_JOB] = {CLASS(job, JOB, COPIED), .created = job_created},
    [OBJECT_TIMER] = {CLASS(timer, TIMER, COPIED), PLAIN},
    [OBJECT_CONSOLE] = {CLASS(debug_console, DEBUG_CONSOLE, COPIED), PLAIN},
    [OBJECT_CAPABILITY_MANAGER] = {CLASS(capability_manager, CAPABILITY_MANAGER, COPIED)},
    [OBJECT_NOTIFICATION] = {CLASS(notification, NOTIFICATION, COPIED), PLAIN,
                             .created = notification_created},
    [OBJECT_ADDRESS_SPACE] = {CLASS(address_space, ADDRESS_SPACE, COPIED), .check = space_check},
    [OBJECT_THREAD] = {CLASS(thread, THREAD, KEPT), .created = thread_created,
                       .destroyed = thread_destroyed, .check = thread_check, .quiet = UINT64_MAX},
    [OBJECT_PARK_SPACE] = {.interface = PARK_SPACE_INTERFACE_ID, .manner = {KEPT}},
    [OBJECT_SESSION] = {CLASS(session_minter, SESSION_MINTER, REGRANTED),
                        .destroyed = session_destroyed, .check = session_method_check},
    [OBJECT_INTERRUPT] = {CLASS(interrupt, INTERRUPT, COPIED),
                          .quiet = ~(1ULL << INTERRUPT_NARROW)},
    [OBJECT_IO_PORTS] = {CLASS(io_ports, IO_PORTS, COPIED), .quiet = ~(1ULL << IO_PORTS_NARROW)},
    [OBJECT_LOG_READER] = {CLASS(log_reader, LOG_READER, COPIED), PLAIN},
};

const struct object_class revoker_class = {CLASS(revoker, REVOKER, REVOKES)};

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
MAKER(session_minter_mint, session);
MAKER(session_minter_from_call, session);
MAKER(session_minter_make_process_builder, builder);

uint32_t object_job(const struct core *core, uint32_t object)
{
    const struct object *served = &core->state.objects[object];
    return served->kind == OBJECT_JOB ? (uint32_t)served->argument : served->job;
}

enum status object_make(struct core *core, struct request *request, uint32_t job,
                        enum object_kind kind, uint64_t argument, const struct needs *more)
{
    uint32_t process = request->sender.process;
    struct needs needs = more == NULL ? (struct needs){0} : *more;
    needs.of[RESOURCE_OBJECTS]++;
    needs.of[RESOURCE_FACETS]++;
    needs.of[RESOURCE_HOLDS] += core->state.processes[process].job == job ? 1 : 0;
    enum status status = core_has_room(core, job, &needs);
    status = status == STATUS_OK ? hold_has_room(core, process, 1) : status;
    if (status == STATUS_OK) {
        uint32_t object = object_create(core, kind, job, argument, 0);
        cap_t made = hold_insert(core, process, core->state.objects[object].root_facet,
                                 object_classes[kind].manner,
                                 (struct hold_origin){request->hold, HOW_RETURN});
        memcpy(&request->results, &made.value, sizeof made.value);
    }
    return status;
}

void object_destroy(struct core *core, uint32_t object)
{
    const struct object *destroyed = &core->state.objects[object];
    const struct object_class *class = &object_classes[destroyed->kind];
    uint32_t job = object_job(core, object); // who pays for a job's object is looked at after it
    if (class->destroyed != NULL) {
        class->destroyed(core, object);
    }
    core->jobs[job].is_held = core->jobs[job].is_held && destroyed->kind != OBJECT_JOB;
    core_commit_on(core, COMMIT_OBJECT_DESTROY, object);
    job_collect(core, job);
}

// SPDX-License-Identifier: Apache-2.0
//
// Objects: what holds give authority over. A kind is one file with a table of methods; here stands
// the line that registers it.
#include "kernel/core/core.h"

const struct object_class *const object_classes[OBJECT_KIND_COUNT] = {
    [OBJECT_ENDPOINT] = &endpoint_class,
    [OBJECT_MEMORY] = &memory_class,
    [OBJECT_PROCESS_BUILDER] = &process_builder_class,
    [OBJECT_PROCESS] = &process_class,
    [OBJECT_JOB] = &job_class,
    [OBJECT_TIMER] = &timer_class,
    [OBJECT_CONSOLE] = &console_class,
    [OBJECT_CAPABILITY_MANAGER] = &manager_class,
};

enum status object_has_room(const struct core *core, uint32_t job, struct needs needs,
                            uint32_t process)
{
    needs.of[RESOURCE_OBJECTS]++;
    needs.of[RESOURCE_FACETS]++;
    enum status status = core_has_room(core, job, &needs);
    return status != STATUS_OK ? status : hold_has_room(core, process, 1);
}

uint32_t object_create(struct core *core, enum object_kind kind, uint64_t interface, uint32_t job,
                       uint64_t argument, uint16_t flags)
{
    struct commit commit = core_commit(core, COMMIT_OBJECT_CREATE);
    struct commit_object_create *create = &commit.object_create;
    create->object = arena_peek(&core->state.arenas[ARENA_OBJECTS]);
    create->root_facet = arena_peek(&core->state.arenas[ARENA_FACETS]);
    create->kind = kind;
    create->job = job;
    create->interface = interface;
    create->argument = argument;
    commit.flags = flags;
    core_apply(core, &commit);
    core->objects[create->object.index] = (struct object_record){0};
    return create->object.index;
}

void object_destroy(struct core *core, uint32_t object)
{
    const struct object_class *class = object_classes[core->state.objects[object].kind];
    if (class->destroyed != NULL) {
        class->destroyed(core, object);
    }
    struct commit commit = core_commit(core, COMMIT_OBJECT_DESTROY);
    commit.object_destroy.object = arena_id(&core->state.arenas[ARENA_OBJECTS], object);
    core_apply(core, &commit);
}

// SPDX-License-Identifier: Apache-2.0
//
// Memory objects and mappings. The core owns the truth: which object's pages a process has where,
// and which frames those pages are. A platform's page tables are a cache that it writes and never
// reads. Commits name object pages, never frames; frames stand in the transient record: consecutive
// ones by their first, others in a list that fills a frame of its own.
#include <string.h>

#include "kernel/core/core.h"

enum {
    PAGES_LISTED_MAX = PAGE_SIZE / sizeof(uint32_t),
};

uint32_t memory_frames_needed(uint32_t pages)
{
    return pages + 1;
}

static void memory_commit_pages(struct core *core, uint32_t object, uint32_t pages)
{
    struct commit commit = core_commit_on(core, COMMIT_MEMORY_COMMIT, ARENA_OBJECTS, object);
    commit.memory.count = pages;
    core_apply(core, &commit);
}

uint32_t memory_create(struct core *core, uint32_t job, uint32_t pages)
{
    uint32_t object = object_create(core, OBJECT_MEMORY, job, pages, 0);
    memory_commit_pages(core, object, pages);
    struct memory_record *memory = &core->objects[object].memory;
    ASSERT(pages <= PAGES_LISTED_MAX);
    memory->index = frame_take(&core->frames);
    uint32_t *list = frame_at(memory->index);
    for (uint32_t page = 0; page < pages; page++) {
        list[page] = frame_take(&core->frames);
    }
    return object;
}

uint32_t memory_create_fixed(struct core *core, uint32_t job, uint32_t frame, uint32_t pages)
{
    uint32_t object = object_create(core, OBJECT_MEMORY, job, pages, OBJECT_PINNED);
    memory_commit_pages(core, object, pages);
    core_apply_on(core, COMMIT_MEMORY_SEAL, ARENA_OBJECTS, object);
    core->objects[object].memory = (struct memory_record){.base = frame, .index = NONE};
    return object;
}

uint32_t memory_frame(const struct core *core, uint32_t object, uint32_t page)
{
    const struct memory_record *memory = &core->objects[object].memory;
    ASSERT(page < core->state.objects[object].page_count);
    if (memory->index == NONE) {
        return memory->base + page;
    }
    const uint32_t *list = frame_at(memory->index);
    return list[page];
}

void memory_destroyed(struct core *core, uint32_t object)
{
    const struct memory_record *memory = &core->objects[object].memory;
    if (memory->index == NONE) { // its frames are not the core's to give back
        return;
    }
    for (uint32_t page = core->state.objects[object].page_count; page > 0; page--) {
        frame_give(&core->frames, memory_frame(core, object, page - 1));
    }
    frame_give(&core->frames, memory->index);
}

uint32_t memory_map_frames_needed(uint32_t pages)
{
    return HAL_MAP_TABLES * 2 + pages / 512;
}

// Makes the platform's page tables follow; the frames that became tables are the process's.
static void memory_map_effect(struct core *core, const struct map *map)
{
    struct process_record *process = &core->processes[map->process];
    uint32_t *taken = frame_at(process->table_list);
    uint32_t tables[HAL_MAP_TABLES];
    uint32_t used = HAL_MAP_TABLES; // of tables, from the first: to be replaced
    for (uint32_t i = 0; i < map->count; i++) {
        for (uint32_t n = 0; n < used; n++) {
            tables[n] = frame_take(&core->frames);
        }
        uint32_t frame = memory_frame(core, map->object, map->object_page + i);
        used = hal_map(map->process, map->page + i, frame, map->rights, tables);
        ASSERT(used <= HAL_MAP_TABLES && process->table_count + used <= PAGES_LISTED_MAX);
        memcpy(taken + process->table_count, tables, used * sizeof tables[0]);
        process->table_count += used;
    }
    for (uint32_t n = used; n < HAL_MAP_TABLES; n++) {
        frame_give(&core->frames, tables[n]);
    }
}

void memory_map(struct core *core, const struct map *map)
{
    struct commit commit = core_commit_new(core, COMMIT_MEMORY_MAP, ARENA_MAPPINGS);
    struct commit_memory_map *body = &commit.memory_map;
    body->process = map->process;
    body->facet = core->state.objects[map->object].root_facet;
    body->page = map->page;
    body->count = map->count;
    body->object_page = map->object_page;
    body->rights = map->rights;
    core_apply(core, &commit);
    memory_map_effect(core, map);
}

// --- Methods ------------------------------------------------------------------------------------

enum status memory_object_info_run(struct core *core, struct request *request)
{
    const struct object *object = &core->state.objects[request->target.object];
    request->results.memory_object_info = (struct memory_object_info_results){
        .size = (uint64_t)object->page_count * PAGE_SIZE, .sealed = object->sealed != 0};
    return STATUS_OK;
}

enum status memory_object_read_run(struct core *core, struct request *request)
{
    uint64_t offset = request->params.memory_object_read.offset;
    uint32_t length = request->params.memory_object_read.length;
    uint64_t size = (uint64_t)core->state.objects[request->target.object].page_count * PAGE_SIZE;
    if (offset > size || length > MEMORY_OBJECT_READ_DATA_MOST) {
        return STATUS_BAD_VALUE;
    }
    if (length > size - offset) {
        length = (uint32_t)(size - offset);
    }
    uint8_t *bytes = (uint8_t *)core->scratch; // the message is decoded
    static_assert(MEMORY_OBJECT_READ_DATA_MOST <= sizeof core->scratch, "one read fits");
    for (uint32_t done = 0; done < length;) {
        uint64_t at = offset + done;
        uint32_t in_page = (uint32_t)(at % PAGE_SIZE);
        uint32_t part = length - done < PAGE_SIZE - in_page ? length - done : PAGE_SIZE - in_page;
        uint32_t frame = memory_frame(core, request->target.object, (uint32_t)(at / PAGE_SIZE));
        memcpy(bytes + done, (const uint8_t *)frame_at(frame) + in_page, part);
        done += part;
    }
    request->results.memory_object_read.data = (struct plain_data){bytes, length};
    return STATUS_OK;
}

// SPDX-License-Identifier: Apache-2.0
//
// Address spaces: which object's pages a process has where. The core owns this truth; a platform's
// page tables are a cache that it writes and never reads. Each space has a frame of its own that
// lists its page tables. A mapping lives through the facet by which it was made, and is unmapped or
// changed as a whole; a process has few of them, so that one is found by looking at all.
#include <stddef.h>
#include <string.h>

#include "kernel/core/core.h"
#include "kernel/core/memory.h"

enum {
    TABLES_MAX = 516,                    // of the addresses below LAYOUT_END, on any platform
    MAPPINGS_MAX = 512,                  // of one process
    MAP_FRAMES = 2 * HAL_MAP_TABLES + 1, // for tables of so many pages, at most
    FIRST_PAGE = LAYOUT_START / PAGE_SIZE,
    END_PAGE = LAYOUT_RING / PAGE_SIZE, // from here on: the kernel's
};

struct space {
    uint32_t table_count;
    uint32_t tables[TABLES_MAX];
};

static_assert(sizeof(struct space) <= PAGE_SIZE, "it has a frame");

static struct space *space_of(const struct core *core, uint32_t process)
{
    return frame_at(core->processes[process].space);
}

uint32_t process_of(const struct core *core, uint32_t object)
{
    cap_t of = {core->state.objects[object].argument};
    const struct commit_id id = {cap_index(of), cap_generation(of)};
    bool is_there = arena_has(&core->state.arenas[ARENA_PROCESSES], id) &&
                    core->state.processes[id.index].state != PROCESS_DEAD;
    return is_there ? id.index : NONE;
}

// The table at hand became one of the space's.
static void table_keep(struct core *core, struct space *space, uint32_t table)
{
    ASSERT(space->table_count < TABLES_MAX);
    space->tables[space->table_count++] = core->tables[table];
    core->tables[table] = frame_take(&core->frames);
}

void space_create(struct core *core, uint32_t process)
{
    core->processes[process].space = frame_take(&core->frames);
    core->processes[process].base = hal_space_base(process);
    if (hal_space_create(process, core->tables)) {
        table_keep(core, space_of(core, process), 0);
    }
}

void space_destroy(struct core *core, uint32_t process)
{
    const struct space *space = space_of(core, process);
    hal_space_destroy(process);
    for (uint32_t i = space->table_count; i > 0; i--) {
        frames_give(&core->frames, space->tables[i - 1], 1);
    }
    frames_give(&core->frames, core->processes[process].space, 1);
    core->processes[process].space = NONE;
}

// --- Mappings -----------------------------------------------------------------------------------

uint32_t mapping_find(const struct core *core, uint32_t process, uint64_t page, uint64_t count)
{
    uint32_t at = core->state.processes[process].first_mapping;
    while (at != NONE && (core->state.mappings[at].page >= page + count ||
                          core->state.mappings[at].page + core->state.mappings[at].count <= page)) {
        at = core->state.mappings[at].next;
    }
    return at;
}

// How many mappings of its object may write changes.
static void writers_count(struct core *core, uint32_t facet, uint32_t rights, uint32_t change)
{
    struct memory_record *memory = &core->objects[core->state.facets[facet].object].memory;
    memory->writers += (rights & RIGHT_WRITE) != 0 ? change : 0;
    memory->behind = core->behind;
}

// --- Page tables follow -------------------------------------------------------------------------

void memory_map(struct core *core, const struct commit_memory_map *map)
{
    struct commit commit = {.kind = COMMIT_MEMORY_MAP, .memory_map = *map};
    core_commit(core, NONE, &commit);
    writers_count(core, map->facet, map->rights, 1);
    uint32_t object = core->state.facets[map->facet].object;
    for (uint32_t i = 0; i < map->count && map->rights != 0; i++) {
        uint32_t frame = memory_frame(core, object, map->object_page + i);
        uint32_t used = hal_map(map->process, map->page + i, frame, map->rights, core->tables);
        for (uint32_t table = 0; table < used; table++) {
            table_keep(core, space_of(core, map->process), table);
        }
    }
}

uint32_t memory_give(struct core *core, uint32_t process, uint64_t page, uint32_t count,
                     uint32_t rights)
{
    uint32_t object =
        object_create(core, OBJECT_MEMORY, core->state.processes[process].job, count, 0);
    struct commit_memory_map map = {
        {0}, process, core->state.objects[object].root_facet, page, count, 0, rights, 0};
    memory_map(core, &map);
    return object;
}

// Takes its pages away. Its facet may be in nobody's hands then: facet_collect() follows.
static void pages_unmap(struct core *core, uint32_t mapping)
{
    const struct mapping *gone = &core->state.mappings[mapping];
    for (uint32_t i = 0; i < gone->count && gone->rights != 0; i++) {
        hal_unmap(gone->process, gone->page + i);
    }
    cpu_await(core, gone->process);
    park_unmapped(core, gone->process, gone->page, gone->count);
    writers_count(core, gone->facet, gone->rights, UINT32_MAX);
    core_commit_on(core, COMMIT_MEMORY_UNMAP, mapping);
}

void memory_unmap(struct core *core, uint32_t mapping)
{
    uint32_t facet = core->state.mappings[mapping].facet;
    pages_unmap(core, mapping);
    facet_collect(core, facet);
}

bool mapping_sweep(struct core *core, uint32_t mapping)
{
    bool is_gone = facet_check(core, core->state.mappings[mapping].facet) != STATUS_OK;
    if (is_gone) {
        memory_unmap(core, mapping);
    }
    return is_gone;
}

// --- Places that programs name ------------------------------------------------------------------

enum status space_has_room(const struct core *core, uint32_t process, const struct needs *needs)
{
    const struct process_entry *entry = &core->state.processes[process];
    return entry->mapping_count + needs->of[RESOURCE_MAPPINGS] > MAPPINGS_MAX
               ? STATUS_OUT_OF_MAPPINGS
               : core_has_room(core, entry->job, needs);
}

// Finds the place that the method's first parameter names: free, where it maps, else the first of a
// mapping's.
enum status space_check(struct core *core, struct request *request)
{
    static_assert(offsetof(struct address_space_map_params, address) == 0 &&
                      offsetof(struct address_space_unmap_params, address) == 0 &&
                      offsetof(struct address_space_protect_params, address) == 0,
                  "all methods have it first");
    const struct address_space_map_params *params = &request->params.address_space_map;
    bool is_map = request->sqe.method == ADDRESS_SPACE_MAP;
    uint32_t count = is_map ? params->pages : 1;
    uint32_t process = process_of(core, request->target.object);
    if (process == NONE) {
        return STATUS_PROCESS_OVER;
    }
    uint64_t at = params->address - core->processes[process].base;
    uint64_t page = at / PAGE_SIZE;
    if (at % PAGE_SIZE != 0 || page < FIRST_PAGE || page > END_PAGE - count) {
        return STATUS_BAD_VALUE;
    }
    uint32_t mapping = mapping_find(core, process, page, count);
    core->site = (struct site){process, mapping, page};
    if (is_map) {
        return mapping != NONE ? STATUS_ADDRESS_TAKEN : STATUS_OK;
    }
    return mapping == NONE || core->state.mappings[mapping].page != page ? STATUS_NOT_MAPPED
                                                                         : STATUS_OK;
}

// Which rights a mapping can have, as bits: of memory that is not sealed, and that is.
static const uint8_t rights_of[] = {
    1 << 0 | 1 << RIGHT_READ | 1 << (RIGHT_READ | RIGHT_WRITE),
    1 << 0 | 1 << RIGHT_READ | 1 << (RIGHT_READ | RIGHT_EXECUTE),
};

// A new mapping, in the place of an old one (NONE: of none).
static enum status map_change(struct core *core, uint32_t old, const struct commit_memory_map *map,
                              const struct needs *needs)
{
    uint32_t rights = map->rights;
    const struct facet *through = &core->state.facets[map->facet];
    uint64_t methods = (rights != 0 ? 1 << MEMORY_OBJECT_READ : 0) |
                       ((rights & RIGHT_WRITE) != 0 ? 1 << MEMORY_OBJECT_WRITE : 0);
    if (rights > 7 || (rights_of[core->state.objects[through->object].sealed] >> rights & 1) == 0) {
        return STATUS_RIGHTS_REFUSED;
    }
    if ((through->methods & methods) != methods) {
        return STATUS_METHOD_NOT_IN_FACET;
    }
    enum status status = facet_check(core, map->facet);
    status = status == STATUS_OK ? space_has_room(core, map->process, needs) : status;
    if (status == STATUS_OK && old != NONE) {
        pages_unmap(core, old);
    }
    if (status == STATUS_OK) {
        memory_map(core, map);
    }
    return status;
}

// --- Methods ------------------------------------------------------------------------------------

enum status address_space_map_run(struct core *core, struct request *request)
{
    const struct address_space_map_params *params = &request->params.address_space_map;
    uint32_t facet = core->state.holds[(uint32_t)params->memory].facet;
    uint32_t first = (uint32_t)(params->offset / PAGE_SIZE);
    const struct commit_memory_map map = {
        {0}, core->site.process, facet, core->site.page, params->pages, first, params->rights, 0};
    const struct needs needs = {.of = {[RESOURCE_MAPPINGS] = 1, [RESOURCE_SPACE] = map.count},
                                .frames = MAP_FRAMES};
    uint64_t size =
        core->state.objects[hold_object(core, (uint32_t)params->memory)].argument * PAGE_SIZE;
    if (params->offset % PAGE_SIZE != 0 || params->offset > size ||
        map.count > (size - params->offset) / PAGE_SIZE) {
        return STATUS_BAD_VALUE;
    }
    return map_change(core, NONE, &map, &needs);
}

enum status address_space_unmap_run(struct core *core, struct request *request)
{
    (void)request;
    memory_unmap(core, core->site.mapping);
    return STATUS_OK;
}

enum status address_space_protect_run(struct core *core, struct request *request)
{
    struct commit_memory_map map;
    memcpy(&map, &core->state.mappings[core->site.mapping], sizeof map);
    map.rights = request->params.address_space_protect.rights;
    const struct needs needs = {.frames = MAP_FRAMES};
    return map_change(core, core->site.mapping, &map, &needs);
}

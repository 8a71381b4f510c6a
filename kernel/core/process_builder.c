// SPDX-License-Identifier: Apache-2.0
//
// Building a process: map a program of the boot package with a stack and a ring, put capabilities
// in, start it. The kernel knows no program format but prepared segments. What the process may
// write is one memory object, laid out as: the start page, the stack, then the writable segments;
// its ring is another, in consecutive frames; read-only segments are mapped from the package
// itself. Dropping the builder before the start ends the process that was being built.
//
// The start page holds struct start, the CapSet, and at its end the start-info message.
#include <string.h>

#include "abi/start.h"
#include "kernel/core/core.h"

enum {
    START_PAGES = 1,
    STACK_PAGES = (LAYOUT_STACK_TOP - LAYOUT_STACK) / PAGE_SIZE,
    FIXED_PAGES = START_PAGES + STACK_PAGES,
    INFO_OFFSET = PAGE_SIZE - INFO_SIZE_MAX,
    MAPS_FIXED = 3, // start, stack, ring
    IMAGE_PAGES_MAX = 900,
};

static_assert(sizeof(struct start) + sizeof(struct capset) +
                      GRANTS_MAX * sizeof(struct capset_entry) <=
                  INFO_OFFSET,
              "the start page holds every grant and the start-info message");
static_assert(RING_PAGES_DEFAULT == RING_MESSAGE_PAGES_DEFAULT + 1,
              "header and queues fill a page");

static uint32_t pages_of(uint64_t bytes)
{
    return (uint32_t)((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

static uint8_t *start_page(const struct core *core, uint32_t process)
{
    return frame_at(memory_frame(core, core->processes[process].private_object, 0));
}

static struct capset *capset_of(const struct core *core, uint32_t process)
{
    return (struct capset *)(void *)(start_page(core, process) + sizeof(struct start));
}

// --- Load ---------------------------------------------------------------------------------------

static bool segment_is_sound(const struct package_segment *segment, uint64_t blob_size,
                             uint32_t *next_page)
{
    uint32_t known = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE;
    bool is_writable = (segment->rights & RIGHT_WRITE) != 0;
    uint64_t at = (uint64_t)segment->blob_page * PAGE_SIZE;
    uint32_t pages = pages_of(segment->memory_bytes);
    if ((segment->rights & ~known) != 0 || (segment->rights & RIGHT_READ) == 0 ||
        (is_writable && (segment->rights & RIGHT_EXECUTE) != 0) || segment->memory_bytes == 0 ||
        segment->file_bytes > segment->memory_bytes || at > blob_size ||
        segment->file_bytes > blob_size - at || segment->page < *next_page ||
        segment->page > IMAGE_PAGES_MAX || pages > IMAGE_PAGES_MAX - segment->page) {
        return false;
    }
    *next_page = segment->page + pages;
    // Read-only pages are mapped from the package: it must have all of them.
    return is_writable || pages_of(segment->file_bytes) == pages;
}

struct load_plan {
    const struct package_entry *program;
    uint32_t private_pages;
};

static enum status load_check(const struct core *core, uint32_t process, struct load_plan *plan)
{
    const struct package_entry *program = plan->program;
    if (core->processes[process].has_space) {
        return STATUS_LOADED_ALREADY;
    }
    struct needs needs = {.of = {[RESOURCE_OBJECTS] = 2,
                                 [RESOURCE_FACETS] = 2,
                                 [RESOURCE_MAPPINGS] = MAPS_FIXED,
                                 [RESOURCE_PAGES] = RING_PAGES_DEFAULT,
                                 [RESOURCE_SPACE] = FIXED_PAGES + RING_PAGES_DEFAULT}};
    uint32_t next_page = 0;
    plan->private_pages = FIXED_PAGES;
    for (uint32_t i = 0; i < program->segment_count; i++) {
        const struct package_segment *segment = &program->segments[i];
        if (!segment_is_sound(segment, program->size, &next_page)) {
            return STATUS_PROGRAM_CORRUPT;
        }
        uint32_t pages = pages_of(segment->memory_bytes);
        plan->private_pages += (segment->rights & RIGHT_WRITE) != 0 ? pages : 0;
        needs.of[RESOURCE_MAPPINGS]++;
        needs.of[RESOURCE_SPACE] += pages;
        needs.frames += memory_map_frames_needed(pages);
    }
    if (program->entry >= (uint64_t)next_page * PAGE_SIZE) {
        return STATUS_PROGRAM_CORRUPT;
    }
    needs.of[RESOURCE_PAGES] += plan->private_pages;
    needs.frames += 1 + HAL_SPACE_TABLES + memory_frames_needed(plan->private_pages) +
                    memory_frames_needed(RING_PAGES_DEFAULT) +
                    MAPS_FIXED * memory_map_frames_needed(STACK_PAGES);
    return core_has_room(core, core->state.processes[process].job, &needs);
}

static void space_create(struct core *core, uint32_t process)
{
    struct process_record *record = &core->processes[process];
    record->table_list = frame_take(&core->frames);
    uint32_t table = frame_take(&core->frames);
    if (hal_space_create(process, &table)) {
        uint32_t *taken = frame_at(record->table_list);
        taken[0] = table;
        record->table_count = 1;
    } else {
        frame_give(&core->frames, table);
    }
    record->base = hal_space_base(process);
    record->has_space = true;
}

static void segments_map(struct core *core, uint32_t process, const struct package_entry *program)
{
    struct process_record *record = &core->processes[process];
    uint32_t private_page = FIXED_PAGES;
    for (uint32_t i = 0; i < program->segment_count; i++) {
        const struct package_segment *segment = &program->segments[i];
        uint64_t at = program->offset + (uint64_t)segment->blob_page * PAGE_SIZE;
        struct map map = {.process = process,
                          .object = core->package_object,
                          .page = LAYOUT_IMAGE / PAGE_SIZE + segment->page,
                          .count = pages_of(segment->memory_bytes),
                          .object_page = (uint32_t)(at / PAGE_SIZE),
                          .rights = segment->rights};
        if ((segment->rights & RIGHT_WRITE) != 0) {
            map.object = record->private_object;
            map.object_page = private_page;
            private_page += map.count;
            const uint8_t *from = (const uint8_t *)core->package + at;
            for (uint32_t done = 0; done < segment->file_bytes; done += PAGE_SIZE) {
                uint32_t left = segment->file_bytes - done;
                uint32_t page = map.object_page + done / PAGE_SIZE;
                memcpy(frame_at(memory_frame(core, map.object, page)), from + done,
                       left < PAGE_SIZE ? left : PAGE_SIZE);
            }
        }
        memory_map(core, &map);
    }
}

static void load_commit(struct core *core, uint32_t process, const struct load_plan *plan)
{
    struct process_record *record = &core->processes[process];
    uint32_t job = core->state.processes[process].job;
    space_create(core, process);
    record->private_object = memory_create(core, job, plan->private_pages);
    record->ring_object = memory_create(core, job, RING_PAGES_DEFAULT);
    record->entry = record->base + LAYOUT_IMAGE + plan->program->entry;
    const struct map maps[MAPS_FIXED] = {
        {process, record->private_object, LAYOUT_START / PAGE_SIZE, START_PAGES, 0, RIGHT_READ},
        {process, record->private_object, LAYOUT_STACK / PAGE_SIZE, STACK_PAGES, START_PAGES,
         RIGHT_READ | RIGHT_WRITE},
        {process, record->ring_object, LAYOUT_RING / PAGE_SIZE, RING_PAGES_DEFAULT, 0,
         RIGHT_READ | RIGHT_WRITE},
    };
    for (uint32_t i = 0; i < MAPS_FIXED; i++) {
        memory_map(core, &maps[i]);
    }
    segments_map(core, process, plan->program);
    struct start *start = (struct start *)(void *)start_page(core, process);
    *start = (struct start){
        .abi_major = ABI_MAJOR,
        .abi_minor = ABI_MINOR,
        .ring = record->base + LAYOUT_RING,
        .capset = record->base + LAYOUT_START + sizeof *start,
        .process = cap_of(core->state.processes[process].slot.generation, process).value,
        .kernel_enter = core->kernel_enter,
        .boot_flags = process == core->first_process ? core->boot_flags : 0};
}

enum status builder_load(struct core *core, uint32_t process, const struct package_entry *program)
{
    struct load_plan plan = {.program = program};
    enum status status = load_check(core, process, &plan);
    if (status == STATUS_OK) {
        status = package_verify(core, program);
    }
    if (status == STATUS_OK) {
        load_commit(core, process, &plan);
    }
    return status;
}

// --- Grant, start -------------------------------------------------------------------------------

void builder_grant(struct core *core, uint32_t process, const char *name, uint32_t size,
                   uint32_t facet, uint8_t transfer, struct hold_origin origin)
{
    ASSERT(size < NAME_SIZE);
    cap_t cap = hold_insert(core, process, facet, transfer, false, origin);
    struct capset *capset = capset_of(core, process);
    struct capset_entry *entry = &capset->entries[capset->count];
    entry->cap = cap.value;
    entry->interface = core->state.facets[facet].interface;
    memcpy(entry->name, name, size);
    capset->count++;
}

static bool name_is_taken(const struct core *core, uint32_t process, struct plain_text name)
{
    const struct capset *capset = capset_of(core, process);
    for (uint64_t i = 0; i < capset->count; i++) {
        if (memcmp(capset->entries[i].name, name.data, name.size) == 0 &&
            capset->entries[i].name[name.size] == 0) {
            return true;
        }
    }
    return false;
}

void builder_start(struct core *core, uint32_t process)
{
    struct process_record *record = &core->processes[process];
    struct commit commit = core_commit_new(core, COMMIT_THREAD_CREATE, ARENA_THREADS);
    commit.thread_create.process = process;
    core_apply(core, &commit);
    uint32_t thread = commit.thread_create.thread.index;
    commit = core_commit_on(core, COMMIT_PROCESS_START, ARENA_PROCESSES, process);
    commit.process_start.session = core->state.processes[process].session;
    core_apply(core, &commit);
    record->was_started = true;
    struct thread_record *made = &core->threads[thread];
    uint32_t job = core->state.processes[process].job;
    *made = (struct thread_record){.self = {thread, process},
                                   .process = process,
                                   .job = job,
                                   .priority = core->jobs[job].priority,
                                   .message_size = RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE,
                                   .limit.is_of_thread = true};
    list_init(&made->waits);
    ring_kernel_init(&made->ring, frame_at(memory_frame(core, record->ring_object, 0)),
                     SQ_ENTRIES_DEFAULT, CQ_ENTRIES_DEFAULT, RING_MESSAGE_PAGES_DEFAULT);
    for (uint32_t page = 0; page < RING_MESSAGE_PAGES_DEFAULT; page++) {
        made->messages[page] = frame_at(memory_frame(core, record->ring_object, page + 1));
    }
    hal_thread_create(thread, process, record->entry, record->base + LAYOUT_STACK_TOP,
                      record->base + LAYOUT_START);
    schedule_ready(core, made, false);
}

// --- Methods ------------------------------------------------------------------------------------

// The process that a builder builds, if it still does.
static enum status builder_process(const struct core *core, const struct request *request,
                                   bool is_loaded, uint32_t *process)
{
    *process = (uint32_t)core->state.objects[request->target.object].argument;
    const struct process_record *record = &core->processes[*process];
    if (record->was_started || record->builder_object != request->target.object) {
        return STATUS_BUILDER_SPENT;
    }
    return is_loaded && !record->has_space ? STATUS_NOT_LOADED : STATUS_OK;
}

enum status process_builder_load_run(struct core *core, struct request *request)
{
    struct plain_text name = request->params.process_builder_load.program;
    uint32_t process;
    if (name.size == 0) {
        return STATUS_BAD_MESSAGE;
    }
    enum status status = builder_process(core, request, false, &process);
    if (status != STATUS_OK) {
        return status;
    }
    const struct package_entry *program =
        package_find(core->package, PACKAGE_PROGRAM, name.data, name.size);
    // The first program's name is reserved: there is one of it.
    if (program == NULL || program == package_first(core->package)) {
        return STATUS_NAME_UNKNOWN;
    }
    return builder_load(core, process, program);
}

enum status process_builder_set_info_run(struct core *core, struct request *request)
{
    struct plain_data info = request->params.process_builder_set_info.info;
    uint32_t process;
    enum status status = builder_process(core, request, true, &process);
    if (status != STATUS_OK) {
        return status;
    }
    if (info.size > INFO_SIZE_MAX) {
        return STATUS_BAD_VALUE;
    }
    uint8_t *page = start_page(core, process);
    struct start *start = (struct start *)(void *)page;
    memset(page + INFO_OFFSET, 0, INFO_SIZE_MAX);
    if (info.size != 0) { // else data is NULL
        memcpy(page + INFO_OFFSET, info.data, info.size);
    }
    start->info = core->processes[process].base + LAYOUT_START + INFO_OFFSET;
    start->info_size = info.size;
    return STATUS_OK;
}

static bool has_nul(struct plain_text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.data[i] == 0) {
            return true;
        }
    }
    return false;
}

static enum status grant_check(const struct core *core, uint32_t process, struct plain_text name,
                               uint32_t hold)
{
    const struct hold *granted = &core->state.holds[hold];
    if (name.size == 0 || name.size >= NAME_SIZE || has_nul(name) ||
        capset_of(core, process)->count >= GRANTS_MAX) {
        return STATUS_BAD_VALUE;
    }
    if (name_is_taken(core, process, name)) {
        return STATUS_NAME_TAKEN;
    }
    if (granted->transfer != TRANSFER_COPY || granted->revoker != 0) {
        return STATUS_TRANSFER_REFUSED;
    }
    enum status status = facet_check(core, granted->facet);
    return status != STATUS_OK ? status : hold_has_room(core, process, 1);
}

enum status process_builder_grant_run(struct core *core, struct request *request)
{
    struct plain_text name = request->params.process_builder_grant.name;
    uint64_t cap = request->params.process_builder_grant.capability;
    uint32_t process;
    uint32_t hold;
    enum status status = builder_process(core, request, true, &process);
    if (status == STATUS_OK && hold_find(core, request->sender.process, cap, &hold) != STATUS_OK) {
        status = STATUS_BAD_TRANSFER;
    }
    if (status == STATUS_OK) {
        status = grant_check(core, process, name, hold);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct hold *granted = &core->state.holds[hold];
    builder_grant(core, process, name.data, name.size, granted->facet, granted->transfer,
                  (struct hold_origin){hold, HOW_GRANT});
    return STATUS_OK;
}

enum status process_builder_start_run(struct core *core, struct request *request)
{
    uint32_t process;
    enum status status = builder_process(core, request, true, &process);
    if (status == STATUS_OK) {
        status = object_make(core, request, OBJECT_PROCESS, core->state.processes[process].job,
                             process, (struct needs){.of[RESOURCE_THREADS] = 1},
                             &request->results.process_builder_start.process);
    }
    if (status == STATUS_OK) {
        builder_start(core, process);
    }
    return status;
}

// The process that it builds is of its maker's session.
void builder_created(struct core *core, uint32_t object)
{
    const struct object *builder = &core->state.objects[object];
    uint32_t process =
        process_create(core, builder->job, core->state.processes[core->actor].session);
    core->processes[process].builder_object = object;
}

void builder_destroyed(struct core *core, uint32_t object)
{
    uint32_t process = (uint32_t)core->state.objects[object].argument;
    struct process_record *record = &core->processes[process];
    if (record->builder_object != object) {
        return;
    }
    record->builder_object = NONE;
    if (!record->was_started) {
        process_exit(core, process, 0, EXIT_CALLED);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Genesis: the commits by which a machine begins. The configuration, one session, one job, the
// objects that nobody makes later, and the boot package's first program with what it is given:
// console, timer, job, capabilities, the package, the logs, its space. Whatever anybody holds later
// was handed on from there.
#include <string.h>

#include "abi/start.h"
#include "kernel/core/memory.h"
#include "kernel/core/process.h"
#include "kernel/core/thread.h"
#include "kernel/parts.h"
#include "lib/package/package.h"

// --- The first program --------------------------------------------------------------------------

// Its image, which begins at a frame of the package, and its stack. Text is mapped from there, data
// is a copy.
static void image_map(struct core *core, uint32_t process, const struct package_header *package,
                      uint32_t frame)
{
    uint32_t text =
        memory_create_fixed(core, core->state.processes[process].job, frame, package->text_pages);
    uint32_t facet = core->state.objects[text].root_facet;
    uint64_t page = LAYOUT_IMAGE / PAGE_SIZE;
    struct commit_memory_map map = {
        {0}, process, facet, page, package->text_pages, 0, RIGHT_READ | RIGHT_EXECUTE, 0};
    memory_map(core, &map);
    uint32_t data = memory_give(core, process, map.page + map.count, package->memory_pages,
                                RIGHT_READ | RIGHT_WRITE);
    memory_move(core, data, 0, NULL, frame_at(frame + package->text_pages),
                package->data_pages * PAGE_SIZE);
    memory_give(core, process, LAYOUT_STACK / PAGE_SIZE,
                (LAYOUT_STACK_TOP - LAYOUT_STACK) / PAGE_SIZE, RIGHT_READ | RIGHT_WRITE);
}

// Its capabilities, in the order in which it finds them.
static uint64_t given_make(struct core *core, const struct boot *boot, uint32_t process,
                           struct capset_entry *entry)
{
    uint32_t job = core->state.processes[process].job;
    uint32_t clock = frame_take(&core->frames);
    core->clock = frame_at(clock);
    const struct package_header *package = frame_at(boot->package_frame);
    uint32_t table = package_table_page(package); // what is before it, nobody else can start
    const struct {
        char name[NAME_SIZE];
        uint8_t transfer;
        enum object_kind kind;
        uint64_t argument;
        uint32_t frame; // of memory: its first
    } given[] = {
        {"console", TRANSFER_COPY, OBJECT_CONSOLE, 0, 0},
        {"timer", TRANSFER_COPY, OBJECT_TIMER, 0, 0},
        {"job", TRANSFER_NONE, OBJECT_JOB, job, 0},
        {"capabilities", TRANSFER_COPY, OBJECT_CAPABILITY_MANAGER, 0, 0},
        {"package", TRANSFER_COPY, OBJECT_MEMORY, package->pages - table,
         boot->package_frame + table},
        {"log", TRANSFER_COPY, OBJECT_LOG_READER, 0, 0},
        // The pages of both logs: whoever reads them sees what was written since.
        {"log-pages", TRANSFER_COPY, OBJECT_MEMORY, core->log->page_count + SYSLOG_PAGES,
         core->log_frame},
        {"space", TRANSFER_COPY, OBJECT_ADDRESS_SPACE,
         record_number(core, ARENA_PROCESSES, process), 0},
        {"ports", TRANSFER_COPY, OBJECT_IO_PORTS, (uint64_t)HAL_PORTS << 32, 0},
        {"interrupts", TRANSFER_COPY, OBJECT_INTERRUPT, (uint64_t)HAL_LINES << 32, 0},
        {"session", TRANSFER_COPY, OBJECT_SESSION, core->state.processes[process].session, 0},
        {"clock", TRANSFER_COPY, OBJECT_MEMORY, 1, clock}, // it always shows the present time
    };
    for (uint32_t i = 0; i < sizeof given / sizeof given[0]; i++, entry++) {
        uint64_t argument = given[i].argument;
        uint32_t object = given[i].kind == OBJECT_MEMORY
                              ? memory_create_fixed(core, job, given[i].frame, (uint32_t)argument)
                              : object_create(core, given[i].kind, job, argument, OBJECT_PINNED);
        uint32_t facet = core->state.objects[object].root_facet;
        struct hold_manner manner = object_classes[given[i].kind].manner;
        manner.transfer = given[i].transfer;
        entry->cap =
            hold_insert(core, process, facet, manner, (struct hold_origin){NONE, HOW_GENESIS})
                .value;
        entry->interface = core->state.facets[facet].interface;
        memcpy(entry->name, given[i].name, NAME_SIZE);
    }
    return sizeof given / sizeof given[0];
}

// --- All of it ----------------------------------------------------------------------------------

void core_genesis(struct core *core, const struct boot *boot)
{
    const struct package_header *package = frame_at(boot->package_frame);
    struct commit commit = {.kind = COMMIT_GENESIS,
                            .genesis = {boot->boot_id, ABI_MAJOR, ABI_MINOR, {0}}};
    core_apply(core, &commit);
    commit = (struct commit){.kind = COMMIT_GENESIS_CONFIG};
    memcpy(commit.bytes, &core->state.config, sizeof core->state.config);
    core_apply(core, &commit);
    uint32_t job = job_create(core, NONE, JOB_DRAINER); // the root job, which has all that there is
    uint32_t amounts[RESOURCE_COUNT] = {[RESOURCE_CALLS] = core->request_count,
                                        [RESOURCE_LOG] = core->log->page_count * COMMITS_PER_PAGE};
    memcpy(amounts, &core->state.config, sizeof core->state.config);
    job_limits_move(core, NONE, job, amounts);
    commit = (struct commit){.kind = COMMIT_SESSION_CREATE};
    commit.session_create =
        (struct commit_session_create){.job = job, .object = NONE, .expiry_ns = UINT64_MAX};
    uint32_t session = core_commit(core, NONE, &commit);
    for (uint32_t table = 0; table < HAL_MAP_TABLES; table++) {
        core->tables[table] = frame_take(&core->frames);
    }
    uint32_t process = process_create(core, job, session);
    uint64_t base = core->processes[process].base;
    core->first_process = process;
    image_map(core, process, package, boot->package_frame + 1);
    uint32_t page = memory_give(core, process, LAYOUT_START / PAGE_SIZE, 1, RIGHT_READ);
    struct start *start = frame_at(memory_frame(core, page, 0));
    struct capset *capset = (struct capset *)(start + 1);
    capset->count = given_make(core, boot, process, capset->entries);
    uint32_t thread = thread_create(core, process);
    *start = (struct start){.abi_major = ABI_MAJOR,
                            .abi_minor = ABI_MINOR,
                            .ring = thread_ring(core, thread),
                            .capset = base + LAYOUT_START + sizeof *start,
                            .process = record_number(core, ARENA_PROCESSES, process),
                            .kernel_enter = boot->kernel_enter,
                            .boot_flags = boot->flags};
    process_start(core, process);
    thread_begin(core, thread, base + LAYOUT_IMAGE + package->entry, base + LAYOUT_STACK_TOP,
                 base + LAYOUT_START);
}

// SPDX-License-Identifier: Apache-2.0
//
// Genesis: the commits by which a machine begins. The configuration, one session, one job, the
// objects that nobody makes later, and the boot package's first program with what it is given:
// console, timer, job, capabilities and the manifest. Whatever anybody holds later was handed on
// from there.
#include <string.h>

#include "kernel/parts.h"

static void genesis_config(struct core *core, uint64_t boot_id)
{
    struct commit commit = core_commit(core, COMMIT_GENESIS);
    commit.genesis.boot_id = boot_id;
    commit.genesis.abi_major = ABI_MAJOR;
    commit.genesis.abi_minor = ABI_MINOR;
    core_apply(core, &commit);
    commit = core_commit(core, COMMIT_GENESIS_CONFIG);
    memcpy(commit.bytes, &core->state.config, sizeof core->state.config);
    core_apply(core, &commit);
}

// The root job, which has all that there is.
static uint32_t genesis_job(struct core *core)
{
    uint32_t job = job_create(core, NONE, JOB_DRAINER);
    uint32_t amounts[RESOURCE_COUNT] = {[RESOURCE_CALLS] = core->request_count,
                                        [RESOURCE_LOG] = core->log->page_count * COMMITS_PER_PAGE};
    memcpy(amounts, &core->state.config, sizeof core->state.config);
    job_limits_move(core, NONE, job, amounts);
    return job;
}

static uint32_t genesis_session(struct core *core, uint32_t job)
{
    struct commit commit = core_commit_new(core, COMMIT_SESSION_CREATE, ARENA_SESSIONS);
    commit.session_create.job = job;
    commit.session_create.object = NONE;
    commit.session_create.expiry_ns = UINT64_MAX;
    core_apply(core, &commit);
    return commit.session_create.session.index;
}

enum status core_genesis(struct core *core, uint64_t boot_id)
{
    genesis_config(core, boot_id);
    uint32_t job = genesis_job(core);
    uint32_t session = genesis_session(core, job);
    const struct package_entry *manifest = package_find(core->package, PACKAGE_MANIFEST, NULL, 0);
    core->package_object = memory_create_fixed(core, job, core->package_frame,
                                               (uint32_t)(core->package->size / PAGE_SIZE));
    uint32_t console = object_create(core, OBJECT_CONSOLE, job, 0, OBJECT_PINNED);
    uint32_t timer = object_create(core, OBJECT_TIMER, job, 0, OBJECT_PINNED);
    uint32_t maker = object_create(core, OBJECT_JOB, job, job, OBJECT_PINNED);
    uint32_t manager = object_create(core, OBJECT_CAPABILITY_MANAGER, job, 0, OBJECT_PINNED);
    uint32_t list = memory_create_fixed(
        core, job, core->package_frame + (uint32_t)(manifest->offset / PAGE_SIZE),
        (uint32_t)((manifest->size + PAGE_SIZE - 1) / PAGE_SIZE));
    // The pages of both logs: whoever reads them sees what was written since.
    uint32_t pages =
        memory_create_fixed(core, job, core->log_frame, core->log->page_count + SYSLOG_PAGES);
    uint32_t reader = object_create(core, OBJECT_LOG_READER, job, 0, OBJECT_PINNED);
    const struct {
        const char *name;
        uint32_t size;
        uint8_t transfer;
        uint32_t object;
    } given[] = {
        {"console", 7, TRANSFER_COPY, console}, {"timer", 5, TRANSFER_COPY, timer},
        {"job", 3, TRANSFER_NONE, maker},       {"capabilities", 12, TRANSFER_COPY, manager},
        {"manifest", 8, TRANSFER_COPY, list},   {"log", 3, TRANSFER_COPY, reader},
        {"log-pages", 9, TRANSFER_COPY, pages},
    };
    core->first_process = process_create(core, job, session);
    enum status status = builder_load(core, core->first_process, package_first(core->package));
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        builder_grant(core, core->first_process, given[i].name, given[i].size,
                      core->state.objects[given[i].object].root_facet, given[i].transfer,
                      (struct hold_origin){NONE, HOW_GENESIS});
    }
    builder_start(core, core->first_process);
    return STATUS_OK;
}

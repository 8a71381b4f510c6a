// SPDX-License-Identifier: Apache-2.0
//
// kernel_boot: checks the boot package, lays the kernel's arenas out in the largest range of
// memory, and writes genesis. How large the arenas are follows from the memory by one table; ids
// depend on it, so it is part of genesis.
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/parts.h"

struct sizes {
    uint32_t frames; // of memory, at least
    struct state_config state;
    uint32_t pending;
    uint32_t log_pages;
};

// Largest first.
static const struct sizes size_table[] = {
    {48 * 256,
     {.sessions = 64,
      .jobs = 64,
      .processes = 128,
      .threads = 256,
      .objects = 4096,
      .facets = 8192,
      .holds = 16384,
      .mappings = 4096},
     4096,
     1024},
    {0,
     {.sessions = 64,
      .jobs = 64,
      .processes = 128,
      .threads = 256,
      .objects = 2048,
      .facets = 4096,
      .holds = 8192,
      .mappings = 2048},
     2048,
     128},
};

static uint32_t largest_range(const struct boot *boot)
{
    uint32_t largest = 0;
    for (uint32_t i = 1; i < boot->range_count; i++) {
        if (boot->ranges[i].count > boot->ranges[largest].count) {
            largest = i;
        }
    }
    return largest;
}

static struct sizes sizes_for(const struct boot *boot, uint32_t threads_max, uint32_t spaces_max)
{
    uint64_t frames = 0;
    for (uint32_t i = 0; i < boot->range_count; i++) {
        frames += boot->ranges[i].count;
    }
    const struct sizes *row = size_table;
    while (row->frames > frames) {
        row++;
    }
    struct sizes sizes = *row;
    if (sizes.state.threads > threads_max) {
        sizes.state.threads = threads_max;
    }
    if (sizes.state.processes > spaces_max) {
        sizes.state.processes = spaces_max;
    }
    return sizes;
}

// Hands out zeroed pieces of memory, one after another; with at == NULL it only counts.
struct carver {
    uint8_t *at;
    uint64_t used;
};

static void *carve(struct carver *carver, uint64_t size)
{
    uint8_t *piece = carver->at == NULL ? NULL : carver->at + carver->used;
    carver->used += (size + 63) & ~(uint64_t)63;
    return piece;
}

static struct kernel *carve_kernel(struct carver *carver, const struct sizes *sizes)
{
    struct kernel placed = {0};
    struct core *core = &placed.core;
    const struct state_config *config = &sizes->state;
    struct kernel *kernel = carve(carver, sizeof *kernel);
    core->threads = carve(carver, config->threads * sizeof *core->threads);
    core->processes = carve(carver, config->processes * sizeof *core->processes);
    core->objects = carve(carver, config->objects * sizeof *core->objects);
    core->jobs = carve(carver, config->jobs * sizeof *core->jobs);
    core->facet_queued = carve(carver, config->facets * sizeof *core->facet_queued);
    core->pending = carve(carver, sizes->pending * sizeof *core->pending);
    core->heap = carve(carver, (sizes->pending + config->threads) * sizeof *core->heap);
    placed.gate.threads = carve(carver, config->threads * sizeof *placed.gate.threads);
    placed.gate.syslog = carve(carver, SYSLOG_RECORDS * sizeof *placed.gate.syslog);
    void *arenas = carve(carver, state_size(config));
    if (kernel == NULL) {
        return NULL;
    }
    memset(carver->at, 0, carver->used);
    kernel->gate = placed.gate;
    kernel->core.threads = core->threads;
    kernel->core.processes = core->processes;
    kernel->core.objects = core->objects;
    kernel->core.jobs = core->jobs;
    kernel->core.facet_queued = core->facet_queued;
    kernel->core.pending = core->pending;
    kernel->core.heap = core->heap;
    state_init(&kernel->core.state, config, arenas);
    return kernel;
}

static void core_init(struct core *core, const struct sizes *sizes, const struct boot *boot)
{
    core->now_ns = boot->now_ns;
    core->actor = KERNEL_ACTOR;
    core->kernel_enter = boot->kernel_enter;
    core->package_frame = boot->package_frame;
    core->package = frame_at(boot->package_frame);
    core->pending_count = sizes->pending;
    for (uint32_t i = 0; i < sizes->pending; i++) {
        core->pending[i].of_thread.next = i + 1 < sizes->pending ? i + 1 : NONE;
    }
    list_init(&core->ready);
    core->current = NONE;
    core->armed_ns = UINT64_MAX;
    core->first_dead = NONE;
    core->first_gone = NONE;
    core->started_thread = NONE;
}

static _Noreturn void boot_refuse(const char *why)
{
    struct report report;
    report_begin(&report);
    report_text(&report, why);
    report_end(&report);
    hal_halt(1);
}

static struct kernel *place(const struct boot *boot, const struct sizes *sizes,
                            struct frame_range ranges[FRAME_RANGES_MAX])
{
    uint32_t largest = boot->range_count == 0 ? 0 : largest_range(boot);
    struct carver count = {0};
    carve_kernel(&count, sizes);
    uint64_t frames = (count.used + PAGE_SIZE - 1) / PAGE_SIZE + sizes->log_pages;
    if (boot->range_count == 0 || boot->range_count > FRAME_RANGES_MAX ||
        boot->ranges[largest].count <= frames) {
        boot_refuse("there is not enough memory for the kernel's tables");
    }
    for (uint32_t i = 0; i < boot->range_count; i++) {
        ranges[i] = (struct frame_range){boot->ranges[i].first, boot->ranges[i].count};
    }
    ranges[largest].first += (uint32_t)frames;
    ranges[largest].count -= (uint32_t)frames;
    struct log_page *log = frame_at(boot->ranges[largest].first);
    struct carver carver = {(uint8_t *)(log + sizes->log_pages), 0};
    struct kernel *kernel = carve_kernel(&carver, sizes);
    log_init(&kernel->log, log, sizes->log_pages, boot->boot_id);
    return kernel;
}

struct kernel *kernel_boot(const struct boot *boot, uint32_t threads_max, uint32_t spaces_max)
{
    if (boot->package_size == 0) {
        boot_refuse("there is no boot package");
    }
    if (package_check(frame_at(boot->package_frame), boot->package_size) != STATUS_OK) {
        boot_refuse("the boot package is broken: its size, its table or its table's hash is wrong");
    }
    struct sizes sizes = sizes_for(boot, threads_max, spaces_max);
    struct frame_range ranges[FRAME_RANGES_MAX];
    struct kernel *kernel = place(boot, &sizes, ranges);
    struct core *core = &kernel->core;
    core_init(core, &sizes, boot);
    frames_init(&core->frames, ranges, boot->range_count);
    enum status status = core_genesis(core, boot->boot_id);
    if (status != STATUS_OK) {
        boot_refuse(status == STATUS_PROGRAM_CORRUPT
                        ? "the first program's checksum or layout is wrong"
                        : "there is not enough memory for the first program");
    }
    for (uint32_t i = 0; i < core->commit_count; i++) {
        log_append(&kernel->log, &core->commits[i], core->commit_digests[i]);
    }
    core->commit_count = 0;
    gate_thread_start(&kernel->gate, core, core->started_thread);
    core->started_thread = NONE;
    return kernel;
}

// SPDX-License-Identifier: Apache-2.0
//
// kernel_boot: lays the kernel's arenas out in the largest range of memory, and writes genesis. How
// large the arenas are follows from the memory by one table; ids depend on it, so it is part of
// genesis.
#include <string.h>

#include "abi/package.h"
#include "kernel/kernel.h"
#include "kernel/parts.h"

struct sizes {
    uint32_t frames; // of memory, at least
    // What there is of each resource. Those of the transient ones: requests, and pages of the log;
    // behind them: nothing of no resource.
    uint32_t of[RESOURCE_COUNT + 1];
};

// Largest first. How many pages there are follows from the memory itself.
static const struct sizes size_table[] = {
    {48 * 256,
     {[RESOURCE_SESSIONS] = 64,
      [RESOURCE_JOBS] = 64,
      [RESOURCE_PROCESSES] = BOOT_SPACES_MAX,
      [RESOURCE_THREADS] = BOOT_THREADS_MAX,
      [RESOURCE_OBJECTS] = 4096,
      [RESOURCE_FACETS] = 8192,
      [RESOURCE_HOLDS] = 16384,
      [RESOURCE_MAPPINGS] = 4096,
      [RESOURCE_CALLS] = 4096,
      [RESOURCE_LOG] = 1024}},
    {0,
     {[RESOURCE_SESSIONS] = 64,
      [RESOURCE_JOBS] = 64,
      [RESOURCE_PROCESSES] = BOOT_SPACES_MAX,
      [RESOURCE_THREADS] = BOOT_THREADS_MAX,
      [RESOURCE_OBJECTS] = 2048,
      [RESOURCE_FACETS] = 4096,
      [RESOURCE_HOLDS] = 8192,
      [RESOURCE_MAPPINGS] = 2048,
      [RESOURCE_CALLS] = 2048,
      [RESOURCE_LOG] = 128}},
};

enum {
    PAGES_MAX = 1 << 28, // 1 TiB
    // For any first program: its image, stack, start page and ring, with their lists and tables.
    FIRST_FRAMES = PACKAGE_IMAGE_PAGES_MAX + 124,
    SPACE_OF_A_PAGE = 15, // pages of address space for each page of memory
};

static struct sizes sizes_for(const struct boot *boot, uint32_t frames)
{
    const struct sizes *row = size_table;
    while (row->frames > frames) {
        row++;
    }
    struct sizes sizes = *row;
    uint64_t pages = frames + boot->package_size / PAGE_SIZE;
    sizes.of[RESOURCE_PAGES] = pages < PAGES_MAX ? (uint32_t)pages : PAGES_MAX;
    sizes.of[RESOURCE_SPACE] = sizes.of[RESOURCE_PAGES] * SPACE_OF_A_PAGE;
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        uint32_t asked = boot->sizes[resource];
        sizes.of[resource] = asked != 0 ? asked : sizes.of[resource];
    }
    return sizes;
}

// The kernel's arrays, in the order in which they follow struct kernel: which of its pointers leads
// there, and the bytes for each of one resource, and of another. The heap has a place for each time
// limit, and its first place is unused: the spare request has no limit.
#define ARRAY(field, resource, other)                                                              \
    {                                                                                              \
        offsetof(struct kernel, field), sizeof *((struct kernel *)0)->field, resource, other       \
    }

static const struct {
    uint32_t pointer, bytes, resource, other;
} arrays[] = {
    ARRAY(core.threads, RESOURCE_THREADS, RESOURCE_COUNT),
    ARRAY(core.processes, RESOURCE_PROCESSES, RESOURCE_COUNT),
    ARRAY(core.objects, RESOURCE_OBJECTS, RESOURCE_COUNT),
    ARRAY(core.jobs, RESOURCE_JOBS, RESOURCE_COUNT),
    ARRAY(core.sessions, RESOURCE_SESSIONS, RESOURCE_COUNT),
    ARRAY(core.facets, RESOURCE_FACETS, RESOURCE_COUNT),
    ARRAY(core.requests, RESOURCE_CALLS, RESOURCE_COUNT),
    ARRAY(core.heap, RESOURCE_CALLS, RESOURCE_THREADS),
};

enum { ARRAY_COUNT = sizeof arrays / sizeof arrays[0] };

// What is not named here begins as zero; so the sweepers look at everything once, and find nothing.
static void core_init(struct core *core, const struct sizes *sizes, uint64_t now_ns)
{
    core->now_ns = now_ns;
    core->actor = KERNEL_ACTOR;
    core->request_count = sizes->of[RESOURCE_CALLS];
    for (uint32_t i = core->request_count; i > 0; i--) {
        core->requests[i - 1].index = i - 1;
        core->requests[i - 1].limit.ends = request_limit_ends;
        core->requests[i - 1].next_free = core->spare;
        core->spare = &core->requests[i - 1];
    }
    for (uint32_t i = 0; i < LEVEL_COUNT; i++) {
        list_init(&core->ready[i]);
    }
    list_init(&core->dead);
    for (uint32_t i = 0; i < PARK_QUEUES + 1; i++) {
        queue_init(&core->parked[i]);
    }
    core->current = core->next = NONE;
    core->is_changed = true;
    core->here.armed_ns = UINT64_MAX;
}

// Log, SysLog, struct kernel and arrays go to the end of the largest range; what is left is free
// frames.
static struct kernel *place(const struct boot *boot, const struct frame_range *largest,
                            uint32_t frames, const struct sizes *sizes)
{
    struct state_config config;
    memcpy(&config, sizes->of, sizeof config);
    uint64_t size = SYSLOG_PAGES * PAGE_SIZE + sizeof(struct kernel) + state_size(&config);
    uint64_t places[ARRAY_COUNT];
    for (uint32_t i = 0; i < ARRAY_COUNT; i++) {
        places[i] = size;
        size += arrays[i].bytes *
                ((uint64_t)sizes->of[arrays[i].resource] + sizes->of[arrays[i].other]);
    }
    uint64_t taken = (size + PAGE_SIZE - 1) / PAGE_SIZE + sizes->of[RESOURCE_LOG];
    if (largest->count <= taken || frames < taken + FIRST_FRAMES) {
        hal_report(
            "tessera: there is not enough memory for the kernel's tables and the first program");
        hal_halt(1);
    }
    uint32_t first = largest->first + largest->count - (uint32_t)taken;
    struct log_page *log = frame_at(first);
    struct syslog_record *syslog = (void *)(log + sizes->of[RESOURCE_LOG]);
    struct kernel *kernel = (void *)(syslog + SYSLOG_RECORDS);
    memset(syslog, 0, size);
    for (uint32_t i = 0; i < ARRAY_COUNT; i++) {
        uint8_t *at = (uint8_t *)syslog + places[i];
        memcpy((uint8_t *)kernel + arrays[i].pointer, &at, sizeof at);
    }
    state_init(&kernel->core.state, &config, kernel + 1);
    log_init(&kernel->log, log, sizes->of[RESOURCE_LOG], boot->boot_id);
    kernel->core.syslog = syslog;
    kernel->core.log = &kernel->log;
    kernel->core.log_frame = first;
    kernel->core.frames.first = NONE;
    for (uint32_t i = 0; i < boot->range_count; i++) {
        uint32_t kept = &boot->ranges[i] == largest ? (uint32_t)taken : 0;
        frames_give(&kernel->core.frames, boot->ranges[i].first, boot->ranges[i].count - kept);
    }
    return kernel;
}

// --- Boot ---------------------------------------------------------------------------------------

struct kernel *kernel_boot(const struct boot *boot)
{
    uint32_t frames = 0;
    const struct frame_range *largest = boot->ranges;
    for (uint32_t i = 0; i < boot->range_count; i++) {
        frames += boot->ranges[i].count;
        largest = boot->ranges[i].count > largest->count ? &boot->ranges[i] : largest;
    }
    struct sizes sizes = sizes_for(boot, frames);
    struct kernel *kernel = place(boot, largest, frames, &sizes);
    struct core *core = &kernel->core;
    core_init(core, &sizes, boot->now_ns);
    memcpy(core->secret, boot->secret, sizeof core->secret);
    core_genesis(core, boot);
    return kernel; // the first turn hands genesis to the log
}

static_assert(sizeof(struct state_config) == RESOURCE_CALLS * sizeof(uint32_t),
              "the configuration is the sizes of what is not transient");

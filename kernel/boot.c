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
    uint32_t requests;
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

enum {
    PAGES_MAX = 1 << 28,  // 1 TiB
    SPACE_OF_A_PAGE = 15, // pages of address space for each page of memory
};

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
    uint32_t *const sizes_by_name[BOOT_SIZE_COUNT] = {
        [BOOT_SIZE_SESSIONS] = &sizes.state.sessions,
        [BOOT_SIZE_JOBS] = &sizes.state.jobs,
        [BOOT_SIZE_PROCESSES] = &sizes.state.processes,
        [BOOT_SIZE_THREADS] = &sizes.state.threads,
        [BOOT_SIZE_OBJECTS] = &sizes.state.objects,
        [BOOT_SIZE_FACETS] = &sizes.state.facets,
        [BOOT_SIZE_HOLDS] = &sizes.state.holds,
        [BOOT_SIZE_MAPPINGS] = &sizes.state.mappings,
        [BOOT_SIZE_REQUESTS] = &sizes.requests,
        [BOOT_SIZE_LOG_PAGES] = &sizes.log_pages,
    };
    for (uint32_t i = 0; i < BOOT_SIZE_COUNT; i++) {
        if (boot->sizes[i] != 0) {
            *sizes_by_name[i] = boot->sizes[i];
        }
    }
    // The package's pages are those of two objects: all of it, and its manifest.
    uint64_t pages = frames + 2 * (boot->package_size / PAGE_SIZE);
    sizes.state.pages = pages < PAGES_MAX ? (uint32_t)pages : PAGES_MAX;
    sizes.state.space = sizes.state.pages * SPACE_OF_A_PAGE;
    if (sizes.state.threads > threads_max) {
        sizes.state.threads = threads_max;
    }
    if (sizes.state.processes > spaces_max) {
        sizes.state.processes = spaces_max;
    }
    return sizes;
}

enum {
    PIECES = 8,
    PIECE_ALIGNMENT = 64,
};

// An array of the kernel: which pointer of struct kernel leads to it, and its bytes.
struct piece {
    uint64_t pointer;
    uint64_t size;
};

#define PIECE(field, count)                                                                        \
    {                                                                                              \
        offsetof(struct kernel, field), (uint64_t)(count) * sizeof *((struct kernel *)0)->field    \
    }

// The kernel's arrays, in the order in which they follow struct kernel. Returns bytes in all.
static uint64_t pieces_of(const struct sizes *sizes, struct piece pieces[PIECES])
{
    const struct state_config *config = &sizes->state;
    const struct piece table[PIECES] = {
        PIECE(core.threads, config->threads),
        PIECE(core.processes, config->processes),
        PIECE(core.objects, config->objects),
        PIECE(core.jobs, config->jobs),
        PIECE(core.facets, config->facets),
        PIECE(core.requests, sizes->requests),
        PIECE(core.heap, 1 + sizes->requests + config->threads),
        {offsetof(struct kernel, storage), state_size(config)},
    };
    uint64_t total = 0;
    for (uint32_t i = 0; i < PIECES; i++) {
        pieces[i].pointer = table[i].pointer;
        pieces[i].size = (table[i].size + PIECE_ALIGNMENT - 1) & ~(uint64_t)(PIECE_ALIGNMENT - 1);
        total += pieces[i].size;
    }
    return total;
}

static void core_init(struct core *core, const struct sizes *sizes, const struct boot *boot)
{
    core->now_ns = boot->now_ns;
    core->actor = KERNEL_ACTOR;
    core->kernel_enter = boot->kernel_enter;
    core->boot_flags = boot->flags;
    core->package_frame = boot->package_frame;
    core->package = frame_at(boot->package_frame);
    core->request_count = sizes->requests;
    core->spare = core->requests;
    list_init(&core->free_requests);
    for (uint32_t i = 1; i < sizes->requests; i++) {
        list_append(&core->free_requests, &core->requests[i].queue);
    }
    for (uint32_t i = 0; i < PRIORITY_COUNT; i++) {
        list_init(&core->ready[i]);
    }
    list_init(&core->dead);
    list_init(&core->gone);
    core->recheck = NONE;
    queue_init(&core->sleepers);
    for (uint32_t i = 0; i < PARK_QUEUES; i++) {
        queue_init(&core->parked[i]);
    }
    core->current = NONE;
    core->kill_next = NONE;
    core->litter = NONE;
    core->next = NONE;
    core->is_changed = true;
    core->armed_ns = UINT64_MAX;
}

static _Noreturn void boot_refuse(const char *why)
{
    report("tessera: %s", why);
    hal_halt(1);
}

// Log, SysLog, struct kernel and arrays go to the start of the largest range; what is left is free
// frames.
static struct kernel *place(const struct boot *boot, const struct sizes *sizes,
                            struct frame_range ranges[FRAME_RANGES_MAX])
{
    struct piece pieces[PIECES];
    uint64_t head =
        (sizeof(struct kernel) + PIECE_ALIGNMENT - 1) & ~(uint64_t)(PIECE_ALIGNMENT - 1);
    uint64_t size = SYSLOG_PAGES * PAGE_SIZE + head + pieces_of(sizes, pieces);
    uint64_t frames = (size + PAGE_SIZE - 1) / PAGE_SIZE + sizes->log_pages;
    uint32_t largest = 0;
    for (uint32_t i = 0; i < boot->range_count && i < FRAME_RANGES_MAX; i++) {
        ranges[i] = (struct frame_range){boot->ranges[i].first, boot->ranges[i].count};
        largest = ranges[i].count > ranges[largest].count ? i : largest;
    }
    if (boot->range_count == 0 || ranges[largest].count <= frames) {
        boot_refuse("there is not enough memory for the kernel's tables");
    }
    struct log_page *log = frame_at(ranges[largest].first);
    ranges[largest].first += (uint32_t)frames;
    ranges[largest].count -= (uint32_t)frames;
    uint8_t *at = (uint8_t *)(log + sizes->log_pages);
    memset(at, 0, size);
    struct kernel *kernel = (struct kernel *)(void *)(at + SYSLOG_PAGES * PAGE_SIZE);
    kernel->core.syslog = (struct syslog_record *)(void *)at;
    at = (uint8_t *)kernel + head;
    for (uint32_t i = 0; i < PIECES; i++) {
        memcpy((uint8_t *)kernel + pieces[i].pointer, &at, sizeof at);
        at += pieces[i].size;
    }
    state_init(&kernel->core.state, &sizes->state, kernel->storage);
    kernel->core.log = &kernel->log;
    kernel->core.log_frame = (uint32_t)(((uint8_t *)log - hal_frames) / PAGE_SIZE);
    log_init(&kernel->log, log, sizes->log_pages, boot->boot_id);
    return kernel;
}

// --- The boot package ---------------------------------------------------------------------------

// Every number of the package is checked before it is believed.

static bool entry_is_sound(const struct package_header *package, const struct package_entry *entry)
{
    if (entry->offset % PAGE_SIZE != 0 || entry->offset < PAGE_SIZE ||
        entry->offset > package->size || entry->size > package->size - entry->offset) {
        return false;
    }
    if (entry->name[0] == 0 || entry->name[NAME_SIZE - 1] != 0) {
        return false;
    }
    if (entry->kind == PACKAGE_MANIFEST) {
        return entry->segment_count == 0;
    }
    return entry->kind == PACKAGE_PROGRAM && entry->segment_count > 0 &&
           entry->segment_count <= PACKAGE_SEGMENTS_MAX;
}

// Whether the table is sound, in the `size` bytes that the platform found.
static bool package_is_sound(const struct package_header *package, uint64_t size)
{
    const struct package_entry *entries = (const struct package_entry *)(const void *)(package + 1);
    if (size < PAGE_SIZE || package->magic != PACKAGE_MAGIC ||
        package->version != PACKAGE_VERSION || package->size > size || package->size < PAGE_SIZE ||
        package->size % PAGE_SIZE != 0 || package->entry_count > PACKAGE_ENTRIES_MAX ||
        package->first >= package->entry_count ||
        !package_hash_is(entries, package->entry_count * sizeof *entries, package->sha256)) {
        return false;
    }
    uint32_t manifests = 0;
    for (uint32_t i = 0; i < package->entry_count; i++) {
        if (!entry_is_sound(package, &entries[i])) {
            return false;
        }
        manifests += entries[i].kind == PACKAGE_MANIFEST;
    }
    return manifests == 1 && entries[package->first].kind == PACKAGE_PROGRAM;
}

// --- Boot ---------------------------------------------------------------------------------------

struct kernel *kernel_boot(const struct boot *boot, uint32_t threads_max, uint32_t spaces_max)
{
    if (boot->package_size == 0) {
        boot_refuse("there is no boot package");
    }
    if (!package_is_sound(frame_at(boot->package_frame), boot->package_size)) {
        boot_refuse("the boot package is broken: its size, its table or its table's hash is wrong");
    }
    struct sizes sizes = sizes_for(boot, threads_max, spaces_max);
    struct frame_range ranges[FRAME_RANGES_MAX];
    struct kernel *kernel = place(boot, &sizes, ranges);
    struct core *core = &kernel->core;
    core_init(core, &sizes, boot);
    frames_init(&core->frames, ranges, boot->range_count);
    const struct package_entry *manifest = package_find(core->package, PACKAGE_MANIFEST, NULL, 0);
    if (package_verify(core, manifest) != STATUS_OK) {
        boot_refuse("the boot manifest's checksum is wrong");
    }
    enum status status = core_genesis(core, boot->boot_id);
    if (status != STATUS_OK) {
        boot_refuse(status == STATUS_PROGRAM_CORRUPT
                        ? "the first program's checksum or layout is wrong"
                        : "there is not enough memory for the first program");
    }
    return kernel; // the first turn hands genesis to the log
}

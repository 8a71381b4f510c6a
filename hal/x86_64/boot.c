// SPDX-License-Identifier: Apache-2.0
//
// From the first C function to the loop: asks what the loader left (PVH: Xen's
// xen/include/public/arch-x86/hvm/start_info.h), prepares the machine and boots the kernel. What
// the loader left is read before any memory is written but the image's own.
#include "hal/x86_64/x86.h"

enum {
    START_INFO_MAGIC = 0x336ec578,
    START_INFO_VERSION_MEMORY_MAP = 1,
    MEMORY_MAP_RAM = 1,

    FRAME_LOWEST = 256,            // the first MiB is the firmware's
    FRAME_HIGHEST = 1 << 27,       // 512 GiB: as much as one table of the direct map covers
    START_FRAME_HIGHEST = 1 << 20, // 4 GiB: what start.S maps
    EXIT_REFUSED = 1,
};

struct start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t memory_map;
    uint32_t memory_map_count;
    uint32_t reserved;
};

struct start_module {
    uint64_t address;
    uint64_t size;
    uint64_t command_line;
    uint64_t reserved;
};

struct start_memory {
    uint64_t address;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};

static_assert(sizeof(struct start_info) == 56, "start_info.h");
static_assert(sizeof(struct start_module) == 32, "start_info.h");
static_assert(sizeof(struct start_memory) == 24, "start_info.h");

struct ranges {
    uint32_t count;
    struct boot_range all[BOOT_RANGES_MAX];
};

extern uint8_t image_start[];
extern uint8_t image_end[];

_Noreturn static void boot_refuse(const char *reason)
{
    console_text("x86_64: cannot boot: ");
    console_text(reason);
    console_text("\n");
    hal_halt(EXIT_REFUSED);
}

// More ranges than there is room for: the rest of the memory stays unused.
static void ranges_add(struct ranges *ranges, uint64_t first, uint64_t end)
{
    if (first < end && ranges->count < BOOT_RANGES_MAX) {
        ranges->all[ranges->count++] =
            (struct boot_range){(uint32_t)first, (uint32_t)(end - first)};
    }
}

static void ranges_remove(struct ranges *ranges, uint64_t first, uint64_t end)
{
    struct ranges old = *ranges;

    ranges->count = 0;
    for (uint32_t i = 0; i < old.count; i++) {
        uint64_t old_first = old.all[i].first;
        uint64_t old_end = old_first + old.all[i].count;
        ranges_add(ranges, old_first, old_end < first ? old_end : first);
        ranges_add(ranges, old_first > end ? old_first : end, old_end);
    }
}

// Among those that start.S has mapped.
static struct boot_range *ranges_largest(struct ranges *ranges)
{
    struct boot_range *largest = NULL;

    for (uint32_t i = 0; i < ranges->count; i++) {
        struct boot_range *range = &ranges->all[i];
        if (range->first + range->count <= START_FRAME_HIGHEST &&
            (largest == NULL || range->count > largest->count)) {
            largest = range;
        }
    }
    if (largest == NULL) {
        boot_refuse("there is no free memory in the first 4 GiB");
    }
    return largest;
}

static uint64_t frames_up(uint64_t bytes)
{
    return bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
}

static const void *start_data(uint64_t address, uint64_t size)
{
    if (address > (uint64_t)START_FRAME_HIGHEST * PAGE_SIZE - size) {
        boot_refuse("the loader's tables lie beyond the first 4 GiB");
    }
    return hal_frames + address;
}

static struct start_info start_info_read(uint64_t address)
{
    struct start_info info;

    memcpy(&info, start_data(address, sizeof(info)), sizeof(info));
    if (info.magic != START_INFO_MAGIC || info.version < START_INFO_VERSION_MEMORY_MAP) {
        boot_refuse("the loader gave no PVH start info with a memory map");
    }
    return info;
}

// Whole frames of RAM, without those that hold the image or belong to the firmware.
static void memory_map_read(const struct start_info *info, struct ranges *ram)
{
    uint64_t size = info->memory_map_count * sizeof(struct start_memory);
    const struct start_memory *entries = start_data(info->memory_map, size);

    for (uint32_t i = 0; i < info->memory_map_count; i++) {
        uint64_t end;
        if (entries[i].type != MEMORY_MAP_RAM ||
            __builtin_add_overflow(entries[i].address, entries[i].size, &end)) {
            continue;
        }
        uint64_t first = frames_up(entries[i].address);
        uint64_t last = end / PAGE_SIZE;
        ranges_add(ram, first < FRAME_LOWEST ? FRAME_LOWEST : first,
                   last > FRAME_HIGHEST ? FRAME_HIGHEST : last);
    }
    ranges_remove(ram, ((uint64_t)image_start - KERNEL_BASE) / PAGE_SIZE,
                  ((uint64_t)image_end - KERNEL_BASE) / PAGE_SIZE);
}

// The boot package is the only module. Its bytes must be in what the direct map will cover.
static struct start_module module_read(const struct start_info *info, const struct ranges *ram)
{
    if (info->module_count != 1) {
        boot_refuse(info->module_count == 0 ? "there is no boot package (QEMU: -initrd)"
                                            : "there is more than one boot package");
    }
    struct start_module module;
    memcpy(&module, start_data(info->modules, sizeof(module)), sizeof(module));

    uint64_t end;
    bool wraps = __builtin_add_overflow(module.address, module.size, &end);
    uint64_t first = module.address / PAGE_SIZE;
    for (uint32_t i = 0; !wraps && i < ram->count; i++) {
        uint64_t ram_end = (uint64_t)ram->all[i].first + ram->all[i].count;
        if (first >= ram->all[i].first && frames_up(end) <= ram_end) {
            return module;
        }
    }
    boot_refuse("the boot package does not lie in the machine's memory");
}

// A package that doesn't start at a frame is copied to the end of the last range that has room.
static uint32_t package_place(const struct start_module *module, struct boot *boot)
{
    uint32_t count = (uint32_t)frames_up(module->size);

    if (module->address % PAGE_SIZE == 0) {
        return (uint32_t)(module->address / PAGE_SIZE);
    }
    for (uint32_t i = boot->range_count; i > 0; i--) {
        struct boot_range *range = &boot->ranges[i - 1];
        if (range->count > count) {
            range->count -= count;
            uint32_t first = range->first + range->count;
            memcpy(hal_frames + (uint64_t)first * PAGE_SIZE, hal_frames + module->address,
                   module->size);
            return first;
        }
    }
    boot_refuse("there is no room to align the boot package");
}

static uint64_t ranges_frames(const struct boot *boot)
{
    uint64_t frames = 0;
    for (uint32_t i = 0; i < boot->range_count; i++) {
        frames += boot->ranges[i].count;
    }
    return frames;
}

static void memory_prepare(uint64_t start_info, struct boot *boot)
{
    static struct ranges ram; // too large for a stack to be careless with
    static struct ranges free;
    struct start_info info = start_info_read(start_info);

    memory_map_read(&info, &ram);
    struct start_module module = module_read(&info, &ram);
    uint64_t module_end = frames_up(module.address + module.size);
    free = ram;
    ranges_remove(&free, module.address / PAGE_SIZE, module_end);
    memory_init(ram.all, ram.count, ranges_largest(&free));

    boot->range_count = free.count;
    memcpy(boot->ranges, free.all, sizeof(free.all));
    boot->package_size = module.size;
    boot->package_frame = package_place(&module, boot);
}

_Noreturn void boot_start(uint64_t start_info)
{
    static struct boot boot;

    console_init();
    cpu_tables_init();
    cpu_features_init();
    memory_prepare(start_info, &boot);
    time_init();

    const char *source;
    boot.boot_id = cpu_boot_id(&source);
    boot.now_ns = time_now_ns();
    cpu_features_log();
    time_log();
    console_text("x86_64: memory ");
    console_decimal(ranges_frames(&boot) * PAGE_SIZE >> 10);
    console_text(" KiB free, boot id from ");
    console_text(source);
    console_text("\n");

    struct cpu *cpu = cpu_current();
    cpu->input.now_ns = boot.now_ns; // for what the kernel arms while it boots
    cpu->kernel = kernel_boot(&boot, THREADS_MAX, SPACES_MAX);
    entry_run(loop_start());
}

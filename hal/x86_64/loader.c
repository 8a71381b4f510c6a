// SPDX-License-Identifier: Apache-2.0
//
// Reads what a loader left: PVH (Xen's xen/include/public/arch-x86/hvm/start_info.h) or Multiboot2
// (its specification 2.0, 3.6: boot information). A new protocol is a row of `loaders`.
#include "hal/x86_64/loader.h"

#include "hal/x86_64/x86.h"

enum {
    MEMORY_RAM = 1, // both protocols take the numbers of the PC's firmware (ACPI 6.4, 15.1)

    PVH_MAGIC = 0x336ec578,
    PVH_VERSION_MEMORY_MAP = 1,

    MULTIBOOT_MAGIC = 0x36d76289,
    MULTIBOOT_SIZE_MAX = 1 << 20, // far beyond what any loader writes
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_RSDP_OLD = 14,
    TAG_RSDP_NEW = 15,
    TAG_COUNT = 16,
    RSDP_OLD_SIZE = 20,
};

struct pvh_info {
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

struct pvh_module {
    uint64_t address;
    uint64_t size;
    uint64_t command_line;
    uint64_t reserved;
};

// One entry of the memory map, in either protocol.
struct memory_entry {
    uint64_t address;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};

struct multiboot_info {
    uint32_t size;
    uint32_t reserved;
};

struct multiboot_tag {
    uint32_t type;
    uint32_t size; // without what aligns the next one to 8
};

struct multiboot_module {
    struct multiboot_tag tag;
    uint32_t start;
    uint32_t end;
};

struct multiboot_memory {
    struct multiboot_tag tag;
    uint32_t entry_size;
    uint32_t entry_version;
};

static_assert(sizeof(struct pvh_info) == 56, "start_info.h");
static_assert(sizeof(struct pvh_module) == 32, "start_info.h");
static_assert(sizeof(struct memory_entry) == 24, "start_info.h; Multiboot2 3.6.8");

extern uint8_t image_start[];
extern uint8_t image_end[];

// --- Ranges -------------------------------------------------------------------------------------

static void range_delete(struct ranges *ranges, uint32_t index)
{
    ranges->count--;
    ranges->all[index] = ranges->all[ranges->count];
}

void ranges_add(struct ranges *ranges, uint64_t first, uint64_t end)
{
    uint32_t smallest = 0;

    if (first >= end) {
        return;
    }
    for (uint32_t i = 0; i < ranges->count;) {
        uint64_t other_first = ranges->all[i].first;
        uint64_t other_end = other_first + ranges->all[i].count;
        if (other_end < first || end < other_first) {
            i++;
            continue;
        }
        first = other_first < first ? other_first : first;
        end = other_end > end ? other_end : end;
        range_delete(ranges, i);
    }
    if (ranges->count == FRAME_RANGES_MAX) {
        for (uint32_t i = 1; i < ranges->count; i++) {
            smallest = ranges->all[i].count < ranges->all[smallest].count ? i : smallest;
        }
        if (ranges->all[smallest].count >= end - first) {
            return;
        }
        range_delete(ranges, smallest);
    }
    ranges->all[ranges->count++] = (struct frame_range){(uint32_t)first, (uint32_t)(end - first)};
}

void ranges_remove(struct ranges *ranges, uint64_t first, uint64_t end)
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

// --- What both protocols have -------------------------------------------------------------------

const void *loader_bytes(uint64_t address, uint64_t size)
{
    uint64_t limit = (uint64_t)START_FRAME_HIGHEST * PAGE_SIZE;
    return size <= limit && address <= limit - size ? hal_frames + address : NULL;
}

static const void *table_of(uint64_t address, uint64_t size)
{
    const void *table = loader_bytes(address, size);
    if (table == NULL) {
        boot_refuse("the loader's tables lie beyond the first 4 GiB", "");
    }
    return table;
}

static void memory_add(struct loaded *loaded, const struct memory_entry *entry)
{
    uint64_t end;

    if (entry->type != MEMORY_RAM || __builtin_add_overflow(entry->address, entry->size, &end)) {
        return;
    }
    uint64_t first = frames_up(entry->address);
    uint64_t last = end / PAGE_SIZE;
    ranges_add(&loaded->ram, first < FRAME_LOWEST ? FRAME_LOWEST : first,
               last > FRAME_HIGHEST ? FRAME_HIGHEST : last);
}

static void package_set(struct loaded *loaded, uint64_t address, uint64_t size)
{
    if (loaded->package_size != 0) {
        boot_refuse("there is more than one boot package", "");
    }
    if (size == 0) {
        boot_refuse("the boot package is empty", "");
    }
    loaded->package = address;
    loaded->package_size = size;
}

// `size`: of what it must end within.
static void command_line_copy(struct loaded *loaded, const char *text, uint64_t size)
{
    for (uint32_t i = 0; i < size && i < COMMAND_LINE_SIZE; i++) {
        loaded->command_line[i] = text[i];
        if (text[i] == 0) {
            return;
        }
    }
    boot_refuse("the command line has more than 1023 bytes, or no end", "");
}

// --- PVH ----------------------------------------------------------------------------------------

static void pvh_command_line(const struct pvh_info *info, struct loaded *loaded)
{
    uint64_t size = COMMAND_LINE_SIZE;

    if (info->command_line == 0) {
        return;
    }
    while (size > 1 && loader_bytes(info->command_line, size) == NULL) {
        size--;
    }
    command_line_copy(loaded, table_of(info->command_line, size), size);
}

static void pvh_read(uint32_t magic, uint64_t address, struct loaded *loaded)
{
    struct pvh_info info;

    (void)magic;
    memcpy(&info, table_of(address, sizeof(info)), sizeof(info));
    if (info.magic != PVH_MAGIC || info.version < PVH_VERSION_MEMORY_MAP) {
        boot_refuse("the loader gave no PVH start info with a memory map", "");
    }
    const struct memory_entry *entries =
        table_of(info.memory_map, info.memory_map_count * sizeof(*entries));
    for (uint32_t i = 0; i < info.memory_map_count; i++) {
        memory_add(loaded, &entries[i]);
    }
    const struct pvh_module *modules = table_of(info.modules, info.module_count * sizeof(*modules));
    for (uint32_t i = 0; i < info.module_count; i++) {
        package_set(loaded, modules[i].address, modules[i].size);
    }
    pvh_command_line(&info, loaded);
    if (info.rsdp != 0) {
        memcpy(loaded->rsdp, table_of(info.rsdp, RSDP_SIZE), RSDP_SIZE);
    }
}

// --- Multiboot2 ---------------------------------------------------------------------------------

static void tag_command_line(const struct multiboot_tag *tag, struct loaded *loaded)
{
    command_line_copy(loaded, (const char *)(tag + 1), tag->size - sizeof(*tag));
}

static void tag_module(const struct multiboot_tag *tag, struct loaded *loaded)
{
    const struct multiboot_module *module = (const struct multiboot_module *)tag;
    if (module->end < module->start) {
        boot_refuse("the loader says that the boot package ends before it begins", "");
    }
    package_set(loaded, module->start, module->end - module->start);
}

static void tag_memory_map(const struct multiboot_tag *tag, struct loaded *loaded)
{
    const struct multiboot_memory *map = (const struct multiboot_memory *)tag;
    const uint8_t *entry = (const uint8_t *)(map + 1);
    const uint8_t *end = (const uint8_t *)tag + tag->size;

    if (map->entry_size < sizeof(struct memory_entry)) {
        boot_refuse("the entries of the loader's memory map are too short", "");
    }
    for (; (uint64_t)(end - entry) >= map->entry_size; entry += map->entry_size) {
        struct memory_entry copy;
        memcpy(&copy, entry, sizeof(copy));
        memory_add(loaded, &copy);
    }
}

// A copy of it, of version 1 or of a later one; the later one wins, in whatever order they come.
static void tag_rsdp(const struct multiboot_tag *tag, struct loaded *loaded)
{
    uint64_t size = tag->size - sizeof(*tag);
    bool is_new = tag->type == TAG_RSDP_NEW;

    if (is_new || loaded->rsdp[0] == 0) {
        memcpy(loaded->rsdp, tag + 1, size < RSDP_SIZE ? size : RSDP_SIZE);
    }
}

static const struct {
    void (*read)(const struct multiboot_tag *tag, struct loaded *loaded);
    uint32_t size_min;
} tags[TAG_COUNT] = {
    [TAG_COMMAND_LINE] = {tag_command_line, sizeof(struct multiboot_tag) + 1},
    [TAG_MODULE] = {tag_module, sizeof(struct multiboot_module)},
    [TAG_MEMORY_MAP] = {tag_memory_map, sizeof(struct multiboot_memory)},
    [TAG_RSDP_OLD] = {tag_rsdp, sizeof(struct multiboot_tag) + RSDP_OLD_SIZE},
    [TAG_RSDP_NEW] = {tag_rsdp, sizeof(struct multiboot_tag) + RSDP_SIZE},
};

static void multiboot_read(uint32_t magic, uint64_t address, struct loaded *loaded)
{
    if (magic != MULTIBOOT_MAGIC || address % 8 != 0) {
        boot_refuse("the loader is none of Multiboot2", "");
    }
    const struct multiboot_info *info = table_of(address, sizeof(*info));
    uint64_t left = info->size;
    const uint8_t *at = table_of(address, left < MULTIBOOT_SIZE_MAX ? left : MULTIBOOT_SIZE_MAX);

    left = left < MULTIBOOT_SIZE_MAX ? left : MULTIBOOT_SIZE_MAX;
    for (uint64_t step = sizeof(*info); step <= left;) {
        at += step;
        left -= step;
        const struct multiboot_tag *tag = (const struct multiboot_tag *)(const void *)at;
        if (left < sizeof(*tag) || tag->size < sizeof(*tag) || tag->size > left) {
            break;
        }
        if (tag->type == TAG_END) {
            return;
        }
        if (tag->type < TAG_COUNT && tags[tag->type].read != NULL) {
            if (tag->size < tags[tag->type].size_min) {
                break;
            }
            tags[tag->type].read(tag, loaded);
        }
        step = ((uint64_t)tag->size + 7) & ~(uint64_t)7;
    }
    boot_refuse(
        "the loader's Multiboot2 tags are broken: one has a wrong size, or the end is "
        "missing",
        "");
}

// --- Any ----------------------------------------------------------------------------------------

static const struct {
    const char *name;
    void (*read)(uint32_t magic, uint64_t address, struct loaded *loaded);
} loaders[] = {
    [LOADER_PVH] = {"PVH", pvh_read},
    [LOADER_MULTIBOOT] = {"Multiboot2", multiboot_read},
};

static void package_check(const struct loaded *loaded)
{
    const struct ranges *ram = &loaded->ram;
    uint64_t end;
    bool wraps = __builtin_add_overflow(loaded->package, loaded->package_size, &end);

    if (loaded->package_size == 0) {
        boot_refuse("there is no boot package (QEMU: -initrd; GRUB: module2)", "");
    }
    for (uint32_t i = 0; !wraps && i < ram->count; i++) {
        uint64_t ram_end = (uint64_t)ram->all[i].first + ram->all[i].count;
        if (loaded->package / PAGE_SIZE >= ram->all[i].first && frames_up(end) <= ram_end) {
            return;
        }
    }
    boot_refuse("the boot package does not lie in the machine's memory", "");
}

void loader_read(uint32_t name, uint32_t magic, uint64_t info, struct loaded *loaded)
{
    loaded->loader = loaders[name].name;
    loaders[name].read(magic, info, loaded);
    ranges_remove(&loaded->ram, ((uint64_t)image_start - KERNEL_BASE) / PAGE_SIZE,
                  ((uint64_t)image_end - KERNEL_BASE) / PAGE_SIZE);
    package_check(loaded);
}

// SPDX-License-Identifier: Apache-2.0
//
// Page tables (SDM volume 3, 4.5). The upper half of the address space is the kernel's and the
// same in all of them: all of the machine's free memory at DIRECT_BASE, never executable, and the
// image at KERNEL_BASE, each section with its rights. The image is not in the direct map, so no
// page is writable at one address and executable at another. The lower half is a program's: what
// hal_map() and hal_unmap() said, and nothing else.
#include "abi/commit.h"
#include "hal/x86_64/loader.h"
#include "hal/x86_64/x86.h"

enum {
    ENTRY_PRESENT = 1 << 0,
    ENTRY_WRITE = 1 << 1,
    ENTRY_USER = 1 << 2,
    ENTRY_UNCACHED = 1 << 3 | 1 << 4,
    ENTRY_LARGE = 1 << 7,
    ENTRY_GLOBAL = 1 << 8,

    LEVELS = 4,
    LEVEL_BITS = 9,
    LEVEL_ENTRIES = 512,
    LARGE_PAGES = 512, // pages in one of 2 MiB
    LARGE_LEVEL = 1,

    ROOT_DIRECT = 256, // entries of the root table
    ROOT_IMAGE = 511,

    LOCAL_APIC_PHYSICAL = 0xfee00000 / PAGE_SIZE,
};

static const uint64_t ENTRY_ADDRESS = 0x000ffffffffff000;

extern uint8_t image_start[];
extern uint8_t image_rodata[];
extern uint8_t image_data[];
extern uint8_t image_end[];

uint8_t *hal_frames = (uint8_t *)DIRECT_BASE;

static uint32_t kernel_root; // frames of root tables
static uint32_t space_roots[SPACES_MAX];

static uint64_t *table_of(uint64_t frame)
{
    return (uint64_t *)(hal_frames + frame * PAGE_SIZE);
}

// Finds the entry of `level` (0: of a page) for an address; tables on the way that are missing are
// taken from `tables`, and `taken` counts them.
static uint64_t *entry_find(uint32_t root, uint64_t address, uint32_t level, uint64_t rights,
                            const uint32_t *tables, uint32_t *taken)
{
    uint64_t *table = table_of(root);

    for (uint32_t i = LEVELS - 1;; i--) {
        uint64_t *entry = &table[address >> (PAGE_SHIFT + LEVEL_BITS * i) & (LEVEL_ENTRIES - 1)];
        if (i == level) {
            return entry;
        }
        if (!(*entry & ENTRY_PRESENT)) {
            *entry = (uint64_t)tables[(*taken)++] << PAGE_SHIFT | rights;
        }
        table = table_of((*entry & ENTRY_ADDRESS) >> PAGE_SHIFT);
    }
}

// --- Boot ---------------------------------------------------------------------------------------

// The kernel's tables are taken from the front of this range; frames before supply_clean are zero.
static struct frame_range *supply;
static uint32_t supply_clean;

static uint64_t *kernel_entry_find(uint64_t address, uint32_t level)
{
    uint32_t tables[LEVELS - 1];
    uint32_t taken = 0;

    if (supply->count < LEVELS - 1) {
        hal_panic("too little memory for the page tables", __FILE__, __LINE__);
    }
    for (uint32_t i = 0; i < LEVELS - 1; i++) {
        tables[i] = supply->first + i;
    }
    for (; supply_clean < supply->first + LEVELS - 1; supply_clean++) {
        memset(table_of(supply_clean), 0, PAGE_SIZE);
    }
    uint64_t *entry =
        entry_find(kernel_root, address, level, ENTRY_PRESENT | ENTRY_WRITE, tables, &taken);
    supply->first += taken;
    supply->count -= taken;
    return entry;
}

// Large pages wherever the range fills them.
static void direct_map(struct frame_range range)
{
    uint64_t page = range.first;
    uint64_t end = page + range.count;
    uint64_t rights = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_GLOBAL | cpu_no_execute;

    while (page < end) {
        bool large = page % LARGE_PAGES == 0 && end - page >= LARGE_PAGES;
        uint64_t step = large ? LARGE_PAGES : 1;
        uint64_t value = page << PAGE_SHIFT | rights | (large ? ENTRY_LARGE : 0);
        uint64_t *entry =
            kernel_entry_find(DIRECT_BASE + page * PAGE_SIZE, large ? LARGE_LEVEL : 0);
        do {
            *entry++ = value;
            value += step << PAGE_SHIFT;
            page += step;
        } while (end - page >= step && (uint64_t)entry % PAGE_SIZE != 0 &&
                 (large || page % LARGE_PAGES != 0));
    }
}

static void image_map(const uint8_t *first, const uint8_t *end, uint64_t rights)
{
    for (const uint8_t *page = first; page < end; page += PAGE_SIZE) {
        uint64_t physical = (uint64_t)page - KERNEL_BASE;
        *kernel_entry_find((uint64_t)page, 0) = physical | rights | ENTRY_PRESENT | ENTRY_GLOBAL;
    }
}

static void guard_unmap(const uint8_t *guard)
{
    *kernel_entry_find((uint64_t)guard, 0) = 0;
}

static void stacks_guard(const struct cpu_stacks *stacks)
{
    guard_unmap(stacks->guard);
    for (uint32_t i = 0; i < sizeof(stacks->interrupt) / sizeof(stacks->interrupt[0]); i++) {
        guard_unmap(stacks->interrupt[i].guard);
    }
}

void memory_init(const struct frame_range *ram, uint32_t ram_count, struct frame_range *free)
{
    supply = free;
    supply_clean = free->first + 1;
    memset(table_of(free->first), 0, PAGE_SIZE);
    kernel_root = free->first++;
    free->count--;

    for (uint32_t i = 0; i < ram_count; i++) {
        direct_map(ram[i]);
    }
    image_map(image_start, image_rodata, 0);
    image_map(image_rodata, image_data, cpu_no_execute);
    image_map(image_data, image_end, cpu_no_execute | ENTRY_WRITE);
    for (uint32_t i = 0; i < CPUS_MAX; i++) {
        stacks_guard(&cpu_stacks[i]);
    }
    *kernel_entry_find(DIRECT_BASE + TRAMPOLINE, 0) =
        TRAMPOLINE | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_GLOBAL | cpu_no_execute;
    *kernel_entry_find(LOCAL_APIC, 0) = (uint64_t)LOCAL_APIC_PHYSICAL << PAGE_SHIFT |
                                        ENTRY_PRESENT | ENTRY_WRITE | ENTRY_UNCACHED |
                                        ENTRY_GLOBAL | cpu_no_execute;
    memory_root_load(memory_kernel_root());
}

uint64_t memory_kernel_root(void)
{
    return (uint64_t)kernel_root << PAGE_SHIFT;
}

volatile uint8_t *memory_device_map(uint64_t address)
{
    static uint64_t next = LOCAL_APIC + PAGE_SIZE;
    uint64_t physical = address & ENTRY_ADDRESS;

    if (next == (uint64_t)image_start || address >= (uint64_t)FRAME_HIGHEST * PAGE_SIZE ||
        (*kernel_entry_find(DIRECT_BASE + physical, LARGE_LEVEL) & ENTRY_PRESENT)) {
        return NULL;
    }
    *kernel_entry_find(next, 0) =
        physical | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_UNCACHED | ENTRY_GLOBAL | cpu_no_execute;
    next += PAGE_SIZE;
    return (volatile uint8_t *)(next - PAGE_SIZE + address % PAGE_SIZE);
}

// --- Spaces -------------------------------------------------------------------------------------

uint64_t memory_root(uint32_t space)
{
    return (uint64_t)space_roots[space] << PAGE_SHIFT;
}

bool hal_space_create(uint32_t space, const uint32_t *tables)
{
    ASSERT(space < SPACES_MAX);
    uint64_t *root = table_of(tables[0]);
    const uint64_t *shared = table_of(kernel_root);

    root[ROOT_DIRECT] = shared[ROOT_DIRECT];
    root[ROOT_IMAGE] = shared[ROOT_IMAGE];
    space_roots[space] = tables[0];
    return true;
}

// The tables may still be loaded, here: no thread runs, or the running one is gone. Another CPU
// that had them has entered the kernel since, and loads others before it gives the lock back.
void hal_space_destroy(uint32_t space)
{
    ASSERT(space < SPACES_MAX);
    struct cpu *cpu = cpu_current();

    if (cpu->root == memory_root(space)) {
        memory_root_load(memory_kernel_root());
    }
    space_roots[space] = 0;
}

uint64_t hal_space_base(uint32_t space)
{
    (void)space;
    return 0;
}

uint32_t hal_map(uint32_t space, uint64_t page, uint32_t frame, uint32_t rights,
                 const uint32_t *tables)
{
    ASSERT(space < SPACES_MAX && space_roots[space] != 0 && page < USER_END >> PAGE_SHIFT);
    uint32_t taken = 0;
    uint64_t *entry = entry_find(space_roots[space], page << PAGE_SHIFT, 0,
                                 ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER, tables, &taken);

    ASSERT(!(*entry & ENTRY_PRESENT));
    ASSERT((rights & (RIGHT_WRITE | RIGHT_EXECUTE)) != (RIGHT_WRITE | RIGHT_EXECUTE));
    *entry = (uint64_t)frame << PAGE_SHIFT | ENTRY_PRESENT | ENTRY_USER |
             (rights & RIGHT_WRITE ? ENTRY_WRITE : 0) |
             (rights & RIGHT_EXECUTE ? 0 : cpu_no_execute);
    return taken;
}

// Other spaces' translations are flushed when they are loaded, those of other CPUs by hal_kick().
void hal_unmap(uint32_t space, uint64_t page)
{
    ASSERT(space < SPACES_MAX && space_roots[space] != 0 && page < USER_END >> PAGE_SHIFT);
    uint64_t *entry = entry_find(space_roots[space], page << PAGE_SHIFT, 0, 0, NULL, NULL);

    *entry = 0;
    if (cpu_current()->root == memory_root(space)) {
        __asm__ volatile("invlpg (%0)" : : "r"(page << PAGE_SHIFT) : "memory");
    }
}

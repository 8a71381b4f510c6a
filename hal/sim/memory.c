// SPDX-License-Identifier: Apache-2.0
//
// The machine's memory is one memory file, mapped whole for the kernel. Each address space is a
// slice of the host's, reserved without access; mapping a page puts the frame, by its place in the
// file, over a page of the slice. So a program runs in the very frames that the kernel gave it, and
// a stray access is a fault.
#define _GNU_SOURCE
#include "hal/sim/sim.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/commit.h"

static_assert(RIGHT_READ == PROT_READ && RIGHT_WRITE == PROT_WRITE && RIGHT_EXECUTE == PROT_EXEC,
              "rights are handed to mmap as they are");

enum { SPACE_PAGES = LAYOUT_END / PAGE_SIZE };

uint8_t *hal_frames;
static uint64_t frame_count;
static int memory_file;

// Only to check the contract: which spaces live, and which of their pages are mapped.
static bool space_alive[SIM_SPACES_MAX];
static uint8_t page_mapped[SIM_SPACES_MAX][SPACE_PAGES / 8];

static void *host_address(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

static void reserve(uint64_t address, uint64_t size)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;

    if (mmap(host_address(address), size, PROT_NONE, flags, -1, 0) == MAP_FAILED) {
        sim_die(SIM_EXIT_USAGE, "can't reserve %llu bytes at %#llx: %s", (unsigned long long)size,
                (unsigned long long)address, strerror(errno));
    }
}

// The entry stands at a constant address, though the host loads the simulator anywhere: programs
// can read it, and what they can read must not differ between runs.
static void gate_create(void)
{
    static const uint8_t load_rax[] = {0x48, 0xb8}; // movabs $..., %rax
    static const uint8_t jump_rax[] = {0xff, 0xe0}; // jmp *%rax
    uint64_t target = (uintptr_t)sim_kernel_enter;
    uint8_t *gate = mmap(host_address(SIM_GATE), PAGE_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (gate != host_address(SIM_GATE)) {
        sim_die(SIM_EXIT_USAGE, "can't make the gate page: %s", strerror(errno));
    }
    memcpy(gate, load_rax, sizeof(load_rax));
    memcpy(gate + sizeof(load_rax), &target, sizeof(target));
    memcpy(gate + sizeof(load_rax) + sizeof(target), jump_rax, sizeof(jump_rax));
    sim_compute_gate(gate + SIM_COMPUTE_AT);
    if (mprotect(gate, PAGE_SIZE, PROT_READ | PROT_EXEC) != 0) {
        sim_die(SIM_EXIT_USAGE, "can't make the gate page executable: %s", strerror(errno));
    }
}

void sim_memory_init(uint64_t size)
{
    memory_file = memfd_create("tessera-memory", MFD_CLOEXEC);
    if (memory_file < 0 || ftruncate(memory_file, (off_t)size) != 0) {
        sim_die(SIM_EXIT_USAGE, "can't make %llu bytes of memory: %s", (unsigned long long)size,
                strerror(errno));
    }
    frame_count = size / PAGE_SIZE;
    hal_frames = mmap(host_address(SIM_RAM), size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED_NOREPLACE, memory_file, 0);
    if (hal_frames != host_address(SIM_RAM)) {
        sim_die(SIM_EXIT_USAGE, "can't map %llu bytes of memory: %s", (unsigned long long)size,
                strerror(errno));
    }
    reserve(SIM_SLICES, SIM_SLICE_SIZE * SIM_SPACES_MAX);
    gate_create();
}

bool hal_space_create(uint32_t space, const uint32_t *tables)
{
    (void)tables;
    SIM_CHECK(space < SIM_SPACES_MAX);
    SIM_CHECK(!space_alive[space]);
    space_alive[space] = true;
    return false;
}

void hal_space_destroy(uint32_t space)
{
    SIM_CHECK(space < SIM_SPACES_MAX);
    SIM_CHECK(space_alive[space]);
    space_alive[space] = false;
    memset(page_mapped[space], 0, sizeof(page_mapped[space]));
    reserve(hal_space_base(space), SIM_SLICE_SIZE);
}

uint64_t hal_space_base(uint32_t space)
{
    SIM_CHECK(space < SIM_SPACES_MAX);
    return SIM_SLICES + space * SIM_SLICE_SIZE;
}

static bool is_mapped(uint32_t space, uint64_t page)
{
    return (page_mapped[space][page / 8] >> (page % 8) & 1) != 0;
}

static void flip_mapped(uint32_t space, uint64_t page)
{
    page_mapped[space][page / 8] ^= (uint8_t)(1u << (page % 8));
}

uint32_t hal_map(uint32_t space, uint64_t page, uint32_t frame, uint32_t rights,
                 const uint32_t *tables)
{
    (void)tables;
    SIM_CHECK(space < SIM_SPACES_MAX);
    SIM_CHECK(space_alive[space]);
    SIM_CHECK(page < SPACE_PAGES);
    SIM_CHECK(frame < frame_count);
    SIM_CHECK(rights != 0 && rights <= (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE));
    SIM_CHECK((rights & RIGHT_WRITE) == 0 || (rights & RIGHT_EXECUTE) == 0);
    SIM_CHECK(!is_mapped(space, page));
    flip_mapped(space, page);

    void *address = host_address(hal_space_base(space) + page * PAGE_SIZE);
    if (mmap(address, PAGE_SIZE, (int)rights, MAP_SHARED | MAP_FIXED, memory_file,
             (off_t)((uint64_t)frame * PAGE_SIZE)) == MAP_FAILED) {
        sim_die(SIM_EXIT_USAGE, "the host refuses a mapping: %s", strerror(errno));
    }
    return 0;
}

void hal_unmap(uint32_t space, uint64_t page)
{
    SIM_CHECK(space < SIM_SPACES_MAX);
    SIM_CHECK(space_alive[space]);
    SIM_CHECK(page < SPACE_PAGES);
    SIM_CHECK(is_mapped(space, page));
    flip_mapped(space, page);
    reserve(hal_space_base(space) + page * PAGE_SIZE, PAGE_SIZE);
}

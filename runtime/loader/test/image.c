// SPDX-License-Identifier: Apache-2.0
//
// Memory for programs that the loader loads on the host. Addresses are reserved first, so that
// nothing else comes to be among them; each page becomes accessible by the target's functions.
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi/commit.h"
#include "abi/ids.h"
#include "runtime/loader/test/image.h"

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "image: %s\n", what);
        abort();
    }
}

static bool is_allowed(struct image *image)
{
    image->calls++;
    return image->calls <= image->calls_left;
}

static bool break_of(struct image *image, const char *what)
{
    image->broken = image->broken != NULL ? image->broken : what;
    return false;
}

static uint64_t page_of(const struct image *image, uint64_t address)
{
    return (address - image->range.low) / PAGE_SIZE;
}

static bool is_range(const struct image *image, struct loader_range pages)
{
    return pages.low >= image->range.low && pages.low < pages.high &&
           pages.high <= image->range.high && pages.low % PAGE_SIZE == 0 &&
           pages.high % PAGE_SIZE == 0;
}

static bool is_all(const struct image *image, struct loader_range pages, enum image_state state)
{
    for (uint64_t i = page_of(image, pages.low); i < page_of(image, pages.high); i++) {
        if (image->state[i] != state) {
            return false;
        }
    }
    return true;
}

static int protection_of(uint32_t rights)
{
    return ((rights & RIGHT_READ) != 0 ? PROT_READ : 0) |
           ((rights & RIGHT_WRITE) != 0 ? PROT_WRITE : 0) |
           ((rights & RIGHT_EXECUTE) != 0 ? PROT_EXEC : 0);
}

static void set(struct image *image, struct loader_range pages, enum image_state state,
                uint32_t rights)
{
    for (uint64_t i = page_of(image, pages.low); i < page_of(image, pages.high); i++) {
        image->state[i] = (uint8_t)state;
        image->rights[i] = (uint8_t)rights;
    }
    must(mprotect((void *)pages.low, pages.high - pages.low, protection_of(rights)) == 0,
         "mprotect");
}

static bool map(struct image *image, struct loader_range pages, enum image_state state,
                uint32_t rights)
{
    if (!is_allowed(image)) {
        return false;
    }
    if (!is_range(image, pages)) {
        return break_of(image, "a range is not whole pages within the options' range");
    }
    if (!is_all(image, pages, IMAGE_EMPTY)) {
        return break_of(image, "a page is mapped twice");
    }
    set(image, pages, state, rights);
    return true;
}

static bool image_share(void *self, struct loader_range pages, uint32_t rights, uint64_t offset)
{
    struct image *image = self;
    if (rights != RIGHT_READ && rights != (RIGHT_READ | RIGHT_EXECUTE)) {
        return break_of(image, "shared pages have other rights");
    }
    if (offset % PAGE_SIZE != 0 || offset >= image->file.size) {
        return break_of(image, "shared pages are not of the file");
    }
    if (!map(image, pages, IMAGE_SHARED, RIGHT_READ | RIGHT_WRITE)) {
        return false;
    }
    uint64_t size = pages.high - pages.low;
    uint64_t there = image->file.size - offset;
    memcpy((void *)pages.low, image->file.bytes + offset, there < size ? there : size);
    set(image, pages, IMAGE_SHARED, rights);
    return true;
}

static bool image_own(void *self, struct loader_range pages)
{
    struct image *image = self;
    image->own_size += pages.high - pages.low;
    return map(image, pages, IMAGE_OWN, RIGHT_READ | RIGHT_WRITE);
}

static bool image_guard(void *self, struct loader_range pages)
{
    return map(self, pages, IMAGE_GUARD, 0);
}

static bool image_write(void *self, uint64_t address, const void *bytes, uint64_t size)
{
    struct image *image = self;
    struct loader_range pages = {address & ~(uint64_t)(PAGE_SIZE - 1),
                                 (address + size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1)};
    if (!is_allowed(image)) {
        return false;
    }
    if (size == 0 || size > IMAGE_SIZE || !is_range(image, pages) ||
        !is_all(image, pages, IMAGE_OWN)) {
        return break_of(image, "a write to what is not there to be written");
    }
    memcpy((void *)address, bytes, size);
    return true;
}

static bool image_protect(void *self, struct loader_range pages, uint32_t rights)
{
    struct image *image = self;
    if (!is_allowed(image)) {
        return false;
    }
    if (!is_range(image, pages) || !is_all(image, pages, IMAGE_OWN) || rights != RIGHT_READ) {
        return break_of(image, "other rights for what is not there to be written");
    }
    set(image, pages, IMAGE_PROTECTED, rights);
    return true;
}

void image_init(struct image *image, const struct loader_file *file, uint64_t low)
{
    *image = (struct image){.file = *file, .calls_left = UINT64_MAX};
    void *at = mmap(
        (void *)low, IMAGE_SIZE, PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (low != 0 ? MAP_FIXED_NOREPLACE : 0), -1, 0);
    must(at != MAP_FAILED, "there are no such addresses");
    image->range = (struct loader_range){(uint64_t)at, (uint64_t)at + IMAGE_SIZE};
    image->target = (struct loader_target){.self = image,
                                           .share = image_share,
                                           .own = image_own,
                                           .guard = image_guard,
                                           .write = image_write,
                                           .protect = image_protect};
}

void image_fini(struct image *image)
{
    must(munmap((void *)image->range.low, IMAGE_SIZE) == 0, "munmap");
}

struct loader_options image_options(const struct image *image, uint64_t seed)
{
    return (struct loader_options){
        .range = image->range, .seed = seed, .stack_size = 65536, .memory_max = 8 << 20};
}

bool image_load(struct image *image, struct loader_plan *plan, uint64_t seed,
                struct loader_error *error)
{
    struct loader_options options = image_options(image, seed);
    if (!loader_plan(plan, &image->file, &options, error)) {
        return false;
    }
    bool is_loaded = loader_apply(plan, &image->file, &image->target, error);
    if (is_loaded && image->own_size != plan->memory_size) {
        (void)break_of(image, "the sizes of its own memory are not memory_size");
    }
    return is_loaded;
}

uint64_t image_run(const struct loader_plan *plan, uint64_t argument)
{
    uint64_t before;
    must(syscall(SYS_arch_prctl, ARCH_GET_FS, &before) == 0, "arch_prctl");
    // FS is the program's from the first system call to the second: nothing of the C library runs
    // in between.
    register uint64_t result __asm__("rax") = SYS_arch_prctl;
    register uint64_t old __asm__("r12") = before;
    register uint64_t entry __asm__("r13") = plan->entry;
    register uint64_t first __asm__("r14") = argument;
    register uint64_t stack __asm__("r15") = plan->stack.high;
    register uint64_t code __asm__("rdi") = ARCH_SET_FS;
    register uint64_t new __asm__("rsi") = plan->tls.thread_pointer;
    __asm__ volatile(
        "mov %%rsp, %%rbx\n"
        "syscall\n"
        "mov %%r15, %%rsp\n"
        "mov %%r14, %%rdi\n"
        "call *%%r13\n"
        "mov %%rbx, %%rsp\n"
        "mov %%rax, %%rbx\n"
        "mov %[set], %%edi\n"
        "mov %%r12, %%rsi\n"
        "mov %[call], %%eax\n"
        "syscall\n"
        "mov %%rbx, %%rax\n"
        : "+r"(result), "+r"(code), "+r"(new)
        : "r"(old), "r"(entry), "r"(first),
          "r"(stack), [set] "i"(ARCH_SET_FS), [call] "i"(SYS_arch_prctl)
        : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2",
          "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
          "xmm13", "xmm14", "xmm15");
    return result;
}

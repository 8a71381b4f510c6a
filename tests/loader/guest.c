// SPDX-License-Identifier: Apache-2.0
//
// A program for loaders: it looks at everything that a loader must have done, and answers with the
// number of what was not. It needs no system and no library; its only function is called with a
// struct guest and returns. Built by clang and gcc, linked by lld and ld, static and
// position-independent (mk/loader.mk).
#include "tests/loader/guest.h"

struct pair {
    const char *name;
    const uint64_t *value;
};

static const uint64_t numbers[3] = {11, 22, 33};
static uint64_t zeros[3000];
static uint64_t words[60] = {[0] = 5, [59] = 6};
// Addresses, in what becomes read-only and in what does not.
static const struct pair pairs[3] = {{"one", &numbers[0]}, {"two", &numbers[1]}, {0, &words[59]}};
static uint64_t *ends[2] = {&zeros[0], &zeros[2999]};

static _Thread_local struct {
    uint64_t counter;
    uint64_t *word; // a relocation in the template
    uint8_t odd[3];
} own = {40, &words[0], {1, 2, 3}};
static _Thread_local struct {
    _Alignas(64) uint64_t first;
    uint64_t more[9];
} empty;

static const uint64_t *volatile escape;

static uint64_t tls_check(void)
{
    uint64_t self;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(self) : : "memory");
    uint64_t at = (uint64_t)&own;
    if (at >= self || self - at > 4096) {
        return 20;
    }
    __asm__ volatile("" : : "r"(&own), "r"(&empty) : "memory");
    if (own.counter != 40 || own.word != &words[0] || *own.word != 5) {
        return 21;
    }
    if (own.odd[0] != 1 || own.odd[1] != 2 || own.odd[2] != 3) {
        return 22;
    }
    for (uint32_t i = 0; i < 9; i++) {
        if (empty.more[i] != 0) {
            return 23;
        }
    }
    if ((uint64_t)&empty % 64 != 0 || empty.first != 0) {
        return 24;
    }
    empty.first = 7;
    own.counter++;
    __asm__ volatile("" : : "r"(&own), "r"(&empty) : "memory");
    return own.counter == 41 && empty.first == 7 ? 0 : 25;
}

static uint64_t data_check(void)
{
    // So that the compiler doesn't know what they lead to.
    const struct pair *pair = pairs;
    uint64_t **end = ends;
    __asm__("" : "+r"(pair), "+r"(end) : : "memory");
    if (pair[0].name[2] != 'e' || *pair[1].value != 22 || pair[2].name != 0 ||
        *pair[2].value != 6) {
        return 10;
    }
    if (end[1] - end[0] != 2999) {
        return 11;
    }
    for (uint32_t i = 0; i < 3000; i++) {
        if (zeros[i] != 0) {
            return 12;
        }
        zeros[i] = i;
    }
    return *end[1] == 2999 && words[0] == 5 ? 0 : 13;
}

uint64_t guest_start(struct guest *guest)
{
    uint8_t large[32768]; // most of the stack
    uint64_t wrong = data_check();
    guest->stack = (uint64_t)__builtin_frame_address(0);
    guest->text = (uint64_t)guest_start;
    guest->data = (uint64_t)&zeros[0];
    guest->constant = (uint64_t)&pairs[0];
    guest->variable = (uint64_t)&own;
    for (uint32_t i = 0; i < sizeof large; i += 4096) {
        ((volatile uint8_t *)large)[i] = (uint8_t)guest->stack;
    }
    escape = (const uint64_t *)(const void *)large;
    if ((guest->stack + 16) % 16 != 0) {
        return 1;
    }
    return wrong != 0 ? wrong : tls_check();
}

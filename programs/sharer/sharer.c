// SPDX-License-Identifier: Apache-2.0
//
// Maps what programs/shared hands to it, takes turns with it, and tries what it may not. Granted:
// console, bell, both, theirs (to be read), sealed, space.

#include "abi/commit.h"
#include "runtime/runtime.h"
#include "runtime/space.h"

#include "schema/kernel.capnp.h"

enum { PAGES = 2, TURNS = 100, YOURS = 1 << 0, MINE = 1 << 1 };

static struct {
    struct tsr_space space;
    struct notification bell;
    struct memory_object both, theirs, sealed;
} own;

static volatile uint64_t *map(struct memory_object memory, uint32_t rights)
{
    struct capnp_exception exception;
    uint64_t address = 0;
    tsr_must(tsr_space_map(&own.space, memory, 0, PAGES, rights, &address, &exception),
             "sharer: not mapped: ", &exception);
    return (volatile uint64_t *)address;
}

static void turn_wait(void)
{
    struct capnp_exception exception;
    uint64_t bits;
    tsr_must(tsr_notification_wait(own.bell.id, MINE, TIMEOUT_NONE, &bits, &exception),
             "sharer: no turn: ", &exception);
}

static void turn_give(void)
{
    struct capnp_exception exception;
    tsr_must(notification_signal(own.bell, YOURS, &exception), "sharer: no bell: ", &exception);
}

// Writable it is not for this process, mapped or by calls.
static void must_not_be_written(struct memory_object memory)
{
    struct capnp_exception exception;
    uint64_t address;
    tsr_must(!tsr_space_map(&own.space, memory, 0, PAGES, RIGHT_READ | RIGHT_WRITE, &address,
                            &exception),
             "sharer: mapped to be written: ", &exception);
    tsr_must(
        !memory_object_write(memory, 40, (struct capnp_data){(const uint8_t *)"x", 1}, &exception),
        "sharer: written by a call: ", &exception);
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception = {0};
    if (!tsr_find(start, "bell", NOTIFICATION_INTERFACE_ID, &own.bell.id) ||
        !tsr_find(start, "both", MEMORY_OBJECT_INTERFACE_ID, &own.both.id) ||
        !tsr_find(start, "theirs", MEMORY_OBJECT_INTERFACE_ID, &own.theirs.id) ||
        !tsr_find(start, "sealed", MEMORY_OBJECT_INTERFACE_ID, &own.sealed.id) ||
        !tsr_space_open(&own.space, start, &exception)) {
        return 1;
    }
    volatile uint64_t *both = map(own.both, RIGHT_READ | RIGHT_WRITE);
    for (uint64_t i = 1; i <= TURNS; i++) {
        turn_wait();
        tsr_must(both[0] == i, "sharer: the other's word is missing: ", &exception);
        both[PAGE_SIZE / 8 + 1] = i;
        turn_give();
    }
    volatile uint64_t *theirs = map(own.theirs, RIGHT_READ);
    turn_wait();
    tsr_must(theirs[5] == 55, "sharer: not what was written: ", &exception);
    must_not_be_written(own.theirs);
    tsr_must(!address_space_protect(own.space.space, (uint64_t)theirs, RIGHT_READ | RIGHT_WRITE,
                                    &exception),
             "sharer: made writable: ", &exception);
    turn_give();
    turn_wait();
    tsr_must(theirs[5] == 66, "sharer: not what was written later: ", &exception);
    turn_give();
    volatile uint64_t *sealed = map(own.sealed, RIGHT_READ);
    turn_wait();
    tsr_must(sealed[PAGE_SIZE / 8] == 77, "sharer: not what was sealed: ", &exception);
    must_not_be_written(own.sealed);
    turn_give();
    tsr_release(own.both.id);
    tsr_release(own.theirs.id);
    tsr_release(own.sealed.id);
    turn_wait();
    tsr_must(both[0] == TURNS && theirs[5] == 66 && sealed[PAGE_SIZE / 8] == 77,
             "sharer: what is mapped has changed: ", &exception);
    turn_give();
    turn_wait();
    return 0;
}

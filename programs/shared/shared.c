// SPDX-License-Identifier: Apache-2.0
//
// Two processes, three MemoryObjects: one that both write, one that the other may only read, one
// that is sealed. They take turns by a notification. The first program of its system: granted
// console, job, capabilities, package, space.

#include "abi/commit.h"
#include "runtime/runtime.h"
#include "runtime/space.h"
#include "runtime/spawn.h"
#include "runtime/usage.h"

#include "schema/kernel.capnp.h"

enum {
    PAGES = 2,
    TURNS = 100,
    READ_ONLY = 1 << MEMORY_OBJECT_INFO | 1 << MEMORY_OBJECT_READ,
    MINE = 1 << 0, // bits of the bell: whose turn it is
    YOURS = 1 << 1,
};

static struct {
    struct debug_console console;
    struct capability_manager capabilities;
    struct tsr_space space;
    struct tsr_spawner spawner;
    struct notification bell;
    struct memory_object both, mine, sealed;
} own;

static void say(const char *what)
{
    tsr_say(own.console.id, "shared", what);
}

static volatile uint64_t *map(struct memory_object memory, uint32_t rights)
{
    struct capnp_exception exception;
    uint64_t address = 0;
    tsr_must(tsr_space_map(&own.space, memory, 0, PAGES, rights, &address, &exception),
             "not mapped: ", &exception);
    return (volatile uint64_t *)address;
}

static void unmap(volatile uint64_t *words)
{
    struct capnp_exception exception;
    tsr_must(tsr_space_unmap(&own.space, (uint64_t)words, PAGES, &exception),
             "not unmapped: ", &exception);
}

static void turn_give(void)
{
    struct capnp_exception exception;
    uint64_t bits;
    tsr_must(notification_signal(own.bell, YOURS, &exception) &&
                 tsr_notification_wait(own.bell.id, MINE, TIMEOUT_NONE, &bits, &exception),
             "no turn: ", &exception);
}

static void memories_make(void)
{
    struct capnp_exception exception;
    const uint64_t words[2] = {77, 88};
    tsr_must(job_make_memory(own.space.job, PAGES, &own.both, &exception) &&
                 job_make_memory(own.space.job, PAGES, &own.mine, &exception) &&
                 job_make_memory(own.space.job, PAGES, &own.sealed, &exception) &&
                 job_make_notification(own.space.job, &own.bell, &exception),
             "no memory: ", &exception);
    tsr_must(memory_object_write(own.sealed, PAGE_SIZE,
                                 (struct capnp_data){(const uint8_t *)words, sizeof words},
                                 &exception) &&
                 memory_object_seal(own.sealed, &exception),
             "not sealed: ", &exception);
}

static void sharer_start(void)
{
    struct capnp_cap read_only;
    struct revoker revoker;
    struct tsr_build build;
    struct process process;
    struct capnp_exception exception;
    tsr_must(capability_manager_facet(own.capabilities, (struct capnp_cap){own.mine.id}, READ_ONLY,
                                      0, 0, 0, 0, &read_only, &revoker, &exception),
             "no facet: ", &exception);
    tsr_must(tsr_build_open(&build, &own.spawner, own.space.job, &exception) &&
                 tsr_build_load(&build, tsr_text_of("sharer"), &exception),
             "no sharer: ", &exception);
    const struct tsr_grant grants[] = {{"console", own.console.id}, {"bell", own.bell.id},
                                       {"both", own.both.id},       {"theirs", read_only.id},
                                       {"sealed", own.sealed.id},   {"space", build.space.id}};
    for (uint32_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        tsr_must(tsr_build_grant(&build, tsr_text_of(grants[i].name),
                                 (struct capnp_cap){grants[i].cap}, &exception),
                 "not granted: ", &exception);
    }
    tsr_must(tsr_build_start(&build, &process, &exception), "not started: ", &exception);
    tsr_release(process.id);
    tsr_release(read_only.id);
    tsr_release(revoker.id);
}

// Both count, each in its own word of two pages, and look at the other's.
static void show_both(void)
{
    volatile uint64_t *words = map(own.both, RIGHT_READ | RIGHT_WRITE);
    struct capnp_exception exception = {0};
    for (uint64_t i = 1; i <= TURNS; i++) {
        words[0] = i;
        turn_give();
        tsr_must(words[PAGE_SIZE / 8 + 1] == i, "the other's word is missing: ", &exception);
    }
    unmap(words);
    say("a hundred turns, and each saw what the other wrote");
}

// What this one writes the other reads, and can't write.
static void show_mine(void)
{
    volatile uint64_t *words = map(own.mine, RIGHT_READ | RIGHT_WRITE);
    struct capnp_exception exception = {0};
    words[5] = 55;
    turn_give();
    tsr_must(words[5] == 55, "the other wrote: ", &exception);
    words[5] = 66;
    turn_give();
    unmap(words);
    say("what one may write the other only reads");
}

// Nobody writes what is sealed, not even who made it.
static void show_sealed(void)
{
    struct capnp_exception exception;
    uint64_t address;
    volatile uint64_t *words = map(own.sealed, RIGHT_READ);
    tsr_must(words[PAGE_SIZE / 8] == 77 && words[PAGE_SIZE / 8 + 1] == 88,
             "other words: ", &exception);
    tsr_must(!tsr_space_map(&own.space, own.sealed, 0, PAGES, RIGHT_READ | RIGHT_WRITE, &address,
                            &exception),
             "what is sealed is written: ", &exception);
    tsr_must(!memory_object_write(own.sealed, 0, (struct capnp_data){(const uint8_t *)"x", 1},
                                  &exception) &&
                 exception.status == STATUS_SEALED,
             "what is sealed is written by a call: ", &exception);
    turn_give();
    unmap(words);
    say("what is sealed both read, and nobody writes");
}

static struct tsr_usage usage(void)
{
    struct capnp_exception exception;
    struct tsr_usage usage;
    tsr_must(tsr_submit(&exception), "not released: ", &exception);
    tsr_must(tsr_usage_read(own.space.job, &usage, &exception), "no usage: ", &exception);
    return usage;
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    uint64_t process;
    int32_t code;
    enum exit_cause cause;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &own.capabilities.id) ||
        !tsr_space_open(&own.space, start, &exception)) {
        return 1;
    }
    tsr_must(tsr_spawner_open(&own.spawner, start, &exception), "no programs: ", &exception);
    struct tsr_usage before = usage();
    memories_make();
    sharer_start();
    show_both();
    show_mine();
    show_sealed();
    // The owner lets go first: the other's mapping keeps the memory.
    tsr_release(own.both.id);
    tsr_release(own.mine.id);
    tsr_release(own.sealed.id);
    turn_give();
    say("the memory outlives its maker's hold of it");
    tsr_must(notification_signal(own.bell, YOURS, &exception) &&
                 job_next_exit(own.space.job, &process, &code, &cause, &exception) && code == 0,
             "the sharer ended badly: ", &exception);
    tsr_release(own.bell.id);
    struct tsr_usage after = usage();
    for (uint32_t i = 0; i < RESOURCE_LOG; i++) {
        tsr_must(before.used[i] == after.used[i], "something was not given back: ", &exception);
    }
    say("and goes with the last mapping of it");
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Random mapping by a program against a table of what each of its pages must be, written from the
// chapter: which page of which object, with which rights. After each call the fact is the one that
// was foretold, a refusal has changed nothing, and every page can be read and written as the table
// says, with the contents that the object's page has, wherever else it is mapped. In the end
// everything is given back.
//
//     STEPS=n   calls (default 100,000)
//     SEED=n    another sequence (default 1); a failure prints the line that repeats it
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/test/memory.h"
#include "tests/property/world.h"

enum {
    STEPS_DEFAULT = 100000,
    STEPS_OF_WORLD = 400,
    WINDOW = 48, // pages at which the program maps
    OBJECTS = 8,
    PAGES_MOST = 12, // of one object
    NOTHING = -1,
    R = RIGHT_READ,
    RW = RIGHT_READ | RIGHT_WRITE,
    RX = RIGHT_READ | RIGHT_EXECUTE,
};

static const uint64_t WINDOW_AT = 0x8000000;

struct thing { // a memory object
    cap_t cap, revoker;
    bool is_there; // anything keeps it
    bool is_sealed, is_narrow, is_cut;
    uint32_t pages;
    uint64_t contents[PAGES_MOST];
};

struct place { // a page of the window
    int32_t thing;
    uint32_t page, rights;
    uint32_t mapping; // equal ones are of one mapping
};

static struct thing things[OBJECTS];
static struct place places[WINDOW];
static uint32_t next_mapping, init;
static uint64_t base, step, numbers;
static cap_t space;
static uint64_t counts[STATUS_LIMIT];

void again_print(void)
{
    fprintf(stderr, "again: SEED=%llu STEPS=%llu\n", (unsigned long long)tally.seed,
            (unsigned long long)step + 1);
}

static void fail(const char *what, uint64_t found)
{
    fprintf(stderr, "%s (%llu)\n", what, (unsigned long long)found);
    again_print();
    abort();
}

static uint64_t address(uint32_t place)
{
    return base + WINDOW_AT + (uint64_t)place * PAGE_SIZE;
}

// --- What must be -------------------------------------------------------------------------------

static bool is_free(uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        if (places[i].thing != NOTHING) {
            return false;
        }
    }
    return true;
}

static bool is_written(int32_t thing)
{
    for (uint32_t i = 0; i < WINDOW; i++) {
        if (places[i].thing == thing && (places[i].rights & RIGHT_WRITE) != 0) {
            return true;
        }
    }
    return false;
}

static enum status rights_fact(const struct thing *thing, uint32_t rights)
{
    bool may = rights == 0 || rights == R || rights == (uint32_t)(thing->is_sealed ? RX : RW);
    if (!may) {
        return STATUS_RIGHTS_REFUSED;
    }
    if (thing->is_narrow && (rights & RIGHT_WRITE) != 0) {
        return STATUS_METHOD_NOT_IN_FACET;
    }
    return thing->is_cut ? STATUS_REVOKED : STATUS_OK;
}

static bool is_start(uint32_t i)
{
    return places[i].thing != NOTHING &&
           (i == 0 || places[i - 1].thing == NOTHING || places[i - 1].mapping != places[i].mapping);
}

// All pages of the mapping that begins there.
static void change(uint32_t first, int32_t thing, uint32_t rights)
{
    uint32_t old = places[first].mapping;

    for (uint32_t i = first; i < WINDOW && places[i].mapping == old; i++) {
        places[i].thing = thing;
        places[i].rights = rights;
        places[i].mapping = next_mapping;
    }
    next_mapping++;
}

static void page_check(uint32_t i)
{
    const struct place *place = &places[i];
    const struct thing *thing = &things[place->thing < 0 ? 0 : place->thing];
    bool is_there = place->thing != NOTHING;
    uint64_t found;

    if (machine_read(0, address(i), &found, sizeof(found)) !=
        (is_there && (place->rights & RIGHT_READ) != 0)) {
        fail("a page is readable, or not, against the table", i);
    }
    if (is_there && (place->rights & RIGHT_READ) != 0 && found != thing->contents[place->page]) {
        fail("a page's contents are another's", i);
    }
    if (machine_write(0, address(i), &found, sizeof(found)) !=
        (is_there && (place->rights & RIGHT_WRITE) != 0)) {
        fail("a page is writable, or not, against the table", i);
    }
    const struct machine_mapping *mapping =
        machine_mapping_find(0, address(i) / PAGE_SIZE - base / PAGE_SIZE);
    if (mapping != NULL && mapping->rights != place->rights) {
        fail("a page has other rights", mapping->rights);
    }
}

static void fact_is(const char *what, enum status predicted, enum status found,
                    const struct act_snapshot *before)
{
    counts[found]++;
    if (predicted != found) {
        fprintf(stderr, "%s: predicted %d\n", what, (int)predicted);
        fail(what, found);
    }
    if (found != STATUS_OK && !act_same(before)) {
        fail("a refusal changed something", found);
    }
}

// --- Steps --------------------------------------------------------------------------------------

static void range_choose(uint32_t *first, uint32_t *count)
{
    *count = 1 + chance_below(PAGES_MOST);
    *first = chance_below(WINDOW - *count + 1);
}

static int32_t thing_free(void)
{
    for (int32_t i = 0; i < OBJECTS; i++) {
        bool is_used = things[i].cap.value != 0;
        for (uint32_t n = 0; n < WINDOW; n++) {
            is_used = is_used || places[n].thing == i;
        }
        if (!is_used) {
            return i;
        }
    }
    return NOTHING;
}

static struct thing *thing_choose(void)
{
    struct thing *thing = &things[chance_below(OBJECTS)];

    return thing->cap.value == 0 ? NULL : thing;
}

// A memory object, sometimes only a facet of it that can't be written, with its revoker.
static void step_make(const struct act_snapshot *before)
{
    int32_t i = thing_free();
    uint32_t pages = chance_in(20) ? 0 : 1 + chance_below(PAGES_MOST);
    cap_t cap;

    if (i == NOTHING) {
        return;
    }
    enum status found = act_memory_fact(init, pages, &cap);
    fact_is("makeMemory", pages == 0 ? STATUS_BAD_VALUE : STATUS_OK, found, before);
    if (found != STATUS_OK) {
        return;
    }
    things[i] = (struct thing){.cap = cap, .pages = pages};
    if (chance_in(3)) {
        things[i].is_narrow = true;
        struct act_facet facet = act_facet(init, cap, 1 << MEMORY_OBJECT_READ, 0, 0);
        things[i].cap = facet.facet;
        things[i].revoker = facet.revoker;
        act_do_fact(init, act_release(cap));
    }
}

static void step_release(const struct act_snapshot *before)
{
    struct thing *thing = thing_choose();

    (void)before;
    if (thing == NULL) {
        return;
    }
    if (thing->revoker.value != 0 && act_do_fact(init, act_release(thing->revoker)) != STATUS_OK) {
        fail("no release", 0);
    }
    if (act_do_fact(init, act_release(thing->cap)) != STATUS_OK) {
        fail("no release", 0);
    }
    thing->cap.value = thing->revoker.value = 0;
}

static void step_revoke(const struct act_snapshot *before)
{
    struct thing *thing = thing_choose();

    (void)before;
    if (thing == NULL || thing->revoker.value == 0 || !chance_in(4)) {
        return;
    }
    act_revoke(init, thing->revoker);
    thing->is_cut = true;
    for (uint32_t i = 0; i < WINDOW; i++) {
        if (places[i].thing == thing - things) {
            places[i] = (struct place){.thing = NOTHING};
        }
    }
}

static void step_seal(const struct act_snapshot *before)
{
    struct thing *thing = thing_choose();

    if (thing == NULL || !chance_in(4)) {
        return;
    }
    enum status fact = is_written((int32_t)(thing - things)) ? STATUS_MAPPED_WRITABLE : STATUS_OK;
    if (thing->is_narrow || thing->is_cut) {
        fact = thing->is_cut ? STATUS_REVOKED : STATUS_METHOD_NOT_IN_FACET;
    }
    fact_is("seal", fact, act_seal(init, thing->cap), before);
    thing->is_sealed = thing->is_sealed || fact == STATUS_OK;
}

static void step_write(const struct act_snapshot *before)
{
    struct thing *thing = thing_choose();

    if (thing == NULL) {
        return;
    }
    uint32_t page = chance_below(thing->pages + 1);
    uint64_t number = ++numbers;
    enum status fact = page == thing->pages ? STATUS_BAD_VALUE
                       : thing->is_sealed   ? STATUS_SEALED
                                            : STATUS_OK;
    if (thing->is_narrow || thing->is_cut) {
        fact = thing->is_cut ? STATUS_REVOKED : STATUS_METHOD_NOT_IN_FACET;
    }
    fact_is("write", fact,
            act_write(init, thing->cap, (uint64_t)page * PAGE_SIZE, &number, sizeof(number)),
            before);
    if (fact == STATUS_OK) {
        thing->contents[page] = number;
    }
}

static void step_store(const struct act_snapshot *before)
{
    uint32_t i = chance_below(WINDOW);
    uint64_t number = ++numbers;

    (void)before;
    if (machine_write(0, address(i), &number, sizeof(number))) {
        if (places[i].thing == NOTHING) {
            fail("nothing was written to", i);
        }
        things[places[i].thing].contents[places[i].page] = number;
    }
}

static void step_map(const struct act_snapshot *before)
{
    struct thing *thing = thing_choose();
    uint32_t first, count;

    range_choose(&first, &count);
    if (thing == NULL) {
        return;
    }
    uint32_t rights = chance_in(8) ? chance_below(16) : (uint32_t[]){0, R, RW, RX}[chance_below(4)];
    uint32_t page = chance_below(thing->pages + 1);
    uint64_t odd = chance_in(20) ? 8 : 0;
    uint64_t at = address(first);
    enum status fact = thing->is_cut ? STATUS_REVOKED : STATUS_OK;
    if (fact == STATUS_OK && !is_free(first, count)) {
        fact = STATUS_ADDRESS_TAKEN;
    } else if (fact == STATUS_OK) {
        fact =
            odd != 0 || page + count > thing->pages ? STATUS_BAD_VALUE : rights_fact(thing, rights);
    }
    fact_is("map", fact,
            act_map(init, space, at, count, rights, thing->cap, (uint64_t)page * PAGE_SIZE + odd),
            before);
    for (uint32_t i = 0; i < count && fact == STATUS_OK; i++) {
        places[first + i] =
            (struct place){(int32_t)(thing - things), page + i, rights, next_mapping};
    }
    next_mapping++;
}

static void step_unmap(const struct act_snapshot *before)
{
    uint32_t first = chance_below(WINDOW);
    enum status fact = is_start(first) ? STATUS_OK : STATUS_NOT_MAPPED;

    fact_is("unmap", fact, act_unmap(init, space, address(first)), before);
    if (fact == STATUS_OK) {
        change(first, NOTHING, 0);
    }
}

static void step_protect(const struct act_snapshot *before)
{
    uint32_t rights = chance_in(8) ? chance_below(16) : (uint32_t[]){0, R, RW, RX}[chance_below(4)];
    uint32_t first = chance_below(WINDOW);
    enum status fact = STATUS_NOT_MAPPED;

    if (is_start(first)) {
        fact = rights_fact(&things[places[first].thing], rights);
    }
    fact_is("protect", fact, act_protect(init, space, address(first), rights), before);
    if (fact == STATUS_OK) {
        change(first, places[first].thing, rights);
    }
}

// Ranges that nobody can have.
static void step_nonsense(const struct act_snapshot *before)
{
    const struct {
        uint64_t at;
        uint32_t pages;
    } ranges[] = {
        {address(0), 0}, // the first three to be mapped alone
        {address(0), 513},
        {base + LAYOUT_RING - PAGE_SIZE, 2},
        {address(0) + 8, 1},
        {base + LAYOUT_START - PAGE_SIZE, 2},
        {base + LAYOUT_RING, 1},
        {base + LAYOUT_END - PAGE_SIZE, 2},
        {base + LAYOUT_END, 1},
        {~0ull << 12, 1},
        {base == 0 ? PAGE_SIZE : PAGE_SIZE * 7, 1},
    };
    uint32_t i = chance_below(sizeof(ranges) / sizeof(ranges[0]));
    uint64_t at = ranges[i].at;
    const struct thing *thing = thing_choose();
    bool is_unmap = thing == NULL || thing->is_cut;

    if (is_unmap && i < 3) {
        return;
    }
    fact_is("nonsense", STATUS_BAD_VALUE,
            is_unmap ? act_unmap(init, space, at)
                     : act_map(init, space, at, ranges[i].pages, R, thing->cap, 0),
            before);
}

static void (*const steps[])(const struct act_snapshot *) = {
    step_make,  step_make, step_release, step_revoke, step_seal,    step_write,   step_store,
    step_store, step_map,  step_map,     step_map,    step_map,     step_map,     step_unmap,
    step_unmap, step_map,  step_map,     step_unmap,  step_protect, step_protect, step_nonsense,
};

static void world_of_memory(void)
{
    struct machine_options options = {.takes_tables = chance_in(2)};

    options.space_base = chance_in(2) ? 0 : 1ull << 40;
    if (!machine_boot(&options)) {
        fail("no boot", 0);
    }
    init = (uint32_t)machine.running;
    base = hal_space_base(0);
    space = act_named(init, "space");
    memset(things, 0, sizeof(things));
    for (uint32_t i = 0; i < WINDOW; i++) {
        places[i] = (struct place){.thing = NOTHING};
    }
    next_mapping = 1;
}

int main(void)
{
    uint64_t end = environment("STEPS", 1, STEPS_DEFAULT);

    tally.seed = environment("SEED", 0, 1);
    chance_init(tally.seed);
    for (step = 0; step < end; step++) {
        if (step % STEPS_OF_WORLD == 0) {
            world_of_memory();
        }
        struct act_snapshot before = act_snapshot();
        steps[chance_below(sizeof(steps) / sizeof(steps[0]))](&before);
        for (uint32_t i = 0; i < WINDOW; i++) {
            page_check(i);
        }
        core_check(act_core());
        if (step % STEPS_OF_WORLD == STEPS_OF_WORLD - 1) {
            machine_exit(init, 0);
            if (machine.end != MACHINE_HALTED || machine.code != 0) {
                fail("the machine did not end well", machine.end);
            }
            machine_fini();
        }
    }
    static const enum status expected[] = {
        STATUS_OK,
        STATUS_BAD_VALUE,
        STATUS_ADDRESS_TAKEN,
        STATUS_NOT_MAPPED,
        STATUS_SEALED,
        STATUS_RIGHTS_REFUSED,
        STATUS_MAPPED_WRITABLE,
        STATUS_REVOKED,
        STATUS_METHOD_NOT_IN_FACET,
    };
    for (uint32_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        printf("fact %d: %llu times\n", (int)expected[i], (unsigned long long)counts[expected[i]]);
        if (end >= STEPS_DEFAULT / 10 && counts[expected[i]] == 0) {
            fail("a fact never occurred", expected[i]);
        }
    }
    return 0;
}

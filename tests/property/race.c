// SPDX-License-Identifier: Apache-2.0
//
// An adversary in every world: while a program is in the kernel, another thread of it changes what
// the kernel has just read. Now and then an entry has one, at one of the places that the kernel
// reads: messages with their descriptors and parameters, entries of the submission queue, its
// index, words that are parked on. Since each value is read once, everything must become as if
// nobody had touched it: so the model foretells these entries as it does all others.
//
// Which entries, and where, follows from the number of turns: chance is for what happens. One entry
// in RACES has one, a number of the environment, or one in sixteen. Each access of a page that is
// watched costs the host two signals: with one in sixteen these are half of the test's time.
#include <stddef.h>
#include <string.h>

#include "kernel/core/test/unchanged.h"
#include "tests/property/world.h"
#include "tests/support/watch.h"

enum {
    ENTRIES_DEFAULT = 16,
    ENTRIES_PER_WORD = 8, // of those that park or wake there are fewer
};

static struct ring_header header_of(uint32_t thread)
{
    struct ring_header header;

    machine_read(machine.threads[thread].space, machine_ring(thread), &header, sizeof(header));
    return header;
}

static uint32_t submitted(uint32_t thread)
{
    struct ring_header header = header_of(thread);

    return header.sq_tail - header.sq_head;
}

// Another entry, or another turn for the rest of them, reads it again, and rightly so.
static bool has_one(uint32_t thread)
{
    return submitted(thread) == 1;
}

static bool has_one_about_a_word(uint32_t thread)
{
    uint32_t space = machine.threads[thread].space;
    struct ring_header header = header_of(thread);
    struct sqe sqe;

    machine_read(space,
                 machine_ring(thread) + header.sq_offset +
                     (header.sq_head & (header.sq_entries - 1)) * sizeof(sqe),
                 &sqe, sizeof(sqe));
    return has_one(thread) && (sqe.opcode == OP_PARK || sqe.opcode == OP_UNPARK) &&
           machine_mapping_find(space, LAYOUT_IMAGE / PAGE_SIZE) != NULL;
}

// What the program has consumed is looked at more than once: what it says later counts later. Here
// nothing comes of it.
static bool is_idle(uint32_t thread)
{
    return world.is_refreshing && submitted(thread) == 0;
}

// Where it strikes: bytes from the begin of the ring, or of the program's text.
static const struct place {
    uint32_t offset, size;
    bool is_text;
    bool (*may)(uint32_t thread); // NULL: always
} places[] = {
    {PAGE_SIZE, PAGE_SIZE, false, NULL},
    {2 * PAGE_SIZE, PAGE_SIZE, false, NULL},
    {sizeof(struct ring_header), SQ_ENTRIES_DEFAULT * sizeof(struct sqe), false, NULL},
    {offsetof(struct ring_header, sq_tail), sizeof(uint32_t), false, has_one},
    {offsetof(struct ring_header, cq_head), sizeof(uint32_t), false, is_idle},
    {0, 64, true, has_one_about_a_word},
};

static_assert(sizeof(places) / sizeof(places[0]) == RACE_PLACES, "as the tally counts them");

static const struct place *racing; // NULL: nobody

static const struct place *place_choose(uint32_t thread)
{
    static uint64_t one_in; // entries
    one_in = one_in == 0 ? environment("RACES", 1, ENTRIES_DEFAULT) : one_in;
    uint64_t one_word_in = one_in / ENTRIES_PER_WORD + (one_in < ENTRIES_PER_WORD ? 1 : 0);
    const struct place *word = &places[RACE_PLACES - 1];
    const struct place *next = &places[machine.turns / one_in % (RACE_PLACES - 1)];

    if (machine.turns % one_word_in == 0 && word->may(thread)) {
        return word;
    }
    bool may = machine.turns % one_in == 0 && (next->may == NULL || next->may(thread));
    return may ? next : NULL;
}

static void before(uint32_t thread)
{
    uint32_t space = machine.threads[thread].space;

    unchanged_witness.before(thread);
    racing = place_choose(thread);
    if (racing != NULL) {
        uint64_t from =
            racing->is_text ? hal_space_base(space) + LAYOUT_IMAGE : machine_ring(thread);
        watch_race(space, from + racing->offset, racing->size, machine.turns | 1);
    }
}

static void after(void)
{
    if (racing != NULL) {
        struct watch seen = watch_end();
        tally.reads[racing - places] += seen.reads;
        bool is_twice = seen.again != 0 && racing->may != is_idle;
        racing = NULL;
        if (is_twice) {
            broken("the kernel read %u bytes of a program's memory twice", seen.again);
        }
    }
    unchanged_witness.after();
}

const struct machine_witness race_witness = {before, after};

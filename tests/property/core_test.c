// SPDX-License-Identifier: Apache-2.0
//
// Random operations of four programs against the core, valid ones and hostile ones. After each step
// the completions are those that the model foretold, the invariants hold, and the log, reduced
// again, leads to the same digest; each world ends with the last exit, and its exported log proves
// the same to the library that replicas use.
//
//     STEPS=n   operations (default 100,000)
//     SEED=n    another sequence (default 1); a failure prints the line that repeats it
//     FROM=n    begins with this step, and a new world: of a failure, the world that failed
//     RACES=n   an adversary in one entry of so many (race.c; default 16)
//     LOG=path  keeps the log of a world in which every kind of commit occurs
//
// What chance brings in a step follows from its number and the seed alone, so that a step can be
// left out (shrink.py):
//
//     ONLY=path    one world, with the steps whose numbers stand in this file
//     RECORD=path  where to write the run down, as record.h says
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/property/record.h"
#include "tests/property/step.h"

enum {
    STEPS_DEFAULT = 100000,
    STEPS_FOR_COVERAGE = 10000,
    STEPS_PER_LINE = 10000000, // that says how far it is
    TIME_STEP_NS = 2000000,
};

// --- Hostile programs ---------------------------------------------------------------------------

// Refused for its form alone.
static void hostile_words(struct actor *actor)
{
    struct act_snapshot before = act_snapshot();
    struct sqe sqe;
    struct cqe cqe;
    uint64_t words[8];

    for (uint32_t i = 0; i < 8; i++) {
        words[i] = chance_word();
    }
    memcpy(&sqe, words, sizeof(sqe));
    sqe.opcode = (uint8_t)(chance_in(2) ? chance_below(OP_COUNT) : sqe.opcode);
    note("actor %ld: random words, opcode %u", (long)(actor - world.actors), sqe.opcode);
    if (!machine_submit(actor->thread, &sqe)) {
        broken("the SQ is full");
    }
    machine_enter(actor->thread, 0, 0);
    if (!machine_reap(actor->thread, &cqe) || cqe.user_data != sqe.user_data) {
        broken("random words have no completion");
    }
    enum status fact = act_fact(&cqe);
    if (fact != STATUS_BAD_OPCODE && fact != STATUS_RESERVED_SET && fact != STATUS_UNSUPPORTED) {
        broken("random words: fact %d", fact);
    }
    if (!act_same(&before)) {
        broken("random words changed something");
    }
}

static void enter_refused(struct actor *actor, uint64_t min_complete, enum status fact)
{
    struct act_snapshot before = act_snapshot();

    machine_enter(actor->thread, min_complete, TIMEOUT_NONE);
    if (machine.threads[actor->thread].result != (uint64_t) - (int64_t)fact || !act_same(&before)) {
        broken("cap_enter returns %lld, not %d", (long long)machine.threads[actor->thread].result,
               -(int)fact);
    }
}

// An index out of its range: told so, and nothing else happens.
static void hostile_index(struct actor *actor)
{
    uint64_t ring = machine_ring(actor->thread);
    bool is_tail = chance_in(2);
    uint64_t at = ring + (is_tail ? offsetof(struct ring_header, sq_tail)
                                  : offsetof(struct ring_header, cq_head));
    uint32_t space = machine.threads[actor->thread].space;
    uint32_t right;
    uint32_t wrong;

    if (!machine_read(space, at, &right, sizeof(right))) {
        broken("a ring that can't be read");
    }
    wrong = is_tail ? right + SQ_ENTRIES_DEFAULT + 1 + (uint32_t)chance_below(1 << 30)
                    : right + 1 + chance_below(1 << 30);
    note("actor %ld: %s is %x, not %x", (long)(actor - world.actors), is_tail ? "tail" : "head",
         wrong, right);
    machine_write(space, at, &wrong, sizeof(wrong));
    enter_refused(actor, 0, STATUS_RING_CORRUPT);
    machine_write(space, at, &right, sizeof(right));
}

static void hostile_step(struct actor *actor)
{
    actor_refresh(actor);
    switch (chance_below(4)) {
    case 0:
        hostile_index(actor);
        break;
    case 1:
        enter_refused(actor, CQ_ENTRIES_DEFAULT + 1 + chance_word() % 99, STATUS_BAD_ARGUMENT);
        break;
    case 2:
        enter_refused(actor, model_waiting(actor->program) + 1, STATUS_NOTHING_PENDING);
        break;
    default:
        hostile_words(actor);
        break;
    }
}

// --- Steps --------------------------------------------------------------------------------------

static void end_step(struct actor *actor)
{
    uint32_t cause = chance_below(3);

    if (actor == &world.actors[0]) {
        return;
    }
    note("actor %ld ends, cause %u", (long)(actor - world.actors), cause);
    actor_end(actor, (int32_t)chance_word(), cause);
}

static uint64_t first_step_of_world;

static void step_chance(void)
{
    chance_init(tally.seed ^ tally.step * 0xd1342543de82ef95);
}

static void step(void)
{
    struct actor *actor = actor_find();
    uint32_t choice = chance_below(1000);

    if (actor == NULL || choice < 40) {
        machine.now_ns += 1 + chance_below(TIME_STEP_NS);
        note("now %llu", (unsigned long long)machine.now_ns);
        return;
    }
    if (choice < 600) {
        ring_step(actor);
    } else if (choice < 780) {
        actor_refresh(actor); // what is due ends before anything is foretold
        object_step(actor);
    } else if (choice < 900 && !actor_is_waiting(&world.actors[0])) {
        actor_refresh(&world.actors[0]);
        first_step(&world.actors[0]);
    } else if (choice < 925) {
        wait_step(actor);
    } else if (choice < 940) {
        end_step(actor);
    } else {
        hostile_step(actor);
    }
}

void again_print(void)
{
    fprintf(stderr, "again: SEED=%llu FROM=%llu STEPS=%llu\n", (unsigned long long)tally.seed,
            (unsigned long long)first_step_of_world, (unsigned long long)tally.step + 1);
}

static bool is_emitted(uint32_t kind)
{
    // The kernel does not make these yet, or the programs of this test do not ask for them.
    static const uint8_t reserved[] = {0,
                                       23,
                                       24,
                                       27,
                                       COMMIT_GENESIS_HEAD,
                                       COMMIT_JOB_KILL,
                                       COMMIT_CHECKPOINT_MARK,
                                       COMMIT_JOB_DESTROY};

    return memchr(reserved, (int)kind, sizeof(reserved)) == NULL;
}

static bool has_every_kind(const uint64_t kinds[COMMIT_KIND_COUNT], const uint64_t *before)
{
    bool has_all = true;

    for (uint32_t kind = 0; kind < COMMIT_KIND_COUNT; kind++) {
        bool occurs = kinds[kind] != (before == NULL ? 0 : before[kind]);
        has_all = has_all && (occurs || !is_emitted(kind));
    }
    return has_all;
}

static void tally_print(void)
{
    printf(
        "%llu steps, seed %llu: %llu worlds, %llu commits, %llu deliveries, %llu answers, "
        "%llu capabilities handed over\n",
        (unsigned long long)tally.step, (unsigned long long)tally.seed,
        (unsigned long long)tally.worlds, (unsigned long long)tally.commits,
        (unsigned long long)tally.deliveries, (unsigned long long)tally.answers,
        (unsigned long long)tally.transfers);
    printf("facts:");
    for (uint32_t i = 1; i < STATUS_LIMIT; i++) {
        if (tally.refusals[i] != 0) {
            printf(" %u:%llu", i, (unsigned long long)tally.refusals[i]);
        }
    }
    printf("\n");
    fflush(stdout);
}

// One world, with these steps alone.
static int only(const char *path)
{
    FILE *file = fopen(path, "r");
    unsigned long long number;

    for (bool is_first = true; file != NULL && fscanf(file, "%llu", &number) == 1;
         is_first = false) {
        tally.step = number;
        step_chance();
        if (is_first) {
            first_step_of_world = number;
            world_begin();
        }
        step();
        world_check();
    }
    if (file == NULL || tally.worlds == 0) {
        fprintf(stderr, "ONLY: %s has no numbers of steps\n", path);
        return 2;
    }
    fclose(file);
    world_end(NULL);
    return 0;
}

int main(void)
{
    uint64_t steps = environment("STEPS", 1, STEPS_DEFAULT);
    const char *log_path = getenv("LOG");
    uint64_t kinds_before[COMMIT_KIND_COUNT] = {0};
    uint64_t first = environment("FROM", 0, 0);
    bool is_long = steps >= first + STEPS_FOR_COVERAGE;

    tally.seed = environment("SEED", 0, 1);
    tally.step = first;
    if (getenv("RECORD") != NULL) {
        record_begin(getenv("RECORD"));
    }
    if (getenv("ONLY") != NULL) {
        return only(getenv("ONLY"));
    }
    world.is_over = true;
    for (; tally.step < steps; tally.step++) {
        if (tally.step % STEPS_PER_LINE == 0 && tally.step != first) {
            tally_print();
        }
        step_chance();
        if (world.is_over) {
            first_step_of_world = tally.step;
            memcpy(kinds_before, tally.kinds, sizeof(kinds_before));
            world_begin();
        }
        step();
        world_check();
        if (world_is_nearly_full() || chance_in(5000) || tally.step + 1 == steps) {
            bool is_kept =
                log_path != NULL && !world.is_trimmed && has_every_kind(tally.kinds, kinds_before);
            world_end(is_kept ? log_path : NULL);
            log_path = is_kept ? NULL : log_path;
        }
    }
    tally_print();
    for (uint32_t i = 0; i < RACE_PLACES && is_long; i++) {
        if (tally.reads[i] == 0) {
            broken("nothing was read at place %u while an adversary changed it", i);
        }
    }
    if (is_long && !has_every_kind(tally.kinds, NULL)) {
        broken("a kind of commit never occurs");
    }
    if (log_path != NULL) {
        broken("no world had every kind of commit");
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Random sessions: holders come, read, write, are lent the foreground and go, while somebody types
// and a terminal takes bytes when it likes. Each read has a letter of its own, and nothing else is
// typed for it; what is typed while nobody reads has the capital letter of who has the foreground,
// or is a Z, where it must reach nobody; what a holder writes has its digit. So what reaches whom
// can be seen.
//
//     SEED=n    another sequence; a failure prints it
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/terminal/session/session.h"

enum {
    SESSIONS = 300,
    STEPS = 400, // of a session
    HOLDERS = 6, // that are tried; more exist than that
    TYPED_MAX = 4096,
    ENTER = '\r',
    CANCEL = 3,
    END = 4,
};

static struct test {
    uint64_t seed, random, step;
    struct session session;
    struct session_memory memory;
    bool is_used[SESSION_HOLDERS_MAX], may_write[SESSION_HOLDERS_MAX];
    uint32_t lender[SESSION_HOLDERS_MAX], foreground;
    bool is_reading, is_hidden;
    bool keeps_ahead; // what is typed while nobody reads may be read
    uint32_t read_count;
    char typed[TYPED_MAX]; // for the read that is outstanding
    size_t typed_size;
    uint64_t accepted[SESSION_HOLDERS_MAX], shown[SESSION_HOLDERS_MAX]; // digits
    bool was_torn, is_inside; // ... of an escape sequence, that was sent in part
    uint32_t answers[5], interrupts, turns;
} test;

static uint64_t draw(void)
{
    test.random ^= test.random << 13;
    test.random ^= test.random >> 7;
    test.random ^= test.random << 17;
    return test.random;
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)(draw() % limit);
}

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "broken: %s\nat step %" PRIu64 "; again: SEED=%" PRIu64 "\n", what,
                test.step, test.seed);
        exit(1);
    }
}

static char letter(void)
{
    return (char)('a' + test.read_count % 26);
}

// ---- What the session says ----

static void answer(void *context, uint32_t holder, enum session_outcome outcome, const char *text,
                   size_t size)
{
    size_t ahead = 0;

    (void)context;
    must(test.is_reading && holder == test.foreground, "an answer is that of who reads");
    must(outcome == SESSION_LINE || size == 0, "only lines have text");
    while (ahead < size && text[ahead] == (char)('A' + holder))
        ahead++;
    must(ahead == 0 || !test.is_hidden, "nothing is typed ahead for a hidden line");
    if (outcome == SESSION_LINE)
        must(size - ahead == test.typed_size &&
                 memcmp(text + ahead, test.typed, test.typed_size) == 0,
             "a line is what was typed for it");
    test.is_reading = false;
    test.keeps_ahead = outcome == SESSION_LINE && !test.is_hidden;
    test.answers[outcome]++;
}

static void turn(void *context, uint32_t holder)
{
    (void)context;
    must(test.is_used[holder], "turns are given to who is there");
    test.turns++;
}

static void interrupt(void *context, uint32_t holder)
{
    (void)context;
    must(!test.is_reading && holder == test.foreground, "an interrupt is for the foreground");
    test.keeps_ahead = true;
    test.interrupts++;
}

static void resized(void *context, uint32_t columns, uint32_t rows)
{
    (void)context;
    (void)columns;
    (void)rows;
    must(false, "nobody reported a size");
}

// ---- The terminal ----

static void drain(size_t most)
{
    const char *bytes;
    size_t size;

    while (most > 0 && (size = session_output(&test.session, &bytes)) > 0) {
        size_t part = size < most ? size : most;
        for (size_t i = 0; i < part && !test.was_torn; i++) {
            // Digits of escape sequences are nobody's.
            if (bytes[i] == '\33')
                test.is_inside = true;
            else if (test.is_inside && bytes[i] >= '@' && bytes[i] != '[')
                test.is_inside = false;
            else if (!test.is_inside && bytes[i] >= '0' && bytes[i] < '0' + SESSION_HOLDERS_MAX)
                test.shown[bytes[i] - '0']++;
        }
        session_sent(&test.session, part);
        most -= part;
    }
    test.was_torn = test.was_torn || test.session.is_torn;
}

static void type_one(char byte)
{
    bool was_reading = test.is_reading;
    size_t size = test.typed_size, sent = test.session.out_size;

    // The session may answer before it returns: what is typed is noted first.
    if (was_reading && byte >= 'a' && byte <= 'z')
        test.typed[test.typed_size++] = byte;
    if (session_input(&test.session, &byte, 1) == 0)
        test.typed_size = size;
    must(test.session.out_size - sent <= SESSION_RESERVE, "a key sends what there is room for");
}

static void type(void)
{
    uint32_t count = below(20), chance = below(12);
    static const char ends[] = {ENTER, ENTER, ENTER, ENTER, ENTER, CANCEL, END};

    for (uint32_t i = 0; i < count && test.typed_size + 1 < 500; i++)
        type_one(test.is_reading    ? letter()
                 : test.keeps_ahead ? (char)('A' + test.foreground)
                                    : 'Z');
    if (chance < 7)
        type_one(ends[chance]);
}

// ---- Holders ----

static uint32_t holder_choose(void)
{
    return below(10) == 0 ? below(20) : below(3) == 0 ? below(HOLDERS) : test.foreground;
}

static bool is_there(uint32_t holder)
{
    return holder < SESSION_HOLDERS_MAX && test.is_used[holder];
}

static void read_line(void)
{
    uint32_t holder = holder_choose();
    bool is_hidden = below(4) == 0, was_reading = test.is_reading;
    bool may = is_there(holder) && holder == test.foreground && !was_reading;
    enum session_status status;

    if (may) {
        test.is_reading = test.keeps_ahead = true;
        test.is_hidden = is_hidden;
        test.typed_size = 0;
        test.read_count++;
    }
    status = session_read(&test.session, holder, "$ ", 2, is_hidden, 1000);
    must((status == SESSION_OK) == may, "who has the foreground may read");
}

static void write_some(void)
{
    char digits[3000];
    uint32_t holder = holder_choose(), size = below(2) == 0 ? below(sizeof(digits)) : below(9);
    enum session_status status;

    memset(digits, (int)('0' + holder), sizeof(digits));
    for (uint32_t i = 0; i < size / 50; i++)
        digits[below(size)] = '\n';
    size_t written = session_write(&test.session, holder, digits, size, &status);
    must((status == SESSION_OK) == is_there(holder), "who is there may write");
    must(written <= size && written <= SESSION_TURN, "a turn is bounded");
    for (size_t i = 0; i < written; i++)
        test.accepted[holder] += digits[i] != '\n';
}

static void lend(void)
{
    uint32_t lender = holder_choose(), holder;
    bool with_foreground = below(2) == 0;
    enum session_status status = session_lend(&test.session, lender, with_foreground, &holder);

    if (status == SESSION_NO_ROOM)
        return;
    must((status == SESSION_OK) ==
             (is_there(lender) && (!with_foreground || lender == test.foreground)),
         "the foreground is lent by who has it");
    if (status != SESSION_OK)
        return;
    must(!test.is_used[holder], "a new holder is nobody else");
    test.is_used[holder] = true;
    test.lender[holder] = lender;
    if (with_foreground) {
        must(!test.is_reading, "a read ends when the foreground goes");
        test.foreground = holder;
        test.keeps_ahead = true;
    }
}

static void reclaim(void)
{
    uint32_t holder = below(HOLDERS), borrower = test.foreground;
    bool may = false;

    while (borrower != 0) {
        borrower = test.lender[borrower];
        may = may || borrower == holder;
    }
    may = may && is_there(holder) && holder != test.foreground;
    must((session_reclaim(&test.session, holder) == SESSION_OK) == may,
         "the foreground comes back to who lent it");
    if (may) {
        test.foreground = holder;
        test.keeps_ahead = true;
    }
}

static void drop(void)
{
    uint32_t holder = 1 + below(HOLDERS - 1);
    bool was = is_there(holder);

    if (was && holder == test.foreground) {
        test.is_reading = false; // without an answer
        test.is_used[holder] = false;
    }
    must((session_drop(&test.session, holder) == SESSION_OK) == was, "who is there can be dropped");
    if (!was)
        return;
    test.is_used[holder] = false;
    if (test.foreground == holder) {
        test.foreground = test.lender[holder];
        test.keeps_ahead = true;
    }
    for (uint32_t i = 0; i < SESSION_HOLDERS_MAX; i++) {
        if (test.lender[i] == holder)
            test.lender[i] = test.lender[holder];
    }
}

static void cancel(void)
{
    bool may = test.is_reading;

    must((session_cancel(&test.session, test.foreground) == SESSION_OK) == may,
         "a read that is outstanding can be cancelled");
    must(!test.is_reading, "what is cancelled has ended");
}

static void step(void)
{
    uint32_t chance = below(100);

    if (chance < 30)
        type();
    else if (chance < 50)
        read_line();
    else if (chance < 65)
        write_some();
    else if (chance < 69)
        lend();
    else if (chance < 72)
        reclaim();
    else if (chance < 76)
        drop();
    else if (chance < 78)
        cancel();
    else if (chance < 80)
        session_resize(&test.session, below(200), below(60));
    else
        drain(below(4) == 0 ? SIZE_MAX : below(500));
}

// ---- A session ----

static void scrubbed_check(void)
{
    const char *bytes = (const char *)&test.memory;

    for (size_t i = 0; i < sizeof(test.memory); i++)
        must((bytes[i] < 'a' || bytes[i] > 'z') && (bytes[i] < 'A' || bytes[i] > 'Z'),
             "nothing that was typed stays");
}

static void run(void)
{
    const struct session_calls calls = {NULL, answer, turn, interrupt, resized};

    test.foreground = test.read_count = 0;
    test.is_reading = test.was_torn = test.is_inside = false;
    test.keeps_ahead = true;
    test.typed_size = 0;
    memset(test.is_used, 0, sizeof(test.is_used));
    memset(test.lender, 0, sizeof(test.lender));
    memset(test.accepted, 0, sizeof(test.accepted));
    memset(test.shown, 0, sizeof(test.shown));
    test.is_used[0] = true;
    session_open(&test.session, &test.memory, &calls);
    for (uint32_t i = 0; i < STEPS; i++, test.step++)
        step();
    drain(SIZE_MAX);
    bool was_reading = test.is_reading;
    uint32_t gone = test.answers[SESSION_GONE];
    session_close(&test.session);
    must(test.answers[SESSION_GONE] == gone + was_reading, "a read is told of the end");
    drain(SIZE_MAX);
    for (uint32_t i = 0; i < SESSION_HOLDERS_MAX && !test.was_torn; i++)
        must(test.shown[i] == test.accepted[i], "what was accepted is shown");
    scrubbed_check();
}

static void always_what_is_typed_for_one_prompt_reaches_no_other(void)
{
    for (uint32_t i = 0; i < SESSIONS; i++)
        run();
    for (uint32_t i = 0; i < sizeof(test.answers) / sizeof(test.answers[0]); i++)
        must(test.answers[i] > 0, "reads ended in every way");
    must(test.interrupts > 0 && test.turns > 0, "interrupts and turns occurred");
}

int main(void)
{
    const char *seed = getenv("SEED");

    test.seed = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    test.random = test.seed * 0x9e3779b97f4a7c15u + 1;
    always_what_is_typed_for_one_prompt_reaches_no_other();
    printf("%u sessions: %u lines, %u cancelled, %u ends, %u lost, %u gone, %u interrupts\n",
           (unsigned)SESSIONS, test.answers[SESSION_LINE], test.answers[SESSION_CANCELLED],
           test.answers[SESSION_END], test.answers[SESSION_LOST], test.answers[SESSION_GONE],
           test.interrupts);
    return 0;
}

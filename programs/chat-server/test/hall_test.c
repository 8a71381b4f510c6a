// SPDX-License-Identifier: Apache-2.0
//
// The hall by its own words: who is known by what, who hears what, and what becomes of those who
// flood, never read, or go.
#include "programs/chat-server/hall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct hall hall;
static uint64_t now;

static int set_up(void **state)
{
    (void)state;
    memset(&hall, 0, sizeof hall);
    now = 1;
    return 0;
}

static struct hall_text text_of(const char *text)
{
    return (struct hall_text){(uint32_t)strlen(text), text};
}

static uint32_t enter(uint64_t key, const char *name)
{
    uint32_t member;
    const struct hall_key words = {{key, ~key, 7}};
    assert_int_equal(hall_enter(&hall, &words, text_of(name), &member), HALL_WELL);
    return member;
}

static uint32_t enter_into(uint64_t key, const char *room)
{
    uint32_t member = enter(key, "");
    assert_int_equal(hall_join(&hall, member, text_of(room), now), HALL_WELL);
    return member;
}

static enum hall_verdict say(uint32_t member, const char *text)
{
    return hall_say(&hall, member, text_of(text), now);
}

static void assert_hears(uint32_t member, enum hall_kind kind, uint32_t author, const char *text)
{
    struct hall_line line;
    hall_next(&hall, member, &line);
    assert_int_equal(line.kind, kind);
    assert_int_equal(line.number, author == HALL_NOBODY ? 0 : hall.members[author].number);
    assert_int_equal(line.text_size, strlen(text));
    assert_memory_equal(line.text, text, strlen(text));
}

static void a_session_is_one_member_however_often_it_enters(void **state)
{
    const struct hall_key other_boot = {{1, ~UINT64_C(1), 8}};
    uint32_t member = enter(1, "");
    uint32_t other;
    (void)state;
    assert_int_equal(enter(1, "somebody else"), member);
    assert_int_equal(hall.members[member].name_size, 0); // a second name changes nothing
    assert_int_equal(hall_enter(&hall, &other_boot, text_of(""), &other), HALL_WELL);
    assert_int_not_equal(other, member);
    assert_int_not_equal(enter(2, ""), member);
}

static void who_comes_back_has_its_number_and_its_debts(void **state)
{
    uint32_t member = enter_into(1, "den");
    uint32_t number = hall.members[member].number;
    (void)state;
    for (uint32_t i = 1; i < HALL_BURST; i++) {
        assert_int_equal(say(member, "x"), HALL_WELL);
    }
    hall_go(&hall, member);
    assert_int_equal(enter(1, ""), member);
    assert_int_equal(hall.members[member].number, number);
    assert_int_equal(hall_join(&hall, member, text_of("den"), now), HALL_TOO_FAST);
    now += HALL_LINE_NS;
    assert_int_equal(hall_join(&hall, member, text_of("den"), now), HALL_WELL);
}

static void a_place_is_taken_from_who_went_first(void **state)
{
    uint32_t members[HALL_MEMBERS];
    uint32_t late;
    const struct hall_key key = {{99, 0, 0}};
    (void)state;
    for (uint32_t i = 0; i < HALL_MEMBERS; i++) {
        members[i] = enter(i, "");
    }
    assert_int_equal(hall_enter(&hall, &key, text_of(""), &late), HALL_FULL);
    hall_go(&hall, members[5]);
    hall_go(&hall, members[3]);
    assert_int_equal(hall_enter(&hall, &key, text_of(""), &late), HALL_WELL);
    assert_int_equal(late, members[5]);
    assert_int_equal(hall.members[late].number, HALL_MEMBERS + 1);
    assert_int_equal(enter(3, ""), members[3]);
}

static void the_others_in_the_room_hear_what_is_said_and_nobody_else(void **state)
{
    uint32_t speaker = enter_into(1, "den");
    uint32_t listener = enter_into(2, "den");
    uint32_t elsewhere = enter_into(3, "lobby");
    (void)state;
    hall.rings = 0;
    assert_int_equal(say(speaker, "hello"), HALL_WELL);
    assert_int_equal(hall.rings, 1U << listener);
    assert_hears(listener, HALL_SAID, speaker, "hello");
    assert_hears(listener, HALL_NOTHING, HALL_NOBODY, "");
    assert_hears(speaker, HALL_JOINED, listener, "");
    assert_hears(speaker, HALL_NOTHING, HALL_NOBODY, "");
    assert_hears(elsewhere, HALL_NOTHING, HALL_NOBODY, "");
}

static void who_joins_hears_nothing_of_before_and_who_left_nothing_of_after(void **state)
{
    uint32_t first = enter_into(1, "den");
    (void)state;
    assert_int_equal(say(first, "before"), HALL_WELL);
    uint32_t second = enter_into(2, "den");
    assert_hears(second, HALL_NOTHING, HALL_NOBODY, "");
    assert_int_equal(hall_leave(&hall, second), HALL_WELL);
    assert_int_equal(hall_leave(&hall, second), HALL_NO_ROOM);
    assert_int_equal(say(first, "after"), HALL_WELL);
    assert_hears(second, HALL_NOTHING, HALL_NOBODY, "");
    assert_int_equal(say(second, "here?"), HALL_NO_ROOM);
    assert_hears(first, HALL_JOINED, second, "");
    assert_hears(first, HALL_LEFT, second, "");
}

static void a_member_that_goes_leaves_its_room(void **state)
{
    uint32_t first = enter_into(1, "den");
    uint32_t second = enter_into(2, "den");
    (void)state;
    hall_go(&hall, second);
    assert_hears(first, HALL_JOINED, second, "");
    assert_hears(first, HALL_LEFT, second, "");
    assert_int_equal(hall_member_at(&hall, 0, 1), HALL_NOBODY);
    hall_go(&hall, first);
    assert_int_equal(hall_room_count(&hall), 0);
}

static void who_never_reads_misses_lines_and_keeps_nobody_from_reading(void **state)
{
    enum { LINES = HALL_LINES + 10 };
    uint32_t speaker = enter_into(1, "den");
    uint32_t reader = enter_into(2, "den");
    uint32_t sleeper = enter_into(3, "den");
    struct hall_line line;
    (void)state;
    assert_hears(reader, HALL_JOINED, sleeper, "");
    for (uint32_t i = 0; i < LINES; i++) {
        now += HALL_LINE_NS;
        assert_int_equal(say(speaker, "x"), HALL_WELL);
        assert_hears(reader, HALL_SAID, speaker, "x");
    }
    hall_next(&hall, sleeper, &line);
    assert_int_equal(line.kind, HALL_MISSED);
    assert_int_equal(line.count, LINES - HALL_LINES);
    for (uint32_t i = 0; i < HALL_LINES; i++) {
        assert_hears(sleeper, HALL_SAID, speaker, "x");
    }
    assert_hears(sleeper, HALL_NOTHING, HALL_NOBODY, "");
}

static void who_floods_is_held_and_then_thrown_out(void **state)
{
    uint32_t other = enter_into(1, "den");
    uint32_t flooder = enter_into(2, "den");
    uint32_t said = 0, refused = 0;
    enum hall_verdict verdict;
    (void)state;
    while ((verdict = say(flooder, "x")) != HALL_OUT) {
        said += verdict == HALL_WELL ? 1 : 0;
        refused += verdict == HALL_TOO_FAST ? 1 : 0;
    }
    assert_int_equal(said, HALL_BURST - 1); // joining was one
    assert_int_equal(refused, HALL_PATIENCE - 1);
    assert_int_equal(say(flooder, "x"), HALL_NO_ROOM);
    assert_hears(other, HALL_JOINED, flooder, "");
    for (uint32_t i = 0; i < said; i++) {
        assert_hears(other, HALL_SAID, flooder, "x");
    }
    assert_hears(other, HALL_THROWN_OUT, flooder, "");
    assert_int_equal(say(other, "still here"), HALL_WELL);
    assert_int_equal(hall_join(&hall, flooder, text_of("den"), now), HALL_TOO_FAST);
    now += HALL_PENALTY_NS;
    assert_int_equal(hall_join(&hall, flooder, text_of("den"), now), HALL_WELL);
}

static void what_is_no_line_and_no_room_is_refused(void **state)
{
    static const char *const bad_rooms[] = {
        "", "Den", "a b", "../x", "\xc3\xa4", "a\n", "abcdefghijklmnopqrstuvwxyz012345"};
    char longest[HALL_TEXT_MAX + 2];
    uint32_t member = enter(1, "");
    (void)state;
    for (uint32_t i = 0; i < sizeof bad_rooms / sizeof bad_rooms[0]; i++) {
        assert_int_equal(hall_join(&hall, member, text_of(bad_rooms[i]), now), HALL_BAD_ROOM);
    }
    assert_int_equal(hall_join(&hall, member, text_of("den"), now), HALL_WELL);
    memset(longest, 'x', sizeof longest);
    longest[HALL_TEXT_MAX + 1] = 0;
    assert_int_equal(say(member, longest), HALL_BAD_TEXT);
    longest[HALL_TEXT_MAX] = 0;
    assert_int_equal(say(member, longest), HALL_WELL);
    assert_int_equal(say(member, ""), HALL_BAD_TEXT);
    assert_int_equal(say(member, "a\nmember-1: b"), HALL_BAD_TEXT);
    assert_int_equal(say(member, "\x1b[2J"), HALL_BAD_TEXT);
}

static void a_name_is_cut_and_has_no_control_characters(void **state)
{
    char name[HALL_NAME_MAX + 11];
    uint32_t member;
    (void)state;
    memset(name, 'n', sizeof name);
    name[0] = '\n';
    name[sizeof name - 1] = 0;
    member = enter(1, name);
    assert_int_equal(hall.members[member].name_size, HALL_NAME_MAX);
    assert_int_equal(hall.members[member].name[0], '?');
}

static void there_are_eight_rooms_and_an_empty_one_makes_room(void **state)
{
    char name[] = "room-0";
    (void)state;
    for (uint32_t i = 0; i < HALL_ROOMS; i++) {
        name[5] = (char)('0' + i);
        enter_into(i, name);
    }
    uint32_t late = enter(99, "");
    assert_int_equal(hall_join(&hall, late, text_of("ninth"), now), HALL_ROOMS_FULL);
    assert_int_equal(hall_join(&hall, late, text_of("room-3"), now), HALL_WELL);
    assert_int_equal(hall_leave(&hall, 5), HALL_WELL);
    assert_int_equal(hall_join(&hall, late, text_of("ninth"), now), HALL_WELL);
    assert_int_equal(hall_room_count(&hall), HALL_ROOMS);
}

// ---- Whatever members do ----

static void check(void)
{
    uint32_t counts[HALL_ROOMS] = {0};
    for (uint32_t i = 0; i < HALL_MEMBERS; i++) {
        const struct hall_member *member = &hall.members[i];
        if (member->presence == HALL_HERE && member->room != HALL_NOWHERE) {
            assert_true(member->room < HALL_ROOMS);
            assert_true(member->read <= hall.rooms[member->room].written);
            counts[member->room]++;
        } else {
            assert_true(member->presence == HALL_UNKNOWN || member->room == HALL_NOWHERE);
        }
        for (uint32_t j = 0; j < i; j++) {
            assert_false(member->presence != HALL_UNKNOWN &&
                         hall.members[j].presence != HALL_UNKNOWN &&
                         (member->number == hall.members[j].number ||
                          hall_key_is(&member->key, &hall.members[j].key)));
        }
    }
    for (uint32_t i = 0; i < HALL_ROOMS; i++) {
        assert_int_equal(counts[i], hall.rooms[i].member_count);
    }
}

static void step(unsigned int (*draw)(void))
{
    static const char *const rooms[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "J", ""};
    char bytes[HALL_TEXT_MAX + 8];
    struct hall_line line;
    uint32_t member = draw() % HALL_MEMBERS;
    const struct hall_key key = {{draw() % (2 * HALL_MEMBERS), 0, 0}};
    bool is_here = hall.members[member].presence == HALL_HERE;
    struct hall_text text = {draw() % sizeof bytes, bytes};
    for (uint32_t i = 0; i < text.size; i++) {
        bytes[i] = (char)(draw() % 64 == 0 ? draw() : 'a');
    }
    switch (draw() % 8) {
    case 0:
        (void)hall_enter(&hall, &key, text, &member);
        return;
    case 1:
        now += (uint64_t)draw() % HALL_LINE_NS;
        return;
    case 2:
        if (is_here && draw() % 8 == 0) {
            hall_go(&hall, member);
        }
        return;
    case 3:
        if (is_here) {
            (void)hall_join(&hall, member, text_of(rooms[draw() % 11]), now);
        }
        return;
    case 4:
        if (is_here) {
            (void)hall_leave(&hall, member);
        }
        return;
    case 5:
        if (is_here) {
            hall_next(&hall, member, &line);
            assert_true(line.number != hall.members[member].number);
        }
        return;
    default:
        if (is_here) {
            (void)hall_say(&hall, member, text, now);
        }
        return;
    }
}

static unsigned int draw(void)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned int)(state >> 33);
}

static void always_members_and_rooms_agree_whatever_comes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100000; i++) {
        step(draw);
        check();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_session_is_one_member_however_often_it_enters, set_up),
        cmocka_unit_test_setup(who_comes_back_has_its_number_and_its_debts, set_up),
        cmocka_unit_test_setup(a_place_is_taken_from_who_went_first, set_up),
        cmocka_unit_test_setup(the_others_in_the_room_hear_what_is_said_and_nobody_else, set_up),
        cmocka_unit_test_setup(who_joins_hears_nothing_of_before_and_who_left_nothing_of_after,
                               set_up),
        cmocka_unit_test_setup(a_member_that_goes_leaves_its_room, set_up),
        cmocka_unit_test_setup(who_never_reads_misses_lines_and_keeps_nobody_from_reading, set_up),
        cmocka_unit_test_setup(who_floods_is_held_and_then_thrown_out, set_up),
        cmocka_unit_test_setup(what_is_no_line_and_no_room_is_refused, set_up),
        cmocka_unit_test_setup(a_name_is_cut_and_has_no_control_characters, set_up),
        cmocka_unit_test_setup(there_are_eight_rooms_and_an_empty_one_makes_room, set_up),
        cmocka_unit_test_setup(always_members_and_rooms_agree_whatever_comes, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

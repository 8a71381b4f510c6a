// SPDX-License-Identifier: Apache-2.0
//
// A byte stream between a device and a user, whose server dies at any moment: what the device
// brought reaches the user once, and the device gets once what the user wrote.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytestream/bytestream.h"

enum {
    STEP_BYTES = 16, // of a device's FIFO
    TRAFFIC = 20000, // bytes in each direction
    SEEDS = 40,
};

static struct bytestream stream;

static int fresh(void **state)
{
    (void)state;
    memset(&stream, 0, sizeof(stream));
    assert_true(bytestream_open(&stream));
    return 0;
}

static void put(const char *text)
{
    struct bytestream_change change = bytestream_begin(&stream);

    for (; *text != 0; text++) {
        bytestream_put(&change, (uint8_t)*text);
    }
    bytestream_commit(&change);
}

static enum bytestream_answer read_text(uint64_t position, char text[BYTESTREAM_PART_MAX + 1])
{
    uint32_t size;
    enum bytestream_answer answer =
        bytestream_read(&stream, 1, position, BYTESTREAM_PART_MAX, (uint8_t *)text, &size);
    text[size] = 0;
    return answer;
}

static enum bytestream_answer write_text(uint64_t position, const char *text, uint64_t *end)
{
    return bytestream_write(&stream, 1, position, (const uint8_t *)text, (uint32_t)strlen(text),
                            end);
}

// --- One at a time ------------------------------------------------------------------------------

static void what_came_can_be_read_again_until_it_is_acknowledged(void **state)
{
    char text[BYTESTREAM_PART_MAX + 1];

    (void)state;
    assert_int_equal(read_text(0, text), BYTESTREAM_WAITS);
    put("hello");
    assert_int_equal(read_text(0, text), BYTESTREAM_OK);
    assert_string_equal(text, "hello");
    assert_int_equal(read_text(0, text), BYTESTREAM_OK);
    assert_string_equal(text, "hello");
    assert_int_equal(read_text(2, text), BYTESTREAM_OK);
    assert_string_equal(text, "llo");
    assert_int_equal(read_text(1, text), BYTESTREAM_BAD);
    assert_int_equal(read_text(6, text), BYTESTREAM_BAD);
    assert_int_equal(read_text(5, text), BYTESTREAM_WAITS);
}

static void what_is_written_twice_is_sent_once(void **state)
{
    uint8_t bytes[BYTESTREAM_PART_MAX];
    uint64_t end;

    (void)state;
    assert_int_equal(write_text(0, "abc", &end), BYTESTREAM_OK);
    assert_int_equal(end, 3);
    assert_int_equal(write_text(0, "abc", &end), BYTESTREAM_OK);
    assert_int_equal(end, 3);
    assert_int_equal(write_text(1, "bcd", &end), BYTESTREAM_OK);
    assert_int_equal(end, 4);
    assert_int_equal(write_text(5, "x", &end), BYTESTREAM_BAD);
    assert_int_equal(write_text(UINT64_MAX, "xy", &end), BYTESTREAM_BAD);
    assert_int_equal(bytestream_unsent(&stream, bytes, sizeof(bytes)), 4);
    assert_memory_equal(bytes, "abcd", 4);
}

static void a_full_stream_makes_the_writer_wait_and_takes_all_or_nothing(void **state)
{
    static uint8_t part[BYTESTREAM_PART_MAX];
    uint64_t end = 0;

    (void)state;
    for (uint32_t i = 0; i < BYTESTREAM_SIZE / BYTESTREAM_PART_MAX; i++) {
        assert_int_equal(bytestream_write(&stream, 1, end, part, sizeof(part), &end),
                         BYTESTREAM_OK);
    }
    assert_int_equal(end, BYTESTREAM_SIZE);
    assert_int_equal(bytestream_write(&stream, 1, end, part, 2, &end), BYTESTREAM_WAITS);
    assert_int_equal(bytestream_drain(&stream, 1), BYTESTREAM_WAITS);
    struct bytestream_change change = bytestream_begin(&stream);
    bytestream_sent(&change, 1);
    bytestream_commit(&change);
    assert_int_equal(bytestream_write(&stream, 1, end, part, 2, &end), BYTESTREAM_WAITS);
    assert_int_equal(bytestream_write(&stream, 1, end, part, 1, &end), BYTESTREAM_OK);
    change = bytestream_begin(&stream);
    bytestream_sent(&change, BYTESTREAM_SIZE);
    bytestream_commit(&change);
    assert_int_equal(bytestream_drain(&stream, 1), BYTESTREAM_OK);
}

static void sizes_have_limits(void **state)
{
    static uint8_t bytes[BYTESTREAM_PART_MAX + 1];
    uint64_t end;
    uint32_t size;

    (void)state;
    assert_int_equal(bytestream_write(&stream, 1, 0, bytes, sizeof(bytes), &end), BYTESTREAM_BAD);
    assert_int_equal(bytestream_read(&stream, 1, 0, sizeof(bytes), bytes, &size), BYTESTREAM_BAD);
    assert_int_equal(bytestream_read(&stream, 1, 0, 0, bytes, &size), BYTESTREAM_BAD);
}

static void what_does_not_fit_is_lost_and_counted(void **state)
{
    struct bytestream_change change = bytestream_begin(&stream);
    uint64_t version = change.next.version;

    (void)state;
    for (uint32_t i = 0; i < BYTESTREAM_SIZE + 3; i++) {
        bytestream_put(&change, 'x');
    }
    bytestream_commit(&change);
    assert_int_equal(bytestream_now(&stream)->lost, 3);
    assert_int_equal(bytestream_now(&stream)->received, BYTESTREAM_SIZE);
    assert_true(bytestream_now(&stream)->version > version);
}

static void nothing_of_a_connection_reaches_the_next(void **state)
{
    char text[BYTESTREAM_PART_MAX + 1];
    uint8_t bytes[4];
    uint32_t size;
    uint64_t end;

    (void)state;
    put("secret");
    write_text(0, "answer", &end);
    struct bytestream_change change = bytestream_begin(&stream);
    bytestream_disconnect(&change);
    bytestream_commit(&change);
    assert_int_equal(read_text(0, text), BYTESTREAM_OVER);
    assert_int_equal(write_text(6, "x", &end), BYTESTREAM_OVER);
    assert_int_equal(bytestream_drain(&stream, 1), BYTESTREAM_OVER);
    put("of nobody");
    change = bytestream_begin(&stream);
    bytestream_connect(&change);
    bytestream_commit(&change);
    assert_int_equal(read_text(0, text), BYTESTREAM_OVER);
    assert_int_equal(bytestream_read(&stream, 2, 0, 4, bytes, &size), BYTESTREAM_WAITS);
    assert_int_equal(bytestream_unsent(&stream, bytes, sizeof(bytes)), 0);
    assert_int_equal(bytestream_now(&stream)->connection, 2);
}

static void a_stream_that_was_begun_goes_on(void **state)
{
    char text[BYTESTREAM_PART_MAX + 1];

    (void)state;
    put("kept");
    assert_false(bytestream_open(&stream));
    assert_int_equal(read_text(0, text), BYTESTREAM_OK);
    assert_string_equal(text, "kept");
}

// --- All together, with deaths ------------------------------------------------------------------

static uint32_t seed;

static uint32_t chance(uint32_t limit)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % limit;
}

struct world {
    uint8_t wire_in[TRAFFIC], wire_out[TRAFFIC]; // what the device brings; what it got
    uint32_t brought, got;
    uint8_t read[TRAFFIC]; // by the user
    uint32_t read_size;
    uint8_t written[TRAFFIC];
    uint64_t accepted; // as the user knows it
};

static struct world world;

// The device does its step, and the kernel writes what came of it: bytes behind a word that is not
// zero. In one turn: nobody dies between.
static void device_step(void)
{
    uint8_t *answer = (uint8_t *)&stream.answer[1];
    uint32_t size = 0;

    if (bytestream_now(&stream)->step == BYTESTREAM_RECEIVES) {
        uint32_t room = bytestream_room(bytestream_now(&stream));
        uint32_t most = room < STEP_BYTES ? room : STEP_BYTES;
        while (size < most && world.brought < TRAFFIC && chance(8) != 0) {
            answer[size++] = world.wire_in[world.brought++];
        }
    } else {
        size = bytestream_unsent(&stream, world.wire_out + world.got, STEP_BYTES);
        world.got += size;
    }
    stream.answer[0] = 1 + (uint64_t)size;
}

// What a server does with the answer; also its next life. False: it died.
static bool step_end(void)
{
    struct bytestream_change change = bytestream_begin(&stream);
    const uint8_t *answer = (const uint8_t *)&stream.answer[1];

    if (bytestream_step_is_done(&stream)) {
        uint32_t size = (uint32_t)stream.answer[0] - 1;
        for (uint32_t i = 0; change.next.step == BYTESTREAM_RECEIVES && i < size; i++) {
            bytestream_put(&change, answer[i]);
        }
        if (change.next.step == BYTESTREAM_SENDS) {
            bytestream_sent(&change, size);
        }
    }
    change.next.step = BYTESTREAM_IDLE;
    if (chance(10) == 0) {
        return false; // with all done but the commit
    }
    bytestream_commit(&change);
    return true;
}

static void server_turn(void)
{
    if (!step_end() || chance(10) == 0) { // of the life before, if it left any
        return;
    }
    bytestream_step_begin(&stream, chance(2) == 0 ? BYTESTREAM_RECEIVES : BYTESTREAM_SENDS);
    if (chance(10) == 0) {
        return; // the device was not asked
    }
    device_step();
    (void)(chance(10) != 0 && step_end());
}

static void user_turn(void)
{
    uint8_t bytes[BYTESTREAM_PART_MAX];
    uint32_t size;
    uint64_t end;

    enum bytestream_answer answer =
        bytestream_read(&stream, 1, world.read_size, 1 + chance(BYTESTREAM_PART_MAX), bytes, &size);
    assert_true(answer == BYTESTREAM_OK || answer == BYTESTREAM_WAITS);
    if (chance(4) != 0) { // otherwise the answer is lost: the server died
        memcpy(world.read + world.read_size, bytes, size);
        world.read_size += size;
    }
    uint32_t left = TRAFFIC - (uint32_t)world.accepted;
    size = chance(BYTESTREAM_PART_MAX + 1);
    size = size < left ? size : left;
    answer =
        bytestream_write(&stream, 1, world.accepted, world.written + world.accepted, size, &end);
    assert_true(answer == BYTESTREAM_OK || answer == BYTESTREAM_WAITS);
    if (answer == BYTESTREAM_OK && chance(4) != 0) {
        world.accepted = world.accepted + size > end ? world.accepted + size : end;
    }
}

static void always_each_byte_arrives_once_whenever_the_server_dies(void **state)
{
    (void)state;
    for (seed = 1; seed <= SEEDS; seed++) {
        uint32_t start = seed;
        memset(&stream, 0, sizeof(stream));
        memset(&world, 0, sizeof(world));
        for (uint32_t i = 0; i < TRAFFIC; i++) {
            world.wire_in[i] = (uint8_t)chance(256);
            world.written[i] = (uint8_t)chance(256);
        }
        bytestream_open(&stream);
        while (world.read_size < TRAFFIC || world.got < TRAFFIC) {
            (chance(3) == 0 ? user_turn : server_turn)();
        }
        assert_memory_equal(world.read, world.wire_in, TRAFFIC);
        assert_memory_equal(world.wire_out, world.written, TRAFFIC);
        assert_int_equal(bytestream_now(&stream)->lost, 0);
        seed = start;
    }
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_came_can_be_read_again_until_it_is_acknowledged),
        TEST(what_is_written_twice_is_sent_once),
        TEST(a_full_stream_makes_the_writer_wait_and_takes_all_or_nothing),
        TEST(sizes_have_limits),
        TEST(what_does_not_fit_is_lost_and_counted),
        TEST(nothing_of_a_connection_reaches_the_next),
        TEST(a_stream_that_was_begun_goes_on),
        TEST(always_each_byte_arrives_once_whenever_the_server_dies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

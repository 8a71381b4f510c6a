// SPDX-License-Identifier: Apache-2.0
//
// Streams between two sides in one thread, over memory that is as large as it must be and no
// larger, so that the address sanitizer sees whatever leaves it. Each side reaches it directly or
// by calls, in every combination; then one side is an adversary who writes anything anywhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/stream.h"

enum {
    CAPACITY = PAGE_SIZE,
    SIZE = 2 * PAGE_SIZE,
    TYPE = 0x77,
    STEPS = 20000,
    WORDS = sizeof(struct tsr_stream_header) / 4,
};

static struct {
    uint8_t *memory; // on the heap: exactly SIZE bytes
    struct tsr_stream writer, reader;
    uint8_t writer_buffer[CAPACITY], reader_buffer[CAPACITY];
    uint32_t calls_left;    // until one is refused
    uint64_t bells, sleeps; // bits that were set; how often somebody slept
    void (*meanwhile)(void);
    uint64_t random;
} fake;

static uint32_t random_below(uint32_t limit)
{
    fake.random = fake.random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(fake.random >> 33) % limit;
}

static bool is_refused(void)
{
    return fake.calls_left == 0 || fake.calls_left-- == 0;
}

static bool fake_read(struct tsr_stream *stream, uint32_t offset, void *to, uint32_t size)
{
    (void)stream;
    assert_true((uint64_t)offset + size <= SIZE);
    memcpy(to, fake.memory + offset, size);
    return !is_refused();
}

static bool fake_write(struct tsr_stream *stream, uint32_t offset, const void *from, uint32_t size)
{
    (void)stream;
    assert_true((uint64_t)offset + size <= SIZE);
    memcpy(fake.memory + offset, from, size);
    return !is_refused();
}

static bool fake_wake(struct tsr_stream *stream, uint64_t bits)
{
    assert_int_equal(bits, stream->is_writer ? TSR_STREAM_WRITTEN : TSR_STREAM_RELEASED);
    fake.bells |= bits;
    return !is_refused();
}

static enum tsr_stream_result fake_sleep(struct tsr_stream *stream, uint64_t bits,
                                         uint64_t timeout_ns)
{
    (void)stream;
    fake.sleeps++;
    if (fake.meanwhile != NULL) {
        fake.meanwhile();
    }
    bool is_woken = (fake.bells & bits) != 0;
    fake.bells &= ~bits;
    if (is_refused()) {
        return STREAM_FAILED;
    }
    assert_true(is_woken || timeout_ns != TIMEOUT_NONE); // else it sleeps for ever
    return is_woken ? STREAM_OK : STREAM_TIMED_OUT;
}

static const struct tsr_stream_machine machine = {fake_read, fake_write, fake_wake, fake_sleep};

static enum tsr_stream_result begin(struct tsr_stream *stream, bool is_writer, bool is_mapped)
{
    const struct tsr_stream_options options = {
        .type = TYPE,
        .is_writer = is_writer,
        .buffer = is_writer ? fake.writer_buffer : fake.reader_buffer,
        .buffer_size = CAPACITY,
    };
    return tsr_stream_begin(stream, &machine, is_mapped ? fake.memory : NULL, SIZE, &options);
}

// Bit 0 of `modes`: the writer maps; bit 1: the reader. Both stand at `position`.
static void open_both(uint32_t modes, uint32_t position)
{
    struct tsr_stream_header header = tsr_stream_header_of(CAPACITY, TYPE);
    header.written = header.released = position;
    uint64_t random = fake.random;
    memset(&fake, 0, sizeof fake);
    fake.random = random;
    fake.calls_left = UINT32_MAX;
    fake.memory = calloc(1, SIZE);
    assert_non_null(fake.memory);
    memcpy(fake.memory, &header, sizeof header);
    assert_int_equal(begin(&fake.writer, true, (modes & 1) != 0), STREAM_OK);
    assert_int_equal(begin(&fake.reader, false, (modes & 2) != 0), STREAM_OK);
}

static void close_both(void)
{
    free(fake.memory);
    fake.memory = NULL;
}

// --- Order --------------------------------------------------------------------------------------

// The bytes of record n are n, n + 1, ...; its size is what a fixed rule says.
static uint32_t size_of(uint64_t n)
{
    return (uint32_t)(n * 37 % 200) + (n % 50 == 0 ? 700 : 0);
}

static enum tsr_stream_result write_next(void)
{
    uint8_t *bytes = NULL;
    uint64_t n = fake.writer.records;
    uint32_t slack = random_below(9);
    enum tsr_stream_result result = tsr_stream_reserve(&fake.writer, size_of(n) + slack, 0, &bytes);
    if (result != STREAM_OK) {
        return result;
    }
    assert_int_equal((uintptr_t)bytes % 8, 0);
    for (uint32_t i = 0; i < size_of(n); i++) {
        bytes[i] = (uint8_t)(n + i);
    }
    return tsr_stream_commit(&fake.writer, size_of(n));
}

static enum tsr_stream_result read_next(void)
{
    const uint8_t *bytes = NULL;
    uint32_t size = 0;
    uint64_t n = fake.reader.records;
    enum tsr_stream_result result = tsr_stream_peek(&fake.reader, 0, &bytes, &size);
    if (result != STREAM_OK) {
        return result;
    }
    assert_int_equal(size, size_of(n));
    for (uint32_t i = 0; i < size; i++) {
        assert_int_equal(bytes[i], (uint8_t)(n + i));
    }
    return tsr_stream_release(&fake.reader);
}

static void always_records_come_in_order_with_their_bytes(void **state)
{
    (void)state;
    static const uint32_t positions[] = {0, 4088, 0xfffff008, 0xfffffff8};
    for (uint32_t modes = 0; modes < 4; modes++) {
        for (uint32_t p = 0; p < 4; p++) {
            open_both(modes, positions[p]);
            fake.random = modes + 1;
            for (uint32_t i = 0; i < STEPS / 4; i++) {
                enum tsr_stream_result result = random_below(2) == 0 ? write_next() : read_next();
                assert_true(result == STREAM_OK || result == STREAM_TIMED_OUT);
            }
            while (read_next() == STREAM_OK) {
            }
            assert_int_equal(fake.reader.records, fake.writer.records);
            assert_true(fake.reader.records > STEPS / 20);
            assert_int_equal(fake.sleeps, 0);
            close_both();
        }
    }
}

static void a_side_that_begins_again_goes_on_where_it_was(void **state)
{
    (void)state;
    open_both(3, 0);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(write_next(), STREAM_OK);
        uint64_t records = fake.writer.records;
        assert_int_equal(begin(&fake.writer, true, i % 2 == 0), STREAM_OK);
        fake.writer.records = records;
        assert_int_equal(read_next(), STREAM_OK);
    }
    close_both();
}

// --- Sleeping -----------------------------------------------------------------------------------

static void read_all(void)
{
    while (read_next() == STREAM_OK) {
    }
}

static void read_until_the_bell(void)
{
    while (fake.bells == 0) {
        assert_true(fake.writer.position - fake.reader.position > CAPACITY / 2);
        assert_int_equal(read_next(), STREAM_OK);
    }
    assert_true(fake.writer.position - fake.reader.position <= CAPACITY / 2);
}

static void write_one(void)
{
    assert_int_equal(write_next(), STREAM_OK);
}

static void a_full_ring_wakes_its_writer_once_half_of_it_is_free(void **state)
{
    (void)state;
    open_both(3, 0);
    uint8_t *bytes;
    while (write_next() == STREAM_OK) {
    }
    fake.meanwhile = read_until_the_bell;
    assert_int_equal(tsr_stream_reserve(&fake.writer, 900, TIMEOUT_NONE, &bytes), STREAM_OK);
    assert_int_equal(fake.sleeps, 1);
    assert_int_equal(fake.reader.wakes, 1);
    close_both();
}

static void an_empty_ring_wakes_its_reader_once(void **state)
{
    (void)state;
    open_both(3, 0);
    const uint8_t *bytes;
    uint32_t size;
    fake.meanwhile = write_one;
    assert_int_equal(tsr_stream_peek(&fake.reader, TIMEOUT_NONE, &bytes, &size), STREAM_OK);
    assert_int_equal(fake.writer.wakes, 1);
    assert_int_equal(write_next(), STREAM_OK);
    assert_int_equal(fake.writer.wakes, 1);
    close_both();
}

static void turns_of_a_writer_and_a_reader_cost_two_wakes_each(void **state)
{
    (void)state;
    open_both(3, 0);
    fake.meanwhile = read_all;
    for (uint32_t i = 0; i < 2000; i++) {
        uint8_t *bytes;
        uint32_t size = size_of(fake.writer.records);
        assert_int_equal(tsr_stream_reserve(&fake.writer, size, TIMEOUT_NONE, &bytes), STREAM_OK);
        for (uint32_t b = 0; b < size; b++) {
            bytes[b] = (uint8_t)(fake.writer.records + b);
        }
        assert_int_equal(tsr_stream_commit(&fake.writer, size), STREAM_OK);
    }
    // The ring takes some thirty of these records.
    assert_true(fake.sleeps <= 2000 / 20);
    assert_true(fake.writer.wakes + fake.reader.wakes <= 2 * fake.sleeps);
    close_both();
}

// --- Ends ---------------------------------------------------------------------------------------

static void what_was_written_before_the_end_is_read_before_it(void **state)
{
    (void)state;
    for (uint32_t modes = 0; modes < 4; modes++) {
        uint8_t *bytes;
        open_both(modes, 0);
        assert_int_equal(write_next(), STREAM_OK);
        assert_int_equal(write_next(), STREAM_OK);
        tsr_stream_end(&fake.writer);
        assert_int_equal(write_next(), STREAM_CLOSED);
        assert_int_equal(read_next(), STREAM_OK);
        assert_int_equal(read_next(), STREAM_OK);
        assert_int_equal(read_next(), STREAM_CLOSED);
        close_both();
        open_both(modes, 0);
        tsr_stream_end(&fake.reader);
        assert_int_equal(tsr_stream_reserve(&fake.writer, 1, TIMEOUT_NONE, &bytes), STREAM_CLOSED);
        close_both();
    }
}

static void end_writer(void)
{
    tsr_stream_end(&fake.writer);
}

static void who_sleeps_learns_of_the_end(void **state)
{
    (void)state;
    const uint8_t *bytes;
    uint32_t size;
    open_both(2, 0);
    fake.meanwhile = end_writer;
    assert_int_equal(tsr_stream_peek(&fake.reader, TIMEOUT_NONE, &bytes, &size), STREAM_CLOSED);
    close_both();
}

// --- Sizes --------------------------------------------------------------------------------------

static void what_is_too_large_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    uint8_t *bytes;
    uint32_t size;
    uint8_t small[4];
    open_both(1, 0);
    assert_int_equal(tsr_stream_reserve(&fake.writer, CAPACITY / 4 - 7, 0, &bytes),
                     STREAM_TOO_LARGE);
    assert_int_equal(tsr_stream_reserve(&fake.writer, UINT32_MAX, 0, &bytes), STREAM_TOO_LARGE);
    assert_int_equal(tsr_stream_commit(&fake.writer, 0), STREAM_TOO_LARGE); // nothing reserved
    assert_int_equal(tsr_stream_reserve(&fake.writer, CAPACITY / 4 - 8, 0, &bytes), STREAM_OK);
    assert_int_equal(tsr_stream_commit(&fake.writer, CAPACITY / 4 - 7), STREAM_TOO_LARGE);
    assert_int_equal(tsr_stream_reserve(&fake.writer, 8, 0, &bytes), STREAM_OK);
    memcpy(bytes, "12345678", 8);
    assert_int_equal(tsr_stream_commit(&fake.writer, 8), STREAM_OK);
    assert_int_equal(tsr_stream_read(&fake.reader, 0, small, 4, &size), STREAM_TOO_LARGE);
    assert_int_equal(size, 8);
    fake.reader.record_max = 7; // as with a small buffer
    assert_int_equal(tsr_stream_read(&fake.reader, 0, small, 4, &size), STREAM_TOO_LARGE);
    fake.reader.record_max = 8;
    uint8_t all[8];
    assert_int_equal(tsr_stream_read(&fake.reader, 0, all, 8, &size), STREAM_OK);
    assert_memory_equal(all, "12345678", 8);
    assert_int_equal(tsr_stream_read(&fake.reader, 0, all, 8, &size), STREAM_TIMED_OUT);
    close_both();
}

// --- Adversaries --------------------------------------------------------------------------------

static void memory_that_is_no_such_stream_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset;
        uint32_t value;
    } lies[] = {
        {offsetof(struct tsr_stream_header, magic), 1},
        {offsetof(struct tsr_stream_header, type), 1},
        {offsetof(struct tsr_stream_header, type) + 4, 1},
        {offsetof(struct tsr_stream_header, capacity), 0},
        {offsetof(struct tsr_stream_header, capacity), 8},
        {offsetof(struct tsr_stream_header, capacity), CAPACITY - 8},
        {offsetof(struct tsr_stream_header, capacity), 2 * CAPACITY},
        {offsetof(struct tsr_stream_header, capacity), 1u << 31},
        {offsetof(struct tsr_stream_header, capacity), UINT32_MAX},
        {offsetof(struct tsr_stream_header, written), CAPACITY + 8},
        {offsetof(struct tsr_stream_header, written), 4},
        {offsetof(struct tsr_stream_header, released), 8},
    };
    for (uint32_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        open_both(3, 0);
        memcpy(fake.memory + lies[i].offset, &lies[i].value, sizeof lies[i].value);
        for (uint32_t side = 0; side < 4; side++) {
            assert_int_equal(begin(&fake.writer, (side & 1) != 0, (side & 2) != 0), STREAM_CORRUPT);
        }
        close_both();
    }
    const struct tsr_stream_options options = {.type = TYPE};
    open_both(3, 0);
    assert_int_equal(
        tsr_stream_begin(&fake.reader, &machine, fake.memory, 2 * PAGE_SIZE - 1, &options),
        STREAM_CORRUPT);
    close_both();
}

// Writes something bad: an index, a record's word, any word, or noise.
static void disturb(void)
{
    uint32_t *words = (uint32_t *)(void *)fake.memory;
    static const uint32_t values[] = {
        0,          1,          4,          8,          CAPACITY - 8, 4096,
        0x64617461, 0x736b6970, 0x7fffffff, 0x80000000, UINT32_MAX,   UINT32_MAX - 7};
    uint32_t value = random_below(3) == 0 ? random_below(UINT32_MAX)
                                          : values[random_below(sizeof values / sizeof values[0])];
    switch (random_below(4)) {
    case 0:
        words[random_below(WORDS)] = value;
        break;
    case 1:
        words[random_below(2) == 0 ? offsetof(struct tsr_stream_header, written) / 4
                                   : offsetof(struct tsr_stream_header, released) / 4] += value;
        break;
    case 2:
        words[random_below(SIZE / 4)] = value;
        break;
    default: {
        uint32_t at = fake.reader.position & (CAPACITY - 8); // where a reader looks next
        memcpy(fake.memory + PAGE_SIZE + at + 4 * random_below(2), &value, sizeof value);
    }
    }
}

static enum tsr_stream_result step_anyhow(bool is_writer)
{
    uint8_t *to = NULL;
    const uint8_t *from = NULL;
    uint32_t size = random_below(CAPACITY / 4);
    if (is_writer) {
        enum tsr_stream_result result = tsr_stream_reserve(&fake.writer, size, 1, &to);
        if (result == STREAM_OK) {
            memset(to, 0xee, size);
            result = tsr_stream_commit(&fake.writer, random_below(size + 1));
        }
        return result;
    }
    enum tsr_stream_result result = tsr_stream_peek(&fake.reader, 1, &from, &size);
    uint32_t sum = 0;
    for (uint32_t i = 0; result == STREAM_OK && i < size; i++) {
        sum += from[i];
    }
    assert_true(sum <= size * 255);
    return result == STREAM_OK ? tsr_stream_release(&fake.reader) : result;
}

static void always_an_adversary_reaches_nothing_and_is_found_out(void **state)
{
    (void)state;
    uint32_t found = 0;
    for (uint32_t round = 0; round < STEPS / 10; round++) {
        fake.random = round;
        open_both(round % 4, random_below(4) * 1000000008);
        bool is_corrupt[2] = {false, false};
        for (uint32_t i = 0; i < 60; i++) {
            bool is_writer = random_below(2) == 0;
            enum tsr_stream_result result = step_anyhow(is_writer);
            assert_true(!is_corrupt[is_writer] || result == STREAM_CORRUPT);
            is_corrupt[is_writer] = result == STREAM_CORRUPT;
            if (random_below(4) == 0) {
                disturb();
            }
        }
        found += is_corrupt[0] || is_corrupt[1] ? 1 : 0;
        close_both();
    }
    assert_true(found > STEPS / 20);
}

static void a_call_that_is_refused_ends_the_stream(void **state)
{
    (void)state;
    for (uint32_t calls = 0; calls < 8; calls++) {
        open_both(0, 0);
        fake.calls_left = calls;
        while (write_next() == STREAM_OK) {
        }
        assert_int_equal(fake.writer.broken, STREAM_FAILED);
        fake.calls_left = UINT32_MAX;
        assert_int_equal(write_next(), STREAM_FAILED);
        assert_true(fake.writer.records <= 1);
        fake.calls_left = calls;
        while (read_next() == STREAM_OK) {
        }
        assert_true(fake.reader.broken == STREAM_FAILED ||
                    fake.reader.records == fake.writer.records);
        close_both();
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_records_come_in_order_with_their_bytes),
        cmocka_unit_test(a_side_that_begins_again_goes_on_where_it_was),
        cmocka_unit_test(a_full_ring_wakes_its_writer_once_half_of_it_is_free),
        cmocka_unit_test(an_empty_ring_wakes_its_reader_once),
        cmocka_unit_test(turns_of_a_writer_and_a_reader_cost_two_wakes_each),
        cmocka_unit_test(what_was_written_before_the_end_is_read_before_it),
        cmocka_unit_test(who_sleeps_learns_of_the_end),
        cmocka_unit_test(what_is_too_large_is_refused_and_changes_nothing),
        cmocka_unit_test(memory_that_is_no_such_stream_is_refused),
        cmocka_unit_test(always_an_adversary_reaches_nothing_and_is_found_out),
        cmocka_unit_test(a_call_that_is_refused_ends_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

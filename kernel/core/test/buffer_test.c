// SPDX-License-Identifier: Apache-2.0
//
// Buffers: whatever pages a message lies across, on either side, it arrives whole, and nothing
// beside it is touched; and what is not wholly there is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"

enum {
    HEADER = (int)sizeof(struct message_header),
    PAGES = 40, // of memory by address: a half to send from, a half to receive in
    AREA = ACT_AREA_END,
    AREA_RECV_AT = 2 * PAGE_SIZE - HEADER - 37, // crosses a page, with its header in one
    AREA_SEND_AT = PAGE_SIZE - 21,
    GUARD = 0x5a,
    INTERFACE = 0x77,
};

static const char *const programs[] = {"init", "child", NULL};
static uint32_t init;
static cap_t server;
static cap_t client;
static uint64_t memory_at;

static int boot_with(uint64_t base)
{
    if (!machine_boot(&(struct machine_options){.programs = programs, .space_base = base})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    server = act_endpoint(init, MESSAGE_SIZE_MAX);
    client = act_facet(init, server, 1, INTERFACE, 0).facet;
    memory_at = hal_space_base(machine.threads[init].space) + LAYOUT_OWN;
    return act_map(init, act_named(init, "space"), memory_at, PAGES, RIGHT_READ | RIGHT_WRITE,
                   act_memory(init, PAGES), 0) == STATUS_OK
               ? 0
               : 1;
}

static int boot(void **state)
{
    (void)state;
    return boot_with(0);
}

// The bytes of a place: an offset into the message area, or an address.
struct place {
    uint64_t at;
    bool is_in_ring;
};

static void place_write(struct place place, const void *bytes, uint32_t size)
{
    bool is_done = place.is_in_ring
                       ? machine_message_write(init, (uint32_t)place.at, bytes, size)
                       : machine_write(machine.threads[init].space, place.at, bytes, size);
    assert_true(is_done);
}

static void place_read(struct place place, void *bytes, uint32_t size)
{
    bool is_done = place.is_in_ring
                       ? machine_message_read(init, (uint32_t)place.at, bytes, size)
                       : machine_read(machine.threads[init].space, place.at, bytes, size);
    assert_true(is_done);
}

static struct place by(struct place place, int64_t offset)
{
    return (struct place){place.at + (uint64_t)offset, place.is_in_ring};
}

static uint8_t message[MESSAGE_SIZE_MAX], found[HEADER + MESSAGE_SIZE_MAX];

static void message_fill(uint32_t size, uint8_t seed)
{
    for (uint32_t i = 0; i < size; i++) {
        message[i] = (uint8_t)(i * 131 + i / 251 + seed);
    }
}

static void found_check(struct place place, uint32_t skip, uint32_t size)
{
    uint8_t before;
    uint8_t after;

    place_read(place, found, skip + size);
    assert_memory_equal(found + skip, message, size);
    place_read(by(place, -1), &before, 1);
    place_read(by(place, (int64_t)skip + size), &after, 1);
    assert_int_equal(before, GUARD);
    assert_int_equal(after, GUARD);
}

static void guards_put(struct place place, uint32_t size)
{
    const uint8_t guard = GUARD;

    place_write(by(place, -1), &guard, 1);
    place_write(by(place, size), &guard, 1);
}

// A call of `size` bytes there, and the same bytes changed as its answer back.
static void carried(struct place from, struct place to, uint32_t size)
{
    struct sqe recv = act_recv(server, 0, HEADER + MESSAGE_SIZE_MAX, 1);
    struct sqe call = act_call(client, 0, 2);

    recv.result = to.at;
    recv.flags = to.is_in_ring ? SQE_RING_RESULT : 0;
    // The area is not as large as the largest message.
    if (to.is_in_ring) {
        server = act_endpoint(init, size);
        client = act_facet(init, server, 1, INTERFACE, 0).facet;
        recv.cap = server.value;
        recv.result_len = HEADER + size;
        call.cap = client.value;
    }
    guards_put(to, HEADER + size);
    message_fill(size, 1);
    place_write(from, message, size);
    call.flags = from.is_in_ring ? SQE_RING_PAYLOAD | SQE_RING_RESULT : 0;
    call.payload = call.result = from.at;
    call.payload_len = call.result_len = size;
    act_submit(init, recv);
    act_submit(init, call);
    struct cqe cqe = act_reap(init);
    assert_int_equal(cqe.user_data, 1);
    assert_int_equal(cqe.status, HEADER + size);
    found_check(to, HEADER, size);
    struct sqe answer = act_return(cqe.extra, 3);
    answer.payload = to.at;
    answer.payload_len = size;
    answer.flags = (to.is_in_ring ? SQE_RING_PAYLOAD : 0) | SQE_QUIET;
    message_fill(size, 9);
    place_write(to, message, size);
    guards_put(from, size);
    act_submit(init, answer);
    cqe = act_reap(init);
    assert_int_equal(cqe.user_data, 2);
    assert_int_equal(cqe.status, size);
    found_check(from, 0, size);
}

static void a_message_arrives_whole_across_any_pages(void **state)
{
    static const uint32_t sizes[] = {1, 40, 200, PAGE_SIZE, 2 * PAGE_SIZE + 1, MESSAGE_SIZE_MAX};
    static const uint32_t starts[] = {1, PAGE_SIZE - HEADER, PAGE_SIZE - 33, PAGE_SIZE - 1};

    (void)state;
    for (uint32_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++) {
        for (uint32_t from = 0; from < 4; from++) {
            for (uint32_t to = 0; to < 4; to++) {
                carried((struct place){memory_at + starts[from], false},
                        (struct place){memory_at + PAGES / 2 * PAGE_SIZE + starts[to], false},
                        sizes[size]);
            }
        }
    }
}

static void the_message_area_is_one_piece_for_messages(void **state)
{
    static const uint32_t sizes[] = {1, 40, 200, 3000};

    (void)state;
    for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct place sent = {AREA_SEND_AT, true};
        struct place received = {AREA_RECV_AT, true};
        struct place at_address = {memory_at + PAGE_SIZE - 3, false};
        carried(at_address, received, sizes[i]);
        carried(sent, at_address, sizes[i]);
        carried(sent, received, sizes[i]);
    }
}

static void capabilities_arrive_behind_a_message_across_pages(void **state)
{
    enum { SIZE = 100, RECORDS_AT = HEADER + 104 };
    struct sqe recv = act_recv(server, 0, HEADER + MESSAGE_SIZE_MAX, 1);
    struct sqe call = act_call(client, 0, 2);
    struct received received;

    (void)state;
    message_fill(SIZE, 7);
    for (uint32_t start = PAGE_SIZE - SIZE - 20; start < PAGE_SIZE; start++) {
        struct place from = {memory_at + start, false};
        struct place to = {memory_at + PAGES / 2 * PAGE_SIZE + start - HEADER, false};
        struct transfer transfer = {client.value, TRANSFER_COPY, 0};
        place_write(from, message, SIZE);
        place_write(by(from, 104), &transfer, sizeof(transfer));
        guards_put(to, HEADER + SIZE);
        recv.flags = call.flags = 0;
        recv.result = to.at;
        call.payload = call.result = from.at;
        call.payload_len = SIZE;
        call.transfers = 1;
        act_submit(init, recv);
        act_submit(init, call);
        struct cqe cqe = act_reap(init);
        assert_int_equal(cqe.transfers, 1);
        found_check(to, HEADER, SIZE);
        place_read(by(to, RECORDS_AT), &received, sizeof(received));
        assert_int_equal(received.interface, INTERFACE);
        assert_int_equal(act_do_fact(init, act_release((cap_t){received.cap})), STATUS_OK);
        assert_int_equal(act_do_fact(init, act_return(cqe.extra, 3)), STATUS_OK);
        assert_int_equal(act_reap(init).user_data, 3);
    }
}

static void the_place_of_the_space_changes_nothing(void **state)
{
    (void)state;
    machine_fini();
    assert_int_equal(boot_with(1ull << 40), 0);
    a_message_arrives_whole_across_any_pages(NULL);
}

static enum status call_fact(uint64_t at, uint32_t size, bool is_in_ring)
{
    struct sqe call = act_call(client, 0, 2);
    struct act_snapshot before = act_snapshot();

    call.flags = is_in_ring ? SQE_RING_PAYLOAD | SQE_RING_RESULT : SQE_RING_RESULT;
    call.payload = at;
    call.payload_len = size;
    act_submit(init, call);
    struct cqe cqe = act_reap(init);
    assert_true(act_same(&before));
    assert_int_equal(cqe.user_data, 2);
    assert_int_not_equal(act_fact(&cqe), STATUS_OK);
    return act_fact(&cqe);
}

static void what_is_not_wholly_there_is_refused_and_changes_nothing(void **state)
{
    struct sqe recv = act_recv(server, 0, HEADER + MESSAGE_SIZE_MAX, 1);

    (void)state;
    recv.result = memory_at;
    recv.flags = 0;
    act_submit(init, recv); // so that a call is read at once
    assert_int_equal(call_fact(AREA - 8, 9, true), STATUS_BAD_BUFFER);
    assert_int_equal(call_fact(AREA, 1, true), STATUS_BAD_BUFFER);
    assert_int_equal(call_fact(AREA + 1, 1, true), STATUS_BAD_BUFFER);
    assert_int_equal(call_fact(UINT64_MAX, 2, true), STATUS_BAD_BUFFER);
    assert_int_equal(call_fact(memory_at + PAGES * PAGE_SIZE - 8, 9, false), STATUS_BAD_BUFFER);
    assert_int_equal(call_fact(memory_at - 1, 2, false), STATUS_BAD_BUFFER);
    assert_int_equal(call_fact(UINT64_MAX - 1, 8, false), STATUS_BAD_BUFFER);
    // Nothing is nowhere: a message of no bytes needs no place.
    struct sqe call = act_call(client, 0, 2);
    call.payload = UINT64_MAX;
    act_submit(init, call);
    assert_int_equal(act_reap(init).user_data, 1);
}

static void lengths_that_wrap_are_too_large(void **state)
{
    struct sqe call = act_call(client, 0, 2);

    (void)state;
    call.transfers = 1; // behind the payload, rounded up: past the end of 32 bits
    for (uint32_t size = UINT32_MAX - 20; size != 0; size++) {
        call.payload_len = size;
        assert_int_equal(act_do_fact(init, call), STATUS_MESSAGE_TOO_LARGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_arrives_whole_across_any_pages, boot, act_fini),
        cmocka_unit_test_setup_teardown(the_message_area_is_one_piece_for_messages, boot, act_fini),
        cmocka_unit_test_setup_teardown(capabilities_arrive_behind_a_message_across_pages, boot,
                                        act_fini),
        cmocka_unit_test_setup_teardown(the_place_of_the_space_changes_nothing, boot, act_fini),
        cmocka_unit_test_setup_teardown(what_is_not_wholly_there_is_refused_and_changes_nothing,
                                        boot, act_fini),
        cmocka_unit_test_setup_teardown(lengths_that_wrap_are_too_large, boot, act_fini),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

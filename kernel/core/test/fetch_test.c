// SPDX-License-Identifier: Apache-2.0
//
// What a program has in its memory is read once: who changes it between two readings gets nothing
// by it, for there is no second one (CORE invariant 9).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/waiting.h"
#include "tests/support/watch.h"

enum {
    MESSAGE = 512,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    RECV_AT = ACT_FREE + 1024,
    RESULT_AT = ACT_FREE + 2048,
    INTERFACE = 0x5000,
    // Of a payload; the descriptors stand behind it. A C library copies some sizes by two loads
    // that begin at the same byte: not these.
    BYTES = 40,
    COUNT = 3,
};

static const char *const programs[] = {"init", "child", NULL};
static uint32_t init, child;
static cap_t server, service, bell;

// init serves, the child has a facet of the service, and both have something to hand on.
static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    server = act_endpoint(init, MESSAGE);
    struct act_facet client = act_facet(init, server, 7, INTERFACE, 99);
    child = act_process(init, "it", client.facet);
    service = act_named(child, "it");
    bell = act_notification(init);
    return client.fact == STATUS_OK ? 0 : 1;
}

// A message of bytes and copies of a capability.
static struct sqe message_of(uint32_t thread, struct sqe sqe, cap_t cap)
{
    const struct transfer copies[COUNT] = {{cap.value, TRANSFER_COPY, 0},
                                           {cap.value, TRANSFER_COPY, 0},
                                           {cap.value, TRANSFER_COPY, 0}};

    machine_message_write(thread, ACT_FREE + BYTES, copies, sizeof(copies));
    sqe.flags |= SQE_RING_PAYLOAD;
    sqe.payload = ACT_FREE;
    sqe.payload_len = BYTES;
    sqe.transfers = COUNT;
    if (sqe.opcode == OP_CALL) {
        sqe.result = RESULT_AT;
        sqe.result_len = 256;
    }
    return sqe;
}

static struct watch submit_watched(uint32_t thread, struct sqe sqe)
{
    assert_true(machine_run_until(thread));
    watch_begin(thread, ACT_FREE, BYTES + COUNT * sizeof(struct transfer));
    act_submit(thread, sqe);
    return watch_end();
}

static void assert_read_once(struct watch seen)
{
    assert_int_not_equal(seen.reads, 0);
    assert_int_equal(seen.again, 0);
}

static void a_call_that_is_received_at_once_is_read_once(void **state)
{
    (void)state;
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 1));
    assert_read_once(submit_watched(child, message_of(child, act_call(service, 1, 7), service)));
    assert_int_equal(act_reap(init).transfers, COUNT);
}

// Where nobody receives yet, nothing is read: not a byte of a message waits in the kernel.
static void a_call_that_waits_is_read_when_it_is_received(void **state)
{
    struct watch seen = submit_watched(child, message_of(child, act_call(service, 1, 7), service));

    (void)state;
    assert_int_equal(seen.reads, 0);
    assert_true(machine_run_until(init));
    watch_begin(child, ACT_FREE, BYTES + COUNT * sizeof(struct transfer));
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 1));
    assert_read_once(watch_end());
    assert_int_equal(act_reap(init).transfers, COUNT);
}

static void an_answer_is_read_once(void **state)
{
    (void)state;
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 1));
    struct sqe call = message_of(child, act_call(service, 1, 7), service);
    call.transfers = 0;
    act_submit(child, call);
    uint64_t call_id = act_reap(init).extra;
    assert_read_once(submit_watched(init, message_of(init, act_return(call_id, 8), bell)));
    assert_int_equal(act_reap(child).transfers, COUNT);
}

static void a_message_to_a_kernel_object_is_read_once(void **state)
{
    struct sqe sqe = act_call(act_named(init, "console"), DEBUG_CONSOLE_WRITE_LINE, 7);
    static uint64_t words[BYTES / 8];
    struct capnp_builder message;

    (void)state;
    memset(words, 0, sizeof(words));
    capnp_builder_init(&message, words, sizeof(words));
    debug_console_write_line_params_set_text(debug_console_write_line_params_build(&message),
                                             (struct capnp_text){"a line", 6});
    machine_message_write(init, ACT_FREE, words, capnp_builder_size(&message));
    sqe.flags |= SQE_RING_PAYLOAD;
    sqe.payload = ACT_FREE;
    sqe.payload_len = capnp_builder_size(&message);
    assert_read_once(submit_watched(init, sqe));
    assert_int_equal(act_reap(init).status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_that_is_received_at_once_is_read_once),
        TEST(a_call_that_waits_is_read_when_it_is_received),
        TEST(an_answer_is_read_once),
        TEST(a_message_to_a_kernel_object_is_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

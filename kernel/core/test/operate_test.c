// SPDX-License-Identifier: Apache-2.0
//
// The form of an SQE, what calls to kernel objects may bring, buffers at their edges, and what
// cap_enter refuses. Every refusal leaves everything as it was.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/act.h"

enum { MESSAGE = 64, INTERFACE = 0x5000, RECV_AT = ACT_FREE + 1024, RESULT_AT = ACT_FREE + 2048 };

static const char *const programs[] = {"init", "child", NULL};
static uint32_t init;
static uint64_t base;

static int boot_at(uint64_t space_base)
{
    if (!machine_boot(&(struct machine_options){.programs = programs, .space_base = space_base})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    base = hal_space_base(machine.threads[init].space);
    return 0;
}

static int boot(void **state)
{
    (void)state;
    return boot_at(0);
}

static int boot_elsewhere(void **state)
{
    (void)state;
    return boot_at(1ull << 40);
}

static struct sqe sqe_with(uint8_t opcode, uint32_t argument)
{
    struct sqe sqe = {.opcode = opcode};

    switch ((enum sqe_argument)argument) {
    case ARGUMENT_FLAGS:
        sqe.flags = 1 << 7;
        break;
    case ARGUMENT_METHOD:
        sqe.method = 1;
        break;
    case ARGUMENT_TRANSFERS:
        sqe.transfers = 1;
        break;
    case ARGUMENT_ORDINAL:
        sqe.ordinal = 1;
        break;
    case ARGUMENT_DISCLOSE:
        sqe.disclose = 1;
        break;
    case ARGUMENT_CAP:
        sqe.cap = 1;
        break;
    case ARGUMENT_PAYLOAD:
        sqe.payload = 1;
        break;
    case ARGUMENT_RESULT:
        sqe.result = 1;
        break;
    case ARGUMENT_PAYLOAD_LEN:
        sqe.payload_len = 1;
        break;
    case ARGUMENT_RESULT_LEN:
        sqe.result_len = 1;
        break;
    case ARGUMENT_ARG2:
        sqe.arg2 = 1;
        break;
    case ARGUMENT_ARG:
        sqe.arg = 1;
        break;
    case ARGUMENT_NONE:
    case ARGUMENT_OPCODE:
    case ARGUMENT_LIMIT:
        break;
    }
    return sqe;
}

// ABI: which fields each operation uses; any other that is not zero is refused and named.
static void a_reserved_field_is_refused_and_named(void **state)
{
    static const struct {
        uint8_t opcode;
        uint8_t reserved[13];
    } rows[] = {
        {OP_NOP,
         {ARGUMENT_FLAGS, ARGUMENT_METHOD, ARGUMENT_TRANSFERS, ARGUMENT_ORDINAL, ARGUMENT_DISCLOSE,
          ARGUMENT_CAP, ARGUMENT_PAYLOAD, ARGUMENT_RESULT, ARGUMENT_PAYLOAD_LEN,
          ARGUMENT_RESULT_LEN, ARGUMENT_ARG2}},
        {OP_CALL, {ARGUMENT_FLAGS, ARGUMENT_ORDINAL, ARGUMENT_ARG2}},
        {OP_RECV,
         {ARGUMENT_FLAGS, ARGUMENT_METHOD, ARGUMENT_TRANSFERS, ARGUMENT_ORDINAL, ARGUMENT_DISCLOSE,
          ARGUMENT_PAYLOAD, ARGUMENT_PAYLOAD_LEN, ARGUMENT_ARG2}},
        {OP_RETURN,
         {ARGUMENT_FLAGS, ARGUMENT_ORDINAL, ARGUMENT_DISCLOSE, ARGUMENT_CAP, ARGUMENT_RESULT,
          ARGUMENT_RESULT_LEN, ARGUMENT_ARG2}},
        {OP_RELEASE,
         {ARGUMENT_FLAGS, ARGUMENT_METHOD, ARGUMENT_TRANSFERS, ARGUMENT_ORDINAL, ARGUMENT_DISCLOSE,
          ARGUMENT_PAYLOAD, ARGUMENT_RESULT, ARGUMENT_PAYLOAD_LEN, ARGUMENT_RESULT_LEN,
          ARGUMENT_ARG2, ARGUMENT_ARG}},
    };
    uint32_t wrong = 0;

    (void)state;
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (const uint8_t *field = rows[i].reserved; *field != 0; field++) {
            struct act_snapshot before = act_snapshot();
            struct cqe cqe = act_do(init, sqe_with(rows[i].opcode, *field));
            assert_int_equal(act_fact(&cqe), STATUS_RESERVED_SET);
            assert_true(act_same(&before));
            if (cqe.detail != *field) {
                print_error("opcode %u: field %u is named %u\n", rows[i].opcode, *field,
                            (unsigned)cqe.detail);
                wrong++;
            }
        }
    }
    assert_int_equal(wrong, 0);
}

static void operations_that_are_not_served_say_so(void **state)
{
    (void)state;
    for (uint32_t opcode = OP_LINK; opcode < 256; opcode++) {
        struct act_snapshot before = act_snapshot();
        assert_int_equal(act_do_fact(init, (struct sqe){.opcode = (uint8_t)opcode}),
                         STATUS_BAD_OPCODE);
        assert_true(act_same(&before));
    }
    struct sqe pipelined = {.opcode = OP_CALL, .flags = SQE_PIPELINE};
    assert_int_equal(act_do_fact(init, pipelined), STATUS_UNSUPPORTED);
    assert_int_equal(act_do_fact(init, (struct sqe){.opcode = OP_NOP, .arg = 1}),
                     STATUS_UNSUPPORTED);
}

static void release_makes_an_id_stale_for_ever(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    cap_t before = server;

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(act_do_fact(init, act_release(server)), STATUS_OK);
        assert_int_equal(act_do_fact(init, act_release(server)), STATUS_STALE_CAP);
        server = act_endpoint(init, MESSAGE);
        assert_int_equal(act_do_fact(init, act_release(before)), STATUS_STALE_CAP);
        assert_int_not_equal(server.value, before.value);
    }
    assert_int_equal(act_do_fact(init, act_release((cap_t){0})), STATUS_BAD_CAP);
    assert_int_equal(act_do_fact(init, act_release((cap_t){5})), STATUS_BAD_CAP);
    assert_int_equal(act_do_fact(init, act_release((cap_t){UINT64_MAX})), STATUS_BAD_CAP);
}

static void call_with_method_outside_facet_is_unimplemented_and_reaches_nobody(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    struct act_facet client = act_facet(init, server, 5, INTERFACE, 0);

    (void)state;
    for (uint16_t method = 0; method < 80; method++) {
        struct act_snapshot before = act_snapshot();
        if (method == 0 || method == 2) {
            continue;
        }
        struct cqe cqe = act_do(init, act_call(client.facet, method, 1));
        assert_int_equal(cqe.flags & CQE_EXCEPTION_MASK, EXCEPTION_UNIMPLEMENTED);
        assert_int_equal(cqe.detail,
                         method < METHODS_MAX ? STATUS_METHOD_NOT_IN_FACET : STATUS_METHOD_UNKNOWN);
        assert_true(act_same(&before));
    }
}

// A READ-only, an unmapped and a partly mapped buffer, as payload and as result.
static void a_buffer_must_be_wholly_the_programs(void **state)
{
    struct sqe sqe = act_call(act_named(init, "timer"), TIMER_NOW, 0);
    const struct {
        uint64_t at;
        bool in_ring, is_good;
    } rows[] = {
        {RESULT_AT, true, true},
        {ACT_AREA_END - 16, true, true},
        {ACT_AREA_END - 15, true, false},
        {ACT_AREA_END, true, false},
        {UINT64_MAX - 7, true, false},
        {base + LAYOUT_STACK_TOP - 16, false, true},
        {base + LAYOUT_STACK_TOP - 15, false, false},
        {base + LAYOUT_STACK + PAGE_SIZE - 8, false, true}, // across two pages
        {base + LAYOUT_STACK - 1, false, false},
        {base + LAYOUT_START, false, false}, // read-only
        {base + LAYOUT_IMAGE, false, false}, // text
        {base + LAYOUT_IMAGE + 3 * PAGE_SIZE - 16, false, true},
        {base + LAYOUT_IMAGE + 3 * PAGE_SIZE - 8, false, false},
        {base + LAYOUT_END - 16, false, false},
        {base + LAYOUT_END, false, false},
        {UINT64_MAX - 7, false, false},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct act_snapshot before = act_snapshot();
        sqe.flags = rows[i].in_ring ? SQE_RING_RESULT : 0;
        sqe.result = rows[i].at;
        sqe.result_len = 16;
        struct cqe cqe = act_do(init, sqe);
        assert_int_equal(act_fact(&cqe), rows[i].is_good ? STATUS_OK : STATUS_BAD_BUFFER);
        assert_int_equal(cqe.detail, rows[i].is_good ? 0 : ARGUMENT_RESULT);
        assert_true(act_same(&before));
    }
}

// An empty message needs no buffer, wherever the program's addresses begin.
static void an_empty_message_has_no_buffer_to_be_wrong(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    struct act_facet client = act_facet(init, server, 7, INTERFACE, 0);
    struct sqe call = {.opcode = OP_CALL, .cap = client.facet.value, .arg = TIMEOUT_NONE};

    (void)state;
    act_submit(init, act_recv(server, RECV_AT, 128, 1));
    act_submit(init, call);
    struct cqe cqe = act_reap(init);
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    assert_int_equal(cqe.user_data, 1);
    act_submit(init, (struct sqe){.opcode = OP_RETURN, .arg = cqe.extra, .user_data = 2});
    for (uint32_t i = 0; i < 2; i++) { // the call's and the answer's
        cqe = act_reap(init);
        assert_int_equal(act_fact(&cqe), STATUS_OK);
    }
}

// A thread may call itself; its buffers may overlap, and what arrives is what was sent.
static void a_message_to_oneself_may_overlap_its_buffer(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    struct act_facet client = act_facet(init, server, 7, INTERFACE, 0);
    struct sqe call = act_call(client.facet, 0, 2);
    char bytes[MESSAGE];

    (void)state;
    for (uint32_t i = 0; i < MESSAGE; i++) {
        bytes[i] = (char)i;
    }
    call.payload = RECV_AT + sizeof(struct message_header) + 8;
    call.payload_len = MESSAGE;
    machine_message_write(init, (uint32_t)call.payload, bytes, MESSAGE);
    act_submit(init, act_recv(server, RECV_AT, 128, 1));
    act_submit(init, call);
    struct cqe cqe = act_reap(init);
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    memset(bytes, 0, sizeof(bytes));
    machine_message_read(init, RECV_AT + sizeof(struct message_header), bytes, MESSAGE);
    for (uint32_t i = 0; i < MESSAGE; i++) {
        assert_int_equal(bytes[i], i);
    }
}

static void a_message_to_a_kernel_object_has_its_limits(void **state)
{
    cap_t console = act_named(init, "console");
    struct sqe sqe = act_call(console, 0, 0);
    struct act_snapshot before = act_snapshot();

    (void)state;
    sqe.payload_len = KERNEL_MESSAGE_MAX + 8;
    assert_int_equal(act_do_fact(init, sqe), STATUS_MESSAGE_TOO_LARGE);
    sqe.payload_len = 12;
    assert_int_equal(act_do_fact(init, sqe), STATUS_BAD_MESSAGE);
    sqe.payload_len = 8;
    sqe.transfers = 1;
    assert_int_equal(act_do_fact(init, sqe), STATUS_BAD_TRANSFER);
    sqe.transfers = 0;
    sqe.payload = ACT_AREA_END;
    assert_int_equal(act_do_fact(init, sqe), STATUS_BAD_BUFFER);
    sqe = act_call(act_named(init, "timer"), TIMER_NOW, 0);
    sqe.result_len = 15;
    struct cqe cqe = act_do(init, sqe);
    assert_int_equal(act_fact(&cqe), STATUS_TRUNCATED);
    assert_true((cqe.flags & CQE_TRUNCATED) != 0);
    assert_int_equal(cqe.extra, 16);
    assert_true(act_same(&before));
}

static void enter_refuses_what_could_never_end(void **state)
{
    (void)state;
    machine_enter(init, CQ_ENTRIES_DEFAULT + 1, 0);
    assert_int_equal((int64_t)machine.threads[init].result, -STATUS_BAD_ARGUMENT);
    machine_enter(init, 1, TIMEOUT_NONE);
    assert_int_equal((int64_t)machine.threads[init].result, -STATUS_NOTHING_PENDING);
    machine_enter(init, 1, 100);
    assert_int_equal(machine.running, HAL_NO_THREAD);
    machine_timer(machine.now_ns + 100);
    assert_int_equal(machine.running, init);
    assert_int_equal(machine.threads[init].result, 0);
}

static void corrupted_indexes_harm_only_their_thread(void **state)
{
    uint32_t child = act_process(init, "it", act_named(init, "timer"));
    uint64_t ring = machine_ring(child);
    uint32_t wrong = SQ_ENTRIES_DEFAULT + 1;

    (void)state;
    assert_true(machine_run_until(child));
    machine_write(machine.threads[child].space, ring + offsetof(struct ring_header, sq_tail),
                  &wrong, sizeof(wrong));
    machine_enter(child, 0, 0);
    assert_int_equal((int64_t)machine.threads[child].result, -STATUS_RING_CORRUPT);
    assert_int_equal(act_do_fact(init, (struct sqe){.opcode = OP_NOP}), STATUS_OK);
}

static bool console_takes(const char *text)
{
    uint64_t words[64] = {0};
    struct capnp_builder message;
    struct act_answer answer;

    capnp_builder_init(&message, words, sizeof(words));
    debug_console_write_line_params_set_text(debug_console_write_line_params_build(&message),
                                             (struct capnp_text){text, (uint32_t)strlen(text)});
    act_object(init, act_named(init, "console"), DEBUG_CONSOLE_WRITE_LINE, &message, &answer);
    return act_fact(&answer.cqe) == STATUS_OK;
}

static void the_console_shows_no_control_characters(void **state)
{
    char long_line[202] = {0};

    (void)state;
    assert_true(console_takes("a\x1b[2J\r\n\x7f"));
    assert_non_null(strstr((const char *)machine.console.bytes, "[0] a.[2J...\n"));
    memset(long_line, 'x', 201);
    assert_false(console_takes(long_line));
    // Control characters of the second set: CSI and NEL, as one byte and as UTF-8.
    assert_true(
        console_takes("b\x9b"
                      "2J\xc2\x9b"
                      "1m\xc2\x85"));
    assert_null(strstr((const char *)machine.console.bytes, "\x9b"));
    assert_null(strstr((const char *)machine.console.bytes, "\x85"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(a_reserved_field_is_refused_and_named),
        TEST(operations_that_are_not_served_say_so),
        TEST(release_makes_an_id_stale_for_ever),
        TEST(call_with_method_outside_facet_is_unimplemented_and_reaches_nobody),
        TEST(a_buffer_must_be_wholly_the_programs),
        cmocka_unit_test_setup_teardown(a_buffer_must_be_wholly_the_programs, boot_elsewhere,
                                        act_fini),
        TEST(an_empty_message_has_no_buffer_to_be_wrong),
        cmocka_unit_test_setup_teardown(an_empty_message_has_no_buffer_to_be_wrong, boot_elsewhere,
                                        act_fini),
        TEST(a_message_to_a_kernel_object_has_its_limits),
        TEST(enter_refuses_what_could_never_end),
        TEST(corrupted_indexes_harm_only_their_thread),
        TEST(the_console_shows_no_control_characters),
        TEST(a_message_to_oneself_may_overlap_its_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

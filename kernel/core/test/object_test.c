// SPDX-License-Identifier: Apache-2.0
//
// Calls to kernel objects: what may travel with them, and the memory object's limits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"

enum {
    READ_MAX = 512, // bytes of one MemoryObject.read
};

static const char *const programs[] = {"init", "child", NULL};
static uint32_t init;

static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    return 0;
}

// CapabilityManager.facet on the timer, with this descriptor and this many of them, of which the
// parameters name the first, or none.
static enum status facet_with(struct transfer transfer, uint8_t count, bool is_named)
{
    _Alignas(8) uint8_t bytes[256] = {0};
    struct capnp_builder message;
    capnp_builder_init(&message, bytes, sizeof bytes);
    struct capability_manager_facet_params_builder params =
        capability_manager_facet_params_build(&message);
    if (is_named) {
        capability_manager_facet_params_set_target(params, (struct capnp_cap){transfer.cap});
    }
    capability_manager_facet_params_set_methods(params, 1);
    uint32_t size = capnp_builder_size(&message);
    memcpy(bytes + size, &transfer, sizeof transfer);
    assert_true(machine_message_write(init, ACT_PAYLOAD, bytes, sizeof bytes));
    struct sqe call = act_call(act_named(init, "capabilities"), CAPABILITY_MANAGER_FACET, 1);
    call.flags |= SQE_RING_PAYLOAD | SQE_RING_RESULT;
    call.payload = ACT_PAYLOAD;
    call.payload_len = size;
    call.transfers = count;
    call.result = ACT_ANSWER;
    call.result_len = ACT_ANSWER_SIZE;
    return act_do_fact(init, call);
}

static void a_descriptor_is_refused_unless_it_copies_a_capability_of_the_caller(void **state)
{
    uint64_t timer = act_named(init, "timer").value;
    const struct {
        struct transfer transfer;
        uint8_t count;
        enum status fact;
    } rows[] = {
        {{timer, TRANSFER_COPY, 1}, 1, STATUS_RESERVED_SET},
        {{timer, TRANSFER_MOVE, 0}, 1, STATUS_BAD_TRANSFER},
        {{timer, TRANSFER_NONE, 0}, 1, STATUS_BAD_TRANSFER},
        {{timer, 77, 0}, 1, STATUS_BAD_TRANSFER},
        {{timer, TRANSFER_COPY, 0}, 0, STATUS_BAD_TRANSFER},
        {{timer, TRANSFER_COPY, 0}, 2, STATUS_BAD_TRANSFER},
        {{timer, TRANSFER_COPY, 0}, 255, STATUS_BAD_TRANSFER},
        {{timer ^ 1ULL << 40, TRANSFER_COPY, 0}, 1, STATUS_BAD_TRANSFER},
        {{0, TRANSFER_COPY, 0}, 1, STATUS_BAD_TRANSFER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct act_snapshot before = act_snapshot();
        assert_int_equal(facet_with(rows[i].transfer, rows[i].count, true), rows[i].fact);
        assert_true(act_same(&before));
    }
    struct transfer sound = {timer, TRANSFER_COPY, 0};
    assert_int_equal(facet_with(sound, 1, false), STATUS_BAD_TRANSFER);
    assert_int_equal(facet_with(sound, 1, true), STATUS_OK);
}

// MemoryObject.read of the package; returns the bytes read, or -1 where it is refused.
static int64_t read_at(uint64_t offset, uint32_t length)
{
    _Alignas(8) uint8_t bytes[64];
    struct capnp_builder message;
    struct act_answer answer;
    capnp_builder_init(&message, bytes, sizeof bytes);
    struct memory_object_read_params_builder params = memory_object_read_params_build(&message);
    memory_object_read_params_set_offset(params, offset);
    memory_object_read_params_set_length(params, length);
    act_object(init, act_named(init, "package"), MEMORY_OBJECT_READ, &message, &answer);
    if (act_fact(&answer.cqe) != STATUS_OK) {
        assert_int_equal(act_fact(&answer.cqe), STATUS_BAD_VALUE);
        return -1;
    }
    struct memory_object_read_results_reader results =
        memory_object_read_results_read(&answer.message);
    return memory_object_read_results_get_data(results).size;
}

static void memory_is_read_within_its_end_and_the_limit_of_a_read(void **state)
{
    struct act_answer answer;
    (void)state;
    act_object(init, act_named(init, "package"), MEMORY_OBJECT_INFO, NULL, &answer);
    struct memory_object_info_results_reader info =
        memory_object_info_results_read(&answer.message);
    uint64_t size = memory_object_info_results_get_size(info);
    assert_true(memory_object_info_results_get_sealed(info));
    assert_int_equal(read_at(0, READ_MAX), READ_MAX);
    assert_int_equal(read_at(1, 0), 0);
    assert_int_equal(read_at(size - 3, READ_MAX), 3);
    assert_int_equal(read_at(size, 1), 0);
    assert_int_equal(read_at(size + 1, 1), -1);
    assert_int_equal(read_at(UINT64_MAX, 1), -1);
    assert_int_equal(read_at(0, READ_MAX + 1), -1);
}

// An endpoint's server chooses the interface of what it mints: it may be the number of a kernel
// object's, which it does not become.
static void
a_minted_facet_with_the_number_of_a_kernel_interface_is_a_client_all_the_same(void **state)
{
    cap_t server = act_endpoint(init, 64);
    const struct act_facet bits = act_facet(init, server, UINT64_MAX, NOTIFICATION_INTERFACE_ID, 0);
    const struct act_facet memory =
        act_facet(init, server, UINT64_MAX, MEMORY_OBJECT_INTERFACE_ID, 0);
    const struct act_facet park = act_facet(init, server, UINT64_MAX, PARK_SPACE_INTERFACE_ID, 0);
    const struct act_facet place =
        act_facet(init, server, UINT64_MAX, ADDRESS_SPACE_INTERFACE_ID, 0);
    const struct sqe operations[] = {
        {.opcode = OP_SIGNAL, .cap = bits.facet.value, .arg = 1},
        {.opcode = OP_WAIT, .cap = bits.facet.value, .arg = 1, .arg2 = TIMEOUT_NONE},
        {.opcode = OP_PARK, .cap = park.facet.value, .payload = machine_ring(init)},
        {.opcode = OP_UNPARK, .cap = park.facet.value, .payload = machine_ring(init), .arg = 1},
    };
    uint64_t at = hal_space_base(0) + LAYOUT_OWN;
    cap_t space = act_named(init, "space");
    cap_t made;
    uint64_t ring;

    (void)state;
    struct act_snapshot before = act_snapshot();
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        assert_int_equal(act_do_fact(init, operations[i]), STATUS_WRONG_OBJECT);
    }
    assert_int_equal(act_map(init, space, at, 1, RIGHT_READ, memory.facet, 0), STATUS_WRONG_OBJECT);
    assert_int_equal(act_thread(init, act_named(init, "job"), place.facet, &made, &ring),
                     STATUS_WRONG_OBJECT);
    assert_true(act_same(&before));
    struct sqe call = act_call(memory.facet, 0, 5); // it is called as any other
    act_submit(init, call);
    struct cqe cqe = act_do(init, act_recv(server, ACT_FREE, 256, 6));
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    assert_int_equal(act_header(init, ACT_FREE).interface, MEMORY_OBJECT_INTERFACE_ID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_descriptor_is_refused_unless_it_copies_a_capability_of_the_caller),
        TEST(memory_is_read_within_its_end_and_the_limit_of_a_read),
        TEST(a_minted_facet_with_the_number_of_a_kernel_interface_is_a_client_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// One byte from or to a port: what is asked for, and what is made of answers that bring none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/errors.h"
#include "runtime/ports.h"
#include "runtime/test/fake_kernel.h"
#include "schema/kernel.names.h"

enum { SLOTS = RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE / TSR_SLOT_SIZE };

static struct capnp_exception exception;
static uint8_t value;
static const struct io_ports ports = {0x500000001};
static uint8_t bytes[2];    // that the device has
static uint32_t byte_count; // that it tells of
static uint32_t written;    // that it says it took
static uint32_t told;       // port | byte << 16, of what was asked

static void operate_read(const struct sqe *entry)
{
    struct capnp_message request;
    struct capnp_builder answer;
    capnp_message_init(&request, fake_payload(entry), entry->payload_len, NULL, 0);
    struct io_ports_read_params_reader params = io_ports_read_params_read(&request);
    assert_int_equal(entry->method, IO_PORTS_READ);
    assert_int_equal(io_ports_read_params_get_size(params), 1);
    assert_int_equal(io_ports_read_params_get_count(params), 1);
    told = io_ports_read_params_get_port(params);
    capnp_builder_init(&answer, fake_result(entry), TSR_SLOT_SIZE);
    io_ports_read_results_set_data(io_ports_read_results_build(&answer),
                                   (struct capnp_data){bytes, byte_count});
    fake_complete(entry, (struct cqe){.status = (int32_t)capnp_builder_size(&answer)});
}

static void operate_write(const struct sqe *entry)
{
    struct capnp_message request;
    struct capnp_builder answer;
    capnp_message_init(&request, fake_payload(entry), entry->payload_len, NULL, 0);
    struct io_ports_write_params_reader params = io_ports_write_params_read(&request);
    struct capnp_data data = io_ports_write_params_get_data(params);
    assert_int_equal(entry->method, IO_PORTS_WRITE);
    assert_int_equal(io_ports_write_params_get_size(params), 1);
    assert_int_equal(data.size, 1);
    told = io_ports_write_params_get_port(params) | (uint32_t)data.data[0] << 16;
    capnp_builder_init(&answer, fake_result(entry), TSR_SLOT_SIZE);
    io_ports_write_results_set_written(io_ports_write_results_build(&answer), written);
    fake_complete(entry, (struct cqe){.status = (int32_t)capnp_builder_size(&answer)});
}

static void operate_refuse(const struct sqe *entry)
{
    fake_complete(entry, (struct cqe){.status = -STATUS_STALE_CAP});
}

static void a_byte_is_read_from_the_port_that_is_named(void **state)
{
    (void)state;
    fake.operate = operate_read;
    bytes[0] = 0xa5;
    byte_count = 1;
    assert_true(tsr_port_read(ports, 7, &value, &exception));
    assert_int_equal(value, 0xa5);
    assert_int_equal(told, 7);
    assert_int_equal(fake.taken[0].cap, ports.id);
    assert_int_equal(fake.enter_count, 1);
}

static void a_byte_is_written_to_the_port_that_is_named(void **state)
{
    (void)state;
    fake.operate = operate_write;
    written = 1;
    assert_true(tsr_port_write(ports, 3, 0x5a, &exception));
    assert_int_equal(told, 3 | 0x5a << 16);
    assert_int_equal(fake.taken[0].cap, ports.id);
}

static void an_answer_without_the_byte_is_refused(void **state)
{
    (void)state;
    fake.operate = operate_read;
    for (byte_count = 0; byte_count <= 2; byte_count += 2) {
        assert_false(tsr_port_read(ports, 7, &value, &exception));
        assert_int_equal(exception.status, STATUS_BAD_MESSAGE);
    }
    fake.operate = operate_write;
    written = 0;
    assert_false(tsr_port_write(ports, 7, 1, &exception));
    assert_int_equal(exception.status, STATUS_BAD_MESSAGE);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void a_device_that_is_not_there_any_more_is_told_of(void **state)
{
    (void)state;
    fake.operate = operate_refuse;
    assert_false(tsr_port_read(ports, 7, &value, &exception));
    assert_int_equal(exception.status, STATUS_STALE_CAP);
    assert_false(tsr_port_write(ports, 7, 1, &exception));
    assert_int_equal(exception.status, STATUS_STALE_CAP);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void a_call_that_the_ring_does_not_take_is_told_of(void **state)
{
    struct tsr_slot *slots[SLOTS];
    (void)state;
    for (uint32_t i = 0; i < SLOTS; i++) {
        slots[i] = tsr_slot_take(tsr_self());
        assert_non_null(slots[i]);
    }
    assert_false(tsr_port_read(ports, 7, &value, &exception));
    assert_false(tsr_port_write(ports, 7, 1, &exception));
    assert_int_equal(fake.taken_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_byte_is_read_from_the_port_that_is_named, fake_set_up),
        cmocka_unit_test_setup(a_byte_is_written_to_the_port_that_is_named, fake_set_up),
        cmocka_unit_test_setup(an_answer_without_the_byte_is_refused, fake_set_up),
        cmocka_unit_test_setup(a_device_that_is_not_there_any_more_is_told_of, fake_set_up),
        cmocka_unit_test_setup(a_call_that_the_ring_does_not_take_is_told_of, fake_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

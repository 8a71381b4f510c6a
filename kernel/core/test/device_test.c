// SPDX-License-Identifier: Apache-2.0
//
// What drivers hold: who reaches which port, and who is told of which line, and waited for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/devices.h"
#include "kernel/core/test/waiting.h"

enum {
    SERIAL = 0x2f8, // eight ports that are nobody's
    LINE = 5,
    OTHER_LINE = 6,
    BINDINGS = 16,
};

static uint32_t init;
static cap_t bell;

static int boot(void **state)
{
    (void)state;
    return devices_boot(&init, &bell);
}

// --- Calls --------------------------------------------------------------------------------------

static enum status read_fact(cap_t ports, uint32_t port, uint32_t size, uint32_t count,
                             struct capnp_data *data)
{
    static struct act_answer answer;
    struct capnp_builder message = act_message();
    struct io_ports_read_params_builder params = io_ports_read_params_build(&message);

    io_ports_read_params_set_port(params, port);
    io_ports_read_params_set_size(params, size);
    io_ports_read_params_set_count(params, count);
    act_object(init, ports, IO_PORTS_READ, &message, &answer);
    if (act_fact(&answer.cqe) == STATUS_OK && data != NULL) {
        *data = io_ports_read_results_get_data(io_ports_read_results_read(&answer.message));
    }
    return act_fact(&answer.cqe);
}

static enum status write_fact(cap_t ports, uint32_t port, uint32_t size, const void *bytes,
                              uint32_t length)
{
    struct capnp_builder message = act_message();
    struct io_ports_write_params_builder params = io_ports_write_params_build(&message);
    struct act_answer answer;

    io_ports_write_params_set_port(params, port);
    io_ports_write_params_set_size(params, size);
    io_ports_write_params_set_data(params, (struct capnp_data){bytes, length});
    act_object(init, ports, IO_PORTS_WRITE, &message, &answer);
    return act_fact(&answer.cqe);
}

// --- Ports --------------------------------------------------------------------------------------

static void a_range_reaches_its_own_ports_alone(void **state)
{
    cap_t ports = act_narrow(init, "ports", SERIAL, 8);
    struct capnp_data data;

    (void)state;
    assert_int_equal(write_fact(ports, 7, 1, "x", 1), STATUS_OK);
    assert_int_equal(machine.ports[SERIAL + 7], 'x');
    assert_int_equal(read_fact(ports, 7, 1, 1, &data), STATUS_OK);
    assert_int_equal(data.size, 1);
    assert_int_equal(data.data[0], 'x');
    assert_int_equal(write_fact(ports, 8, 1, "y", 1), STATUS_BAD_VALUE);
    assert_int_equal(write_fact(ports, 7, 2, "yy", 2), STATUS_BAD_VALUE);
    assert_int_equal(write_fact(ports, UINT32_MAX, 1, "y", 1), STATUS_BAD_VALUE);
    assert_int_equal(read_fact(ports, 8, 1, 1, NULL), STATUS_BAD_VALUE);
    assert_int_equal(machine.ports[SERIAL + 8], 0xff);
    assert_int_equal(machine.ports[SERIAL - 1], 0xff);
}

static void a_narrower_range_stays_within(void **state)
{
    cap_t ports = act_narrow(init, "ports", SERIAL, 8);
    cap_t made;

    (void)state;
    assert_int_equal(act_narrow_fact(init, ports, 6, 2, &made), STATUS_OK);
    assert_int_equal(write_fact(made, 1, 1, "z", 1), STATUS_OK);
    assert_int_equal(machine.ports[SERIAL + 7], 'z');
    assert_int_equal(write_fact(made, 2, 1, "z", 1), STATUS_BAD_VALUE);
    assert_int_equal(act_narrow_fact(init, ports, 6, 3, &made), STATUS_BAD_VALUE);
    assert_int_equal(act_narrow_fact(init, ports, 8, 1, &made), STATUS_BAD_VALUE);
    assert_int_equal(act_narrow_fact(init, ports, 0, 0, &made), STATUS_BAD_VALUE);
    assert_int_equal(act_narrow_fact(init, ports, 1, UINT32_MAX, &made), STATUS_BAD_VALUE);
    assert_int_equal(act_narrow_fact(init, act_named(init, "ports"), HAL_PORTS - 1, 2, &made),
                     STATUS_BAD_VALUE);
}

static void the_machines_own_ports_are_in_nobodys_reach(void **state)
{
    cap_t all = act_named(init, "ports");
    cap_t made;

    (void)state;
    assert_int_equal(act_narrow_fact(init, all, MACHINE_PORT_OWN - 7, 8, &made),
                     STATUS_DEVICE_RESERVED);
    assert_int_equal(act_narrow_fact(init, all, MACHINE_PORT_OWN, 1, &made),
                     STATUS_DEVICE_RESERVED);
    assert_int_equal(act_narrow_fact(init, all, MACHINE_PORT_OWN + 1, 8, &made), STATUS_OK);
    assert_int_equal(read_fact(all, MACHINE_PORT_OWN, 1, 1, NULL), STATUS_DEVICE_RESERVED);
    assert_int_equal(write_fact(all, MACHINE_PORT_OWN - 3, 4, "abcd", 4), STATUS_DEVICE_RESERVED);
    assert_int_equal(machine.ports[MACHINE_PORT_OWN], 0xff);
}

static void ports_have_sizes_and_strings_an_end(void **state)
{
    cap_t ports = act_narrow(init, "ports", SERIAL, 8);
    char bytes[68] = {0};
    struct capnp_data data;

    (void)state;
    assert_int_equal(write_fact(ports, 0, 4, "abcd1234", 8), STATUS_OK);
    assert_memory_equal(machine.ports + SERIAL, "1234", 4);
    assert_int_equal(read_fact(ports, 0, 2, 2, &data), STATUS_OK);
    assert_int_equal(data.size, 4);
    assert_memory_equal(data.data, "1212", 4);
    assert_int_equal(write_fact(ports, 0, 1, bytes, 64), STATUS_OK);
    assert_int_equal(write_fact(ports, 0, 1, bytes, 65), STATUS_BAD_VALUE);
    assert_int_equal(write_fact(ports, 0, 2, bytes, 3), STATUS_BAD_VALUE);
    for (uint32_t size = 0; size < 10; size++) {
        bool is_size = size == 1 || size == 2 || size == 4;
        assert_int_equal(read_fact(ports, 0, size, 1, NULL),
                         is_size ? STATUS_OK : STATUS_BAD_VALUE);
    }
    assert_int_equal(read_fact(ports, 0, 4, 17, NULL), STATUS_BAD_VALUE);
    assert_int_equal(read_fact(ports, 0, 4, 0x40000001, NULL), STATUS_BAD_VALUE);
    assert_int_equal(read_fact(ports, 0, 1, 0, &data), STATUS_OK);
    assert_int_equal(data.size, 0);
}

static void a_string_ends_where_the_status_says_so(void **state)
{
    cap_t ports = act_narrow(init, "ports", SERIAL, 8);
    struct capnp_builder message = act_message();
    struct io_ports_read_params_builder params = io_ports_read_params_build(&message);
    struct act_answer answer;

    (void)state;
    machine.ports[SERIAL] = 'r';
    machine.ports[SERIAL + 5] = 0x60;
    io_ports_read_params_set_size(params, 1);
    io_ports_read_params_set_count(params, 16);
    io_ports_read_params_set_status(params, 5);
    io_ports_read_params_set_mask(params, 1);
    act_object(init, ports, IO_PORTS_READ, &message, &answer);
    struct capnp_data data =
        io_ports_read_results_get_data(io_ports_read_results_read(&answer.message));
    assert_int_equal(data.size, 1);
    assert_int_equal(data.data[0], 0x60);
    machine.ports[SERIAL + 5] = 0x61;
    act_object(init, ports, IO_PORTS_READ, &message, &answer);
    data = io_ports_read_results_get_data(io_ports_read_results_read(&answer.message));
    assert_int_equal(data.size, 32);
    assert_memory_equal(data.data, "ararar", 6);
    io_ports_read_params_set_status(params, 8);
    act_object(init, ports, IO_PORTS_READ, &message, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_BAD_VALUE);
}

// --- Lines --------------------------------------------------------------------------------------

static void a_line_is_closed_until_somebody_is_bound(void **state)
{
    cap_t line = act_narrow(init, "interrupts", LINE, 1);
    uint64_t generation;

    (void)state;
    assert_int_equal(machine.open_lines, 0);
    assert_int_equal(act_line_bind_fact(init, act_named(init, "interrupts"), bell, 1, &generation),
                     STATUS_BAD_VALUE);
    assert_int_equal(machine.open_lines, 0);
    act_line_bind(init, line, bell, 1);
    assert_int_equal(machine.open_lines, 1 << LINE);
}

static void an_interrupt_is_a_signal_and_closes_its_line_until_acknowledged(void **state)
{
    cap_t line = act_narrow(init, "interrupts", LINE, 1);
    uint64_t generation = act_line_bind(init, line, bell, 6);

    (void)state;
    machine_interrupt(1 << LINE);
    assert_int_equal(machine.open_lines, 0);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 6);
    act_acknowledge(init, line, generation);
    assert_int_equal(machine.open_lines, 1 << LINE);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 0);
}

static void who_sleeps_for_an_interrupt_runs_when_it_comes(void **state)
{
    uint32_t child = act_process(init, "line", act_narrow(init, "interrupts", LINE, 1));
    cap_t own = act_give(init, bell, child);

    (void)state;
    act_line_bind(child, act_named(child, "line"), own, 1);
    act_submit(child, act_wait(own, 1, 7));
    assert_false(act_has_completion(child));
    machine_interrupt(1 << LINE);
    assert_int_equal(act_reap_bits(child, 7), 1);
}

static void an_old_generation_acknowledges_nothing(void **state)
{
    cap_t line = act_narrow(init, "interrupts", LINE, 1);
    cap_t again = act_narrow(init, "interrupts", LINE, 1);
    uint64_t old = act_line_bind(init, line, bell, 1);

    (void)state;
    act_do(init, act_release(line));
    uint64_t generation = act_line_bind(init, again, bell, 2);
    assert_true(generation > old);
    machine_interrupt(1 << LINE);
    act_acknowledge(init, again, old);
    act_acknowledge(init, again, generation + 1);
    act_acknowledge(init, again, 0);
    assert_int_equal(machine.open_lines, 0);
    act_acknowledge(init, again, generation);
    assert_int_equal(machine.open_lines, 1 << LINE);
}

static void nobody_acknowledges_for_others(void **state)
{
    cap_t line = act_narrow(init, "interrupts", LINE, 1);
    cap_t other = act_narrow(init, "interrupts", LINE, 1);
    uint64_t generation = act_line_bind(init, line, bell, 1);

    (void)state;
    machine_interrupt(1 << LINE);
    act_acknowledge(init, other, generation);
    assert_int_equal(machine.open_lines, 0);
}

static void a_shared_line_is_told_to_all_and_waits_for_all(void **state)
{
    cap_t first = act_narrow(init, "interrupts", LINE, 1);
    cap_t second = act_narrow(init, "interrupts", LINE, 1);
    cap_t third = act_narrow(init, "interrupts", OTHER_LINE, 1);
    uint64_t generations[2] = {act_line_bind(init, first, bell, 1),
                               act_line_bind(init, second, bell, 2)};

    (void)state;
    act_line_bind(init, third, bell, 4);
    machine_interrupt(1 << LINE);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 3);
    assert_int_equal(machine.open_lines, 1 << OTHER_LINE);
    act_acknowledge(init, first, generations[0]);
    assert_int_equal(machine.open_lines, 1 << OTHER_LINE);
    act_acknowledge(init, second, generations[1]);
    assert_int_equal(machine.open_lines, 1 << LINE | 1 << OTHER_LINE);
}

static void lines_that_come_together_are_told_together(void **state)
{
    act_line_bind(init, act_narrow(init, "interrupts", LINE, 1), bell, 1);
    act_line_bind(init, act_narrow(init, "interrupts", OTHER_LINE, 1), bell, 2);
    (void)state;
    machine_interrupt(1 << LINE | 1 << OTHER_LINE);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 3);
    assert_int_equal(machine.open_lines, 0);
}

static void nobody_waits_for_a_driver_that_died(void **state)
{
    cap_t line = act_narrow(init, "interrupts", LINE, 1);
    uint32_t driver = act_process(init, "line", line);
    uint64_t generation = act_line_bind(init, line, bell, 1);

    (void)state;
    act_line_bind(driver, act_named(driver, "line"), act_give(init, bell, driver), 1);
    assert_true(machine_run_until(init));
    machine_interrupt(1 << LINE);
    act_acknowledge(init, line, generation);
    assert_int_equal(machine.open_lines, 0);
    act_kill(driver, 1);
    assert_int_equal(machine.open_lines, 1 << LINE);
    machine_interrupt(1 << LINE);
    act_acknowledge(init, line, generation);
    assert_int_equal(machine.open_lines, 1 << LINE);
}

static void a_driver_that_was_started_again_takes_over(void **state)
{
    cap_t line = act_narrow(init, "interrupts", LINE, 1);
    uint32_t driver = act_process(init, "line", line);

    (void)state;
    act_line_bind(driver, act_named(driver, "line"), act_give(init, bell, driver), 1);
    machine_interrupt(1 << LINE);
    act_kill(driver, 1);
    driver = act_process(init, "line", line);
    cap_t own = act_give(init, bell, driver);
    act_line_bind(driver, act_named(driver, "line"), own, 1);
    assert_int_equal(machine.open_lines, 1 << LINE);
    machine_interrupt(1 << LINE);
    assert_int_equal(act_take(driver, own, 1), 1);
}

static void who_was_cut_off_is_told_nothing(void **state)
{
    cap_t line = act_narrow(init, "interrupts", LINE, 1);
    struct act_facet facet = act_facet(init, line, UINT64_MAX >> 61, 0, 0);
    struct act_facet ring = act_facet(init, bell, 3, 0, 0);

    (void)state;
    assert_int_equal(facet.fact, STATUS_OK);
    act_line_bind(init, facet.facet, bell, 1);
    act_line_bind(init, line, ring.facet, 2);
    act_revoke(init, ring.revoker);
    machine_interrupt(1 << LINE);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 1);
    act_revoke(init, facet.revoker);
    assert_int_equal(machine.open_lines, 0); // nobody is bound any more
}

static void the_notification_must_admit_a_signal(void **state)
{
    cap_t line = act_narrow(init, "interrupts", LINE, 1);
    struct act_facet takes = act_facet(init, bell, 1 << NOTIFICATION_TAKE, 0, 0);
    uint64_t generation;

    (void)state;
    assert_int_equal(act_line_bind_fact(init, line, takes.facet, 1, &generation),
                     STATUS_METHOD_NOT_IN_FACET);
    assert_int_equal(act_line_bind_fact(init, line, line, 1, &generation), STATUS_WRONG_OBJECT);
    assert_int_equal(machine.open_lines, 0);
}

static void there_are_so_many_bindings_and_one_that_is_gone_makes_room(void **state)
{
    cap_t lines[BINDINGS + 1];
    uint64_t generation;

    (void)state;
    for (uint32_t i = 0; i < BINDINGS; i++) {
        lines[i] = act_narrow(init, "interrupts", LINE + i, 1);
        act_line_bind(init, lines[i], bell, 1);
    }
    lines[BINDINGS] = act_narrow(init, "interrupts", LINE, 1);
    assert_int_equal(act_line_bind_fact(init, lines[BINDINGS], bell, 1, &generation),
                     STATUS_OUT_OF_CALLS);
    act_do(init, act_release(lines[3]));
    act_line_bind(init, lines[BINDINGS], bell, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_range_reaches_its_own_ports_alone),
        TEST(a_narrower_range_stays_within),
        TEST(the_machines_own_ports_are_in_nobodys_reach),
        TEST(ports_have_sizes_and_strings_an_end),
        TEST(a_string_ends_where_the_status_says_so),
        TEST(a_line_is_closed_until_somebody_is_bound),
        TEST(an_interrupt_is_a_signal_and_closes_its_line_until_acknowledged),
        TEST(who_sleeps_for_an_interrupt_runs_when_it_comes),
        TEST(an_old_generation_acknowledges_nothing),
        TEST(nobody_acknowledges_for_others),
        TEST(a_shared_line_is_told_to_all_and_waits_for_all),
        TEST(lines_that_come_together_are_told_together),
        TEST(nobody_waits_for_a_driver_that_died),
        TEST(a_driver_that_was_started_again_takes_over),
        TEST(who_was_cut_off_is_told_nothing),
        TEST(the_notification_must_admit_a_signal),
        TEST(there_are_so_many_bindings_and_one_that_is_gone_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

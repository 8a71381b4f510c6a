// SPDX-License-Identifier: Apache-2.0
//
// The model of a 16550A, as a driver of a real one knows it: what interrupts, what clears it, what
// is lost and when.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "hal/sim/uart.h"

enum {
    BYTE_NS = 100,
    DATA = 0,
    SAYS = 1,
    CAUSE = 2,
    FIFO = 2,
    LINE = 3,
    MODEM = 4,
    STATUS = 5,
    MODEM_STATUS = 6,
    FIFO_8 = 0x81,
    OUT2 = 8,
    RTS = 2,
};

static struct uart uart;
static char far[64];
static uint32_t far_size;
static uint64_t now_ns;

static void sent(void *context, uint8_t byte)
{
    (void)context;
    far[far_size++] = (char)byte;
}

static int fresh(void **state)
{
    (void)state;
    uart_init(&uart, BYTE_NS);
    uart.sent = sent;
    memset(far, 0, sizeof(far));
    far_size = 0;
    now_ns = 0;
    uart_write(&uart, FIFO, FIFO_8);
    uart_write(&uart, MODEM, OUT2 | RTS);
    return 0;
}

static uint64_t pass(uint64_t ns)
{
    now_ns += ns;
    return uart_step(&uart, now_ns);
}

static void what_is_written_leaves_at_the_speed_of_the_line(void **state)
{
    (void)state;
    uart_write(&uart, DATA, 'a');
    uart_write(&uart, DATA, 'b');
    assert_int_equal(uart_read(&uart, STATUS) & 0x60, 0);
    assert_int_equal(pass(0), BYTE_NS);
    pass(BYTE_NS);
    assert_string_equal(far, "a");
    pass(BYTE_NS);
    assert_string_equal(far, "ab");
    assert_int_equal(uart_read(&uart, STATUS) & 0x60, 0x60);
    assert_int_equal(pass(0), UINT64_MAX);
}

static void an_empty_transmitter_interrupts_until_it_is_seen(void **state)
{
    (void)state;
    assert_false(uart_interrupts(&uart));
    uart_write(&uart, SAYS, 2);
    assert_true(uart_interrupts(&uart));
    assert_int_equal(uart_read(&uart, CAUSE) & 0x0f, 2);
    assert_false(uart_interrupts(&uart));
    uart_write(&uart, DATA, 'x');
    assert_false(uart_interrupts(&uart));
    pass(BYTE_NS);
    assert_true(uart_interrupts(&uart));
    uart_write(&uart, DATA, 'y');
    assert_false(uart_interrupts(&uart));
}

static void bytes_interrupt_when_there_are_enough_or_after_a_while(void **state)
{
    (void)state;
    uart_write(&uart, SAYS, 1);
    for (uint32_t i = 0; i < 7; i++) {
        uart_receive(&uart, (uint8_t)('a' + i));
        assert_false(uart_interrupts(&uart));
    }
    uint64_t next_ns = pass(0);
    assert_int_equal(next_ns, 4 * BYTE_NS);
    uart_receive(&uart, 'h');
    assert_int_equal(uart_read(&uart, CAUSE) & 0x0f, 4);
    assert_int_equal(uart_read(&uart, DATA), 'a');
    assert_false(uart_interrupts(&uart));
    pass(4 * BYTE_NS);
    assert_int_equal(uart_read(&uart, CAUSE) & 0x0f, 0x0c);
    assert_int_equal(uart_read(&uart, DATA), 'b');
    assert_false(uart_interrupts(&uart));
}

static void a_full_fifo_loses_what_comes_and_says_so_once(void **state)
{
    (void)state;
    uart_write(&uart, SAYS, 4);
    for (uint32_t i = 0; i < UART_FIFO + 2; i++) {
        uart_receive(&uart, (uint8_t)i);
    }
    assert_int_equal(uart_read(&uart, CAUSE) & 0x0f, 6);
    assert_int_equal(uart_read(&uart, STATUS) & 3, 3);
    assert_int_equal(uart_read(&uart, STATUS) & 3, 1);
    assert_false(uart_interrupts(&uart));
    for (uint32_t i = 0; i < UART_FIFO; i++) {
        assert_int_equal(uart_read(&uart, DATA), i);
    }
    assert_int_equal(uart_read(&uart, STATUS) & 1, 0);
}

static void a_break_is_told_with_its_byte(void **state)
{
    (void)state;
    uart_receive(&uart, 'a');
    uart_break(&uart);
    assert_int_equal(uart_read(&uart, STATUS) & 0x11, 1);
    assert_int_equal(uart_read(&uart, DATA), 'a');
    assert_int_equal(uart_read(&uart, STATUS) & 0x11, 0x11);
    assert_int_equal(uart_read(&uart, DATA), 0);
}

static void a_carrier_that_comes_or_goes_interrupts(void **state)
{
    (void)state;
    uart_write(&uart, SAYS, 8);
    uart_carrier(&uart, true); // it is there
    assert_false(uart_interrupts(&uart));
    uart_carrier(&uart, false);
    assert_true(uart_interrupts(&uart));
    assert_int_equal(uart_read(&uart, MODEM_STATUS) & 0x88, 8);
    assert_false(uart_interrupts(&uart));
}

static void a_far_end_that_heeds_rts_waits(void **state)
{
    (void)state;
    assert_true(uart_is_ready(&uart));
    uart_write(&uart, MODEM, OUT2);
    assert_false(uart_is_ready(&uart));
}

static void without_out2_no_interrupt_leaves(void **state)
{
    (void)state;
    uart_write(&uart, SAYS, 2);
    uart_write(&uart, MODEM, 0);
    assert_false(uart_interrupts(&uart));
}

static void a_far_end_that_takes_nothing_keeps_what_is_sent(void **state)
{
    (void)state;
    uart_stop(&uart, true);
    uart_write(&uart, DATA, 'a');
    assert_int_equal(pass(10 * BYTE_NS), UINT64_MAX);
    assert_int_equal(far_size, 0);
    uart_stop(&uart, false);
    pass(BYTE_NS);
    assert_string_equal(far, "a");
}

static void the_divisor_hides_behind_its_bit(void **state)
{
    (void)state;
    uart_write(&uart, LINE, 0x80);
    uart_write(&uart, DATA, 12);
    uart_write(&uart, SAYS, 3);
    assert_int_equal(uart_read(&uart, DATA), 12);
    uart_write(&uart, LINE, 3);
    assert_int_equal(uart_read(&uart, SAYS), 0);
    pass(BYTE_NS);
    assert_int_equal(far_size, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_leaves_at_the_speed_of_the_line),
        TEST(an_empty_transmitter_interrupts_until_it_is_seen),
        TEST(bytes_interrupt_when_there_are_enough_or_after_a_while),
        TEST(a_full_fifo_loses_what_comes_and_says_so_once),
        TEST(a_break_is_told_with_its_byte),
        TEST(a_carrier_that_comes_or_goes_interrupts),
        TEST(a_far_end_that_heeds_rts_waits),
        TEST(without_out2_no_interrupt_leaves),
        TEST(a_far_end_that_takes_nothing_keeps_what_is_sent),
        TEST(the_divisor_hides_behind_its_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

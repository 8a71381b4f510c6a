// SPDX-License-Identifier: Apache-2.0
//
// The driver of a PC's clock on a battery: Motorola's data sheet of the MC146818, with the century
// in the place where PCs have it. README.md says what to learn from it, policy.libsonnet what it is
// granted.
#include "abi/start.h"
#include "runtime/ports.h"
#include "runtime/runtime.h"
#include "runtime/service/service.h"

#include "schema/clock.capnp.h"
#include "schema/kernel.capnp.h"

enum clock_register {
    REGISTER_SECOND = 0x00,
    REGISTER_MINUTE = 0x02,
    REGISTER_HOUR = 0x04,
    REGISTER_DAY = 0x07,
    REGISTER_MONTH = 0x08,
    REGISTER_YEAR = 0x09,
    REGISTER_A = 0x0a,
    REGISTER_B = 0x0b,
    REGISTER_C = 0x0c, // reading it takes back the interrupt
    REGISTER_CENTURY = 0x32,
};

enum {
    A_UPDATES = 1 << 7,
    B_24_HOURS = 1 << 1,
    B_BINARY = 1 << 2,
    B_SAYS_UPDATED = 1 << 4,
    HOUR_AFTERNOON = 1 << 7,

    PORT_WHICH = 0,
    PORT_VALUE = 1,
    LOOKS_MAX = 10000, // an update takes 2 ms, and a look a microsecond at least
    WAITERS_MAX = TSR_REQUESTS_MAX - 1,
    BELL_INTERRUPT = 1 << 1, // bit 0 is the frame's: a call that nobody waits for
};

struct moment {
    uint16_t year;
    uint8_t month, day, hour, minute, second;
};

static struct {
    struct io_ports ports;
    struct interrupt interrupt;
    struct notification bell;
    uint64_t generation; // of the binding
    struct tsr_service service;
    struct tsr_waiter rung;
    struct tsr_slot *bell_slot;
} driver;

// --- The device ---------------------------------------------------------------------------------

// Without its registers a driver has nothing to do: whoever started it decides.
static void port_write(uint32_t port, uint8_t value)
{
    struct capnp_exception exception;
    tsr_must(tsr_port_write(driver.ports, port, value, &exception),
             "clock: the device cannot be written: ", &exception);
}

static uint8_t register_read(enum clock_register which)
{
    struct capnp_exception exception;
    uint8_t value = 0;
    port_write(PORT_WHICH, (uint8_t)which);
    tsr_must(tsr_port_read(driver.ports, PORT_VALUE, &value, &exception),
             "clock: the device cannot be read: ", &exception);
    return value;
}

static void register_write(enum clock_register which, uint8_t value)
{
    port_write(PORT_WHICH, (uint8_t)which);
    port_write(PORT_VALUE, value);
}

// Whether it interrupts after each second.
static void seconds_tell(bool is_told)
{
    uint8_t control = register_read(REGISTER_B);
    control = is_told ? control | B_SAYS_UPDATED : control & (uint8_t)~B_SAYS_UPDATED;
    register_write(REGISTER_B, control);
}

// --- The time -----------------------------------------------------------------------------------

static uint8_t number_of(uint8_t value, uint8_t control)
{
    return (control & B_BINARY) != 0 ? value : (uint8_t)((value >> 4) * 10 + (value & 0xf));
}

static uint8_t hour_of(uint8_t value, uint8_t control)
{
    if ((control & B_24_HOURS) != 0) {
        return number_of(value, control);
    }
    uint8_t hour = number_of(value & (uint8_t)~HOUR_AFTERNOON, control) % 12;
    return (value & HOUR_AFTERNOON) != 0 ? hour + 12 : hour;
}

static void moment_read(struct moment *moment)
{
    uint8_t control = register_read(REGISTER_B);
    uint8_t century = number_of(register_read(REGISTER_CENTURY), control);
    moment->second = number_of(register_read(REGISTER_SECOND), control);
    moment->minute = number_of(register_read(REGISTER_MINUTE), control);
    moment->hour = hour_of(register_read(REGISTER_HOUR), control);
    moment->day = number_of(register_read(REGISTER_DAY), control);
    moment->month = number_of(register_read(REGISTER_MONTH), control);
    moment->year = number_of(register_read(REGISTER_YEAR), control);
    // Not every clock has a century there.
    moment->year += (uint16_t)(century >= 19 && century <= 22 ? century * 100 : 2000);
}

// A time may stand in an empty clock by chance; nonsense that stands in it is told.
static bool moment_is_one(const struct moment *moment)
{
    return moment->month >= 1 && moment->month <= 12 && moment->day >= 1 && moment->day <= 31 &&
           moment->hour < 24 && moment->minute < 60 && moment->second < 61;
}

// The registers say nothing while they are updated, and what is read around an update does not
// belong together: then it is read again.
static bool moment_find(struct moment *moment, struct capnp_exception *exception)
{
    for (uint32_t looks = 0; looks < LOOKS_MAX; looks++) {
        if ((register_read(REGISTER_A) & A_UPDATES) != 0) {
            continue;
        }
        moment_read(moment);
        uint8_t control = register_read(REGISTER_B);
        uint8_t second = number_of(register_read(REGISTER_SECOND), control);
        if ((register_read(REGISTER_A) & A_UPDATES) == 0 && second == moment->second) {
            break;
        }
    }
    if (!moment_is_one(moment)) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0,
                            "the clock has no time; its battery may be empty");
        return false;
    }
    return true;
}

// --- Calls --------------------------------------------------------------------------------------

static bool on_now(void *self, struct wall_clock_now_params_reader params,
                   struct wall_clock_now_results_builder results, struct capnp_exception *exception)
{
    struct moment moment = {0};
    (void)self;
    (void)params;
    if (!moment_find(&moment, exception)) {
        return false;
    }
    wall_clock_now_results_set_year(results, moment.year);
    wall_clock_now_results_set_month(results, moment.month);
    wall_clock_now_results_set_day(results, moment.day);
    wall_clock_now_results_set_hour(results, moment.hour);
    wall_clock_now_results_set_minute(results, moment.minute);
    wall_clock_now_results_set_second(results, moment.second);
    return true;
}

static uint32_t waiting(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < driver.service.request_count; i++) {
        count += driver.service.requests[i].state == TSR_REQUEST_DEFERRED ? 1 : 0;
    }
    return count;
}

// Answered by seconds_answer.
static bool on_next_second(void *self, struct wall_clock_next_second_params_reader params,
                           struct wall_clock_next_second_results_builder results,
                           struct capnp_exception *exception)
{
    (void)self;
    (void)params;
    (void)results;
    if (waiting() == WAITERS_MAX) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_OVERLOADED, WAITERS_MAX,
                            "three calls wait for the next second already");
        return false;
    }
    tsr_request_defer(driver.service.current);
    seconds_tell(true);
    return true;
}

static void second_answer(struct tsr_request *request, const struct moment *moment)
{
    struct wall_clock_next_second_results_builder results =
        wall_clock_next_second_results_build(tsr_request_response(request));
    wall_clock_next_second_results_set_year(results, moment->year);
    wall_clock_next_second_results_set_month(results, moment->month);
    wall_clock_next_second_results_set_day(results, moment->day);
    wall_clock_next_second_results_set_hour(results, moment->hour);
    wall_clock_next_second_results_set_minute(results, moment->minute);
    wall_clock_next_second_results_set_second(results, moment->second);
    tsr_request_answer(request);
}

// A second is over: everybody who waits is answered, and nobody is interrupted any more.
static void seconds_answer(void)
{
    struct moment moment = {0};
    struct capnp_exception exception;
    bool is_found = moment_find(&moment, &exception);
    for (uint32_t i = 0; i < driver.service.request_count; i++) {
        struct tsr_request *request = &driver.service.requests[i];
        if (request->state != TSR_REQUEST_DEFERRED) {
            continue;
        }
        if (is_found) {
            second_answer(request, &moment);
        } else {
            tsr_request_refuse(request, &exception);
        }
    }
    seconds_tell(false);
}

static void cancelled(void *self, struct tsr_request *request)
{
    struct capnp_exception exception;
    (void)self;
    capnp_exception_set(&exception, CAPNP_EXCEPTION_FAILED, 0, "nobody waits for this any more");
    tsr_request_refuse(request, &exception);
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct wall_clock_server methods = {.now = on_now, .next_second = on_next_second};
    return wall_clock_dispatch(&methods, self, method, request, response, exception);
}

// --- The bell -----------------------------------------------------------------------------------

// Waits for it in the service's queue, beside calls.
static bool bell_wait(void)
{
    const struct sqe operation = {
        .opcode = OP_WAIT, .cap = driver.bell.id, .arg = BELL_INTERRUPT, .arg2 = TIMEOUT_NONE};
    driver.bell_slot->waiter = &driver.rung;
    return tsr_slot_submit(tsr_self(), driver.bell_slot, &operation, &driver.service.queue);
}

static void line_open(void)
{
    struct capnp_exception exception;
    tsr_must(interrupt_acknowledge(driver.interrupt, driver.generation, &exception),
             "clock: the line is not opened again: ", &exception);
}

static void rung(struct tsr_waiter *waiter, struct tsr_slot *slot)
{
    (void)waiter;
    if (!tsr_completion_is_result(&slot->completion) || !bell_wait()) {
        tsr_panic("clock: its bell is gone");
    }
    register_read(REGISTER_C);
    seconds_answer();
    line_open();
}

// --- Start --------------------------------------------------------------------------------------

static void find(const struct start *start, const char *name, uint64_t interface, uint64_t *cap)
{
    if (!tsr_find(start, name, interface, cap)) {
        struct tsr_line line = {0};
        tsr_line_text(&line, "clock: was not granted: ");
        tsr_line_text(&line, name);
        tsr_panic(line.text);
    }
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    struct tsr_service_options options = {.interface = WALL_CLOCK_INTERFACE_ID,
                                          .requests = TSR_REQUESTS_MAX,
                                          .dispatch = dispatch,
                                          .cancelled = cancelled};
    find(start, "server", ENDPOINT_INTERFACE_ID, &options.server);
    find(start, "ports", IO_PORTS_INTERFACE_ID, &driver.ports.id);
    find(start, "interrupt", INTERRUPT_INTERFACE_ID, &driver.interrupt.id);
    find(start, "bell", NOTIFICATION_INTERFACE_ID, &driver.bell.id);
    options.bell = driver.bell.id;
    driver.rung.done = rung;
    seconds_tell(false); // a life before may have left it on
    tsr_must(tsr_service_start(&driver.service, &options, &exception),
             "clock: cannot serve: ", &exception);
    driver.bell_slot = tsr_plain_take(tsr_self());
    if (driver.bell_slot == NULL || !bell_wait()) {
        tsr_panic("clock: cannot wait for its bell");
    }
    tsr_must(interrupt_bind(driver.interrupt, driver.bell, BELL_INTERRUPT, &driver.generation,
                            &exception),
             "clock: cannot have its line: ", &exception);
    register_read(REGISTER_C); // what was told to a life before
    tsr_must(tsr_service_serve(&driver.service, &exception), "clock: cannot go on: ", &exception);
    return 0;
}

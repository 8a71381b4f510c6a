// SPDX-License-Identifier: Apache-2.0
//
// The frame of a service, against a kernel of the test that plays endpoint, timer and notification:
// calls come from a list, one for each RECV that waits; answers are kept to be looked at.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/service/record.h"
#include "runtime/service/service.h"
#include "runtime/test/fake_kernel.h"
#include "schema/exception.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/ping.capnp.h"

enum {
    SLOTS = RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE / TSR_SLOT_SIZE,
    SERVER = 0x900000003,
    TIMER = 4,
    BELL = 5,
    READY = 6,
    KEPT = 64,
};

static struct {
    uint64_t arrivals[KEPT]; // sequences to send, in order; call ids are 1000 + place
    uint32_t arrival_count, next;
    uint64_t cap; // that comes with each call
    uint16_t kind;
    uint64_t interface;
    struct sqe receives[TSR_REQUESTS_MAX], sleep, bell;
    uint32_t receive_count;
    bool is_asleep, is_bell_awaited;
    bool late;     // one more call comes when something is withdrawn, which is too late then
    bool breaks;   // a RECV is refused once nothing else is to do
    uint64_t lost; // for nextCancelled
    uint64_t released[KEPT];
    uint32_t released_count;
    uint32_t receives_at_ready;
    uint64_t deadlines[KEPT]; // of the sleeps
    uint32_t sleep_count;
} world;

static struct tsr_service service;
static struct capnp_exception exception;
static struct tsr_timer timer;
static struct tsr_task task;

static struct {
    struct tsr_request *deferred[TSR_REQUESTS_MAX];
    uint32_t deferred_count, defers, reserved, released, steps, dues;
    uint64_t lost, dropped, cancelled, stop_at, stop_deadline, taken;
    bool refuses, keeps, gives, answers_when_due;
} program;

// --- The kernel ---------------------------------------------------------------------------------

static void deliver(void)
{
    while (world.next < world.arrival_count && world.receive_count > 0) {
        struct sqe entry = world.receives[0];
        memmove(&world.receives[0], &world.receives[1],
                (TSR_REQUESTS_MAX - 1) * sizeof(world.receives[0]));
        world.receive_count--;
        struct capnp_builder builder;
        uint8_t *at = fake_result(&entry);
        capnp_builder_init(&builder, at + sizeof(struct message_header), 512);
        ping_echo_params_set_sequence(ping_echo_params_build(&builder), world.arrivals[world.next]);
        uint32_t size = capnp_builder_size(&builder);
        struct message_header header = {.call_id = 1000 + world.next++,
                                        .interface = world.interface,
                                        .receiver_data = 99,
                                        .method = PING_ECHO,
                                        .kind = world.kind,
                                        .size = size};
        struct received record = {.cap = world.cap, .interface = 7};
        memcpy(at, &header, sizeof(header));
        memcpy(at + sizeof(header) + size, &record, sizeof(record));
        fake_complete(&entry, (struct cqe){.status = (int32_t)(sizeof(header) + size),
                                           .transfers = world.cap != 0});
    }
}

static void operate_cancel(const struct sqe *entry)
{
    if (world.late) {
        world.late = false;
        world.arrival_count++;
        deliver();
    }
    for (uint32_t i = 0; i < fake.taken_count; i++) {
        const struct sqe *taken = &fake.taken[i];
        if (i != entry->arg) {
            continue;
        }
        if (taken->opcode == OP_CALL && world.is_asleep) {
            world.is_asleep = false;
            fake_complete(taken, (struct cqe){.status = -STATUS_CANCELLED});
        }
        for (uint32_t r = 0; taken->opcode == OP_RECV && r < world.receive_count; r++) {
            if (world.receives[r].user_data == taken->user_data) {
                memmove(&world.receives[r], &world.receives[r + 1],
                        (TSR_REQUESTS_MAX - r - 1) * sizeof(world.receives[0]));
                world.receive_count--;
                fake_complete(taken, (struct cqe){.status = -STATUS_CANCELLED});
            }
        }
    }
}

static void operate_call(const struct sqe *entry)
{
    if (entry->cap == TIMER) {
        struct capnp_message message;
        capnp_message_init(&message, fake_payload(entry), entry->payload_len, NULL, 0);
        world.deadlines[world.sleep_count++] =
            timer_sleep_until_params_get_deadline(timer_sleep_until_params_read(&message));
        world.sleep = *entry;
        world.is_asleep = true;
    } else if (entry->cap == READY) {
        world.receives_at_ready = world.receive_count;
        fake_complete(entry, (struct cqe){.status = 0});
    } else if (entry->method == ENDPOINT_NEXT_CANCELLED && entry->cap == SERVER) {
        struct capnp_builder builder;
        capnp_builder_init(&builder, fake_result(entry), 512);
        endpoint_next_cancelled_results_set_call_id(endpoint_next_cancelled_results_build(&builder),
                                                    world.lost);
        world.lost = 0;
        fake_complete(entry, (struct cqe){.status = (int32_t)capnp_builder_size(&builder)});
    } else {
        fake_complete(entry, (struct cqe){.status = 0});
    }
}

static void operate(const struct sqe *entry)
{
    if (entry->opcode == OP_RECV) {
        world.receives[world.receive_count++] = *entry;
    } else if (entry->opcode == OP_RETURN) {
        fake_return(entry);
    } else if (entry->opcode == OP_CANCEL) {
        operate_cancel(entry);
    } else if (entry->opcode == OP_CALL) {
        operate_call(entry);
    } else if (entry->opcode == OP_WAIT) {
        world.bell = *entry;
        world.is_bell_awaited = true;
    } else if (entry->opcode == OP_RELEASE) {
        world.released[world.released_count++] = entry->cap;
    }
}

// Nothing else is to do: calls come; when there are none, the bell rings; at last time passes.
static void happen(void)
{
    if (world.next < world.arrival_count && world.receive_count > 0) {
        deliver();
    } else if (world.lost != 0 && world.is_bell_awaited) {
        world.is_bell_awaited = false;
        fake_complete(&world.bell, (struct cqe){.extra = 1});
    } else if (world.breaks) {
        world.breaks = false;
        fake_complete(&world.receives[0], (struct cqe){.status = -STATUS_STALE_CAP});
        world.receives[0] = world.receives[--world.receive_count];
    } else if (world.is_asleep) {
        world.is_asleep = false;
        fake_complete(&world.sleep, (struct cqe){.status = 0});
    }
}

// --- The service --------------------------------------------------------------------------------

static bool serve_echo(void *self, struct ping_echo_params_reader params,
                       struct ping_echo_results_builder results, struct capnp_exception *why)
{
    (void)self;
    struct tsr_request *request = service.current;
    uint64_t sequence = ping_echo_params_get_sequence(params);
    assert_int_equal(request->receiver_data, 99);
    if (program.stop_at != 0 && sequence == program.stop_at) {
        tsr_service_stop(&service, program.stop_deadline);
    }
    if (program.keeps) {
        program.taken = tsr_request_take(request, world.cap, 7) ? world.cap : 0;
        assert_false(tsr_request_take(request, world.cap, 7));
    }
    if (program.gives) {
        tsr_request_give(request, 555);
    }
    if (program.refuses) {
        capnp_exception_set(why, CAPNP_EXCEPTION_OVERLOADED, 0, "too much");
        return false;
    }
    if (program.defers > 0) {
        program.defers--;
        program.deferred[program.deferred_count++] = request;
        tsr_request_defer(request);
        return true;
    }
    ping_echo_results_set_sequence(results, sequence + 1);
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *why)
{
    static const struct ping_server methods = {.echo = serve_echo};
    return ping_dispatch(&methods, self, method, request, response, why);
}

static bool reserve(void *self, struct tsr_request *request, struct capnp_exception *why)
{
    (void)self;
    (void)request;
    if (program.reserved - program.released == 2) {
        capnp_exception_set(why, CAPNP_EXCEPTION_OVERLOADED, 2, "two at a time");
        return false;
    }
    program.reserved++;
    return true;
}

static void release(void *self, struct tsr_request *request)
{
    (void)self;
    (void)request;
    program.released++;
}

static void dropped(void *self, uint64_t interface, uint64_t receiver_data)
{
    (void)self;
    assert_int_equal(interface, PING_INTERFACE_ID);
    program.dropped = receiver_data;
}

static void answer_deferred(uint32_t index)
{
    struct tsr_request *request = program.deferred[index];
    struct capnp_builder *response = tsr_request_response(request);
    ping_echo_results_set_sequence(ping_echo_results_build(response), 7000 + request->call_id);
    tsr_request_answer(request);
}

static void cancelled(void *self, struct tsr_request *request)
{
    (void)self;
    struct capnp_exception why;
    program.cancelled = request->call_id;
    capnp_exception_set(&why, CAPNP_EXCEPTION_FAILED, 0, "nobody waits");
    tsr_request_refuse(request, &why);
}

static void lost(void *self, uint64_t call)
{
    (void)self;
    program.lost = call;
}

static void due(void *context)
{
    (void)context;
    program.dues++;
    if (program.answers_when_due) {
        for (uint32_t i = 0; i < program.deferred_count; i++) {
            answer_deferred(i);
        }
    }
    tsr_service_stop(&service, 0);
}

static bool take_step(void *context)
{
    (void)context;
    if (++program.steps == 3) {
        tsr_service_stop(&service, 0);
    }
    return true;
}

static int set_up(void **state)
{
    memset(&world, 0, sizeof(world));
    memset(&program, 0, sizeof(program));
    memset(&timer, 0, sizeof(timer));
    memset(&task, 0, sizeof(task));
    world.interface = PING_INTERFACE_ID;
    int failed = fake_set_up(state);
    fake.operate = operate;
    fake.wait = happen;
    return failed;
}

static int tear_down(void **state)
{
    (void)state;
    tsr_submit(&exception);
    assert_int_equal(program.reserved, program.released);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
    return 0;
}

static struct tsr_service_options options_of(uint32_t requests)
{
    return (struct tsr_service_options){.server = SERVER,
                                        .interface = PING_INTERFACE_ID,
                                        .message_max = 256,
                                        .requests = requests,
                                        .dispatch = dispatch,
                                        .reserve = reserve,
                                        .release = release,
                                        .dropped = dropped,
                                        .cancelled = cancelled,
                                        .lost = lost,
                                        .timer = TIMER};
}

static void start(uint32_t requests, uint32_t arrivals)
{
    struct tsr_service_options options = options_of(requests);
    world.arrival_count = arrivals;
    for (uint32_t i = 0; i < arrivals; i++) {
        world.arrivals[i] = i + 1;
    }
    assert_true(tsr_service_start(&service, &options, &exception));
}

static void calls_are_answered_until_a_handler_stops_the_service(void **state)
{
    (void)state;
    program.stop_at = 5;
    start(2, 5);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(fake.return_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(fake.returns[i].arg, 1000 + i);
        assert_int_equal(fake.words[i], i + 2);
    }
    assert_int_equal(service.state, TSR_SERVICE_STOPPED);
    assert_int_equal(service.counters.calls, 5);
    assert_int_equal(program.reserved, 5);
    assert_int_equal(world.receive_count, 0);
}

static void an_answer_and_the_next_receive_go_out_together(void **state)
{
    (void)state;
    program.stop_at = 10;
    start(1, 10);
    uint32_t before = fake.enter_count;
    assert_true(tsr_service_serve(&service, &exception));
    assert_in_range(fake.enter_count - before, 10, 14);
}

static void ready_is_told_once_calls_are_taken(void **state)
{
    (void)state;
    struct tsr_service_options options = options_of(2);
    options.ready = READY;
    options.ready_bits = 4;
    assert_true(tsr_service_start(&service, &options, &exception));
    assert_int_equal(world.receives_at_ready, 2);
    tsr_service_stop(&service, 0);
    assert_true(tsr_service_serve(&service, &exception));
}

static void what_came_with_a_call_goes_back_unless_the_handler_takes_it(void **state)
{
    (void)state;
    world.cap = 321;
    program.stop_at = 1;
    start(1, 1);
    assert_true(tsr_service_serve(&service, &exception));
    tsr_submit(&exception);
    assert_int_equal(world.released_count, 1);
    assert_int_equal(world.released[0], 321);
}

static void what_the_handler_takes_is_its_own(void **state)
{
    (void)state;
    world.cap = 321;
    program.keeps = true;
    program.stop_at = 1;
    start(1, 1);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.taken, 321);
    assert_int_equal(world.released_count, 0);
}

static void what_an_answer_brings_is_released_behind_it(void **state)
{
    (void)state;
    program.gives = true;
    program.stop_at = 1;
    start(1, 1);
    assert_true(tsr_service_serve(&service, &exception));
    tsr_submit(&exception);
    assert_int_equal(world.released_count, 1);
    assert_int_equal(world.released[0], 555);
}

static void a_refusal_gives_everything_back(void **state)
{
    (void)state;
    world.cap = 321;
    program.refuses = true;
    program.stop_at = 2;
    start(1, 2);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(fake.returns[0].method, EXCEPTION_OVERLOADED);
    assert_string_equal(fake.reasons[0], "too much");
    assert_int_equal(world.released_count, 2);
    assert_int_equal(service.counters.refused, 2);
}

static void another_interface_is_unimplemented_and_reserves_nothing(void **state)
{
    (void)state;
    world.interface = 1;
    start(1, 1);
    timer = (struct tsr_timer){.due = due};
    tsr_timer_set(&service, &timer, 5000);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(fake.return_count, 1);
    assert_int_equal(fake.returns[0].method, EXCEPTION_UNIMPLEMENTED);
    assert_int_equal(program.reserved, 0);
    assert_int_equal(service.counters.calls, 0);
}

static void others_are_served_while_one_is_deferred(void **state)
{
    (void)state;
    program.defers = 1;
    program.answers_when_due = true;
    start(2, 4);
    timer = (struct tsr_timer){.due = due};
    tsr_timer_set(&service, &timer, 5000);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.dues, 1);
    assert_int_equal(fake.return_count, 4);
    assert_int_equal(fake.returns[0].arg, 1001);
    assert_int_equal(fake.returns[3].arg, 1000);
    assert_int_equal(fake.words[3], 8000);
    assert_int_equal(service.counters.deferred, 1);
}

static void a_reservation_is_held_until_the_deferred_answer(void **state)
{
    (void)state;
    program.defers = 2;
    program.answers_when_due = true;
    start(3, 3);
    timer = (struct tsr_timer){.due = due};
    tsr_timer_set(&service, &timer, 5000);
    assert_true(tsr_service_serve(&service, &exception));
    assert_string_equal(fake.reasons[0], "two at a time");
    assert_int_equal(fake.returns[0].arg, 1002);
    assert_int_equal(fake.return_count, 3);
}

static void stopping_drains_until_the_deadline_then_refuses(void **state)
{
    (void)state;
    program.defers = 1;
    program.stop_at = 2;
    program.stop_deadline = 9000;
    start(2, 2);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(fake.return_count, 2);
    assert_int_equal(fake.returns[0].arg, 1001);
    assert_int_equal(fake.returns[1].arg, 1000);
    assert_int_equal(fake.returns[1].method, EXCEPTION_DISCONNECTED);
    assert_string_equal(fake.reasons[1], "the service is stopping");
}

static void without_a_deadline_stopping_refuses_at_once(void **state)
{
    (void)state;
    program.defers = 1;
    program.stop_at = 2;
    start(2, 2);
    assert_true(tsr_service_serve(&service, &exception));
    assert_false(world.is_asleep);
    assert_int_equal(fake.returns[0].arg, 1000);
    assert_int_equal(fake.returns[0].method, EXCEPTION_DISCONNECTED);
}

static void an_answer_that_reaches_nobody_is_told(void **state)
{
    (void)state;
    fake.return_refusal = -STATUS_CALLER_LOST;
    program.stop_at = 2;
    start(1, 2);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.lost, 1000);
    assert_int_equal(service.counters.lost, 1);
    assert_int_equal(fake.return_count, 2);
}

static void an_answer_that_the_kernel_refuses_becomes_an_exception(void **state)
{
    (void)state;
    fake.return_refusal = -STATUS_TRANSFER_REFUSED;
    program.stop_at = 2;
    start(1, 2);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(fake.return_count, 3);
    assert_int_equal(fake.returns[1].arg, 1000);
    assert_int_equal(fake.returns[1].method, EXCEPTION_FAILED);
    assert_string_equal(fake.reasons[1], tsr_fact_text(STATUS_TRANSFER_REFUSED));
    assert_int_equal(fake.words[2], 3);
}

static void a_dropped_facet_is_told_and_not_answered(void **state)
{
    (void)state;
    world.kind = MESSAGE_DROPPED;
    start(1, 1);
    timer = (struct tsr_timer){.due = due};
    tsr_timer_set(&service, &timer, 5000);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.dropped, 99);
    assert_int_equal(fake.return_count, 0);
    assert_int_equal(service.counters.dropped, 1);
}

static void who_gave_up_is_told_while_the_request_is_deferred(void **state)
{
    (void)state;
    struct tsr_service_options options = options_of(2);
    options.bell = BELL;
    world.arrival_count = 1;
    world.lost = 1000;
    program.defers = 1;
    assert_true(tsr_service_start(&service, &options, &exception));
    timer = (struct tsr_timer){.due = due};
    tsr_timer_set(&service, &timer, 5000);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.cancelled, 1000);
    assert_string_equal(fake.reasons[0], "nobody waits");
    assert_int_equal(fake.return_count, 1);
}

static void without_a_bell_who_gave_up_is_told_when_the_next_call_comes(void **state)
{
    (void)state;
    program.defers = 1;
    program.stop_at = 2;
    world.lost = 1000;
    start(2, 2);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.cancelled, 1000);
    assert_string_equal(fake.reasons[0], "nobody waits");
    assert_int_equal(fake.return_count, 2);
    assert_int_equal(fake.words[1], 3);
}

static void an_earlier_timer_moves_the_sleep(void **state)
{
    (void)state;
    static struct tsr_timer later;
    start(1, 0);
    later = (struct tsr_timer){.due = due};
    timer = (struct tsr_timer){.due = due};
    tsr_timer_set(&service, &later, 9000);
    tsr_submit(&exception);
    tsr_timer_set(&service, &timer, 3000);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(world.deadlines[0], 9000);
    assert_int_equal(world.deadlines[1], 3000);
    assert_int_equal(program.dues, 1);
    assert_false(later.is_set);
}

static struct capnp_call reset_call;
static struct tsr_awaited awaited;

static void reset_done(void *context, struct capnp_call *call)
{
    struct ping_reset_results_reader results;
    (void)context;
    program.dues++;
    assert_true(ping_reset_finish(call, &results, &exception));
    capnp_call_end(call);
    tsr_service_stop(&service, 0);
}

static void reset_send(void)
{
    struct ping other = {7};
    struct ping_reset_params_builder params;
    assert_true(ping_reset_begin(other, &reset_call, &params, &exception));
    assert_true(capnp_call_send(&reset_call, &exception));
    awaited = (struct tsr_awaited){.done = reset_done};
    tsr_service_await(&service, &awaited, &reset_call);
}

static void a_call_of_the_services_own_is_awaited_beside_the_others(void **state)
{
    (void)state;
    start(1, 1);
    reset_send();
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.dues, 1);
}

static void an_awaited_call_that_was_finished_before_is_not_told(void **state)
{
    (void)state;
    struct ping_reset_results_reader results;
    start(1, 1);
    reset_send();
    assert_true(ping_reset_finish(&reset_call, &results, &exception));
    capnp_call_end(&reset_call);
    program.stop_at = 1;
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.dues, 0);
    assert_int_equal(fake.return_count, 1);
}

static void tasks_run_in_steps_and_end_with_the_service(void **state)
{
    (void)state;
    start(1, 2);
    task = (struct tsr_task){.step = take_step};
    tsr_task_start(&service, &task);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.steps, 3);
    assert_null(service.tasks);
}

static void a_task_that_is_started_again_while_it_is_queued_runs_as_before(void **state)
{
    (void)state;
    static struct tsr_task other;
    start(1, 2);
    task = (struct tsr_task){.step = take_step};
    other = task;
    tsr_task_start(&service, &task);
    tsr_task_start(&service, &other);
    tsr_task_start(&service, &task);
    assert_ptr_equal(service.tasks, &task);
    assert_ptr_equal(task.next, &other);
    assert_null(other.next);
    assert_true(tsr_service_serve(&service, &exception));
    assert_int_equal(program.steps, 3);
}

static void a_service_that_can_wait_for_nothing_says_so(void **state)
{
    (void)state;
    start(1, 0);
    assert_false(tsr_service_serve(&service, &exception));
    assert_int_equal(exception.status, STATUS_NOTHING_PENDING);
}

static void a_service_that_breaks_refuses_what_it_has_taken_and_says_why(void **state)
{
    (void)state;
    world.breaks = true;
    program.defers = 1;
    start(2, 1);
    assert_false(tsr_service_serve(&service, &exception));
    assert_int_equal(exception.status, STATUS_STALE_CAP);
    assert_int_equal(fake.return_count, 1);
    assert_int_equal(fake.returns[0].method, EXCEPTION_DISCONNECTED);
    assert_int_equal(service.state, TSR_SERVICE_STOPPED);
}

static void a_call_that_comes_while_the_service_breaks_is_refused(void **state)
{
    (void)state;
    world.breaks = true;
    start(2, 2);
    world.late = true;
    assert_false(tsr_service_serve(&service, &exception));
    assert_int_equal(fake.return_count, 3);
    assert_int_equal(fake.returns[2].method, EXCEPTION_DISCONNECTED);
    assert_int_equal(service.counters.calls, 2);
}

static void too_large_messages_for_the_ring_are_refused_at_the_start(void **state)
{
    (void)state;
    struct tsr_service_options options = options_of(1);
    options.message_max = 65536;
    assert_false(tsr_service_start(&service, &options, &exception));
    assert_int_equal(exception.status, STATUS_RING_BUSY);
    options.message_max = 4000;
    options.requests = 4;
    assert_false(tsr_service_start(&service, &options, &exception));
    assert_int_equal(exception.status, STATUS_RING_BUSY);
}

static void a_closed_record_is_never_found_again(void **state)
{
    (void)state;
    uint32_t generations[2] = {0, UINT32_MAX - 1}; // the second is used up
    const struct tsr_records records = {generations, 2};
    uint32_t index;
    uint64_t first = tsr_record_open(&records);
    assert_int_not_equal(first, 0);
    assert_int_equal(tsr_record_open(&records), 0);
    assert_true(tsr_record_find(&records, first, &index));
    assert_int_equal(index, 0);
    assert_true(tsr_record_close(&records, first));
    assert_false(tsr_record_close(&records, first));
    uint64_t second = tsr_record_open(&records);
    assert_false(tsr_record_find(&records, first, &index));
    assert_true(tsr_record_find(&records, second, &index));
    assert_false(tsr_record_find(&records, 7, &index));
    assert_false(tsr_record_find(&records, 0, &index));
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CLAIM(calls_are_answered_until_a_handler_stops_the_service),
        CLAIM(an_answer_and_the_next_receive_go_out_together),
        CLAIM(ready_is_told_once_calls_are_taken),
        CLAIM(what_came_with_a_call_goes_back_unless_the_handler_takes_it),
        CLAIM(what_the_handler_takes_is_its_own),
        CLAIM(what_an_answer_brings_is_released_behind_it),
        CLAIM(a_refusal_gives_everything_back),
        CLAIM(another_interface_is_unimplemented_and_reserves_nothing),
        CLAIM(others_are_served_while_one_is_deferred),
        CLAIM(a_reservation_is_held_until_the_deferred_answer),
        CLAIM(stopping_drains_until_the_deadline_then_refuses),
        CLAIM(without_a_deadline_stopping_refuses_at_once),
        CLAIM(an_answer_that_reaches_nobody_is_told),
        CLAIM(an_answer_that_the_kernel_refuses_becomes_an_exception),
        CLAIM(a_dropped_facet_is_told_and_not_answered),
        CLAIM(who_gave_up_is_told_while_the_request_is_deferred),
        CLAIM(without_a_bell_who_gave_up_is_told_when_the_next_call_comes),
        CLAIM(an_earlier_timer_moves_the_sleep),
        CLAIM(a_call_of_the_services_own_is_awaited_beside_the_others),
        CLAIM(an_awaited_call_that_was_finished_before_is_not_told),
        CLAIM(tasks_run_in_steps_and_end_with_the_service),
        CLAIM(a_task_that_is_started_again_while_it_is_queued_runs_as_before),
        CLAIM(a_service_that_can_wait_for_nothing_says_so),
        CLAIM(a_service_that_breaks_refuses_what_it_has_taken_and_says_why),
        CLAIM(a_call_that_comes_while_the_service_breaks_is_refused),
        CLAIM(too_large_messages_for_the_ring_are_refused_at_the_start),
        CLAIM(a_closed_record_is_never_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// Acting as programs: see act.h.
#include "kernel/core/test/act.h"

#include <string.h>

#include "abi/commit.h"
#include "abi/start.h"
#include "kernel/core/test/memory.h"
#include "kernel/core/test/unchanged.h"

void act_must(bool claim, const char *what, uint64_t value)
{
    if (!claim) {
        machine_fail(what, value);
    }
}

__attribute__((constructor)) static void witness_call(void)
{
    machine_witness = &unchanged_witness;
}

enum status act_fact(const struct cqe *cqe)
{
    if (cqe->status < 0) {
        return (enum status) - cqe->status;
    }
    return (cqe->flags & CQE_EXCEPTION_MASK) != 0 ? (enum status)cqe->detail : STATUS_OK;
}

const struct core *act_core(void)
{
    return &machine.kernel->core;
}

uint64_t act_free_frames(void)
{
    return act_core()->frames.free_count;
}

uint32_t act_waiting(void)
{
    const struct core *core = act_core();
    uint32_t count = 0;

    for (uint32_t i = 0; i < core->request_count; i++) {
        count += core->requests[i].state > REQUEST_NEW ? 1 : 0;
    }
    return count;
}

struct act_snapshot act_snapshot(void)
{
    const struct core *core = act_core();
    struct act_snapshot now = {.seq = core->state.seq,
                               .pending = act_waiting(),
                               .live_processes = core->live_count,
                               .frames = act_free_frames()};

    memcpy(now.digest, core->state.digest, sizeof(now.digest));
    return now;
}

bool act_same(const struct act_snapshot *before)
{
    struct act_snapshot now = act_snapshot();

    core_check(act_core());
    return machine.end == MACHINE_RUNS && memcmp(now.digest, before->digest, 16) == 0 &&
           now.seq == before->seq && now.pending == before->pending &&
           now.live_processes == before->live_processes && now.frames == before->frames;
}

// --- Messages of the test -----------------------------------------------------------------------

struct sqe act_call(cap_t cap, uint16_t method, uint64_t user_data)
{
    return (struct sqe){.opcode = OP_CALL,
                        .flags = SQE_RING_PAYLOAD | SQE_RING_RESULT,
                        .method = method,
                        .cap = cap.value,
                        .user_data = user_data,
                        .payload = ACT_FREE,
                        .result = ACT_FREE,
                        .arg = TIMEOUT_NONE};
}

struct sqe act_recv(cap_t server, uint32_t offset, uint32_t size, uint64_t user_data)
{
    return (struct sqe){.opcode = OP_RECV,
                        .flags = SQE_RING_RESULT,
                        .cap = server.value,
                        .user_data = user_data,
                        .result = offset,
                        .result_len = size,
                        .arg = TIMEOUT_NONE};
}

struct sqe act_return(uint64_t call_id, uint64_t user_data)
{
    return (struct sqe){.opcode = OP_RETURN,
                        .flags = SQE_RING_PAYLOAD,
                        .user_data = user_data,
                        .payload = ACT_FREE,
                        .arg = call_id};
}

struct sqe act_release(cap_t cap)
{
    return (struct sqe){.opcode = OP_RELEASE, .cap = cap.value};
}

void act_submit(uint32_t thread, struct sqe sqe)
{
    act_must(machine_run_until(thread), "the thread can't run", thread);
    act_must(machine_submit(thread, &sqe), "the thread's SQ is full", thread);
    machine_enter(thread, 0, 0);
}

struct cqe act_reap(uint32_t thread)
{
    struct cqe cqe = {0};

    act_must(machine_reap(thread, &cqe), "the thread has no completion", thread);
    return cqe;
}

bool act_has_completion(uint32_t thread)
{
    struct ring_header header;

    act_must(
        machine_read(machine.threads[thread].space, machine_ring(thread), &header, sizeof(header)),
        "the thread has no ring", thread);
    return header.cq_tail != header.cq_head;
}

struct cqe act_do(uint32_t thread, struct sqe sqe)
{
    act_submit(thread, sqe);
    return act_reap(thread);
}

enum status act_do_fact(uint32_t thread, struct sqe sqe)
{
    struct cqe cqe = act_do(thread, sqe);

    return act_fact(&cqe);
}

struct message_header act_header(uint32_t thread, uint32_t offset)
{
    struct message_header header;

    act_must(machine_message_read(thread, offset, &header, sizeof(header)), "no such offset",
             offset);
    return header;
}

// --- Kernel objects -----------------------------------------------------------------------------

static void answer_open(uint32_t thread, struct act_answer *answer)
{
    const struct cqe *cqe = &answer->cqe;
    uint32_t size = cqe->status > 0 ? (uint32_t)cqe->status : 0;
    uint32_t count = (cqe->flags & CQE_TRANSFERS) != 0 ? cqe->transfers : 0;

    act_must(count <= ACT_CAPS_MAX && size <= ACT_ANSWER_SIZE, "more than any method answers",
             count);
    machine_message_read(thread, ACT_ANSWER, answer->bytes, size);
    machine_message_read(thread, ACT_ANSWER + size, answer->caps,
                         count * (uint32_t)sizeof(answer->caps[0]));
    for (uint32_t i = 0; i < count; i++) {
        answer->ids[i] = answer->caps[i].cap;
    }
    capnp_message_init(&answer->message, answer->bytes, size, answer->ids, count);
}

static struct sqe object_sqe(uint32_t thread, cap_t cap, uint16_t method,
                             const struct capnp_builder *message)
{
    struct sqe sqe = act_call(cap, method, 0);
    uint32_t size = message == NULL ? 0 : capnp_builder_size(message);

    sqe.payload = ACT_PAYLOAD;
    sqe.payload_len = size;
    sqe.result = ACT_ANSWER;
    sqe.result_len = ACT_ANSWER_SIZE;
    if (message != NULL) {
        act_must(message->error == CAPNP_OK, "the message was not built", message->error);
        machine_message_write(thread, ACT_PAYLOAD, message->bytes, size);
        sqe.transfers = (uint8_t)message->cap_count;
        for (uint32_t i = 0; i < message->cap_count; i++) {
            struct transfer transfer = {message->caps[i], TRANSFER_COPY, 0};
            machine_message_write(thread, ACT_PAYLOAD + size + i * (uint32_t)sizeof(transfer),
                                  &transfer, sizeof(transfer));
        }
    }
    return sqe;
}

void act_object(uint32_t thread, cap_t cap, uint16_t method, const struct capnp_builder *message,
                struct act_answer *answer)
{
    answer->cqe = act_do(thread, object_sqe(thread, cap, method, message));
    answer_open(thread, answer);
}

struct capnp_builder act_message(void)
{
    static uint64_t words[KERNEL_MESSAGE_MAX / 8];
    struct capnp_builder message;

    memset(words, 0, sizeof(words));
    capnp_builder_init(&message, words, sizeof(words));
    return message;
}

cap_t act_named(uint32_t thread, const char *name)
{
    cap_t cap = machine_capability(thread, name);

    act_must(cap.value != 0, name, 0);
    return cap;
}

enum status act_endpoint_fact(uint32_t thread, uint32_t message_max, cap_t *server)
{
    struct capnp_builder message = act_message();
    struct act_answer answer;

    job_make_endpoint_params_set_message_max(job_make_endpoint_params_build(&message), message_max);
    act_object(thread, act_named(thread, "job"), JOB_MAKE_ENDPOINT, &message, &answer);
    server->value =
        job_make_endpoint_results_get_server(job_make_endpoint_results_read(&answer.message)).id;
    return act_fact(&answer.cqe);
}

cap_t act_endpoint(uint32_t thread, uint32_t message_max)
{
    cap_t server;
    enum status fact = act_endpoint_fact(thread, message_max, &server);

    act_must(fact == STATUS_OK, "no endpoint", fact);
    return server;
}

enum status act_builder_fact(uint32_t thread, cap_t *builder)
{
    struct act_answer answer;

    act_object(thread, act_named(thread, "job"), JOB_MAKE_PROCESS_BUILDER, NULL, &answer);
    builder->value = job_make_process_builder_results_get_builder(
                         job_make_process_builder_results_read(&answer.message))
                         .id;
    return act_fact(&answer.cqe);
}

cap_t act_builder(uint32_t thread)
{
    cap_t builder;
    enum status fact = act_builder_fact(thread, &builder);

    act_must(fact == STATUS_OK, "no builder", fact);
    return builder;
}

// --- Processes ----------------------------------------------------------------------------------

// What a process will find on its start page, until it is started.
static struct building {
    uint64_t builder;
    uint32_t count;
    struct capset_entry entries[64];
} buildings[8];

static struct building *building_of(cap_t builder)
{
    static uint32_t next;

    for (uint32_t i = 0; i < sizeof(buildings) / sizeof(buildings[0]); i++) {
        if (buildings[i].builder == builder.value) {
            return &buildings[i];
        }
    }
    struct building *made = &buildings[next++ % (sizeof(buildings) / sizeof(buildings[0]))];
    *made = (struct building){.builder = builder.value};
    return made;
}

enum status act_grant(uint32_t thread, cap_t builder, const char *name, uint32_t size, cap_t cap)
{
    struct building *building = building_of(builder);
    struct capset_entry *entry = &building->entries[building->count];
    struct capnp_builder message = act_message();
    struct act_answer answer;

    process_builder_grant_params_set_capability(process_builder_grant_params_build(&message),
                                                (struct capnp_cap){cap.value});
    act_object(thread, builder, PROCESS_BUILDER_GRANT, &message, &answer);
    if (act_fact(&answer.cqe) == STATUS_OK && name != NULL) {
        struct process_builder_grant_results_reader results =
            process_builder_grant_results_read(&answer.message);
        act_must(building->count < sizeof(building->entries) / sizeof(building->entries[0]),
                 "more grants than a test has", building->count);
        *entry = (struct capset_entry){process_builder_grant_results_get_id(results),
                                       process_builder_grant_results_get_interface(results),
                                       {0}};
        memcpy(entry->name, name, size);
        building->count++;
    }
    return act_fact(&answer.cqe);
}

enum status act_built(uint32_t thread, cap_t builder, cap_t *process)
{
    struct act_answer answer;

    act_object(thread, builder, PROCESS_BUILDER_START, NULL, &answer);
    process->value = process_builder_start_results_get_process(
                         process_builder_start_results_read(&answer.message))
                         .id;
    return act_fact(&answer.cqe);
}

// Pages of its own, or those of an object.
static void pages_give(uint32_t thread, cap_t space, uint64_t at, uint32_t pages, uint32_t rights,
                       cap_t memory)
{
    enum status fact = act_map(thread, space, at, pages, rights, memory, 0);

    act_must(fact == STATUS_OK, "a process without its pages", fact);
    act_do_fact(thread, act_release(memory));
}

// Text, which is the package's, data, a stack, and the start page.
static void memory_give(uint32_t thread, cap_t builder, const struct act_prepared *prepared,
                        uint64_t ring)
{
    struct building *building = building_of(builder);
    cap_t space = prepared->space;
    uint64_t base = prepared->base;
    cap_t page = act_memory(thread, 1);
    struct start start = {.abi_major = ABI_MAJOR,
                          .ring = ring,
                          .process = prepared->process,
                          .capset = base + LAYOUT_START + sizeof(start)};
    uint64_t capset[2] = {building->count, 0};

    act_write(thread, page, 0, &start, sizeof(start));
    act_write(thread, page, sizeof(start), capset, sizeof(capset));
    for (uint32_t i = 0; i < building->count; i++) {
        act_write(thread, page, sizeof(start) + sizeof(capset) + i * sizeof(building->entries[0]),
                  &building->entries[i], sizeof(building->entries[0]));
    }
    building->builder = 0;
    pages_give(thread, space, base + LAYOUT_START, 1, RIGHT_READ, page);
    pages_give(thread, space, base + LAYOUT_IMAGE + PAGE_SIZE, 2, RIGHT_READ | RIGHT_WRITE,
               act_memory(thread, 2));
    pages_give(thread, space, base + LAYOUT_STACK, 16, RIGHT_READ | RIGHT_WRITE,
               act_memory(thread, 16));
    act_map(thread, space, base + LAYOUT_IMAGE, 1, RIGHT_READ | RIGHT_EXECUTE,
            act_named(thread, "package"), PAGE_SIZE);
}

enum status act_prepare(uint32_t thread, cap_t job, cap_t builder, struct act_prepared *prepared)
{
    struct act_answer answer;
    uint64_t ring;

    act_object(thread, builder, PROCESS_BUILDER_SPACE, NULL, &answer);
    struct process_builder_space_results_reader space =
        process_builder_space_results_read(&answer.message);
    prepared->space.value = process_builder_space_results_get_space(space).id;
    prepared->base = process_builder_space_results_get_base(space);
    prepared->process = process_builder_space_results_get_process(space);
    enum status fact = act_fact(&answer.cqe);
    if (fact == STATUS_OK) {
        fact = act_thread(thread, job, prepared->space, &prepared->thread, &ring);
    }
    if (fact == STATUS_OK) {
        memory_give(thread, builder, prepared, ring);
    }
    return fact;
}

void act_run(uint32_t thread, const struct act_prepared *prepared)
{
    uint64_t base = prepared->base;
    enum status fact = act_thread_start(thread, prepared->thread, base + LAYOUT_IMAGE,
                                        base + LAYOUT_STACK_TOP, base + LAYOUT_START);

    act_must(fact == STATUS_OK, "the thread does not start", fact);
    act_do_fact(thread, act_release(prepared->thread));
    act_do_fact(thread, act_release(prepared->space));
}

enum status act_start_in(uint32_t thread, cap_t job, cap_t builder, cap_t *process)
{
    struct act_prepared prepared;
    enum status fact = act_prepare(thread, job, builder, &prepared);

    if (fact == STATUS_OK) {
        fact = act_built(thread, builder, process);
    }
    if (fact == STATUS_OK) {
        act_run(thread, &prepared);
    }
    return fact;
}

enum status act_start(uint32_t thread, cap_t builder, cap_t *process)
{
    return act_start_in(thread, act_named(thread, "job"), builder, process);
}

uint32_t act_process(uint32_t thread, const char *name, cap_t granted)
{
    cap_t builder = act_builder(thread);
    cap_t process = {0};
    enum status fact = STATUS_OK;

    if (name != NULL) {
        fact = act_grant(thread, builder, name, (uint32_t)strlen(name), granted);
    }
    if (fact == STATUS_OK) {
        fact = act_start(thread, builder, &process);
    }
    act_must(fact == STATUS_OK, "no process", fact);
    act_must(act_do_fact(thread, act_release(builder)) == STATUS_OK, "the builder stays", 0);
    act_must(act_do_fact(thread, act_release(process)) == STATUS_OK, "the process object stays", 0);
    return machine.newest_thread;
}

void act_kill(uint32_t thread, int32_t code)
{
    act_must(machine_run_until(thread), "the thread can't run", thread);
    machine_exit(thread, code);
}

void act_next_exit(uint32_t thread, uint64_t user_data)
{
    struct sqe sqe = object_sqe(thread, act_named(thread, "job"), JOB_NEXT_EXIT, NULL);

    sqe.user_data = user_data;
    act_submit(thread, sqe);
}

struct act_exit act_exit_read(uint32_t thread, const struct cqe *cqe)
{
    struct act_answer answer = {.cqe = *cqe};

    answer_open(thread, &answer);
    struct job_next_exit_results_reader results = job_next_exit_results_read(&answer.message);
    return (struct act_exit){job_next_exit_results_get_process(results),
                             job_next_exit_results_get_code(results),
                             (uint32_t)job_next_exit_results_get_cause(results)};
}

int act_fini(void **state)
{
    (void)state;
    if (machine.end == MACHINE_RUNS) {
        core_check(act_core());
    }
    bool is_well = machine.end != MACHINE_PANICKED;
    memset(buildings, 0, sizeof(buildings));
    machine_fini();
    return is_well ? 0 : 1;
}

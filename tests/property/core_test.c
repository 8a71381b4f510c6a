// SPDX-License-Identifier: Apache-2.0
//
// Random operations of four programs against the core, valid ones and hostile ones. After each step
// the completions are those that the model foretold, the invariants hold, and the log, reduced
// again, leads to the same digest; each world ends with the last exit, and its exported log proves
// the same to the library that replicas use.
//
//     STEPS=n   operations (default 100,000)
//     SEED=n    another sequence (default 1); a failure prints the line that repeats it
//     LOG=path  keeps the log of a world in which every kind of commit occurs
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/property/world.h"

enum {
    STEPS_DEFAULT = 100000,
    STEPS_FOR_COVERAGE = 10000,
    BATCH_MAX = 3,
    HOLDS_MANY = 40, // of one actor: from here on it releases
    TIME_STEP_NS = 2000000,
    INTERFACE_FIRST = 0x5000, // of minted facets
};

// --- Choosing -----------------------------------------------------------------------------------

static bool hold_is(const struct model_hold *hold, enum model_kind kind)
{
    if (hold->is_revoker || kind == MODEL_REVOKER) {
        return hold->is_revoker && kind == MODEL_REVOKER;
    }
    return model.objects[model.nodes[hold->node].object].kind == kind;
}

// A hold of the program for which `wanted` says yes; NULL: it has none.
static const struct model_hold *hold_choose(uint32_t program,
                                            bool (*wanted)(const struct model_hold *))
{
    uint32_t first = model.hold_count == 0 ? 0 : chance_below(model.hold_count);

    for (uint32_t i = 0; i < model.hold_count; i++) {
        const struct model_hold *hold = &model.holds[(first + i) % model.hold_count];
        if (hold->program == program && hold->cap != 0 && wanted(hold)) {
            return hold;
        }
    }
    return NULL;
}

static bool is_any(const struct model_hold *hold)
{
    (void)hold;
    return true;
}

static bool is_client(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_ENDPOINT) && !model_is_server(hold->node);
}

static bool is_server(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_ENDPOINT) && model_is_server(hold->node);
}

static bool is_manager(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_MANAGER);
}

static bool is_revoker(const struct model_hold *hold)
{
    return hold->is_revoker;
}

// What a program may do without: the test needs the others.
static bool is_spare(const struct model_hold *hold)
{
    bool is_needed =
        hold_is(hold, MODEL_JOB) || hold_is(hold, MODEL_MANAGER) || hold_is(hold, MODEL_BUILDER);

    return !is_needed || hold->program != world.actors[0].program;
}

static uint32_t holds_of(uint32_t program)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model.hold_count; i++) {
        count += model.holds[i].program == program ? 1 : 0;
    }
    return count;
}

// An id that is not the program's: somebody else's, an old one, or none at all.
static uint64_t foreign_cap(uint32_t program)
{
    if (chance_in(3)) {
        const struct model_hold *hold = &model.holds[chance_below(model.hold_count)];
        return hold->program == program ? chance_below(8192) : hold->cap;
    }
    if (chance_in(2)) {
        // An index beyond the table is BAD_CAP; the model knows no sizes of tables.
        return (old_get() & 0xffffffff00001fff) | 1ull << 32;
    }
    return chance_in(2) ? chance_below(100000)
                        : (chance_word() & ~0xffffffffull) | chance_below(99);
}

static uint64_t cap_choose(uint32_t program, bool (*wanted)(const struct model_hold *))
{
    const struct model_hold *hold = hold_choose(program, chance_in(12) ? is_any : wanted);

    return hold == NULL || chance_in(25) ? foreign_cap(program) : hold->cap;
}

// --- Operations of the ring ---------------------------------------------------------------------

static uint64_t area_of(const struct actor *actor)
{
    return machine_ring(actor->thread) + PAGE_SIZE;
}

// Where a buffer stands; a bad one is not wholly the program's, or not to be written.
static uint64_t place(const struct actor *actor, uint32_t offset, uint32_t size, bool is_bad,
                      bool is_result, bool *in_ring)
{
    *in_ring = chance_in(2);
    if (!is_bad) {
        return *in_ring ? offset : area_of(actor) + offset;
    }
    if (*in_ring) {
        return chance_in(2) ? ACT_AREA_END - size + 1 : UINT64_MAX - chance_below(16);
    }
    if (is_result && chance_in(2)) {
        return actor->base + (chance_in(2) ? LAYOUT_START : LAYOUT_IMAGE);
    }
    const uint64_t nowhere[] = {actor->base + LAYOUT_END - 1, actor->base + 0x30000000,
                                area_of(actor) + ACT_AREA_END - size + 1, UINT64_MAX - 8};
    return nowhere[chance_below(4)];
}

static void place_payload(const struct actor *actor, struct model_operation *operation,
                          uint32_t offset)
{
    bool in_ring;

    operation->is_payload_bad = operation->sqe.payload_len > 0 && chance_in(16);
    operation->sqe.payload = place(actor, offset, operation->sqe.payload_len,
                                   operation->is_payload_bad, false, &in_ring);
    operation->sqe.flags |= in_ring ? SQE_RING_PAYLOAD : 0;
}

static void place_result(const struct actor *actor, struct model_operation *operation,
                         uint32_t offset)
{
    bool in_ring;

    operation->is_result_bad = operation->sqe.result_len > 0 && chance_in(16);
    operation->sqe.result =
        place(actor, offset, operation->sqe.result_len, operation->is_result_bad, true, &in_ring);
    operation->sqe.flags |= in_ring ? SQE_RING_RESULT : 0;
}

static void payload_write(const struct actor *actor, uint32_t offset, uint64_t number,
                          uint32_t size)
{
    uint8_t bytes[SLOT_SIZE];

    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = pattern_byte(number, i);
    }
    machine_message_write(actor->thread, offset, bytes, size);
}

static uint64_t limit_choose(struct model_operation *operation)
{
    uint64_t limit = chance_in(4) ? 1 + chance_below(TIME_STEP_NS) : TIMEOUT_NONE;

    operation->deadline_ns = limit == TIMEOUT_NONE ? UINT64_MAX : machine.now_ns + limit;
    return limit;
}

// False: this call would go to a kernel object; those have a test of their own below.
static bool call_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    struct sqe *sqe = &operation->sqe;
    uint32_t object;

    sqe->cap = cap_choose(actor->program, is_client);
    sqe->method = (uint16_t)(chance_in(20) ? chance_below(70) : chance_below(4));
    if (model_reach(actor->program, sqe->cap, sqe->method, &object) == STATUS_OK &&
        (object == MODEL_NONE || model.objects[object].kind != MODEL_ENDPOINT)) {
        return false;
    }
    sqe->payload_len = chance_below(chance_in(8) ? MESSAGE_MAX * 2 : MESSAGE_MAX / 2);
    sqe->result_len = chance_in(40) ? MESSAGE_SIZE_MAX + 1 : chance_below(SLOT_RESULT_SIZE + 1);
    sqe->transfers = chance_in(40) ? 1 : 0;
    sqe->disclose = (uint16_t)chance_word();
    sqe->flags = chance_in(8) ? SQE_QUIET : 0;
    place_payload(actor, operation, slot_offset(slot));
    place_result(actor, operation, slot_offset(slot) + SLOT_RESULT);
    payload_write(actor, slot_offset(slot), sqe->user_data,
                  sqe->payload_len < SLOT_SIZE ? sqe->payload_len : SLOT_SIZE);
    sqe->arg = limit_choose(operation);
    return true;
}

static bool recv_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    struct sqe *sqe = &operation->sqe;

    sqe->cap = cap_choose(actor->program, is_server);
    sqe->result_len = chance_in(16) ? chance_below(SLOT_RESULT_SIZE) : SLOT_RESULT_SIZE;
    place_result(actor, operation, slot_offset(slot) + SLOT_RESULT);
    sqe->arg = limit_choose(operation);
    return true;
}

static uint64_t call_choose(uint32_t program)
{
    uint32_t first = model.wait_count == 0 ? 0 : chance_below(model.wait_count);

    for (uint32_t i = 0; i < model.wait_count && !chance_in(16); i++) {
        const struct model_wait *wait = &model.waits[(first + i) % model.wait_count];
        bool is_taken = wait->kind == MODEL_TAKEN || wait->kind == MODEL_LOST;
        if (is_taken && wait->call_id != 0 && (wait->server == program || chance_in(16))) {
            return wait->call_id;
        }
    }
    return chance_in(2) ? old_get() : chance_word() | 1ull << 63;
}

static bool return_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    struct sqe *sqe = &operation->sqe;
    bool is_exception = chance_in(5);

    sqe->arg = call_choose(actor->program);
    sqe->flags =
        (uint8_t)((chance_in(4) ? SQE_QUIET : 0) | (is_exception ? SQE_RETURN_EXCEPTION : 0));
    sqe->method = (uint16_t)(is_exception ? chance_below(8) : chance_in(30) ? 1 : 0);
    sqe->transfers = chance_in(40) ? 1 : 0;
    sqe->payload_len = chance_in(60) ? MESSAGE_SIZE_MAX + 1 : chance_below(160);
    if (sqe->payload_len <= SLOT_SIZE) {
        place_payload(actor, operation, slot_offset(slot));
        payload_write(actor, slot_offset(slot), sqe->arg, sqe->payload_len);
    }
    return true;
}

static bool release_fill(const struct actor *actor, uint32_t slot,
                         struct model_operation *operation)
{
    const struct model_hold *hold = hold_choose(actor->program, is_spare);

    (void)slot;
    operation->sqe.flags = chance_in(4) ? SQE_QUIET : 0;
    operation->sqe.cap = hold == NULL || chance_in(10) ? foreign_cap(actor->program) : hold->cap;
    old_put(operation->sqe.cap);
    return true;
}

static bool nop_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    (void)actor;
    (void)slot;
    operation->sqe.flags = chance_in(2) ? SQE_QUIET : 0;
    operation->sqe.arg = chance_in(4) ? chance_word() : 0;
    return true;
}

static bool other_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    (void)actor;
    (void)slot;
    operation->sqe.opcode = (uint8_t)(OP_SIGNAL + chance_below(OP_COUNT - OP_SIGNAL));
    return true;
}

static const struct {
    bool (*fill)(const struct actor *, uint32_t, struct model_operation *);
    uint8_t opcode;
    uint8_t weight;
} ring_operations[] = {
    {call_fill, OP_CALL, 30},      {recv_fill, OP_RECV, 24}, {return_fill, OP_RETURN, 22},
    {release_fill, OP_RELEASE, 7}, {nop_fill, OP_NOP, 3},    {other_fill, OP_SIGNAL, 2},
};

static uint32_t ring_choose(const struct actor *actor)
{
    uint32_t total = 0;
    uint32_t at = 0;

    if (holds_of(actor->program) > HOLDS_MANY) {
        return 3;
    }
    for (uint32_t i = 0; i < sizeof(ring_operations) / sizeof(ring_operations[0]); i++) {
        total += ring_operations[i].weight;
    }
    for (uint32_t left = chance_below(total); left >= ring_operations[at].weight; at++) {
        left -= ring_operations[at].weight;
    }
    return at;
}

static void submit(struct actor *actor, const struct model_operation *operation)
{
    const struct sqe *sqe = &operation->sqe;

    note(
        "actor %ld: opcode %u flags %x method %u cap %llx user %llx payload %llx+%u%s "
        "result %llx+%u%s arg %llx",
        (long)(actor - world.actors), sqe->opcode, sqe->flags, sqe->method,
        (unsigned long long)sqe->cap, (unsigned long long)sqe->user_data,
        (unsigned long long)sqe->payload, sqe->payload_len, operation->is_payload_bad ? " bad" : "",
        (unsigned long long)sqe->result, sqe->result_len, operation->is_result_bad ? " bad" : "",
        (unsigned long long)sqe->arg);
    if (!machine_submit(actor->thread, sqe)) {
        broken("the SQ is full");
    }
}

static bool operation_begin(struct actor *actor, struct model_operation *operation, uint32_t *slot)
{
    *slot = slot_take(actor);
    *operation = (struct model_operation){.program = actor->program, .deadline_ns = UINT64_MAX};
    operation->sqe.user_data =
        (uint64_t)actor->program << 40 | actor->count++ * SLOTS | (*slot % SLOTS);
    return *slot < SLOTS;
}

static void actor_run(const struct actor *actor)
{
    if (!machine_run_until(actor->thread)) {
        broken("a thread that doesn't wait can't run");
    }
}

static void ring_step(struct actor *actor)
{
    uint32_t batch = chance_in(3) ? 1 + chance_below(BATCH_MAX) : 1;

    actor_run(actor);
    for (uint32_t i = 0; i < batch; i++) {
        struct model_operation operation;
        uint32_t slot;
        uint32_t kind = ring_choose(actor);
        if (!operation_begin(actor, &operation, &slot)) {
            break;
        }
        operation.sqe.opcode = ring_operations[kind].opcode;
        if (!ring_operations[kind].fill(actor, slot, &operation)) {
            actor->slots &= ~(1u << slot);
            continue;
        }
        submit(actor, &operation);
        model_operate(&operation);
        if (operation.sqe.opcode == OP_RELEASE) {
            break; // what follows from it comes in steps after the submission
        }
    }
    machine_enter(actor->thread, 0, 0);
    // An interrupt may have let others run between two submissions. More of them would do so for
    // ever.
    bool has_interrupts = machine.interrupts;
    machine.interrupts = false;
    while (machine.end == MACHINE_RUNS &&
           machine.kernel->gate.threads[actor->thread].is_submitting) {
        machine_timer(machine.now_ns);
    }
    machine.interrupts = has_interrupts;
    if (machine.threads[actor->thread].result > CQ_ENTRIES_DEFAULT) {
        broken("cap_enter returns %llx", (unsigned long long)machine.threads[actor->thread].result);
    }
}

// Waits in cap_enter, for a time.
static void wait_step(struct actor *actor)
{
    actor_run(actor);
    note("actor %ld waits", (long)(actor - world.actors));
    machine_enter(actor->thread, 1 + chance_below(3), 1 + chance_below(TIME_STEP_NS));
}

// --- Kernel objects -----------------------------------------------------------------------------

static uint64_t message_words[KERNEL_MESSAGE_MAX / 8];

static struct capnp_builder message_begin(void)
{
    struct capnp_builder builder;

    memset(message_words, 0, sizeof(message_words));
    capnp_builder_init(&builder, message_words, sizeof(message_words));
    return builder;
}

// Calls; `predicted` is what the object says if the call reaches it. True: it succeeded.
static bool object_call(const struct actor *actor, uint64_t cap, uint16_t method,
                        const struct capnp_builder *message, enum status predicted,
                        struct act_answer *answer)
{
    struct act_snapshot before = act_snapshot();
    uint32_t object;
    enum status reach = model_reach(actor->program, cap, method, &object);

    note("actor %ld: object %llx method %u", (long)(actor - world.actors), (unsigned long long)cap,
         method);
    act_object(actor->thread, (cap_t){cap}, method, message, answer);
    fact_check("kernel object", reach != STATUS_OK ? reach : predicted, act_fact(&answer->cqe));
    if (act_fact(&answer->cqe) != STATUS_OK && !act_same(&before)) {
        broken("a refused call changed something");
    }
    return act_fact(&answer->cqe) == STATUS_OK;
}

static enum status facet_predict(const struct actor *actor, uint64_t manager, uint64_t target,
                                 const uint64_t arguments[3], uint32_t *node)
{
    uint32_t object;

    if (model_reach(actor->program, manager, 0, &object) != STATUS_OK) {
        return STATUS_OK; // it doesn't get that far
    }
    return model_facet(actor->program, target, arguments[0], arguments[1], arguments[2], node);
}

static void facet_step(struct actor *actor)
{
    const struct model_hold *manager = hold_choose(actor->program, is_manager);
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint32_t node = MODEL_NONE;

    if (manager == NULL) {
        return;
    }
    uint64_t manager_cap = manager->cap;
    uint64_t target = cap_choose(actor->program, chance_in(2) ? is_server : is_any);
    const struct model_hold *hold = model_hold_find(actor->program, target);
    bool may_copy = hold != NULL && hold->may_copy;
    uint64_t methods = hold == NULL ? 7 : model.nodes[hold->node].methods;
    const uint64_t arguments[3] = {
        chance_in(6) ? chance_word() : methods & (chance_word() | 0xf),
        chance_in(3) ? 0 : INTERFACE_FIRST + chance_below(3),
        chance_in(2) ? 0 : chance_word(),
    };
    struct capability_manager_facet_params_builder params =
        capability_manager_facet_params_build(&message);
    capability_manager_facet_params_set_target(params, (struct capnp_cap){target});
    capability_manager_facet_params_set_methods(params, arguments[0]);
    capability_manager_facet_params_set_interface(params, arguments[1]);
    capability_manager_facet_params_set_receiver_data(params, arguments[2]);
    if (target == 0) {
        return;
    }
    enum status predicted = facet_predict(actor, manager_cap, target, arguments, &node);
    if (!object_call(actor, manager_cap, CAPABILITY_MANAGER_FACET, &message, predicted, &answer)) {
        return;
    }
    struct capability_manager_facet_results_reader results =
        capability_manager_facet_results_read(&answer.message);
    uint64_t made = capability_manager_facet_results_get_facet(results).id;
    uint64_t revoker = capability_manager_facet_results_get_revoker(results).id;
    if (answer.caps[0].interface != model.nodes[node].interface ||
        answer.caps[1].interface != REVOKER_INTERFACE_ID) {
        broken("a new facet has another interface than the model says");
    }
    model_hold_insert(actor->program, made, node, may_copy, false);
    model_hold_insert(actor->program, revoker, node, false, true);
}

static void revoker_step(struct actor *actor)
{
    const struct model_hold *hold = hold_choose(actor->program, is_revoker);
    struct act_answer answer;

    if (hold == NULL) {
        return;
    }
    uint64_t cap = hold->cap;
    bool is_live = !model_is_revoked(hold->node);
    if (chance_in(3)) {
        object_call(actor, cap, REVOKER_REVOKE, NULL, STATUS_OK, &answer);
        model_revoke(actor->program, cap);
        return;
    }
    object_call(actor, cap, REVOKER_STATUS, NULL, STATUS_OK, &answer);
    if (revoker_status_results_get_live(revoker_status_results_read(&answer.message)) != is_live) {
        broken("a revoker says another status than the model");
    }
}

static bool is_plain(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_TIMER) || hold_is(hold, MODEL_MEMORY) ||
           hold_is(hold, MODEL_CONSOLE) || hold_is(hold, MODEL_PROCESS) ||
           (hold_is(hold, MODEL_ENDPOINT) && model_is_server(hold->node));
}

// Objects that answer and remember nothing.
static void plain_step(struct actor *actor)
{
    const struct model_hold *hold = hold_choose(actor->program, is_plain);
    struct capnp_builder message = message_begin();
    struct act_answer answer;

    if (hold == NULL) {
        return;
    }
    debug_console_write_line_params_set_text(debug_console_write_line_params_build(&message),
                                             (struct capnp_text){"a line", 6});
    bool is_console = hold_is(hold, MODEL_CONSOLE);
    bool is_memory = hold_is(hold, MODEL_MEMORY);
    uint16_t method = (uint16_t)(chance_in(4) ? chance_below(66) : 0);
    if (is_memory && method == MEMORY_OBJECT_READ) {
        message = message_begin();
        memory_object_read_params_set_length(memory_object_read_params_build(&message), 8);
    }
    object_call(actor, hold->cap, method, is_console || is_memory ? &message : NULL, STATUS_OK,
                &answer);
}

static void object_step(struct actor *actor)
{
    if (holds_of(actor->program) > HOLDS_MANY) {
        ring_step(actor);
    } else if (chance_in(2)) {
        facet_step(actor);
    } else if (chance_in(2)) {
        revoker_step(actor);
    } else {
        plain_step(actor);
    }
}

// --- The first program: endpoints, processes, exits ---------------------------------------------

static uint64_t first_job(void)
{
    return act_named(world.actors[0].thread, "job").value;
}

static void endpoint_step(struct actor *first)
{
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint32_t message_max = chance_in(10) ? chance_below(2) * 70000 : 1 + chance_below(MESSAGE_MAX);
    bool is_bad = message_max == 0 || message_max > MESSAGE_SIZE_MAX;

    job_make_endpoint_params_set_message_max(job_make_endpoint_params_build(&message), message_max);
    if (object_call(first, first_job(), JOB_MAKE_ENDPOINT, &message,
                    is_bad ? STATUS_BAD_VALUE : STATUS_OK, &answer)) {
        uint32_t node = model_object_create(MODEL_ENDPOINT, ENDPOINT_INTERFACE_ID, message_max);
        model_hold_insert(
            first->program,
            job_make_endpoint_results_get_server(job_make_endpoint_results_read(&answer.message))
                .id,
            node, true, false);
    }
}

static void exit_step(struct actor *first)
{
    struct model_operation operation;
    uint32_t slot;

    actor_run(first);
    if (!operation_begin(first, &operation, &slot)) {
        return;
    }
    operation.sqe.opcode = OP_CALL;
    operation.sqe.method = JOB_NEXT_EXIT;
    operation.sqe.cap = first_job();
    operation.sqe.flags = SQE_RING_RESULT | SQE_RING_PAYLOAD;
    operation.sqe.result = slot_offset(slot) + SLOT_RESULT;
    operation.sqe.result_len = SLOT_RESULT_SIZE;
    submit(first, &operation);
    model_next_exit(&operation);
    machine_enter(first->thread, 0, 0);
}

static void release(struct actor *actor, uint64_t cap)
{
    struct model_operation operation;
    uint32_t slot;

    actor_run(actor);
    if (!operation_begin(actor, &operation, &slot)) {
        return;
    }
    operation.sqe.opcode = OP_RELEASE;
    operation.sqe.cap = cap;
    submit(actor, &operation);
    model_operate(&operation);
    machine_enter(actor->thread, 0, 0);
}

static void build_begin(struct actor *first)
{
    struct building *building = &world.building;
    struct act_answer answer;

    if (!object_call(first, first_job(), JOB_MAKE_PROCESS_BUILDER, NULL, STATUS_OK, &answer)) {
        return;
    }
    uint32_t node = model_object_create(MODEL_BUILDER, PROCESS_BUILDER_INTERFACE_ID, 0);
    building->builder.value = job_make_process_builder_results_get_builder(
                                  job_make_process_builder_results_read(&answer.message))
                                  .id;
    building->object = model.nodes[node].object;
    building->program = world.programs++;
    model.objects[building->object].program = building->program;
    model_hold_insert(first->program, building->builder.value, node, false, false);
}

static void build_load(struct actor *first)
{
    static const char *const names[] = {"child", "other", "child", "init", "nobody"};
    struct model_object *object = &model.objects[world.building.object];
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint32_t choice = chance_below(5);
    enum status predicted = choice > 2 ? STATUS_NAME_UNKNOWN : STATUS_OK;

    process_builder_load_params_set_program(
        process_builder_load_params_build(&message),
        (struct capnp_text){names[choice], (uint32_t)strlen(names[choice])});
    if (predicted == STATUS_OK && object->is_loaded) {
        predicted = STATUS_LOADED_ALREADY;
    }
    if (object->is_spent) {
        predicted = STATUS_BUILDER_SPENT;
    }
    if (object_call(first, world.building.builder.value, PROCESS_BUILDER_LOAD, &message, predicted,
                    &answer)) {
        object->is_loaded = true;
    }
}

static void build_grant(struct actor *first, bool is_manager_wanted)
{
    struct building *building = &world.building;
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint32_t name = chance_below(NAMES_MAX);
    char text[8];
    uint64_t cap = cap_choose(first->program, is_manager_wanted ? is_manager : is_any);

    if (cap == 0) {
        return;
    }
    snprintf(text, sizeof(text), "n%02u", name);
    struct process_builder_grant_params_builder params =
        process_builder_grant_params_build(&message);
    process_builder_grant_params_set_name(params, (struct capnp_text){text, 3});
    process_builder_grant_params_set_capability(params, (struct capnp_cap){cap});
    enum status predicted = model_grant(first->program, building->object, cap, name);
    if (object_call(first, building->builder.value, PROCESS_BUILDER_GRANT, &message, predicted,
                    &answer)) {
        building->nodes[name] = model_hold_find(first->program, cap)->node;
    }
}

static void build_start(struct actor *first)
{
    struct building *building = &world.building;
    struct model_object *object = &model.objects[building->object];
    struct act_answer answer;
    struct actor *made = NULL;
    enum status predicted = object->is_spent     ? STATUS_BUILDER_SPENT
                            : !object->is_loaded ? STATUS_NOT_LOADED
                                                 : STATUS_OK;

    for (uint32_t i = 1; i < ACTORS; i++) {
        made = world.actors[i].is_alive ? made : &world.actors[i];
    }
    if (!object_call(first, building->builder.value, PROCESS_BUILDER_START, NULL, predicted,
                     &answer)) {
        return;
    }
    object->is_spent = true;
    uint32_t node = model_object_create(MODEL_PROCESS, PROCESS_INTERFACE_ID, 0);
    uint64_t cap = process_builder_start_results_get_process(
                       process_builder_start_results_read(&answer.message))
                       .id;
    model_hold_insert(first->program, cap, node, false, false);
    actor_start(made, machine.newest_thread, building->program);
    for (uint32_t name = 0; name < NAMES_MAX; name++) {
        char text[8];
        if ((object->names >> name & 1) != 0) {
            snprintf(text, sizeof(text), "n%02u", name);
            model_grant_learn(building->program, building->nodes[name],
                              act_named(made->thread, text).value);
        }
    }
}

static void build_drop(struct actor *first)
{
    struct building *building = &world.building;

    release(first, building->builder.value);
    if (!model.objects[building->object].is_spent) {
        model_program_end(building->program, false, (struct model_exit){0});
    }
    building->builder.value = 0;
}

static void build_step(struct actor *first)
{
    bool has_place = false;

    for (uint32_t i = 1; i < ACTORS; i++) {
        has_place = has_place || !world.actors[i].is_alive;
    }
    if (world.building.builder.value == 0) {
        if (has_place) {
            build_begin(first);
        }
        return;
    }
    const struct model_object *object = &model.objects[world.building.object];
    uint32_t choice = chance_below(16);
    if (choice == 0 || (object->is_spent && chance_in(3))) {
        build_drop(first);
    } else if (!object->is_loaded || choice == 1) {
        build_load(first);
    } else if (choice <= 4) {
        build_start(first);
    } else {
        build_grant(first, choice > 10);
    }
}

static void first_step(struct actor *first)
{
    uint32_t choice = chance_below(10);

    if (choice < 6) {
        build_step(first);
    } else if (choice < 8) {
        endpoint_step(first);
    } else {
        exit_step(first);
    }
}

// --- Hostile programs ---------------------------------------------------------------------------

// Refused for its form alone.
static void hostile_words(struct actor *actor)
{
    struct act_snapshot before = act_snapshot();
    struct sqe sqe;
    struct cqe cqe;
    uint64_t words[8];

    for (uint32_t i = 0; i < 8; i++) {
        words[i] = chance_word();
    }
    memcpy(&sqe, words, sizeof(sqe));
    sqe.opcode = (uint8_t)(chance_in(2) ? chance_below(OP_COUNT) : sqe.opcode);
    note("actor %ld: random words, opcode %u", (long)(actor - world.actors), sqe.opcode);
    if (!machine_submit(actor->thread, &sqe)) {
        broken("the SQ is full");
    }
    machine_enter(actor->thread, 0, 0);
    if (!machine_reap(actor->thread, &cqe) || cqe.user_data != sqe.user_data) {
        broken("random words have no completion");
    }
    enum status fact = act_fact(&cqe);
    if (fact != STATUS_BAD_OPCODE && fact != STATUS_RESERVED_SET && fact != STATUS_UNSUPPORTED) {
        broken("random words: fact %d", fact);
    }
    if (!act_same(&before)) {
        broken("random words changed something");
    }
}

static void enter_refused(struct actor *actor, uint64_t min_complete, enum status fact)
{
    struct act_snapshot before = act_snapshot();

    machine_enter(actor->thread, min_complete, TIMEOUT_NONE);
    if (machine.threads[actor->thread].result != (uint64_t) - (int64_t)fact || !act_same(&before)) {
        broken("cap_enter returns %lld, not %d", (long long)machine.threads[actor->thread].result,
               -(int)fact);
    }
}

// An index out of its range: told so, and nothing else happens.
static void hostile_index(struct actor *actor)
{
    uint64_t ring = machine_ring(actor->thread);
    bool is_tail = chance_in(2);
    uint64_t at = ring + (is_tail ? offsetof(struct ring_header, sq_tail)
                                  : offsetof(struct ring_header, cq_head));
    uint32_t space = machine.threads[actor->thread].space;
    uint32_t right;
    uint32_t wrong;

    if (!machine_read(space, at, &right, sizeof(right))) {
        broken("a ring that can't be read");
    }
    wrong = is_tail ? right + SQ_ENTRIES_DEFAULT + 1 + (uint32_t)chance_below(1 << 30)
                    : right + 1 + chance_below(1 << 30);
    note("actor %ld: %s is %x, not %x", (long)(actor - world.actors), is_tail ? "tail" : "head",
         wrong, right);
    machine_write(space, at, &wrong, sizeof(wrong));
    enter_refused(actor, 0, STATUS_RING_CORRUPT);
    machine_write(space, at, &right, sizeof(right));
}

static void hostile_step(struct actor *actor)
{
    actor_run(actor);
    switch (chance_below(4)) {
    case 0:
        hostile_index(actor);
        break;
    case 1:
        enter_refused(actor, CQ_ENTRIES_DEFAULT + 1 + chance_word() % 99, STATUS_BAD_ARGUMENT);
        break;
    case 2:
        enter_refused(actor, model_waiting(actor->program) + 1, STATUS_NOTHING_PENDING);
        break;
    default:
        hostile_words(actor);
        break;
    }
}

// --- Steps --------------------------------------------------------------------------------------

static void end_step(struct actor *actor)
{
    uint32_t cause = chance_below(3);

    if (actor == &world.actors[0]) {
        return;
    }
    note("actor %ld ends, cause %u", (long)(actor - world.actors), cause);
    actor_end(actor, (int32_t)chance_word(), cause);
}

static void step(void)
{
    struct actor *actor = actor_find();
    uint32_t choice = chance_below(1000);

    if (actor == NULL || choice < 40) {
        machine.now_ns += 1 + chance_below(TIME_STEP_NS);
        note("now %llu", (unsigned long long)machine.now_ns);
        return;
    }
    if (choice < 600) {
        ring_step(actor);
    } else if (choice < 780) {
        object_step(actor);
    } else if (choice < 900 && !actor_is_waiting(&world.actors[0])) {
        first_step(&world.actors[0]);
    } else if (choice < 925) {
        wait_step(actor);
    } else if (choice < 940) {
        end_step(actor);
    } else {
        hostile_step(actor);
    }
}

static bool is_emitted(uint32_t kind)
{
    // The others are reserved: abi/commit.h.
    static const uint8_t reserved[] = {0,
                                       COMMIT_GENESIS_HEAD,
                                       COMMIT_SESSION_END,
                                       COMMIT_JOB_KILL,
                                       COMMIT_FACET_LEASE,
                                       COMMIT_HOLD_MOVE,
                                       COMMIT_MEMORY_DECOMMIT,
                                       COMMIT_MEMORY_PROTECT,
                                       COMMIT_LIMIT_MOVE,
                                       COMMIT_CHECKPOINT_MARK};

    return memchr(reserved, (int)kind, sizeof(reserved)) == NULL;
}

static bool has_every_kind(const uint64_t kinds[COMMIT_KIND_COUNT], const uint64_t *before)
{
    bool has_all = true;

    for (uint32_t kind = 0; kind < COMMIT_KIND_COUNT; kind++) {
        bool occurs = kinds[kind] != (before == NULL ? 0 : before[kind]);
        has_all = has_all && (occurs || !is_emitted(kind));
    }
    return has_all;
}

static uint64_t environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void tally_print(void)
{
    printf("%llu steps, seed %llu: %llu worlds, %llu commits, %llu deliveries, %llu answers\n",
           (unsigned long long)tally.step, (unsigned long long)tally.seed,
           (unsigned long long)tally.worlds, (unsigned long long)tally.commits,
           (unsigned long long)tally.deliveries, (unsigned long long)tally.answers);
    printf("facts:");
    for (uint32_t i = 1; i < STATUS_LIMIT; i++) {
        if (tally.refusals[i] != 0) {
            printf(" %u:%llu", i, (unsigned long long)tally.refusals[i]);
        }
    }
    printf("\n");
}

int main(void)
{
    uint64_t steps = environment("STEPS", STEPS_DEFAULT);
    const char *log_path = getenv("LOG");
    uint64_t kinds_before[COMMIT_KIND_COUNT] = {0};

    tally.seed = environment("SEED", 1);
    chance_init(tally.seed);
    world.is_over = true;
    for (; tally.step < steps; tally.step++) {
        if (world.is_over) {
            memcpy(kinds_before, tally.kinds, sizeof(kinds_before));
            world_begin();
        }
        step();
        world_check();
        if (world_is_nearly_full() || chance_in(5000) || tally.step + 1 == steps) {
            bool is_kept = log_path != NULL && has_every_kind(tally.kinds, kinds_before);
            world_end(is_kept ? log_path : NULL);
            log_path = is_kept ? NULL : log_path;
        }
    }
    tally_print();
    if (steps >= STEPS_FOR_COVERAGE && !has_every_kind(tally.kinds, NULL)) {
        broken("a kind of commit never occurs");
    }
    if (log_path != NULL) {
        broken("no world had every kind of commit");
    }
    return 0;
}

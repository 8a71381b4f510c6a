// SPDX-License-Identifier: Apache-2.0
//
// Calls of kernel objects, each foretold by the model: facets, revokers, what only answers, and
// what the first program does with its job: endpoints, processes, exits.
#include "kernel/core/state/state.h"
#include "kernel/core/test/sessions.h"
#include "tests/property/learn.h"
#include "tests/property/step.h"

#include <stdio.h>
#include <string.h>

enum {
    HOLDS_MANY = 40, // of one actor: from here on it releases
    LEASE_NS = 20000000,
};

// --- Kernel objects -----------------------------------------------------------------------------

static uint64_t message_words[KERNEL_MESSAGE_MAX / 8];

struct capnp_builder message_begin(void)
{
    struct capnp_builder builder;

    memset(message_words, 0, sizeof(message_words));
    capnp_builder_init(&builder, message_words, sizeof(message_words));
    return builder;
}

bool object_call(const struct actor *actor, uint64_t cap, uint16_t method,
                 const struct capnp_builder *message, enum status predicted,
                 struct act_answer *answer)
{
    actor_refresh(actor);
    struct act_snapshot before = act_snapshot();
    uint32_t object;
    enum status reach = model_reach(actor->program, cap, method, &object);

    note("actor %ld: object %llx method %u", (long)(actor - world.actors), (unsigned long long)cap,
         method);
    const struct model_hold *hold = model_hold_find(actor->program, cap);
    uint32_t node = hold == NULL || hold->is_revoker ? MODEL_NONE : hold->node;
    model.maker = hold == NULL ? SCOPE_SHAREABLE : hold->scope;
    act_object(actor->thread, (cap_t){cap}, method, message, answer);
    if (act_fact(&answer->cqe) == STATUS_OK) {
        model_use(node);
    }
    fact_check("kernel object", reach != STATUS_OK ? reach : predicted, act_fact(&answer->cqe));
    if (act_fact(&answer->cqe) != STATUS_OK && !act_same(&before)) {
        broken("a refused call changed something");
    }
    return act_fact(&answer->cqe) == STATUS_OK;
}

static enum status facet_predict(const struct actor *actor, uint64_t manager, uint64_t target,
                                 const struct model_facet *facet, uint32_t *node)
{
    uint32_t object;

    if (model_reach(actor->program, manager, 0, &object) != STATUS_OK) {
        return STATUS_OK; // it doesn't get that far
    }
    return model_facet(actor->program, target, facet, node);
}

// Of minted facets: some have the number of what the kernel serves, and are no such thing.
static uint64_t interface_draw(void)
{
    const uint64_t interfaces[] = {0x5000, 0x5001, 0x5002, NOTIFICATION_INTERFACE_ID,
                                   PARK_SPACE_INTERFACE_ID};

    return interfaces[chance_below(sizeof(interfaces) / sizeof(interfaces[0]))];
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
    enum transfer_mode mode = hold == NULL ? TRANSFER_NONE : hold->mode;
    uint64_t methods = hold == NULL ? 7 : model.nodes[hold->node].methods;
    const struct model_facet facet = {
        chance_in(6) ? chance_word() : methods & (chance_word() | 0xf),
        chance_in(3) ? 0 : interface_draw(),
        chance_in(2) ? 0 : chance_word(),
        chance_in(2) ? 0 : (uint16_t)chance_word(),
        chance_in(4) ? (uint16_t)chance_below(4) : 0,
    };
    enum session_scope own = hold == NULL ? SCOPE_SHAREABLE : hold->scope;
    enum session_scope scope = facet.scope != 0 ? (enum session_scope)facet.scope : own;
    struct capability_manager_facet_params_builder params =
        capability_manager_facet_params_build(&message);
    capability_manager_facet_params_set_target(params, (struct capnp_cap){target});
    capability_manager_facet_params_set_methods(params, facet.methods);
    capability_manager_facet_params_set_interface(params, facet.interface);
    capability_manager_facet_params_set_receiver_data(params, facet.receiver_data);
    capability_manager_facet_params_set_withheld(params, facet.withheld);
    capability_manager_facet_params_set_scope(params, facet.scope);
    if (target == 0) {
        return;
    }
    enum status predicted = facet_predict(actor, manager_cap, target, &facet, &node);
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
    model_hold_insert_scoped((struct model_hold){actor->program, node, made, false, mode, scope});
    model_hold_insert_scoped(
        (struct model_hold){actor->program, node, revoker, true, TRANSFER_MOVE, own});
}

static bool is_revoker(const struct model_hold *hold)
{
    return hold->is_revoker;
}

// What nobody waits by, but for calls: the end of a lease is met where it is looked at.
static bool may_be_leased(uint32_t node)
{
    static const uint32_t kinds = 1u << MODEL_ENDPOINT | 1u << MODEL_CONSOLE | 1u << MODEL_MEMORY |
                                  1u << MODEL_MANAGER | 1u << MODEL_PROCESS;

    return (kinds >> model.objects[model.nodes[node].object].kind & 1) != 0;
}

static void lease(struct actor *actor, uint64_t revoker, uint32_t node)
{
    struct capnp_builder message = message_begin();
    struct revoker_set_lease_params_builder params = revoker_set_lease_params_build(&message);
    struct act_answer answer;
    uint64_t expiry_ns = chance_in(2) ? UINT64_MAX : machine.now_ns + chance_below(LEASE_NS);
    uint64_t calls = chance_in(2) ? UINT64_MAX : chance_below(5);

    revoker_set_lease_params_set_expiry(params, expiry_ns);
    revoker_set_lease_params_set_calls(params, calls);
    if (object_call(actor, revoker, REVOKER_SET_LEASE, &message,
                    calls == 0 ? STATUS_BAD_VALUE : STATUS_OK, &answer)) {
        model.nodes[node].expiry_ns = expiry_ns;
        model.nodes[node].calls = calls;
        model.nodes[node].used = 0;
    }
}

static void revoker_step(struct actor *actor)
{
    const struct model_hold *hold = hold_choose(actor->program, is_revoker);
    struct act_answer answer;

    if (hold == NULL) {
        return;
    }
    uint64_t cap = hold->cap;
    uint32_t node = hold->node;
    bool is_live = model_node_fact(node) == STATUS_OK;
    if (may_be_leased(node) && chance_in(3)) {
        lease(actor, cap, node);
        return;
    }
    if (chance_in(3)) {
        if (object_call(actor, cap, REVOKER_REVOKE, NULL, STATUS_OK, &answer)) {
            model.nodes[node].is_revoked = true;
            model_settle();
        }
        return;
    }
    if (object_call(actor, cap, REVOKER_STATUS, NULL, STATUS_OK, &answer) &&
        revoker_status_results_get_live(revoker_status_results_read(&answer.message)) != is_live) {
        broken("a revoker says another status than the model");
    }
}

static bool is_plain(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_TIMER) || hold_is(hold, MODEL_MEMORY) ||
           hold_is(hold, MODEL_CONSOLE) || hold_is(hold, MODEL_PROCESS) ||
           hold_is(hold, MODEL_PARK_SPACE);
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
    if (hold_is(hold, MODEL_PROCESS) && method == PROCESS_KILL) {
        return; // who is killed, the model doesn't follow
    }
    if (is_memory && method == MEMORY_OBJECT_READ) {
        message = message_begin();
        memory_object_read_params_set_length(memory_object_read_params_build(&message), 8);
    }
    bool is_sealed = is_memory && method == MEMORY_OBJECT_WRITE; // as all memory here
    object_call(actor, hold->cap, method, is_console || is_memory ? &message : NULL,
                is_sealed ? STATUS_SEALED : STATUS_OK, &answer);
}

static bool is_notification(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_NOTIFICATION);
}

// signal and take, where no WAIT of the actor's own completes before.
static void notification_step(struct actor *actor)
{
    const struct model_hold *hold = hold_choose(actor->program, is_notification);
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint64_t bits = chance_word() & chance_word();

    for (uint32_t i = 0; i < model.wait_count; i++) {
        if (model.waits[i].kind == MODEL_WAITING &&
            model.waits[i].operation.program == actor->program) {
            return;
        }
    }
    if (hold == NULL) {
        return;
    }
    uint32_t object = model.nodes[hold->node].object;
    if (chance_in(2)) {
        notification_signal_params_set_bits(notification_signal_params_build(&message), bits);
        if (object_call(actor, hold->cap, NOTIFICATION_SIGNAL, &message, STATUS_OK, &answer)) {
            model_set(object, bits);
        }
        return;
    }
    notification_take_params_set_mask(notification_take_params_build(&message), bits);
    if (object_call(actor, hold->cap, NOTIFICATION_TAKE, &message, STATUS_OK, &answer) &&
        notification_take_results_get_bits(notification_take_results_read(&answer.message)) !=
            model_take(object, bits)) {
        broken("other bits were taken than the model says");
    }
}

// Mostly of a call that is being answered, by whomever.
static void identity_step(struct actor *actor, uint64_t cap, uint32_t object)
{
    struct capnp_builder message = message_begin();
    struct endpoint_identity_params_builder params = endpoint_identity_params_build(&message);
    uint32_t first = model.wait_count == 0 ? 0 : chance_below(model.wait_count);
    uint32_t section = chance_in(2) ? 0 : chance_below(IDENTITY_SECTIONS);
    uint64_t call_id = old_get(&world.old_calls);
    struct act_answer answer;
    uint32_t size;

    for (uint32_t i = 0; i < model.wait_count; i++) {
        const struct model_wait *wait = &model.waits[(first + i) % model.wait_count];
        call_id = wait->kind == MODEL_TAKEN && wait->object == object ? wait->call_id : call_id;
    }
    endpoint_identity_params_set_call_id(params, call_id);
    endpoint_identity_params_set_section(params, section);
    enum status predicted = model_identity(actor->program, object, call_id, section, &size);
    if (object_call(actor, cap, ENDPOINT_IDENTITY, &message, predicted, &answer) &&
        endpoint_identity_results_get_size(endpoint_identity_results_read(&answer.message)) !=
            size) {
        broken("a section has another size than the model says");
    }
}

// nextCancelled, bind and identity.
static void endpoint_server_step(struct actor *actor)
{
    const struct model_hold *hold = hold_choose(actor->program, is_server);
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint32_t reached;

    if (hold == NULL) {
        return;
    }
    uint64_t cap = hold->cap;
    uint32_t object = model.nodes[hold->node].object;
    if (chance_in(3)) {
        identity_step(actor, cap, object);
        return;
    }
    if (chance_in(2)) {
        if (object_call(actor, cap, ENDPOINT_NEXT_CANCELLED, NULL, STATUS_OK, &answer) &&
            !model_next_cancelled(actor->program, object,
                                  endpoint_next_cancelled_results_get_call_id(
                                      endpoint_next_cancelled_results_read(&answer.message)))) {
            broken("another call is lost than the model says");
        }
        return;
    }
    uint64_t bound = cap_choose(actor->program, is_notification);
    if (bound == 0) {
        return;
    }
    endpoint_bind_params_set_notification(endpoint_bind_params_build(&message),
                                          (struct notification){bound});
    enum status predicted = STATUS_OK;
    if (model_reach(actor->program, cap, ENDPOINT_BIND, &reached) == STATUS_OK) {
        predicted = model_bind(actor->program, object, bound);
    }
    object_call(actor, cap, ENDPOINT_BIND, &message, predicted, &answer);
}

static bool is_timer(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_TIMER);
}

static void sleep_step(struct actor *actor)
{
    const struct model_hold *hold = hold_choose(actor->program, is_timer);
    struct capnp_builder message = message_begin();
    struct model_operation operation;
    uint32_t slot;

    actor_refresh(actor);
    hold = hold_choose(actor->program, is_timer);
    if (hold == NULL || !operation_begin(actor, &operation, &slot)) {
        return;
    }
    uint64_t deadline_ns = machine.now_ns;
    limit_choose(&operation);
    deadline_ns = operation.deadline_ns == UINT64_MAX || chance_in(9) ? machine.now_ns
                                                                      : operation.deadline_ns;
    operation.sqe.arg = limit_choose(&operation);
    timer_sleep_until_params_set_deadline(timer_sleep_until_params_build(&message), deadline_ns);
    machine_message_write(actor->thread, slot_offset(slot), message.bytes,
                          capnp_builder_size(&message));
    operation.sqe.opcode = OP_CALL;
    operation.sqe.method = TIMER_SLEEP_UNTIL;
    operation.sqe.cap = hold->cap;
    operation.sqe.flags = SQE_RING_PAYLOAD;
    operation.sqe.payload = slot_offset(slot);
    operation.sqe.payload_len = capnp_builder_size(&message);
    operation_submit(actor, &operation);
    operation.until_ns = deadline_ns;
    model_operate(&operation);
    machine_enter(actor->thread, 0, 0);
}

void object_step(struct actor *actor)
{
    static void (*const steps[])(struct actor *) = {
        facet_step,        facet_step,           facet_step, revoker_step, plain_step,
        notification_step, endpoint_server_step, sleep_step, device_step,  device_step,
    };

    if (holds_of(actor->program) > HOLDS_MANY) {
        ring_step(actor);
    } else {
        steps[chance_below(sizeof(steps) / sizeof(steps[0]))](actor);
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
            node, TRANSFER_COPY, false);
    }
}

static void notification_make_step(struct actor *first)
{
    struct act_answer answer;

    if (object_call(first, first_job(), JOB_MAKE_NOTIFICATION, NULL, STATUS_OK, &answer)) {
        uint32_t node = model_object_create(MODEL_NOTIFICATION, NOTIFICATION_INTERFACE_ID, 0);
        struct job_make_notification_results_reader results =
            job_make_notification_results_read(&answer.message);
        model_hold_insert(first->program,
                          job_make_notification_results_get_notification(results).id, node,
                          TRANSFER_COPY, false);
    }
}

static void park_space_make_step(struct actor *first)
{
    struct act_answer answer;

    if (object_call(first, first_job(), JOB_MAKE_PARK_SPACE, NULL, STATUS_OK, &answer)) {
        uint32_t node = model_object_create(MODEL_PARK_SPACE, PARK_SPACE_INTERFACE_ID, 0);
        struct job_make_park_space_results_reader results =
            job_make_park_space_results_read(&answer.message);
        model_hold_insert(first->program, job_make_park_space_results_get_space(results).id, node,
                          TRANSFER_NONE, false);
    }
}

static void exit_step(struct actor *first)
{
    struct model_operation operation;
    uint32_t slot;

    actor_refresh(first);
    if (!operation_begin(first, &operation, &slot)) {
        return;
    }
    operation.sqe.opcode = OP_CALL;
    operation.sqe.method = JOB_NEXT_EXIT;
    operation.sqe.cap = first_job();
    operation.sqe.flags = SQE_RING_RESULT | SQE_RING_PAYLOAD;
    operation.sqe.result = slot_offset(slot) + SLOT_RESULT;
    operation.sqe.result_len = SLOT_RESULT_SIZE;
    operation.sqe.arg = limit_choose(&operation);
    operation_submit(first, &operation);
    model_operate(&operation);
    machine_enter(first->thread, 0, 0);
}

static bool release(struct actor *actor, uint64_t cap)
{
    struct model_operation operation;
    uint32_t slot;

    actor_refresh(actor);
    if (!operation_begin(actor, &operation, &slot)) {
        return false;
    }
    operation.sqe.opcode = OP_RELEASE;
    operation.sqe.cap = cap;
    operation_submit(actor, &operation);
    model_operate(&operation);
    machine_enter(actor->thread, 0, 0);
    return true;
}

static bool is_session(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_SESSION);
}

static bool session_builder(struct actor *first, uint64_t cap, uint32_t session,
                            struct act_answer *answer)
{
    struct capnp_builder message = message_begin();

    session_minter_make_process_builder_params_set_job(
        session_minter_make_process_builder_params_build(&message), (struct job){first_job()});
    return object_call(first, cap, SESSION_MINTER_MAKE_PROCESS_BUILDER, &message,
                       model_session_fact(session), answer);
}

static void mint(struct actor *first, uint64_t cap, uint32_t parent)
{
    static const char *const sections[] = {"principal", NULL};
    struct act_answer answer;
    bool is_over = chance_in(5) && machine.now_ns > 0; // before it begins

    actor_refresh(first);
    cap_t identity = act_identity(first->thread, sections);
    struct capnp_builder message = message_begin();
    struct session_minter_mint_params_builder params = session_minter_mint_params_build(&message);
    session_minter_mint_params_set_identity(params, (struct memory_object){identity.value});
    session_minter_mint_params_set_expiry(params, is_over ? 1 : UINT64_MAX);
    enum status predicted = model_session_fact(parent);
    if (predicted == STATUS_OK && model.sessions[parent].depth + 1 == SESSION_DEPTH_MAX) {
        predicted = STATUS_SESSION_TOO_DEEP;
    }
    if (object_call(first, cap, SESSION_MINTER_MINT, &message, predicted, &answer)) {
        uint32_t node = model_object_create(MODEL_SESSION, SESSION_MINTER_INTERFACE_ID, 0);
        model.objects[model.nodes[node].object].of = model.session_count;
        model.sessions[model.session_count++] =
            (struct model_session){.parent = parent,
                                   .depth = model.sessions[parent].depth + 1,
                                   .principal_size = (uint32_t)strlen(sections[0]),
                                   .is_over = is_over};
        model_hold_insert(first->program, answer.caps[0].cap, node, TRANSFER_COPY, false);
    }
    act_do_fact(first->thread, act_release(identity));
}

// Sessions come and end; the first program's own stays.
static void session_step(struct actor *first)
{
    const struct model_hold *hold = hold_choose(first->program, is_session);
    struct act_answer answer;

    if (hold == NULL) {
        return;
    }
    uint64_t cap = hold->cap;
    uint32_t session = model.objects[model.nodes[hold->node].object].of;
    if (session != 0 && chance_in(3)) {
        if (object_call(first, cap, SESSION_MINTER_END, NULL, model_session_fact(session),
                        &answer)) {
            model.sessions[session].is_over = true;
            model_settle();
        }
    } else if (model.session_count < MODEL_SESSIONS_MAX - 2) {
        mint(first, cap, session);
    }
}

static void build_begin(struct actor *first)
{
    struct building *building = &world.building;
    struct act_answer answer;

    const struct model_hold *hold = chance_in(2) ? hold_choose(first->program, is_session) : NULL;
    uint32_t session = hold == NULL ? 0 : model.objects[model.nodes[hold->node].object].of;
    if (!(hold == NULL
              ? object_call(first, first_job(), JOB_MAKE_PROCESS_BUILDER, NULL, STATUS_OK, &answer)
              : session_builder(first, hold->cap, session, &answer))) {
        return;
    }
    uint32_t node = model_object_create(MODEL_BUILDER, PROCESS_BUILDER_INTERFACE_ID, 0);
    building->builder.value = answer.caps[0].cap;
    model.programs[world.programs] = (struct model_program){session, hold != NULL};
    building->object = model.nodes[node].object;
    building->program = world.programs++;
    building->is_pending = true;
    building->grants = 0;
    model.objects[building->object].of = building->program;
    model_hold_insert(first->program, building->builder.value, node, TRANSFER_NONE, false);
}

static void build_grant(struct actor *first, bool is_manager_wanted)
{
    struct building *building = &world.building;
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint64_t cap = cap_choose(first->program, is_manager_wanted ? is_manager : is_any);

    if (cap == 0 || building->grants == GRANTS_MAX) {
        return;
    }
    process_builder_grant_params_set_capability(process_builder_grant_params_build(&message),
                                                (struct capnp_cap){cap});
    enum status predicted = model_grant(first->program, building->object, cap);
    if (object_call(first, building->builder.value, PROCESS_BUILDER_GRANT, &message, predicted,
                    &answer)) {
        struct process_builder_grant_results_reader results =
            process_builder_grant_results_read(&answer.message);
        const struct model_hold *hold = model_hold_find(first->program, cap);
        const struct model_hold granted = {building->program, hold->node, 0, false,
                                           TRANSFER_COPY,     hold->scope};
        model_hold_learn(building->program, &granted,
                         process_builder_grant_results_get_id(results));
        building->grants++;
    }
}

// What every program has, the model does not know of.
static void build_start(struct actor *first)
{
    struct building *building = &world.building;
    struct model_object *object = &model.objects[building->object];
    struct act_prepared prepared = {0};
    struct act_answer answer;
    struct actor *made = NULL;
    enum status predicted = object->is_spent ? STATUS_BUILDER_SPENT : STATUS_OK;

    for (uint32_t i = 1; i < ACTORS; i++) {
        made = world.actors[i].is_alive ? made : &world.actors[i];
    }
    actor_refresh(first);
    if (!object->is_spent && act_prepare(first->thread, (cap_t){first_job()}, building->builder,
                                         &prepared) != STATUS_OK) {
        broken("a process can't be prepared");
    }
    if (!object_call(first, building->builder.value, PROCESS_BUILDER_START, NULL, predicted,
                     &answer)) {
        return;
    }
    object->is_spent = true;
    building->is_pending = false;
    uint32_t node = model_object_create(MODEL_PROCESS, PROCESS_INTERFACE_ID, 0);
    uint64_t cap = process_builder_start_results_get_process(
                       process_builder_start_results_read(&answer.message))
                       .id;
    model_hold_insert(first->program, cap, node, TRANSFER_NONE, false);
    act_run(first->thread, &prepared);
    actor_start(made, machine.newest_thread, building->program);
}

static void build_drop(struct actor *first)
{
    struct building *building = &world.building;

    if (release(first, building->builder.value)) {
        building->builder.value = 0;
    }
}

static void build_step(struct actor *first)
{
    bool has_place = false;

    for (uint32_t i = 1; i < ACTORS; i++) {
        has_place = has_place || !world.actors[i].is_alive;
    }
    if (world.building.builder.value == 0) {
        if (has_place && !world.building.is_pending) {
            build_begin(first);
        }
        return;
    }
    const struct model_object *object = &model.objects[world.building.object];
    uint32_t choice = chance_below(16);
    if (choice == 0 || (object->is_spent && chance_in(3))) {
        build_drop(first);
    } else if (choice <= 4) {
        build_start(first);
    } else {
        build_grant(first, choice > 10);
    }
}

static uint32_t waits_for_exit(void)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model.wait_count; i++) {
        count += model.waits[i].kind == MODEL_EXIT ? 1 : 0;
    }
    return count;
}

void first_step(struct actor *first)
{
    uint32_t choice = chance_below(10);

    if (choice == 0) {
        session_step(first);
    } else if (choice < 6) {
        build_step(first);
    } else if (choice < 8) {
        static void (*const makers[])(struct actor *) = {endpoint_step, notification_make_step,
                                                         park_space_make_step};
        makers[chance_below(3)](first);
    } else if (waits_for_exit() < 3 || chance_in(20)) {
        exit_step(first);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Small worlds: three programs, a handful of capabilities and a list of operations, and every
// sequence of these, with the real code. After each operation the world is compared with the model,
// as in core_test.c; at the end of each sequence everybody exits, and nothing may be left. What
// chance never brings together, this does.
// How they are walked: walk.h.
#include "kernel/core/test/waiting.h"
#include "tests/property/step.h"
#include "tests/property/walk.h"

enum {
    FIRST,
    SERVER,
    CLIENT,
    PAYLOAD_SIZE = 8,
    INTERFACE = 0x5000,
    LIMIT_NS = 500000, // of an operation that has one
    STEP_NS = 1000000, // by which time moves on
    METHODS = 7,       // of the client's facet
    SLEEP_S = 600,     // nobody waits longer in cap_enter
};

static const uint64_t SECOND_NS = 1000000000;

// The capabilities that a scene is about: nodes of the model.
struct scene_nodes {
    uint32_t server, client, token, space;
};
static struct scene_nodes nodes;

struct action {
    const char *what;
    uint8_t actor;
    // False: the actor has nothing to do it with, and nothing was done.
    bool (*run)(struct actor *actor, const struct action *action);
    uint8_t opcode;
    uint8_t transfer;  // CALL, RETURN: how the token travels along
    bool is_waiting;   // in cap_enter, until something completes
    bool is_limited;   // it ends by itself after LIMIT_NS
    bool is_exception; // RETURN
    uint8_t flags;
    uint32_t *node; // RELEASE, revoke, lease
    uint64_t bits;  // WAIT, SIGNAL; PARK: what is added to the word; UNPARK: how many
};

// --- Holds --------------------------------------------------------------------------------------

// The newest hold of that node, or of its revoker.
static const struct model_hold *hold_of(const struct actor *actor, uint32_t node, bool is_revoker)
{
    for (uint32_t i = model.hold_count; i > 0; i--) {
        const struct model_hold *hold = &model.holds[i - 1];
        if (hold->program == actor->program && hold->node == node &&
            hold->is_revoker == is_revoker && hold->cap != 0) {
            return hold;
        }
    }
    return NULL;
}

static cap_t facet_make(uint64_t target, uint64_t interface, uint32_t *node)
{
    struct actor *first = &world.actors[FIRST];
    struct act_facet made =
        act_facet(first->thread, (cap_t){target}, METHODS, interface, interface == 0 ? 0 : 7);
    enum status fact =
        model_facet(first->program, target,
                    &(struct model_facet){METHODS, interface, interface == 0 ? 0 : 7, 0, 0}, node);

    if (made.fact != STATUS_OK || fact != STATUS_OK) {
        broken("no facet to begin with");
    }
    model_hold_insert(first->program, made.facet.value, *node, TRANSFER_COPY, false);
    model_hold_insert(first->program, made.revoker.value, *node, TRANSFER_MOVE, true);
    return made.facet;
}

static void release(struct actor *actor, cap_t cap)
{
    struct model_hold *hold = model_hold_find(actor->program, cap.value);

    act_do(actor->thread, act_release(cap));
    *hold = model.holds[--model.hold_count];
}

// A program that holds `cap` of the first one's by its name.
static void program_make(uint32_t actor, cap_t cap)
{
    struct actor *first = &world.actors[FIRST];
    uint32_t thread = act_process(first->thread, "given", cap);

    actor_start(&world.actors[actor], thread, world.programs++);
    model_hold_insert(world.actors[actor].program, act_named(thread, "given").value,
                      model_hold_find(first->program, cap.value)->node, TRANSFER_COPY, false);
}

static void give(cap_t cap, uint32_t to)
{
    struct actor *first = &world.actors[FIRST];
    const struct model_hold *hold = model_hold_find(first->program, cap.value);
    cap_t given = act_give(first->thread, cap, world.actors[to].thread);

    model_hold_insert(world.actors[to].program, given.value, hold->node, hold->mode, false);
}

static cap_t object_learn(enum model_kind kind, uint64_t interface, uint32_t message_max, cap_t cap,
                          uint32_t *node)
{
    *node = model_object_create(kind, interface, message_max);
    model_hold_insert(world.actors[FIRST].program, cap.value, *node,
                      kind == MODEL_PARK_SPACE ? TRANSFER_NONE : TRANSFER_COPY, false);
    return cap;
}

// --- What the actions do ------------------------------------------------------------------------

// Submits one operation, or two, and tells the model.
static void enter(struct actor *actor, const struct action *action)
{
    machine_enter(actor->thread, action->is_waiting ? 1 : 0,
                  action->is_waiting ? SLEEP_S * SECOND_NS : 0);
}

static bool begin(struct actor *actor, const struct action *action,
                  struct model_operation *operation, uint32_t *slot)
{
    if (!operation_begin(actor, operation, slot)) {
        return false;
    }
    operation->sqe.opcode = action->opcode;
    operation->sqe.flags = action->flags;
    if (action->is_limited) {
        operation->deadline_ns = machine.now_ns + LIMIT_NS;
    }
    return true;
}

static uint64_t limit_of(const struct action *action)
{
    return action->is_limited ? LIMIT_NS : TIMEOUT_NONE;
}

static void submit(struct actor *actor, const struct model_operation *operation)
{
    if (operation->sqe.opcode >= OP_SIGNAL) {
        actor->slots &= ~(1u << operation->sqe.user_data % SLOTS);
    }
    operation_submit(actor, operation);
    model_operate(operation);
}

// A message of its number's pattern, and the token behind it. False: there is no token.
static bool message_fill(struct actor *actor, const struct action *action, uint32_t slot,
                         uint64_t number, struct model_operation *operation)
{
    const struct model_hold *token = hold_of(actor, nodes.token, false);
    uint8_t bytes[PAYLOAD_SIZE];

    if (action->transfer != TRANSFER_NONE && token == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < PAYLOAD_SIZE; i++) {
        bytes[i] = pattern_byte(number, i);
    }
    machine_message_write(actor->thread, slot_offset(slot), bytes, PAYLOAD_SIZE);
    operation->sqe.flags |= SQE_RING_PAYLOAD;
    operation->sqe.payload = slot_offset(slot);
    operation->sqe.payload_len = PAYLOAD_SIZE;
    if (action->transfer != TRANSFER_NONE) {
        operation->sqe.transfers = 1;
        operation->transfers[0] = (struct transfer){.cap = token->cap, .mode = action->transfer};
        machine_message_write(actor->thread, slot_offset(slot) + PAYLOAD_SIZE, operation->transfers,
                              sizeof(struct transfer));
    }
    return true;
}

static void result_fill(uint32_t slot, struct model_operation *operation)
{
    operation->sqe.flags |= SQE_RING_RESULT;
    operation->sqe.result = slot_offset(slot) + SLOT_RESULT;
    operation->sqe.result_len = SLOT_RESULT_SIZE;
}

static bool call(struct actor *actor, const struct action *action)
{
    const struct model_hold *client = hold_of(actor, nodes.client, false);
    struct model_operation operation;
    uint32_t slot;

    if (client == NULL || !begin(actor, action, &operation, &slot) ||
        !message_fill(actor, action, slot, operation.sqe.user_data, &operation)) {
        return false;
    }
    operation.sqe.cap = client->cap;
    operation.sqe.method = 1;
    operation.sqe.arg = limit_of(action);
    result_fill(slot, &operation);
    submit(actor, &operation);
    enter(actor, action);
    return true;
}

static bool receive_begin(struct actor *actor, const struct action *action)
{
    const struct model_hold *server = hold_of(actor, nodes.server, false);
    struct action plain = {.opcode = OP_RECV, .is_limited = action->is_limited};
    struct model_operation operation;
    uint32_t slot;

    if (server == NULL || !begin(actor, &plain, &operation, &slot)) {
        return false;
    }
    operation.sqe.cap = server->cap;
    operation.sqe.arg = limit_of(action);
    result_fill(slot, &operation);
    submit(actor, &operation);
    return true;
}

static bool receive(struct actor *actor, const struct action *action)
{
    bool is_done = receive_begin(actor, action);

    if (is_done) {
        enter(actor, action);
    }
    return is_done;
}

// The oldest call that the actor took.
static uint64_t taken_by(const struct actor *actor)
{
    for (uint32_t i = 0; i < model.wait_count; i++) {
        const struct model_wait *wait = &model.waits[i];
        bool is_taken = wait->kind >= MODEL_LOST && wait->kind <= MODEL_TAKEN;
        if (is_taken && wait->server == actor->program) {
            return wait->call_id;
        }
    }
    return 0;
}

// RETURN; where it waits, with a RECV behind it, as servers do.
static bool answer(struct actor *actor, const struct action *action)
{
    uint64_t call_id = taken_by(actor);
    struct model_operation operation;
    uint32_t slot;

    if (call_id == 0 || !begin(actor, action, &operation, &slot) ||
        !message_fill(actor, action, slot, call_id, &operation)) {
        return false;
    }
    operation.sqe.arg = call_id;
    if (action->is_exception) {
        operation.sqe.flags |= SQE_RETURN_EXCEPTION;
        operation.sqe.method = EXCEPTION_OVERLOADED;
    }
    submit(actor, &operation);
    if (action->is_waiting) {
        receive_begin(actor, action);
    }
    enter(actor, action);
    return true;
}

static bool drop(struct actor *actor, const struct action *action)
{
    const struct model_hold *hold = hold_of(actor, *action->node, false);
    struct model_operation operation;
    uint32_t slot;

    if (hold == NULL || !begin(actor, action, &operation, &slot)) {
        return false;
    }
    operation.sqe.cap = hold->cap;
    submit(actor, &operation);
    enter(actor, action);
    return true;
}

static bool withdraw(struct actor *actor, const struct action *action)
{
    struct model_operation operation;
    uint32_t slot;

    for (uint32_t i = 0; i < model.wait_count; i++) {
        const struct model_wait *wait = &model.waits[i];
        bool is_own = wait->kind != MODEL_LOST && wait->operation.program == actor->program;
        if (is_own && begin(actor, action, &operation, &slot)) {
            operation.sqe.arg = wait->operation.sq_index;
            submit(actor, &operation);
            enter(actor, action);
            return true;
        }
    }
    return false;
}

static bool cut_off(struct actor *actor, const struct action *action)
{
    const struct model_hold *hold = hold_of(actor, *action->node, true);

    if (hold == NULL || model.nodes[*action->node].is_revoked) {
        return false;
    }
    actor_refresh(actor);
    if (act_revoke(actor->thread, (cap_t){hold->cap}) != STATUS_OK) {
        broken("a revoker doesn't revoke");
    }
    model.nodes[hold->node].is_revoked = true;
    model_settle();
    return true;
}

static bool end(struct actor *actor, const struct action *action)
{
    (void)action;
    actor_end(actor, 3, EXIT_CALLED);
    return true;
}

static bool fault(struct actor *actor, const struct action *action)
{
    (void)action;
    actor_end(actor, -1, EXIT_FAULT_MEMORY);
    return true;
}

static bool time_moves(struct actor *actor, const struct action *action)
{
    (void)actor;
    (void)action;
    machine.now_ns += STEP_NS;
    return true;
}

static bool notification_operate(struct actor *actor, const struct action *action)
{
    const struct model_hold *hold = hold_of(actor, nodes.token, false);
    struct model_operation operation;
    uint32_t slot;

    if (hold == NULL || !begin(actor, action, &operation, &slot)) {
        return false;
    }
    operation.sqe.cap = hold->cap;
    operation.sqe.arg = action->bits;
    if (action->opcode == OP_WAIT) {
        operation.sqe.arg2 = limit_of(action);
    }
    submit(actor, &operation);
    enter(actor, action);
    return true;
}

static bool park_operate(struct actor *actor, const struct action *action)
{
    const struct model_hold *hold = hold_of(actor, nodes.space, false);
    uint64_t at = actor->base + LAYOUT_IMAGE;
    struct model_operation operation;
    uint32_t slot;

    if (hold == NULL || !begin(actor, action, &operation, &slot)) {
        return false;
    }
    machine_read(machine.threads[actor->thread].space, at, &operation.word, sizeof operation.word);
    operation.sqe.cap = hold->cap;
    operation.sqe.payload = at;
    operation.sqe.arg = action->bits;
    if (action->opcode == OP_PARK) {
        operation.sqe.arg = operation.word + action->bits;
        operation.sqe.arg2 = limit_of(action);
    }
    submit(actor, &operation);
    enter(actor, action);
    return true;
}

// --- The scenes ---------------------------------------------------------------------------------

// An endpoint that one program serves and another calls by a minted facet, and a token, a facet of
// a notification, that may travel between them. The first program holds the revokers.
static void travel_begin(void)
{
    struct actor *first = &world.actors[FIRST];
    cap_t server = object_learn(MODEL_ENDPOINT, ENDPOINT_INTERFACE_ID, MESSAGE_MAX,
                                act_endpoint(first->thread, MESSAGE_MAX), &nodes.server);
    cap_t client = facet_make(server.value, INTERFACE, &nodes.client);
    uint32_t bell;
    cap_t notification = object_learn(MODEL_NOTIFICATION, NOTIFICATION_INTERFACE_ID, 0,
                                      act_notification(first->thread), &bell);
    cap_t token = facet_make(notification.value, 0, &nodes.token);

    program_make(SERVER, server);
    program_make(CLIENT, client);
    give(token, CLIENT);
    release(first, server);
    release(first, client);
    release(first, token);
}

static const struct action travel_actions[] = {
    {.what = "the client calls", .actor = CLIENT, .run = call, .opcode = OP_CALL},
    {.what = "the client calls and waits",
     .actor = CLIENT,
     .run = call,
     .opcode = OP_CALL,
     .is_waiting = true},
    {.what = "the client calls for a time",
     .actor = CLIENT,
     .run = call,
     .opcode = OP_CALL,
     .is_limited = true},
    {.what = "the client hands a copy over",
     .actor = CLIENT,
     .run = call,
     .opcode = OP_CALL,
     .transfer = TRANSFER_COPY},
    {.what = "the client hands it over",
     .actor = CLIENT,
     .run = call,
     .opcode = OP_CALL,
     .transfer = TRANSFER_MOVE},
    {.what = "the client withdraws", .actor = CLIENT, .run = withdraw, .opcode = OP_CANCEL},
    {.what = "the client drops its token",
     .actor = CLIENT,
     .run = drop,
     .opcode = OP_RELEASE,
     .node = &nodes.token},
    {.what = "the client drops its facet",
     .actor = CLIENT,
     .run = drop,
     .opcode = OP_RELEASE,
     .node = &nodes.client},
    {.what = "the client exits", .actor = CLIENT, .run = end},
    {.what = "the server receives", .actor = SERVER, .run = receive},
    {.what = "the server receives and waits", .actor = SERVER, .run = receive, .is_waiting = true},
    {.what = "the server answers", .actor = SERVER, .run = answer, .opcode = OP_RETURN},
    {.what = "the server answers and waits",
     .actor = SERVER,
     .run = answer,
     .opcode = OP_RETURN,
     .is_waiting = true},
    {.what = "the server refuses",
     .actor = SERVER,
     .run = answer,
     .opcode = OP_RETURN,
     .is_exception = true},
    {.what = "the server hands it back",
     .actor = SERVER,
     .run = answer,
     .opcode = OP_RETURN,
     .transfer = TRANSFER_MOVE},
    {.what = "the server drops its token",
     .actor = SERVER,
     .run = drop,
     .opcode = OP_RELEASE,
     .node = &nodes.token},
    {.what = "the server serves no more",
     .actor = SERVER,
     .run = drop,
     .opcode = OP_RELEASE,
     .node = &nodes.server},
    {.what = "the server faults", .actor = SERVER, .run = fault},
    {.what = "the client's facet is revoked",
     .actor = FIRST,
     .run = cut_off,
     .node = &nodes.client},
    {.what = "the token is revoked", .actor = FIRST, .run = cut_off, .node = &nodes.token},
    {.what = "time moves on", .actor = FIRST, .run = time_moves},
};

// Two programs at a notification and at words of their own.
static void wait_begin(void)
{
    struct actor *first = &world.actors[FIRST];
    uint32_t bell;
    cap_t notification = object_learn(MODEL_NOTIFICATION, NOTIFICATION_INTERFACE_ID, 0,
                                      act_notification(first->thread), &bell);
    cap_t token = facet_make(notification.value, 0, &nodes.token);
    cap_t space = object_learn(MODEL_PARK_SPACE, PARK_SPACE_INTERFACE_ID, 0,
                               act_park_space(first->thread), &nodes.space);

    program_make(SERVER, token);
    program_make(CLIENT, token);
    give(space, SERVER);
    give(space, CLIENT);
    release(first, token);
}

static const struct action wait_actions[] = {
    {.what = "one waits",
     .actor = CLIENT,
     .run = notification_operate,
     .opcode = OP_WAIT,
     .bits = 1},
    {.what = "one waits in the kernel",
     .actor = CLIENT,
     .run = notification_operate,
     .opcode = OP_WAIT,
     .bits = 3,
     .is_waiting = true},
    {.what = "one waits for a time",
     .actor = CLIENT,
     .run = notification_operate,
     .opcode = OP_WAIT,
     .bits = 1,
     .is_limited = true},
    {.what = "one parks", .actor = CLIENT, .run = park_operate, .opcode = OP_PARK},
    {.what = "one parks for a time",
     .actor = CLIENT,
     .run = park_operate,
     .opcode = OP_PARK,
     .is_limited = true},
    {.what = "one parks on another word",
     .actor = CLIENT,
     .run = park_operate,
     .opcode = OP_PARK,
     .bits = 1},
    {.what = "one wakes its own",
     .actor = CLIENT,
     .run = park_operate,
     .opcode = OP_UNPARK,
     .bits = 1},
    {.what = "one withdraws", .actor = CLIENT, .run = withdraw, .opcode = OP_CANCEL},
    {.what = "one drops its token",
     .actor = CLIENT,
     .run = drop,
     .opcode = OP_RELEASE,
     .node = &nodes.token},
    {.what = "one drops its park space",
     .actor = CLIENT,
     .run = drop,
     .opcode = OP_RELEASE,
     .node = &nodes.space},
    {.what = "one exits", .actor = CLIENT, .run = end},
    {.what = "another waits",
     .actor = SERVER,
     .run = notification_operate,
     .opcode = OP_WAIT,
     .bits = 3},
    {.what = "another signals",
     .actor = SERVER,
     .run = notification_operate,
     .opcode = OP_SIGNAL,
     .bits = 1},
    {.what = "another signals two",
     .actor = SERVER,
     .run = notification_operate,
     .opcode = OP_SIGNAL,
     .bits = 3},
    {.what = "another faults", .actor = SERVER, .run = fault},
    {.what = "the token is revoked", .actor = FIRST, .run = cut_off, .node = &nodes.token},
    {.what = "time moves on", .actor = FIRST, .run = time_moves},
};

// --- The walk -----------------------------------------------------------------------------------

struct scene {
    void (*begin)(void);
    const struct action *actions;
};

static void scene_begin(const void *context)
{
    const struct scene *scene = context;

    chance_init(1);
    world_begin();
    machine.interrupts = false;
    world.is_trimmed = false;
    world.is_brief = true;
    scene->begin();
    world_check();
}

static bool scene_act(const void *context, uint32_t number)
{
    const struct scene *scene = context;
    const struct action *action = &scene->actions[number];
    struct actor *actor = &world.actors[action->actor];

    if (!actor->is_alive || actor_is_waiting(actor)) {
        return false;
    }
    note("%s", action->what);
    if (action->run != time_moves && action->run != end && action->run != fault) {
        actor_run(actor);
    }
    if (!action->run(actor, action)) {
        return false;
    }
    world_check();
    return true;
}

static void scene_end(const void *context)
{
    (void)context;
    world_end(NULL);
}

static const char *scene_what(const void *context, uint32_t number)
{
    const struct scene *scene = context;

    return scene->actions[number].what;
}

enum {
    TRAVEL_COUNT = sizeof travel_actions / sizeof travel_actions[0],
    WAIT_COUNT = sizeof wait_actions / sizeof wait_actions[0],
};

int main(void)
{
    static const struct scene travel = {travel_begin, travel_actions};
    static const struct scene waits = {wait_begin, wait_actions};
    static const struct walk_scene scenes[] = {
        {"travel", &travel, TRAVEL_COUNT, scene_begin, scene_act, scene_end, scene_what},
        {"wait", &waits, WAIT_COUNT, scene_begin, scene_act, scene_end, scene_what},
    };

    return walk_main(scenes, sizeof scenes / sizeof scenes[0]);
}

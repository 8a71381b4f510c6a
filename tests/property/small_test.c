// SPDX-License-Identifier: Apache-2.0
//
// Small worlds: three programs, a handful of capabilities and a list of operations, and every
// sequence of these, with the real code. After each operation the world is compared with the model,
// as in core_test.c; at the end of each sequence everybody exits, and nothing may be left. What
// chance never brings together, this does.
//
//     SCENE=name PATH_OF=3,0,12 small_test     one sequence again, as a failure prints it
//
// A sequence is a path in a tree; each node is a process of the host, forked from the node above,
// so that no state has to be copied by hand, nor can be forgotten. STEPS=n is the number of
// operations after which no deeper level is begun; a level that was begun is finished, but the last
// may be left in its middle, which is said.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS
#include "kernel/core/test/waiting.h"
#include "tests/property/step.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FIRST,
    SERVER,
    CLIENT,
    DEPTH_MAX = 16,
    LEVELS_FOR_ALL = 4, // once so many are begun, each operation was possible somewhere
    STEPS_DEFAULT = 20000,
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

struct scene {
    const char *name;
    void (*begin)(void);
    const struct action *actions;
    uint32_t count;
};

// Of all processes.
struct totals {
    uint64_t steps, ends, left; // operations, ends of worlds, operations left out
    uint64_t done[64];          // of each action
};
static struct totals *totals;

static struct {
    const struct scene *scene;
    uint32_t depth, level; // of the path; of the level that is being visited
    uint8_t path[DEPTH_MAX];
    uint64_t steps_most;
    bool is_rooted; // the world stands as the scene begins
} walk;

void again_print(void)
{
    fprintf(stderr, "again: SCENE=%s PATH_OF=", walk.scene->name);
    for (uint32_t i = 0; i < walk.depth; i++) {
        fprintf(stderr, "%s%u", i == 0 ? "" : ",", walk.path[i]);
    }
    fprintf(stderr, "\n");
}

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
        model_facet(first->program, target, METHODS, interface, interface == 0 ? 0 : 7, node);

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
        bool is_taken = wait->kind == MODEL_TAKEN || wait->kind == MODEL_LOST;
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
    model_revoke(actor->program, hold->cap);
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
    {.what = "one waits again and again",
     .actor = CLIENT,
     .run = notification_operate,
     .opcode = OP_WAIT,
     .bits = 2,
     .flags = SQE_WAIT_REPEAT},
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

#define SCENE(name)                                                                                \
    {                                                                                              \
#name, name##_begin, name##_actions, sizeof name##_actions / sizeof name##_actions[0]      \
    }
static const struct scene scenes[] = {SCENE(travel), SCENE(wait)};

// --- The walk -----------------------------------------------------------------------------------

static bool may_act(const struct actor *actor)
{
    return actor->is_alive && !actor_is_waiting(actor);
}

// False: there was nothing to do, and the path ends.
static bool act(uint32_t number)
{
    const struct action *action = &walk.scene->actions[number];
    struct actor *actor = &world.actors[action->actor];

    walk.path[walk.depth++] = (uint8_t)number;
    if (!may_act(actor)) {
        return false;
    }
    note("%s", action->what);
    if (action->run != time_moves && action->run != end && action->run != fault) {
        actor_run(actor);
        model_enter(actor->program);
    }
    if (!action->run(actor, action)) {
        return false;
    }
    world_check();
    totals->steps++;
    totals->done[number]++;
    tally.step = totals->steps;
    return true;
}

// Waits for the child; the walk ends where it failed.
static void child_wait(pid_t child)
{
    int status;

    if (child < 0 || waitpid(child, &status, 0) != child) {
        broken("the host has no process left");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        _exit(1); // it has said why
    }
}

// Visits what lies `levels` below this node, each in a process of its own; and ends this world, if
// its level is the one that is being visited.
static void visit(uint32_t levels)
{
    for (uint32_t i = 0; i < walk.scene->count && levels > 0; i++) {
        if (totals->steps >= walk.steps_most) {
            totals->left++;
            continue;
        }
        pid_t child = fork();
        if (child == 0) {
            if (act(i)) {
                visit(levels - 1);
            }
            _exit(0);
        }
        child_wait(child);
    }
    if (levels == 0) {
        world_end(NULL);
        totals->ends++;
    }
}

static void root(const struct scene *scene)
{
    walk.scene = scene;
    chance_init(1);
    world_begin();
    machine.interrupts = false;
    world.is_trimmed = false;
    world.is_brief = true;
    scene->begin();
    world_check();
}

// Level after level: each sequence of one operation, of two, and so on.
static void scene_walk(const struct scene *scene)
{
    uint64_t most = walk.steps_most;

    uint32_t level;

    memset(totals, 0, sizeof *totals);
    for (level = 1; level <= DEPTH_MAX && totals->left == 0; level++) {
        uint64_t before = totals->steps;
        uint64_t ends = totals->ends;
        walk.steps_most = before + most;
        pid_t child = fork();
        if (child == 0) {
            root(scene);
            visit(level);
            _exit(0);
        }
        child_wait(child);
        printf("%s, %u operations: %llu steps, %llu ends%s\n", scene->name, level,
               (unsigned long long)(totals->steps - before),
               (unsigned long long)(totals->ends - ends),
               totals->left == 0 ? "" : "; not all of them");
        fflush(stdout);
    }
    for (uint32_t i = 0; i < scene->count && level > LEVELS_FOR_ALL; i++) {
        if (totals->done[i] == 0) {
            walk.scene = scene;
            broken("%s: nothing leads to '%s'", scene->name, scene->actions[i].what);
        }
    }
}

// One path, without forks.
static void path_walk(const struct scene *scene, const char *path)
{
    root(scene);
    for (const char *at = path; *at != 0;) {
        char *rest;
        unsigned long number = strtoul(at, &rest, 10);
        if (rest == at || number >= scene->count || walk.depth == DEPTH_MAX) {
            fprintf(stderr, "PATH_OF: '%s' is not a list of numbers below %u\n", path,
                    scene->count);
            exit(2);
        }
        printf("%s%s\n", scene->actions[number].what, act((uint32_t)number) ? "" : ": impossible");
        at = *rest == ',' ? rest + 1 : rest;
    }
    world_end(NULL);
}

int main(void)
{
    const char *only = getenv("SCENE");
    const char *path = getenv("PATH_OF");

    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED) {
        fprintf(stderr, "no memory\n");
        return 1;
    }
    walk.steps_most = environment("STEPS", 1, STEPS_DEFAULT);
    for (uint32_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        if (only != NULL && strcmp(only, scenes[i].name) != 0) {
            continue;
        }
        if (path != NULL) {
            path_walk(&scenes[i], path);
        } else {
            scene_walk(&scenes[i]);
        }
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Commands: the right is checked, then the operation is asked for, and the answer is given at once
// or when it has ended.
#include <string.h>

#include "system/init/manager/parts.h"
#include "system/init/manager/right.h"

static struct reply *reply_add(struct manager *manager, uint16_t slot)
{
    return &action_add(manager, ACTION_REPLY, slot)->reply;
}

static void reply_fill(struct manager *manager, struct reply *reply, enum reply_code code,
                       uint16_t slot, const char *detail)
{
    struct phrase text = phrase_in(reply->detail, sizeof(reply->detail));

    reply->code = code;
    reply->service = slot;
    phrase_put_safe(&text, detail);
    if (slot != NO_SERVICE) {
        reply->state = manager->services[slot].state;
        reply->cause = manager->services[slot].cause;
    }
}

void reply_to(struct manager *manager, const struct request *request, enum reply_code code,
              uint16_t slot, const char *detail)
{
    struct reply *reply = reply_add(manager, slot);

    *reply = (struct reply){.connection = request->connection,
                            .id = request->id,
                            .command = request->command,
                            .token = request->token};
    reply_fill(manager, reply, code, slot, detail);
}

// --- Waiting for an outcome ---------------------------------------------------------------------

void waiters_wake(struct manager *manager, const struct operation *operation)
{
    for (uint32_t i = 0; i < WAITERS_MAX && manager->waiter_count > manager->waiters_due; i++) {
        struct waiter *waiter = &manager->waiters[i];
        if (waiter->is_used && !waiter->is_due && waiter->operation == operation->serial) {
            waiter->is_due = true;
            manager->waiters_due++;
            reply_fill(manager, &waiter->reply, (enum reply_code)operation->result,
                       operation->service, operation->detail);
        }
    }
}

void waiters_flush(struct manager *manager)
{
    for (uint32_t i = 0; manager->waiters_due > 0; i++) {
        struct waiter *waiter = &manager->waiters[i];
        if (!waiter->is_used || !waiter->is_due) {
            continue;
        }
        if (manager->actions->count > ACTIONS_MAX - ACTIONS_RESERVE) {
            return;
        }
        // The state as it is now: what follows the end of an operation may have changed it.
        uint16_t slot = waiter->reply.service;
        waiter->reply.state = manager->services[slot].state;
        waiter->reply.cause = manager->services[slot].cause;
        *reply_add(manager, slot) = waiter->reply;
        waiter->is_used = waiter->is_due = false;
        manager->waiters_due--;
        manager->waiter_count--;
    }
}

static bool waiter_add(struct manager *manager, const struct reply *reply)
{
    for (uint32_t i = 0; i < WAITERS_MAX; i++) {
        struct waiter *waiter = &manager->waiters[i];
        if (!waiter->is_used) {
            *waiter =
                (struct waiter){.is_used = true, .operation = reply->operation, .reply = *reply};
            manager->waiter_count++;
            return true;
        }
    }
    return false;
}

// --- Commands for one service -------------------------------------------------------------------

// Two services of what a start would bring that conflict; false if there are none.
static bool closure_conflicts(struct manager *manager, uint16_t slot, struct phrase *detail)
{
    const struct service_set *set = catalogue_set(&manager->catalogue);
    struct slots closure;

    graph_closure(&set->graph, slot, &set->disabled, &closure);
    for (uint16_t from = slots_next(&closure, 0); from < SERVICES_MAX;
         from = slots_next(&closure, from + 1u)) {
        for (uint32_t i = set->graph.out_first[from]; i < set->graph.out_first[from + 1]; i++) {
            const struct edge *edge = &set->graph.edges[i];
            if (!edge_orders(edge) && slots_has(&closure, edge->to)) {
                phrase_put(detail, manager->catalogue.names[from]);
                phrase_put(detail, " conflicts with ");
                phrase_put(detail, manager->catalogue.names[edge->to]);
                return true;
            }
        }
    }
    return false;
}

static void operation_reply(struct manager *manager, const struct request *request, uint16_t slot,
                            const struct operation_answer *answer)
{
    bool waits = request->wait == WAIT_YES ||
                 (request->wait == WAIT_DEFAULT && request->command != COMMAND_RELOAD);
    struct reply reply = {.connection = request->connection,
                          .id = request->id,
                          .command = request->command,
                          .operation = answer->operation,
                          .is_already = answer->outcome == OUTCOME_ALREADY ||
                                        answer->outcome == OUTCOME_NOTHING};
    enum reply_code code =
        answer->outcome == OUTCOME_REFUSE && service_of(manager, slot)->operation != NO_OPERATION
            ? REPLY_CONFLICT
        : answer->outcome == OUTCOME_REFUSE ? REPLY_BAD_STATE
                                            : REPLY_OK;

    reply_fill(manager, &reply, code, slot,
               answer->outcome == OUTCOME_ALREADY ? "it is so already" : "");
    if (answer->operation != 0 && waits && waiter_add(manager, &reply)) {
        return;
    }
    if (answer->operation != 0 && waits) {
        reply_fill(manager, &reply, REPLY_BUSY, slot, "128 requests wait; the operation goes on");
    }
    *reply_add(manager, slot) = reply;
}

static void lifecycle(struct manager *manager, const struct request *request, uint16_t slot)
{
    static const enum cause causes[OPERATION_KINDS] = {CAUSE_EXPLICIT_START, CAUSE_EXPLICIT_STOP,
                                                       CAUSE_EXPLICIT_START, CAUSE_EXPLICIT_START,
                                                       CAUSE_EXPLICIT_STOP};
    char caller[SID_TEXT_MAX] = "nobody";
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));
    bool is_start = request->command == COMMAND_START || request->command == COMMAND_RESTART;

    if (is_shutting_down(manager)) {
        reply_to(manager, request, REPLY_SHUTTING_DOWN, slot, manager->reason);
        return;
    }
    if (is_start && closure_conflicts(manager, slot, &detail)) {
        reply_to(manager, request, REPLY_CONFLICTING, slot, words);
        return;
    }
    (void)sid_print(&request->token->user, caller);
    struct operation_ask ask = {.slot = slot,
                                .kind = (enum operation_kind)request->command,
                                .source = SOURCE_ADMIN,
                                .cause = causes[request->command],
                                .origin = NO_SERVICE,
                                .timeout_s = request->timeout_s,
                                .caller = caller};
    struct operation_answer answer = operation_request(manager, &ask);
    operation_reply(manager, request, slot, &answer);
}

static void answer_plain(struct manager *manager, const struct request *request, uint16_t slot)
{
    reply_to(manager, request, REPLY_OK, slot, "");
}

// --- Commands for the system --------------------------------------------------------------------

static void command_shutdown(struct manager *manager, const struct request *request)
{
    if (!right_check(manager, NO_SERVICE, request->token, RIGHT_SHUTDOWN, "shutdown")) {
        reply_to(manager, request, REPLY_ACCESS_DENIED, NO_SERVICE, "the right SHUTDOWN");
        return;
    }
    if (is_shutting_down(manager)) {
        reply_to(manager, request, REPLY_SHUTTING_DOWN, NO_SERVICE, manager->reason);
        return;
    }
    shutdown_begin(manager, request->halt, "the command shutdown");
    reply_to(manager, request, REPLY_OK, NO_SERVICE, "");
}

static void command_reload_config(struct manager *manager, const struct request *request)
{
    uint32_t most = sizeof(manager->reload_replies) / sizeof(manager->reload_replies[0]);

    if (!right_check(manager, NO_SERVICE, request->token, RIGHT_RELOAD_CONFIG, "reload_config")) {
        reply_to(manager, request, REPLY_ACCESS_DENIED, NO_SERVICE, "the right RELOAD_CONFIG");
    } else if (is_shutting_down(manager)) {
        reply_to(manager, request, REPLY_SHUTTING_DOWN, NO_SERVICE, manager->reason);
    } else if (manager->life != LIFE_RUNNING || manager->mode == MODE_RECOVERY) {
        reply_to(manager, request, REPLY_UNAVAILABLE, NO_SERVICE, "there is no registry yet");
    } else if (manager->reload_count == most) {
        reply_to(manager, request, REPLY_BUSY, NO_SERVICE, "8 requests wait for a reload");
    } else {
        manager->reload_replies[manager->reload_count++] =
            (struct reply){.connection = request->connection,
                           .id = request->id,
                           .command = request->command,
                           .service = NO_SERVICE};
        config_ask(manager);
    }
}

static void command_operation_status(struct manager *manager, const struct request *request)
{
    const struct operation *operation = manager_operation(manager, request->operation);

    if (operation == NULL ||
        right_missing(manager, operation->service, request->token, RIGHT_QUERY_STATUS) != 0) {
        reply_to(manager, request, REPLY_NO_SUCH_OPERATION, NO_SERVICE, "");
        return;
    }
    reply_to(manager, request, REPLY_OK, operation->service, operation->detail);
    manager->actions->list[manager->actions->count - 1].reply.operation = operation->serial;
}

static void command_list(struct manager *manager, const struct request *request)
{
    reply_to(manager, request, REPLY_OK, NO_SERVICE, "");
}

void command_take(struct manager *manager, const struct request *request)
{
    static const struct {
        uint32_t rights;
        void (*run)(struct manager *, const struct request *, uint16_t);
    } of_service[COMMAND_KINDS] = {
        [COMMAND_START] = {RIGHT_START, lifecycle},
        [COMMAND_STOP] = {RIGHT_STOP, lifecycle},
        [COMMAND_RESTART] = {RIGHT_START | RIGHT_STOP, lifecycle},
        [COMMAND_RELOAD] = {RIGHT_INTERROGATE, lifecycle},
        [COMMAND_RESET] = {RIGHT_START, lifecycle},
        [COMMAND_STATUS] = {RIGHT_QUERY_STATUS, answer_plain},
        [COMMAND_WHY] = {RIGHT_QUERY_STATUS, answer_plain},
        [COMMAND_PLAN] = {RIGHT_QUERY_STATUS, answer_plain},
    };
    static void (*const of_system[COMMAND_KINDS])(struct manager *, const struct request *) = {
        [COMMAND_LIST] = command_list,
        [COMMAND_GRAPH] = command_list,
        [COMMAND_SHUTDOWN] = command_shutdown,
        [COMMAND_RELOAD_CONFIG] = command_reload_config,
        [COMMAND_OPERATION_STATUS] = command_operation_status,
    };

    if (request->command >= COMMAND_KINDS) {
        reply_to(manager, request, REPLY_UNKNOWN_COMMAND, NO_SERVICE, "");
        return;
    }
    if (of_system[request->command] != NULL) {
        of_system[request->command](manager, request);
        return;
    }
    if (request->command == COMMAND_PLAN && request->service[0] == '\0') {
        reply_to(manager, request, REPLY_OK, NO_SERVICE, ""); // of a boot
        return;
    }
    uint16_t slot = catalogue_find(&manager->catalogue, request->service);
    if (slot == NO_SERVICE || !manager->services[slot].is_present) {
        reply_to(manager, request, REPLY_NO_SUCH_SERVICE, NO_SERVICE, request->service);
        return;
    }
    uint32_t rights = of_service[request->command].rights;
    bool is_free = rights == RIGHT_QUERY_STATUS || request->token != NULL;
    if (!is_free ||
        !right_check(manager, slot, request->token, rights, command_name(request->command))) {
        // Who may not even see it learns nothing by asking.
        bool is_seen = right_missing(manager, slot, request->token, RIGHT_QUERY_STATUS) == 0;
        reply_to(manager, request, is_seen ? REPLY_ACCESS_DENIED : REPLY_NO_SUCH_SERVICE,
                 NO_SERVICE, request->service);
        return;
    }
    of_service[request->command].run(manager, request, slot);
}

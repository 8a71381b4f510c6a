// SPDX-License-Identifier: Apache-2.0
//
// Answers in words: why a service is in its state, through all that led to it, and what a boot or
// starting one would do. Services that the asker may not query have no name here.
#include "system/init/manager/parts.h"
#include "system/init/manager/plan.h"
#include "system/init/manager/right.h"

enum { WHY_DEPTH_MAX = 8 };

// What is being said, and to whom.
struct telling {
    struct manager *manager;
    const struct access_token *token;
    struct phrase *text;
};

static bool is_shown(const struct telling *telling, uint16_t slot)
{
    return right_missing(telling->manager, slot, telling->token, RIGHT_QUERY_STATUS) == 0;
}

static const char *name_of(const struct telling *telling, uint16_t slot)
{
    return is_shown(telling, slot) ? telling->manager->catalogue.names[slot]
                                   : "a service that you may not see";
}

static void note_print(const struct telling *telling, const char *name, const struct note *note)
{
    struct record record = {
        .kind = RECORD_TRANSITION, .from = note->from, .to = note->to, .cause = note->cause};
    struct phrase service = phrase_in(record.service, sizeof(record.service));
    struct phrase detail = phrase_in(record.detail, sizeof(record.detail));
    struct phrase origin = phrase_in(record.origin, sizeof(record.origin));

    phrase_put(&service, name);
    if (note->origin < SERVICES_MAX) {
        phrase_put(&origin, name_of(telling, note->origin));
    }
    // A detail may name where it comes from.
    if (note->origin >= SERVICES_MAX || is_shown(telling, note->origin)) {
        phrase_put(&detail, note->detail);
    }
    phrase_put_seconds(telling->text, telling->manager->now_ns - note->at_ns);
    phrase_put(telling->text, " ago: ");
    record_print(&record, telling->text);
    phrase_put(telling->text, "\n");
}

static void waits_print(const struct telling *telling, uint16_t slot)
{
    const struct manager *manager = telling->manager;
    const struct service *service = &manager->services[slot];
    const struct graph *graph = &manager->catalogue.sets[manager->catalogue.in_force].graph;

    if (service->phase != PHASE_GATE) {
        return;
    }
    if (service->waits_place) {
        phrase_put(telling->text, "It waits for a place among the services that start at once.\n");
    }
    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge_orders(edge) && !service_satisfies(manager, edge->to)) {
            phrase_put(telling->text, "It waits for ");
            phrase_put(telling->text, name_of(telling, edge->to));
            if (is_shown(telling, edge->to)) {
                phrase_put(telling->text, ", which is ");
                phrase_put(telling->text, state_name(manager->services[edge->to].state));
            }
            phrase_put(telling->text, ".\n");
        }
    }
}

void why_print(struct manager *manager, uint16_t slot, const struct access_token *token,
               struct phrase *text)
{
    const struct telling telling = {manager, token, text};
    struct slots seen = {{0}};

    phrase_put(text, manager->catalogue.names[slot]);
    phrase_put(text, " is ");
    phrase_put(text, state_name(service_of(manager, slot)->state));
    phrase_put(text, ".\n");
    waits_print(&telling, slot);
    // Each service on the way once: its own last changes, then those of whatever caused them.
    for (uint32_t depth = 0; slot < SERVICES_MAX && depth < WHY_DEPTH_MAX; depth++) {
        const struct service *service = service_of(manager, slot);
        uint16_t origin = NO_SERVICE;
        if (slots_has(&seen, slot) || !is_shown(&telling, slot)) {
            break;
        }
        slots_put(&seen, slot);
        if (service->history_count == 0) {
            phrase_put(text, manager->catalogue.names[slot]);
            phrase_put(text, " was never asked to start.\n");
        }
        for (uint32_t i = 0; i < service->history_count; i++) {
            note_print(&telling, manager->catalogue.names[slot], &service->history[i]);
            if (origin == NO_SERVICE && service->history[i].origin < SERVICES_MAX) {
                origin = service->history[i].origin;
            }
        }
        slot = origin;
    }
}

static void plan_line(const struct telling *telling, const char *what, uint16_t slot,
                      const char *because, uint16_t other)
{
    phrase_put(telling->text, what);
    phrase_put(telling->text, name_of(telling, slot));
    if (because[0] != '\0') {
        phrase_put(telling->text, because);
        phrase_put(telling->text, other < SERVICES_MAX ? name_of(telling, other) : "");
    }
    phrase_put(telling->text, "\n");
}

// Of what starts: who needs it, as a reason.
static uint16_t reason_of(const struct plan *plan, uint16_t slot)
{
    const struct graph *graph = &plan->set->graph;

    for (uint32_t i = graph->in_first[slot]; i < graph->in_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[graph->in_edges[i]];
        if (edge_orders(edge) && plan->fates[edge->from] != FATE_ON_DEMAND) {
            return edge->from;
        }
    }
    return NO_SERVICE;
}

static void failures_print(const struct telling *telling, const struct plan *plan)
{
    static const char *const reasons[] = {
        [FATE_INVALID] = ": its definition is wrong",
        [FATE_CYCLE] = ": it is in a cycle",
        [FATE_DEPENDENCY] = ", because it needs ",
    };

    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        if (plan->fates[slot] > FATE_STARTS) {
            plan_line(telling, "fail  ", slot, reasons[plan->fates[slot]], plan->blames[slot]);
        }
    }
}

static void stops_print(const struct telling *telling, const struct plan *plan, uint16_t slot)
{
    const struct graph *graph = &plan->set->graph;

    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        uint16_t other = edge->from == slot ? edge->to : edge->from;
        bool is_near = edge->from == slot || edge->to == slot;
        if (!edge_orders(edge) && is_near && service_is_busy(telling->manager, other)) {
            plan_line(telling, "stop  ", other, ", because of ", slot);
        }
    }
}

void plan_tell(struct manager *manager, uint16_t start, const struct access_token *token,
               struct phrase *text)
{
    const struct telling telling = {manager, token, text};
    const struct service_set *set = catalogue_set(&manager->catalogue);
    struct plan plan;

    plan_make(&plan, &manager->catalogue, set, start);
    failures_print(&telling, &plan);
    for (uint32_t i = 0; i < set->graph.order_count; i++) {
        uint16_t slot = set->graph.order[i];
        if (plan.fates[slot] != FATE_STARTS) {
            continue;
        }
        bool is_asked = start < SERVICES_MAX && slot == start;
        bool is_there = start != NO_SERVICE && service_satisfies(manager, slot);
        uint16_t reason = is_asked ? NO_SERVICE : reason_of(&plan, slot);
        if (!is_there) {
            stops_print(&telling, &plan, slot);
        }
        plan_line(&telling, is_there ? "keep  " : "start ", slot,
                  reason == NO_SERVICE ? "" : ", because of ", reason);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Answers in words: why a service is in its state, through all that led to it, and what starting it
// would do.
#include "system/init/manager/parts.h"

enum { WHY_DEPTH_MAX = 8 };

static void note_print(const struct manager *manager, const char *name, const struct note *note,
                       struct phrase *text)
{
    struct record record = {
        .kind = RECORD_TRANSITION, .from = note->from, .to = note->to, .cause = note->cause};
    struct phrase service = phrase_in(record.service, sizeof(record.service));
    struct phrase detail = phrase_in(record.detail, sizeof(record.detail));
    struct phrase origin = phrase_in(record.origin, sizeof(record.origin));

    phrase_put(&service, name);
    phrase_put(&detail, note->detail);
    if (note->origin < SERVICES_MAX) {
        phrase_put(&origin, manager->catalogue.names[note->origin]);
    }
    phrase_put_seconds(text, manager->now_ns - note->at_ns);
    phrase_put(text, " ago: ");
    record_print(&record, text);
    phrase_put(text, "\n");
}

static void waits_print(struct manager *manager, uint16_t slot, struct phrase *text)
{
    const struct service *service = service_of(manager, slot);
    const struct graph *graph = &catalogue_set(&manager->catalogue)->graph;

    if (service->phase != PHASE_GATE) {
        return;
    }
    if (service->waits_place) {
        phrase_put(text, "It waits for a place among the services that start at once.\n");
    }
    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge_orders(edge) && !service_satisfies(manager, edge->to)) {
            phrase_put(text, "It waits for ");
            phrase_put(text, manager->catalogue.names[edge->to]);
            phrase_put(text, ", which is ");
            phrase_put(text, state_name(manager->services[edge->to].state));
            phrase_put(text, ".\n");
        }
    }
}

void why_print(struct manager *manager, uint16_t slot, struct phrase *text)
{
    struct slots seen = {{0}};

    phrase_put(text, manager->catalogue.names[slot]);
    phrase_put(text, " is ");
    phrase_put(text, state_name(service_of(manager, slot)->state));
    phrase_put(text, ".\n");
    waits_print(manager, slot, text);
    // Each service on the way once: its own last changes, then those of whatever caused them.
    for (uint32_t depth = 0; slot < SERVICES_MAX && depth < WHY_DEPTH_MAX; depth++) {
        const struct service *service = service_of(manager, slot);
        uint16_t origin = NO_SERVICE;
        if (slots_has(&seen, slot)) {
            break;
        }
        slots_put(&seen, slot);
        if (service->history_count == 0) {
            phrase_put(text, manager->catalogue.names[slot]);
            phrase_put(text, " was never asked to start.\n");
        }
        for (uint32_t i = 0; i < service->history_count; i++) {
            note_print(manager, manager->catalogue.names[slot], &service->history[i], text);
            if (origin == NO_SERVICE && service->history[i].origin < SERVICES_MAX) {
                origin = service->history[i].origin;
            }
        }
        slot = origin;
    }
}

static void plan_line(struct manager *manager, uint16_t slot, const char *what, uint16_t because,
                      struct phrase *text)
{
    phrase_put(text, what);
    phrase_put(text, manager->catalogue.names[slot]);
    if (because != NO_SERVICE) {
        phrase_put(text, ", because of ");
        phrase_put(text, manager->catalogue.names[because]);
    }
    phrase_put(text, "\n");
}

// Of the closure in the order of the graph: who needs it, as a reason.
static uint16_t reason_of(const struct graph *graph, uint16_t slot, const struct slots *closure)
{
    for (uint32_t i = graph->in_first[slot]; i < graph->in_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[graph->in_edges[i]];
        if (edge_orders(edge) && slots_has(closure, edge->from)) {
            return edge->from;
        }
    }
    return NO_SERVICE;
}

void plan_start_print(struct manager *manager, uint16_t slot, struct phrase *text)
{
    const struct service_set *set = catalogue_set(&manager->catalogue);
    const struct graph *graph = &set->graph;
    struct slots closure;

    graph_closure(graph, slot, &set->disabled, &closure);
    for (uint16_t i = slots_next(&closure, 0); i < SERVICES_MAX; i = slots_next(&closure, i + 1u)) {
        if (graph->faults[i] != GRAPH_FAULT_NONE) {
            plan_line(manager, i, "fail  ", reason_of(graph, i, &closure), text);
        }
        for (uint32_t j = graph->out_first[i]; j < graph->out_first[i + 1]; j++) {
            const struct edge *edge = &graph->edges[j];
            if (!edge_orders(edge) && service_is_busy(manager, edge->to)) {
                plan_line(manager, edge->to, "stop  ", i, text);
            }
        }
    }
    for (uint32_t i = 0; i < graph->order_count; i++) {
        uint16_t other = graph->order[i];
        if (slots_has(&closure, other) && graph->faults[other] == GRAPH_FAULT_NONE) {
            bool is_there = service_satisfies(manager, other);
            plan_line(manager, other, is_there ? "keep  " : "start ",
                      other == slot ? NO_SERVICE : reason_of(graph, other, &closure), text);
        }
    }
}

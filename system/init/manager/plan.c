// SPDX-License-Identifier: Apache-2.0
//
// Making the plan: the closure of what starts, then failures passed on along the order.
#include "system/init/manager/plan.h"

#include <string.h>

const char *fate_name(enum fate fate)
{
    static const char *const names[] = {"on_demand", "starts", "invalid", "cycle", "dependency"};
    return names[fate];
}

static const struct definition *definition_of(const struct plan *plan, uint16_t slot)
{
    return catalogue_definition(plan->catalogue, plan->set->definitions[slot]);
}

static bool is_root(const struct plan *plan, uint16_t slot, uint16_t start)
{
    if (start != NO_SERVICE) {
        return slot == start;
    }
    return definition_has_trigger(definition_of(plan, slot), "boot") &&
           definition_number(definition_of(plan, slot), FIELD_DISABLED) == 0;
}

static void roots_take(struct plan *plan, uint16_t start)
{
    const struct slots *members = &plan->set->members;
    struct slots closure;

    for (uint16_t slot = slots_next(members, 0); slot < SERVICES_MAX;
         slot = slots_next(members, slot + 1u)) {
        if (!is_root(plan, slot, start)) {
            continue;
        }
        graph_closure(&plan->set->graph, slot, &plan->set->disabled, &closure);
        for (uint16_t needed = slots_next(&closure, 0); needed < SERVICES_MAX;
             needed = slots_next(&closure, needed + 1u)) {
            plan->fates[needed] = FATE_STARTS;
        }
    }
}

static void fate_set(struct plan *plan, uint16_t slot)
{
    const struct graph *graph = &plan->set->graph;

    if (graph->faults[slot] != GRAPH_FAULT_NONE) {
        plan->fates[slot] = graph->faults[slot] == GRAPH_FAULT_CYCLE ? FATE_CYCLE : FATE_INVALID;
        return;
    }
    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[i];
        if (plan->fates[slot] == FATE_STARTS && edge_needs(edge) &&
            plan->fates[edge->to] != FATE_STARTS) {
            plan->fates[slot] = FATE_DEPENDENCY;
            plan->blames[slot] = edge->to;
        }
    }
}

static void verdict_weigh(struct plan *plan, uint16_t slot)
{
    enum verdict verdict = VERDICT_PARTLY;

    plan->fails_count++;
    if (definition_is_critical(definition_of(plan, slot))) {
        bool is_safe = plan->fates[slot] == FATE_CYCLE;
        for (uint32_t i = 0; i < plan->catalogue->problems.count; i++) {
            const struct problem *problem = &plan->catalogue->problems.list[i];
            is_safe =
                is_safe || (problem->service == slot && problem->kind == PROBLEM_CONFLICT_AT_BOOT);
        }
        verdict = is_safe ? VERDICT_SAFE : VERDICT_NOT;
    }
    // Safe mode is entered before anything could fail.
    if (verdict != VERDICT_PARTLY && (plan->critical == NO_SERVICE || verdict == VERDICT_SAFE)) {
        plan->critical = slot;
        plan->verdict = verdict;
    } else if (plan->verdict == VERDICT_FULL) {
        plan->verdict = verdict;
    }
}

void plan_make(struct plan *plan, const struct catalogue *catalogue, const struct service_set *set,
               uint16_t start)
{
    const struct graph *graph = &set->graph;

    *plan = (struct plan){.catalogue = catalogue, .set = set, .critical = NO_SERVICE};
    memset(plan->blames, 0xff, sizeof(plan->blames));
    roots_take(plan, start);
    // What is in no order is in a cycle, or needs one.
    for (uint16_t slot = slots_next(&set->members, 0); slot < SERVICES_MAX;
         slot = slots_next(&set->members, slot + 1u)) {
        if (plan->fates[slot] == FATE_STARTS && graph->faults[slot] != GRAPH_FAULT_NONE) {
            fate_set(plan, slot);
        }
    }
    for (uint32_t i = 0; i < graph->order_count; i++) {
        if (plan->fates[graph->order[i]] == FATE_STARTS) {
            fate_set(plan, graph->order[i]);
        }
    }
    // Behind a cycle nothing has a place in the order: pass failures on until nothing changes.
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (uint16_t slot = slots_next(&set->members, 0); slot < SERVICES_MAX;
             slot = slots_next(&set->members, slot + 1u)) {
            if (plan->fates[slot] == FATE_STARTS) {
                fate_set(plan, slot);
                is_changed |= plan->fates[slot] != FATE_STARTS;
            }
        }
    }
    for (uint16_t slot = slots_next(&set->members, 0); slot < SERVICES_MAX;
         slot = slots_next(&set->members, slot + 1u)) {
        plan->starts_count += plan->fates[slot] == FATE_STARTS;
        if (plan->fates[slot] > FATE_STARTS) {
            verdict_weigh(plan, slot);
        }
    }
}

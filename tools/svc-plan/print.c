// SPDX-License-Identifier: Apache-2.0
//
// Printing a plan: for people, for graphviz, for programs.
#include "tools/svc-plan/print.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/json/json.h"
#include "system/init/manager/session.h"

enum { MESSAGE_MAX = 1024, JSON_OUT_MAX = 1 << 22 };

static const struct definition *definition_of(const struct plan *plan, uint16_t slot)
{
    return catalogue_definition(plan->catalogue, plan->set->definitions[slot]);
}

static void list_print(const struct definition *definition, enum field field, const char *title)
{
    const char *between = title;

    for (const char *item = NULL; (item = definition_item(definition, field, item)) != NULL;) {
        printf("%s%s", between, item);
        between = ", ";
    }
}

// What a service waits for: "after db, cache".
static void targets_print(const struct plan *plan, uint16_t slot)
{
    const struct graph *graph = &plan->set->graph;
    const char *between = "  after ";

    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge_orders(edge) && plan->fates[edge->to] == FATE_STARTS) {
            printf("%s%s", between, plan->catalogue->names[edge->to]);
            between = ", ";
        }
    }
}

static void service_print(const struct plan *plan, uint16_t slot)
{
    const struct definition *definition = definition_of(plan, slot);
    char words[32];
    struct phrase type = phrase_in(words, sizeof(words));

    printf("  %s  %s%s as %s", plan->catalogue->names[slot],
           field_choice(FIELD_TYPE, definition_number(definition, FIELD_TYPE), &type),
           definition_is_critical(definition) ? ", critical," : "",
           session_order_of(definition, NULL, false).identity);
    targets_print(plan, slot);
    list_print(definition, FIELD_REQUIRED_PRIVILEGES, "  keeps ");
    list_print(definition, FIELD_GRANTS, "  grants ");
    list_print(definition, FIELD_EXPORTS, "  exports ");
    printf("\n");
}

static void waves_print(const struct plan *plan)
{
    const struct graph *graph = &plan->set->graph;
    uint32_t printed = 0;

    for (uint32_t wave = 0; printed < plan->starts_count && wave < SERVICES_MAX; wave++) {
        bool is_begun = false;
        for (uint32_t i = 0; i < graph->order_count; i++) {
            uint16_t slot = graph->order[i];
            if (graph->waves[slot] != wave || plan->fates[slot] != FATE_STARTS) {
                continue;
            }
            if (!is_begun) {
                printf("wave %u:\n", wave + 1);
            }
            is_begun = true;
            printed++;
            service_print(plan, slot);
        }
    }
}

static void failures_print(const struct plan *plan)
{
    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        if (plan->fates[slot] <= FATE_STARTS) {
            continue;
        }
        printf("fails: %s: ", plan->catalogue->names[slot]);
        if (plan->fates[slot] == FATE_DEPENDENCY) {
            printf("DependencyFailure: it needs %s, which fails\n",
                   plan->catalogue->names[plan->blames[slot]]);
        } else {
            printf("%s\n", plan->fates[slot] == FATE_CYCLE ? "CycleDetected" : "ValidationError");
        }
    }
}

static void problems_print(const struct plan *plan)
{
    const struct problems *problems = &plan->catalogue->problems;

    for (uint32_t i = 0; i < problems->count; i++) {
        char words[MESSAGE_MAX];
        struct phrase message = phrase_in(words, sizeof(words));
        problem_print(&problems->list[i], &message);
        printf("%s\n", words);
        // The whole way, with the relation and the line of each step.
        const struct problem *problem = &problems->list[i];
        for (uint32_t j = 0; j < problem->path_count; j++) {
            uint16_t from = problems->path[problem->path_first + j];
            uint16_t to = problems->path[problem->path_first + (j + 1) % problem->path_count];
            const struct graph *graph = &plan->set->graph;
            for (uint32_t k = graph->out_first[from]; k < graph->out_first[from + 1]; k++) {
                const struct edge *edge = &graph->edges[k];
                if (edge->to == to && edge_orders(edge)) {
                    printf("    line %u: %s: %s names %s\n",
                           definition_of(plan, from)->values[edge->field].line,
                           plan->catalogue->names[from], field_name(edge->field),
                           plan->catalogue->names[to]);
                }
            }
        }
    }
    if (problems->dropped > 0) {
        printf("and %u more problems; correct these first\n", problems->dropped);
    }
}

static void verdict_print(const struct plan *plan)
{
    const char *critical =
        plan->critical != NO_SERVICE ? plan->catalogue->names[plan->critical] : "";
    switch (plan->verdict) {
    case VERDICT_FULL:
        if (plan->set->count == 0) {
            printf("verdict: nothing starts, for there are no services\n");
        } else {
            printf("verdict: boots in full mode, %u of %u services start\n", plan->starts_count,
                   plan->set->count);
        }
        break;
    case VERDICT_PARTLY:
        printf("verdict: boots, but %u services fail\n", plan->fails_count);
        break;
    case VERDICT_SAFE:
        printf("verdict: enters safe mode, because of the critical service %s\n", critical);
        break;
    case VERDICT_NOT:
        printf("verdict: does not boot: the critical service %s fails\n", critical);
        break;
    }
}

void plan_print(const struct plan *plan)
{
    waves_print(plan);
    failures_print(plan);
    problems_print(plan);
    verdict_print(plan);
}

void plan_print_dot(const struct plan *plan)
{
    static const char *const styles[EDGE_KINDS] = {"solid", "dashed", "bold", "dotted"};
    static const char *const colours[] = {"gray", "black", "red", "red", "orange"};
    const struct graph *graph = &plan->set->graph;

    printf("digraph services {\n  rankdir=LR;\n  node [shape=box];\n");
    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        if (slots_has(&plan->set->members, slot)) {
            printf("  \"%s\" [color=%s];\n", plan->catalogue->names[slot],
                   colours[plan->fates[slot]]);
        }
    }
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        printf("  \"%s\" -> \"%s\" [style=%s, label=\"%s\"%s];\n",
               plan->catalogue->names[edge->from], plan->catalogue->names[edge->to],
               styles[edge->kind], field_name(edge->field),
               edge_orders(edge) ? "" : ", dir=none, constraint=false");
    }
    printf("}\n");
}

static void list_write(struct json_writer *writer, const struct definition *definition,
                       enum field field, const char *name)
{
    json_write_name(writer, name);
    json_write_begin(writer, '[');
    for (const char *item = NULL; (item = definition_item(definition, field, item)) != NULL;) {
        json_write_text(writer, item);
    }
    json_write_end(writer, ']');
}

static void service_write(struct json_writer *writer, const struct plan *plan, uint16_t slot)
{
    const struct definition *definition = definition_of(plan, slot);
    char words[32];
    char sid[SID_TEXT_MAX];
    struct phrase type = phrase_in(words, sizeof(words));

    (void)sid_print(&plan->catalogue->sids[slot], sid);
    json_write_begin(writer, '{');
    json_write_name(writer, "service");
    json_write_text(writer, plan->catalogue->names[slot]);
    json_write_name(writer, "fate");
    json_write_text(writer, fate_name(plan->fates[slot]));
    json_write_name(writer, "wave");
    json_write_integer(writer, plan->set->graph.waves[slot] + 1);
    json_write_name(writer, "type");
    json_write_text(writer,
                    field_choice(FIELD_TYPE, definition_number(definition, FIELD_TYPE), &type));
    json_write_name(writer, "identity");
    json_write_text(writer, session_order_of(definition, NULL, false).identity);
    json_write_name(writer, "hook_identity");
    json_write_text(writer, session_order_of(definition, NULL, true).identity);
    json_write_name(writer, "service_sid");
    json_write_text(writer, sid);
    list_write(writer, definition, FIELD_REQUIRED_PRIVILEGES, "privileges");
    json_write_name(writer, "critical");
    json_write_bool(writer, definition_is_critical(definition));
    list_write(writer, definition, FIELD_GRANTS, "grants");
    list_write(writer, definition, FIELD_EXPORTS, "exports");
    json_write_end(writer, '}');
}

static void problem_write(struct json_writer *writer, const struct plan *plan,
                          const struct problem *problem)
{
    json_write_begin(writer, '{');
    json_write_name(writer, "severity");
    json_write_text(writer, severity_name(problem_severity(problem->kind)));
    json_write_name(writer, "code");
    json_write_text(writer, problem_name(problem->kind));
    json_write_name(writer, "service");
    json_write_text(writer, problem->service_name);
    json_write_name(writer, "field");
    json_write_text(writer, problem->field < FIELD_COUNT ? field_name(problem->field) : "");
    json_write_name(writer, "line");
    json_write_integer(writer, problem->line);
    json_write_name(writer, "what");
    json_write_text(writer, problem_what(problem->kind));
    json_write_name(writer, "detail");
    json_write_text(writer, problem->detail);
    json_write_name(writer, "remedy");
    json_write_text(writer, problem_remedy(problem->kind));
    json_write_name(writer, "path");
    json_write_begin(writer, '[');
    for (uint32_t i = 0; i < problem->path_count; i++) {
        uint16_t slot = plan->catalogue->problems.path[problem->path_first + i];
        json_write_text(writer, plan->catalogue->names[slot]);
    }
    json_write_end(writer, ']');
    json_write_end(writer, '}');
}

void plan_print_json(const struct plan *plan)
{
    static const char *const verdicts[] = {"full", "partly", "safe", "not"};
    static char bytes[JSON_OUT_MAX];
    struct json_writer writer = {.bytes = bytes, .max = sizeof(bytes)};
    const struct graph *graph = &plan->set->graph;

    json_write_begin(&writer, '{');
    json_write_name(&writer, "verdict");
    json_write_text(&writer, verdicts[plan->verdict]);
    json_write_name(&writer, "services");
    json_write_begin(&writer, '[');
    for (uint32_t i = 0; i < graph->order_count; i++) {
        service_write(&writer, plan, graph->order[i]);
    }
    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        bool is_ordered = !slots_has(&plan->set->members, slot);
        for (uint32_t i = 0; i < graph->order_count; i++) {
            is_ordered = is_ordered || graph->order[i] == slot;
        }
        if (!is_ordered) {
            service_write(&writer, plan, slot);
        }
    }
    json_write_end(&writer, ']');
    json_write_name(&writer, "problems");
    json_write_begin(&writer, '[');
    for (uint32_t i = 0; i < plan->catalogue->problems.count; i++) {
        problem_write(&writer, plan, &plan->catalogue->problems.list[i]);
    }
    json_write_end(&writer, ']');
    json_write_end(&writer, '}');
    if (writer.is_full) {
        fprintf(stderr, "svc-plan: the answer is longer than 4 MiB\n");
        exit(1);
    }
    printf("%.*s\n", (int)writer.size, bytes);
}

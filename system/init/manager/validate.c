// SPDX-License-Identifier: Apache-2.0
//
// Validation of a set: relations become edges, then cycles, conflicts and warnings are looked for.
// A service with an error of its own is marked in the graph; what needs it fails when it is
// started, not here.
#include "system/init/manager/validate.h"

#include <string.h>

#include "system/init/manager/syntax.h"

struct validation {
    struct catalogue *catalogue;
    struct service_set *set;
    const struct slots *members;
    bool is_full; // of edges
};

static const struct definition *definition_of(const struct validation *validation, uint16_t slot)
{
    return catalogue_definition(validation->catalogue, validation->set->definitions[slot]);
}

static struct phrase *complain(const struct validation *validation, enum problem_kind kind,
                               uint16_t slot, enum field field)
{
    const struct definition *definition = definition_of(validation, slot);
    uint32_t line = definition->values[field].line;

    if (problem_severity(kind) == SEVERITY_ERROR) {
        validation->set->graph.faults[slot] = GRAPH_FAULT_INVALID;
    }
    return problem_add(&validation->catalogue->problems, kind, slot, (uint16_t)field,
                       line != 0 ? line : definition->line);
}

static void complain_missing(const struct validation *validation, enum problem_kind kind,
                             uint16_t slot, enum field field, const char *name)
{
    struct phrase *detail = complain(validation, kind, slot, field);
    const char *near = NULL;
    uint32_t best = 3;

    phrase_put_safe(detail, name);
    for (uint16_t i = slots_next(&validation->set->members, 0);
         problem_severity(kind) != SEVERITY_NOTE && i < SERVICES_MAX;
         i = slots_next(&validation->set->members, i + 1u)) {
        uint32_t distance = text_distance(name, validation->catalogue->names[i], best);
        if (distance < best && i != slot) {
            best = distance;
            near = validation->catalogue->names[i];
        }
    }
    if (near != NULL) {
        phrase_put(detail, " (did you mean ");
        phrase_put_safe(detail, near);
        phrase_put(detail, "?)");
    }
}

static void edge_add(struct validation *validation, uint16_t from, const char *name,
                     enum edge_kind kind, enum field field)
{
    uint16_t to = catalogue_find(validation->catalogue, name);

    if (to == NO_SERVICE || !slots_has(&validation->set->members, to)) {
        if (kind == EDGE_WANTS) {
            complain_missing(validation, PROBLEM_MISSING_WANTED, from, field, name);
        } else if (kind != EDGE_CONFLICTS) {
            complain_missing(validation, PROBLEM_MISSING, from, field, name);
        }
        return;
    }
    if (to == from) {
        (void)complain(validation, PROBLEM_SELF, from, field);
        return;
    }
    struct edge edge = {from, to, (uint8_t)kind, (uint8_t)field};
    bool is_dropped = slots_has(validation->members, from) && !slots_has(validation->members, to);
    if (!is_dropped && !validation->is_full && !graph_add(&validation->set->graph, edge)) {
        validation->is_full = true;
        (void)complain(validation, PROBLEM_TOO_MANY_EDGES, from, field);
    }
}

static void grant_edge_add(struct validation *validation, uint16_t from, const char *item)
{
    struct grant grant;
    struct export export;

    if (!grant_parse(&grant, item) || grant.service[0] == '\0') {
        return;
    }
    edge_add(validation, from, grant.service, EDGE_REQUIRES, FIELD_GRANTS);
    uint16_t to = catalogue_find(validation->catalogue, grant.service);
    if (to == NO_SERVICE || !slots_has(&validation->set->members, to)) {
        return;
    }
    for (const char *other = NULL;
         (other = definition_item(definition_of(validation, to), FIELD_EXPORTS, other)) != NULL;) {
        if (export_parse(&export, other) && text_is(export.name, grant.source)) {
            return;
        }
    }
    struct phrase *detail = complain(validation, PROBLEM_GRANT_EXPORT, from, FIELD_GRANTS);
    phrase_put_safe(detail, grant.service);
    phrase_put(detail, "/");
    phrase_put_safe(detail, grant.source);
}

static void edges_add(struct validation *validation, uint16_t slot)
{
    static const struct {
        enum field field;
        enum edge_kind kind;
    } relations[] = {
        {FIELD_REQUIRES, EDGE_REQUIRES},
        {FIELD_WANTS, EDGE_WANTS},
        {FIELD_BINDS_TO, EDGE_BINDS_TO},
        {FIELD_CONFLICTS, EDGE_CONFLICTS},
    };
    const struct definition *definition = definition_of(validation, slot);
    const char *item;

    for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
        for (item = NULL; (item = definition_item(definition, relations[i].field, item)) != NULL;) {
            edge_add(validation, slot, item, relations[i].kind, relations[i].field);
        }
    }
    for (item = NULL; (item = definition_item(definition, FIELD_GRANTS, item)) != NULL;) {
        grant_edge_add(validation, slot, item);
    }
    const char *other = definition_text(definition, FIELD_ON_FAILURE);
    uint16_t to = catalogue_find(validation->catalogue, other);
    if (to == slot) {
        (void)complain(validation, PROBLEM_SELF, slot, FIELD_ON_FAILURE);
    } else if (other[0] != '\0' &&
               (to == NO_SERVICE || !slots_has(&validation->set->members, to))) {
        complain_missing(validation, PROBLEM_MISSING_ON_FAILURE, slot, FIELD_ON_FAILURE, other);
    }
}

static const struct edge *edge_between(const struct graph *graph, uint16_t from, uint16_t to)
{
    for (uint32_t i = graph->out_first[from]; i < graph->out_first[from + 1]; i++) {
        if (graph->edges[i].to == to && edge_orders(&graph->edges[i])) {
            return &graph->edges[i];
        }
    }
    return NULL;
}

static void path_put(const struct catalogue *catalogue, const uint16_t *members, uint32_t count,
                     struct phrase *text)
{
    for (uint32_t i = 0; i <= count; i++) {
        phrase_put(text, i == 0 ? "" : " -> ");
        phrase_put_safe(text, catalogue->names[members[i % count]]);
    }
}

static void cycle_found(void *context, const uint16_t *members, uint32_t count)
{
    struct validation *validation = context;
    struct problems *problems = &validation->catalogue->problems;
    const struct edge *edge = edge_between(&validation->set->graph, members[0], members[1 % count]);
    uint32_t before = problems->count;
    struct phrase *detail = complain(validation, PROBLEM_CYCLE, members[0], edge->field);

    path_put(validation->catalogue, members, count, detail);
    for (uint32_t i = 0; i < count; i++) {
        validation->set->graph.faults[members[i]] = GRAPH_FAULT_CYCLE;
    }
    if (problems->count > before && count <= PATH_MAX_TOTAL - problems->path_used) {
        struct problem *problem = &problems->list[before];
        problem->path_first = (uint16_t)problems->path_used;
        problem->path_count = (uint16_t)count;
        memcpy(problems->path + problems->path_used, members, count * sizeof(members[0]));
        problems->path_used += count;
    }
}

void problem_print_path(const struct catalogue *catalogue, const struct problem *problem,
                        struct phrase *text)
{
    const uint16_t *members = catalogue->problems.path + problem->path_first;

    if (problem->path_count > 0) {
        path_put(catalogue, members, problem->path_count, text);
    }
}

static bool starts_at_boot(const struct validation *validation, uint16_t slot)
{
    const struct definition *definition = definition_of(validation, slot);
    return definition_has_trigger(definition, "boot") &&
           definition_number(definition, FIELD_DISABLED) == 0;
}

static void conflict_check(struct validation *validation, const struct edge *conflict)
{
    static const enum problem_kind at_boot = PROBLEM_CONFLICT_AT_BOOT;
    const struct catalogue *catalogue = validation->catalogue;

    if (starts_at_boot(validation, conflict->from) && starts_at_boot(validation, conflict->to)) {
        phrase_put_safe(complain(validation, at_boot, conflict->from, FIELD_CONFLICTS),
                        catalogue->names[conflict->to]);
        phrase_put_safe(complain(validation, at_boot, conflict->to, FIELD_CONFLICTS),
                        catalogue->names[conflict->from]);
    }
    const struct graph *graph = &validation->set->graph;
    const struct edge *there = edge_between(graph, conflict->from, conflict->to);
    const struct edge *back = edge_between(graph, conflict->to, conflict->from);
    if ((there != NULL && edge_needs(there)) || (back != NULL && edge_needs(back))) {
        const struct edge *edge = there != NULL ? there : back;
        phrase_put_safe(complain(validation, PROBLEM_CONFLICT_NEEDED, edge->from, edge->field),
                        catalogue->names[edge->to]);
    }
}

static void readiness_check(struct validation *validation, uint16_t slot)
{
    const struct definition *definition = definition_of(validation, slot);
    const struct graph *graph = &validation->set->graph;

    if (definition_number(definition, FIELD_READINESS) != READINESS_ALIVE ||
        definition_number(definition, FIELD_TYPE) != TYPE_SIMPLE) {
        return;
    }
    for (uint32_t i = graph->in_first[slot]; i < graph->in_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[graph->in_edges[i]];
        if (edge_needs(edge)) {
            struct phrase *detail =
                complain(validation, PROBLEM_ALIVE_NEEDED, slot, FIELD_READINESS);
            phrase_put(detail, "required by ");
            phrase_put_safe(detail, validation->catalogue->names[edge->from]);
            return;
        }
    }
}

// Problems that were found while the set was read, and those of each definition alone.
static void faults_of_definitions(struct validation *validation)
{
    struct problems *problems = &validation->catalogue->problems;
    const struct slots *members = &validation->set->members;

    for (uint16_t slot = slots_next(members, 0); slot < SERVICES_MAX;
         slot = slots_next(members, slot + 1u)) {
        const struct definition *definition = definition_of(validation, slot);
        uint32_t errors = problems->errors;
        struct place place = {problems, slot, definition->line};
        definition_check(definition, &place);
        if (problems->errors != errors) {
            validation->set->graph.faults[slot] = GRAPH_FAULT_INVALID;
        }
        if (definition_number(definition, FIELD_DISABLED) != 0) {
            slots_put(&validation->set->disabled, slot);
        }
    }
    for (uint32_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->list[i];
        if (problem->service != NO_SERVICE && problem_severity(problem->kind) == SEVERITY_ERROR) {
            validation->set->graph.faults[problem->service] = GRAPH_FAULT_INVALID;
        }
    }
}

void validate_set(struct catalogue *catalogue, struct service_set *set, const struct slots *members)
{
    struct validation validation = {.catalogue = catalogue, .set = set, .members = members};
    struct graph_cycle_sink sink = {&validation, cycle_found};
    struct graph *graph = &set->graph;

    graph_init(graph);
    memset(&set->disabled, 0, sizeof(set->disabled));
    faults_of_definitions(&validation);
    const struct slots *all = &set->members;
    for (uint16_t slot = slots_next(all, 0); slot < SERVICES_MAX;
         slot = slots_next(all, slot + 1u)) {
        edges_add(&validation, slot);
    }
    graph_index(graph);
    graph_cycles(graph, all, &sink);
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        if (graph->edges[i].kind == EDGE_CONFLICTS) {
            conflict_check(&validation, &graph->edges[i]);
        }
    }
    for (uint16_t slot = slots_next(all, 0); slot < SERVICES_MAX;
         slot = slots_next(all, slot + 1u)) {
        readiness_check(&validation, slot);
    }
    graph_sort(graph, all);
}

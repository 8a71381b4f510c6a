// SPDX-License-Identifier: Apache-2.0
//
// The graph: indexes in both directions, the topological order, closures. Work is linear in
// services and edges.
#include "system/init/manager/graph.h"

#include <string.h>

const char *edge_name(enum edge_kind kind)
{
    static const char *const names[EDGE_KINDS] = {"Requires", "Wants", "BindsTo", "Conflicts"};
    return names[kind];
}

void graph_init(struct graph *graph)
{
    graph->edge_count = 0;
    memset(graph->faults, GRAPH_FAULT_NONE, sizeof(graph->faults));
    memset(graph->out_first, 0, sizeof(graph->out_first));
    graph->order_count = 0;
}

// Until graph_index(), `out_first[from + 1]` counts the edges of `from`.
bool graph_add(struct graph *graph, struct edge edge)
{
    uint32_t count = graph->out_first[edge.from + 1];

    for (uint32_t i = 1; i <= count; i++) {
        const struct edge *other = &graph->edges[graph->edge_count - i];
        if (other->to == edge.to && other->kind == edge.kind) {
            return true;
        }
    }
    if (graph->edge_count == EDGES_MAX) {
        return false;
    }
    graph->edges[graph->edge_count++] = edge;
    graph->out_first[edge.from + 1]++;
    return true;
}

void graph_index(struct graph *graph)
{
    memset(graph->in_first, 0, sizeof(graph->in_first));
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        graph->in_first[graph->edges[i].to + 1]++;
    }
    for (uint32_t i = 0; i < SERVICES_MAX; i++) {
        graph->out_first[i + 1] = (uint16_t)(graph->out_first[i + 1] + graph->out_first[i]);
        graph->in_first[i + 1] = (uint16_t)(graph->in_first[i + 1] + graph->in_first[i]);
    }
    uint16_t next[SERVICES_MAX];
    memcpy(next, graph->in_first, sizeof(next));
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        graph->in_edges[next[graph->edges[i].to]++] = (uint16_t)i;
    }
}

void graph_sort(struct graph *graph, const struct slots *members)
{
    uint16_t waits[SERVICES_MAX] = {0};
    uint16_t done = 0;

    graph->order_count = 0;
    memset(graph->waves, 0, sizeof(graph->waves));
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        waits[edge->from] = (uint16_t)(waits[edge->from] + edge_orders(edge));
    }
    for (uint16_t slot = slots_next(members, 0); slot < SERVICES_MAX;
         slot = slots_next(members, slot + 1u)) {
        if (waits[slot] == 0) {
            graph->order[graph->order_count++] = slot;
        }
    }
    while (done < graph->order_count) {
        uint16_t to = graph->order[done++];
        for (uint32_t i = graph->in_first[to]; i < graph->in_first[to + 1]; i++) {
            const struct edge *edge = &graph->edges[graph->in_edges[i]];
            if (!edge_orders(edge)) {
                continue;
            }
            if (graph->waves[edge->from] <= graph->waves[to]) {
                graph->waves[edge->from] = (uint16_t)(graph->waves[to] + 1);
            }
            if (--waits[edge->from] == 0) {
                graph->order[graph->order_count++] = edge->from;
            }
        }
    }
}

void graph_closure(const struct graph *graph, uint16_t slot, const struct slots *without,
                   struct slots *closure)
{
    uint16_t stack[SERVICES_MAX];
    uint32_t depth = 0;

    memset(closure, 0, sizeof(*closure));
    slots_put(closure, slot);
    stack[depth++] = slot;
    while (depth > 0) {
        uint16_t from = stack[--depth];
        for (uint32_t i = graph->out_first[from]; i < graph->out_first[from + 1]; i++) {
            const struct edge *edge = &graph->edges[i];
            bool is_left_out = edge->kind == EDGE_WANTS && slots_has(without, edge->to);
            if (edge_orders(edge) && !is_left_out && !slots_has(closure, edge->to)) {
                slots_put(closure, edge->to);
                stack[depth++] = edge->to;
            }
        }
    }
}

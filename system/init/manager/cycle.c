// SPDX-License-Identifier: Apache-2.0
//
// Cycles: strongly connected sets by Tarjan's algorithm, without recursion, then for each set
// cycles that together name every member, each found breadth-first, so that it is short.
#include <string.h>

#include "system/init/manager/graph.h"

enum { UNVISITED = 0xffff };

struct search {
    const struct graph *graph;
    uint16_t index[SERVICES_MAX];
    uint16_t low[SERVICES_MAX];
    uint16_t next_edge[SERVICES_MAX];
    uint16_t stack[SERVICES_MAX]; // of the sets that are open
    uint32_t stack_size;
    struct slots on_stack;
    uint16_t path[SERVICES_MAX]; // of the walk
    uint32_t path_size;
    uint16_t visited_count;
};

static void enter(struct search *search, uint16_t slot)
{
    search->index[slot] = search->low[slot] = search->visited_count++;
    search->next_edge[slot] = search->graph->out_first[slot];
    search->stack[search->stack_size++] = slot;
    slots_put(&search->on_stack, slot);
    search->path[search->path_size++] = slot;
}

// The shortest cycle through `start` inside of `set`, in order. Returns its length.
static uint32_t shortest_cycle(const struct graph *graph, const struct slots *set, uint16_t start,
                               uint16_t out[SERVICES_MAX])
{
    uint16_t before[SERVICES_MAX];
    uint16_t queue[SERVICES_MAX];
    uint32_t head = 0, tail = 0, count = 0;

    memset(before, 0xff, sizeof(before));
    queue[tail++] = start;
    while (before[start] == NO_SERVICE) { // it is strongly connected: there is a way
        uint16_t from = queue[head++];
        for (uint32_t i = graph->out_first[from]; i < graph->out_first[from + 1]; i++) {
            const struct edge *edge = &graph->edges[i];
            if (edge_orders(edge) && slots_has(set, edge->to) && before[edge->to] == NO_SERVICE) {
                before[edge->to] = from;
                queue[tail++] = edge->to;
            }
        }
    }
    // From the start backwards; turned round at the end.
    uint16_t slot = start;
    do {
        slot = before[slot];
        out[count++] = slot;
    } while (slot != start);
    for (uint32_t i = 0; i < count / 2; i++) {
        uint16_t swapped = out[i];
        out[i] = out[count - 1 - i];
        out[count - 1 - i] = swapped;
    }
    return count;
}

static void set_report(struct graph *graph, const struct slots *set,
                       const struct graph_cycle_sink *sink)
{
    struct slots unnamed = *set;
    uint16_t cycle[SERVICES_MAX];
    uint32_t named = 0;

    for (uint16_t slot = slots_next(set, 0); slot < SERVICES_MAX;
         slot = slots_next(set, slot + 1u)) {
        graph->faults[slot] = GRAPH_FAULT_CYCLE;
    }
    for (uint16_t slot = slots_next(&unnamed, 0); slot < SERVICES_MAX && named < CYCLES_NAMED_MAX;
         slot = slots_next(&unnamed, 0)) {
        uint32_t count = shortest_cycle(graph, set, slot, cycle);
        for (uint32_t i = 0; i < count; i++) {
            slots_take(&unnamed, cycle[i]);
        }
        sink->cycle(sink->context, cycle, count);
        named++;
    }
}

// All edges of the walk's last member were followed.
static void leave(struct search *search, struct graph *graph, const struct graph_cycle_sink *sink)
{
    uint16_t slot = search->path[--search->path_size];
    struct slots set = {{0}};
    uint16_t member;
    uint32_t count = 0;

    if (search->path_size > 0) {
        uint16_t parent = search->path[search->path_size - 1];
        if (search->low[slot] < search->low[parent]) {
            search->low[parent] = search->low[slot];
        }
    }
    if (search->low[slot] != search->index[slot]) {
        return;
    }
    do {
        member = search->stack[--search->stack_size];
        slots_take(&search->on_stack, member);
        slots_put(&set, member);
        count++;
    } while (member != slot);
    if (count > 1) {
        set_report(graph, &set, sink);
    }
}

static void walk(struct search *search, struct graph *graph, uint16_t start,
                 const struct graph_cycle_sink *sink)
{
    enter(search, start);
    while (search->path_size > 0) {
        uint16_t from = search->path[search->path_size - 1];
        if (search->next_edge[from] == graph->out_first[from + 1]) {
            leave(search, graph, sink);
            continue;
        }
        const struct edge *edge = &graph->edges[search->next_edge[from]++];
        if (!edge_orders(edge)) {
            continue;
        }
        if (search->index[edge->to] == UNVISITED) {
            enter(search, edge->to);
        } else if (slots_has(&search->on_stack, edge->to) &&
                   search->index[edge->to] < search->low[from]) {
            search->low[from] = search->index[edge->to];
        }
    }
}

void graph_cycles(struct graph *graph, const struct slots *members,
                  const struct graph_cycle_sink *sink)
{
    struct search search = {.graph = graph};

    memset(search.index, 0xff, sizeof(search.index));
    for (uint16_t slot = slots_next(members, 0); slot < SERVICES_MAX;
         slot = slots_next(members, slot + 1u)) {
        if (search.index[slot] == UNVISITED) {
            walk(&search, graph, slot, sink);
        }
    }
}

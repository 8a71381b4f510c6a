// SPDX-License-Identifier: Apache-2.0
//
// Who needs, wants, binds to and conflicts with whom, of one set of definitions; which services can
// never start, and why; and the order in which the others do.
#ifndef INIT_MANAGER_GRAPH_H
#define INIT_MANAGER_GRAPH_H

#include "system/init/manager/definition.h"
#include "system/init/manager/limits.h"

enum edge_kind {
    EDGE_REQUIRES, // from Requires or Grants
    EDGE_WANTS,
    EDGE_BINDS_TO,
    EDGE_CONFLICTS,
    EDGE_KINDS,
};

struct edge {
    uint16_t from, to;
    uint8_t kind;
    uint8_t field; // that says so
};

// Why a service of the set can't start.
enum graph_fault {
    GRAPH_FAULT_NONE,
    GRAPH_FAULT_CYCLE,
    GRAPH_FAULT_INVALID,
};

struct graph {
    uint32_t edge_count;
    struct edge edges[EDGES_MAX];         // by `from`
    uint16_t out_first[SERVICES_MAX + 1]; // of each service in `edges`
    uint16_t in_first[SERVICES_MAX + 1];  // of each service in `in_edges`
    uint16_t in_edges[EDGES_MAX];         // by `to`
    uint8_t faults[SERVICES_MAX];         // enum graph_fault
    uint16_t order_count;
    uint16_t order[SERVICES_MAX]; // what needs nothing first
    uint16_t waves[SERVICES_MAX]; // longest way down to such a one
};

static inline bool edge_orders(const struct edge *edge)
{
    return edge->kind != EDGE_CONFLICTS;
}

// Whether the dependent fails if the other does.
static inline bool edge_needs(const struct edge *edge)
{
    return edge->kind == EDGE_REQUIRES || edge->kind == EDGE_BINDS_TO;
}

const char *edge_name(enum edge_kind kind); // "Requires"

// Forgets all edges; then add them by ascending `from`; then say that these were all. graph_add()
// drops what is there already, and answers false when there is no room.
void graph_init(struct graph *graph);
bool graph_add(struct graph *graph, struct edge edge);
void graph_index(struct graph *graph);

// Order and waves; members of cycles and what needs them are not in it. Run once after all faults
// are known; may be run again.
void graph_sort(struct graph *graph, const struct slots *members);

// Calls for each strongly connected set of more than one member, with one cycle through each
// member that no earlier cycle named: the members in order.
struct graph_cycle_sink {
    void *context;
    void (*cycle)(void *context, const uint16_t *members, uint32_t count);
};
void graph_cycles(struct graph *graph, const struct slots *members,
                  const struct graph_cycle_sink *sink);

// All that `slot` needs or wants, transitively, itself included.
void graph_closure(const struct graph *graph, uint16_t slot, const struct slots *without,
                   struct slots *closure);

#endif

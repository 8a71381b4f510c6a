// SPDX-License-Identifier: Apache-2.0
//
// Random systems: definitions with relations, some of them wrong, and services that are late,
// crash, hang, lie and can't be killed. Equal seeds draw equal systems.
#ifndef INIT_WORLD_DRAW_H
#define INIT_WORLD_DRAW_H

#include "system/init/world/world.h"

struct drawn_system {
    uint64_t seed;
    uint64_t generation;    // each changes a quarter of the definitions of the one before
    uint32_t service_count; // s0, s1, ...
    bool is_bad;            // relations go round, too
};

// Stages the definitions, for catalogue_stage_end().
void draw_definitions(struct catalogue *catalogue, const struct drawn_system *system);
void draw_behaviour(struct behaviour *behaviour, struct world *world);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// Walks small worlds: every sequence of a few operations, with the real code. A sequence is a path
// in a tree; each node is a process of the host, forked from the node above, so that no state has
// to be copied by hand, nor can be forgotten.
//
//     SCENE=name PATH_OF=3,0,12 some_test     one sequence again, as a failure prints it
//
// STEPS=n is the number of operations after which no deeper level is begun; a level that was begun
// is finished, but the last may be left in its middle, which is said.
#ifndef TESTS_PROPERTY_WALK_H
#define TESTS_PROPERTY_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct walk_scene {
    const char *name;
    const void *context; // what its functions are given
    uint32_t count;      // of its operations, at most 64
    void (*begin)(const void *context);
    // Does one, and looks at everything. False: there is nothing to do it with, and nothing was.
    bool (*act)(const void *context, uint32_t number);
    void (*end)(const void *context); // of the world, where nothing may be left
    const char *(*what)(const void *context, uint32_t number);
};

// What main() returns.
int walk_main(const struct walk_scene *scenes, uint32_t count);

#endif

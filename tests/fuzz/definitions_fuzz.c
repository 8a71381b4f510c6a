// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a file of definitions: read, checked, dropped. Nothing may crash, every slot and
// definition is given back, and a text that is refused has said why.
#include <stdio.h>
#include <stdlib.h>

#include "system/init/format/definitions.h"
#include "system/init/manager/assert.h"

enum { NODES_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct catalogue catalogue;
static struct definition pool[64];
static struct json_node nodes[NODES_MAX];

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_begun;

    if (!is_begun) {
        catalogue_init(&catalogue, pool, 64);
        is_begun = true;
    }
    bool is_read = definitions_read(&catalogue, (const char *)data, size, nodes, NODES_MAX);
    must(is_read || catalogue.problems.errors > 0, "what is refused is said");
    catalogue_stage_end(&catalogue, NULL);
    for (uint32_t i = 0; i < catalogue.problems.count; i++) {
        char words[1024];
        struct phrase message = phrase_in(words, sizeof(words));
        problem_print(&catalogue.problems.list[i], &message);
        must(!message.is_cut, "a message is whole");
    }
    if (catalogue.problems.errors == 0) {
        must(catalogue_staged(&catalogue)->graph.order_count == catalogue_staged(&catalogue)->count,
             "without errors everything has its place in the order");
    }
    catalogue_stage_drop(&catalogue);
    must(catalogue.free_count == catalogue.pool_used, "every definition is given back");
    for (uint32_t i = 0; i < catalogue.slot_count; i++) {
        must(catalogue.uses[i] == 0 && catalogue.names[i][0] == '\0', "every slot is given back");
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a value of a schema (capnp_value.h): the struct Every of lib/capnp/test.

#include "tests/fuzz/capnp_value.h"

#include <stdlib.h>
#include <string.h>

static void holds(bool claim)
{
    if (!claim) {
        abort();
    }
}

void capnp_value_fuzz(enum dynamic_form form, const uint8_t *input, size_t size)
{
    struct capnp_problem problem = {0};
    struct capnp_struct_reader root;
    uint64_t type = dynamic_type("Every");
    // At the end of its own memory, so that reading beyond it is seen.
    char *bytes = malloc(size + 1);
    memcpy(bytes + 1, input, size);
    if (!dynamic_read(form, bytes + 1, size, type, &root, &problem)) {
        holds(problem.kind != CAPNP_PROBLEM_NONE && problem.sentence[0] != 0);
        holds(problem.line >= 1 && problem.line <= size + 1 && problem.column >= 1 &&
              problem.column <= size + 1);
        free(bytes);
        return;
    }
    for (int layout = CAPNP_LAYOUT_SHORT; layout <= CAPNP_LAYOUT_LINES; layout++) {
        const char *shown = dynamic_shown(form, root, type, (enum capnp_layout)layout, &problem);
        char *once = strdup(shown);
        // A message within its limits can still be too long, or show defaults without end.
        if (problem.kind == CAPNP_PROBLEM_NONE && strlen(once) < 1 << 15 &&
            dynamic_read(form, once, strlen(once), type, &root, &problem)) {
            shown = dynamic_shown(form, root, type, (enum capnp_layout)layout, &problem);
            holds(strcmp(shown, once) == 0);
        } else {
            // The text form shows enumerants without a name as (number), which nobody can read.
            holds(problem.kind == CAPNP_PROBLEM_NONE || problem.kind == CAPNP_PROBLEM_TOO_LARGE ||
                  problem.kind == CAPNP_PROBLEM_TOO_DEEP);
            layout = CAPNP_LAYOUT_LINES;
        }
        free(once);
    }
    free(bytes);
}

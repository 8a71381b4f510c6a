// SPDX-License-Identifier: Apache-2.0
//
// The table of holds: who could do what at this seq. What a dead process held is absent, as in the
// kernel. A hold's id is printed as its owner sees it (cap_t).
#include <inttypes.h>
#include <stdbool.h>

#include "abi/ids.h"
#include "tools/authority/authority.h"

void interface_print(FILE *out, uint64_t interface)
{
    const char *name = interface_name(interface);

    if (name != NULL)
        fputs(name, out);
    else
        fprintf(out, "interface 0x%" PRIx64, interface);
}

// A facet works only while all that it was made from does.
static bool is_revoked(const struct state *state, uint32_t facet)
{
    for (; facet != NONE; facet = state->facets[facet].parent) {
        if (state->facets[facet].revoked != 0)
            return true;
    }
    return false;
}

// How the hold came; its origin may be gone, its id and seq stay true.
static void origin_print(FILE *out, const struct hold *hold)
{
    static const char *const words[] = {
        [HOW_GENESIS] = "from genesis", [HOW_GRANT] = "granted",  [HOW_CALL] = "passed in a call",
        [HOW_RETURN] = "returned",      [HOW_MINT] = "made here",
    };
    bool known = hold->how < sizeof(words) / sizeof(words[0]);

    fprintf(out, "  %s", known ? words[hold->how] : "of unknown origin");
    if (hold->origin.generation != 0) {
        fprintf(out, " from cap 0x%" PRIx64 " of seq %" PRIu64,
                cap_of(hold->origin.generation, hold->origin.index).value, hold->origin_seq);
    }
}

static void hold_print(FILE *out, const struct state *state, uint32_t index)
{
    const struct hold *hold = &state->holds[index];
    const struct facet *facet = &state->facets[hold->facet];
    uint64_t known = interface_methods(facet->interface);
    bool all = facet->methods == UINT64_MAX && interface_name(facet->interface) != NULL;

    fprintf(out, "  process %u  cap 0x%" PRIx64 "  ", hold->process,
            cap_of(hold->slot.generation, index).value);
    interface_print(out, facet->interface);
    fprintf(out, "%s  facet %u  methods 0x%" PRIx64, hold->revoker != 0 ? " (its revoker)" : "",
            hold->facet, all ? known : facet->methods);
    origin_print(out, hold);
    fprintf(out, "  since seq %" PRIu64 "%s\n", hold->seq,
            is_revoked(state, hold->facet) ? "  revoked" : "");
}

// A process's list begins with the newest: it is walked to its end and printed on the way back.
static void process_print(FILE *out, const struct state *state, uint32_t process)
{
    uint32_t index = state->processes[process].first_hold;

    while (index != NONE && state->holds[index].next != NONE)
        index = state->holds[index].next;
    for (; index != NONE; index = state->holds[index].previous)
        hold_print(out, state, index);
}

void holds_print(FILE *out, const struct state *state)
{
    const struct arena *processes = &state->arenas[ARENA_PROCESSES];
    uint64_t count = 0;

    for (uint32_t i = 0; i < processes->fresh; i++) {
        if (arena_is_live(processes, i) && state->processes[i].state != PROCESS_DEAD)
            count += state->processes[i].hold_count;
    }
    fprintf(out, "holds at seq %" PRIu64 ": %" PRIu64 "\n", state->seq, count);
    for (uint32_t i = 0; i < processes->fresh; i++) {
        if (arena_is_live(processes, i) && state->processes[i].state != PROCESS_DEAD)
            process_print(out, state, i);
    }
}

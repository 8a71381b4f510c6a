// SPDX-License-Identifier: Apache-2.0
//
// Whether rules hold in every state of a history, one commit after the other. A rule is looked at
// again only where a commit, or a lease or session that ran out, can have changed what it says.
//
//     authority_judge_init(&judge, &rules, &state, program, context, storage)
//     authority_judge_before(&judge, commit), reduce(...), authority_judge_after(&judge, commit)
//
// `reaches` is an upper bound: what a process could come to hold if everybody whom it can exchange
// capabilities with, over whatever many calls, gave it all that may be handed on.
#ifndef LIB_AUTHORITY_JUDGE_H
#define LIB_AUTHORITY_JUDGE_H

#include "kernel/core/state/state.h"
#include "lib/authority/rule.h"

struct rule_verdict {
    uint64_t states;      // in which it did not hold
    uint64_t first, last; // those states: commits before
    uint32_t process;     // that it did not hold for first
    uint32_t hold;        // by which; NONE: by none, or none is what is wrong
    struct commit_id process_id, hold_id;
    uint32_t facet;
    bool is_broken; // in the present state
};

struct authority_judge {
    const struct rules *rules;
    const struct state *state;
    // The program of a process; null: not known.
    const char *(*program)(void *context, uint32_t process);
    void *context;
    uint64_t now_ns;
    uint64_t next_expiry_ns; // of a lease or session
    uint64_t *subject;       // by process: bit r: rule r speaks of it
    uint64_t *through;       // the same for `through`
    uint64_t *passed;        // by hold: bit r: one that it was made from was held by those
    uint32_t *group;         // by process: with whom it can exchange capabilities
    uint32_t *clients;       // by object: a process that can call it, NONE
    uint32_t *servers;       // ... that serves it
    bool is_grouped;         // the three above are those of the present state
    // What a commit is about: noted before it is reduced, since it may be gone afterwards.
    uint64_t carried; // `passed` of what the hold is made from
    uint64_t interface;
    uint32_t object;
    bool is_endpoint;
    struct rule_verdict verdicts[RULES_MAX];
};

uint64_t authority_judge_size(const struct state_config *config);

// `storage`: so many bytes, aligned to 8. `rules` and `state` stay in use.
void authority_judge_init(struct authority_judge *judge, const struct rules *rules,
                          const struct state *state,
                          const char *(*program)(void *context, uint32_t process), void *context,
                          void *storage);
// The state is not empty: looks at it as a whole. Who held what before is not known to `through`.
void authority_judge_begin(struct authority_judge *judge, uint64_t now_ns);
void authority_judge_before(struct authority_judge *judge, const struct commit *commit);
void authority_judge_after(struct authority_judge *judge, const struct commit *commit);

#endif

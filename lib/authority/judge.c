// SPDX-License-Identifier: Apache-2.0
//
// See judge.h. One table row per kind of commit says what it can change: nothing that is asked for,
// one hold, or anything.
#include "lib/authority/judge.h"

#include <string.h>

#include "abi/ring.h"

static const uint64_t REVOKER = 0x9f4b3c0000000109; // a revoker's interface: kernel.capnp

// --- Storage ------------------------------------------------------------------------------------

uint64_t authority_judge_size(const struct state_config *config)
{
    return (2 * (uint64_t)config->processes + config->holds) * sizeof(uint64_t) +
           (config->processes + 2 * (uint64_t)config->objects) * sizeof(uint32_t);
}

void authority_judge_init(struct authority_judge *judge, const struct rules *rules,
                          const struct state *state,
                          const char *(*program)(void *context, uint32_t process), void *context,
                          void *storage)
{
    const struct state_config *config = &state->config;

    memset(storage, 0, authority_judge_size(config));
    *judge = (struct authority_judge){.rules = rules,
                                      .state = state,
                                      .program = program,
                                      .context = context,
                                      .next_expiry_ns = UINT64_MAX,
                                      .subject = storage};
    judge->through = judge->subject + config->processes;
    judge->passed = judge->through + config->processes;
    judge->group = (uint32_t *)(void *)(judge->passed + config->holds);
    judge->clients = judge->group + config->processes;
    judge->servers = judge->clients + config->objects;
}

// --- Sets ---------------------------------------------------------------------------------------

static bool is_of_session(const struct state *state, uint32_t process, uint32_t session)
{
    const struct session_entry *at = &state->sessions[state->processes[process].session];

    while (at->slot.link != session && at->parent.generation != 0)
        at = &state->sessions[at->parent.index];
    return at->slot.link == session;
}

static bool op_is_true(const struct authority_judge *judge, const struct rule_op *op,
                       uint32_t process)
{
    if (op->kind == OP_PROGRAM) {
        const char *name = judge->program(judge->context, process);
        return name != NULL && rule_glob(op->text, op->size, name, strlen(name));
    }
    if (op->kind == OP_SESSION)
        return is_of_session(judge->state, process, op->number);
    return op->kind == OP_ANY || op->number == process;
}

static bool is_in(const struct authority_judge *judge, struct rule_list set, uint32_t process)
{
    bool stack[RULE_STACK_MAX];
    uint32_t height = 0;

    for (uint32_t i = 0; i < set.count; i++) {
        const struct rule_op *op = &judge->rules->ops[set.first + i];
        if (op->kind == OP_NOT) {
            stack[height - 1] = !stack[height - 1];
        } else if (op->kind == OP_AND || op->kind == OP_OR) {
            height--;
            stack[height - 1] = op->kind == OP_AND ? stack[height - 1] && stack[height]
                                                   : stack[height - 1] || stack[height];
        } else {
            stack[height++] = op_is_true(judge, op, process);
        }
    }
    return set.count != 0 && stack[0];
}

static void process_sort(struct authority_judge *judge, uint32_t process)
{
    judge->subject[process] = judge->through[process] = 0;
    for (uint32_t r = 0; r < judge->rules->count; r++) {
        const struct rule *rule = &judge->rules->rules[r];
        judge->subject[process] |= (uint64_t)is_in(judge, rule->subject, process) << r;
        judge->through[process] |= (uint64_t)is_in(judge, rule->through, process) << r;
    }
}

// --- One state ----------------------------------------------------------------------------------

static bool process_runs(const struct authority_judge *judge, uint32_t process)
{
    const struct state *state = judge->state;
    const struct process_entry *entry = &state->processes[process];

    return arena_is_live(&state->arenas[ARENA_PROCESSES], process) &&
           entry->state == PROCESS_RUNNING && !job_is_killed(state, entry->job) &&
           session_is_live(state, entry->session, judge->now_ns);
}

static bool facet_works(const struct authority_judge *judge, uint32_t facet)
{
    for (; facet != NONE; facet = judge->state->facets[facet].parent) {
        const struct facet *at = &judge->state->facets[facet];
        if (at->revoked != 0 || at->expiry_ns <= judge->now_ns)
            return false;
    }
    return true;
}

static bool target_is(const struct rule_target *target, const struct hold *hold,
                      const struct facet *facet)
{
    if (target->is_any)
        return true;
    if (target->object != RULE_OBJECT_NONE)
        return target->object == facet->object && hold->revoker == 0;
    if (hold->revoker != 0)
        return target->interface == REVOKER;
    return target->interface == facet->interface &&
           (target->methods == 0 || (target->methods & facet->methods) != 0);
}

// Whether it is one of the rule's targets, and works.
static bool hold_is(const struct authority_judge *judge, const struct rule *rule,
                    const struct hold *hold)
{
    const struct facet *facet = &judge->state->facets[hold->facet];

    for (uint32_t i = 0; i < rule->targets.count; i++) {
        if (target_is(&judge->rules->targets[rule->targets.first + i], hold, facet))
            return facet_works(judge, hold->facet);
    }
    return false;
}

static uint32_t own_hold(const struct authority_judge *judge, const struct rule *rule, uint32_t r,
                         uint32_t process)
{
    const struct state *state = judge->state;
    uint32_t hold = state->processes[process].first_hold;

    for (; hold != NONE; hold = state->holds[hold].next) {
        bool is_through = rule->through.count == 0 || (judge->passed[hold] >> r & 1) != 0;
        if (is_through && hold_is(judge, rule, &state->holds[hold]))
            return hold;
    }
    return NONE;
}

// --- Groups -------------------------------------------------------------------------------------

static uint32_t group_of(struct authority_judge *judge, uint32_t process)
{
    while (judge->group[process] != process) {
        judge->group[process] = judge->group[judge->group[process]];
        process = judge->group[process];
    }
    return process;
}

static void join(struct authority_judge *judge, uint32_t process, uint32_t other)
{
    if (other != NONE)
        judge->group[group_of(judge, process)] = group_of(judge, other);
}

// Everybody who can call an endpoint and everybody who serves it are together, if there is both.
static void endpoint_count(struct authority_judge *judge, uint32_t process, const struct hold *hold,
                           bool is_second)
{
    const struct state *state = judge->state;
    const struct facet *facet = &state->facets[hold->facet];

    if (hold->revoker != 0 || state->objects[facet->object].kind != OBJECT_ENDPOINT ||
        !facet_works(judge, hold->facet))
        return;
    bool is_server = facet_is_server(state, facet);
    uint32_t *own = &(is_server ? judge->servers : judge->clients)[facet->object];
    if (is_second)
        join(judge, process, (is_server ? judge->clients : judge->servers)[facet->object]);
    else if (*own == NONE)
        *own = process;
}

static void groups_make(struct authority_judge *judge)
{
    const struct state *state = judge->state;
    uint32_t processes = state->arenas[ARENA_PROCESSES].fresh;
    uint32_t objects = state->arenas[ARENA_OBJECTS].fresh;

    memset(judge->clients, 0xff, objects * sizeof(*judge->clients));
    memset(judge->servers, 0xff, objects * sizeof(*judge->servers));
    for (uint32_t process = 0; process < processes; process++)
        judge->group[process] = process;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t process = 0; process < processes; process++) {
            if (!process_runs(judge, process))
                continue;
            for (uint32_t hold = state->processes[process].first_hold; hold != NONE;
                 hold = state->holds[hold].next)
                endpoint_count(judge, process, &state->holds[hold], pass == 1);
        }
    }
    judge->is_grouped = true;
}

static bool may_come(const struct state *state, const struct hold *hold, uint32_t process)
{
    bool is_same = state->processes[hold->process].session == state->processes[process].session;

    return hold->transfer != TRANSFER_NONE &&
           (hold->scope == SCOPE_SHAREABLE || (hold->scope == SCOPE_SAME_SESSION && is_same));
}

// Whether another of its group, through whom the rule wants it, is there.
static bool has_between(struct authority_judge *judge, uint32_t r, uint32_t process)
{
    uint32_t group = group_of(judge, process);

    for (uint32_t other = 0; other < judge->state->arenas[ARENA_PROCESSES].fresh; other++) {
        if (other != process && (judge->through[other] >> r & 1) != 0 &&
            process_runs(judge, other) && group_of(judge, other) == group)
            return true;
    }
    return false;
}

static uint32_t group_hold(struct authority_judge *judge, const struct rule *rule, uint32_t r,
                           uint32_t process)
{
    const struct state *state = judge->state;
    uint32_t group = group_of(judge, process);

    if (rule->through.count != 0 && !has_between(judge, r, process))
        return NONE;
    for (uint32_t other = 0; other < state->arenas[ARENA_PROCESSES].fresh; other++) {
        if (other == process || group_of(judge, other) != group || !process_runs(judge, other))
            continue;
        for (uint32_t hold = state->processes[other].first_hold; hold != NONE;
             hold = state->holds[hold].next) {
            if (may_come(state, &state->holds[hold], process) &&
                hold_is(judge, rule, &state->holds[hold]))
                return hold;
        }
    }
    return NONE;
}

static uint32_t rule_hold(struct authority_judge *judge, const struct rule *rule, uint32_t r,
                          uint32_t process)
{
    bool is_own = !rule->reaches || rule->through.count == 0;
    uint32_t hold = is_own ? own_hold(judge, rule, r, process) : NONE;

    return hold != NONE || !rule->reaches ? hold : group_hold(judge, rule, r, process);
}

// --- Verdicts -----------------------------------------------------------------------------------

static bool is_asked(const struct authority_judge *judge, const struct rule *rule)
{
    uint64_t from = rule->from.is_time ? judge->now_ns : judge->state->seq;
    uint64_t to = rule->to.is_time ? judge->now_ns : judge->state->seq;

    return from >= rule->from.value && to <= rule->to.value;
}

static void verdict_found(struct authority_judge *judge, uint32_t r, uint32_t process,
                          uint32_t hold)
{
    struct rule_verdict *verdict = &judge->verdicts[r];
    const struct state *state = judge->state;

    verdict->is_broken = true;
    // What is said of the first state in its range is kept.
    if (verdict->states != 0)
        return;
    verdict->process = process;
    verdict->process_id = arena_id(&state->arenas[ARENA_PROCESSES], process);
    verdict->hold = hold;
    if (hold != NONE) {
        verdict->hold_id = arena_id(&state->arenas[ARENA_HOLDS], hold);
        verdict->facet = state->holds[hold].facet;
    }
}

// Looks at a rule as a whole.
static void rule_judge(struct authority_judge *judge, uint32_t r)
{
    const struct rule *rule = &judge->rules->rules[r];
    bool wants = rule->quantifier != RULE_ONLY;
    struct rule_verdict *verdict = &judge->verdicts[r];

    if (rule->reaches && !judge->is_grouped)
        groups_make(judge);
    verdict->is_broken = false;
    for (uint32_t process = 0; process < judge->state->arenas[ARENA_PROCESSES].fresh; process++) {
        bool is_subject = (judge->subject[process] >> r & 1) != 0;
        if (is_subject != wants || !process_runs(judge, process))
            continue;
        uint32_t hold = rule_hold(judge, rule, r, process);
        if ((hold != NONE) != (rule->quantifier == RULE_ALWAYS)) {
            verdict_found(judge, r, process, hold);
            return;
        }
    }
}

// One hold came, of a rule that forbids: the rest of the state says of it what it said.
static void hold_judge(struct authority_judge *judge, uint32_t r, uint32_t hold)
{
    const struct rule *rule = &judge->rules->rules[r];
    uint32_t process = judge->state->holds[hold].process;
    bool is_subject = (judge->subject[process] >> r & 1) != 0;

    if (is_subject == (rule->quantifier == RULE_NEVER) && process_runs(judge, process) &&
        (rule->through.count == 0 || (judge->passed[hold] >> r & 1) != 0) &&
        hold_is(judge, rule, &judge->state->holds[hold]))
        verdict_found(judge, r, process, hold);
}

// --- Commits ------------------------------------------------------------------------------------

enum change {
    CHANGES_NOTHING = 0,
    CHANGES_HOLD,    // one came or went
    CHANGES_LEASES,  // when something runs out
    CHANGES_PROCESS, // who it is, and so which rules speak of it
    CHANGES_ANYTHING,
};

static const uint8_t changes[COMMIT_KIND_COUNT] = {
    [COMMIT_SESSION_CREATE] = CHANGES_LEASES, [COMMIT_SESSION_END] = CHANGES_ANYTHING,
    [COMMIT_JOB_KILL] = CHANGES_ANYTHING,     [COMMIT_PROCESS_CREATE] = CHANGES_PROCESS,
    [COMMIT_PROCESS_START] = CHANGES_PROCESS, [COMMIT_PROCESS_EXIT] = CHANGES_ANYTHING,
    [COMMIT_FACET_LEASE] = CHANGES_LEASES,    [COMMIT_FACET_REVOKE] = CHANGES_ANYTHING,
    [COMMIT_HOLD_INSERT] = CHANGES_HOLD,      [COMMIT_HOLD_MOVE] = CHANGES_HOLD,
    [COMMIT_HOLD_REMOVE] = CHANGES_HOLD,
};

// `passed` of a hold that is made from another, which is there.
static uint64_t carried(const struct authority_judge *judge, uint32_t origin)
{
    return judge->passed[origin] | judge->through[judge->state->holds[origin].process];
}

void authority_judge_before(struct authority_judge *judge, const struct commit *commit)
{
    const struct state *state = judge->state;
    uint32_t facet = commit->hold_insert.facet;
    uint32_t hold = commit->hold_remove.hold.index; // what the body names first

    if (changes[commit->kind] != CHANGES_HOLD)
        return;
    judge->carried = 0;
    if (commit->kind != COMMIT_HOLD_INSERT)
        facet = state->holds[hold].facet;
    if (commit->kind == COMMIT_HOLD_MOVE)
        judge->carried = carried(judge, hold);
    else if (commit->kind == COMMIT_HOLD_INSERT && commit->hold_insert.origin.generation != 0 &&
             arena_has(&state->arenas[ARENA_HOLDS], commit->hold_insert.origin))
        judge->carried = carried(judge, commit->hold_insert.origin.index);
    judge->object = state->facets[facet].object;
    judge->interface = state->facets[facet].interface;
    judge->is_endpoint = state->objects[judge->object].kind == OBJECT_ENDPOINT;
}

// Whether a commit about one hold can change what a rule says.
static bool is_about(const struct authority_judge *judge, const struct rule *rule)
{
    if (rule->reaches && judge->is_endpoint)
        return true;
    for (uint32_t i = 0; i < rule->targets.count; i++) {
        const struct rule_target *target = &judge->rules->targets[rule->targets.first + i];
        if (target->is_any || target->object == judge->object ||
            (target->object == RULE_OBJECT_NONE &&
             (target->interface == judge->interface || target->interface == REVOKER)))
            return true;
    }
    return false;
}

static void hold_changed(struct authority_judge *judge, const struct commit *commit)
{
    struct commit_id made =
        commit->kind == COMMIT_HOLD_INSERT ? commit->hold_insert.hold : commit->hold_move.made;
    bool came = commit->kind != COMMIT_HOLD_REMOVE;

    if (came)
        judge->passed[made.index] = judge->carried;
    judge->is_grouped = judge->is_grouped && !judge->is_endpoint;
    for (uint32_t r = 0; r < judge->rules->count; r++) {
        const struct rule *rule = &judge->rules->rules[r];
        bool was_broken = judge->verdicts[r].is_broken;
        bool is_simple = !rule->reaches && rule->quantifier != RULE_ALWAYS && !was_broken;

        if (!is_about(judge, rule))
            continue;
        if (is_simple && came)
            hold_judge(judge, r, made.index);
        else if (was_broken || rule->reaches ||
                 (came ? rule->quantifier != RULE_ALWAYS : rule->quantifier == RULE_ALWAYS) ||
                 commit->kind == COMMIT_HOLD_MOVE)
            rule_judge(judge, r);
    }
}

static uint64_t sooner(uint64_t expiry_ns, uint64_t now_ns, uint64_t than)
{
    return expiry_ns > now_ns && expiry_ns < than ? expiry_ns : than;
}

// When the next lease or session runs out.
static void expiry_find(struct authority_judge *judge)
{
    const struct state *state = judge->state;
    uint64_t next = UINT64_MAX;

    for (uint32_t i = 0; i < state->arenas[ARENA_FACETS].fresh; i++) {
        if (arena_is_live(&state->arenas[ARENA_FACETS], i))
            next = sooner(state->facets[i].expiry_ns, judge->now_ns, next);
    }
    for (uint32_t i = 0; i < state->arenas[ARENA_SESSIONS].fresh; i++) {
        if (arena_is_live(&state->arenas[ARENA_SESSIONS], i))
            next = sooner(state->sessions[i].expiry_ns, judge->now_ns, next);
    }
    judge->next_expiry_ns = next;
}

static void all_judge(struct authority_judge *judge)
{
    judge->is_grouped = false;
    for (uint32_t r = 0; r < judge->rules->count; r++)
        rule_judge(judge, r);
}

static void states_count(struct authority_judge *judge)
{
    for (uint32_t r = 0; r < judge->rules->count; r++) {
        struct rule_verdict *verdict = &judge->verdicts[r];
        if (!verdict->is_broken || !is_asked(judge, &judge->rules->rules[r]))
            continue;
        verdict->first = verdict->states == 0 ? judge->state->seq : verdict->first;
        verdict->last = judge->state->seq;
        verdict->states++;
    }
}

void authority_judge_begin(struct authority_judge *judge, uint64_t now_ns)
{
    judge->now_ns = now_ns;
    for (uint32_t process = 0; process < judge->state->arenas[ARENA_PROCESSES].fresh; process++) {
        if (arena_is_live(&judge->state->arenas[ARENA_PROCESSES], process))
            process_sort(judge, process);
    }
    all_judge(judge);
    expiry_find(judge);
    states_count(judge);
}

void authority_judge_after(struct authority_judge *judge, const struct commit *commit)
{
    enum change change = (enum change)changes[commit->kind];
    bool is_late = commit->time_ns < judge->now_ns || commit->time_ns >= judge->next_expiry_ns;

    judge->now_ns = commit->time_ns;
    if (change == CHANGES_PROCESS)
        process_sort(judge, commit->process_create.process.index);
    if (change == CHANGES_HOLD)
        hold_changed(judge, commit);
    if (is_late || change > CHANGES_HOLD)
        all_judge(judge);
    if (is_late || change == CHANGES_LEASES)
        expiry_find(judge);
    states_count(judge);
}

// SPDX-License-Identifier: Apache-2.0
//
// The questions of abi/schema/authority.capnp. Each answer is made in two steps: the lives that it
// is about are collected, without those that the asker may not see and those that he has already;
// then they become rows. What lives mean is lib/authority's.
#include <string.h>

#include "abi/ids.h"
#include "lib/authority/denial.h"
#include "lib/authority/grant.h"
#include "lib/authority/suppose.h"
#include "system/authorityd/question.h"

enum {
    PROCESSES_MAX = 2048, // of a machine that `reach` and `whatIf` know
    OBJECTS_MAX = 16384,
    REACH_SIZE = 13 * PROCESSES_MAX + OBJECTS_MAX,
};

enum change { CHANGE_GAINED = 0, CHANGE_LOST = 1, CHANGE_USE = 2 };

bool refuse(struct capnp_exception *exception, const char *why)
{
    capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, why);
    return false;
}

void row_put(struct question *question, uint32_t life, uint32_t extra)
{
    if (question->skip > 0)
        question->skip--;
    else if (question->count == question->rows_max)
        question->has_more = true;
    else
        question->rows[question->count++] = (struct row){life, extra};
}

uint64_t id_of(const struct question *question, uint32_t arena, uint32_t life)
{
    if (life == LIFE_NONE)
        return 0;
    struct commit_id id = authority_id(question->index, arena, life);
    return cap_of(id.generation, id.index).value;
}

// --- What is asked ------------------------------------------------------------------------------

bool question_begin(struct question *question, struct authorityd *authorityd, uint32_t skip,
                    struct capnp_exception *exception)
{
    *question = (struct question){.authorityd = authorityd, .skip = skip, .rows_max = ROWS_MAX};
    if (!authorityd_follow(authorityd, exception))
        return false;
    if (authorityd->window.is_blind || authorityd->window.replay.page_count == 0)
        return refuse(exception, "there is no history: too much is alive, or it is too early");
    question->index = &authorityd->window.index;
    question->view = authority_view_of(question->index, authorityd->service.current->receiver_data);
    question->at = authority_at_seq(question->index, question->index->count);
    return true;
}

bool moment_find(struct question *question, uint64_t value, bool is_time,
                 struct capnp_exception *exception)
{
    const struct authority_index *index = question->index;
    uint32_t at;

    if (value == UINT64_MAX)
        return true;
    if (is_time && value < index->base_ns)
        return refuse(exception, "the history begins after that time");
    if (is_time) {
        question->at.now_ns = value;
        return authority_moment(index, value, &question->at.at) ||
               refuse(exception, "times go backwards in this log: ask by seq");
    }
    if (!authority_at_of(index, value, &at))
        return refuse(exception, value < index->base_seq ? "the history begins after that seq"
                                                         : "that seq is not in the log yet");
    question->at = authority_at_seq(index, at);
    return true;
}

static uint32_t life_named(const struct question *question, uint32_t arena, uint64_t id)
{
    struct commit_id named = {(uint32_t)id, (uint32_t)(id >> 32)};

    return authority_life_of(question->index, arena, named, question->at.at);
}

// What is not to be seen is refused as what is not there.
bool process_find(const struct question *question, uint64_t id, uint32_t *process,
                  struct capnp_exception *exception)
{
    *process = life_named(question, ARENA_PROCESSES, id);
    return (*process != LIFE_NONE && authority_sees_process(&question->view, *process)) ||
           refuse(exception, "there was no such process, or it is not to be seen");
}

bool object_find(const struct question *question, uint64_t id, uint32_t *object,
                 struct capnp_exception *exception)
{
    *object = life_named(question, ARENA_OBJECTS, id);
    return (*object != LIFE_NONE &&
            authority_sees_object(&question->view, *object, question->at.at)) ||
           refuse(exception, "there was no such object, or it is not to be seen");
}

// --- Rows ---------------------------------------------------------------------------------------

static void hold_fill(const struct question *question, struct authority_hold_builder row,
                      const struct row *what)
{
    const struct authority_index *index = question->index;
    struct authority_hold hold;

    authority_hold_of(index, what->life, &hold);
    authority_hold_set_process(row, id_of(question, ARENA_PROCESSES, hold.process));
    authority_hold_set_cap(row, cap_of(hold.id.generation, hold.id.index).value);
    authority_hold_set_object(row, id_of(question, ARENA_OBJECTS, hold.object));
    authority_hold_set_facet(row, id_of(question, ARENA_FACETS, hold.facet));
    authority_hold_set_interface(row, authority_interface(index, hold.facet));
    authority_hold_set_methods(row, authority_methods(index, hold.facet));
    authority_hold_set_since(row, authority_seq(index, what->life));
    authority_hold_set_how(row, hold.how);
    authority_hold_set_use(row, (uint8_t)authority_hold_use(index, what->life, question->at));
    authority_hold_set_is_revoker(row, hold.is_revoker);
    authority_hold_set_change(row, (uint8_t)what->extra);
}

static void holds_fill(const struct question *question, struct authority_hold_builder_list list)
{
    for (uint32_t i = 0; i < question->count; i++)
        hold_fill(question, authority_hold_builder_at(list, i), &question->rows[i]);
}

static void step_fill(const struct question *question, struct authority_step_builder row,
                      const struct row *what)
{
    const struct authority_index *index = question->index;
    bool is_seen = authority_sees_hold(&question->view, what->life);
    struct authority_hold hold;

    authority_hold_of(index, what->life, &hold);
    authority_step_set_path(row, what->extra);
    authority_step_set_how(row, hold.how);
    authority_step_set_is_moved(row, hold.was_moved);
    authority_step_set_is_before(row, hold.is_before);
    authority_step_set_is_foreign(row, hold.is_foreign);
    authority_step_set_is_hidden(row, !is_seen);
    authority_step_set_since(row, authority_seq(index, what->life));
    if (!hold.is_before)
        authority_step_set_time_ns(row, authority_commit(index, what->life)->time_ns);
    if (!is_seen)
        return;
    authority_step_set_process(row, id_of(question, ARENA_PROCESSES, hold.process));
    authority_step_set_cap(row, cap_of(hold.id.generation, hold.id.index).value);
    authority_step_set_facet(row, id_of(question, ARENA_FACETS, hold.facet));
    authority_step_set_acted_for(
        row, id_of(question, ARENA_SESSIONS, authority_acted_for(index, &hold)));
}

// --- Answers ------------------------------------------------------------------------------------

static bool serve_state(void *self, struct authority_history_state_params_reader params,
                        struct authority_history_state_results_builder results,
                        struct capnp_exception *exception)
{
    struct authorityd *authorityd = self;
    const struct replay *replay = &authorityd->window.replay;
    (void)params;
    if (!authorityd_follow(authorityd, exception))
        return false;
    authority_history_state_results_set_boot(results, replay->boot_id);
    authority_history_state_results_set_begins(results, authorityd->window.is_blind
                                                            ? replay->state.seq
                                                            : authorityd->window.index.base_seq);
    authority_history_state_results_set_seq(results, replay->state.seq);
    authority_history_state_results_set_time_ns(results, replay->time_ns);
    authority_history_state_results_set_pages(results, replay->page_count);
    authority_history_state_results_set_head(results, (struct capnp_data){replay->head, HASH_SIZE});
    return true;
}

static bool serve_refresh(void *self, struct authority_history_refresh_params_reader params,
                          struct authority_history_refresh_results_builder results,
                          struct capnp_exception *exception)
{
    struct authorityd *authorityd = self;
    (void)params;
    if (!authorityd_refresh(authorityd, exception))
        return false;
    authority_history_refresh_results_set_seq(results, authorityd->window.replay.state.seq);
    return true;
}

static void who_put(void *context, uint32_t hold)
{
    struct question *question = context;

    if (authority_sees_hold(&question->view, hold))
        row_put(question, hold, 0);
}

static bool serve_who(void *self, struct authority_history_who_params_reader params,
                      struct authority_history_who_results_builder results,
                      struct capnp_exception *exception)
{
    struct question question;
    uint32_t object;
    uint64_t at = authority_history_who_params_get_at(params);
    bool is_time = authority_history_who_params_get_is_time(params);
    if (!question_begin(&question, self, authority_history_who_params_get_skip(params),
                        exception) ||
        !moment_find(&question, at, is_time, exception) ||
        !object_find(&question, authority_history_who_params_get_object(params), &object,
                     exception))
        return false;
    if (life_is_there(question.index, object, question.at.at))
        authority_who(question.index, object, question.at, who_put, &question);
    authority_history_who_results_set_seq(results, authority_seq(question.index, question.at.at));
    authority_history_who_results_set_more(results, question.has_more);
    holds_fill(&question, authority_history_who_results_init_holds(results, question.count));
    return true;
}

static bool serve_holds(void *self, struct authority_history_holds_params_reader params,
                        struct authority_history_holds_results_builder results,
                        struct capnp_exception *exception)
{
    struct question question;
    uint32_t process;
    uint64_t at = authority_history_holds_params_get_at(params);
    bool is_time = authority_history_holds_params_get_is_time(params);
    if (!question_begin(&question, self, authority_history_holds_params_get_skip(params),
                        exception) ||
        !moment_find(&question, at, is_time, exception) ||
        !process_find(&question, authority_history_holds_params_get_process(params), &process,
                      exception))
        return false;
    for (uint32_t h = authority_first_hold(question.index, process, question.at.at); h != LIFE_NONE;
         h = authority_next_hold(question.index, h, question.at.at))
        row_put(&question, h, 0);
    authority_history_holds_results_set_seq(results, authority_seq(question.index, question.at.at));
    authority_history_holds_results_set_more(results, question.has_more);
    holds_fill(&question, authority_history_holds_results_init_holds(results, question.count));
    return true;
}

static void paths_collect(struct question *question, uint32_t process, uint32_t object)
{
    const struct authority_index *index = question->index;
    uint32_t path = 0;
    struct authority_hold hold;

    for (uint32_t h = authority_first_hold(index, process, question->at.at); h != LIFE_NONE;
         h = authority_next_hold(index, h, question->at.at)) {
        if (index->lives[index->lives[h].target].owner != object)
            continue;
        for (uint32_t step = h; step != LIFE_NONE; step = hold.origin) {
            row_put(question, step, path);
            authority_hold_of(index, step, &hold);
        }
        path++;
    }
}

static bool serve_path(void *self, struct authority_history_path_params_reader params,
                       struct authority_history_path_results_builder results,
                       struct capnp_exception *exception)
{
    struct question question;
    uint32_t process, object;
    uint64_t at = authority_history_path_params_get_at(params);
    bool is_time = authority_history_path_params_get_is_time(params);
    if (!question_begin(&question, self, authority_history_path_params_get_skip(params),
                        exception) ||
        !moment_find(&question, at, is_time, exception) ||
        !process_find(&question, authority_history_path_params_get_process(params), &process,
                      exception) ||
        !object_find(&question, authority_history_path_params_get_object(params), &object,
                     exception))
        return false;
    paths_collect(&question, process, object);
    authority_history_path_results_set_seq(results, authority_seq(question.index, question.at.at));
    authority_history_path_results_set_more(results, question.has_more);
    struct authority_step_builder_list list =
        authority_history_path_results_init_steps(results, question.count);
    for (uint32_t i = 0; i < question.count; i++)
        step_fill(&question, authority_step_builder_at(list, i), &question.rows[i]);
    return true;
}

void process_fill(const struct question *question, struct authority_process_builder row,
                  uint32_t process)
{
    const struct authority_index *index = question->index;

    authority_process_set_process(row, id_of(question, ARENA_PROCESSES, process));
    authority_process_set_session(
        row, id_of(question, ARENA_SESSIONS, authority_session(index, process, question->at.at)));
    authority_process_set_stage(row, (uint8_t)authority_stage_of(index, process, question->at.at));
}

static bool serve_at(void *self, struct authority_history_at_params_reader params,
                     struct authority_history_at_results_builder results,
                     struct capnp_exception *exception)
{
    struct question question;
    uint64_t at = authority_history_at_params_get_at(params);
    bool is_time = authority_history_at_params_get_is_time(params);
    if (!question_begin(&question, self, authority_history_at_params_get_skip(params), exception) ||
        !moment_find(&question, at, is_time, exception))
        return false;
    const struct authority_index *index = question.index;
    for (uint32_t slot = 0; slot < index->config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, question.at.at);
        if (process != LIFE_NONE && authority_sees_process(&question.view, process) &&
            authority_stage_of(index, process, question.at.at) != STAGE_ABSENT)
            row_put(&question, process, 0);
    }
    authority_history_at_results_set_seq(results, authority_seq(index, question.at.at));
    authority_history_at_results_set_more(results, question.has_more);
    struct authority_process_builder_list list =
        authority_history_at_results_init_processes(results, question.count);
    for (uint32_t i = 0; i < question.count; i++) {
        process_fill(&question, authority_process_builder_at(list, i), question.rows[i].life);
    }
    return true;
}

static void changes_collect(struct question *question, struct authority_at from,
                            struct authority_at to)
{
    const struct authority_index *index = question->index;
    uint32_t end = from.at > to.at ? from.at : to.at;

    for (uint32_t life = 0; life < end; life++) {
        if (!authority_is_hold(index, life) || !authority_sees_hold(&question->view, life))
            continue;
        bool before = authority_hold_counts(index, life, from.at);
        bool after = authority_hold_counts(index, life, to.at);
        if (before != after)
            row_put(question, life, after ? CHANGE_GAINED : CHANGE_LOST);
        else if (before &&
                 authority_hold_use(index, life, from) != authority_hold_use(index, life, to))
            row_put(question, life, CHANGE_USE);
    }
}

static bool serve_diff(void *self, struct authority_history_diff_params_reader params,
                       struct authority_history_diff_results_builder results,
                       struct capnp_exception *exception)
{
    struct question question;
    uint64_t from_seq = authority_history_diff_params_get_from_seq(params);
    uint64_t to_seq = authority_history_diff_params_get_to_seq(params);
    if (!question_begin(&question, self, authority_history_diff_params_get_skip(params),
                        exception) ||
        !moment_find(&question, from_seq, false, exception))
        return false;
    struct authority_at from = question.at;
    if (!moment_find(&question, to_seq, false, exception))
        return false;
    changes_collect(&question, from, question.at);
    authority_history_diff_results_set_seq(results, authority_seq(question.index, question.at.at));
    authority_history_diff_results_set_more(results, question.has_more);
    struct authority_at to = question.at;
    struct authority_hold_builder_list list =
        authority_history_diff_results_init_holds(results, question.count);
    for (uint32_t i = 0; i < question.count; i++) {
        // What was lost is shown as it was.
        question.at = question.rows[i].extra == CHANGE_LOST ? from : to;
        hold_fill(&question, authority_hold_builder_at(list, i), &question.rows[i]);
    }
    return true;
}

// With whom the process can exchange capabilities. False: there are too many to look at.
static bool reach_begin(const struct question *question, uint32_t process,
                        struct authority_reach *reach, struct capnp_exception *exception)
{
    static _Alignas(8) uint8_t storage[REACH_SIZE];
    uint64_t size = authority_reach_size(&question->index->config);

    if (size > sizeof(storage))
        return refuse(exception, "the machine has more processes than this service knows");
    memset(storage, 0, (size_t)size);
    authority_reach(reach, question->index, process, question->at, storage);
    return true;
}

static bool serve_reach(void *self, struct authority_history_reach_params_reader params,
                        struct authority_history_reach_results_builder results,
                        struct capnp_exception *exception)
{
    struct question question;
    struct authority_reach reach;
    uint32_t process;
    uint64_t at = authority_history_reach_params_get_at(params);
    bool is_time = authority_history_reach_params_get_is_time(params);
    if (!question_begin(&question, self, authority_history_reach_params_get_skip(params),
                        exception) ||
        !moment_find(&question, at, is_time, exception) ||
        !process_find(&question, authority_history_reach_params_get_process(params), &process,
                      exception) ||
        !reach_begin(&question, process, &reach, exception))
        return false;
    const struct authority_index *index = question.index;
    for (uint32_t place = 0; place < reach.count; place++) {
        for (uint32_t h = authority_first_hold(index, reach.found[place], question.at.at);
             h != LIFE_NONE; h = authority_next_hold(index, h, question.at.at)) {
            if (authority_sees_hold(&question.view, h) &&
                authority_may_come(&reach, index, h, question.at))
                row_put(&question, h, 0);
        }
    }
    authority_history_reach_results_set_seq(results, authority_seq(index, question.at.at));
    authority_history_reach_results_set_more(results, question.has_more);
    holds_fill(&question, authority_history_reach_results_init_holds(results, question.count));
    return true;
}

static bool serve_uses(void *self, struct authority_history_uses_params_reader params,
                       struct authority_history_uses_results_builder results,
                       struct capnp_exception *exception)
{
    struct authorityd *authorityd = self;
    struct question question;
    uint32_t process;
    if (!question_begin(&question, self, authority_history_uses_params_get_skip(params),
                        exception) ||
        !process_find(&question, authority_history_uses_params_get_process(params), &process,
                      exception))
        return false;
    struct commit_id id = authority_id(question.index, ARENA_PROCESSES, process);
    for (uint32_t i = 0; i < authorityd->usage.count; i++) {
        struct commit_id user = authorityd->uses[i].process;
        if (user.index == id.index && user.generation == id.generation)
            row_put(&question, i, 0);
    }
    authority_history_uses_results_set_records(results, authorityd->usage.records);
    authority_history_uses_results_set_missed(results, authorityd->missed + authorityd->usage.lost);
    authority_history_uses_results_set_more(results, question.has_more);
    struct authority_use_builder_list list =
        authority_history_uses_results_init_uses(results, question.count);
    for (uint32_t i = 0; i < question.count; i++) {
        struct authority_use_builder row = authority_use_builder_at(list, i);
        const struct use *use = &authorityd->uses[question.rows[i].life];
        authority_use_set_process(row, cap_of(id.generation, id.index).value);
        authority_use_set_facet(row, cap_of(use->facet.generation, use->facet.index).value);
        authority_use_set_count(row, use->count);
        authority_use_set_first_ns(row, use->first_ns);
        authority_use_set_last_ns(row, use->last_ns);
        authority_use_set_method(row, use->method);
    }
    return true;
}

static bool use_methods_at(void *context, uint32_t place, uint32_t *process, uint32_t *facet,
                           uint64_t *methods)
{
    const struct authorityd *authorityd = context;
    const struct authority_index *index = &authorityd->window.index;

    if (place >= authorityd->usage.count)
        return false;
    const struct use *use = &authorityd->uses[place];
    *process = authority_life_of(index, ARENA_PROCESSES, use->process, index->count);
    *facet = authority_life_of(index, ARENA_FACETS, use->facet, index->count);
    *methods = use->method == USE_NO_METHOD ? 0 : UINT64_C(1) << use->method;
    return true;
}

static void grant_fill(const struct question *question, struct authority_grant_builder row,
                       uint32_t life)
{
    const struct authority_index *index = question->index;
    const struct authority_uses uses = {use_methods_at, question->authorityd};
    struct authority_hold hold;

    authority_hold_of(index, life, &hold);
    struct authority_grant grant = authority_grant_of(index, &hold, &uses);
    authority_grant_set_cap(row, cap_of(hold.id.generation, hold.id.index).value);
    authority_grant_set_facet(row, id_of(question, ARENA_FACETS, hold.facet));
    authority_grant_set_interface(row, authority_interface(index, hold.facet));
    authority_grant_set_methods(row, authority_methods(index, hold.facet));
    authority_grant_set_used(row, grant.methods);
    authority_grant_set_is_used(row, grant.is_used);
    authority_grant_set_is_handed_on(row, grant.is_handed_on);
}

static bool serve_suggest(void *self, struct authority_history_suggest_params_reader params,
                          struct authority_history_suggest_results_builder results,
                          struct capnp_exception *exception)
{
    struct authorityd *authorityd = self;
    struct question question;
    struct authority_hold hold;
    uint32_t process;
    if (!question_begin(&question, self, authority_history_suggest_params_get_skip(params),
                        exception) ||
        !process_find(&question, authority_history_suggest_params_get_process(params), &process,
                      exception))
        return false;
    for (uint32_t h = question.index->lives[process].holds; h != LIFE_NONE;
         h = question.index->lives[h].owner_before) {
        authority_hold_of(question.index, h, &hold);
        if (hold.how == HOW_GRANT)
            row_put(&question, h, 0);
    }
    authority_history_suggest_results_set_records(results, authorityd->usage.records);
    authority_history_suggest_results_set_missed(results,
                                                 authorityd->missed + authorityd->usage.lost);
    authority_history_suggest_results_set_more(results, question.has_more);
    struct authority_grant_builder_list list =
        authority_history_suggest_results_init_grants(results, question.count);
    for (uint32_t i = 0; i < question.count; i++)
        grant_fill(&question, authority_grant_builder_at(list, i), question.rows[i].life);
    return true;
}

// --- Why not, what if ---------------------------------------------------------------------------

struct reasons {
    struct authority_denied denied[ROWS_MAX];
    uint32_t count;
};

static void reason_put(void *context, const struct authority_denied *denied)
{
    struct reasons *reasons = context;

    if (reasons->count < ROWS_MAX)
        reasons->denied[reasons->count++] = *denied;
}

static void reasons_fill(const struct question *question, const struct reasons *reasons,
                         struct authority_history_why_not_results_builder results)
{
    struct authority_reason_builder_list list =
        authority_history_why_not_results_init_reasons(results, reasons->count);

    for (uint32_t i = 0; i < reasons->count; i++) {
        const struct authority_denied *denied = &reasons->denied[i];
        struct authority_reason_builder row = authority_reason_builder_at(list, i);
        authority_reason_set_hold(row, id_of(question, ARENA_HOLDS, denied->hold));
        authority_reason_set_why(row, (uint8_t)denied->why);
        if (denied->since != LIFE_NONE)
            authority_reason_set_seq(row, authority_seq(question->index, denied->since));
    }
}

static bool serve_why_not(void *self, struct authority_history_why_not_params_reader params,
                          struct authority_history_why_not_results_builder results,
                          struct capnp_exception *exception)
{
    struct question question;
    struct authority_reach reach;
    struct reasons reasons = {.count = 0};
    uint64_t at = authority_history_why_not_params_get_at(params);
    bool is_time = authority_history_why_not_params_get_is_time(params);
    struct authority_call call = {.interface =
                                      authority_history_why_not_params_get_interface(params),
                                  .method = authority_history_why_not_params_get_method(params)};
    if (!question_begin(&question, self, 0, exception) ||
        !moment_find(&question, at, is_time, exception) ||
        !process_find(&question, authority_history_why_not_params_get_process(params),
                      &call.process, exception) ||
        !object_find(&question, authority_history_why_not_params_get_object(params), &call.object,
                     exception))
        return false;
    if (call.method >= METHODS_MAX)
        return refuse(exception, "an interface has at most 64 methods");
    call.at = question.at;
    authority_history_why_not_results_set_seq(results,
                                              authority_seq(question.index, question.at.at));
    if (authority_deny(question.index, &call, reason_put, &reasons))
        return true;
    uint32_t hold, place;
    reasons_fill(&question, &reasons, results);
    if (!reach_begin(&question, call.process, &reach, exception))
        return false;
    if (authority_giver(question.index, &call, &reach, &hold, &place) &&
        authority_sees_hold(&question.view, hold)) {
        authority_history_why_not_results_set_giver(
            results, id_of(&question, ARENA_PROCESSES, reach.found[place]));
        authority_history_why_not_results_set_giver_cap(results,
                                                        id_of(&question, ARENA_HOLDS, hold));
        authority_history_why_not_results_set_calls(results, reach.distance[place]);
    }
    return true;
}

static bool use_at(void *context, uint32_t place, uint32_t *process, uint32_t *facet)
{
    const struct authorityd *authorityd = context;
    const struct authority_index *index = &authorityd->window.index;

    if (place >= authorityd->usage.count)
        return false;
    const struct use *use = &authorityd->uses[place];
    *process = authority_life_of(index, ARENA_PROCESSES, use->process, index->count);
    *facet = authority_life_of(index, ARENA_FACETS, use->facet, index->count);
    return true;
}

// What is supposed, of things that the asker sees.
static bool suppose(const struct question *question, struct authority_supposition *what,
                    struct authority_history_what_if_params_reader params,
                    struct capnp_exception *exception)
{
    uint64_t facet = authority_history_what_if_params_get_facet(params);
    uint64_t process = authority_history_what_if_params_get_process(params);
    uint32_t life;

    if (facet != 0) {
        what->facet = life_named(question, ARENA_FACETS, facet);
        if (what->facet == LIFE_NONE ||
            !authority_sees_object(&question->view, question->index->lives[what->facet].owner,
                                   question->at.at))
            return refuse(exception, "there was no such facet, or it is not to be seen");
    } else if (process != 0) {
        if (!process_find(question, process, &life, exception))
            return false;
        authority_suppose_process(what, life);
    } else {
        life = life_named(question, ARENA_JOBS, authority_history_what_if_params_get_job(params));
        if (life == LIFE_NONE || !authority_sees_job(&question->view, life))
            return refuse(exception, "there was no such job, or it is not to be seen");
        authority_suppose_job(what, life);
    }
    authority_suppose(what);
    return true;
}

static bool serve_what_if(void *self, struct authority_history_what_if_params_reader params,
                          struct authority_history_what_if_results_builder results,
                          struct capnp_exception *exception)
{
    static uint8_t stops[PROCESSES_MAX];
    struct authorityd *authorityd = self;
    struct question question;
    if (!question_begin(&question, self, authority_history_what_if_params_get_skip(params),
                        exception))
        return false;
    const struct authority_index *index = question.index;
    if (index->config.processes > PROCESSES_MAX)
        return refuse(exception, "the machine has more processes than this service knows");
    memset(stops, 0, sizeof(stops));
    struct authority_supposition what = {.index = index,
                                         .at = question.at,
                                         .facet = LIFE_NONE,
                                         .stops = stops,
                                         .use = use_at,
                                         .context = authorityd};
    if (!suppose(&question, &what, params, exception))
        return false;
    for (uint32_t slot = 0; slot < index->config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, question.at.at);
        if (stops[slot] != STOPS_NOT && process != LIFE_NONE &&
            authority_sees_process(&question.view, process))
            row_put(&question, process, stops[slot]);
    }
    authority_history_what_if_results_set_seq(results, authority_seq(index, question.at.at));
    authority_history_what_if_results_set_missed(results,
                                                 authorityd->missed + authorityd->usage.lost);
    authority_history_what_if_results_set_more(results, question.has_more);
    struct authority_stop_builder_list list =
        authority_history_what_if_results_init_stops(results, question.count);
    for (uint32_t i = 0; i < question.count; i++) {
        struct authority_stop_builder row = authority_stop_builder_at(list, i);
        authority_stop_set_process(row, id_of(&question, ARENA_PROCESSES, question.rows[i].life));
        authority_stop_set_why(row, (uint8_t)question.rows[i].extra);
    }
    return true;
}

bool authorityd_dispatch(void *self, uint16_t method, struct capnp_message *request,
                         struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct authority_history_server methods = {.state = serve_state,
                                                            .refresh = serve_refresh,
                                                            .who = serve_who,
                                                            .holds = serve_holds,
                                                            .path = serve_path,
                                                            .at = serve_at,
                                                            .diff = serve_diff,
                                                            .reach = serve_reach,
                                                            .uses = serve_uses,
                                                            .why_not = serve_why_not,
                                                            .what_if = serve_what_if,
                                                            .suggest = serve_suggest,
                                                            .names = serve_names,
                                                            .named = serve_named,
                                                            .assert = serve_assert,
                                                            .graph = serve_graph,
                                                            .prove = serve_prove};

    return authority_history_dispatch(&methods, self, method, request, response, exception);
}

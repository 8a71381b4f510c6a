// SPDX-License-Identifier: Apache-2.0
//
// Asks who could do what, all that can be asked, and prints the answers: first as somebody who may
// see everything, then as somebody who sees one job. Granted: console, history (all), own (a facet
// of the service that shows one job, without refresh), relay (the first of a chain, which it ends).
//
// A line is the question and the numbers of one row, and names behind them. Of a proof it is the
// SHA-256 of the whole.
#include "programs/asker/asker.h"

#include "abi/ids.h"
#include "schema/proof.capnp.h"

enum { CALLS = 600 }; // of one method: more than the SysLog keeps

static const uint64_t NOW = UINT64_MAX;

struct asker asker;

void line_put(struct tsr_line *line)
{
    struct capnp_exception exception;
    if (!debug_console_write_line(asker.console, tsr_line_of(line), &exception)) {
        tsr_exit(1);
    }
}

struct tsr_line line_begin(const char *what)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, "asker: ");
    tsr_line_text(&line, what);
    return line;
}

void number_put(struct tsr_line *line, uint64_t number)
{
    tsr_line_text(line, " ");
    tsr_line_hex(line, number);
}

void numbers_put(struct tsr_line *line, const uint64_t *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        number_put(line, numbers[i]);
    }
}

_Noreturn void fail(const char *what, const struct capnp_exception *exception)
{
    struct tsr_line line = line_begin(what);
    tsr_line_text(&line, ": ");
    tsr_line_exception(&line, exception);
    line_put(&line);
    tsr_exit(1);
}

// A refusal that is expected is said.
void refused_tell(const char *what, const struct capnp_exception *exception)
{
    struct tsr_line line = line_begin(what);
    tsr_line_text(&line, " refused: ");
    tsr_line_text(&line, exception->reason[0] != 0 ? exception->reason : "without a reason");
    line_put(&line);
}

static void known_add(uint64_t *known, uint32_t *count, uint64_t id)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (known[i] == id) {
            return;
        }
    }
    if (*count < KNOWN_MAX) {
        known[(*count)++] = id;
    }
}

// --- Rows ---------------------------------------------------------------------------------------

static void hold_tell(const char *question, uint64_t of, struct authority_hold_reader hold)
{
    struct tsr_line line = line_begin(question);
    const uint64_t numbers[] = {of,
                                authority_hold_get_process(hold),
                                authority_hold_get_cap(hold),
                                authority_hold_get_object(hold),
                                authority_hold_get_facet(hold),
                                authority_hold_get_interface(hold),
                                authority_hold_get_methods(hold),
                                authority_hold_get_since(hold),
                                authority_hold_get_how(hold),
                                authority_hold_get_use(hold),
                                authority_hold_get_is_revoker(hold),
                                authority_hold_get_change(hold)};
    numbers_put(&line, numbers, sizeof numbers / sizeof *numbers);
    line_put(&line);
    known_add(asker.objects, &asker.object_count, authority_hold_get_object(hold));
}

static void step_tell(uint64_t process, uint64_t object, struct authority_step_reader step)
{
    struct tsr_line line = line_begin("path");
    const uint64_t numbers[] = {process,
                                object,
                                authority_step_get_path(step),
                                authority_step_get_since(step),
                                authority_step_get_time_ns(step),
                                authority_step_get_process(step),
                                authority_step_get_cap(step),
                                authority_step_get_facet(step),
                                authority_step_get_how(step),
                                authority_step_get_is_moved(step),
                                authority_step_get_acted_for(step)};
    numbers_put(&line, numbers, sizeof numbers / sizeof *numbers);
    line_put(&line);
}

// --- Questions ----------------------------------------------------------------------------------
// Each goes on asking until there is no more.

// Ends a call; whether there is more.
bool call_end(struct capnp_call *call, bool is_answered, bool has_more, const char *what,
              struct capnp_exception *exception)
{
    bool is_good = is_answered && !capnp_call_refuse_response(call, exception);
    capnp_call_end(call);
    if (!is_good) {
        fail(what, exception);
    }
    return has_more;
}

static void at_ask(void)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more;) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct authority_history_at_params_builder params;
        struct authority_history_at_results_reader results;
        if (!authority_history_at_begin(asker.history, &call, &params, &exception)) {
            fail("at", &exception);
        }
        authority_history_at_params_set_at(params, asker.seq);
        authority_history_at_params_set_skip(params, skip);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           authority_history_at_finish(&call, &results, &exception);
        has_more = is_answered && authority_history_at_results_get_more(results);
        struct authority_process_reader_list list = {0};
        if (is_answered) {
            list = authority_history_at_results_get_processes(results);
        }
        for (uint32_t i = 0; i < list.l.count; i++, skip++) {
            struct authority_process_reader row = authority_process_reader_at(list, i);
            struct tsr_line line = line_begin("at");
            number_put(&line, authority_process_get_process(row));
            number_put(&line, authority_process_get_session(row));
            number_put(&line, authority_process_get_stage(row));
            known_add(asker.processes, &asker.process_count, authority_process_get_process(row));
            line_put(&line);
        }
        has_more = call_end(&call, is_answered, has_more, "at", &exception);
    }
}

// Rows of holds: of one answer. `skip` grows by them.
static void holds_tell(const char *question, uint64_t of, struct authority_hold_reader_list list,
                       uint32_t *skip)
{
    for (uint32_t i = 0; i < list.l.count; i++, (*skip)++) {
        hold_tell(question, of, authority_hold_reader_at(list, i));
    }
}

static void holds_ask(uint64_t process)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more;) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct authority_history_holds_params_builder params;
        struct authority_history_holds_results_reader results;
        if (!authority_history_holds_begin(asker.history, &call, &params, &exception)) {
            fail("holds", &exception);
        }
        authority_history_holds_params_set_process(params, process);
        authority_history_holds_params_set_at(params, asker.seq);
        authority_history_holds_params_set_skip(params, skip);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           authority_history_holds_finish(&call, &results, &exception);
        has_more = is_answered && authority_history_holds_results_get_more(results);
        if (is_answered) {
            holds_tell("holds", process, authority_history_holds_results_get_holds(results), &skip);
        }
        has_more = call_end(&call, is_answered, has_more, "holds", &exception);
    }
}

static void who_ask(uint64_t object)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more;) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct authority_history_who_params_builder params;
        struct authority_history_who_results_reader results;
        if (!authority_history_who_begin(asker.history, &call, &params, &exception)) {
            fail("who", &exception);
        }
        authority_history_who_params_set_object(params, object);
        authority_history_who_params_set_at(params, asker.seq);
        authority_history_who_params_set_skip(params, skip);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           authority_history_who_finish(&call, &results, &exception);
        has_more = is_answered && authority_history_who_results_get_more(results);
        if (is_answered) {
            holds_tell("who", object, authority_history_who_results_get_holds(results), &skip);
        }
        has_more = call_end(&call, is_answered, has_more, "who", &exception);
    }
}

static void reach_ask(uint64_t process)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more;) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct authority_history_reach_params_builder params;
        struct authority_history_reach_results_reader results;
        if (!authority_history_reach_begin(asker.history, &call, &params, &exception)) {
            fail("reach", &exception);
        }
        authority_history_reach_params_set_process(params, process);
        authority_history_reach_params_set_at(params, asker.seq);
        authority_history_reach_params_set_skip(params, skip);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           authority_history_reach_finish(&call, &results, &exception);
        has_more = is_answered && authority_history_reach_results_get_more(results);
        if (is_answered) {
            holds_tell("reach", process, authority_history_reach_results_get_holds(results), &skip);
        }
        has_more = call_end(&call, is_answered, has_more, "reach", &exception);
    }
}

static void diff_ask(uint64_t from)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more;) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct authority_history_diff_params_builder params;
        struct authority_history_diff_results_reader results;
        if (!authority_history_diff_begin(asker.history, &call, &params, &exception)) {
            fail("diff", &exception);
        }
        authority_history_diff_params_set_from_seq(params, from);
        authority_history_diff_params_set_to_seq(params, asker.seq);
        authority_history_diff_params_set_skip(params, skip);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           authority_history_diff_finish(&call, &results, &exception);
        has_more = is_answered && authority_history_diff_results_get_more(results);
        if (is_answered) {
            holds_tell("diff", from, authority_history_diff_results_get_holds(results), &skip);
        }
        has_more = call_end(&call, is_answered, has_more, "diff", &exception);
    }
}

static void path_ask(uint64_t process, uint64_t object)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more;) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct authority_history_path_params_builder params;
        struct authority_history_path_results_reader results;
        if (!authority_history_path_begin(asker.history, &call, &params, &exception)) {
            fail("path", &exception);
        }
        authority_history_path_params_set_process(params, process);
        authority_history_path_params_set_object(params, object);
        authority_history_path_params_set_at(params, asker.seq);
        authority_history_path_params_set_skip(params, skip);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           authority_history_path_finish(&call, &results, &exception);
        has_more = is_answered && authority_history_path_results_get_more(results);
        struct authority_step_reader_list list = {0};
        if (is_answered) {
            list = authority_history_path_results_get_steps(results);
        }
        for (uint32_t i = 0; i < list.l.count; i++, skip++) {
            step_tell(process, object, authority_step_reader_at(list, i));
        }
        has_more = call_end(&call, is_answered, has_more, "path", &exception);
    }
}

static void uses_ask(uint64_t process)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more;) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct authority_history_uses_params_builder params;
        struct authority_history_uses_results_reader results;
        if (!authority_history_uses_begin(asker.history, &call, &params, &exception)) {
            fail("uses", &exception);
        }
        authority_history_uses_params_set_process(params, process);
        authority_history_uses_params_set_skip(params, skip);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           authority_history_uses_finish(&call, &results, &exception);
        has_more = is_answered && authority_history_uses_results_get_more(results);
        struct authority_use_reader_list list = {0};
        if (is_answered) {
            list = authority_history_uses_results_get_uses(results);
        }
        for (uint32_t i = 0; i < list.l.count; i++, skip++) {
            struct authority_use_reader use = authority_use_reader_at(list, i);
            struct tsr_line line = line_begin("uses");
            number_put(&line, authority_use_get_process(use));
            number_put(&line, authority_use_get_facet(use));
            number_put(&line, authority_use_get_method(use));
            number_put(&line, authority_use_get_count(use));
            number_put(&line, authority_history_uses_results_get_missed(results));
            line_put(&line);
        }
        has_more = call_end(&call, is_answered, has_more, "uses", &exception);
    }
}

static void suggest_ask(uint64_t process)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more;) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct authority_history_suggest_params_builder params;
        struct authority_history_suggest_results_reader results;
        if (!authority_history_suggest_begin(asker.history, &call, &params, &exception)) {
            fail("suggest", &exception);
        }
        authority_history_suggest_params_set_process(params, process);
        authority_history_suggest_params_set_skip(params, skip);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           authority_history_suggest_finish(&call, &results, &exception);
        has_more = is_answered && authority_history_suggest_results_get_more(results);
        struct authority_grant_reader_list list = {0};
        if (is_answered) {
            list = authority_history_suggest_results_get_grants(results);
        }
        for (uint32_t i = 0; i < list.l.count; i++, skip++) {
            struct authority_grant_reader grant = authority_grant_reader_at(list, i);
            struct tsr_line line = line_begin("suggest");
            const uint64_t numbers[] = {process,
                                        authority_grant_get_interface(grant),
                                        authority_grant_get_methods(grant),
                                        authority_grant_get_used(grant),
                                        authority_grant_get_is_used(grant),
                                        authority_grant_get_is_handed_on(grant)};
            numbers_put(&line, numbers, sizeof numbers / sizeof *numbers);
            line_put(&line);
        }
        has_more = call_end(&call, is_answered, has_more, "suggest", &exception);
    }
}

static void what_if_ask(uint64_t process)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct authority_history_what_if_params_builder params;
    struct authority_history_what_if_results_reader results;
    if (!authority_history_what_if_begin(asker.history, &call, &params, &exception)) {
        fail("what-if", &exception);
    }
    authority_history_what_if_params_set_process(params, process);
    bool is_answered = capnp_call_send(&call, &exception) &&
                       authority_history_what_if_finish(&call, &results, &exception);
    struct authority_stop_reader_list list = {0};
    if (is_answered) {
        list = authority_history_what_if_results_get_stops(results);
    }
    for (uint32_t i = 0; i < list.l.count; i++) {
        struct tsr_line line = line_begin("what-if");
        number_put(&line, process);
        number_put(&line, authority_stop_get_process(authority_stop_reader_at(list, i)));
        number_put(&line, authority_stop_get_why(authority_stop_reader_at(list, i)));
        line_put(&line);
    }
    call_end(&call, is_answered, false, "what-if", &exception);
}

// Why a process may not write to the console.
static void why_not_ask(uint64_t process, uint64_t object)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct authority_history_why_not_params_builder params;
    struct authority_history_why_not_results_reader results;
    if (!authority_history_why_not_begin(asker.history, &call, &params, &exception)) {
        fail("why-not", &exception);
    }
    authority_history_why_not_params_set_process(params, process);
    authority_history_why_not_params_set_object(params, object);
    authority_history_why_not_params_set_interface(params, DEBUG_CONSOLE_INTERFACE_ID);
    authority_history_why_not_params_set_at(params, asker.seq);
    bool is_answered = capnp_call_send(&call, &exception) &&
                       authority_history_why_not_finish(&call, &results, &exception);
    struct authority_reason_reader_list list = {0};
    if (is_answered) {
        list = authority_history_why_not_results_get_reasons(results);
    }
    for (uint32_t i = 0; i < list.l.count; i++) {
        struct tsr_line line = line_begin("why-not");
        number_put(&line, process);
        number_put(&line, object);
        number_put(&line, authority_reason_get_hold(authority_reason_reader_at(list, i)));
        number_put(&line, authority_reason_get_why(authority_reason_reader_at(list, i)));
        number_put(&line, authority_history_why_not_results_get_giver_cap(results));
        line_put(&line);
    }
    call_end(&call, is_answered, false, "why-not", &exception);
}

// --- What is asked ------------------------------------------------------------------------------

static uint64_t refresh_ask(void)
{
    uint64_t seq;
    struct capnp_exception exception;
    if (!authority_history_refresh(asker.history, &seq, &exception)) {
        fail("refresh", &exception);
    }
    struct tsr_line line = line_begin("seq");
    number_put(&line, seq);
    line_put(&line);
    return seq;
}

static void all_ask(void)
{
    at_ask();
    for (uint32_t i = 0; i < asker.process_count; i++) {
        holds_ask(asker.processes[i]);
        reach_ask(asker.processes[i]);
    }
    for (uint32_t i = 0; i < asker.object_count; i++) {
        who_ask(asker.objects[i]);
        for (uint32_t j = 0; j < asker.process_count; j++) {
            path_ask(asker.processes[j], asker.objects[i]);
        }
    }
    diff_ask(asker.seq / 2);
    for (uint32_t i = 0; i < asker.process_count; i++) {
        why_not_ask(asker.processes[i], asker.objects[0]);
        what_if_ask(asker.processes[i]);
    }
}

static void state_ask(void)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct authority_history_state_params_builder params;
    struct authority_history_state_results_reader results;
    if (!authority_history_state_begin(asker.history, &call, &params, &exception)) {
        fail("state", &exception);
    }
    bool is_answered = capnp_call_send(&call, &exception) &&
                       authority_history_state_finish(&call, &results, &exception);
    call_end(&call, is_answered, false, "state", &exception);
}

// More calls than the SysLog has records; then what they were counted as.
static void uses_show(void)
{
    for (uint32_t i = 0; i < CALLS; i++) {
        state_ask();
    }
    refresh_ask();
    for (uint32_t i = 0; i < asker.process_count; i++) {
        uses_ask(asker.processes[i]);
        suggest_ask(asker.processes[i]);
    }
}

// Somebody who sees one job only: the others are not there.
static void own_show(struct authority_history own)
{
    struct capnp_exception exception;
    uint64_t first = asker.processes[0];
    uint64_t seq;
    asker.history = own;
    asker.process_count = asker.object_count = 0;
    struct tsr_line line = line_begin("sees one job now");
    line_put(&line);
    at_ask();
    for (uint32_t i = 0; i < asker.process_count; i++) {
        holds_ask(asker.processes[i]);
        reach_ask(asker.processes[i]);
    }
    for (uint32_t i = 0; i < asker.object_count; i++) {
        who_ask(asker.objects[i]);
        for (uint32_t j = 0; j < asker.process_count; j++) {
            path_ask(asker.processes[j], asker.objects[i]);
        }
    }
    report_own_show();
    if (!authority_history_refresh(own, &seq, &exception)) {
        refused_tell("refresh", &exception);
    }
    struct capnp_call call;
    struct authority_history_holds_params_builder params;
    struct authority_history_holds_results_reader results;
    if (!authority_history_holds_begin(own, &call, &params, &exception)) {
        fail("holds", &exception);
    }
    authority_history_holds_params_set_process(params, first);
    authority_history_holds_params_set_at(params, NOW);
    if (capnp_call_send(&call, &exception) &&
        authority_history_holds_finish(&call, &results, &exception)) {
        fail("it was told what it may not see", &exception);
    }
    refused_tell("holds of the first program", &exception);
    capnp_call_end(&call);
}

// The relays were there to be asked about.
static void relays_end(struct relay first)
{
    struct capnp_exception exception;
    struct relay second, third;
    if (!relay_next(first, &second, &exception) || !relay_next(second, &third, &exception) ||
        !relay_leave(third, &exception) || !relay_leave(second, &exception) ||
        !relay_leave(first, &exception)) {
        fail("relays", &exception);
    }
}

int tsr_main(struct start *start)
{
    struct relay relay;
    struct authority_history own;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &asker.console.id) ||
        !tsr_find(start, "history", AUTHORITY_HISTORY_INTERFACE_ID, &asker.history.id) ||
        !tsr_find(start, "own", AUTHORITY_HISTORY_INTERFACE_ID, &own.id) ||
        !tsr_find(start, "relay", RELAY_INTERFACE_ID, &relay.id)) {
        return 1;
    }
    asker.seq = refresh_ask();
    at_ask();
    holds_ask(asker.processes[0]);
    report_show();
    asker.process_count = asker.object_count = 0;
    struct tsr_line line = line_begin("asks on");
    line_put(&line);
    all_ask();
    names_show();
    uses_show();
    own_show(own);
    line = line_begin("asked all");
    line_put(&line);
    relays_end(relay);
    return 0;
}

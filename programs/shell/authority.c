// SPDX-License-Identifier: Apache-2.0
//
// `authority`: who could do what, asked of an AuthorityHistory. What the shell holds is asked for
// by its name, programs that it started by theirs, other processes by their number. Each question
// goes on until all rows are here; all of them are of the same moment.
#include <string.h>

#include "lib/authority/denial.h"
#include "programs/shell/authority.h"

static const uint64_t now = UINT64_MAX;

// ---- Cells ----

static void cell(struct shell *shell, struct tsr_line *line)
{
    shell_sheet_text(&shell->sheet, line->text, line->size);
}

// "echo (7)", "this shell (6)", "3".
static void process_cell(struct asking *asking, uint64_t process)
{
    struct tsr_line line = {0};
    uint32_t index = (uint32_t)process;
    const char *name = process == asking->self ? "this shell" : asking_program(asking, process);
    tsr_line_text(&line, name);
    tsr_line_text(&line, name[0] == 0 ? "" : " (");
    tsr_line_decimal(&line, index);
    tsr_line_text(&line, name[0] == 0 ? "" : ")");
    cell(asking->shell, &line);
}

static void methods_cell(struct asking *asking, uint64_t interface, uint64_t methods)
{
    struct tsr_line line = {0};
    const struct capnp_catalog_node *node = shell_interface(&asking->shell->schemas, interface);
    uint32_t count = node == NULL ? 0 : shell_method_count(node);
    uint64_t all = count == 0 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    for (uint32_t i = 0; i < count && (methods & all) != all; i++) {
        if ((methods >> i & 1) != 0) {
            struct capnp_text name = shell_method_at(node, i).name;
            tsr_line_text(&line, line.size == 0 ? "" : " ");
            tsr_line_bytes(&line, name.data, name.size);
        }
    }
    if ((methods & all) == all) {
        tsr_line_text(&line, "all");
    } else if (line.size == 0) {
        tsr_line_text(&line, "none");
    }
    cell(asking->shell, &line);
}

static void interface_cell(struct asking *asking, uint64_t interface)
{
    char room[20];
    struct capnp_text name = interface_name(asking->shell, interface, room);
    shell_sheet_text(&asking->shell->sheet, name.data, name.size);
}

static const char *word_of(const char *const *words, uint32_t count, uint32_t index)
{
    return index < count && words[index] != NULL ? words[index] : "otherwise";
}

static const char *how_word(uint8_t how)
{
    static const char *const words[] = {"at genesis", "granted at its start", "with a call",
                                        "with an answer", "made as a facet"};
    return word_of(words, sizeof words / sizeof words[0], how);
}

// ---- Rows ----

static const char *const hold_names[] = {"process", "interface", "methods", "how", "it", "since"};
enum { HOLD_COLUMNS = sizeof hold_names / sizeof hold_names[0] };

static void hold_row(struct asking *asking, struct authority_hold_reader hold, bool is_change)
{
    static const char *const uses[] = {"works", "was revoked", "its lease is over",
                                       "its session is over"};
    static const char *const changes[] = {"was gained", "was lost", "works or no more"};
    const char *state = authority_hold_get_is_revoker(hold) ? "revokes it"
                        : is_change ? word_of(changes, 3, authority_hold_get_change(hold))
                                    : word_of(uses, 4, authority_hold_get_use(hold));
    process_cell(asking, authority_hold_get_process(hold));
    interface_cell(asking, authority_hold_get_interface(hold));
    methods_cell(asking, authority_hold_get_interface(hold), authority_hold_get_methods(hold));
    shell_sheet_words(&asking->shell->sheet, how_word(authority_hold_get_how(hold)));
    shell_sheet_words(&asking->shell->sheet, state);
    shell_sheet_number(&asking->shell->sheet, (int64_t)authority_hold_get_since(hold));
}

static void hold_rows(struct asking *asking, struct authority_hold_reader_list list, bool is_change)
{
    for (uint32_t i = 0; i < list.l.count; i++) {
        hold_row(asking, authority_hold_reader_at(list, i), is_change);
    }
    asking->skip += list.l.count;
}

static void step_row(struct asking *asking, struct authority_step_reader step)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, how_word(authority_step_get_how(step)));
    tsr_line_text(&line, authority_step_get_is_moved(step) ? ", moved" : "");
    tsr_line_text(&line, authority_step_get_is_before(step) ? ", before the history begins" : "");
    shell_sheet_number(&asking->shell->sheet, authority_step_get_path(step) + 1);
    if (authority_step_get_is_hidden(step)) {
        shell_sheet_words(&asking->shell->sheet, "somebody not to be seen");
    } else {
        process_cell(asking, authority_step_get_process(step));
    }
    cell(asking->shell, &line);
    shell_sheet_number(&asking->shell->sheet, (int64_t)authority_step_get_since(step));
}

static void grant_row(struct asking *asking, struct authority_grant_reader grant)
{
    uint64_t interface = authority_grant_get_interface(grant);
    uint64_t methods = authority_grant_get_methods(grant);
    uint64_t used = authority_grant_get_used(grant);
    bool is_handed_on = authority_grant_get_is_handed_on(grant);
    const char *advice = is_handed_on                          ? "keep it: it was handed on"
                         : !authority_grant_get_is_used(grant) ? "don't grant it: it was not used"
                         : used == 0 || (methods & ~used) == 0 ? "keep it as it is"
                                                               : "grant a facet of what was used";
    interface_cell(asking, interface);
    methods_cell(asking, interface, methods);
    methods_cell(asking, interface, used);
    shell_sheet_words(&asking->shell->sheet, advice);
}

// ---- Questions: each sends one call, and takes the rows of its answer ----

static bool who_ask(struct asking *asking, struct capnp_call *call,
                    struct capnp_exception *exception)
{
    struct authority_history_who_params_builder params;
    struct authority_history_who_results_reader results;
    if (!authority_history_who_begin(asking->history, call, &params, exception)) {
        return false;
    }
    authority_history_who_params_set_object(params, asking->object);
    authority_history_who_params_set_at(params, asking->at);
    authority_history_who_params_set_skip(params, asking->skip);
    bool is_answered =
        capnp_call_send(call, exception) && authority_history_who_finish(call, &results, exception);
    if (is_answered) {
        hold_rows(asking, authority_history_who_results_get_holds(results), false);
        asking_go_on(asking, authority_history_who_results_get_seq(results),
                     authority_history_who_results_get_more(results));
    }
    capnp_call_end(call);
    return is_answered;
}

static bool holds_ask(struct asking *asking, struct capnp_call *call,
                      struct capnp_exception *exception)
{
    struct authority_history_holds_params_builder params;
    struct authority_history_holds_results_reader results;
    if (!authority_history_holds_begin(asking->history, call, &params, exception)) {
        return false;
    }
    authority_history_holds_params_set_process(params, asking->process);
    authority_history_holds_params_set_at(params, asking->at);
    authority_history_holds_params_set_skip(params, asking->skip);
    bool is_answered = capnp_call_send(call, exception) &&
                       authority_history_holds_finish(call, &results, exception);
    if (is_answered) {
        hold_rows(asking, authority_history_holds_results_get_holds(results), false);
        asking_go_on(asking, authority_history_holds_results_get_seq(results),
                     authority_history_holds_results_get_more(results));
    }
    capnp_call_end(call);
    return is_answered;
}

static bool reach_ask(struct asking *asking, struct capnp_call *call,
                      struct capnp_exception *exception)
{
    struct authority_history_reach_params_builder params;
    struct authority_history_reach_results_reader results;
    if (!authority_history_reach_begin(asking->history, call, &params, exception)) {
        return false;
    }
    authority_history_reach_params_set_process(params, asking->process);
    authority_history_reach_params_set_at(params, asking->at);
    authority_history_reach_params_set_skip(params, asking->skip);
    bool is_answered = capnp_call_send(call, exception) &&
                       authority_history_reach_finish(call, &results, exception);
    if (is_answered) {
        hold_rows(asking, authority_history_reach_results_get_holds(results), false);
        asking_go_on(asking, authority_history_reach_results_get_seq(results),
                     authority_history_reach_results_get_more(results));
    }
    capnp_call_end(call);
    return is_answered;
}

static bool diff_ask(struct asking *asking, struct capnp_call *call,
                     struct capnp_exception *exception)
{
    struct authority_history_diff_params_builder params;
    struct authority_history_diff_results_reader results;
    if (!authority_history_diff_begin(asking->history, call, &params, exception)) {
        return false;
    }
    authority_history_diff_params_set_from_seq(params, asking->number);
    authority_history_diff_params_set_to_seq(params, asking->at);
    authority_history_diff_params_set_skip(params, asking->skip);
    bool is_answered = capnp_call_send(call, exception) &&
                       authority_history_diff_finish(call, &results, exception);
    if (is_answered) {
        hold_rows(asking, authority_history_diff_results_get_holds(results), true);
        asking_go_on(asking, authority_history_diff_results_get_seq(results),
                     authority_history_diff_results_get_more(results));
    }
    capnp_call_end(call);
    return is_answered;
}

static bool path_ask(struct asking *asking, struct capnp_call *call,
                     struct capnp_exception *exception)
{
    struct authority_history_path_params_builder params;
    struct authority_history_path_results_reader results;
    if (!authority_history_path_begin(asking->history, call, &params, exception)) {
        return false;
    }
    authority_history_path_params_set_process(params, asking->process);
    authority_history_path_params_set_object(params, asking->object);
    authority_history_path_params_set_at(params, asking->at);
    authority_history_path_params_set_skip(params, asking->skip);
    bool is_answered = capnp_call_send(call, exception) &&
                       authority_history_path_finish(call, &results, exception);
    if (is_answered) {
        struct authority_step_reader_list list = authority_history_path_results_get_steps(results);
        for (uint32_t i = 0; i < list.l.count; i++) {
            step_row(asking, authority_step_reader_at(list, i));
        }
        asking->skip += list.l.count;
        asking_go_on(asking, authority_history_path_results_get_seq(results),
                     authority_history_path_results_get_more(results));
    }
    capnp_call_end(call);
    return is_answered;
}

static bool suggest_ask(struct asking *asking, struct capnp_call *call,
                        struct capnp_exception *exception)
{
    struct authority_history_suggest_params_builder params;
    struct authority_history_suggest_results_reader results;
    if (!authority_history_suggest_begin(asking->history, call, &params, exception)) {
        return false;
    }
    authority_history_suggest_params_set_process(params, asking->process);
    authority_history_suggest_params_set_skip(params, asking->skip);
    bool is_answered = capnp_call_send(call, exception) &&
                       authority_history_suggest_finish(call, &results, exception);
    if (is_answered) {
        struct authority_grant_reader_list list =
            authority_history_suggest_results_get_grants(results);
        for (uint32_t i = 0; i < list.l.count; i++) {
            grant_row(asking, authority_grant_reader_at(list, i));
        }
        asking->skip += list.l.count;
        asking->missed = authority_history_suggest_results_get_missed(results);
        asking_go_on(asking, asking->at, authority_history_suggest_results_get_more(results));
    }
    capnp_call_end(call);
    return is_answered;
}

static bool what_if_ask(struct asking *asking, struct capnp_call *call,
                        struct capnp_exception *exception)
{
    static const char *const whys[] = {NULL, "uses it", "is killed", "uses what those serve"};
    struct authority_history_what_if_params_builder params;
    struct authority_history_what_if_results_reader results;
    if (!authority_history_what_if_begin(asking->history, call, &params, exception)) {
        return false;
    }
    authority_history_what_if_params_set_process(params, asking->process);
    authority_history_what_if_params_set_facet(params, asking->facet);
    authority_history_what_if_params_set_skip(params, asking->skip);
    bool is_answered = capnp_call_send(call, exception) &&
                       authority_history_what_if_finish(call, &results, exception);
    if (is_answered) {
        struct authority_stop_reader_list list =
            authority_history_what_if_results_get_stops(results);
        for (uint32_t i = 0; i < list.l.count; i++) {
            struct authority_stop_reader stop = authority_stop_reader_at(list, i);
            process_cell(asking, authority_stop_get_process(stop));
            shell_sheet_words(&asking->shell->sheet,
                              word_of(whys, 4, authority_stop_get_why(stop)));
        }
        asking->skip += list.l.count;
        asking->missed = authority_history_what_if_results_get_missed(results);
        asking_go_on(asking, authority_history_what_if_results_get_seq(results),
                     authority_history_what_if_results_get_more(results));
    }
    capnp_call_end(call);
    return is_answered;
}

// Why it may not: a row for each reason, and one for who could help.
static bool why_not_ask(struct asking *asking, struct capnp_call *call,
                        struct capnp_exception *exception)
{
    static const char *const whys[] = {
        [DENIED_REVOKER] = "what it holds revokes, and calls nothing",
        [DENIED_INTERFACE] = "what it holds is of another interface",
        [DENIED_METHOD] = "what it holds does not include the method",
        [DENIED_REVOKED] = "what it held was revoked",
        [DENIED_EXPIRED] = "the lease of what it holds is over",
        [DENIED_SESSION] = "its session is over",
        [DENIED_NEVER] = "it never held one",
        [DENIED_GONE] = "it gave it back, or handed it on",
        [DENIED_ENDED] = "it held it when it ended",
        [DENIED_DEAD] = "the process has ended",
        [DENIED_BUILDING] = "the process was not started yet",
        [DENIED_KILLED] = "its job was killed",
        [DENIED_UNSERVED] = "nobody serves it",
    };
    struct authority_history_why_not_params_builder params;
    struct authority_history_why_not_results_reader results;
    if (!authority_history_why_not_begin(asking->history, call, &params, exception)) {
        return false;
    }
    authority_history_why_not_params_set_process(params, asking->process);
    authority_history_why_not_params_set_object(params, asking->object);
    authority_history_why_not_params_set_interface(params, asking->interface);
    authority_history_why_not_params_set_method(params, asking->method);
    authority_history_why_not_params_set_at(params, asking->at);
    bool is_answered = capnp_call_send(call, exception) &&
                       authority_history_why_not_finish(call, &results, exception);
    if (is_answered) {
        struct authority_reason_reader_list list =
            authority_history_why_not_results_get_reasons(results);
        uint64_t giver = authority_history_why_not_results_get_giver(results);
        for (uint32_t i = 0; i < list.l.count; i++) {
            struct authority_reason_reader reason = authority_reason_reader_at(list, i);
            shell_sheet_words(&asking->shell->sheet,
                              word_of(whys, DENIED_REASON_COUNT, authority_reason_get_why(reason)));
            if (giver == 0) {
                shell_sheet_words(&asking->shell->sheet, "nobody, as far as can be seen");
            } else {
                process_cell(asking, giver);
            }
        }
        asking_go_on(asking, authority_history_why_not_results_get_seq(results), false);
    }
    capnp_call_end(call);
    return is_answered;
}

// ---- The table ----

static const char *const step_names[] = {"path", "process", "how", "since"};
static const char *const grant_names[] = {"interface", "granted", "used", "advice"};
static const char *const reason_names[] = {"why it may not", "who could hand one on"};
static const char *const stop_names[] = {"process", "why it would be stopped"};

static const struct question questions[] = {
    {"diff", NULL, {WANTS_NUMBER}, 1, hold_names, HOLD_COLUMNS, diff_ask, "nothing changed"},
    {"holds", NULL, {WANTS_PROCESS}, 1, hold_names, HOLD_COLUMNS, holds_ask, "it held nothing"},
    {"path", NULL, {WANTS_PROCESS, WANTS_OBJECT}, 2, step_names, 4, path_ask, "it never held one"},
    {"reach", NULL, {WANTS_PROCESS}, 1, hold_names, HOLD_COLUMNS, reach_ask, "nothing"},
    {"suggest", NULL, {WANTS_PROCESS}, 1, grant_names, 4, suggest_ask, "it was granted nothing"},
    {"what-if", "kill", {WANTS_PROCESS}, 1, stop_names, 2, what_if_ask, "nobody would be stopped"},
    {"what-if", "revoke", {WANTS_FACET}, 1, stop_names, 2, what_if_ask, "nobody would be stopped"},
    {"why-not",
     NULL,
     {WANTS_PROCESS, WANTS_OBJECT, WANTS_METHOD},
     3,
     reason_names,
     2,
     why_not_ask,
     "it may: a capability of it includes the method, and works"},
    {"who", NULL, {WANTS_OBJECT}, 1, hold_names, HOLD_COLUMNS, who_ask, "nobody could call it"},
};

// *word: the first one behind its name.
static const struct question *question_find(struct shell *shell, uint32_t *word)
{
    struct shell_word first = shell_word(shell, 1);
    struct shell_word second = shell_word(shell, 2);
    for (uint32_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        const struct question *question = &questions[i];
        *word = question->what == NULL ? 2 : 3;
        if (shell_word_is(&first, question->name) &&
            (question->what == NULL || shell_word_is(&second, question->what))) {
            return question;
        }
    }
    return NULL;
}

static void closing(struct asking *asking, const struct question *question)
{
    struct shell *shell = asking->shell;
    if (shell->is_json) {
        return;
    }
    if (shell->sheet.cell_count == 0) {
        out_text(shell, question->nothing);
        out_text(shell, "\n");
    }
    if (asking->missed != 0) {
        out_number(shell, asking->missed);
        out_text(shell, " operations were not counted: what looks unused may be needed\n");
    }
    if (asking->at != now) {
        out_text(shell, "at seq ");
        out_number(shell, asking->at);
        out_text(shell, "\n");
    }
}

enum code command_authority(struct shell *shell)
{
    struct asking asking = {.shell = shell, .at = now, .has_more = true};
    struct capnp_call call;
    struct capnp_exception exception;
    uint32_t word;
    const struct question *question = question_find(shell, &word);
    if (question == NULL) {
        return fail_usage(shell);
    }
    const struct held *held = held_of(shell, AUTHORITY_HISTORY_INTERFACE_ID);
    if (held == NULL) {
        return fail(shell, CODE_DENIED, "this needs an AuthorityHistory, and none is held",
                    (struct capnp_text){"", 0}, "the broker grants it with a profile that has it");
    }
    asking.history.id = held->cap;
    if (!asking_begin(&asking, question, word)) {
        return shell->code;
    }
    shell_sheet_begin(&shell->sheet, question->names, question->name_count);
    while (asking.has_more) {
        if (!question->ask(&asking, &call, &exception)) {
            return fail_call(shell, "it can't be told", held, &exception);
        }
    }
    out_sheet(shell);
    closing(&asking, question);
    return CODE_WELL;
}

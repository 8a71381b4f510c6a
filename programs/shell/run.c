// SPDX-License-Identifier: Apache-2.0
//
// Programs: started through a launcher with what is named and nothing else; a program that is run
// gets the terminal's foreground, and gives it back by its end.
#include <string.h>

#include "programs/shell/shell.h"
#include "runtime/session.h"

enum { GRANTS_MAX = 12, ARGUMENTS_MAX = 256 };

// What a program is given.
struct grants {
    uint32_t count;
    struct {
        struct capnp_text name;
        uint64_t cap;
        bool is_lent; // a StdIO, which is released when the program has its own
    } list[GRANTS_MAX];
    uint32_t lent;   // the number of the StdIO; 0: none
    uint32_t number; // of the task, once it is started
};

static const char *const causes[] = {[EXIT_CAUSE_CALLED] = "ended",
                                     [EXIT_CAUSE_MEMORY_FAULT] = "memory fault",
                                     [EXIT_CAUSE_MACHINE_FAULT] = "machine fault",
                                     [EXIT_CAUSE_KILLED] = "killed"};

const char *exit_cause_text(enum exit_cause cause)
{
    return (uint32_t)cause < sizeof causes / sizeof causes[0] ? causes[cause] : "ended otherwise";
}

static struct held *launcher_of(struct shell *shell)
{
    struct held *held = held_of(shell, LAUNCHER_INTERFACE_ID);
    if (held == NULL) {
        fail(shell, CODE_DENIED, "this needs a Launcher, and none is held",
             (struct capnp_text){"", 0}, "the broker grants it with a profile that has it");
    }
    return held;
}

// ---- Grants ----

static void grants_release(struct shell *shell, struct grants *grants, bool ends)
{
    struct capnp_exception ignored;
    for (uint32_t i = 0; i < grants->count; i++) {
        if (grants->list[i].is_lent) {
            tsr_release(grants->list[i].cap);
        }
    }
    if (ends && grants->lent != 0) {
        terminal_session_take_back(shell->terminal, grants->lent, &ignored);
        grants->lent = 0;
    }
}

// `client @x`: of a terminal a StdIO, of a server's side a facet that must be made first; anything
// else is a client's already.
static bool client_make(struct shell *shell, struct held *held, bool with_foreground,
                        struct grants *grants)
{
    struct std_io stdio;
    struct capnp_exception exception;
    if (held->interface == ENDPOINT_INTERFACE_ID) {
        fail(shell, CODE_USAGE, "a client of a server's side needs an interface:", held_name(held),
             "`facet NAME as INTERFACE only {...} -> $x`, and grant @x");
        return false;
    }
    if (held->interface != TERMINAL_SESSION_INTERFACE_ID) {
        return true;
    }
    if (grants->lent != 0) {
        fail(shell, CODE_USAGE, "the terminal is lent once to a program:", held_name(held), NULL);
        return false;
    }
    if (!terminal_session_lend((struct terminal_session){held->cap}, with_foreground, &stdio,
                               &grants->lent, &exception)) {
        fail_call(shell, "the terminal can't be lent", held, &exception);
        return false;
    }
    grants->list[grants->count].cap = stdio.id;
    grants->list[grants->count].is_lent = true;
    return true;
}

static bool grants_make(struct shell *shell, bool with_foreground, struct grants *grants)
{
    const struct shell_statement *statement = shell->statement;
    if (statement->grant_count > GRANTS_MAX) {
        fail(shell, CODE_USAGE, "a program is given 12 capabilities at most",
             (struct capnp_text){"", 0}, NULL);
        return false;
    }
    for (uint32_t i = 0; i < statement->grant_count; i++) {
        const struct shell_word *pair = &shell->script->words[statement->grants + 2 * i];
        struct held *held = held_find(shell, &pair[1]);
        if (held == NULL) {
            return false;
        }
        grants->list[grants->count].name = text_of(&pair[0]);
        grants->list[grants->count].cap = held->cap;
        grants->list[grants->count].is_lent = false;
        if (pair[1].is_client && !client_make(shell, held, with_foreground, grants)) {
            return false;
        }
        grants->count++;
    }
    return true;
}

// ---- Starting ----

static bool arguments_join(struct shell *shell, char arguments[ARGUMENTS_MAX], uint32_t *size)
{
    *size = 0;
    for (uint32_t i = 2; i < shell_word_count(shell); i++) {
        struct shell_word word = shell_word(shell, i);
        if (word.size + 1 > ARGUMENTS_MAX - *size) {
            fail(shell, CODE_USAGE, "the arguments are too long: 256 bytes fit",
                 (struct capnp_text){"", 0}, NULL);
            return false;
        }
        if (i > 2) {
            arguments[(*size)++] = ' ';
        }
        memcpy(arguments + *size, word.text, word.size);
        *size += word.size;
    }
    return true;
}

static bool start(struct shell *shell, struct held *launcher, struct grants *grants,
                  struct task *task)
{
    char arguments[ARGUMENTS_MAX];
    uint32_t size;
    struct shell_word program = shell_word(shell, 1);
    const struct tsr_call_options options = {.disclose = TSR_ACT_FOR_ME};
    struct capnp_call call;
    struct capnp_exception exception;
    struct launcher_start_params_builder params;
    struct launcher_start_results_reader results;
    if (!arguments_join(shell, arguments, &size)) {
        return false;
    }
    if (!launcher_start_begin((struct launcher){launcher->cap}, &call, &params, &exception)) {
        fail_call(shell, "the launcher can't be asked", launcher, &exception);
        return false;
    }
    launcher_start_params_set_program(params, text_of(&program));
    launcher_start_params_set_arguments(params, (struct capnp_text){arguments, size});
    struct grant_builder_list list = launcher_start_params_init_grants(params, grants->count);
    for (uint32_t i = 0; i < grants->count; i++) {
        struct grant_builder grant = grant_builder_at(list, i);
        grant_set_name(grant, grants->list[i].name);
        grant_set_capability(grant, (struct capnp_cap){grants->list[i].cap});
    }
    bool is_started = tsr_call_send(&call, &options, &exception) &&
                      launcher_start_finish(&call, &results, &exception);
    if (is_started) {
        grants->number = launcher_start_results_get_number(results);
        *task = launcher_start_results_get_task(results);
    }
    capnp_call_end(&call);
    if (!is_started) {
        struct tsr_line what = {0};
        tsr_line_text(&what, "can't start ");
        tsr_line_bytes(&what, program.text, program.size);
        fail_call(shell, what.text, launcher, &exception);
    }
    return is_started;
}

// Grants and starts; false: nothing is left of it.
static bool launch(struct shell *shell, bool with_foreground, struct grants *grants,
                   struct task *task)
{
    struct held *launcher = launcher_of(shell);
    if (shell_word_count(shell) < 2) {
        fail_usage(shell);
        return false;
    }
    if (launcher == NULL) {
        return false;
    }
    out_flush(shell);
    bool is_started =
        grants_make(shell, with_foreground, grants) && start(shell, launcher, grants, task);
    grants_release(shell, grants, !is_started);
    return is_started;
}

// ---- Waiting ----

// Of the program that the command at hand ran, or of one that was started before.
static enum code end_tell(struct shell *shell, int32_t code, enum exit_cause cause,
                          bool was_interrupted, bool is_run)
{
    struct tsr_line line = {0};
    struct tsr_line remedy = {0};
    if (code == 0 && cause == EXIT_CAUSE_CALLED && !shell->is_json) {
        return CODE_WELL;
    }
    tsr_line_text(&line, exit_cause_text(cause));
    tsr_line_text(&line, ": code ");
    tsr_line_signed(&line, code);
    if (code == 0 && cause == EXIT_CAUSE_CALLED) {
        out_done(shell, line.text, "");
        return CODE_WELL;
    }
    bool has_remedy =
        is_run && cause == EXIT_CAUSE_CALLED && !was_interrupted && uses_remedy(shell, &remedy);
    return fail(shell, was_interrupted ? CODE_INTERRUPTED : CODE_FAILED, line.text,
                (struct capnp_text){"", 0}, has_remedy ? remedy.text : NULL);
}

// Waits for the task's end, or for C-c, which ends it.
static enum code task_await(struct shell *shell, struct task task, bool is_run)
{
    struct capnp_call wait;
    struct capnp_exception exception;
    struct task_wait_params_builder params;
    struct task_wait_results_reader results;
    struct capnp_exception ignored;
    if (!task_wait_begin(task, &wait, &params, &exception)) {
        return fail_call(shell, "its end can't be waited for", NULL, &exception);
    }
    bool is_well = capnp_call_send(&wait, &exception);
    bool is_killed = is_well && !call_await(shell, &wait) && task_kill(task, &ignored);
    is_well = is_well && task_wait_finish(&wait, &results, &exception);
    int32_t code = is_well ? task_wait_results_get_code(results) : 0;
    enum exit_cause cause = is_well ? task_wait_results_get_cause(results) : EXIT_CAUSE_CALLED;
    capnp_call_end(&wait);
    if (!is_well) {
        return fail_call(shell, "its end can't be waited for", NULL, &exception);
    }
    return end_tell(shell, code, cause, is_killed, is_run);
}

enum code command_run(struct shell *shell)
{
    struct grants grants = {.count = 0};
    struct task task;
    if (shell_word_count(shell) < 2) {
        return fail_usage(shell);
    }
    if (dry(shell, "JOB_CREATE, PROCESS_CREATE, HOLD_INSERT for each grant, PROCESS_START")) {
        return CODE_WELL;
    }
    if (!launch(shell, true, &grants, &task)) {
        return shell->code;
    }
    enum code code = task_await(shell, task, true);
    grants_release(shell, &(struct grants){.lent = grants.lent}, true);
    tsr_release(task.id);
    return code;
}

enum code command_spawn(struct shell *shell)
{
    struct grants grants = {.count = 0};
    struct task task;
    struct shell_word program = shell_word(shell, 1);
    if (shell_word_count(shell) < 2) {
        return fail_usage(shell);
    }
    if (!held_may_bind(shell) ||
        dry(shell, "JOB_CREATE, PROCESS_CREATE, HOLD_INSERT for each grant, PROCESS_START")) {
        return shell->code;
    }
    if (!launch(shell, false, &grants, &task)) {
        return shell->code;
    }
    struct tsr_line origin = {0};
    tsr_line_text(&origin, "you, by `spawn ");
    tsr_line_bytes(&origin, program.text, program.size);
    tsr_line_text(&origin, "`");
    struct held *held = held_bind(shell, task.id, TASK_INTERFACE_ID, origin.text);
    if (held != NULL) {
        held->lent = grants.lent;
        held->task = grants.number;
    }
    struct tsr_line name = {0};
    tsr_line_bytes(&name, program.text, program.size);
    out_done(shell, "started", name.text);
    return CODE_WELL;
}

static struct held *task_find(struct shell *shell)
{
    struct shell_word word = shell_word(shell, 1);
    if (shell_word_count(shell) != 2) {
        fail_usage(shell);
        return NULL;
    }
    struct held *held = held_find(shell, &word);
    if (held != NULL && held->interface != TASK_INTERFACE_ID) {
        fail(shell, CODE_USAGE, "this is no program that was started:", held_name(held),
             "`spawn ... -> $task` gives one");
        return NULL;
    }
    return held;
}

enum code command_wait(struct shell *shell)
{
    const struct held *held = task_find(shell);
    out_flush(shell);
    return held == NULL ? shell->code : task_await(shell, (struct task){held->cap}, false);
}

enum code command_kill(struct shell *shell)
{
    struct capnp_exception exception;
    const struct held *held = task_find(shell);
    if (held == NULL || dry(shell, "JOB_KILL, PROCESS_EXIT for each of its processes")) {
        return shell->code;
    }
    if (!task_kill((struct task){held->cap}, &exception)) {
        return fail_call(shell, "it can't be ended", held, &exception);
    }
    out_done(shell, "killed", held->name);
    return CODE_WELL;
}

// ---- What there is ----

static void program_row(void *context, struct capnp_text name, struct capnp_text uses)
{
    struct shell *shell = context;
    shell_sheet_text(&shell->sheet, name.data, name.size);
    shell_sheet_text(&shell->sheet, uses.data, uses.size);
}

enum code command_programs(struct shell *shell)
{
    static const char *const names[] = {"program", "uses"};
    struct held *launcher = launcher_of(shell);
    struct capnp_exception exception;
    if (launcher == NULL) {
        return shell->code;
    }
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    if (!programs_each(launcher, program_row, shell, &exception)) {
        return fail_call(shell, "the launcher can't be asked", launcher, &exception);
    }
    out_sheet(shell);
    return CODE_WELL;
}

static void task_row(struct shell *shell, struct launcher_tasks_results_reader task)
{
    struct tsr_line how = {0};
    struct capnp_text name = launcher_tasks_results_get_program(task);
    if (launcher_tasks_results_get_state(task) == TASK_STATE_RUNNING) {
        tsr_line_text(&how, "runs");
    } else {
        tsr_line_text(&how, exit_cause_text(launcher_tasks_results_get_cause(task)));
        tsr_line_text(&how, ": code ");
        tsr_line_signed(&how, launcher_tasks_results_get_code(task));
    }
    shell_sheet_number(&shell->sheet, launcher_tasks_results_get_number(task));
    shell_sheet_text(&shell->sheet, name.data, name.size);
    shell_sheet_number(&shell->sheet,
                       (int64_t)(launcher_tasks_results_get_process(task) & UINT32_MAX));
    shell_sheet_words(&shell->sheet, how.text);
    shell_sheet_number(&shell->sheet, launcher_tasks_results_get_pages(task));
    struct capnp_text session = launcher_tasks_results_get_session(task);
    shell_sheet_text(&shell->sheet, session.data, session.size);
}

enum code command_ps(struct shell *shell)
{
    static const char *const names[] = {"number", "program", "process",
                                        "state",  "pages",   "session"};
    struct held *launcher = launcher_of(shell);
    uint32_t count = 1;
    if (launcher == NULL) {
        return shell->code;
    }
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct launcher_tasks_params_builder params;
        struct launcher_tasks_results_reader results;
        if (!launcher_tasks_begin((struct launcher){launcher->cap}, &call, &params, &exception)) {
            return fail_call(shell, "the launcher can't be asked", launcher, &exception);
        }
        launcher_tasks_params_set_index(params, i);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           launcher_tasks_finish(&call, &results, &exception);
        if (is_answered) {
            count = launcher_tasks_results_get_count(results);
            if (count != 0) {
                task_row(shell, results);
            }
        }
        capnp_call_end(&call);
        if (!is_answered) {
            return fail_call(shell, "the launcher can't be asked", launcher, &exception);
        }
    }
    if (count == 0 && !shell->is_json) {
        out_text(shell, "nothing was started by this session\n");
        return CODE_WELL;
    }
    out_sheet(shell);
    return CODE_WELL;
}

// SPDX-License-Identifier: Apache-2.0
//
// What a question of `authority` is about: from names of capabilities and programs to the log's
// numbers of objects and processes. Who this shell is, it finds by what it holds: the log knows who
// has a capability of that id.
#include <string.h>

#include "programs/shell/authority.h"

static const uint64_t now = UINT64_MAX;

void asking_go_on(struct asking *asking, uint64_t seq, bool has_more)
{
    asking->at = seq;
    asking->has_more = has_more;
}

const char *asking_program(const struct asking *asking, uint64_t process)
{
    for (uint32_t i = 0; i < asking->task_count; i++) {
        if (asking->tasks[i].process == process) {
            return asking->tasks[i].program;
        }
    }
    return "";
}

// ---- Programs of this session ----

// One task of the launcher; whether there is another.
static bool task_learn(struct asking *asking, struct launcher launcher, uint32_t index)
{
    struct capnp_call call;
    struct capnp_exception ignored; // without it processes have numbers only
    struct launcher_tasks_params_builder params;
    struct launcher_tasks_results_reader results;
    uint32_t count = 0;
    if (!launcher_tasks_begin(launcher, &call, &params, &ignored)) {
        return false;
    }
    launcher_tasks_params_set_index(params, index);
    if (capnp_call_send(&call, &ignored) && launcher_tasks_finish(&call, &results, &ignored)) {
        count = launcher_tasks_results_get_count(results);
        if (index < count) {
            struct capnp_text program = launcher_tasks_results_get_program(results);
            uint32_t size = program.size < SHELL_NAME_MAX ? program.size : SHELL_NAME_MAX;
            asking->tasks[index].process = launcher_tasks_results_get_process(results);
            asking->tasks[index].number = launcher_tasks_results_get_number(results);
            memcpy(asking->tasks[index].program, program.data, size);
            asking->task_count = index + 1;
        }
    }
    capnp_call_end(&call);
    return index + 1 < count;
}

static void tasks_learn(struct asking *asking)
{
    const struct held *held = held_of(asking->shell, LAUNCHER_INTERFACE_ID);
    uint32_t index = 0;
    while (held != NULL && index < TASKS_KNOWN_MAX &&
           task_learn(asking, (struct launcher){held->cap}, index)) {
        index++;
    }
}

// ---- What is held ----

// Looks for a capability of this id among what a process holds now; its row.
static bool hold_find(struct asking *asking, uint64_t process, uint64_t cap)
{
    bool is_found = false;
    bool has_more = true;
    for (uint32_t skip = 0; has_more && !is_found;) {
        struct capnp_call call;
        struct capnp_exception ignored;
        struct authority_history_holds_params_builder params;
        struct authority_history_holds_results_reader results;
        has_more = false;
        if (!authority_history_holds_begin(asking->history, &call, &params, &ignored)) {
            return false;
        }
        authority_history_holds_params_set_process(params, process);
        authority_history_holds_params_set_at(params, now);
        authority_history_holds_params_set_skip(params, skip);
        if (capnp_call_send(&call, &ignored) &&
            authority_history_holds_finish(&call, &results, &ignored)) {
            struct authority_hold_reader_list list =
                authority_history_holds_results_get_holds(results);
            for (uint32_t i = 0; i < list.l.count && !is_found; i++, skip++) {
                struct authority_hold_reader hold = authority_hold_reader_at(list, i);
                is_found = authority_hold_get_cap(hold) == cap;
                asking->object = authority_hold_get_object(hold);
                asking->facet = authority_hold_get_facet(hold);
            }
            has_more = authority_history_holds_results_get_more(results);
        }
        capnp_call_end(&call);
    }
    return is_found;
}

// Who holds the shell's terminal is the shell.
static bool self_find(struct asking *asking)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more && asking->self == 0;) {
        struct capnp_call call;
        struct capnp_exception ignored;
        struct authority_history_at_params_builder params;
        struct authority_history_at_results_reader results;
        uint64_t processes[32];
        uint32_t count = 0;
        has_more = false;
        if (!authority_history_at_begin(asking->history, &call, &params, &ignored)) {
            return false;
        }
        authority_history_at_params_set_at(params, now);
        authority_history_at_params_set_skip(params, skip);
        if (capnp_call_send(&call, &ignored) &&
            authority_history_at_finish(&call, &results, &ignored)) {
            struct authority_process_reader_list list =
                authority_history_at_results_get_processes(results);
            for (uint32_t i = 0; i < list.l.count && count < 32; i++) {
                processes[count++] =
                    authority_process_get_process(authority_process_reader_at(list, i));
            }
            has_more = authority_history_at_results_get_more(results) && count != 0;
        }
        capnp_call_end(&call);
        skip += count;
        for (uint32_t i = 0; i < count && asking->self == 0; i++) {
            bool is_self = hold_find(asking, processes[i], asking->shell->terminal.id);
            asking->self = is_self ? processes[i] : 0;
        }
    }
    asking->object = asking->facet = 0;
    return asking->self != 0;
}

// ---- Words ----

static bool number_read(const struct shell_word *word, uint64_t *number)
{
    *number = 0;
    for (uint32_t i = 0; i < word->size; i++) {
        if (word->text[i] < '0' || word->text[i] > '9' || *number > UINT32_MAX) {
            return false;
        }
        *number = *number * 10 + (uint64_t)(word->text[i] - '0');
    }
    return word->size != 0;
}

static bool process_read(struct asking *asking, const struct shell_word *word)
{
    struct shell *shell = asking->shell;
    if (number_read(word, &asking->process)) {
        return true;
    }
    const struct held *held = held_find(shell, word);
    if (held == NULL) {
        return false;
    }
    for (uint32_t i = 0; held->task != 0 && i < asking->task_count; i++) {
        if (asking->tasks[i].number == held->task) {
            asking->process = asking->tasks[i].process;
            return true;
        }
    }
    fail(shell, CODE_USAGE, "this is no program that was started:", held_name(held),
         "`spawn ... -> $task` gives one; a process's number will do, too");
    return false;
}

static bool held_read(struct asking *asking, const struct shell_word *word)
{
    struct shell *shell = asking->shell;
    const struct held *held = held_find(shell, word);
    if (held == NULL) {
        return false;
    }
    asking->interface = held->interface;
    if (asking->self == 0 || !hold_find(asking, asking->self, held->cap)) {
        fail(shell, CODE_FAILED, "the history does not show what the shell holds under",
             held_name(held), "its facet may show another job only");
        return false;
    }
    return true;
}

static bool method_read(struct asking *asking, const struct shell_word *word)
{
    struct shell *shell = asking->shell;
    const struct capnp_catalog_node *node = shell_interface(&shell->schemas, asking->interface);
    struct shell_method method;
    if (node == NULL || !shell_method_named(node, text_of(word), &method)) {
        fail(shell, CODE_USAGE, "no such method:", text_of(word),
             "`inspect` and the capability's name lists its methods");
        return false;
    }
    asking->method = (uint16_t)method.number;
    return true;
}

static bool word_read(struct asking *asking, enum want want, const struct shell_word *word)
{
    switch (want) {
    case WANTS_PROCESS:
        return process_read(asking, word);
    case WANTS_OBJECT:
    case WANTS_FACET:
        if (!held_read(asking, word)) {
            return false;
        }
        asking->object = want == WANTS_OBJECT ? asking->object : 0;
        asking->facet = want == WANTS_FACET ? asking->facet : 0;
        return true;
    case WANTS_METHOD:
        return method_read(asking, word);
    case WANTS_NUMBER:
        if (!number_read(word, &asking->number)) {
            fail(asking->shell, CODE_USAGE, "a number of commits is wanted, not", text_of(word),
                 NULL);
            return false;
        }
        return true;
    }
    return false;
}

// "at 240" behind the rest.
static bool moment_read(struct asking *asking, uint32_t word)
{
    struct shell_word at = shell_word(asking->shell, word);
    struct shell_word moment = shell_word(asking->shell, word + 1);
    uint32_t count = shell_word_count(asking->shell);
    if (count == word) {
        return true;
    }
    if (count != word + 2 || !shell_word_is(&at, "at") || !number_read(&moment, &asking->at)) {
        fail_usage(asking->shell);
        return false;
    }
    return true;
}

bool asking_begin(struct asking *asking, const struct question *question, uint32_t word)
{
    struct capnp_exception ignored; // without `refresh` the newest commits are not told yet
    uint64_t seq;
    if (shell_word_count(asking->shell) < word + question->want_count) {
        fail_usage(asking->shell);
        return false;
    }
    authority_history_refresh(asking->history, &seq, &ignored);
    tasks_learn(asking);
    self_find(asking);
    for (uint32_t i = 0; i < question->want_count; i++) {
        struct shell_word about = shell_word(asking->shell, word + i);
        if (!word_read(asking, question->wants[i], &about)) {
            return false;
        }
    }
    return moment_read(asking, word + question->want_count);
}

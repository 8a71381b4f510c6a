// SPDX-License-Identifier: Apache-2.0
//
// The table of commands, how a script is carried out, and the commands that are a few lines.
#include <string.h>

#include "programs/shell/shell.h"

#include "schema/system.capnp.h"

const struct command commands[] = {
    {"authority",
     "authority who NAME | path $task NAME | holds $task | reach $task | suggest $task | what-if "
     "kill $task | what-if revoke $x | why-not $task NAME METHOD | diff SEQ, each with [at SEQ]",
     "asks the log who could do what; a task may be a process's number", command_authority, false},
    {"call", "call NAME METHOD [ARGUMENT ...] [-> $x]",
     "calls a method; arguments and results as its schema says", command_call, true},
    {"caps", "caps", "what this shell holds", command_caps, false},
    {"exit", "exit [CODE]", "ends the shell, or the script", command_exit, false},
    {"facet", "facet NAME [as INTERFACE] [session] only { METHOD, ... } -> $x",
     "a narrower capability, which you can revoke; `session`: it stays in yours", command_facet,
     true},
    {"halt", "halt", "ends every program, and the machine", command_halt, true},
    {"help", "help [COMMAND | INTERFACE [METHOD] | language]", "explains", command_help, false},
    {"inspect", "inspect NAME", "interface, methods and origin of a capability", command_inspect,
     false},
    {"kill", "kill $task", "ends a program that you started", command_kill, true},
    {"learn", "learn NAME", "takes the schemas that a program brings along", command_learn, false},
    {"lease", "lease $x [10m] [100 calls]", "authority that ends by itself", command_lease, true},
    {"log", "log [N] [PROGRAM] [refused] | log follow [PROGRAM]",
     "the last N (20) calls, refusals and ends, of all or of one program; `follow` shows refusals "
     "and ends as they come, until C-c",
     command_log, false},
    {"mem", "mem", "limits of the job that is held, and what is used of them", command_mem, false},
    {"programs", "programs", "what `run` and `spawn` can start", command_programs, false},
    {"ps", "ps", "programs that were started", command_ps, false},
    {"release", "release NAME", "gives a capability back", command_release, true},
    {"revoke", "revoke $x", "cuts off a facet and all made from it", command_revoke, true},
    {"run", "run PROGRAM [ARGUMENTS] [with { NAME: [client] @x, ... }]",
     "starts a program and waits for its end; C-c ends it", command_run, true},
    {"say", "say WORD ...", "shows words", command_say, false},
    {"session", "session", "on whose behalf this shell acts", command_session, false},
    {"set", "set NAME WORD", "sets a variable: `$NAME`", command_set, false},
    {"sleep", "sleep 100ms", "waits", command_sleep, false},
    {"source", "source [SCRIPT [ARGUMENT ...]]",
     "carries out a script, in which $1 to $9 are the arguments and `exit` ends it; alone it lists "
     "the scripts",
     command_source, true},
    {"spawn", "spawn PROGRAM [ARGUMENTS] [with { NAME: [client] @x, ... }] [-> $task]",
     "starts a program and goes on", command_spawn, true},
    {"top", "top", "who did how much since the last look, as the log has it", command_top, false},
    {"uptime", "uptime", "how long the machine runs", command_uptime, false},
    {"wait", "wait $task", "waits for the end of a program", command_wait, false},
};
const uint32_t command_count = sizeof commands / sizeof commands[0];

const struct command *command_named(struct capnp_text name)
{
    for (uint32_t i = 0; i < command_count; i++) {
        if (strlen(commands[i].name) == name.size &&
            memcmp(commands[i].name, name.data, name.size) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

// ---- Words ----

static bool is_option(const struct shell_word *word)
{
    return word->kind == SHELL_BARE &&
           (shell_word_is(word, "--json") || shell_word_is(word, "--dry-run"));
}

// $x is a value where one is set; where a capability has the name, it stays a name.
static struct shell_word replaced(const struct shell *shell, struct shell_word word)
{
    struct capnp_text value;
    if (word.kind == SHELL_VARIABLE && variable_get(shell, text_of(&word), &value)) {
        word.kind = SHELL_QUOTED;
        word.text = value.data;
        word.size = value.size;
    }
    return word;
}

uint32_t shell_word_count(const struct shell *shell)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < shell->statement->word_count; i++) {
        count += is_option(&shell->script->words[shell->statement->words + i]) ? 0 : 1;
    }
    return count;
}

struct shell_word shell_word(const struct shell *shell, uint32_t index)
{
    for (uint32_t i = 0; i < shell->statement->word_count; i++) {
        const struct shell_word *word = &shell->script->words[shell->statement->words + i];
        if (!is_option(word) && index-- == 0) {
            return replaced(shell, *word);
        }
    }
    return (struct shell_word){.text = ""};
}

static bool has_option(const struct shell *shell, const char *option)
{
    for (uint32_t i = 0; i < shell->statement->word_count; i++) {
        const struct shell_word *word = &shell->script->words[shell->statement->words + i];
        if (word->kind == SHELL_BARE && shell_word_is(word, option)) {
            return true;
        }
    }
    return false;
}

bool shell_value(struct shell *shell, uint32_t index, struct shell_word *word)
{
    *word = shell_word(shell, index);
    if (word->kind != SHELL_VARIABLE) {
        return true;
    }
    if (held_named(shell, text_of(word)) != NULL) {
        fail(shell, CODE_USAGE, "a value is wanted, and this is a capability:", text_of(word),
             "`inspect` and its name says what it is");
    } else {
        bool is_argument = word->size == 1 && word->text[0] >= '1' && word->text[0] <= '9';
        fail(shell, CODE_FAILED, "nothing is set under the name", text_of(word),
             is_argument ? "it is an argument of a script: `source SCRIPT ARGUMENT ...`"
                         : "`set NAME WORD` sets it; a command keeps what it brings by `-> $NAME`");
    }
    return false;
}

// ---- Carrying out ----

// The command that differs in the fewest letters at their places, if that are few.
static const struct command *command_near(struct capnp_text name)
{
    const struct command *near = NULL;
    size_t least = 3;
    for (uint32_t i = 0; i < command_count; i++) {
        size_t size = strlen(commands[i].name);
        size_t longer = size > name.size ? size : name.size;
        size_t same = 0;
        size_t shorter = size < name.size ? size : name.size;
        while (same < shorter && commands[i].name[same] == name.data[same]) {
            same++;
        }
        size_t behind = 0;
        while (behind < shorter - same &&
               commands[i].name[size - 1 - behind] == name.data[name.size - 1 - behind]) {
            behind++;
        }
        size_t differs = longer - same - behind;
        if (differs < least) {
            least = differs;
            near = &commands[i];
        }
    }
    return near;
}

static enum code unknown(struct shell *shell, struct capnp_text name)
{
    const struct command *near = command_near(name);
    struct tsr_line line = {0};
    if (near != NULL) {
        tsr_line_text(&line, "did you mean `");
        tsr_line_text(&line, near->name);
        tsr_line_text(&line, "`? ");
    }
    tsr_line_text(&line, "`help` lists the commands");
    return fail(shell, CODE_USAGE, "there is no command", name, line.text);
}

static void command_do(struct shell *shell, const struct shell_statement *statement)
{
    shell->statement = statement;
    shell->is_json = shell->all_json || has_option(shell, "--json");
    shell->is_dry = has_option(shell, "--dry-run");
    shell->code = CODE_WELL;
    struct shell_word word = shell_word(shell, 0);
    const struct command *command = command_named(text_of(&word));
    if (command == NULL) {
        shell->code = unknown(shell, text_of(&word));
    } else if (shell->is_dry && !command->changes) {
        shell->code = fail(shell, CODE_USAGE,
                           "it changes nothing, so it has no --dry-run:", text_of(&word), NULL);
    } else {
        shell->is_dry |= shell->all_dry;
        shell->code = command->run(shell);
    }
    if (shell->code != CODE_WELL) {
        source_place(shell, statement);
    }
    struct tsr_line code = {0};
    tsr_line_decimal(&code, shell->code);
    variable_set(shell, tsr_text_of("status"), code.text, code.size);
}

static bool equal_holds(struct shell *shell, const struct shell_statement *statement)
{
    struct shell_word left;
    struct shell_word right;
    shell->statement = statement;
    shell->is_json = shell->all_json;
    if (!shell_value(shell, 0, &left) || !shell_value(shell, 2, &right)) {
        source_place(shell, statement);
        return false;
    }
    bool are_equal = left.size == right.size && memcmp(left.text, right.text, left.size) == 0;
    return are_equal == (statement->kind == SHELL_IF_EQUAL);
}

void script_run(struct shell *shell, const struct shell_script *script)
{
    uint32_t at = 0;
    shell->script = script;
    while (at < script->statement_count && !shell->is_over && !shell->has_hung_up &&
           !shell->leaves) {
        const struct shell_statement *statement = &script->statements[at];
        bool goes_on = true;
        switch (statement->kind) {
        case SHELL_COMMAND:
            command_do(shell, statement);
            break;
        case SHELL_IF_COMMAND:
            command_do(shell, statement);
            goes_on = shell->code == CODE_WELL;
            break;
        case SHELL_IF_EQUAL:
        case SHELL_IF_UNEQUAL:
            goes_on = equal_holds(shell, statement);
            break;
        case SHELL_JUMP:
            goes_on = false;
            break;
        }
        at = goes_on ? at + 1 : statement->next;
        // What was interrupted takes the rest with it.
        if (was_interrupted(shell) || shell->code == CODE_INTERRUPTED) {
            shell->code = CODE_INTERRUPTED;
            break;
        }
    }
}

// ---- Small commands ----

enum code command_say(struct shell *shell)
{
    uint32_t count = shell_word_count(shell);
    struct shell_word word;
    for (uint32_t i = 1; i < count; i++) {
        if (!shell_value(shell, i, &word)) {
            return shell->code;
        }
    }
    if (shell->is_json) {
        out_text(shell, "{\"said\": [");
    }
    for (uint32_t i = 1; i < count; i++) {
        word = shell_word(shell, i);
        out_text(shell, i == 1 ? "" : shell->is_json ? ", " : " ");
        if (shell->is_json) {
            shell_json_text(word.text, word.size, &shell->writer);
        } else {
            out_bytes(shell, word.text, word.size);
        }
    }
    out_text(shell, shell->is_json ? "]}\n" : "\n");
    return CODE_WELL;
}

enum code command_set(struct shell *shell)
{
    struct shell_word name = shell_word(shell, 1);
    struct shell_word value;
    if (shell_word_count(shell) != 3 || name.size > SHELL_NAME_MAX || name.size == 0) {
        return fail_usage(shell);
    }
    if (held_named(shell, text_of(&name)) != NULL) {
        return fail(shell, CODE_USAGE, "a capability has this name:", text_of(&name),
                    "choose another one");
    }
    if (!shell_value(shell, 2, &value)) {
        return shell->code;
    }
    shell->code = CODE_WELL;
    variable_set(shell, text_of(&name), value.text, value.size);
    return shell->code;
}

enum code command_uptime(struct shell *shell)
{
    struct capnp_exception exception;
    uint64_t now;
    if (!timer_now(shell->timer, &now, &exception)) {
        return fail_call(shell, "the time can't be read", NULL, &exception);
    }
    if (shell->is_json) {
        out_text(shell, "{\"uptime_ns\": ");
        out_number(shell, now);
        out_text(shell, "}\n");
    } else {
        out_text(shell, "up ");
        out_time(shell, now);
        out_text(shell, "\n");
    }
    return CODE_WELL;
}

enum code command_exit(struct shell *shell)
{
    struct shell_word word = shell_word(shell, 1);
    int32_t code = 0;
    if (shell_word_count(shell) > 2 || word.size > 3) {
        return fail_usage(shell);
    }
    for (uint32_t i = 0; i < word.size; i++) {
        if (word.text[i] < '0' || word.text[i] > '9') {
            return fail_usage(shell);
        }
        code = code * 10 + (word.text[i] - '0');
    }
    if (shell_word_count(shell) == 1) {
        code = (int32_t)shell->code;
    }
    shell->exit_code = code;
    shell->is_over = !source_exit(shell);
    return CODE_WELL;
}

// Nothing that was said is lost: nobody waits for it once the programs between here and whoever
// sits there are ended.
enum code command_halt(struct shell *shell)
{
    struct capnp_exception exception;
    const struct held *held = held_of(shell, SYSTEM_INTERFACE_ID);
    if (shell_word_count(shell) != 1) {
        return fail_usage(shell);
    }
    if (held == NULL) {
        return fail(shell, CODE_DENIED, "this needs a System, and none is held",
                    (struct capnp_text){"", 0},
                    "the broker grants it with a profile that has it; `exit` ends this session");
    }
    if (dry(shell, "PROCESS_EXIT for every process")) {
        return CODE_WELL;
    }
    out_drain(shell);
    if (!system_halt((struct system){held->cap}, &exception)) {
        return fail_call(shell, "the machine can't be halted", held, &exception);
    }
    shell->is_over = true;
    return CODE_WELL;
}

// ---- mem ----

enum code command_mem(struct shell *shell)
{
    static const char *const resources[] = {"sessions", "jobs",   "processes", "threads",
                                            "objects",  "facets", "holds",     "mappings",
                                            "pages",    "space",  "calls",     "log"};
    static const char *const names[] = {"what", "used", "limit"};
    enum { RESOURCES = sizeof resources / sizeof resources[0] };
    uint32_t limits[2 * RESOURCES];
    const struct held *job = held_of(shell, JOB_INTERFACE_ID);
    struct capnp_call call;
    struct capnp_exception exception;
    struct job_limits_params_builder params;
    struct job_limits_results_reader results;
    if (job == NULL) {
        return fail(shell, CODE_DENIED, "this needs a Job, and none is held",
                    (struct capnp_text){"", 0},
                    "the broker grants a facet of one with a profile that has it");
    }
    if (!job_limits_begin((struct job){job->cap}, &call, &params, &exception)) {
        return fail_call(shell, "the limits can't be asked for", job, &exception);
    }
    bool is_answered =
        capnp_call_send(&call, &exception) && job_limits_finish(&call, &results, &exception);
    if (is_answered) {
        struct capnp_data data = job_limits_results_get_limits(results);
        memset(limits, 0, sizeof limits);
        memcpy(limits, data.data, data.size < sizeof limits ? data.size : sizeof limits);
    }
    capnp_call_end(&call);
    if (!is_answered) {
        return fail_call(shell, "the limits can't be asked for", job, &exception);
    }
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    for (uint32_t i = 0; i < RESOURCES; i++) {
        shell_sheet_words(&shell->sheet, resources[i]);
        shell_sheet_number(&shell->sheet, limits[RESOURCES + i]);
        shell_sheet_number(&shell->sheet, limits[i]);
    }
    out_sheet(shell);
    return CODE_WELL;
}

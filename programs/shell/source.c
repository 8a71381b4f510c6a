// SPDX-License-Identifier: Apache-2.0
//
// Scripts: texts of the boot package, which the launcher hands out. A script is carried out as if
// its lines were typed, with what the shell holds; it adds no authority. Its arguments are $1 to
// $9, variables are the shell's own. Whatever fails in it is told with the place.
#include <string.h>

#include "programs/shell/shell.h"

enum { LEVELS = 3, SCRIPT_ARGUMENTS = 9 };

// A script that is carried out, and its arguments.
static struct level {
    char name[SHELL_NAME_MAX + 1];
    struct shell_script script;
    uint32_t count;
    struct capnp_text arguments[SCRIPT_ARGUMENTS];
    char room[VALUE_MAX];
} levels[LEVELS];
static uint32_t depth;

// ---- What others ask ----

bool source_is_on(void)
{
    return depth != 0;
}

bool source_argument(struct capnp_text name, struct capnp_text *value)
{
    const struct level *level = depth == 0 ? NULL : &levels[depth - 1];
    bool is_one = level != NULL && name.size == 1 && name.data[0] >= '1' &&
                  (uint32_t)(name.data[0] - '0') <= level->count;
    if (is_one) {
        *value = level->arguments[name.data[0] - '1'];
    }
    return is_one;
}

void source_place(struct shell *shell, const struct shell_statement *statement)
{
    if (depth == 0) {
        return;
    }
    const struct shell_word *word = &shell->script->words[statement->words];
    if (shell->is_json) {
        out_text(shell, "{\"script\": ");
        shell_json_text(levels[depth - 1].name, strlen(levels[depth - 1].name), &shell->writer);
        out_text(shell, ", \"line\": ");
        out_number(shell, word->line);
        out_text(shell, ", \"column\": ");
        out_number(shell, word->column);
        out_text(shell, "}\n");
        return;
    }
    out_text(shell, "  in ");
    out_text(shell, levels[depth - 1].name);
    out_text(shell, ", line ");
    out_number(shell, word->line);
    out_text(shell, ", column ");
    out_number(shell, word->column);
    out_text(shell, "\n");
}

bool source_exit(struct shell *shell)
{
    shell->leaves = depth != 0;
    return shell->leaves;
}

// ---- Names ----

static struct held *launcher_of_scripts(struct shell *shell)
{
    return held_of(shell, LAUNCHER_INTERFACE_ID);
}

bool scripts_each(struct shell *shell, void (*visit)(void *context, struct capnp_text name),
                  void *context, struct capnp_exception *exception)
{
    const struct held *launcher = launcher_of_scripts(shell);
    uint32_t count = launcher == NULL ? 0 : 1;
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_call call;
        struct launcher_scripts_params_builder params;
        struct launcher_scripts_results_reader results;
        if (!launcher_scripts_begin((struct launcher){launcher->cap}, &call, &params, exception)) {
            return false;
        }
        launcher_scripts_params_set_index(params, i);
        bool is_answered = capnp_call_send(&call, exception) &&
                           launcher_scripts_finish(&call, &results, exception);
        count = is_answered ? launcher_scripts_results_get_count(results) : 0;
        if (count != 0) {
            visit(context, launcher_scripts_results_get_name(results));
        }
        capnp_call_end(&call);
        if (!is_answered) {
            return false;
        }
    }
    return true;
}

static void script_row(void *context, struct capnp_text name)
{
    struct shell *shell = context;
    shell_sheet_text(&shell->sheet, name.data, name.size);
}

static enum code scripts_show(struct shell *shell)
{
    static const char *const names[] = {"script"};
    struct capnp_exception exception;
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    if (!scripts_each(shell, script_row, shell, &exception)) {
        return fail_call(shell, "scripts can't be listed", launcher_of_scripts(shell), &exception);
    }
    out_sheet(shell);
    return CODE_WELL;
}

// ---- One of them ----

// The next bytes of it, behind *size; more is set while there are others.
static bool part_read(struct launcher launcher, struct capnp_text name, char *text, uint32_t *size,
                      bool *more, struct capnp_exception *exception)
{
    struct capnp_call call;
    struct launcher_script_params_builder params;
    struct launcher_script_results_reader results;
    if (!launcher_script_begin(launcher, &call, &params, exception)) {
        return false;
    }
    launcher_script_params_set_name(params, name);
    launcher_script_params_set_offset(params, *size);
    bool is_answered =
        capnp_call_send(&call, exception) && launcher_script_finish(&call, &results, exception);
    if (is_answered) {
        struct capnp_data data = launcher_script_results_get_data(results);
        uint32_t left = SHELL_TEXT_MAX - *size;
        uint32_t part = data.size < left ? data.size : left;
        if (part != 0) {
            memcpy(text + *size, data.data, part);
        }
        *size += part;
        *more = part != 0 && *size < launcher_script_results_get_size(results);
    }
    capnp_call_end(&call);
    return is_answered;
}

// Its statements, at a level that is not in use.
static enum code script_read(struct shell *shell, struct capnp_text name, struct level *level)
{
    static char text[SHELL_TEXT_MAX];
    struct held *held = launcher_of_scripts(shell);
    struct capnp_exception exception;
    struct shell_problem problem;
    uint32_t size = 0;
    for (bool more = true; more;) {
        if (!part_read((struct launcher){held->cap}, name, text, &size, &more, &exception)) {
            struct tsr_line what = {0};
            tsr_line_text(&what, "there is no script ");
            tsr_line_bytes(&what, name.data, name.size);
            return fail_call(shell, what.text, held, &exception);
        }
    }
    if (shell_parse(&level->script, text, size, &problem) != SHELL_WELL) {
        struct tsr_line where = {0};
        tsr_line_text(&where, "in ");
        tsr_line_bytes(&where, name.data, name.size);
        tsr_line_text(&where, ", line ");
        tsr_line_decimal(&where, problem.line);
        tsr_line_text(&where, ", column ");
        tsr_line_decimal(&where, problem.column);
        return fail(shell, CODE_USAGE, problem.sentence, (struct capnp_text){"", 0}, where.text);
    }
    uint32_t kept = name.size < SHELL_NAME_MAX ? name.size : SHELL_NAME_MAX;
    memcpy(level->name, name.data, kept);
    level->name[kept] = 0;
    return CODE_WELL;
}

// The words behind the name: their values now.
static bool arguments_keep(struct shell *shell, struct level *level)
{
    uint32_t count = shell_word_count(shell) - 2;
    uint32_t size = 0;
    level->count = 0;
    if (count > SCRIPT_ARGUMENTS) {
        fail(shell, CODE_USAGE, "a script has 9 arguments at most", (struct capnp_text){"", 0},
             NULL);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct shell_word word;
        if (!shell_value(shell, i + 2, &word)) {
            return false;
        }
        if (word.size > sizeof level->room - size) {
            fail(shell, CODE_USAGE, "the arguments are too long: 512 bytes fit",
                 (struct capnp_text){"", 0}, NULL);
            return false;
        }
        memcpy(level->room + size, word.text, word.size);
        level->arguments[level->count++] = (struct capnp_text){level->room + size, word.size};
        size += word.size;
    }
    return true;
}

// What a command of the script finds of the command line that began it: --json and --dry-run hold
// for all of it.
static enum code level_run(struct shell *shell, struct level *level)
{
    const struct shell_script *script = shell->script;
    const struct shell_statement *statement = shell->statement;
    bool is_json = shell->is_json;
    bool is_dry = shell->is_dry;
    bool was_json = shell->all_json;
    bool was_dry = shell->all_dry;
    shell->all_json = is_json;
    shell->all_dry = is_dry;
    shell->code = CODE_WELL;
    depth++;
    script_run(shell, &level->script);
    depth--;
    if (shell->leaves) {
        shell->leaves = false;
        shell->code = (enum code)shell->exit_code;
    }
    shell->all_json = was_json;
    shell->all_dry = was_dry;
    shell->is_json = is_json;
    shell->is_dry = is_dry;
    shell->script = script;
    shell->statement = statement;
    return shell->code;
}

enum code command_source(struct shell *shell)
{
    struct shell_word name = shell_word(shell, 1);
    if (launcher_of_scripts(shell) == NULL) {
        return fail(shell, CODE_DENIED, "this needs a Launcher, and none is held",
                    (struct capnp_text){"", 0}, "the broker grants it with a profile that has it");
    }
    if (shell_word_count(shell) == 1) {
        return scripts_show(shell);
    }
    if (depth == LEVELS) {
        return fail(shell, CODE_FAILED,
                    "three scripts are under way, one in the other:", text_of(&name), NULL);
    }
    struct level *level = &levels[depth];
    if (!arguments_keep(shell, level) || script_read(shell, text_of(&name), level) != CODE_WELL) {
        return shell->code;
    }
    return level_run(shell, level);
}

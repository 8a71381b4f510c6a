// SPDX-License-Identifier: Apache-2.0
//
// The shell: reads lines from a terminal, carries them out with what it holds, and says what came
// of it. Granted: terminal (a TerminalSession), timer, and whatever the manifest gives it besides;
// of these a Broker brings a bundle, and each SchemaSource the interfaces that can be called.
#include <string.h>

#include "abi/start.h"
#include "lib/ansi/ansi.h"
#include "programs/shell/shell.h"

#include "schema/boot.capnp.h"

static struct shell shell;
static struct shell_script script;
static char text[SHELL_TEXT_MAX];

// ---- What it begins with ----

static void grants_hold(const struct start *start)
{
    const struct capset *capset = (const struct capset *)start->capset;
    for (uint64_t i = 0; i < capset->count; i++) {
        const struct capset_entry *entry = &capset->entries[i];
        struct held *held = held_add(&shell, tsr_text_of(entry->name), entry->cap, entry->interface,
                                     "the manifest");
        if (held != NULL) {
            held->is_granted = true;
        }
    }
}

static void schemas_learn(void)
{
    for (uint32_t i = 0; i < shell.held_count; i++) {
        if (shell.held[i].interface == SCHEMA_SOURCE_INTERFACE_ID) {
            learn(&shell, &shell.held[i]);
        }
    }
}

static void banner_show(void)
{
    out_text(&shell, ansi_style(ANSI_BOLD));
    out_text(&shell, "Tessera");
    out_text(&shell, ansi_style(ANSI_PLAIN));
    out_text(&shell, ": what this shell can do is what it holds, ");
    out_number(&shell, shell.held_count);
    out_text(&shell, " capabilities.\nTry: caps ; call timer now ; help\n");
}

static void session_begin(void)
{
    shell_schemas_init(&shell.schemas);
    held_bundle(&shell);
    schemas_learn();
}

// Somebody else may sit there: nothing of the session before stays.
static bool session_next(void)
{
    struct capnp_exception exception;
    held_forget(&shell);
    memset(text, 0, sizeof text);
    memset(&script, 0, sizeof script);
    shell.out_size = 0;
    if (!terminal_session_next_session(shell.terminal, &exception)) {
        return false;
    }
    listen_end(&shell); // that call was the session's before
    shell.has_hung_up = false;
    session_begin();
    banner_show();
    return true;
}

// ---- Lines ----

enum read { READ_LINE, READ_CANCELLED, READ_OVER };

// Reads a line to the end of `text`.
static enum read line_read(const char *prompt, size_t *size)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct terminal_session_read_line_params_builder params;
    struct terminal_session_read_line_results_reader results;
    out_flush(&shell);
    listen_end(&shell);
    if (!terminal_session_read_line_begin(shell.terminal, &call, &params, &exception)) {
        return READ_OVER;
    }
    terminal_session_read_line_params_set_prompt(params, tsr_text_of(prompt));
    terminal_session_read_line_params_set_echo(params, ECHO_VISIBLE);
    terminal_session_read_line_params_set_limit(params, LINE_MAX);
    enum read read = READ_OVER;
    shell.has_hung_up = true; // unless it is answered
    if (capnp_call_send(&call, &exception) &&
        terminal_session_read_line_finish(&call, &results, &exception)) {
        struct capnp_data line = terminal_session_read_line_results_get_line(results);
        enum line_end end = terminal_session_read_line_results_get_end(results);
        shell.has_hung_up = false;
        shell.is_over = end == LINE_END_END_OF_INPUT;
        size_t room = sizeof text - 1 - *size;
        size_t part = line.size < room ? line.size : room;
        memcpy(text + *size, line.data, part);
        *size += part;
        read = end == LINE_END_LINE        ? READ_LINE
               : end == LINE_END_CANCELLED ? READ_CANCELLED
                                           : READ_OVER;
    }
    capnp_call_end(&call);
    return read;
}

// Reads lines until they are a whole script, or say what is wrong.
static void lines_run(void)
{
    struct shell_problem problem;
    enum shell_verdict verdict = SHELL_UNFINISHED;
    size_t size = 0;
    for (const char *prompt = "$ "; verdict == SHELL_UNFINISHED; prompt = "> ") {
        enum read read = line_read(prompt, &size);
        if (read == READ_CANCELLED) {
            return;
        }
        if (read == READ_OVER) {
            return;
        }
        if (size == sizeof text - 1) {
            fail(&shell, CODE_USAGE, "too long: 8,191 bytes at most; split it",
                 (struct capnp_text){"", 0}, NULL);
            return;
        }
        verdict = shell_parse(&script, text, size, &problem);
        text[size++] = '\n';
    }
    listen_begin(&shell);
    if (verdict == SHELL_WRONG) {
        shell.is_json = false;
        shell.code = fail_at(&shell, &problem);
    } else {
        script_run(&shell, &script);
    }
}

// Not by somebody: what the start says is carried out, and that is all.
static void begin_run(struct capnp_text given)
{
    struct shell_problem problem;
    uint32_t size = given.size < sizeof text ? given.size : (uint32_t)sizeof text;
    memcpy(text, given.data, size);
    listen_begin(&shell);
    if (shell_parse(&script, text, size, &problem) == SHELL_WELL) {
        script_run(&shell, &script);
    } else {
        shell.code = fail(&shell, CODE_USAGE, problem.sentence, given, NULL);
    }
    shell.exit_code = shell.is_over ? shell.exit_code : (int32_t)shell.code;
    shell.is_over = true;
}

int tsr_main(struct start *start)
{
    struct capnp_message info;
    out_init(&shell);
    if (!tsr_find(start, "terminal", TERMINAL_SESSION_INTERFACE_ID, &shell.terminal.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &shell.timer.id)) {
        tsr_panic("shell: terminal or timer was not granted");
    }
    session_read(&shell, start);
    grants_hold(start);
    tsr_start_info(start, &info);
    struct capnp_text given = start_info_get_arguments(start_info_read(&info));
    session_begin();
    if (given.size != 0) {
        begin_run(given);
    } else {
        banner_show();
    }
    while (!shell.is_over) {
        if (shell.has_hung_up && !session_next()) {
            return CODE_FAILED; // the terminal is gone for good
        }
        offer_tell(&shell);
        lines_run();
    }
    out_drain(&shell);
    return shell.exit_code;
}

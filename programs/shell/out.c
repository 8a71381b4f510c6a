// SPDX-License-Identifier: Apache-2.0
//
// What the shell says: gathered into pieces that the terminal takes, for people or as JSON.
#include <string.h>

#include "lib/ansi/ansi.h"
#include "lib/text/text.h"
#include "programs/shell/shell.h"

enum { SLOW_NS = 1000000 }; // until a terminal that is slow is tried again

static const uint64_t second_ns = 1000000000;

void out_flush(struct shell *shell)
{
    struct capnp_exception exception;
    struct capnp_data data = {(const uint8_t *)shell->out, shell->out_size};
    uint64_t now;
    shell->out_size = 0;
    while (data.size != 0 && !terminal_session_write(shell->terminal, data, &exception)) {
        // Others write too, and the terminal is slow: their turn first.
        bool waits = exception.type == CAPNP_EXCEPTION_OVERLOADED &&
                     timer_now(shell->timer, &now, &exception) &&
                     timer_sleep_until(shell->timer, now + SLOW_NS, &exception);
        if (!waits) {
            shell->has_hung_up = true;
            return;
        }
    }
}

void out_drain(struct shell *shell)
{
    struct capnp_exception exception;
    out_flush(shell);
    // A terminal that hung up, or that can't be waited for, has nobody to lose anything.
    shell->has_hung_up |= !terminal_session_drain(shell->terminal, &exception);
}

void out_bytes(struct shell *shell, const char *bytes, size_t size)
{
    while (size != 0) {
        size_t room = OUT_MAX - shell->out_size;
        size_t part = size < room ? size : room;
        memcpy(shell->out + shell->out_size, bytes, part);
        shell->out_size += (uint32_t)part;
        bytes += part;
        size -= part;
        if (shell->out_size == OUT_MAX) {
            out_flush(shell);
        }
    }
}

static void write(struct capnp_writer *writer, const char *bytes, size_t size)
{
    struct shell *shell = (struct shell *)((char *)writer - offsetof(struct shell, writer));
    out_bytes(shell, bytes, size);
}

void out_init(struct shell *shell)
{
    shell->writer.write = write;
}

void out_text(struct shell *shell, const char *text)
{
    out_bytes(shell, text, strlen(text));
}

void out_number(struct shell *shell, uint64_t number)
{
    char out[24];
    struct text text;
    text_init(&text, out, sizeof out);
    text_put_decimal(&text, (int64_t)number);
    out_bytes(shell, out, text_length(&text));
}

void out_sheet(struct shell *shell)
{
    shell_sheet_print(&shell->sheet, shell->is_json, &shell->writer);
}

void out_done(struct shell *shell, const char *text, const char *name)
{
    if (shell->is_json) {
        out_text(shell, "{\"done\": ");
        shell_json_text(text, strlen(text), &shell->writer);
        out_text(shell, ", \"name\": ");
        shell_json_text(name, strlen(name), &shell->writer);
        out_text(shell, "}\n");
        return;
    }
    out_text(shell, text);
    out_text(shell, name[0] == 0 ? "" : " ");
    out_text(shell, name);
    out_text(shell, "\n");
}

void out_time(struct shell *shell, uint64_t time_ns)
{
    uint64_t seconds = time_ns / second_ns;
    char thousandths[] = "000";
    if (seconds >= 3600) {
        out_number(shell, seconds / 3600);
        out_text(shell, " h ");
    }
    if (seconds >= 60) {
        out_number(shell, seconds / 60 % 60);
        out_text(shell, " min ");
    }
    for (uint32_t i = 0, rest = (uint32_t)(time_ns % second_ns / 1000000); i < 3; i++, rest /= 10) {
        thousandths[2 - i] = (char)('0' + rest % 10);
    }
    out_number(shell, seconds % 60);
    out_text(shell, ".");
    out_text(shell, thousandths);
    out_text(shell, " s");
}

// ---- Failures ----

enum code fail(struct shell *shell, enum code code, const char *what, struct capnp_text of,
               const char *remedy)
{
    shell->code = code;
    if (shell->is_json) {
        out_text(shell, "{\"error\": ");
        shell_json_text(what, strlen(what), &shell->writer);
        out_text(shell, ", \"of\": ");
        shell_json_text(of.data, of.size, &shell->writer);
        out_text(shell, ", \"remedy\": ");
        shell_json_text(remedy == NULL ? "" : remedy, remedy == NULL ? 0 : strlen(remedy),
                        &shell->writer);
        out_text(shell, ", \"code\": ");
        out_number(shell, code);
        out_text(shell, "}\n");
        return code;
    }
    out_text(shell, ansi_style(ANSI_RED));
    out_text(shell, what);
    if (of.size != 0) {
        out_text(shell, " `");
        out_bytes(shell, of.data, of.size);
        out_text(shell, "`");
    }
    out_text(shell, ansi_style(ANSI_PLAIN));
    out_text(shell, "\n");
    if (remedy != NULL) {
        out_text(shell, "  ");
        out_text(shell, remedy);
        out_text(shell, "\n");
    }
    return code;
}

enum code fail_at(struct shell *shell, const struct shell_problem *problem)
{
    char where[48];
    struct text text;
    text_init(&text, where, sizeof where);
    if (problem->line > 1) {
        text_put(&text, "line ");
        text_put_decimal(&text, problem->line);
        text_put(&text, ", ");
    }
    text_put(&text, "column ");
    text_put_decimal(&text, problem->column);
    text_put(&text, ":");
    if (shell->is_json || problem->line != 1 || source_is_on()) {
        return fail(shell, CODE_USAGE, problem->sentence, (struct capnp_text){"", 0},
                    problem->line == 0 ? NULL : where);
    }
    // Below what was typed, which stands behind a prompt of two characters.
    for (uint32_t i = 0; i < problem->column + 1; i++) {
        out_text(shell, " ");
    }
    out_text(shell, "^ ");
    return fail(shell, CODE_USAGE, problem->sentence, (struct capnp_text){"", 0}, NULL);
}

enum code fail_usage(struct shell *shell)
{
    struct shell_word word = shell_word(shell, 0);
    const struct command *command = command_named(text_of(&word));
    return fail(shell, CODE_USAGE, "this is typed as", tsr_text_of(command->usage),
                "`help` and its name say more");
}

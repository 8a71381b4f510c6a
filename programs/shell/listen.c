// SPDX-License-Identifier: Apache-2.0
//
// C-c while nobody reads a line, and a terminal that hangs up meanwhile: what runs is to end.
#include "programs/shell/shell.h"

void listen_begin(struct shell *shell)
{
    struct terminal_session_next_interrupt_params_builder params;
    struct capnp_exception ignored; // who can't listen does without
    if (shell->listens || !terminal_session_next_interrupt_begin(shell->terminal, &shell->interrupt,
                                                                 &params, &ignored)) {
        return;
    }
    shell->listens = capnp_call_send(&shell->interrupt, &ignored);
    if (!shell->listens) {
        capnp_call_end(&shell->interrupt);
    }
}

void listen_end(struct shell *shell)
{
    struct terminal_session_next_interrupt_results_reader results;
    struct capnp_exception ignored;
    if (shell->listens) {
        tsr_call_cancel(&shell->interrupt);
        terminal_session_next_interrupt_finish(&shell->interrupt, &results, &ignored);
        capnp_call_end(&shell->interrupt);
        shell->listens = false;
    }
}

bool was_interrupted(struct shell *shell)
{
    struct terminal_session_next_interrupt_results_reader results;
    struct capnp_exception ignored;
    if (!shell->listens || !tsr_call_is_done(&shell->interrupt)) {
        return false;
    }
    bool is_told = terminal_session_next_interrupt_finish(&shell->interrupt, &results, &ignored);
    capnp_call_end(&shell->interrupt);
    shell->listens = false;
    shell->has_hung_up = !is_told;
    if (is_told) {
        listen_begin(shell);
    }
    return true;
}

bool call_await(struct shell *shell, const struct capnp_call *call)
{
    struct capnp_exception ignored;
    const struct capnp_call *const calls[] = {call, &shell->interrupt};
    listen_begin(shell);
    while (!tsr_call_is_done(call)) {
        if (!tsr_wait_any(calls, shell->listens ? 2 : 1, &ignored) || was_interrupted(shell)) {
            return false;
        }
    }
    return true;
}

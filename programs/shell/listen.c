// SPDX-License-Identifier: Apache-2.0
//
// C-c while nobody reads a line: what runs is to end.
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
    if (is_told) {
        listen_begin(shell); // where it failed, the terminal is gone: the next line says so
    }
    return is_told;
}

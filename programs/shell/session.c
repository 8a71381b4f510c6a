// SPDX-License-Identifier: Apache-2.0
//
// The session that this shell is of: what who started it says of it, for people. Servers ask the
// kernel, which says to them what the shell discloses.
#include <string.h>

#include "abi/commit.h"
#include "programs/shell/shell.h"

#include "schema/boot.capnp.h"

static uint32_t text_keep(char *to, uint32_t room, struct capnp_text text)
{
    uint32_t size = text.size < room - 1 ? text.size : room - 1;
    if (size != 0) {
        memcpy(to, text.data, size);
    }
    to[size] = 0;
    return size;
}

void session_read(struct shell *shell, const struct start *start)
{
    struct capnp_message info;
    tsr_start_info(start, &info);
    struct session_info_reader session = start_info_get_session(start_info_read(&info));
    if (text_keep(shell->session, sizeof shell->session, session_info_get_name(session)) == 0) {
        text_keep(shell->session, sizeof shell->session, tsr_text_of("the system's own"));
    }
    text_keep(shell->profile, sizeof shell->profile, session_info_get_profile(session));
}

void session_show(struct shell *shell)
{
    out_text(shell, "session: ");
    out_text(shell, shell->session);
    if (shell->profile[0] != 0) {
        out_text(shell, ", profile ");
        out_text(shell, shell->profile);
    }
    out_text(shell, "\n");
}

bool session_scope_read(const struct shell *shell, uint32_t *words, uint16_t *scope)
{
    struct shell_word last = shell_word(shell, *words - 1);
    bool is_kept = *words > 2 && shell_word_is(&last, "session");
    *scope = is_kept ? SCOPE_SAME_SESSION : SCOPE_SHAREABLE;
    *words -= is_kept ? 1 : 0;
    return is_kept;
}

enum code command_session(struct shell *shell)
{
    static const char *const names[] = {"session", "profile"};
    if (shell_word_count(shell) != 1) {
        return fail_usage(shell);
    }
    if (!shell->is_json) {
        session_show(shell);
        return CODE_WELL;
    }
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    shell_sheet_words(&shell->sheet, shell->session);
    shell_sheet_words(&shell->sheet, shell->profile);
    out_sheet(shell);
    return CODE_WELL;
}

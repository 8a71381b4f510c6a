// SPDX-License-Identifier: Apache-2.0
//
// What a program says that it uses: the launcher's list has it from the manifest. The shell grants
// none of it by itself; it offers it where grants are typed, and says what was missing where a
// program ended badly.
#include <string.h>

#include "programs/shell/shell.h"

struct capnp_text program_uses(const struct shell *shell, struct capnp_text program,
                               char room[USES_MAX])
{
    const struct held *launcher = held_of((struct shell *)shell, LAUNCHER_INTERFACE_ID);
    struct capnp_text found = {"", 0};
    uint32_t count = launcher == NULL ? 0 : 1;
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_call call;
        struct capnp_exception ignored;
        struct launcher_programs_params_builder params;
        struct launcher_programs_results_reader results;
        if (!launcher_programs_begin((struct launcher){launcher->cap}, &call, &params, &ignored)) {
            break;
        }
        launcher_programs_params_set_index(params, i);
        bool is_answered =
            capnp_call_send(&call, &ignored) && launcher_programs_finish(&call, &results, &ignored);
        count = is_answered ? launcher_programs_results_get_count(results) : 0;
        struct capnp_text name = {"", 0};
        struct capnp_text uses = {"", 0};
        if (is_answered) {
            name = launcher_programs_results_get_name(results);
            uses = launcher_programs_results_get_uses(results);
        }
        if (name.size == program.size && memcmp(name.data, program.data, name.size) == 0 &&
            uses.size <= USES_MAX) {
            memcpy(room, uses.data, uses.size);
            found = (struct capnp_text){room, uses.size};
            count = 0;
        }
        capnp_call_end(&call);
    }
    return found;
}

static struct capnp_text cut(struct capnp_text *text, char end)
{
    struct capnp_text part = {text->data, 0};
    while (part.size < text->size && text->data[part.size] != end) {
        part.size++;
    }
    uint32_t used = part.size == text->size ? part.size : part.size + 1;
    text->data += used;
    text->size -= used;
    return part;
}

bool use_next(struct capnp_text *uses, struct use *use)
{
    bool is_there = uses->size != 0;
    struct capnp_text pair = cut(uses, ',');
    use->name = cut(&pair, ':');
    use->interface = pair;
    return is_there;
}

// A StdIO is lent by the terminal; anything else is the first of its interface.
static const struct held *held_for(const struct shell *shell, const struct use *use)
{
    struct capnp_text stdio = tsr_text_of("StdIO");
    bool is_stdio = use->interface.size == stdio.size &&
                    memcmp(use->interface.data, stdio.data, stdio.size) == 0;
    struct capnp_text wanted = is_stdio ? tsr_text_of("TerminalSession") : use->interface;
    for (uint32_t i = 0; i < shell->held_count; i++) {
        char room[20];
        struct capnp_text name = interface_name(shell, shell->held[i].interface, room);
        if (name.size == wanted.size && memcmp(name.data, wanted.data, name.size) == 0) {
            return &shell->held[i];
        }
    }
    return NULL;
}

void use_grant(const struct shell *shell, const struct use *use, struct tsr_line *line)
{
    const struct held *held = held_for(shell, use);
    tsr_line_bytes(line, use->name.data, use->name.size);
    tsr_line_text(line, ": ");
    if (held != NULL) {
        tsr_line_text(line, held->interface == TERMINAL_SESSION_INTERFACE_ID ? "client @" : "@");
        tsr_line_text(line, held->name);
    }
}

static bool was_granted(const struct shell *shell, struct capnp_text name)
{
    const struct shell_statement *statement = shell->statement;
    for (uint32_t i = 0; i < statement->grant_count; i++) {
        const struct shell_word *word = &shell->script->words[statement->grants + 2 * i];
        if (word->size == name.size && memcmp(word->text, name.data, name.size) == 0) {
            return true;
        }
    }
    return false;
}

bool uses_remedy(struct shell *shell, struct tsr_line *line)
{
    char room[USES_MAX];
    struct shell_word program = shell_word(shell, 1);
    struct capnp_text uses = program_uses(shell, text_of(&program), room);
    struct tsr_line grants = {0};
    bool lacks = uses.size == 0 && shell->statement->grant_count == 0;
    for (struct use use; use_next(&uses, &use);) {
        lacks |= !was_granted(shell, use.name);
        tsr_line_text(&grants, grants.size == 0 ? "" : ", ");
        use_grant(shell, &use, &grants);
    }
    tsr_line_text(line, shell->statement->grant_count == 0
                            ? "it was granted nothing: `run "
                            : "it was not granted all that it uses: `run ");
    tsr_line_bytes(line, program.text, program.size);
    tsr_line_text(line, " with { ");
    tsr_line_text(line, grants.size == 0 ? "NAME: @x" : grants.text);
    tsr_line_text(line, " }`");
    return lacks;
}

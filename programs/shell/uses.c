// SPDX-License-Identifier: Apache-2.0
//
// What a program says that it uses: the launcher's list has it from the manifest. The shell grants
// none of it by itself; it offers it where grants are typed, and says what was missing where a
// program ended badly.
#include <string.h>

#include "programs/shell/shell.h"

bool programs_each(const struct held *launcher,
                   void (*visit)(void *context, struct capnp_text name, struct capnp_text uses),
                   void *context, struct capnp_exception *exception)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_call call;
        struct launcher_programs_params_builder params;
        struct launcher_programs_results_reader results;
        if (!launcher_programs_begin((struct launcher){launcher->cap}, &call, &params, exception)) {
            return false;
        }
        launcher_programs_params_set_index(params, i);
        bool is_answered = capnp_call_send(&call, exception) &&
                           launcher_programs_finish(&call, &results, exception);
        if (is_answered) {
            count = launcher_programs_results_get_count(results);
        }
        if (is_answered && count != 0) {
            visit(context, launcher_programs_results_get_name(results),
                  launcher_programs_results_get_uses(results));
        }
        capnp_call_end(&call);
        if (!is_answered) {
            return false;
        }
    }
    return true;
}

struct wanted {
    struct capnp_text program;
    char *room;
    uint32_t size; // of what was found
};

static void uses_find(void *context, struct capnp_text name, struct capnp_text uses)
{
    struct wanted *wanted = context;
    if (name.size == wanted->program.size && uses.size <= USES_MAX &&
        memcmp(name.data, wanted->program.data, name.size) == 0) {
        memcpy(wanted->room, uses.data, uses.size);
        wanted->size = uses.size;
    }
}

struct capnp_text program_uses(struct shell *shell, struct capnp_text program, char room[USES_MAX])
{
    struct wanted wanted = {.program = program, .room = room};
    const struct held *launcher = held_of(shell, LAUNCHER_INTERFACE_ID);
    struct capnp_exception ignored; // what can't be asked for is not known
    if (launcher != NULL) {
        programs_each(launcher, uses_find, &wanted, &ignored);
    }
    return (struct capnp_text){room, wanted.size};
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

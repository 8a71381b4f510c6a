// SPDX-License-Identifier: Apache-2.0
//
// `help`: commands from their table, interfaces and methods from their schemas.
#include <string.h>

#include "lib/capnp/dynamic.h"
#include "programs/shell/shell.h"

static const char language[] =
    "call timer now                         a command; `;` or a new line ends it\n"
    "say \"a b\" 'c' $x @timer                words, quoted words, a variable, a capability\n"
    "call room say (text = \"hi\", to = [1])  what stands in ( ) or [ ] is a value of the schema\n"
    "call timer sleepUntil deadline: 5      a parameter by its name\n"
    "facet timer only { now } -> $t         what a command makes gets a name\n"
    "run chat with { timer: @t }            what a program is given; nothing else\n"
    "if caps { say well } else { say no }   a command that went well is true\n"
    "if $status == 0 { say well }           ... as its number says: 0 well, 1 failed, 2 not\n"
    "                                       understood, 3 denied, 4 interrupted\n"
    "# the rest of a line                   a comment\n"
    "Every command takes --json; those that change something take --dry-run.\n";

static enum code help_commands(struct shell *shell)
{
    static const char *const names[] = {"command", "what it does"};
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    for (uint32_t i = 0; i < command_count; i++) {
        shell_sheet_words(&shell->sheet, commands[i].name);
        shell_sheet_words(&shell->sheet, commands[i].about);
    }
    out_sheet(shell);
    if (!shell->is_json) {
        out_text(shell,
                 "`help COMMAND`, `help INTERFACE`, `help INTERFACE METHOD`, `help "
                 "language`, and the tab key say more.\n");
    }
    return CODE_WELL;
}

static enum code help_command(struct shell *shell, const struct command *command)
{
    static const char *const names[] = {"usage", "what it does", "dry run"};
    if (shell->is_json) {
        shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
        shell_sheet_words(&shell->sheet, command->usage);
        shell_sheet_words(&shell->sheet, command->about);
        shell_sheet_words(&shell->sheet, command->changes ? "yes" : "no");
        out_sheet(shell);
        return CODE_WELL;
    }
    out_text(shell, command->usage);
    out_text(shell, "\n  ");
    out_text(shell, command->about);
    out_text(shell, command->changes ? "\n  --dry-run shows what it would commit\n" : "\n");
    return CODE_WELL;
}

// Documentation, without the line ends at its end.
static void doc_show(struct shell *shell, struct capnp_text doc)
{
    while (doc.size != 0 && doc.data[doc.size - 1] == '\n') {
        doc.size--;
    }
    out_bytes(shell, doc.data, doc.size);
    out_text(shell, doc.size == 0 ? "" : "\n");
}

static enum code help_method(struct shell *shell, const struct shell_method *method)
{
    capnp_catalog_method_print(&shell->schemas.catalog, method->interface, method->number,
                               &shell->writer);
    out_text(shell, "\n");
    doc_show(shell, method->doc);
    return CODE_WELL;
}

static enum code help_interface(struct shell *shell, const struct capnp_catalog_node *interface)
{
    static const char *const names[] = {"method", "what it does"};
    if (!shell->is_json) {
        doc_show(shell, shell_interface_doc(interface));
    }
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    for (uint32_t i = 0; i < shell_method_count(interface); i++) {
        struct shell_method method = shell_method_at(interface, i);
        struct capnp_text about = shell_first_sentence(method.doc);
        shell_sheet_text(&shell->sheet, method.name.data, method.name.size);
        shell_sheet_text(&shell->sheet, about.data, about.size);
    }
    out_sheet(shell);
    return CODE_WELL;
}

// An interface by its name, or that of a capability by the capability's.
static const struct capnp_catalog_node *topic_interface(struct shell *shell, struct capnp_text name)
{
    const struct capnp_catalog_node *found = shell_interface_named(&shell->schemas, name);
    const struct held *held = held_named(shell, name);
    if (found == NULL && held != NULL) {
        found = shell_interface(&shell->schemas, held->interface);
    }
    return found;
}

enum code command_help(struct shell *shell)
{
    struct shell_word topic = shell_word(shell, 1);
    struct shell_word second = shell_word(shell, 2);
    uint32_t count = shell_word_count(shell);
    struct shell_method method;
    if (count == 1) {
        return help_commands(shell);
    }
    if (count > 3) {
        return fail_usage(shell);
    }
    const struct command *command = command_named(text_of(&topic));
    if (command != NULL && count == 2) {
        return help_command(shell, command);
    }
    if (shell_word_is(&topic, "language") && count == 2) {
        out_text(shell, language);
        return CODE_WELL;
    }
    const struct capnp_catalog_node *interface = topic_interface(shell, text_of(&topic));
    if (interface == NULL) {
        return fail(shell, CODE_USAGE, "no command, interface or capability is called",
                    text_of(&topic), "`help` lists commands, `caps` what is held");
    }
    if (count == 2) {
        return help_interface(shell, interface);
    }
    if (!shell_method_named(interface, text_of(&second), &method)) {
        return fail(shell, CODE_USAGE, "the interface has no method", text_of(&second),
                    "`help` and its name lists them");
    }
    return help_method(shell, &method);
}

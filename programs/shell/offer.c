// SPDX-License-Identifier: Apache-2.0
//
// What the tab key offers: commands, names, methods, parameters, values of enums, programs. The
// terminal gets it as a table (TerminalSession.complete), again when there are new names.
#include <string.h>

#include "programs/shell/shell.h"

struct table {
    struct shell *shell;
    bool begins; // nothing was sent yet
    bool is_over;
    uint32_t size;
    uint8_t bytes[OUT_MAX];
};

static void send(struct table *table)
{
    struct capnp_exception ignored;
    struct capnp_data data = {table->bytes, table->size};
    table->is_over = !terminal_session_complete(table->shell->terminal, table->begins, data,
                                                &ignored); // what does not fit is not offered
    table->begins = false;
    table->size = 0;
}

// One candidate of a context of up to three parts.
static void pair(struct table *table, const char *first, struct capnp_text second,
                 struct capnp_text third, const char *mark, struct capnp_text candidate)
{
    uint32_t first_size = (uint32_t)strlen(first);
    uint32_t mark_size = (uint32_t)strlen(mark);
    uint32_t size = first_size + second.size + third.size + 2 + mark_size + candidate.size + 2;
    if (table->is_over || size > OUT_MAX) {
        return;
    }
    if (size > OUT_MAX - table->size) {
        send(table);
    }
    uint8_t *at = table->bytes + table->size;
    const struct capnp_text parts[] = {{first, first_size}, second, third};
    for (uint32_t i = 0; i < 3; i++) {
        if (i != 0 && parts[i].size != 0) {
            *at++ = ' ';
        }
        memcpy(at, parts[i].data, parts[i].size);
        at += parts[i].size;
    }
    *at++ = 0;
    memcpy(at, mark, mark_size);
    memcpy(at + mark_size, candidate.data, candidate.size);
    at += mark_size + candidate.size;
    *at++ = 0;
    table->size = (uint32_t)(at - table->bytes);
}

static const struct capnp_text none = {"", 0};

static void method_offer(struct table *table, const struct held *held,
                         const struct shell_method *method)
{
    struct shell_schemas *schemas = &table->shell->schemas;
    struct tsr_line context = {0};
    pair(table, "call", held_name(held), none, "", method->name);
    pair(table, "facet", held_name(held), tsr_text_of("only"), "", method->name);
    tsr_line_text(&context, "call ");
    tsr_line_text(&context, held->name);
    for (uint32_t i = 0; i < shell_field_count(schemas, method->params); i++) {
        struct shell_field field = shell_field_at(schemas, method->params, i);
        struct capnp_text value;
        struct tsr_line named = {0};
        tsr_line_bytes(&named, field.name.data, field.name.size);
        tsr_line_text(&named, ":");
        pair(table, context.text, method->name, none, "",
             (struct capnp_text){named.text, named.size});
        for (uint32_t e = 0; e < shell_enumerant(schemas, field.enumeration, e, &value); e++) {
            pair(table, context.text, method->name, field.name, "", value);
        }
    }
}

static void held_offer(struct table *table, const struct held *held)
{
    static const char *const taken_by[] = {"call", "inspect", "facet", "release", "help"};
    static const char *const of_facets[] = {"revoke", "lease"};
    static const char *const of_tasks[] = {"wait", "kill"};
    struct capnp_text name = held_name(held);
    for (uint32_t i = 0; i < sizeof taken_by / sizeof taken_by[0]; i++) {
        pair(table, taken_by[i], none, none, "", name);
    }
    for (uint32_t i = 0; held->revoker != 0 && i < 2; i++) {
        pair(table, of_facets[i], none, none, "", name);
    }
    for (uint32_t i = 0; held->interface == TASK_INTERFACE_ID && i < 2; i++) {
        pair(table, of_tasks[i], none, none, "", name);
    }
    if (held->interface == SCHEMA_SOURCE_INTERFACE_ID) {
        pair(table, "learn", none, none, "", name);
    }
    pair(table, "@", none, none, "@", name);
    pair(table, "$", none, none, "$", name);
    const struct capnp_catalog_node *interface =
        shell_interface(&table->shell->schemas, held->interface);
    for (uint32_t i = 0; interface != NULL && i < shell_method_count(interface); i++) {
        struct shell_method method = shell_method_at(interface, i);
        method_offer(table, held, &method);
    }
}

// What a program says that it uses, where its grants are typed: `run hello with {` and tab.
static void uses_offer(struct table *table, const char *command, struct capnp_text program,
                       struct capnp_text uses)
{
    struct use use;
    if (uses.size != 0) {
        pair(table, command, program, none, "", tsr_text_of("with {"));
    }
    while (use_next(&uses, &use)) {
        struct tsr_line grant = {0};
        use_grant(table->shell, &use, &grant);
        pair(table, command, program, tsr_text_of("with"), "", tsr_line_of(&grant));
    }
}

static void program_offer(void *context, struct capnp_text name, struct capnp_text uses)
{
    struct table *table = context;
    pair(table, "run", none, none, "", name);
    pair(table, "spawn", none, none, "", name);
    uses_offer(table, "run", name, uses);
    uses_offer(table, "spawn", name, uses);
}

static void programs_offer(struct table *table)
{
    const struct held *launcher = held_of(table->shell, LAUNCHER_INTERFACE_ID);
    struct capnp_exception ignored; // what can't be asked for is not offered
    if (launcher != NULL) {
        programs_each(launcher, program_offer, table, &ignored);
    }
}

static void script_offer(void *context, struct capnp_text name)
{
    pair(context, "source", none, none, "", name);
}

static void interfaces_offer(struct table *table)
{
    const struct shell_schemas *schemas = &table->shell->schemas;
    for (uint32_t i = 0; i < schemas->catalog.count; i++) {
        const struct capnp_catalog_node *interface =
            shell_interface(schemas, schemas->catalog.nodes[i].id);
        if (interface == NULL) {
            continue;
        }
        struct capnp_text name = shell_interface_name(interface);
        pair(table, "help", none, none, "", name);
        for (uint32_t m = 0; m < shell_method_count(interface); m++) {
            pair(table, "help", name, none, "", shell_method_at(interface, m).name);
        }
    }
}

void offer_tell(struct shell *shell)
{
    struct table table = {.shell = shell, .begins = true};
    struct capnp_exception ignored; // what can't be asked for is not offered
    if (!shell->has_new_names) {
        return;
    }
    shell->has_new_names = false;
    for (uint32_t i = 0; i < command_count; i++) {
        pair(&table, "", none, none, "", tsr_text_of(commands[i].name));
        pair(&table, "help", none, none, "", tsr_text_of(commands[i].name));
    }
    pair(&table, "log", none, none, "", tsr_text_of("follow"));
    pair(&table, "log", none, none, "", tsr_text_of("refused"));
    for (uint32_t i = 0; i < shell->held_count; i++) {
        held_offer(&table, &shell->held[i]);
    }
    for (uint32_t i = 0; i < shell->variable_count; i++) {
        pair(&table, "$", none, none, "$", tsr_text_of(shell->variables[i].name));
    }
    programs_offer(&table);
    scripts_each(shell, script_offer, &table, &ignored);
    interfaces_offer(&table);
    if (!table.is_over) {
        send(&table);
    }
}

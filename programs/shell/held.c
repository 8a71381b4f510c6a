// SPDX-License-Identifier: Apache-2.0
//
// What the shell holds, and variables. A name stands for one thing: a capability or a value.
#include <string.h>

#include "programs/shell/shell.h"
#include "runtime/session.h"

static bool is_named(const char *name, struct capnp_text text)
{
    return strlen(name) == text.size && memcmp(name, text.data, text.size) == 0;
}

static void name_copy(char to[SHELL_NAME_MAX + 1], struct capnp_text name)
{
    uint32_t size = name.size < SHELL_NAME_MAX ? name.size : SHELL_NAME_MAX;
    memcpy(to, name.data, size);
    to[size] = 0;
}

struct capnp_text held_name(const struct held *held)
{
    return (struct capnp_text){held->name, (uint32_t)strlen(held->name)};
}

struct held *held_named(struct shell *shell, struct capnp_text name)
{
    for (uint32_t i = 0; i < shell->held_count; i++) {
        if (is_named(shell->held[i].name, name)) {
            return &shell->held[i];
        }
    }
    return NULL;
}

struct held *held_of(struct shell *shell, uint64_t interface)
{
    for (uint32_t i = 0; i < shell->held_count; i++) {
        if (shell->held[i].interface == interface) {
            return &shell->held[i];
        }
    }
    return NULL;
}

// Gives back what stands behind the name, and the name.
void held_remove(struct shell *shell, struct held *held)
{
    struct capnp_exception ignored;
    tsr_release(held->cap);
    if (held->revoker != 0) {
        tsr_release(held->revoker);
    }
    if (held->lent != 0) {
        terminal_session_take_back(shell->terminal, held->lent, &ignored);
    }
    shell->held_count--;
    memmove(held, held + 1, (size_t)(&shell->held[shell->held_count] - held) * sizeof(struct held));
    shell->has_new_names = true;
}

struct held *held_add(struct shell *shell, struct capnp_text name, uint64_t cap, uint64_t interface,
                      const char *origin)
{
    struct held *before = held_named(shell, name);
    struct capnp_exception ignored;
    if (before != NULL) {
        held_remove(shell, before);
    }
    if (shell->held_count == HELD_MAX) {
        tsr_release(cap);
        fail(shell, CODE_FAILED, "no room for another capability:", name,
             "`release` one: 64 are held");
        return NULL;
    }
    struct held *held = &shell->held[shell->held_count++];
    *held = (struct held){.cap = cap, .interface = interface};
    name_copy(held->name, name);
    size_t size = strlen(origin) < ORIGIN_MAX - 1 ? strlen(origin) : ORIGIN_MAX - 1;
    memcpy(held->origin, origin, size);
    if (!timer_now(shell->timer, &held->since_ns, &ignored)) {
        held->since_ns = 0;
    }
    shell->has_new_names = true;
    return held;
}

struct held *held_find(struct shell *shell, const struct shell_word *word)
{
    struct held *held = held_named(shell, text_of(word));
    if (held == NULL) {
        fail(shell, CODE_DENIED, "nothing is held under the name", text_of(word),
             "`caps` lists what is held; what isn't there has to be granted by who started "
             "this shell");
    }
    return held;
}

static const struct shell_word *result_of(const struct shell *shell)
{
    const struct shell_statement *statement = shell->statement;
    return statement->result_count == 0 ? NULL : &shell->script->words[statement->result];
}

bool held_may_bind(struct shell *shell)
{
    const struct shell_word *name = result_of(shell);
    const struct held *held = name == NULL ? NULL : held_named(shell, text_of(name));
    if (held != NULL && !held->is_bound) {
        fail(shell, CODE_USAGE,
             "this name is taken by what the shell was granted:", held_name(held),
             "choose another one behind ->");
        return false;
    }
    return true;
}

struct held *held_bind(struct shell *shell, uint64_t cap, uint64_t interface, const char *origin)
{
    const struct shell_word *name = result_of(shell);
    if (name == NULL) {
        tsr_release(cap);
        return NULL;
    }
    struct held *held = held_add(shell, text_of(name), cap, interface, origin);
    if (held != NULL) {
        held->is_bound = true;
    }
    return held;
}

// One capability of the bundle, under its name; what the manifest granted under the same name
// stays.
static void bundle_take(struct shell *shell, const struct capnp_call *call,
                        struct broker_bundle_results_reader results)
{
    struct capnp_cap cap = broker_bundle_results_get_capability(results);
    struct capnp_text profile = broker_bundle_results_get_profile(results);
    struct capnp_text name = broker_bundle_results_get_name(results);
    struct tsr_line origin = {0};
    if (held_named(shell, name) != NULL) {
        tsr_release(cap.id);
        return;
    }
    tsr_line_text(&origin, "broker, profile ");
    tsr_line_bytes(&origin, profile.data, profile.size);
    held_add(shell, name, cap.id, tsr_call_interface(call, cap.id), origin.text);
}

void held_bundle(struct shell *shell)
{
    const struct tsr_call_options options = {.disclose = TSR_DISCLOSE_PROFILE};
    const struct held *held = held_of(shell, BROKER_INTERFACE_ID);
    const struct broker broker = {held == NULL ? 0 : held->cap};
    uint32_t count = held == NULL ? 0 : 1;
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct broker_bundle_params_builder params;
        struct broker_bundle_results_reader results;
        bool is_answered = broker_bundle_begin(broker, &call, &params, &exception);
        if (is_answered) {
            broker_bundle_params_set_index(params, i);
            is_answered = tsr_call_send(&call, &options, &exception) &&
                          broker_bundle_finish(&call, &results, &exception);
            if (is_answered) {
                count = broker_bundle_results_get_count(results);
                bundle_take(shell, &call, results);
            }
            capnp_call_end(&call);
        }
        if (!is_answered) {
            fail_call(shell, "the bundle is not whole", NULL, &exception);
            return;
        }
    }
}

void held_forget(struct shell *shell)
{
    for (uint32_t i = shell->held_count; i > 0; i--) {
        if (!shell->held[i - 1].is_granted) {
            held_remove(shell, &shell->held[i - 1]);
        }
    }
    memset(shell->variables, 0, sizeof shell->variables);
    shell->variable_count = 0;
}

struct capnp_text interface_name(const struct shell *shell, uint64_t interface, char room[20])
{
    const struct capnp_catalog_node *node = shell_interface(&shell->schemas, interface);
    if (node != NULL) {
        return shell_interface_name(node);
    }
    for (uint32_t i = 0; i < 16; i++) {
        room[2 + i] = "0123456789abcdef"[interface >> (60 - 4 * i) & 15];
    }
    memcpy(room, "0x", 2);
    return (struct capnp_text){room, 18};
}

// ---- Variables ----

void variable_set(struct shell *shell, struct capnp_text name, const char *value, size_t size)
{
    struct variable *found = NULL;
    for (uint32_t i = 0; i < shell->variable_count; i++) {
        found = is_named(shell->variables[i].name, name) ? &shell->variables[i] : found;
    }
    if (found == NULL && shell->variable_count == VARIABLES_MAX) {
        fail(shell, CODE_FAILED, "no room for another variable:", name, "32 are set");
        return;
    }
    if (found == NULL) {
        found = &shell->variables[shell->variable_count++];
        name_copy(found->name, name);
        shell->has_new_names = true;
    }
    found->size = (uint32_t)(size < VALUE_MAX ? size : VALUE_MAX);
    memcpy(found->value, value, found->size);
}

bool variable_get(const struct shell *shell, struct capnp_text name, struct capnp_text *value)
{
    if (source_argument(name, value)) {
        return true;
    }
    for (uint32_t i = 0; i < shell->variable_count; i++) {
        if (is_named(shell->variables[i].name, name)) {
            *value = (struct capnp_text){shell->variables[i].value, shell->variables[i].size};
            return true;
        }
    }
    return false;
}

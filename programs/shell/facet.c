// SPDX-License-Identifier: Apache-2.0
//
// Commands that make, end and give back authority: facet, revoke, lease, release; and those that
// show it: caps, inspect.
#include <string.h>

#include "programs/shell/shell.h"

static struct capability_manager manager_of(struct shell *shell)
{
    const struct held *held = held_of(shell, CAPABILITY_MANAGER_INTERFACE_ID);
    if (held == NULL) {
        fail(shell, CODE_DENIED, "this needs a CapabilityManager, and none is held",
             (struct capnp_text){"", 0}, "the broker grants it with a profile that has it");
    }
    return (struct capability_manager){held == NULL ? 0 : held->cap};
}

// ---- facet ----

// The methods behind `only` as a mask.
static bool methods_read(struct shell *shell, const struct capnp_catalog_node *interface,
                         uint64_t *mask)
{
    const struct shell_statement *statement = shell->statement;
    for (uint32_t i = 0; i < statement->only_count; i++) {
        const struct shell_word *word = &shell->script->words[statement->only + i];
        struct shell_method method;
        if (!shell_method_named(interface, text_of(word), &method)) {
            fail(shell, CODE_USAGE, "no such method:", text_of(word),
                 "`help` and the interface's name lists its methods");
            return false;
        }
        *mask |= UINT64_C(1) << method.number;
    }
    return true;
}

// `facet $e as Ping only {...}`: under a server's hold the interface is the service's own.
static const struct capnp_catalog_node *facet_interface(struct shell *shell, uint32_t words,
                                                        const struct held *held, bool *is_other)
{
    struct shell_word as = shell_word(shell, 2);
    struct shell_word name = shell_word(shell, 3);
    char room[20];
    *is_other = words == 4 && shell_word_is(&as, "as");
    const struct capnp_catalog_node *interface =
        *is_other ? shell_interface_named(&shell->schemas, text_of(&name))
                  : shell_interface(&shell->schemas, held->interface);
    if (interface == NULL) {
        fail(shell, CODE_FAILED, "no schema is known of interface",
             *is_other ? text_of(&name) : interface_name(shell, held->interface, room),
             "`learn` one from a program that brings it along");
    }
    return interface;
}

enum code command_facet(struct shell *shell)
{
    uint64_t mask = 0;
    bool is_other;
    struct shell_word word = shell_word(shell, 1);
    struct capnp_cap facet;
    struct revoker revoker;
    struct capnp_exception exception;
    uint32_t count = shell_word_count(shell);
    uint16_t scope;
    bool is_kept = session_scope_read(shell, &count, &scope);
    if ((count != 2 && count != 4) || shell->statement->only_count == 0 ||
        shell->statement->result_count == 0) {
        return fail_usage(shell);
    }
    struct held *held = held_find(shell, &word);
    if (held == NULL || !held_may_bind(shell)) {
        return shell->code;
    }
    const struct capnp_catalog_node *interface = facet_interface(shell, count, held, &is_other);
    if (interface == NULL || !methods_read(shell, interface, &mask)) {
        return shell->code;
    }
    struct capability_manager manager = manager_of(shell);
    if (manager.id == 0) {
        return shell->code;
    }
    if (dry(shell, "FACET_CREATE, HOLD_INSERT for the facet, HOLD_INSERT for its revoker")) {
        return CODE_WELL;
    }
    if (!capability_manager_facet(manager, (struct capnp_cap){held->cap}, mask,
                                  is_other ? interface->id : 0, 0, 0, scope, &facet, &revoker,
                                  &exception)) {
        return fail_call(shell, "no facet can be made of it", held, &exception);
    }
    struct tsr_line origin = {0};
    tsr_line_text(&origin, "you, by `facet ");
    tsr_line_text(&origin, held->name);
    tsr_line_text(&origin, is_kept ? " session`" : "`");
    is_kept = is_kept || held->is_kept;
    struct held *made =
        held_bind(shell, facet.id, is_other ? interface->id : held->interface, origin.text);
    if (made == NULL) {
        tsr_release(revoker.id);
        return shell->code;
    }
    made->revoker = revoker.id;
    made->is_kept = is_kept;
    out_done(shell, "made", made->name);
    return CODE_WELL;
}

// ---- revoke, lease, release ----

// A capability whose revoker is held, or says why not.
static struct held *revocable(struct shell *shell)
{
    struct shell_word word = shell_word(shell, 1);
    struct held *held = held_find(shell, &word);
    if (held != NULL && held->revoker == 0) {
        fail(shell, CODE_DENIED, "its revoker is not held here:", held_name(held),
             "who made it can revoke it; for one of your own: `facet NAME only {...} -> $x`, and "
             "hand that out");
        return NULL;
    }
    return held;
}

enum code command_revoke(struct shell *shell)
{
    struct capnp_exception exception;
    if (shell_word_count(shell) != 2) {
        return fail_usage(shell);
    }
    struct held *held = revocable(shell);
    if (held == NULL) {
        return shell->code;
    }
    if (dry(shell, "FACET_REVOKE")) {
        return CODE_WELL;
    }
    if (!revoker_revoke((struct revoker){held->revoker}, &exception)) {
        return fail_call(shell, "it can't be revoked", NULL, &exception);
    }
    out_done(shell, "revoked", held->name);
    return CODE_WELL;
}

static bool number_read(struct capnp_text text, uint64_t *number, uint32_t *size)
{
    *number = 0;
    for (*size = 0; *size < text.size && text.data[*size] >= '0' && text.data[*size] <= '9';
         ++*size) {
        if (*number > UINT64_C(1) << 40) {
            return false;
        }
        *number = *number * 10 + (uint64_t)(text.data[*size] - '0');
    }
    return *size != 0;
}

// "10m", "1500ms": as nanoseconds.
static bool duration_read(struct capnp_text text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"ns", 1},
                 {"us", 1000},
                 {"ms", 1000000},
                 {"s", 1000000000},
                 {"m", UINT64_C(60000000000)},
                 {"h", UINT64_C(3600000000000)}};
    uint64_t number;
    uint32_t size;
    if (!number_read(text, &number, &size)) {
        return false;
    }
    for (uint32_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].unit) == text.size - size &&
            memcmp(units[i].unit, text.data + size, text.size - size) == 0) {
            return !__builtin_mul_overflow(number, units[i].ns, ns);
        }
    }
    return false;
}

// C-c ends it early.
enum code sleep_for(struct shell *shell, uint64_t ns)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct timer_sleep_until_params_builder params;
    struct timer_sleep_until_results_reader results;
    uint64_t now;
    if (!timer_now(shell->timer, &now, &exception) ||
        !timer_sleep_until_begin(shell->timer, &call, &params, &exception)) {
        return fail_call(shell, "no sleep", NULL, &exception);
    }
    timer_sleep_until_params_set_deadline(params, now > UINT64_MAX - ns ? UINT64_MAX : now + ns);
    bool is_sent = capnp_call_send(&call, &exception);
    bool is_withdrawn = is_sent && !call_await(shell, &call);
    if (is_withdrawn) {
        tsr_call_cancel(&call);
    }
    bool is_over = is_sent && timer_sleep_until_finish(&call, &results, &exception);
    capnp_call_end(&call);
    if (is_withdrawn) {
        return CODE_INTERRUPTED;
    }
    return is_over ? CODE_WELL : fail_call(shell, "no sleep", NULL, &exception);
}

enum code command_sleep(struct shell *shell)
{
    struct shell_word word = shell_word(shell, 1);
    uint64_t ns;
    if (shell_word_count(shell) != 2 || !duration_read(text_of(&word), &ns)) {
        return fail_usage(shell);
    }
    out_flush(shell);
    return sleep_for(shell, ns);
}

// "10m", "100 calls", in any order; what isn't said is without limit.
static bool lease_read(const struct shell *shell, uint64_t *ns, uint64_t *calls)
{
    uint32_t size;
    *ns = *calls = UINT64_MAX;
    for (uint32_t i = 2; i < shell_word_count(shell); i++) {
        struct shell_word word = shell_word(shell, i);
        struct shell_word next = shell_word(shell, i + 1);
        bool is_calls = shell_word_is(&next, "calls") || shell_word_is(&next, "call");
        if (is_calls && number_read(text_of(&word), calls, &size) && size == word.size) {
            i++;
        } else if (!duration_read(text_of(&word), ns)) {
            return false;
        }
    }
    return *ns != UINT64_MAX || *calls != UINT64_MAX;
}

enum code command_lease(struct shell *shell)
{
    struct capnp_exception exception;
    uint64_t ns;
    uint64_t calls;
    uint64_t now;
    if (!lease_read(shell, &ns, &calls)) {
        return fail_usage(shell);
    }
    struct held *held = revocable(shell);
    if (held == NULL) {
        return shell->code;
    }
    if (dry(shell, "FACET_LEASE")) {
        return CODE_WELL;
    }
    if (!timer_now(shell->timer, &now, &exception) ||
        !revoker_set_lease((struct revoker){held->revoker},
                           ns == UINT64_MAX || ns > UINT64_MAX - now ? UINT64_MAX : now + ns, calls,
                           &exception)) {
        return fail_call(shell, "it can't be leased", NULL, &exception);
    }
    out_done(shell, "leased", held->name);
    return CODE_WELL;
}

enum code command_release(struct shell *shell)
{
    struct shell_word word = shell_word(shell, 1);
    struct capnp_exception exception;
    if (shell_word_count(shell) != 2) {
        return fail_usage(shell);
    }
    struct held *held = held_find(shell, &word);
    if (held == NULL) {
        return shell->code;
    }
    if (held->cap == shell->terminal.id || held->cap == shell->timer.id) {
        return fail(shell, CODE_FAILED, "the shell itself needs", held_name(held),
                    "`exit` gives everything back");
    }
    if (dry(shell, "HOLD_REMOVE")) {
        return CODE_WELL;
    }
    struct tsr_line name = {0};
    tsr_line_text(&name, held->name);
    held_remove(shell, held);
    if (!tsr_submit(&exception)) {
        return fail_call(shell, "it can't be released", NULL, &exception);
    }
    out_done(shell, "released", name.text);
    return CODE_WELL;
}

// ---- caps, inspect ----

// The word behind "Transfer: " in an interface's documentation.
static struct capnp_text transfer_of(const struct capnp_catalog_node *interface)
{
    static const char mark[] = "Transfer: ";
    struct capnp_text doc =
        interface == NULL ? (struct capnp_text){"", 0} : shell_interface_doc(interface);
    for (uint32_t i = 0; i + sizeof mark - 1 < doc.size; i++) {
        if (memcmp(doc.data + i, mark, sizeof mark - 1) == 0) {
            uint32_t from = i + (uint32_t)sizeof mark - 1;
            uint32_t to = from;
            while (to < doc.size && doc.data[to] >= 'a' && doc.data[to] <= 'z') {
                to++;
            }
            return (struct capnp_text){doc.data + from, to - from};
        }
    }
    return (struct capnp_text){"?", 1};
}

enum code command_caps(struct shell *shell)
{
    static const char *const names[] = {"name", "interface", "transfer", "from", "since (ms)"};
    if (!shell->is_json) {
        session_show(shell);
    }
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    for (uint32_t i = 0; i < shell->held_count; i++) {
        const struct held *held = &shell->held[i];
        char room[20];
        struct capnp_text interface = interface_name(shell, held->interface, room);
        struct capnp_text transfer = transfer_of(shell_interface(&shell->schemas, held->interface));
        shell_sheet_words(&shell->sheet, held->name);
        shell_sheet_text(&shell->sheet, interface.data, interface.size);
        shell_sheet_text(&shell->sheet, transfer.data, transfer.size);
        shell_sheet_words(&shell->sheet, held->origin);
        shell_sheet_number(&shell->sheet, (int64_t)(held->since_ns / 1000000));
    }
    out_sheet(shell);
    return CODE_WELL;
}

// Whether the capability admits a method: nobody tells, but a facet of this method alone can be
// made just then. What is made is given back.
static const char *admits(struct capability_manager manager, const struct held *held,
                          uint32_t method)
{
    struct capnp_cap facet;
    struct revoker revoker;
    struct capnp_exception exception;
    if (manager.id == 0) {
        return "?";
    }
    if (capability_manager_facet(manager, (struct capnp_cap){held->cap}, UINT64_C(1) << method, 0,
                                 0, 0, 0, &facet, &revoker, &exception)) {
        tsr_release(facet.id);
        tsr_release(revoker.id);
        return "yes";
    }
    return exception.status == STATUS_FACET_WIDER ? "no" : "?";
}

static void facts_show(struct shell *shell, const struct held *held,
                       const struct capnp_catalog_node *interface)
{
    char room[20];
    bool is_live;
    struct capnp_exception exception;
    struct capnp_text name = interface_name(shell, held->interface, room);
    struct capnp_text transfer = transfer_of(interface);
    out_text(shell, held->name);
    out_text(shell, ": ");
    out_bytes(shell, name.data, name.size);
    out_text(shell, ", transfer ");
    out_bytes(shell, transfer.data, transfer.size);
    out_text(shell, ", from ");
    out_text(shell, held->origin);
    if (held->is_kept) {
        out_text(shell, ", stays in this session");
    }
    if (held->revoker != 0) {
        bool is_told = revoker_status((struct revoker){held->revoker}, &is_live, &exception);
        out_text(shell, !is_told ? "" : is_live ? ", revocable: it works" : ", it is cut off");
    }
    out_text(shell, "\n");
    if (interface != NULL) {
        struct capnp_text doc = shell_first_sentence(shell_interface_doc(interface));
        out_bytes(shell, doc.data, doc.size);
        out_text(shell, "\n");
    }
}

enum code command_inspect(struct shell *shell)
{
    static const char *const names[] = {"method", "admitted", "what it does"};
    struct shell_word word = shell_word(shell, 1);
    if (shell_word_count(shell) != 2) {
        return fail_usage(shell);
    }
    struct held *held = held_find(shell, &word);
    if (held == NULL) {
        return shell->code;
    }
    const struct held *manager = held_of(shell, CAPABILITY_MANAGER_INTERFACE_ID);
    const struct capnp_catalog_node *interface = shell_interface(&shell->schemas, held->interface);
    if (!shell->is_json) {
        facts_show(shell, held, interface);
    }
    if (interface == NULL) {
        return fail(shell, CODE_FAILED, "its methods are not known: no schema was learnt",
                    (struct capnp_text){"", 0}, "`learn` one from a program that brings it along");
    }
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    for (uint32_t i = 0; i < shell_method_count(interface); i++) {
        struct shell_method method = shell_method_at(interface, i);
        struct capnp_text about = shell_first_sentence(method.doc);
        shell_sheet_text(&shell->sheet, method.name.data, method.name.size);
        shell_sheet_words(
            &shell->sheet,
            admits((struct capability_manager){manager == NULL ? 0 : manager->cap}, held, i));
        shell_sheet_text(&shell->sheet, about.data, about.size);
    }
    out_sheet(shell);
    return CODE_WELL;
}

// SPDX-License-Identifier: Apache-2.0
//
// Denials explain themselves: what was found, the rule behind it (docs/rules), who could grant what
// is missing, and what to type.
#include <string.h>

#include "programs/shell/shell.h"

struct reason {
    enum status fact;
    const char *rule;   // its number and its words
    const char *remedy; // `%` stands for the capability's name
};

static const struct reason reasons[] = {
    {STATUS_METHOD_NOT_IN_FACET, "ABI-3.7: a facet admits the methods that it was made with",
     "whoever holds a wider one can grant it; `inspect %` shows what this one admits"},
    {STATUS_REVOKED,
     "ABI-3.9, ABI-3.10: what is revoked, or leased and used up, is cut off for ever",
     "whoever holds what it was made from can make another one: `facet ... only {...}`"},
    {STATUS_LEASE_OVER, "ABI-3.10: a leased facet ends with its time or its calls",
     "whoever holds its revoker can go on with it: `lease % 10m`"},
    {STATUS_STALE_CAP, "ABI-3.3: an id that names nothing fails", "`release %`, and ask again"},
    {STATUS_SERVER_GONE, "CORE-4.8: calls of an endpoint without a server fail",
     "its program has ended; `ps` shows those that run, and `run` or `spawn` starts it again"},
    {STATUS_TRANSFER_REFUSED, "ABI-5.5: how a capability travels is said by its interface",
     "`inspect %` shows it; a facet or a service of your own may stand for it"},
    {STATUS_FACET_WIDER, "ABI-3.7: a facet is within what it is made from",
     "`inspect %` shows the methods that there are to choose from"},
    {STATUS_FACET_TOO_DEEP, "ABI-3.6: eight facets at most lie between a hold and its object",
     "make it from one nearer to the object"},
};

static const struct reason *reason_of(int32_t fact)
{
    for (uint32_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if ((int32_t)reasons[i].fact == fact) {
            return &reasons[i];
        }
    }
    return NULL;
}

static struct tsr_line remedy_of(const struct reason *reason, const char *name)
{
    struct tsr_line line = {0};
    const char *rest = reason->remedy;
    for (const char *at = rest; *at != 0; at++) {
        if (*at == '%') {
            tsr_line_bytes(&line, rest, (uint32_t)(at - rest));
            tsr_line_text(&line, name);
            rest = at + 1;
        }
    }
    tsr_line_text(&line, rest);
    return line;
}

static void row(struct shell *shell, const char *label, const char *text)
{
    out_text(shell, "  ");
    out_text(shell, label);
    out_text(shell, text);
    out_text(shell, "\n");
}

static enum code denied(struct shell *shell, const struct held *held, const struct reason *reason,
                        const struct tsr_line *what)
{
    struct tsr_line remedy = remedy_of(reason, held->name);
    if (shell->is_json) {
        return fail(shell, CODE_DENIED, what->text, held_name(held), remedy.text);
    }
    fail(shell, CODE_DENIED, what->text, (struct capnp_text){"", 0}, NULL);
    row(shell, "rule  ", reason->rule);
    row(shell, "from  ", held->origin);
    row(shell, "try   ", remedy.text);
    return CODE_DENIED;
}

enum code deny(struct shell *shell, const struct held *held, const struct shell_method *method,
               const struct capnp_exception *exception)
{
    const struct reason *reason = reason_of(exception->status);
    struct tsr_line line = {0};
    tsr_line_text(&line, reason != NULL ? "denied: " : "");
    tsr_line_text(&line, held->name);
    if (method != NULL) {
        tsr_line_text(&line, " ");
        tsr_line_bytes(&line, method->name.data, method->name.size);
    }
    tsr_line_text(&line, ": ");
    tsr_line_exception(&line, exception);
    if (reason != NULL) {
        return denied(shell, held, reason, &line);
    }
    return fail(shell, CODE_FAILED, line.text, (struct capnp_text){"", 0}, NULL);
}

enum code fail_call(struct shell *shell, const char *what, const struct held *held,
                    const struct capnp_exception *exception)
{
    if (held != NULL && reason_of(exception->status) != NULL) {
        return deny(shell, held, NULL, exception);
    }
    struct tsr_line line = {0};
    tsr_line_text(&line, what);
    tsr_line_text(&line, ": ");
    tsr_line_exception(&line, exception);
    return fail(shell, CODE_FAILED, line.text, (struct capnp_text){"", 0}, NULL);
}

bool dry(struct shell *shell, const char *commits)
{
    if (shell->is_dry) {
        out_done(shell, "would commit:", commits);
    }
    return shell->is_dry;
}

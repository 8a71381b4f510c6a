// SPDX-License-Identifier: Apache-2.0
//
// Init's own audit: each record says what, why, what was done, and what a person can do. The words
// come from tables, so that no message can forget one of the four.
#include <string.h>

#include "system/init/manager/parts.h"

static const struct {
    enum severity severity;
    const char *what, *done, *remedy;
} kinds[RECORD_KINDS] = {
    [RECORD_TRANSITION] = {SEVERITY_NOTE, "", "", ""},
#define RECORD(id, severity, what, done, remedy)                                                   \
    [RECORD_##id] = {SEVERITY_##severity, what, done, remedy},
#include "system/init/manager/record.def"
#undef RECORD
};

static const struct {
    const char *name, *what;
} codes[REPLY_CODE_COUNT] = {
#define REPLY_CODE(id, what) {#id, what},
#include "system/init/manager/reply_code.def"
#undef REPLY_CODE
};

const char *reply_code_name(enum reply_code code)
{
    return codes[code].name;
}

const char *reply_code_text(enum reply_code code)
{
    return codes[code].what;
}

const char *command_name(enum command command)
{
    static const char *const names[COMMAND_KINDS] = {
        "start", "stop", "restart", "reload",   "reset",         "status",          "list",
        "why",   "plan", "graph",   "shutdown", "reload_config", "operation_status"};
    return command < COMMAND_KINDS ? names[command] : "submit";
}

struct record *record_add(struct manager *manager, enum record_kind kind, uint16_t slot,
                          const char *detail)
{
    struct record *record = &manager->records[manager->record_number % RECORDS_MAX];
    struct phrase text = phrase_in(record->detail, sizeof(record->detail));

    record->number = ++manager->record_number;
    record->at_ns = manager->now_ns;
    record->wall_s = manager_wall(manager);
    record->kind = (uint8_t)kind;
    record->from = record->to = record->cause = 0;
    record->operation = record->job = 0;
    record->service[0] = record->origin[0] = '\0';
    phrase_put_safe(&text, detail);
    if (slot < SERVICES_MAX) {
        memcpy(record->service, manager->catalogue.names[slot], NAME_SIZE);
    }
    action_add(manager, ACTION_LOG, slot)->record = record;
    return record;
}

enum severity record_severity(const struct record *record)
{
    if (record->kind != RECORD_TRANSITION) {
        return kinds[record->kind].severity;
    }
    return record->to == STATE_FAILED || record->to == STATE_ABANDONED ? SEVERITY_ERROR
           : cause_restarts(record->cause)                             ? SEVERITY_WARNING
                                                                       : SEVERITY_NOTE;
}

static void detail_put(const struct record *record, struct phrase *text)
{
    if (record->origin[0] != '\0') {
        phrase_put(text, " (");
        phrase_put(text, record->origin);
        phrase_put(text, ")");
    }
    if (record->detail[0] != '\0') {
        phrase_put(text, ": ");
        phrase_put(text, record->detail);
    }
}

// NAME stands for the service.
static void remedy_put(const char *remedy, const char *service, struct phrase *text)
{
    for (; *remedy != '\0'; remedy++) {
        if (text_starts(remedy, "NAME")) {
            phrase_put(text, service);
            remedy += 3;
        } else {
            phrase_put_bytes(text, remedy, 1);
        }
    }
}

void record_print(const struct record *record, struct phrase *text)
{
    bool is_change = record->kind == RECORD_TRANSITION;

    phrase_put(text, record->service[0] != '\0' ? record->service : "init");
    phrase_put(text, ": ");
    if (is_change) {
        phrase_put(text, state_name(record->from));
        phrase_put(text, " -> ");
        phrase_put(text, state_name(record->to));
        phrase_put(text, ", ");
        phrase_put(text, cause_name(record->cause));
        phrase_put(text, ": ");
        phrase_put(text, cause_why(record->cause));
    } else {
        phrase_put(text, kinds[record->kind].what);
    }
    detail_put(record, text);
    phrase_put(text, ". Done: ");
    phrase_put(text,
               is_change ? transition_done(record->from, record->to) : kinds[record->kind].done);
    phrase_put(text, ". To do: ");
    remedy_put(is_change ? cause_remedy(record->cause) : kinds[record->kind].remedy,
               record->service, text);
}

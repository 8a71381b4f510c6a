// SPDX-License-Identifier: Apache-2.0
//
// What goes in and out of the service manager: events, and the actions that they lead to. Both are
// plain values; pointers in them are good until the next step.
#ifndef INIT_MANAGER_EVENT_H
#define INIT_MANAGER_EVENT_H

#include "lib/access/access.h"
#include "system/init/manager/definition.h"
#include "system/init/manager/rule.h"
#include "system/init/manager/session.h"

enum event_kind {
    EVENT_CONTINUE,  // nothing happened: go on with what waits
    EVENT_TIME,      // the time of manager_deadline() has come
    EVENT_EXIT,      // job, status: code, is_fault
    EVENT_RECLAIMED, // job: nothing is left of it
    EVENT_INTERRUPT, // the console's
    EVENT_POWER,     // the power button
    EVENT_STEP,      // job, part: step, status: 0 good, text: why not; a hook, check or ad-hoc job
                     // answers with part STEP_RUN
    EVENT_CHECKED,   // service, activation, value: bits of the conditions that don't hold
    EVENT_NOTIFY,    // service, activation, job: whose (0: the main one), part: notify_kind, value,
                     // text
    EVENT_COMMAND,   // request
    EVENT_SUBMIT,    // submission
    EVENT_REGISTRY,  // text: the service whose definition changed, NULL: perhaps all
    EVENT_SNAPSHOT,  // status: 0 the definitions are staged in the catalogue
    EVENT_PHASE,     // part: phase_one, status: 0 good, value, text
    EVENT_BOOT,      // value: BOOT_* bits
    EVENT_CLOCK,     // status: 0 known, value: seconds since 1970
    EVENT_TIMER_LAST, // text: service, value: wall time of its last run
    EVENT_OUTPUT,     // job, part: 1 output, 2 errors; text, size
    EVENT_SINK,       // status: 0 the event log is there, else gone
    EVENT_SINK_TAKEN, // part: 0 output, 1 audit; value: how many pieces or records
    EVENT_DONE,       // part: the action that was done: ACTION_UNMOUNT, ACTION_FLUSH
    EVENT_KINDS,
};

enum { BOOT_SAFE = 1, BOOT_RECOVERY = 2 };

enum notify_kind {
    NOTIFY_READY,
    NOTIFY_RELOADING,
    NOTIFY_STOPPING,
    NOTIFY_STATUS,
    NOTIFY_ERRNO,
    NOTIFY_EXIT_STATUS,
    NOTIFY_WATCHDOG, // value 1: it says itself that it hangs
    NOTIFY_WATCHDOG_USEC,
    NOTIFY_EXTEND_TIMEOUT_USEC,
    NOTIFY_CAPSTORE,
    NOTIFY_CAPSTOREREMOVE,
    NOTIFY_KINDS,
};

enum command {
    COMMAND_START, // the first five as enum operation_kind
    COMMAND_STOP,
    COMMAND_RESTART,
    COMMAND_RELOAD,
    COMMAND_RESET,
    COMMAND_STATUS,
    COMMAND_LIST,
    COMMAND_WHY,
    COMMAND_PLAN,
    COMMAND_GRAPH,
    COMMAND_SHUTDOWN,
    COMMAND_RELOAD_CONFIG,
    COMMAND_OPERATION_STATUS,
    COMMAND_KINDS,
};

enum halt_kind { HALT_POWEROFF, HALT_REBOOT, HALT_HALT };

enum wait_choice { WAIT_DEFAULT, WAIT_NO, WAIT_YES };

struct request {
    uint32_t connection; // whom to answer
    uint32_t id;         // and on what
    enum command command;
    char service[NAME_SIZE];
    uint32_t operation; // serial
    enum wait_choice wait;
    uint32_t timeout_s; // 0: the default
    enum halt_kind halt;
    const struct access_token *token; // NULL: without a session, which sees public status only
};

// An ad-hoc job. Its session is taken by the kernel from the call and named by `session`.
struct submission {
    uint32_t connection, id;
    uint64_t session;
    const struct access_token *token;
    const char *image, *arguments, *environment, *directory, *description, *grants;
    uint32_t timeout_s; // 0: none
};

struct event {
    enum event_kind kind;
    uint16_t service;
    uint32_t job; // serial
    uint32_t activation;
    uint32_t part;
    int32_t status;
    bool is_fault;
    uint64_t value;
    const char *text;
    size_t size;
    const struct request *request;
    const struct submission *submission;
};

enum action_kind {
    ACTION_PHASE,          // part: phase_one
    ACTION_SNAPSHOT,       // read all definitions, stage them
    ACTION_CHECK,          // service, activation, definition: Conditions, then Asserts
    ACTION_STEP,           // service, job, activation, part: step, definition, session; a step of
                           // another identity than the one before is to be made under the new one
    ACTION_RUN,            // job, text: command; of a service: definition, session, activation (of
                           // a notify capability for it, 0: none); ad-hoc: text holds all of the
                           // submission's texts, value: the submitter's session
    ACTION_STOP_REQUEST,   // service, job
    ACTION_RELOAD_REQUEST, // service, job, text: ExecReload
    ACTION_KILL,           // job: end it and all in it, then say RECLAIMED
    ACTION_KEEP,           // service, text: keep this capability for its next run
    ACTION_UNKEEP,         // service, text; "" for all
    ACTION_REPLY,          // reply
    ACTION_LOG,            // record
    ACTION_OUTPUT,         // service, job, part: stream, text, size, value: OUTPUT_* flags; for the
                           // event log, which answers SINK_TAKEN
    ACTION_OUTPUT_TAKEN,   // job, part, value: so many bytes of the last EVENT_OUTPUT
    ACTION_OUTPUT_ROOM,    // service: what was not taken may be offered again
    ACTION_AUDIT,          // record: of the audit ring, for the event log; answer SINK_TAKEN
    ACTION_TIMER_RAN,      // service, value: wall time
    ACTION_COUNTER_RESET,  // the boot counter is 0
    ACTION_RECOVERY_SHELL, // text: the reason
    ACTION_UNMOUNT,        // service
    ACTION_FLUSH,          // ledger and stores
    ACTION_HALT,           // part: halt_kind
    ACTION_KINDS,
};

enum record_kind {
    RECORD_TRANSITION,
#define RECORD(id, severity, what, done, remedy) RECORD_##id,
#include "system/init/manager/record.def"
#undef RECORD
    RECORD_KINDS,
};

// One line of init's own audit. record_print() says it in words.
struct record {
    uint64_t number;
    uint64_t at_ns;
    int64_t wall_s; // -1 if unknown
    uint8_t kind;   // enum record_kind
    uint8_t from, to, cause;
    uint32_t operation; // serial, 0 for none
    uint32_t job;
    char service[NAME_SIZE];
    char origin[NAME_SIZE];
    char detail[NOTE_DETAIL_SIZE];
};

enum reply_code {
#define REPLY_CODE(id, what) REPLY_##id,
#include "system/init/manager/reply_code.def"
#undef REPLY_CODE
    REPLY_CODE_COUNT,
};

struct reply {
    uint32_t connection, id;
    enum command command;
    enum reply_code code;
    uint16_t service;     // slot
    uint32_t operation;   // serial, 0 for none
    uint8_t state, cause; // of the service, as they were
    bool is_already;
    uint32_t job;                     // of a submission
    const struct access_token *token; // of a list
    char detail[NOTE_DETAIL_SIZE];
};

struct action {
    enum action_kind kind;
    uint16_t service;
    uint32_t job;
    uint32_t activation;
    uint32_t part;
    uint64_t value;
    const char *text;
    size_t size;
    const struct definition *definition;
    const struct record *record;
    struct session_order session;
    struct reply reply;
};

struct actions {
    uint32_t count;
    struct action list[ACTIONS_MAX];
};

const char *reply_code_name(enum reply_code code); // "ACCESS_DENIED"
const char *reply_code_text(enum reply_code code);
const char *command_name(enum command command); // "operation_status"

// "web: Active -> Failed: its process ended: exit code 3 (ProcessCrash). Done: ... To do: ..."
void record_print(const struct record *record, struct phrase *text);
enum severity record_severity(const struct record *record);

#endif

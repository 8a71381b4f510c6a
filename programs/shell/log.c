// SPDX-License-Identifier: Apache-2.0
//
// `log` and `top`: what the SysLog (abi/syslog.h) has, with names. The shell reads it as it reads
// anything: by a LogReader that says how far the log is, and the MemoryObject that it is in. What
// is read here is in the log, too, behind what is shown.
#include <string.h>

#include "abi/commit.h"
#include "abi/ring.h"
#include "abi/syslog.h"
#include "programs/shell/shell.h"

#include "schema/system.capnp.h"

enum {
    READ_RECORDS = 8, // of one call: 512 bytes
    SHOWN_DEFAULT = 20,
    SHOWN_MAX = 150,
    NAMES_MAX = 40,
    SPEAKERS_MAX = 32, // rows of `top`
    FOLLOW_NS = 10000000,
    MS_NS = 1000000,
};
_Static_assert(READ_RECORDS * sizeof(struct syslog_record) == 512, "as MemoryObject.read allows");

// Who a process was; of two with one number the one that began last before a record.
struct name {
    uint32_t process;
    uint64_t since_ns;
    char text[SHELL_NAME_MAX + 1];
};

struct reading {
    struct shell *shell;
    const struct held *log, *pages;
    uint64_t base;             // where the SysLog begins in the memory
    uint64_t count;            // records that there ever were
    struct capnp_text program; // only of this one; empty: of all
    bool is_refused_only;      // ... and what was refused, and ends
    bool has_failed;           // and said so
    uint32_t name_count;
    struct name names[NAMES_MAX];
    uint32_t found_count; // newest first
    struct {
        uint64_t number;
        struct syslog_record record;
    } found[SHOWN_MAX];
};

static struct reading reading; // too large for the stack

// ---- Reading ----

static bool failed(const struct held *held, const struct capnp_exception *exception)
{
    fail_call(reading.shell, "the log can't be read", held, exception);
    reading.has_failed = true;
    return false;
}

static bool state_read(uint32_t *capacity)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct log_reader_state_params_builder params;
    struct log_reader_state_results_reader results;
    if (!log_reader_state_begin((struct log_reader){reading.log->cap}, &call, &params,
                                &exception)) {
        return failed(reading.log, &exception);
    }
    bool is_answered =
        capnp_call_send(&call, &exception) && log_reader_state_finish(&call, &results, &exception);
    if (is_answered) {
        reading.count = log_reader_state_results_get_records(results);
        *capacity = log_reader_state_results_get_capacity(results);
    }
    capnp_call_end(&call);
    return is_answered || failed(reading.log, &exception);
}

// Records `first` to `first + count - 1`, which stand side by side.
static bool records_read(uint64_t first, uint32_t count, struct syslog_record *records)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct memory_object_read_params_builder params;
    struct memory_object_read_results_reader results;
    uint32_t size = count * (uint32_t)sizeof(struct syslog_record);
    if (!memory_object_read_begin((struct memory_object){reading.pages->cap}, &call, &params,
                                  &exception)) {
        return failed(reading.pages, &exception);
    }
    memory_object_read_params_set_offset(params, reading.base + first % SYSLOG_RECORDS *
                                                                    sizeof(struct syslog_record));
    memory_object_read_params_set_length(params, size);
    bool is_answered = capnp_call_send(&call, &exception) &&
                       memory_object_read_finish(&call, &results, &exception);
    if (is_answered) {
        struct capnp_data data = memory_object_read_results_get_data(results);
        memset(records, 0, size);
        memcpy(records, data.data, data.size < size ? data.size : size);
    }
    capnp_call_end(&call);
    return is_answered || failed(reading.pages, &exception);
}

// False, and said so: the shell holds no log, or it can't be read.
static bool reading_begin(struct shell *shell)
{
    uint32_t capacity;
    memset(&reading, 0, sizeof reading);
    reading.shell = shell;
    reading.log = held_of(shell, LOG_READER_INTERFACE_ID);
    reading.pages = held_named(shell, tsr_text_of("log-pages"));
    if (reading.log == NULL || reading.pages == NULL ||
        reading.pages->interface != MEMORY_OBJECT_INTERFACE_ID) {
        fail(shell, CODE_DENIED, "this needs a LogReader and log-pages, which are not held",
             (struct capnp_text){"", 0}, "the broker grants them with a profile that has them");
        return false;
    }
    if (!state_read(&capacity)) {
        return false;
    }
    reading.base = (uint64_t)capacity * LOG_PAGE_SIZE;
    return true;
}

// Whoever else goes on meanwhile overwrites the oldest: what was overwritten when it was read is
// dropped.
static bool reading_settle(void)
{
    uint32_t capacity;
    uint64_t count = reading.count;
    if (!state_read(&capacity)) {
        return false;
    }
    while (reading.found_count != 0 &&
           reading.found[reading.found_count - 1].number + SYSLOG_RECORDS < reading.count) {
        reading.found_count--;
    }
    reading.count = count;
    return true;
}

// ---- Names ----

static void name_add(struct capnp_text text, uint64_t process, uint64_t since_ns)
{
    if (reading.name_count < NAMES_MAX) {
        struct name *name = &reading.names[reading.name_count++];
        uint32_t size = text.size < SHELL_NAME_MAX ? text.size : SHELL_NAME_MAX;
        *name = (struct name){.process = (uint32_t)process, .since_ns = since_ns};
        memcpy(name->text, text.data, size);
    }
}

// What the manifest started.
static void system_learn(void)
{
    const struct held *held = held_of(reading.shell, SYSTEM_INTERFACE_ID);
    uint32_t count = held == NULL ? 0 : 1;
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_call call;
        struct capnp_exception ignored; // without it processes have numbers only
        struct system_programs_params_builder params;
        struct system_programs_results_reader results;
        if (!system_programs_begin((struct system){held->cap}, &call, &params, &ignored)) {
            return;
        }
        system_programs_params_set_index(params, i);
        bool is_answered =
            capnp_call_send(&call, &ignored) && system_programs_finish(&call, &results, &ignored);
        count = is_answered ? system_programs_results_get_count(results) : 0;
        if (is_answered) {
            name_add(system_programs_results_get_name(results),
                     system_programs_results_get_process(results), 0);
        }
        capnp_call_end(&call);
    }
}

// What this session started.
static void tasks_learn(void)
{
    const struct held *held = held_of(reading.shell, LAUNCHER_INTERFACE_ID);
    uint32_t count = held == NULL ? 0 : 1;
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_call call;
        struct capnp_exception ignored;
        struct launcher_tasks_params_builder params;
        struct launcher_tasks_results_reader results;
        if (!launcher_tasks_begin((struct launcher){held->cap}, &call, &params, &ignored)) {
            return;
        }
        launcher_tasks_params_set_index(params, i);
        bool is_answered =
            capnp_call_send(&call, &ignored) && launcher_tasks_finish(&call, &results, &ignored);
        count = is_answered ? launcher_tasks_results_get_count(results) : 0;
        if (i < count) {
            name_add(launcher_tasks_results_get_program(results),
                     launcher_tasks_results_get_process(results),
                     launcher_tasks_results_get_started_at(results));
        }
        capnp_call_end(&call);
    }
}

static const struct name *name_of(const struct syslog_record *record)
{
    const struct name *found = NULL;
    for (uint32_t i = 0; i < reading.name_count; i++) {
        const struct name *name = &reading.names[i];
        if (name->process == record->sender.process && name->since_ns <= record->time_ns &&
            (found == NULL || name->since_ns >= found->since_ns)) {
            found = name;
        }
    }
    return found;
}

static struct tsr_line who_of(const struct syslog_record *record)
{
    const struct name *name = name_of(record);
    struct tsr_line line = {0};
    if (name != NULL) {
        tsr_line_text(&line, name->text);
    } else if (record->sender.process == 0) {
        tsr_line_text(&line, "init-min");
    } else {
        tsr_line_text(&line, "process ");
        tsr_line_decimal(&line, record->sender.process);
    }
    return line;
}

// ---- What a record says ----

// 0: it went well.
static int32_t refusal_of(const struct syslog_record *record)
{
    if (record->operation.opcode == SYSLOG_EXIT || record->status == SYSLOG_WAITS) {
        return 0;
    }
    return record->status < 0 ? -record->status : (int32_t)record->detail;
}

static struct tsr_line what_of(const struct syslog_record *record)
{
    static const char *const operations[] = {
        [OP_NOP] = "nop",       [OP_CALL] = "call",       [OP_RECV] = "recv",
        [OP_RETURN] = "return", [OP_RELEASE] = "release", [OP_SIGNAL] = "signal",
        [OP_WAIT] = "wait",     [OP_PARK] = "park",       [OP_UNPARK] = "unpark",
        [OP_CANCEL] = "cancel", [OP_LINK] = "link",       [OP_DRAIN] = "drain",
        [OP_FINISH] = "finish",
    };
    const struct shell_schemas *schemas = &reading.shell->schemas;
    const struct capnp_catalog_node *interface = shell_interface(schemas, record->interface);
    uint8_t opcode = record->operation.opcode;
    struct tsr_line line = {0};
    char room[20];
    if (opcode == OP_CALL && record->interface != 0) {
        struct capnp_text name = interface_name(reading.shell, record->interface, room);
        tsr_line_bytes(&line, name.data, name.size);
        tsr_line_text(&line, ".");
        if (interface != NULL && record->operation.method < shell_method_count(interface)) {
            name = shell_method_at(interface, record->operation.method).name;
            tsr_line_bytes(&line, name.data, name.size);
        } else {
            tsr_line_decimal(&line, record->operation.method);
        }
    } else if (opcode == SYSLOG_EXIT || opcode == SYSLOG_FAULT) {
        tsr_line_text(&line, opcode == SYSLOG_EXIT ? "exit" : "fault");
    } else if (opcode < sizeof operations / sizeof operations[0] && operations[opcode] != NULL) {
        tsr_line_text(&line, operations[opcode]);
    } else {
        tsr_line_text(&line, "operation ");
        tsr_line_decimal(&line, opcode);
    }
    return line;
}

static struct tsr_line outcome_of(const struct syslog_record *record)
{
    int32_t refusal = refusal_of(record);
    struct tsr_line line = {0};
    if (record->operation.opcode == SYSLOG_EXIT) {
        tsr_line_text(&line, exit_cause_text((enum exit_cause)record->detail));
        tsr_line_text(&line, ": code ");
        tsr_line_signed(&line, record->status);
    } else if (refusal != 0) {
        tsr_line_text(&line, "refused: ");
        tsr_line_text(&line, tsr_fact_text(refusal));
    } else {
        tsr_line_text(&line, record->status == SYSLOG_WAITS ? "waits" : "well");
    }
    return line;
}

// What is shown: calls, ends, faults, and whatever was refused. The rest is how calls are served.
static bool is_wanted(const struct syslog_record *record)
{
    bool is_end = record->operation.opcode >= SYSLOG_FAULT;
    bool is_refused = refusal_of(record) != 0;
    if (!is_end && !is_refused &&
        (reading.is_refused_only || record->operation.opcode != OP_CALL)) {
        return false;
    }
    struct tsr_line who = who_of(record);
    return reading.program.size == 0 || (reading.program.size == who.size &&
                                         memcmp(reading.program.data, who.text, who.size) == 0);
}

// The newest that are wanted, at most `most`, of records `from` and later.
static bool records_find(uint64_t from, uint32_t most)
{
    struct syslog_record records[READ_RECORDS];
    uint64_t end = reading.count;
    uint64_t oldest = end > SYSLOG_RECORDS ? end - SYSLOG_RECORDS : 0;
    oldest = from > oldest ? from : oldest;
    while (end > oldest && reading.found_count < most) {
        uint64_t first = (end - 1) / READ_RECORDS * READ_RECORDS;
        first = first < oldest ? oldest : first;
        if (!records_read(first, (uint32_t)(end - first), records)) {
            return false;
        }
        for (uint64_t i = end; i-- > first && reading.found_count < most;) {
            if (is_wanted(&records[i - first])) {
                reading.found[reading.found_count].number = i;
                reading.found[reading.found_count++].record = records[i - first];
            }
        }
        end = first;
    }
    return reading_settle();
}

// ---- log ----

static void records_show(void)
{
    static const char *const names[] = {"number", "ms", "who", "what", "outcome"};
    struct shell_sheet *sheet = &reading.shell->sheet;
    shell_sheet_begin(sheet, names, sizeof names / sizeof names[0]);
    for (uint32_t i = reading.found_count; i-- > 0;) {
        const struct syslog_record *record = &reading.found[i].record;
        shell_sheet_number(sheet, (int64_t)reading.found[i].number);
        shell_sheet_number(sheet, (int64_t)(record->time_ns / MS_NS));
        shell_sheet_words(sheet, who_of(record).text);
        shell_sheet_words(sheet, what_of(record).text);
        shell_sheet_words(sheet, outcome_of(record).text);
    }
    out_sheet(reading.shell);
}

static void row_follow(const struct syslog_record *record)
{
    struct shell *shell = reading.shell;
    out_number(shell, record->time_ns / MS_NS);
    out_text(shell, " ms  ");
    out_text(shell, who_of(record).text);
    out_text(shell, ": ");
    out_text(shell, what_of(record).text);
    out_text(shell, ": ");
    out_text(shell, outcome_of(record).text);
    out_text(shell, "\n");
}

// Refusals and ends as they come, until C-c. The log keeps little, so it is looked at often, and
// for names only where there is something to tell.
static enum code follow(struct shell *shell)
{
    const struct capnp_text program = reading.program;
    reading.is_refused_only = true;
    out_text(shell, "what is refused, and what ends; C-c when it is enough\n");
    out_flush(shell);
    for (uint64_t seen = reading.count;; seen = reading.count) {
        uint32_t capacity;
        enum code code = sleep_for(shell, FOLLOW_NS);
        if (code != CODE_WELL || !state_read(&capacity)) {
            return code != CODE_WELL ? code : shell->code;
        }
        if (reading.count > seen + SYSLOG_RECORDS) {
            out_number(shell, reading.count - seen - SYSLOG_RECORDS);
            out_text(shell, " operations were too fast to be seen\n");
        }
        reading.found_count = reading.name_count = 0;
        reading.program.size = 0;
        if (!records_find(seen, SHOWN_MAX)) {
            return shell->code;
        }
        if (reading.found_count != 0) {
            system_learn();
            tasks_learn();
        }
        reading.program = program;
        for (uint32_t i = reading.found_count; i-- > 0;) {
            if (is_wanted(&reading.found[i].record)) {
                row_follow(&reading.found[i].record);
            }
        }
        out_flush(shell);
    }
}

// As it was, where the word is none.
static bool number_of(const struct shell_word *word, uint32_t *number)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < word->size; i++) {
        if (word->text[i] < '0' || word->text[i] > '9' || value > SHOWN_MAX) {
            return false;
        }
        value = value * 10 + (uint32_t)(word->text[i] - '0');
    }
    bool is_number = value > 0 && value <= SHOWN_MAX;
    *number = is_number ? value : *number;
    return is_number;
}

enum code command_log(struct shell *shell)
{
    uint32_t most = SHOWN_DEFAULT;
    bool follows = false;
    if (!reading_begin(shell)) {
        return shell->code;
    }
    for (uint32_t i = 1; i < shell_word_count(shell); i++) {
        struct shell_word word = shell_word(shell, i);
        if (word.kind == SHELL_BARE && shell_word_is(&word, "follow")) {
            follows = true;
        } else if (word.kind == SHELL_BARE && shell_word_is(&word, "refused")) {
            reading.is_refused_only = true;
        } else if (!number_of(&word, &most)) {
            if (reading.program.size != 0 || (word.text[0] >= '0' && word.text[0] <= '9')) {
                return fail_usage(shell);
            }
            reading.program = text_of(&word);
        }
    }
    if (follows) {
        return shell->is_json ? fail_usage(shell) : follow(shell);
    }
    system_learn();
    tasks_learn();
    if (!records_find(0, most)) {
        return shell->code;
    }
    if (reading.found_count == 0 && !shell->is_json) {
        out_text(shell, "nothing of the last 512 operations");
        if (reading.count > SYSLOG_RECORDS) {
            out_text(shell, "; older ones, which are not kept: ");
            out_number(shell, reading.count - SYSLOG_RECORDS);
        }
        out_text(shell, "\n");
        return CODE_WELL;
    }
    records_show();
    return CODE_WELL;
}

// ---- top ----

struct speaker {
    char name[SHELL_NAME_MAX + 1];
    uint32_t process;
    uint64_t operations, calls, refused, bytes;
};

struct speakers {
    uint32_t count;
    struct speaker list[SPEAKERS_MAX];
};

static bool name_is(const char *name, const struct tsr_line *who)
{
    return strlen(name) == who->size && memcmp(name, who->text, who->size) == 0;
}

static void record_count(struct speakers *speakers, const struct syslog_record *record)
{
    struct tsr_line who = who_of(record);
    uint32_t i = 0;
    while (i < speakers->count && (speakers->list[i].process != record->sender.process ||
                                   !name_is(speakers->list[i].name, &who))) {
        i++;
    }
    if (i == SPEAKERS_MAX) {
        return;
    }
    struct speaker *speaker = &speakers->list[i];
    if (i == speakers->count) {
        *speaker = (struct speaker){.process = record->sender.process};
        memcpy(speaker->name, who.text, who.size < SHELL_NAME_MAX ? who.size : SHELL_NAME_MAX);
        speakers->count++;
    }
    speaker->operations++;
    speaker->calls += record->operation.opcode == OP_CALL ? 1 : 0;
    speaker->refused += refusal_of(record) != 0 ? 1 : 0;
    speaker->bytes += record->size;
}

// Whoever did most comes first.
static struct speaker *speaker_next(struct speakers *speakers)
{
    struct speaker *most = NULL;
    for (uint32_t i = 0; i < speakers->count; i++) {
        struct speaker *speaker = &speakers->list[i];
        if (speaker->operations != 0 && (most == NULL || speaker->operations > most->operations)) {
            most = speaker;
        }
    }
    return most;
}

static void speakers_show(struct shell *shell, struct speakers *speakers)
{
    static const char *const names[] = {"who",   "process", "operations",
                                        "calls", "refused", "bytes"};
    shell_sheet_begin(&shell->sheet, names, sizeof names / sizeof names[0]);
    for (struct speaker *next; (next = speaker_next(speakers)) != NULL; next->operations = 0) {
        shell_sheet_words(&shell->sheet, next->name);
        shell_sheet_number(&shell->sheet, next->process);
        shell_sheet_number(&shell->sheet, (int64_t)next->operations);
        shell_sheet_number(&shell->sheet, (int64_t)next->calls);
        shell_sheet_number(&shell->sheet, (int64_t)next->refused);
        shell_sheet_number(&shell->sheet, (int64_t)next->bytes);
    }
    out_sheet(shell);
}

enum code command_top(struct shell *shell)
{
    static struct speakers speakers;
    struct syslog_record records[READ_RECORDS];
    uint32_t capacity;
    uint64_t since = shell->top_seen;
    memset(&speakers, 0, sizeof speakers);
    if (shell_word_count(shell) != 1) {
        return fail_usage(shell);
    }
    if (!reading_begin(shell)) {
        return shell->code;
    }
    system_learn();
    tasks_learn();
    // What this look itself takes makes the oldest give way.
    uint64_t kept = SYSLOG_RECORDS - 2 * SYSLOG_RECORDS / READ_RECORDS;
    uint64_t first = reading.count > since + kept ? reading.count - kept : since;
    uint64_t counted = reading.count - first;
    while (first < reading.count) {
        uint64_t end = (first / READ_RECORDS + 1) * READ_RECORDS;
        end = end < reading.count ? end : reading.count;
        if (!records_read(first, (uint32_t)(end - first), records)) {
            return shell->code;
        }
        for (uint64_t i = first; i < end; i++) {
            record_count(&speakers, &records[i - first]);
        }
        first = end;
    }
    uint64_t before = reading.count - since - counted;
    if (!state_read(&capacity)) {
        return shell->code;
    }
    shell->top_seen = reading.count;
    speakers_show(shell, &speakers);
    if (!shell->is_json && before != 0) {
        out_text(shell, "of the last ");
        out_number(shell, counted);
        out_text(shell, " operations; those before are forgotten\n");
    }
    return CODE_WELL;
}

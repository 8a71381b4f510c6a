// SPDX-License-Identifier: Apache-2.0
//
// What the files of the shell share. The shell's authority is its table of capabilities, and a
// command can do nothing with any other; what it knows of interfaces came as data.
#ifndef PROGRAMS_SHELL_SHELL_H
#define PROGRAMS_SHELL_SHELL_H

#include "lib/shell/interface.h"
#include "lib/shell/parse.h"
#include "lib/shell/sheet.h"
#include "runtime/runtime.h"

#include "schema/broker.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/launcher.capnp.h"
#include "schema/schema.capnp.h"
#include "schema/terminal.capnp.h"

enum {
    HELD_MAX = 64,
    VARIABLES_MAX = 32,
    VALUE_MAX = 512, // bytes of a variable
    LINE_MAX = 768,  // bytes of a line that is read
    OUT_MAX = 512,   // bytes that are written at once
    ORIGIN_MAX = 64, // bytes of the words that say where a capability is from
    SESSION_MAX = 64,
    ARGUMENT_WORDS = SHELL_ARGUMENTS_MAX * 2,
};

// How a command ended, and what the shell exits with in a script.
enum code {
    CODE_WELL = 0,
    CODE_FAILED = 1,      // what was asked for went wrong
    CODE_USAGE = 2,       // the shell did not understand
    CODE_DENIED = 3,      // a capability does not allow it, or there is none
    CODE_INTERRUPTED = 4, // C-c
};

// A capability that the shell holds, under the name that whoever types uses.
struct held {
    char name[SHELL_NAME_MAX + 1];
    uint64_t cap, interface;
    uint64_t since_ns;
    char origin[ORIGIN_MAX];
    bool is_granted;  // by the manifest: the shell keeps it
    bool is_bound;    // by -> : another one may take its name
    bool is_kept;     // as far as the shell knows: it goes to nobody of another session
    uint64_t revoker; // of a facet that the shell made; 0: it can't be revoked here
    uint32_t lent;    // of a task: the number of its StdIO; 0: none
    uint32_t task;    // of a task: its number; 0: it is none
};

struct variable {
    char name[SHELL_NAME_MAX + 1];
    uint32_t size;
    char value[VALUE_MAX];
};

struct shell {
    // From the manifest; the rest of what it holds comes from the broker.
    struct terminal_session terminal;
    struct timer timer;
    // On whose behalf it acts.
    char session[SESSION_MAX];
    char profile[SHELL_NAME_MAX + 1];
    uint32_t held_count;
    struct held held[HELD_MAX];
    uint32_t variable_count;
    struct variable variables[VARIABLES_MAX];
    struct shell_schemas schemas;
    // The command at hand.
    const struct shell_script *script;
    const struct shell_statement *statement;
    bool is_json, is_dry;
    bool all_json, all_dry; // the script that is carried out was asked for so
    bool leaves;            // the script that is carried out: `exit`
    enum code code;         // of the last command
    bool is_over;
    int32_t exit_code;
    bool has_hung_up;   // the terminal: nobody reads any more what this session says
    bool has_new_names; // what tab offers is to be told anew
    uint64_t top_seen;  // records of the SysLog that `top` counted already
    // A nextInterrupt is out while something runs.
    bool listens;
    struct capnp_call interrupt;
    // What is on its way to the terminal.
    struct capnp_writer writer; // into `out`
    uint32_t out_size;
    char out[OUT_MAX];
    struct shell_sheet sheet;
};

// A word of the command at hand, variables replaced; count: without --json and --dry-run.
uint32_t shell_word_count(const struct shell *shell);
struct shell_word shell_word(const struct shell *shell, uint32_t index);
// The same where a value is wanted. False, and said so: it is the name of no variable that is set.
bool shell_value(struct shell *shell, uint32_t index, struct shell_word *word);

// ---- out.c ----

void out_init(struct shell *shell);
void out_text(struct shell *shell, const char *text);
void out_bytes(struct shell *shell, const char *bytes, size_t size);
void out_number(struct shell *shell, uint64_t number);
void out_flush(struct shell *shell);
// Waits until all that was said has left the machine: the session is about to end.
void out_drain(struct shell *shell);
void out_sheet(struct shell *shell); // shell->sheet, as the command wants it
// A sentence in answer to a command, or {"done": ...}.
void out_done(struct shell *shell, const char *text, const char *name);
// "2 h 3 min 4.005 s"
void out_time(struct shell *shell, uint64_t time_ns);

// The command failed: "what `of`", and a remedy, which may be NULL. Sets the code and returns it.
enum code fail(struct shell *shell, enum code code, const char *what, struct capnp_text of,
               const char *remedy);
// At a place of what was typed; with --json as the others.
enum code fail_at(struct shell *shell, const struct shell_problem *problem);
enum code fail_usage(struct shell *shell);

// ---- held.c ----

struct held *held_add(struct shell *shell, struct capnp_text name, uint64_t cap, uint64_t interface,
                      const char *origin);
void held_remove(struct shell *shell, struct held *held);
struct held *held_named(struct shell *shell, struct capnp_text name);
// The first of an interface; NULL: none.
struct held *held_of(struct shell *shell, uint64_t interface);
// Binds what a command brings to the name behind its `->`; without one it is released. False, and
// said so: the name is that of a capability which nobody bound.
bool held_may_bind(struct shell *shell);
struct held *held_bind(struct shell *shell, uint64_t cap, uint64_t interface, const char *origin);
// Of a word of the command; says so where nothing has this name, and returns NULL.
struct held *held_find(struct shell *shell, const struct shell_word *word);
// Takes the bundle that the broker has for the shell.
void held_bundle(struct shell *shell);
// Gives back all but what the manifest granted, and forgets variables.
void held_forget(struct shell *shell);
struct capnp_text held_name(const struct held *held);
struct capnp_text interface_name(const struct shell *shell, uint64_t interface, char room[20]);

void variable_set(struct shell *shell, struct capnp_text name, const char *value, size_t size);
bool variable_get(const struct shell *shell, struct capnp_text name, struct capnp_text *value);

// ---- session.c ----

void session_read(struct shell *shell, const struct start *start);
void session_show(struct shell *shell);
// Whether the last of so many words asks for a capability that stays in the session; it is counted
// no more then.
bool session_scope_read(const struct shell *shell, uint32_t *words, uint16_t *scope);

// ---- deny.c ----

// A call through a capability failed: says what, the rule, who could grant it and what to type.
enum code deny(struct shell *shell, const struct held *held, const struct shell_method *method,
               const struct capnp_exception *exception);
// A call that the shell made for a command failed.
enum code fail_call(struct shell *shell, const char *what, const struct held *held,
                    const struct capnp_exception *exception);
// Only with --dry-run: the commits that the command would cause, and true.
bool dry(struct shell *shell, const char *commits);

// ---- learn.c ----

// All the files of a source. Returns how many files were learnt.
uint32_t learn(struct shell *shell, const struct held *source);

// ---- offer.c ----

// Tells the terminal what tab offers, if that has changed.
void offer_tell(struct shell *shell);

// ---- listen.c ----

// Asks to be told of C-c, unless that is asked already. One that is typed before is told at once,
// back to the end of the last line.
void listen_begin(struct shell *shell);
// Doesn't listen any more: while a line is read, C-c is its own.
void listen_end(struct shell *shell);
// Whether C-c was typed, or the terminal hung up, since the last time that this was asked. Doesn't
// wait.
bool was_interrupted(struct shell *shell);
// Waits for a call that was sent. False: C-c or a hang-up came first, and the call goes on.
bool call_await(struct shell *shell, const struct capnp_call *call);

// ---- run.c ----

// "ended", "killed", ...
const char *exit_cause_text(enum exit_cause cause);

// ---- source.c ----

// Whether a script is carried out.
bool source_is_on(void);
// Of the script that is carried out: one of its arguments; false: it was given none of this name.
bool source_argument(struct capnp_text name, struct capnp_text *value);
// Says where in a script a command failed; at the prompt nothing.
void source_place(struct shell *shell, const struct shell_statement *statement);
// `exit` ends the script that is carried out. False: none is.
bool source_exit(struct shell *shell);
// Each script that there is. False: the launcher can't be asked.
bool scripts_each(struct shell *shell, void (*visit)(void *context, struct capnp_text name),
                  void *context, struct capnp_exception *exception);

// ---- uses.c: what programs say that they use ----

// Each program of the launcher's list, in its order, with what it says that it uses; the texts last
// as long as the visit. False: the launcher can't be asked.
bool programs_each(const struct held *launcher,
                   void (*visit)(void *context, struct capnp_text name, struct capnp_text uses),
                   void *context, struct capnp_exception *exception);
// What the launcher says of a program, as text of this buffer; empty: nothing.
enum { USES_MAX = 192 };
struct capnp_text program_uses(struct shell *shell, struct capnp_text program, char room[USES_MAX]);
// Takes the next of them; false: there is none.
struct use {
    struct capnp_text name, interface;
};
bool use_next(struct capnp_text *wants, struct use *use);
// As it is granted: "console: @console"; "console: " where nothing that is held would do.
void use_grant(const struct shell *shell, const struct use *use, struct tsr_line *line);
// A remedy for a program that ended badly without all that it uses: false, there is none.
bool uses_remedy(struct shell *shell, struct tsr_line *line);

// ---- command.c, and the files that the commands are in ----

struct command {
    const char *name, *usage, *about;
    enum code (*run)(struct shell *shell);
    bool changes; // it has --dry-run
};

extern const struct command commands[];
extern const uint32_t command_count;
const struct command *command_named(struct capnp_text name);

void script_run(struct shell *shell, const struct shell_script *script);

enum code command_authority(struct shell *shell);
enum code command_caps(struct shell *shell);
enum code command_inspect(struct shell *shell);
enum code command_call(struct shell *shell);
enum code command_facet(struct shell *shell);
enum code command_revoke(struct shell *shell);
enum code command_lease(struct shell *shell);
enum code command_release(struct shell *shell);
enum code command_learn(struct shell *shell);
enum code command_help(struct shell *shell);
enum code command_run(struct shell *shell);
enum code command_source(struct shell *shell);
enum code command_spawn(struct shell *shell);
enum code command_wait(struct shell *shell);
enum code command_kill(struct shell *shell);
enum code command_programs(struct shell *shell);
enum code command_ps(struct shell *shell);
enum code command_uptime(struct shell *shell);
enum code command_log(struct shell *shell);
enum code command_top(struct shell *shell);
enum code command_halt(struct shell *shell);
enum code command_mem(struct shell *shell);
enum code command_set(struct shell *shell);
enum code command_say(struct shell *shell);
enum code command_session(struct shell *shell);
enum code command_sleep(struct shell *shell);
enum code sleep_for(struct shell *shell, uint64_t ns);
enum code command_exit(struct shell *shell);

static inline struct capnp_text text_of(const struct shell_word *word)
{
    return (struct capnp_text){word->text, word->size};
}

#endif

// SPDX-License-Identifier: Apache-2.0
//
// What the files of the tool `authority` share: see main.c for what it does.
#ifndef TOOLS_AUTHORITY_AUTHORITY_H
#define TOOLS_AUTHORITY_AUTHORITY_H

#include <stdbool.h>
#include <stdio.h>

#include "abi/syslog.h"
#include "lib/authority/interface.h"
#include "lib/authority/query.h"
#include "lib/replay/checkpoint.h"

// Exit codes.
enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_VIOLATED = 3 };

enum { ARGUMENTS_MAX = 64 };

// The command line.
struct options {
    const char *arguments[ARGUMENTS_MAX]; // words behind the verb that are no options
    uint32_t argument_count;
    const char *at; // null: the end
    const char *package;
    const char *syslog;
    const char *manifest;
    const char *format;
    const char *out;
    const char *checkpoint;
    uint8_t head[HASH_SIZE];
    bool head_given;
    bool commits;
    bool json;
};

// A verified log with its index and whatever lies beside it.
struct history {
    const struct options *options;
    const char *path;
    uint8_t *bytes;
    struct replay_log log;        // from the checkpoint on, where there is one
    struct checkpoint checkpoint; // stands for the pages before
    uint8_t *checkpoint_bytes;    // null: there is none
    size_t checkpoint_size;
    struct replay replay; // at the end of the log
    struct authority_index index;
    void *index_storage;
    struct names *names;
};

// file.c: all or nothing: what can't be read ends the tool.
_Noreturn void fail(int code, const char *path, const char *what);
_Noreturn void fail_at(const char *path, uint64_t line, uint64_t column, const char *what);
void *zeroed(size_t size);
// `size` bytes, aligned and with a zero behind them. Null, where `may_miss` and there is no file.
uint8_t *file_read(const char *path, size_t *size, bool may_miss);
// The path with another ending, from malloc.
char *path_beside(const char *path, const char *ending);

// history.c
// Of a log whose first pages are gone and for which no checkpoint stands there is the chain alone:
// `any` opens it, the others refuse; `whole` refuses where a checkpoint stands for any page, too.
void history_open_any(struct history *history, const struct options *options, const char *path);
void history_open(struct history *history, const struct options *options, const char *path);
void history_open_whole(struct history *history, const struct options *options, const char *path,
                        const char *why);
void history_close(struct history *history);
// Whether there is more of it than the chain.
bool history_has_state(const struct history *history);
// A replay at genesis, or at the checkpoint, for going through the log again. Its storage is freed
// by replay_free().
void replay_begin(struct replay *replay, const struct history *history);
void replay_free(struct replay *replay);
// The moment that a word names: a number of commits, or a time such as 5ms.
struct authority_at moment_of(const struct history *history, const char *word);
struct authority_at moment_asked(const struct history *history);
// What --at says in general: false where the word is neither a number nor a time.
bool moment_parse(const char *word, bool *is_time, uint64_t *value);

// verify.c
int verify_run(const struct options *options);
int digests_run(const struct options *options);

// checkpoint.c
int checkpoint_run(const struct options *options);

// commit.c: one line per commit. `seq`: commits before it.
void commit_print(FILE *out, uint64_t seq, const struct commit *commit);
// The name of a kind, or null.
const char *commit_kind_name(uint64_t kind);
const char *object_kind_name(uint64_t kind);

// hold.c: every hold that counts in this state, by process and id.
void holds_print(FILE *out, const struct state *state);

// sentence.c: what was found, where, as one sentence.
void error_print(FILE *out, const struct replay_error *error, const struct replay_log *log);

// hold.c: an interface's name, or its number.
void interface_print(FILE *out, uint64_t interface);

void hex_print(FILE *out, const uint8_t *bytes, size_t size);

#endif

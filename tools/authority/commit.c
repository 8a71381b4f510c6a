// SPDX-License-Identifier: Apache-2.0
//
// Commits for people's eyes: a table with one row per kind, and one function per shape of body. An
// id is printed as index.generation: which slot, in which of its lives.
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "abi/ids.h"
#include "abi/ring.h"
#include "tools/authority/authority.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void id_print(FILE *out, const char *what, struct commit_id id)
{
    if (id.generation == 0)
        fprintf(out, " %s none", what);
    else
        fprintf(out, " %s %u.%u", what, id.index, id.generation);
}

// A name from a table of words, or the number where the table has none.
static void word_print(FILE *out, const char *what, const char *const *words, size_t count,
                       uint32_t value)
{
    if (value < count && words[value] != NULL)
        fprintf(out, " %s %s", what, words[value]);
    else
        fprintf(out, " %s %u", what, value);
}

static const char *const object_words[] = {
    [OBJECT_ENDPOINT] = "endpoint",
    [OBJECT_MEMORY] = "memory",
    [OBJECT_PROCESS_BUILDER] = "process-builder",
    [OBJECT_PROCESS] = "process",
    [OBJECT_JOB] = "job",
    [OBJECT_TIMER] = "timer",
    [OBJECT_CONSOLE] = "console",
    [OBJECT_CAPABILITY_MANAGER] = "capability-manager",
    [OBJECT_NOTIFICATION] = "notification",
    [OBJECT_PARK_SPACE] = "park-space",
    [OBJECT_LOG_READER] = "log-reader",
    [OBJECT_ADDRESS_SPACE] = "address-space",
    [OBJECT_THREAD] = "thread",
    [OBJECT_INTERRUPT] = "interrupt",
    [OBJECT_IO_PORTS] = "io-ports",
    [OBJECT_SESSION] = "session",
};
static const char *const resource_words[] = {
    [RESOURCE_SESSIONS] = "sessions",   [RESOURCE_JOBS] = "jobs",
    [RESOURCE_PROCESSES] = "processes", [RESOURCE_THREADS] = "threads",
    [RESOURCE_OBJECTS] = "objects",     [RESOURCE_FACETS] = "facets",
    [RESOURCE_HOLDS] = "holds",         [RESOURCE_MAPPINGS] = "mappings",
    [RESOURCE_PAGES] = "pages",         [RESOURCE_SPACE] = "space",
    [RESOURCE_CALLS] = "calls",         [RESOURCE_LOG] = "log"};
static const char *const transfer_words[] = {
    [TRANSFER_NONE] = "none", [TRANSFER_COPY] = "copy", [TRANSFER_MOVE] = "move"};
static const char *const scope_words[] = {[SCOPE_SHAREABLE] = "shareable",
                                          [SCOPE_SAME_SESSION] = "same-session",
                                          [SCOPE_REGRANT_ONLY] = "regrant-only"};
static const char *const how_words[] = {[HOW_GENESIS] = "genesis",
                                        [HOW_GRANT] = "grant",
                                        [HOW_CALL] = "call",
                                        [HOW_RETURN] = "return",
                                        [HOW_MINT] = "mint"};
static const char *const cause_words[] = {[EXIT_CALLED] = "called",
                                          [EXIT_FAULT_MEMORY] = "memory-fault",
                                          [EXIT_FAULT_MACHINE] = "machine-fault"};

static void genesis_print(FILE *out, const struct commit *commit)
{
    const struct commit_genesis *genesis = &commit->genesis;

    fprintf(out, " boot %016" PRIx64 " abi %u.%u", genesis->boot_id, genesis->abi_major,
            genesis->abi_minor);
}

static void genesis_config_print(FILE *out, const struct commit *commit)
{
    uint32_t amounts[sizeof(commit->genesis_config) / sizeof(uint32_t)];

    memcpy(amounts, &commit->genesis_config, sizeof(amounts));
    for (size_t i = 0; i < COUNT(amounts); i++)
        fprintf(out, " %s %u", resource_words[i], amounts[i]);
}

static void genesis_head_print(FILE *out, const struct commit *commit)
{
    fputs(" previous log's head ", out);
    hex_print(out, commit->genesis_head.head, HASH_SIZE);
}

static void expiry_print(FILE *out, uint64_t expiry_ns)
{
    if (expiry_ns == UINT64_MAX)
        fputs(" expiry never", out);
    else
        fprintf(out, " expiry %" PRIu64 " ns", expiry_ns);
}

static void session_create_print(FILE *out, const struct commit *commit)
{
    const struct commit_session_create *create = &commit->session_create;

    id_print(out, "session", create->session);
    fprintf(out, " job %u", create->job);
    id_print(out, "parent", create->parent);
    expiry_print(out, create->expiry_ns);
    if (create->object == UINT32_MAX)
        fputs(" identity none", out);
    else
        fprintf(out, " identity %016" PRIx64 " in object %u", create->identity_hash,
                create->object);
    fprintf(out, " disclosure 0x%x%s", commit->flags & DISCLOSE_SECTIONS,
            (commit->flags & DISCLOSE_ACT_AS) != 0 ? " act-as" : "");
}

static void session_print(FILE *out, const struct commit *commit)
{
    id_print(out, "session", commit->session.session);
}

static void job_create_print(FILE *out, const struct commit *commit)
{
    id_print(out, "job", commit->job_create.job);
    id_print(out, "parent", commit->job_create.parent);
    if ((commit->flags & JOB_DRAINER) != 0)
        fputs(" drainer", out);
}

static void job_print(FILE *out, const struct commit *commit)
{
    id_print(out, "job", commit->job.job);
}

static void limit_move_print(FILE *out, const struct commit *commit)
{
    const struct commit_limit_move *move = &commit->limit_move;

    fprintf(out, " %u", move->amount);
    word_print(out, "of", resource_words, COUNT(resource_words), move->resource);
    if (move->from == UINT32_MAX)
        fputs(" from the machine", out);
    else
        fprintf(out, " from job %u", move->from);
    fprintf(out, " to job %u", move->to);
}

static void process_create_print(FILE *out, const struct commit *commit)
{
    id_print(out, "process", commit->process_create.process);
    fprintf(out, " job %u session %u", commit->process_create.job, commit->process_create.session);
}

static void process_exit_print(FILE *out, const struct commit *commit)
{
    const struct commit_process_exit *exit = &commit->process_exit;

    id_print(out, "process", exit->process);
    fprintf(out, " code %d", exit->code);
    word_print(out, "cause", cause_words, COUNT(cause_words), exit->cause);
}

static void process_print(FILE *out, const struct commit *commit)
{
    id_print(out, "process", commit->process_reap.process);
}

static void thread_create_print(FILE *out, const struct commit *commit)
{
    id_print(out, "thread", commit->thread_create.thread);
    fprintf(out, " process %u", commit->thread_create.process);
}

static void thread_exit_print(FILE *out, const struct commit *commit)
{
    id_print(out, "thread", commit->thread_exit.thread);
    fprintf(out, " code %d", commit->thread_exit.code);
}

static void object_create_print(FILE *out, const struct commit *commit)
{
    const struct commit_object_create *create = &commit->object_create;

    id_print(out, "object", create->object);
    id_print(out, "facet", create->root_facet);
    word_print(out, "kind", object_words, COUNT(object_words), create->kind);
    fputc(' ', out);
    interface_print(out, create->interface);
    fprintf(out, " job %u argument %" PRIu64 "%s", create->job, create->argument,
            (commit->flags & OBJECT_PINNED) != 0 ? " pinned" : "");
}

static void object_destroy_print(FILE *out, const struct commit *commit)
{
    id_print(out, "object", commit->object_destroy.object);
}

static void facet_create_print(FILE *out, const struct commit *commit)
{
    const struct commit_facet_create *create = &commit->facet_create;

    id_print(out, "facet", create->facet);
    fprintf(out, " of %u job %u ", create->parent, create->job);
    interface_print(out, create->interface);
    fprintf(out, " methods 0x%" PRIx64 " receiver-data %" PRIu64 " disclosure 0x%x%s",
            create->methods, create->receiver_data, commit->flags & DISCLOSE_SECTIONS,
            (commit->flags & DISCLOSE_ACT_AS) != 0 ? " act-as" : "");
}

static void facet_lease_print(FILE *out, const struct commit *commit)
{
    const struct commit_facet_lease *lease = &commit->facet_lease;

    id_print(out, "facet", lease->facet);
    expiry_print(out, lease->expiry_ns);
    if (lease->calls == UINT64_MAX)
        fputs(" calls unlimited", out);
    else
        fprintf(out, " calls %" PRIu64, lease->calls);
}

static void facet_print(FILE *out, const struct commit *commit)
{
    id_print(out, "facet", commit->facet.facet);
}

static void hold_insert_print(FILE *out, const struct commit *commit)
{
    const struct commit_hold_insert *insert = &commit->hold_insert;

    id_print(out, "hold", insert->hold);
    fprintf(out, " process %u facet %u%s", insert->process, insert->facet,
            insert->revoker != 0 ? " as its revoker" : "");
    word_print(out, "by", how_words, COUNT(how_words), insert->how);
    if (insert->origin.generation != 0) {
        id_print(out, "from hold", insert->origin);
        fprintf(out, " of seq %" PRIu64, insert->origin_seq);
    }
    word_print(out, "transfer", transfer_words, COUNT(transfer_words), insert->transfer);
    word_print(out, "scope", scope_words, COUNT(scope_words), insert->scope);
}

static void hold_move_print(FILE *out, const struct commit *commit)
{
    const struct commit_hold_move *move = &commit->hold_move;

    id_print(out, "hold", move->hold);
    id_print(out, "becomes", move->made);
    fprintf(out, " of process %u", move->process);
    word_print(out, "by", how_words, COUNT(how_words), move->how);
}

static void hold_remove_print(FILE *out, const struct commit *commit)
{
    id_print(out, "hold", commit->hold_remove.hold);
}

static void memory_seal_print(FILE *out, const struct commit *commit)
{
    id_print(out, "object", commit->memory.object);
}

static void rights_print(FILE *out, uint32_t rights)
{
    fprintf(out, " %c%c%c", (rights & RIGHT_READ) != 0 ? 'r' : '-',
            (rights & RIGHT_WRITE) != 0 ? 'w' : '-', (rights & RIGHT_EXECUTE) != 0 ? 'x' : '-');
}

static void memory_map_print(FILE *out, const struct commit *commit)
{
    const struct commit_memory_map *map = &commit->memory_map;

    id_print(out, "mapping", map->mapping);
    fprintf(out, " process %u facet %u page 0x%" PRIx64 " pages %u of the object's page %u",
            map->process, map->facet, map->page, map->count, map->object_page);
    rights_print(out, map->rights);
}

static void memory_unmap_print(FILE *out, const struct commit *commit)
{
    id_print(out, "mapping", commit->memory_unmap.mapping);
}

static void checkpoint_mark_print(FILE *out, const struct commit *commit)
{
    fprintf(out, " of seq %" PRIu64, commit->checkpoint_mark.seq);
}

static const struct {
    const char *name;
    void (*print)(FILE *, const struct commit *);
} kinds[COMMIT_KIND_COUNT] = {
    [COMMIT_GENESIS] = {"genesis", genesis_print},
    [COMMIT_GENESIS_CONFIG] = {"genesis-config", genesis_config_print},
    [COMMIT_GENESIS_HEAD] = {"genesis-head", genesis_head_print},
    [COMMIT_SESSION_CREATE] = {"session-create", session_create_print},
    [COMMIT_SESSION_END] = {"session-end", session_print},
    [COMMIT_SESSION_DESTROY] = {"session-destroy", session_print},
    [COMMIT_JOB_CREATE] = {"job-create", job_create_print},
    [COMMIT_JOB_KILL] = {"job-kill", job_print},
    [COMMIT_JOB_DESTROY] = {"job-destroy", job_print},
    [COMMIT_LIMIT_MOVE] = {"limit-move", limit_move_print},
    [COMMIT_PROCESS_CREATE] = {"process-create", process_create_print},
    [COMMIT_PROCESS_START] = {"process-start", process_print},
    [COMMIT_PROCESS_EXIT] = {"process-exit", process_exit_print},
    [COMMIT_PROCESS_REAP] = {"process-reap", process_print},
    [COMMIT_THREAD_CREATE] = {"thread-create", thread_create_print},
    [COMMIT_THREAD_EXIT] = {"thread-exit", thread_exit_print},
    [COMMIT_OBJECT_CREATE] = {"object-create", object_create_print},
    [COMMIT_OBJECT_DESTROY] = {"object-destroy", object_destroy_print},
    [COMMIT_FACET_CREATE] = {"facet-create", facet_create_print},
    [COMMIT_FACET_LEASE] = {"facet-lease", facet_lease_print},
    [COMMIT_FACET_REVOKE] = {"facet-revoke", facet_print},
    [COMMIT_FACET_DESTROY] = {"facet-destroy", facet_print},
    [COMMIT_HOLD_INSERT] = {"hold-insert", hold_insert_print},
    [COMMIT_HOLD_MOVE] = {"hold-move", hold_move_print},
    [COMMIT_HOLD_REMOVE] = {"hold-remove", hold_remove_print},
    [COMMIT_MEMORY_MAP] = {"memory-map", memory_map_print},
    [COMMIT_MEMORY_UNMAP] = {"memory-unmap", memory_unmap_print},
    [COMMIT_MEMORY_SEAL] = {"memory-seal", memory_seal_print},
    [COMMIT_CHECKPOINT_MARK] = {"checkpoint-mark", checkpoint_mark_print},
};

const char *commit_kind_name(uint64_t kind)
{
    return kind < COMMIT_KIND_COUNT ? kinds[kind].name : NULL;
}

const char *object_kind_name(uint64_t kind)
{
    return kind < COUNT(object_words) ? object_words[kind] : NULL;
}

// The commit has been replayed, so its kind is one that the table has; another is still printed.
void commit_print(FILE *out, uint64_t seq, const struct commit *commit)
{
    const char *name = commit_kind_name(commit->kind);

    fprintf(out, "%" PRIu64 " %" PRIu64 " ns", seq, commit->time_ns);
    if (commit->cause != CAUSE_NONE)
        fprintf(out, " cpu %u cause %" PRIu64, (unsigned)(commit->cause >> 56),
                commit->cause & UINT64_C(0xffffffffffffff));
    if (commit->actor == UINT32_MAX)
        fputs(" kernel", out);
    else
        fprintf(out, " process %u", commit->actor);
    if (name == NULL) {
        fprintf(out, ": kind %u\n", commit->kind);
        return;
    }
    fprintf(out, ": %s", name);
    kinds[commit->kind].print(out, commit);
    fputc('\n', out);
}

// SPDX-License-Identifier: Apache-2.0
//
// What can't be loaded: files with something wrong, and files that the job has no room for. Each
// leaves the job with what it had.
#include <string.h>

#include "abi/commit.h"
#include "programs/spawn/spawn.h"
#include "runtime/loader/elf.h"
#include "runtime/loader/spawn.h"
#include "runtime/usage.h"

enum { FILE_MAX = 65536, ROUNDS = 200, ASKED_MAX = 200, CODE_WELL = 7 };

static struct tsr_usage usage_of(struct job job)
{
    struct tsr_usage usage;
    must(tsr_usage_read(job, &usage, &own.exception), "what a job has");
    return usage;
}

// But for the log: that it grows is its work. What was dropped is swept up in steps.
static void must_have_as(const struct tsr_usage *before, struct job job)
{
    bool is_equal = false;
    for (uint32_t left = ASKED_MAX; left > 0 && !is_equal; left--) {
        struct tsr_usage now = usage_of(job);
        is_equal = memcmp(before->used, now.used, RESOURCE_LOG * sizeof now.used[0]) == 0;
    }
    must(is_equal, "everything was given back");
}

// --- The file -----------------------------------------------------------------------------------

// A copy that is changed, in memory that is mapped here as well.
static _Alignas(8) uint8_t good[FILE_MAX];
static uint64_t good_size;
static uint8_t *changed;
static struct memory_object memory; // where `changed` is

static void file_read(void)
{
    const struct package_entry *entry;
    const uint8_t *bytes;
    must(tsr_blob_open(&own.spawner, 1U << PACKAGE_ELF, tsr_text_of("guest"), &entry, &bytes,
                       &own.exception) &&
             entry->size <= FILE_MAX,
         "its file can be read");
    good_size = entry->size;
    memcpy(good, bytes, good_size);
    must(tsr_blob_close(&own.spawner, entry, &own.exception), "its file is closed");
    changed = (uint8_t *)(tsr_write_window(&own.spawner) + LOADER_MEMORY_MAX);
    must(job_make_memory(own.job, FILE_MAX / PAGE_SIZE, &memory, &own.exception) &&
             tsr_pages_map(own.spawner.space, (uint64_t)changed, FILE_MAX / PAGE_SIZE,
                           RIGHT_READ | RIGHT_WRITE, memory, 0, &own.exception),
         "memory for a copy");
    memcpy(changed, good, good_size);
}

// Loads the changed file, and drops what came of it. Whether it was loaded.
static bool changed_load(uint64_t size, struct loader_error *error)
{
    struct tsr_build build;
    must(tsr_build_open(&build, &own.spawner, own.job, &own.exception), "an empty process");
    struct loader_source source = {.memory = memory, .size = size};
    bool is_loaded = loader_build_file(&build, &source, &own.exception);
    *error = build.error;
    tsr_build_drop(&build);
    return is_loaded;
}

// --- Refusals -----------------------------------------------------------------------------------

static void refuse_show(uint64_t at, uint8_t byte, uint64_t size)
{
    char text[LOADER_ERROR_TEXT_MAX];
    struct loader_error error;
    uint8_t before = changed[at];
    changed[at] = byte;
    must(!changed_load(size, &error), "it is refused");
    changed[at] = before;
    loader_error_print(&error, text, sizeof text);
    say(text);
}

static uint32_t random_next(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

// Files with a few random bytes in their headers: each is loaded, or refused with a fact.
static void random_files_load(void)
{
    uint32_t state = 1;
    uint32_t refused = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t most = round % 2 == 0 ? 512 : (uint32_t)good_size;
        for (uint32_t count = 1 + random_next(&state) % 3; count > 0; count--) {
            changed[random_next(&state) % most] = (uint8_t)random_next(&state);
        }
        struct loader_error error;
        bool is_loaded = changed_load(good_size, &error);
        must(is_loaded || error.fact != LOADER_FACT_NONE, "a refusal has a fact");
        refused += is_loaded ? 0 : 1;
        memcpy(changed, good, good_size);
    }
    must(refused > ROUNDS / 8 && refused < ROUNDS, "some were refused, and some were not");
}

void refusals_show(void)
{
    file_read();
    struct tsr_usage before = usage_of(own.job);
    uint64_t header = sizeof(struct elf_header);
    uint64_t flags = header + offsetof(struct elf_program_header, p_flags);
    uint64_t next = sizeof(struct elf_program_header);
    refuse_show(0, 'x', good_size);
    refuse_show(offsetof(struct elf_header, e_machine), 183, good_size);
    refuse_show(header, PT_INTERP, good_size);
    refuse_show(flags + next, PF_R | PF_W | PF_X, good_size);
    refuse_show(0, changed[0], 60);
    refuse_show(0, changed[0], 0);
    refuse_show(0, changed[0], FILE_MAX + 1);
    random_files_load();
    must_have_as(&before, own.job);
    say("after 207 broken files the job has what it had before");
}

// --- Shortages ----------------------------------------------------------------------------------

// Loads the guest in a job that has `amount` of one resource, and enough of the others. Whether it
// ran; if not, the job has everything back.
static bool short_run(uint32_t resource, uint32_t amount)
{
    uint32_t amounts[RESOURCE_COUNT] = {
        [RESOURCE_PROCESSES] = 1, [RESOURCE_THREADS] = 1, [RESOURCE_OBJECTS] = 32,
        [RESOURCE_FACETS] = 32,   [RESOURCE_HOLDS] = 32,  [RESOURCE_MAPPINGS] = 32,
        [RESOURCE_PAGES] = 128,   [RESOURCE_SPACE] = 256, [RESOURCE_CALLS] = 4,
        [RESOURCE_LOG] = 64,
    };
    struct job job;
    struct tsr_build build;
    int32_t code = 0;
    amounts[resource] = amount;
    struct capnp_data data = {(const uint8_t *)amounts, sizeof amounts};
    must(job_child(own.job, data, 0, 0, false, &job, &own.exception), "a job for it");
    struct tsr_usage fresh = usage_of(job);
    bool is_ready = tsr_build_open(&build, &own.spawner, job, &own.exception) &&
                    tsr_build_load(&build, tsr_text_of("guest"), &own.exception);
    must(is_ready || build.error.fact == LOADER_FACT_NONE, "the file is not at fault");
    struct process process;
    is_ready = is_ready && tsr_build_start(&build, &process, &own.exception);
    if (is_ready) {
        uint64_t number;
        enum exit_cause cause;
        must(job_next_exit(own.job, &number, &code, &cause, &own.exception) &&
                 cause == EXIT_CAUSE_CALLED && code == CODE_WELL,
             "with enough it ends well");
        tsr_release(process.id);
    } else {
        tsr_build_drop(&build);
    }
    must_have_as(&fresh, job);
    tsr_release(job.id);
    return is_ready;
}

void shortages_show(void)
{
    static const uint32_t scarce[] = {RESOURCE_PROCESSES, RESOURCE_THREADS,  RESOURCE_OBJECTS,
                                      RESOURCE_FACETS,    RESOURCE_MAPPINGS, RESOURCE_PAGES,
                                      RESOURCE_SPACE};
    struct tsr_usage before = usage_of(own.job);
    for (uint32_t i = 0; i < sizeof scarce / sizeof scarce[0]; i++) {
        uint32_t amount = 0;
        while (!short_run(scarce[i], amount)) {
            amount++;
            must(amount < 256, "with enough of it, it runs");
        }
        must(amount > 0, "it needs some of it");
    }
    must_have_as(&before, own.job);
    say("short of each resource by each amount, nothing was left behind");
}

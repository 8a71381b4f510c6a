// SPDX-License-Identifier: Apache-2.0
//
// Starts `guest` in many ways: see README.md. Whatever is not as it should be ends it with a line.
// Granted: console, job, package, space.
#include "programs/spawn/spawn.h"

#include <string.h>

#include "abi/commit.h"
#include "runtime/loader/spawn.h"

#include "schema/boot.capnp.h"

enum { CODE_WELL = 7, INFO_SIZE = 64 };

struct program own;

void say(const char *text)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, "spawn: ");
    tsr_line_text(&line, text);
    if (!debug_console_write_line(own.console, tsr_line_of(&line), &own.exception)) {
        tsr_exit(1);
    }
}

void must(bool is_so, const char *what)
{
    struct tsr_line line = {0};
    if (is_so) {
        return;
    }
    tsr_line_text(&line, "spawn: not so: ");
    tsr_line_text(&line, what);
    tsr_line_text(&line, ": ");
    tsr_line_exception(&line, &own.exception);
    tsr_panic(line.text);
}

// --- Programs -----------------------------------------------------------------------------------

enum exit_cause guest_await(struct tsr_build *build, const char *word, int32_t *code)
{
    uint8_t bytes[INFO_SIZE];
    struct capnp_builder message;
    struct process process;
    uint64_t number;
    enum exit_cause cause;
    capnp_builder_init(&message, bytes, sizeof bytes);
    start_info_set_arguments(start_info_build(&message), tsr_text_of(word));
    struct capnp_data info = {bytes, capnp_builder_size(&message)};
    must(tsr_build_info(build, info, &own.exception), "it is told what to do");
    must(tsr_build_start(build, &process, &own.exception), "it starts");
    must(job_next_exit(own.job, &number, code, &cause, &own.exception), "it ends");
    tsr_release(process.id);
    return cause;
}

static void build_open(struct tsr_build *build, uint64_t seed)
{
    must(tsr_build_open(build, &own.spawner, own.job, &own.exception), "an empty process");
    build->seed = seed;
}

static void guest_load(struct tsr_build *build, uint64_t seed)
{
    build_open(build, seed);
    must(tsr_build_load(build, tsr_text_of("guest"), &own.exception), "the guest is loaded");
}

static void guest_end_well(struct tsr_build *build)
{
    int32_t code;
    must(guest_await(build, "", &code) == EXIT_CAUSE_CALLED && code == CODE_WELL,
         "the guest found all in its place");
}

// Where its image and its stack are, in its own addresses.
struct places {
    uint64_t entry, stack;
};

static struct places guest_run(uint64_t seed)
{
    struct tsr_build build;
    guest_load(&build, seed);
    struct places places = {build.entry - build.base, build.stack - build.base};
    must(build.fs_base != 0, "it has thread-local storage");
    guest_end_well(&build);
    return places;
}

static void programs_show(void)
{
    struct places first = guest_run(1);
    struct places second = guest_run(2);
    struct places again = guest_run(1);
    must(first.entry == again.entry && first.stack == again.stack, "equal seeds give equal places");
    must(first.entry != second.entry && first.stack != second.stack &&
             first.stack - first.entry != second.stack - second.entry,
         "other seeds give other places");
    say("a program of an ELF file ran three times, at two places");
}

// Its addresses are those of a process where these begin at 0.
static void static_show(void)
{
    struct tsr_build build;
    build_open(&build, 1);
    bool is_loaded = tsr_build_load(&build, tsr_text_of("guest-static"), &own.exception);
    must(is_loaded == (build.base == 0), "a static program runs where its addresses are");
    if (is_loaded) {
        guest_end_well(&build);
    } else {
        must(build.error.fact == LOADER_FACT_RANGE, "else it is refused by name");
        tsr_build_drop(&build);
    }
    say("a static program ran, or was refused where its addresses are none");
}

static void faults_show(void)
{
    static const char *const misdeeds[] = {"leave-stack", "leave-stack-above", "write-constant",
                                           "write-text", "execute-data"};
    for (uint32_t i = 0; i < sizeof misdeeds / sizeof misdeeds[0]; i++) {
        struct tsr_build build;
        int32_t code;
        guest_load(&build, i);
        must(guest_await(&build, misdeeds[i], &code) == EXIT_CAUSE_MEMORY_FAULT, misdeeds[i]);
    }
    say("programs that left their stack, or wrote or ran what they may not, faulted");
}

// --- Memory objects -----------------------------------------------------------------------------

// The guest's file in memory of its own, `shift` bytes from the first on.
static struct loader_source file_copy(uint32_t shift, bool is_sealed, bool is_own)
{
    const struct package_entry *entry;
    const uint8_t *bytes;
    struct loader_source source = {.offset = shift, .is_own = is_own};
    must(tsr_blob_open(&own.spawner, 1U << PACKAGE_ELF, tsr_text_of("guest"), &entry, &bytes,
                       &own.exception),
         "its file can be read");
    source.size = entry->size;
    uint32_t pages = (uint32_t)((shift + source.size + PAGE_SIZE - 1) / PAGE_SIZE);
    must(job_make_memory(own.job, pages, &source.memory, &own.exception), "memory for a copy");
    for (uint64_t done = 0; done < source.size; done += 512) {
        uint64_t left = source.size - done;
        struct capnp_data data = {bytes + done, (uint32_t)(left < 512 ? left : 512)};
        must(memory_object_write(source.memory, shift + done, data, &own.exception), "the copy");
    }
    must(!is_sealed || memory_object_seal(source.memory, &own.exception), "it is sealed");
    must(tsr_blob_close(&own.spawner, entry, &own.exception), "its file is closed");
    return source;
}

static void objects_show(void)
{
    static const struct {
        uint32_t shift;
        bool is_sealed, is_own;
    } kinds[] = {{0, true, true},
                 {PAGE_SIZE, true, true},
                 {24, true, true},
                 {0, false, true},
                 {0, true, false}};
    for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct tsr_build build;
        struct loader_source source =
            file_copy(kinds[i].shift, kinds[i].is_sealed, kinds[i].is_own);
        build_open(&build, i);
        must(loader_build_file(&build, &source, &own.exception), "it is loaded from memory");
        tsr_release(source.memory.id);
        guest_end_well(&build);
    }
    say("from memory that is sealed, at any byte, that may still change, of somebody else");
}

int tsr_main(struct start *start)
{
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &own.job.id)) {
        return 1;
    }
    must(tsr_spawner_open(&own.spawner, start, &own.exception), "programs can be started");
    must(own.spawner.seed != 0, "the machine gave a seed");
    programs_show();
    static_show();
    faults_show();
    objects_show();
    refusals_show();
    shortages_show();
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// The first program of the smallest system: reads the boot manifest, makes the endpoints that it
// names, starts its programs with exactly the capabilities that it grants them, waits until all of
// them have ended, and says how. Anything that fails is said, with the reason, and ends it with
// code 1, as does a program that ended otherwise than with code 0.
//
// Granted by the kernel: console, timer, job, capabilities, package, log, log-pages, space. The
// manifest is in the package, and nobody has checked it before.

#include <string.h>

#include "abi/commit.h"
#include "abi/start.h"
#include "runtime/runtime.h"
#include "runtime/spawn.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"

enum {
    MANIFEST_SIZE_MAX = 8192, // bytes
    PRIORITY = 16,            // of programs: as init-min's own
    ENDPOINTS_MAX = 16,
    MEMORIES_MAX = 4,
    PROGRAMS_MAX = 20,
    RESTARTS_MAX = 8, // of one program that is to be kept running
};

struct init {
    struct start *start;
    struct debug_console console;
    struct job job;          // init-min's own, of those that are kept running too
    struct job programs_job; // of all others
    struct capability_manager capabilities;
    struct tsr_spawner spawner;
    struct boot_manifest_reader manifest;
    uint32_t endpoint_count;
    struct {
        struct capnp_text name;
        struct endpoint server;
    } endpoints[ENDPOINTS_MAX];
    uint32_t memory_count;
    struct {
        struct capnp_text name;
        struct memory_object memory;
    } memories[MEMORIES_MAX];
    uint32_t program_count;
    struct {
        struct capnp_text name;
        struct process process;
        bool is_started, is_kept;
        uint32_t restarts;
    } programs[PROGRAMS_MAX];
};

static _Alignas(8) uint8_t manifest_bytes[MANIFEST_SIZE_MAX];

static void say(const struct init *init, const struct tsr_line *line)
{
    struct capnp_exception exception;
    if (!debug_console_write_line(init->console, tsr_line_of(line), &exception)) {
        tsr_exit(1);
    }
}

static void line_start(struct tsr_line *line, struct capnp_text name)
{
    *line = (struct tsr_line){0};
    tsr_line_text(line, "init-min: ");
    tsr_line_bytes(line, name.data, name.size);
}

// "init-min: <name>: <what>: <why>". `why` may be NULL.
static void complain(const struct init *init, struct capnp_text name, const char *what,
                     const struct capnp_exception *why)
{
    struct tsr_line line;
    line_start(&line, name);
    tsr_line_text(&line, ": ");
    tsr_line_text(&line, what);
    if (why != NULL) {
        tsr_line_text(&line, ": ");
        tsr_line_exception(&line, why);
    }
    say(init, &line);
}

// ... and the end.
_Noreturn static void fail(const struct init *init, struct capnp_text name, const char *what,
                           const struct capnp_exception *why)
{
    complain(init, name, what, why);
    tsr_exit(1);
}

static bool text_equals(struct capnp_text left, struct capnp_text right)
{
    return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

// --- The manifest -------------------------------------------------------------------------------

static void manifest_open(struct init *init, struct capnp_message *message)
{
    struct capnp_text name = tsr_text_of("manifest");
    struct capnp_exception exception;
    const struct package_entry *entry;
    const uint8_t *bytes;
    if (!tsr_blob_open(&init->spawner, 1U << PACKAGE_MANIFEST, (struct capnp_text){NULL, 0}, &entry,
                       &bytes, &exception)) {
        fail(init, name, "cannot be read", &exception);
    }
    if (entry->size > MANIFEST_SIZE_MAX) {
        fail(init, name, "is larger than 8192 bytes", NULL);
    }
    memcpy(manifest_bytes, bytes, entry->size);
    if (!tsr_blob_close(&init->spawner, entry, &exception)) {
        fail(init, name, "cannot be read", &exception);
    }
    capnp_message_init(message, manifest_bytes, (uint32_t)entry->size, NULL, 0);
    init->manifest = boot_manifest_read(message);
}

// Readers keep the first thing that was wrong with the manifest.
static void manifest_check(const struct init *init, const struct capnp_message *message)
{
    if (message->error != CAPNP_OK) {
        fail(init, tsr_text_of("manifest"), capnp_error_text(message->error), NULL);
    }
}

// --- The programs' job --------------------------------------------------------------------------

// Everything that init-min's own job has but what it needs itself, with what is kept running; on a
// small machine that is half of it.
static void programs_job_make(struct init *init)
{
    static const uint32_t kept[RESOURCE_COUNT] = {
        [RESOURCE_SESSIONS] = 4, [RESOURCE_JOBS] = 4,       [RESOURCE_PROCESSES] = 12,
        [RESOURCE_THREADS] = 12, [RESOURCE_OBJECTS] = 128,  [RESOURCE_FACETS] = 128,
        [RESOURCE_HOLDS] = 256,  [RESOURCE_MAPPINGS] = 128, [RESOURCE_PAGES] = 2048,
        [RESOURCE_SPACE] = 4096, [RESOURCE_CALLS] = 64,     [RESOURCE_LOG] = 1024,
    };
    struct capnp_text name = tsr_text_of("job");
    struct capnp_call call;
    struct capnp_exception exception;
    struct job_limits_params_builder params;
    struct job_limits_results_reader results;
    uint32_t limits[2 * RESOURCE_COUNT];
    bool is_answered = job_limits_begin(init->job, &call, &params, &exception) &&
                       capnp_call_send(&call, &exception) &&
                       job_limits_finish(&call, &results, &exception);
    if (is_answered) {
        struct capnp_data data = job_limits_results_get_limits(results);
        if (data.size == sizeof(limits)) {
            memcpy(limits, data.data, sizeof(limits));
        }
        is_answered = !capnp_call_refuse_response(&call, &exception);
    }
    capnp_call_end(&call);
    for (uint32_t i = 0; is_answered && i < RESOURCE_COUNT; i++) {
        uint32_t left = limits[i] - limits[RESOURCE_COUNT + i];
        limits[i] = left > 2 * kept[i] ? left - kept[i] : left / 2;
    }
    struct capnp_data carved = {(const uint8_t *)limits, RESOURCE_COUNT * sizeof(limits[0])};
    if (!is_answered || !job_child(init->job, carved, PRIORITY, &init->programs_job, &exception)) {
        fail(init, name, "cannot make a job for the programs", &exception);
    }
}

// --- Endpoints ----------------------------------------------------------------------------------

static void endpoints_make(struct init *init)
{
    struct boot_endpoint_reader_list list = boot_manifest_get_endpoints(init->manifest);
    if (list.l.count > ENDPOINTS_MAX) {
        fail(init, tsr_text_of("manifest"), "has more than 16 endpoints", NULL);
    }
    for (uint32_t i = 0; i < list.l.count; i++) {
        struct boot_endpoint_reader endpoint = boot_endpoint_reader_at(list, i);
        struct capnp_text name = boot_endpoint_get_name(endpoint);
        struct capnp_exception exception;
        if (!job_make_endpoint(init->job, boot_endpoint_get_message_max(endpoint),
                               &init->endpoints[i].server, &exception)) {
            fail(init, name, "cannot make this endpoint", &exception);
        }
        init->endpoints[i].name = name;
        init->endpoint_count = i + 1;
    }
}

static bool endpoint_find(const struct init *init, struct capnp_text name, struct capnp_cap *server)
{
    for (uint32_t i = 0; i < init->endpoint_count; i++) {
        if (text_equals(init->endpoints[i].name, name)) {
            server->id = init->endpoints[i].server.id;
            return true;
        }
    }
    complain(init, name, "no endpoint has this name", NULL);
    return false;
}

// --- Memories -----------------------------------------------------------------------------------

static void memories_make(struct init *init)
{
    struct boot_memory_reader_list list = boot_manifest_get_memories(init->manifest);
    if (list.l.count > MEMORIES_MAX) {
        fail(init, tsr_text_of("manifest"), "has more than 4 memories", NULL);
    }
    for (uint32_t i = 0; i < list.l.count; i++) {
        struct boot_memory_reader memory = boot_memory_reader_at(list, i);
        struct capnp_text name = boot_memory_get_name(memory);
        struct capnp_exception exception;
        if (!job_make_memory(init->job, boot_memory_get_pages(memory), &init->memories[i].memory,
                             &exception)) {
            fail(init, name, "cannot make this memory", &exception);
        }
        init->memories[i].name = name;
        init->memory_count = i + 1;
    }
}

static bool memory_find(const struct init *init, struct capnp_text name, struct capnp_cap *memory)
{
    for (uint32_t i = 0; i < init->memory_count; i++) {
        if (text_equals(init->memories[i].name, name)) {
            memory->id = init->memories[i].memory.id;
            return true;
        }
    }
    complain(init, name, "no memory has this name", NULL);
    return false;
}

// --- Grants -------------------------------------------------------------------------------------

// A capability to grant. `is_made`: for this grant, to be released after it. All that follows says
// why where it returns false.
struct source {
    struct capnp_cap cap;
    bool is_made;
};

static bool source_own(const struct init *init, struct boot_grant_reader grant,
                       struct source *source)
{
    struct capnp_text name = boot_grant_get_own(grant);
    if (!tsr_find_any(init->start, name.data, &source->cap.id)) {
        complain(init, name, "cannot grant what was not granted to me", NULL);
        return false;
    }
    return true;
}

static bool source_server(const struct init *init, struct boot_grant_reader grant,
                          struct source *source)
{
    return endpoint_find(init, boot_grant_get_server(grant), &source->cap);
}

static bool source_client(const struct init *init, struct boot_grant_reader grant,
                          struct source *source)
{
    struct capnp_text name = boot_grant_get_client_endpoint(grant);
    struct capnp_cap server;
    struct revoker revoker;
    struct capnp_exception exception;
    if (!endpoint_find(init, name, &server)) {
        return false;
    }
    if (!capability_manager_facet(init->capabilities, server, boot_grant_get_client_methods(grant),
                                  boot_grant_get_client_interface(grant),
                                  boot_grant_get_client_receiver_data(grant), &source->cap,
                                  &revoker, &exception)) {
        complain(init, name, "cannot make a facet of this endpoint", &exception);
        return false;
    }
    tsr_release(revoker.id);
    source->is_made = true;
    return true;
}

// All of it, or a facet that can only be read.
static bool source_memory(const struct init *init, struct boot_grant_reader grant,
                          struct source *source)
{
    static const uint64_t reads = 3; // info and read, the first two methods
    struct capnp_text name = boot_grant_get_memory_of(grant);
    struct capnp_cap memory;
    struct revoker revoker;
    struct capnp_exception exception;
    if (!memory_find(init, name, &memory)) {
        return false;
    }
    if (boot_grant_get_memory_write(grant)) {
        source->cap = memory;
        return true;
    }
    if (!capability_manager_facet(init->capabilities, memory, reads, 0, 0, &source->cap, &revoker,
                                  &exception)) {
        complain(init, name, "cannot make a facet of this memory", &exception);
        return false;
    }
    tsr_release(revoker.id);
    source->is_made = true;
    return true;
}

// Two names of the first program's own mean another thing to those that it starts: `space` is the
// program's own address space, `programs` the job that all of them run in.
static bool is_special(const struct init *init, const struct tsr_build *build,
                       struct boot_grant_reader grant, struct capnp_cap *cap)
{
    bool is_own = boot_grant_which(grant) == BOOT_GRANT_OWN;
    struct capnp_text name = is_own ? boot_grant_get_own(grant) : (struct capnp_text){"", 0};
    if (text_equals(name, tsr_text_of("space"))) {
        cap->id = build->space.id;
        return true;
    }
    cap->id = init->programs_job.id;
    return text_equals(name, tsr_text_of("programs"));
}

static bool grant_one(const struct init *init, struct tsr_build *build,
                      struct boot_grant_reader grant)
{
    static bool (*const sources[])(const struct init *, struct boot_grant_reader,
                                   struct source *) = {
        [BOOT_GRANT_OWN] = source_own,
        [BOOT_GRANT_SERVER] = source_server,
        [BOOT_GRANT_CLIENT] = source_client,
        [BOOT_GRANT_MEMORY] = source_memory,
    };
    struct capnp_text name = boot_grant_get_name(grant);
    struct source source = {.is_made = false};
    struct capnp_exception exception;
    uint32_t which = (uint32_t)boot_grant_which(grant);
    if (which >= sizeof(sources) / sizeof(sources[0])) {
        complain(init, name, "a grant of a kind that is not known here", NULL);
        return false;
    }
    if (!is_special(init, build, grant, &source.cap) && !sources[which](init, grant, &source)) {
        return false;
    }
    bool is_granted = tsr_build_grant(build, name, source.cap, &exception);
    if (!is_granted) {
        complain(init, name, "cannot grant this", &exception);
    }
    if (source.is_made) {
        tsr_release(source.cap.id);
    }
    return is_granted;
}

// --- Programs -----------------------------------------------------------------------------------

static bool info_set(const struct init *init, struct tsr_build *build,
                     struct boot_program_reader program)
{
    uint8_t bytes[TSR_INFO_MAX];
    struct capnp_builder message;
    struct capnp_exception exception;
    capnp_builder_init(&message, bytes, sizeof(bytes));
    start_info_set_arguments(start_info_build(&message), boot_program_get_arguments(program));
    if (message.error != CAPNP_OK) {
        complain(init, boot_program_get_name(program), "its arguments are too long", NULL);
        return false;
    }
    struct capnp_data info = {bytes, capnp_builder_size(&message)};
    if (!tsr_build_info(build, info, &exception)) {
        complain(init, boot_program_get_name(program), "cannot hand over its arguments",
                 &exception);
        return false;
    }
    return true;
}

static bool program_load(const struct init *init, struct tsr_build *build, struct capnp_text name)
{
    struct capnp_exception exception;
    struct tsr_line line;
    if (tsr_build_load(build, name, &exception)) {
        return true;
    }
    line_start(&line, name);
    tsr_line_text(&line, ": cannot load this program: ");
    tsr_build_why(build, &exception, &line);
    say(init, &line);
    return false;
}

static bool program_build(struct init *init, struct tsr_build *build,
                          struct boot_program_reader program, struct process *process)
{
    struct capnp_text name = boot_program_get_name(program);
    struct boot_grant_reader_list grants = boot_program_get_grants(program);
    struct capnp_exception exception;
    if (!program_load(init, build, name) || !info_set(init, build, program)) {
        return false;
    }
    for (uint32_t i = 0; i < grants.l.count; i++) {
        if (!grant_one(init, build, boot_grant_reader_at(grants, i))) {
            complain(init, name, "cannot be granted all that it is to have", NULL);
            return false;
        }
    }
    if (!tsr_build_start(build, process, &exception)) {
        complain(init, name, "cannot start", &exception);
        return false;
    }
    return true;
}

// Program `index` of the manifest. A program that can't be started leaves nothing behind, and the
// others start all the same.
static void program_start(struct init *init, uint32_t index)
{
    struct boot_program_reader program =
        boot_program_reader_at(boot_manifest_get_programs(init->manifest), index);
    struct tsr_build build;
    struct capnp_exception exception;
    struct job job = boot_program_get_keep(program) ? init->job : init->programs_job;
    init->programs[index].is_started = false;
    if (!tsr_build_open(&build, &init->spawner, job, &exception)) {
        complain(init, boot_program_get_name(program), "cannot make a process", &exception);
    } else if (program_build(init, &build, program, &init->programs[index].process)) {
        init->programs[index].is_started = true;
        return;
    }
    tsr_build_drop(&build);
    init->programs[index].is_kept = false;
}

static void programs_start(struct init *init, const struct capnp_message *message)
{
    struct boot_program_reader_list list = boot_manifest_get_programs(init->manifest);
    if (list.l.count > PROGRAMS_MAX) {
        fail(init, tsr_text_of("manifest"), "has more than 20 programs", NULL);
    }
    for (uint32_t i = 0; i < list.l.count; i++) {
        struct boot_program_reader program = boot_program_reader_at(list, i);
        manifest_check(init, message);
        init->programs[i].name = boot_program_get_name(program);
        init->programs[i].is_kept = boot_program_get_keep(program);
        init->program_count = i + 1;
        program_start(init, i);
    }
    // Whoever serves has its own hold; with these kept, no endpoint would ever be without a server.
    for (uint32_t i = 0; i < init->endpoint_count; i++) {
        tsr_release(init->endpoints[i].server.id);
    }
}

// --- The end ------------------------------------------------------------------------------------

static bool has_ended(const struct init *init, uint32_t index)
{
    enum process_state state;
    int32_t code;
    enum exit_cause cause;
    struct capnp_exception exception;
    if (!process_status(init->programs[index].process, &state, &code, &cause, &exception)) {
        fail(init, init->programs[index].name, "cannot be asked whether it runs", &exception);
    }
    return state == PROCESS_STATE_ENDED;
}

// Starts a program again that has ended and is to be kept running. False: there is none.
static bool kept_restart(struct init *init)
{
    for (uint32_t i = 0; i < init->program_count; i++) {
        if (!init->programs[i].is_kept || !has_ended(init, i)) {
            continue;
        }
        struct tsr_line line;
        line_start(&line, init->programs[i].name);
        bool may = init->programs[i].restarts < RESTARTS_MAX;
        tsr_line_text(&line, may ? " ended, and starts again" : " ended too often");
        say(init, &line);
        if (may) {
            tsr_release(init->programs[i].process.id);
            init->programs[i].restarts++;
            program_start(init, i);
        } else {
            init->programs[i].is_kept = false;
        }
        return true;
    }
    return false;
}

static void kept_end(const struct init *init)
{
    struct capnp_exception exception;
    for (uint32_t i = 0; i < init->program_count; i++) {
        if (init->programs[i].is_kept && !process_kill(init->programs[i].process, &exception)) {
            fail(init, init->programs[i].name, "cannot be ended", &exception);
        }
    }
}

static void exits_await(struct init *init)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < init->program_count; i++) {
        left += init->programs[i].is_started && !init->programs[i].is_kept ? 1 : 0;
    }
    while (left > 0) {
        uint64_t process;
        int32_t code;
        enum exit_cause cause;
        struct capnp_exception exception;
        if (!job_next_exit(init->job, &process, &code, &cause, &exception)) {
            fail(init, tsr_text_of("job"), "cannot wait for its processes", &exception);
        }
        left -= kept_restart(init) ? 0 : 1;
    }
    kept_end(init);
}

// Says how program `index` ended; whether all was well.
static bool exit_tell(const struct init *init, uint32_t index)
{
    static const char causes[][32] = {
        [EXIT_CAUSE_CALLED] = "code ",
        [EXIT_CAUSE_MEMORY_FAULT] = "memory fault, code ",
        [EXIT_CAUSE_MACHINE_FAULT] = "machine fault, code ",
    };
    struct capnp_text name = init->programs[index].name;
    enum process_state state;
    int32_t code;
    enum exit_cause cause;
    struct capnp_exception exception;
    if (!process_status(init->programs[index].process, &state, &code, &cause, &exception)) {
        fail(init, name, "cannot be asked how it ended", &exception);
    }
    if (state != PROCESS_STATE_ENDED || (uint32_t)cause >= sizeof(causes) / sizeof(causes[0])) {
        fail(init, name, "has not ended, or in an unknown way", NULL);
    }
    struct tsr_line line;
    line_start(&line, name);
    tsr_line_text(&line, " ended: ");
    tsr_line_text(&line, causes[cause]);
    tsr_line_signed(&line, code);
    say(init, &line);
    return cause == EXIT_CAUSE_CALLED && code == 0;
}

// What whoever boots the machine asked for: this system is the least already, so it only says so.
static void flags_tell(const struct init *init)
{
    static const struct {
        uint64_t flag;
        const char *text;
    } texts[] = {{BOOT_SAFE_MODE, "safe mode was asked for"},
                 {BOOT_RECOVERY, "recovery was asked for"}};
    for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if ((init->start->boot_flags & texts[i].flag) != 0) {
            struct tsr_line line;
            line_start(&line, tsr_text_of(texts[i].text));
            say(init, &line);
        }
    }
}

int tsr_main(struct start *start)
{
    static struct init init;
    struct capnp_message message;
    init.start = start;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &init.console.id)) {
        return 1;
    }
    if (!tsr_find(start, "job", JOB_INTERFACE_ID, &init.job.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &init.capabilities.id)) {
        fail(&init, tsr_text_of("job, capabilities"), "were not granted", NULL);
    }
    flags_tell(&init);
    struct capnp_exception exception;
    if (!tsr_spawner_open(&init.spawner, start, &exception)) {
        fail(&init, tsr_text_of("package"), "cannot be read", &exception);
    }
    manifest_open(&init, &message);
    programs_job_make(&init);
    endpoints_make(&init);
    memories_make(&init);
    manifest_check(&init, &message);
    programs_start(&init, &message);
    manifest_check(&init, &message);
    exits_await(&init);
    bool is_well = true;
    for (uint32_t i = 0; i < init.program_count; i++) {
        bool has_run_well =
            init.programs[i].is_kept || (init.programs[i].is_started && exit_tell(&init, i));
        is_well = has_run_well && is_well;
    }
    return is_well ? 0 : 1;
}

// SPDX-License-Identifier: Apache-2.0
//
// The first program of the smallest system: reads the boot manifest, makes the endpoints that it
// names, starts its programs with exactly the capabilities that it grants them, starts those again
// that are to go on, waits until the others have ended, and says how. Anything that fails is said,
// with the reason, and ends it with code 1, as does a program that ended otherwise than with code
// 0.
//
// Granted by the kernel: console, timer, job, session, capabilities, package, log, log-pages,
// space, ports, interrupts, clock. The manifest is in the package, and nobody has checked it
// before.

#include <string.h>

#include "abi/commit.h"
#include "abi/start.h"
#include "system/init-min/init.h"

enum { SHOWN_MAX = 40 }; // bytes of a name, so that there is room for what is said of it

static _Alignas(8) uint8_t manifest_bytes[MANIFEST_SIZE_MAX];

// --- Words --------------------------------------------------------------------------------------

void say(const struct init *init, const struct tsr_line *line)
{
    struct capnp_exception exception;
    if (!debug_console_write_line(init->console, tsr_line_of(line), &exception)) {
        tsr_exit(1);
    }
}

void line_start(struct tsr_line *line, struct capnp_text name)
{
    *line = (struct tsr_line){0};
    tsr_line_text(line, "init-min: ");
    tsr_line_bytes(line, name.data, name.size < SHOWN_MAX ? name.size : SHOWN_MAX);
    tsr_line_text(line, name.size > SHOWN_MAX ? "..." : "");
}

void complain(const struct init *init, struct capnp_text name, const char *what,
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

_Noreturn void fail(const struct init *init, struct capnp_text name, const char *what,
                    const struct capnp_exception *why)
{
    complain(init, name, what, why);
    programs_drop(init);
    tsr_exit(1);
}

bool text_equals(struct capnp_text left, struct capnp_text right)
{
    return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

// --- The manifest -------------------------------------------------------------------------------

static void manifest_open(struct init *init)
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
        fail(init, name, "is larger than 16384 bytes", NULL);
    }
    memcpy(manifest_bytes, bytes, entry->size);
    if (!tsr_blob_close(&init->spawner, entry, &exception)) {
        fail(init, name, "cannot be read", &exception);
    }
    capnp_message_init(&init->message, manifest_bytes, (uint32_t)entry->size, NULL, 0);
    init->manifest = boot_manifest_read(&init->message);
}

void manifest_check(const struct init *init)
{
    if (init->message.error != CAPNP_OK) {
        fail(init, tsr_text_of("manifest"), capnp_error_text(init->message.error), NULL);
    }
}

// --- The programs' job --------------------------------------------------------------------------

// Everything that init-min's own job has but what it needs itself, with what is kept running; on a
// small machine that is half of it. Each of twelve programs is about seven objects with their
// facets, most of them its memory; what is granted and what services hand out are facets, too.
static void programs_job_make(struct init *init)
{
    static const uint32_t kept[RESOURCE_COUNT] = {
        [RESOURCE_SESSIONS] = 32, [RESOURCE_JOBS] = 4,       [RESOURCE_PROCESSES] = 12,
        [RESOURCE_THREADS] = 12,  [RESOURCE_OBJECTS] = 128,  [RESOURCE_FACETS] = 256,
        [RESOURCE_HOLDS] = 256,   [RESOURCE_MAPPINGS] = 128, [RESOURCE_PAGES] = 2048,
        [RESOURCE_SPACE] = 4096,  [RESOURCE_CALLS] = 64,     [RESOURCE_LOG] = 1024,
    };
    struct capnp_text name = tsr_text_of("job");
    struct capnp_call call;
    struct capnp_exception exception;
    struct job_limits_params_builder params;
    struct job_limits_results_reader results;
    uint32_t limits[2 * RESOURCE_COUNT];
    uint32_t share = 0;
    bool is_answered = job_limits_begin(init->job, &call, &params, &exception) &&
                       capnp_call_send(&call, &exception) &&
                       job_limits_finish(&call, &results, &exception);
    if (is_answered) {
        struct capnp_data data = job_limits_results_get_limits(results);
        if (data.size == sizeof(limits)) {
            memcpy(limits, data.data, sizeof(limits));
            share = job_limits_results_get_share(results);
        }
        is_answered = !capnp_call_refuse_response(&call, &exception);
    }
    capnp_call_end(&call);
    for (uint32_t i = 0; is_answered && i < RESOURCE_COUNT; i++) {
        uint32_t left = limits[i] - limits[RESOURCE_COUNT + i];
        limits[i] = left > 2 * kept[i] ? left - kept[i] : left / 2;
    }
    struct capnp_data carved = {(const uint8_t *)limits, RESOURCE_COUNT * sizeof(limits[0])};
    share -= share / 4; // the rest is for what starts and serves them
    if (!is_answered ||
        !job_child(init->job, carved, PRIORITY, share, false, &init->programs_job, &exception)) {
        fail(init, name, "cannot make a job for the programs", &exception);
    }
}

// --- The beginning -------------------------------------------------------------------------------

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
    init.start = start;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &init.console.id)) {
        return 1;
    }
    if (!tsr_find(start, "job", JOB_INTERFACE_ID, &init.job.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &init.timer.id) ||
        !tsr_find(start, "session", SESSION_MINTER_INTERFACE_ID, &init.session.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &init.capabilities.id)) {
        fail(&init, tsr_text_of("job, timer, session, capabilities"), "were not granted", NULL);
    }
    tsr_find(start, "ports", IO_PORTS_INTERFACE_ID, &init.ports.id);
    tsr_find(start, "interrupts", INTERRUPT_INTERFACE_ID, &init.lines.id);
    flags_tell(&init);
    struct capnp_exception exception;
    if (!tsr_spawner_open(&init.spawner, start, &exception)) {
        fail(&init, tsr_text_of("package"), "cannot be read", &exception);
    }
    manifest_open(&init);
    programs_job_make(&init);
    callers_make(&init);
    endpoints_make(&init);
    memories_make(&init);
    if (!job_make_endpoint(init.job, CONTROL_MESSAGE_MAX, 0, &init.control, &exception)) {
        fail(&init, tsr_text_of("System"), "cannot be served", &exception);
    }
    manifest_check(&init);
    programs_start(&init);
    manifest_check(&init);
    if (!programs_are_over(&init)) {
        control_serve(&init);
    }
    programs_end(&init);
    return programs_tell(&init) ? 0 : 1;
}

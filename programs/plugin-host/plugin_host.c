// SPDX-License-Identifier: Apache-2.0
//
// The plugin host: see README.md. It serves a StdIO to each plugin: lines of the document come in,
// the plugin's words go out, each behind its name; the facet says which methods it has. One plugin
// runs at a time; a timer ends one that doesn't.
#include <string.h>

#include "runtime/service/service.h"
#include "runtime/session.h"

#include "schema/kernel.capnp.h"
#include "schema/launcher.capnp.h"
#include "schema/terminal.capnp.h"

enum { ROWS_MAX = 6, LIMIT_NS = 1000000000, READ = 1 << STD_IO_READ_LINE };
enum { WRITE_LINE = 1 << STD_IO_WRITE_LINE };

// What each plugin may do with its StdIO: the interface is the permission.
static const struct plugin {
    const char *name;
    uint64_t methods;
} plugins[] = {
    {"count", READ | WRITE_LINE}, {"shout", READ | WRITE_LINE}, {"hostile", READ | WRITE_LINE}};
enum { PLUGINS = sizeof plugins / sizeof plugins[0] };

static const char *const document[] = {"a capability is a key and a right in one",
                                       "who holds none can ask for nothing",
                                       "and what is lent can be taken back"};
enum { DOCUMENT_LINES = sizeof document / sizeof document[0] };

static struct host {
    struct tsr_service service;
    struct std_io stdio; // of whoever runs the host
    struct launcher launcher;
    struct capability_manager capabilities;
    struct timer timer;
    struct endpoint server;
    // The plugin that runs.
    uint32_t plugin, line, rows;
    bool is_late;
    struct task task;
    struct revoker revoker;
    struct capnp_call wait;
    struct tsr_awaited awaited;
    struct tsr_timer limit;
} host;

static void say(const char *who, const char *between, struct capnp_text text)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, who);
    tsr_line_text(&line, between);
    tsr_line_bytes(&line, text.data, text.size);
    if (!std_io_write_line(host.stdio, tsr_line_of(&line), &exception) &&
        exception.type == CAPNP_EXCEPTION_DISCONNECTED) {
        tsr_exit(1); // nobody reads any more
    }
}

// ---- What a plugin has ----

static bool is_present(struct capnp_exception *exception)
{
    if (host.service.current->receiver_data == host.plugin) {
        return true;
    }
    capnp_exception_set(exception, CAPNP_EXCEPTION_DISCONNECTED, 0, "this plugin's time is over");
    return false;
}

static bool on_read_line(void *self, struct std_io_read_line_params_reader params,
                         struct std_io_read_line_results_builder results,
                         struct capnp_exception *exception)
{
    (void)self;
    (void)params;
    if (!is_present(exception)) {
        return false;
    }
    if (host.line == DOCUMENT_LINES) {
        std_io_read_line_results_set_end(results, LINE_END_END_OF_INPUT);
        return true;
    }
    const char *line = document[host.line++];
    std_io_read_line_results_set_line(
        results, (struct capnp_data){(const uint8_t *)line, (uint32_t)strlen(line)});
    std_io_read_line_results_set_end(results, LINE_END_LINE);
    return true;
}

static bool on_write_line(void *self, struct std_io_write_line_params_reader params,
                          struct std_io_write_line_results_builder results,
                          struct capnp_exception *exception)
{
    (void)self;
    (void)results;
    if (!is_present(exception)) {
        return false;
    }
    if (host.rows == ROWS_MAX) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_OVERLOADED, ROWS_MAX,
                            "a plugin has six rows");
        return false;
    }
    host.rows++;
    say("  ", "", std_io_write_line_params_get_text(params));
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct std_io_server methods = {.read_line = on_read_line,
                                                 .write_line = on_write_line};
    return std_io_dispatch(&methods, self, method, request, response, exception);
}

// ---- One plugin after the other ----

static void plugin_begin(void);

static void late(void *context)
{
    struct capnp_exception ignored; // it ended meanwhile
    (void)context;
    host.is_late = task_kill(host.task, &ignored);
}

static void ended(void *context, struct capnp_call *call)
{
    struct task_wait_results_reader results;
    struct capnp_exception exception;
    struct tsr_line how = {0};
    (void)context;
    if (!task_wait_finish(call, &results, &exception)) {
        tsr_line_exception(&how, &exception);
    } else if (host.is_late) {
        tsr_line_text(&how, "did not end in time, and was killed");
    } else {
        tsr_line_text(&how, "ended: code ");
        tsr_line_signed(&how, task_wait_results_get_code(results));
    }
    capnp_call_end(call);
    tsr_timer_clear(&host.service, &host.limit);
    revoker_revoke(host.revoker, &exception);
    tsr_release(host.revoker.id);
    tsr_release(host.task.id);
    say(plugins[host.plugin].name, " ", tsr_line_of(&how));
    host.plugin++;
    if (host.plugin == PLUGINS) {
        tsr_service_stop(&host.service, 0);
    } else {
        plugin_begin();
    }
}

// Starts it with a StdIO of its own, and nothing else.
static bool plugin_start(const struct plugin *plugin, struct capnp_cap stdio,
                         struct capnp_exception *exception)
{
    const struct tsr_call_options options = {.disclose = TSR_ACT_FOR_ME};
    struct capnp_call call;
    struct launcher_start_params_builder params;
    struct launcher_start_results_reader results;
    if (!launcher_start_begin(host.launcher, &call, &params, exception)) {
        return false;
    }
    launcher_start_params_set_program(params, tsr_text_of("plugin"));
    launcher_start_params_set_arguments(params, tsr_text_of(plugin->name));
    struct grant_builder grant = grant_builder_at(launcher_start_params_init_grants(params, 1), 0);
    grant_set_name(grant, tsr_text_of("stdio"));
    grant_set_capability(grant, stdio);
    bool is_started = tsr_call_send(&call, &options, exception) &&
                      launcher_start_finish(&call, &results, exception);
    if (is_started) {
        host.task = launcher_start_results_get_task(results);
    }
    capnp_call_end(&call);
    return is_started;
}

static void plugin_begin(void)
{
    const struct plugin *plugin = &plugins[host.plugin];
    struct capnp_cap stdio;
    struct capnp_exception exception;
    struct task_wait_params_builder params;
    uint64_t now = 0;
    host.line = host.rows = 0;
    host.is_late = false;
    bool is_made = capability_manager_facet(host.capabilities, (struct capnp_cap){host.server.id},
                                            plugin->methods, STD_IO_INTERFACE_ID, host.plugin, 0, 0,
                                            &stdio, &host.revoker, &exception);
    is_made = is_made && plugin_start(plugin, stdio, &exception);
    tsr_release(stdio.id);
    is_made = is_made && task_wait_begin(host.task, &host.wait, &params, &exception) &&
              capnp_call_send(&host.wait, &exception) && timer_now(host.timer, &now, &exception);
    tsr_must(is_made, "plugin-host: cannot start a plugin: ", &exception);
    host.awaited = (struct tsr_awaited){.done = ended};
    host.limit = (struct tsr_timer){.due = late};
    tsr_service_await(&host.service, &host.awaited, &host.wait);
    tsr_timer_set(&host.service, &host.limit, now + LIMIT_NS);
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    struct job job;
    if (!tsr_find(start, "stdio", STD_IO_INTERFACE_ID, &host.stdio.id)) {
        return 2;
    }
    if (!tsr_find(start, "launcher", LAUNCHER_INTERFACE_ID, &host.launcher.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &host.capabilities.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &host.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &job.id)) {
        say("plugin-host: ", "", tsr_text_of("needs launcher, capabilities, timer and job"));
        return 1;
    }
    bool is_made = job_make_endpoint(job, 640, 0, &host.server, &exception);
    const struct tsr_service_options options = {.server = host.server.id,
                                                .interface = STD_IO_INTERFACE_ID,
                                                .message_max = 640,
                                                .dispatch = dispatch,
                                                .timer = host.timer.id};
    is_made = is_made && tsr_service_start(&host.service, &options, &exception);
    tsr_must(is_made, "plugin-host: cannot serve: ", &exception);
    plugin_begin();
    return tsr_service_serve(&host.service, &exception) ? 0 : 1;
}

// SPDX-License-Identifier: Apache-2.0
//
// The restricted launcher: see README.md and abi/schema/launcher.capnp. A task is a program that
// was started; it is named by its place and its generation, which are the receiver data of its
// facets. Ends are learnt from Job.nextExit of a job above all tasks: two such calls are always
// out, so that an end that comes while one is taken is not told to somebody else.

#include <string.h>

#include "abi/commit.h"
#include "abi/identity.h"
#include "runtime/ahead.h"
#include "runtime/service/service.h"
#include "runtime/session.h"
#include "runtime/spawn.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/launcher.capnp.h"

enum {
    PROGRAMS_MAX = 32,
    TASKS_MAX = 16,
    GRANTS_MAX = 12,
    ARGUMENTS_MAX = 256,
    SCRIPT_PART_MAX = 512,
    WAITERS_MAX = 3, // of all tasks: one request stays free for calls that end things
    WATCHES = 2,
    PRIORITY = 16,
    TASK_BITS = 8,
    PARTS = 4,        // a task's job gets a part of what is left
    PAGES_MAX = 1024, // pages of memory of a task
    SESSION_NAME_MAX = 63,
};

enum task_life { TASK_FREE, TASK_RUNS, TASK_OVER };

struct launched {
    enum task_life life;
    uint32_t generation;
    struct capnp_text program; // of the list
    uint64_t process;          // the number that names it
    uint64_t owner;            // the number of the launcher that it was started through
    struct process handle;
    struct job job;
    uint64_t started_ns;
    int32_t code;
    enum exit_cause cause;
    bool is_dropped; // nobody holds a facet of it any more
    // What the start's caller disclosed of its session.
    struct section {
        uint32_t size;
        char text[SESSION_NAME_MAX];
    } session, profile;
};

struct watch {
    struct capnp_call call;
    struct tsr_awaited awaited;
};

struct launcher_state {
    struct tsr_service service;
    struct tsr_spawner spawner;
    struct endpoint server;
    struct job job; // above all tasks
    struct capability_manager capabilities;
    struct session_minter callers; // acts for those who let it
    struct timer timer;
    struct notification bell; // calls that nobody waits for any more
    uint32_t program_count;
    struct listed {
        struct capnp_text name, uses;
    } programs[PROGRAMS_MAX];
    struct launched tasks[TASKS_MAX];
    uint64_t owners; // numbers of launchers of somebody's own that were made; 0 is everybody's
    struct {
        struct tsr_request *request;
        uint32_t task;
    } waiters[WAITERS_MAX];
    struct watch watches[WATCHES];
    // Who runs a program first is not to wait for its checksum: it is compared when the prompt is
    // there, in small steps.
    struct capnp_text names[PROGRAMS_MAX];
    struct tsr_ahead ahead;
    struct tsr_timer rested;
    struct tsr_task checks;
};

static const uint64_t rest_ns = 1000000000; // others start meanwhile

static struct launcher_state launcher;
static char list[ARGUMENTS_MAX * 2];

static bool refuse(struct capnp_exception *exception, enum capnp_exception_type type,
                   const char *reason)
{
    capnp_exception_set(exception, type, 0, reason);
    return false;
}

static bool text_is(struct capnp_text left, struct capnp_text right)
{
    return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

// ---- Tasks ----

static uint64_t number_of(const struct launcher_state *self, uint32_t task)
{
    return (uint64_t)self->tasks[task].generation << TASK_BITS | task;
}

static uint32_t task_of(uint64_t number)
{
    return (uint32_t)number & ((1U << TASK_BITS) - 1);
}

// A place that is free, or that of the task which ended first and that nobody holds.
static bool task_place(struct launcher_state *self, uint32_t *place)
{
    bool is_found = false;
    for (uint32_t i = 0; i < TASKS_MAX; i++) {
        const struct launched *task = &self->tasks[i];
        if (task->life == TASK_FREE) {
            *place = i;
            return true;
        }
        if (task->life == TASK_OVER && task->is_dropped &&
            (!is_found || task->started_ns < self->tasks[*place].started_ns)) {
            *place = i;
            is_found = true;
        }
    }
    return is_found;
}

static void waiters_answer(struct launcher_state *self, uint32_t task)
{
    for (uint32_t i = 0; i < WAITERS_MAX; i++) {
        struct tsr_request *request = self->waiters[i].request;
        if (request != NULL && self->waiters[i].task == task) {
            self->waiters[i].request = NULL;
            struct task_wait_results_builder results =
                task_wait_results_build(tsr_request_response(request));
            task_wait_results_set_code(results, self->tasks[task].code);
            task_wait_results_set_cause(results, self->tasks[task].cause);
            tsr_request_answer(request);
        }
    }
}

static void task_end(struct launcher_state *self, uint64_t process, int32_t code,
                     enum exit_cause cause)
{
    for (uint32_t i = 0; i < TASKS_MAX; i++) {
        struct launched *task = &self->tasks[i];
        if (task->life == TASK_RUNS && task->process == process) {
            task->life = TASK_OVER;
            task->code = code;
            task->cause = cause;
            tsr_release(task->handle.id);
            tsr_release(task->job.id);
            waiters_answer(self, i);
        }
    }
}

// ---- Ends ----

static void watch_begin(struct launcher_state *self, struct watch *watch)
{
    struct job_next_exit_params_builder params;
    struct capnp_exception exception;
    if (!job_next_exit_begin(self->job, &watch->call, &params, &exception) ||
        !capnp_call_send(&watch->call, &exception)) {
        tsr_panic_because("launcher: cannot wait for its programs: ", &exception);
    }
    tsr_service_await(&self->service, &watch->awaited, &watch->call);
}

static void exit_told(void *context, struct capnp_call *call)
{
    struct launcher_state *self = &launcher;
    struct job_next_exit_results_reader results;
    struct capnp_exception exception;
    if (!job_next_exit_finish(call, &results, &exception)) {
        tsr_panic_because("launcher: cannot wait for its programs: ", &exception);
    }
    uint64_t process = job_next_exit_results_get_process(results);
    int32_t code = job_next_exit_results_get_code(results);
    enum exit_cause cause = job_next_exit_results_get_cause(results);
    capnp_call_end(call);
    watch_begin(self, context);
    task_end(self, process, code, cause);
}

// ---- Jobs ----

static bool limits_read(struct job job, uint32_t limits[2 * RESOURCE_COUNT], uint32_t *share,
                        struct capnp_exception *exception)
{
    struct capnp_call call;
    struct job_limits_params_builder params;
    struct job_limits_results_reader results;
    if (!job_limits_begin(job, &call, &params, exception)) {
        return false;
    }
    bool is_read =
        capnp_call_send(&call, exception) && job_limits_finish(&call, &results, exception);
    if (is_read) {
        struct capnp_data data = job_limits_results_get_limits(results);
        uint32_t size = 2 * RESOURCE_COUNT * sizeof limits[0];
        memset(limits, 0, size);
        memcpy(limits, data.data, data.size < size ? data.size : size);
        *share = job_limits_results_get_share(results);
    }
    capnp_call_end(&call);
    return is_read;
}

// A job with a part of what is left of another one.
static bool job_part(struct job parent, uint32_t parts, uint32_t pages_max, struct job *job,
                     struct capnp_exception *exception)
{
    uint32_t limits[2 * RESOURCE_COUNT];
    uint32_t share;
    if (!limits_read(parent, limits, &share, exception)) {
        return false;
    }
    for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
        uint32_t used = limits[RESOURCE_COUNT + i];
        uint32_t left = limits[i] > used ? limits[i] - used : 0;
        limits[i] = left / parts;
    }
    limits[RESOURCE_PAGES] =
        limits[RESOURCE_PAGES] < pages_max ? limits[RESOURCE_PAGES] : pages_max;
    struct capnp_data carved = {(const uint8_t *)limits, RESOURCE_COUNT * sizeof limits[0]};
    return job_child(parent, carved, PRIORITY, share / parts, false, job, exception);
}

// ---- Launcher ----

static bool on_programs(void *self, struct launcher_programs_params_reader params,
                        struct launcher_programs_results_builder results,
                        struct capnp_exception *exception)
{
    const struct launcher_state *state = self;
    uint32_t index = launcher_programs_params_get_index(params);
    (void)exception;
    launcher_programs_results_set_count(results, state->program_count);
    if (index < state->program_count) {
        launcher_programs_results_set_name(results, state->programs[index].name);
        launcher_programs_results_set_uses(results, state->programs[index].uses);
    }
    return true;
}

static bool on_script(void *self, struct launcher_script_params_reader params,
                      struct launcher_script_results_builder results,
                      struct capnp_exception *exception)
{
    struct launcher_state *state = self;
    const struct package_entry *entry;
    const uint8_t *bytes;
    struct capnp_text name = launcher_script_params_get_name(params);
    if (name.size == 0 ||
        !tsr_blob_open(&state->spawner, 1U << PACKAGE_SCRIPT, name, &entry, &bytes, exception)) {
        return refuse(exception, CAPNP_EXCEPTION_FAILED,
                      name.size == 0 || exception->status == STATUS_NAME_UNKNOWN
                          ? "the boot package has no script of this name"
                          : "it does not have the checksum that the boot package states");
    }
    uint32_t size = (uint32_t)entry->size;
    uint32_t offset = launcher_script_params_get_offset(params);
    offset = offset < size ? offset : size;
    uint32_t part = size - offset < SCRIPT_PART_MAX ? size - offset : SCRIPT_PART_MAX;
    launcher_script_results_set_size(results, size);
    launcher_script_results_set_data(results, (struct capnp_data){bytes + offset, part});
    return tsr_blob_close(&state->spawner, entry, exception);
}

static bool on_scripts(void *self, struct launcher_scripts_params_reader params,
                       struct launcher_scripts_results_builder results,
                       struct capnp_exception *exception)
{
    const struct package_table *table = ((struct launcher_state *)self)->spawner.table;
    uint32_t wanted = launcher_scripts_params_get_index(params);
    uint32_t count = 0;
    (void)exception;
    for (uint32_t i = 0; i < table->entry_count; i++) {
        const struct package_entry *entry = &table->entries[i];
        if (entry->kind == PACKAGE_SCRIPT && count++ == wanted) {
            launcher_scripts_results_set_name(results, tsr_text_of(entry->name));
        }
    }
    launcher_scripts_results_set_count(results, count);
    return true;
}

// A section of the caller's identity; nothing where it is not disclosed.
static void section_read(const struct launcher_state *self, uint32_t section, struct section *to)
{
    struct capnp_exception ignored;
    if (!tsr_identity_read(self->server, self->service.current->call_id, section, to->text,
                           sizeof to->text, &to->size, &ignored)) {
        to->size = 0;
    }
    to->size = to->size < sizeof to->text ? to->size : sizeof to->text;
}

static struct capnp_text section_text(const struct section *section)
{
    return (struct capnp_text){section->text, section->size};
}

static bool info_set(struct tsr_build *build, const struct launched *task,
                     struct capnp_text arguments, struct capnp_exception *exception)
{
    uint8_t bytes[TSR_INFO_MAX];
    struct capnp_builder message;
    capnp_builder_init(&message, bytes, sizeof bytes);
    struct start_info_builder start = start_info_build(&message);
    struct session_info_builder session = start_info_init_session(start);
    start_info_set_arguments(start, arguments);
    session_info_set_name(session, section_text(&task->session));
    session_info_set_profile(session, section_text(&task->profile));
    struct capnp_data info = {bytes, capnp_builder_size(&message)};
    return tsr_build_info(build, info, exception);
}

static bool build(struct tsr_build *build, const struct launched *task,
                  struct launcher_start_params_reader params, struct capnp_exception *exception)
{
    struct grant_reader_list grants = launcher_start_params_get_grants(params);
    if (!tsr_build_load(build, task->program, exception) ||
        !info_set(build, task, launcher_start_params_get_arguments(params), exception)) {
        return false;
    }
    for (uint32_t i = 0; i < grants.l.count; i++) {
        struct grant_reader grant = grant_reader_at(grants, i);
        if (grant_get_capability(grant).id == 0) {
            return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT,
                          "a grant brings no capability");
        }
        if (!tsr_build_grant(build, grant_get_name(grant), grant_get_capability(grant),
                             exception)) {
            return false;
        }
    }
    return true;
}

// A session in which the caller is acted for: it is over when the caller's is.
static bool session_of_caller(struct launcher_state *self, struct launched *task,
                              struct session_minter *session, struct capnp_exception *exception)
{
    if (!session_minter_from_call(self->callers, self->service.current->call_id, UINT64_MAX,
                                  session, exception)) {
        if (exception->status == STATUS_NOT_DISCLOSED) {
            refuse(exception, CAPNP_EXCEPTION_FAILED,
                   "a program acts for who starts it: let the launcher act for you");
        }
        return false;
    }
    section_read(self, IDENTITY_NAME, &task->session);
    section_read(self, IDENTITY_PROFILE, &task->profile);
    return true;
}

// A task in its place, that runs; nothing is left of one that doesn't.
static bool task_start(struct launcher_state *self, struct launched *task,
                       struct launcher_start_params_reader params,
                       struct capnp_exception *exception)
{
    struct tsr_build building;
    struct session_minter session;
    if (!job_part(self->job, PARTS, PAGES_MAX, &task->job, exception)) {
        return false;
    }
    if (!session_of_caller(self, task, &session, exception)) {
        tsr_release(task->job.id);
        return false;
    }
    bool is_open = tsr_build_open_for(&building, &self->spawner, session, task->job, exception);
    tsr_release(session.id); // the process keeps it
    if (is_open && build(&building, task, params, exception)) {
        task->process = building.process;
        if (tsr_build_start(&building, &task->handle, exception)) {
            return true;
        }
    }
    tsr_build_drop(&building);
    tsr_release(task->job.id);
    return false;
}

// A facet for the caller at hand.
static bool facet_make(struct launcher_state *self, uint64_t interface, uint64_t methods,
                       uint64_t number, struct capnp_cap *facet, struct capnp_exception *exception)
{
    struct revoker revoker;
    if (!capability_manager_facet(self->capabilities, (struct capnp_cap){self->server.id}, methods,
                                  interface, number, 0, 0, facet, &revoker, exception)) {
        return false;
    }
    tsr_release(revoker.id);
    tsr_request_give(self->service.current, facet->id);
    return true;
}

static bool listed(const struct launcher_state *self, struct capnp_text name, uint32_t *index)
{
    for (*index = 0; *index < self->program_count; ++*index) {
        if (text_is(self->programs[*index].name, name)) {
            return true;
        }
    }
    return false;
}

static bool start_check(struct launcher_state *self, struct launcher_start_params_reader params,
                        uint32_t *program, uint32_t *place, struct capnp_exception *exception)
{
    if (launcher_start_params_get_grants(params).l.count > GRANTS_MAX) {
        return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, "at most 12 grants");
    }
    if (launcher_start_params_get_arguments(params).size > ARGUMENTS_MAX) {
        return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT,
                      "arguments have at most 256 bytes");
    }
    if (!listed(self, launcher_start_params_get_program(params), program)) {
        return refuse(exception, CAPNP_EXCEPTION_FAILED,
                      "it is not on this launcher's list; `programs` shows it");
    }
    if (!task_place(self, place)) {
        return refuse(exception, CAPNP_EXCEPTION_OVERLOADED,
                      "16 programs are known; wait for one, and release it");
    }
    return true;
}

static bool on_start(void *context, struct launcher_start_params_reader params,
                     struct launcher_start_results_builder results,
                     struct capnp_exception *exception)
{
    struct launcher_state *self = context;
    struct capnp_cap facet;
    uint32_t program;
    uint32_t place;
    if (!start_check(self, params, &program, &place, exception)) {
        return false;
    }
    struct launched *task = &self->tasks[place];
    *task =
        (struct launched){.program = self->programs[program].name,
                          .owner = self->service.current->receiver_data,
                          .generation = (task->generation + 1) & (UINT32_MAX >> (TASK_BITS + 1))};
    if (self->timer.id != 0 && !timer_now(self->timer, &task->started_ns, exception)) {
        return false;
    }
    if (!facet_make(self, TASK_INTERFACE_ID, (1U << (TASK_KILL + 1)) - 1, number_of(self, place),
                    &facet, exception) ||
        !task_start(self, task, params, exception)) {
        if (exception->reason[0] == 0) { // what the runtime or the kernel found
            capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, exception->detail,
                                tsr_fact_text(exception->status));
        }
        return false;
    }
    task->life = TASK_RUNS;
    launcher_start_results_set_task(results, (struct task){facet.id});
    launcher_start_results_set_number(results, (uint32_t)number_of(self, place));
    return true;
}

static uint32_t pages_of(const struct launched *task)
{
    uint32_t limits[2 * RESOURCE_COUNT];
    uint32_t share;
    struct capnp_exception ignored;
    bool is_read = task->life == TASK_RUNS && limits_read(task->job, limits, &share, &ignored);
    return is_read ? limits[RESOURCE_COUNT + RESOURCE_PAGES] : 0;
}

static bool on_tasks(void *context, struct launcher_tasks_params_reader params,
                     struct launcher_tasks_results_builder results,
                     struct capnp_exception *exception)
{
    const struct launcher_state *self = context;
    uint32_t wanted = launcher_tasks_params_get_index(params);
    uint32_t count = 0;
    (void)exception;
    for (uint32_t i = 0; i < TASKS_MAX; i++) {
        const struct launched *task = &self->tasks[i];
        bool is_owned = task->owner == self->service.current->receiver_data;
        if (task->life != TASK_FREE && is_owned && count++ == wanted) {
            launcher_tasks_results_set_number(results, (uint32_t)number_of(self, i));
            launcher_tasks_results_set_program(results, task->program);
            launcher_tasks_results_set_process(results, task->process);
            launcher_tasks_results_set_state(results, task->life == TASK_RUNS ? TASK_STATE_RUNNING
                                                                              : TASK_STATE_ENDED);
            launcher_tasks_results_set_code(results, task->code);
            launcher_tasks_results_set_cause(results, task->cause);
            launcher_tasks_results_set_started_at(results, task->started_ns);
            launcher_tasks_results_set_pages(results, pages_of(task));
            launcher_tasks_results_set_session(results, section_text(&task->session));
        }
    }
    launcher_tasks_results_set_count(results, count);
    return true;
}

static bool on_own(void *context, struct launcher_own_params_reader params,
                   struct launcher_own_results_builder results, struct capnp_exception *exception)
{
    struct launcher_state *self = context;
    struct capnp_cap facet;
    (void)params;
    if (!facet_make(self, LAUNCHER_INTERFACE_ID, (1U << (LAUNCHER_SCRIPTS + 1)) - 1,
                    self->owners + 1, &facet, exception)) {
        return false;
    }
    self->owners++;
    launcher_own_results_set_launcher(results, (struct launcher){facet.id});
    return true;
}

// ---- Task ----

static struct launched *task_called(struct launcher_state *self, struct capnp_exception *exception)
{
    uint64_t number = self->service.current->receiver_data;
    uint32_t place = task_of(number);
    if (place < TASKS_MAX && self->tasks[place].life != TASK_FREE &&
        number == number_of(self, place)) {
        return &self->tasks[place];
    }
    refuse(exception, CAPNP_EXCEPTION_DISCONNECTED, "this program is forgotten");
    return NULL;
}

static bool on_wait(void *context, struct task_wait_params_reader params,
                    struct task_wait_results_builder results, struct capnp_exception *exception)
{
    struct launcher_state *self = context;
    const struct launched *task = task_called(self, exception);
    (void)params;
    if (task == NULL) {
        return false;
    }
    if (task->life == TASK_OVER) {
        task_wait_results_set_code(results, task->code);
        task_wait_results_set_cause(results, task->cause);
        return true;
    }
    for (uint32_t i = 0; i < WAITERS_MAX; i++) {
        if (self->waiters[i].request == NULL) {
            self->waiters[i].request = self->service.current;
            self->waiters[i].task = (uint32_t)(task - self->tasks);
            tsr_request_defer(self->service.current);
            return true;
        }
    }
    return refuse(exception, CAPNP_EXCEPTION_OVERLOADED, "three wait already; ask again later");
}

static bool on_kill(void *context, struct task_kill_params_reader params,
                    struct task_kill_results_builder results, struct capnp_exception *exception)
{
    struct launcher_state *self = context;
    const struct launched *task = task_called(self, exception);
    (void)params;
    (void)results;
    return task != NULL && (task->life != TASK_RUNS || job_kill(task->job, exception));
}

static void cancelled(void *context, struct tsr_request *request)
{
    struct launcher_state *self = context;
    struct capnp_exception exception;
    for (uint32_t i = 0; i < WAITERS_MAX; i++) {
        if (self->waiters[i].request == request) {
            self->waiters[i].request = NULL;
            refuse(&exception, CAPNP_EXCEPTION_DISCONNECTED, "nobody waits");
            tsr_request_refuse(request, &exception);
        }
    }
}

static void dropped(void *context, uint64_t interface, uint64_t number)
{
    struct launcher_state *self = context;
    uint32_t place = task_of(number);
    if (interface == TASK_INTERFACE_ID && place < TASKS_MAX && number == number_of(self, place)) {
        self->tasks[place].is_dropped = true;
    }
    for (uint32_t i = 0; interface == LAUNCHER_INTERFACE_ID && number != 0 && i < TASKS_MAX; i++) {
        struct capnp_exception ignored; // it ended meanwhile
        if (self->tasks[i].life == TASK_RUNS && self->tasks[i].owner == number) {
            job_kill(self->tasks[i].job, &ignored);
        }
    }
}

static bool dispatch(void *context, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct launcher_server launches = {.programs = on_programs,
                                                    .start = on_start,
                                                    .tasks = on_tasks,
                                                    .own = on_own,
                                                    .script = on_script,
                                                    .scripts = on_scripts};
    static const struct task_server tasks = {.wait = on_wait, .kill = on_kill};
    const struct launcher_state *self = context;
    if (self->service.current->interface == TASK_INTERFACE_ID) {
        return task_dispatch(&tasks, context, method, request, response, exception);
    }
    if (self->service.current->interface == LAUNCHER_INTERFACE_ID) {
        return launcher_dispatch(&launches, context, method, request, response, exception);
    }
    return refuse(exception, CAPNP_EXCEPTION_UNIMPLEMENTED,
                  "this server does not serve that interface");
}

// ---- The beginning ----

// A word of the list: `hello`, `hello{console:DebugConsole,timer:Timer}`.
static struct listed listed_read(const char *word, uint32_t size)
{
    struct listed program = {.name = {word, 0}, .uses = {"", 0}};
    uint32_t at = 0;
    while (at < size && word[at] != '{') {
        at++;
    }
    program.name.size = at;
    if (at != size) {
        if (word[size - 1] != '}') {
            tsr_panic("launcher: its list has a { without its } in one word");
        }
        program.uses = (struct capnp_text){word + at + 1, size - at - 2};
    }
    return program;
}

static void programs_read(const struct start *start)
{
    struct capnp_message info;
    tsr_start_info(start, &info);
    struct capnp_text text = start_info_get_arguments(start_info_read(&info));
    uint32_t size = text.size < sizeof list ? text.size : (uint32_t)sizeof list;
    memcpy(list, text.data, size);
    for (uint32_t at = 0; at < size; at++) {
        uint32_t from = at;
        while (at < size && list[at] != ' ') {
            at++;
        }
        if (at == from) {
            continue;
        }
        if (launcher.program_count == PROGRAMS_MAX) {
            tsr_panic("launcher: its list has more than 32 programs");
        }
        launcher.programs[launcher.program_count++] = listed_read(list + from, at - from);
    }
}

static void checks_begin(void *context)
{
    struct launcher_state *self = context;
    tsr_task_start(&self->service, &self->checks);
}

static void checks_plan(struct launcher_state *self)
{
    struct capnp_exception ignored; // at the first use, then
    uint64_t now;
    for (uint32_t i = 0; i < self->program_count; i++) {
        self->names[i] = self->programs[i].name;
    }
    self->ahead = (struct tsr_ahead){
        .spawner = &self->spawner, .names = self->names, .count = self->program_count};
    self->checks = (struct tsr_task){.step = tsr_ahead_step, .context = &self->ahead};
    self->rested = (struct tsr_timer){.due = checks_begin, .context = self};
    if (self->timer.id != 0 && timer_now(self->timer, &now, &ignored)) {
        tsr_timer_set(&self->service, &self->rested, now + rest_ns);
    }
}

static void grants_find(struct start *start)
{
    struct capnp_exception exception;
    struct job job;
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &launcher.server.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &job.id) ||
        !tsr_find(start, "callers", SESSION_MINTER_INTERFACE_ID, &launcher.callers.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID,
                  &launcher.capabilities.id)) {
        tsr_panic("launcher: server, job, callers or capabilities was not granted");
    }
    tsr_find(start, "timer", TIMER_INTERFACE_ID, &launcher.timer.id);
    if (!tsr_spawner_open(&launcher.spawner, start, &exception) ||
        !job_part(job, 2, UINT32_MAX, &launcher.job, &exception) ||
        !job_make_notification(job, &launcher.bell, &exception)) {
        tsr_panic_because("launcher: cannot make programs: ", &exception);
    }
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    grants_find(start);
    programs_read(start);
    const struct tsr_service_options options = {.server = launcher.server.id,
                                                .message_max = 640,
                                                .requests = TSR_REQUESTS_MAX,
                                                .dispatch = dispatch,
                                                .self = &launcher,
                                                .dropped = dropped,
                                                .cancelled = cancelled,
                                                .timer = launcher.timer.id,
                                                .bell = launcher.bell.id};
    if (!tsr_service_start(&launcher.service, &options, &exception)) {
        tsr_panic_because("launcher: cannot start: ", &exception);
    }
    checks_plan(&launcher);
    for (uint32_t i = 0; i < WATCHES; i++) {
        launcher.watches[i].awaited =
            (struct tsr_awaited){.done = exit_told, .context = &launcher.watches[i]};
        watch_begin(&launcher, &launcher.watches[i]);
    }
    if (!tsr_service_serve(&launcher.service, &exception)) {
        tsr_panic_because("launcher: cannot serve: ", &exception);
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// The simulated machine: a heap of events to come, and for each action what it leads to.
#include "system/init/world/world.h"

#include <string.h>

// splitmix64 (Steele, Lea and Flood, 2014).
uint64_t world_random(struct world *world)
{
    uint64_t word = world->random += 0x9e3779b97f4a7c15u;

    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

void world_init(struct world *world, struct manager *manager, uint64_t seed)
{
    memset(world, 0, sizeof(*world));
    world->manager = manager;
    world->random = seed;
    world->boot_attempts = 1;
}

// --- Events to come -----------------------------------------------------------------------------

static bool is_before(const struct world_event *left, const struct world_event *right)
{
    return left->at_ns != right->at_ns ? left->at_ns < right->at_ns : left->number < right->number;
}

static void swap(struct world *world, uint32_t left, uint32_t right)
{
    struct world_event event = world->events[left];

    world->events[left] = world->events[right];
    world->events[right] = event;
}

static struct world_event *later(struct world *world, uint64_t after_ns, const struct event *event)
{
    static struct world_event lost;

    if (world->event_count == WORLD_EVENTS_MAX) {
        world->events_dropped++;
        return &lost;
    }
    uint32_t place = world->event_count++;
    struct world_event *new = &world->events[place];
    new->at_ns = world->now_ns + after_ns;
    if (world->latency_ms != 0) {
        new->at_ns += world_below(world, world->latency_ms * NS_PER_MS);
    }
    new->number = world->event_number++;
    new->event = *event;
    new->needs_process = new->is_snapshot = false;
    struct phrase text = phrase_in(new->text, sizeof(new->text));
    phrase_put(&text, event->text != NULL ? event->text : "");
    while (place > 0 && is_before(&world->events[place], &world->events[(place - 1) / 2])) {
        swap(world, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
    return &world->events[place];
}

static struct world_event take(struct world *world)
{
    struct world_event first = world->events[0];
    uint32_t place = 0;

    world->events[0] = world->events[--world->event_count];
    for (;;) {
        uint32_t least = place;
        for (uint32_t child = 2 * place + 1; child <= 2 * place + 2; child++) {
            if (child < world->event_count &&
                is_before(&world->events[child], &world->events[least])) {
                least = child;
            }
        }
        if (least == place) {
            return first;
        }
        swap(world, place, least);
        place = least;
    }
}

void world_later(struct world *world, uint64_t after_ns, const struct event *event)
{
    (void)later(world, after_ns, event);
}

// --- What actions lead to -----------------------------------------------------------------------

static void process_later(struct world *world, uint64_t after_ms, const struct event *event)
{
    later(world, after_ms * NS_PER_MS, event)->needs_process = true;
}

static void notify_later(struct world *world, uint64_t after_ms, uint16_t slot, uint32_t job,
                         enum notify_kind kind, uint64_t value)
{
    const struct behaviour *behaviour = &world->behaviours[slot];
    struct event event = {.kind = EVENT_NOTIFY,
                          .service = slot,
                          .job = job,
                          .activation = world->manager->services[slot].activation,
                          .part = kind,
                          .value = value,
                          .text = "busy"};

    process_later(world, after_ms, &event);
    if (behaviour->is_liar) {
        process_later(world, after_ms + world_below(world, 50), &event);
        event.part = (uint32_t)world_below(world, NOTIFY_KINDS);
        event.value = world_random(world) >> world_below(world, 64);
        process_later(world, after_ms + world_below(world, 5000), &event);
        event.activation -= (uint32_t)world_below(world, 3);
        world_later(world, world_below(world, 5000) * NS_PER_MS, &event);
    }
}

static void process_begin(struct world *world, const struct action *action)
{
    uint16_t slot = action->service;
    const struct behaviour *behaviour = &world->behaviours[slot];
    const struct definition *definition = action->definition;
    struct event end = {.kind = EVENT_EXIT,
                        .job = action->job,
                        .status = behaviour->exit_code,
                        .is_fault = behaviour->is_fault};

    world->processes[action->job & INDEX_MASK] = action->job;
    if (definition_number(definition, FIELD_TYPE) == TYPE_ONESHOT) {
        if (behaviour->ready_ms != WORLD_NEVER) {
            process_later(world, 1 + (behaviour->ends_ms != 0 ? behaviour->ends_ms : 10), &end);
        }
        return;
    }
    if (behaviour->ready_ms != WORLD_NEVER) {
        notify_later(world, 1 + behaviour->ready_ms, slot, action->job, NOTIFY_READY, 0);
        notify_later(world, 1 + behaviour->ready_ms, slot, action->job, NOTIFY_STATUS, 0);
    }
    if (behaviour->watchdog_ms != 0) {
        notify_later(world, 1 + behaviour->watchdog_ms, slot, action->job, NOTIFY_WATCHDOG, 0);
    }
    if (behaviour->ends_ms != 0 && world_below(world, 100) < behaviour->crash_percent) {
        process_later(world, 1 + behaviour->ends_ms, &end);
    }
}

static void do_step(struct world *world, const struct action *action)
{
    const struct behaviour *behaviour = &world->behaviours[action->service];
    bool is_chosen = behaviour->failing_step == action->part + 1;
    struct event answer = {.kind = EVENT_STEP,
                           .job = action->job,
                           .part = action->part,
                           .status = is_chosen ? -2 : 0,
                           .text = is_chosen ? "not found" : ""};

    if (is_chosen && behaviour->is_step_silent) {
        return;
    }
    world_later(world, NS_PER_MS, &answer);
    if (action->part == STEP_RUN && !is_chosen) {
        process_begin(world, action);
    }
}

static void do_run(struct world *world, const struct action *action)
{
    const struct job *job = manager_job(world->manager, action->job);
    bool is_of_service = action->service != NO_SERVICE && job != NULL;
    const struct behaviour *behaviour =
        is_of_service ? &world->behaviours[action->service] : &world->behaviours[0];
    struct event end = {.kind = EVENT_EXIT, .job = action->job};
    bool is_hook = is_of_service && job->type != JOB_HEALTH_CHECK;

    if (is_hook && behaviour->hook_fails) {
        end.status = 1;
    }
    if (is_of_service && job->type == JOB_HEALTH_CHECK && behaviour->health_fails_from != 0 &&
        ++world->health_checks[action->service] >= behaviour->health_fails_from) {
        end.status = 1;
    }
    world->processes[action->job & INDEX_MASK] = action->job;
    world_later(world, NS_PER_MS,
                &(struct event){.kind = EVENT_STEP, .job = action->job, .part = STEP_RUN});
    if (!(is_hook && behaviour->hook_hangs)) {
        process_later(world, 5, &end);
    }
}

static void do_kill(struct world *world, const struct action *action)
{
    bool is_of_service = action->service != NO_SERVICE;

    if (is_of_service && world->behaviours[action->service].is_unkillable) {
        return;
    }
    if (world->processes[action->job & INDEX_MASK] == action->job) {
        world_later(
            world, NS_PER_MS,
            &(struct event){.kind = EVENT_EXIT, .job = action->job, .status = 9, .is_fault = true});
    }
    world->processes[action->job & INDEX_MASK] = 0;
    world_later(world, 2 * NS_PER_MS, &(struct event){.kind = EVENT_RECLAIMED, .job = action->job});
}

static void do_stop_request(struct world *world, const struct action *action)
{
    const struct behaviour *behaviour = &world->behaviours[action->service];

    if (behaviour->stop_ms != WORLD_NEVER) {
        process_later(world, 1 + behaviour->stop_ms,
                      &(struct event){.kind = EVENT_EXIT, .job = action->job});
    }
}

static void do_reload_request(struct world *world, const struct action *action)
{
    if (world->behaviours[action->service].confirms_reload) {
        notify_later(world, 10, action->service, action->job, NOTIFY_RELOADING, 0);
        notify_later(world, 60, action->service, action->job, NOTIFY_READY, 0);
    }
}

static void do_phase(struct world *world, const struct action *action)
{
    bool is_failing = world->failing_phase == action->part + 1;
    struct event answer = {.kind = EVENT_PHASE,
                           .part = action->part,
                           .status = is_failing,
                           .text = is_failing ? "the device does not answer" : ""};

    if (action->part == PHASE_ONE_ATTEMPT) {
        answer.value = world->boot_attempts;
    } else if (action->part == PHASE_ONE_STORAGE) {
        answer.value = world->is_diskless;
    } else if (action->part == PHASE_ONE_CLOCK) {
        answer.value = 1700000000;
    }
    if (world->silent_phase != action->part + 1) {
        world_later(world, NS_PER_MS, &answer);
    }
}

static void do_snapshot(struct world *world, const struct action *action)
{
    (void)action;
    struct event answer = {.kind = EVENT_SNAPSHOT, .status = world->is_snapshot_failing};
    later(world, NS_PER_MS, &answer)->is_snapshot = !world->is_snapshot_failing;
}

static void do_check(struct world *world, const struct action *action)
{
    const struct behaviour *behaviour = &world->behaviours[action->service];
    struct event answer = {.kind = EVENT_CHECKED,
                           .service = action->service,
                           .activation = action->activation,
                           .value = behaviour->false_conditions};

    if (!behaviour->is_check_silent) {
        world_later(world, NS_PER_MS, &answer);
    }
}

static void do_last(struct world *world, const struct action *action)
{
    world_later(
        world, NS_PER_MS,
        &(struct event){.kind = EVENT_DONE, .part = action->kind, .service = action->service});
}

static void do_sink(struct world *world, const struct action *action)
{
    world_later(world, NS_PER_MS,
                &(struct event){
                    .kind = EVENT_SINK_TAKEN, .part = action->kind == ACTION_AUDIT, .value = 1});
}

static void do_halt(struct world *world, const struct action *action)
{
    world->is_halted = true;
    world->halt = (enum halt_kind)action->part;
}

static void do_counter_reset(struct world *world, const struct action *action)
{
    (void)action;
    world->is_counter_reset = true;
}

static void do_recovery(struct world *world, const struct action *action)
{
    (void)action;
    world->is_recovery = true;
}

static void actions_do(struct world *world)
{
    static void (*const doers[ACTION_KINDS])(struct world *, const struct action *) = {
        [ACTION_PHASE] = do_phase,
        [ACTION_SNAPSHOT] = do_snapshot,
        [ACTION_CHECK] = do_check,
        [ACTION_STEP] = do_step,
        [ACTION_RUN] = do_run,
        [ACTION_STOP_REQUEST] = do_stop_request,
        [ACTION_RELOAD_REQUEST] = do_reload_request,
        [ACTION_KILL] = do_kill,
        [ACTION_OUTPUT] = do_sink,
        [ACTION_AUDIT] = do_sink,
        [ACTION_COUNTER_RESET] = do_counter_reset,
        [ACTION_RECOVERY_SHELL] = do_recovery,
        [ACTION_UNMOUNT] = do_last,
        [ACTION_FLUSH] = do_last,
        [ACTION_HALT] = do_halt,
    };

    for (uint32_t i = 0; i < world->actions.count; i++) {
        const struct action *action = &world->actions.list[i];
        if (world->see_action != NULL) {
            world->see_action(world->context, action);
        }
        if (doers[action->kind] != NULL) {
            doers[action->kind](world, action);
        }
    }
}

// --- Time ---------------------------------------------------------------------------------------

void world_step(struct world *world, const struct event *event)
{
    world->steps++;
    manager_step(world->manager, event, world->now_ns, &world->actions);
    actions_do(world);
    if (world->see_step != NULL) {
        world->see_step(world->context, event);
    }
}

void world_event(struct world *world, const struct event *event)
{
    static const struct event more = {.kind = EVENT_CONTINUE};

    world_step(world, event);
    while (manager_has_work(world->manager, world->now_ns)) {
        world_step(world, &more);
    }
}

void world_boot(struct world *world, uint64_t flags)
{
    world_event(world, &(struct event){.kind = EVENT_BOOT, .value = flags});
}

bool world_crash(struct world *world, uint16_t slot, int32_t code, bool is_fault)
{
    uint16_t index = world->manager->services[slot].main_job;

    if (index == NO_JOB || world->processes[index] != world->manager->jobs[index].serial) {
        return false;
    }
    world->processes[index] = 0;
    world_event(world, &(struct event){.kind = EVENT_EXIT,
                                       .job = world->manager->jobs[index].serial,
                                       .status = code,
                                       .is_fault = is_fault});
    return true;
}

static void deliver(struct world *world)
{
    struct world_event first = take(world);
    uint32_t index = first.event.job & INDEX_MASK;

    if (first.needs_process) {
        if (index >= JOBS_MAX || world->processes[index] != first.event.job) {
            return;
        }
        if (first.event.kind == EVENT_EXIT) {
            world->processes[index] = 0;
        }
    }
    first.event.text = first.text;
    if (first.is_snapshot && world->stage != NULL) {
        world->stage(world->context, &world->manager->catalogue);
    }
    world_event(world, &first.event);
    uint16_t slot = first.event.service;
    if (first.event.kind == EVENT_NOTIFY && first.event.part == NOTIFY_WATCHDOG &&
        first.needs_process && world->behaviours[slot].watchdog_ms != 0 &&
        !world->behaviours[slot].is_liar) {
        notify_later(world, world->behaviours[slot].watchdog_ms, slot, first.event.job,
                     NOTIFY_WATCHDOG, 0);
    }
}

void world_run(struct world *world, uint64_t until_ns)
{
    static const struct event due = {.kind = EVENT_TIME};

    while (!world->is_halted) {
        uint64_t deadline = manager_deadline(world->manager);
        uint64_t next = world->event_count > 0 ? world->events[0].at_ns : UINT64_MAX;
        uint64_t first = deadline < next ? deadline : next;
        if (first > until_ns) {
            break;
        }
        world->now_ns = first > world->now_ns ? first : world->now_ns;
        if (next <= deadline) {
            deliver(world);
        } else {
            world_event(world, &due);
        }
    }
    if (!world->is_halted && world->now_ns < until_ns) {
        world->now_ns = until_ns;
    }
}

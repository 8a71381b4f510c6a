// SPDX-License-Identifier: Apache-2.0
//
// The loop of the first program: calls of System, and the ends of its programs, in the order in
// which they come.
#include "system/init-min/init.h"

// --- System -------------------------------------------------------------------------------------

static bool refuse(struct capnp_exception *exception, enum capnp_exception_type type,
                   const char *reason)
{
    capnp_exception_set(exception, type, 0, reason);
    return false;
}

static bool on_programs(void *self, struct system_programs_params_reader params,
                        struct system_programs_results_builder results,
                        struct capnp_exception *exception)
{
    const struct init *init = self;
    uint32_t index = system_programs_params_get_index(params);
    if (index >= init->program_count) {
        return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, "there are not so many");
    }
    const struct program *program = &init->programs[index];
    system_programs_results_set_count(results, init->program_count);
    system_programs_results_set_name(results, program->label);
    system_programs_results_set_state(results, program->state);
    system_programs_results_set_process(results, program->number);
    system_programs_results_set_restarts(results, program->restarts);
    return true;
}

static bool on_restart(void *self, struct system_restart_params_reader params,
                       struct system_restart_results_builder results,
                       struct capnp_exception *exception)
{
    const struct init *init = self;
    struct capnp_text name = system_restart_params_get_name(params);
    (void)results;
    for (uint32_t i = 0; i < init->program_count; i++) {
        const struct program *program = &init->programs[i];
        if (!text_equals(program->label, name)) {
            continue;
        }
        if (program->state != PROGRAM_STATE_RUNNING || !program_goes_on(init, i)) {
            return refuse(exception, CAPNP_EXCEPTION_FAILED,
                          "it does not run, or would not start again");
        }
        return process_kill(program->process, exception);
    }
    return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT,
                  "no program has this name; `programs` lists them");
}

static bool on_halt(void *self, struct system_halt_params_reader params,
                    struct system_halt_results_builder results, struct capnp_exception *exception)
{
    struct init *init = self;
    (void)params;
    (void)results;
    (void)exception;
    init->is_halted = true;
    tsr_service_stop(&init->service, 0);
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct system_server methods = {
        .programs = on_programs, .restart = on_restart, .halt = on_halt};
    return system_dispatch(&methods, self, method, request, response, exception);
}

// --- Ends ---------------------------------------------------------------------------------------

static void exit_await(struct init *init)
{
    struct job_next_exit_params_builder params;
    struct capnp_exception exception;
    if (!job_next_exit_begin(init->job, &init->exit_call, &params, &exception) ||
        !capnp_call_send(&init->exit_call, &exception)) {
        fail(init, tsr_text_of("job"), "cannot wait for its processes", &exception);
    }
    tsr_service_await(&init->service, &init->exit_awaited, &init->exit_call);
}

static void exit_told(void *context, struct capnp_call *call)
{
    struct init *init = context;
    struct job_next_exit_results_reader results;
    struct capnp_exception exception;
    bool is_told = job_next_exit_finish(call, &results, &exception);
    capnp_call_end(call);
    if (!is_told) {
        fail(init, tsr_text_of("job"), "cannot wait for its processes", &exception);
    }
    exit_await(init);
    programs_look(init); // whichever it was: it may be a program's own child
    if (programs_are_over(init)) {
        tsr_service_stop(&init->service, 0);
    }
}

void control_serve(struct init *init)
{
    const struct tsr_service_options options = {.server = init->control.id,
                                                .interface = SYSTEM_INTERFACE_ID,
                                                .message_max = CONTROL_MESSAGE_MAX,
                                                .dispatch = dispatch,
                                                .self = init};
    struct capnp_exception exception;
    if (!tsr_service_start(&init->service, &options, &exception)) {
        fail(init, tsr_text_of("System"), "cannot be served", &exception);
    }
    init->exit_awaited = (struct tsr_awaited){.done = exit_told, .context = init};
    exit_await(init);
    if (!tsr_service_serve(&init->service, &exception)) {
        fail(init, tsr_text_of("System"), "cannot be served any more", &exception);
    }
    capnp_call_end(&init->exit_call);
}

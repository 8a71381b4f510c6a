// SPDX-License-Identifier: Apache-2.0
//
// Acting as drivers: see devices.h.
#include "kernel/core/test/devices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/waiting.h"

int devices_boot(uint32_t *init, cap_t *bell)
{
    static const char *const programs[] = {"init", "driver", "other", NULL};

    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    *init = (uint32_t)machine.running;
    *bell = act_notification(*init);
    return 0;
}

enum status act_narrow_fact(uint32_t thread, cap_t range, uint32_t first, uint32_t count,
                            cap_t *made)
{
    struct capnp_builder message = act_message();
    struct io_ports_narrow_params_builder params = io_ports_narrow_params_build(&message);
    struct act_answer answer;

    io_ports_narrow_params_set_first(params, first);
    io_ports_narrow_params_set_count(params, count);
    act_object(thread, range, IO_PORTS_NARROW, &message, &answer);
    made->value = answer.ids[0];
    return act_fact(&answer.cqe);
}

cap_t act_narrow(uint32_t thread, const char *name, uint32_t first, uint32_t count)
{
    cap_t made;

    assert_int_equal(act_narrow_fact(thread, act_named(thread, name), first, count, &made),
                     STATUS_OK);
    return made;
}

enum status act_line_bind_fact(uint32_t thread, cap_t interrupt, cap_t notification, uint64_t bits,
                               uint64_t *generation)
{
    struct capnp_builder message = act_message();
    struct interrupt_bind_params_builder params = interrupt_bind_params_build(&message);
    struct act_answer answer;

    interrupt_bind_params_set_notification(params, (struct notification){notification.value});
    interrupt_bind_params_set_bits(params, bits);
    act_object(thread, interrupt, INTERRUPT_BIND, &message, &answer);
    *generation =
        act_fact(&answer.cqe) != STATUS_OK
            ? 0
            : interrupt_bind_results_get_generation(interrupt_bind_results_read(&answer.message));
    return act_fact(&answer.cqe);
}

uint64_t act_line_bind(uint32_t thread, cap_t interrupt, cap_t notification, uint64_t bits)
{
    uint64_t generation;

    assert_int_equal(act_line_bind_fact(thread, interrupt, notification, bits, &generation),
                     STATUS_OK);
    return generation;
}

void act_acknowledge(uint32_t thread, cap_t interrupt, uint64_t generation)
{
    struct capnp_builder message = act_message();
    struct act_answer answer;

    interrupt_acknowledge_params_set_generation(interrupt_acknowledge_params_build(&message),
                                                generation);
    act_object(thread, interrupt, INTERRUPT_ACKNOWLEDGE, &message, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
}

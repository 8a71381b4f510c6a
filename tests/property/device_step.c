// SPDX-License-Identifier: Apache-2.0
//
// What programs do with devices: ranges of ports and lines, made narrower, read and written; lines
// that are bound to notifications, that interrupt, and that are acknowledged. The model of it is
// small and stands here: which bindings there are, in the order in which they are looked for.
#include "tests/property/step.h"

#include <string.h>

enum {
    BINDINGS = 16,
    STRING = 64,
    NEAR = 32, // ports around the machine's own one
};

struct device_binding {
    uint32_t program, line;
    uint64_t through, bell; // ids of that program
    uint64_t bits, generation;
    bool is_pending;
};

static struct device_binding bindings[BINDINGS];
static uint64_t last_generation;

void device_begin(void)
{
    memset(bindings, 0, sizeof(bindings));
    last_generation = 0;
}

static bool is_ports(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_PORTS);
}

static bool is_interrupt(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_INTERRUPT);
}

static bool is_bell(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_NOTIFICATION);
}

// First and count of what the hold gives.
static uint64_t range_of(const struct model_hold *hold)
{
    return model.objects[model.nodes[hold->node].object].bits;
}

static enum status range_fact(const struct model_hold *hold, uint32_t n, uint32_t count)
{
    uint64_t end = (uint64_t)n + count;
    uint64_t first = (uint32_t)range_of(hold) + (uint64_t)n;

    if (count == 0 || end > range_of(hold) >> 32) {
        return STATUS_BAD_VALUE;
    }
    bool is_own = is_ports(hold) && first <= MACHINE_PORT_OWN && MACHINE_PORT_OWN < first + count;
    return is_own ? STATUS_DEVICE_RESERVED : STATUS_OK;
}

// Within the range, mostly; ports often near the machine's own, lines often one alone.
static void range_choose(const struct model_hold *hold, uint32_t *n, uint32_t *count)
{
    uint32_t size = (uint32_t)(range_of(hold) >> 32);

    *n = chance_below(size);
    *count = chance_in(2) ? 1 : chance_below(size) + 1;
    if (chance_in(2) && is_ports(hold)) {
        *n = MACHINE_PORT_OWN - (uint32_t)range_of(hold) + chance_below(NEAR) - NEAR / 2;
        *count = chance_below(NEAR) + 1;
    }
    *count = chance_in(20) ? (uint32_t)chance_word() : *count;
}

static void narrow_step(struct actor *actor, const struct model_hold *hold)
{
    bool of_ports = is_ports(hold);
    struct model_hold from = *hold;
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint32_t n, count;

    range_choose(hold, &n, &count);
    struct io_ports_narrow_params_builder params = io_ports_narrow_params_build(&message);
    io_ports_narrow_params_set_first(params, n);
    io_ports_narrow_params_set_count(params, count);
    if (object_call(actor, from.cap, of_ports ? IO_PORTS_NARROW : INTERRUPT_NARROW, &message,
                    range_fact(&from, n, count), &answer)) {
        uint64_t range = (uint64_t)count << 32 | ((uint32_t)range_of(&from) + n);
        uint32_t node =
            model_object_create(of_ports ? MODEL_PORTS : MODEL_INTERRUPT,
                                of_ports ? IO_PORTS_INTERFACE_ID : INTERRUPT_INTERFACE_ID, 0);
        model.objects[model.nodes[node].object].bits = range;
        model_hold_insert(actor->program, answer.ids[0], node, TRANSFER_COPY, false);
    }
}

static void port_step(struct actor *actor, const struct model_hold *hold)
{
    struct model_hold of = *hold;
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint8_t bytes[STRING + 4];
    uint32_t size = chance_in(10) ? chance_below(6) : 1u << chance_below(3);
    uint32_t count = chance_in(10) ? chance_below(STRING) : chance_below(5);
    uint32_t n, unused;

    range_choose(hold, &n, &unused);
    enum status fact = range_fact(&of, n, size);
    bool is_bad = (size != 1 && size != 2 && size != 4) || count * size > STRING;
    fact = is_bad ? STATUS_BAD_VALUE : fact;
    memset(bytes, (int)chance_below(256), sizeof(bytes));
    struct io_ports_write_params_builder params = io_ports_write_params_build(&message);
    io_ports_write_params_set_port(params, n);
    io_ports_write_params_set_size(params, size);
    uint32_t length = is_bad || count * size > STRING ? STRING + 1 : count * size;
    io_ports_write_params_set_data(params, (struct capnp_data){bytes, length});
    bool is_written = object_call(actor, of.cap, IO_PORTS_WRITE, &message, fact, &answer);
    if (is_written && count != 0 && machine.ports[(uint32_t)range_of(&of) + n] != bytes[0]) {
        broken("another port was written");
    }
    message = message_begin();
    struct io_ports_read_params_builder read = io_ports_read_params_build(&message);
    io_ports_read_params_set_port(read, n);
    io_ports_read_params_set_size(read, size);
    io_ports_read_params_set_count(read, count);
    enum status status = range_fact(&of, 0, 1); // the port of the status, which nobody wants
    if (model_hold_find(actor->program, of.cap) != NULL &&
        object_call(actor, of.cap, IO_PORTS_READ, &message, fact != STATUS_OK ? fact : status,
                    &answer)) {
        struct capnp_data data =
            io_ports_read_results_get_data(io_ports_read_results_read(&answer.message));
        if (data.size != count * size || (is_written && count != 0 && data.data[0] != bytes[0])) {
            broken("other bytes were read than written");
        }
    }
}

// --- Lines --------------------------------------------------------------------------------------

static bool holds(uint32_t program, uint64_t cap)
{
    const struct model_hold *hold = cap == 0 ? NULL : model_hold_find(program, cap);
    return hold != NULL && model_node_fact(hold->node) == STATUS_OK;
}

static bool is_there(const struct device_binding *binding)
{
    return holds(binding->program, binding->through) && holds(binding->program, binding->bell);
}

static void lines_check(void)
{
    uint64_t open = 0, closed = 0;

    for (uint32_t i = 0; i < BINDINGS; i++) {
        if (is_there(&bindings[i])) {
            open |= 1ull << bindings[i].line;
            closed |= bindings[i].is_pending ? 1ull << bindings[i].line : 0;
        } else {
            bindings[i].is_pending = false;
        }
    }
    if (machine.open_lines != (open & ~closed)) {
        broken("lines %llx are open; the model says %llx", (unsigned long long)machine.open_lines,
               (unsigned long long)(open & ~closed));
    }
}

static void bind_step(struct actor *actor, const struct model_hold *hold)
{
    struct model_hold of = *hold;
    uint64_t bell = cap_choose(actor->program, is_bell);
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint32_t place = 0, reached;

    actor_refresh(actor); // time does not stand still
    while (place < BINDINGS && is_there(&bindings[place])) {
        place++;
    }
    enum status fact = STATUS_OK;
    if (model_reach(actor->program, of.cap, INTERRUPT_BIND, &reached) == STATUS_OK) {
        uint32_t unused = model.nodes[of.node].object;
        struct model_object before = model.objects[unused];
        fact = model_bind(actor->program, unused, bell); // what an endpoint asks of one, too
        model.objects[unused] = before;
    }
    if (fact == STATUS_OK && place == BINDINGS) {
        fact = STATUS_OUT_OF_CALLS;
    }
    fact = range_of(&of) >> 32 != 1 && (fact == STATUS_OK || fact == STATUS_OUT_OF_CALLS)
               ? STATUS_BAD_VALUE
               : fact;
    uint64_t bits = 1ull << chance_below(64);
    struct interrupt_bind_params_builder params = interrupt_bind_params_build(&message);
    interrupt_bind_params_set_notification(params, (struct notification){bell});
    interrupt_bind_params_set_bits(params, bits);
    if (bell != 0 && object_call(actor, of.cap, INTERRUPT_BIND, &message, fact, &answer)) {
        bindings[place] = (struct device_binding){.program = actor->program,
                                                  .line = (uint32_t)range_of(&of),
                                                  .through = of.cap,
                                                  .bell = bell,
                                                  .bits = bits,
                                                  .generation = ++last_generation};
        if (interrupt_bind_results_get_generation(interrupt_bind_results_read(&answer.message)) !=
            last_generation) {
            broken("a binding has another generation than the model says");
        }
        lines_check();
    }
}

static void acknowledge_step(struct actor *actor, const struct model_hold *hold)
{
    uint64_t cap = hold->cap;
    struct capnp_builder message = message_begin();
    struct act_answer answer;
    uint64_t generation = last_generation - chance_below(4);

    interrupt_acknowledge_params_set_generation(interrupt_acknowledge_params_build(&message),
                                                generation);
    if (object_call(actor, cap, INTERRUPT_ACKNOWLEDGE, &message, STATUS_OK, &answer)) {
        for (uint32_t i = 0; i < BINDINGS; i++) {
            bool is_meant = bindings[i].generation == generation && bindings[i].through == cap &&
                            bindings[i].program == actor->program;
            bindings[i].is_pending = bindings[i].is_pending && !is_meant;
        }
        lines_check();
    }
}

// One of the lines that are open; nobody may be bound to it any more.
static void interrupt_step(void)
{
    uint64_t lines = machine.open_lines & (machine.open_lines - 1);

    lines = lines == 0 || chance_in(2) ? machine.open_lines : lines;
    if (lines == 0) {
        return;
    }
    note("lines %llx interrupt", (unsigned long long)lines);
    for (uint32_t i = 0; i < BINDINGS; i++) {
        struct device_binding *binding = &bindings[i];
        if ((lines >> binding->line & 1) != 0 && is_there(binding)) {
            binding->is_pending = true;
            const struct model_hold *bell = model_hold_find(binding->program, binding->bell);
            model_set(model.nodes[bell->node].object, binding->bits);
        }
    }
    machine_interrupt(lines);
    lines_check();
}

void device_step(struct actor *actor)
{
    const struct model_hold *ports = hold_choose(actor->program, is_ports);
    const struct model_hold *interrupt = hold_choose(actor->program, is_interrupt);

    switch (chance_below(6)) {
    case 0:
        interrupt_step();
        break;
    case 1:
    case 2:
        if (ports != NULL) {
            (chance_in(3) ? narrow_step : port_step)(actor, ports);
        }
        break;
    case 3:
        if (interrupt != NULL) {
            narrow_step(actor, interrupt);
        }
        break;
    case 4:
        if (interrupt != NULL) {
            bind_step(actor, interrupt);
        }
        break;
    default:
        if (interrupt != NULL) {
            acknowledge_step(actor, interrupt);
        }
    }
}

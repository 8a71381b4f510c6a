// SPDX-License-Identifier: Apache-2.0
//
// What drivers hold of a machine's devices: ranges of I/O ports, and interrupt lines. A range is
// made from a larger one; the first program has all there is. Ports that the machine itself needs
// are in nobody's reach. A line that interrupts is closed and told to everybody who is bound to it;
// it is open again when they all have acknowledged. Who is bound by a capability that is gone is
// neither told nor waited for.
#include <stddef.h>

#include "kernel/core/core.h"

enum {
    STRING_MAX = 64, // bytes that one call moves: a port takes a microsecond each
};

// --- Ranges -------------------------------------------------------------------------------------

// So many ports or lines of the object, from its nth on: the machine's number of the first.
static enum status range_find(const struct core *core, const struct request *request, uint32_t n,
                              uint32_t count, uint32_t *first)
{
    const struct object *object = &core->state.objects[request->target.object];
    *first = (uint32_t)object->argument + n;
    if (count == 0 || (uint64_t)n + count > object->argument >> 32) {
        return STATUS_BAD_VALUE;
    }
    return object->kind == OBJECT_INTERRUPT || hal_ports_are_free(*first, count)
               ? STATUS_OK
               : STATUS_DEVICE_RESERVED;
}

// Both have the same parameters.
enum status range_narrow_run(struct core *core, struct request *request)
{
    const struct io_ports_narrow_params *params = &request->params.io_ports_narrow;
    enum object_kind kind = core->state.objects[request->target.object].kind;
    uint64_t range = (uint64_t)params->count << 32;
    uint32_t first;
    enum status status = range_find(core, request, params->first, params->count, &first);
    return status == STATUS_OK
               ? object_make(core, request, object_job(core, request->target.object), kind,
                             range | first, NULL)
               : status;
}

static_assert(offsetof(struct interrupt_narrow_params, count) ==
                  offsetof(struct io_ports_narrow_params, count),
              "the parameters of both are the same");

// --- IoPorts ------------------------------------------------------------------------------------

// An access to a port of the object, which is to move so many bytes.
static enum status access_find(const struct core *core, const struct request *request, uint32_t n,
                               uint64_t bytes, struct port_access *access)
{
    bool is_good = access->size == 1 || access->size == 2 || access->size == 4;
    return is_good && bytes % access->size == 0 && bytes <= STRING_MAX
               ? range_find(core, request, n, access->size, &access->port)
               : STATUS_BAD_VALUE;
}

enum status io_ports_read_run(struct core *core, struct request *request)
{
    const struct io_ports_read_params params = request->params.io_ports_read;
    struct port_access access = {.size = params.size, .mask = params.mask};
    uint64_t bytes = (uint64_t)params.count * params.size;
    enum status status = range_find(core, request, params.status, 1, &access.status);
    status = status == STATUS_OK ? access_find(core, request, params.port, bytes, &access) : status;
    if (status == STATUS_OK) {
        uint8_t *data = (uint8_t *)core->scratch; // the message is decoded
        uint32_t size = hal_ports_read(&access, data, params.count);
        request->results.io_ports_read.data = (struct plain_data){data, size};
    }
    return status;
}

enum status io_ports_write_run(struct core *core, struct request *request)
{
    const struct io_ports_write_params params = request->params.io_ports_write;
    struct port_access access = {.size = params.size};
    enum status status = access_find(core, request, params.port, params.data.size, &access);
    if (status == STATUS_OK) {
        hal_ports_write(&access, params.data.data, params.data.size);
        request->results.io_ports_write.written = params.data.size;
    }
    return status;
}

// --- Interrupt ----------------------------------------------------------------------------------

// Whether who made the binding still has what it needs.
static bool is_bound(const struct core *core, const struct binding *binding)
{
    return hold_check(core, binding->through) == STATUS_OK &&
           hold_check(core, binding->bell) == STATUS_OK;
}

bool interrupt_tell(struct core *core)
{
    bool has_more = false;
    core->bindings.open = core->bindings.closed = 0;
    for (struct binding *at = core->bindings.all; at < core->bindings.all + BINDINGS_MAX; at++) {
        bool is_there = is_bound(core, at);
        at->is_pending = at->is_pending && is_there;
        if (at->is_pending && at->is_due && core->work < TURN_WORK_MAX) {
            at->is_due = false;
            notification_ring(core, at->bell, at->bits);
        }
        has_more = has_more || (at->is_pending && at->is_due);
        core->bindings.closed |= at->is_pending ? at->lines : 0;
        core->bindings.open |= is_there ? at->lines : 0;
    }
    core->bindings.open &= ~core->bindings.closed;
    hal_lines_open(core->bindings.open);
    return has_more;
}

void interrupt_arrive(struct core *core, uint64_t lines)
{
    for (struct binding *at = core->bindings.all; at < core->bindings.all + BINDINGS_MAX; at++) {
        if ((at->lines & lines) != 0 && is_bound(core, at)) {
            at->is_pending = at->is_due = true;
        }
    }
    core->is_sweeping |= interrupt_tell(core);
    core->is_changed = true; // there may be more of what the turn before did
}

enum status interrupt_bind_run(struct core *core, struct request *request)
{
    const struct interrupt_bind_params *params = &request->params.interrupt_bind;
    uint64_t range = core->state.objects[request->target.object].argument;
    struct binding *binding = core->bindings.all;
    while (binding < core->bindings.all + BINDINGS_MAX && is_bound(core, binding)) {
        binding++;
    }
    if (range >> 32 != 1 || binding == core->bindings.all + BINDINGS_MAX) {
        return range >> 32 != 1 ? STATUS_BAD_VALUE : STATUS_OUT_OF_CALLS;
    }
    *binding = (struct binding){.lines = 1ULL << (uint32_t)range,
                                .bits = params->bits,
                                .generation = ++core->bindings.last,
                                .through = request->sqe.cap,
                                .bell = params->notification};
    interrupt_tell(core);
    request->results.interrupt_bind.generation = core->bindings.last;
    return STATUS_OK;
}

enum status interrupt_acknowledge_run(struct core *core, struct request *request)
{
    uint64_t generation = request->params.interrupt_acknowledge.generation;
    for (struct binding *at = core->bindings.all; at < core->bindings.all + BINDINGS_MAX; at++) {
        bool is_meant = at->generation == generation && at->through == request->sqe.cap;
        at->is_pending = at->is_pending && !is_meant;
    }
    interrupt_tell(core);
    return STATUS_OK;
}

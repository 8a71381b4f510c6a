// SPDX-License-Identifier: Apache-2.0
//
// See ports.h.
#include "runtime/ports.h"

#include "runtime/thread.h"

bool tsr_port_read(struct io_ports ports, uint32_t port, uint8_t *value,
                   struct capnp_exception *exception)
{
    struct capnp_call call;
    struct io_ports_read_params_builder params;
    struct io_ports_read_results_reader results;
    if (!io_ports_read_begin(ports, &call, &params, exception)) {
        return false;
    }
    io_ports_read_params_set_port(params, port);
    io_ports_read_params_set_size(params, 1);
    io_ports_read_params_set_count(params, 1);
    bool is_read =
        capnp_call_send(&call, exception) && io_ports_read_finish(&call, &results, exception);
    if (is_read) {
        struct capnp_data data = io_ports_read_results_get_data(results);
        is_read = data.size == 1 || tsr_refuse(exception, STATUS_BAD_MESSAGE, 0);
        *value = is_read ? data.data[0] : 0;
    }
    capnp_call_end(&call);
    return is_read;
}

bool tsr_port_write(struct io_ports ports, uint32_t port, uint8_t value,
                    struct capnp_exception *exception)
{
    uint32_t written;
    return io_ports_write(ports, port, 1, (struct capnp_data){&value, 1}, &written, exception) &&
           (written == 1 || tsr_refuse(exception, STATUS_BAD_MESSAGE, 0));
}

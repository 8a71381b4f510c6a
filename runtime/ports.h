// SPDX-License-Identifier: Apache-2.0
//
// One byte from or to a port of a device: what the registers of most old devices are made of. A
// driver that moves many bytes at once makes the call itself, once for all of them.
#ifndef RUNTIME_PORTS_H
#define RUNTIME_PORTS_H

#include "schema/kernel.capnp.h"

// `port` is counted from the range's first one. False, with *exception: the device can't be had.
bool tsr_port_read(struct io_ports ports, uint32_t port, uint8_t *value,
                   struct capnp_exception *exception);
bool tsr_port_write(struct io_ports ports, uint32_t port, uint8_t value,
                    struct capnp_exception *exception);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// The lines of services on their way to the event log.
#ifndef INIT_MANAGER_OUTPUT_H
#define INIT_MANAGER_OUTPUT_H

#include <stdint.h>

enum {
    OUTPUT_OPEN = 1,   // the line goes on in the next piece of the same job and stream
    OUTPUT_CUT = 2,    // cut here at OUTPUT_LINE_MAX bytes; what follows is a line of its own
    OUTPUT_FILLER = 4, // no line
};

// Before each piece in the ring.
struct output_frame {
    uint32_t size; // bytes behind it
    uint16_t slot;
    uint8_t stream;
    uint8_t flags;
    uint32_t job;
    uint32_t reserved;
    uint64_t at_ns;
};

#endif

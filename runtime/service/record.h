// SPDX-License-Identifier: Apache-2.0
//
// Records of a server that its clients' facets name by receiver data: index and generation, so that
// a call on a record that was closed, or used again since, is seen as such. The program owns the
// memory: one 32-bit word for each record, zero at first. An odd one is open.
#ifndef RUNTIME_SERVICE_RECORD_H
#define RUNTIME_SERVICE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

struct tsr_records {
    uint32_t *generations;
    uint32_t count;
};

// The receiver data of a record that was free; 0: none is.
static inline uint64_t tsr_record_open(const struct tsr_records *records)
{
    for (uint32_t i = 0; i < records->count; i++) {
        // A generation that would wrap is not used again.
        if (records->generations[i] % 2 == 0 && records->generations[i] != UINT32_MAX - 1) {
            return (uint64_t)++records->generations[i] << 32 | i;
        }
    }
    return 0;
}

// Whether the receiver data name a record that is open; its index then.
static inline bool tsr_record_find(const struct tsr_records *records, uint64_t data,
                                   uint32_t *index)
{
    *index = (uint32_t)data;
    return *index < records->count && data >> 32 == records->generations[*index] &&
           records->generations[*index] % 2 == 1;
}

// Closes it; false: it is no open record.
static inline bool tsr_record_close(const struct tsr_records *records, uint64_t data)
{
    uint32_t index;
    if (!tsr_record_find(records, data, &index)) {
        return false;
    }
    records->generations[index]++;
    return true;
}

#endif

// SPDX-License-Identifier: Apache-2.0
//
// Numbers of packets are little-endian and of any alignment.
#ifndef LIB_ACCESS_BYTES_H
#define LIB_ACCESS_BYTES_H

#include <stdint.h>

static inline uint32_t load_16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static inline uint32_t load_32(const uint8_t *bytes)
{
    return load_16(bytes) | load_16(bytes + 2) << 16;
}

static inline void store_16(uint8_t *bytes, uint32_t number)
{
    bytes[0] = (uint8_t)number;
    bytes[1] = (uint8_t)(number >> 8);
}

static inline void store_32(uint8_t *bytes, uint32_t number)
{
    store_16(bytes, number);
    store_16(bytes + 2, number >> 16);
}

#endif

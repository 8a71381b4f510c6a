// SPDX-License-Identifier: Apache-2.0
//
// Connections: lines out of pieces, within limits.
#include "system/init/format/connection.h"

#include <string.h>

#define IDLE_NS (UINT64_C(1000000000) * CONNECTION_IDLE_S)

uint32_t connection_open(struct connections *connections, uint64_t now_ns)
{
    uint32_t number = 0;

    while (number < CONNECTIONS_MAX && connections->list[number].is_open) {
        number++;
    }
    if (number < CONNECTIONS_MAX) {
        struct connection *connection = &connections->list[number];
        connection->is_open = true;
        connection->pending = 0;
        connection->size = 0;
        connection->last_ns = now_ns;
    }
    return number;
}

void connection_close(struct connections *connections, uint32_t number)
{
    connections->list[number].is_open = false;
}

enum line_result connection_feed(struct connections *connections, uint32_t number,
                                 const char **bytes, size_t *size, uint64_t now_ns,
                                 struct line *line)
{
    struct connection *connection = &connections->list[number];

    while (*size > 0) {
        char byte = *(*bytes)++;
        (*size)--;
        if (byte != '\n') {
            if (connection->size == REQUEST_SIZE_MAX) {
                return LINE_TOO_LONG;
            }
            connection->bytes[connection->size++] = byte;
            continue;
        }
        if (connection->size > 0 && connection->bytes[connection->size - 1] == '\r') {
            connection->size--;
        }
        *line = (struct line){connection->bytes, connection->size};
        connection->size = 0;
        if (line->size > 0) {
            connection->last_ns = now_ns;
            connection->pending++;
            return LINE_WHOLE;
        }
    }
    return LINE_NONE;
}

void connection_answered(struct connections *connections, uint32_t number, uint64_t now_ns)
{
    struct connection *connection = &connections->list[number];

    connection->pending -= connection->pending > 0;
    connection->last_ns = now_ns;
}

uint32_t connection_idle(const struct connections *connections, uint64_t now_ns)
{
    uint32_t number = 0;

    while (number < CONNECTIONS_MAX) {
        const struct connection *connection = &connections->list[number];
        if (connection->is_open && connection->pending == 0 &&
            now_ns - connection->last_ns >= IDLE_NS) {
            break;
        }
        number++;
    }
    return number;
}

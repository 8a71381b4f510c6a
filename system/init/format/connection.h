// SPDX-License-Identifier: Apache-2.0
//
// Connections of the control protocol: bytes come in pieces, requests go out as lines. At most 32
// connections, 64 KiB a request, 30 s without a request; beyond each a refusal that says so.
//
//     number = connection_open(c, now_ns)           CONNECTIONS_MAX: refuse with REPLY_TOO_MANY
//     while (connection_feed(c, number, &bytes, &size, now_ns, &line) == LINE_WHOLE) ...
//     connection_answered(c, number, now_ns)        after each answer to a line
//     connection_idle(c, now_ns)                    which one to end with REPLY_IDLE
//     connection_close(c, number)
#ifndef INIT_FORMAT_CONNECTION_H
#define INIT_FORMAT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONNECTIONS_MAX = 32,
    REQUEST_SIZE_MAX = 65536, // bytes, without the line end
    CONNECTION_IDLE_S = 30,
};

struct connection {
    bool is_open;
    uint32_t pending; // requests without an answer: who waits isn't idle
    uint32_t size;
    uint64_t last_ns;
    char bytes[REQUEST_SIZE_MAX + 1];
};

struct connections {
    struct connection list[CONNECTIONS_MAX];
};

enum line_result {
    LINE_NONE,     // all bytes are taken; the line goes on
    LINE_WHOLE,    // `line` is good until the next call; feed again with what is left
    LINE_TOO_LONG, // answer REPLY_TOO_LARGE and close it
};

struct line {
    const char *text;
    size_t size;
};

uint32_t connection_open(struct connections *connections, uint64_t now_ns);
void connection_close(struct connections *connections, uint32_t number);

// Takes bytes up to the end of a line; `*bytes` and `*size` move on. Empty lines are skipped.
enum line_result connection_feed(struct connections *connections, uint32_t number,
                                 const char **bytes, size_t *size, uint64_t now_ns,
                                 struct line *line);
void connection_answered(struct connections *connections, uint32_t number, uint64_t now_ns);

// One that has been idle for too long; CONNECTIONS_MAX if there is none.
uint32_t connection_idle(const struct connections *connections, uint64_t now_ns);

#endif

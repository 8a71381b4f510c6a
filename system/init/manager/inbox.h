// SPDX-License-Identifier: Apache-2.0
//
// The inbox: events that wait for their step, by source. Exits and shutdown come first, but no
// source starves: in each round every source has its share, so an event at the head of its queue is
// taken after at most INBOX_ROUND others. A full queue refuses: what waits then waits where it came
// from.
//
// Who puts an event keeps what it points at until it was taken.
#ifndef INIT_MANAGER_INBOX_H
#define INIT_MANAGER_INBOX_H

#include "system/init/manager/event.h"

// In the order in which they are served.
enum inbox_source {
    INBOX_EXITS,    // exits, reclaimed jobs
    INBOX_SHUTDOWN, // power button, interrupt, answers to the last actions
    INBOX_ANSWERS,  // of steps, checks, phases, the clock
    INBOX_NOTIFY,
    INBOX_CONTROL, // commands, submissions
    INBOX_REGISTRY,
    INBOX_OUTPUT,
    INBOX_SOURCES,
};

enum { INBOX_QUEUE_MAX = 64, INBOX_ROUND = 16 + 4 + 8 + 8 + 4 + 2 + 8 };

struct inbox {
    struct {
        uint32_t head, tail;
        uint32_t share; // left in this round
        struct event events[INBOX_QUEUE_MAX];
    } queues[INBOX_SOURCES];
};

void inbox_init(struct inbox *inbox);
enum inbox_source inbox_source_of(enum event_kind kind);
bool inbox_put(struct inbox *inbox, const struct event *event); // false: full
bool inbox_take(struct inbox *inbox, struct event *event);      // false: empty

#endif

// SPDX-License-Identifier: Apache-2.0
//
// The inbox: a queue for each source, served in order, each with a share of every round.
#include "system/init/manager/inbox.h"

#include <string.h>

static const uint8_t shares[INBOX_SOURCES] = {
    [INBOX_EXITS] = 16,  [INBOX_SHUTDOWN] = 4, [INBOX_ANSWERS] = 8, [INBOX_NOTIFY] = 8,
    [INBOX_CONTROL] = 4, [INBOX_REGISTRY] = 2, [INBOX_OUTPUT] = 8,
};

static const uint8_t sources[EVENT_KINDS] = {
    [EVENT_CONTINUE] = INBOX_ANSWERS,   [EVENT_TIME] = INBOX_ANSWERS,
    [EVENT_EXIT] = INBOX_EXITS,         [EVENT_RECLAIMED] = INBOX_EXITS,
    [EVENT_INTERRUPT] = INBOX_SHUTDOWN, [EVENT_POWER] = INBOX_SHUTDOWN,
    [EVENT_DONE] = INBOX_SHUTDOWN,      [EVENT_STEP] = INBOX_ANSWERS,
    [EVENT_CHECKED] = INBOX_ANSWERS,    [EVENT_PHASE] = INBOX_ANSWERS,
    [EVENT_BOOT] = INBOX_ANSWERS,       [EVENT_CLOCK] = INBOX_ANSWERS,
    [EVENT_NOTIFY] = INBOX_NOTIFY,      [EVENT_COMMAND] = INBOX_CONTROL,
    [EVENT_SUBMIT] = INBOX_CONTROL,     [EVENT_REGISTRY] = INBOX_REGISTRY,
    [EVENT_SNAPSHOT] = INBOX_REGISTRY,  [EVENT_TIMER_LAST] = INBOX_REGISTRY,
    [EVENT_OUTPUT] = INBOX_OUTPUT,      [EVENT_SINK] = INBOX_OUTPUT,
    [EVENT_SINK_TAKEN] = INBOX_OUTPUT,
};

static void round_begin(struct inbox *inbox)
{
    for (uint32_t i = 0; i < INBOX_SOURCES; i++) {
        inbox->queues[i].share = shares[i];
    }
}

void inbox_init(struct inbox *inbox)
{
    memset(inbox, 0, sizeof(*inbox));
    round_begin(inbox);
}

enum inbox_source inbox_source_of(enum event_kind kind)
{
    return sources[kind];
}

bool inbox_put(struct inbox *inbox, const struct event *event)
{
    enum inbox_source source = sources[event->kind];

    if (inbox->queues[source].tail - inbox->queues[source].head == INBOX_QUEUE_MAX) {
        return false;
    }
    inbox->queues[source].events[inbox->queues[source].tail++ % INBOX_QUEUE_MAX] = *event;
    return true;
}

// Twice: when all that wait have used their shares, a new round begins.
bool inbox_take(struct inbox *inbox, struct event *event)
{
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < INBOX_SOURCES; i++) {
            if (inbox->queues[i].head != inbox->queues[i].tail && inbox->queues[i].share > 0) {
                inbox->queues[i].share--;
                *event = inbox->queues[i].events[inbox->queues[i].head++ % INBOX_QUEUE_MAX];
                return true;
            }
        }
        round_begin(inbox);
    }
    return false;
}

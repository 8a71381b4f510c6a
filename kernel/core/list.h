// SPDX-License-Identifier: Apache-2.0
//
// Lists of transient records: circular, doubly linked, through links in the records themselves. So
// adding and taking out need neither the list nor a case for its ends.
#ifndef KERNEL_CORE_LIST_H
#define KERNEL_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link { // of a member, and the list's head
    struct link *next, *previous;
};

// Whose field it is that stands at `at`.
#define RECORD_OF(at, type, field) ((type *)(void *)((uint8_t *)(at)-offsetof(type, field)))

static inline void list_init(struct link *head)
{
    *head = (struct link){head, head};
}

// A list of requests.
struct queue {
    struct link head;
    uint32_t count;
};

static inline void queue_init(struct queue *queue)
{
    list_init(&queue->head);
    queue->count = 0;
}

static inline bool list_is_empty(const struct link *head)
{
    return head->next == head;
}

static inline void list_append(struct link *head, struct link *link)
{
    *link = (struct link){head, head->previous};
    link->previous->next = link;
    head->previous = link;
}

static inline void list_remove(const struct link *link)
{
    const struct link beside = *link;
    beside.previous->next = beside.next;
    beside.next->previous = beside.previous;
}

#endif

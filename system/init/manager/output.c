// SPDX-License-Identifier: Apache-2.0
//
// What services write: each line tagged with service, stream, time and job, kept in one ring until
// the event log has taken it. Nothing is dropped: what finds no room is not accepted, and its
// service is told when there is room again. After a crash of the event log what it had not taken is
// sent once more.
#include "system/init/manager/output.h"

#include <string.h>

#include "system/init/manager/parts.h"

enum { FRAME_ALIGN = 8 };

static uint64_t rounded(uint64_t size)
{
    return (size + FRAME_ALIGN - 1) / FRAME_ALIGN * FRAME_ALIGN;
}

static struct output_frame *frame_at(struct output_ring *ring, uint64_t at)
{
    return (struct output_frame *)(void *)(ring->bytes + at % OUTPUT_RING_SIZE);
}

// Room for a frame in one piece; what is left at the ring's end becomes a frame that is no line.
static struct output_frame *frame_put(struct output_ring *ring, uint64_t size)
{
    uint64_t whole = rounded(sizeof(struct output_frame) + size);
    uint64_t to_end = OUTPUT_RING_SIZE - ring->head % OUTPUT_RING_SIZE;
    uint64_t filler = whole > to_end ? to_end : 0;

    if (ring->head + filler + whole - ring->tail > OUTPUT_RING_SIZE) {
        return NULL;
    }
    if (filler >= sizeof(struct output_frame)) {
        *frame_at(ring, ring->head) = (struct output_frame){
            .size = (uint32_t)(filler - sizeof(struct output_frame)), .flags = OUTPUT_FILLER};
    } else if (filler != 0) {
        memset(ring->bytes + ring->head % OUTPUT_RING_SIZE, 0xff, filler);
    }
    ring->head += filler;
    struct output_frame *frame = frame_at(ring, ring->head);
    *frame = (struct output_frame){.size = (uint32_t)size};
    ring->head += whole;
    return frame;
}

// The frame at `*at`, which moves behind it; NULL at the end.
static struct output_frame *frame_next(struct output_ring *ring, uint64_t *at, uint64_t end)
{
    while (*at != end) {
        uint64_t to_end = OUTPUT_RING_SIZE - *at % OUTPUT_RING_SIZE;
        if (to_end < sizeof(struct output_frame)) {
            *at += to_end;
            continue;
        }
        struct output_frame *frame = frame_at(ring, *at);
        *at += rounded(sizeof(*frame) + frame->size);
        if ((frame->flags & OUTPUT_FILLER) == 0) {
            return frame;
        }
    }
    return NULL;
}

// The next piece of a line: up to its end, or to where a line is cut.
static size_t piece_size(const char *bytes, size_t size, uint32_t line_used, uint8_t *flags)
{
    size_t room = OUTPUT_LINE_MAX - line_used;
    size_t count = 0;

    while (count < size && count < room && bytes[count] != '\n') {
        count++;
    }
    bool is_end = count < size && bytes[count] == '\n';
    *flags = is_end ? 0 : count == room ? OUTPUT_CUT : OUTPUT_OPEN;
    return count;
}

void output_take(struct manager *manager, const struct event *event)
{
    uint16_t index = job_find(manager, event->job);
    size_t taken = 0;

    if (index == NO_JOB || event->part < 1 || event->part > 2 || event->text == NULL ||
        manager->jobs[index].service == NO_SERVICE) {
        return;
    }
    uint16_t slot = manager->jobs[index].service;
    struct service *service = service_of(manager, slot);
    uint16_t *line_used = &manager->line_sizes[slot][event->part - 1];
    while (taken < event->size) {
        uint8_t flags;
        size_t size = piece_size(event->text + taken, event->size - taken, *line_used, &flags);
        if (service->output_used + size > OUTPUT_SERVICE_MAX) {
            break;
        }
        struct output_frame *frame = frame_put(&manager->output, size);
        if (frame == NULL) {
            break;
        }
        frame->slot = slot;
        frame->stream = (uint8_t)event->part;
        frame->flags = flags;
        frame->job = event->job;
        frame->at_ns = manager->now_ns;
        memcpy(frame + 1, event->text + taken, size);
        service->output_used += (uint32_t)size;
        *line_used = flags == OUTPUT_OPEN ? (uint16_t)(*line_used + size) : 0;
        taken += size + (flags == 0);
    }
    struct action *action = action_add(manager, ACTION_OUTPUT_TAKEN, slot);
    action->job = event->job;
    action->part = event->part;
    action->value = taken;
    if (taken < event->size) {
        slots_put(&manager->output_blocked, slot);
    }
}

void output_sink(struct manager *manager, bool is_up)
{
    if (manager->has_sink != is_up) {
        manager->has_sink = is_up;
        (void)record_add(manager, is_up ? RECORD_SINK_UP : RECORD_SINK_DOWN, NO_SERVICE, "");
    }
    manager->output.sent = manager->output.tail;
    manager->record_sent = manager->record_taken;
}

void output_taken(struct manager *manager, const struct event *event)
{
    struct output_ring *ring = &manager->output;
    struct output_frame *frame;

    if (event->part == 1) {
        uint64_t most = manager->record_sent - manager->record_taken;
        manager->record_taken += event->value < most ? event->value : most;
        return;
    }
    for (uint64_t i = 0; i < event->value && ring->tail != ring->sent; i++) {
        frame = frame_next(ring, &ring->tail, ring->sent);
        manager_assert(frame != NULL); // what was sent ends with a line
        service_of(manager, frame->slot)->output_used -= frame->size;
        service_touch(manager, frame->slot);
    }
    for (uint32_t told = 0; told < 8; told++) {
        uint16_t slot = slots_next(&manager->output_blocked, 0);
        if (slot == SERVICES_MAX) {
            break;
        }
        slots_take(&manager->output_blocked, slot);
        (void)action_add(manager, ACTION_OUTPUT_ROOM, slot);
    }
}

// The oldest records were overwritten before the event log was there: that is said.
static void audit_lose(struct manager *manager)
{
    uint64_t lost = manager->record_number + 1 - RECORDS_MAX - manager->record_sent;
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));

    phrase_put_number(&detail, (int64_t)lost);
    phrase_put(&detail, " records");
    (void)record_add(manager, RECORD_AUDIT_LOST, NO_SERVICE, words);
    manager->record_sent = manager->record_taken = manager->record_number - RECORDS_MAX;
}

// Sends what the event log was not sent yet, a few lines and records a step.
void output_pump(struct manager *manager)
{
    struct output_ring *ring = &manager->output;

    if (!manager->has_sink) {
        return;
    }
    if (manager->record_number - manager->record_sent > RECORDS_MAX) {
        audit_lose(manager);
    }
    for (uint32_t i = 0; i < 8 && manager->record_sent != manager->record_number; i++) {
        struct action *action = action_add(manager, ACTION_AUDIT, NO_SERVICE);
        action->record = &manager->records[manager->record_sent++ % RECORDS_MAX];
    }
    for (uint32_t i = 0; i < 8; i++) {
        struct output_frame *frame = frame_next(ring, &ring->sent, ring->head);
        if (frame == NULL) {
            break;
        }
        struct action *action = action_add(manager, ACTION_OUTPUT, frame->slot);
        action->text = (const char *)(frame + 1);
        action->size = frame->size;
        action->job = frame->job;
        action->part = frame->stream;
        action->value = frame->flags;
    }
}

bool output_has_work(const struct manager *manager)
{
    return manager->has_sink && (manager->output.sent != manager->output.head ||
                                 manager->record_sent != manager->record_number);
}

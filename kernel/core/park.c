// SPDX-License-Identifier: Apache-2.0
//
// Parking: threads sleep on words of memory until somebody wakes them. A word is named by its
// memory object and its place in it, so that processes that share memory meet on it. Who sleeps
// stands in one of a fixed number of queues that the word's key chooses, in the order of arrival.
// The word is looked at in the turn that puts the sleeper into its queue, so that no wake falls
// between. A sleeper's mapping keeps the memory object in being; when it goes, so does the sleep.
#include "kernel/core/buffer.h"
#include "kernel/core/core.h"

static struct queue *queue_of(struct core *core, uint64_t key)
{
    return &core->parked[key * 0x9e3779b97f4a7c15 >> 32 & (PARK_QUEUES - 1)];
}

// Finds the word at payload: its key, and what stands there.
static enum status word_read(const struct core *core, struct request *request, uint32_t *value)
{
    struct buffer buffer;
    uint64_t at = request->sqe.payload;
    request->argument = ARGUMENT_PAYLOAD;
    if (at % sizeof *value != 0) {
        return STATUS_BAD_ARGUMENT;
    }
    enum status status = buffer_resolve_address(core, request->sender.process, at, sizeof *value,
                                                RIGHT_READ, &buffer);
    if (status == STATUS_OK) {
        request->key = buffer.page << PAGE_SHIFT | at % PAGE_SIZE;
        *value =
            __atomic_load_n((const uint32_t *)(const void *)buffer.spans[0].at, __ATOMIC_RELAXED);
    }
    return status;
}

enum status operate_park(struct core *core, struct request *request)
{
    uint32_t value;
    enum status status = word_read(core, request, &value);
    if (status != STATUS_OK) {
        return status;
    }
    return value != request->sqe.arg
               ? request_about(request, ARGUMENT_ARG, STATUS_PARK_MISMATCH)
               : request_wait_if(core, request, REQUEST_PARK, queue_of(core, request->key),
                                 request->sqe.arg2);
}

enum status operate_unpark(struct core *core, struct request *request)
{
    uint32_t value;
    enum status status = word_read(core, request, &value);
    if (status != STATUS_OK) {
        return status;
    }
    struct link *sleepers = &queue_of(core, request->key)->head;
    uint64_t left = request->sqe.arg < UNPARK_MAX ? request->sqe.arg : UNPARK_MAX;
    for (struct link *at = sleepers->next; at != sleepers && request->cqe.extra < left;) {
        struct request *sleeper = RECORD_OF(at, struct request, queue);
        at = at->next;
        if (sleeper->key == request->key && request_succeed(core, sleeper, NULL)) {
            request->cqe.extra++;
        }
    }
    return STATUS_OK;
}

void park_unmapped(struct core *core, uint32_t process, uint64_t first_page, uint64_t count)
{
    for (uint32_t thread = core->state.processes[process].first_thread; thread != NONE;
         thread = core->state.threads[thread].next) {
        struct link *waits = &core->threads[thread].waits;
        for (struct link *at = waits->next; at != waits;) {
            struct request *request = RECORD_OF(at, struct request, waits);
            at = at->next;
            uint64_t address = request->sqe.payload - core->processes[process].base;
            if (request->state == REQUEST_PARK && (address >> PAGE_SHIFT) - first_page < count) {
                request_fail(core, request, STATUS_BAD_BUFFER, ARGUMENT_PAYLOAD);
            }
        }
    }
}

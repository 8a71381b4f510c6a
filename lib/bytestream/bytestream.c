// SPDX-License-Identifier: Apache-2.0
//
// See bytestream.h. Bytes are written to a ring before a state speaks of them, and stay there until
// no state does.
#include "lib/bytestream/bytestream.h"

#include <string.h>

static const uint64_t MAGIC = 0x3130736574796254; // "Tbytes01"

const struct bytestream_state *bytestream_now(const struct bytestream *stream)
{
    return &stream->states[stream->current % 2];
}

struct bytestream_change bytestream_begin(struct bytestream *stream)
{
    return (struct bytestream_change){stream, *bytestream_now(stream)};
}

// The release store: all that the state speaks of is in memory before.
void bytestream_commit(struct bytestream_change *change)
{
    struct bytestream *stream = change->stream;

    stream->states[(stream->current + 1) % 2] = change->next;
    __atomic_store_n(&stream->current, stream->current + 1, __ATOMIC_RELEASE);
}

bool bytestream_open(struct bytestream *stream)
{
    if (__atomic_load_n(&stream->magic, __ATOMIC_ACQUIRE) == MAGIC) {
        return false;
    }
    memset(stream, 0, sizeof(*stream));
    stream->states[0] = (struct bytestream_state){.version = 1, .connection = 1, .is_open = 1};
    __atomic_store_n(&stream->magic, MAGIC, __ATOMIC_RELEASE);
    return true;
}

// --- The device's side --------------------------------------------------------------------------

uint32_t bytestream_room(const struct bytestream_state *state)
{
    return (uint32_t)(BYTESTREAM_SIZE - (state->received - state->acknowledged));
}

void bytestream_lose(struct bytestream_change *change)
{
    change->next.lost++;
    change->next.version++;
}

void bytestream_put(struct bytestream_change *change, uint8_t byte)
{
    if (change->next.is_open == 0) {
        return; // of nobody
    }
    if (bytestream_room(&change->next) == 0) {
        bytestream_lose(change);
        return;
    }
    change->stream->in[change->next.received++ % BYTESTREAM_SIZE] = byte;
}

uint32_t bytestream_unsent(const struct bytestream *stream, uint8_t *bytes, uint32_t most)
{
    const struct bytestream_state *state = bytestream_now(stream);
    uint64_t left = state->accepted - state->sent;
    uint32_t size = left < most ? (uint32_t)left : most;

    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = stream->out[(state->sent + i) % BYTESTREAM_SIZE];
    }
    return size;
}

void bytestream_sent(struct bytestream_change *change, uint32_t size)
{
    uint64_t left = change->next.accepted - change->next.sent;

    change->next.sent += size < left ? size : left;
}

void bytestream_disconnect(struct bytestream_change *change)
{
    if (change->next.is_open != 0) {
        change->next.is_open = 0;
        change->next.version++;
    }
}

void bytestream_connect(struct bytestream_change *change)
{
    change->next = (struct bytestream_state){.version = change->next.version + 1,
                                             .connection = change->next.connection + 1,
                                             .is_open = 1,
                                             .step = change->next.step};
}

void bytestream_step_begin(struct bytestream *stream, enum bytestream_step step)
{
    struct bytestream_change change = bytestream_begin(stream);

    __atomic_store_n(&stream->answer[0], 0, __ATOMIC_RELEASE);
    change.next.step = step;
    bytestream_commit(&change);
}

bool bytestream_step_is_done(const struct bytestream *stream)
{
    return bytestream_now(stream)->step != BYTESTREAM_IDLE &&
           __atomic_load_n(&stream->answer[0], __ATOMIC_ACQUIRE) != 0;
}

// --- The user's side ----------------------------------------------------------------------------

static bool is_over(const struct bytestream_state *state, uint64_t connection)
{
    return state->connection != connection || state->is_open == 0;
}

enum bytestream_answer bytestream_read(struct bytestream *stream, uint64_t connection,
                                       uint64_t position, uint32_t limit, uint8_t *bytes,
                                       uint32_t *size)
{
    struct bytestream_change change = bytestream_begin(stream);
    struct bytestream_state *next = &change.next;

    *size = 0;
    if (limit == 0 || limit > BYTESTREAM_PART_MAX) {
        return BYTESTREAM_BAD;
    }
    if (is_over(next, connection)) {
        return BYTESTREAM_OVER;
    }
    if (position < next->acknowledged || position > next->received) {
        return BYTESTREAM_BAD;
    }
    if (position != next->acknowledged) {
        next->acknowledged = position;
        bytestream_commit(&change);
    }
    for (; *size < limit && position < next->received; position++) {
        bytes[(*size)++] = stream->in[position % BYTESTREAM_SIZE];
    }
    return *size == 0 ? BYTESTREAM_WAITS : BYTESTREAM_OK;
}

enum bytestream_answer bytestream_write(struct bytestream *stream, uint64_t connection,
                                        uint64_t position, const uint8_t *bytes, uint32_t size,
                                        uint64_t *end)
{
    struct bytestream_change change = bytestream_begin(stream);
    struct bytestream_state *next = &change.next;

    *end = next->accepted;
    if (size > BYTESTREAM_PART_MAX) {
        return BYTESTREAM_BAD;
    }
    if (is_over(next, connection)) {
        return BYTESTREAM_OVER;
    }
    if (position > next->accepted || position + size < position) {
        return BYTESTREAM_BAD;
    }
    uint64_t known = next->accepted - position; // of these, accepted before
    if (known >= size) {
        return BYTESTREAM_OK;
    }
    if (next->accepted - next->sent + (size - known) > BYTESTREAM_SIZE) {
        return BYTESTREAM_WAITS;
    }
    for (uint64_t i = known; i < size; i++) {
        stream->out[next->accepted++ % BYTESTREAM_SIZE] = bytes[i];
    }
    bytestream_commit(&change);
    *end = next->accepted;
    return BYTESTREAM_OK;
}

enum bytestream_answer bytestream_drain(const struct bytestream *stream, uint64_t connection)
{
    const struct bytestream_state *state = bytestream_now(stream);

    if (is_over(state, connection)) {
        return BYTESTREAM_OVER;
    }
    return state->sent == state->accepted ? BYTESTREAM_OK : BYTESTREAM_WAITS;
}

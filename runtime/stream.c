// SPDX-License-Identifier: Apache-2.0
//
// The ring of a stream: see stream.h. A record is a word (its size, and what it is) and its bytes,
// padded to 8. One that would cross the end of the ring stands at its beginning, and what is left
// before the end is a record to be skipped.
//
// Sleeping: who finds nothing to do says so in its flag, looks again, and sleeps. Who has done
// something for the other says what, looks at the other's flag, and wakes it. Both orders are
// sequentially consistent, so one of them sees the other. A writer is woken when half of the ring
// is free, not for each record; a record takes at most a quarter, so that this is enough.

#include "runtime/stream.h"

#include <string.h>

#include "abi/ids.h"

enum record_kind { RECORD_DATA = 0x64617461, RECORD_SKIP = 0x736b6970 };

struct record {
    uint32_t size; // bytes, without this word and padding
    uint32_t kind; // enum record_kind
};

static const uint32_t NOTHING_HELD = UINT32_MAX;
static const uint64_t STREAM_MAGIC = 0x6d61657274737274; // "trstream"

// --- What is shared -----------------------------------------------------------------------------

static enum tsr_stream_result broken(struct tsr_stream *stream, enum tsr_stream_result result)
{
    if (stream->broken == STREAM_OK) {
        stream->broken = result;
    }
    return stream->broken;
}

static uint32_t load(struct tsr_stream *stream, uint32_t offset)
{
    uint32_t word = 0;
    if (stream->mapped != NULL) {
        return __atomic_load_n((uint32_t *)(void *)(stream->mapped + offset), __ATOMIC_SEQ_CST);
    }
    if (!stream->machine->read(stream, offset, &word, sizeof word)) {
        broken(stream, STREAM_FAILED);
    }
    return word;
}

static void store(struct tsr_stream *stream, uint32_t offset, uint32_t word)
{
    if (stream->mapped != NULL) {
        __atomic_store_n((uint32_t *)(void *)(stream->mapped + offset), word, __ATOMIC_SEQ_CST);
    } else if (!stream->machine->write(stream, offset, &word, sizeof word)) {
        broken(stream, STREAM_FAILED);
    }
}

// Where in the memory a position of the ring lies.
static uint32_t offset_of(const struct tsr_stream *stream, uint32_t position)
{
    return PAGE_SIZE + (position & (stream->capacity - 1));
}

static void record_put(struct tsr_stream *stream, uint32_t position, struct record record)
{
    uint32_t offset = offset_of(stream, position);
    if (stream->mapped != NULL) {
        memcpy(stream->mapped + offset, &record, sizeof record);
    } else if (!stream->machine->write(stream, offset, &record, sizeof record)) {
        broken(stream, STREAM_FAILED);
    }
}

// The word of a record, read once.
static struct record record_get(struct tsr_stream *stream, uint32_t position)
{
    struct record record = {0};
    uint32_t offset = offset_of(stream, position);
    if (stream->mapped != NULL) {
        uint64_t *word = (uint64_t *)(void *)(stream->mapped + offset);
        uint64_t value = __atomic_load_n(word, __ATOMIC_RELAXED);
        memcpy(&record, &value, sizeof record);
    } else if (!stream->machine->read(stream, offset, &record, sizeof record)) {
        broken(stream, STREAM_FAILED);
    }
    return record;
}

static uint32_t padded(uint32_t size)
{
    return (uint32_t)sizeof(struct record) + ((size + 7) & ~7u);
}

static void wake(struct tsr_stream *stream, uint32_t flag, uint64_t bits)
{
    if (load(stream, flag) == 0) {
        return;
    }
    store(stream, flag, 0);
    stream->wakes++;
    if (!stream->machine->wake(stream, bits)) {
        broken(stream, STREAM_FAILED);
    }
}

// --- Opening ------------------------------------------------------------------------------------

struct tsr_stream_header tsr_stream_header_of(uint32_t capacity, uint64_t type)
{
    return (struct tsr_stream_header){.magic = STREAM_MAGIC, .type = type, .capacity = capacity};
}

enum tsr_stream_result tsr_stream_begin(struct tsr_stream *stream,
                                        const struct tsr_stream_machine *machine, uint8_t *mapped,
                                        uint64_t size, const struct tsr_stream_options *options)
{
    struct tsr_stream_header header = {0};
    *stream = (struct tsr_stream){.machine = machine,
                                  .space = options->space,
                                  .mapped = mapped,
                                  .buffer = options->buffer,
                                  .memory = options->memory,
                                  .bell = options->bell,
                                  .is_writer = options->is_writer,
                                  .held = NOTHING_HELD};
    if (size < 2 * PAGE_SIZE) {
        return broken(stream, STREAM_CORRUPT);
    }
    if (mapped != NULL) {
        memcpy(&header, mapped, offsetof(struct tsr_stream_header, written));
    } else if (!machine->read(stream, 0, &header, offsetof(struct tsr_stream_header, written))) {
        return broken(stream, STREAM_FAILED);
    }
    uint32_t capacity = header.capacity;
    bool is_one = header.magic == STREAM_MAGIC && header.type == options->type &&
                  capacity >= PAGE_SIZE && (capacity & (capacity - 1)) == 0 &&
                  capacity <= size - PAGE_SIZE && capacity <= TSR_STREAM_PAGES_MAX * PAGE_SIZE;
    if (!is_one) {
        return broken(stream, STREAM_CORRUPT);
    }
    stream->capacity = capacity;
    stream->record_max = capacity / 4 - (uint32_t)sizeof(struct record);
    if (mapped == NULL && options->buffer_size < stream->record_max) {
        stream->record_max = options->buffer_size;
    }
    // A side that is opened again goes on where it was.
    uint32_t written = load(stream, offsetof(struct tsr_stream_header, written));
    uint32_t released = load(stream, offsetof(struct tsr_stream_header, released));
    stream->position = stream->is_writer ? written : released;
    stream->other = stream->is_writer ? released : written;
    if (written - released > capacity || written % 8 != 0 || released % 8 != 0) {
        return broken(stream, STREAM_CORRUPT);
    }
    return stream->broken;
}

void tsr_stream_end(struct tsr_stream *stream)
{
    if (stream->broken != STREAM_OK) {
        return;
    }
    if (stream->is_writer) {
        store(stream, offsetof(struct tsr_stream_header, writer_closed), 1);
        wake(stream, offsetof(struct tsr_stream_header, reader_waits), TSR_STREAM_WRITTEN);
    } else {
        store(stream, offsetof(struct tsr_stream_header, reader_closed), 1);
        wake(stream, offsetof(struct tsr_stream_header, writer_waits), TSR_STREAM_RELEASED);
    }
    broken(stream, STREAM_CLOSED);
}

// --- Both sides ---------------------------------------------------------------------------------

// How many bytes lie between the two sides now. The other side only ever goes on: what lies between
// grows for a reader, and shrinks for a writer, and never leaves the ring.
static uint32_t between(struct tsr_stream *stream)
{
    uint32_t offset = stream->is_writer ? offsetof(struct tsr_stream_header, released)
                                        : offsetof(struct tsr_stream_header, written);
    uint32_t other = load(stream, offset);
    uint32_t went = other - stream->other;
    uint32_t before =
        stream->is_writer ? stream->position - stream->other : stream->other - stream->position;
    uint32_t most = stream->is_writer ? before : stream->capacity - before;
    if (went > most || went % 8 != 0) {
        broken(stream, STREAM_CORRUPT);
        return before;
    }
    stream->other = other;
    return stream->is_writer ? before - went : before + went;
}

// Whether this side can go on: a writer with `needed` bytes free, a reader with anything to read.
static bool is_ready(struct tsr_stream *stream, uint32_t needed)
{
    uint32_t bytes = between(stream);
    return stream->is_writer ? stream->capacity - bytes >= needed : bytes != 0;
}

// Waits until it can. The flag that the other side has closed is looked at before what it did
// last, so that nothing which it wrote is missed.
static enum tsr_stream_result await(struct tsr_stream *stream, uint32_t needed, uint64_t timeout_ns)
{
    bool is_writer = stream->is_writer;
    uint32_t flag = is_writer ? offsetof(struct tsr_stream_header, writer_waits)
                              : offsetof(struct tsr_stream_header, reader_waits);
    uint32_t closed = is_writer ? offsetof(struct tsr_stream_header, reader_closed)
                                : offsetof(struct tsr_stream_header, writer_closed);
    for (bool is_said = false; stream->broken == STREAM_OK && !is_ready(stream, needed);) {
        bool is_closed = load(stream, closed) != 0;
        if (is_closed) {
            return is_ready(stream, needed) ? stream->broken : STREAM_CLOSED;
        }
        if (timeout_ns == 0) {
            return STREAM_TIMED_OUT;
        }
        if (!is_said) {
            store(stream, flag, 1);
            is_said = true;
            continue;
        }
        stream->sleeps++;
        enum tsr_stream_result slept = stream->machine->sleep(
            stream, is_writer ? TSR_STREAM_RELEASED : TSR_STREAM_WRITTEN, timeout_ns);
        if (slept != STREAM_OK) {
            return slept == STREAM_TIMED_OUT ? slept : broken(stream, slept);
        }
        is_said = false;
    }
    return stream->broken;
}

// --- Writing ------------------------------------------------------------------------------------

enum tsr_stream_result tsr_stream_reserve(struct tsr_stream *stream, uint32_t size,
                                          uint64_t timeout_ns, uint8_t **bytes)
{
    if (stream->broken != STREAM_OK) {
        return stream->broken;
    }
    if (size > stream->record_max) {
        return STREAM_TOO_LARGE;
    }
    if (load(stream, offsetof(struct tsr_stream_header, reader_closed)) != 0) {
        return STREAM_CLOSED;
    }
    uint32_t needed = padded(size);
    uint32_t tail = stream->capacity - (stream->position & (stream->capacity - 1));
    uint32_t skipped = needed > tail ? tail : 0;
    enum tsr_stream_result result = await(stream, skipped + needed, timeout_ns);
    if (result != STREAM_OK) {
        return result;
    }
    if (skipped != 0) {
        record_put(stream, stream->position,
                   (struct record){skipped - (uint32_t)sizeof(struct record), RECORD_SKIP});
        stream->position += skipped;
    }
    uint32_t at = offset_of(stream, stream->position) + (uint32_t)sizeof(struct record);
    *bytes = stream->mapped != NULL ? stream->mapped + at : stream->buffer;
    stream->held = size;
    return stream->broken;
}

enum tsr_stream_result tsr_stream_commit(struct tsr_stream *stream, uint32_t size)
{
    if (stream->broken != STREAM_OK) {
        return stream->broken;
    }
    if (stream->held == NOTHING_HELD || size > stream->held) {
        return STREAM_TOO_LARGE;
    }
    uint32_t at = offset_of(stream, stream->position) + (uint32_t)sizeof(struct record);
    if (stream->mapped == NULL && !stream->machine->write(stream, at, stream->buffer, size)) {
        return broken(stream, STREAM_FAILED);
    }
    record_put(stream, stream->position, (struct record){size, RECORD_DATA});
    stream->position += padded(size);
    stream->held = NOTHING_HELD;
    stream->records++;
    store(stream, offsetof(struct tsr_stream_header, written), stream->position);
    wake(stream, offsetof(struct tsr_stream_header, reader_waits), TSR_STREAM_WRITTEN);
    return stream->broken;
}

// --- Reading ------------------------------------------------------------------------------------

// The record at the reader's position, which has `bytes` before it ends; what is to be skipped is.
static bool record_find(struct tsr_stream *stream, struct record *record)
{
    uint32_t bytes = stream->other - stream->position;
    uint32_t tail = stream->capacity - (stream->position & (stream->capacity - 1));
    *record = record_get(stream, stream->position);
    if (record->kind == RECORD_SKIP && record->size == tail - sizeof *record && bytes > tail) {
        stream->position += tail;
        bytes -= tail;
        tail = stream->capacity;
        *record = record_get(stream, stream->position);
    }
    // Of any record, also those that a reader's own buffer is too small for.
    bool is_sound = record->kind == RECORD_DATA && record->size <= stream->capacity / 4;
    uint32_t needed = is_sound ? padded(record->size) : 0;
    return is_sound && needed <= bytes && needed <= tail;
}

enum tsr_stream_result tsr_stream_peek(struct tsr_stream *stream, uint64_t timeout_ns,
                                       const uint8_t **bytes, uint32_t *size)
{
    struct record record;
    enum tsr_stream_result result = await(stream, 0, timeout_ns);
    if (result != STREAM_OK) {
        return result;
    }
    bool is_found = record_find(stream, &record);
    if (stream->broken != STREAM_OK || !is_found) {
        return broken(stream, STREAM_CORRUPT);
    }
    *size = record.size;
    if (record.size > stream->record_max) {
        return STREAM_TOO_LARGE;
    }
    uint32_t at = offset_of(stream, stream->position) + (uint32_t)sizeof record;
    if (stream->mapped == NULL && !stream->machine->read(stream, at, stream->buffer, record.size)) {
        return broken(stream, STREAM_FAILED);
    }
    *bytes = stream->mapped != NULL ? stream->mapped + at : stream->buffer;
    stream->held = record.size;
    return STREAM_OK;
}

enum tsr_stream_result tsr_stream_release(struct tsr_stream *stream)
{
    if (stream->broken != STREAM_OK || stream->held == NOTHING_HELD) {
        return stream->broken;
    }
    stream->position += padded(stream->held);
    stream->held = NOTHING_HELD;
    stream->records++;
    store(stream, offsetof(struct tsr_stream_header, released), stream->position);
    if (stream->other - stream->position <= stream->capacity / 2) {
        wake(stream, offsetof(struct tsr_stream_header, writer_waits), TSR_STREAM_RELEASED);
    }
    return stream->broken;
}

enum tsr_stream_result tsr_stream_read(struct tsr_stream *stream, uint64_t timeout_ns, void *to,
                                       uint32_t room, uint32_t *size)
{
    const uint8_t *bytes;
    enum tsr_stream_result result = tsr_stream_peek(stream, timeout_ns, &bytes, size);
    if (result == STREAM_OK && *size > room) {
        stream->held = NOTHING_HELD;
        return STREAM_TOO_LARGE;
    }
    if (result == STREAM_OK) {
        memcpy(to, bytes, *size);
        result = tsr_stream_release(stream);
    }
    return result;
}

// SPDX-License-Identifier: Apache-2.0
//
// A stream of records from one program to another through memory that both have: a ring in a
// MemoryObject, and a notification by which either sleeps until the other has gone on. As long as
// neither has to sleep, a record costs no entry into the kernel, and its bytes are never copied.
//
//     writer                                       reader
//     tsr_stream_reserve(&s, size, limit, &bytes)  tsr_stream_peek(&s, limit, &bytes, &size)
//     ... writes bytes[0..size) ...                ... reads them ...
//     tsr_stream_commit(&s, size)                  tsr_stream_release(&s)
//
// Where memory can't be mapped the same functions work by calls of the MemoryObject, through a
// buffer of the program's.
//
// Neither side believes the other. Each keeps its own place to itself, reads a number of the
// other's once, and checks it; numbers that can't be make the stream STREAM_CORRUPT for ever, and
// no access ever leaves the ring. But the bytes of a record are the other's as well: a reader that
// doubts its writer reads each of them once, or copies them (tsr_stream_read). Who sleeps without a
// limit waits for as long as the other likes; one that is gone says nothing.
//
// The memory: a page with a struct tsr_stream_header, then the ring, a power of two of pages. Its
// size is paid by the job of whoever makes the MemoryObject; the ring never grows.
#ifndef RUNTIME_STREAM_H
#define RUNTIME_STREAM_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/space.h"

enum {
    TSR_STREAM_PAGES_MAX = 256,   // of a ring
    TSR_STREAM_WRITTEN = 1 << 0,  // bits of the notification: something was written, or closed
    TSR_STREAM_RELEASED = 1 << 1, // ... released, or closed
};

enum tsr_stream_result {
    STREAM_OK,
    STREAM_TIMED_OUT, // nothing to read, or no room; nothing has changed
    STREAM_CLOSED,    // by the other side, and all that it wrote is read
    STREAM_TOO_LARGE, // for this stream, or for the reader's buffer
    STREAM_CORRUPT,   // the other side broke the rules; for ever
    STREAM_FAILED,    // a call was refused: stream->why; for ever
};

// The first bytes of the memory. A line is written by one side.
struct tsr_stream_header {
    // Whoever makes it, before anybody else has it.
    uint64_t magic;
    uint64_t type;     // of the records: a number that both sides know, such as a schema's
    uint32_t capacity; // bytes of the ring
    uint32_t reserved[11];
    // The writer.
    uint32_t written; // bytes, counted for ever
    uint32_t writer_closed;
    uint32_t writer_waits; // set by the writer, cleared by who wakes it
    uint32_t reserved_writer[13];
    // The reader.
    uint32_t released; // bytes, counted for ever
    uint32_t reader_closed;
    uint32_t reader_waits; // set by the reader, cleared by who wakes it
    uint32_t reserved_reader[13];
};

static_assert(sizeof(struct tsr_stream_header) == 192, "a line of memory for each");

// How a stream reaches what is shared, where that is no mapped memory; and how it sleeps. Any of
// them may refuse, with the reason kept in stream->why.
struct tsr_stream;
struct tsr_stream_machine {
    bool (*read)(struct tsr_stream *stream, uint32_t offset, void *to, uint32_t size);
    bool (*write)(struct tsr_stream *stream, uint32_t offset, const void *from, uint32_t size);
    bool (*wake)(struct tsr_stream *stream, uint64_t bits);
    // Until any of the bits was set, or the time is over; STREAM_OK, _TIMED_OUT or _FAILED.
    enum tsr_stream_result (*sleep)(struct tsr_stream *stream, uint64_t bits, uint64_t timeout_ns);
};

// One side of a stream; nothing in it is shared.
struct tsr_stream {
    const struct tsr_stream_machine *machine;
    struct tsr_space *space; // where it is mapped
    uint32_t pages;          // ... that are mapped
    uint8_t *mapped;         // NULL: reached by calls
    uint8_t *buffer;         // for one record then
    struct memory_object memory;
    struct notification bell;
    bool is_writer;
    enum tsr_stream_result broken; // STREAM_OK: it isn't
    uint32_t capacity;
    uint32_t record_max; // bytes
    uint32_t position;   // bytes written or released by this side
    uint32_t other;      // ... by the other, as last seen
    uint32_t held;       // bytes reserved, or looked at; UINT32_MAX: none
    uint64_t records;    // committed, or released
    uint64_t sleeps, wakes;
    struct capnp_exception why;
};

struct tsr_stream_options {
    struct tsr_space *space; // NULL: nothing is mapped
    struct memory_object memory;
    struct notification bell;
    uint64_t type;
    bool is_writer;
    uint8_t *buffer; // for one record, where nothing can be mapped; NULL: then it can't be opened
    uint32_t buffer_size;
};

// --- Opening ------------------------------------------------------------------------------------

// Memory of `pages` for the ring (a power of two) and a page more, and a notification, made by the
// job and to be handed to both sides: of the memory read and write, of the notification signal and
// take. False: nothing is left.
bool tsr_stream_make(struct job job, uint32_t pages, uint64_t type, struct memory_object *memory,
                     struct notification *bell, struct capnp_exception *exception);

// One side. False: the memory can't be reached, or is no stream of this type.
bool tsr_stream_open(struct tsr_stream *stream, const struct tsr_stream_options *options,
                     struct capnp_exception *exception);

// Says to the other side that nothing follows, or that nothing is read any more, and lets go of the
// memory. The capabilities stay.
void tsr_stream_close(struct tsr_stream *stream);

// The same on a machine of one's own: `mapped` is all of the memory, or NULL. STREAM_CORRUPT: it is
// no stream of this type in so many bytes.
enum tsr_stream_result tsr_stream_begin(struct tsr_stream *stream,
                                        const struct tsr_stream_machine *machine, uint8_t *mapped,
                                        uint64_t size, const struct tsr_stream_options *options);
struct tsr_stream_header tsr_stream_header_of(uint32_t capacity, uint64_t type);
void tsr_stream_end(struct tsr_stream *stream);

// --- Writing ------------------------------------------------------------------------------------

// Room for a record of at most `size` bytes, aligned to 8; sleeps for it at most so long at a time
// (0: not at all, TIMEOUT_NONE). What was reserved before and not committed is forgotten.
enum tsr_stream_result tsr_stream_reserve(struct tsr_stream *stream, uint32_t size,
                                          uint64_t timeout_ns, uint8_t **bytes);

// The record is written; it has no more bytes than were reserved.
enum tsr_stream_result tsr_stream_commit(struct tsr_stream *stream, uint32_t size);

// --- Reading ------------------------------------------------------------------------------------

// The next record, where it lies, aligned to 8.
enum tsr_stream_result tsr_stream_peek(struct tsr_stream *stream, uint64_t timeout_ns,
                                       const uint8_t **bytes, uint32_t *size);

// The record that was looked at is not needed any more.
enum tsr_stream_result tsr_stream_release(struct tsr_stream *stream);

// A copy of the next record, which is then released. STREAM_TOO_LARGE: it stays; *size is what it
// needs.
enum tsr_stream_result tsr_stream_read(struct tsr_stream *stream, uint64_t timeout_ns, void *to,
                                       uint32_t room, uint32_t *size);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// A byte stream (abi/schema/serial.capnp) as a record in memory that outlives its server: two
// rings of bytes, and a state that says how far they are. Whatever changes the state is a change:
// a copy of it, which becomes the stream's in one store. So a server that is killed between two
// instructions leaves the stream before the change or after it, and bytes that no state speaks of.
//
//     struct bytestream_change change = bytestream_begin(store);
//     bytestream_put(&change, byte); ...
//     bytestream_commit(&change);
//
// What a device does can't be undone. So the state also says which step of the device is under way,
// and `answer` is where the kernel writes what came of it, in the same turn. A server's next life
// sees from there whether the step happened.
//
// The memory is the server's and whoever keeps it for the server's; it is believed as far as its
// magic says that it was begun here.
#ifndef LIB_BYTESTREAM_BYTESTREAM_H
#define LIB_BYTESTREAM_BYTESTREAM_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BYTESTREAM_SIZE = 4096,         // bytes that wait, in each direction
    BYTESTREAM_PART_MAX = 512,      // of one read or write
    BYTESTREAM_ANSWER_BYTES = 1024, // of a device's answer
};

enum bytestream_step {
    BYTESTREAM_IDLE,
    BYTESTREAM_RECEIVES,
    BYTESTREAM_SENDS,
};

// Positions are those of the connection.
struct bytestream_state {
    uint64_t version; // another one where anything has changed but positions
    uint64_t connection;
    uint64_t lost;
    uint64_t acknowledged, received;
    uint64_t sent, accepted;
    uint32_t is_open;
    uint32_t step; // enum bytestream_step
};

struct bytestream {
    uint64_t magic;
    uint64_t current; // which of the states is the stream's: even or odd
    struct bytestream_state states[2];
    uint64_t answer[BYTESTREAM_ANSWER_BYTES / 8]; // the first word is 0 until there is one
    uint8_t in[BYTESTREAM_SIZE];
    uint8_t out[BYTESTREAM_SIZE];
};

struct bytestream_change {
    struct bytestream *stream;
    struct bytestream_state next;
};

// Begins a stream in zeroed memory, with its first connection open; one that was begun before goes
// on. True: it is new.
bool bytestream_open(struct bytestream *stream);

const struct bytestream_state *bytestream_now(const struct bytestream *stream);

struct bytestream_change bytestream_begin(struct bytestream *stream);
void bytestream_commit(struct bytestream_change *change);

// --- The device's side --------------------------------------------------------------------------

// How many bytes can be put.
uint32_t bytestream_room(const struct bytestream_state *state);
// A byte came. Without room it is lost.
void bytestream_put(struct bytestream_change *change, uint8_t byte);
void bytestream_lose(struct bytestream_change *change);

// Copies what is to be sent next; how much.
uint32_t bytestream_unsent(const struct bytestream *stream, uint8_t *bytes, uint32_t most);
void bytestream_sent(struct bytestream_change *change, uint32_t size);

// The connection ends, if it is open; another one begins.
void bytestream_disconnect(struct bytestream_change *change);
void bytestream_connect(struct bytestream_change *change);

// A step of the device begins: there is no answer yet.
void bytestream_step_begin(struct bytestream *stream, enum bytestream_step step);
// Whether the device did it.
bool bytestream_step_is_done(const struct bytestream *stream);

// --- The user's side ----------------------------------------------------------------------------

enum bytestream_answer {
    BYTESTREAM_OK,
    BYTESTREAM_WAITS, // nothing has happened: later again
    BYTESTREAM_OVER,  // the connection is another one now, or none
    BYTESTREAM_BAD,   // a position or a size that can't be
};

// Takes bytes from a position on, which acknowledges all before it.
enum bytestream_answer bytestream_read(struct bytestream *stream, uint64_t connection,
                                       uint64_t position, uint32_t limit, uint8_t *bytes,
                                       uint32_t *size);

// Accepts all of the bytes, or nothing; `*end` is the position behind what was accepted.
enum bytestream_answer bytestream_write(struct bytestream *stream, uint64_t connection,
                                        uint64_t position, const uint8_t *bytes, uint32_t size,
                                        uint64_t *end);

// OK: all that was accepted was sent.
enum bytestream_answer bytestream_drain(const struct bytestream *stream, uint64_t connection);

#endif

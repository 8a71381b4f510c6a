// SPDX-License-Identifier: Apache-2.0
//
// What the files of the terminal service share: one stream, one session at it, and the calls that
// wait for the session.
#ifndef SYSTEM_TERMINAL_TERMINAL_H
#define SYSTEM_TERMINAL_TERMINAL_H

#include "runtime/service/service.h"
#include "system/terminal/offer.h"
#include "system/terminal/session/session.h"

#include "schema/kernel.capnp.h"
#include "schema/serial.capnp.h"
#include "schema/terminal.capnp.h"

enum {
    TERMINAL_WRITE_MAX = 512, // as terminal.capnp says
    TERMINAL_READ_MAX = 768,
    STREAM_MAX = 512, // as serial.capnp says
};

// Beside what the session knows of a holder.
struct terminal_holder {
    uint32_t generation;          // a StdIO of another one was taken back
    struct tsr_request *reader;   // its readLine that waits; NULL: none
    struct tsr_request *writer;   // its write that waits
    size_t written;               // bytes of that one that were accepted
    struct tsr_request *listener; // its nextInterrupt that waits
};

struct stream {
    struct byte_stream capability;
    uint64_t version, connection;
    uint64_t read_at, write_at;                                   // positions
    bool is_open;                                                 // the connection goes on
    bool asks, reads, writes, drains;                             // a call is under way
    uint64_t read_connection, write_connection, drain_connection; // of those calls
    struct capnp_call state_call, read_call, write_call, drain_call;
    struct tsr_awaited state_awaited, read_awaited, write_awaited, drain_awaited;
    struct tsr_timer again;   // the server is gone: everything is asked again later
    char pending[STREAM_MAX]; // typed, and not taken by the session yet
    size_t pending_size;
};

struct terminal {
    struct tsr_service service;
    struct timer timer;
    struct capability_manager capabilities;
    struct endpoint server;
    struct stream stream;
    struct session session;
    struct terminal_holder holders[SESSION_HOLDERS_MAX];
    bool is_over;                // it hung up, and the owner has not asked for the next session
    struct tsr_request *heir;    // a nextSession that waits for a connection
    struct tsr_request *drainer; // a drain that waits for what was written before
    bool was_interrupted;        // while nobody listened
    uint64_t told_call;          // of the nextInterrupt that was answered last
    struct offer offer;
    struct session_memory memory;
};

// ---- serve.c: calls in ----

bool terminal_dispatch(void *self, uint16_t method, struct capnp_message *request,
                       struct capnp_builder *response, struct capnp_exception *exception);
// Nobody waits for this request any more.
void terminal_cancelled(void *self, struct tsr_request *request);
// The answer to this call reached nobody.
void terminal_lost(void *self, uint64_t call);
// Nobody holds a facet with this number any more.
void terminal_dropped(void *self, uint64_t interface, uint64_t number);

// The connection ended, or another one began.
void terminal_hang_up(struct terminal *terminal);
void terminal_connect(struct terminal *terminal);
// What had been written when it was asked has left the machine.
void terminal_drained(struct terminal *terminal);

// A session begins, without anything of the one before; what waits for that one is refused.
void terminal_session_begin(struct terminal *terminal);

// ---- stream.c: bytes in and out ----

void stream_begin(struct terminal *terminal);
// Everything that can go on does: what was typed, what is to be shown, the calls of the stream.
void stream_pump(struct terminal *terminal);

#endif

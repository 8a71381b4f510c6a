// SPDX-License-Identifier: Apache-2.0
//
// What a program uses of the runtime. A program defines tsr_main(); it is called once the process
// is relocated and its ring and CapSet are checked, and what it returns is the process's exit code.
//
//     int tsr_main(struct start *start)
//     {
//         struct debug_console console;
//         if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &console.id)) {
//             return 1;
//         }
//         ... debug_console_write_line(console, ...) ...
//         return 0;
//     }
//
// Calls go through the typed clients that are generated from abi/schema; the runtime is their
// carrier (client.c). The one piece of global state in a program that is not its own is what the
// runtime keeps of its threads (thread.h).
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/errors.h"
#include "lib/capnp/call.h"

struct start; // of abi/start.h; a program only passes it on

// With what a process exits when the runtime ends it.
enum tsr_exit_code {
    TSR_EXIT_ABI = 120,    // the kernel speaks another version of the ABI
    TSR_EXIT_RING = 121,   // the ring's header is not one
    TSR_EXIT_CAPSET = 122, // the CapSet is malformed
    TSR_EXIT_PANIC = 123,
};

// The program. `start` stays readable for the life of the process.
int tsr_main(struct start *start);

// The same, for code that was not handed it; NULL before tsr_main.
const struct start *tsr_start(void);

// The start-info message (struct start_info of boot.capnp), to be read; without one all its fields
// have their defaults.
void tsr_start_info(const struct start *start, struct capnp_message *info);

// --- Capabilities -------------------------------------------------------------------------------

// The capability that was granted under `name`, if its interface is `interface`: true, with its id
// in *cap. Otherwise false, and *cap is 0.
bool tsr_find(const struct start *start, const char *name, uint64_t interface, uint64_t *cap);

// The same for a capability of any interface.
bool tsr_find_any(const struct start *start, const char *name, uint64_t *cap);

// Gives a capability back. Takes effect with the thread's next entry into the kernel, together with
// others, or at exit. One with several owners has an owner less. An id that names nothing is
// ignored.
void tsr_release(uint64_t cap);

enum { TSR_SHARED_MAX = 64 }; // capabilities with several owners at a time

// One owner more, who releases it as well. False when too many capabilities are shared.
bool tsr_share(uint64_t cap);

// The park space by which threads that share capabilities wait for each other; before the second
// thread starts.
void tsr_share_among_threads(uint64_t space);

// Waits for bits of a notification and takes them. False, with the reason, when the time is over
// (TIMED_OUT) or it can't be waited for.
bool tsr_notification_wait(uint64_t notification, uint64_t mask, uint64_t timeout_ns,
                           uint64_t *bits, struct capnp_exception *exception);

// --- Calls --------------------------------------------------------------------------------------
// The generated begin and finish of each method, with capnp_call_send() between them, are all that
// many calls at once need: they may complete in any order, those sent in a row are one entry into
// the kernel, and a call that is ended before it has completed is withdrawn. As many can be under
// way as the ring has slots; another one fails with RING_BUSY. What follows is for more.

// How a call is sent. All zero: as capnp_call_send() does.
struct tsr_call_options {
    uint64_t timeout_ns; // from when the kernel takes it; it then ends with TIMED_OUT. 0: no limit
    uint16_t disclose;   // identity sections offered
    uint16_t moves;      // bit n: the request's capability n is moved, not copied
};

// Instead of capnp_call_send().
bool tsr_call_send(struct capnp_call *call, const struct tsr_call_options *options,
                   struct capnp_exception *exception);

// The capability that the call, which was sent and not yet finished, will bring as the `ordinal`th
// beside its answer. The target of other calls, which are held until it is there and then go out
// with the entry that waits for them:
//
//     room_open_begin(house, &open, ...); capnp_call_send(&open, ...);
//     room_look_begin((struct room){tsr_call_promise(&open, 0)}, &look, ...);
//     capnp_call_send(&look, ...); room_look_finish(&look, ...);
//
// A failed call fails those on it with the same exception; PIPELINE_BROKEN says that the answer has
// no such capability. Of a call that is ended unfinished the capabilities are released once the
// calls on them are done. A promise is no capability: it can't be handed on.
uint64_t tsr_call_promise(const struct capnp_call *call, uint32_t ordinal);

// Withdraws a call. It is finished as ever, with CANCELLED, or with its answer if that came first.
void tsr_call_cancel(struct capnp_call *call);

// Whether finishing the call will not wait. Doesn't enter the kernel.
bool tsr_call_is_done(const struct capnp_call *call);

// The interface of a capability that came with the answer; 0: none of these.
uint64_t tsr_call_interface(const struct capnp_call *call, uint64_t cap);

// Waits until anything more completes: true then, and when the time is over. False with what
// hinders it. Ask first which calls are done: what completed while something else was waited for is
// not waited for again.
bool tsr_wait(uint64_t timeout_ns, struct capnp_exception *exception);

// Waits until one of these calls, which were sent, is done; at once where one is. False with what
// hinders it.
bool tsr_wait_any(const struct capnp_call *const *calls, uint32_t count,
                  struct capnp_exception *exception);

// Hands to the kernel what was sent and released so far, and doesn't wait.
bool tsr_submit(struct capnp_exception *exception);

// --- The end ------------------------------------------------------------------------------------

_Noreturn void tsr_exit(int32_t code);

// Says why on the capability "console", if the process has it, and exits with TSR_EXIT_PANIC.
_Noreturn void tsr_panic(const char *text);

// The same with what an exception says behind the text.
_Noreturn void tsr_panic_because(const char *text, const struct capnp_exception *exception);

// The same where something is not so that has to be.
void tsr_must(bool is_so, const char *text, const struct capnp_exception *exception);

// --- Serving ------------------------------------------------------------------------------------

struct tsr_serve_options {
    uint64_t interface; // calls through another one are refused as unimplemented
    // Answers one call: the generated dispatch function, with its table:
    //     return ping_dispatch(&table, self, method, request, response, exception);
    bool (*dispatch)(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception);
    void *self;       // handed to dispatch
    const bool *stop; // looked at after each answer; true: tsr_serve returns. NULL: never
    // Where calls arrive that are too large for the ring's message area. Aligned to 8; room for a
    // struct message_header, the endpoint's largest message and the records of TRANSFERS_MAX
    // capabilities. NULL: the message area suffices.
    void *memory;
    uint32_t memory_size; // bytes
};

// Answers the calls of an endpoint, one after the other, over the server's hold of it. Returns true
// once *stop is set and the answer is out; false, with *exception filled in, when it cannot go on.
// Handlers may make calls of their own, and own the capabilities that come with a request.
bool tsr_serve(uint64_t server, const struct tsr_serve_options *options,
               struct capnp_exception *exception);

// --- Words for people ---------------------------------------------------------------------------

// The sentence of abi/errors.def for a fact (enum status, positive).
const char *tsr_fact_text(int32_t fact);

enum { TSR_LINE_SIZE = 200 }; // as much as the console takes

// A line being written. Starts out zeroed; what does not fit is cut, and the line then ends in
// "...".
struct tsr_line {
    uint32_t size; // bytes of text, without the NUL
    char text[TSR_LINE_SIZE + 1];
};

void tsr_line_text(struct tsr_line *line, const char *text);
void tsr_line_bytes(struct tsr_line *line, const char *bytes, uint32_t size);
void tsr_line_decimal(struct tsr_line *line, uint64_t value);
void tsr_line_signed(struct tsr_line *line, int64_t value);
void tsr_line_hex(struct tsr_line *line, uint64_t value); // 0x and no leading zeros

// What a failed call says: "disconnected (the capability was revoked)"; the sentence alone where
// nothing was delivered.
void tsr_line_exception(struct tsr_line *line, const struct capnp_exception *exception);

// Prints "name: what" on a console. A program that can't say what it has to exits with 1.
void tsr_say(uint64_t console, const char *name, const char *what);

// A C string as a text of a message.
struct capnp_text tsr_text_of(const char *text);

static inline struct capnp_text tsr_line_of(const struct tsr_line *line)
{
    return (struct capnp_text){line->text, line->size};
}

#endif

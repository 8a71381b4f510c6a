// SPDX-License-Identifier: Apache-2.0
//
// Reads memory until it may not any more. Its argument: "call" or "map", until it is revoked;
// "calls" or "time", until a lease is over. When it has read half it rings, and waits for an
// answer. Granted: console, timer, memory, bell, space.

#include "abi/commit.h"
#include "runtime/runtime.h"
#include "runtime/space.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"

enum { PAGES = 4, PIECE = 512, READS_MAX = 1000000, HALF_READ = 1 << 0, GO_ON = 1 << 1 };

static struct {
    struct debug_console console;
    struct timer timer;
    struct memory_object memory;
    struct notification bell;
    struct tsr_space space;
} own;

static void say(const char *what, const char *more)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, "reader: ");
    tsr_line_text(&line, what);
    tsr_line_text(&line, more);
    if (!debug_console_write_line(own.console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

static bool is_piece(const volatile uint8_t *bytes, uint32_t at)
{
    for (uint32_t i = 0; i < PIECE; i++) {
        if (bytes[i] != (uint8_t)(at + i + at / PAGE_SIZE)) {
            return false;
        }
    }
    return true;
}

// Reads a piece by a call. False: refused; with anything else than what was written it ends.
static bool piece_read(uint32_t at, struct capnp_exception *exception)
{
    struct capnp_call call;
    struct memory_object_read_params_builder params;
    struct memory_object_read_results_reader results;
    tsr_must(memory_object_read_begin(own.memory, &call, &params, exception),
             "no slot: ", exception);
    memory_object_read_params_set_offset(params, at);
    memory_object_read_params_set_length(params, PIECE);
    tsr_must(capnp_call_send(&call, exception), "not sent: ", exception);
    bool is_read = memory_object_read_finish(&call, &results, exception);
    if (is_read) {
        struct capnp_data data = memory_object_read_results_get_data(results);
        tsr_must(data.size == PIECE && is_piece(data.data, at), "other bytes: ", exception);
    }
    capnp_call_end(&call);
    return is_read;
}

static void half_read(void)
{
    struct capnp_exception exception;
    uint64_t bits;
    tsr_must(notification_signal(own.bell, HALF_READ, &exception) &&
                 tsr_notification_wait(own.bell.id, GO_ON, TIMEOUT_NONE, &bits, &exception),
             "no answer: ", &exception);
}

// Again and again, with a rest between; how many pieces were read after the first half.
static uint32_t read_by_calls(struct capnp_exception *exception)
{
    uint32_t pieces = PAGES * PAGE_SIZE / PIECE;
    uint32_t count = 0;
    for (uint32_t i = 0; i < pieces / 2; i++) {
        tsr_must(piece_read(i * PIECE, exception), "refused too early: ", exception);
    }
    half_read();
    while (count < READS_MAX && piece_read((pieces / 2 + count) % pieces * PIECE, exception)) {
        count++;
    }
    return count;
}

static void read_mapped(void)
{
    struct capnp_exception exception;
    uint64_t address;
    tsr_must(!tsr_space_map(&own.space, own.memory, 0, PAGES, RIGHT_READ | RIGHT_WRITE, &address,
                            &exception) &&
                 exception.status == STATUS_METHOD_NOT_IN_FACET,
             "what may only be read is written: ", &exception);
    tsr_must(tsr_space_map(&own.space, own.memory, 0, PAGES, RIGHT_READ, &address, &exception),
             "not mapped: ", &exception);
    const volatile uint8_t *bytes = (const volatile uint8_t *)address;
    for (uint32_t at = 0; at < PAGES * PAGE_SIZE; at += PIECE) {
        if (at == PAGES * PAGE_SIZE / 2) {
            half_read();
        }
        tsr_must(is_piece(bytes + at, at), "other bytes: ", &exception);
    }
    say("the mapping is there still", "");
}

int tsr_main(struct start *start)
{
    struct capnp_message info;
    struct capnp_exception exception = {0};
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id) ||
        !tsr_find(start, "memory", MEMORY_OBJECT_INTERFACE_ID, &own.memory.id) ||
        !tsr_find(start, "bell", NOTIFICATION_INTERFACE_ID, &own.bell.id) ||
        !tsr_space_open(&own.space, start, &exception)) {
        return 1;
    }
    tsr_start_info(start, &info);
    struct capnp_text how = start_info_get_arguments(start_info_read(&info));
    if (how.size == 3) { // map
        read_mapped();
        return 1;
    }
    uint32_t count = read_by_calls(&exception);
    struct tsr_line line = {0};
    tsr_line_exception(&line, &exception);
    if (how.size == 5) { // calls
        tsr_must(count == 5, "another number of calls: ", &exception);
    }
    say("refused: ", line.text);
    return 0;
}

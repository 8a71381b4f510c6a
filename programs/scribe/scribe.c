// SPDX-License-Identifier: Apache-2.0
//
// Makes and drops facets until the log could not hold what became of them, waits until the ledger
// has taken it all, and prints the ledger's memory, both halves (system/ledger/keep.h), in
// hexadecimal.
#include "abi/checkpoint.h"
#include "runtime/log.h"
#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

enum {
    FACETS = 3000, // six commits each: more than the log of a small machine holds
    HALVES = 2,
    PIECE = 64,    // bytes of a line
    KEPT_PART = 8, // as the ledger has it: of the log's pages, one part in so many stays behind
    PAUSE_NS = 1000000,
};

static struct debug_console console;

static void say(const char *text)
{
    tsr_say(console.id, "scribe", text);
}

_Noreturn static void fail(const char *what, const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, what);
    tsr_line_text(&line, ": ");
    tsr_line_exception(&line, exception);
    say(line.text);
    tsr_exit(1);
}

static void facets_make(struct capability_manager capabilities)
{
    struct capnp_exception exception;
    for (uint32_t i = 0; i < FACETS; i++) {
        struct capnp_cap facet;
        struct revoker revoker;
        if (!capability_manager_facet(capabilities, (struct capnp_cap){console.id}, 1, 0, 0, 0, 0,
                                      &facet, &revoker, &exception)) {
            fail("a facet cannot be made", &exception);
        }
        tsr_release(facet.id);
        tsr_release(revoker.id);
    }
    say("made and dropped 3000 facets");
}

static void ledger_await(struct tsr_log *log, struct timer timer)
{
    struct capnp_exception exception;
    uint64_t now_ns;
    do {
        if (!timer_now(timer, &now_ns, &exception) ||
            !timer_sleep_until(timer, now_ns + PAUSE_NS, &exception) ||
            !tsr_log_ask(log, &exception)) {
            fail("cannot wait for the ledger", &exception);
        }
    } while (log->page - log->first >= log->capacity / KEPT_PART);
}

// At most PIECE bytes of the memory; 0: it can't be read.
static uint32_t piece_read(struct memory_object memory, uint64_t offset, uint8_t *to)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct memory_object_read_params_builder params;
    struct memory_object_read_results_reader results;
    if (!memory_object_read_begin(memory, &call, &params, &exception)) {
        fail("the checkpoint cannot be read", &exception);
    }
    memory_object_read_params_set_offset(params, offset);
    memory_object_read_params_set_length(params, PIECE);
    bool is_read = capnp_call_send(&call, &exception) &&
                   memory_object_read_finish(&call, &results, &exception);
    if (!is_read) {
        fail("the checkpoint cannot be read", &exception);
    }
    struct capnp_data data = memory_object_read_results_get_data(results);
    for (uint32_t i = 0; i < data.size && i < PIECE; i++) {
        to[i] = data.data[i];
    }
    capnp_call_end(&call);
    return data.size < PIECE ? data.size : PIECE;
}

static void half_print(struct memory_object memory, uint64_t start, uint64_t room)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[PIECE];
    uint64_t size = 0;
    if (piece_read(memory, start, bytes) == PIECE) {
        __builtin_memcpy(&size, bytes, sizeof(size));
    }
    for (uint64_t done = 0; done < size && size <= room - sizeof(size); done += PIECE) {
        char text[2 * PIECE + 1] = {0};
        uint32_t found = piece_read(memory, start + sizeof(size) + done, bytes);
        uint64_t left = size - done;
        for (uint32_t i = 0; i < found && i < left; i++) {
            text[2 * i] = digits[bytes[i] >> 4];
            text[2 * i + 1] = digits[bytes[i] & 15];
        }
        say(text);
    }
}

int tsr_main(struct start *start)
{
    struct capability_manager capabilities;
    struct tsr_log log = {.seq = 0};
    struct timer timer;
    struct memory_object memory;
    struct capnp_exception exception;
    uint64_t size;
    bool is_sealed;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &console.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &capabilities.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &timer.id) ||
        !tsr_find(start, "log", LOG_READER_INTERFACE_ID, &log.reader.id) ||
        !tsr_find(start, "checkpoint", MEMORY_OBJECT_INTERFACE_ID, &memory.id)) {
        return 1;
    }
    facets_make(capabilities);
    ledger_await(&log, timer);
    if (!memory_object_info(memory, &size, &is_sealed, &exception)) {
        fail("the checkpoint cannot be asked for", &exception);
    }
    if (memory_object_write(memory, 0, (struct capnp_data){(const uint8_t *)"x", 1}, &exception)) {
        fail("it could write what it may only read", &exception);
    }
    for (uint64_t half = 0; half < HALVES; half++) {
        say("checkpoint:");
        half_print(memory, half * (size / HALVES), size / HALVES);
    }
    say("copied what the ledger keeps");
    return 0;
}

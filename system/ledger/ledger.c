// SPDX-License-Identifier: Apache-2.0
//
// The log's replica while the machine runs: takes sealed pages as they come, verifies their chain,
// reduces their records, compares digests, and acknowledges them. See README.md.
#include <string.h>

#include "abi/commit.h"
#include "abi/start.h"
#include "lib/replay/replay.h"
#include "runtime/runtime.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"

enum {
    STORAGE_SIZE = 9 << 18, // bytes: the state of the kernel's largest configuration
    READ_SIZE = 512,        // bytes that one MemoryObject.read answers at most
    TOLD_EVERY = 256,       // pages
    PAUSE_NS = 1000000,
};

struct ledger {
    struct log_reader log;
    struct debug_console console;
    struct timer timer;
    struct memory_object pages;
    uint32_t capacity;
    uint64_t next;  // page to take
    uint64_t taken; // pages
    uint64_t most;  // pages to take before it ends
    bool has_state; // it began at page 0
    struct replay replay;
};

static _Alignas(64) uint8_t storage[STORAGE_SIZE];
static struct log_page page_bytes;

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    (void)file;
    (void)line;
    tsr_panic(claim);
}

// --- Words for people ---------------------------------------------------------------------------

static void say(const struct ledger *ledger, const char *what, uint64_t number, const char *rest)
{
    struct capnp_exception exception;
    struct tsr_line line = {0};
    tsr_line_text(&line, "ledger: ");
    tsr_line_text(&line, what);
    tsr_line_decimal(&line, number);
    tsr_line_text(&line, rest);
    if (!debug_console_write_line(ledger->console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

_Noreturn static void fail(const struct ledger *ledger, const char *what,
                           const struct capnp_exception *exception)
{
    struct capnp_exception ignored;
    struct tsr_line line = {0};
    tsr_line_text(&line, "ledger: ");
    tsr_line_text(&line, what);
    tsr_line_text(&line, ": ");
    tsr_line_exception(&line, exception);
    if (debug_console_write_line(ledger->console, tsr_line_of(&line), &ignored)) {
        tsr_exit(1);
    }
    tsr_exit(1);
}

// --- Reading ------------------------------------------------------------------------------------

struct progress {
    uint64_t first, sealed;
};

static struct progress progress_ask(struct ledger *ledger)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct log_reader_state_results_reader results;
    struct progress progress = {0, 0};
    struct log_reader_state_params_builder params;
    bool is_answered = log_reader_state_begin(ledger->log, &call, &params, &exception) &&
                       capnp_call_send(&call, &exception) &&
                       log_reader_state_finish(&call, &results, &exception);
    if (is_answered) {
        progress.first = log_reader_state_results_get_first(results);
        progress.sealed = log_reader_state_results_get_sealed(results);
        ledger->capacity = log_reader_state_results_get_capacity(results);
        is_answered = !capnp_call_refuse_response(&call, &exception);
    }
    capnp_call_end(&call);
    if (!is_answered || ledger->capacity == 0) {
        fail(ledger, "the log cannot be asked how far it is", &exception);
    }
    return progress;
}

// Reads READ_SIZE bytes of the log's memory.
static void piece_read(const struct ledger *ledger, uint64_t offset, uint8_t *to)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct memory_object_read_params_builder params;
    struct memory_object_read_results_reader results;
    bool is_answered = memory_object_read_begin(ledger->pages, &call, &params, &exception);
    if (!is_answered) {
        fail(ledger, "the log's pages cannot be read", &exception);
    }
    memory_object_read_params_set_offset(params, offset);
    memory_object_read_params_set_length(params, READ_SIZE);
    is_answered = capnp_call_send(&call, &exception) &&
                  memory_object_read_finish(&call, &results, &exception);
    if (is_answered) {
        struct capnp_data data = memory_object_read_results_get_data(results);
        if (data.size == READ_SIZE) {
            memcpy(to, data.data, READ_SIZE);
        }
        is_answered = !capnp_call_refuse_response(&call, &exception);
    }
    capnp_call_end(&call);
    if (!is_answered) {
        fail(ledger, "the log's pages cannot be read", &exception);
    }
}

static void page_read(const struct ledger *ledger, uint64_t page)
{
    uint64_t at = page % ledger->capacity * LOG_PAGE_SIZE;
    for (uint32_t done = 0; done < LOG_PAGE_SIZE; done += READ_SIZE) {
        piece_read(ledger, at + done, (uint8_t *)&page_bytes + done);
    }
}

// --- Taking -------------------------------------------------------------------------------------

// The state is that of page 0; a later first page leaves the chain alone to be verified.
static void first_take(struct ledger *ledger)
{
    struct state_config config;
    struct replay_error error = {.fault = REPLAY_OK};
    ledger->has_state = ledger->next == 0;
    if (ledger->has_state) {
        error = replay_config(&page_bytes, &config);
        ledger->has_state = error.fault == REPLAY_OK && state_size(&config) <= sizeof(storage);
    }
    if (ledger->has_state) {
        replay_init(&ledger->replay, &config, storage);
        say(ledger, "begins at page ", 0, ": verifies and reduces");
    } else {
        ledger->replay.boot_id = page_bytes.header.boot_id;
        memcpy(ledger->replay.head, page_bytes.header.previous, HASH_SIZE);
        say(ledger, "begins at page ", ledger->next, ": no state from before, verifies the chain");
    }
}

// What is wrong with the page, or REPLAY_OK.
static enum replay_fault page_take(struct ledger *ledger)
{
    if (ledger->has_state) {
        return replay_page(&ledger->replay, &page_bytes).fault;
    }
    ledger->replay.page_count = ledger->next;
    return replay_page_chain(&ledger->replay, &page_bytes).fault;
}

static void pages_take(struct ledger *ledger, uint64_t sealed)
{
    struct capnp_exception exception;
    for (; ledger->next < sealed; ledger->next++) {
        page_read(ledger, ledger->next);
        if (ledger->taken == 0) {
            first_take(ledger);
        }
        enum replay_fault fault = page_take(ledger);
        if (fault != REPLAY_OK) {
            say(ledger, "page ", ledger->next, " is not what the chain says it must be");
            say(ledger, "the fault has number ", fault, " in lib/replay/replay.h");
            tsr_exit(1);
        }
        if (!log_reader_acknowledge(ledger->log, ledger->next + 1, &exception)) {
            fail(ledger, "a page cannot be acknowledged", &exception);
        }
        ledger->taken++;
        if ((ledger->next + 1) % TOLD_EVERY == 0) {
            say(ledger, "", ledger->next + 1, " pages of the log are verified");
        }
        if (ledger->taken == ledger->most) {
            say(ledger, "ends after ", ledger->taken, " pages, as it was told");
            tsr_exit(0);
        }
    }
}

// --- The beginning ------------------------------------------------------------------------------

// A number of pages; none: all.
static uint64_t most_read(struct capnp_text text)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        most = most * 10 + (uint64_t)(text.data[i] - '0');
    }
    return most == 0 ? UINT64_MAX : most;
}

int tsr_main(struct start *start)
{
    static struct ledger ledger;
    struct capnp_message message;
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &ledger.console.id) ||
        !tsr_find(start, "log", LOG_READER_INTERFACE_ID, &ledger.log.id) ||
        !tsr_find(start, "log-pages", MEMORY_OBJECT_INTERFACE_ID, &ledger.pages.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &ledger.timer.id)) {
        return 1;
    }
    capnp_message_init(&message, (const uint8_t *)start->info, (uint32_t)start->info_size, NULL, 0);
    ledger.most = most_read(start_info_get_arguments(start_info_read(&message)));
    ledger.next = progress_ask(&ledger).first;
    for (;;) {
        uint64_t now_ns;
        pages_take(&ledger, progress_ask(&ledger).sealed);
        if (!timer_now(ledger.timer, &now_ns, &exception) ||
            !timer_sleep_until(ledger.timer, now_ns + PAUSE_NS, &exception)) {
            fail(&ledger, "cannot wait", &exception);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// The log's replica while the machine runs: takes sealed pages as they come, verifies their chain,
// reduces their records, compares digests, keeps a checkpoint of what it has taken, and then
// acknowledges the pages that it stands for. See README.md.
#include <string.h>

#include "abi/start.h"
#include "runtime/log.h"
#include "runtime/runtime.h"
#include "system/ledger/keep.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"

enum {
    STORAGE_SIZE = 9 << 18, // bytes: the state of the kernel's largest configuration
    TOLD_EVERY = 256,       // pages
    KEPT_PART = 8,          // of the log's pages, one part in so many waits for a checkpoint
    PAUSE_NS = 1000000,
};

struct ledger {
    struct tsr_log log;
    struct debug_console console;
    struct timer timer;
    struct keep keep;
    uint64_t next;  // page to take
    uint64_t taken; // pages
    uint64_t most;  // pages to take before it ends
    bool has_state; // it began at page 0, or with a checkpoint
    struct replay replay;
};

static _Alignas(64) uint8_t storage[STORAGE_SIZE];
static _Alignas(64) uint8_t checkpoint_bytes[KEEP_HALF_MAX];

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

// --- The beginning of the state -----------------------------------------------------------------

// The checkpoint that another ledger left, if the pages behind it are there.
static bool checkpoint_resume(struct ledger *ledger)
{
    struct checkpoint checkpoint;
    if (!keep_read(&ledger->keep, checkpoint_bytes, &checkpoint)) {
        return false;
    }
    struct state_config config = checkpoint_config(&checkpoint);
    if (checkpoint.header.page < ledger->log.first || checkpoint.header.page > ledger->log.sealed ||
        state_size(&config) > sizeof(storage) ||
        checkpoint_load(&checkpoint, &ledger->replay, storage).fault != REPLAY_OK) {
        memset(storage, 0, sizeof(storage));
        return false;
    }
    ledger->next = checkpoint.header.page;
    return true;
}

static void ledger_begin(struct ledger *ledger)
{
    ledger->next = ledger->log.first;
    ledger->has_state = checkpoint_resume(ledger);
    if (ledger->has_state) {
        say(ledger, "begins at page ", ledger->next, ": with the state that was kept");
    }
}

// Without a checkpoint the state is that of page 0; a later first page leaves the chain alone to be
// verified.
static void first_take(struct ledger *ledger, const struct log_page *page)
{
    struct state_config config;
    if (ledger->next == 0 && replay_config(page, &config).fault == REPLAY_OK &&
        state_size(&config) <= sizeof(storage)) {
        ledger->has_state = true;
        replay_init(&ledger->replay, &config, storage);
        say(ledger, "begins at page ", 0, ": verifies and reduces");
    } else {
        ledger->replay.boot_id = page->header.boot_id;
        memcpy(ledger->replay.head, page->header.previous, HASH_SIZE);
        say(ledger, "begins at page ", ledger->next, ": no state from before, verifies the chain");
    }
}

// --- Taking -------------------------------------------------------------------------------------

// What is wrong with the page, or REPLAY_OK.
static enum replay_fault page_verify(struct ledger *ledger, const struct log_page *page)
{
    if (ledger->has_state) {
        return replay_page(&ledger->replay, page).fault;
    }
    ledger->replay.page_count = ledger->next;
    return replay_page_chain(&ledger->replay, page).fault;
}

static void page_take(struct ledger *ledger)
{
    static struct log_page page;
    struct capnp_exception exception;
    if (!tsr_log_page(&ledger->log, ledger->next, &page, &exception)) {
        fail(ledger, "the log's pages cannot be read", &exception);
    }
    if (ledger->taken == 0 && !ledger->has_state) {
        first_take(ledger, &page);
    }
    enum replay_fault fault = page_verify(ledger, &page);
    if (fault != REPLAY_OK) {
        say(ledger, "page ", ledger->next, " is not what the chain says it must be");
        say(ledger, "the fault has number ", fault, " in lib/replay/replay.h");
        tsr_exit(1);
    }
    ledger->taken++;
    ledger->next++;
    if (ledger->next % TOLD_EVERY == 0) {
        say(ledger, "", ledger->next, " pages of the log are verified");
    }
}

// Keeps a checkpoint of all that was taken, if there is memory for it.
static void checkpoint_keep(struct ledger *ledger)
{
    struct capnp_exception exception;
    if (!ledger->has_state || ledger->keep.memory.id == 0) {
        return;
    }
    uint64_t size = checkpoint_size(&ledger->replay);
    if (size > sizeof(checkpoint_bytes)) {
        say(ledger, "a checkpoint would have ", size, " bytes, and is not kept");
        return;
    }
    checkpoint_write(&ledger->replay, checkpoint_bytes);
    if (!keep_write(&ledger->keep, checkpoint_bytes, size, &exception)) {
        say(ledger, "a checkpoint of ", size, " bytes cannot be kept");
    }
}

// What was taken stands in the checkpoint, or at least in this state: the log may forget it.
static void pages_acknowledge(struct ledger *ledger)
{
    struct capnp_exception exception;
    checkpoint_keep(ledger);
    if (!log_reader_acknowledge(ledger->log.reader, ledger->next, &exception)) {
        fail(ledger, "pages cannot be acknowledged", &exception);
    }
    ledger->log.first = ledger->next;
}

static void log_ask(struct ledger *ledger)
{
    struct capnp_exception exception;
    if (!tsr_log_ask(&ledger->log, &exception)) {
        fail(ledger, "the log cannot be asked how far it is", &exception);
    }
}

static void pages_take(struct ledger *ledger)
{
    log_ask(ledger);
    while (ledger->next < ledger->log.sealed) {
        page_take(ledger);
        if (ledger->next - ledger->log.first >= ledger->log.capacity / KEPT_PART) {
            pages_acknowledge(ledger);
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
        !tsr_find(start, "log", LOG_READER_INTERFACE_ID, &ledger.log.reader.id) ||
        !tsr_find(start, "log-pages", MEMORY_OBJECT_INTERFACE_ID, &ledger.log.pages.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &ledger.timer.id)) {
        return 1;
    }
    tsr_find(start, "checkpoint", MEMORY_OBJECT_INTERFACE_ID, &ledger.keep.memory.id);
    tsr_start_info(start, &message);
    ledger.most = most_read(start_info_get_arguments(start_info_read(&message)));
    if (!keep_open(&ledger.keep, &exception)) {
        fail(&ledger, "the memory for checkpoints cannot be asked", &exception);
    }
    log_ask(&ledger);
    ledger_begin(&ledger);
    for (;;) {
        uint64_t now_ns;
        pages_take(&ledger);
        if (!timer_now(ledger.timer, &now_ns, &exception) ||
            !timer_sleep_until(ledger.timer, now_ns + PAUSE_NS, &exception)) {
            fail(&ledger, "cannot wait", &exception);
        }
    }
}

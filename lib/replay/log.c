// SPDX-License-Identifier: Apache-2.0
//
// A whole log in memory: see replay.h. A page's SHA-256 stands in its successor, so that a
// difference leaves two suspects: the page, or the field that names its hash. Here both neighbours
// are at hand: if the successor's own hash is not what *its* successor says either, it is the
// successor that was changed.
#include <string.h>

#include "lib/replay/page.h"
#include "lib/sha256/sha256.h"

// Where the log begins: what two of first page, last page and trailer say; else at page 0.
static uint64_t first_number(const struct replay_log *log)
{
    uint64_t first = log->pages[0].header.page;
    uint64_t last = log->pages[log->page_count - 1].header.page - (log->page_count - 1);
    bool is_confirmed = log->trailer != NULL && log->trailer->pages - log->page_count == first;

    return (log->page_count > 1 && last == first) || is_confirmed ? first : 0;
}

struct replay_error replay_log_open(struct replay_log *log, const void *bytes, size_t size)
{
    size_t rest = size % LOG_PAGE_SIZE;
    const uint8_t *start = bytes;

    *log = (struct replay_log){.pages = bytes, .page_count = size / LOG_PAGE_SIZE};
    if (rest == sizeof(struct log_trailer))
        log->trailer = (const struct log_trailer *)(const void *)(start + (size - rest));
    struct replay_error error = {.record = REPLAY_NO_RECORD, .page = log->page_count};
    if (rest != 0 && log->trailer == NULL) {
        error.fault = REPLAY_SIZE;
        error.found = rest;
    } else if (log->page_count == 0) {
        error.fault = REPLAY_EMPTY;
    } else {
        log->first = first_number(log);
    }
    return error;
}

// What the log or the caller says that a page's SHA-256 is; null: nobody says it.
static const uint8_t *stated_hash(const struct replay_log *log, uint64_t page, const uint8_t *head)
{
    if (page + 1 < log->page_count)
        return log->pages[page + 1].header.previous;
    if (log->trailer != NULL)
        return log->trailer->head;
    return head;
}

static bool has_hash(const struct log_page *page, const uint8_t *hash)
{
    uint8_t found[HASH_SIZE];

    sha256_of(page, sizeof(*page), found);
    return memcmp(found, hash, HASH_SIZE) == 0;
}

// Whether a later page has the number: then pages were moved, else they are missing.
static bool stands_later(const struct replay_log *log, uint64_t after, uint64_t number)
{
    for (uint64_t i = after + 1; i < log->page_count; i++) {
        if (log->pages[i].header.page == number)
            return true;
    }
    return false;
}

// Page `page` doesn't have the hash that is stated for it: which page is to blame?
static struct replay_error hash_fault(const struct replay_log *log, uint64_t page,
                                      const uint8_t *head)
{
    bool successor = page + 1 < log->page_count;
    const uint8_t *next_hash = successor ? stated_hash(log, page + 1, head) : NULL;
    struct replay_error error = replay_fact(REPLAY_PAGE_HASH, 0, 0);

    error.page = page;
    if (next_hash != NULL && !has_hash(&log->pages[page + 1], next_hash)) {
        error.fault = REPLAY_PAGE_PREVIOUS;
        error.page = page + 1;
    } else if (!successor && head != NULL && has_hash(&log->pages[page], head)) {
        error.fault = REPLAY_TRAILER_HEAD;
    }
    return error;
}

// The boot that all pages must be of: the first page's, which says it in its genesis, too. Where
// that is gone, two of first page, last page and trailer have to agree.
static uint64_t boot_of(const struct replay_log *log)
{
    uint64_t last = log->pages[log->page_count - 1].header.boot_id;
    bool is_outvoted = log->first != 0 && log->trailer != NULL && log->trailer->boot_id == last;

    return is_outvoted ? last : log->pages[0].header.boot_id;
}

static struct replay_error page_fault(const struct replay_log *log, uint64_t page)
{
    uint64_t boot_id = boot_of(log);
    uint64_t number = log->first + page;
    struct replay_error error = replay_page_check(&log->pages[page], boot_id, number);
    static const uint8_t zeros[HASH_SIZE];
    struct state_config config;

    if (error.fault == REPLAY_PAGE_GAP && stands_later(log, page, number))
        error.fault = REPLAY_PAGE_ORDER;
    if (error.fault == REPLAY_OK && number == 0) {
        error = replay_config(&log->pages[0], &config);
        if (memcmp(log->pages[0].header.previous, zeros, HASH_SIZE) != 0)
            error.fault = REPLAY_PAGE_PREVIOUS;
    }
    error.page = page;
    return error;
}

// The trailer, where there is one, and the given head, where there is one.
static struct replay_error end_fault(const struct replay_log *log, const uint8_t *head,
                                     uint64_t seq)
{
    uint64_t boot_id = boot_of(log);
    const struct log_page *last = &log->pages[log->page_count - 1];
    struct replay_error error = {.record = REPLAY_NO_RECORD, .page = log->page_count, .seq = seq};

    if (log->trailer != NULL) {
        error = replay_trailer_check(log->trailer, boot_id, log->first + log->page_count,
                                     log->first == 0 ? seq : log->trailer->seq);
        error.page = log->page_count;
    } else if (head == NULL) {
        error.fault = REPLAY_TRAILER_MISSING;
    }
    if (error.fault == REPLAY_OK && head != NULL && !has_hash(last, head))
        error.fault = REPLAY_HEAD;
    return error;
}

struct replay_error replay_log_verify(const struct replay_log *log, const uint8_t *head)
{
    struct replay_error error = replay_fact(REPLAY_EMPTY, 0, 0);
    uint64_t seq = 0;

    for (uint64_t page = 0; page < log->page_count; page++) {
        error = page_fault(log, page);
        if (error.fault != REPLAY_OK) {
            error.seq = seq;
            return error;
        }
        // A missing or wrong successor is its own fault and said as that, not as a wrong hash.
        bool trusted = page + 1 == log->page_count
                           ? log->trailer != NULL && log->trailer->magic == LOG_TRAILER_MAGIC
                           : page_fault(log, page + 1).fault == REPLAY_OK;
        if (trusted && !has_hash(&log->pages[page], stated_hash(log, page, head))) {
            error = hash_fault(log, page, head);
            error.seq = error.page == page ? seq : seq + log->pages[page].header.count;
            return error;
        }
        seq += log->pages[page].header.count;
    }
    return log->page_count == 0 ? error : end_fault(log, head, seq);
}

void replay_log_narrow(const struct replay_log *log, struct replay_error *error,
                       const struct state_config *config, void *storage)
{
    struct replay replay;

    replay_init(&replay, config, storage);
    for (uint64_t page = 0; page <= error->page && page < log->page_count; page++) {
        struct replay_error shown = replay_page(&replay, &log->pages[page]);
        bool content = shown.fault == REPLAY_RECORD || shown.fault == REPLAY_PAGE_DIGEST;
        if (content && page == error->page) {
            error->shows = shown.fault;
            error->record = shown.record;
            error->seq = shown.seq;
        }
        if (shown.fault != REPLAY_OK)
            return;
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Append and seal: see log.h; the layout of pages is that of abi/commit.h.
#include "kernel/log/log.h"

#include <string.h>

enum { SEAL_STEP = LOG_PAGE_SIZE / LOG_SEAL_STEPS }; // bytes hashed in one step

// Begins page `page`, which is filled from now on.
static void page_begin(struct log *log, uint64_t page)
{
    log->page = page;
    log_page(log, page)->header = (struct log_page_header){
        .magic = LOG_PAGE_MAGIC, .version = LOG_VERSION, .boot_id = log->boot_id, .page = page};
}

void log_init(struct log *log, struct log_page *pages, uint32_t page_count, uint64_t boot_id)
{
    *log = (struct log){.pages = pages,
                        .page_count = page_count,
                        .room = (uint64_t)page_count * COMMITS_PER_PAGE,
                        .boot_id = boot_id};
    sha256_init(&log->hash);
    page_begin(log, 0);
}

void log_append(struct log *log, const struct commit *commit, uint64_t digest)
{
    struct log_page *page = log_page(log, log->page);
    if (page->header.count == COMMITS_PER_PAGE) {
        page_begin(log, log->page + 1);
        page = log_page(log, log->page);
    }
    page->records[page->header.count] = *commit;
    page->header.count++;
    page->header.digest = digest;
    log->seq++;
    log->room--;
}

void log_seal_step(struct log *log)
{
    if (log->sealing < log->page) {
        const uint8_t *bytes = (const uint8_t *)log_page(log, log->sealing);
        sha256_update(&log->hash, bytes + log->hashed, SEAL_STEP);
        log->hashed += SEAL_STEP;
    }
    if (log->hashed == LOG_PAGE_SIZE) {
        sha256_final(&log->hash, log->head);
        sha256_init(&log->hash);
        log->hashed = 0;
        log->sealing++;
        memcpy(log_page(log, log->sealing)->header.previous, log->head, HASH_SIZE);
    }
}

void log_flush(struct log *log)
{
    struct log_page *page = log_page(log, log->page);
    uint32_t count = page->header.count;
    if (count != 0) {
        memset(&page->records[count], 0, (COMMITS_PER_PAGE - count) * sizeof page->records[0]);
        log->room -= COMMITS_PER_PAGE - count;
        page_begin(log, log->page + 1);
    }
}

void log_close(struct log *log)
{
    log_flush(log);
    while (log->sealing < log->page) {
        log_seal_step(log);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Page by page: see replay.h. The checks of one page, in this order: header, its place in the
// chain, each record just before it is reduced, digest.
#include "lib/replay/replay.h"

#include <string.h>

#include "lib/replay/page.h"
#include "lib/sha256/sha256.h"

static const struct replay_error fine = {.fault = REPLAY_OK, .record = REPLAY_NO_RECORD};

static bool is_zero(const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;

    for (size_t i = 0; i < size; i++) {
        if (byte[i] != 0)
            return false;
    }
    return true;
}

struct replay_error replay_fact(enum replay_fault fault, uint64_t found, uint64_t expected)
{
    struct replay_error error = fine;

    error.fault = fault;
    error.found = found;
    error.expected = expected;
    return error;
}

struct replay_error replay_page_check(const struct log_page *page, uint64_t boot_id,
                                      uint64_t number)
{
    const struct log_page_header *header = &page->header;
    bool any_boot = number == 0;

    if (header->magic != LOG_PAGE_MAGIC)
        return replay_fact(REPLAY_PAGE_MAGIC, header->magic, LOG_PAGE_MAGIC);
    if (header->version != LOG_VERSION)
        return replay_fact(REPLAY_PAGE_VERSION, header->version, LOG_VERSION);
    if (header->count == 0 || header->count > COMMITS_PER_PAGE)
        return replay_fact(REPLAY_PAGE_COUNT, header->count, COMMITS_PER_PAGE);
    if (!any_boot && header->boot_id != boot_id)
        return replay_fact(REPLAY_PAGE_BOOT, header->boot_id, boot_id);
    if (header->page != number) {
        enum replay_fault fault = header->page > number ? REPLAY_PAGE_GAP : REPLAY_PAGE_ORDER;
        return replay_fact(fault, header->page, number);
    }
    size_t rest = (size_t)(COMMITS_PER_PAGE - header->count) * COMMIT_SIZE;
    if (!is_zero(page->records + header->count, rest))
        return replay_fact(REPLAY_PAGE_REST, header->count, 0);
    return fine;
}

struct replay_error replay_trailer_check(const struct log_trailer *trailer, uint64_t boot_id,
                                         uint64_t page_count, uint64_t seq)
{
    const struct {
        enum replay_fault fault;
        uint64_t found, expected;
    } facts[] = {
        {REPLAY_TRAILER_MAGIC, trailer->magic, LOG_TRAILER_MAGIC},
        {REPLAY_TRAILER_VERSION, trailer->version, LOG_VERSION},
        {REPLAY_TRAILER_BOOT, trailer->boot_id, boot_id},
        {REPLAY_TRAILER_PAGES, trailer->pages, page_count},
        {REPLAY_TRAILER_SEQ, trailer->seq, seq},
        {REPLAY_TRAILER_RESERVED, !is_zero(trailer->reserved, sizeof(trailer->reserved)), 0},
    };

    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (facts[i].found != facts[i].expected) {
            struct replay_error error =
                replay_fact(facts[i].fault, facts[i].found, facts[i].expected);
            error.seq = seq;
            return error;
        }
    }
    return fine;
}

struct replay_error replay_config(const struct log_page *first, struct state_config *config)
{
    struct replay_error error = replay_page_check(first, 0, 0);
    const struct commit *genesis = &first->records[0];
    const uint8_t *given = first->records[1].bytes;

    if (error.fault != REPLAY_OK)
        return error;
    if (first->header.count < 2 || genesis->kind != COMMIT_GENESIS ||
        first->records[1].kind != COMMIT_GENESIS_CONFIG)
        return replay_fact(REPLAY_GENESIS, 0, 0);
    if (genesis->genesis.boot_id != first->header.boot_id)
        return replay_fact(REPLAY_GENESIS_BOOT, genesis->genesis.boot_id, first->header.boot_id);
    uint32_t sizes[sizeof(*config) / sizeof(uint32_t)];
    memcpy(config, given, sizeof(*config));
    memcpy(sizes, given, sizeof(sizes));
    for (size_t i = 0; i < ARENA_COUNT; i++) {
        if (sizes[i] > ARENA_SLOTS_MAX) {
            error = replay_fact(REPLAY_CONFIG, sizes[i], ARENA_SLOTS_MAX);
            error.record = 1;
            error.seq = 1;
            return error;
        }
    }
    return fine;
}

void replay_init(struct replay *replay, const struct state_config *config, void *storage)
{
    *replay = (struct replay){.boot_id = 0};
    state_init(&replay->state, config, storage);
}

struct replay_error replay_commit(struct replay *replay, const struct commit *commit)
{
    enum record_fault wrong = record_check(&replay->state, commit);

    if (wrong != RECORD_OK) {
        struct replay_error error = replay_fact(REPLAY_RECORD, commit->kind, wrong);
        error.seq = replay->state.seq;
        return error;
    }
    reduce(&replay->state, commit);
    return fine;
}

static struct replay_error reduce_page(struct replay *replay, const struct log_page *page)
{
    for (uint32_t i = 0; i < page->header.count; i++) {
        struct replay_error error = replay_commit(replay, &page->records[i]);
        if (error.fault != REPLAY_OK) {
            error.record = i;
            return error;
        }
    }
    struct replay_error error = fine;
    if (page->header.digest != replay->state.digest[0]) {
        error = replay_fact(REPLAY_PAGE_DIGEST, page->header.digest, replay->state.digest[0]);
        error.seq = replay->state.seq;
    }
    return error;
}

static struct replay_error place_check(const struct replay *replay, const struct log_page *page)
{
    struct replay_error error = replay_page_check(page, replay->boot_id, replay->page_count);

    if (error.fault == REPLAY_OK && memcmp(page->header.previous, replay->head, HASH_SIZE) != 0)
        error = replay_fact(REPLAY_PAGE_PREVIOUS, 0, 0);
    error.page = replay->page_count;
    return error;
}

static void page_pass(struct replay *replay, const struct log_page *page)
{
    replay->boot_id = page->header.boot_id;
    replay->page_count++;
    replay->time_ns = page->records[page->header.count - 1].time_ns;
    sha256_of(page, sizeof(*page), replay->head);
}

struct replay_error replay_page_chain(struct replay *replay, const struct log_page *page)
{
    struct replay_error error = place_check(replay, page);

    if (error.fault == REPLAY_OK)
        page_pass(replay, page);
    return error;
}

struct replay_error replay_page(struct replay *replay, const struct log_page *page)
{
    uint64_t seq = replay->state.seq;
    struct replay_error error = place_check(replay, page);

    if (error.fault == REPLAY_OK)
        error = reduce_page(replay, page);
    if (error.fault != REPLAY_OK) {
        error.page = replay->page_count;
        error.seq = error.seq != 0 ? error.seq : seq;
        return error;
    }
    page_pass(replay, page);
    return fine;
}

struct replay_error replay_end(const struct replay *replay, const struct log_trailer *trailer)
{
    const struct state *state = &replay->state;
    struct replay_error error =
        replay_trailer_check(trailer, replay->boot_id, replay->page_count, state->seq);
    uint64_t recomputed[2];

    if (error.fault == REPLAY_OK && memcmp(trailer->head, replay->head, HASH_SIZE) != 0) {
        error = replay_fact(REPLAY_PAGE_HASH, 0, 0);
        error.page = replay->page_count - (replay->page_count != 0);
    }
    for (size_t i = 0; i < 2 && error.fault == REPLAY_OK; i++) {
        if (trailer->digest[i] != state->digest[i])
            error = replay_fact(REPLAY_DIGEST_LIVE, trailer->digest[i], state->digest[i]);
    }
    state_digest(state, recomputed);
    for (size_t i = 0; i < 2 && error.fault == REPLAY_OK; i++) {
        if (recomputed[i] != state->digest[i])
            error = replay_fact(REPLAY_DIGEST_ARENAS, recomputed[i], state->digest[i]);
    }
    if (error.fault == REPLAY_OK && !state_is_counted(state))
        error = replay_fact(REPLAY_COUNTS, 0, 0);
    if (error.fault != REPLAY_OK)
        error.seq = state->seq;
    return error;
}

// SPDX-License-Identifier: Apache-2.0
//
// Following the machine's two logs. Pages are verified and reduced in their order, as the ledger
// does; one that was acknowledged is still there until another takes its place. Records of the
// SysLog name slots, so that a record can be counted only once all commits before it are known:
// until then it waits. Where records are overwritten before they were read, that is counted.
#include <string.h>

#include "abi/start.h"
#include "system/authorityd/authorityd.h"

enum {
    PIECE = 64,      // records that are read at once
    CROWD = 128,     // new records that are reason not to wait for the next poll
    FLUSH_TRIES = 8, // questions after a flush, each of which seals a page
    // Between polls: as long as something goes on, and where nothing does; what a program asks
    // that begins meanwhile has to fit into the SysLog.
    PAUSE_LEAST_NS = 8000000,
    PAUSE_MOST_NS = 8 * PAUSE_LEAST_NS,
};

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    (void)file;
    (void)line;
    tsr_panic(claim);
}

static bool fail(struct authorityd *authorityd, const char *why, struct capnp_exception *exception)
{
    authorityd->broken = why;
    capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, authorityd->next_page, why);
    return false;
}

// --- The CommitLog ------------------------------------------------------------------------------

static bool page_take(struct authorityd *authorityd, struct capnp_exception *exception)
{
    static struct log_page page;

    if (authorityd->log.page >= authorityd->next_page + authorityd->log.capacity)
        return fail(authorityd, "pages of the log were gone before they were read", exception);
    if (!tsr_log_page(&authorityd->log, authorityd->next_page, &page, exception))
        return false;
    struct replay_error error = authority_window_take(&authorityd->window, &page);
    if (error.fault == REPLAY_CONFIG)
        return fail(authorityd, "the machine's state is larger than the service's memory",
                    exception);
    if (error.fault != REPLAY_OK)
        return fail(authorityd, "a page of the log is not what the chain says", exception);
    authorityd->next_page++;
    return true;
}

static bool pages_take(struct authorityd *authorityd, struct capnp_exception *exception)
{
    if (authorityd->broken != NULL)
        return fail(authorityd, authorityd->broken, exception);
    if (!tsr_log_ask(&authorityd->log, exception))
        return false;
    while (authorityd->next_page < authorityd->log.sealed) {
        if (!page_take(authorityd, exception))
            return false;
    }
    return true;
}

// --- The SysLog ---------------------------------------------------------------------------------

static bool is_known(const struct authorityd *authorityd)
{
    return authorityd->log.seq == authorityd->window.replay.state.seq;
}

// Counts what waits, in order, as far as the commits before it are known: up to a record, or to the
// time of the last commit.
static void pending_count(struct authorityd *authorityd, uint64_t until)
{
    uint64_t number = authorityd->next_record - authorityd->pending_count;
    uint32_t done = 0;

    if (authorityd->window.is_blind)
        return;
    while (done < authorityd->pending_count &&
           (number + done < until ||
            authorityd->pending[done].time_ns <= authorityd->window.replay.time_ns)) {
        authority_usage_count(&authorityd->usage, &authorityd->window.index,
                              &authorityd->pending[done]);
        done++;
    }
    authorityd->pending_count -= done;
    memmove(authorityd->pending, authorityd->pending + done,
            authorityd->pending_count * sizeof(authorityd->pending[0]));
}

// Records that are not there any more.
static void records_miss(struct authorityd *authorityd)
{
    uint64_t oldest =
        authorityd->log.records > SYSLOG_RECORDS ? authorityd->log.records - SYSLOG_RECORDS : 0;

    if (authorityd->next_record >= oldest)
        return;
    // Those that wait are lost with them: what waits stands without a gap.
    authorityd->missed += oldest - authorityd->next_record + authorityd->pending_count;
    authorityd->next_record = oldest;
    authorityd->pending_count = 0;
}

// Reads a piece behind those that wait. Reading takes time, so that its first records may have been
// overwritten meanwhile: what was read of those is forgotten.
static bool piece_take(struct authorityd *authorityd, struct capnp_exception *exception)
{
    static struct syslog_record piece[PIECE];
    uint64_t left = authorityd->log.records - authorityd->next_record;
    uint32_t room = PENDING_MAX - authorityd->pending_count;
    uint32_t count = left < PIECE ? (uint32_t)left : PIECE;
    uint64_t first = authorityd->next_record;

    count = count < room ? count : room;
    if (!tsr_log_records(&authorityd->log, first, piece, count, exception) ||
        !tsr_log_ask(&authorityd->log, exception))
        return false;
    records_miss(authorityd);
    uint64_t gone = authorityd->next_record - first;
    for (uint64_t i = gone; i < count; i++) {
        authorityd->has_news |= piece[i].sender.process != authorityd->self;
        authorityd->pending[authorityd->pending_count++] = piece[i];
        authorityd->next_record++;
    }
    return true;
}

static bool records_take(struct authorityd *authorityd, struct capnp_exception *exception)
{
    // What comes while it reads is for the next time.
    uint64_t until = authorityd->log.records;
    uint64_t known = is_known(authorityd) ? until : 0;

    records_miss(authorityd);
    while (authorityd->next_record < until && authorityd->pending_count < PENDING_MAX) {
        if (!piece_take(authorityd, exception))
            return false;
        pending_count(authorityd, known);
    }
    pending_count(authorityd, known);
    return true;
}

// --- Both ---------------------------------------------------------------------------------------

// Closes the page that is being filled, and waits until it is sealed.
static bool flush(struct authorityd *authorityd, struct capnp_exception *exception)
{
    if (!pages_take(authorityd, exception))
        return false;
    if (is_known(authorityd))
        return true;
    uint64_t page = authorityd->log.page;
    if (!log_reader_flush(authorityd->log.reader, exception))
        return false;
    for (uint32_t i = 0; i < FLUSH_TRIES && authorityd->next_page <= page; i++) {
        if (!pages_take(authorityd, exception))
            return false;
    }
    return true;
}

bool authorityd_follow(struct authorityd *authorityd, struct capnp_exception *exception)
{
    if (!pages_take(authorityd, exception) || !records_take(authorityd, exception))
        return false;
    // What waits for commits that are on no whole page has no more room: then the page costs less.
    return authorityd->pending_count < PENDING_MAX ||
           (flush(authorityd, exception) && records_take(authorityd, exception));
}

bool authorityd_refresh(struct authorityd *authorityd, struct capnp_exception *exception)
{
    return flush(authorityd, exception) && records_take(authorityd, exception);
}

static bool task_step(void *context)
{
    struct authorityd *authorityd = context;
    struct capnp_exception exception;
    uint64_t before = authorityd->next_record + authorityd->missed;

    // Whoever asks is told what goes wrong.
    authorityd->is_busy = authorityd_follow(authorityd, &exception) &&
                          authorityd->next_record + authorityd->missed - before >= CROWD;
    return authorityd->is_busy;
}

static uint64_t pause_next(struct authorityd *authorityd)
{
    uint64_t pause_ns = authorityd->has_news ? 0 : 2 * authorityd->pause_ns;
    authorityd->has_news = false;
    pause_ns = pause_ns > PAUSE_LEAST_NS ? pause_ns : PAUSE_LEAST_NS;
    return pause_ns < PAUSE_MOST_NS ? pause_ns : PAUSE_MOST_NS;
}

static void poll_due(void *context)
{
    struct authorityd *authorityd = context;
    struct capnp_exception exception;
    uint64_t now_ns;

    if (!authorityd->is_busy)
        tsr_task_start(&authorityd->service, &authorityd->task);
    authorityd->is_busy = true;
    authorityd->pause_ns = pause_next(authorityd);
    if (timer_now(authorityd->timer, &now_ns, &exception))
        tsr_timer_set(&authorityd->service, &authorityd->poll, now_ns + authorityd->pause_ns);
}

void authorityd_watch(struct authorityd *authorityd)
{
    authorityd->task = (struct tsr_task){.step = task_step, .context = authorityd};
    authorityd->poll = (struct tsr_timer){.due = poll_due, .context = authorityd};
    poll_due(authorityd);
}

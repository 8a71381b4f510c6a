// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a log, in one sentence: the place, the fact, both numbers where there are two.
// One row per fault. In a row's text %F and %E stand for the found and the expected number in
// decimal, %f and %e in hexadecimal, %K for the name of the found kind of commit, %W for what is
// wrong with it, %N for who states the hash of the page: the next page, or the trailer.
#include <inttypes.h>

#include "tools/authority/authority.h"

enum place { PLACE_LOG, PLACE_PAGE, PLACE_TRAILER, PLACE_CHECKPOINT };

static const struct {
    enum place place;
    const char *text;
} sentences[REPLAY_FAULT_COUNT] = {
    [REPLAY_OK] = {PLACE_LOG, "nothing is wrong"},
    [REPLAY_SIZE] = {PLACE_LOG, "truncated: the last %F bytes are neither a page nor a trailer"},
    [REPLAY_EMPTY] = {PLACE_LOG, "has no page"},
    [REPLAY_TRAILER_MISSING] = {PLACE_LOG,
                                "has no trailer; a cut of the newest pages cannot be "
                                "excluded without a separately given head (--head)"},
    [REPLAY_PAGE_MAGIC] = {PLACE_PAGE, "its magic is 0x%f, not 0x%e: not a page of a log"},
    [REPLAY_PAGE_VERSION] = {PLACE_PAGE, "its version is %F; this tool knows version %E"},
    [REPLAY_PAGE_COUNT] = {PLACE_PAGE, "says that it has %F records; from 1 to %E are possible"},
    [REPLAY_PAGE_BOOT] = {PLACE_PAGE, "is of boot %f; the log is of boot %e"},
    [REPLAY_PAGE_GAP] = {PLACE_PAGE,
                         "says that it is page %F: pages are missing from page %E on, "
                         "or the number was changed"},
    [REPLAY_PAGE_ORDER] = {PLACE_PAGE,
                           "says that it is page %F: the pages stand in another order "
                           "than they were written, or one stands here twice"},
    [REPLAY_PAGE_HASH] = {PLACE_PAGE, "its SHA-256 is not what %N says"},
    [REPLAY_PAGE_PREVIOUS] = {PLACE_PAGE, "what it says of the previous page's SHA-256 is wrong"},
    [REPLAY_PAGE_REST] = {PLACE_PAGE, "is not zero behind its %F records"},
    [REPLAY_GENESIS] = {PLACE_PAGE, "does not begin with a genesis and its configuration"},
    [REPLAY_GENESIS_BOOT] = {PLACE_PAGE, "its genesis is of boot %f, its header of boot %e"},
    [REPLAY_CONFIG] = {PLACE_PAGE, "asks for %F slots of one kind; at most %E are replayed"},
    [REPLAY_RECORD] = {PLACE_PAGE, "a commit of kind %F (%K) cannot follow here: %W"},
    [REPLAY_PAGE_DIGEST] = {PLACE_PAGE, "its digest is %f; its records lead to %e"},
    [REPLAY_TRAILER_MAGIC] = {PLACE_TRAILER, "its magic is 0x%f, not 0x%e: not a trailer"},
    [REPLAY_TRAILER_VERSION] = {PLACE_TRAILER, "its version is %F; this tool knows version %E"},
    [REPLAY_TRAILER_BOOT] = {PLACE_TRAILER, "is of boot %f; the log is of boot %e"},
    [REPLAY_TRAILER_PAGES] = {PLACE_TRAILER, "says %F pages; there are %E"},
    [REPLAY_TRAILER_SEQ] = {PLACE_TRAILER, "says %F commits; there are %E"},
    [REPLAY_TRAILER_RESERVED] = {PLACE_TRAILER, "its reserved bytes are not zero"},
    [REPLAY_TRAILER_HEAD] = {PLACE_TRAILER,
                             "its head is not the given one, which the last page "
                             "does have"},
    [REPLAY_HEAD] = {PLACE_LOG,
                     "the last page's SHA-256 is not the given head: the newest pages "
                     "were cut off, or the log was rewritten"},
    [REPLAY_DIGEST_LIVE] = {PLACE_LOG,
                            "the machine's digest is not the replayed one: a word of it "
                            "is %f, replayed %e"},
    [REPLAY_DIGEST_ARENAS] = {PLACE_LOG,
                              "the digest recomputed from the replayed state is not the "
                              "one kept while replaying: a word of it is %f, kept %e"},
    [REPLAY_COUNTS] = {PLACE_LOG, "its counts and charges are not those of its records"},
    [REPLAY_CHECKPOINT_SIZE] = {PLACE_CHECKPOINT, "truncated or too long: has %F bytes, not %E"},
    [REPLAY_CHECKPOINT_MAGIC] = {PLACE_CHECKPOINT, "its magic is 0x%f, not 0x%e: it is none"},
    [REPLAY_CHECKPOINT_VERSION] = {PLACE_CHECKPOINT,
                                   "its version is %F; this tool knows version %E"},
    [REPLAY_CHECKPOINT_HASH] = {PLACE_CHECKPOINT,
                                "its bytes are not those that were written: its SHA-256 differs"},
    [REPLAY_CHECKPOINT_RECORD] = {PLACE_CHECKPOINT,
                                  "a commit of kind %F (%K) cannot follow here: %W"},
    [REPLAY_CHECKPOINT_SLOTS] = {PLACE_CHECKPOINT,
                                 "its slots of kind %F that are not in use are not what they "
                                 "must be"},
    [REPLAY_CHECKPOINT_FORM] = {PLACE_CHECKPOINT,
                                "the state that it leads to has another canonical form"},
};

static const char *const record_words[RECORD_FAULT_COUNT] = {
    [RECORD_KIND] = "no such kind is known",
    [RECORD_ORDER] = "genesis comes first, then its configuration, and neither comes again",
    [RECORD_RESERVED] = "bytes or flags that it does not use are not zero",
    [RECORD_NEW_ID] = "it creates another id than the one that comes next",
    [RECORD_ABSENT] = "it names what does not exist",
    [RECORD_STATE] = "what it names is not in the state for it",
    [RECORD_VALUE] = "a number is out of its range",
    [RECORD_WIDER] = "the facet would be wider than the one that it is made from",
    [RECORD_DEPTH] = "too many lie above it",
    [RECORD_LIMIT] = "a job would have used more than its limit",
};

static void kind_print(FILE *out, uint64_t kind)
{
    const char *name = commit_kind_name(kind);

    fputs(name != NULL ? name : "unknown", out);
}

static void text_print(FILE *out, const char *text, const struct replay_error *error,
                       const struct replay_log *log)
{
    for (; *text != '\0'; text++) {
        if (*text != '%') {
            fputc(*text, out);
            continue;
        }
        text++;
        uint64_t number = *text == 'F' || *text == 'f' ? error->found : error->expected;
        if (*text == 'K')
            kind_print(out, error->found);
        else if (*text == 'W')
            fputs(record_words[error->expected], out);
        else if (*text == 'N' && error->page + 1 < log->page_count)
            fprintf(out, "page %" PRIu64, error->page + 1);
        else if (*text == 'N')
            fputs("the trailer", out);
        else if (*text == 'F' || *text == 'E')
            fprintf(out, "%" PRIu64, number);
        else
            fprintf(out, "%" PRIx64, number);
    }
}

// Where the chain names a page, which record of it shows the change first.
static void narrowed_print(FILE *out, const struct replay_error *error)
{
    if (error->shows == REPLAY_RECORD)
        fprintf(out, "; it shows first at seq %" PRIu64 ": record %u cannot follow", error->seq,
                error->record);
    else if (error->shows == REPLAY_PAGE_DIGEST)
        fprintf(out, "; it shows at seq %" PRIu64 ": its records do not lead to its digest",
                error->seq);
    else
        fprintf(out, "; nothing after seq %" PRIu64 " is vouched for", error->seq);
}

void error_print(FILE *out, const struct replay_error *error, const struct replay_log *log)
{
    enum place place = sentences[error->fault].place;

    if (place == PLACE_PAGE)
        fprintf(out, "page %" PRIu64, error->page);
    else
        fputs(place == PLACE_TRAILER      ? "the trailer"
              : place == PLACE_CHECKPOINT ? "the checkpoint"
                                          : "the log",
              out);
    if (error->fault == REPLAY_CHECKPOINT_RECORD)
        fprintf(out, ", record %u", error->record);
    if (error->fault == REPLAY_RECORD || error->fault == REPLAY_CONFIG)
        fprintf(out, ", record %u (seq %" PRIu64 ")", error->record, error->seq);
    fputs(": ", out);
    text_print(out, sentences[error->fault].text, error, log);
    if (error->fault == REPLAY_PAGE_HASH)
        narrowed_print(out, error);
    fputc('\n', out);
}

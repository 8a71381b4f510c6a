// SPDX-License-Identifier: Apache-2.0
//
// authority: answers from a CommitLog that a machine exported. `verify` believes nothing: it checks
// the chain of pages, replays every commit with the kernel's own reducer, compares the digests, and
// then prints who holds what. What it prints names the seq that it holds for and the head that it
// was computed from. Exit code 0: verified; 1: refused, with one sentence on standard error; 2: the
// command line was wrong.
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/state/assert.h"
#include "lib/sha256/sha256.h"
#include "tools/authority/authority.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, ALIGNMENT = 64 };

static const char help[] =
    "authority verify LOG [--at SEQ] [--head HEX] [--commits]\n"
    "  Verifies an exported commit log and prints who holds what.\n"
    "  --at SEQ    after that many commits, instead of at the end\n"
    "  --head HEX  the SHA-256 that the last page must have, from elsewhere; without it a "
    "complete\n"
    "              rewrite of the log can't be told\n"
    "  --commits   print every commit up to there, too\n";

struct options {
    const char *path;
    uint64_t at; // UINT64_MAX: the end
    uint8_t head[HASH_SIZE];
    bool head_given;
    bool commits;
};

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "authority: a defect of this tool: %s:%u: %s does not hold\n", file, line,
            claim);
    abort();
}

static _Noreturn void fail(int code, const char *path, const char *what)
{
    fprintf(stderr, "authority: %s: %s\n", path, what);
    exit(code);
}

static void *zeroed(size_t size)
{
    size_t rounded = (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    void *bytes = aligned_alloc(ALIGNMENT, rounded);

    return bytes == NULL ? NULL : memset(bytes, 0, rounded);
}

void hex_print(FILE *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        fprintf(out, "%02x", bytes[i]);
}

// --- The command line ---------------------------------------------------------------------------

static bool at_parse(struct options *options, const char *text)
{
    char *end;

    errno = 0;
    options->at = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static int digit_of(char letter)
{
    const char *digits = "0123456789abcdef";
    const char *place = letter == '\0' ? NULL : strchr(digits, letter);

    return place == NULL ? -1 : (int)(place - digits);
}

static bool head_parse(struct options *options, const char *text)
{
    for (size_t i = 0; i < HASH_SIZE; i++) {
        int high = digit_of(text[2 * i]);
        int low = high < 0 ? -1 : digit_of(text[2 * i + 1]);

        if (low < 0)
            return false;
        options->head[i] = (uint8_t)(high << 4 | low);
    }
    options->head_given = true;
    return text[2 * HASH_SIZE] == '\0';
}

static bool commits_parse(struct options *options, const char *text)
{
    (void)text;
    options->commits = true;
    return true;
}

static const struct {
    const char *name;
    bool has_value;
    bool (*parse)(struct options *, const char *value);
    const char *meaning;
} option_table[] = {
    {"--at", true, at_parse, "a number of commits"},
    {"--head", true, head_parse, "64 hexadecimal digits"},
    {"--commits", false, commits_parse, ""},
};

static _Noreturn void usage(const char *what, const char *which)
{
    fprintf(stderr, "authority: %s%s\n%s", what, which, help);
    exit(EXIT_USAGE);
}

// Returns how many words were taken; 0: the word is no option.
static int option_parse(struct options *options, const char *word, const char *next)
{
    for (size_t i = 0; i < sizeof(option_table) / sizeof(option_table[0]); i++) {
        if (strcmp(option_table[i].name, word) != 0)
            continue;
        if (option_table[i].has_value && next == NULL)
            usage("a value is missing after ", word);
        if (!option_table[i].parse(options, next)) {
            fprintf(stderr, "authority: %s needs %s\n", word, option_table[i].meaning);
            exit(EXIT_USAGE);
        }
        return option_table[i].has_value ? 2 : 1;
    }
    return 0;
}

static struct options options_parse(int count, char **words)
{
    struct options options = {.at = UINT64_MAX};

    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--help") == 0) {
            fputs(help, stdout);
            exit(0);
        }
    }
    if (count < 2 || strcmp(words[1], "verify") != 0)
        usage("the command must be ", "verify");
    for (int i = 2; i < count;) {
        int taken = option_parse(&options, words[i], i + 1 < count ? words[i + 1] : NULL);

        if (taken == 0 && (words[i][0] == '-' || options.path != NULL))
            usage("not understood: ", words[i]);
        if (taken == 0)
            options.path = words[i];
        i += taken == 0 ? 1 : taken;
    }
    if (options.path == NULL)
        usage("which log?", "");
    return options;
}

// --- The log ------------------------------------------------------------------------------------

static uint8_t *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long end = -1;

    if (file == NULL)
        fail(EXIT_REFUSED, path, strerror(errno));
    if (fseek(file, 0, SEEK_END) == 0)
        end = ftell(file);
    if (end < 0 || fseek(file, 0, SEEK_SET) != 0)
        fail(EXIT_REFUSED, path, "not a file that can be read at any place");
    *size = (size_t)end;
    bytes = zeroed(*size);
    if (bytes == NULL)
        fail(EXIT_REFUSED, path, "too large for this machine's memory");
    if (fread(bytes, 1, *size, file) != *size)
        fail(EXIT_REFUSED, path, ferror(file) ? strerror(errno) : "shrank while it was read");
    fclose(file);
    return bytes;
}

static _Noreturn void refuse(const char *path, const struct replay_error *error,
                             const struct replay_log *log)
{
    fprintf(stderr, "authority: %s: ", path);
    error_print(stderr, error, log);
    exit(EXIT_REFUSED);
}

// A replay at genesis. Its storage is freed by storage_free().
static void replay_begin(struct replay *replay, const struct options *options,
                         const struct replay_log *log)
{
    struct state_config config;
    struct replay_error error = replay_config(&log->pages[0], &config);

    if (error.fault != REPLAY_OK)
        refuse(options->path, &error, log);
    void *storage = zeroed((size_t)state_size(&config));
    if (storage == NULL)
        fail(EXIT_REFUSED, options->path, "its state is too large for this machine's memory");
    replay_init(replay, &config, storage);
}

static void storage_free(struct replay *replay)
{
    free(replay->state.sessions); // the first arena: where the storage begins
}

// One pass over all pages: chain, commits, digests, head.
static struct replay_error log_replay(struct replay *replay, const struct options *options,
                                      const struct replay_log *log)
{
    struct replay_error error = {.fault = REPLAY_OK};

    for (uint64_t i = 0; i < log->page_count && error.fault == REPLAY_OK; i++)
        error = replay_page(replay, &log->pages[i]);
    if (error.fault == REPLAY_OK && log->trailer != NULL)
        error = replay_end(replay, log->trailer);
    if (error.fault == REPLAY_OK && options->head_given &&
        memcmp(replay->head, options->head, HASH_SIZE) != 0)
        error.fault = REPLAY_HEAD;
    if (error.fault == REPLAY_OK && log->trailer == NULL && !options->head_given)
        error.fault = REPLAY_TRAILER_MISSING;
    return error;
}

// Leaves the state at the end of a good log. Of a bad one the chain as a whole says best where it
// was changed, so it is asked before the commit at which the replay stopped is accused.
static void log_verify(struct replay *replay, const struct options *options,
                       const struct replay_log *log)
{
    replay_begin(replay, options, log);
    struct replay_error error = log_replay(replay, options, log);
    if (error.fault == REPLAY_OK)
        return;
    struct replay_error chain = replay_log_verify(log, options->head_given ? options->head : NULL);
    if (chain.fault == REPLAY_PAGE_HASH) {
        storage_free(replay);
        replay_begin(replay, options, log);
        replay_log_narrow(log, &chain, &replay->state.config, replay->state.sessions);
    }
    refuse(options->path, chain.fault != REPLAY_OK ? &chain : &error, log);
}

// What can be said of a log whose first pages are not there: its chain. The state that it leads to
// is in the replica that acknowledged them.
static void chain_tell(const struct options *options, const struct replay_log *log)
{
    struct replay_error error = replay_log_verify(log, options->head_given ? options->head : NULL);
    uint8_t head[HASH_SIZE];

    if (error.fault != REPLAY_OK)
        refuse(options->path, &error, log);
    sha256_of(&log->pages[log->page_count - 1], LOG_PAGE_SIZE, head);
    printf("log: %" PRIu64 " pages, from page %" PRIu64 " on, boot %016" PRIx64 "\n",
           log->page_count, log->first, log->pages[0].header.boot_id);
    printf("chain: intact, head ");
    hex_print(stdout, head, HASH_SIZE);
    printf(" (%s%s%s)\n", log->trailer != NULL ? "stated by the machine" : "",
           log->trailer != NULL && options->head_given ? ", " : "",
           options->head_given ? "as given" : "");
    printf("state: unknown, since pages 0 to %" PRIu64 " were acknowledged and are not here\n",
           log->first - 1);
}

static void summary_print(const struct replay *replay, const struct options *options,
                          const struct replay_log *log)
{
    const uint64_t *digest = replay->state.digest;

    printf("log: %" PRIu64 " pages, %" PRIu64 " commits, boot %016" PRIx64 "\n", log->page_count,
           replay->state.seq, replay->boot_id);
    printf("chain: intact, head ");
    hex_print(stdout, replay->head, HASH_SIZE);
    printf(" (%s%s%s)\n", log->trailer != NULL ? "stated by the machine" : "",
           log->trailer != NULL && options->head_given ? ", " : "",
           options->head_given ? "as given" : "");
    if (log->trailer != NULL)
        printf("digest: live %016" PRIx64 "%016" PRIx64 " replayed %016" PRIx64 "%016" PRIx64
               " equal\n",
               log->trailer->digest[0], log->trailer->digest[1], digest[0], digest[1]);
    else
        printf("digest: live unknown (no trailer) replayed %016" PRIx64 "%016" PRIx64 "\n",
               digest[0], digest[1]);
}

// Goes through the verified log again, up to `at` commits.
static void commits_replay(struct replay *replay, const struct replay_log *log, uint64_t at,
                           bool print)
{
    uint64_t seq = 0;

    for (uint64_t i = 0; i < log->page_count; i++) {
        for (uint32_t j = 0; j < log->pages[i].header.count && seq < at; j++, seq++) {
            const struct commit *commit = &log->pages[i].records[j];

            if (print)
                commit_print(stdout, seq, commit);
            ASSERT(replay_commit(replay, commit).fault == REPLAY_OK);
        }
    }
}

int main(int count, char **words)
{
    struct options options = options_parse(count, words);
    struct replay_log log;
    struct replay replay;
    size_t size;
    uint8_t *bytes = file_read(options.path, &size);
    struct replay_error error = replay_log_open(&log, bytes, size);

    if (error.fault != REPLAY_OK)
        refuse(options.path, &error, &log);
    if (log.first != 0) {
        if (options.commits || options.at != UINT64_MAX)
            fail(EXIT_REFUSED, options.path,
                 "begins after page 0: there is no state that --at or --commits could show");
        chain_tell(&options, &log);
        free(bytes);
        return 0;
    }
    log_verify(&replay, &options, &log);
    uint64_t commits = replay.state.seq;
    if (options.at != UINT64_MAX && options.at > commits) {
        fprintf(stderr,
                "authority: %s: there is no seq %" PRIu64 ": the log has %" PRIu64 " commits\n",
                options.path, options.at, commits);
        return EXIT_REFUSED;
    }
    summary_print(&replay, &options, &log);
    if (options.commits || options.at < commits) {
        storage_free(&replay);
        replay_begin(&replay, &options, &log);
        commits_replay(&replay, &log, options.at, options.commits);
    }
    holds_print(stdout, &replay.state);
    storage_free(&replay);
    free(bytes);
    if (fflush(stdout) != 0 || ferror(stdout))
        fail(EXIT_REFUSED, "standard output", strerror(errno));
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// replay-with: an old log through another build's reducer, as a program of its own (that build's
// `authority digests`), and the first commit after which both say something else.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/authority/ask.h"

enum { LINE_MAX_BYTES = 256 };

// Starts the other build; its output can be read from the result.
static FILE *other_start(const char *build, const char *log, pid_t *child)
{
    int ends[2];

    if (access(build, X_OK) != 0 || pipe(ends) != 0 || (*child = fork()) < 0)
        fail(EXIT_REFUSED, build, strerror(errno));
    if (*child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(build, build, "digests", log, (char *)NULL);
        fprintf(stderr, "authority: %s: %s\n", build, strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    return fdopen(ends[0], "r");
}

static int difference_tell(const struct history *history, uint32_t seq, const char *ours,
                           const char *theirs)
{
    struct answer answer;

    answer_begin(&answer, history, "replay-with", authority_at_seq(&history->index, seq + 1));
    ROW(&answer, "difference", "different after seq {seq}: here {here}, there {there}",
        NUMBER("seq", seq + 1), TEXT("here", ours), TEXT("there", theirs),
        TEXT("kind", commit_kind_name(authority_commit(&history->index, seq)->kind)));
    answer_end(&answer);
    if (!answer.is_json)
        commit_print(stdout, seq, authority_commit(&history->index, seq));
    return EXIT_VIOLATED;
}

static void equal_tell(const struct history *history)
{
    struct answer answer;

    answer_begin(&answer, history, "replay-with",
                 authority_at_seq(&history->index, history->index.count));
    ROW(&answer, "equal", "all {commits} commits lead to the same states in both builds",
        NUMBER("commits", history->index.count));
    answer_end(&answer);
}

static int compare(const struct history *history, FILE *other)
{
    struct replay replay;
    char line[LINE_MAX_BYTES];
    int code = 0;

    replay_begin(&replay, history);
    for (uint32_t seq = 0; seq < history->index.count && code == 0; seq++) {
        char ours[LINE_MAX_BYTES];
        reduce(&replay.state, authority_commit(&history->index, seq));
        snprintf(ours, sizeof(ours), "%u %016llx%016llx", seq + 1,
                 (unsigned long long)replay.state.digest[0],
                 (unsigned long long)replay.state.digest[1]);
        if (fgets(line, sizeof(line), other) == NULL)
            line[0] = '\0';
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, ours) != 0)
            code = difference_tell(history, seq, ours,
                                   line[0] == '\0' ? "nothing: it refuses the log" : line);
    }
    replay_free(&replay);
    return code;
}

int replay_with_run(const struct options *options)
{
    struct history history;
    pid_t child;
    int status;

    history_open_whole(&history, options, options->arguments[1],
                       "begins with a checkpoint: another build replays from the genesis on");
    fflush(stdout);
    FILE *other = other_start(options->arguments[0], history.path, &child);
    if (other == NULL)
        fail(EXIT_REFUSED, options->arguments[0], strerror(errno));
    int code = compare(&history, other);
    fclose(other);
    waitpid(child, &status, 0);
    if (code == 0)
        equal_tell(&history);
    history_close(&history);
    return code;
}

// SPDX-License-Identifier: Apache-2.0
//
// authority: answers from a CommitLog that a machine exported. It believes nothing: before any
// answer it verifies the chain of pages, replays every commit with the kernel's own reducer, and
// compares the digests. What it prints names the seq that it holds for and the head that it was
// computed from. Exit code 0: answered; 1: refused, with one sentence on standard error; 2: the
// command line was wrong; 3: an assertion does not hold.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/authority/ask.h"

static const struct verb {
    const char *name;
    int (*run)(const struct options *);
    uint32_t least, most; // arguments
    const char *arguments;
    const char *meaning;
} verbs[] = {
    {"verify", verify_run, 1, 1, "LOG", "the log is what the machine wrote, and who holds what"},
    {"who", who_run, 2, 2, "LOG OBJECT", "every process that could call it"},
    {"path", path_run, 3, 3, "LOG PROCESS OBJECT", "by which grants it got there, and for whom"},
    {"holds", holds_run, 2, 2, "LOG PROCESS", "the process's capabilities"},
    {"at", at_run, 2, 2, "LOG MOMENT", "every process and its capabilities then"},
    {"diff", diff_run, 3, 3, "LOG MOMENT MOMENT", "what changed in between"},
    {"assert", assert_run, 2, ARGUMENTS_MAX, "RULES LOG...",
     "rules that hold in every state, or not"},
    {"reach", reach_run, 2, 2, "LOG PROCESS", "all that it could come to hold: an upper bound"},
    {"why-not", why_not_run, 4, 4, "LOG PROCESS OBJECT METHOD",
     "why it may not, and what would help"},
    {"what-if", what_if_run, 3, 3, "LOG revoke FACET",
     "who would be stopped; kill PROCESS, kill-job JOB"},
    {"suggest", suggest_run, 1, 2, "LOG [PROCESS]", "the grants and methods that were used"},
    {"graph", graph_run, 1, 1, "LOG", "a picture: --format svg, dot, json, html with a slider"},
    {"set-grant", set_grant_run, 3, 3, "MANIFEST PLACE GRANT", "the manifest with this grant"},
    {"prove", prove_run, 3, 5, "LOG OUT QUESTION", "an answer that authority-verify can check"},
    {"checkpoint", checkpoint_run, 2, 2, "LOG OUT", "what stands for the log's first pages"},
    {"replay-with", replay_with_run, 2, 2, "BUILD LOG", "where another build's reducer differs"},
    {"digests", digests_run, 1, 1, "LOG", "the state's digest after each commit"},
};

static void help_print(FILE *out)
{
    fputs("Answers from a commit log that a machine exported.\n", out);
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        fprintf(out, "  authority %s %-*s %s\n", verbs[i].name, (int)(32 - strlen(verbs[i].name)),
                verbs[i].arguments, verbs[i].meaning);
    fputs(
        "PROCESS: 3, 3.1 (index.generation), ping, ping#2. OBJECT: 11, 11.1, Timer, ping/timer.\n"
        "MOMENT: a number of commits, or a time since boot: 127, 5ms, 1.25s.\n"
        "  --at MOMENT     instead of at the end\n"
        "  --head HEX      the SHA-256 that the last page must have, from elsewhere; without it "
        "a\n"
        "                  complete rewrite of the log can't be told\n"
        "  --checkpoint FILE  what stands for the log's first pages, where they are gone\n"
        "  --json          the answer as JSON\n"
        "  --package FILE  the boot package, for the names of programs (else LOG with .pkg)\n"
        "  --commits       verify: print every commit up to there, too\n",
        out);
}

// --- The command line ---------------------------------------------------------------------------

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

static bool at_parse(struct options *options, const char *text)
{
    bool is_time;
    uint64_t value;

    options->at = text;
    return moment_parse(text, &is_time, &value);
}

static bool commits_parse(struct options *options, const char *text)
{
    (void)text;
    options->commits = true;
    return true;
}

static bool json_parse(struct options *options, const char *text)
{
    (void)text;
    options->json = true;
    return true;
}

static bool package_parse(struct options *options, const char *text)
{
    options->package = text;
    return true;
}

static bool syslog_parse(struct options *options, const char *text)
{
    options->syslog = text;
    return true;
}

static bool manifest_parse(struct options *options, const char *text)
{
    options->manifest = text;
    return true;
}

static bool checkpoint_parse(struct options *options, const char *text)
{
    options->checkpoint = text;
    return true;
}

static bool out_parse(struct options *options, const char *text)
{
    options->out = text;
    return true;
}

static bool format_parse(struct options *options, const char *text)
{
    options->format = text;
    return strcmp(text, "dot") == 0 || strcmp(text, "json") == 0 || strcmp(text, "html") == 0 ||
           strcmp(text, "svg") == 0;
}

static const struct {
    const char *name;
    bool has_value;
    bool (*parse)(struct options *options, const char *value);
    const char *meaning;
} option_table[] = {
    {"--at", true, at_parse, "a number of commits, or a time such as 5ms"},
    {"--head", true, head_parse, "64 hexadecimal digits"},
    {"--commits", false, commits_parse, ""},
    {"--json", false, json_parse, ""},
    {"--package", true, package_parse, ""},
    {"--syslog", true, syslog_parse, ""},
    {"--manifest", true, manifest_parse, ""},
    {"--out", true, out_parse, ""},
    {"--checkpoint", true, checkpoint_parse, ""},
    {"--format", true, format_parse, "svg, dot, json or html"},
};

static _Noreturn void usage(const char *what, const char *which)
{
    fprintf(stderr, "authority: %s%s\n", what, which);
    help_print(stderr);
    exit(EXIT_USAGE);
}

// Returns how many words were taken; 0: the word is no option.
static int option_parse(struct options *options, const char *word, const char *next)
{
    for (size_t i = 0; i < COUNT_OF(option_table); i++) {
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

static void options_parse(struct options *options, int count, char **words)
{
    for (int i = 2; i < count;) {
        int taken = option_parse(options, words[i], i + 1 < count ? words[i + 1] : NULL);

        if (taken == 0 && (words[i][0] == '-' || options->argument_count == ARGUMENTS_MAX))
            usage("not understood: ", words[i]);
        if (taken == 0)
            options->arguments[options->argument_count++] = words[i];
        i += taken == 0 ? 1 : taken;
    }
}

static const char *verb_at(const void *context, uint32_t place)
{
    (void)context;
    return place < COUNT_OF(verbs) ? verbs[place].name : NULL;
}

static const struct verb *verb_find(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (strcmp(verbs[i].name, word) == 0)
            return &verbs[i];
    }
    const char *nearest = nearest_name(word, verb_at, NULL);
    fprintf(stderr, "authority: there is no verb `%s`%s%s%s; `authority --help` lists them\n", word,
            nearest != NULL ? "; did you mean `" : "", nearest != NULL ? nearest : "",
            nearest != NULL ? "`?" : "");
    exit(EXIT_USAGE);
}

int main(int count, char **words)
{
    struct options options = {.argument_count = 0};

    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--help") == 0) {
            help_print(stdout);
            return 0;
        }
    }
    if (count < 2)
        usage("which verb?", "");
    const struct verb *verb = verb_find(words[1]);
    options_parse(&options, count, words);
    if (options.argument_count == 0)
        usage("which log? ", verb->arguments);
    if (options.argument_count < verb->least || options.argument_count > verb->most)
        usage(options.argument_count > verb->most ? "not understood: " : "what is missing: ",
              options.argument_count > verb->most ? options.arguments[verb->most]
                                                  : verb->arguments);
    int code = verb->run(&options);
    if (fflush(stdout) != 0 || ferror(stdout))
        fail(EXIT_REFUSED, "standard output", strerror(errno));
    return code;
}

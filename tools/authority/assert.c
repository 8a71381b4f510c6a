// SPDX-License-Identifier: Apache-2.0
//
// assert: whether rules hold in every state of a log, of several, or of all logs of a folder. The
// language is lib/authority/rule.h's; here it gets names, files and sentences.
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/state/assert.h"
#include "lib/authority/judge.h"
#include "tools/authority/ask.h"

struct asserting {
    const struct options *options;
    const char *path; // of the rules
    const char *text;
    size_t size;
    struct rules rules;
    uint64_t logs, broken;
};

// --- Names --------------------------------------------------------------------------------------

static bool program_is_known(const void *context, const char *name, size_t size)
{
    const struct history *history = context;
    const char *known;

    for (uint32_t i = 0; (known = program_at(history, i)) != NULL; i++) {
        if (strlen(known) == size && memcmp(known, name, size) == 0)
            return true;
    }
    return false;
}

struct method_list {
    uint64_t interface;
};

static const char *method_at(const void *context, uint32_t place)
{
    const struct method_list *list = context;

    for (uint32_t number = 0; number < 64; number++) {
        const char *name = method_name(list->interface, number);
        if (name != NULL && place-- == 0)
            return name;
    }
    return NULL;
}

static const char *interface_at(const void *context, uint32_t place)
{
    (void)context;
    return interface_name_at(place);
}

static const char *program_at_any(const void *context, uint32_t place)
{
    return program_at(context, place);
}

static const char *nearest_of(const void *context, uint64_t kind, const char *word, size_t size)
{
    const struct method_list list = {kind};
    const char *text = say("%.*s", (int)(size < 64 ? size : 64), word);

    if (kind == 0)
        return nearest_name(text, interface_at, NULL);
    return kind == 1 ? nearest_name(text, program_at_any, context)
                     : nearest_name(text, method_at, &list);
}

static void rules_read(struct asserting *asserting, const struct history *history)
{
    struct rule_names names = {.interface = interface_find,
                               .method = method_find,
                               .program = program_is_known,
                               .nearest = nearest_of,
                               .context = history};
    struct rule_error error;

    if (!names_has_package(history))
        names.program = NULL;
    if (!rules_parse(&asserting->rules, asserting->text, asserting->size, &names, &error))
        fail_at(asserting->path, error.line, error.column, error.message);
    for (uint32_t i = 0; i < asserting->rules.op_count && !names_has_package(history); i++) {
        if (asserting->rules.ops[i].kind == OP_PROGRAM)
            fail(EXIT_REFUSED, history->path,
                 "the rules name programs, and there is no boot package that says which process "
                 "runs which (--package)");
    }
}

// --- Judging ------------------------------------------------------------------------------------

struct judging {
    const struct history *history;
    uint32_t at; // a moment
};

static const char *program_now(void *context, uint32_t process)
{
    const struct judging *judging = context;
    uint32_t life = authority_life(&judging->history->index, ARENA_PROCESSES, process, judging->at);

    return life == LIFE_NONE ? NULL : program_name(judging->history, life);
}

static void verdict_row(struct answer *answer, const struct history *history,
                        const struct rule *rule, const struct rule_verdict *verdict)
{
    bool is_broken = verdict->states != 0;
    uint32_t at = LIFE_NONE;
    bool is_known = is_broken && authority_at_of(&history->index, verdict->first, &at);
    uint32_t process = is_known
                           ? authority_life(&history->index, ARENA_PROCESSES, verdict->process, at)
                           : LIFE_NONE;
    uint32_t hold = is_known && verdict->hold != NONE
                        ? authority_life(&history->index, ARENA_HOLDS, verdict->hold, at)
                        : LIFE_NONE;
    struct commit_id id = verdict->process_id;

    if (!is_broken && !answer->is_json)
        return;
    ROW(answer, "rule",
        "{log}: line {line}: {rule}\n  does not hold at seq {first}: {who} {what}; in {states} "
        "states up to seq {last}",
        TEXT("log", history->path), NUMBER("line", rule->line),
        TEXT("rule", say("%.*s", (int)(rule->size < 1000 ? rule->size : 1000), rule->text)),
        BOOL("holds", !is_broken), NUMBER("states", verdict->states),
        NUMBER("first", verdict->first), NUMBER("last", verdict->last),
        SAY("who", is_broken ? process_label(history, process) : ""),
        TEXT("process", is_broken ? say("%u.%u", id.index, id.generation) : NULL),
        TEXT("program", is_broken ? program_name(history, process) : NULL),
        TEXT("cap", hold == LIFE_NONE ? NULL : cap_label(verdict->hold_id)),
        SAY("what", !is_broken ? ""
                    : hold == LIFE_NONE
                        ? "has none"
                        : say("%s %s of %s", rule->reaches ? "reaches" : "holds",
                              cap_label(verdict->hold_id), hold_label(history, hold))));
}

// Goes through the log once, with every state.
static void log_judge(struct asserting *asserting, const struct history *history,
                      struct authority_judge *judge)
{
    struct judging judging = {.history = history, .at = history->index.base_count};
    struct replay replay;

    replay_begin(&replay, history);
    void *storage = zeroed((size_t)authority_judge_size(&history->index.config));
    if (storage == NULL)
        fail(EXIT_REFUSED, history->path, "there is not enough memory");
    authority_judge_init(judge, &asserting->rules, &replay.state, program_now, &judging, storage);
    if (judging.at != 0)
        authority_judge_begin(judge, history->index.base_ns);
    for (uint32_t page = 0; page < history->index.page_count; page++) {
        const struct log_page *records = &history->index.pages[page];
        for (uint32_t i = 0; i < records->header.count; i++) {
            authority_judge_before(judge, &records->records[i]);
            reduce(&replay.state, &records->records[i]); // history_open has checked it
            judging.at++;
            authority_judge_after(judge, &records->records[i]);
        }
    }
    free(storage);
    replay_free(&replay);
}

static void log_assert(struct asserting *asserting, const char *path)
{
    static struct authority_judge judge;
    struct history history;
    struct answer answer;
    uint64_t broken = 0;

    history_open(&history, asserting->options, path);
    rules_read(asserting, &history);
    log_judge(asserting, &history, &judge);
    if (asserting->options->json && asserting->logs > 0)
        fputs(",\n", stdout);
    answer_begin(&answer, &history, "assert",
                 authority_at_seq(&history.index, history.index.count));
    for (uint32_t r = 0; r < asserting->rules.count; r++) {
        broken += judge.verdicts[r].states != 0;
        verdict_row(&answer, &history, &asserting->rules.rules[r], &judge.verdicts[r]);
    }
    answer_end(&answer);
    if (!asserting->options->json)
        printf("%s: %u states, %u rules, %" PRIu64 " broken\n", path,
               history.index.count - history.index.base_count + (history.index.base_count != 0),
               asserting->rules.count, broken);
    asserting->logs++;
    asserting->broken += broken;
    history_close(&history);
}

// --- Files --------------------------------------------------------------------------------------

static int name_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_log(const char *name)
{
    size_t size = strlen(name);
    return size > 4 && strcmp(name + size - 4, ".log") == 0;
}

// The logs of a folder, by name. False: it is no folder.
static bool folder_assert(struct asserting *asserting, const char *path)
{
    DIR *folder = opendir(path);
    char **names = NULL;
    size_t count = 0;

    if (folder == NULL && errno == ENOTDIR)
        return false;
    if (folder == NULL)
        fail(EXIT_REFUSED, path, strerror(errno));
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (!is_log(entry->d_name))
            continue;
        size_t size = strlen(path) + strlen(entry->d_name) + 2;
        names = realloc(names, (count + 1) * sizeof(*names));
        char *name = malloc(size);
        if (names == NULL || name == NULL)
            fail(EXIT_REFUSED, path, "there is not enough memory");
        snprintf(name, size, "%s/%s", path, entry->d_name);
        names[count++] = name;
    }
    closedir(folder);
    if (count == 0)
        fail(EXIT_REFUSED, path, "has no file that ends with .log");
    qsort(names, count, sizeof(*names), name_order);
    for (size_t i = 0; i < count; i++) {
        log_assert(asserting, names[i]);
        free(names[i]);
    }
    free(names);
    return true;
}

int assert_run(const struct options *options)
{
    static struct asserting asserting;

    asserting.options = options;
    asserting.path = options->arguments[0];
    asserting.text = (const char *)file_read(asserting.path, &asserting.size, false);
    if (options->json)
        fputs("[", stdout);
    for (uint32_t i = 1; i < options->argument_count; i++) {
        if (!folder_assert(&asserting, options->arguments[i]))
            log_assert(&asserting, options->arguments[i]);
    }
    if (options->json)
        fputs("]\n", stdout);
    free((void *)(uintptr_t)asserting.text);
    return asserting.broken == 0 ? 0 : EXIT_VIOLATED;
}

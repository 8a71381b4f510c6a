// SPDX-License-Identifier: Apache-2.0
//
// prove: an answer that somebody can check who trusts nothing of ours but the stand-alone verifier.
// The bundle has no names, since the log vouches for none: tools/authority-verify/bundle.h says
// what stands in it.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sha256/sha256.h"
#include "tools/authority-verify/bundle.h"
#include "tools/authority/ask.h"

struct proving {
    const struct history *history;
    struct authority_at at;
    FILE *out;
    char question[QUESTION_MAX];
    uint32_t process, object; // lives; LIFE_NONE: not asked for
};

static const char *const proof_use[USE_COUNT] = {[USE_WORKS] = "works",
                                                 [USE_REVOKED] = "revoked",
                                                 [USE_EXPIRED] = "expired",
                                                 [USE_SESSION] = "session-over"};

static const char *id_text(const struct proving *proving, uint32_t arena, uint32_t life)
{
    struct commit_id id = authority_id(&proving->history->index, arena, life);

    return say("%u.%u", id.index, id.generation);
}

static void hold_line(const struct proving *proving, uint32_t life)
{
    const struct authority_index *index = &proving->history->index;
    struct authority_hold hold;

    authority_hold_of(index, life, &hold);
    fprintf(proving->out,
            "process %s cap %s interface 0x%" PRIx64 " methods 0x%" PRIx64
            " facet %s object %s since %" PRIu64 " how %s use %s%s\n",
            id_text(proving, ARENA_PROCESSES, hold.process), cap_label(hold.id),
            authority_interface(index, hold.facet), authority_methods(index, hold.facet),
            id_text(proving, ARENA_FACETS, hold.facet),
            id_text(proving, ARENA_OBJECTS, hold.object), authority_seq(index, life),
            how_words[hold.how], proof_use[authority_hold_use(index, life, proving->at)],
            hold.is_revoker ? " revoker" : "");
    said_forget();
}

static void path_lines(const struct proving *proving, uint32_t life)
{
    const struct authority_index *index = &proving->history->index;
    struct authority_hold hold;

    fprintf(proving->out, "path use %s\n", proof_use[authority_hold_use(index, life, proving->at)]);
    for (; life != LIFE_NONE; life = hold.origin) {
        authority_hold_of(index, life, &hold);
        uint32_t session = authority_acted_for(index, &hold);
        fprintf(proving->out,
                "step since %" PRIu64 " time %" PRIu64
                " process %s cap %s facet %s how %s%s for %s\n",
                authority_seq(index, life), authority_commit(index, life)->time_ns,
                id_text(proving, ARENA_PROCESSES, hold.process), cap_label(hold.id),
                id_text(proving, ARENA_FACETS, hold.facet), how_words[hold.how],
                hold.was_moved ? " moved" : "",
                hold.is_before         ? "unknown"
                : session == LIFE_NONE ? "nobody"
                                       : id_text(proving, ARENA_SESSIONS, session));
        said_forget();
    }
}

static bool is_asked(const struct proving *proving, uint32_t life)
{
    const struct authority_index *index = &proving->history->index;
    struct authority_hold hold;

    if (!authority_is_hold(index, life) || !authority_hold_counts(index, life, proving->at.at))
        return false;
    authority_hold_of(index, life, &hold);
    return (proving->process == LIFE_NONE || proving->process == hold.process) &&
           (proving->object == LIFE_NONE || proving->object == hold.object);
}

static bool could_call(const struct proving *proving, uint32_t life)
{
    const struct authority_index *index = &proving->history->index;
    struct authority_hold hold;

    authority_hold_of(index, life, &hold);
    return !hold.is_revoker &&
           authority_stage_of(index, hold.process, proving->at.at) == STAGE_RUNNING &&
           authority_hold_use(index, life, proving->at) == USE_WORKS;
}

static void answer_put(const struct proving *proving, const char *verb)
{
    for (uint32_t life = 0; life < proving->at.at; life++) {
        if (!is_asked(proving, life))
            continue;
        if (strcmp(verb, "path") == 0)
            path_lines(proving, life);
        else if (strcmp(verb, "who") != 0 || could_call(proving, life))
            hold_line(proving, life);
    }
}

static void question_read(struct proving *proving, const struct options *options)
{
    static const struct {
        const char *verb;
        bool has_process, has_object;
    } verbs[] = {
        {"who", false, true}, {"holds", true, false}, {"path", true, true}, {"at", false, false}};
    const char *verb = options->arguments[2];
    uint32_t next = 3;

    proving->process = proving->object = LIFE_NONE;
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (strcmp(verbs[i].verb, verb) != 0)
            continue;
        if (options->argument_count != 3U + verbs[i].has_process + verbs[i].has_object)
            break;
        if (verbs[i].has_process)
            proving->process =
                process_named(proving->history, options->arguments[next++], proving->at.at);
        if (verbs[i].has_object)
            proving->object =
                object_named(proving->history, options->arguments[next], proving->at.at);
        snprintf(proving->question, sizeof(proving->question), "%s%s%s%s%s", verb,
                 verbs[i].has_process ? " " : "",
                 verbs[i].has_process ? id_text(proving, ARENA_PROCESSES, proving->process) : "",
                 verbs[i].has_object ? " " : "",
                 verbs[i].has_object ? id_text(proving, ARENA_OBJECTS, proving->object) : "");
        return;
    }
    fail(EXIT_USAGE, verb,
         "what can be proved is: who OBJECT, holds PROCESS, path PROCESS OBJECT, at");
}

struct part {
    const void *bytes;
    size_t size;
};

static void bundle_write(const char *path, const struct part *parts, size_t count)
{
    uint8_t hash[HASH_SIZE];
    struct sha256 sum;
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        fail(EXIT_REFUSED, path, strerror(errno));
    sha256_init(&sum);
    for (size_t i = 0; i < count; i++) {
        sha256_update(&sum, parts[i].bytes, parts[i].size);
        fwrite(parts[i].bytes, 1, parts[i].size, file);
    }
    sha256_final(&sum, hash);
    fwrite(hash, 1, sizeof(hash), file);
    if (ferror(file) != 0 || fclose(file) != 0)
        fail(EXIT_REFUSED, path, "can't be written as a whole");
}

int prove_run(const struct options *options)
{
    struct history history;
    struct proving proving = {.history = &history};
    char *text = NULL;
    size_t size = 0;

    history_open(&history, options, options->arguments[0]);
    proving.at = moment_asked(&history);
    question_read(&proving, options);
    proving.out = open_memstream(&text, &size);
    if (proving.out == NULL)
        fail(EXIT_REFUSED, options->arguments[1], "there is not enough memory");
    answer_put(&proving, options->arguments[2]);
    if (fclose(proving.out) != 0)
        fail(EXIT_REFUSED, options->arguments[1], "there is not enough memory");
    struct bundle_header header = {.magic = BUNDLE_MAGIC,
                                   .version = BUNDLE_VERSION,
                                   .question_size = (uint32_t)strlen(proving.question),
                                   .answer_size = size,
                                   .page_count = history.log.page_count,
                                   .seq = authority_seq(&history.index, proving.at.at),
                                   .checkpoint_size = history.checkpoint_size,
                                   .time_ns = proving.at.now_ns,
                                   .boot_id = history.replay.boot_id};
    memcpy(header.head, history.index.head, HASH_SIZE);
    const struct part parts[] = {{&header, sizeof(header)},
                                 {proving.question, header.question_size},
                                 {text, size},
                                 {history.checkpoint_bytes, history.checkpoint_size},
                                 {history.log.pages, history.log.page_count * LOG_PAGE_SIZE}};
    bundle_write(options->arguments[1], parts, COUNT_OF(parts));
    struct answer answer;
    answer_begin(&answer, &history, "prove", proving.at);
    ROW(&answer, "proof", "{file}: {question}", TEXT("file", options->arguments[1]),
        TEXT("question", proving.question));
    answer_end(&answer);
    free(text);
    history_close(&history);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// prove: an answer that somebody can check who trusts nothing of ours but the stand-alone verifier.
// The bundle has no names, since the log vouches for none: abi/proof.h says
// what stands in it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/authority/proof.h"
#include "lib/sha256/sha256.h"
#include "tools/authority/ask.h"

static void question_read(struct authority_proof *proof, const struct history *history,
                          const struct options *options)
{
    const char *verb = options->arguments[2];
    uint32_t next = 3;

    for (uint32_t kind = 0; kind < PROOF_KIND_COUNT; kind++) {
        bool has_process = authority_proof_has_process(kind);
        bool has_object = authority_proof_has_object(kind);
        if (strcmp(authority_proof_verb(kind), verb) != 0)
            continue;
        if (options->argument_count != 3U + has_process + has_object)
            break;
        proof->kind = kind;
        if (has_process)
            proof->process = process_named(history, options->arguments[next++], proof->at.at);
        if (has_object)
            proof->object = object_named(history, options->arguments[next], proof->at.at);
        return;
    }
    fail(EXIT_USAGE, verb,
         "what can be proved is: who OBJECT, holds PROCESS, path PROCESS OBJECT, at");
}

// The answer, as long as it is; to be freed.
static struct authority_text answer_make(const struct authority_proof *proof, const char *path)
{
    struct authority_text text = {.room = 0};

    authority_proof_answer(proof, &text);
    text = (struct authority_text){.bytes = zeroed((size_t)text.size + 1), .room = text.size};
    if (text.bytes == NULL)
        fail(EXIT_REFUSED, path, "there is not enough memory");
    authority_proof_answer(proof, &text);
    return text;
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
    char words[QUESTION_MAX];
    struct authority_text question = {.bytes = words, .room = sizeof(words)};
    struct authority_proof proof = {.process = LIFE_NONE, .object = LIFE_NONE};

    history_open(&history, options, options->arguments[0]);
    proof.index = &history.index;
    proof.at = moment_asked(&history);
    question_read(&proof, &history, options);
    authority_proof_question(&proof, &question);
    struct authority_text text = answer_make(&proof, options->arguments[1]);
    struct bundle_header header = {.magic = BUNDLE_MAGIC,
                                   .version = BUNDLE_VERSION,
                                   .question_size = (uint32_t)question.size,
                                   .answer_size = text.size,
                                   .page_count = history.log.page_count,
                                   .seq = authority_seq(&history.index, proof.at.at),
                                   .checkpoint_size = history.checkpoint_size,
                                   .time_ns = proof.at.now_ns,
                                   .boot_id = history.replay.boot_id};
    memcpy(header.head, history.index.head, HASH_SIZE);
    const struct part parts[] = {{&header, sizeof(header)},
                                 {words, header.question_size},
                                 {text.bytes, text.size},
                                 {history.checkpoint_bytes, history.checkpoint_size},
                                 {history.log.pages, history.log.page_count * LOG_PAGE_SIZE}};
    bundle_write(options->arguments[1], parts, COUNT_OF(parts));
    struct answer answer;
    answer_begin(&answer, &history, "prove", proof.at);
    ROW(&answer, "proof", "{file}: {question}", TEXT("file", options->arguments[1]),
        TEXT("question", say("%.*s", (int)question.size, words)));
    answer_end(&answer);
    free(text.bytes);
    history_close(&history);
    return 0;
}

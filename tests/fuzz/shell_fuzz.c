// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what is typed to the shell: what is read lies within what
// was given, every way through it leads forward to an end, and what is refused is said with a place
// in the text.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct shell_script script;

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static void statement_check(uint32_t index)
{
    const struct shell_statement *statement = &script.statements[index];
    const uint32_t ranges[][2] = {{statement->words, statement->word_count},
                                  {statement->only, statement->only_count},
                                  {statement->grants, 2 * statement->grant_count},
                                  {statement->result, statement->result_count}};
    for (uint32_t i = 0; i < 4; i++) {
        must(ranges[i][0] <= script.word_count && ranges[i][1] <= script.word_count - ranges[i][0],
             "a statement's words are the script's");
    }
    must(statement->kind == SHELL_JUMP || statement->word_count > 0, "a command has a word");
    must(statement->kind == SHELL_COMMAND ||
             (statement->next > index && statement->next <= script.statement_count),
         "a branch leads forward, to a statement or the end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct shell_problem problem = {0};
    char *text = malloc(size + 1); // so that a byte too far is noticed
    memcpy(text, data, size);
    enum shell_verdict verdict = shell_parse(&script, text, size, &problem);
    if (verdict != SHELL_WELL) {
        must(script.statement_count == 0 && script.word_count == 0, "nothing is left of it");
        must(problem.line >= 1 && problem.column >= 1, "a problem has a place");
        must(problem.line <= size + 1 && problem.column <= size + 1, "... in the text");
        must(memchr(problem.sentence, 0, SHELL_SENTENCE_MAX) != NULL, "its sentence ends");
    }
    for (uint32_t i = 0; i < script.word_count; i++) {
        const struct shell_word *word = &script.words[i];
        must(word->text >= script.text && word->size <= script.text_size &&
                 word->text + word->size <= script.text + script.text_size,
             "a word lies in the script");
        must((word->kind != SHELL_VARIABLE && word->kind != SHELL_CAPABILITY) ||
                 (word->size > 0 && word->size <= SHELL_NAME_MAX),
             "a name is bounded");
    }
    for (uint32_t i = 0; i < script.statement_count; i++) {
        statement_check(i);
    }
    free(text);
    return 0;
}

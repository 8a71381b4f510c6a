// SPDX-License-Identifier: Apache-2.0
//
// The words and marks of the shell's language.
#include "lib/shell/token.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

// What ends a bare word.
static bool is_mark(char c)
{
    return is_blank(c) || c == '\n' || c == ';' || c == '{' || c == '}' || c == ',' || c == ':' ||
           c == '"' || c == '\'';
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\n' && !is_blank(c)) || c == 0x7f;
}

void shell_scan_fail(struct shell_scan *scan, enum shell_verdict verdict, uint32_t line,
                     uint32_t column, const char *sentence, const struct shell_word *of)
{
    struct shell_problem *problem = scan->problem;
    size_t size = strlen(sentence);
    if (scan->verdict != SHELL_WELL) {
        return;
    }
    scan->verdict = verdict;
    problem->line = line;
    problem->column = column;
    memcpy(problem->sentence, sentence, size);
    if (of != NULL) {
        uint32_t room = SHELL_SENTENCE_MAX - (uint32_t)size - 4;
        uint32_t shown = of->size < room ? of->size : room;
        memcpy(problem->sentence + size, " `", 2);
        memcpy(problem->sentence + size + 2, of->text, shown);
        size += 2 + shown;
        problem->sentence[size++] = '`';
    }
    problem->sentence[size] = 0;
}

static void fail_here(struct shell_scan *scan, enum shell_verdict verdict, const char *sentence)
{
    shell_scan_fail(scan, verdict, scan->line, scan->column, sentence, NULL);
}

// One byte further. Columns count characters: a byte that goes on with one counts nothing.
static void step(struct shell_scan *scan)
{
    char c = scan->text[scan->at++];
    if (c == '\n') {
        scan->line++;
        scan->column = 1;
    } else if (((unsigned char)c & 0xc0) != 0x80) {
        scan->column++;
    }
}

static bool is_over(const struct shell_scan *scan)
{
    return scan->at == scan->size || scan->verdict != SHELL_WELL;
}

static char here(const struct shell_scan *scan)
{
    return scan->text[scan->at];
}

// The scan refused texts that don't fit, and words are no longer than what they are made of.
static void put(struct shell_scan *scan, struct shell_word *word, char c)
{
    scan->script->text[scan->script->text_size++] = c;
    word->size++;
}

// Behind a quoted word stands a blank or a mark.
static void quote_end(struct shell_scan *scan)
{
    if (!is_over(scan) && !is_mark(here(scan))) {
        fail_here(scan, SHELL_WRONG, "a blank is missing behind the quote");
    }
}

static void quoted(struct shell_scan *scan, struct shell_word *word)
{
    static const char escaped[] = "\"\"\\\\n\nt\t"; // pairs: what is written, what it means
    uint32_t line = scan->line;
    uint32_t column = scan->column;
    char quote = here(scan);
    word->kind = SHELL_QUOTED;
    step(scan);
    while (!is_over(scan) && here(scan) != quote) {
        char c = here(scan);
        if (c == '\\' && quote == '"') {
            step(scan);
            if (is_over(scan)) {
                break;
            }
            const char *meaning = NULL;
            for (uint32_t i = 0; i < sizeof escaped - 1; i += 2) {
                meaning = escaped[i] == here(scan) ? &escaped[i + 1] : meaning;
            }
            if (meaning == NULL) {
                fail_here(scan, SHELL_WRONG, "behind \\ stands one of \" \\ n t");
                return;
            }
            c = *meaning;
        }
        put(scan, word, c);
        step(scan);
    }
    if (is_over(scan)) {
        shell_scan_fail(scan, SHELL_UNFINISHED, line, column, "this quote is not closed", NULL);
        return;
    }
    step(scan);
    quote_end(scan);
}

// From ( or [ to what closes it, quotes and all.
static void bracketed(struct shell_scan *scan, struct shell_word *word)
{
    char closing[SHELL_NESTING_MAX];
    uint32_t depth = 0;
    uint32_t line = scan->line;
    uint32_t column = scan->column;
    char quote = 0;
    do {
        char c = here(scan);
        bool is_escaped = quote == '"' && c == '\\' && scan->at + 1 < scan->size;
        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"') {
            quote = c;
        } else if (c == '(' || c == '[') {
            if (depth == SHELL_NESTING_MAX) {
                fail_here(scan, SHELL_WRONG, "brackets are at most 16 deep");
                return;
            }
            closing[depth++] = c == '(' ? ')' : ']';
        } else if (c == ')' || c == ']') {
            if (c != closing[--depth]) {
                fail_here(scan, SHELL_WRONG, "this closes a bracket of another kind");
                return;
            }
        }
        put(scan, word, c);
        step(scan);
        if (is_escaped) {
            put(scan, word, here(scan));
            step(scan);
        }
    } while (depth != 0 && !is_over(scan));
    if (depth != 0) {
        shell_scan_fail(scan, SHELL_UNFINISHED, line, column, "this bracket is not closed", NULL);
    }
}

static void named(struct shell_scan *scan, struct shell_word *word)
{
    uint32_t column = scan->column;
    word->kind = here(scan) == '$' ? SHELL_VARIABLE : SHELL_CAPABILITY;
    step(scan);
    while (!is_over(scan) && is_name(here(scan))) {
        put(scan, word, here(scan));
        step(scan);
    }
    if (word->size == 0 || word->size > SHELL_NAME_MAX) {
        shell_scan_fail(scan, SHELL_WRONG, word->line, column,
                        "a name is 1 to 31 of: letters, digits, - _ .", NULL);
    } else if (!is_over(scan) && !is_mark(here(scan))) {
        fail_here(scan, SHELL_WRONG, "a name ends here: a blank is missing, or this is not of it");
    }
}

static void bare(struct shell_scan *scan, struct shell_word *word)
{
    while (!is_over(scan) && !is_mark(here(scan))) {
        char c = here(scan);
        if (is_control(c)) {
            fail_here(scan, SHELL_WRONG, "a control character; quote it if it is meant");
        } else if (c == '(' || c == '[') {
            bracketed(scan, word);
        } else if (c == ')' || c == ']') {
            fail_here(scan, SHELL_WRONG, "this closes a bracket that is not open");
        } else {
            put(scan, word, c);
            step(scan);
        }
    }
}

static enum shell_token word_scan(struct shell_scan *scan, struct shell_word *word)
{
    char c = here(scan);
    *word = (struct shell_word){.kind = SHELL_BARE,
                                .text = scan->script->text + scan->script->text_size,
                                .line = scan->line,
                                .column = scan->column};
    if (c == '"' || c == '\'') {
        quoted(scan, word);
    } else if (c == '$' || c == '@') {
        named(scan, word);
    } else {
        bare(scan, word);
    }
    return scan->verdict == SHELL_WELL ? TOKEN_WORD : TOKEN_END;
}

static void blanks_skip(struct shell_scan *scan)
{
    while (!is_over(scan) && is_blank(here(scan))) {
        step(scan);
    }
    if (!is_over(scan) && here(scan) == '#') {
        while (!is_over(scan) && here(scan) != '\n') {
            step(scan);
        }
    }
}

enum shell_token shell_scan_next(struct shell_scan *scan, struct shell_word *word)
{
    static const struct {
        char mark;
        enum shell_token token;
    } marks[] = {{';', TOKEN_SEPARATOR}, {'\n', TOKEN_SEPARATOR}, {'{', TOKEN_OPEN},
                 {'}', TOKEN_CLOSE},     {',', TOKEN_COMMA},      {':', TOKEN_COLON}};
    blanks_skip(scan);
    *word = (struct shell_word){.text = "", .line = scan->line, .column = scan->column};
    if (is_over(scan)) {
        return TOKEN_END;
    }
    for (uint32_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (here(scan) == marks[i].mark) {
            step(scan);
            return marks[i].token;
        }
    }
    enum shell_token token = word_scan(scan, word);
    bool is_arrow = token == TOKEN_WORD && shell_word_is(word, "->");
    return is_arrow && word->kind == SHELL_BARE ? TOKEN_ARROW : token;
}

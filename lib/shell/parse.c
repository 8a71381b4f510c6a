// SPDX-License-Identifier: Apache-2.0
//
// The language of the shell: from text to statements. Blocks are kept track of in an array of fixed
// size instead of by recursion.
#include "lib/shell/parse.h"

#include <string.h>

#include "lib/shell/token.h"

// An open brace: the `if` whose `next` is not known yet, and the jumps behind whole branches, which
// are chained by their `next` until the last branch ends.
struct block {
    uint32_t condition; // a statement; NONE: of an `else`
    uint32_t jump;      // the last jump of this chain; NONE: there is none
    uint32_t line, column;
};

enum { NONE = UINT32_MAX };

struct parse {
    struct shell_scan scan;
    enum shell_token token; // the one that is next
    struct shell_word word; // of it
    struct block blocks[SHELL_NESTING_MAX];
    uint32_t depth;
};

bool shell_word_is(const struct shell_word *word, const char *text)
{
    size_t size = strlen(text);
    return word->size == size && memcmp(word->text, text, size) == 0;
}

static void next(struct parse *parse)
{
    parse->token = shell_scan_next(&parse->scan, &parse->word);
}

static bool is_well(const struct parse *parse)
{
    return parse->scan.verdict == SHELL_WELL;
}

// The token at hand is not what it should be. `more`: what is missing may still come.
static void fail(struct parse *parse, const char *sentence, bool more)
{
    bool is_unfinished = more && parse->token == TOKEN_END;
    shell_scan_fail(&parse->scan, is_unfinished ? SHELL_UNFINISHED : SHELL_WRONG, parse->word.line,
                    parse->word.column, sentence, parse->token == TOKEN_WORD ? &parse->word : NULL);
}

static bool is_keyword(const struct parse *parse, const char *keyword)
{
    return parse->token == TOKEN_WORD && parse->word.kind == SHELL_BARE &&
           shell_word_is(&parse->word, keyword);
}

static void expect(struct parse *parse, enum shell_token token, const char *sentence, bool more)
{
    if (parse->token != token) {
        fail(parse, sentence, more);
    }
    next(parse);
}

static void separators_skip(struct parse *parse)
{
    while (parse->token == TOKEN_SEPARATOR) {
        next(parse);
    }
}

// Line ends inside of braces separate nothing.
static void lines_skip(struct parse *parse)
{
    while (parse->token == TOKEN_SEPARATOR && parse->scan.text[parse->scan.at - 1] == '\n') {
        next(parse);
    }
}

// Takes the word at hand.
static void take(struct parse *parse)
{
    struct shell_script *script = parse->scan.script;
    if (script->word_count == SHELL_WORDS_MAX) {
        fail(parse, "too many words: 1,024 at most; split it, before", false);
        return;
    }
    script->words[script->word_count++] = parse->word;
    next(parse);
}

static struct shell_statement *add(struct parse *parse, enum shell_statement_kind kind)
{
    struct shell_script *script = parse->scan.script;
    if (script->statement_count == SHELL_STATEMENTS_MAX) {
        fail(parse, "too many statements: 256 at most; split it", false);
        script->statement_count--; // nobody reads it
    }
    struct shell_statement *statement = &script->statements[script->statement_count++];
    *statement = (struct shell_statement){.kind = kind};
    return statement;
}

// ---- Commands ----

static uint32_t words_of(const struct parse *parse)
{
    return parse->scan.script->word_count;
}

// "{" word {"," word} "}"; `is_pairs`: each is a pair, word ":" ["client"] word.
static uint32_t list(struct parse *parse, bool is_pairs)
{
    uint32_t count = 0;
    expect(parse, TOKEN_OPEN, "a { is missing here", false);
    lines_skip(parse);
    while (is_well(parse) && parse->token != TOKEN_CLOSE) {
        if (parse->token != TOKEN_WORD || parse->word.kind == SHELL_CAPABILITY) {
            fail(parse, "a name is missing here", true);
            return 0;
        }
        take(parse);
        if (is_pairs) {
            expect(parse, TOKEN_COLON, "a : is missing behind the name", true);
            bool is_client = is_keyword(parse, "client");
            if (is_client) {
                next(parse);
            }
            if (parse->token != TOKEN_WORD) {
                fail(parse, "what is granted is missing here, such as @timer", true);
                return 0;
            }
            parse->word.is_client = is_client;
            take(parse);
        }
        count++;
        lines_skip(parse);
        if (parse->token == TOKEN_COMMA) {
            next(parse);
            lines_skip(parse);
        } else if (parse->token != TOKEN_CLOSE) {
            fail(parse, "a , or } is missing here", true);
        }
    }
    next(parse);
    return count;
}

static void result(struct parse *parse, struct shell_statement *statement)
{
    next(parse);
    if (parse->token != TOKEN_WORD || parse->word.kind != SHELL_VARIABLE) {
        fail(parse, "behind -> stands a variable, such as $it", false);
        return;
    }
    statement->result = words_of(parse);
    statement->result_count = 1;
    take(parse);
}

static void command(struct parse *parse, struct shell_statement *statement)
{
    statement->words = words_of(parse);
    while (is_well(parse)) {
        if (is_keyword(parse, "only") && statement->only_count == 0) {
            next(parse);
            statement->only = words_of(parse);
            statement->only_count = list(parse, false);
        } else if (is_keyword(parse, "with") && statement->grant_count == 0) {
            next(parse);
            statement->grants = words_of(parse);
            statement->grant_count = list(parse, true);
        } else if (parse->token == TOKEN_ARROW && statement->result_count == 0) {
            result(parse, statement);
        } else if (parse->token == TOKEN_WORD || parse->token == TOKEN_COLON) {
            bool is_behind =
                statement->only_count + statement->grant_count + statement->result_count != 0;
            if (parse->token == TOKEN_COLON && statement->word_count == 0) {
                fail(parse, "a command is missing here", false);
            } else if (is_behind) {
                fail(parse, "words stand before only, with and ->, not behind them:", false);
            } else if (parse->token == TOKEN_COLON) {
                parse->scan.script->words[words_of(parse) - 1].is_named = true;
                next(parse);
            } else {
                statement->word_count++;
                take(parse);
            }
        } else {
            break;
        }
    }
    if (is_well(parse) && statement->word_count == 0) {
        fail(parse, "a command is missing here", false);
    }
}

// ---- Conditions and blocks ----

static void condition(struct parse *parse)
{
    struct shell_statement *statement = add(parse, SHELL_IF_COMMAND);
    command(parse, statement);
    const struct shell_word *words = parse->scan.script->words + statement->words;
    if (is_well(parse) && statement->word_count == 3 && words[1].kind == SHELL_BARE) {
        bool is_equal = shell_word_is(&words[1], "==");
        bool is_unequal = shell_word_is(&words[1], "!=");
        statement->kind = is_equal     ? SHELL_IF_EQUAL
                          : is_unequal ? SHELL_IF_UNEQUAL
                                       : SHELL_IF_COMMAND;
    }
}

static void block_open(struct parse *parse, uint32_t statement, uint32_t jump)
{
    if (is_well(parse) && parse->depth == SHELL_NESTING_MAX) {
        fail(parse, "braces are at most 16 deep", false);
    }
    if (is_well(parse)) {
        parse->blocks[parse->depth++] = (struct block){.condition = statement,
                                                       .jump = jump,
                                                       .line = parse->word.line,
                                                       .column = parse->word.column};
    }
    expect(parse, TOKEN_OPEN, "a { is missing behind the condition", true);
}

static void if_open(struct parse *parse, uint32_t jump)
{
    next(parse);
    uint32_t statement = parse->scan.script->statement_count;
    condition(parse);
    block_open(parse, statement, jump);
}

// All jumps of the chain lead here.
static void jumps_land(struct shell_script *script, uint32_t jump)
{
    while (jump != NONE) {
        uint32_t before = script->statements[jump].next;
        script->statements[jump].next = script->statement_count;
        jump = before;
    }
}

// At a }.
static void block_close(struct parse *parse)
{
    struct shell_script *script = parse->scan.script;
    if (parse->depth == 0) {
        fail(parse, "this } closes nothing", false);
        return;
    }
    struct block block = parse->blocks[--parse->depth];
    next(parse);
    if (block.condition != NONE && is_keyword(parse, "else")) {
        struct shell_statement *jump = add(parse, SHELL_JUMP);
        jump->next = block.jump;
        script->statements[block.condition].next = script->statement_count;
        uint32_t chain = script->statement_count - 1;
        next(parse);
        if (is_keyword(parse, "if")) {
            if_open(parse, chain);
        } else {
            block_open(parse, NONE, chain);
        }
        return;
    }
    if (block.condition != NONE) {
        script->statements[block.condition].next = script->statement_count;
    }
    jumps_land(script, block.jump);
    if (is_well(parse) && parse->token != TOKEN_SEPARATOR && parse->token != TOKEN_END &&
        parse->token != TOKEN_CLOSE) {
        fail(parse, "a ; is missing behind the }", false);
    }
}

static void statement(struct parse *parse)
{
    if (parse->token == TOKEN_CLOSE) {
        block_close(parse);
    } else if (is_keyword(parse, "if")) {
        if_open(parse, NONE);
    } else {
        command(parse, add(parse, SHELL_COMMAND));
        if (is_well(parse) && parse->token != TOKEN_SEPARATOR && parse->token != TOKEN_END &&
            parse->token != TOKEN_CLOSE) {
            fail(parse, "a command ends here: this can't follow", false);
        }
    }
}

enum shell_verdict shell_parse(struct shell_script *script, const char *text, size_t size,
                               struct shell_problem *problem)
{
    struct parse parse = {.scan = {.script = script,
                                   .problem = problem,
                                   .verdict = SHELL_WELL,
                                   .text = text,
                                   .size = size,
                                   .line = 1,
                                   .column = 1}};
    script->word_count = script->statement_count = script->text_size = 0;
    if (size > SHELL_TEXT_MAX) {
        shell_scan_fail(&parse.scan, SHELL_WRONG, 1, 1, "too long: 8,192 bytes at most; split it",
                        NULL);
    } else {
        next(&parse);
        separators_skip(&parse);
    }
    while (is_well(&parse) && parse.token != TOKEN_END) {
        statement(&parse);
        separators_skip(&parse);
    }
    if (is_well(&parse) && parse.depth != 0) {
        const struct block *open = &parse.blocks[parse.depth - 1];
        shell_scan_fail(&parse.scan, SHELL_UNFINISHED, open->line, open->column,
                        "this { is not closed", NULL);
    }
    if (!is_well(&parse)) {
        script->word_count = script->statement_count = 0;
    }
    return parse.scan.verdict;
}

// SPDX-License-Identifier: Apache-2.0
//
// What the tab key offers. The table is read from its beginning for each word that is completed:
// it has as many bytes as a person waits for without noticing.
#include "system/terminal/offer.h"

#include <string.h>

// The words before the one that is typed, each at its place in `text`.
struct context {
    const char *text;
    size_t word; // where the one that is typed begins
    uint32_t count;
    struct {
        size_t at, size;
    } words[OFFER_WORDS_MAX];
};

enum offer_status offer_add(struct offer *offer, bool begins, const uint8_t *pairs, size_t size)
{
    size_t zeros = 0;
    size_t before = begins ? 0 : offer->size;
    for (size_t i = 0; i < size; i++) {
        zeros += pairs[i] == 0 ? 1 : 0;
    }
    if (zeros % 2 != 0 || (size != 0 && pairs[size - 1] != 0)) {
        return OFFER_HALF;
    }
    if (size > OFFER_TABLE_MAX - before) {
        return OFFER_FULL;
    }
    memcpy(offer->table + before, pairs, size);
    offer->size = before + size;
    offer->found_count = 0;
    return OFFER_OK;
}

void offer_forget(struct offer *offer)
{
    offer->size = 0;
    offer->found_count = 0;
}

// ---- The words before ----

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == ':' || c == '{' || c == '}';
}

static bool is_last(const struct context *context, const char *word)
{
    if (context->count == 0) {
        return false;
    }
    size_t at = context->words[context->count - 1].at;
    size_t size = context->words[context->count - 1].size;
    return size == strlen(word) && memcmp(context->text + at, word, size) == 0;
}

// A statement begins behind `;`, `}`, and the `{` of a branch; behind `if` and `else` its words do.
static void mark_read(struct context *context, char c)
{
    bool is_list = is_last(context, "only") || is_last(context, "with");
    if (c == ';' || c == '}' || (c == '{' && !is_list)) {
        context->count = 0;
    }
}

static void word_add(struct context *context, size_t at, size_t size)
{
    if (context->count < OFFER_WORDS_MAX) {
        context->words[context->count].at = at;
        context->words[context->count].size = size;
        context->count++;
    }
    if (context->count == 1 && (is_last(context, "if") || is_last(context, "else"))) {
        context->count = 0;
    }
}

static struct context context_of(const char *text, size_t cursor)
{
    struct context context = {.text = text};
    size_t at = 0;
    while (at < cursor) {
        if (is_blank(text[at]) || text[at] == ';') {
            mark_read(&context, text[at++]);
            continue;
        }
        size_t from = at;
        char quote = 0;
        for (; at < cursor && (quote != 0 || (!is_blank(text[at]) && text[at] != ';')); at++) {
            bool is_quote = text[at] == '"' || text[at] == '\'';
            quote = quote == 0 && is_quote ? text[at] : quote == text[at] ? 0 : quote;
        }
        if (at == cursor) {
            context.word = from;
            return context;
        }
        word_add(&context, from, at - from);
    }
    context.word = cursor;
    return context;
}

// ---- The search ----

// The first `words` words with one blank between each two; 0: it is too long for any table.
static size_t context_join(const struct context *context, uint32_t words,
                           char out[OFFER_CONTEXT_MAX])
{
    size_t size = 0;
    for (uint32_t i = 0; i < words; i++) {
        size_t more = context->words[i].size;
        if (more + 2 > OFFER_CONTEXT_MAX - size) {
            return 0;
        }
        if (i != 0) {
            out[size++] = ' ';
        }
        memcpy(out + size, context->text + context->words[i].at, more);
        size += more;
    }
    out[size] = 0;
    return size + 1;
}

// Candidates of this context that begin as the word does; whether there are pairs of the context.
static bool search(struct offer *offer, const char *joined, size_t joined_size, const char *word,
                   size_t word_size)
{
    bool is_known = false;
    offer->found_count = 0;
    for (size_t at = 0; at < offer->size;) {
        size_t size = strlen(offer->table + at) + 1;
        bool is_it = size == joined_size && memcmp(offer->table + at, joined, size) == 0;
        at += size;
        size = strlen(offer->table + at);
        if (is_it && size >= word_size && memcmp(offer->table + at, word, word_size) == 0 &&
            offer->found_count < OFFER_FOUND_MAX) {
            offer->found[offer->found_count++] = (uint32_t)at;
        }
        is_known = is_known || is_it;
        at += size + 1;
    }
    return is_known;
}

static size_t find(void *self, const char *text, size_t cursor, size_t *word)
{
    struct offer *offer = self;
    struct context context = context_of(text, cursor);
    const char *typed = text + context.word;
    size_t typed_size = cursor - context.word;
    char joined[OFFER_CONTEXT_MAX];
    *word = context.word;
    if (typed_size != 0 && (typed[0] == '$' || typed[0] == '@')) {
        char mark[2] = {typed[0], 0};
        search(offer, mark, sizeof mark, typed, typed_size);
        return offer->found_count;
    }
    for (uint32_t words = context.count;; words--) {
        size_t size = context_join(&context, words, joined);
        if (size != 0 && search(offer, joined, size, typed, typed_size)) {
            break;
        }
        if (words <= 1) {
            break; // commands are offered where a statement begins, and nowhere else
        }
    }
    return offer->found_count;
}

static const char *name(void *self, size_t index, size_t *size)
{
    const struct offer *offer = self;
    const char *found = offer->table + offer->found[index];
    *size = strlen(found);
    return found;
}

struct line_completer offer_completer(struct offer *offer)
{
    return (struct line_completer){.context = offer, .find = find, .name = name, .behind = ' '};
}

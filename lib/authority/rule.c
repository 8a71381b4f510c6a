// SPDX-License-Identifier: Apache-2.0
//
// Reading rules: see rule.h for the grammar. One function per line of it; the first fault ends the
// reading, with the place of the word that doesn't fit.
#include "lib/authority/rule.h"

#include <string.h>

#include "lib/text/text.h"

enum { WORD_SHOWN = 40 }; // bytes of a word that doesn't fit

struct word {
    const char *start;
    uint32_t size; // 0: the line ends here
};

struct reader {
    struct rules *rules;
    const struct rule_names *names;
    struct rule_error *error;
    const char *at, *end; // of the line that is left; of the text
    const char *line_start;
    uint32_t line;
    struct word word; // the next one
    bool failed;
};

// --- Words --------------------------------------------------------------------------------------

static bool is_name(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' || letter == '.' ||
           letter == '*' || letter == '?';
}

// The word behind the present one. Names are long words, anything else is a word by itself.
static void advance(struct reader *reader)
{
    const char *at = reader->at;

    while (at < reader->end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    reader->word = (struct word){at, 0};
    if (at < reader->end && *at != '\n' && *at != '#') {
        do
            at++;
        while (at < reader->end && is_name(at[-1]) && is_name(*at));
        reader->word.size = (uint32_t)(at - reader->word.start);
    }
    reader->at = at;
}

static bool word_is(const struct word *word, const char *text)
{
    return word->size == strlen(text) && memcmp(word->start, text, word->size) == 0;
}

static bool next_is(const struct reader *reader, const char *text)
{
    return word_is(&reader->word, text);
}

// Where a letter stands first; the word's size: nowhere.
static uint32_t letter_at(const struct word *word, char letter)
{
    uint32_t at = 0;

    while (at < word->size && word->start[at] != letter)
        at++;
    return at;
}

static bool take(struct reader *reader, const char *text)
{
    bool is_it = next_is(reader, text);

    if (is_it)
        advance(reader);
    return is_it;
}

// --- Faults -------------------------------------------------------------------------------------

static void fault_at(struct reader *reader, const struct word *word, const char *what,
                     const char *nearest)
{
    struct text text;

    if (reader->failed)
        return;
    reader->failed = true;
    reader->error->line = reader->line;
    reader->error->column = (uint32_t)(word->start - reader->line_start) + 1;
    text_init(&text, reader->error->message, sizeof(reader->error->message));
    text_put(&text, what);
    if (word->size != 0) {
        text_put(&text, ", not `");
        for (uint32_t i = 0; i < word->size && i < WORD_SHOWN; i++) {
            bool is_plain = word->start[i] > ' ' && word->start[i] < 127;
            text_put_bytes(&text, is_plain ? &word->start[i] : "?", 1);
        }
        text_put(&text, "`");
    } else {
        text_put(&text, ", but the line ends here");
    }
    if (nearest != NULL) {
        text_put(&text, "; did you mean `");
        text_put(&text, nearest);
        text_put(&text, "`?");
    }
}

static void fault(struct reader *reader, const char *what)
{
    fault_at(reader, &reader->word, what, NULL);
}

static void full(struct reader *reader, const char *what)
{
    struct text text;
    struct word word = reader->word;

    fault_at(reader, &word, what, NULL);
    text_init(&text, reader->error->message, sizeof(reader->error->message));
    text_put(&text, what);
}

static const char *nearest(const struct reader *reader, uint64_t kind, const struct word *word)
{
    return reader->names->nearest == NULL
               ? NULL
               : reader->names->nearest(reader->names->context, kind, word->start, word->size);
}

// --- Sets ---------------------------------------------------------------------------------------

static void op_put(struct reader *reader, enum rule_op_kind kind, uint32_t number,
                   const struct word *word)
{
    struct rules *rules = reader->rules;

    if (rules->op_count == RULE_OPS_MAX) {
        full(reader, "the sets of these rules are too large together");
        return;
    }
    rules->ops[rules->op_count++] = (struct rule_op){
        kind, number, word == NULL ? NULL : word->start, word == NULL ? 0 : word->size};
}

static bool number_of(const struct word *word, uint64_t *number)
{
    *number = 0;
    for (uint32_t i = 0; i < word->size; i++) {
        if (word->start[i] < '0' || word->start[i] > '9' ||
            __builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (uint64_t)(word->start[i] - '0'), number))
            return false;
    }
    return word->size != 0;
}

static uint32_t index_take(struct reader *reader, const char *what)
{
    uint64_t number = 0;

    if (!number_of(&reader->word, &number) || number >= RULE_OBJECT_NONE)
        fault(reader, what);
    advance(reader);
    return (uint32_t)number;
}

static bool has_glob(const struct word *word)
{
    return letter_at(word, '*') < word->size || letter_at(word, '?') < word->size;
}

static void program_take(struct reader *reader)
{
    const struct rule_names *names = reader->names;
    struct word word = reader->word;

    if (word.size == 0 || !is_name(word.start[0])) {
        fault(reader, "the name of a program is needed");
        return;
    }
    if (names->program != NULL && !has_glob(&word) &&
        !names->program(names->context, word.start, word.size))
        fault_at(reader, &word, "a program of the boot package or a defined set is needed",
                 nearest(reader, 1, &word));
    op_put(reader, OP_PROGRAM, 0, &word);
    advance(reader);
}

static void listed(struct reader *reader, enum rule_op_kind kind)
{
    uint32_t count = 0;

    if (!take(reader, "("))
        fault(reader, "( is needed");
    do {
        if (kind == OP_PROGRAM)
            program_take(reader);
        else
            op_put(reader, kind, index_take(reader, "a number is needed"), NULL);
        if (count++ > 0)
            op_put(reader, OP_OR, 0, NULL);
    } while (!reader->failed && take(reader, ","));
    if (!take(reader, ")"))
        fault(reader, ", or ) is needed");
}

static const struct rule_let *let_find(const struct reader *reader, const struct word *word)
{
    for (uint32_t i = 0; i < reader->rules->let_count; i++) {
        const struct rule_let *let = &reader->rules->lets[i];
        if (let->size == word->size && memcmp(let->name, word->start, word->size) == 0)
            return let;
    }
    return NULL;
}

static void set_read(struct reader *reader, uint32_t depth);

static void named_set(struct reader *reader)
{
    const struct rule_let *let = let_find(reader, &reader->word);

    if (let == NULL) {
        program_take(reader);
        return;
    }
    if (let->is_targets)
        fault(reader, "a set of processes is needed");
    for (uint32_t i = 0; i < let->list.count && !reader->failed; i++) {
        const struct rule_op op = reader->rules->ops[let->list.first + i];
        struct word word = {op.text, op.size};
        op_put(reader, op.kind, op.number, op.text == NULL ? NULL : &word);
    }
    advance(reader);
}

static void factor_read(struct reader *reader, uint32_t depth)
{
    static const struct {
        const char *word;
        enum rule_op_kind kind;
    } lists[] = {{"program", OP_PROGRAM}, {"process", OP_PROCESS}, {"session", OP_SESSION}};

    if (depth == RULE_DEPTH_MAX) {
        full(reader, "brackets and `not` stand too deep inside each other");
        return;
    }
    if (take(reader, "not")) {
        factor_read(reader, depth + 1);
        op_put(reader, OP_NOT, 0, NULL);
        return;
    }
    if (take(reader, "(")) {
        set_read(reader, depth + 1);
        if (!take(reader, ")"))
            fault(reader, ") is needed");
        return;
    }
    if (take(reader, "any")) {
        op_put(reader, OP_ANY, 0, NULL);
        return;
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (take(reader, lists[i].word)) {
            listed(reader, lists[i].kind);
            return;
        }
    }
    named_set(reader);
}

static void term_read(struct reader *reader, uint32_t depth)
{
    factor_read(reader, depth);
    while (!reader->failed && take(reader, "and")) {
        factor_read(reader, depth);
        op_put(reader, OP_AND, 0, NULL);
    }
}

static void set_read(struct reader *reader, uint32_t depth)
{
    term_read(reader, depth);
    while (!reader->failed && take(reader, "or")) {
        term_read(reader, depth);
        op_put(reader, OP_OR, 0, NULL);
    }
}

// How many truths stand on the stack at once.
static uint32_t stack_needed(const struct rules *rules, struct rule_list set)
{
    uint32_t height = 0;
    uint32_t most = 0;

    for (uint32_t i = 0; i < set.count; i++) {
        enum rule_op_kind kind = rules->ops[set.first + i].kind;
        if (kind == OP_AND || kind == OP_OR)
            height--;
        else if (kind != OP_NOT)
            height++;
        most = height > most ? height : most;
    }
    return most;
}

static struct rule_list set_take(struct reader *reader)
{
    struct rule_list set = {reader->rules->op_count, 0};

    set_read(reader, 0);
    set.count = reader->rules->op_count - set.first;
    if (!reader->failed && stack_needed(reader->rules, set) > RULE_STACK_MAX)
        full(reader, "the set is nested too deep");
    return set;
}

// --- Targets ------------------------------------------------------------------------------------

static void target_put(struct reader *reader, struct rule_target target)
{
    struct rules *rules = reader->rules;

    if (rules->target_count == RULE_TARGETS_MAX)
        full(reader, "these rules have too many targets together");
    else
        rules->targets[rules->target_count++] = target;
}

// Interface or Interface.method, which is one word.
static void interface_take(struct reader *reader)
{
    struct word word = reader->word;
    struct word name = {word.start, letter_at(&word, '.')};
    struct rule_target target = {.object = RULE_OBJECT_NONE};
    uint32_t number;

    if (name.size == 0 || !reader->names->interface(name.start, name.size, &target.interface)) {
        fault_at(reader, &name, "an interface, object(n) or any is needed",
                 name.size == 0 ? NULL : nearest(reader, 0, &name));
        return;
    }
    if (name.size < word.size) {
        struct word method = {name.start + name.size + 1, word.size - name.size - 1};
        if (!reader->names->method(target.interface, method.start, method.size, &number)) {
            fault_at(reader, &method, "a method of the interface is needed",
                     nearest(reader, target.interface, &method));
            return;
        }
        target.methods = UINT64_C(1) << number;
    }
    target_put(reader, target);
    advance(reader);
}

static void target_read(struct reader *reader)
{
    const struct rule_let *let = let_find(reader, &reader->word);

    if (take(reader, "any")) {
        target_put(reader, (struct rule_target){.is_any = true});
    } else if (take(reader, "object")) {
        if (!take(reader, "("))
            fault(reader, "( is needed");
        target_put(reader, (struct rule_target){
                               .object = index_take(reader, "the number of an object is needed")});
        if (!take(reader, ")"))
            fault(reader, ") is needed");
    } else if (let != NULL && let->is_targets) {
        for (uint32_t i = 0; i < let->list.count && !reader->failed; i++)
            target_put(reader, reader->rules->targets[let->list.first + i]);
        advance(reader);
    } else {
        interface_take(reader);
    }
}

static struct rule_list targets_take(struct reader *reader)
{
    uint32_t first = reader->rules->target_count;

    do
        target_read(reader);
    while (!reader->failed && take(reader, ","));
    return (struct rule_list){first, reader->rules->target_count - first};
}

// --- Rules --------------------------------------------------------------------------------------

static struct rule_moment moment_take(struct reader *reader)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    struct word digits = reader->word;
    struct rule_moment moment = {.is_time = false};

    while (digits.size > 0 && digits.start[digits.size - 1] > '9')
        digits.size--;
    struct word unit = {digits.start + digits.size, reader->word.size - digits.size};
    bool is_good = number_of(&digits, &moment.value);
    moment.is_time = unit.size != 0;
    bool is_known = !moment.is_time;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (moment.is_time && word_is(&unit, units[i].name)) {
            is_known = true;
            is_good = is_good && !__builtin_mul_overflow(moment.value, units[i].ns, &moment.value);
        }
    }
    if (!is_good || !is_known)
        fault(reader, "a seq such as 127 or a time such as 5ms is needed");
    advance(reader);
    return moment;
}

static bool quantifier_take(struct reader *reader, struct rule *rule)
{
    static const char *const words[] = {
        [RULE_NEVER] = "never", [RULE_ONLY] = "only", [RULE_ALWAYS] = "always"};

    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (take(reader, words[i])) {
            rule->quantifier = (enum rule_quantifier)i;
            return true;
        }
    }
    fault(reader, "a line begins with never, only, always or let");
    return false;
}

static void rule_read(struct reader *reader)
{
    struct rules *rules = reader->rules;
    struct rule rule = {
        .line = reader->line, .text = reader->word.start, .to = {.value = UINT64_MAX}};

    if (!quantifier_take(reader, &rule))
        return;
    rule.subject = set_take(reader);
    rule.reaches = next_is(reader, "reaches");
    if (!reader->failed && !take(reader, "reaches") && !take(reader, "holds"))
        fault(reader, "holds or reaches is needed");
    if (!reader->failed)
        rule.targets = targets_take(reader);
    if (!reader->failed && take(reader, "through"))
        rule.through = set_take(reader);
    if (!reader->failed && take(reader, "from"))
        rule.from = moment_take(reader);
    if (!reader->failed && take(reader, "to"))
        rule.to = moment_take(reader);
    rule.size = (uint32_t)(reader->word.start - rule.text);
    while (rule.size > 0 && (rule.text[rule.size - 1] == ' ' || rule.text[rule.size - 1] == '\t' ||
                             rule.text[rule.size - 1] == '\r'))
        rule.size--;
    if (rules->count == RULES_MAX)
        full(reader, "a file has at most 64 rules");
    else
        rules->rules[rules->count++] = rule;
}

static void let_read(struct reader *reader)
{
    struct rules *rules = reader->rules;
    struct word name = reader->word;
    struct rule_let let = {.name = name.start, .size = name.size};
    uint64_t interface;

    if (name.size == 0 || !is_name(name.start[0]) || has_glob(&name))
        fault(reader, "a name is needed");
    if (let_find(reader, &name) != NULL)
        fault(reader, "a name that is not defined yet is needed");
    advance(reader);
    if (!take(reader, "="))
        fault(reader, "= is needed");
    struct word first = reader->word;
    uint32_t size = letter_at(&first, '.');
    let.is_targets = word_is(&first, "object") ||
                     (size != 0 && reader->names->interface(first.start, size, &interface));
    if (!reader->failed)
        let.list = let.is_targets ? targets_take(reader) : set_take(reader);
    if (rules->let_count == RULE_LETS_MAX)
        full(reader, "a file has at most 64 definitions");
    else
        rules->lets[rules->let_count++] = let;
}

bool rules_parse(struct rules *rules, const char *text, size_t size, const struct rule_names *names,
                 struct rule_error *error)
{
    struct reader reader = {.rules = rules,
                            .names = names,
                            .error = error,
                            .at = text,
                            .end = text + size,
                            .line_start = text,
                            .line = 1};

    rules->count = rules->op_count = rules->target_count = rules->let_count = 0;
    while (!reader.failed && reader.at < reader.end) {
        advance(&reader);
        if (take(&reader, "let"))
            let_read(&reader);
        else if (reader.word.size != 0)
            rule_read(&reader);
        if (reader.word.size != 0)
            fault(&reader, "the end of the line is needed");
        while (reader.at < reader.end && *reader.at != '\n')
            reader.at++;
        if (reader.at < reader.end)
            reader.at++;
        reader.line_start = reader.at;
        reader.line++;
    }
    return !reader.failed;
}

bool rule_glob(const char *glob, size_t glob_size, const char *text, size_t size)
{
    size_t at = 0;
    size_t star = SIZE_MAX; // the last one, and what it has swallowed so far
    size_t swallowed = 0;

    for (size_t i = 0; i < size;) {
        if (at < glob_size && glob[at] == '*') {
            star = at++;
            swallowed = i;
        } else if (at < glob_size && (glob[at] == '?' || glob[at] == text[i])) {
            at++;
            i++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            i = ++swallowed;
        } else {
            return false;
        }
    }
    while (at < glob_size && glob[at] == '*')
        at++;
    return at == glob_size;
}

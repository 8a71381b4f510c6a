// SPDX-License-Identifier: Apache-2.0
//
// Arguments: words become the text form of the parameters, which lib/capnp reads by schema, and
// capabilities are put beside it. So a value is written here as in the schema language.
#include <string.h>

#include "lib/capnp/dynamic_node.h"
#include "lib/capnp/dynamic_type.h"
#include "lib/shell/interface.h"

enum { FORM_MAX = 4096, NOBODY = UINT32_MAX };

struct arguments {
    const struct shell_schemas *schemas;
    const struct shell_method *method;
    const struct shell_argument *given;
    struct shell_problem *problem;
    uint32_t field_count;
    uint32_t by_field[SHELL_ARGUMENTS_MAX]; // which argument a field has; NOBODY: none
    char form[FORM_MAX];
    size_t form_size; // counted on where it does not fit
};

static bool fail(struct arguments *arguments, const struct shell_word *word, const char *sentence,
                 struct capnp_text of)
{
    struct shell_problem *problem = arguments->problem;
    size_t size = strlen(sentence);
    size_t room = SHELL_SENTENCE_MAX - 1 - size;
    size_t more = of.size < room ? of.size : room;
    problem->line = word != NULL ? word->line : 0;
    problem->column = word != NULL ? word->column : 0;
    memcpy(problem->sentence, sentence, size);
    memcpy(problem->sentence + size, of.data, more);
    problem->sentence[size + more] = 0;
    return false;
}

// ---- Which word is for which field ----

static uint32_t field_find(const struct arguments *arguments, const struct shell_word *name)
{
    for (uint32_t i = 0; i < arguments->field_count; i++) {
        struct shell_field field = shell_field_at(arguments->schemas, arguments->method->params, i);
        if (dynamic_text_equal(field.name, (struct capnp_text){name->text, name->size})) {
            return i;
        }
    }
    return NOBODY;
}

static bool assign(struct arguments *arguments, uint32_t count)
{
    static const struct capnp_text none = {"", 0};
    uint32_t next = 0;
    for (uint32_t i = 0; i < arguments->field_count; i++) {
        arguments->by_field[i] = NOBODY;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct shell_word *word = arguments->given[i].word;
        uint32_t field = next;
        if (word->is_named) {
            field = field_find(arguments, word);
            if (field == NOBODY) {
                return fail(arguments, word, "the method has no such parameter: ",
                            (struct capnp_text){word->text, word->size});
            }
            if (++i == count) {
                return fail(arguments, word, "a value is missing behind the name", none);
            }
        } else {
            next++;
        }
        if (field >= arguments->field_count) {
            return fail(arguments, word, "the method takes no more arguments", none);
        }
        if (arguments->by_field[field] != NOBODY) {
            return fail(arguments, word, "this parameter was given before", none);
        }
        arguments->by_field[field] = i;
    }
    return true;
}

// ---- The text form ----

static void put(struct arguments *arguments, const char *bytes, size_t size)
{
    if (arguments->form_size + size <= FORM_MAX) {
        memcpy(arguments->form + arguments->form_size, bytes, size);
    }
    arguments->form_size += size;
}

static void put_escaped(struct arguments *arguments, const struct shell_word *word)
{
    static const char digits[] = "0123456789abcdef";
    put(arguments, "\"", 1);
    for (uint32_t i = 0; i < word->size; i++) {
        unsigned char byte = (unsigned char)word->text[i];
        if (byte < ' ' || byte == '"' || byte == '\\') {
            char escaped[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
            put(arguments, escaped, sizeof escaped);
        } else {
            put(arguments, word->text + i, 1);
        }
    }
    put(arguments, "\"", 1);
}

// A value that is no text goes in as it stands; that it is one value alone is seen to by its
// brackets, which the language has matched, and by there being no comma outside of them.
static bool is_one_value(const struct shell_word *word)
{
    if (word->kind == SHELL_BARE) {
        return word->size != 0;
    }
    for (uint32_t i = 0; i < word->size; i++) {
        char c = word->text[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == '_';
        if (!is_plain) {
            return false;
        }
    }
    return word->size != 0;
}

static bool value_put(struct arguments *arguments, struct shell_field field,
                      const struct shell_argument *argument)
{
    if (argument->cap != 0) {
        return fail(arguments, argument->word, "this parameter is no capability: ", field.name);
    }
    put(arguments, arguments->form_size > 1 ? ", " : "", arguments->form_size > 1 ? 2 : 0);
    put(arguments, field.name.data, field.name.size);
    put(arguments, " = ", 3);
    if (field.is_text) {
        put_escaped(arguments, argument->word);
        return true;
    }
    if (!is_one_value(argument->word)) {
        return fail(arguments, argument->word, "a value of the schema is wanted, unquoted, for ",
                    field.name);
    }
    put(arguments, argument->word->text, argument->word->size);
    return true;
}

static bool form_build(struct arguments *arguments)
{
    put(arguments, "(", 1);
    for (uint32_t i = 0; i < arguments->field_count; i++) {
        struct shell_field field = shell_field_at(arguments->schemas, arguments->method->params, i);
        if (arguments->by_field[i] == NOBODY) {
            continue;
        }
        const struct shell_argument *argument = &arguments->given[arguments->by_field[i]];
        if (!field.is_capability && !value_put(arguments, field, argument)) {
            return false;
        }
        if (field.is_capability && argument->cap == 0) {
            return fail(arguments, argument->word, "a capability is wanted, such as @timer, for ",
                        field.name);
        }
    }
    put(arguments, ")", 1);
    return arguments->form_size <= FORM_MAX ||
           fail(arguments, NULL, "the arguments are too long together", (struct capnp_text){"", 0});
}

// Which word a problem of the schema is about: the one for the field that its path begins with.
static const struct shell_word *word_of(const struct arguments *arguments, const char *path)
{
    for (uint32_t i = 0; i < arguments->field_count; i++) {
        struct shell_field field = shell_field_at(arguments->schemas, arguments->method->params, i);
        size_t size = field.name.size;
        bool is_it = strlen(path) >= size && memcmp(path, field.name.data, size) == 0 &&
                     (path[size] == 0 || path[size] == '.' || path[size] == '[');
        if (is_it && arguments->by_field[i] != NOBODY) {
            return arguments->given[arguments->by_field[i]].word;
        }
    }
    return NULL;
}

// The root of a message that was parsed.
static struct capnp_struct_builder root_of(struct capnp_builder *builder,
                                           const struct capnp_catalog_node *type)
{
    return (struct capnp_struct_builder){
        .builder = builder,
        .data = builder->bytes + CAPNP_WORD_BYTES,
        .data_bytes = (uint32_t)struct_data_words(type->node) * CAPNP_WORD_BYTES,
        .pointer_count = struct_pointer_words(type->node),
    };
}

bool shell_arguments_build(const struct shell_schemas *schemas, const struct shell_method *method,
                           const struct shell_argument *arguments, uint32_t count,
                           struct capnp_builder *builder, struct shell_problem *problem)
{
    struct arguments state;
    struct capnp_problem found = {0};
    state.schemas = schemas;
    state.method = method;
    state.given = arguments;
    state.problem = problem;
    state.field_count = shell_field_count(schemas, method->params);
    state.form_size = 0;
    if (!assign(&state, count) || !form_build(&state)) {
        return false;
    }
    struct capnp_input input = {.bytes = state.form, .size = state.form_size};
    if (!capnp_text_parse(&input, &schemas->catalog, method->params, builder, &found)) {
        return fail(&state, word_of(&state, found.path), "", dynamic_text_of(found.sentence));
    }
    struct capnp_struct_builder root =
        root_of(builder, capnp_catalog_node(&schemas->catalog, method->params));
    for (uint32_t i = 0; i < state.field_count; i++) {
        struct shell_field field = shell_field_at(schemas, method->params, i);
        if (field.is_capability && state.by_field[i] != NOBODY) {
            capnp_set_cap(root, field.pointer,
                          (struct capnp_cap){arguments[state.by_field[i]].cap});
        }
    }
    return true;
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/shell/interface.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/capnp/schema.h"

extern const struct capnp_schema capnp_schema_9f4b3c0000000001; // kernel.capnp
extern const struct capnp_schema capnp_schema_9f4b3c0000000005; // terminal.capnp
extern const struct capnp_schema capnp_schema_9f4b3c0000000008; // fault.capnp, which kernel imports

static struct shell_schemas schemas;
static struct shell_script script;
static uint8_t message[1024];

static bool add(const struct capnp_schema *schema)
{
    uint32_t size = schema->word_count * CAPNP_WORD_BYTES;
    uint8_t *room = shell_schemas_room(&schemas, size);
    if (room == NULL) {
        return false;
    }
    memcpy(room, schema->words, size);
    shell_schemas_add(&schemas, size);
    return true;
}

static int learn_all(void **state)
{
    struct capnp_problem problem = {0};
    (void)state;
    shell_schemas_init(&schemas);
    bool is_learnt = add(&capnp_schema_9f4b3c0000000001) && add(&capnp_schema_9f4b3c0000000008) &&
                     add(&capnp_schema_9f4b3c0000000005);
    return is_learnt && shell_schemas_check(&schemas, &problem) ? 0 : 1;
}

static struct capnp_text text(const char *words)
{
    return (struct capnp_text){words, (uint32_t)strlen(words)};
}

static bool is(struct capnp_text found, const char *words)
{
    return found.size == strlen(words) && memcmp(found.data, words, found.size) == 0;
}

static struct shell_method method(const char *interface, const char *name)
{
    struct shell_method found = {0};
    const struct capnp_catalog_node *node = shell_interface_named(&schemas, text(interface));
    assert_non_null(node);
    assert_true(shell_method_named(node, text(name), &found));
    return found;
}

static void interfaces_and_methods_are_found_with_their_documentation(void **state)
{
    struct shell_method found;
    (void)state;
    const struct capnp_catalog_node *timer = shell_interface_named(&schemas, text("Timer"));
    assert_non_null(timer);
    assert_ptr_equal(shell_interface(&schemas, 0x9f4b3c0000000102), timer);
    assert_true(is(shell_interface_name(timer), "Timer"));
    assert_true(is(shell_first_sentence(shell_interface_doc(timer)), "The monotonic clock."));
    assert_int_equal(shell_method_count(timer), 2);
    found = method("Timer", "sleepUntil");
    assert_int_equal(found.number, 1);
    assert_int_equal(shell_field_count(&schemas, found.params), 1);
    assert_true(is(shell_field_at(&schemas, found.params, 0).name, "deadline"));
    assert_null(shell_interface_named(&schemas, text("Nobody")));
    assert_null(shell_interface(&schemas, 7));
    assert_false(shell_method_named(timer, text("later"), &found));
}

static void capabilities_and_enums_are_told_from_other_fields(void **state)
{
    struct capnp_text name;
    (void)state;
    struct shell_method read = method("TerminalSession", "readLine");
    struct shell_field echo = shell_field_at(&schemas, read.params, 1);
    assert_int_equal(shell_enumerant(&schemas, echo.enumeration, 1, &name), 2);
    assert_true(is(name, "hidden"));
    assert_int_equal(shell_enumerant(&schemas, 7, 0, &name), 0);
    assert_true(shell_field_at(&schemas, read.params, 0).is_text);
    struct shell_method facet = method("CapabilityManager", "facet");
    assert_true(shell_field_at(&schemas, facet.params, 0).is_capability);
    assert_false(shell_field_at(&schemas, facet.params, 1).is_capability);
    assert_true(shell_field_at(&schemas, facet.results, 1).is_capability);
}

static void a_source_with_an_error_leaves_the_others_as_they_were(void **state)
{
    struct capnp_problem problem = {0};
    (void)state;
    uint32_t files = schemas.file_count;
    uint8_t *room = shell_schemas_room(&schemas, 64);
    assert_non_null(room);
    memset(room, 0xff, 64);
    shell_schemas_add(&schemas, 64);
    assert_false(shell_schemas_check(&schemas, &problem));
    assert_int_not_equal(problem.kind, CAPNP_PROBLEM_NONE);
    assert_int_equal(schemas.file_count, files);
    assert_non_null(shell_interface_named(&schemas, text("Timer")));
    assert_null(shell_schemas_room(&schemas, SHELL_SCHEMAS_MAX));
    assert_null(shell_schemas_room(&schemas, 12));
}

static void what_its_import_is_missing_for_is_refused(void **state)
{
    struct capnp_problem problem = {0};
    (void)state;
    shell_schemas_init(&schemas);
    assert_true(add(&capnp_schema_9f4b3c0000000001));
    assert_false(shell_schemas_check(&schemas, &problem));
    assert_null(shell_interface_named(&schemas, text("Timer")));
    assert_int_equal(learn_all(NULL), 0);
}

// ---- Arguments ----

// The arguments of a method as typed; @ names are capability 7. What came out, as text.
static const char *built(const char *interface, const char *name, const char *typed,
                         struct capnp_builder *builder)
{
    static char out[512];
    static struct shell_problem problem;
    struct shell_argument arguments[SHELL_ARGUMENTS_MAX];
    struct capnp_memory_writer writer;
    struct capnp_message reader;
    struct capnp_problem found = {0};
    struct shell_method called = method(interface, name);
    assert_int_equal(shell_parse(&script, typed, strlen(typed), &problem), SHELL_WELL);
    for (uint32_t i = 0; i < script.word_count; i++) {
        arguments[i] = (struct shell_argument){
            .word = &script.words[i], .cap = script.words[i].kind == SHELL_CAPABILITY ? 7 : 0};
    }
    capnp_builder_init(builder, message, sizeof message);
    if (!shell_arguments_build(&schemas, &called, arguments, script.word_count, builder,
                               &problem)) {
        sprintf(out, "%u: %s", problem.column, problem.sentence);
        return out;
    }
    capnp_message_init(&reader, message, capnp_builder_size(builder), builder->caps,
                       builder->cap_count);
    capnp_memory_writer_init(&writer, out, sizeof out - 1);
    capnp_text_print(capnp_message_root(&reader), &schemas.catalog, called.params,
                     CAPNP_LAYOUT_SHORT, &writer.writer, &found);
    out[writer.size] = 0;
    return out;
}

static void arguments_come_in_order_or_by_name(void **state)
{
    struct capnp_builder builder;
    (void)state;
    assert_string_equal(built("Timer", "sleepUntil", "5", &builder), "(deadline = 5)");
    assert_string_equal(built("Timer", "sleepUntil", "deadline: 0x10", &builder),
                        "(deadline = 16)");
    assert_string_equal(
        built("TerminalSession", "readLine", "limit: 5 prompt: \"a \\\" b\"", &builder),
        "(prompt = \"a \\\" b\", echo = visible, limit = 5)");
    assert_string_equal(built("TerminalSession", "readLine", "word hidden 9", &builder),
                        "(prompt = \"word\", echo = hidden, limit = 9)");
    assert_string_equal(built("TerminalSession", "lend", "\"true\"", &builder),
                        "(foreground = true)");
}

static void capabilities_travel_beside_the_arguments(void **state)
{
    struct capnp_builder builder;
    (void)state;
    assert_string_equal(built("CapabilityManager", "facet", "@x 3", &builder),
                        "(target = <opaque pointer>, methods = 3, interface = 0, "
                        "receiverData = 0, withheld = 0, scope = 0)");
    assert_int_equal(builder.cap_count, 1);
    assert_int_equal(builder.caps[0], 7);
}

static void wrong_arguments_are_refused_at_their_place(void **state)
{
    struct capnp_builder builder;
    (void)state;
    assert_string_equal(built("Timer", "sleepUntil", "5 6", &builder),
                        "3: the method takes no more arguments");
    assert_string_equal(built("Timer", "sleepUntil", "until: 6", &builder),
                        "1: the method has no such parameter: until");
    assert_string_equal(built("Timer", "sleepUntil", "x deadline:", &builder),
                        "3: a value is missing behind the name");
    assert_string_equal(built("Timer", "sleepUntil", "5 deadline: 6", &builder),
                        "3: this parameter was given before");
    assert_string_equal(built("Timer", "sleepUntil", "@x", &builder),
                        "1: this parameter is no capability: deadline");
    assert_string_equal(built("CapabilityManager", "facet", "x", &builder),
                        "1: a capability is wanted, such as @timer, for target");
    assert_string_equal(built("Timer", "sleepUntil", "\"5, deadline = 6\"", &builder),
                        "1: a value of the schema is wanted, unquoted, for deadline");
    assert_non_null(strstr(built("Timer", "sleepUntil", "soon", &builder), "1: "));
    assert_non_null(strstr(built("TerminalSession", "readLine", "p loud", &builder), "3: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interfaces_and_methods_are_found_with_their_documentation),
        cmocka_unit_test(capabilities_and_enums_are_told_from_other_fields),
        cmocka_unit_test(a_source_with_an_error_leaves_the_others_as_they_were),
        cmocka_unit_test(what_its_import_is_missing_for_is_refused),
        cmocka_unit_test(arguments_come_in_order_or_by_name),
        cmocka_unit_test(capabilities_travel_beside_the_arguments),
        cmocka_unit_test(wrong_arguments_are_refused_at_their_place),
    };
    return cmocka_run_group_tests(tests, learn_all, NULL);
}

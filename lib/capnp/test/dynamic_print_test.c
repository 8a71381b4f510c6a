// SPDX-License-Identifier: Apache-2.0
//
// Printing by schema where the other direction or another program can't show it: messages that are
// malformed, of a newer version, too deep, or hold what has no form; layouts; and catalogs, among
// them all schemas with one bit changed.

#include "lib/capnp/segment.h"
#include "lib/capnp/test/dynamic.capnp.h"
#include "lib/capnp/test/dynamic_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// Where the union of Every has its tag.
enum { UNION_TAG = 38 };

static uint64_t words[512];
static struct capnp_builder builder;
static struct capnp_problem problem;

static struct every_builder start(void)
{
    problem = (struct capnp_problem){0};
    capnp_builder_init(&builder, words, sizeof(words));
    return every_build(&builder);
}

// What was built since start().
static const char *shown(enum dynamic_form form, enum capnp_layout layout)
{
    static const uint64_t caps[CAPNP_CAPS_MAX] = {7};
    struct capnp_message message;
    capnp_message_init(&message, words, capnp_builder_size(&builder), caps, 1);
    return dynamic_shown(form, capnp_message_root(&message), dynamic_type("Every"), layout,
                         &problem);
}

static void has(enum dynamic_form form, const char *part)
{
    const char *text = shown(form, CAPNP_LAYOUT_SHORT);
    if (strstr(text, part) == NULL) {
        fail_msg("%s is not in %s", part, text);
    }
}

static void unknown_enumerants_and_members_are_shown_as_numbers_and_nothing(void **state)
{
    (void)state;
    struct every_builder every = start();
    every_set_color(every, (enum color)9);
    has(DYNAMIC_TEXT, "color = (9), first = void");
    has(DYNAMIC_JSON, "\"color\":9,");
    // A member that this schema doesn't know: of the union nothing is shown.
    every_set_amount(every, 5);
    has(DYNAMIC_TEXT, "amount = 5");
    capnp_set_u16(every.s, UNION_TAG, 99, 0);
    assert_null(strstr(shown(DYNAMIC_JSON, CAPNP_LAYOUT_SHORT), "amount"));
    assert_int_equal(problem.kind, CAPNP_PROBLEM_NONE);
}

static void defaults_of_active_members_are_shown(void **state)
{
    (void)state;
    struct every_builder every = start();
    every_set_word(every, (struct capnp_text){NULL, 0});
    has(DYNAMIC_TEXT, "word = \"a word\"");
    has(DYNAMIC_JSON, "\"word\":\"a word\"");
    every = start();
    capnp_set_u16(every.s, UNION_TAG, EVERY_CORNERS, 0);
    has(DYNAMIC_TEXT, "corners = [(x = 1, y = -7), (x = 0, y = 2)]");
    every = start();
    every_choose_pair(every);
    has(DYNAMIC_TEXT, "pair = (left = 0)");
}

static void bytes_that_are_not_utf8_survive_in_text_and_are_told_in_json(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xff",
                                      "\xc3",
                                      "\xc0\x80",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xe2\x28\xa1",
                                      "\xf8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct every_builder every = start();
        every_set_text(every, (struct capnp_text){bad[i], (uint32_t)strlen(bad[i])});
        has(DYNAMIC_TEXT, "text = \"\\3");
        assert_int_equal(problem.kind, CAPNP_PROBLEM_NONE);
        has(DYNAMIC_JSON, "\"text\":\"\xef\xbf\xbd");
        assert_int_equal(problem.kind, CAPNP_PROBLEM_NOT_UTF8);
        assert_string_equal(problem.path, "text");
    }
    struct every_builder every = start();
    every_set_text(every, (struct capnp_text){"\x1f\x80", 2});
    has(DYNAMIC_TEXT, "text = \"\\037\\200\"");
    has(DYNAMIC_JSON, "\"text\":\"\\u001f\xef\xbf\xbd\"");
}

static void every_kind_of_list_is_shown_in_both_forms(void **state)
{
    (void)state;
    static const char text[] =
        "(float32 = -inf, float64 = nan, data = \"\", corner = (x = 1), voids = [void, void], "
        "bools = [true], int8s = [-1], int16s = [-2], int64s = [-3], uint64s = [4], float32s = "
        "[inf, nan], float64s = [5], texts = [\"a\\\"\"], datas = [\"\\001\\002\"], colors = "
        "[red], "
        "numbers = [7], lists = [[[1]]], everies = [(shade = red)])";
    struct capnp_struct_reader root;
    problem = (struct capnp_problem){0};
    uint64_t type = dynamic_type("Every");
    assert_true(dynamic_read(DYNAMIC_TEXT, text, sizeof(text) - 1, type, &root, &problem));
    const char *json = dynamic_shown(DYNAMIC_JSON, root, type, CAPNP_LAYOUT_SHORT, &problem);
    static const char *const parts[] = {
        "\"float32\":\"-Infinity\",\"float64\":\"NaN\"",
        "\"data\":[]",
        "\"numbers\":[7]",
        "\"voids\":[null,null],\"bools\":[true],\"int8s\":[-1],\"int16s\":[-2],\"int64s\":[\"-3\"]",
        "\"float32s\":[\"Infinity\",\"NaN\"],\"float64s\":[5]",
        "\"texts\":[\"a\\\"\"],\"datas\":[[1,2]],\"colors\":[\"red\"],\"lists\":[[[1]]]",
        "\"shade\":\"red\"}]",
        "\"corner\":{\"x\":1,\"y\":-7}}"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strstr(json, parts[i]) == NULL) {
            fail_msg("%s is not in %s", parts[i], json);
        }
    }
    // And in text it is again what it was.
    char *copy = strdup(dynamic_shown(DYNAMIC_TEXT, root, type, CAPNP_LAYOUT_LINES, &problem));
    assert_true(dynamic_read(DYNAMIC_TEXT, copy, strlen(copy), type, &root, &problem));
    assert_string_equal(dynamic_shown(DYNAMIC_TEXT, root, type, CAPNP_LAYOUT_LINES, &problem),
                        copy);
    free(copy);
}

static void message_of_segments_is_shown_and_its_first_one_keeps_the_error(void **state)
{
    (void)state;
    struct every_builder every = start();
    every_set_text(every, (struct capnp_text){"abc", 3});
    struct capnp_segment segment;
    capnp_segment_set(&segment, words, capnp_builder_size(&builder));
    capnp_segments_init(&segment, 1, UINT32_MAX, NULL, 0);
    struct capnp_struct_reader root = capnp_message_root(&segment.message);
    uint64_t type = dynamic_type("Every");
    assert_non_null(strstr(dynamic_shown(DYNAMIC_TEXT, root, type, CAPNP_LAYOUT_LINES, &problem),
                           "text = \"abc\""));
    assert_int_equal(problem.kind, CAPNP_PROBLEM_NONE);
    capnp_message_fail(&segment.message, CAPNP_POINTER_OTHER_KIND);
    (void)dynamic_shown(DYNAMIC_TEXT, root, type, CAPNP_LAYOUT_SHORT, &problem);
    assert_int_equal(problem.kind, CAPNP_PROBLEM_MESSAGE);
    // A constant message is shown without being written to.
    const struct capnp_message constant = {
        .bytes = (const uint8_t *)words, .size = capnp_builder_size(&builder), .is_constant = true};
    problem = (struct capnp_problem){0};
    (void)dynamic_shown(DYNAMIC_TEXT, capnp_constant_struct(&constant), type, CAPNP_LAYOUT_LINES,
                        &problem);
    assert_int_equal(problem.kind, CAPNP_PROBLEM_NONE);
}

static void pointers_without_form_are_named(void **state)
{
    (void)state;
    struct every_builder every = start();
    every_set_service(every, (struct service){7});
    has(DYNAMIC_TEXT, "service = <external capability>");
    assert_int_equal(problem.kind, CAPNP_PROBLEM_NONE);
    has(DYNAMIC_JSON, "\"service\":null");
    assert_int_equal(problem.kind, CAPNP_PROBLEM_NO_FORM);
    assert_string_equal(problem.path, "service");
    struct capnp_problem first = problem;
    every = start();
    problem = first;
    struct box_builder box = every_init_unbound(every);
    (void)capnp_init_list(box.s, 0, CAPNP_ELEMENT_BYTE, 1);
    has(DYNAMIC_JSON, "\"unbound\":{\"content\":null}");
    // The first problem stays.
    assert_string_equal(problem.path, "service");
    problem = (struct capnp_problem){0};
    has(DYNAMIC_TEXT, "unbound = (content = <opaque pointer>)");
    has(DYNAMIC_JSON, "\"unbound\"");
    assert_string_equal(problem.path, "unbound.content");
}

static void malformed_pointer_is_shown_as_default_and_its_place_is_told(void **state)
{
    (void)state;
    struct every_builder every = start();
    struct every_builder_list inner = every_init_everies(every, 2);
    every_set_text(every_builder_at(inner, 1), (struct capnp_text){"abc", 3});
    struct capnp_struct_builder second = every_builder_at(inner, 1).s;
    for (uint16_t i = 0; i < second.pointer_count; i++) {
        uint8_t *slot = second.data + second.data_bytes + i * 8;
        if (capnp_load_u64(slot) != 0) {
            capnp_store_u64(slot, capnp_pointer_word(5000, 1, 2 | 32 << 3));
        }
    }
    for (int form = 0; form < DYNAMIC_FORMS; form++) {
        problem = (struct capnp_problem){0};
        (void)shown((enum dynamic_form)form, CAPNP_LAYOUT_LINES);
        assert_int_equal(problem.kind, CAPNP_PROBLEM_MESSAGE);
        assert_string_equal(problem.path, "everies[1].text");
    }
}

static void long_values_are_broken_into_lines(void **state)
{
    (void)state;
    struct every_builder every = start();
    every_set_word(every, (struct capnp_text){"w", 1});
    struct point_builder_list points = every_init_points(every, 5);
    point_set_x(point_builder_at(points, 4), 1000000000);
    const char *text = shown(DYNAMIC_TEXT, CAPNP_LAYOUT_LINES);
    assert_non_null(strstr(text, "(\n  nothing = void,\n  yes = true,\n"));
    assert_non_null(strstr(text, "\n  points = [\n    (x = 0, y = -7),\n    (x = 0, y = -7),\n"));
    assert_non_null(strstr(text, "\n    (x = 1000000000, y = -7)\n  ]\n)"));
    text = shown(DYNAMIC_JSON, CAPNP_LAYOUT_LINES);
    assert_non_null(strstr(text, "{\n  \"nothing\": null,\n"));
    assert_non_null(
        strstr(text, "\n    {\"x\": 1000000000, \"y\": -7}\n  ],\n  \"word\": \"w\"\n}"));
    assert_int_equal(problem.kind, CAPNP_PROBLEM_NONE);
}

static void long_texts_and_data_are_measured_by_their_size(void **state)
{
    (void)state;
    static char long_text[200];
    memset(long_text, 'x', sizeof(long_text));
    struct every_builder every = start();
    struct capnp_list_builder texts = every_init_texts(every, 2);
    capnp_list_set_text(texts, 0, (struct capnp_text){long_text, sizeof(long_text)});
    assert_non_null(strstr(shown(DYNAMIC_TEXT, CAPNP_LAYOUT_LINES), "texts = [\n    \"xxx"));
}

static void nesting_beyond_the_limit_is_told(void **state)
{
    (void)state;
    static uint64_t deep[1 << 13];
    for (int levels = 29; levels <= 33; levels++) {
        problem = (struct capnp_problem){0};
        capnp_builder_init(&builder, deep, sizeof(deep));
        struct every_builder every = every_build(&builder);
        // A list in a struct in a list: two levels each. The groups in the last struct are two.
        for (int i = 0; i < levels; i++) {
            every = every_builder_at(every_init_everies(every, 1), 0);
        }
        struct capnp_message message;
        for (int form = 0; form < DYNAMIC_FORMS; form++) {
            for (int layout = CAPNP_LAYOUT_SHORT; layout <= CAPNP_LAYOUT_LINES; layout++) {
                capnp_message_init(&message, deep, capnp_builder_size(&builder), NULL, 0);
                problem = (struct capnp_problem){0};
                (void)dynamic_shown((enum dynamic_form)form, capnp_message_root(&message),
                                    dynamic_type("Every"), (enum capnp_layout)layout, &problem);
                assert_int_equal(problem.kind,
                                 levels < 31 ? CAPNP_PROBLEM_NONE : CAPNP_PROBLEM_TOO_DEEP);
            }
        }
    }
    // Boxes in boxes: structs alone.
    capnp_builder_init(&builder, deep, sizeof(deep));
    struct capnp_struct_builder box = capnp_builder_root(&builder, 0, 3);
    for (int i = 0; i < 63; i++) {
        box = capnp_init_struct(box, 1, 0, 3);
    }
    struct capnp_message message;
    capnp_message_init(&message, deep, capnp_builder_size(&builder), NULL, 0);
    problem = (struct capnp_problem){0};
    (void)dynamic_shown(DYNAMIC_JSON, capnp_message_root(&message), dynamic_type("Box"),
                        CAPNP_LAYOUT_LINES, &problem);
    assert_int_equal(problem.kind, CAPNP_PROBLEM_NONE);
}

static void schema_that_fails_while_it_is_read_is_told(void **state)
{
    (void)state;
    struct capnp_struct_reader root;
    uint64_t type = dynamic_type("Point");
    problem = (struct capnp_problem){0};
    assert_true(dynamic_read(DYNAMIC_TEXT, "()", 2, type, &root, &problem));
    struct capnp_message *schema = dynamic_catalog()->nodes[0].node.message;
    schema->error = CAPNP_TRAVERSAL_EXCEEDED;
    (void)dynamic_shown(DYNAMIC_TEXT, root, type, CAPNP_LAYOUT_SHORT, &problem);
    schema->error = CAPNP_OK;
    assert_int_equal(problem.kind, CAPNP_PROBLEM_SCHEMA);
}

static void first_problem_stays(void **state)
{
    (void)state;
    static const struct capnp_problem before = {.kind = CAPNP_PROBLEM_SYNTAX, .sentence = "first"};
    static struct capnp_catalog_node nodes[64];
    static uint64_t changed[8192];
    const struct capnp_schema *schema = &capnp_schema_e1f3d8a9b0c44d17;
    struct capnp_catalog catalog;
    struct capnp_message messages[1];
    uint64_t id = 0;
    uint32_t used = 1;
    problem = before;
    capnp_catalog_init(&catalog, nodes, 0);
    assert_false(capnp_catalog_add_schema(&catalog, schema, messages, 1, &used, &problem));
    used = 0;
    assert_false(capnp_catalog_add_schema(&catalog, schema, messages, 1, &used, &problem));
    struct capnp_schema outer = *schema;
    const struct capnp_schema *imports[] = {schema, schema};
    static const uint64_t empty[] = {0};
    outer = (struct capnp_schema){
        .id = 1, .words = empty, .word_count = 1, .import_count = 2, .imports = imports};
    used = 0;
    assert_false(capnp_catalog_add_schema(&catalog, &outer, messages, 1, &used, &problem));
    capnp_catalog_init(&catalog, nodes, 64);
    for (uint32_t bit = 64; bit < schema->word_count * 64; bit += 7) {
        struct capnp_message message;
        memcpy(changed, schema->words, schema->word_count * 8);
        changed[bit / 64] ^= UINT64_C(1) << (bit % 64);
        capnp_message_init(&message, changed, schema->word_count * 8, NULL, 0);
        capnp_catalog_init(&catalog, nodes, 64);
        if (capnp_catalog_add(&catalog, capnp_message_root(&message), &problem)) {
            (void)capnp_catalog_check(&catalog, &problem);
        }
    }
    assert_false(
        capnp_catalog_find(dynamic_catalog(), (struct capnp_text){"No", 2}, &id, &problem));
    struct capnp_input input = {"{]", 2, 0};
    capnp_builder_init(&builder, words, sizeof(words));
    assert_false(
        capnp_json_parse(&input, dynamic_catalog(), dynamic_type("Point"), &builder, &problem));
    assert_int_equal(problem.kind, CAPNP_PROBLEM_SYNTAX);
}

static void memory_writer_counts_what_does_not_fit(void **state)
{
    (void)state;
    char bytes[4] = {0};
    struct capnp_memory_writer writer;
    capnp_memory_writer_init(&writer, bytes, 3);
    writer.writer.write(&writer.writer, "ab", 2);
    writer.writer.write(&writer.writer, "cd", 2);
    writer.writer.write(&writer.writer, "e", 1);
    assert_string_equal(bytes, "abc");
    assert_int_equal(writer.size, 5);
}

// ---- catalogs ----

static void interfaces_are_listed_with_their_documentation(void **state)
{
    (void)state;
    static char text[4096];
    struct capnp_memory_writer writer;
    capnp_memory_writer_init(&writer, text, sizeof(text) - 1);
    capnp_catalog_list(dynamic_catalog(), capnp_schema_e1f3d8a9b0c44d17.id, &writer.writer);
    assert_non_null(strstr(text, "interface Service @0x"));
    assert_non_null(strstr(text, "\n  Something to call.\n"));
    assert_non_null(strstr(text,
                           "\n  call @0 (word :Text, count :UInt32) -> (words :List(Text))\n"
                           "    Says the word again.\n"));
    assert_non_null(strstr(text, "\n  pass @1 Every -> (service :Service)\n"));
    assert_non_null(strstr(text, " extends(Service)\n  more @0 () -> (box :Box(Text))\n"));
    size_t all = writer.size;
    capnp_memory_writer_init(&writer, text, sizeof(text) - 1);
    capnp_catalog_list(dynamic_catalog(), 0, &writer.writer);
    assert_int_equal(writer.size, all);
    capnp_memory_writer_init(&writer, text, sizeof(text) - 1);
    capnp_catalog_list(dynamic_catalog(), 5, &writer.writer);
    assert_int_equal(writer.size, 0);
    assert_int_equal(capnp_catalog_file_of(dynamic_catalog(), 5), 0);
}

static void types_are_found_by_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_found;
    } names[] = {{"Point", true},
                 {"Box.Inner", true},
                 {"dynamic.capnp:Point", true},
                 {"test/dynamic.capnp:Point", true},
                 {"lib/capnp/test/dynamic.capnp:Point", true},
                 {"x/lib/capnp/test/dynamic.capnp:Point", false},
                 {"namic.capnp:Point", false},
                 {"other.capnp:Point", false},
                 {"Color", false},
                 {"Every.pair", false},
                 {"", false}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint64_t id = 0;
        problem = (struct capnp_problem){0};
        bool is_found = capnp_catalog_find(
            dynamic_catalog(), (struct capnp_text){names[i].name, (uint32_t)strlen(names[i].name)},
            &id, &problem);
        assert_int_equal(is_found, names[i].is_found);
        assert_int_equal(problem.kind == CAPNP_PROBLEM_UNKNOWN_TYPE, !is_found);
    }
}

// Adds the schema of other tests, which has a Point, too.
extern const struct capnp_schema capnp_schema_d7f3a1c09be24586;
extern const struct capnp_schema capnp_schema_b7a1f6d05c2e8934;

static void same_names_of_two_files_are_told_apart(void **state)
{
    (void)state;
    static struct capnp_catalog_node nodes[1024];
    static char text[1 << 15];
    struct capnp_catalog catalog;
    struct capnp_message messages[8];
    uint32_t used = 0;
    uint64_t id = 0;
    problem = (struct capnp_problem){0};
    capnp_catalog_init(&catalog, nodes, 1024);
    static const struct capnp_schema *const schemas[] = {&capnp_schema_e1f3d8a9b0c44d17,
                                                         &capnp_schema_d7f3a1c09be24586,
                                                         &capnp_schema_b7a1f6d05c2e8934};
    for (size_t i = 0; i < 3; i++) {
        assert_true(capnp_catalog_add_schema(&catalog, schemas[i], messages, 8, &used, &problem));
    }
    if (!capnp_catalog_check(&catalog, &problem)) {
        fail_msg("%s", problem.sentence);
    }
    assert_true(capnp_catalog_find(&catalog, (struct capnp_text){"dynamic.capnp:Point", 19}, &id,
                                   &problem));
    assert_false(capnp_catalog_find(&catalog, (struct capnp_text){"Point", 5}, &id, &problem));
    assert_string_equal(problem.sentence,
                        "there are several structs Point; put the name of its "
                        "file and a colon before it");
    // Everything that those declare can be listed.
    struct capnp_memory_writer writer;
    capnp_memory_writer_init(&writer, text, sizeof(text) - 1);
    capnp_catalog_list(&catalog, 0, &writer.writer);
    assert_non_null(strstr(text, "any :Capability"));
    // Adding one again changes nothing.
    uint32_t count = catalog.count;
    struct capnp_message again = {.bytes = (const uint8_t *)schemas[1]->words,
                                  .size = schemas[1]->word_count * 8,
                                  .is_constant = true};
    problem = (struct capnp_problem){0};
    assert_true(capnp_catalog_add(&catalog, capnp_message_root(&again), &problem));
    assert_int_equal(catalog.count, count);
}

static void problem_is_printed_with_what_is_known_of_it(void **state)
{
    (void)state;
    static const struct {
        struct capnp_problem problem;
        const char *file;
        const char *said;
    } all[] = {{{.sentence = "s"}, NULL, "s"},
               {{.sentence = "s"}, "f", "f: s"},
               {{.line = 3, .column = 4, .path = "p[1]", .sentence = "s"}, NULL, "3:4: p[1]: s"},
               {{.line = 3, .column = 4, .sentence = "s"}, "f", "f:3:4: s"}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char said[64] = {0};
        struct capnp_memory_writer writer;
        capnp_memory_writer_init(&writer, said, sizeof(said) - 1);
        capnp_problem_print(&all[i].problem, all[i].file, &writer.writer);
        assert_string_equal(said, all[i].said);
    }
}

static void embedded_schema_is_a_catalog(void **state)
{
    (void)state;
    static struct capnp_catalog_node nodes[64];
    struct capnp_catalog catalog;
    struct capnp_message messages[2];
    uint32_t used = 0;
    problem = (struct capnp_problem){0};
    capnp_catalog_init(&catalog, nodes, 64);
    // One file after the other; the same one twice is one.
    struct capnp_schema outer = capnp_schema_e1f3d8a9b0c44d17;
    const struct capnp_schema *imports[] = {&capnp_schema_e1f3d8a9b0c44d17};
    static const uint64_t empty[] = {0};
    outer.id = 1;
    outer.words = empty;
    outer.word_count = 1;
    outer.import_count = 1;
    outer.imports = imports;
    assert_true(capnp_catalog_add_schema(&catalog, &outer, messages, 2, &used, &problem));
    assert_int_equal(used, 2);
    uint32_t count = catalog.count;
    assert_true(capnp_catalog_add_schema(&catalog, imports[0], messages, 2, &used, &problem));
    assert_int_equal(catalog.count, count);
    assert_true(capnp_catalog_check(&catalog, &problem));
    assert_int_equal(count, dynamic_catalog()->count);
    assert_false(capnp_catalog_add_schema(&catalog, &outer, messages, 2, &used, &problem));
    assert_int_equal(problem.kind, CAPNP_PROBLEM_SCHEMA);
    problem = (struct capnp_problem){0};
    capnp_catalog_init(&catalog, nodes, 3);
    used = 0;
    assert_false(capnp_catalog_add_schema(&catalog, imports[0], messages, 2, &used, &problem));
    assert_string_equal(problem.sentence, "the schema has more nodes than there is room for");
}

static void defaults_within_themselves_come_to_an_end(void **state)
{
    (void)state;
    static struct capnp_catalog_node nodes[64];
    struct capnp_catalog catalog;
    struct capnp_message schema;
    struct capnp_message message;
    struct capnp_memory_writer writer;
    uint32_t used = 0;
    problem = (struct capnp_problem){0};
    capnp_catalog_init(&catalog, nodes, 64);
    assert_true(capnp_catalog_add_schema(&catalog, &capnp_schema_e1f3d8a9b0c44d17, &schema, 1,
                                         &used, &problem));
    assert_true(capnp_catalog_check(&catalog, &problem));
    capnp_message_init(&message, NULL, 0, NULL, 0);
    capnp_memory_writer_init(&writer, NULL, 0);
    assert_false(capnp_json_print(capnp_message_root(&message), &catalog, dynamic_type("Twice"),
                                  CAPNP_LAYOUT_SHORT, &writer.writer, &problem));
    assert_int_equal(problem.kind, CAPNP_PROBLEM_TOO_DEEP);
    assert_true(writer.size < 10000000);
    // The catalog is as good as before.
    problem = (struct capnp_problem){0};
    assert_true(capnp_json_print(capnp_message_root(&message), &catalog, dynamic_type("Every"),
                                 CAPNP_LAYOUT_SHORT, &writer.writer, &problem));
}

static uint64_t id_of(const char *name)
{
    const struct capnp_catalog *catalog = dynamic_catalog();
    for (uint32_t i = 0; i < catalog->count; i++) {
        if (strstr(capnp_get_text(catalog->nodes[i].node, 0, (struct capnp_text){"", 0}).data,
                   name) != NULL) {
            return catalog->nodes[i].id;
        }
    }
    fail();
    return 0;
}

// Groups that lead to each other would be gone through without end.
static void group_of_two_fields_is_refused(void **state)
{
    (void)state;
    static struct capnp_catalog_node nodes[64];
    static uint64_t changed[8192];
    const struct capnp_schema *schema = &capnp_schema_e1f3d8a9b0c44d17;
    uint64_t left = id_of("Twice.left");
    uint64_t right = id_of("Twice.right");
    bool is_refused = false;
    assert_true(schema->word_count <= 8192);
    for (uint32_t i = 0; i < schema->word_count; i++) {
        struct capnp_message message;
        struct capnp_catalog catalog;
        if (schema->words[i] != left) {
            continue;
        }
        memcpy(changed, schema->words, schema->word_count * 8);
        changed[i] = right;
        problem = (struct capnp_problem){0};
        capnp_message_init(&message, changed, schema->word_count * 8, NULL, 0);
        capnp_catalog_init(&catalog, nodes, 64);
        assert_true(capnp_catalog_add(&catalog, capnp_message_root(&message), &problem));
        if (!capnp_catalog_check(&catalog, &problem)) {
            is_refused =
                is_refused || strstr(problem.sentence, "the group is that of another field, too");
        }
    }
    assert_true(is_refused);
}

// Adds, checks, and if that is good uses a changed schema.
static void try_schema(const uint64_t *changed, uint32_t count)
{
    static struct capnp_catalog_node nodes[4096];
    static char text[1 << 14];
    static const char json[] =
        "{\"text\":\"a\",\"pair\":{\"left\":1},\"points\":[{\"x\":1}],\"lists\":[[[1]]],"
        "\"boxes\":[{\"content\":{\"content\":{\"x\":3}}}],\"color\":\"red\",\"float64\":1}";
    struct capnp_message schema;
    struct capnp_catalog catalog;
    struct capnp_memory_writer writer;
    uint64_t room[256];
    problem = (struct capnp_problem){0};
    capnp_message_init(&schema, changed, count * 8, NULL, 0);
    capnp_catalog_init(&catalog, nodes, 4096);
    struct capnp_struct_reader request = capnp_message_root(&schema);
    if (capnp_catalog_count(request) > 4096 || !capnp_catalog_add(&catalog, request, &problem) ||
        !capnp_catalog_check(&catalog, &problem)) {
        return;
    }
    uint64_t type = dynamic_type("Every");
    capnp_memory_writer_init(&writer, text, sizeof(text));
    capnp_catalog_list(&catalog, 0, &writer.writer);
    const struct capnp_catalog_node *node = capnp_catalog_node(&catalog, type);
    if (!capnp_catalog_find(&catalog, (struct capnp_text){"Every", 5}, &type, &problem) ||
        node == NULL) {
        return;
    }
    struct capnp_input input = {json, sizeof(json) - 1, 0};
    struct capnp_builder made;
    capnp_builder_init(&made, room, sizeof(room));
    if (capnp_json_parse(&input, &catalog, type, &made, &problem)) {
        struct capnp_message message;
        capnp_message_init(&message, room, capnp_builder_size(&made), NULL, 0);
        (void)capnp_text_print(capnp_message_root(&message), &catalog, type, CAPNP_LAYOUT_LINES,
                               &writer.writer, &problem);
        (void)capnp_json_print(capnp_message_root(&message), &catalog, type, CAPNP_LAYOUT_SHORT,
                               &writer.writer, &problem);
    }
}

static void always_a_changed_schema_is_refused_or_harmless(void **state)
{
    (void)state;
    enum { WORDS_MAX = 8192, STRIDE = 3 };
    static uint64_t changed[WORDS_MAX];
    const struct capnp_schema *schema = &capnp_schema_e1f3d8a9b0c44d17;
    assert_true(schema->word_count <= WORDS_MAX);
    for (uint32_t bit = 0; bit < schema->word_count * 64; bit += STRIDE) {
        memcpy(changed, schema->words, schema->word_count * 8);
        changed[bit / 64] ^= UINT64_C(1) << (bit % 64);
        try_schema(changed, schema->word_count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_enumerants_and_members_are_shown_as_numbers_and_nothing),
        cmocka_unit_test(defaults_of_active_members_are_shown),
        cmocka_unit_test(bytes_that_are_not_utf8_survive_in_text_and_are_told_in_json),
        cmocka_unit_test(every_kind_of_list_is_shown_in_both_forms),
        cmocka_unit_test(message_of_segments_is_shown_and_its_first_one_keeps_the_error),
        cmocka_unit_test(same_names_of_two_files_are_told_apart),
        cmocka_unit_test(problem_is_printed_with_what_is_known_of_it),
        cmocka_unit_test(pointers_without_form_are_named),
        cmocka_unit_test(malformed_pointer_is_shown_as_default_and_its_place_is_told),
        cmocka_unit_test(long_values_are_broken_into_lines),
        cmocka_unit_test(long_texts_and_data_are_measured_by_their_size),
        cmocka_unit_test(nesting_beyond_the_limit_is_told),
        cmocka_unit_test(schema_that_fails_while_it_is_read_is_told),
        cmocka_unit_test(first_problem_stays),
        cmocka_unit_test(memory_writer_counts_what_does_not_fit),
        cmocka_unit_test(interfaces_are_listed_with_their_documentation),
        cmocka_unit_test(types_are_found_by_their_names),
        cmocka_unit_test(embedded_schema_is_a_catalog),
        cmocka_unit_test(defaults_within_themselves_come_to_an_end),
        cmocka_unit_test(group_of_two_fields_is_refused),
        cmocka_unit_test(always_a_changed_schema_is_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

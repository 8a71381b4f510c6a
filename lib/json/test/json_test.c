// SPDX-License-Identifier: Apache-2.0
//
// JSON: what is read and what is refused, where, and that what is written is read again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/json/json.h"

enum { NODES = 4096 };

static struct json_node nodes[NODES];
static struct json json = {.nodes = nodes, .nodes_max = NODES};

static bool reads(const char *text)
{
    struct json_error error;
    return json_read(&json, text, strlen(text), &error);
}

static void json_reads_every_kind_of_value(void **state)
{
    char out[64];
    int64_t number;
    (void)state;
    const char *text =
        " {\"a\" : [1, -20, true , false,null, [], {}],\n\"b\":\"x\\n\\u00e4\\ud83d"
        "\\ude00\", \"c\":{\"d\":9223372036854775807}} ";

    assert_true(reads(text));
    assert_int_equal(nodes[0].type, JSON_OBJECT);
    assert_int_equal(nodes[0].count, 3);
    uint32_t a = json_member(&json, 0, "a");
    assert_int_equal(nodes[a].count, 7);
    static const uint8_t types[] = {JSON_NUMBER, JSON_NUMBER, JSON_TRUE,  JSON_FALSE,
                                    JSON_NULL,   JSON_ARRAY,  JSON_OBJECT};
    uint32_t item = json_first(&json, a);
    for (size_t i = 0; i < sizeof(types); i++, item = nodes[item].next) {
        assert_int_equal(nodes[item].type, types[i]);
    }
    assert_int_equal(item, nodes[a].next);
    assert_true(json_integer(&json, nodes[json_first(&json, a)].next, &number));
    assert_int_equal(number, -20);
    uint32_t b = json_member(&json, 0, "b");
    assert_true(json_text(&json, b, out, sizeof(out)));
    assert_string_equal(out, "x\n\xc3\xa4\xf0\x9f\x98\x80");
    assert_int_equal(json_line(&json, b), 2);
    uint32_t c = json_member(&json, json_member(&json, 0, "c"), "d");
    assert_true(json_integer(&json, c, &number));
    assert_true(number == INT64_MAX);
    assert_int_equal(json_member(&json, 0, "d"), JSON_NONE);
    assert_int_equal(json_member(&json, a, "d"), JSON_NONE);
    assert_int_equal(json_first(&json, b), JSON_NONE);
    assert_false(json_is_text(&json, a, "x"));
    assert_false(json_is_text(&json, b, "x"));
    assert_false(json_is_text(&json, b, "xy"));
}

static void json_integers_are_exact_or_refused(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
        int64_t value;
    } rows[] = {{"0", true, 0},
                {"-0", true, 0},
                {"-9223372036854775808", true, INT64_MIN},
                {"9223372036854775808", false, 0},
                {"-9223372036854775809", false, 0},
                {"99999999999999999999", false, 0},
                {"1.0", false, 0},
                {"1e2", false, 0},
                {"1.5E-2", false, 0},
                {"\"1\"", false, 0}};
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = 0;
        assert_true(reads(rows[i].text));
        assert_int_equal(json_integer(&json, 0, &value), rows[i].is_good);
        if (rows[i].is_good) {
            assert_true(value == rows[i].value);
        }
    }
}

static void json_faults_are_named_with_their_place(void **state)
{
    static const struct {
        const char *text;
        enum json_fault fault;
        uint32_t line, column;
    } rows[] = {
        {"", JSON_ENDS_EARLY, 1, 1},
        {"{\"a\":1,}", JSON_NO_NAME, 1, 8},
        {"[1,]", JSON_NO_VALUE, 1, 4},
        {"[1\n 2]", JSON_NO_COMMA, 2, 2},
        {"{\"a\" 1}", JSON_NO_COLON, 1, 6},
        {"[01]", JSON_BAD_NUMBER, 1, 4},
        {"[1.]", JSON_BAD_NUMBER, 1, 4},
        {"[1e]", JSON_BAD_NUMBER, 1, 4},
        {"[-]", JSON_BAD_NUMBER, 1, 3},
        {"+1", JSON_NO_VALUE, 1, 1},
        {"tru", JSON_NO_VALUE, 1, 1},
        {"[1]]", JSON_REST, 1, 4},
        {"1 2", JSON_REST, 1, 3},
        {"\"\\x\"", JSON_BAD_ESCAPE, 1, 4},
        {"\"\\u12g4\"", JSON_BAD_ESCAPE, 1, 2},
        {"\"\\u12", JSON_BAD_ESCAPE, 1, 2},
        {"\"\\", JSON_ENDS_EARLY, 1, 2},
        {"\"abc", JSON_ENDS_EARLY, 1, 5},
        {"\"\\ud800\"", JSON_BAD_SURROGATE, 1, 8},
        {"\"\\ud800\\u0041\"", JSON_BAD_SURROGATE, 1, 8},
        {"\"\\ud800\\n12345\"", JSON_BAD_SURROGATE, 1, 8},
        {"\"\\ud800xxxxxx\"", JSON_BAD_SURROGATE, 1, 8},
        {"\"\\ud800\\ue000\"", JSON_BAD_SURROGATE, 1, 8},
        {"\"\\q\"", JSON_BAD_ESCAPE, 1, 4},
        {"\"\\u00/0\"", JSON_BAD_ESCAPE, 1, 2},
        {"\"\\u00G0\"", JSON_BAD_ESCAPE, 1, 2},
        {"\"\xc3\xc3\"", JSON_BAD_UTF8, 1, 2},
        {"{\"a", JSON_ENDS_EARLY, 1, 4},
        {"\"\\udc00\\udc00\"", JSON_BAD_SURROGATE, 1, 8},
        {"\"\xff\"", JSON_BAD_UTF8, 1, 2},
        {"\"\xc0\x80\"", JSON_BAD_UTF8, 1, 2},
        {"\"\xed\xa0\x80\"", JSON_BAD_UTF8, 1, 2},
        {"\"\xe2\x82", JSON_BAD_UTF8, 1, 2},
        {"\"a\tb\"", JSON_CONTROL, 1, 3},
        {"{\"a\":1,\"\\u0061\":2}", JSON_DUPLICATE, 1, 8},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", JSON_TOO_DEEP, 1, 17},
        {"{1:2}", JSON_NO_NAME, 1, 2},
        {"{]", JSON_NO_NAME, 1, 2},
        {"[}", JSON_NO_VALUE, 1, 2},
    };
    struct json_error error;
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_false(json_read(&json, rows[i].text, strlen(rows[i].text), &error));
        assert_string_equal(json_fault_text(error.fault), json_fault_text(rows[i].fault));
        assert_int_equal(error.line, rows[i].line);
        assert_int_equal(error.column, rows[i].column);
    }
}

static void json_limits_are_kept(void **state)
{
    static char text[JSON_MEMBERS_MAX * 16];
    struct json_error error;
    struct json small = {.nodes = nodes, .nodes_max = 3};
    size_t size = 0;
    (void)state;

    assert_false(json_read(&small, "[1,2,3]", 7, &error));
    assert_int_equal(error.fault, JSON_TOO_MANY_NODES);
    small.nodes_max = 0;
    assert_false(json_read(&small, "[1]", 3, &error));
    assert_int_equal(error.fault, JSON_TOO_MANY_NODES);
    assert_false(json_read(&json, text, (size_t)JSON_SIZE_MAX + 1, &error));
    assert_int_equal(error.fault, JSON_TOO_LONG);
    text[size++] = '{';
    for (int i = 0; i <= JSON_MEMBERS_MAX; i++) {
        char member[] = "\"0000\":0,";
        member[1] = (char)('0' + i / 1000 % 10);
        member[2] = (char)('0' + i / 100 % 10);
        member[3] = (char)('0' + i / 10 % 10);
        member[4] = (char)('0' + i % 10);
        memcpy(text + size, member, 9);
        size += 9;
    }
    assert_false(json_read(&json, text, size, &error));
    assert_int_equal(error.fault, JSON_TOO_MANY_MEMBERS);
}

static void json_text_never_overflows_and_is_never_cut(void **state)
{
    char out[4];
    (void)state;

    assert_true(reads("\"abc\""));
    assert_true(json_text(&json, 0, out, sizeof(out)));
    assert_string_equal(out, "abc");
    assert_true(reads("\"abcd\""));
    assert_false(json_text(&json, 0, out, sizeof(out)));
    assert_string_equal(out, "");
    assert_true(reads("\"a\\u0000\""));
    assert_false(json_text(&json, 0, out, sizeof(out)));
    assert_true(reads("5"));
    assert_false(json_text(&json, 0, out, sizeof(out)));
    assert_true(reads("\"\\u07ff\""));
    assert_true(json_text(&json, 0, out, sizeof(out)));
    assert_string_equal(out, "\xdf\xbf");
    assert_true(reads("\"\\uFFFD\""));
    assert_true(json_text(&json, 0, out, sizeof(out)));
    assert_string_equal(out, "\xef\xbf\xbd");
    assert_true(reads("\"\\b\\/\\t\""));
    assert_true(json_text(&json, 0, out, sizeof(out)));
    assert_string_equal(out, "\b/\t");
}

static void json_writes_what_it_reads(void **state)
{
    char bytes[256];
    struct json_writer writer = {.bytes = bytes, .max = sizeof(bytes)};
    char out[32];
    (void)state;

    json_write_begin(&writer, '{');
    json_write_name(&writer, "text");
    json_write_text(&writer, "a\"\\\n\x01\x7f/\xc3\xa4");
    json_write_name(&writer, "bad");
    json_write_bytes(&writer, "x\xff\0y", 4);
    json_write_name(&writer, "list");
    json_write_begin(&writer, '[');
    json_write_integer(&writer, INT64_MIN);
    json_write_integer(&writer, 0);
    json_write_bool(&writer, true);
    json_write_bool(&writer, false);
    json_write_null(&writer);
    json_write_end(&writer, ']');
    json_write_end(&writer, '}');
    assert_false(writer.is_full);
    static const char expected[] =
        "{\"text\":\"a\\\"\\\\\\n\\u0001\\u007f/\xc3\xa4\",\"bad\":\"x"
        "\xef\xbf\xbd\\u0000y\",\"list\":[-9223372036854775808,0,true,"
        "false,null]}";
    assert_int_equal(writer.size, sizeof(expected) - 1);
    assert_memory_equal(bytes, expected, writer.size);
    struct json_error error;
    assert_true(json_read(&json, bytes, writer.size, &error));
    assert_true(json_text(&json, json_member(&json, 0, "text"), out, sizeof(out)));
    assert_string_equal(out, "a\"\\\n\x01\x7f/\xc3\xa4");
}

static void json_writer_says_when_it_is_full(void **state)
{
    char bytes[4] = "????";
    struct json_writer writer = {.bytes = bytes, .max = 3};
    (void)state;

    json_write_text(&writer, "abcdef");
    assert_true(writer.is_full);
    assert_true(writer.size <= 3);
    assert_int_equal(bytes[3], '?');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_reads_every_kind_of_value),
        cmocka_unit_test(json_integers_are_exact_or_refused),
        cmocka_unit_test(json_faults_are_named_with_their_place),
        cmocka_unit_test(json_limits_are_kept),
        cmocka_unit_test(json_text_never_overflows_and_is_never_cut),
        cmocka_unit_test(json_writes_what_it_reads),
        cmocka_unit_test(json_writer_says_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

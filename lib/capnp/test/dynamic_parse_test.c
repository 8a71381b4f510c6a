// SPDX-License-Identifier: Apache-2.0
//
// Parsing by schema: what is accepted and becomes what, and what is refused, where and why.
// dynamic_interop.py compares the accepted part with a program that nobody here wrote.

#include "lib/capnp/test/dynamic_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct accepted {
    enum dynamic_form form;
    const char *type;
    const char *input;
    const char *text; // what the message is in the text form
};

static const struct accepted all_accepted[] = {
    {DYNAMIC_TEXT, "Point", " ( x = 1 , y=2,) ", "(x = 1, y = 2)"},
    {DYNAMIC_TEXT, "Point", "(x = - 0x1F, # note ) \n y = 017)", "(x = -31, y = 15)"},
    {DYNAMIC_TEXT, "Point", "()", "(x = 0, y = -7)"},
    {DYNAMIC_TEXT, "Point", "(x = 2.5e1, y = 00)", "(x = 25, y = 0)"},
    {DYNAMIC_JSON, "Point", "{\"x\": \"-5\", \"y\": 1e2}", "(x = -5, y = 100)"},
    {DYNAMIC_JSON, "Point", "{\"x\": \"0x7fFfffff\", \"y\": -2147483648}",
     "(x = 2147483647, y = -2147483648)"},
    {DYNAMIC_JSON, "Point", "{\"\\u0078\": 3.0, \"y\": -0}\t\r\n", "(x = 3, y = 0)"},
    {DYNAMIC_TEXT, "Box", "(next = (next = ()), inner = (other = (content = 0x\"0a F0\")))",
     "(next = (next = ()), inner = (other = (content = \"\\n\\360\")))"},
    {DYNAMIC_TEXT, "Box", "(inner = (other = (content = \"a\" # \"b\"\n \"\\x01\\303\\?\")))",
     "(inner = (other = (content = \"a\\001\\303\?\")))"},
    {DYNAMIC_JSON, "Box", "{\"inner\": {\"other\": {\"content\": [0, \"255\", 1e1]}}}",
     "(inner = (other = (content = \"\\000\\377\\n\")))"},
};

static void value_is_the_same_in_the_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(all_accepted) / sizeof(all_accepted[0]); i++) {
        const struct accepted *each = &all_accepted[i];
        struct capnp_problem problem = {0};
        struct capnp_struct_reader root;
        uint64_t type = dynamic_type(each->type);
        if (!dynamic_read(each->form, each->input, strlen(each->input), type, &root, &problem)) {
            fail_msg("%s: %s", each->input, problem.sentence);
        }
        assert_string_equal(dynamic_shown(DYNAMIC_TEXT, root, type, CAPNP_LAYOUT_SHORT, &problem),
                            each->text);
        assert_int_equal(problem.kind, CAPNP_PROBLEM_NONE);
    }
}

// A field of Every, as it is given and as it comes back.
struct field {
    enum dynamic_form form;
    const char *given;
    const char *text;
};

static const struct field all_fields[] = {
    {DYNAMIC_TEXT, "(float32 = 0x10)", "float32 = 16"},
    {DYNAMIC_TEXT, "(float32 = 010)", "float32 = 8"},
    {DYNAMIC_TEXT, "(float32 = -inf)", "float32 = -inf"},
    {DYNAMIC_TEXT, "(float32 = nan)", "float32 = nan"},
    {DYNAMIC_TEXT, "(float32 = 3.4028235e38)", "float32 = 3.4028235e38"},
    {DYNAMIC_TEXT, "(float32 = 16777217)", "float32 = 16777216"},
    {DYNAMIC_TEXT, "(float32 = 1e-50)", "float32 = 0"},
    {DYNAMIC_TEXT, "(float32 = 8.5899735e09)", "float32 = 8.5899735e09"},
    {DYNAMIC_TEXT, "(float64 = 1.)", "float64 = 1"},
    {DYNAMIC_TEXT, "(float64 = -0)", "float64 = -0"},
    {DYNAMIC_TEXT, "(float64 = 1e-400)", "float64 = 0"},
    {DYNAMIC_TEXT, "(float64 = 4.9e-324)", "float64 = 4.94065645841247e-324"},
    {DYNAMIC_TEXT, "(float64 = 2.2250738585072011e-308)", "float64 = 2.2250738585072009e-308"},
    {DYNAMIC_TEXT, "(float64 = 9007199254740993)", "float64 = 9007199254740992"},
    {DYNAMIC_TEXT, "(float64 = 9007199254740993.00000000000000000001)",
     "float64 = 9007199254740994"},
    {DYNAMIC_TEXT, "(float64 = 0.00012)", "float64 = 0.00012"},
    {DYNAMIC_TEXT, "(float64 = 0.000012E+0)", "float64 = 1.2e-05"},
    {DYNAMIC_TEXT, "(float64 = 99999999999999999)", "float64 = 1e17"},
    {DYNAMIC_JSON, "{\"float64\": \"Infinity\"}", "float64 = inf"},
    {DYNAMIC_JSON, "{\"float64\": \"-inf\"}", "float64 = -inf"},
    {DYNAMIC_JSON, "{\"float64\": \"NaN\"}", "float64 = nan"},
    {DYNAMIC_JSON, "{\"float64\": \"12.5e-1\"}", "float64 = 1.25"},
    {DYNAMIC_JSON, "{\"float64\": \"0x20\"}", "float64 = 32"},
    {DYNAMIC_JSON, "{\"float32\": -1.5}", "float32 = -1.5"},
    {DYNAMIC_JSON, "{\"uint64\": 18446744073709551615}", "uint64 = 18446744073709551615"},
    {DYNAMIC_JSON, "{\"int64\": \"-9223372036854775808\"}", "int64 = -9223372036854775808"},
    {DYNAMIC_JSON, "{\"int8\": -128}", "int8 = -128"},
    {DYNAMIC_JSON, "{\"int16\": 1000000e-3}", "int16 = 1000"},
    {DYNAMIC_JSON, "{\"uint8\": 255, \"yes\": false, \"no\": true}", "yes = false, no = true"},
    {DYNAMIC_JSON, "{\"color\": \"darkGr\\u0065y\"}", "color = darkGrey"},
    {DYNAMIC_JSON, "{\"color\": 1}", "color = green"},
    {DYNAMIC_JSON, "{\"color\": 77}", "color = (77)"},
    {DYNAMIC_JSON, "{\"text\": \"\\u00e9\\ud83d\\ude00\\u20ac\\b\\f\\/\"}",
     "text = \"é😀€\\b\\f/\""},
    {DYNAMIC_JSON, "{\"text\": \"\"}", "text = \"\""},
    {DYNAMIC_TEXT, "(text = \"\\a\\b\\f\\n\\r\\t\\v\\'\\\"\\\\\\177\")",
     "text = \"\\a\\b\\f\\n\\r\\t\\v\\'\\\"\\\\\\177\""},
    {DYNAMIC_TEXT, "(data = \"\")", "data = \"\""},
    {DYNAMIC_TEXT, "(data = 0x\"\")", "data = \"\""},
    {DYNAMIC_TEXT, "(voids = [void, void,], bools = [true, false])",
     "voids = [void, void], bools = [true, false]"},
    {DYNAMIC_TEXT, "(lists = [[], [[], [1, -1]]])", "lists = [[], [[], [1, -1]]]"},
    {DYNAMIC_TEXT, "(points = [(), (x = 1)])", "points = [(x = 0, y = -7), (x = 1, y = -7)]"},
    {DYNAMIC_TEXT, "(pair = (left = 5))", "pair = (left = 5)"},
    {DYNAMIC_TEXT, "(word = \"\")", "word = \"\""},
    {DYNAMIC_TEXT, "(box = (shut = true, lid = (names = [\"a\"])))",
     "box = (wide = 18446744073709551615, shut = true, lid = (colour = red, names = [\"a\"]))"},
    {DYNAMIC_TEXT, "(boxes = [(content = (content = (x = 3)))])",
     "boxes = [(content = (content = (x = 3, y = -7)))]"},
    {DYNAMIC_TEXT, "(int32 = 0X1f, uint32 = 4, float32s = [1.5, 2], float64s = [-0.5])",
     "float32s = [1.5, 2], float64s = [-0.5]"},
    {DYNAMIC_TEXT, "(uint64s = [18446744073709551615], int64s = [-1], int8s = [-1])",
     "int8s = [-1], int64s = [-1], uint64s = [18446744073709551615]"},
    {DYNAMIC_TEXT, "(data = \"\\x11\105\\18\\0z\")", "data = \"\\021E\\0018\\000z\""},
    {DYNAMIC_JSON, "\t{\r\"text\" :\n\"\\uABcd\", \"point\": {}}", "text = \"\xea\xaf\x8d\""},
    {DYNAMIC_JSON, "{\"int32\": \"0XfF\", \"float64\": \"1E2\"}", "int32 = 255"},
    {DYNAMIC_JSON, "{\"data\": [], \"datas\": [[1], []]}", "datas = [\"\\001\", \"\"]"},
    {DYNAMIC_TEXT, "(pairs = (content = [1]))", "pairs = (content = [1])"},
};

static void field_is_the_same_in_the_message(void **state)
{
    (void)state;
    uint64_t type = dynamic_type("Every");
    for (size_t i = 0; i < sizeof(all_fields) / sizeof(all_fields[0]); i++) {
        const struct field *each = &all_fields[i];
        struct capnp_problem problem = {0};
        struct capnp_struct_reader root;
        if (!dynamic_read(each->form, each->given, strlen(each->given), type, &root, &problem)) {
            fail_msg("%s: %s", each->given, problem.sentence);
        }
        const char *shown = dynamic_shown(DYNAMIC_TEXT, root, type, CAPNP_LAYOUT_SHORT, &problem);
        if (strstr(shown, each->text) == NULL) {
            fail_msg("%s: %s is not in %s", each->given, each->text, shown);
        }
    }
}

struct refused {
    enum dynamic_form form;
    const char *input;
    enum capnp_problem_kind kind;
    const char *said; // as capnp_problem_print has it
};

static const struct refused all_refused[] = {
    {DYNAMIC_JSON, "{\n \"tekst\": 1}", CAPNP_PROBLEM_UNKNOWN_FIELD,
     "f:2:2: unknown field \"tekst\"; did you mean text? The fields are: nothing, yes, "},
    {DYNAMIC_JSON, "{\"corner\":{\"é\":1}}", CAPNP_PROBLEM_UNKNOWN_FIELD,
     "f:1:12: corner: unknown field \"é\"; the fields are: x, y"},
    {DYNAMIC_TEXT, "(amount = 1,\n\n first = void)", CAPNP_PROBLEM_UNION_TWICE,
     "f:3:2: first and amount exclude each other: they are members of one union; leave out one"},
    {DYNAMIC_JSON, "{\"box\": {\"open\": null, \"shut\": true}}", CAPNP_PROBLEM_UNION_TWICE,
     "f:1:24: box: shut and open exclude each other"},
    {DYNAMIC_JSON, "{\"text\": \"a\", \"text\": \"a\"}", CAPNP_PROBLEM_FIELD_TWICE,
     "f:1:15: field text stands twice in one struct"},
    {DYNAMIC_JSON, "{\"points\": [{}, {\"x\": 1, \"x\": 2}]}", CAPNP_PROBLEM_FIELD_TWICE,
     "f:1:26: points[1]: field x stands twice"},
    {DYNAMIC_JSON, "{\"uint16\": 65536}", CAPNP_PROBLEM_OUT_OF_RANGE,
     "f:1:12: uint16: \"65536\" is out of range; UInt16 goes from 0 to 65535"},
    {DYNAMIC_JSON, "{\"uint16\": -1}", CAPNP_PROBLEM_OUT_OF_RANGE,
     "f:1:12: uint16: \"-1\" is out of range; UInt16 goes from 0 to 65535"},
    {DYNAMIC_JSON, "{\"int8\": 128}", CAPNP_PROBLEM_OUT_OF_RANGE,
     "int8: \"128\" is out of range; Int8 goes from -128 to 127"},
    {DYNAMIC_JSON, "{\"int64\": \"9223372036854775808\"}", CAPNP_PROBLEM_OUT_OF_RANGE,
     "int64: \"9223372036854775808\" is out of range; Int64 goes from -9223372036854775808 to "
     "9223"},
    {DYNAMIC_JSON, "{\"uint64\": 18446744073709551616}", CAPNP_PROBLEM_OUT_OF_RANGE,
     "uint64: \"18446744073709551616\" is out of range"},
    {DYNAMIC_JSON, "{\"uint64\": 1e30}", CAPNP_PROBLEM_OUT_OF_RANGE, "\"1e30\" is out of range"},
    {DYNAMIC_JSON, "{\"uint64\": \"0x10000000000000000\"}", CAPNP_PROBLEM_OUT_OF_RANGE, "range"},
    {DYNAMIC_TEXT, "(uint64 = 02000000000000000000000)", CAPNP_PROBLEM_OUT_OF_RANGE, "range"},
    {DYNAMIC_TEXT, "(float32 = 3.5e38)", CAPNP_PROBLEM_OUT_OF_RANGE,
     "f:1:12: float32: \"3.5e38\" is out of range; Float32 goes up to 3.4028235e38"},
    {DYNAMIC_TEXT, "(float64 = 1e309)", CAPNP_PROBLEM_OUT_OF_RANGE, "up to 1.7976931348623157e308"},
    {DYNAMIC_TEXT, "(float64 = 1.8e308)", CAPNP_PROBLEM_OUT_OF_RANGE, "is out of range"},
    {DYNAMIC_TEXT, "(float64 = 0x10000000000000000)", CAPNP_PROBLEM_OUT_OF_RANGE, "range"},
    {DYNAMIC_JSON, "{\"uint16\": 1.5}", CAPNP_PROBLEM_WRONG_TYPE,
     "uint16: \"1.5\" is no whole number, as UInt16 wants"},
    {DYNAMIC_TEXT, "(uint16 = 09)", CAPNP_PROBLEM_WRONG_TYPE, "\"09\" is no whole number"},
    {DYNAMIC_TEXT, "(float64 = 09)", CAPNP_PROBLEM_WRONG_TYPE, "Float64 is wanted, not a number"},
    {DYNAMIC_TEXT, "(float64 = infinite)", CAPNP_PROBLEM_WRONG_TYPE, "wanted, not infinite"},
    {DYNAMIC_TEXT, "(float64 = -none)", CAPNP_PROBLEM_WRONG_TYPE, "Float64 is wanted, not a num"},
    {DYNAMIC_JSON, "{\"float64\": null}", CAPNP_PROBLEM_WRONG_TYPE, "Float64 is wanted, not null"},
    {DYNAMIC_JSON, "{\"float64\": \"1.5x\"}", CAPNP_PROBLEM_WRONG_TYPE, "wanted, not a string"},
    {DYNAMIC_JSON, "{\"float64\": \"\"}", CAPNP_PROBLEM_WRONG_TYPE, "wanted, not a string"},
    {DYNAMIC_JSON, "{\"int8\": \"0xg\"}", CAPNP_PROBLEM_WRONG_TYPE, "Int8 is wanted, not a str"},
    {DYNAMIC_JSON, "{\"int8\": \"-\"}", CAPNP_PROBLEM_WRONG_TYPE, "Int8 is wanted, not a string"},
    {DYNAMIC_JSON, "{\"int8\": true}", CAPNP_PROBLEM_WRONG_TYPE, "Int8 is wanted, not true"},
    {DYNAMIC_TEXT, "(int8 = \"1\")", CAPNP_PROBLEM_WRONG_TYPE, "Int8 is wanted, not a string"},
    {DYNAMIC_JSON, "{\"yes\": 1}", CAPNP_PROBLEM_WRONG_TYPE, "yes: Bool is wanted, not a number"},
    {DYNAMIC_TEXT, "(yes = yes)", CAPNP_PROBLEM_WRONG_TYPE, "yes: Bool is wanted, not yes"},
    {DYNAMIC_JSON, "{\"first\": 1}", CAPNP_PROBLEM_WRONG_TYPE, "first: Void is wanted, not a num"},
    {DYNAMIC_TEXT, "(first = true)", CAPNP_PROBLEM_WRONG_TYPE, "first: Void is wanted, not true"},
    {DYNAMIC_JSON, "{\"text\": null}", CAPNP_PROBLEM_WRONG_TYPE,
     "f:1:10: text: Text is wanted, not null; leave the field out"},
    {DYNAMIC_JSON, "{\"data\": \"00ff\"}", CAPNP_PROBLEM_WRONG_TYPE, "Data is wanted, not a str"},
    {DYNAMIC_TEXT, "(text = 0x\"00\")", CAPNP_PROBLEM_WRONG_TYPE, "Text is wanted, not bytes"},
    {DYNAMIC_TEXT, "(data = [1])", CAPNP_PROBLEM_WRONG_TYPE, "data: Data is wanted, not a list"},
    {DYNAMIC_JSON, "{\"data\": [256]}", CAPNP_PROBLEM_OUT_OF_RANGE,
     "f:1:11: data[0]: \"256\" is out of range; UInt8 goes from 0 to 255"},
    {DYNAMIC_JSON, "{\"data\": [1 2]}", CAPNP_PROBLEM_SYNTAX,
     "data: a comma or the end of the list is wanted here, not a number"},
    {DYNAMIC_JSON, "{\"data\": [1", CAPNP_PROBLEM_SYNTAX, "f:1:10: data: the list doesn't end"},
    {DYNAMIC_JSON, "{\"points\": {}}", CAPNP_PROBLEM_WRONG_TYPE, "List is wanted, not a struct"},
    {DYNAMIC_JSON, "{\"point\": []}", CAPNP_PROBLEM_WRONG_TYPE,
     "point: struct Point is wanted, not a list"},
    {DYNAMIC_JSON, "[]", CAPNP_PROBLEM_WRONG_TYPE, "f:1:1: struct Every is wanted, not a list"},
    {DYNAMIC_JSON, "", CAPNP_PROBLEM_WRONG_TYPE, "struct Every is wanted, not the end of the inp"},
    {DYNAMIC_TEXT, "(color = 1)", CAPNP_PROBLEM_WRONG_TYPE, "enum Color is wanted, not a number"},
    {DYNAMIC_JSON, "{\"color\": 65536}", CAPNP_PROBLEM_OUT_OF_RANGE, "UInt16 goes from 0 to 655"},
    {DYNAMIC_JSON, "{\"color\": \"gren\"}", CAPNP_PROBLEM_UNKNOWN_ENUMERANT,
     "color: unknown value \"gren\"; did you mean green? The values are: red, green, darkGrey"},
    {DYNAMIC_TEXT, "(colors = [red, purple])", CAPNP_PROBLEM_UNKNOWN_ENUMERANT,
     "f:1:17: colors[1]: unknown value \"purple\"; the values are: red, green, darkGrey"},
    {DYNAMIC_TEXT, "(text = \"\\xff\")", CAPNP_PROBLEM_NOT_UTF8, "text: the text is not UTF-8"},
    {DYNAMIC_JSON, "{\"texts\": [\"\xc3\"]}", CAPNP_PROBLEM_NOT_UTF8, "texts[0]: the text is not"},
    {DYNAMIC_TEXT, "(service = 1)", CAPNP_PROBLEM_NO_FORM, "a capability can't be written down"},
    {DYNAMIC_TEXT, "(any = 1)", CAPNP_PROBLEM_NO_FORM, "an AnyPointer can't be written down"},
    {DYNAMIC_TEXT, "(unbound = (content = 1))", CAPNP_PROBLEM_NO_FORM, "unbound.content: an AnyP"},
    {DYNAMIC_JSON, "{\"text\" \"a\"}", CAPNP_PROBLEM_SYNTAX,
     "text: a colon is wanted here, not a string"},
    {DYNAMIC_TEXT, "(text \"a\")", CAPNP_PROBLEM_SYNTAX, "text: an equals sign is wanted here"},
    {DYNAMIC_JSON, "{\"text\": }", CAPNP_PROBLEM_SYNTAX,
     "text: a value is wanted here, not the end of a struct"},
    {DYNAMIC_JSON, "{\"text\": ,}", CAPNP_PROBLEM_SYNTAX, "a value is wanted here, not a comma"},
    {DYNAMIC_JSON, "{\"text\": :}", CAPNP_PROBLEM_SYNTAX, "not a colon or equals sign"},
    {DYNAMIC_JSON, "{\"text\": ]}", CAPNP_PROBLEM_SYNTAX, "not the end of a list"},
    {DYNAMIC_JSON, "{\"text\": \"a\",}", CAPNP_PROBLEM_SYNTAX,
     "f:1:14: another field after the comma is wanted here, not the end of a struct"},
    {DYNAMIC_JSON, "{\"text\": \"a\" \"no\": 1}", CAPNP_PROBLEM_SYNTAX,
     "a comma or the end of the struct is wanted here, not a string"},
    {DYNAMIC_JSON, "{\"numbers\": [1,]}", CAPNP_PROBLEM_SYNTAX,
     "numbers: another element after the comma is wanted here, not the end of a list"},
    {DYNAMIC_JSON, "{\"numbers\": [,1]}", CAPNP_PROBLEM_SYNTAX, "numbers[0]: a value is wanted"},
    {DYNAMIC_JSON, "{\"numbers\": [1}", CAPNP_PROBLEM_SYNTAX, "a comma or the end of the list"},
    {DYNAMIC_JSON, "{\"numbers\": [1, #", CAPNP_PROBLEM_SYNTAX, "numbers: JSON has no comments"},
    {DYNAMIC_JSON, "{text: 1}", CAPNP_PROBLEM_SYNTAX, "a field's name is wanted here, not a name"},
    {DYNAMIC_TEXT, "(\"text\" = 1)", CAPNP_PROBLEM_SYNTAX, "a field's name is wanted here, not a"},
    {DYNAMIC_JSON, "{\"text\": @}", CAPNP_PROBLEM_SYNTAX, "f:1:10: text: no value starts with thi"},
    {DYNAMIC_TEXT, "(text = @)", CAPNP_PROBLEM_SYNTAX, "no value or name starts with this"},
    {DYNAMIC_JSON, "{\"text\": \"a", CAPNP_PROBLEM_SYNTAX, "f:1:10: text: the string doesn't end"},
    {DYNAMIC_JSON, "{\"text\": \"a\n\"}", CAPNP_PROBLEM_SYNTAX, "doesn't end on its line"},
    {DYNAMIC_JSON, "{\"text\": \"\t\"}", CAPNP_PROBLEM_SYNTAX, "f:1:11: text: a control charact"},
    {DYNAMIC_JSON, "{\"text\": \"\\x\"}", CAPNP_PROBLEM_SYNTAX, "f:1:11: text: an unknown escape"},
    {DYNAMIC_JSON, "{\"text\": \"\\u12g4\"}", CAPNP_PROBLEM_SYNTAX, "an unknown escape"},
    {DYNAMIC_JSON, "{\"text\": \"\\", CAPNP_PROBLEM_SYNTAX, "an unknown escape"},
    {DYNAMIC_JSON, "{\"text\": \"\\ud800\"}", CAPNP_PROBLEM_SYNTAX, "half of a surrogate pair"},
    {DYNAMIC_JSON, "{\"text\": \"\\udc00\\ud800\"}", CAPNP_PROBLEM_SYNTAX, "half of a surrogate"},
    {DYNAMIC_JSON, "{\"text\": \"\\ud800\\u0041\"}", CAPNP_PROBLEM_SYNTAX, "half of a surrogate"},
    {DYNAMIC_JSON, "{\"text\": \"\\ud800\\nabcd\"}", CAPNP_PROBLEM_SYNTAX, "half of a surrogate"},
    {DYNAMIC_JSON, "{\"text\": \"\\ud800abcdefg\"}", CAPNP_PROBLEM_SYNTAX, "half of a surrogate"},
    {DYNAMIC_TEXT, "(text = \"a", CAPNP_PROBLEM_SYNTAX, "f:1:9: text: the string doesn't end"},
    {DYNAMIC_TEXT, "(text = \"a\n\")", CAPNP_PROBLEM_SYNTAX, "the string doesn't end on its line"},
    {DYNAMIC_TEXT, "(text = \"\\q\")", CAPNP_PROBLEM_SYNTAX, "f:1:10: text: an unknown escape"},
    {DYNAMIC_TEXT, "(text = \"\\x1\")", CAPNP_PROBLEM_SYNTAX, "an unknown escape"},
    {DYNAMIC_TEXT, "(text = \"\\400\")", CAPNP_PROBLEM_SYNTAX, "an unknown escape"},
    {DYNAMIC_TEXT, "(text = \"\\", CAPNP_PROBLEM_SYNTAX, "an unknown escape"},
    {DYNAMIC_TEXT, "(data = 0x\"0\")", CAPNP_PROBLEM_SYNTAX, "bytes are pairs of hexadecimal dig"},
    {DYNAMIC_TEXT, "(data = 0x\"0 0\")", CAPNP_PROBLEM_SYNTAX, "bytes are pairs of hexadecimal d"},
    {DYNAMIC_TEXT, "(data = 0x\"0g\")", CAPNP_PROBLEM_SYNTAX, "bytes are pairs of hexadecimal di"},
    {DYNAMIC_TEXT, "(data = 0x\"00", CAPNP_PROBLEM_SYNTAX, "f:1:9: data: the bytes don't end"},
    {DYNAMIC_TEXT, "(int8 = 0x)", CAPNP_PROBLEM_SYNTAX, "not a number"},
    {DYNAMIC_TEXT, "(int8 = 1e)", CAPNP_PROBLEM_SYNTAX, "f:1:9: int8: not a number"},
    {DYNAMIC_TEXT, "(int8 = 1.2.3)", CAPNP_PROBLEM_SYNTAX, "not a number"},
    {DYNAMIC_TEXT, "(int8 = 12ab)", CAPNP_PROBLEM_SYNTAX, "not a number"},
    {DYNAMIC_TEXT, "(int8 = -)", CAPNP_PROBLEM_SYNTAX, "not a number"},
    {DYNAMIC_TEXT, "(int8 = -", CAPNP_PROBLEM_SYNTAX, "not a number"},
    {DYNAMIC_JSON, "{\"int8\": 012}", CAPNP_PROBLEM_SYNTAX, "not a number of JSON"},
    {DYNAMIC_JSON, "{\"int8\": 1.}", CAPNP_PROBLEM_SYNTAX, "not a number of JSON"},
    {DYNAMIC_JSON, "{\"int8\": 1e+}", CAPNP_PROBLEM_SYNTAX, "not a number of JSON"},
    {DYNAMIC_JSON, "{\"int8\": 1e", CAPNP_PROBLEM_SYNTAX, "not a number of JSON"},
    {DYNAMIC_JSON, "{\"int8\": 1a}", CAPNP_PROBLEM_SYNTAX, "not a number of JSON"},
    {DYNAMIC_JSON, "{\"int8\": 1e1.5}", CAPNP_PROBLEM_SYNTAX, "not a number of JSON"},
    {DYNAMIC_JSON, "{\"int8\": -}", CAPNP_PROBLEM_SYNTAX, "not a number of JSON"},
    {DYNAMIC_JSON,
     "{\"a123456789012345678901234567890123456789012345678901234567890123456789\": 1}",
     CAPNP_PROBLEM_UNKNOWN_FIELD, "90123...\"; the fields are: "},
    {DYNAMIC_TEXT, "(a123456789012345678901234567890123456789012345678901234567890123456789 = 1)",
     CAPNP_PROBLEM_UNKNOWN_FIELD, "90123...\"; the fields are: "},
    {DYNAMIC_JSON, "{\"\": 1}", CAPNP_PROBLEM_UNKNOWN_FIELD, "unknown field \"\"; the fields are"},
    {DYNAMIC_TEXT, "(t\xc3\xa9xt = 1)", CAPNP_PROBLEM_UNKNOWN_FIELD, "unknown field \"t\""},
    {DYNAMIC_JSON, "{\"int8\": \"0x\"}", CAPNP_PROBLEM_WRONG_TYPE, "Int8 is wanted, not a str"},
    {DYNAMIC_JSON, "{\"int8\": \"0z1\"}", CAPNP_PROBLEM_WRONG_TYPE, "Int8 is wanted, not a str"},
    {DYNAMIC_JSON, "{\"int8\": \"1:\"}", CAPNP_PROBLEM_WRONG_TYPE, "Int8 is wanted, not a stri"},
    {DYNAMIC_TEXT, "(float64 = \"1\")", CAPNP_PROBLEM_WRONG_TYPE, "Float64 is wanted, not a str"},
    {DYNAMIC_TEXT, "(text = nothing)", CAPNP_PROBLEM_WRONG_TYPE, "Text is wanted, not nothing"},
    {DYNAMIC_JSON, "{\"yes\": maybe}", CAPNP_PROBLEM_WRONG_TYPE, "Bool is wanted, not maybe"},
    {DYNAMIC_JSON, "{\"text\": nul", CAPNP_PROBLEM_WRONG_TYPE, "Text is wanted, not nul"},
    {DYNAMIC_JSON, "{\"text\": /", CAPNP_PROBLEM_SYNTAX, "JSON has no comments"},
    {DYNAMIC_JSON, "{\"text\": \"\\u12G4\"}", CAPNP_PROBLEM_SYNTAX, "an unknown escape"},
    {DYNAMIC_JSON, "{\"text\": \"\\ud800\\ue000\"}", CAPNP_PROBLEM_SYNTAX, "half of a surrogate"},
    {DYNAMIC_TEXT, "(text = \"\\x1g\")", CAPNP_PROBLEM_SYNTAX, "an unknown escape"},
    {DYNAMIC_TEXT, "(text = \"\\xg1\")", CAPNP_PROBLEM_SYNTAX, "an unknown escape"},
    {DYNAMIC_TEXT, "(int8 = {)", CAPNP_PROBLEM_SYNTAX, "no value or name starts with this"},
    {DYNAMIC_TEXT, "(int8 = -^)", CAPNP_PROBLEM_SYNTAX, "not a number"},
    {DYNAMIC_TEXT, "(int8 = -inf2)", CAPNP_PROBLEM_SYNTAX, "not a number"},
    {DYNAMIC_TEXT, "(text = \x01)", CAPNP_PROBLEM_SYNTAX, "no value or name starts with this"},
    {DYNAMIC_TEXT, "(data = 0x\"~~\")", CAPNP_PROBLEM_SYNTAX, "bytes are pairs of hexadecimal d"},
    {DYNAMIC_JSON, "{\"int8\": 1~}", CAPNP_PROBLEM_SYNTAX, "no value starts with this"},
    {DYNAMIC_JSON, "{\"data\": [1,]}", CAPNP_PROBLEM_SYNTAX, "another element after the comma"},
    {DYNAMIC_JSON, "{\"lists\": [[[1, 70000]]]}", CAPNP_PROBLEM_OUT_OF_RANGE, "lists[0][0][1]: "},
};

static void refusal_says_what_and_where(void **state)
{
    (void)state;
    uint64_t type = dynamic_type("Every");
    for (size_t i = 0; i < sizeof(all_refused) / sizeof(all_refused[0]); i++) {
        const struct refused *each = &all_refused[i];
        struct capnp_problem problem = {0};
        struct capnp_struct_reader root;
        char said[2048];
        struct capnp_memory_writer writer;
        if (dynamic_read(each->form, each->input, strlen(each->input), type, &root, &problem)) {
            fail_msg("%s was accepted", each->input);
        }
        capnp_memory_writer_init(&writer, said, sizeof(said) - 1);
        capnp_problem_print(&problem, "f", &writer.writer);
        said[writer.size] = 0;
        if (problem.kind != each->kind || strstr(said, each->said) == NULL) {
            fail_msg("%s: kind %d: %s\nwanted %d: %s", each->input, problem.kind, said, each->kind,
                     each->said);
        }
    }
}

static void every_cut_of_a_value_is_refused(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "(text = \"a\\x41\" \"b\", data = 0x\"0a\", int8 = -0x1, points = [(x = 1.5e1), ()])",
        "{\"text\": \"\\ud83d\\ude00\", \"data\": [1], \"int8\": -1e0, \"points\": [{}, {\"x\": "
        "1}]}"};
    uint64_t type = dynamic_type("Every");
    for (int form = 0; form < DYNAMIC_FORMS; form++) {
        size_t size = strlen(whole[form]);
        for (size_t cut = 0; cut <= size; cut++) {
            struct capnp_problem problem = {0};
            struct capnp_struct_reader root;
            // At the end of its own memory, so that reading beyond it is seen.
            char *bytes = malloc(cut + 1);
            memcpy(bytes + 1, whole[form], cut);
            assert_int_equal(
                dynamic_read((enum dynamic_form)form, bytes + 1, cut, type, &root, &problem),
                cut == size);
            free(bytes);
        }
    }
}

// "((((...": as deep as `depth`.
static bool nested_is_good(enum dynamic_form form, const char *open, const char *close, int depth,
                           struct capnp_problem *problem)
{
    static char input[1 << 16];
    struct capnp_struct_reader root;
    char *at = input;
    for (int i = 0; i < depth; i++) {
        at += sprintf(at, "%s", open);
    }
    at += sprintf(at, "%s", form == DYNAMIC_TEXT ? "()" : "{}");
    for (int i = 0; i < depth; i++) {
        at += sprintf(at, "%s", close);
    }
    return dynamic_read(form, input, (size_t)(at - input), dynamic_type("Every"), &root, problem);
}

static void sixty_four_levels_are_parsed_and_no_more(void **state)
{
    (void)state;
    struct capnp_problem problem = {0};
    assert_true(nested_is_good(DYNAMIC_TEXT, "(every = ", ")", 38, &problem));
    assert_true(nested_is_good(DYNAMIC_JSON, "{\"every\":", "}", 38, &problem));
    assert_false(nested_is_good(DYNAMIC_JSON, "{\"everies\":[", "]}", 38, &problem));
    assert_int_equal(problem.kind, CAPNP_PROBLEM_TOO_DEEP);
    assert_true(problem.column == 32 * 12 + 1);
    // Fifty-five fields each: 64 levels have fewer than 4096 in all.
    problem = (struct capnp_problem){0};
    assert_false(nested_is_good(DYNAMIC_TEXT, "(every = ", ")", 5000, &problem));
    assert_int_equal(problem.kind, CAPNP_PROBLEM_TOO_DEEP);
}

static void full_buffer_is_said_for_what_did_not_fit(void **state)
{
    (void)state;
    static const char *const inputs[] = {"(text = \"abc\")",  "(data = 0x\"00\")",
                                         "(points = [()])",   "(point = ())",
                                         "(lists = [[[1]]])", "(texts = [\"a\"])"};
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        uint64_t words[64];
        struct capnp_input input = {inputs[i], strlen(inputs[i]), 0};
        struct capnp_problem problem = {0};
        struct capnp_builder builder;
        bool is_good = false;
        uint32_t size = 0;
        while (!is_good && size < sizeof(words)) {
            size += 8;
            problem = (struct capnp_problem){0};
            input.at = 0;
            capnp_builder_init(&builder, words, size);
            is_good = capnp_text_parse(&input, dynamic_catalog(), dynamic_type("Every"), &builder,
                                       &problem);
            assert_true(is_good || problem.kind == CAPNP_PROBLEM_TOO_LARGE);
        }
        assert_true(is_good);
        assert_int_equal(capnp_builder_size(&builder), size);
    }
    uint64_t word;
    struct capnp_builder builder;
    struct capnp_problem problem = {0};
    struct capnp_input json = {"{\"data\": [1, 2]}", 16, 0};
    capnp_builder_init(&builder, &word, sizeof(word));
    assert_false(
        capnp_json_parse(&json, dynamic_catalog(), dynamic_type("Box.Inner"), &builder, &problem));
    problem = (struct capnp_problem){0};
    struct capnp_input huge = {"{}", (size_t)1 << 31, 0};
    assert_false(
        capnp_json_parse(&huge, dynamic_catalog(), dynamic_type("Point"), &builder, &problem));
    assert_int_equal(problem.kind, CAPNP_PROBLEM_TOO_LARGE);
}

static void stream_of_values_is_taken_one_by_one(void **state)
{
    (void)state;
    static const char text[] = " (x = 1) # one\n(x = 2)(x = 3) # end";
    struct capnp_input input = {text, sizeof(text) - 1, 0};
    int count = 0;
    while (!capnp_text_at_end(&input)) {
        uint64_t words[16];
        struct capnp_builder builder;
        struct capnp_problem problem = {0};
        capnp_builder_init(&builder, words, sizeof(words));
        assert_true(
            capnp_text_parse(&input, dynamic_catalog(), dynamic_type("Point"), &builder, &problem));
        count++;
        assert_int_equal((uint32_t)words[1], (uint32_t)count);
    }
    assert_int_equal(count, 3);
    struct capnp_input json = {"{} \n", 4, 2};
    assert_true(capnp_json_at_end(&json));
    json.at = 1;
    assert_false(capnp_json_at_end(&json));
}

static void nothing_at_all_is_no_value(void **state)
{
    (void)state;
    for (int form = 0; form < DYNAMIC_FORMS; form++) {
        struct capnp_problem nothing = {0};
        struct capnp_struct_reader reader;
        assert_false(dynamic_read((enum dynamic_form)form, NULL, 0, dynamic_type("Every"), &reader,
                                  &nothing));
        assert_int_equal(nothing.kind, CAPNP_PROBLEM_WRONG_TYPE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_at_all_is_no_value),
        cmocka_unit_test(value_is_the_same_in_the_message),
        cmocka_unit_test(field_is_the_same_in_the_message),
        cmocka_unit_test(refusal_says_what_and_where),
        cmocka_unit_test(every_cut_of_a_value_is_refused),
        cmocka_unit_test(sixty_four_levels_are_parsed_and_no_more),
        cmocka_unit_test(full_buffer_is_said_for_what_did_not_fit),
        cmocka_unit_test(stream_of_values_is_taken_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/shell/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct shell_sheet sheet;
static char out[SHELL_SHEET_MAX + 4096];

static const char *printed(bool is_json)
{
    struct capnp_memory_writer writer;
    capnp_memory_writer_init(&writer, out, sizeof out - 1);
    shell_sheet_print(&sheet, is_json, &writer.writer);
    out[writer.size] = 0;
    return out;
}

static void cells_stand_in_columns_as_wide_as_they_need(void **state)
{
    static const char *const names[] = {"name", "n", "about"};
    (void)state;
    shell_sheet_begin(&sheet, names, 3);
    assert_string_equal(printed(false), "");
    shell_sheet_words(&sheet, "\303\244\303\266");
    shell_sheet_number(&sheet, -12);
    shell_sheet_words(&sheet, "one\ntwo");
    shell_sheet_words(&sheet, "longer");
    shell_sheet_number(&sheet, 7);
    shell_sheet_words(&sheet, "");
    assert_string_equal(printed(false),
                        "name    n    about\n"
                        "\303\244\303\266      -12  one two\n"
                        "longer  7    \n");
}

static void as_json_they_are_objects_with_every_text_escaped(void **state)
{
    static const char *const names[] = {"a", "b"};
    (void)state;
    shell_sheet_begin(&sheet, names, 2);
    assert_string_equal(printed(true), "[]\n");
    shell_sheet_text(&sheet, "x\"\\\n\377\303\244", 7);
    shell_sheet_number(&sheet, 5);
    shell_sheet_words(&sheet, "");
    shell_sheet_number(&sheet, 6);
    assert_string_equal(printed(true),
                        "[{\"a\": \"x\\\"\\\\\\u000a\\ufffd\303\244\", \"b\": 5},\n"
                        " {\"a\": \"\", \"b\": 6}]\n");
}

static void what_does_not_fit_is_said(void **state)
{
    static const char *const names[] = {"a"};
    static char big[SHELL_SHEET_MAX];
    (void)state;
    memset(big, 'x', sizeof big);
    shell_sheet_begin(&sheet, names, 1);
    shell_sheet_words(&sheet, "fits");
    shell_sheet_text(&sheet, big, sizeof big);
    shell_sheet_words(&sheet, "comes too late");
    assert_string_equal(printed(false), "a\nfits\n... and more that does not fit here\n");
    shell_sheet_begin(&sheet, names, 1);
    for (uint32_t i = 0; i <= SHELL_CELLS_MAX; i++) {
        shell_sheet_number(&sheet, 1);
    }
    assert_non_null(strstr(printed(false), "... and more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_stand_in_columns_as_wide_as_they_need),
        cmocka_unit_test(as_json_they_are_objects_with_every_text_escaped),
        cmocka_unit_test(what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// Evolution of schemas (evolve.capnp): programs of the old version read messages of the new one,
// and the other way round, field for field.

#include "tools/capnpc-c/test/evolve.capnp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static uint64_t words[256];
static struct capnp_builder builder;

static struct capnp_text text_of(const char *text)
{
    return (struct capnp_text){text, (uint32_t)strlen(text)};
}

static struct capnp_message built(void)
{
    struct capnp_message message;
    assert_int_equal(builder.error, CAPNP_OK);
    capnp_message_init(&message, words, capnp_builder_size(&builder), NULL, 0);
    return message;
}

static void new_readers_read_old_messages(void **state)
{
    (void)state;
    capnp_builder_init(&builder, words, sizeof(words));
    struct old_record_builder old = old_record_build(&builder);
    old_record_set_id(old, 5);
    old_record_set_name(old, text_of("name"));
    struct capnp_list_builder list = old_record_init_numbers(old, 2);
    capnp_list_set_u32(list, 1, 17);
    list = old_record_init_bytes(old, 3);
    capnp_list_set_u8(list, 2, 0xfe);
    list = old_record_init_texts(old, 2);
    capnp_list_set_text(list, 1, text_of("line"));
    list = old_record_init_lists(old, 1);
    list = capnp_list_init_list(list, 0, CAPNP_ELEMENT_TWO_BYTES, 2);
    capnp_list_set_u16(list, 1, 300);
    struct old_record_item_builder_list items = old_record_init_items(old, 1);
    old_record_item_set_a(old_record_item_builder_at(items, 0), 8);
    old_record_set_single(old, -1);
    old_record_set_id(old_record_init_link(old), 6);
    old_record_set_color(old, OLD_RECORD_COLOR_GREEN);
    struct capnp_message message = built();

    struct new_record_reader r = new_record_read(&message);
    assert_int_equal(new_record_get_identifier(r), 5);
    assert_string_equal(new_record_get_name(r).data, "name");
    struct new_record_number_reader number =
        new_record_number_reader_at(new_record_get_numbers(r), 1);
    assert_int_equal(new_record_number_get_value(number), 17);
    assert_int_equal(new_record_number_get_unit(number).size, 0);
    assert_int_equal(new_record_number_get_scale(number), 10);
    struct new_record_byte_reader byte = new_record_byte_reader_at(new_record_get_bytes(r), 2);
    assert_int_equal(new_record_byte_get_value(byte), 0xfe);
    assert_int_equal(new_record_byte_get_next(byte), 9);
    struct new_record_line_reader line = new_record_line_reader_at(new_record_get_texts(r), 1);
    assert_string_equal(new_record_line_get_text(line).data, "line");
    assert_int_equal(new_record_line_get_number(line), 0);
    struct new_record_row_reader row = new_record_row_reader_at(new_record_get_lists(r), 0);
    assert_int_equal(capnp_list_get_u16(new_record_row_get_cells(row), 1), 300);
    struct new_record_item_reader item = new_record_item_reader_at(new_record_get_items(r), 0);
    assert_int_equal(new_record_item_get_a(item), 8);
    assert_int_equal(new_record_item_get_b(item), 5);
    assert_int_equal(new_record_item_get_c(item).size, 0);
    assert_int_equal(new_record_which(r), NEW_RECORD_SINGLE);
    assert_int_equal(new_record_get_single(r), -1);
    assert_int_equal(new_record_get_identifier(new_record_get_link(r)), 6);
    assert_int_equal(new_record_get_color(r), NEW_RECORD_COLOR_GREEN);
    assert_int_equal(new_record_get_added(r), 77);
    assert_string_equal(new_record_get_more(r).data, "more");
    assert_int_equal(capnp_any_kind(new_record_get_extra(r)), CAPNP_ANY_ABSENT);
    assert_true(new_record_get_flag(r));
    assert_int_equal(message.error, CAPNP_OK);
}

static void build_new(void)
{
    capnp_builder_init(&builder, words, sizeof(words));
    struct new_record_builder new = new_record_build(&builder);
    new_record_set_identifier(new, 5);
    new_record_set_name(new, text_of("name"));
    struct new_record_number_builder_list numbers = new_record_init_numbers(new, 2);
    new_record_number_set_value(new_record_number_builder_at(numbers, 1), 17);
    new_record_number_set_unit(new_record_number_builder_at(numbers, 1), text_of("m"));
    struct new_record_byte_builder_list bytes = new_record_init_bytes(new, 3);
    new_record_byte_set_value(new_record_byte_builder_at(bytes, 2), 0xfe);
    struct new_record_line_builder_list lines = new_record_init_texts(new, 2);
    new_record_line_set_text(new_record_line_builder_at(lines, 1), text_of("line"));
    struct new_record_row_builder_list rows = new_record_init_lists(new, 1);
    struct capnp_list_builder cells =
        new_record_row_init_cells(new_record_row_builder_at(rows, 0), 2);
    capnp_list_set_u16(cells, 1, 300);
    struct new_record_item_builder_list items = new_record_init_items(new, 1);
    new_record_item_set_a(new_record_item_builder_at(items, 0), 8);
    new_record_item_set_c(new_record_item_builder_at(items, 0), text_of("c"));
    new_record_set_single(new, -1);
    new_record_set_identifier(new_record_init_link(new), 6);
    new_record_set_color(new, NEW_RECORD_COLOR_BLUE);
    new_record_init_voids(new, 4);
    new_record_set_added(new, 1);
    new_record_set_more(new, text_of("unknown to the old"));
    capnp_any_set_text(new_record_init_extra(new), text_of("extra"));
}

static void assert_old(struct old_record_reader r)
{
    assert_int_equal(old_record_get_id(r), 5);
    assert_string_equal(old_record_get_name(r).data, "name");
    assert_int_equal(old_record_get_numbers(r).count, 2);
    assert_int_equal(capnp_list_get_u32(old_record_get_numbers(r), 1), 17);
    assert_int_equal(capnp_list_get_u8(old_record_get_bytes(r), 2), 0xfe);
    assert_string_equal(capnp_list_get_text(old_record_get_texts(r), 1).data, "line");
    struct capnp_list_reader cells =
        capnp_list_get_list(old_record_get_lists(r), 0, CAPNP_ELEMENT_TWO_BYTES);
    assert_int_equal(capnp_list_get_u16(cells, 1), 300);
    assert_int_equal(old_record_item_get_a(old_record_item_reader_at(old_record_get_items(r), 0)),
                     8);
    assert_int_equal(old_record_get_single(r), -1);
    assert_int_equal(old_record_get_id(old_record_get_link(r)), 6);
    // A value that the old enum has no name for.
    assert_int_equal(old_record_get_color(r), 2);
    assert_int_equal(old_record_get_voids(r).count, 4);
}

static void old_readers_read_new_messages(void **state)
{
    (void)state;
    build_new();
    struct capnp_message message = built();
    assert_old(old_record_read(&message));
    assert_int_equal(message.error, CAPNP_OK);
}

static void what_the_old_does_not_know_survives_a_copy_by_it(void **state)
{
    (void)state;
    static uint64_t copy_words[256];
    build_new();
    struct capnp_message message = built();
    struct capnp_builder copy;
    capnp_builder_init(&copy, copy_words, sizeof(copy_words));
    struct old_record_builder holder = old_record_build(&copy);
    old_record_set_link(holder, old_record_read(&message));
    assert_int_equal(copy.error, CAPNP_OK);
    capnp_message_init(&message, copy_words, capnp_builder_size(&copy), NULL, 0);
    assert_old(old_record_get_link(old_record_read(&message)));
    struct new_record_reader r = new_record_get_link(new_record_read(&message));
    assert_int_equal(new_record_get_added(r), 1);
    assert_string_equal(new_record_get_more(r).data, "unknown to the old");
    assert_string_equal(capnp_any_text(new_record_get_extra(r)).data, "extra");
    assert_int_equal(message.error, CAPNP_OK);
}

// Going back where the rules don't allow it is an error, not a wrong value.
static void lists_of_void_are_no_lists_of_numbers(void **state)
{
    (void)state;
    capnp_builder_init(&builder, words, sizeof(words));
    old_record_init_voids(old_record_build(&builder), 3);
    struct capnp_message message = built();
    assert_int_equal(new_record_get_voids(new_record_read(&message)).count, 0);
    assert_int_equal(message.error, CAPNP_LIST_OTHER_ELEMENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_readers_read_old_messages),
        cmocka_unit_test(old_readers_read_new_messages),
        cmocka_unit_test(what_the_old_does_not_know_survives_a_copy_by_it),
        cmocka_unit_test(lists_of_void_are_no_lists_of_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// Plain codecs against the readers and builders of the same schema: what one writes, the other
// reads.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

// The codecs themselves: nobody else links them.
#include "tools/capnpc-c/test/served.capnp.h"
#include "tools/capnpc-c/test/served.plain.c"

enum { MESSAGE_BYTES = 256 };

static uint64_t message_words[MESSAGE_BYTES / 8];

enum status shop_buy_run(struct core *core, struct request *request)
{
    (void)core;
    (void)request;
    return STATUS_OK;
}

enum status shop_look_run(struct core *core, struct request *request)
{
    (void)core;
    (void)request;
    return STATUS_BAD_VALUE;
}

enum status shop_weigh_run(struct core *core, struct request *request)
{
    (void)core;
    (void)request;
    return STATUS_OK;
}

static bool decode(uint32_t bytes, const uint64_t *caps, uint32_t cap_count,
                   union served_params *params)
{
    struct plain_reader reader;

    memset(params, 0xee, sizeof *params);
    assert_true(plain_open(&reader, message_words, bytes, caps, cap_count));
    return shop_methods[SHOP_BUY].decode(&reader, params);
}

static void absent_parameters_have_their_defaults(void **state)
{
    union served_params params;

    (void)state;
    assert_true(decode(0, NULL, 0, &params));
    assert_int_equal(params.shop_buy.tiny, -3);
    assert_int_equal(params.shop_buy.small, 7);
    assert_int_equal(params.shop_buy.count, 0);
    assert_int_equal(params.shop_buy.large, -9);
    assert_true(params.shop_buy.flag);
    assert_false(params.shop_buy.other);
    assert_int_equal(params.shop_buy.size, SHOP_SIZE_WIDE);
    assert_null(params.shop_buy.name.data);
    assert_null(params.shop_buy.picture.data);
    assert_int_equal(params.shop_buy.payer, 0);
}

static uint32_t request_build(struct capnp_builder *builder)
{
    memset(message_words, 0, sizeof message_words);
    capnp_builder_init(builder, message_words, sizeof message_words);
    struct shop_buy_params_builder params = shop_buy_params_build(builder);
    shop_buy_params_set_tiny(params, -128);
    shop_buy_params_set_small(params, 0xffff);
    shop_buy_params_set_count(params, -2);
    shop_buy_params_set_large(params, INT64_MIN);
    shop_buy_params_set_flag(params, false);
    shop_buy_params_set_other(params, true);
    shop_buy_params_set_size(params, SHOP_SIZE_NARROW);
    shop_buy_params_set_name(params, (struct capnp_text){"bread", 5});
    shop_buy_params_set_picture(params, (struct capnp_data){(const uint8_t *)"\1\2", 2});
    shop_buy_params_set_payer(params, (struct shop){0x77});
    shop_buy_params_set_friend(params, (struct capnp_cap){0x78});
    assert_int_equal(builder->error, CAPNP_OK);
    return capnp_builder_size(builder);
}

static void what_a_builder_wrote_is_decoded(void **state)
{
    struct capnp_builder builder;
    union served_params params;

    (void)state;
    uint32_t bytes = request_build(&builder);
    assert_true(decode(bytes, builder.caps, builder.cap_count, &params));
    assert_int_equal(params.shop_buy.tiny, -128);
    assert_int_equal(params.shop_buy.small, 0xffff);
    assert_int_equal(params.shop_buy.count, -2);
    assert_true(params.shop_buy.large == INT64_MIN);
    assert_false(params.shop_buy.flag);
    assert_true(params.shop_buy.other);
    assert_int_equal(params.shop_buy.size, SHOP_SIZE_NARROW);
    assert_int_equal(params.shop_buy.name.size, sizeof "bread");
    assert_memory_equal(params.shop_buy.name.data, "bread", sizeof "bread");
    assert_int_equal(params.shop_buy.picture.size, 2);
    assert_memory_equal(params.shop_buy.picture.data, "\1\2", 2);
    assert_int_equal(params.shop_buy.payer, 0x77);
    assert_int_equal(params.shop_buy.friend, 0x78);
}

static void the_table_says_what_each_capability_has_to_be(void **state)
{
    const struct served_method *method = &shop_methods[SHOP_BUY];
    union served_params params = {.shop_buy = {.payer = 3, .friend = 4}};
    uint64_t found;

    (void)state;
    assert_int_equal(method->transfers, 2);
    assert_true(method->capabilities[0].interface == SHOP_INTERFACE_ID);
    assert_int_equal(method->capabilities[0].methods, 5);
    assert_true(method->capabilities[1].interface == 0); // any
    assert_int_equal(method->capabilities[1].methods, 0);
    memcpy(&found, (uint8_t *)&params + method->capabilities[0].offset, sizeof found);
    assert_int_equal(found, 3);
    memcpy(&found, (uint8_t *)&params + method->capabilities[1].offset, sizeof found);
    assert_int_equal(found, 4);
    assert_null(shop_methods[SHOP_LOOK].capabilities);
}

static bool admits(uint16_t grams, uint64_t most, uint32_t name, uint32_t picture)
{
    const union served_params params = {
        .shop_weigh = {.grams = grams,
                       .most = most,
                       .name = {(const uint8_t *)"bread", name},
                       .picture = {(const uint8_t *)"abc", picture}}};
    return shop_methods[SHOP_WEIGH].admits(&params);
}

static void a_parameter_outside_its_range_is_not_admitted(void **state)
{
    (void)state;
    assert_true(admits(2, 0, 2, 0)); // a letter and its NUL
    assert_true(admits(9, 5, UINT32_MAX, 3));
    assert_false(admits(1, 5, 2, 3));
    assert_false(admits(10, 5, 2, 3));
    assert_false(admits(2, 6, 2, 3));
    assert_false(admits(2, UINT64_MAX, 2, 3));
    assert_false(admits(2, 5, 1, 3));
    assert_false(admits(2, 5, 2, 4));
    assert_null(shop_methods[SHOP_BUY].admits);
    assert_null(shop_methods[SHOP_LOOK].admits);
}

static void a_malformed_field_is_refused(void **state)
{
    struct capnp_builder builder;
    union served_params params;
    uint32_t bytes = request_build(&builder);

    (void)state;
    assert_false(decode(bytes, builder.caps, 0, &params)); // the capability did not come
    message_words[bytes / 8 - 1] = UINT64_MAX;             // the picture's, which is no text
    assert_true(decode(bytes, builder.caps, 2, &params));
    message_words[bytes / 8 - 2] = UINT64_MAX; // "bread" without its NUL: its bytes end it
    assert_true(decode(bytes, builder.caps, 2, &params));
}

static uint32_t encode(struct plain_data receipt, uint8_t *bytes, uint64_t caps[2])
{
    union served_results results = {.shop_buy = {.tiny = -128,
                                                 .small = 1,
                                                 .count = -5,
                                                 .large = 6,
                                                 .flag = false,
                                                 .other = true,
                                                 .size = SHOP_SIZE_NARROW,
                                                 .receipt = receipt,
                                                 .thing = 0x11,
                                                 .rest = 0x22}};

    return shop_methods[SHOP_BUY].encode(&results, bytes, caps);
}

static void what_is_encoded_a_reader_reads(void **state)
{
    uint8_t bytes[MESSAGE_BYTES];
    uint64_t caps[2];
    struct capnp_message message;

    (void)state;
    memset(bytes, 0xee, sizeof bytes);
    // At an odd address, because no alignment is promised.
    uint32_t size = encode((struct plain_data){(const uint8_t *)"12345", 5}, bytes + 1, caps);
    uint32_t records = shop_methods[SHOP_BUY].received * 16;
    assert_int_equal(size + records, shop_methods[SHOP_BUY].result_bytes);
    capnp_message_init(&message, bytes + 1, size, caps, 2);
    struct shop_buy_results_reader results = shop_buy_results_read(&message);
    assert_int_equal(shop_buy_results_get_tiny(results), -128);
    assert_int_equal(shop_buy_results_get_small(results), 1);
    assert_int_equal(shop_buy_results_get_count(results), -5);
    assert_int_equal(shop_buy_results_get_large(results), 6);
    assert_false(shop_buy_results_get_flag(results));
    assert_true(shop_buy_results_get_other(results));
    assert_int_equal(shop_buy_results_get_size(results), SHOP_SIZE_NARROW);
    assert_int_equal(shop_buy_results_get_receipt(results).size, 5);
    assert_memory_equal(shop_buy_results_get_receipt(results).data, "12345", 5);
    assert_int_equal(shop_buy_results_get_thing(results).id, 0x11);
    assert_int_equal(shop_buy_results_get_rest(results).id, 0x22);
    assert_int_equal(message.error, CAPNP_OK);
    assert_int_equal(bytes[0], 0xee);
    assert_int_equal(bytes[1 + size], 0xee);
}

static void data_beyond_what_the_schema_says_is_not_encoded(void **state)
{
    uint8_t bytes[MESSAGE_BYTES];
    uint64_t caps[2];

    (void)state;
    assert_int_equal(SHOP_BUY_RECEIPT_MOST, 5);
    assert_true(encode((struct plain_data){bytes, 6}, bytes, caps) == PLAIN_TOO_LONG);
}

static void the_table_says_what_each_method_takes_and_gives(void **state)
{
    const struct served_method *look = &shop_methods[SHOP_LOOK];

    (void)state;
    assert_int_equal(shop_methods[SHOP_BUY].transfers, 2);
    assert_int_equal(shop_methods[SHOP_BUY].received, 2);
    assert_int_equal(shop_methods[SHOP_BUY].run(NULL, NULL), STATUS_OK);
    assert_null(look->decode);
    assert_null(look->encode);
    assert_int_equal(look->transfers + look->received + look->result_bytes, 0);
    assert_int_equal(look->run(NULL, NULL), STATUS_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_parameters_have_their_defaults),
        cmocka_unit_test(what_a_builder_wrote_is_decoded),
        cmocka_unit_test(the_table_says_what_each_capability_has_to_be),
        cmocka_unit_test(a_parameter_outside_its_range_is_not_admitted),
        cmocka_unit_test(a_malformed_field_is_refused),
        cmocka_unit_test(what_is_encoded_a_reader_reads),
        cmocka_unit_test(data_beyond_what_the_schema_says_is_not_encoded),
        cmocka_unit_test(the_table_says_what_each_method_takes_and_gives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

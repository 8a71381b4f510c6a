// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a message: nothing outside of it may be read, and reading must end.
//
// The first byte says how many capabilities come along and how far the message is off alignment;
// the rest, rounded down to words, is the message, copied to memory that ends where it ends. It is
// read five times: by its own pointers, trying every kind of reader on each (walk_struct), through
// the generated readers of tools/capnpc-c/test/test.capnp, and by a server that dispatches it, and
// by the plain reader, which must be as strict as the others (see_plain). All loops trust counts in
// the message: the traversal limit must hold them.

#include "lib/capnp/plain.h"
#include "tools/capnpc-c/test/other.capnp.h"
#include "tools/capnpc-c/test/test.capnp.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t caps[7] = {1, 2, 3, 4, 5, 6, 7};

// Whatever was read goes here, so that no read is left out by the compiler.
static volatile uint64_t sink;
static uint64_t steps;

static void see(uint64_t value)
{
    sink += value;
    // Beyond any number that the traversal limit of the largest message allows.
    if (++steps > UINT64_C(1) << 26) {
        abort();
    }
}

static void see_bytes(const void *bytes, uint32_t size, bool is_text)
{
    const uint8_t *at = bytes;
    for (uint32_t i = 0; i < size; i++) {
        see(at[i]);
    }
    if (is_text && at[size] != 0) {
        abort();
    }
}

static void see_text(struct capnp_text text)
{
    see_bytes(text.data, text.size, true);
}

static void see_data(struct capnp_data data)
{
    see_bytes(data.data, data.size, false);
}

static void walk_struct(struct capnp_struct_reader reader);

static void walk_list(struct capnp_list_reader list)
{
    for (uint32_t i = 0; i < list.count; i++) {
        see(capnp_list_get_bool(list, i));
        see(capnp_list_get_u8(list, i));
        see(capnp_list_get_u16(list, i));
        see(capnp_list_get_u32(list, i));
        see(capnp_list_get_u64(list, i));
        see(capnp_list_get_cap(list, i).id);
        if (list.pointer_count > 0) {
            see_text(capnp_list_get_text(list, i));
            see_data(capnp_list_get_data(list, i));
            walk_list(capnp_list_get_list(list, i, CAPNP_ELEMENT_VOID));
        }
        walk_struct(capnp_list_get_struct(list, i));
    }
}

static void walk_struct(struct capnp_struct_reader reader)
{
    // An absent struct answers every question with another absent one.
    if (reader.data == NULL) {
        return;
    }
    for (uint32_t i = 0; i <= reader.data_bytes; i++) {
        see(capnp_get_u8(reader, i, 1));
        see(capnp_get_u16(reader, i, 1));
        see(capnp_get_u32(reader, i, 1));
        see(capnp_get_u64(reader, i, 1));
        see(capnp_get_bool(reader, i * 8, true));
    }
    for (uint32_t i = 0; i <= reader.pointer_count && i <= UINT16_MAX; i++) {
        uint16_t index = (uint16_t)i;
        see(capnp_has_pointer(reader, index));
        see(capnp_get_cap(reader, index).id);
        see_text(capnp_get_text(reader, index, (struct capnp_text){"", 0}));
        see_data(capnp_get_data(reader, index, (struct capnp_data){NULL, 0}));
        walk_struct(capnp_get_struct(reader, index, NULL));
        for (int element = CAPNP_ELEMENT_VOID; element <= CAPNP_ELEMENT_STRUCT; element++) {
            walk_list(capnp_get_list(reader, index, (enum capnp_element)element, NULL));
        }
    }
}

static void see_point(struct point_reader r)
{
    see((uint64_t)point_get_x(r));
    see((uint64_t)point_get_y(r));
}

static void see_points(struct point_reader_list list)
{
    for (uint32_t i = 0; i < list.l.count; i++) {
        see_point(point_reader_at(list, i));
    }
}

static void see_tree(struct tree_reader r)
{
    see((uint64_t)tree_get_value(r));
    see_text(tree_get_label(r));
    if (tree_has_left(r)) {
        see_tree(tree_get_left(r));
    }
    if (tree_has_right(r)) {
        see_tree(tree_get_right(r));
    }
}

static void see_defaults(struct defaults_reader r)
{
    see(defaults_get_flag(r));
    see((uint64_t)defaults_get_int8(r));
    see(defaults_get_uint64(r));
    see(capnp_bits_of_f64(defaults_get_float64(r)));
    see_text(defaults_get_text(r));
    see_data(defaults_get_data(r));
    see_point(defaults_get_point(r));
    for (uint32_t i = 0; i < defaults_get_numbers(r).count; i++) {
        see(capnp_list_get_u32(defaults_get_numbers(r), i));
    }
    see_points(defaults_get_points(r));
}

static void see_lists(struct lists_reader r)
{
    walk_list(lists_get_voids(r));
    walk_list(lists_get_flags(r));
    walk_list(lists_get_int8s(r));
    walk_list(lists_get_uint16s(r));
    walk_list(lists_get_int32s(r));
    walk_list(lists_get_float64s(r));
    walk_list(lists_get_colors(r));
    walk_list(lists_get_texts(r));
    walk_list(lists_get_datas(r));
    walk_list(lists_get_nested(r));
    see_points(lists_get_points(r));
    struct tree_reader_list trees = lists_get_trees(r);
    for (uint32_t i = 0; i < trees.l.count; i++) {
        see_tree(tree_reader_at(trees, i));
    }
}

static void see_shape(struct shape_reader r)
{
    see_text(shape_get_name(r));
    switch (shape_which(r)) {
    case SHAPE_UNKNOWN:
        break;
    case SHAPE_CIRCLE:
        see(capnp_bits_of_f64(shape_get_circle_radius(r)));
        break;
    case SHAPE_SQUARE:
        see(shape_get_square(r));
        break;
    case SHAPE_LABEL:
        see_text(shape_get_label(r));
        break;
    case SHAPE_CORNER:
        see_point(shape_get_corner(r));
        break;
    case SHAPE_CORNERS:
        see_points(shape_get_corners(r));
        break;
    }
    see_text(shape_get_style_pen_stamp(r));
    see(shape_get_style_pen_dashed(r));
    see(shape_get_style_width(r));
}

static void see_all(struct all_reader r)
{
    see(scalars_get_uint64(all_get_scalars(r)));
    see(scalars_get_other_flag(all_get_scalars(r)));
    see_defaults(all_get_defaults(r));
    see_lists(all_get_lists(r));
    see_tree(all_get_tree(r));
    struct shape_reader_list shapes = all_get_shapes(r);
    for (uint32_t i = 0; i < shapes.l.count; i++) {
        see_shape(shape_reader_at(shapes, i));
    }
    struct outer_reader outer = all_get_outer(r);
    see_text(outer_inner_deeper_get_leaf(outer_inner_get_deeper(outer_get_inner(outer))));
    see_point(far_foreign_get_point(outer_get_foreign(outer)));
    see_data(all_get_data(r));
    see(all_has_empty(r));
}

static void see_wallet(struct wallet_reader r)
{
    see(wallet_get_ping(r).id);
    see(wallet_get_any(r).id);
    see(wallet_get_spare(r).id);
    walk_list(wallet_get_pings(r));
}

static bool serve_big(void *self, struct ping_big_params_reader params,
                      struct ping_big_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    struct point_reader_list items = ping_big_params_get_items(params);
    struct point_builder_list copy = ping_big_results_init_copy(results, items.l.count);
    for (uint32_t i = 0; i < copy.l.count; i++) {
        point_set_x(point_builder_at(copy, i), point_get_x(point_reader_at(items, i)));
    }
    return true;
}

static void serve(struct capnp_message *message)
{
    static const struct ping_server server = {.big = serve_big};
    static uint64_t buffer[1024];
    struct capnp_builder response;
    struct capnp_exception exception;
    capnp_builder_init(&response, buffer, sizeof(buffer));
    bool answered = ping_dispatch(&server, NULL, PING_BIG, message, &response, &exception);
    if (answered != (message->error == CAPNP_OK && response.error == CAPNP_OK)) {
        abort();
    }
}

static void must_agree(bool agree)
{
    if (!agree) {
        abort();
    }
}

// The kernel's way of reading a message of one struct.
static void see_plain(const uint8_t *bytes, uint32_t size, uint32_t cap_count)
{
    uint64_t *words = malloc(size + 1);
    struct plain_reader reader;
    struct capnp_message message;
    memcpy(words, bytes, size);
    capnp_message_init(&message, words, size, caps, cap_count);
    struct capnp_struct_reader root = capnp_message_root(&message);
    bool is_open = plain_open(&reader, words, size, caps, cap_count);
    bool is_empty = size != 0 && words[0] >> 32 == 0;    // then it may be anywhere
    bool is_flat = size == 0 || (uint32_t)words[0] == 0; // the root follows its pointer
    must_agree(size > CAPNP_MESSAGE_BYTES_MAX || is_empty ||
               is_open == (is_flat && message.error == CAPNP_OK));
    for (uint16_t i = 0; is_open && i < 4; i++) {
        struct plain_data data;
        uint64_t cap;
        message.error = CAPNP_OK;
        must_agree(plain_word(&reader, i) == capnp_get_u64(root, i * 8u, 0));
        capnp_get_data(root, i, (struct capnp_data){NULL, 0});
        must_agree(plain_data(&reader, i, &data) == (message.error == CAPNP_OK));
        message.error = CAPNP_OK;
        capnp_get_cap(root, i);
        must_agree(plain_cap(&reader, i, &cap) == (message.error == CAPNP_OK));
    }
    free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size == 0) {
        return 0;
    }
    uint32_t words = (uint32_t)(size - 1) / 8;
    uint32_t shift = input[0] >> 5;
    uint32_t cap_count = input[0] & 7;
    uint8_t *memory = malloc(words * 8 + shift + 1);
    uint8_t *bytes = memory + shift + 1;
    memcpy(bytes, input + 1, words * 8);
    for (int way = 0; way < 4; way++) {
        struct capnp_message message;
        capnp_message_init(&message, bytes, words * 8, caps, cap_count);
        steps = 0;
        if (way == 0) {
            walk_struct(capnp_message_root(&message));
        } else if (way == 1) {
            see_all(all_read(&message));
        } else if (way == 2) {
            see_wallet(wallet_read(&message));
        } else {
            serve(&message);
        }
    }
    see_plain(bytes, words * 8, cap_count);
    free(memory);
    return 0;
}

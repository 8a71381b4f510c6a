// SPDX-License-Identifier: Apache-2.0
//
// Walks through all fields of All, once building and once dumping: the part of capnp_interop.c that
// knows the schema. Included there only; uses its random values and its lines.

#ifndef TESTS_INTEROP_CAPNP_INTEROP_ALL_H
#define TESTS_INTEROP_CAPNP_INTEROP_ALL_H

static void build_point(struct point_builder b)
{
    point_set_x(b, (int32_t)say_int("x", (int32_t)any_u64()));
    point_set_y(b, (int32_t)say_int("y", (int32_t)any_u64()));
}

static void dump_point(struct point_reader r)
{
    say_int("x", point_get_x(r));
    say_int("y", point_get_y(r));
}

static void build_points(struct point_builder_list list)
{
    for (uint32_t i = 0; i < list.l.count; i++) {
        size_t before = push_index(i);
        build_point(point_builder_at(list, i));
        pop(before);
    }
}

static void dump_points(const char *name, struct point_reader_list list)
{
    say_uint(name, list.l.count);
    size_t outer = push(name);
    for (uint32_t i = 0; i < list.l.count; i++) {
        size_t before = push_index(i);
        dump_point(point_reader_at(list, i));
        pop(before);
    }
    pop(outer);
}

static void build_scalars(struct scalars_builder b)
{
    scalars_set_flag(b, say_bool("flag", below(2) != 0));
    scalars_set_int8(b, (int8_t)say_int("int8", (int8_t)any_u64()));
    scalars_set_int16(b, (int16_t)say_int("int16", (int16_t)any_u64()));
    scalars_set_int32(b, (int32_t)say_int("int32", (int32_t)any_u64()));
    scalars_set_int64(b, say_int("int64", (int64_t)any_u64()));
    scalars_set_uint8(b, (uint8_t)say_uint("uint8", (uint8_t)any_u64()));
    scalars_set_uint16(b, (uint16_t)say_uint("uint16", (uint16_t)any_u64()));
    scalars_set_uint32(b, (uint32_t)say_uint("uint32", (uint32_t)any_u64()));
    scalars_set_uint64(b, say_uint("uint64", any_u64()));
    scalars_set_float32(b, say_f32("float32", any_f32()));
    scalars_set_float64(b, say_f64("float64", any_f64()));
    scalars_set_color(b, (enum color)say_uint("color", below(4)));
    scalars_set_other_flag(b, say_bool("otherFlag", below(2) != 0));
}

static void dump_scalars(struct scalars_reader r)
{
    say_bool("flag", scalars_get_flag(r));
    say_int("int8", scalars_get_int8(r));
    say_int("int16", scalars_get_int16(r));
    say_int("int32", scalars_get_int32(r));
    say_int("int64", scalars_get_int64(r));
    say_uint("uint8", scalars_get_uint8(r));
    say_uint("uint16", scalars_get_uint16(r));
    say_uint("uint32", scalars_get_uint32(r));
    say_uint("uint64", scalars_get_uint64(r));
    say_f32("float32", scalars_get_float32(r));
    say_f64("float64", scalars_get_float64(r));
    say_uint("color", scalars_get_color(r));
    say_bool("otherFlag", scalars_get_other_flag(r));
}

static void dump_defaults(struct defaults_reader r)
{
    say_bool("flag", defaults_get_flag(r));
    say_int("int8", defaults_get_int8(r));
    say_int("int16", defaults_get_int16(r));
    say_int("int32", defaults_get_int32(r));
    say_int("int64", defaults_get_int64(r));
    say_uint("uint8", defaults_get_uint8(r));
    say_uint("uint16", defaults_get_uint16(r));
    say_uint("uint32", defaults_get_uint32(r));
    say_uint("uint64", defaults_get_uint64(r));
    say_f32("float32", defaults_get_float32(r));
    say_f64("float64", defaults_get_float64(r));
    say_uint("color", defaults_get_color(r));
    say_text("text", defaults_get_text(r));
    say_data("data", defaults_get_data(r));
    size_t before = push("point");
    dump_point(defaults_get_point(r));
    pop(before);
    struct capnp_list_reader numbers = defaults_get_numbers(r);
    say_uint("numbers", numbers.count);
    before = push("numbers");
    for (uint32_t i = 0; i < numbers.count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%" PRIu32, i);
        say_uint(name, capnp_list_get_u32(numbers, i));
    }
    pop(before);
    dump_points("points", defaults_get_points(r));
}

// Scalars always get a value; what is behind pointers stays absent half of the time, and then reads
// as the default, which is why what was built is dumped here.
static void build_defaults(struct defaults_builder b)
{
    defaults_set_flag(b, below(2) != 0);
    defaults_set_int8(b, (int8_t)any_u64());
    defaults_set_int16(b, (int16_t)any_u64());
    defaults_set_int32(b, (int32_t)any_u64());
    defaults_set_int64(b, (int64_t)any_u64());
    defaults_set_uint8(b, (uint8_t)any_u64());
    defaults_set_uint16(b, (uint16_t)any_u64());
    defaults_set_uint32(b, (uint32_t)any_u64());
    defaults_set_uint64(b, any_u64());
    defaults_set_float32(b, any_f32());
    defaults_set_float64(b, any_f64());
    defaults_set_color(b, (enum color)below(4));
    if (below(2) != 0) {
        defaults_set_text(b, any_text());
        defaults_set_data(b, any_data());
        struct point_builder point = defaults_init_point(b);
        point_set_x(point, (int32_t)any_u64());
        struct capnp_list_builder numbers = defaults_init_numbers(b, below(LIST_MAX));
        for (uint32_t i = 0; i < numbers.count; i++) {
            capnp_list_set_u32(numbers, i, (uint32_t)any_u64());
        }
        struct point_builder_list points = defaults_init_points(b, below(LIST_MAX));
        for (uint32_t i = 0; i < points.l.count; i++) {
            point_set_y(point_builder_at(points, i), (int32_t)any_u64());
        }
    }
    static struct capnp_segment segments[CAPNP_SEGMENTS_MAX];
    capnp_arena_open((struct capnp_arena *)b.s.builder, segments);
    dump_defaults(all_get_defaults(all_read(&segments[0].message)));
    if (segments[0].message.error != CAPNP_OK) {
        die(capnp_error_text(segments[0].message.error));
    }
}

static void build_tree(struct tree_builder b, uint32_t depth)
{
    tree_set_value(b, say_int("value", (int64_t)any_u64()));
    if (say_has("label", below(2) != 0)) {
        tree_set_label(b, say_text("label", any_text()));
    }
    if (say_has("left", depth < TREE_DEPTH_MAX && below(3) != 0)) {
        size_t before = push("left");
        build_tree(tree_init_left(b), depth + 1);
        pop(before);
    }
    if (say_has("right", depth < TREE_DEPTH_MAX && below(3) == 0)) {
        size_t before = push("right");
        build_tree(tree_init_right(b), depth + 1);
        pop(before);
    }
}

static void dump_tree(struct tree_reader r, uint32_t depth)
{
    say_int("value", tree_get_value(r));
    if (say_has("label", tree_has_label(r))) {
        say_text("label", tree_get_label(r));
    }
    if (say_has("left", tree_has_left(r) && depth < CAPNP_DEPTH_MAX)) {
        size_t before = push("left");
        dump_tree(tree_get_left(r), depth + 1);
        pop(before);
    }
    if (say_has("right", tree_has_right(r) && depth < CAPNP_DEPTH_MAX)) {
        size_t before = push("right");
        dump_tree(tree_get_right(r), depth + 1);
        pop(before);
    }
}

// One list: its count, then `one` for each element, named by its index.
static void each(const char *list, uint32_t count, const void *context,
                 void (*one)(const char *index, uint32_t i, const void *context))
{
    say_uint(list, count);
    size_t before = push(list);
    for (uint32_t i = 0; i < count; i++) {
        char index[16];
        snprintf(index, sizeof(index), "%" PRIu32, i);
        one(index, i, context);
    }
    pop(before);
}

#define BUILD_ONE(name, statement)                                                                 \
    static void build_one_##name(const char *index, uint32_t i, const void *context)               \
    {                                                                                              \
        struct capnp_list_builder list = *(const struct capnp_list_builder *)context;              \
        statement;                                                                                 \
    }

#define DUMP_ONE(name, statement)                                                                  \
    static void dump_one_##name(const char *index, uint32_t i, const void *context)                \
    {                                                                                              \
        struct capnp_list_reader list = *(const struct capnp_list_reader *)context;                \
        statement;                                                                                 \
    }

BUILD_ONE(flag, capnp_list_set_bool(list, i, say_bool(index, below(2) != 0)))
BUILD_ONE(int8, capnp_list_set_u8(list, i, (uint8_t)say_int(index, (int8_t)any_u64())))
BUILD_ONE(uint16, capnp_list_set_u16(list, i, (uint16_t)say_uint(index, (uint16_t)any_u64())))
BUILD_ONE(int32, capnp_list_set_u32(list, i, (uint32_t)say_int(index, (int32_t)any_u64())))
BUILD_ONE(uint64, capnp_list_set_u64(list, i, say_uint(index, any_u64())))
BUILD_ONE(float32, capnp_list_set_u32(list, i, capnp_bits_of_f32(say_f32(index, any_f32()))))
BUILD_ONE(float64, capnp_list_set_u64(list, i, capnp_bits_of_f64(say_f64(index, any_f64()))))
BUILD_ONE(color, capnp_list_set_u16(list, i, (uint16_t)say_uint(index, below(4))))
BUILD_ONE(text, capnp_list_set_text(list, i, say_text(index, any_text())))
BUILD_ONE(data, capnp_list_set_data(list, i, say_data(index, any_data())))
BUILD_ONE(byte, capnp_list_set_u8(list, i, (uint8_t)say_uint(index, below(256))))
DUMP_ONE(flag, say_bool(index, capnp_list_get_bool(list, i)))
DUMP_ONE(int8, say_int(index, (int8_t)capnp_list_get_u8(list, i)))
DUMP_ONE(uint16, say_uint(index, capnp_list_get_u16(list, i)))
DUMP_ONE(int32, say_int(index, (int32_t)capnp_list_get_u32(list, i)))
DUMP_ONE(uint64, say_uint(index, capnp_list_get_u64(list, i)))
DUMP_ONE(float32, say_f32(index, capnp_f32_of(capnp_list_get_u32(list, i))))
DUMP_ONE(float64, say_f64(index, capnp_f64_of(capnp_list_get_u64(list, i))))
DUMP_ONE(text, say_text(index, capnp_list_get_text(list, i)))
DUMP_ONE(data, say_data(index, capnp_list_get_data(list, i)))
DUMP_ONE(byte, say_uint(index, capnp_list_get_u8(list, i)))

static void build_one_nested(const char *index, uint32_t i, const void *context)
{
    const struct capnp_list_builder *list = context;
    struct capnp_list_builder inner =
        capnp_list_init_list(*list, i, CAPNP_ELEMENT_BYTE, below(LIST_MAX));
    each(index, inner.count, &inner, build_one_byte);
}

static void dump_one_nested(const char *index, uint32_t i, const void *context)
{
    const struct capnp_list_reader *list = context;
    struct capnp_list_reader inner = capnp_list_get_list(*list, i, CAPNP_ELEMENT_BYTE);
    each(index, inner.count, &inner, dump_one_byte);
}

#define BUILD_LIST(field, one)                                                                     \
    if (say_has(#field, below(4) != 0)) {                                                          \
        struct capnp_list_builder list = lists_init_##field(b, below(LIST_MAX));                   \
        each(#field, list.count, &list, build_one_##one);                                          \
    }

#define DUMP_LIST(field, one)                                                                      \
    if (say_has(#field, lists_has_##field(r))) {                                                   \
        struct capnp_list_reader list = lists_get_##field(r);                                      \
        each(#field, list.count, &list, dump_one_##one);                                           \
    }

static void build_lists(struct lists_builder b)
{
    if (say_has("voids", below(2) != 0)) {
        say_uint("voids", lists_init_voids(b, below(LIST_MAX)).count);
    }
    BUILD_LIST(flags, flag)
    BUILD_LIST(int8s, int8)
    BUILD_LIST(uint16s, uint16)
    BUILD_LIST(int32s, int32)
    BUILD_LIST(uint64s, uint64)
    BUILD_LIST(float32s, float32)
    BUILD_LIST(float64s, float64)
    BUILD_LIST(colors, color)
    BUILD_LIST(texts, text)
    BUILD_LIST(datas, data)
    if (say_has("points", below(2) != 0)) {
        struct point_builder_list points = lists_init_points(b, below(LIST_MAX));
        say_uint("points", points.l.count);
        size_t before = push("points");
        build_points(points);
        pop(before);
    }
    BUILD_LIST(nested, nested)
    if (say_has("trees", below(2) != 0)) {
        struct tree_builder_list trees = lists_init_trees(b, below(3));
        say_uint("trees", trees.l.count);
        for (uint32_t i = 0; i < trees.l.count; i++) {
            size_t before = push("trees");
            push_index(i);
            build_tree(tree_builder_at(trees, i), 2);
            pop(before);
        }
    }
    BUILD_LIST(bytes, byte)
}

static void dump_lists(struct lists_reader r)
{
    if (say_has("voids", lists_has_voids(r))) {
        say_uint("voids", lists_get_voids(r).count);
    }
    DUMP_LIST(flags, flag)
    DUMP_LIST(int8s, int8)
    DUMP_LIST(uint16s, uint16)
    DUMP_LIST(int32s, int32)
    DUMP_LIST(uint64s, uint64)
    DUMP_LIST(float32s, float32)
    DUMP_LIST(float64s, float64)
    DUMP_LIST(colors, uint16)
    DUMP_LIST(texts, text)
    DUMP_LIST(datas, data)
    if (say_has("points", lists_has_points(r))) {
        dump_points("points", lists_get_points(r));
    }
    DUMP_LIST(nested, nested)
    if (say_has("trees", lists_has_trees(r))) {
        struct tree_reader_list trees = lists_get_trees(r);
        say_uint("trees", trees.l.count);
        for (uint32_t i = 0; i < trees.l.count; i++) {
            size_t before = push("trees");
            push_index(i);
            dump_tree(tree_reader_at(trees, i), 0);
            pop(before);
        }
    }
    DUMP_LIST(bytes, byte)
}

static void build_shape(struct shape_builder b)
{
    size_t before = path_size;
    shape_set_name(b, say_text("name", any_text()));
    switch ((enum shape_which)say_uint("which", below(6))) {
    case SHAPE_UNKNOWN:
        shape_set_unknown(b);
        break;
    case SHAPE_CIRCLE:
        shape_set_circle_radius(b, say_f64("circle.radius", any_f64()));
        shape_set_circle_filled(b, say_bool("circle.filled", below(2) != 0));
        break;
    case SHAPE_SQUARE:
        shape_set_square(b, (uint32_t)say_uint("square", (uint32_t)any_u64()));
        break;
    case SHAPE_LABEL:
        shape_set_label(b, say_text("label", any_text()));
        break;
    case SHAPE_CORNER:
        push("corner");
        build_point(shape_init_corner(b));
        break;
    case SHAPE_CORNERS: {
        struct point_builder_list corners = shape_init_corners(b, below(LIST_MAX));
        say_uint("corners", corners.l.count);
        push("corners");
        build_points(corners);
        break;
    }
    }
    pop(before);
    push("style");
    shape_set_style_color(b, (enum color)say_uint("color", below(4)));
    shape_set_style_width(b, (uint16_t)say_uint("width", (uint16_t)any_u64()));
    switch ((enum shape_style_pen_which)say_uint("pen.which", below(3))) {
    case SHAPE_STYLE_PEN_SOLID:
        shape_set_style_pen_solid(b);
        break;
    case SHAPE_STYLE_PEN_DASHED:
        shape_set_style_pen_dashed(b, (uint8_t)say_uint("pen.dashed", (uint8_t)any_u64()));
        break;
    case SHAPE_STYLE_PEN_STAMP:
        shape_set_style_pen_stamp(b, say_text("pen.stamp", any_text()));
        break;
    }
    pop(before);
}

static void dump_shape(struct shape_reader r)
{
    size_t before = path_size;
    say_text("name", shape_get_name(r));
    switch ((enum shape_which)say_uint("which", shape_which(r))) {
    case SHAPE_UNKNOWN:
        break;
    case SHAPE_CIRCLE:
        say_f64("circle.radius", shape_get_circle_radius(r));
        say_bool("circle.filled", shape_get_circle_filled(r));
        break;
    case SHAPE_SQUARE:
        say_uint("square", shape_get_square(r));
        break;
    case SHAPE_LABEL:
        say_text("label", shape_get_label(r));
        break;
    case SHAPE_CORNER:
        push("corner");
        dump_point(shape_get_corner(r));
        break;
    case SHAPE_CORNERS:
        dump_points("corners", shape_get_corners(r));
        break;
    }
    pop(before);
    push("style");
    say_uint("color", shape_get_style_color(r));
    say_uint("width", shape_get_style_width(r));
    switch ((enum shape_style_pen_which)say_uint("pen.which", shape_style_pen_which(r))) {
    case SHAPE_STYLE_PEN_SOLID:
        break;
    case SHAPE_STYLE_PEN_DASHED:
        say_uint("pen.dashed", shape_get_style_pen_dashed(r));
        break;
    case SHAPE_STYLE_PEN_STAMP:
        say_text("pen.stamp", shape_get_style_pen_stamp(r));
        break;
    }
    pop(before);
}

static void build_outer(struct outer_builder b)
{
    size_t before = path_size;
    outer_set_kind(b, (enum outer_kind)say_uint("kind", below(2)));
    outer_set_foreign_kind(b, (enum far_foreign_kind)say_uint("foreignKind", below(2)));
    if (say_has("inner", below(2) != 0)) {
        push("inner");
        struct outer_inner_builder inner = outer_init_inner(b);
        outer_inner_set_depth(inner, (uint8_t)say_uint("depth", (uint8_t)any_u64()));
        if (say_has("deeper", below(2) != 0)) {
            struct outer_inner_deeper_builder deeper = outer_inner_init_deeper(inner);
            outer_inner_deeper_set_leaf(deeper, say_text("deeper.leaf", any_text()));
        }
        pop(before);
    }
    if (say_has("foreign", below(2) != 0)) {
        push("foreign");
        struct far_foreign_builder foreign = outer_init_foreign(b);
        far_foreign_set_kind(foreign, (enum far_foreign_kind)say_uint("kind", below(2)));
        push("point");
        build_point(far_foreign_init_point(foreign));
        pop(before);
    }
}

static void dump_outer(struct outer_reader r)
{
    size_t before = path_size;
    say_uint("kind", outer_get_kind(r));
    say_uint("foreignKind", outer_get_foreign_kind(r));
    if (say_has("inner", outer_has_inner(r))) {
        push("inner");
        struct outer_inner_reader inner = outer_get_inner(r);
        say_uint("depth", outer_inner_get_depth(inner));
        if (say_has("deeper", outer_inner_has_deeper(inner))) {
            say_text("deeper.leaf", outer_inner_deeper_get_leaf(outer_inner_get_deeper(inner)));
        }
        pop(before);
    }
    if (say_has("foreign", outer_has_foreign(r))) {
        push("foreign");
        struct far_foreign_reader foreign = outer_get_foreign(r);
        say_uint("kind", far_foreign_get_kind(foreign));
        push("point");
        dump_point(far_foreign_get_point(foreign));
        pop(before);
    }
}

static void build_all(struct all_builder b)
{
    push("scalars");
    build_scalars(all_init_scalars(b));
    pop(0);
    push("defaults");
    build_defaults(all_init_defaults(b));
    pop(0);
    push("lists");
    build_lists(all_init_lists(b));
    pop(0);
    push("tree");
    build_tree(all_init_tree(b), 0);
    pop(0);
    struct shape_builder_list shapes = all_init_shapes(b, below(4));
    say_uint("shapes", shapes.l.count);
    for (uint32_t i = 0; i < shapes.l.count; i++) {
        push("shapes");
        push_index(i);
        build_shape(shape_builder_at(shapes, i));
        pop(0);
    }
    push("outer");
    build_outer(all_init_outer(b));
    pop(0);
    all_set_data(b, say_data("data", any_data()));
    if (say_has("empty", below(2) != 0)) {
        all_init_empty(b);
    }
}

static void dump_all(struct all_reader r)
{
    push("scalars");
    dump_scalars(all_get_scalars(r));
    pop(0);
    push("defaults");
    dump_defaults(all_get_defaults(r));
    pop(0);
    push("lists");
    dump_lists(all_get_lists(r));
    pop(0);
    push("tree");
    dump_tree(all_get_tree(r), 0);
    pop(0);
    struct shape_reader_list shapes = all_get_shapes(r);
    say_uint("shapes", shapes.l.count);
    for (uint32_t i = 0; i < shapes.l.count; i++) {
        push("shapes");
        push_index(i);
        dump_shape(shape_reader_at(shapes, i));
        pop(0);
    }
    push("outer");
    dump_outer(all_get_outer(r));
    pop(0);
    say_data("data", all_get_data(r));
    say_has("empty", all_has_empty(r));
}

#endif

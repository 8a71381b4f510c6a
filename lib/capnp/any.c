// SPDX-License-Identifier: Apache-2.0
//
// Pointers of open type (any.h): structs of one pointer, made around the pointer where it lies.

#include "lib/capnp/any.h"

struct capnp_any_reader capnp_get_any(struct capnp_struct_reader reader, uint16_t index)
{
    struct capnp_struct_reader around = {reader.message, NULL, 0, 0, 0};
    if (capnp_has_pointer(reader, index)) {
        around.data = reader.data + reader.data_bytes + (uint32_t)index * CAPNP_WORD_BYTES;
        around.pointer_count = 1;
        around.depth = reader.depth;
    }
    return (struct capnp_any_reader){around};
}

struct capnp_any_reader capnp_list_get_any(struct capnp_list_reader list, uint32_t index)
{
    return capnp_get_any(capnp_list_get_struct(list, index), 0);
}

struct capnp_any_reader capnp_message_root_any(struct capnp_message *message)
{
    struct capnp_struct_reader around = {message, message->bytes, 0, 1, CAPNP_DEPTH_MAX};
    if (message->size == 0) {
        around.pointer_count = 0;
    }
    return capnp_get_any(around, 0);
}

enum capnp_any_kind capnp_any_kind(struct capnp_any_reader any)
{
    static const enum capnp_any_kind kinds[] = {
        [CAPNP_KIND_STRUCT] = CAPNP_ANY_STRUCT,
        [CAPNP_KIND_LIST] = CAPNP_ANY_LIST,
        [CAPNP_KIND_FAR] = CAPNP_ANY_ABSENT,
        [CAPNP_KIND_OTHER] = CAPNP_ANY_CAP,
    };
    struct capnp_pointer pointer;
    if (any.s.pointer_count == 0 || !capnp_pointer_follow(&pointer, any.s.message, any.s.data)) {
        return CAPNP_ANY_ABSENT;
    }
    return kinds[pointer.word & 3];
}

struct capnp_any_builder capnp_build_any(struct capnp_struct_builder target, uint16_t index)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    return (struct capnp_any_builder){{target.builder, slot, 0, slot == NULL ? 0 : 1}};
}

struct capnp_any_builder capnp_list_build_any(struct capnp_list_builder list, uint32_t index)
{
    return capnp_build_any(capnp_list_init_struct(list, index), 0);
}

struct capnp_any_builder capnp_builder_root_any(struct capnp_builder *builder)
{
    struct capnp_struct_builder root = capnp_builder_root(builder, 0, 0);
    if (root.data != NULL) {
        root.data -= CAPNP_WORD_BYTES;
        root.pointer_count = 1;
        capnp_store_u64(root.data, 0);
    }
    return (struct capnp_any_builder){root};
}

void capnp_any_set(struct capnp_any_builder any, struct capnp_any_reader source)
{
    uint8_t *slot = capnp_builder_slot(any.s, 0);
    if (slot == NULL) {
        return;
    }
    capnp_store_u64(slot, 0);
    if (source.s.pointer_count > 0) {
        capnp_pointer_copy(any.s.builder, slot, source.s.message, source.s.data, source.s.depth);
    }
}

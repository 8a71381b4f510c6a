// SPDX-License-Identifier: Apache-2.0
//
// Deep copies (copy.h). pointer_copy tells the kinds of pointers apart and steps down through
// struct_copy and list_copy; readers do all the checking.

#include "lib/capnp/copy.h"

enum { KIND_STRUCT = 0, KIND_LIST = 1 };

void capnp_struct_copy(struct capnp_struct_builder target, struct capnp_struct_reader source)
{
    uint32_t bytes = source.data_bytes < target.data_bytes ? source.data_bytes : target.data_bytes;
    if (bytes > 0) {
        __builtin_memcpy(target.data, source.data, bytes);
    }
    for (uint32_t i = bytes; i < source.data_bytes; i++) {
        if (source.data[i] != 0) {
            capnp_builder_fail(target.builder, CAPNP_BUILDER_OTHER_FIELD);
            return;
        }
    }
    for (uint32_t i = 0; i < source.pointer_count; i++) {
        const uint8_t *at = source.data + source.data_bytes + (size_t)i * CAPNP_WORD_BYTES;
        if (capnp_load_u64(at) == 0) {
            continue;
        }
        uint8_t *slot = capnp_builder_slot(target, (uint16_t)i);
        if (slot == NULL) {
            return;
        }
        capnp_pointer_copy(target.builder, slot, source.message, at, source.depth);
    }
}

static void list_copy(struct capnp_builder *builder, uint8_t *slot, struct capnp_list_reader source)
{
    struct capnp_struct_builder around = {builder, slot, 0, 1};
    if (source.element == CAPNP_ELEMENT_STRUCT) {
        struct capnp_list_builder target = capnp_init_struct_list(
            around, 0, source.count, (uint16_t)(source.data_bytes / CAPNP_WORD_BYTES),
            source.pointer_count);
        for (uint32_t i = 0; i < target.count; i++) {
            capnp_struct_copy(capnp_list_init_struct(target, i), capnp_list_get_struct(source, i));
        }
        return;
    }
    struct capnp_list_builder target =
        capnp_init_list(around, 0, (enum capnp_element)source.element, source.count);
    if (target.data == NULL) {
        return;
    }
    if (source.element == CAPNP_ELEMENT_POINTER) {
        for (uint32_t i = 0; i < target.count; i++) {
            size_t at = (size_t)i * CAPNP_WORD_BYTES;
            capnp_pointer_copy(builder, target.data + at, source.message, source.data + at,
                               source.depth);
        }
        return;
    }
    size_t bytes =
        source.is_bits ? ((size_t)source.count + 7) / 8 : (size_t)source.count * source.data_bytes;
    __builtin_memcpy(target.data, source.data, bytes);
}

void capnp_pointer_copy(struct capnp_builder *builder, uint8_t *slot, struct capnp_message *message,
                        const uint8_t *at, uint16_t depth)
{
    uint64_t pointer = capnp_load_u64(at);
    if (pointer == 0) {
        return;
    }
    if ((pointer & 3) == KIND_STRUCT) {
        struct capnp_struct_reader source = capnp_struct_at(message, at, depth);
        struct capnp_struct_builder around = {builder, slot, 0, 1};
        if (source.data != NULL) {
            capnp_struct_copy(capnp_init_struct(around, 0,
                                                (uint16_t)(source.data_bytes / CAPNP_WORD_BYTES),
                                                source.pointer_count),
                              source);
        }
    } else if ((pointer & 3) == KIND_LIST) {
        struct capnp_list_reader source = capnp_list_at(message, at, depth, CAPNP_ELEMENT_VOID);
        if (source.data != NULL) {
            list_copy(builder, slot, source);
        }
    } else {
        capnp_cap_put(builder, slot, capnp_cap_at(message, at));
    }
}

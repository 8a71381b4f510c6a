// SPDX-License-Identifier: Apache-2.0
//
// Pointers of messages of one struct (plain.h). A pointer word: kind in bits 0 to 1 (0 struct,
// 1 list, 2 far, 3 other), signed offset in words from its own end in bits 2 to 31, sizes above.
#include <string.h>

#include "lib/capnp/plain.h"

enum { KIND_MASK = 3, KIND_STRUCT = 0, KIND_LIST = 1, KIND_CAP = 3, ELEMENT_BYTE = 2 };

bool plain_open(struct plain_reader *reader, const uint64_t *words, uint32_t bytes,
                const uint64_t *caps, uint32_t cap_count)
{
    *reader = (struct plain_reader){words, bytes / PLAIN_WORD_BYTES, cap_count, caps, 0, 0};
    if (bytes % PLAIN_WORD_BYTES != 0 || bytes == 0) {
        return bytes == 0;
    }
    reader->data_words = (uint16_t)(words[0] >> 32);
    reader->pointer_words = (uint16_t)(words[0] >> 48);
    uint32_t size = (uint32_t)reader->data_words + reader->pointer_words;
    return size < reader->count && (words[0] & KIND_MASK) == KIND_STRUCT &&
           (size == 0 || (uint32_t)words[0] == KIND_STRUCT);
}

bool plain_data(const struct plain_reader *reader, uint32_t index, struct plain_data *data)
{
    *data = (struct plain_data){NULL, 0};
    uint64_t pointer = plain_pointer(reader, index);
    if (pointer == 0) {
        return true;
    }
    uint32_t size = (uint32_t)(pointer >> 35);
    int64_t first = (int64_t)reader->data_words + index + 2 + ((int32_t)(uint32_t)pointer >> 2);
    uint64_t words = ((uint64_t)size + 7) / PLAIN_WORD_BYTES;
    if ((pointer & KIND_MASK) != KIND_LIST || (pointer >> 32 & 7) != ELEMENT_BYTE || first < 0 ||
        (uint64_t)first + words > reader->count) {
        return false;
    }
    *data = (struct plain_data){(const uint8_t *)(reader->words + first), size};
    return true;
}

bool plain_cap(const struct plain_reader *reader, uint32_t index, uint64_t *cap)
{
    uint64_t pointer = plain_pointer(reader, index);
    uint32_t ordinal = (uint32_t)(pointer >> 32);
    bool has = (uint32_t)pointer == KIND_CAP && ordinal < reader->cap_count;
    *cap = has ? reader->caps[ordinal] : 0;
    return has || pointer == 0;
}

uint32_t plain_put_data(uint8_t *bytes, uint32_t index, uint32_t size, struct plain_data data,
                        uint32_t most)
{
    uint32_t padding = -data.size % PLAIN_WORD_BYTES;
    uint32_t offset = size / PLAIN_WORD_BYTES - index - 1;
    plain_put(bytes, index, 0);
    if (data.data == NULL || data.size > most) {
        return data.data == NULL ? size : PLAIN_TOO_LONG;
    }
    plain_put(bytes, index,
              (uint64_t)(data.size << 3 | ELEMENT_BYTE) << 32 | offset << 2 | KIND_LIST);
    memcpy(bytes + size, data.data, data.size);
    memset(bytes + size + data.size, 0, padding);
    return size + data.size + padding;
}

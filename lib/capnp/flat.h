// SPDX-License-Identifier: Apache-2.0
//
// Cap'n Proto messages of one struct: open one, read its fields; build one, set its fields.
//
// This is the part that a kernel needs and all that the hot path touches. A message is one segment
// without stream framing, at most 64 KiB, at any alignment; capabilities are ordinals into a list
// that travels beside it. Nested structs and lists are in tree.h, built on what is here; messages
// of several segments are in segment.h (reading) and arena.h (building).
//
// Reading: capnp_message_init, capnp_message_root, then getters with the offsets that the schema
// gives (generated code calls them). Getters take the reader by value and answer the default
// whenever the field is absent or malformed; the first thing that was wrong stays in
// message->error, which the caller checks once, after the last read.
// Building: capnp_builder_init over the caller's buffer, capnp_builder_root, setters; the first
// thing that went wrong stays in builder->error. A builder that failed ignores what follows.
//
// Invariants: no byte outside bytes[0..size) is read, none outside the buffer is written; a reader
// or builder of a failed lookup is empty (no data, no pointers), so it is always safe to use.
// Bytes under a reader must not change while it is read.
//
// Format: the Cap'n Proto encoding specification (capnproto.org/encoding.html), sections "Structs",
// "Lists" and "Capabilities (Interfaces)".

#ifndef LIB_CAPNP_FLAT_H
#define LIB_CAPNP_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "fields are loaded as they lie");

enum {
    CAPNP_WORD_BYTES = 8,
    CAPNP_MESSAGE_BYTES_MAX = 64 * 1024,
    CAPNP_DEPTH_MAX = 64, // pointers that may be followed one below the other, the root's included
    CAPNP_CAPS_MAX = 16,
    // A message may be traversed this many times over (plus a fixed part for the small ones)
    // before reading stops: overlapping pointers must not turn a small message into long work.
    CAPNP_TRAVERSAL_TIMES = 64,
    CAPNP_TRAVERSAL_WORDS_MIN = 4096
};

enum capnp_error {
    CAPNP_OK,
    CAPNP_MESSAGE_TOO_LARGE,
    CAPNP_MESSAGE_NOT_WORDS,
    CAPNP_POINTER_OUT_OF_BOUNDS,
    CAPNP_POINTER_FAR,
    CAPNP_POINTER_FAR_MALFORMED,
    CAPNP_POINTER_SEGMENT_UNKNOWN,
    CAPNP_POINTER_OTHER_KIND,
    CAPNP_POINTER_RESERVED_BITS,
    CAPNP_LIST_OTHER_ELEMENTS,
    CAPNP_LIST_TAG_NOT_STRUCT,
    CAPNP_LIST_TAG_TOO_LONG,
    CAPNP_LIST_INDEX_OUT_OF_RANGE,
    CAPNP_TEXT_NOT_TERMINATED,
    CAPNP_DEPTH_EXCEEDED,
    CAPNP_TRAVERSAL_EXCEEDED,
    CAPNP_CAP_ORDINAL_OUT_OF_RANGE,
    CAPNP_BUILDER_FULL,
    CAPNP_BUILDER_LIST_TOO_LONG,
    CAPNP_BUILDER_CAPS_FULL,
    CAPNP_BUILDER_CAP_SET_TWICE,
    CAPNP_BUILDER_OTHER_FIELD,
    CAPNP_CANONICAL_CAPABILITY,
    CAPNP_FRAME_CUT,
    CAPNP_FRAME_TOO_MANY_SEGMENTS,
    CAPNP_FRAME_TOO_LARGE,
    CAPNP_PACKED_CUT,
    CAPNP_PACKED_RUN_TOO_LONG,
    CAPNP_ERROR_COUNT
};

// A sentence for each error, without a full stop. In error.c, which a kernel may leave out.
const char *capnp_error_text(enum capnp_error error);

struct capnp_text {
    const char *data; // size bytes and, where it comes from a message, a NUL after them
    uint32_t size;    // without the NUL
};

struct capnp_data {
    const uint8_t *data;
    uint32_t size;
};

// A capability of unknown interface (the builtin type `Capability`); 0 is none.
struct capnp_cap {
    uint64_t id;
};

struct capnp_message {
    // Set by whoever opens the message.
    const uint8_t *bytes;
    const uint64_t *caps;
    uint32_t cap_count;
    uint32_t size;     // bytes, a whole number of words
    bool is_constant;  // generated and trusted: neither counted nor ever written to
    bool is_segmented; // part of a struct capnp_segment
    // Written while reading.
    uint32_t traversal_words; // how many more may be visited
    enum capnp_error error;   // the first one
};

// Pointers follow the data at once. No alignment is promised for either.
struct capnp_struct_reader {
    struct capnp_message *message;
    const uint8_t *data;
    uint32_t data_bytes;
    uint16_t pointer_count;
    uint16_t depth; // how many more pointers may be followed below this struct
};

struct capnp_builder {
    uint8_t *bytes;
    uint32_t capacity; // bytes, a whole number of words
    uint32_t used;     // bytes, a whole number of words
    enum capnp_error error;
    uint16_t cap_count;
    bool is_arena;                 // part of a struct capnp_arena, which has the buffers
    uint64_t caps[CAPNP_CAPS_MAX]; // in the order in which they were set; only cap_count are valid
};

struct capnp_struct_builder {
    struct capnp_builder *builder;
    uint8_t *data;
    uint32_t data_bytes;
    uint16_t pointer_count;
};

// ---- reading ----

// Empties a message of more than 64 KiB or not of whole words, and keeps why.
__attribute__((cold, noinline)) void capnp_message_check(struct capnp_message *message);

// size above 64 KiB or not in whole words is an error kept in the message, like all others.
// bytes and caps may be NULL where their size is 0.
static inline void capnp_message_init(struct capnp_message *message, const void *bytes,
                                      uint32_t size, const uint64_t *caps, uint32_t cap_count)
{
    message->bytes = (const uint8_t *)bytes;
    message->caps = caps;
    message->size = size;
    message->cap_count = cap_count;
    message->is_constant = false;
    message->is_segmented = false;
    message->traversal_words =
        size / CAPNP_WORD_BYTES * CAPNP_TRAVERSAL_TIMES + CAPNP_TRAVERSAL_WORDS_MIN;
    message->error = CAPNP_OK;
    if ((size & ~(uint32_t)(CAPNP_MESSAGE_BYTES_MAX - CAPNP_WORD_BYTES)) != 0) {
        capnp_message_check(message); // not whole words below the limit
    }
}

bool capnp_has_pointer(struct capnp_struct_reader reader, uint16_t index);
struct capnp_text capnp_get_text(struct capnp_struct_reader reader, uint16_t index,
                                 struct capnp_text absent);
struct capnp_data capnp_get_data(struct capnp_struct_reader reader, uint16_t index,
                                 struct capnp_data absent);
struct capnp_cap capnp_get_cap(struct capnp_struct_reader reader, uint16_t index);

// ---- building ----

static inline void capnp_builder_init(struct capnp_builder *builder, void *buffer,
                                      uint32_t capacity)
{
    builder->bytes = buffer;
    builder->capacity = capacity & ~(uint32_t)(CAPNP_WORD_BYTES - 1);
    builder->used = 0;
    builder->error = CAPNP_OK;
    builder->cap_count = 0;
    builder->is_arena = false;
}

// Bytes of the message so far.
static inline uint32_t capnp_builder_size(const struct capnp_builder *builder)
{
    return builder->used;
}

// A capability field is set once; id 0 leaves it absent.
void capnp_set_cap(struct capnp_struct_builder target, uint16_t index, struct capnp_cap cap);

// ---- what the rest of the library builds on ----

// Kinds of pointers, and of lists those of bytes and of structs, as the encoding numbers them.
enum {
    CAPNP_KIND_STRUCT,
    CAPNP_KIND_LIST,
    CAPNP_KIND_FAR,
    CAPNP_KIND_OTHER,
};

void capnp_message_fail(struct capnp_message *message, enum capnp_error error);
void capnp_builder_fail(struct capnp_builder *builder, enum capnp_error error);

// Visiting `words` more; false when that exceeds the limit.
bool capnp_message_charge(struct capnp_message *message, uint64_t words);

// A pointer that is no far pointer, in the segment that it leads into.
struct capnp_pointer {
    struct capnp_message *message;
    const uint8_t *from; // what its offset counts from
    uint64_t word;
};

// Where pointer `index` is, or NULL if the struct is of a version without it.
static inline const uint8_t *capnp_reader_slot(struct capnp_struct_reader reader, uint32_t index)
{
    return index < reader.pointer_count
               ? reader.data + reader.data_bytes + (size_t)index * CAPNP_WORD_BYTES
               : NULL;
}

// The pointer at `at` (NULL: none); false if it is null. Far pointers are followed, where the
// message has segments; one that leads nowhere is an error, and null.
bool capnp_pointer_follow(struct capnp_pointer *pointer, struct capnp_message *message,
                          const uint8_t *at);

// The same; false, too, if it is not of this kind (an error).
__attribute__((noinline)) bool capnp_pointer_load(struct capnp_pointer *pointer,
                                                  struct capnp_message *message, const uint8_t *at,
                                                  uint32_t kind);

// What the pointer leads to, if `words` from there are inside; else NULL with the error noted.
const uint8_t *capnp_pointer_target(const struct capnp_pointer *pointer, uint64_t words);

// The struct that the pointer at `at` points to. depth: what is left for this pointer.
struct capnp_struct_reader capnp_struct_at(struct capnp_message *message, const uint8_t *at,
                                           uint16_t depth);

// Text, data and capability behind the pointer word at `at` (may be NULL), for fields and list
// elements alike. An absent text or data has data == NULL. Texts and data are put where there is a
// slot.
struct capnp_text capnp_text_at(struct capnp_message *message, const uint8_t *at);
struct capnp_data capnp_data_at(struct capnp_message *message, const uint8_t *at);
struct capnp_cap capnp_cap_at(struct capnp_message *message, const uint8_t *at);
void capnp_text_put(struct capnp_builder *builder, uint8_t *slot, struct capnp_text text);
void capnp_data_put(struct capnp_builder *builder, uint8_t *slot, struct capnp_data data);
void capnp_cap_put(struct capnp_builder *builder, uint8_t *slot, struct capnp_cap cap);

static inline uint64_t capnp_load_u64(const uint8_t *at)
{
    uint64_t value;
    __builtin_memcpy(&value, at, sizeof(value));
    return value;
}

static inline void capnp_store_u64(uint8_t *at, uint64_t value)
{
    __builtin_memcpy(at, &value, sizeof(value));
}

// An empty message and a null root read as a struct of defaults. The common root, whose struct
// follows at once, is opened here, and visiting it is not counted: a message can't make its reader
// open the root again.
static inline struct capnp_struct_reader capnp_message_root(struct capnp_message *message)
{
    if (message->size == 0) {
        return (struct capnp_struct_reader){message, NULL, 0, 0, 0};
    }
    uint64_t pointer = capnp_load_u64(message->bytes);
    uint16_t pointer_count = (uint16_t)(pointer >> 48);
    uint32_t data_bytes = (uint32_t)(uint16_t)(pointer >> 32) * CAPNP_WORD_BYTES;
    uint32_t bytes = CAPNP_WORD_BYTES + data_bytes + (uint32_t)pointer_count * CAPNP_WORD_BYTES;
    // A null pointer is among them: it reads as a struct without fields.
    if ((uint32_t)pointer != 0 || bytes > message->size) {
        return capnp_struct_at(message, message->bytes, CAPNP_DEPTH_MAX);
    }
    return (struct capnp_struct_reader){message, message->bytes + CAPNP_WORD_BYTES, data_bytes,
                                        pointer_count, CAPNP_DEPTH_MAX - 1};
}

// The pointer word for a target `words` after the end of the pointer, with the upper half given.
static inline uint64_t capnp_pointer_word(int64_t words, uint32_t kind, uint32_t upper)
{
    return ((uint64_t)upper << 32) | (uint32_t)((uint64_t)words << 2) | kind;
}

static inline uint64_t capnp_struct_pointer_word(int64_t words, uint16_t data_words,
                                                 uint16_t pointer_words)
{
    return capnp_pointer_word(words, 0, data_words | ((uint32_t)pointer_words << 16));
}

// The shape, with the offset of `target` in the same buffer.
static inline uint64_t capnp_pointer_near(const uint8_t *slot, const uint8_t *target,
                                          uint64_t shape)
{
    // Words from bit 2 on are bytes from one bit below bit 0 on.
    return shape | (uint32_t)((uint64_t)(target - slot - CAPNP_WORD_BYTES) >> 1);
}

// The slot of pointer `index`, or NULL with the error noted.
static inline uint8_t *capnp_builder_slot(struct capnp_struct_builder target, uint16_t index)
{
    if (index >= target.pointer_count) {
        capnp_builder_fail(target.builder, CAPNP_BUILDER_OTHER_FIELD);
        return NULL;
    }
    return target.data + target.data_bytes + (uint32_t)index * CAPNP_WORD_BYTES;
}

// Text and data whose `data` is NULL leave the field absent.
static inline void capnp_set_text(struct capnp_struct_builder target, uint16_t index,
                                  struct capnp_text text)
{
    capnp_text_put(target.builder, capnp_builder_slot(target, index), text);
}

static inline void capnp_set_data(struct capnp_struct_builder target, uint16_t index,
                                  struct capnp_data data)
{
    capnp_data_put(target.builder, capnp_builder_slot(target, index), data);
}

// `words` words at the end of the message, and the pointer at `slot` to them with the shape given
// (a pointer word without its offset). They hold whatever the buffer held. NULL when there is no
// room.
__attribute__((noinline)) uint8_t *capnp_builder_place(struct capnp_builder *builder, uint8_t *slot,
                                                       uint64_t words, uint64_t shape);

// The same where the buffer has no room: grows, or fails.
__attribute__((cold, noinline)) uint8_t *
capnp_builder_grow(struct capnp_builder *builder, uint8_t *slot, uint64_t words, uint64_t shape);

// Starts the message (again, if it was started before) with a root struct of these sizes, which
// must fit into the buffer.
static inline struct capnp_struct_builder
capnp_builder_root(struct capnp_builder *builder, uint16_t data_words, uint16_t pointer_words)
{
    uint32_t bytes = (1u + data_words + pointer_words) * CAPNP_WORD_BYTES;
    // A struct without fields points at its own pointer, so that it isn't a null pointer.
    int64_t offset = bytes == CAPNP_WORD_BYTES ? -1 : 0;
    uint8_t *root = builder->bytes;
    builder->used = 0;
    builder->cap_count = 0;
    if (builder->error != CAPNP_OK || bytes > builder->capacity) {
        capnp_builder_fail(builder, CAPNP_BUILDER_FULL);
        return (struct capnp_struct_builder){builder, NULL, 0, 0};
    }
    builder->used = bytes;
    __builtin_memset(root, 0, bytes);
    capnp_store_u64(root, capnp_struct_pointer_word(offset, data_words, pointer_words));
    return (struct capnp_struct_builder){builder, root + CAPNP_WORD_BYTES,
                                         (uint32_t)data_words * CAPNP_WORD_BYTES, pointer_words};
}

// ---- scalars: offsets in bytes (bool: bits) from the start of the data; values are XORed with
// the default, as the encoding demands. Signed and floating values are conversions of these. ----

static inline uint64_t capnp_get_u64(struct capnp_struct_reader reader, uint32_t offset,
                                     uint64_t absent)
{
    uint64_t value = 0;
    if (offset + sizeof(value) <= reader.data_bytes) {
        __builtin_memcpy(&value, reader.data + offset, sizeof(value));
    }
    return value ^ absent;
}

static inline uint32_t capnp_get_u32(struct capnp_struct_reader reader, uint32_t offset,
                                     uint32_t absent)
{
    uint32_t value = 0;
    if (offset + sizeof(value) <= reader.data_bytes) {
        __builtin_memcpy(&value, reader.data + offset, sizeof(value));
    }
    return value ^ absent;
}

static inline uint16_t capnp_get_u16(struct capnp_struct_reader reader, uint32_t offset,
                                     uint16_t absent)
{
    uint16_t value = 0;
    if (offset + sizeof(value) <= reader.data_bytes) {
        __builtin_memcpy(&value, reader.data + offset, sizeof(value));
    }
    return (uint16_t)(value ^ absent);
}

static inline uint8_t capnp_get_u8(struct capnp_struct_reader reader, uint32_t offset,
                                   uint8_t absent)
{
    uint8_t value = offset < reader.data_bytes ? reader.data[offset] : 0;
    return (uint8_t)(value ^ absent);
}

static inline bool capnp_get_bool(struct capnp_struct_reader reader, uint32_t bit, bool absent)
{
    uint8_t byte = bit / 8 < reader.data_bytes ? reader.data[bit / 8] : 0;
    return ((byte >> (bit % 8)) & 1) != (absent ? 1 : 0);
}

// Whether the builder is of a struct with all of so many bytes of data: not that of a failed
// lookup.
static inline bool capnp_has_data(struct capnp_struct_builder target, uint32_t data_bytes)
{
    return __builtin_expect(target.data_bytes >= data_bytes, 1);
}

static inline void capnp_set_u64(struct capnp_struct_builder target, uint32_t offset,
                                 uint64_t value, uint64_t absent)
{
    value ^= absent;
    if (offset + sizeof(value) <= target.data_bytes) {
        __builtin_memcpy(target.data + offset, &value, sizeof(value));
    }
}

static inline void capnp_set_u32(struct capnp_struct_builder target, uint32_t offset,
                                 uint32_t value, uint32_t absent)
{
    value ^= absent;
    if (offset + sizeof(value) <= target.data_bytes) {
        __builtin_memcpy(target.data + offset, &value, sizeof(value));
    }
}

static inline void capnp_set_u16(struct capnp_struct_builder target, uint32_t offset,
                                 uint16_t value, uint16_t absent)
{
    value ^= absent;
    if (offset + sizeof(value) <= target.data_bytes) {
        __builtin_memcpy(target.data + offset, &value, sizeof(value));
    }
}

static inline void capnp_set_u8(struct capnp_struct_builder target, uint32_t offset, uint8_t value,
                                uint8_t absent)
{
    if (offset < target.data_bytes) {
        target.data[offset] = (uint8_t)(value ^ absent);
    }
}

static inline void capnp_set_bool(struct capnp_struct_builder target, uint32_t bit, bool value,
                                  bool absent)
{
    if (bit / 8 < target.data_bytes) {
        uint8_t mask = (uint8_t)(1u << (bit % 8));
        uint8_t byte = target.data[bit / 8];
        target.data[bit / 8] = (uint8_t)(value != absent ? byte | mask : byte & ~mask);
    }
}

#endif

// SPDX-License-Identifier: Apache-2.0
//
// Copying messages (copy.h). copy_pointer is the step: it resolves one pointer, through a far
// pointer if need be, to {segment, place, shape}, takes room in the target and copies the content,
// then steps into the pointers among it. The recursion is bounded by the depth that readers accept.

#include "copy.h"

#include <stddef.h>
#include <string.h>

enum { KIND_STRUCT = 0, KIND_LIST = 1, KIND_FAR = 2, ELEMENT_POINTER = 6, ELEMENT_STRUCT = 7 };

enum { DEPTH_MAX = 64 };

// A pointer after far pointers are resolved: its word gives the shape, its offset is moot.
struct place {
    uint32_t segment;
    int64_t at; // first word of the content
    uint64_t shape;
};

static const char *const outside = "the request has a pointer that leads outside its segment";
static const char *const no_room = "the request is larger than it claims";

static const char *copy_pointer(const struct copy_source *source, uint32_t segment, uint32_t at,
                                struct copy_target *target, uint32_t to, uint32_t depth);

static int64_t offset_of(uint64_t pointer)
{
    return (int32_t)(uint32_t)pointer >> 2;
}

static bool is_inside(const struct copy_source *source, uint32_t segment, int64_t at,
                      uint64_t words)
{
    return segment < source->segment_count && at >= 0 &&
           (uint64_t)at + words <= source->words[segment];
}

// Follows the pointer at word `at` to its content. The pointer itself is known to be inside.
static const char *resolve(const struct copy_source *source, uint32_t segment, uint32_t at,
                           struct place *place)
{
    uint64_t pointer = source->segments[segment][at];
    if ((pointer & 3) != KIND_FAR) {
        *place = (struct place){segment, (int64_t)at + 1 + offset_of(pointer), pointer};
        return NULL;
    }
    uint32_t pad_segment = (uint32_t)(pointer >> 32);
    uint32_t pad_at = (uint32_t)pointer >> 3;
    bool is_double = (pointer & 4) != 0;
    if (!is_inside(source, pad_segment, pad_at, is_double ? 2 : 1)) {
        return outside;
    }
    uint64_t pad = source->segments[pad_segment][pad_at];
    if (!is_double) {
        *place = (struct place){pad_segment, (int64_t)pad_at + 1 + offset_of(pad), pad};
        return (pad & 3) == KIND_FAR ? "the request has a far pointer to a far pointer" : NULL;
    }
    if ((pad & 7) != KIND_FAR) {
        return "the request has a malformed double-far pointer";
    }
    *place = (struct place){(uint32_t)(pad >> 32), (uint32_t)pad >> 3,
                            source->segments[pad_segment][pad_at + 1]};
    return NULL;
}

static uint32_t take(struct copy_target *target, uint64_t words)
{
    if (words > target->capacity - target->used) {
        return UINT32_MAX;
    }
    uint32_t taken = target->used;
    target->used += (uint32_t)words;
    return taken;
}

static void put_pointer(struct copy_target *target, uint32_t to, int64_t offset, uint64_t shape)
{
    target->words[to] = (shape & ~UINT64_C(0xfffffffc)) | (uint32_t)((uint64_t)offset << 2);
}

// Copies `count` elements of data and pointers from `at` to `to`, stepping into the pointers.
static const char *copy_elements(const struct copy_source *source, uint32_t segment, int64_t at,
                                 struct copy_target *target, uint32_t to, uint32_t count,
                                 uint32_t data_words, uint32_t pointer_words, uint32_t depth)
{
    const char *wrong = NULL;
    for (uint32_t i = 0; i < count && wrong == NULL; i++) {
        if (data_words > 0) {
            memcpy(target->words + to, source->segments[segment] + at, (size_t)data_words * 8);
        }
        for (uint32_t p = 0; p < pointer_words && wrong == NULL; p++) {
            wrong = copy_pointer(source, segment, (uint32_t)at + data_words + p, target,
                                 to + data_words + p, depth);
        }
        at += data_words + pointer_words;
        to += data_words + pointer_words;
    }
    return wrong;
}

static const char *copy_struct(const struct copy_source *source, const struct place *place,
                               struct copy_target *target, uint32_t to, uint32_t depth)
{
    uint32_t data_words = (uint16_t)(place->shape >> 32);
    uint32_t pointer_words = (uint16_t)(place->shape >> 48);
    if (!is_inside(source, place->segment, place->at, data_words + pointer_words)) {
        return outside;
    }
    if (data_words + pointer_words == 0) {
        put_pointer(target, to, -1, place->shape);
        return NULL;
    }
    uint32_t taken = take(target, data_words + pointer_words);
    if (taken == UINT32_MAX) {
        return no_room;
    }
    put_pointer(target, to, (int64_t)taken - to - 1, place->shape);
    return copy_elements(source, place->segment, place->at, target, taken, 1, data_words,
                         pointer_words, depth);
}

static const char *copy_list(const struct copy_source *source, const struct place *place,
                             struct copy_target *target, uint32_t to, uint32_t depth)
{
    static const uint8_t element_bits[] = {0, 1, 8, 16, 32, 64, 64, 0};
    uint32_t element = (uint32_t)(place->shape >> 32) & 7;
    uint64_t count = place->shape >> 35;
    uint64_t words =
        element == ELEMENT_STRUCT ? count + 1 : (count * element_bits[element] + 63) / 64;
    if (!is_inside(source, place->segment, place->at, words)) {
        return outside;
    }
    uint32_t taken = take(target, words);
    if (taken == UINT32_MAX) {
        return no_room;
    }
    put_pointer(target, to, (int64_t)taken - to - 1, place->shape);
    if (element == ELEMENT_POINTER) {
        return copy_elements(source, place->segment, place->at, target, taken, (uint32_t)count, 0,
                             1, depth);
    }
    if (element != ELEMENT_STRUCT) {
        return copy_elements(source, place->segment, place->at, target, taken, 1, (uint32_t)words,
                             0, depth);
    }
    uint64_t tag = source->segments[place->segment][place->at];
    uint32_t data_words = (uint16_t)(tag >> 32);
    uint32_t pointer_words = (uint16_t)(tag >> 48);
    uint32_t elements = (uint32_t)tag >> 2;
    if ((tag & 3) != KIND_STRUCT || (uint64_t)elements * (data_words + pointer_words) > count) {
        return "the request has a malformed list of structs";
    }
    target->words[taken] = tag;
    if (data_words + pointer_words == 0) {
        return NULL;
    }
    return copy_elements(source, place->segment, place->at + 1, target, taken + 1, elements,
                         data_words, pointer_words, depth);
}

static const char *copy_pointer(const struct copy_source *source, uint32_t segment, uint32_t at,
                                struct copy_target *target, uint32_t to, uint32_t depth)
{
    struct place place;
    target->words[to] = 0;
    if (source->segments[segment][at] == 0) {
        return NULL;
    }
    if (depth == DEPTH_MAX) {
        return "the request is nested too deep";
    }
    const char *wrong = resolve(source, segment, at, &place);
    if (wrong != NULL) {
        return wrong;
    }
    if ((place.shape & 3) == KIND_STRUCT) {
        return copy_struct(source, &place, target, to, depth + 1);
    }
    if ((place.shape & 3) == KIND_LIST) {
        return copy_list(source, &place, target, to, depth + 1);
    }
    return "the request has a capability or a malformed pointer";
}

const char *copy_tree(const struct copy_source *source, uint32_t segment, uint32_t at,
                      struct copy_target *target)
{
    if (!is_inside(source, segment, at, 1) || take(target, 1) == UINT32_MAX) {
        return outside;
    }
    return copy_pointer(source, segment, at, target, 0, 0);
}

// SPDX-License-Identifier: Apache-2.0
//
// lib/capnp's side of operations.h.

#include "tests/bench/capnp/operations.h"

#include "fields.capnp.h"
#include "ours_fields.h"

static uint64_t flat_words[SIZE_COUNT][BUFFER_BYTES / 8];
static uint64_t frames[SIZE_COUNT][BUFFER_BYTES / 8];
static uint64_t frame_bytes[SIZE_COUNT];
static uint8_t packed[SIZE_COUNT][BUFFER_BYTES];
static uint64_t packed_bytes[SIZE_COUNT];
static struct capnp_segment opened[SIZE_COUNT];
static uint64_t out[BUFFER_BYTES / 8];

static uint64_t finish(const struct capnp_builder *builder)
{
    return builder->error == CAPNP_OK ? capnp_builder_size(builder) : 0;
}

static uint64_t copy(enum size size)
{
    struct capnp_builder builder;
    capnp_builder_init(&builder, out, sizeof(out));
    capnp_segments_init(&opened[size], 1, UINT32_MAX, NULL, 0);
    capnp_message_copy(&builder, &opened[size].message);
    return finish(&builder);
}

static uint64_t canonicalise(enum size size)
{
    struct capnp_builder builder;
    capnp_builder_init(&builder, out, sizeof(out));
    capnp_segments_init(&opened[size], 1, UINT32_MAX, NULL, 0);
    capnp_message_canonicalize(&builder, capnp_message_root(&opened[size].message));
    return finish(&builder);
}

static uint64_t pack(enum size size)
{
    return capnp_pack(out, sizeof(out), frames[size], frame_bytes[size]);
}

#define SIZE(n)                                                                                    \
    static uint64_t build_##n(void)                                                                \
    {                                                                                              \
        struct capnp_builder builder;                                                              \
        capnp_builder_init(&builder, out, sizeof(out));                                            \
        ours_set_##n(fields##n##_build(&builder));                                                 \
        return finish(&builder);                                                                   \
    }                                                                                              \
    static uint64_t read_##n(void)                                                                 \
    {                                                                                              \
        struct capnp_segment segment;                                                              \
        uint64_t size;                                                                             \
        capnp_frame_open(&segment, 1, frames[FIELDS_##n], frame_bytes[FIELDS_##n], UINT32_MAX,     \
                         &size);                                                                   \
        return ours_get_##n(fields##n##_read(&segment.message));                                   \
    }                                                                                              \
    static uint64_t copy_##n(void)                                                                 \
    {                                                                                              \
        return copy(FIELDS_##n);                                                                   \
    }                                                                                              \
    static uint64_t canonicalise_##n(void)                                                         \
    {                                                                                              \
        return canonicalise(FIELDS_##n);                                                           \
    }                                                                                              \
    static uint64_t pack_##n(void)                                                                 \
    {                                                                                              \
        return pack(FIELDS_##n);                                                                   \
    }                                                                                              \
    static uint64_t unpack_##n(void)                                                               \
    {                                                                                              \
        struct capnp_unpacker unpacker;                                                            \
        struct capnp_segment segment;                                                              \
        uint64_t size;                                                                             \
        capnp_unpacker_init(&unpacker, packed[FIELDS_##n], packed_bytes[FIELDS_##n]);              \
        capnp_unpack(&unpacker, out, 8);                                                           \
        capnp_unpack(&unpacker, out + 1, capnp_frame_need(out, 8) - 8);                            \
        capnp_frame_open(&segment, 1, out, sizeof(out), UINT32_MAX, &size);                        \
        return fields##n##_get_f0(fields##n##_read(&segment.message));                             \
    }

SIZE(1)
SIZE(8)
SIZE(64)
SIZE(10000)

#define ALL(name)                                                                                  \
    {                                                                                              \
        name##_1, name##_8, name##_64, name##_10000                                                \
    }

operation_run *const ours[OPERATION_COUNT][SIZE_COUNT] = {
    [BUILD] = ALL(build), [READ] = ALL(read),
    [COPY] = ALL(copy),   [CANONICALISE] = ALL(canonicalise),
    [PACK] = ALL(pack),   [UNPACK] = ALL(unpack),
};

void ours_prepare(void)
{
    for (int size = 0; size < SIZE_COUNT; size++) {
        uint32_t bytes = (uint32_t)ours[BUILD][size]();
        __builtin_memcpy(flat_words[size], out, bytes);
        struct capnp_buffer buffer = {flat_words[size], bytes, bytes};
        capnp_frame_write(frames[size], &buffer, 1);
        frame_bytes[size] = capnp_frame_size(&buffer, 1);
        packed_bytes[size] =
            capnp_pack(packed[size], sizeof(packed[size]), frames[size], frame_bytes[size]);
        capnp_segment_set(&opened[size], flat_words[size], bytes);
    }
}

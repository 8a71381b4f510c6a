// SPDX-License-Identifier: Apache-2.0
//
// Requests that mean nothing, and indexes that can't be. Nothing is judged of noise: whether it
// reached anybody else is seen by who watches.

#include <string.h>

#include "programs/stranger/raw.h"

enum { REQUESTS = 4000, WAIT_NS = 100000000 };

// --- Noise --------------------------------------------------------------------------------------

static uint64_t random_cap(void)
{
    uint64_t owned = stranger.owned[random_below(stranger.owned_count)];
    switch (random_below(8)) {
    case 0:
        return (uint64_t)random_below(4) << 32 | random_below(64);
    case 1:
        return owned ^ UINT64_C(1) << random_below(64);
    case 2:
        return random_word();
    default:
        return owned;
    }
}

// Never the program's own stack or data: what the kernel writes there would harm nobody else.
static uint64_t random_address(void)
{
    uint64_t base = (uint64_t)stranger.start - LAYOUT_START;
    switch (random_below(8)) {
    case 0:
        return UINT64_C(0xffff800000000000) + random_word() % (UINT64_C(1) << 40);
    case 1:
        return base + LAYOUT_END + random_below(LAYOUT_END);
    case 2:
        return (uint64_t)stranger.start + random_below(PAGE_SIZE);
    case 3:
        return (uint64_t)stranger.scratch + random_below(PAGE_SIZE);
    case 4:
        return random_word();
    default:
        return random_below(tsr_self()->ring.message_size + 64); // an offset
    }
}

static uint32_t random_size(void)
{
    static const uint32_t sizes[] = {0,    1,    8,     16,         24,         64,
                                     1024, 4096, 65536, 0x7fffffff, UINT32_MAX, UINT32_MAX - 7};
    return random_below(2) == 0 ? sizes[random_below(sizeof sizes / sizeof sizes[0])]
                                : random_below(2048);
}

static uint64_t random_argument(void)
{
    static const uint64_t arguments[] = {0, 1, 2, 16, 1000, 1000000, UINT64_MAX, UINT64_MAX - 1};
    return random_below(4) == 0 ? random_word()
                                : arguments[random_below(sizeof arguments / sizeof arguments[0])];
}

static struct sqe random_request(void)
{
    struct sqe sqe;
    if (random_below(8) == 0) {
        for (uint32_t i = 0; i < sizeof sqe / 8; i++) {
            uint64_t word = random_word();
            memcpy((uint8_t *)&sqe + i * sizeof word, &word, sizeof word);
        }
        return sqe;
    }
    bool is_rich = random_below(4) == 0; // fields that the operation may not use
    sqe = (struct sqe){
        .opcode = (uint8_t)random_below(16),
        .flags = (uint8_t)(random_word() & random_word() & 0xff),
        .method = (uint16_t)random_below(12),
        .transfers = (uint8_t)(random_below(4) == 0 ? random_below(20) : 0),
        .ordinal = (uint8_t)(is_rich ? random_word() : 0),
        .cap = random_cap(),
        .user_data = random_word(),
        .payload = random_address(),
        .result = random_address(),
        .payload_len = random_size(),
        .result_len = random_size(),
        .arg2 = is_rich ? random_argument() : 0,
        .arg = random_argument(),
    };
    if (sqe.opcode == OP_CALL && !is_rich) {
        sqe.flags &= SQE_RING_PAYLOAD | SQE_RING_RESULT;
    }
    return sqe;
}

// Words that may pass for messages and descriptors.
static void messages_fill(void)
{
    uint8_t *at =
        tsr_self()->ring.messages + random_below(tsr_self()->ring.message_size - 64) / 8 * 8;
    for (uint32_t i = 0; i < 8; i++) {
        uint64_t word = random_below(3) == 0 ? random_cap() : random_argument();
        word = random_below(4) == 0 ? (uint64_t)random_below(8) << 32 | random_below(16) : word;
        memcpy(at + i * sizeof word, &word, sizeof word);
    }
}

int32_t attempt_noise(void)
{
    struct ring_user *ring = &tsr_self()->ring;
    struct cqe cqe;
    for (uint32_t i = 0; i < REQUESTS; i++) {
        messages_fill();
        if (ring_user_room(ring) != 0) {
            *ring_user_next(ring) = random_request();
            ring_user_publish(ring);
        }
        if (random_below(5) == 0 || ring_user_room(ring) == 0) {
            tsr_enter(SYSTEM_CALL_ENTER, random_below(64) == 0 ? 1 : 0, 1000);
        }
        while (random_below(8) != 0 && ring_user_reap(ring, &cqe)) {
        }
    }
    return GOT_NOTHING;
}

// --- Indexes ------------------------------------------------------------------------------------

// Whether the ring works: a NOP comes back.
static bool is_working(void)
{
    const struct sqe nop = {.opcode = OP_NOP, .user_data = 99};
    struct cqe cqe;
    return raw_request(&nop, WAIT_NS, &cqe) && cqe.status == 0;
}

// A number in the header is another for one entry into the kernel, and then right again.
static int32_t index_try(uint32_t *index, uint32_t value)
{
    uint32_t right = *index;
    *index = value;
    int64_t entered = tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    *index = right;
    if (entered > CQ_ENTRIES_DEFAULT) {
        return GOT_THROUGH;
    }
    return GOT_NOTHING;
}

int32_t attempt_indexes(void)
{
    struct ring_header *header = (struct ring_header *)stranger.start->ring;
    static const uint32_t wrong[] = {17, 33, 1000, 0x7fffffff, 0x80000000, UINT32_MAX - 16};
    uint32_t *written[] = {&header->sq_tail, &header->cq_head};
    int32_t code = GOT_NOTHING;
    for (uint32_t i = 0; code == GOT_NOTHING && i < 2 * sizeof wrong / sizeof wrong[0]; i++) {
        uint32_t *index = written[i % 2];
        code = index_try(index, *index + wrong[i / 2]);
        code = code != GOT_NOTHING || is_working() ? code : GOT_STUCK;
    }
    // What only the kernel writes it keeps to itself: the header may say anything.
    uint32_t *words = &header->magic;
    for (uint32_t i = 0; code == GOT_NOTHING && i < 32; i++) {
        uint32_t right = words[i];
        words[i] = (uint32_t)random_word();
        tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
        words[i] = right;
        code = is_working() ? code : GOT_STUCK;
    }
    return code;
}

// SPDX-License-Identifier: Apache-2.0
//
// Ids that were never given to this process, and addresses that are not its own. Every request is
// of good form but for that, and has to be refused, without a byte changed where its answer would
// go.

#include <string.h>

#include "programs/stranger/raw.h"

enum { POISON = 0xc3, WAIT_NS = 20000000, LONG_NS = 1000000000, INDEXES = 96, RANDOM_IDS = 200 };

static bool is_owned(uint64_t cap)
{
    for (uint32_t i = 0; i < stranger.owned_count; i++) {
        if (stranger.owned[i] == cap) {
            return true;
        }
    }
    return false;
}

static bool is_poisoned(const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i] != POISON) {
            return false;
        }
    }
    return true;
}

// --- Ids ----------------------------------------------------------------------------------------

// A request of each kind that names a capability.
static struct sqe request_on(uint32_t opcode, uint64_t cap)
{
    struct sqe sqe = {.opcode = (uint8_t)opcode, .cap = cap, .user_data = 77};
    uint64_t scratch = (uint64_t)stranger.scratch;
    switch (opcode) {
    case OP_CALL:
        sqe.method = (uint16_t)random_below(12);
        sqe.result = scratch;
        sqe.result_len = PAGE_SIZE;
        sqe.arg = WAIT_NS;
        break;
    case OP_RECV:
        sqe.result = scratch;
        sqe.result_len = PAGE_SIZE;
        sqe.arg = WAIT_NS;
        break;
    case OP_WAIT:
        sqe.arg = UINT64_MAX;
        sqe.arg2 = WAIT_NS;
        break;
    case OP_SIGNAL:
        sqe.arg = UINT64_MAX;
        break;
    case OP_PARK:
        sqe.payload = scratch;
        sqe.arg = POISON * 0x01010101u;
        sqe.arg2 = WAIT_NS;
        break;
    case OP_UNPARK:
        sqe.payload = scratch;
        sqe.arg = 1;
        break;
    default:
        break;
    }
    return sqe;
}

static int32_t forged_id_try(uint64_t cap)
{
    static const uint8_t opcodes[] = {OP_CALL, OP_RECV,   OP_WAIT,   OP_SIGNAL,
                                      OP_PARK, OP_UNPARK, OP_RELEASE};
    struct cqe cqe;
    if (is_owned(cap)) {
        return GOT_NOTHING;
    }
    for (uint32_t i = 0; i < sizeof opcodes; i++) {
        struct sqe sqe = request_on(opcodes[i], cap);
        if (!raw_request(&sqe, LONG_NS, &cqe)) {
            return GOT_STUCK;
        }
        if (cqe.status != -STATUS_BAD_CAP && cqe.status != -STATUS_STALE_CAP) {
            return GOT_THROUGH;
        }
    }
    return is_poisoned(stranger.scratch, SCRATCH_SIZE) ? GOT_NOTHING : GOT_BYTES;
}

// Answers to calls that it never received, and withdrawals of what it never submitted.
static int32_t forged_call_try(uint64_t call)
{
    struct sqe answer = {.opcode = OP_RETURN, .user_data = 78, .arg = call};
    struct sqe cancel = {.opcode = OP_CANCEL, .user_data = 79, .arg = call};
    struct cqe cqe;
    if (!raw_request(&answer, LONG_NS, &cqe)) {
        return GOT_STUCK;
    }
    if (cqe.status != -STATUS_STALE_CALL) {
        return GOT_THROUGH;
    }
    if (!raw_request(&cancel, LONG_NS, &cqe)) {
        return GOT_STUCK;
    }
    return cqe.status < 0 ? GOT_NOTHING : GOT_THROUGH;
}

int32_t attempt_forged_ids(void)
{
    int32_t code = GOT_NOTHING;
    memset(stranger.scratch, POISON, SCRATCH_SIZE);
    for (uint64_t index = 0; code == GOT_NOTHING && index < INDEXES; index++) {
        for (uint64_t generation = 0; code == GOT_NOTHING && generation < 4; generation++) {
            code = forged_id_try(generation << 32 | index);
            code = code != GOT_NOTHING ? code : forged_call_try(generation << 32 | index);
        }
    }
    for (uint32_t i = 0; code == GOT_NOTHING && i < RANDOM_IDS; i++) {
        uint64_t near = stranger.owned[random_below(stranger.owned_count)];
        uint64_t id = random_below(2) == 0 ? random_word() : near ^ UINT64_C(1) << random_below(64);
        code = forged_id_try(id);
        code = code != GOT_NOTHING ? code : forged_call_try(id);
    }
    return code;
}

// --- Addresses ----------------------------------------------------------------------------------

// Whether this is refused: nothing is delivered, and nothing written. A call may wait for its
// server until its time is over, since its message is read only then, and a RECV for a call, since
// its buffer is looked at only then; nothing else may wait at all.
static int32_t refused_try(const struct sqe *sqe)
{
    struct cqe cqe;
    if (!raw_request(sqe, LONG_NS, &cqe)) {
        return GOT_STUCK;
    }
    bool has_waited = sqe->opcode == OP_PARK && cqe.status == -STATUS_TIMED_OUT;
    return cqe.status < 0 && !has_waited ? GOT_NOTHING : GOT_THROUGH;
}

static int32_t address_try(uint64_t address, struct endpoint server, struct park_space park)
{
    uint64_t scratch = (uint64_t)stranger.scratch;
    const struct sqe requests[] = {
        {.opcode = OP_CALL,
         .cap = stranger.bystander.id,
         .user_data = 1,
         .payload = address,
         .result = scratch,
         .payload_len = 16,
         .result_len = 64,
         .arg = WAIT_NS},
        {.opcode = OP_CALL,
         .cap = stranger.bystander.id,
         .user_data = 2,
         .result = address,
         .result_len = 64,
         .arg = WAIT_NS},
        {.opcode = OP_CALL,
         .cap = stranger.timer.id,
         .user_data = 3,
         .result = address,
         .result_len = 64,
         .arg = WAIT_NS},
        {.opcode = OP_CALL,
         .transfers = 1,
         .cap = stranger.bystander.id,
         .user_data = 4,
         .payload = address,
         .result = scratch,
         .result_len = 64,
         .arg = WAIT_NS},
        {.opcode = OP_RECV,
         .cap = server.id,
         .user_data = 5,
         .result = address,
         .result_len = PAGE_SIZE,
         .arg = WAIT_NS},
        {.opcode = OP_PARK,
         .cap = park.id,
         .user_data = 6,
         .payload = address + 8,
         .arg2 = WAIT_NS},
    };
    for (uint32_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        int32_t code = refused_try(&requests[i]);
        if (code != GOT_NOTHING) {
            return code;
        }
    }
    return GOT_NOTHING;
}

// What may be read, and not written.
static int32_t read_only_try(uint64_t address, struct endpoint server)
{
    uint8_t before[64];
    memcpy(before, (const void *)address, sizeof before);
    const struct sqe requests[] = {
        {.opcode = OP_CALL,
         .cap = stranger.timer.id,
         .user_data = 1,
         .result = address,
         .result_len = 64,
         .arg = WAIT_NS},
        {.opcode = OP_CALL,
         .cap = stranger.bystander.id,
         .user_data = 2,
         .result = address,
         .result_len = 64,
         .arg = WAIT_NS},
        {.opcode = OP_RECV,
         .cap = server.id,
         .user_data = 3,
         .result = address,
         .result_len = PAGE_SIZE,
         .arg = WAIT_NS},
    };
    int32_t code = GOT_NOTHING;
    for (uint32_t i = 0; code == GOT_NOTHING && i < sizeof requests / sizeof requests[0]; i++) {
        code = refused_try(&requests[i]);
    }
    bool is_same = memcmp(before, (const void *)address, sizeof before) == 0;
    return code != GOT_NOTHING || is_same ? code : GOT_BYTES;
}

int32_t attempt_addresses(void)
{
    uint64_t base = (uint64_t)stranger.start - LAYOUT_START;
    const uint64_t addresses[] = {
        0,
        8,
        UINT64_C(0xffff800000000000),
        UINT64_C(0xffffffff80000000),
        UINT64_C(0xffffffff80100000),
        UINT64_C(0x0000800000000000), // not canonical
        UINT64_C(0x00007ffffffffff8),
        UINT64_C(0x8000000000000000),
        UINT64_MAX,
        UINT64_MAX - 7,
        base + LAYOUT_STACK - PAGE_SIZE,
        base + LAYOUT_STACK_TOP - 8, // across the end
        base + LAYOUT_OWN,
        base + LAYOUT_END - 8,
        base + LAYOUT_END,
        base + LAYOUT_END + LAYOUT_START, // where another process would have its own
        base + LAYOUT_END + LAYOUT_STACK,
        base - LAYOUT_END + LAYOUT_STACK,
        base - 8,
    };
    struct endpoint server;
    struct park_space park;
    struct capnp_exception exception;
    if (!job_make_endpoint(stranger.job, 256, 0, &server, &exception) ||
        !job_make_park_space(stranger.job, &park, &exception)) {
        return NOT_GRANTED;
    }
    int32_t code = GOT_NOTHING;
    for (uint32_t i = 0; code == GOT_NOTHING && i < sizeof addresses / sizeof addresses[0]; i++) {
        code = address_try(addresses[i], server, park);
    }
    code = code != GOT_NOTHING ? code : read_only_try((uint64_t)stranger.start, server);
    return code != GOT_NOTHING ? code : read_only_try((uint64_t)&attempt_addresses, server);
}

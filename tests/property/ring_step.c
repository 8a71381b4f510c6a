// SPDX-License-Identifier: Apache-2.0
//
// Choosing what to do, and doing it through the ring: CALL of endpoints, RECV, RETURN, RELEASE, NOP
// and what is not served yet, alone or several in one submission.
#include "kernel/core/test/waiting.h"
#include "tests/property/step.h"

#include <string.h>

enum {
    BATCH_MAX = 3,
    HOLDS_MANY = 40, // of one actor: from here on it releases
    TIME_STEP_NS = 2000000,
};

// --- Choosing -----------------------------------------------------------------------------------

bool hold_is(const struct model_hold *hold, enum model_kind kind)
{
    if (hold->is_revoker || kind == MODEL_REVOKER) {
        return hold->is_revoker && kind == MODEL_REVOKER;
    }
    return model.objects[model.nodes[hold->node].object].kind == kind;
}

// A hold of the program for which `wanted` says yes; NULL: it has none.
const struct model_hold *hold_choose(uint32_t program, bool (*wanted)(const struct model_hold *))
{
    uint32_t first = model.hold_count == 0 ? 0 : chance_below(model.hold_count);

    for (uint32_t i = 0; i < model.hold_count; i++) {
        const struct model_hold *hold = &model.holds[(first + i) % model.hold_count];
        if (hold->program == program && hold->cap != 0 && wanted(hold)) {
            return hold;
        }
    }
    return NULL;
}

bool is_any(const struct model_hold *hold)
{
    (void)hold;
    return true;
}

static bool is_client(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_ENDPOINT) && !model_is_server(hold->node);
}

bool is_server(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_ENDPOINT) && model_is_server(hold->node);
}

bool is_manager(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_MANAGER);
}

// All ports, all lines.
static bool is_whole_device(const struct model_hold *hold)
{
    uint64_t count = model.objects[model.nodes[hold->node].object].bits >> 32;

    return (hold_is(hold, MODEL_PORTS) && count == HAL_PORTS) ||
           (hold_is(hold, MODEL_INTERRUPT) && count == HAL_LINES);
}

// What a program may do without: the test needs the others.
static bool is_spare(const struct model_hold *hold)
{
    bool is_needed = hold_is(hold, MODEL_JOB) || hold_is(hold, MODEL_MANAGER) ||
                     hold_is(hold, MODEL_BUILDER) || is_whole_device(hold);

    return !is_needed || hold->program != world.actors[0].program;
}

uint32_t holds_of(uint32_t program)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model.hold_count; i++) {
        count += model.holds[i].program == program ? 1 : 0;
    }
    return count;
}

// An id that is not the program's: somebody else's, an old one, or none at all.
static uint64_t foreign_cap(uint32_t program)
{
    if (chance_in(3)) {
        const struct model_hold *hold = &model.holds[chance_below(model.hold_count)];
        return hold->program == program ? chance_below(8192) : hold->cap;
    }
    if (chance_in(2)) {
        // An index beyond the table is BAD_CAP; the model knows no sizes of tables.
        return (old_get(&world.old_caps) & 0xffffffff00001fff) | 1ull << 32;
    }
    return chance_in(2) ? chance_below(100000)
                        : (chance_word() & ~0xffffffffull) | chance_below(99);
}

uint64_t cap_choose(uint32_t program, bool (*wanted)(const struct model_hold *))
{
    const struct model_hold *hold = hold_choose(program, chance_in(12) ? is_any : wanted);

    return hold == NULL || chance_in(25) ? foreign_cap(program) : hold->cap;
}

// --- Operations of the ring ---------------------------------------------------------------------

static uint64_t area_of(const struct actor *actor)
{
    return machine_ring(actor->thread) + PAGE_SIZE;
}

// Where a buffer stands; a bad payload is not wholly the program's, and of a bad result no byte is
// to be written, so that it is bad for any answer.
static uint64_t place(const struct actor *actor, uint32_t offset, uint32_t size, bool is_bad,
                      bool is_result, bool *in_ring)
{
    *in_ring = chance_in(2);
    if (!is_bad) {
        return *in_ring ? offset : area_of(actor) + offset;
    }
    uint32_t end = is_result ? ACT_AREA_END : ACT_AREA_END - size + 1;
    if (*in_ring) {
        return chance_in(2) ? end : UINT64_MAX - chance_below(16);
    }
    if (is_result && chance_in(2)) {
        return actor->base + (chance_in(2) ? LAYOUT_START : LAYOUT_IMAGE);
    }
    const uint64_t nowhere[] = {actor->base + LAYOUT_END - 1, actor->base + 0x30000000,
                                area_of(actor) + end, UINT64_MAX - 8};
    return nowhere[chance_below(4)];
}

static void place_payload(const struct actor *actor, struct model_operation *operation,
                          uint32_t offset)
{
    bool in_ring;

    uint32_t span = model_span(&operation->sqe);

    operation->is_payload_bad = span > 0 && chance_in(16);
    operation->sqe.payload = place(actor, offset, span, operation->is_payload_bad, false, &in_ring);
    operation->sqe.flags |= in_ring ? SQE_RING_PAYLOAD : 0;
}

static void place_result(const struct actor *actor, struct model_operation *operation,
                         uint32_t offset)
{
    bool in_ring;

    operation->is_result_bad = operation->sqe.result_len > 0 && chance_in(16);
    operation->sqe.result =
        place(actor, offset, operation->sqe.result_len, operation->is_result_bad, true, &in_ring);
    operation->sqe.flags |= in_ring ? SQE_RING_RESULT : 0;
}

static void payload_write(const struct actor *actor, uint32_t offset, uint64_t number,
                          uint32_t size)
{
    uint8_t bytes[SLOT_SIZE];

    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = pattern_byte(number, i);
    }
    machine_message_write(actor->thread, offset, bytes, size);
}

// What travels along, behind the payload in its slot: mostly what may travel, with room for
// `room` bytes in all.
static void transfers_choose(const struct actor *actor, uint32_t offset, uint32_t room,
                             struct model_operation *operation)
{
    uint32_t at = (operation->sqe.payload_len + 7) / 8 * 8;
    uint32_t most = at > room ? 0 : (room - at) / (uint32_t)sizeof(struct transfer);
    uint32_t count = chance_in(3) ? chance_below((most < 3 ? most : 3) + 1) : 0;

    operation->sqe.transfers = (uint8_t)(chance_in(60) ? TRANSFERS_MAX + 1 : count);
    for (uint32_t i = 0; i < count; i++) {
        struct transfer *transfer = &operation->transfers[i];
        transfer->mode = chance_in(20) ? chance_below(4) : 1 + chance_below(2);
        transfer->cap = cap_choose(actor->program, is_spare);
        const struct model_hold *hold = model_hold_find(actor->program, transfer->cap);
        if (transfer->mode == TRANSFER_MOVE && hold != NULL && !is_spare(hold)) {
            transfer->mode = TRANSFER_COPY;
        }
        transfer->reserved = chance_in(60) ? 1 : 0;
        old_put(&world.old_caps, transfer->cap);
    }
    machine_message_write(actor->thread, offset + at, operation->transfers,
                          count * (uint32_t)sizeof(struct transfer));
}

static bool is_deadline(uint64_t time_ns)
{
    bool is_taken = false;

    for (uint32_t i = 0; i < model.wait_count; i++) {
        is_taken = is_taken || model.waits[i].operation.deadline_ns == time_ns;
    }
    return is_taken;
}

uint64_t limit_choose(struct model_operation *operation)
{
    uint64_t limit = chance_in(2) ? 1 + chance_below(TIME_STEP_NS) : TIMEOUT_NONE;

    // No two at once: who is first then is nobody's promise.
    while (limit != TIMEOUT_NONE && is_deadline(machine.now_ns + limit)) {
        limit++;
    }
    operation->deadline_ns = limit == TIMEOUT_NONE ? UINT64_MAX : machine.now_ns + limit;
    return limit;
}

// False: this call would go to a kernel object; those have a test of their own below.
static bool call_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    struct sqe *sqe = &operation->sqe;
    uint32_t object;

    sqe->cap = cap_choose(actor->program, is_client);
    sqe->method = (uint16_t)(chance_in(20) ? chance_below(70) : chance_below(4));
    if (model_reach(actor->program, sqe->cap, sqe->method, &object) == STATUS_OK &&
        (object == MODEL_NONE || model.objects[object].kind != MODEL_ENDPOINT ||
         model_is_server(model_hold_find(actor->program, sqe->cap)->node))) {
        return false;
    }
    sqe->payload_len = chance_below(chance_in(8) ? MESSAGE_MAX * 2 : MESSAGE_MAX / 2);
    sqe->result_len = chance_in(40) ? MESSAGE_SIZE_MAX + 1 : chance_below(SLOT_RESULT_SIZE + 1);
    sqe->disclose = (uint16_t)chance_word();
    transfers_choose(actor, slot_offset(slot), SLOT_RESULT, operation);
    sqe->flags = chance_in(8) ? SQE_QUIET : 0;
    place_payload(actor, operation, slot_offset(slot));
    place_result(actor, operation, slot_offset(slot) + SLOT_RESULT);
    payload_write(actor, slot_offset(slot), sqe->user_data,
                  sqe->payload_len < SLOT_SIZE ? sqe->payload_len : SLOT_SIZE);
    sqe->arg = limit_choose(operation);
    return true;
}

static bool recv_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    struct sqe *sqe = &operation->sqe;

    sqe->cap = cap_choose(actor->program, is_server);
    sqe->result_len = chance_in(16) ? chance_below(SLOT_RESULT_SIZE) : SLOT_RESULT_SIZE;
    place_result(actor, operation, slot_offset(slot) + SLOT_RESULT);
    sqe->arg = limit_choose(operation);
    return true;
}

static uint64_t call_choose(uint32_t program)
{
    uint32_t first = model.wait_count == 0 ? 0 : chance_below(model.wait_count);

    for (uint32_t i = 0; i < model.wait_count && !chance_in(200); i++) {
        const struct model_wait *wait = &model.waits[(first + i) % model.wait_count];
        bool is_taken = wait->kind >= MODEL_LOST && wait->kind <= MODEL_TAKEN;
        if (is_taken && wait->call_id != 0 && (wait->server == program || chance_in(100))) {
            return wait->call_id;
        }
    }
    return chance_in(2) ? old_get(&world.old_calls) : chance_word() | 1ull << 63;
}

static bool return_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    struct sqe *sqe = &operation->sqe;
    bool is_exception = chance_in(5);

    sqe->arg = call_choose(actor->program);
    sqe->flags =
        (uint8_t)((chance_in(4) ? SQE_QUIET : 0) | (is_exception ? SQE_RETURN_EXCEPTION : 0));
    sqe->method = (uint16_t)(is_exception ? chance_below(8) : chance_in(30) ? 1 : 0);
    sqe->payload_len = chance_in(60) ? MESSAGE_SIZE_MAX + 1 : chance_below(160);
    if (sqe->payload_len <= SLOT_SIZE) {
        transfers_choose(actor, slot_offset(slot), SLOT_SIZE, operation);
        place_payload(actor, operation, slot_offset(slot));
        payload_write(actor, slot_offset(slot), sqe->arg, sqe->payload_len);
    }
    return true;
}

static bool release_fill(const struct actor *actor, uint32_t slot,
                         struct model_operation *operation)
{
    const struct model_hold *hold = hold_choose(actor->program, is_spare);

    (void)slot;
    operation->sqe.flags = chance_in(4) ? SQE_QUIET : 0;
    operation->sqe.cap = hold == NULL || chance_in(10) ? foreign_cap(actor->program) : hold->cap;
    hold = model_hold_find(actor->program, operation->sqe.cap);
    if (hold != NULL && !is_spare(hold)) {
        operation->sqe.cap = 0xffffffff00001fff;
    }
    old_put(&world.old_caps, operation->sqe.cap);
    return true;
}

static bool nop_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    (void)actor;
    (void)slot;
    operation->sqe.flags = chance_in(2) ? SQE_QUIET : 0;
    operation->sqe.arg = chance_in(4) ? chance_word() : 0;
    return true;
}

static bool other_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    (void)actor;
    (void)slot;
    operation->sqe.opcode = (uint8_t)(OP_LINK + chance_below(OP_COUNT - OP_LINK));
    return true;
}

// --- Operations that wait for something else than a call ----------------------------------------

static bool is_notification(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_NOTIFICATION);
}

static bool is_park_space(const struct model_hold *hold)
{
    return hold_is(hold, MODEL_PARK_SPACE);
}

static bool signal_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    (void)slot;
    operation->sqe.cap = cap_choose(actor->program, is_notification);
    operation->sqe.flags = chance_in(3) ? SQE_QUIET : 0;
    operation->sqe.arg = chance_in(4) ? chance_word() : 1ull << chance_below(6);
    return true;
}

static bool wait_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    struct sqe *sqe = &operation->sqe;

    (void)slot;
    sqe->cap = cap_choose(actor->program, is_notification);
    sqe->arg = chance_in(20) ? 0 : chance_below(64) | (chance_in(4) ? chance_word() : 0);
    sqe->arg2 = limit_choose(operation);
    return true;
}

// A word of the program's text, all of whose bytes are equal.
static void word_choose(const struct actor *actor, struct model_operation *operation)
{
    uint64_t at = actor->base + LAYOUT_IMAGE + chance_below(4) * sizeof(operation->word);

    operation->is_payload_bad = chance_in(16);
    if (operation->is_payload_bad) {
        at = actor->base + (chance_in(2) ? 0 : LAYOUT_END);
    } else {
        machine_read(machine.threads[actor->thread].space, at, &operation->word,
                     sizeof(operation->word));
    }
    operation->sqe.payload = at + (chance_in(16) ? 1 + chance_below(3) : 0);
}

static bool park_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    (void)slot;
    operation->sqe.cap = cap_choose(actor->program, is_park_space);
    word_choose(actor, operation);
    operation->sqe.arg = operation->word ^ (chance_in(8) ? 1 + chance_word() % 99 : 0);
    operation->sqe.arg2 = limit_choose(operation);
    return true;
}

static bool unpark_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    (void)slot;
    operation->sqe.cap = cap_choose(actor->program, is_park_space);
    operation->sqe.flags = chance_in(3) ? SQE_QUIET : 0;
    word_choose(actor, operation);
    operation->sqe.arg = chance_in(4) ? chance_word() : chance_below(3);
    return true;
}

static bool cancel_fill(const struct actor *actor, uint32_t slot, struct model_operation *operation)
{
    uint32_t first = model.wait_count == 0 ? 0 : chance_below(model.wait_count);

    (void)slot;
    operation->sqe.flags = chance_in(3) ? SQE_QUIET : 0;
    operation->sqe.arg = operation->sq_index - chance_below(40);
    for (uint32_t i = 0; i < model.wait_count; i++) {
        const struct model_wait *wait = &model.waits[(first + i) % model.wait_count];
        if (wait->operation.program == actor->program && !chance_in(30)) {
            operation->sqe.arg = wait->operation.sq_index;
            break;
        }
    }
    return true;
}

static const struct {
    bool (*fill)(const struct actor *, uint32_t, struct model_operation *);
    uint8_t opcode;
    uint8_t weight;
} ring_operations[] = {
    {call_fill, OP_CALL, 30},      {recv_fill, OP_RECV, 24},    {return_fill, OP_RETURN, 22},
    {release_fill, OP_RELEASE, 7}, {nop_fill, OP_NOP, 3},       {other_fill, OP_LINK, 2},
    {signal_fill, OP_SIGNAL, 14},  {wait_fill, OP_WAIT, 12},    {park_fill, OP_PARK, 5},
    {unpark_fill, OP_UNPARK, 5},   {cancel_fill, OP_CANCEL, 6},
};

// Whether the operation could succeed for this program.
static bool is_promising(const struct actor *actor, uint8_t opcode)
{
    if (opcode == OP_CALL) {
        return hold_choose(actor->program, is_client) != NULL;
    }
    if (opcode == OP_RECV) {
        return hold_choose(actor->program, is_server) != NULL &&
               model_waiting(actor->program) < MODEL_RESERVED_MAX / 2;
    }
    if (opcode == OP_WAIT || opcode == OP_SIGNAL) {
        return hold_choose(actor->program, is_notification) != NULL &&
               model_waiting(actor->program) < MODEL_RESERVED_MAX * 3 / 4;
    }
    if (opcode == OP_PARK || opcode == OP_UNPARK) {
        return hold_choose(actor->program, is_park_space) != NULL &&
               model_waiting(actor->program) < MODEL_RESERVED_MAX * 3 / 4;
    }
    for (uint32_t i = 0; i < model.wait_count && opcode == OP_RETURN; i++) {
        const struct model_wait *wait = &model.waits[i];
        if (wait->server == actor->program && wait->call_id != 0) {
            return true;
        }
    }
    return opcode != OP_RETURN;
}

static uint32_t ring_choose(const struct actor *actor)
{
    uint32_t total = 0;
    uint32_t at = 0;

    if (holds_of(actor->program) > HOLDS_MANY) {
        return 3;
    }
    for (uint32_t i = 0; i < sizeof(ring_operations) / sizeof(ring_operations[0]); i++) {
        total += ring_operations[i].weight;
    }
    for (uint32_t left = chance_below(total); left >= ring_operations[at].weight; at++) {
        left -= ring_operations[at].weight;
    }
    // A hopeless one is worth trying now and then.
    bool is_tried = is_promising(actor, ring_operations[at].opcode) || chance_in(10);
    return is_tried ? at : chance_below(2);
}

void operation_submit(struct actor *actor, const struct model_operation *operation)
{
    const struct sqe *sqe = &operation->sqe;

    note(
        "actor %ld: opcode %u flags %x method %u cap %llx user %llx payload %llx+%u%s "
        "result %llx+%u%s arg %llx",
        (long)(actor - world.actors), sqe->opcode, sqe->flags, sqe->method,
        (unsigned long long)sqe->cap, (unsigned long long)sqe->user_data,
        (unsigned long long)sqe->payload, sqe->payload_len, operation->is_payload_bad ? " bad" : "",
        (unsigned long long)sqe->result, sqe->result_len, operation->is_result_bad ? " bad" : "",
        (unsigned long long)sqe->arg);
    if (!machine_submit(actor->thread, sqe)) {
        broken("the SQ is full");
    }
}

bool operation_begin(struct actor *actor, struct model_operation *operation, uint32_t *slot)
{
    *slot = slot_take(actor);
    *operation = (struct model_operation){.program = actor->program,
                                          .deadline_ns = UINT64_MAX,
                                          .sq_index = act_sq_index(actor->thread)};
    operation->sqe.user_data =
        (uint64_t)actor->program << 40 | actor->count++ * SLOTS | (*slot % SLOTS);
    return *slot < SLOTS;
}

void ring_step(struct actor *actor)
{
    uint32_t batch = chance_in(3) ? 1 + chance_below(BATCH_MAX) : 1;

    actor_run(actor);
    for (uint32_t i = 0; i < batch; i++) {
        struct model_operation operation;
        uint32_t slot;
        uint32_t kind = ring_choose(actor);
        if (!operation_begin(actor, &operation, &slot)) {
            break;
        }
        operation.sqe.opcode = ring_operations[kind].opcode;
        if (!ring_operations[kind].fill(actor, slot, &operation)) {
            actor->slots &= ~(1u << slot);
            continue;
        }
        if (operation.sqe.opcode >= OP_SIGNAL) {
            actor->slots &= ~(1u << slot); // it has no message
        }
        uint64_t transfers = model.transfers;
        operation_submit(actor, &operation);
        model_operate(&operation);
        if (operation.sqe.opcode == OP_RELEASE || model.transfers != transfers) {
            break; // what follows from it comes after the submission, and ids are learnt then
        }
    }
    // The model knows no time between two operations of one submission.
    bool has_interrupts = machine.interrupts;
    machine.interrupts = has_interrupts && batch == 1;
    machine_enter(actor->thread, 0, 0);
    machine.interrupts = has_interrupts;
    if (machine.threads[actor->thread].result > CQ_ENTRIES_DEFAULT) {
        broken("cap_enter returns %llx", (unsigned long long)machine.threads[actor->thread].result);
    }
}

// Waits in cap_enter, for a time.
void wait_step(struct actor *actor)
{
    actor_run(actor);
    note("actor %ld waits", (long)(actor - world.actors));
    machine_enter(actor->thread, 1 + chance_below(3), 1 + chance_below(TIME_STEP_NS));
}

// SPDX-License-Identifier: Apache-2.0
//
// Transfers: the capabilities that travel with a call or its answer. Descriptors follow the
// payload, {cap, mode}; what arrives follows the message as {cap, interface}. Everything is checked
// before anything is committed, within one turn: so a transfer is all or nothing, and a move leaves
// exactly one holder at every instant. A capability keeps its facet, its mode and its scope.
#include "kernel/core/buffer.h"
#include "kernel/core/core.h"

// Whether the hold may go to process `to`, in this mode.
static enum status travel_check(const struct core *core, const struct hold *hold, uint32_t mode,
                                uint32_t to)
{
    const struct process_entry *processes = core->state.processes;
    if (mode != TRANSFER_COPY && mode != TRANSFER_MOVE) {
        return STATUS_BAD_TRANSFER;
    }
    if (hold->transfer != TRANSFER_COPY && hold->transfer != mode) {
        return STATUS_TRANSFER_REFUSED;
    }
    bool is_same = processes[hold->process].session == processes[to].session;
    bool may = hold->scope == SCOPE_SHAREABLE || (hold->scope == SCOPE_SAME_SESSION && is_same);
    return may ? STATUS_OK : STATUS_SCOPE_REFUSED;
}

// What is moved is named once. The kernel looks at what it is shown, and has it no more than
// before.
enum status transfer_check(struct core *core, const struct request *from,
                           const struct buffer *payload, uint32_t to)
{
    uint32_t count = from->sqe.transfers;
    struct span transfers = {(uint8_t *)core->transfers, count * sizeof core->transfers[0]};
    spans_copy(&transfers, 0, payload->spans, transfer_offset(from->sqe.payload_len),
               transfers.size);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct transfer *transfer = &core->transfers[i];
        uint32_t *hold = &core->transfer_holds[i];
        core->transferred[i] = transfer->cap;
        if (transfer->reserved != 0) {
            return STATUS_RESERVED_SET;
        }
        for (const struct transfer *other = core->transfers; other < transfer; other++) {
            if (other->cap == transfer->cap &&
                (other->mode == TRANSFER_MOVE || transfer->mode == TRANSFER_MOVE)) {
                return STATUS_BAD_TRANSFER;
            }
        }
        status = hold_find(core, from->sender.process, transfer->cap, hold);
        if (to == NONE && (status != STATUS_OK || transfer->mode != TRANSFER_COPY)) {
            return STATUS_BAD_TRANSFER;
        }
        if (to != NONE && status == STATUS_OK) {
            status = travel_check(core, &core->state.holds[*hold], transfer->mode, to);
        }
    }
    return status;
}

void received_write(const struct core *core, struct request *request, uint32_t count,
                    const uint64_t caps[], const struct buffer *buffer, uint32_t offset)
{
    for (uint32_t i = 0; i < count; i++) {
        struct received record = {caps[i], hold_interface(core, cap_index((cap_t){caps[i]}))};
        ASSERT(caps[i] != 0);
        spans_copy(buffer->spans, offset + i * (uint32_t)sizeof record,
                   &(struct span){(uint8_t *)&record, sizeof record}, 0, sizeof record);
    }
    request->cqe.flags |= CQE_TRANSFERS;
    request->cqe.transfers = (uint16_t)count;
}

void transfer_commit(struct core *core, const struct request *from, struct request *to, uint8_t how,
                     const struct buffer *result, uint32_t offset)
{
    uint64_t caps[TRANSFERS_MAX];
    for (uint32_t i = 0; i < from->sqe.transfers; i++) {
        bool is_move = core->transfers[i].mode == TRANSFER_MOVE;
        caps[i] = (is_move ? hold_move : hold_copy)(core, core->transfer_holds[i],
                                                    to->sender.process, how)
                      .value;
    }
    received_write(core, to, from->sqe.transfers, caps, result, offset);
}

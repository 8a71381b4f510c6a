// SPDX-License-Identifier: Apache-2.0
//
// Transfers: the capabilities that travel with a call or its answer. Descriptors follow the
// payload, {cap, mode}; what arrives follows the message as {cap, interface}. Everything is checked
// before anything is committed, within one turn: so a transfer is all or nothing, and a move leaves
// exactly one holder at every instant. A capability keeps its facet, its mode and its scope.
#include "kernel/core/transfer.h"
#include "kernel/core/buffer.h"
#include "kernel/core/core.h"
#include "kernel/core/session.h"

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
        bool is_mode = transfer->mode == TRANSFER_COPY || transfer->mode == TRANSFER_MOVE;
        if (to == NONE ? status != STATUS_OK || transfer->mode != TRANSFER_COPY
                       : status == STATUS_OK && !is_mode) {
            return STATUS_BAD_TRANSFER;
        }
        if (to != NONE && status == STATUS_OK) {
            const struct hold *found = &core->state.holds[*hold];
            bool may = found->transfer == TRANSFER_COPY || found->transfer == transfer->mode;
            status = may ? session_scope_check(core, found, to) : STATUS_TRANSFER_REFUSED;
        }
    }
    return status;
}

void received_write(const struct core *core, struct request *request, uint32_t count,
                    const uint64_t caps[], const struct buffer *buffer, uint32_t offset)
{
    for (uint32_t i = 0; i < count; i++) {
        struct received record = {caps[i], hold_interface(core, cap_index((cap_t){caps[i]}))};
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

// SPDX-License-Identifier: Apache-2.0
//
// The model of what travels with calls and answers: all of it, or nothing.
#include "tests/property/model_parts.h"

static uint32_t count_of(const struct sqe *sqe)
{
    return sqe->transfers <= TRANSFERS_MAX ? sqe->transfers : 0;
}

// Descriptors begin at the next multiple of eight.
uint32_t model_span(const struct sqe *sqe)
{
    uint32_t padded = (sqe->payload_len + 7) / 8 * 8;

    return sqe->transfers == 0 ? sqe->payload_len
                               : padded + sqe->transfers * (uint32_t)sizeof(struct transfer);
}

static enum status descriptor_fact(const struct model_operation *operation, uint32_t to,
                                   uint32_t index)
{
    const struct transfer *transfer = &operation->transfers[index];
    struct model_hold *hold;

    if (transfer->reserved != 0) {
        return STATUS_RESERVED_SET;
    }
    // What is moved is named once.
    for (uint32_t i = 0; i < index; i++) {
        const struct transfer *other = &operation->transfers[i];
        if (other->cap == transfer->cap &&
            (other->mode == TRANSFER_MOVE || transfer->mode == TRANSFER_MOVE)) {
            return STATUS_BAD_TRANSFER;
        }
    }
    enum status fact = model_hold_fact(operation->program, transfer->cap, &hold);
    if (fact != STATUS_OK) {
        return fact;
    }
    if (transfer->mode != TRANSFER_COPY && transfer->mode != TRANSFER_MOVE) {
        return STATUS_BAD_TRANSFER;
    }
    // What may be copied may be moved.
    bool may = hold->mode == TRANSFER_COPY || (uint32_t)hold->mode == transfer->mode;
    return may ? model_scope_fact(hold, to, false) : STATUS_TRANSFER_REFUSED;
}

enum status model_transfer_fact(const struct model_operation *operation, uint32_t to)
{
    enum status fact = STATUS_OK;

    for (uint32_t i = 0; i < count_of(&operation->sqe) && fact == STATUS_OK; i++) {
        fact = descriptor_fact(operation, to, i);
    }
    return fact;
}

void model_transfer(const struct model_operation *operation, uint32_t to,
                    struct model_expected *expected)
{
    expected->received_count = count_of(&operation->sqe);
    model.transfers += expected->received_count;
    for (uint32_t i = 0; i < expected->received_count; i++) {
        const struct transfer *transfer = &operation->transfers[i];
        struct model_hold *hold = model_hold_find(operation->program, transfer->cap);
        struct model_hold given = *hold;
        if (transfer->mode == TRANSFER_MOVE) {
            *hold = model.holds[--model.hold_count];
        }
        model_hold_insert_scoped(to, 0, given.node, given.mode, given.is_revoker, given.scope);
        expected->received[i] =
            (struct model_received){given.node, given.is_revoker, given.mode, given.scope};
    }
}

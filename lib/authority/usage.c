// SPDX-License-Identifier: Apache-2.0
//
// See usage.h.
#include "lib/authority/usage.h"

#include "abi/ring.h"

static bool is_use(uint8_t opcode)
{
    return opcode == OP_CALL || opcode == OP_RECV || opcode == OP_SIGNAL || opcode == OP_WAIT ||
           opcode == OP_PARK || opcode == OP_UNPARK;
}

static bool has_method(uint8_t opcode)
{
    return opcode == OP_CALL || opcode == OP_SIGNAL || opcode == OP_WAIT;
}

bool authority_use_of(const struct authority_index *index, const struct syslog_record *record,
                      uint32_t *process, uint32_t *facet, uint16_t *method)
{
    const struct syslog_operation *operation = &record->operation;
    uint32_t at;

    // Nothing that was refused or did not end yet, and nothing that is no use: giving back, for
    // one.
    if (record->status < 0 || !is_use(operation->opcode) || record->target.facet == UINT32_MAX ||
        record->sender.process == UINT32_MAX)
        return false;
    authority_moment(index, record->time_ns, &at);
    *process = authority_life_of(index, ARENA_PROCESSES,
                                 (struct commit_id){record->sender.process, 0}, at);
    *facet =
        authority_life_of(index, ARENA_FACETS, (struct commit_id){record->target.facet, 0}, at);
    *method =
        has_method(operation->opcode) && operation->method < 64 ? operation->method : USE_NO_METHOD;
    return *process != LIFE_NONE && *facet != LIFE_NONE;
}

static bool is_same(struct commit_id a, struct commit_id b)
{
    return a.index == b.index && a.generation == b.generation;
}

static bool has_ended(const struct authority_index *index, struct commit_id process)
{
    uint32_t life = authority_life_of(index, ARENA_PROCESSES, process, index->count);

    return life == LIFE_NONE || authority_stage_of(index, life, index->count) == STAGE_ABSENT;
}

// A place for something new: behind the others, or that of who ended longest ago. NULL: none.
static struct use *place_find(struct authority_usage *usage, const struct authority_index *index)
{
    struct use *oldest = NULL;

    if (usage->count < usage->room)
        return &usage->uses[usage->count++];
    for (uint32_t i = 0; i < usage->count; i++) {
        struct use *use = &usage->uses[i];
        if ((oldest == NULL || use->last_ns < oldest->last_ns) && has_ended(index, use->process))
            oldest = use;
    }
    return oldest;
}

void authority_usage_count(struct authority_usage *usage, const struct authority_index *index,
                           const struct syslog_record *record)
{
    uint32_t process, facet;
    uint16_t method;

    usage->records++;
    if (!authority_use_of(index, record, &process, &facet, &method))
        return;
    struct commit_id process_id = authority_id(index, ARENA_PROCESSES, process);
    struct commit_id facet_id = authority_id(index, ARENA_FACETS, facet);
    for (uint32_t i = 0; i < usage->count; i++) {
        struct use *use = &usage->uses[i];
        if (use->method == method && is_same(use->process, process_id) &&
            is_same(use->facet, facet_id)) {
            use->count++;
            use->last_ns = record->time_ns;
            return;
        }
    }
    struct use *use = place_find(usage, index);
    if (use == NULL) {
        usage->lost++;
        return;
    }
    *use = (struct use){.process = process_id,
                        .facet = facet_id,
                        .count = 1,
                        .first_ns = record->time_ns,
                        .last_ns = record->time_ns,
                        .method = method};
}

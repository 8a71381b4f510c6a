// SPDX-License-Identifier: Apache-2.0
//
// The model of sessions: which programs are of which, whether one is over, what it lets others
// know, and which holds may go where.
#include "tests/property/model_parts.h"

uint32_t model_session_create(uint32_t parent, bool is_over, uint32_t principal_size)
{
    model_must(model.session_count < MODEL_SESSIONS_MAX, "no room for a session");
    model.sessions[model.session_count] = (struct model_session){
        .parent = parent, .is_over = is_over, .principal_size = principal_size};
    return model.session_count++;
}

enum status model_session_fact(uint32_t session)
{
    while (session != MODEL_NONE && !model.sessions[session].is_over) {
        session = model.sessions[session].parent;
    }
    return session == MODEL_NONE ? STATUS_OK : STATUS_SESSION_OVER;
}

uint32_t model_session_depth(uint32_t session)
{
    uint32_t depth = 0;

    for (; session != MODEL_NONE; session = model.sessions[session].parent) {
        depth++;
    }
    return depth;
}

void model_session_end(uint32_t session)
{
    model.sessions[session].is_over = true;
    model_waits_settle();
}

void model_program_begin(uint32_t program, uint32_t session, bool is_brokered)
{
    model_must(program < MODEL_PROGRAMS_MAX, "no room for a program");
    model.programs[program] = (struct model_program){session, is_brokered};
}

enum status model_right_fact(uint32_t program, uint32_t node)
{
    enum status fact = model_node_fact(node);

    return fact == STATUS_OK ? model_session_fact(model.programs[program].session) : fact;
}

enum status model_scope_fact(const struct model_hold *hold, uint32_t to, bool is_built)
{
    switch (hold->scope) {
    case SCOPE_SHAREABLE:
        return STATUS_OK;
    case SCOPE_SAME_SESSION:
        return model.programs[hold->program].session == model.programs[to].session
                   ? STATUS_OK
                   : STATUS_SCOPE_REFUSED;
    case SCOPE_REGRANT_ONLY:
        break;
    }
    return is_built && model.programs[to].is_brokered ? STATUS_OK : STATUS_SCOPE_REFUSED;
}

// The first session discloses nothing, the others everything; facets may not.
uint16_t model_disclosed(const struct model_wait *call)
{
    bool has_identity = model.programs[call->operation.program].session != 0;
    uint16_t disclosed = has_identity ? call->operation.sqe.disclose & DISCLOSE_ALL : 0;

    for (uint32_t node = call->node; node != MODEL_NONE; node = model.nodes[node].parent) {
        disclosed &= (uint16_t)~model.nodes[node].withheld;
    }
    return disclosed;
}

enum status model_identity(uint32_t program, uint32_t object, uint64_t call_id, uint32_t section,
                           uint32_t *size)
{
    *size = 0;
    for (uint32_t i = 0; i < model.wait_count; i++) {
        const struct model_wait *wait = &model.waits[i];
        if (wait->kind == MODEL_TAKEN && wait->server == program && wait->object == object &&
            wait->call_id == call_id) {
            uint32_t session = model.programs[wait->operation.program].session;
            *size = section == 0 ? model.sessions[session].principal_size : 0;
            return (wait->disclosed >> section & 1) == 0 ? STATUS_NOT_DISCLOSED
                                                         : model_session_fact(session);
        }
    }
    return STATUS_STALE_CALL;
}

// SPDX-License-Identifier: Apache-2.0
//
// Acting with sessions: see sessions.h.
#include "kernel/core/test/sessions.h"

#include <string.h>

#include "kernel/core/test/memory.h"

cap_t act_identity_of(uint32_t thread, const struct identity_header *header, uint32_t pages,
                      bool is_sealed)
{
    cap_t memory = act_memory(thread, pages);

    act_must(act_write(thread, memory, 0, header, sizeof(*header)) == STATUS_OK, "not written", 0);
    act_must(!is_sealed || act_seal(thread, memory) == STATUS_OK, "not sealed", 0);
    return memory;
}

cap_t act_identity(uint32_t thread, const char *const *sections)
{
    struct identity_header header = {.magic = IDENTITY_MAGIC};
    cap_t memory = act_memory(thread, 1);
    uint32_t offset = sizeof(header);

    for (uint32_t i = 0; sections[i] != NULL; i++) {
        uint32_t size = (uint32_t)strlen(sections[i]);
        header.sections[i] = (struct identity_section){offset, size};
        for (uint32_t at = 0; at < size; at += 256) {
            uint32_t part = size - at < 256 ? size - at : 256;
            act_write(thread, memory, offset + at, sections[i] + at, part);
        }
        offset += size;
    }
    act_write(thread, memory, 0, &header, sizeof(header));
    act_must(act_seal(thread, memory) == STATUS_OK, "not sealed", 0);
    return memory;
}

enum status act_mint_fact(uint32_t thread, cap_t minter, cap_t identity, uint64_t expiry_ns,
                          cap_t *session)
{
    struct capnp_builder message = act_message();
    struct session_minter_mint_params_builder params = session_minter_mint_params_build(&message);
    struct act_answer answer;

    session_minter_mint_params_set_identity(params, (struct memory_object){identity.value});
    session_minter_mint_params_set_expiry(params, expiry_ns);
    session_minter_mint_params_set_hash(params, ACT_HASH);
    act_object(thread, minter, SESSION_MINTER_MINT, &message, &answer);
    session->value =
        session_minter_mint_results_get_session(session_minter_mint_results_read(&answer.message))
            .id;
    return act_fact(&answer.cqe);
}

cap_t act_session(uint32_t thread, const char *principal, uint64_t expiry_ns)
{
    const char *const sections[] = {principal, NULL};
    cap_t identity = act_identity(thread, sections);
    cap_t session;
    enum status fact =
        act_mint_fact(thread, act_named(thread, "session"), identity, expiry_ns, &session);

    act_must(fact == STATUS_OK, "no session", fact);
    act_do_fact(thread, act_release(identity));
    return session;
}

enum status act_session_end(uint32_t thread, cap_t session)
{
    struct act_answer answer;

    act_object(thread, session, SESSION_MINTER_END, NULL, &answer);
    return act_fact(&answer.cqe);
}

enum status act_from_call_fact(uint32_t thread, cap_t minter, uint64_t call_id, uint64_t expiry_ns,
                               cap_t *session)
{
    struct capnp_builder message = act_message();
    struct session_minter_from_call_params_builder params =
        session_minter_from_call_params_build(&message);
    struct act_answer answer;

    session_minter_from_call_params_set_call_id(params, call_id);
    session_minter_from_call_params_set_expiry(params, expiry_ns);
    act_object(thread, minter, SESSION_MINTER_FROM_CALL, &message, &answer);
    session->value = session_minter_from_call_results_get_session(
                         session_minter_from_call_results_read(&answer.message))
                         .id;
    return act_fact(&answer.cqe);
}

enum status act_builder_of_fact(uint32_t thread, cap_t session, cap_t job, cap_t *builder)
{
    struct capnp_builder message = act_message();
    struct session_minter_make_process_builder_params_builder params =
        session_minter_make_process_builder_params_build(&message);
    struct act_answer answer;

    session_minter_make_process_builder_params_set_job(params, (struct job){job.value});
    act_object(thread, session, SESSION_MINTER_MAKE_PROCESS_BUILDER, &message, &answer);
    builder->value = session_minter_make_process_builder_results_get_builder(
                         session_minter_make_process_builder_results_read(&answer.message))
                         .id;
    return act_fact(&answer.cqe);
}

uint32_t act_process_of(uint32_t thread, cap_t session, const char *name, cap_t granted)
{
    cap_t job = act_named(thread, "job");
    cap_t builder;
    cap_t process = {0};
    enum status fact = act_builder_of_fact(thread, session, job, &builder);

    if (fact == STATUS_OK) {
        fact = act_grant(thread, builder, name, (uint32_t)strlen(name), granted);
    }
    if (fact == STATUS_OK) {
        fact = act_start(thread, builder, &process);
    }
    act_must(fact == STATUS_OK, "no process", fact);
    act_do_fact(thread, act_release(builder));
    act_do_fact(thread, act_release(process));
    return machine.newest_thread;
}

enum status act_identity_fact(uint32_t thread, cap_t server, uint64_t call_id, uint32_t section,
                              uint32_t offset, uint32_t *size, char *bytes, uint32_t *count)
{
    struct capnp_builder message = act_message();
    struct endpoint_identity_params_builder params = endpoint_identity_params_build(&message);
    struct act_answer answer;

    endpoint_identity_params_set_call_id(params, call_id);
    endpoint_identity_params_set_section(params, section);
    endpoint_identity_params_set_offset(params, offset);
    act_object(thread, server, ENDPOINT_IDENTITY, &message, &answer);
    struct endpoint_identity_results_reader results =
        endpoint_identity_results_read(&answer.message);
    struct capnp_data data = endpoint_identity_results_get_data(results);
    *size = endpoint_identity_results_get_size(results);
    *count = data.size;
    if (data.size != 0) {
        memcpy(bytes, data.data, data.size);
    }
    return act_fact(&answer.cqe);
}

// --- A visit ------------------------------------------------------------------------------------

struct act_visit visit;

bool act_visit_boot(void)
{
    static const char *const programs[] = {"init", "child", NULL};

    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return false;
    }
    visit.init = (uint32_t)machine.running;
    visit.server = act_endpoint(visit.init, VISIT_MESSAGE);
    visit.minter = act_named(visit.init, "session");
    visit.client = act_facet(visit.init, visit.server, 7, VISIT_INTERFACE, VISIT_DATA);
    visit.alice = act_session(visit.init, "alice", UINT64_MAX);
    visit.child = act_process_of(visit.init, visit.alice, "it", visit.client.facet);
    return visit.client.fact == STATUS_OK;
}

struct sqe act_visit_call(uint32_t thread, uint16_t disclose)
{
    struct sqe call = act_call(act_named(thread, "it"), 1, 7);

    call.disclose = disclose;
    return call;
}

struct message_header act_called(uint32_t thread, uint16_t disclose)
{
    act_submit(thread, act_visit_call(thread, disclose));
    enum status fact =
        act_do_fact(visit.init, act_recv(visit.server, VISIT_RECV_AT, VISIT_RECV_SIZE, 2));
    act_must(fact == STATUS_OK, "no call came", fact);
    return act_header(visit.init, VISIT_RECV_AT);
}

void act_answered(uint32_t thread, uint64_t call_id)
{
    enum status fact = act_do_fact(visit.init, act_return(call_id, 3));

    act_must(fact == STATUS_OK, "no answer went out", fact);
    act_reap(thread);
}

enum status act_told(uint64_t call_id, uint32_t section)
{
    char bytes[512];
    uint32_t size;
    uint32_t count;

    return act_identity_fact(visit.init, visit.server, call_id, section, 0, &size, bytes, &count);
}

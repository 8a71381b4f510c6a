// SPDX-License-Identifier: Apache-2.0
//
// Identities and sessions: see session.h. An identity travels to its page, and a section from its
// page, in pieces that fit into a message to the kernel.
#include "runtime/session.h"

#include <string.h>

#include "lib/sha256/sha256.h"
#include "runtime/runtime.h"

enum { PIECE = 512 };

void tsr_identity_init(struct tsr_identity *identity)
{
    *identity = (struct tsr_identity){.size = sizeof identity->header};
    identity->header.magic = IDENTITY_MAGIC;
}

bool tsr_identity_put(struct tsr_identity *identity, uint32_t section, const void *bytes,
                      uint32_t size)
{
    if (section >= IDENTITY_SECTIONS || size == 0 || size > IDENTITY_SIZE_MAX - identity->size ||
        identity->header.sections[section].size != 0) {
        return false;
    }
    memcpy(identity->page + identity->size, bytes, size);
    identity->header.sections[section] = (struct identity_section){identity->size, size};
    identity->size += size;
    return true;
}

static bool page_write(struct memory_object page, const struct tsr_identity *identity,
                       struct capnp_exception *exception)
{
    bool is_written = true;
    for (uint32_t at = 0; is_written && at < identity->size; at += PIECE) {
        uint32_t left = identity->size - at;
        struct capnp_data piece = {identity->page + at, left < PIECE ? left : PIECE};
        is_written = memory_object_write(page, at, piece, exception);
    }
    return is_written && memory_object_seal(page, exception);
}

bool tsr_session_mint(struct session_minter minter, struct job job,
                      const struct tsr_identity *identity, uint64_t expiry_ns,
                      struct session_minter *session, struct capnp_exception *exception)
{
    uint8_t hash[SHA256_SIZE];
    uint64_t stated;
    struct memory_object page;
    if (!job_make_memory(job, 1, &page, exception)) {
        return false;
    }
    sha256_of(identity->page, sizeof identity->page, hash);
    memcpy(&stated, hash, sizeof stated);
    bool is_minted = page_write(page, identity, exception) &&
                     session_minter_mint(minter, page, expiry_ns, stated, session, exception);
    tsr_release(page.id); // the session keeps it
    return is_minted;
}

// One piece of a section, and the section's size.
static bool piece_read(struct endpoint server, uint64_t call_id, uint32_t section, uint32_t offset,
                       uint8_t *bytes, uint32_t room, uint32_t *size, uint32_t *count,
                       struct capnp_exception *exception)
{
    struct capnp_call call;
    struct endpoint_identity_params_builder params;
    struct endpoint_identity_results_reader results;
    bool is_read = endpoint_identity_begin(server, &call, &params, exception);
    if (is_read) {
        endpoint_identity_params_set_call_id(params, call_id);
        endpoint_identity_params_set_section(params, section);
        endpoint_identity_params_set_offset(params, offset);
        is_read = capnp_call_send(&call, exception) &&
                  endpoint_identity_finish(&call, &results, exception);
    }
    if (is_read) {
        struct capnp_data data = endpoint_identity_results_get_data(results);
        *size = endpoint_identity_results_get_size(results);
        *count = data.size < room ? data.size : room;
        if (*count != 0) {
            memcpy(bytes, data.data, *count);
        }
        is_read = !capnp_call_refuse_response(&call, exception);
    }
    capnp_call_end(&call);
    return is_read;
}

bool tsr_identity_read(struct endpoint server, uint64_t call_id, uint32_t section, void *bytes,
                       uint32_t room, uint32_t *size, struct capnp_exception *exception)
{
    uint32_t done = 0;
    uint32_t count;
    do {
        if (!piece_read(server, call_id, section, done, (uint8_t *)bytes + done, room - done, size,
                        &count, exception)) {
            return false;
        }
        done += count;
    } while (count != 0 && done < room && done < *size);
    return true;
}

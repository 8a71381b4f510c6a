// SPDX-License-Identifier: Apache-2.0
//
// runtime/session.h on the kernel itself (first_program.h). A child in a session of its own has
// called this test before the runtime takes its ring over.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/sessions.h"
#include "lib/sha256/sha256.h"
#include "runtime/session.h"
#include "runtime/test/first_program.h"
#include "runtime/thread.h"
#include "schema/kernel.capnp.h"

enum { MESSAGE = 64, RECV_AT = ACT_FREE + 1024, LONG = 1300, INTERFACE = 0x5000 };

static char words[LONG + 1];
static struct endpoint server;
static struct session_minter minter;
static struct job job;
static uint64_t call_id;
static struct capnp_exception exception;

int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second)
{
    return first_program_enter(number, first, second);
}

int tsr_main(struct start *start)
{
    (void)start;
    return 0;
}

static int set_up(void **state)
{
    static const char *const programs[] = {"init", "child", NULL};
    const char *const sections[] = {"alice", words, NULL};
    cap_t session;

    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    uint32_t self = (uint32_t)machine.running;
    for (uint32_t i = 0; i < LONG; i++) {
        words[i] = (char)('a' + i % 26);
    }
    cap_t endpoint = act_endpoint(self, MESSAGE);
    struct act_facet client = act_facet(self, endpoint, 7, INTERFACE, 0);
    enum status fact = act_mint_fact(self, act_named(self, "session"), act_identity(self, sections),
                                     UINT64_MAX, &session);
    uint32_t child = act_process_of(self, session, "it", client.facet);
    struct sqe call = act_call(act_named(child, "it"), 1, 7);
    call.disclose = 3;
    act_submit(child, call);
    call_id =
        act_do(self, act_recv(endpoint, RECV_AT, sizeof(struct message_header) + MESSAGE, 2)).extra;
    server.id = endpoint.value;
    minter.id = act_named(self, "session").value;
    job.id = act_named(self, "job").value;
    return fact == STATUS_OK && first_program_begin(self) ? 0 : 1;
}

static void a_section_is_read_whole_in_pieces(void **state)
{
    char bytes[LONG + 10];
    uint32_t size;

    (void)state;
    memset(bytes, 0, sizeof(bytes));
    assert_true(tsr_identity_read(server, call_id, 1, bytes, sizeof(bytes), &size, &exception));
    assert_int_equal(size, LONG);
    assert_string_equal(bytes, words);
    memset(bytes, 0, sizeof(bytes)); // what has no room is left out
    assert_true(tsr_identity_read(server, call_id, 1, bytes, 600, &size, &exception));
    assert_int_equal(size, LONG);
    assert_true(memcmp(bytes, words, 600) == 0 && bytes[600] == 0);
    assert_false(tsr_identity_read(server, call_id, 2, bytes, sizeof(bytes), &size, &exception));
    assert_int_equal(exception.status, STATUS_NOT_DISCLOSED);
}

static void an_identity_holds_what_fits_and_each_section_once(void **state)
{
    static struct tsr_identity identity;
    static const uint8_t bytes[IDENTITY_SIZE_MAX];
    uint32_t room = IDENTITY_SIZE_MAX - (uint32_t)sizeof(struct identity_header);

    (void)state;
    tsr_identity_init(&identity);
    assert_false(tsr_identity_put(&identity, IDENTITY_SECTIONS, bytes, 1));
    assert_false(tsr_identity_put(&identity, 0, bytes, 0));
    assert_false(tsr_identity_put(&identity, 0, bytes, room + 1));
    assert_true(tsr_identity_put(&identity, 7, bytes, room - 1));
    assert_false(tsr_identity_put(&identity, 7, bytes, 1));
    assert_false(tsr_identity_put(&identity, 0, bytes, 2));
    assert_true(tsr_identity_put(&identity, 0, bytes, 1));
    assert_int_equal(identity.header.sections[7].offset, sizeof(struct identity_header));
    assert_int_equal(identity.header.sections[0].offset, IDENTITY_SIZE_MAX - 1);
}

static void an_identity_is_minted_with_its_hash(void **state)
{
    static struct tsr_identity identity;
    const struct state *now = &act_core()->state;
    struct session_minter made;
    uint8_t hash[SHA256_SIZE];
    uint32_t session = 2; // after genesis's and the child's

    (void)state;
    tsr_identity_init(&identity);
    assert_true(tsr_identity_put(&identity, IDENTITY_PRINCIPAL, words, LONG));
    assert_true(tsr_session_mint(minter, job, &identity, 9000000000, &made, &exception));
    sha256_of(identity.page, sizeof(identity.page), hash);
    assert_memory_equal(&now->sessions[session].identity_hash, hash, 8);
    assert_int_equal(now->sessions[session].expiry_ns, 9000000000);
    assert_int_equal(now->sessions[session].slot.link, session);
    // What is no identity leaves nothing behind.
    uint32_t objects = now->arenas[ARENA_OBJECTS].live;
    identity.header.magic = 0;
    assert_false(tsr_session_mint(minter, job, &identity, UINT64_MAX, &made, &exception));
    assert_int_equal(exception.status, STATUS_BAD_IDENTITY);
    assert_true(tsr_submit(&exception)); // with the release
    assert_int_equal(now->arenas[ARENA_OBJECTS].live, objects);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(a_section_is_read_whole_in_pieces),
        TEST(an_identity_holds_what_fits_and_each_section_once),
        TEST(an_identity_is_minted_with_its_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

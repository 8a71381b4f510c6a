// SPDX-License-Identifier: Apache-2.0
//
// Pages for loaders, against a kernel of the test: what is mapped by several calls is there as a
// whole, or not at all.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/commit.h"
#include "runtime/spawn.h"
#include "runtime/test/fake_kernel.h"

enum { MAPS = 2 }; // that the kernel carries out; it refuses the next one

static const uint64_t place = 0x40000000;
static uint64_t unmapped[8];
static uint32_t unmapped_count;
static uint32_t mapped_count;

static void operate(const struct sqe *entry)
{
    struct cqe completion = {.status = 0};

    if (entry->method == ADDRESS_SPACE_UNMAP) {
        struct capnp_message message;
        capnp_message_init(&message, fake_payload(entry), entry->payload_len, NULL, 0);
        unmapped[unmapped_count++] = capnp_get_u64(capnp_message_root(&message), 0, 0);
    } else if (mapped_count++ == MAPS) {
        completion.status = -STATUS_OUT_OF_MEMORY;
    }
    fake_complete(entry, completion);
}

static void what_cannot_be_mapped_as_a_whole_is_not_mapped_at_all(void **state)
{
    struct capnp_exception exception;
    struct address_space space = {5ull << 32};
    struct memory_object memory = {6ull << 32};

    (void)state;
    fake.operate = operate;
    assert_false(tsr_pages_map(space, place, 3 * 512, RIGHT_READ, memory, 0, &exception));
    assert_int_equal(exception.status, STATUS_OUT_OF_MEMORY);
    assert_int_equal(unmapped_count, MAPS);
    assert_int_equal(unmapped[0], place);
    assert_int_equal(unmapped[1], place + 512 * PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_cannot_be_mapped_as_a_whole_is_not_mapped_at_all, fake_set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

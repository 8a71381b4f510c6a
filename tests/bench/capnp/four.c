// SPDX-License-Identifier: Apache-2.0
//
// Opens a message of one struct of four 64-bit fields and reads all four, as often as told:
// callgrind counts the instructions of read_four.

#include "four.capnp.h"

#include <stdlib.h>

__attribute__((noinline)) uint64_t read_four(const void *bytes, uint32_t size);

__attribute__((noinline)) uint64_t read_four(const void *bytes, uint32_t size)
{
    struct capnp_message message;
    capnp_message_init(&message, bytes, size, NULL, 0);
    struct four_reader four = four_read(&message);
    uint64_t sum = four_get_a(four) + four_get_b(four) + four_get_c(four) + four_get_d(four);
    return message.error == CAPNP_OK ? sum : 0;
}

int main(int count, char **arguments)
{
    uint64_t words[8];
    struct capnp_builder builder;
    capnp_builder_init(&builder, words, sizeof(words));
    struct four_builder four = four_build(&builder);
    four_set_a(four, 1);
    four_set_b(four, 20);
    four_set_c(four, 300);
    four_set_d(four, 4000);
    uint64_t sum = 0;
    long times = count > 1 ? strtol(arguments[1], NULL, 10) : 1;
    for (long i = 0; i < times; i++) {
        sum += read_four(words, capnp_builder_size(&builder));
    }
    return sum == 4321 * (uint64_t)times ? 0 : 1;
}

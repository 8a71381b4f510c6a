// SPDX-License-Identifier: Apache-2.0
//
// Computes the share that its two letters of arguments name, and exits with the result.

#include "lib/crowd/share.h"
#include "runtime/runtime.h"

#include "schema/boot.capnp.h"

enum { MISUSED = -1 }; // no result is negative

int tsr_main(struct start *start)
{
    struct capnp_message info;
    tsr_start_info(start, &info);
    struct capnp_text words = start_info_get_arguments(start_info_read(&info));
    if (words.size != 2 || words.data[0] < 'a' || words.data[1] <= 'a') {
        return MISUSED;
    }
    return (int)share_compute((uint32_t)(words.data[0] - 'a'), (uint32_t)(words.data[1] - 'a'));
}

// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a value, as JSON: see capnp_value.h.

#include "tests/fuzz/capnp_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    capnp_value_fuzz(DYNAMIC_JSON, input, size);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a value, in the text form: see capnp_value.h.

#include "tests/fuzz/capnp_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    capnp_value_fuzz(DYNAMIC_TEXT, input, size);
    return 0;
}

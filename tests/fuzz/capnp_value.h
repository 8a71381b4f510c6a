// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a value of a schema, in the text form or as JSON (capnp_text_fuzz.c,
// capnp_json_fuzz.c): refused with a place inside the input, or a message that is printed and, read
// again, is the same.

#ifndef TESTS_FUZZ_CAPNP_VALUE_H
#define TESTS_FUZZ_CAPNP_VALUE_H

#include "lib/capnp/test/dynamic_support.h"

// Aborts if something doesn't hold.
void capnp_value_fuzz(enum dynamic_form form, const uint8_t *input, size_t size);

#endif

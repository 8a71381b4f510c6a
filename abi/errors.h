// SPDX-License-Identifier: Apache-2.0
//
// enum status and exception types, generated from errors.def. A status is negative or zero when it
// stands in a completion; in the kernel a fact is the positive number of the catalogue.
#ifndef ABI_ERRORS_H
#define ABI_ERRORS_H

#include <stdint.h>

// Chapter "Errors": the first four types are those of Cap'n Proto's RPC.
enum exception_type {
    EXCEPTION_TRANSPORT = 0, // no exception: the completion's status is the answer
    EXCEPTION_FAILED = 1,
    EXCEPTION_OVERLOADED = 2,
    EXCEPTION_DISCONNECTED = 3,
    EXCEPTION_UNIMPLEMENTED = 4,
    EXCEPTION_INVALID_ARGUMENT = 5,
};

enum status {
#define STATUS(name, number, kind, sentence) STATUS_##name = (number),
#include "abi/errors.def"
#undef STATUS
    STATUS_LIMIT = 96,
};

// The type of exception by which a fact reaches the caller; EXCEPTION_TRANSPORT: by its status.
static const uint8_t status_exception[STATUS_LIMIT] = {
#define STATUS(name, number, kind, sentence) [number] = EXCEPTION_##kind,
#include "abi/errors.def"
#undef STATUS
};

#endif

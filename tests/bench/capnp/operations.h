// SPDX-License-Identifier: Apache-2.0
//
// What both sides of the comparison do. A message of the size's struct lies ready, framed, packed
// and flat; each operation does its work once and returns a number that depends on it, the same on
// both sides (checked), so that no compiler leaves any of it out.
//
//   build         a message, in a buffer that is there: all fields set
//   read          the framed message: open it, read all fields
//   copy          the opened message into another buffer
//   canonicalise  the opened message
//   pack          the framed message
//   unpack        the packed one, and open it
//
// Every eighth field is a text of ten letters, the others are 64-bit numbers.

#ifndef TESTS_BENCH_CAPNP_OPERATIONS_H
#define TESTS_BENCH_CAPNP_OPERATIONS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum operation { BUILD, READ, COPY, CANONICALISE, PACK, UNPACK, OPERATION_COUNT };
enum size { FIELDS_1, FIELDS_8, FIELDS_64, FIELDS_10000, SIZE_COUNT };

enum { BUFFER_BYTES = 1 << 18 };

typedef uint64_t operation_run(void);

// [operation][size]
extern operation_run *const ours[OPERATION_COUNT][SIZE_COUNT];
extern operation_run *const theirs[OPERATION_COUNT][SIZE_COUNT];

// Makes the messages that the other operations start from.
void ours_prepare(void);
void theirs_prepare(void);

#ifdef __cplusplus
}
#endif

#endif

// SPDX-License-Identifier: Apache-2.0
//
// One character of UTF-8, strictly: no overlong form, no surrogate, nothing above U+10FFFF
// (RFC 3629, section 4).
#ifndef LIB_JSON_UTF8_H
#define LIB_JSON_UTF8_H

#include <stddef.h>
#include <stdint.h>

// How many bytes the first character of `bytes` has; 0 if it is not valid or cut.
size_t utf8_size(const char *bytes, size_t size);

// The code point of a valid character of `size` bytes.
uint32_t utf8_code(const char *bytes, size_t size);

#endif

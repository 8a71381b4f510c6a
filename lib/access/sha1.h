// SPDX-License-Identifier: Apache-2.0
//
// SHA-1 as FIPS 180-4 defines it, for one purpose: a service's SID is made of it, so that it is the
// same SID as elsewhere. It is a name, not a proof; nothing else may rely on it.
#ifndef LIB_ACCESS_SHA1_H
#define LIB_ACCESS_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_SIZE = 20 };

void sha1_of(const uint8_t *bytes, size_t size, uint8_t out[SHA1_SIZE]);

#endif

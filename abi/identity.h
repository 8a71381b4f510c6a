// SPDX-License-Identifier: Apache-2.0
//
// The identity of a session: what its processes can say of on whose behalf they act. It is one page
// of sealed memory with a fixed header and up to eight numbered sections of bytes. Whoever minted
// the session wrote it, and the kernel vouches for no more than that: who asks gets a section from
// there, if the caller discloses it (Endpoint.identity). What a section says is a matter between
// minters and servers; these have a meaning everywhere.
#ifndef ABI_IDENTITY_H
#define ABI_IDENTITY_H

#include <assert.h>
#include <stdint.h>

#include "abi/ids.h"

enum {
    IDENTITY_MAGIC = 0x544e4449, // "IDNT"
    IDENTITY_SECTIONS = 8,
    IDENTITY_SIZE_MAX = PAGE_SIZE,
};

enum identity_section_number {
    IDENTITY_PRINCIPAL = 0, // who: an id that stays the same, no name for people
    IDENTITY_NAME = 1,      // a name for people; UTF-8
    IDENTITY_PROFILE = 2,   // by which a broker chooses what it hands out
};

struct identity_section {
    uint32_t offset; // from the header's first byte on
    uint32_t size;   // bytes; 0: there is no such section, and offset is 0
};

struct identity_header {
    uint32_t magic;
    uint32_t reserved;
    struct identity_section sections[IDENTITY_SECTIONS];
};

static_assert(sizeof(struct identity_header) == 72, "nine words");

#endif

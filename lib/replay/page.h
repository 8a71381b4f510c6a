// SPDX-License-Identifier: Apache-2.0
//
// What both layers of the replay ask of one page and of the trailer, without the state. Private to
// lib/replay.
#ifndef LIB_REPLAY_PAGE_H
#define LIB_REPLAY_PAGE_H

#include "lib/replay/replay.h"

struct replay_error replay_fact(enum replay_fault fault, uint64_t found, uint64_t expected);

// Header and unused rest of the page that should have this number. The first page says which boot
// the others must be of.
struct replay_error replay_page_check(const struct log_page *page, uint64_t boot_id,
                                      uint64_t number);

// All of a trailer but head and digests.
struct replay_error replay_trailer_check(const struct log_trailer *trailer, uint64_t boot_id,
                                         uint64_t page_count, uint64_t seq);

#endif

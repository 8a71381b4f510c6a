// SPDX-License-Identifier: Apache-2.0
//
// What somebody may see of a history: what concerns the processes of one job and of those below it.
// The root job is above all. A hold concerns its holder; an object, who holds it or ever held it.
#ifndef LIB_AUTHORITY_VIEW_H
#define LIB_AUTHORITY_VIEW_H

#include "lib/authority/query.h"

struct authority_view {
    const struct authority_index *index;
    uint32_t job; // life; LIFE_NONE: nothing is seen
};

// Of the job with this id, as receiver data name it: the index, and the generation in the upper
// half. Generation 0 names none.
struct authority_view authority_view_of(const struct authority_index *index,
                                        uint64_t receiver_data);

bool authority_sees_job(const struct authority_view *view, uint32_t job);
bool authority_sees_process(const struct authority_view *view, uint32_t process);
bool authority_sees_hold(const struct authority_view *view, uint32_t hold);

// Whether one of its processes held it by then.
bool authority_sees_object(const struct authority_view *view, uint32_t object, uint32_t at);

#endif

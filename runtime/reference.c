// SPDX-License-Identifier: Apache-2.0
//
// Capabilities with several owners. A capability that nobody has shared has one owner and no record
// here; a shared one has a record with the number of its owners beyond the first. So releasing one
// that is not shared costs a look at a counter. Threads may share: the table has a lock, taken only
// while anything is shared; whoever releases a shared capability got it from somebody who had
// shared it before.

#include "runtime/park.h"
#include "runtime/thread.h"

struct reference {
    uint64_t cap; // 0: free
    uint32_t more;
};

static struct {
    struct tsr_mutex mutex;
    uint32_t count; // of records in use
    struct reference records[TSR_SHARED_MAX];
} table;

void tsr_share_among_threads(uint64_t space)
{
    table.mutex.space = space;
}

static struct reference *record_find(uint64_t cap)
{
    for (uint32_t i = 0; i < TSR_SHARED_MAX; i++) {
        if (table.records[i].cap == cap) {
            return &table.records[i];
        }
    }
    return NULL;
}

bool tsr_share(uint64_t cap)
{
    tsr_mutex_lock(&table.mutex);
    struct reference *record = cap == 0 ? NULL : record_find(cap);
    if (record == NULL && cap != 0 && (record = record_find(0)) != NULL) {
        record->cap = cap;
        __atomic_store_n(&table.count, table.count + 1, __ATOMIC_RELAXED);
    }
    bool is_shared = record != NULL && record->more < UINT32_MAX;
    if (is_shared) {
        record->more++;
    }
    tsr_mutex_unlock(&table.mutex);
    return is_shared;
}

bool tsr_reference_drop(uint64_t cap)
{
    if (__atomic_load_n(&table.count, __ATOMIC_RELAXED) == 0) {
        return true;
    }
    tsr_mutex_lock(&table.mutex);
    struct reference *record = record_find(cap);
    bool is_last = record == NULL;
    if (record != NULL && --record->more == 0) {
        record->cap = 0;
        __atomic_store_n(&table.count, table.count - 1, __ATOMIC_RELAXED);
    }
    tsr_mutex_unlock(&table.mutex);
    return is_last;
}

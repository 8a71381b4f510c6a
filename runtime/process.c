// SPDX-License-Identifier: Apache-2.0
//
// The life of a process as its program sees it: what it was given is checked once, the program
// runs, the process ends. What does not hold here is the kernel's or the build's mistake, so the
// process ends at once with a code that says which.

#include "runtime/thread.h"

static bool name_equals(const char *left, const char *right)
{
    uint32_t i = 0;
    while (i < NAME_SIZE && left[i] == right[i] && left[i] != 0) {
        i++;
    }
    return i < NAME_SIZE && left[i] == right[i];
}

static bool is_capset(const struct start *start)
{
    const struct capset *capset = (const struct capset *)start->capset;
    uint64_t most = (LAYOUT_STACK - LAYOUT_START) / sizeof(struct capset_entry);
    if (capset == NULL || capset->count > most) {
        return false;
    }
    for (uint64_t i = 0; i < capset->count; i++) {
        if (capset->entries[i].name[NAME_SIZE - 1] != 0) {
            return false;
        }
    }
    return true;
}

_Noreturn void tsr_process_run(struct start *start)
{
    if (start->abi_major != ABI_MAJOR) {
        tsr_exit(TSR_EXIT_ABI);
    }
    if (!tsr_thread_init(tsr_self(), (struct ring_header *)start->ring)) {
        tsr_exit(TSR_EXIT_RING);
    }
    if (!is_capset(start)) {
        tsr_exit(TSR_EXIT_CAPSET);
    }
    tsr_first_thread.start = start;
    tsr_exit(tsr_main(start));
}

const struct start *tsr_start(void)
{
    return tsr_first_thread.start;
}

static const struct capset_entry *entry_find(const struct start *start, const char *name)
{
    const struct capset *capset = (const struct capset *)start->capset;
    for (uint64_t i = 0; i < capset->count; i++) {
        if (name_equals(capset->entries[i].name, name)) {
            return &capset->entries[i];
        }
    }
    return NULL;
}

bool tsr_find(const struct start *start, const char *name, uint64_t interface, uint64_t *cap)
{
    const struct capset_entry *entry = entry_find(start, name);
    bool is_found = entry != NULL && entry->interface == interface;
    *cap = is_found ? entry->cap : 0;
    return is_found;
}

bool tsr_find_any(const struct start *start, const char *name, uint64_t *cap)
{
    const struct capset_entry *entry = entry_find(start, name);
    *cap = entry != NULL ? entry->cap : 0;
    return entry != NULL;
}

void tsr_start_info(const struct start *start, struct capnp_message *info)
{
    capnp_message_init(info, (const uint8_t *)start->info, (uint32_t)start->info_size, NULL, 0);
}

_Noreturn void tsr_exit(int32_t code)
{
    tsr_enter(SYSTEM_CALL_EXIT, (uint64_t)(uint32_t)code, 0);
    __builtin_trap();
}

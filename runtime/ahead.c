// SPDX-License-Identifier: Apache-2.0
//
// One program is mapped at a time, in a window of its own, whole and to be read.
#include "runtime/ahead.h"

#include <string.h>

#include "lib/package/table.h"
#include "runtime/loader/spawn.h"

static uint64_t window(const struct tsr_ahead *ahead)
{
    return tsr_write_window(ahead->spawner) + LOADER_MEMORY_MAX;
}

static bool program_open(struct tsr_ahead *ahead, const struct package_entry *entry)
{
    struct capnp_exception ignored;
    if (entry == NULL ||
        !tsr_pages_map(ahead->spawner->space, window(ahead), package_pages(entry->size), RIGHT_READ,
                       ahead->spawner->package, entry->offset, &ignored)) {
        return false;
    }
    ahead->entry = entry;
    ahead->hashed = 0;
    sha256_init(&ahead->sha256);
    return true;
}

static void program_close(struct tsr_ahead *ahead)
{
    struct capnp_exception ignored;
    uint8_t hash[SHA256_SIZE];
    sha256_final(&ahead->sha256, hash);
    if (memcmp(hash, ahead->entry->sha256, sizeof hash) == 0) {
        tsr_blob_is_sound(ahead->spawner, ahead->entry);
    }
    tsr_pages_unmap(ahead->spawner->space, window(ahead), package_pages(ahead->entry->size),
                    &ignored);
    ahead->entry = NULL;
    ahead->at++;
}

bool tsr_ahead_step(void *context)
{
    struct tsr_ahead *ahead = context;
    if (ahead->at == ahead->count) {
        return false;
    }
    if (ahead->entry == NULL) {
        const struct package_entry *entry =
            tsr_program_unverified(ahead->spawner, ahead->names[ahead->at]);
        ahead->at += program_open(ahead, entry) ? 0 : 1;
        return true;
    }
    sha256_update(&ahead->sha256, (const uint8_t *)window(ahead) + ahead->hashed, TSR_AHEAD_STEP);
    ahead->hashed += TSR_AHEAD_STEP;
    if (ahead->hashed == (uint64_t)package_pages(ahead->entry->size) * PAGE_SIZE) {
        program_close(ahead);
    }
    return true;
}

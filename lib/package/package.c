// SPDX-License-Identifier: Apache-2.0
//
// What is checked of a package before a machine boots from it: see package.h.
#include "lib/package/package.h"

#include <stdbool.h>
#include <string.h>

#include "lib/sha256/sha256.h"

static bool layout_is_sound(const struct package_header *package, uint64_t pages)
{
    return package->pages <= pages && package->text_pages <= PACKAGE_IMAGE_PAGES_MAX &&
           package->memory_pages <= PACKAGE_IMAGE_PAGES_MAX - package->text_pages &&
           package->memory_pages != 0 && package->data_pages <= package->memory_pages &&
           package_table_page(package) < package->pages &&
           package->entry / PAGE_SIZE < package->text_pages;
}

const char *package_refusal(const void *bytes, uint64_t size)
{
    const struct package_header *package = bytes;
    uint8_t hash[SHA256_SIZE];
    if (size == 0) {
        return "tessera: there is no boot package\n";
    }
    if (size < PAGE_SIZE || package->magic != PACKAGE_MAGIC ||
        package->version != PACKAGE_VERSION) {
        return "tessera: this is no boot package, or one of another version than the kernel's\n";
    }
    if (!layout_is_sound(package, size / PAGE_SIZE)) {
        return "tessera: the boot package is broken: it is cut short, or its header's sizes are "
               "wrong\n";
    }
    uint64_t hashed = (uint64_t)package_table_page(package) * PAGE_SIZE - sizeof hash;
    sha256_of((const uint8_t *)bytes + sizeof hash, hashed, hash);
    return memcmp(hash, package->sha256, sizeof hash) == 0
               ? NULL
               : "tessera: the boot package is broken: its header or its first program does not "
                 "have the hash that it states\n";
}

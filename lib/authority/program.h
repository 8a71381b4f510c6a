// SPDX-License-Identifier: Apache-2.0
//
// Which program a process runs, as far as the boot package tells: the one whose pages the log says
// were mapped into it first. The log vouches for the pages, the package for the name. And in which
// order the first program made endpoints, which is the order of the manifest that it was given.
//
//     authority_package_begin(&package, &index)     for each index: lives change
//     package.table = ...
//     authority_program(&package, &index, process)
#ifndef LIB_AUTHORITY_PROGRAM_H
#define LIB_AUTHORITY_PROGRAM_H

#include "abi/package.h"
#include "lib/authority/index.h"

enum { AUTHORITY_ENDPOINTS_MAX = 64 };

struct authority_package {
    const struct package_table *table; // nothing is against it; NULL: there is no package
    // Memory that the machine has from its beginning: the first program's text, then what stands
    // behind it in the package. LIFE_NONE: the history doesn't have it.
    uint32_t image_object, package_object;
    uint32_t endpoints[AUTHORITY_ENDPOINTS_MAX]; // made by the first process, in order
    uint32_t endpoint_count;                     // 0 where the history begins later
};

// Finds the objects; no table yet.
void authority_package_begin(struct authority_package *package,
                             const struct authority_index *index);

// Whether it is the package that the machine of this history started with, as far as its size says:
// so many pages from the table on.
bool authority_package_fits(const struct authority_package *package,
                            const struct authority_index *index, uint32_t pages);

// Null: not known.
const char *authority_program(const struct authority_package *package,
                              const struct authority_index *index, uint32_t process);
// The name of the place-th program, null behind the last.
const char *authority_program_at(const struct authority_package *package, uint32_t place);

// Which of the manifest's endpoints an object is. False: none, or it is not known.
bool authority_endpoint_place(const struct authority_package *package, uint32_t object,
                              uint32_t *place);

#endif

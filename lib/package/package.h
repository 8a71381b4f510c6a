// SPDX-License-Identifier: Apache-2.0
//
// Whether a boot package is what it says it is, as far as a machine has to know that boots from it:
// header and first program. The rest is for programs to ask: table.h.
#ifndef LIB_PACKAGE_PACKAGE_H
#define LIB_PACKAGE_PACKAGE_H

#include <stdint.h>

#include "abi/package.h"

// The page of the package at which the table is: behind header, text and data.
static inline uint32_t package_table_page(const struct package_header *package)
{
    return 1 + package->text_pages + package->data_pages;
}

// Why no machine can boot from so many bytes, which begin at a page: a line for people. NULL: the
// first program is what its header says, and can be mapped so.
const char *package_refusal(const void *bytes, uint64_t size);

#endif

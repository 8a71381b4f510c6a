// SPDX-License-Identifier: Apache-2.0
//
// The page of `graph --format html`, around its data: one file, which loads nothing.
#ifndef TOOLS_AUTHORITY_PAGE_H
#define TOOLS_AUTHORITY_PAGE_H

extern const char *const page_head; // up to the data, which is JSON
extern const char *const page_tail; // from there on

#endif

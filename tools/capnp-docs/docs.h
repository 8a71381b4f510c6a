// SPDX-License-Identifier: Apache-2.0
//
// What a page says about a schema file (docs.c), and how pages find each other (main.c).

#ifndef TOOLS_CAPNP_DOCS_DOCS_H
#define TOOLS_CAPNP_DOCS_DOCS_H

#include "page.h"

#include "lib/capnp/dynamic_type.h"
#include "tools/capnp-strict/load.h"

struct capnp_text docs_text(const char *text);

// Where the page of a file is, and on it the node with this id (0: the page); valid until the next
// call.
const char *docs_target(struct capnp_text file, const struct page_style *style, uint64_t id);

// All of a page but its frame.
void docs_file(struct page *page, const struct capnp_catalog *catalog,
               struct capnp_struct_reader file);

// The rows of the index for the interfaces of a file.
void docs_index_rows(struct page *page, const struct capnp_catalog *catalog,
                     struct capnp_struct_reader file);

#endif

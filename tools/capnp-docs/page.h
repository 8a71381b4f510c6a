// SPDX-License-Identifier: Apache-2.0
//
// A page that is written in Markdown or HTML: the same calls, two styles.
//
// Text is plain and is escaped here as the style needs it. Paragraphs, table cells and code are
// begun, filled with page_text or page_link, and ended; whoever calls keeps them from nesting.

#ifndef TOOLS_CAPNP_DOCS_PAGE_H
#define TOOLS_CAPNP_DOCS_PAGE_H

#include "lib/capnp/dynamic.h"

#include <stdio.h>

struct page_style;

struct page {
    struct capnp_writer writer; // first: what is printed to it is escaped text
    FILE *to;
    const struct page_style *style;
    bool in_code;  // Markdown: nothing is escaped
    bool in_table; // Markdown: bars are, and lines don't end
};

extern const struct page_style *const page_markdown;
extern const struct page_style *const page_html;

// How file names of this style end: ".md".
const char *page_suffix(const struct page_style *style);

void page_begin(struct page *page, FILE *to, const struct page_style *style, const char *title);
void page_end(struct page *page);

// A heading, 1 to 4, that links can lead to by its anchor (may be NULL).
void page_heading(struct page *page, int level, struct capnp_text text, const char *anchor);
// Documentation: paragraphs are separated by empty lines.
void page_doc(struct page *page, struct capnp_text doc);
void page_code_begin(struct page *page);
void page_code_end(struct page *page);
void page_text(struct page *page, struct capnp_text text);
void page_link(struct page *page, struct capnp_text text, const char *target);

// One of several links or words below each other.
void page_item_begin(struct page *page);
void page_item_end(struct page *page);

// Tables: the columns' names end with NULL.
void page_table_begin(struct page *page, const char *const *columns);
void page_row_begin(struct page *page);
void page_cell_begin(struct page *page);
void page_cell_end(struct page *page);
void page_row_end(struct page *page);
void page_table_end(struct page *page);

#endif

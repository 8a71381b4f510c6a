// SPDX-License-Identifier: Apache-2.0
//
// Pages in Markdown and HTML (page.h). A style is a table of what stands before and after things.

#include "page.h"

#include <string.h>

struct page_style {
    const char *suffix;
    const char *begin[2]; // around the title
    const char *end;
    const char *paragraph[2];
    const char *code[2];
    const char *item[2];
    const char *table[2];
    const char *head[2]; // around a column's name
    const char *row[2];
    const char *cell[2];
    const char *rule; // per column, below the names
    bool is_html;
};

static const struct page_style markdown = {
    .suffix = ".md",
    .begin = {"<!-- ", " -->\n"},
    .end = "",
    .paragraph = {"\n", "\n"},
    .code = {"\n    ", "\n"},
    .item = {"\n- ", "\n"},
    .table = {"\n", ""},
    .head = {"| ", " "},
    .row = {"", "|\n"},
    .cell = {"| ", " "},
    .rule = "| --- ",
};

static const struct page_style html = {
    .suffix = ".html",
    .begin = {"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>",
              "</title>\n<style>\nbody { max-width: 60em; margin: 2em auto; padding: 0 1em; "
              "font-family: sans-serif; line-height: 1.4; }\ntable { border-collapse: collapse; }\n"
              "td, th { border: 1px solid #bbb; padding: 0.2em 0.6em; text-align: left; "
              "vertical-align: top; }\npre { background: #f4f4f4; padding: 0.5em; "
              "white-space: pre-wrap; }\n</style>\n</head>\n<body>\n"},
    .end = "</body>\n</html>\n",
    .paragraph = {"<p>", "</p>\n"},
    .code = {"<pre>", "</pre>\n"},
    .item = {"<p>", "</p>\n"},
    .table = {"<table>\n", "</table>\n"},
    .head = {"<th>", "</th>"},
    .row = {"<tr>", "</tr>\n"},
    .cell = {"<td>", "</td>"},
    .rule = "",
    .is_html = true,
};

const struct page_style *const page_markdown = &markdown;
const struct page_style *const page_html = &html;

const char *page_suffix(const struct page_style *style)
{
    return style->suffix;
}

static void put(struct page *page, const char *text)
{
    fputs(text, page->to);
}

// What stands for a byte in this style; NULL: itself.
static const char *escape_of(const struct page *page, char c)
{
    if (page->style->is_html) {
        return c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : NULL;
    }
    if (page->in_table && (c == '|' || c == '\n')) {
        return c == '|' ? "\\|" : " ";
    }
    if (page->in_code) {
        return NULL;
    }
    return c == '<' ? "\\<" : c == '*' ? "\\*" : c == '`' ? "\\`" : NULL;
}

static void page_write(struct capnp_writer *writer, const char *bytes, size_t size)
{
    struct page *page = (struct page *)writer;
    for (size_t i = 0; i < size; i++) {
        const char *escape = escape_of(page, bytes[i]);
        if (escape != NULL) {
            put(page, escape);
        } else {
            fputc(bytes[i], page->to);
        }
    }
}

void page_text(struct page *page, struct capnp_text text)
{
    page_write(&page->writer, text.data, text.size);
}

void page_begin(struct page *page, FILE *to, const struct page_style *style, const char *title)
{
    *page = (struct page){.writer = {page_write}, .to = to, .style = style};
    put(page, style->begin[0]);
    page_text(page, (struct capnp_text){title, (uint32_t)strlen(title)});
    put(page, style->begin[1]);
}

void page_end(struct page *page)
{
    put(page, page->style->end);
}

void page_heading(struct page *page, int level, struct capnp_text text, const char *anchor)
{
    if (page->style->is_html) {
        fprintf(page->to, anchor != NULL ? "<h%d id=\"%s\">" : "<h%d>", level, anchor);
        page_text(page, text);
        fprintf(page->to, "</h%d>\n", level);
        return;
    }
    if (anchor != NULL) {
        fprintf(page->to, "\n<a id=\"%s\"></a>\n", anchor);
    }
    fprintf(page->to, "\n%.*s ", level, "####");
    page_text(page, text);
    put(page, "\n");
}

void page_doc(struct page *page, struct capnp_text doc)
{
    bool is_open = false;
    for (uint32_t from = 0; from < doc.size;) {
        const char *line = doc.data + from;
        const char *end = memchr(line, '\n', doc.size - from);
        uint32_t size = end == NULL ? doc.size - from : (uint32_t)(end - line);
        if (size > 0) {
            put(page, is_open ? "\n" : page->style->paragraph[0]);
            page_text(page, (struct capnp_text){line, size});
        } else if (is_open) {
            put(page, page->style->paragraph[1]);
        }
        is_open = size > 0;
        from += size + 1;
    }
    put(page, is_open ? page->style->paragraph[1] : "");
}

void page_code_begin(struct page *page)
{
    put(page, page->style->code[0]);
    page->in_code = true;
}

void page_code_end(struct page *page)
{
    page->in_code = false;
    put(page, page->style->code[1]);
}

void page_link(struct page *page, struct capnp_text text, const char *target)
{
    put(page, page->style->is_html ? "<a href=\"" : "[");
    if (page->style->is_html) {
        put(page, target);
        put(page, "\">");
        page_text(page, text);
        put(page, "</a>");
        return;
    }
    page_text(page, text);
    fprintf(page->to, "](%s)", target);
}

void page_item_begin(struct page *page)
{
    put(page, page->style->item[0]);
}

void page_item_end(struct page *page)
{
    put(page, page->style->item[1]);
}

void page_table_begin(struct page *page, const char *const *columns)
{
    size_t count = 0;
    put(page, page->style->table[0]);
    put(page, page->style->row[0]);
    for (; columns[count] != NULL; count++) {
        put(page, page->style->head[0]);
        put(page, columns[count]);
        put(page, page->style->head[1]);
    }
    put(page, page->style->row[1]);
    for (size_t i = 0; i < count && page->style->rule[0] != 0; i++) {
        put(page, page->style->rule);
    }
    put(page, page->style->rule[0] != 0 ? page->style->row[1] : "");
    page->in_table = true;
}

void page_row_begin(struct page *page)
{
    put(page, page->style->row[0]);
}

void page_cell_begin(struct page *page)
{
    put(page, page->style->cell[0]);
}

void page_cell_end(struct page *page)
{
    put(page, page->style->cell[1]);
}

void page_row_end(struct page *page)
{
    put(page, page->style->row[1]);
}

void page_table_end(struct page *page)
{
    page->in_table = false;
    put(page, page->style->table[1]);
}

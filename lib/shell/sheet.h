// SPDX-License-Identifier: Apache-2.0
//
// What a command answers: rows of named cells, for people in columns, for programs as JSON.
//
//     static const char *const names[] = {"name", "interface"};
//     shell_sheet_begin(&sheet, names, 2);
//     shell_sheet_text(&sheet, "timer", 5), shell_sheet_text(&sheet, ...);     row by row
//     shell_sheet_print(&sheet, is_json, &writer);
//
// What doesn't fit is left out, and the last row says so. Cells are others' words: in columns,
// controls are left to the terminal, which shows them as U+FFFD; a cell never ends a row.
#ifndef LIB_SHELL_SHEET_H
#define LIB_SHELL_SHEET_H

#include "lib/capnp/dynamic.h"

enum {
    SHELL_COLUMNS_MAX = 10,
    SHELL_CELLS_MAX = 1024,
    SHELL_SHEET_MAX = 16384, // bytes of all cells
};

struct shell_cell {
    uint32_t at, size;
    bool is_number;
};

struct shell_sheet {
    const char *const *names;
    uint32_t column_count, cell_count;
    bool is_cut;
    uint32_t used;
    struct shell_cell cells[SHELL_CELLS_MAX];
    char text[SHELL_SHEET_MAX];
};

void shell_sheet_begin(struct shell_sheet *sheet, const char *const *names, uint32_t column_count);
void shell_sheet_text(struct shell_sheet *sheet, const char *text, size_t size);
void shell_sheet_words(struct shell_sheet *sheet, const char *words); // up to a zero
void shell_sheet_number(struct shell_sheet *sheet, int64_t number);

// JSON: a list of objects, one a line. Columns: a row of names first, unless there are no rows.
void shell_sheet_print(const struct shell_sheet *sheet, bool is_json, struct capnp_writer *writer);

// A text as JSON has it, in quotes.
void shell_json_text(const char *text, size_t size, struct capnp_writer *writer);

#endif

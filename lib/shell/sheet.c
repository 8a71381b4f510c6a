// SPDX-License-Identifier: Apache-2.0
//
// What a command answers, in columns or as JSON.
#include "lib/shell/sheet.h"

#include <string.h>

#include "lib/json/utf8.h"
#include "lib/text/text.h"

enum { GAP = 2, NUMBER_MAX = 24 };

void shell_sheet_begin(struct shell_sheet *sheet, const char *const *names, uint32_t column_count)
{
    sheet->names = names;
    sheet->column_count = column_count;
    sheet->cell_count = sheet->used = 0;
    sheet->is_cut = false;
}

static void cell_add(struct shell_sheet *sheet, const char *text, size_t size, bool is_number)
{
    if (sheet->is_cut || sheet->cell_count == SHELL_CELLS_MAX ||
        size > SHELL_SHEET_MAX - sheet->used) {
        sheet->is_cut = true;
        return;
    }
    memcpy(sheet->text + sheet->used, text, size);
    sheet->cells[sheet->cell_count++] =
        (struct shell_cell){.at = sheet->used, .size = (uint32_t)size, .is_number = is_number};
    sheet->used += (uint32_t)size;
}

void shell_sheet_text(struct shell_sheet *sheet, const char *text, size_t size)
{
    cell_add(sheet, text, size, false);
}

void shell_sheet_words(struct shell_sheet *sheet, const char *words)
{
    cell_add(sheet, words, strlen(words), false);
}

void shell_sheet_number(struct shell_sheet *sheet, int64_t number)
{
    char out[NUMBER_MAX];
    struct text text;
    text_init(&text, out, sizeof out);
    text_put_decimal(&text, number);
    cell_add(sheet, out, text_length(&text), true);
}

static void put(struct capnp_writer *writer, const char *words)
{
    writer->write(writer, words, strlen(words));
}

// ---- JSON ----

void shell_json_text(const char *text, size_t size, struct capnp_writer *writer)
{
    static const char digits[] = "0123456789abcdef";
    put(writer, "\"");
    for (size_t at = 0; at < size;) {
        size_t step = utf8_size(text + at, size - at);
        char c = text[at];
        if (step == 0) {
            put(writer, "\\ufffd");
            step = 1;
        } else if (c == '"' || c == '\\') {
            char escaped[] = {'\\', c, 0};
            put(writer, escaped);
        } else if ((unsigned char)c < ' ') {
            char escaped[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15], 0};
            put(writer, escaped);
        } else {
            writer->write(writer, text + at, step);
        }
        at += step;
    }
    put(writer, "\"");
}

static void print_json(const struct shell_sheet *sheet, struct capnp_writer *writer)
{
    uint32_t rows = sheet->cell_count / sheet->column_count;
    put(writer, "[");
    for (uint32_t row = 0; row < rows; row++) {
        put(writer, row == 0 ? "{" : ",\n {");
        for (uint32_t column = 0; column < sheet->column_count; column++) {
            const struct shell_cell *cell = &sheet->cells[row * sheet->column_count + column];
            put(writer, column == 0 ? "" : ", ");
            shell_json_text(sheet->names[column], strlen(sheet->names[column]), writer);
            put(writer, ": ");
            if (cell->is_number) {
                writer->write(writer, sheet->text + cell->at, cell->size);
            } else {
                shell_json_text(sheet->text + cell->at, cell->size, writer);
            }
        }
        put(writer, "}");
    }
    put(writer, "]\n");
}

// ---- Columns ----

// Characters, of what is UTF-8.
static uint32_t width_of(const char *text, uint32_t size)
{
    uint32_t width = 0;
    for (uint32_t i = 0; i < size; i++) {
        width += ((unsigned char)text[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return width;
}

static void print_cell(const char *text, uint32_t size, uint32_t width, bool is_last,
                       struct capnp_writer *writer)
{
    for (uint32_t i = 0; i < size; i++) {
        char c = text[i] == '\n' ? ' ' : text[i];
        writer->write(writer, &c, 1);
    }
    for (uint32_t i = width_of(text, size); !is_last && i < width + GAP; i++) {
        put(writer, " ");
    }
    put(writer, is_last ? "\n" : "");
}

static void print_columns(const struct shell_sheet *sheet, struct capnp_writer *writer)
{
    uint32_t columns = sheet->column_count;
    uint32_t rows = sheet->cell_count / columns;
    uint32_t widths[SHELL_COLUMNS_MAX];
    for (uint32_t column = 0; column < columns; column++) {
        widths[column] = (uint32_t)strlen(sheet->names[column]);
        for (uint32_t row = 0; row < rows; row++) {
            const struct shell_cell *cell = &sheet->cells[row * columns + column];
            uint32_t width = width_of(sheet->text + cell->at, cell->size);
            widths[column] = width > widths[column] ? width : widths[column];
        }
    }
    for (uint32_t column = 0; column < columns && rows != 0; column++) {
        print_cell(sheet->names[column], (uint32_t)strlen(sheet->names[column]), widths[column],
                   column + 1 == columns, writer);
    }
    for (uint32_t i = 0; i < rows * columns; i++) {
        const struct shell_cell *cell = &sheet->cells[i];
        print_cell(sheet->text + cell->at, cell->size, widths[i % columns],
                   i % columns + 1 == columns, writer);
    }
    put(writer, sheet->is_cut ? "... and more that does not fit here\n" : "");
}

void shell_sheet_print(const struct shell_sheet *sheet, bool is_json, struct capnp_writer *writer)
{
    if (is_json) {
        print_json(sheet, writer);
    } else {
        print_columns(sheet, writer);
    }
}

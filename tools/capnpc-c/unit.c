// SPDX-License-Identifier: Apache-2.0
//
// What all parts of the generator share (unit.h): used files, comments, string literals.

#include "unit.h"

void unit_use(struct unit *unit, struct capnp_struct_reader node)
{
    uint64_t file = request_file_of(node);
    if (file == 0 || node_id(node) == STREAM_RESULT_ID || file == file_id(unit->file)) {
        return;
    }
    for (uint32_t i = 0; i < unit->used_file_count; i++) {
        if (unit->used_files[i] == file) {
            return;
        }
    }
    if (unit->used_file_count == UNIT_FILES_MAX) {
        refuse(node, "the file uses types of more than 256 others", (struct capnp_text){"", 0});
    }
    unit->used_files[unit->used_file_count++] = file;
}

// A backslash at the end of a line would continue the comment, and `??` can start a trigraph.
void emit_doc(FILE *to, struct capnp_text doc, const char *indent)
{
    uint32_t at = 0;
    while (at < doc.size) {
        uint32_t end = at;
        while (end < doc.size && doc.data[end] != '\n') {
            end++;
        }
        fprintf(to, "%s//%s", indent, end > at ? " " : "");
        for (uint32_t i = at; i < end; i++) {
            if (doc.data[i] != '?' || i + 1 >= end || doc.data[i + 1] != '?') {
                fputc(doc.data[i], to);
            }
        }
        fputs(end > at && doc.data[end - 1] == '\\' ? ".\n" : "\n", to);
        at = end + 1;
    }
}

void emit_string(FILE *to, const char *bytes, uint32_t size)
{
    fputc('"', to);
    for (uint32_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte >= ' ' && byte < 127 && byte != '"' && byte != '\\' && byte != '?') {
            fputc(byte, to);
        } else {
            fprintf(to, "\\%03o", byte);
        }
    }
    fputc('"', to);
}

// SPDX-License-Identifier: Apache-2.0
//
// One schema file: walks its nodes, lets each be generated, and puts the header and the source
// together.
//
// Both are written only after everything went well, so that a refused schema leaves no files.
// Output names are relative to the current folder, which `capnp compile` sets to the output folder;
// missing folders are made.

#define _POSIX_C_SOURCE 200809L // open_memstream

#include "unit.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NESTED_DEPTH_MAX = 64 };

static _Noreturn void fail(const char *what, const char *path)
{
    fprintf(stderr, "capnpc-c: %s: %s: %s\n", path, what, strerror(errno));
    exit(1);
}

static void node_generate(struct unit *unit, uint64_t id, uint32_t depth);

// The structs that methods imply belong to no scope: they are generated with their interface.
static void implied_generate(struct unit *unit, struct capnp_struct_reader node, uint32_t depth)
{
    struct capnp_list_reader methods = interface_methods(node);
    for (uint32_t i = 0; i < methods.count; i++) {
        struct capnp_struct_reader method = capnp_list_get_struct(methods, i);
        uint64_t ids[] = {method_param_type(method), method_result_type(method)};
        for (uint32_t k = 0; k < 2; k++) {
            struct capnp_struct_reader implied = request_node(ids[k]);
            if (node_kind(implied) == NODE_STRUCT && node_scope_id(implied) == 0) {
                node_generate(unit, ids[k], depth + 1);
            }
        }
    }
}

static void node_generate(struct unit *unit, uint64_t id, uint32_t depth)
{
    struct capnp_struct_reader node = request_node(id);
    if (depth == NESTED_DEPTH_MAX) {
        refuse(node, "nested too deep", (struct capnp_text){"", 0});
    }
    switch (node_kind(node)) {
    case NODE_STRUCT:
        struct_generate(unit, node);
        break;
    case NODE_ENUM:
        enum_generate(unit, node);
        break;
    case NODE_INTERFACE:
        implied_generate(unit, node, depth);
        interface_generate(unit, node);
        break;
    case NODE_CONST:
        const_generate(unit, node);
        break;
    case NODE_FILE:
    case NODE_ANNOTATION:
        break;
    }
    struct capnp_list_reader nested = node_nested(node);
    for (uint32_t i = 0; i < nested.count; i++) {
        node_generate(unit, nested_id(capnp_list_get_struct(nested, i)), depth + 1);
    }
}

// Opens `path` for writing, making the folders on the way.
FILE *open_output(const char *path)
{
    char folder[4096];
    for (size_t i = 0; path[i] != 0 && i < sizeof(folder) - 1; i++) {
        folder[i] = 0;
        if (path[i] == '/' && i > 0 && mkdir(folder, 0777) != 0 && errno != EEXIST) {
            fail("cannot make the folder", folder);
        }
        folder[i] = path[i];
    }
    FILE *to = fopen(path, "w");
    if (to == NULL) {
        fail("cannot write", path);
    }
    return to;
}

void close_output(FILE *to, const char *path)
{
    if (ferror(to) != 0 || fclose(to) != 0) {
        fail("cannot write", path);
    }
}

// A path to `file` from the folder of `from`, for files that are displayed with paths from the same
// folder.
static void emit_path(FILE *to, struct capnp_text from, struct capnp_text file)
{
    uint32_t common = 0; // up to and with the last slash that both have
    for (uint32_t i = 0; i < from.size && i < file.size && from.data[i] == file.data[i]; i++) {
        common = from.data[i] == '/' ? i + 1 : common;
    }
    for (uint32_t i = common; i < from.size; i++) {
        fputs(from.data[i] == '/' ? "../" : "", to);
    }
    fwrite(file.data + common, 1, file.size - common, to);
}

// Includes of the schemas whose types are used: by the names that this one imports them with, or,
// where it got to know them through other files, by where they are.
static void emit_includes(const struct unit *unit, FILE *to)
{
    struct capnp_list_reader imports = file_imports(unit->file);
    struct capnp_text own = node_display_name(request_node(file_id(unit->file)));
    for (uint32_t i = 0; i < unit->used_file_count; i++) {
        struct capnp_text path = node_display_name(request_node(unit->used_files[i]));
        bool is_direct = false;
        for (uint32_t k = 0; k < imports.count && !is_direct; k++) {
            struct capnp_struct_reader import = capnp_list_get_struct(imports, k);
            is_direct = import_id(import) == unit->used_files[i];
            path = is_direct ? import_name(import) : path;
        }
        fputs("#include \"", to);
        if (path.data[0] == '/') {
            fwrite(path.data + 1, 1, path.size - 1, to);
        } else if (is_direct) {
            fwrite(path.data, 1, path.size, to);
        } else {
            emit_path(to, own, path);
        }
        fputs(".h\"\n", to);
    }
}

static void emit_header(const struct unit *unit, const char *types, const char *inlines)
{
    char path[4096];
    struct capnp_text name = file_name(unit->file);
    snprintf(path, sizeof(path), "%.*s.h", (int)name.size, name.data);
    FILE *to = open_output(path);
    fprintf(to,
            "// Generated from %.*s by capnpc-c; changes belong there.\n\n"
            "#ifndef CAPNP_%016" PRIX64 "_H\n#define CAPNP_%016" PRIX64
            "_H\n\n"
            "#include \"lib/capnp/call.h\"\n#include \"lib/capnp/capnp.h\"\n\n"
            "// This file's schema as data: lib/capnp/schema.h, %.*s.schema.c.\n"
            "extern const struct capnp_schema capnp_schema_%016" PRIx64 ";\n\n%s",
            (int)name.size, name.data, file_id(unit->file), file_id(unit->file), (int)name.size,
            name.data, file_id(unit->file), types);
    emit_includes(unit, to);
    fprintf(to, "\n%s#endif\n", inlines);
    close_output(to, path);
}

static void emit_source(const struct unit *unit, const char *source)
{
    char path[4096];
    struct capnp_text name = file_name(unit->file);
    const char *last = strrchr(name.data, '/');
    snprintf(path, sizeof(path), "%.*s.c", (int)name.size, name.data);
    FILE *to = open_output(path);
    fprintf(to, "// Generated from %.*s by capnpc-c; changes belong there.\n\n", (int)name.size,
            name.data);
    fprintf(to, "#include \"%s.h\"\n%s", last == NULL ? name.data : last + 1, source);
    close_output(to, path);
}

static void emit_schema(const struct unit *unit)
{
    char path[4096];
    struct capnp_text name = file_name(unit->file);
    snprintf(path, sizeof(path), "%.*s.schema.c", (int)name.size, name.data);
    FILE *to = open_output(path);
    fprintf(to, "// Generated from %.*s by capnpc-c; changes belong there.\n\n", (int)name.size,
            name.data);
    schema_generate(unit, to);
    close_output(to, path);
}

void file_generate(struct capnp_struct_reader file)
{
    char *texts[4] = {NULL, NULL, NULL, NULL};
    size_t sizes[4];
    bool is_plain = plain_is_wanted(file);
    struct unit unit = {.file = file,
                        .types = open_memstream(&texts[0], &sizes[0]),
                        .inlines = open_memstream(&texts[1], &sizes[1]),
                        .source = open_memstream(&texts[2], &sizes[2])};
    unit_names_clear();
    unit.names = is_plain ? open_memstream(&texts[3], &sizes[3]) : unit.types;
    if (unit.types == NULL || unit.inlines == NULL || unit.source == NULL || unit.names == NULL) {
        fail("no memory", file_name(file).data);
    }
    if (is_plain) {
        fprintf(unit.types, "#include \"%s.names.h\"\n\n", plain_base(file).text);
    }
    node_generate(&unit, file_id(file), 0);
    if ((is_plain && fclose(unit.names) != 0) || fclose(unit.types) != 0 ||
        fclose(unit.inlines) != 0 || fclose(unit.source) != 0) {
        fail("no memory", file_name(file).data);
    }
    if (is_plain) {
        plain_generate(&unit, texts[3]);
    }
    emit_header(&unit, texts[0], texts[1]);
    emit_source(&unit, texts[2]);
    emit_schema(&unit);
    for (size_t i = 0; i < 4; i++) {
        free(texts[i]);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// The schema of a file as data (lib/capnp/schema.h): cuts out of the compiler's request what
// belongs to one file, and writes it as a constant to <name>.schema.c.

#include "unit.h"

#include "lib/capnp/copy.h"

#include <inttypes.h>
#include <stdlib.h>

// Pointers of CodeGeneratorRequest.
enum { REQUEST_NODES, REQUEST_FILES, REQUEST_VERSION, REQUEST_SOURCE_INFO, REQUEST_POINTERS };

static bool is_node_of(struct capnp_struct_reader element, uint64_t file)
{
    struct capnp_struct_reader node;
    return request_find_node(node_id(element), &node) && request_home_of(node) == file;
}

// A copy of those elements that belong to the file. Nodes, their infos and files start alike: with
// the id.
static void list_cut(struct capnp_struct_builder target, uint16_t index,
                     struct capnp_list_reader list, uint64_t file)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        count += is_node_of(capnp_list_get_struct(list, i), file) ? 1 : 0;
    }
    struct capnp_list_builder cut = capnp_init_struct_list(
        target, index, count, (uint16_t)(list.data_bytes / CAPNP_WORD_BYTES), list.pointer_count);
    uint32_t used = 0;
    for (uint32_t i = 0; i < list.count && used < cut.count; i++) {
        struct capnp_struct_reader element = capnp_list_get_struct(list, i);
        if (is_node_of(element, file)) {
            capnp_struct_copy(capnp_list_init_struct(cut, used++), element);
        }
    }
}

static void emit_words(FILE *to, const uint64_t *words, uint32_t count)
{
    fputs("static const uint64_t words[] = {", to);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(to, "%s0x%016" PRIx64 ",", i % 4 == 0 ? "\n    " : " ", words[i]);
    }
    fputs("\n};\n\n", to);
}

void schema_generate(const struct unit *unit, FILE *to)
{
    uint64_t id = file_id(unit->file);
    struct capnp_text name = file_name(unit->file);
    struct capnp_builder builder;
    uint32_t capacity = request_size() + REQUEST_POINTERS * 2 * CAPNP_WORD_BYTES;
    uint64_t *words = calloc(1, capacity);
    if (words == NULL) {
        refuse(request_node(id), "no memory for its schema", (struct capnp_text){"", 0});
    }
    capnp_builder_init(&builder, words, capacity);
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, REQUEST_POINTERS);
    list_cut(root, REQUEST_NODES, request_nodes(request_root()), id);
    list_cut(root, REQUEST_FILES, request_files(request_root()), id);
    list_cut(root, REQUEST_SOURCE_INFO, request_source_info(request_root()), id);
    if (builder.error != CAPNP_OK) {
        refuse(request_node(id), capnp_error_text(builder.error), (struct capnp_text){"", 0});
    }
    fprintf(to, "#include \"lib/capnp/schema.h\"\n\n");
    emit_words(to, words, capnp_builder_size(&builder) / CAPNP_WORD_BYTES);
    for (uint32_t i = 0; i < unit->used_file_count; i++) {
        fprintf(to, "extern const struct capnp_schema capnp_schema_%016" PRIx64 ";\n",
                unit->used_files[i]);
    }
    if (unit->used_file_count > 0) {
        fputs("static const struct capnp_schema *const imports[] = {\n", to);
        for (uint32_t i = 0; i < unit->used_file_count; i++) {
            fprintf(to, "    &capnp_schema_%016" PRIx64 ",\n", unit->used_files[i]);
        }
        fputs("};\n\n", to);
    }
    fprintf(to,
            "extern const struct capnp_schema capnp_schema_%016" PRIx64
            ";\n"
            "const struct capnp_schema capnp_schema_%016" PRIx64
            " = {\n"
            "    .id = UINT64_C(0x%016" PRIx64 "),\n    .name = ",
            id, id, id);
    emit_string(to, name.data, name.size);
    fprintf(to,
            ",\n    .words = words,\n    .word_count = %" PRIu32 ",\n    .import_count = %" PRIu32
            ",\n    .imports = %s,\n};\n",
            capnp_builder_size(&builder) / CAPNP_WORD_BYTES, unit->used_file_count,
            unit->used_file_count > 0 ? "imports" : "NULL");
    free(words);
}

// SPDX-License-Identifier: Apache-2.0
//
// The server's side of SchemaSource.
#include "lib/shell/source.h"

#include <string.h>

enum { PIECE_MAX = 512 }; // as schema.capnp says

void shell_source_read(const struct capnp_schema *const *list, uint32_t count,
                       struct schema_source_read_params_reader params,
                       struct schema_source_read_results_builder results)
{
    uint32_t file = schema_source_read_params_get_file(params);
    uint32_t offset = schema_source_read_params_get_offset(params);
    schema_source_read_results_set_files(results, count);
    if (file >= count) {
        return;
    }
    const struct capnp_schema *schema = list[file];
    uint32_t size = schema->word_count * CAPNP_WORD_BYTES;
    uint32_t left = offset < size ? size - offset : 0;
    schema_source_read_results_set_name(
        results, (struct capnp_text){schema->name, (uint32_t)strlen(schema->name)});
    schema_source_read_results_set_size(results, size);
    schema_source_read_results_set_data(
        results, (struct capnp_data){(const uint8_t *)schema->words + (size - left),
                                     left < PIECE_MAX ? left : PIECE_MAX});
}

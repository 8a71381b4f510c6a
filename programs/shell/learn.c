// SPDX-License-Identifier: Apache-2.0
//
// Schemas that programs bring along become interfaces that can be called.
#include <string.h>

#include "programs/shell/shell.h"

// The next piece of a file at `to`, which has room for `left` bytes more. False: it can't be had.
static bool piece_read(struct schema_source source, uint32_t file, uint32_t offset, uint8_t *to,
                       uint32_t left, uint32_t *got, struct capnp_exception *exception)
{
    struct capnp_call call;
    struct schema_source_read_params_builder params;
    struct schema_source_read_results_reader results;
    if (!schema_source_read_begin(source, &call, &params, exception)) {
        return false;
    }
    schema_source_read_params_set_file(params, file);
    schema_source_read_params_set_offset(params, offset);
    bool is_read =
        capnp_call_send(&call, exception) && schema_source_read_finish(&call, &results, exception);
    if (is_read) {
        struct capnp_data data = schema_source_read_results_get_data(results);
        *got = data.size < left ? data.size : left;
        memcpy(to, data.data, *got);
    }
    capnp_call_end(&call);
    return is_read;
}

// How many files there are, and how large this one is.
static bool file_ask(struct schema_source source, uint32_t file, uint32_t *files, uint32_t *size,
                     struct capnp_exception *exception)
{
    struct capnp_call call;
    struct schema_source_read_params_builder params;
    struct schema_source_read_results_reader results;
    if (!schema_source_read_begin(source, &call, &params, exception)) {
        return false;
    }
    schema_source_read_params_set_file(params, file);
    schema_source_read_params_set_offset(params, UINT32_MAX);
    bool is_read =
        capnp_call_send(&call, exception) && schema_source_read_finish(&call, &results, exception);
    if (is_read) {
        *files = schema_source_read_results_get_files(results);
        *size = schema_source_read_results_get_size(results);
    }
    capnp_call_end(&call);
    return is_read;
}

static bool file_learn(struct shell *shell, struct schema_source source, uint32_t file,
                       uint32_t *files, struct capnp_exception *exception)
{
    uint32_t size = 0;
    if (!file_ask(source, file, files, &size, exception)) {
        return false;
    }
    if (file >= *files) {
        return true;
    }
    uint8_t *room = shell_schemas_room(&shell->schemas, size);
    if (room == NULL) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, size, "no room for its schemas");
        return false;
    }
    for (uint32_t at = 0, got = 0; at < size; at += got) {
        if (!piece_read(source, file, at, room + at, size - at, &got, exception)) {
            return false;
        }
        if (got == 0) {
            capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, at, "a schema ends too early");
            return false;
        }
    }
    shell_schemas_add(&shell->schemas, size);
    return true;
}

uint32_t learn(struct shell *shell, const struct held *source)
{
    struct capnp_exception exception;
    struct capnp_problem problem = {0};
    uint32_t before = shell->schemas.checked_count;
    uint32_t files = 1;
    bool is_read = true;
    for (uint32_t file = 0; is_read && file < files; file++) {
        is_read = file_learn(shell, (struct schema_source){source->cap}, file, &files, &exception);
    }
    if (!is_read) {
        shell_schemas_drop(&shell->schemas);
        fail_call(shell, "its schemas can't be read", source, &exception);
        return 0;
    }
    if (!shell_schemas_check(&shell->schemas, &problem)) {
        fail(shell, CODE_FAILED, "its schemas are not taken:", tsr_text_of(problem.sentence), NULL);
        return 0;
    }
    shell->has_new_names = true;
    return shell->schemas.checked_count - before;
}

enum code command_learn(struct shell *shell)
{
    struct shell_word word = shell_word(shell, 1);
    if (shell_word_count(shell) != 2) {
        return fail_usage(shell);
    }
    struct held *held = held_find(shell, &word);
    if (held == NULL) {
        return shell->code;
    }
    if (held->interface != SCHEMA_SOURCE_INTERFACE_ID) {
        return fail(shell, CODE_USAGE, "it is no SchemaSource:", held_name(held), NULL);
    }
    shell->code = CODE_WELL;
    uint32_t count = learn(shell, held);
    if (shell->code == CODE_WELL) {
        struct tsr_line line = {0};
        tsr_line_decimal(&line, count);
        tsr_line_text(&line, " files of");
        out_done(shell, line.text, held->name);
    }
    return shell->code;
}

// SPDX-License-Identifier: Apache-2.0
//
// `call`: any method of any interface whose schema is known. Arguments are read and results shown
// as the schema says; capabilities that come back are bound to names.
#include <string.h>

#include "lib/capnp/dynamic.h"
#include "programs/shell/shell.h"

struct request {
    struct held *held;
    struct shell_method method;
    uint32_t count;
    struct shell_word words[ARGUMENT_WORDS];
    struct shell_argument arguments[ARGUMENT_WORDS];
};

static bool method_find(struct shell *shell, struct request *request)
{
    char room[20];
    struct shell_word word = shell_word(shell, 2);
    const struct capnp_catalog_node *interface =
        shell_interface(&shell->schemas, request->held->interface);
    if (interface == NULL) {
        fail(shell, CODE_FAILED, "no schema is known of interface",
             interface_name(shell, request->held->interface, room),
             "`learn` one from a program that brings it along");
        return false;
    }
    if (!shell_method_named(interface, text_of(&word), &request->method)) {
        struct shell_problem problem = {.line = word.line, .column = word.column};
        struct tsr_line line = {0};
        tsr_line_bytes(&line, shell_interface_name(interface).data,
                       shell_interface_name(interface).size);
        tsr_line_text(&line, " has no such method; `help ");
        tsr_line_bytes(&line, shell_interface_name(interface).data,
                       shell_interface_name(interface).size);
        tsr_line_text(&line, "` lists them");
        memcpy(problem.sentence, line.text,
               line.size < SHELL_SENTENCE_MAX ? line.size : SHELL_SENTENCE_MAX - 1);
        fail_at(shell, &problem);
        return false;
    }
    return true;
}

// @name is a capability; $name is one where a capability has that name, else a value.
static bool argument_take(struct shell *shell, struct request *request, uint32_t index)
{
    uint32_t at = request->count++;
    request->words[at] = shell_word(shell, index);
    struct shell_word *word = &request->words[at];
    request->arguments[at] = (struct shell_argument){.word = word};
    if (word->kind == SHELL_VARIABLE || word->kind == SHELL_CAPABILITY) {
        const struct held *held = held_find(shell, word);
        if (held == NULL) {
            return false;
        }
        request->arguments[at].cap = held->cap;
    }
    return true;
}

static bool request_read(struct shell *shell, struct request *request)
{
    struct shell_word target = shell_word(shell, 1);
    request->held = held_find(shell, &target);
    if (request->held == NULL || !method_find(shell, request)) {
        return false;
    }
    for (uint32_t i = 3; i < shell_word_count(shell); i++) {
        if (request->count == ARGUMENT_WORDS) {
            fail(shell, CODE_USAGE, "too many arguments", (struct capnp_text){"", 0}, NULL);
            return false;
        }
        if (!argument_take(shell, request, i)) {
            return false;
        }
    }
    return true;
}

// ---- Results ----

// Capabilities are bound: the first one to the name behind ->, others to name.field. What nobody
// asked for is released.
static void capabilities_bind(struct shell *shell, const struct request *request,
                              struct capnp_call *call, struct capnp_struct_reader root)
{
    const struct shell_statement *statement = shell->statement;
    struct tsr_line origin = {0};
    bool is_first = true;
    tsr_line_text(&origin, "call ");
    tsr_line_text(&origin, request->held->name);
    tsr_line_text(&origin, " ");
    tsr_line_bytes(&origin, request->method.name.data, request->method.name.size);
    for (uint32_t i = 0; i < shell_field_count(&shell->schemas, request->method.results); i++) {
        struct shell_field field = shell_field_at(&shell->schemas, request->method.results, i);
        struct capnp_cap cap = {0};
        if (field.is_capability) {
            cap = capnp_get_cap(root, field.pointer);
        }
        if (cap.id == 0) {
            continue;
        }
        uint64_t interface = tsr_call_interface(call, cap.id);
        if (is_first || statement->result_count == 0) {
            held_bind(shell, cap.id, interface, origin.text);
        } else {
            struct tsr_line name = {0};
            const struct shell_word *word = &shell->script->words[statement->result];
            tsr_line_bytes(&name, word->text, word->size);
            tsr_line_text(&name, ".");
            tsr_line_bytes(&name, field.name.data, field.name.size);
            struct held *held = held_add(shell, (struct capnp_text){name.text, name.size}, cap.id,
                                         interface, origin.text);
            if (held != NULL) {
                held->is_bound = true;
            }
        }
        is_first = false;
    }
}

// The whole result as text under the name behind ->, where it has no capability; of one with a
// single field that field's value alone.
static void value_bind(struct shell *shell, const struct request *request,
                       struct capnp_struct_reader root)
{
    char bytes[VALUE_MAX];
    struct capnp_memory_writer writer;
    struct capnp_problem problem = {0};
    if (shell->statement->result_count == 0) {
        return;
    }
    capnp_memory_writer_init(&writer, bytes, sizeof bytes);
    capnp_text_print(root, &shell->schemas.catalog, request->method.results, CAPNP_LAYOUT_SHORT,
                     &writer.writer, &problem);
    size_t size = writer.size < sizeof bytes ? writer.size : sizeof bytes;
    const char *value = bytes;
    if (shell_field_count(&shell->schemas, request->method.results) == 1 && size > 2) {
        struct shell_field field = shell_field_at(&shell->schemas, request->method.results, 0);
        size_t skip = field.name.size + 4; // "(name = "
        value += skip < size ? skip : 0;
        size -= skip < size ? skip + 1 : 0;
        if (field.is_text && size >= 2) {
            value++;
            size -= 2;
        }
    }
    variable_set(shell, text_of(&shell->script->words[shell->statement->result]), value, size);
}

static bool has_capability(const struct shell *shell, uint64_t type)
{
    for (uint32_t i = 0; i < shell_field_count(&shell->schemas, type); i++) {
        if (shell_field_at(&shell->schemas, type, i).is_capability) {
            return true;
        }
    }
    return false;
}

static void results_show(struct shell *shell, const struct request *request,
                         struct capnp_call *call)
{
    struct capnp_problem problem = {0};
    struct capnp_struct_reader root = capnp_message_root(&call->response);
    uint64_t type = request->method.results;
    if (shell->is_json) {
        capnp_json_print(root, &shell->schemas.catalog, type, CAPNP_LAYOUT_SHORT, &shell->writer,
                         &problem);
    } else {
        capnp_text_print(root, &shell->schemas.catalog, type, CAPNP_LAYOUT_LINES, &shell->writer,
                         &problem);
    }
    out_text(shell, "\n");
    if (has_capability(shell, type)) {
        capabilities_bind(shell, request, call, root);
    } else {
        value_bind(shell, request, root);
    }
    if (call->response.error != CAPNP_OK) {
        fail(shell, CODE_FAILED,
             "the answer is malformed:", tsr_text_of(capnp_error_text(call->response.error)), NULL);
    }
}

// Sends the call; C-c withdraws it.
static enum code carry_out(struct shell *shell, const struct request *request,
                           struct capnp_call *call)
{
    struct capnp_exception exception;
    bool is_sent = capnp_call_send(call, &exception);
    bool is_withdrawn = is_sent && !call_await(shell, call);
    if (is_withdrawn) {
        tsr_call_cancel(call);
    }
    if (is_sent && capnp_call_finish(call, &exception)) {
        shell->code = CODE_WELL;
        results_show(shell, request, call);
        return shell->code;
    }
    return is_withdrawn ? CODE_INTERRUPTED
                        : deny(shell, request->held, &request->method, &exception);
}

static enum code run(struct shell *shell, struct request *request)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct shell_problem problem;
    if (!capnp_call_begin(&call, request->held->cap, request->held->interface,
                          (uint16_t)request->method.number, CAPNP_MESSAGE_BYTES_MAX, &exception)) {
        return fail_call(shell, "the call can't be made", request->held, &exception);
    }
    enum code code = CODE_WELL;
    if (!shell_arguments_build(&shell->schemas, &request->method, request->arguments,
                               request->count, &call.request, &problem)) {
        code = fail_at(shell, &problem);
    } else if (!dry(shell, "one call, and what its server does")) {
        out_flush(shell);
        code = carry_out(shell, request, &call);
    }
    capnp_call_end(&call);
    return code;
}

enum code command_call(struct shell *shell)
{
    struct request request = {.count = 0};
    if (shell_word_count(shell) < 3) {
        return fail_usage(shell);
    }
    if (!held_may_bind(shell)) {
        return shell->code;
    }
    return request_read(shell, &request) ? run(shell, &request) : shell->code;
}

// SPDX-License-Identifier: Apache-2.0
//
// Calls as one function: ping_echo(target, value, text, &value_out, &exception).
//
// Generated where every parameter is a scalar, text, data or a capability and every result a
// scalar or a capability, outside of groups and unions: then the function can hold the whole call,
// and nothing of the response has to outlive it. Parameters come in the order in which the schema
// declares them.

#include "unit.h"

#include <inttypes.h>

enum { ONESHOT_FIELDS_MAX = 64 };

struct side {
    struct capnp_struct_reader node;
    struct name name;
    struct field fields[ONESHOT_FIELDS_MAX]; // in the order of declaration, void left out
    uint32_t count;
};

static bool is_allowed(const struct field *field, bool is_result)
{
    enum type_kind kind = type_kind(field->type);
    return type_is_scalar(field) || type_is_cap(field) ||
           (!is_result && (kind == TYPE_TEXT || kind == TYPE_DATA));
}

// Collects the fields; false if one stands in the way.
static bool side_collect(struct side *side, uint64_t struct_id, bool is_result)
{
    side->node = request_node(struct_id);
    side->name = name_of_node(side->node);
    side->count = 0;
    struct capnp_list_reader fields = struct_fields(side->node);
    if (struct_discriminant_count(side->node) > 0 || fields.count > ONESHOT_FIELDS_MAX) {
        return false;
    }
    for (uint32_t order = 0; order < fields.count; order++) {
        for (uint32_t i = 0; i < fields.count; i++) {
            struct capnp_struct_reader reader = capnp_list_get_struct(fields, i);
            if (member_code_order(reader) != order) {
                continue;
            }
            struct field field = {.owner = side->node,
                                  .field = reader,
                                  .type = slot_type(reader),
                                  .path = name_snake(member_name(reader))};
            if (field_is_group(reader)) {
                return false;
            }
            if (type_kind(field.type) == TYPE_VOID) {
                continue;
            }
            if (!is_allowed(&field, is_result)) {
                return false;
            }
            side->fields[side->count++] = field;
        }
    }
    return true;
}

static void emit_signature(struct unit *unit, FILE *to, const char *interface, const char *full,
                           const struct side *params, const struct side *results)
{
    fprintf(to, "bool %s(struct %s target", full, interface);
    for (uint32_t i = 0; i < params->count; i++) {
        const struct field *field = &params->fields[i];
        fprintf(to, ",\n    %s %s", type_spelling(unit, field, false).text,
                name_safe_parameter(field->path).text);
    }
    for (uint32_t i = 0; i < results->count; i++) {
        const struct field *field = &results->fields[i];
        fprintf(to, ",\n    %s *%s_out", type_spelling(unit, field, false).text, field->path.text);
    }
    fputs(",\n    struct capnp_exception *exception)", to);
}

// The size of the request, as an expression: exact, for all that it holds is known.
static void emit_size(FILE *to, const struct side *params)
{
    fprintf(to, "%" PRIu32, struct_message_bytes(params->node));
    for (uint32_t i = 0; i < params->count; i++) {
        const struct field *field = &params->fields[i];
        struct name name = name_safe_parameter(field->path);
        if (type_kind(field->type) == TYPE_TEXT) {
            fprintf(to, " + capnp_text_bytes(%s)", name.text);
        } else if (type_kind(field->type) == TYPE_DATA) {
            fprintf(to, " + capnp_data_bytes(%s)", name.text);
        }
    }
}

static void emit_body(struct unit *unit, const char *interface, const char *full,
                      const struct side *params, const struct side *results)
{
    FILE *to = unit->source;
    struct name number;
    snprintf(number.text, sizeof(number.text), "%.500s", full);
    struct name id;
    snprintf(id.text, sizeof(id.text), "%.480s", interface);
    fputs("\n{\n    struct capnp_call call;\n", to);
    fprintf(to, "    if (!capnp_call_begin(&call, target.id, %s_INTERFACE_ID, %s, ",
            name_upper(id).text, name_upper(number).text);
    emit_size(to, params);
    fputs(", exception)) {\n        return false;\n    }\n", to);
    // No message at all reads as a struct of defaults.
    if (params->count > 0) {
        fprintf(to, "    struct %s_builder params = %s_build(&call.request);\n", params->name.text,
                params->name.text);
    }
    for (uint32_t i = 0; i < params->count; i++) {
        fprintf(to, "    %s_set_%s(params, %s);\n", params->name.text, params->fields[i].path.text,
                name_safe_parameter(params->fields[i].path).text);
    }
    fputs("    bool answered = capnp_call_run(&call, exception);\n    if (answered) {\n", to);
    // An empty result is still opened: a malformed answer is not success.
    fprintf(to, "        struct %s_reader results = %s_read(&call.response);\n", results->name.text,
            results->name.text);
    fputs(results->count == 0 ? "        (void)results;\n" : "", to);
    for (uint32_t i = 0; i < results->count; i++) {
        fprintf(to, "        *%s_out = %s_get_%s(results);\n", results->fields[i].path.text,
                results->name.text, results->fields[i].path.text);
    }
    fputs(
        "        answered = !capnp_call_refuse_response(&call, exception);\n    }\n"
        "    capnp_call_end(&call);\n    return answered;\n}\n",
        to);
}

void oneshot_generate(struct unit *unit, struct capnp_struct_reader node,
                      struct capnp_struct_reader method)
{
    static struct side params;
    static struct side results;
    struct name interface = name_of_node(node);
    struct name tag = name_of_tag(node);
    struct name full = name_join(interface, name_snake(member_name(method)));
    if (!side_collect(&params, method_param_type(method), false) ||
        !side_collect(&results, method_result_type(method), true)) {
        return;
    }
    unit_name(node, "%s", full.text);
    emit_signature(unit, unit->inlines, tag.text, full.text, &params, &results);
    fputs(";\n", unit->inlines);
    fputs("\n", unit->source);
    emit_signature(unit, unit->source, tag.text, full.text, &params, &results);
    emit_body(unit, interface.text, full.text, &params, &results);
}

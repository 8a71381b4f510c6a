// SPDX-License-Identifier: Apache-2.0
//
// Interfaces: the typed capability, the id and method numbers, clients, and the server's table.
//
// For interface Ping with method echo: `struct ping`, PING_INTERFACE_ID, PING_ECHO,
// PING_METHOD_COUNT; ping_echo_begin and ping_echo_finish around capnp_call_send; ping_echo where
// one function can say it all (oneshot.c); `struct ping_server` with a pointer per method, and
// ping_dispatch, which tells the methods apart. It says so with a switch, for then a compiler that
// sees the server's constant table can follow the way from dispatch into the handlers.

#include "unit.h"

#include <inttypes.h>

// What the emitters of one method need.
struct method {
    struct name interface;
    struct name name;   // of the method: echo
    struct name full;   // ping_echo
    struct name params; // prefix of the parameter struct
    struct name results;
    struct capnp_struct_reader params_node;
    struct capnp_struct_reader results_node;
    struct capnp_text doc;
};

enum { REQUEST_UNKNOWN = CAPNP_MESSAGE_BYTES_MAX };

// The pseudo-struct that `-> stream` methods answer with, in /capnp/stream.capnp.
static const uint64_t stream_result_id = UINT64_C(0x995f9a3377c0b16e);

static struct capnp_struct_reader method_struct(struct unit *unit, struct capnp_struct_reader node,
                                                struct capnp_struct_reader method, uint64_t id)
{
    if (id == stream_result_id) {
        refuse(node, "streaming methods are not supported yet: method", member_name(method));
    }
    struct capnp_struct_reader found = request_node(id);
    if (node_is_generic(found)) {
        refuse(node, "generic types are not supported: method", member_name(method));
    }
    unit_use(unit, found);
    return found;
}

static struct method method_of(struct unit *unit, struct capnp_struct_reader node, uint32_t index)
{
    struct capnp_struct_reader reader = capnp_list_get_struct(interface_methods(node), index);
    struct method method = {.interface = name_of_node(node),
                            .name = name_snake(member_name(reader))};
    method.full = name_join(method.interface, method.name);
    method.params_node = method_struct(unit, node, reader, method_param_type(reader));
    method.results_node = method_struct(unit, node, reader, method_result_type(reader));
    method.params = name_of_node(method.params_node);
    method.results = name_of_node(method.results_node);
    method.doc = request_member_doc(node_id(node), index);
    return method;
}

static void emit_interface_types(struct unit *unit, struct capnp_struct_reader node)
{
    FILE *to = unit->types;
    struct name name = name_of_node(node);
    struct name upper = name_upper(name);
    struct capnp_list_reader methods = interface_methods(node);
    unit_tag(unit, name, node);
    emit_doc(to, request_node_doc(node_id(node)), "");
    fprintf(to, "struct %s {\n    uint64_t id;\n};\n\n", name.text);
    to = unit->names;
    fprintf(to, "static const uint64_t %s_INTERFACE_ID = UINT64_C(0x%016" PRIx64 ");\n\nenum {\n",
            upper.text, node_id(node));
    for (uint32_t i = 0; i < methods.count; i++) {
        struct name method = name_snake(member_name(capnp_list_get_struct(methods, i)));
        fprintf(to, "    %s_%s = %" PRIu32 ",\n", upper.text, name_upper(method).text, i);
    }
    fprintf(to, "    %s_METHOD_COUNT = %" PRIu32 "\n};\n\n", upper.text, methods.count);
}

// A request without pointers to anything but capabilities has one size.
static uint32_t request_bytes(struct capnp_struct_reader node)
{
    struct capnp_list_reader fields = struct_fields(node);
    for (uint32_t i = 0; i < fields.count; i++) {
        struct capnp_struct_reader reader = capnp_list_get_struct(fields, i);
        struct field field = {.type = slot_type(reader)};
        if (field_is_group(reader) || (type_is_pointer(&field) && !type_is_cap(&field))) {
            return REQUEST_UNKNOWN;
        }
    }
    return struct_message_bytes(node);
}

static void emit_client(struct unit *unit, const struct method *method)
{
    const char *interface = method->interface.text;
    const char *full = method->full.text;
    struct name number = name_upper(method->full);
    emit_doc(unit->inlines, method->doc, "");
    fprintf(unit->inlines,
            "bool %s_begin(struct %s target, struct capnp_call *call, struct %s_builder *params,\n"
            "    struct capnp_exception *exception);\n",
            full, interface, method->params.text);
    fprintf(unit->inlines,
            "bool %s_finish(struct capnp_call *call, struct %s_reader *results,\n"
            "    struct capnp_exception *exception);\n",
            full, method->results.text);
    fprintf(
        unit->source,
        "\nbool %s_begin(struct %s target, struct capnp_call *call, struct %s_builder *params,\n"
        "    struct capnp_exception *exception)\n{\n"
        "    if (!capnp_call_begin(call, target.id, %s_INTERFACE_ID, %s, %" PRIu32
        ", exception)) {\n        return false;\n    }\n"
        "    *params = %s_build(&call->request);\n    return true;\n}\n",
        full, interface, method->params.text, name_upper(method->interface).text, number.text,
        request_bytes(method->params_node), method->params.text);
    fprintf(unit->source,
            "\nbool %s_finish(struct capnp_call *call, struct %s_reader *results,\n"
            "    struct capnp_exception *exception)\n{\n"
            "    if (!capnp_call_finish(call, exception)) {\n        return false;\n    }\n"
            "    *results = %s_read(&call->response);\n"
            "    return !capnp_call_refuse_response(call, exception);\n}\n",
            full, method->results.text, method->results.text);
}

static void emit_serve(struct unit *unit, const struct method *method)
{
    const struct name member = name_safe(method->name);
    const char *interface = method->interface.text;
    fprintf(unit->source,
            "\nstatic bool %s_serve(const struct %s_server *server, void *self,\n"
            "    struct capnp_message *request, struct capnp_builder *response,\n"
            "    struct capnp_exception *exception)\n{\n",
            method->full.text, interface);
    fprintf(unit->source,
            "    if (server->%s == NULL) {\n"
            "        capnp_exception_set(exception, CAPNP_EXCEPTION_UNIMPLEMENTED, %s, NULL);\n"
            "        return false;\n    }\n",
            member.text, name_upper(method->full).text);
    fprintf(unit->source,
            "    struct %s_reader params = %s_read(request);\n"
            "    struct %s_builder results = %s_build(response);\n"
            "    if (request->error != CAPNP_OK || response->error != CAPNP_OK) {\n"
            "        return capnp_serve_end(true, request, response, exception);\n    }\n",
            method->params.text, method->params.text, method->results.text, method->results.text);
    fprintf(unit->source,
            "    bool answered = server->%s(self, params, results, exception);\n"
            "    return capnp_serve_end(answered, request, response, exception);\n}\n",
            member.text);
}

static void emit_dispatch(struct unit *unit, struct capnp_struct_reader node)
{
    const struct name name = name_of_node(node);
    const char *n = name.text;
    struct capnp_list_reader methods = interface_methods(node);
    fprintf(unit->inlines,
            "// One call of this interface: method and request as they came, the response ready to "
            "be\n// built. The exception is filled in where the answer is false.\n"
            "bool %s_dispatch(const struct %s_server *server, void *self, uint16_t method,\n"
            "    struct capnp_message *request, struct capnp_builder *response,\n"
            "    struct capnp_exception *exception);\n\n",
            n, n);
    fprintf(unit->source,
            "\nbool %s_dispatch(const struct %s_server *server, void *self, uint16_t method,\n"
            "    struct capnp_message *request, struct capnp_builder *response,\n"
            "    struct capnp_exception *exception)\n{\n    switch (method) {\n",
            n, n);
    for (uint32_t i = 0; i < methods.count; i++) {
        struct name full =
            name_join(name, name_snake(member_name(capnp_list_get_struct(methods, i))));
        fprintf(unit->source,
                "    case %s:\n"
                "        return %s_serve(server, self, request, response, exception);\n",
                name_upper(full).text, full.text);
    }
    fputs(
        "    default:\n"
        "        capnp_exception_set(exception, CAPNP_EXCEPTION_UNIMPLEMENTED, method, NULL);\n"
        "        return false;\n    }\n}\n",
        unit->source);
}

void interface_generate(struct unit *unit, struct capnp_struct_reader node)
{
    struct name name = name_of_node(node);
    struct capnp_list_reader methods = interface_methods(node);
    if (interface_superclasses(node).count > 0) {
        refuse(node, "inheritance: not yet", (struct capnp_text){"", 0});
    }
    emit_interface_types(unit, node);
    if (methods.count == 0) {
        return;
    }
    for (uint32_t i = 0; i < methods.count; i++) {
        struct method method = method_of(unit, node, i);
        emit_client(unit, &method);
        oneshot_generate(unit, node, capnp_list_get_struct(methods, i));
        emit_serve(unit, &method);
        fputs("\n", unit->inlines);
    }
    struct name tag = name_join(name, (struct name){"server"});
    unit_tag(unit, tag, node);
    // The table mentions readers of other files, so it stands after the includes; the types
    // before them get by with the name.
    fprintf(unit->inlines,
            "// What a server does for each method; NULL is unimplemented. A handler that answers "
            "false has\n// filled in the exception. Fields found malformed while it ran turn its "
            "answer into\n// invalidArgument.\nstruct %s {\n",
            tag.text);
    for (uint32_t i = 0; i < methods.count; i++) {
        struct method method = method_of(unit, node, i);
        emit_doc(unit->inlines, method.doc, "    ");
        fprintf(unit->inlines,
                "    bool (*%s)(void *self, struct %s_reader params, struct %s_builder results,\n"
                "        struct capnp_exception *exception);\n",
                name_safe(method.name).text, method.params.text, method.results.text);
    }
    fputs("};\n\n", unit->inlines);
    emit_dispatch(unit, node);
}

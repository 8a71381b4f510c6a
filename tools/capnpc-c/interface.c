// SPDX-License-Identifier: Apache-2.0
//
// Interfaces: the typed capability, the id and method numbers, clients, and the server's table.
//
// An interface is also what it extends: `both_as_left(both)` is the same capability as a Left, and
// a server's table has a pointer to the table of each interface that it extends. Calls of those
// come to NAME_dispatch_call with the id of the interface that declares the method.
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
    struct name tag;    // of the capability, after `struct`
    struct name name;   // of the method: echo
    struct name full;   // ping_echo
    struct name params; // prefix of the parameter struct
    struct name results;
    struct capnp_struct_reader params_node;
    struct capnp_struct_reader results_node;
    struct capnp_text doc;
};

enum { REQUEST_UNKNOWN = CAPNP_MESSAGE_BYTES_MAX };

static struct capnp_struct_reader method_struct(struct unit *unit, uint64_t id)
{
    struct capnp_struct_reader found = request_node(id);
    unit_use(unit, found);
    return found;
}

static struct method method_of(struct unit *unit, struct capnp_struct_reader node, uint32_t index)
{
    struct capnp_struct_reader reader = capnp_list_get_struct(interface_methods(node), index);
    struct method method = {.interface = name_of_node(node),
                            .tag = name_of_tag(node),
                            .name = name_snake(member_name(reader))};
    method.full = name_join(method.interface, method.name);
    method.params_node = method_struct(unit, method_param_type(reader));
    method.results_node = method_struct(unit, method_result_type(reader));
    method.params = name_of_node(method.params_node);
    method.results = name_of_node(method.results_node);
    method.doc = request_member_doc(node_id(node), index);
    return method;
}

static void emit_interface_types(struct unit *unit, struct capnp_struct_reader node)
{
    FILE *to = unit->types;
    struct name name = name_of_tag(node);
    struct name upper = name_upper(name_of_node(node));
    struct capnp_list_reader methods = interface_methods(node);
    unit_tag(name, node);
    unit_name(node, "%s_INTERFACE_ID", upper.text);
    unit_name(node, "%s_METHOD_COUNT", upper.text);
    emit_doc(to, request_node_doc(node_id(node)), "");
    fprintf(to, "struct %s {\n    uint64_t id;\n};\n\n", name.text);
    to = unit->names;
    fprintf(to, "static const uint64_t %s_INTERFACE_ID = UINT64_C(0x%016" PRIx64 ");\n\nenum {\n",
            upper.text, node_id(node));
    for (uint32_t i = 0; i < methods.count; i++) {
        struct name method = name_snake(member_name(capnp_list_get_struct(methods, i)));
        unit_name(node, "%s_%s", upper.text, name_upper(method).text);
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
    const char *interface = method->tag.text;
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
    const struct name member = name_safe_parameter(method->name);
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
            "    struct capnp_exception *exception)\n{\n%s    switch (method) {\n",
            n, n,
            methods.count > 0 ? ""
                              : "    (void)server, (void)self, (void)request, (void)response;\n");
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

// Whether calls of this interface can come to a server at all.
static bool has_server(struct capnp_struct_reader node)
{
    struct capnp_list_reader supers = interface_superclasses(node);
    bool has = interface_methods(node).count > 0;
    for (uint32_t i = 0; i < supers.count && !has; i++) {
        has = has_server(request_node(superclass_id(capnp_list_get_struct(supers, i))));
    }
    return has;
}

// `case` for each interface that the server of `node` can be called as. In a diamond, and where
// more is named twice, the first way is taken.
static void emit_cases(FILE *to, struct capnp_struct_reader node, uint64_t *seen, uint32_t *count)
{
    struct capnp_list_reader supers = interface_superclasses(node);
    for (uint32_t i = 0; i < *count; i++) {
        if (seen[i] == node_id(node)) {
            return;
        }
    }
    if (*count == UNIT_FILES_MAX) {
        refuse(node, "extends more than 256 interfaces", (struct capnp_text){"", 0});
    }
    seen[(*count)++] = node_id(node);
    fprintf(to, "    case UINT64_C(0x%016" PRIx64 "):\n", node_id(node));
    for (uint32_t i = 0; i < supers.count; i++) {
        emit_cases(to, request_node(superclass_id(capnp_list_get_struct(supers, i))), seen, count);
    }
}

static void emit_dispatch_call(struct unit *unit, struct capnp_struct_reader node)
{
    const struct name name = name_of_node(node);
    struct capnp_list_reader supers = interface_superclasses(node);
    uint64_t seen[UNIT_FILES_MAX] = {node_id(node)};
    uint32_t count = 1;
    fprintf(
        unit->inlines,
        "// The same for a call as it came to a server of this interface, which may be one of an\n"
        "// interface that it extends.\n"
        "bool %s_dispatch_call(const struct %s_server *server, void *self, uint64_t interface,\n"
        "    uint16_t method, struct capnp_message *request, struct capnp_builder *response,\n"
        "    struct capnp_exception *exception);\n\n",
        name.text, name.text);
    fprintf(unit->source,
            "\nbool %s_dispatch_call(const struct %s_server *server, void *self, uint64_t "
            "interface,\n"
            "    uint16_t method, struct capnp_message *request, struct capnp_builder *response,\n"
            "    struct capnp_exception *exception)\n{\n"
            "    if (server != NULL && interface == %s_INTERFACE_ID) {\n"
            "        return %s_dispatch(server, self, method, request, response, exception);\n"
            "    }\n",
            name.text, name.text, name_upper(name).text, name.text);
    fputs("    switch (server == NULL ? 0 : interface) {\n", unit->source);
    for (uint32_t i = 0; i < supers.count; i++) {
        struct capnp_struct_reader super =
            request_node(superclass_id(capnp_list_get_struct(supers, i)));
        uint32_t before = count;
        if (has_server(super)) {
            emit_cases(unit->source, super, seen, &count);
        }
        if (count > before) {
            struct name s = name_of_node(super);
            fprintf(unit->source,
                    "        return %s_dispatch_call(server->%s_server, self, interface, method,\n"
                    "            request, response, exception);\n",
                    s.text, s.text);
        }
    }
    fputs(
        "    default:\n"
        "        capnp_exception_set(exception, CAPNP_EXCEPTION_UNIMPLEMENTED, method, NULL);\n"
        "        return false;\n    }\n}\n",
        unit->source);
}

// The capability as that of an interface that it extends, and as found behind an AnyPointer.
static void emit_casts(struct unit *unit, struct capnp_struct_reader node)
{
    struct name tag = name_of_tag(node);
    struct name name = name_of_node(node);
    struct capnp_list_reader supers = interface_superclasses(node);
    for (uint32_t i = 0; i < supers.count; i++) {
        struct capnp_struct_reader super =
            request_node(superclass_id(capnp_list_get_struct(supers, i)));
        struct name super_tag = name_of_tag(super);
        unit_use(unit, super);
        unit_name(node, "%s_as_%s", name.text, name_of_node(super).text);
        fprintf(unit->inlines,
                "static inline struct %s %s_as_%s(struct %s cap)\n{\n"
                "    return (struct %s){cap.id};\n}\n\n",
                super_tag.text, name.text, name_of_node(super).text, tag.text, super_tag.text);
    }
    unit_name(node, "%s_read_any", name.text);
    fprintf(unit->inlines,
            "static inline struct %s %s_read_any(struct capnp_any_reader any)\n{\n"
            "    return (struct %s){capnp_any_cap(any).id};\n}\n\n",
            tag.text, name.text, tag.text);
}

static void emit_server(struct unit *unit, struct capnp_struct_reader node)
{
    struct name name = name_of_node(node);
    struct name tag = name_join(name, (struct name){"server"});
    struct capnp_list_reader methods = interface_methods(node);
    struct capnp_list_reader supers = interface_superclasses(node);
    unit_tag(tag, node);
    // The table mentions readers of other files, so it stands after the includes; the types
    // before them get by with the name.
    fprintf(unit->inlines,
            "// What a server does for each method; NULL is unimplemented. A handler that answers "
            "false has\n// filled in the exception. Fields found malformed while it ran turn its "
            "answer into\n// invalidArgument.\nstruct %s {\n",
            tag.text);
    for (uint32_t i = 0; i < supers.count; i++) {
        struct capnp_struct_reader super =
            request_node(superclass_id(capnp_list_get_struct(supers, i)));
        struct name member = name_join(name_of_node(super), (struct name){"server"});
        if (has_server(super)) {
            unit_name(node, "%s.%s", tag.text, member.text);
            fprintf(unit->inlines, "    const struct %s *%s;\n", member.text, member.text);
        }
    }
    for (uint32_t i = 0; i < methods.count; i++) {
        struct method method = method_of(unit, node, i);
        unit_name(node, "%s.%s", tag.text, name_safe_parameter(method.name).text);
        emit_doc(unit->inlines, method.doc, "    ");
        fprintf(unit->inlines,
                "    bool (*%s)(void *self, struct %s_reader params, struct %s_builder results,\n"
                "        struct capnp_exception *exception);\n",
                name_safe_parameter(method.name).text, method.params.text, method.results.text);
    }
    fputs("};\n\n", unit->inlines);
}

void interface_generate(struct unit *unit, struct capnp_struct_reader node)
{
    struct name name = name_of_node(node);
    struct capnp_list_reader methods = interface_methods(node);
    emit_interface_types(unit, node);
    emit_casts(unit, node);
    if (!has_server(node)) {
        return;
    }
    for (uint32_t i = 0; i < methods.count; i++) {
        struct method method = method_of(unit, node, i);
        unit_name(node, "%s_begin", method.full.text);
        unit_name(node, "%s_finish", method.full.text);
        emit_client(unit, &method);
        oneshot_generate(unit, node, capnp_list_get_struct(methods, i));
        emit_serve(unit, &method);
        fputs("\n", unit->inlines);
    }
    emit_server(unit, node);
    unit_name(node, "%s_dispatch", name.text);
    unit_name(node, "%s_dispatch_call", name.text);
    emit_dispatch(unit, node);
    emit_dispatch_call(unit, node);
}

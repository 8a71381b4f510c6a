// SPDX-License-Identifier: Apache-2.0
//
// Requests from JSON. Which member a command takes is a table.
#include "system/init/format/request.h"

#include <string.h>

enum member {
    MEMBER_COMMAND,
    MEMBER_ID,
    MEMBER_SERVICE,
    MEMBER_WAIT,
    MEMBER_TIMEOUT,
    MEMBER_ACTION,
    MEMBER_OPERATION,
    MEMBER_COUNT
};

static const char *const member_names[MEMBER_COUNT] = {"command", "id",     "service",     "wait",
                                                       "timeout", "action", "operation_id"};

enum {
    ALWAYS = 1 << MEMBER_COMMAND | 1 << MEMBER_ID,
    LIFECYCLE = ALWAYS | 1 << MEMBER_SERVICE | 1 << MEMBER_WAIT | 1 << MEMBER_TIMEOUT,
    TIMEOUT_MOST_S = 86400,
};

// The members that each command may have, and the one that it must.
static const struct {
    uint32_t may;
    enum member must;
} shapes[COMMAND_KINDS] = {
    [COMMAND_START] = {LIFECYCLE, MEMBER_SERVICE},
    [COMMAND_STOP] = {LIFECYCLE, MEMBER_SERVICE},
    [COMMAND_RESTART] = {LIFECYCLE, MEMBER_SERVICE},
    [COMMAND_RELOAD] = {LIFECYCLE, MEMBER_SERVICE},
    [COMMAND_RESET] = {LIFECYCLE, MEMBER_SERVICE},
    [COMMAND_STATUS] = {ALWAYS | 1 << MEMBER_SERVICE, MEMBER_SERVICE},
    [COMMAND_LIST] = {ALWAYS, MEMBER_COMMAND},
    [COMMAND_WHY] = {ALWAYS | 1 << MEMBER_SERVICE, MEMBER_SERVICE},
    [COMMAND_PLAN] = {ALWAYS | 1 << MEMBER_SERVICE, MEMBER_COMMAND},
    [COMMAND_GRAPH] = {ALWAYS, MEMBER_COMMAND},
    [COMMAND_SHUTDOWN] = {ALWAYS | 1 << MEMBER_ACTION, MEMBER_ACTION},
    [COMMAND_RELOAD_CONFIG] = {ALWAYS, MEMBER_COMMAND},
    [COMMAND_OPERATION_STATUS] = {ALWAYS | 1 << MEMBER_OPERATION, MEMBER_OPERATION},
};

static enum reply_code refuse(struct phrase *detail, const char *what, const char *which)
{
    phrase_put(detail, what);
    phrase_put_safe(detail, which);
    return REPLY_BAD_REQUEST;
}

static enum member member_find(const struct json *json, uint32_t node)
{
    enum member member = 0;

    while (member < MEMBER_COUNT && !json_is_text(json, node, member_names[member])) {
        member++;
    }
    return member;
}

static bool number_take(const struct json *json, uint32_t node, int64_t most, uint32_t *out)
{
    int64_t number;

    if (!json_integer(json, node, &number) || number < 0 || number > most) {
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

static bool action_take(const struct json *json, uint32_t node, enum halt_kind *halt)
{
    static const char *const names[] = {"poweroff", "reboot", "halt"};

    for (uint32_t i = 0; i < 3; i++) {
        if (json_is_text(json, node, names[i])) {
            *halt = (enum halt_kind)i;
            return true;
        }
    }
    return false;
}

// False if the value is not what the member takes.
static bool member_take(const struct manager *manager, const struct json *json, enum member member,
                        uint32_t node, struct request *request)
{
    enum json_type type = json->nodes[node].type;
    char guid[GUID_TEXT_SIZE];

    switch (member) {
    case MEMBER_COMMAND:
        return type == JSON_STRING;
    case MEMBER_ID:
        return number_take(json, node, INT32_MAX, &request->id);
    case MEMBER_SERVICE:
        return json_text(json, node, request->service, sizeof(request->service));
    case MEMBER_WAIT:
        request->wait = type == JSON_TRUE ? WAIT_YES : WAIT_NO;
        return type == JSON_TRUE || type == JSON_FALSE;
    case MEMBER_TIMEOUT:
        return number_take(json, node, TIMEOUT_MOST_S, &request->timeout_s);
    case MEMBER_ACTION:
        return action_take(json, node, &request->halt);
    case MEMBER_OPERATION:
        if (!json_text(json, node, guid, sizeof(guid))) {
            return false;
        }
        request->operation = guid_find(manager, 'o', guid);
        return true;
    case MEMBER_COUNT:
        break;
    }
    return false;
}

static enum command command_find(const struct json *json, uint32_t node)
{
    enum command command = 0;

    while (command < COMMAND_KINDS && !json_is_text(json, node, command_name(command))) {
        command++;
    }
    return command;
}

static enum reply_code members_take(const struct manager *manager, const struct json *json,
                                    struct request *request, struct phrase *detail)
{
    static const char *const wanted[MEMBER_COUNT] = {
        "command: text",
        "id: a number from 0 to 2147483647",
        "service: a name of at most 63 bytes",
        "wait: true or false",
        "timeout: seconds, at most 86400",
        "action: poweroff, reboot or halt",
        "operation_id: a GUID as an answer gave it",
    };
    uint32_t there = 0;
    uint32_t node = json_first(json, 0);

    for (uint32_t i = 0; i < json->nodes[0].count; i++, node = json->nodes[node + 1].next) {
        char name[NAME_SIZE];
        enum member member = member_find(json, node);
        if (member == MEMBER_COUNT || (shapes[request->command].may & 1u << member) == 0) {
            (void)json_text(json, node, name, sizeof(name));
            return refuse(detail, "this command has no member ", name);
        }
        if (!member_take(manager, json, member, node + 1, request)) {
            return refuse(detail, "expected ", wanted[member]);
        }
        there |= 1u << member;
    }
    if ((there & 1u << shapes[request->command].must) == 0) {
        return refuse(detail, "missing: ", member_names[shapes[request->command].must]);
    }
    return REPLY_OK;
}

enum reply_code request_read(const struct manager *manager, const char *text, size_t size,
                             struct request *request, struct phrase *detail)
{
    struct json_node nodes[REQUEST_NODES_MAX];
    struct json json = {.nodes = nodes, .nodes_max = REQUEST_NODES_MAX};
    struct json_error error;

    memset(request, 0, sizeof(*request));
    request->command = COMMAND_KINDS;
    if (!json_read(&json, text, size, &error)) {
        phrase_put(detail, "byte ");
        phrase_put_number(detail, error.offset);
        return refuse(detail, ": ", json_fault_text(error.fault));
    }
    uint32_t id = json_member(&json, 0, "id");
    if (id != JSON_NONE) {
        (void)number_take(&json, id, INT32_MAX, &request->id);
    }
    uint32_t command = json_member(&json, 0, "command");
    if (command == JSON_NONE) {
        return refuse(detail, "an object with the member \"command\" is expected", "");
    }
    request->command = command_find(&json, command);
    if (request->command == COMMAND_KINDS) {
        char name[NAME_SIZE];
        (void)json_text(&json, command, name, sizeof(name));
        phrase_put_safe(detail, name);
        return REPLY_UNKNOWN_COMMAND;
    }
    return members_take(manager, &json, request, detail);
}

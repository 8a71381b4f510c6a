// SPDX-License-Identifier: Apache-2.0
//
// Answers as JSON.
#include "system/init/format/reply.h"

#include <string.h>

#include "system/init/manager/right.h"

enum { MESSAGE_MAX = 256, WORDS_MAX = 1 << 15 };

static void text_write(struct json_writer *writer, const char *name, const char *value)
{
    json_write_name(writer, name);
    json_write_text(writer, value);
}

static void number_write(struct json_writer *writer, const char *name, int64_t value)
{
    json_write_name(writer, name);
    json_write_integer(writer, value);
}

static void guid_write(struct json_writer *writer, const struct manager *manager, const char *name,
                       char kind, uint32_t serial)
{
    char guid[GUID_TEXT_SIZE];

    json_write_name(writer, name);
    if (serial == 0) {
        json_write_null(writer);
        return;
    }
    guid_print(manager, kind, serial, guid);
    json_write_text(writer, guid);
}

void reply_write_error(enum reply_code code, const char *detail, uint32_t id,
                       struct json_writer *writer)
{
    char words[MESSAGE_MAX];
    struct phrase message = phrase_in(words, sizeof(words));

    phrase_put(&message, reply_code_text(code));
    if (detail[0] != '\0') {
        phrase_put(&message, ": ");
        phrase_put_safe(&message, detail);
    }
    json_write_begin(writer, '{');
    if (id != 0) {
        number_write(writer, "id", id);
    }
    text_write(writer, "status", "error");
    text_write(writer, "code", reply_code_name(code));
    text_write(writer, "message", words);
    json_write_end(writer, '}');
}

static void warnings_write(struct manager *manager, uint16_t slot, struct json_writer *writer)
{
    json_write_name(writer, "warnings");
    json_write_begin(writer, '[');
    for (uint32_t i = 0; i < JOBS_MAX && manager->leaked_count > 0; i++) {
        const struct job *job = &manager->jobs[i];
        if (job->serial != 0 && job->state == JOB_ABANDONED && job->service == slot) {
            char words[MESSAGE_MAX];
            struct phrase message = phrase_in(words, sizeof(words));
            phrase_put(&message, "a job can't be reclaimed: ");
            phrase_put(&message, job->command);
            json_write_text(writer, words);
        }
    }
    json_write_end(writer, ']');
}

static void service_write(struct manager *manager, uint16_t slot, struct json_writer *writer)
{
    static const char *const healths[] = {"unknown", "good", "bad"};
    const struct service *service = &manager->services[slot];
    bool is_up = state_satisfies(service->state) && service->state != STATE_SKIPPED &&
                 service->state != STATE_COMPLETED;

    text_write(writer, "status_text", service->status_text);
    guid_write(writer, manager, "job", 'j',
               service->main_job == NO_JOB ? 0 : manager->jobs[service->main_job].serial);
    guid_write(writer, manager, "current_operation", 'o',
               service->operation == NO_OPERATION ? 0
                                                  : manager->operations[service->operation].serial);
    text_write(writer, "health", healths[service->health]);
    json_write_name(writer, "uptime");
    if (is_up) {
        json_write_integer(writer, (int64_t)((manager->now_ns - service->active_ns) / NS_PER_S));
    } else {
        json_write_null(writer);
    }
}

static void list_write(struct manager *manager, const struct reply *reply,
                       struct json_writer *writer)
{
    json_write_name(writer, "services");
    json_write_begin(writer, '[');
    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        const struct service *service = &manager->services[slot];
        if (!service->is_present ||
            right_missing(manager, slot, reply->token, RIGHT_QUERY_STATUS) != 0) {
            continue;
        }
        json_write_begin(writer, '{');
        text_write(writer, "service", manager->catalogue.names[slot]);
        text_write(writer, "state", state_snake(service->state));
        text_write(writer, "cause", cause_snake(service->cause));
        json_write_end(writer, '}');
    }
    json_write_end(writer, ']');
}

// Only edges of which both ends may be seen.
static void graph_write(struct manager *manager, const struct reply *reply,
                        struct json_writer *writer)
{
    const struct graph *graph = &catalogue_set(&manager->catalogue)->graph;
    struct slots seen = {{0}};

    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        if (manager->services[slot].is_present &&
            right_missing(manager, slot, reply->token, RIGHT_QUERY_STATUS) == 0) {
            slots_put(&seen, slot);
        }
    }
    json_write_name(writer, "edges");
    json_write_begin(writer, '[');
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        if (slots_has(&seen, edge->from) && slots_has(&seen, edge->to)) {
            json_write_begin(writer, '{');
            text_write(writer, "from", manager->catalogue.names[edge->from]);
            text_write(writer, "to", manager->catalogue.names[edge->to]);
            text_write(writer, "kind", edge_name((enum edge_kind)edge->kind));
            json_write_end(writer, '}');
        }
    }
    json_write_end(writer, ']');
}

static void operation_write(struct manager *manager, const struct reply *reply,
                            struct json_writer *writer)
{
    const struct operation *operation = manager_operation(manager, reply->operation);

    json_write_name(writer, "operation");
    if (operation == NULL) {
        json_write_null(writer);
        return;
    }
    json_write_begin(writer, '{');
    text_write(writer, "kind", operation_kind_name(operation->kind));
    text_write(writer, "state", operation_state_name(operation->state));
    text_write(writer, "source", operation_source_name(operation->source));
    text_write(writer, "caller", operation->caller);
    guid_write(writer, manager, "merged_into", 'o', operation->merged_into);
    number_write(writer, "created_ms", (int64_t)(operation->created_ns / NS_PER_MS));
    number_write(writer, "started_ms", (int64_t)(operation->started_ns / NS_PER_MS));
    number_write(writer, "ended_ms", (int64_t)(operation->ended_ns / NS_PER_MS));
    text_write(writer, "result", operation->detail);
    json_write_end(writer, '}');
}

static void words_write(struct manager *manager, const struct reply *reply,
                        struct json_writer *writer)
{
    static const char cut[] = "... and more: ask about one service\n";
    char bytes[WORDS_MAX];
    struct phrase words = phrase_in(bytes, sizeof(bytes));

    if (reply->command == COMMAND_WHY) {
        why_print(manager, reply->service, reply->token, &words);
    } else {
        plan_tell(manager, reply->service, reply->token, &words);
    }
    if (words.is_cut) {
        memcpy(bytes + sizeof(bytes) - sizeof(cut), cut, sizeof(cut));
    }
    text_write(writer, command_name(reply->command), bytes);
}

static void extra_write(struct manager *manager, const struct reply *reply,
                        struct json_writer *writer)
{
    switch (reply->command) {
    case COMMAND_STATUS:
        service_write(manager, reply->service, writer);
        break;
    case COMMAND_LIST:
        list_write(manager, reply, writer);
        break;
    case COMMAND_GRAPH:
        graph_write(manager, reply, writer);
        break;
    case COMMAND_WHY:
    case COMMAND_PLAN:
        words_write(manager, reply, writer);
        break;
    case COMMAND_OPERATION_STATUS:
        operation_write(manager, reply, writer);
        break;
    case COMMAND_KINDS:
        guid_write(writer, manager, "job", 'j', reply->job);
        break;
    case COMMAND_START:
    case COMMAND_STOP:
    case COMMAND_RESTART:
    case COMMAND_RELOAD:
    case COMMAND_RESET:
    case COMMAND_SHUTDOWN:
    case COMMAND_RELOAD_CONFIG:
        break;
    }
}

void reply_write(struct manager *manager, const struct reply *reply, struct json_writer *writer)
{
    if (reply->code != REPLY_OK) {
        reply_write_error(reply->code, reply->detail, reply->id, writer);
        return;
    }
    json_write_begin(writer, '{');
    if (reply->id != 0) {
        number_write(writer, "id", reply->id);
    }
    text_write(writer, "status", "ok");
    if (reply->is_already) {
        text_write(writer, "note", "ALREADY");
    }
    if (reply->operation != 0) {
        guid_write(writer, manager, "operation_id", 'o', reply->operation);
    }
    if (reply->service < SERVICES_MAX) {
        text_write(writer, "service", manager->catalogue.names[reply->service]);
        text_write(writer, "state", state_snake(reply->state));
        text_write(writer, "cause", cause_snake(reply->cause));
    }
    extra_write(manager, reply, writer);
    if (reply->detail[0] != '\0') {
        text_write(writer, "detail", reply->detail);
    }
    warnings_write(manager, reply->service, writer);
    json_write_end(writer, '}');
}

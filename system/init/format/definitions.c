// SPDX-License-Identifier: Apache-2.0
//
// Definitions from JSON.
#include "system/init/format/definitions.h"

#include <string.h>

enum { TEXT_MAX = 4096 };

struct reading {
    struct catalogue *catalogue;
    struct json json;
    uint32_t offset; // up to here lines were counted
    uint32_t line;
};

// The line of a node. Nodes come in the order of the text, so each byte is looked at once.
static uint32_t line_of(struct reading *reading, uint32_t node)
{
    uint32_t start = reading->json.nodes[node].start;

    for (; reading->offset < start; reading->offset++) {
        reading->line += reading->json.text[reading->offset] == '\n';
    }
    return reading->line;
}

static bool is_list(enum field field)
{
    return field_type(field) == FIELD_TYPE_LIST || field_type(field) == FIELD_TYPE_COMMANDS ||
           field_type(field) == FIELD_TYPE_CODES;
}

static struct phrase *complain(const struct place *place, enum problem_kind kind, enum field field)
{
    return problem_add(place->problems, kind, place->service, (uint16_t)field, place->line);
}

static void item_read(struct reading *reading, struct definition *definition, enum field field,
                      bool is_first, uint32_t node, const struct place *place)
{
    char words[TEXT_MAX];
    int64_t number;

    if (field_type(field) == FIELD_TYPE_CODES && json_integer(&reading->json, node, &number)) {
        struct phrase text = phrase_in(words, sizeof(words));
        phrase_put_number(&text, number);
    } else if (!json_text(&reading->json, node, words, sizeof(words))) {
        phrase_put(complain(place, PROBLEM_FIELD_TYPE, field), "an item is no text, or too long");
        return;
    }
    definition_put_item(definition, field, is_first, words, place);
}

static void list_read(struct reading *reading, struct definition *definition, enum field field,
                      uint32_t node, struct place *place)
{
    const struct json_node *nodes = reading->json.nodes;
    uint32_t item = json_first(&reading->json, node);

    for (uint32_t i = 0; i < nodes[node].count; i++, item = nodes[item].next) {
        place->line = line_of(reading, item);
        item_read(reading, definition, field, i == 0, item, place);
    }
}

static void value_read(struct reading *reading, struct definition *definition, enum field field,
                       uint32_t node, struct place *place)
{
    const struct json *json = &reading->json;
    enum json_type type = json->nodes[node].type;
    char words[TEXT_MAX];
    int64_t number;

    if (type == JSON_NULL) {
        return;
    }
    if (type == JSON_ARRAY && is_list(field)) {
        list_read(reading, definition, field, node, place);
    } else if (is_list(field)) {
        item_read(reading, definition, field, true, node, place);
    } else if (type == JSON_STRING && json_text(json, node, words, sizeof(words))) {
        definition_put_text(definition, field, words, place);
    } else if (type == JSON_NUMBER && json_integer(json, node, &number)) {
        definition_put_number(definition, field, number, place);
    } else if (field_type(field) == FIELD_TYPE_CHOICE &&
               (type == JSON_TRUE || type == JSON_FALSE)) {
        definition_put_number(definition, field, type == JSON_TRUE, place);
    } else {
        phrase_put(complain(place, PROBLEM_FIELD_TYPE, field),
                   type == JSON_NUMBER   ? "a whole number that fits is expected"
                   : type == JSON_STRING ? "the text is too long, or has a zero byte"
                                         : "this field is neither list nor object");
    }
}

static void fields_read(struct reading *reading, struct definition *definition, uint16_t slot,
                        uint32_t object)
{
    const struct json_node *nodes = reading->json.nodes;
    struct place place = {.problems = &reading->catalogue->problems, .service = slot};
    char name[NAME_SIZE];
    uint32_t node = json_first(&reading->json, object);

    for (uint32_t i = 0; i < nodes[object].count; i++, node = nodes[node + 1].next) {
        place.line = line_of(reading, node);
        enum field field =
            json_text(&reading->json, node, name, sizeof(name)) ? field_find(name) : FIELD_COUNT;
        if (field < FIELD_COUNT) {
            value_read(reading, definition, field, node + 1, &place);
            continue;
        }
        struct phrase *detail = complain(&place, PROBLEM_UNKNOWN_FIELD, FIELD_COUNT);
        phrase_put_safe(detail, name);
        if (field_near(name) < FIELD_COUNT) {
            phrase_put(detail, " (did you mean ");
            phrase_put(detail, field_name(field_near(name)));
            phrase_put(detail, "?)");
        }
    }
}

static void services_read(struct reading *reading, uint32_t object, bool is_mount)
{
    const struct json_node *nodes = reading->json.nodes;
    struct problems *problems = &reading->catalogue->problems;
    char name[NAME_SIZE + 8];
    uint32_t node = json_first(&reading->json, object);

    for (uint32_t i = 0; i < nodes[object].count; i++, node = nodes[node + 1].next) {
        uint32_t line = line_of(reading, node);
        if (!json_text(&reading->json, node, name, sizeof(name))) {
            phrase_put(problem_add(problems, PROBLEM_NAME, NO_SERVICE, FIELD_COUNT, line),
                       "longer than 63 characters");
            continue;
        }
        struct definition *definition = catalogue_stage(reading->catalogue, name, is_mount, line);
        if (definition == NULL) {
            continue;
        }
        struct place place = {.problems = problems, .line = line};
        if (is_mount) {
            definition_put_number(definition, FIELD_TYPE, TYPE_ONESHOT, &place);
            definition_put_number(definition, FIELD_REMAIN_AFTER_EXIT, 1, &place);
        }
        char full[NAME_SIZE + 16];
        struct phrase text = phrase_in(full, sizeof(full));
        phrase_put(&text, is_mount ? "mount:" : "");
        phrase_put(&text, name);
        uint16_t slot = catalogue_find(reading->catalogue, full);
        if (nodes[node + 1].type == JSON_OBJECT) {
            fields_read(reading, definition, slot, node + 1);
        } else {
            phrase_put(problem_add(problems, PROBLEM_SHAPE, slot, FIELD_COUNT, line),
                       "a definition is an object");
        }
    }
}

static void shape_complain(struct reading *reading, uint32_t line, const char *detail)
{
    phrase_put_safe(
        problem_add(&reading->catalogue->problems, PROBLEM_SHAPE, NO_SERVICE, FIELD_COUNT, line),
        detail);
}

static void mounts_read(struct reading *reading, uint32_t object)
{
    services_read(reading, object, true);
}

static void plain_services_read(struct reading *reading, uint32_t object)
{
    services_read(reading, object, false);
}

static void system_read(struct reading *reading, uint32_t object)
{
    static const char *const names[SECURITY_KINDS] = {
        [SECURITY_OF_SERVICES] = "ServiceSecurity", [SECURITY_OF_SYSTEM] = "ControlSecurity"};
    const struct json_node *nodes = reading->json.nodes;
    char text[TEXT_MAX];
    uint32_t node = json_first(&reading->json, object);

    for (uint32_t i = 0; i < nodes[object].count; i++, node = nodes[node + 1].next) {
        enum set_security kind = 0;
        while (kind < SECURITY_KINDS && !json_is_text(&reading->json, node, names[kind])) {
            kind++;
        }
        uint32_t line = line_of(reading, node);
        if (kind == SECURITY_KINDS) {
            shape_complain(reading, line,
                           "\"system\" has ServiceSecurity and ControlSecurity only");
        } else if (!json_text(&reading->json, node + 1, text, sizeof(text))) {
            shape_complain(reading, line, "a security descriptor is text of at most 4095 bytes");
        } else {
            catalogue_stage_security(reading->catalogue, kind, text, line);
        }
    }
}

bool definitions_read(struct catalogue *catalogue, const char *text, size_t size,
                      struct json_node *nodes, uint32_t nodes_max)
{
    static const struct {
        const char *name;
        void (*read)(struct reading *reading, uint32_t object);
    } parts[] = {
        {"services", plain_services_read}, {"mounts", mounts_read}, {"system", system_read}};
    enum { PARTS = sizeof(parts) / sizeof(parts[0]) };
    struct reading reading = {.catalogue = catalogue, .line = 1};
    struct json_error error;
    char name[NAME_SIZE];

    catalogue_stage_begin(catalogue);
    reading.json = (struct json){.nodes = nodes, .nodes_max = nodes_max};
    if (!json_read(&reading.json, text, size, &error)) {
        struct phrase *detail =
            problem_add(&catalogue->problems, PROBLEM_JSON, NO_SERVICE, FIELD_COUNT, error.line);
        phrase_put(detail, "column ");
        phrase_put_number(detail, error.column);
        phrase_put(detail, ": ");
        phrase_put(detail, json_fault_text(error.fault));
        return false;
    }
    if (nodes[0].type != JSON_OBJECT) {
        shape_complain(&reading, 1, "the outermost value is no object");
        return false;
    }
    uint32_t node = json_first(&reading.json, 0);
    for (uint32_t i = 0; i < nodes[0].count; i++, node = nodes[node + 1].next) {
        uint32_t line = line_of(&reading, node);
        size_t part = 0;
        while (part < PARTS && !json_is_text(&reading.json, node, parts[part].name)) {
            part++;
        }
        if (part == PARTS) {
            bool is_short = json_text(&reading.json, node, name, sizeof(name));
            shape_complain(&reading, line, is_short ? name : "a name that is too long");
        } else if (nodes[node + 1].type != JSON_OBJECT) {
            shape_complain(&reading, line, "it must hold an object");
        } else {
            parts[part].read(&reading, node + 1);
        }
    }
    return true;
}

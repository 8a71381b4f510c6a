// SPDX-License-Identifier: Apache-2.0
//
// Definitions: the table of fields, giving values, and what can be said of one definition alone.
#include "system/init/manager/definition.h"

#include <string.h>

#include "lib/access/access.h"
#include "lib/calendar/calendar.h"
#include "system/init/manager/syntax.h"

static const struct {
    const char *name;
    enum field_type type;
    int64_t otherwise;
    int64_t least, most;
    enum field_change change;
    const char *choices;
} fields[FIELD_COUNT] = {
#define FIELD(id, name, type, otherwise, least, most, change, choices)                             \
    {name, FIELD_TYPE_##type, otherwise, least, most, CHANGE_##change, choices},
#include "system/init/manager/field.def"
#undef FIELD
};

const char *field_name(enum field field)
{
    return fields[field].name;
}

enum field_type field_type(enum field field)
{
    return fields[field].type;
}

enum field_change field_change(enum field field)
{
    return fields[field].change;
}

enum field field_find(const char *name)
{
    for (enum field i = 0; i < FIELD_COUNT; i++) {
        if (text_is(name, fields[i].name)) {
            return i;
        }
    }
    return FIELD_COUNT;
}

enum field field_near(const char *name)
{
    enum field best = FIELD_COUNT;
    uint32_t best_distance = 3;

    for (enum field i = 0; i < FIELD_COUNT; i++) {
        uint32_t distance = text_distance(name, fields[i].name, best_distance);
        if (distance < best_distance) {
            best_distance = distance;
            best = i;
        }
    }
    return best;
}

// The n-th of the words between bars.
static bool choice_take(const char *choices, int64_t number, struct phrase *word)
{
    for (; number > 0 && *choices != '\0'; choices++) {
        number -= *choices == '|';
    }
    const char *end = choices;
    while (*end != '\0' && *end != '|') {
        end++;
    }
    phrase_put_bytes(word, choices, (size_t)(end - choices));
    return end != choices;
}

const char *field_choice(enum field field, int64_t number, struct phrase *scratch)
{
    (void)choice_take(fields[field].choices, number, scratch);
    return scratch->bytes;
}

void definition_init(struct definition *definition, uint32_t line)
{
    memset(definition, 0, offsetof(struct definition, texts));
    definition->line = line;
    for (enum field i = 0; i < FIELD_COUNT; i++) {
        definition->values[i].number = fields[i].otherwise;
    }
    definition->texts[0] = '\0';
}

static struct phrase *complain(const struct place *place, enum problem_kind kind, enum field field)
{
    return problem_add(place->problems, kind, place->service, (uint16_t)field, place->line);
}

static bool is_number_type(enum field field)
{
    return fields[field].type == FIELD_TYPE_NUMBER || fields[field].type == FIELD_TYPE_CHOICE;
}

static bool is_text_type(enum field field)
{
    return fields[field].type == FIELD_TYPE_TEXT || fields[field].type == FIELD_TYPE_COMMAND;
}

static void complain_of_type(const struct place *place, enum field field)
{
    static const char *const wanted[] = {
        [FIELD_TYPE_NUMBER] = "a whole number is expected",
        [FIELD_TYPE_CHOICE] = "a number or a name is expected: ",
        [FIELD_TYPE_TEXT] = "text is expected",
        [FIELD_TYPE_COMMAND] = "text is expected",
        [FIELD_TYPE_LIST] = "a list of texts is expected",
        [FIELD_TYPE_COMMANDS] = "a list of commands is expected",
        [FIELD_TYPE_CODES] = "a list of numbers is expected",
    };
    struct phrase *detail = complain(place, PROBLEM_FIELD_TYPE, field);

    phrase_put(detail, wanted[fields[field].type]);
    if (fields[field].type == FIELD_TYPE_CHOICE) {
        phrase_put(detail, fields[field].choices);
    }
}

static void complain_of_range(const struct place *place, enum problem_kind kind, enum field field,
                              int64_t found)
{
    struct phrase *detail = complain(place, kind, field);

    phrase_put_number(detail, found);
    phrase_put(detail, kind == PROBLEM_FIELD_SIZE ? " bytes, allowed are " : ", allowed are ");
    phrase_put_number(detail, fields[field].least);
    phrase_put(detail, " to ");
    phrase_put_number(detail, fields[field].most);
}

void definition_put_number(struct definition *definition, enum field field, int64_t number,
                           const struct place *place)
{
    if (!is_number_type(field)) {
        complain_of_type(place, field);
    } else if (number < fields[field].least || number > fields[field].most) {
        complain_of_range(place, PROBLEM_FIELD_RANGE, field, number);
    } else {
        definition->values[field].number = number;
        definition->values[field].line = place->line;
    }
}

// Appends to the texts; false if there is no room.
static bool texts_add(struct definition *definition, enum field field, const char *text,
                      const struct place *place)
{
    size_t size = strlen(text);

    if (size < (uint64_t)fields[field].least || size > (uint64_t)fields[field].most) {
        complain_of_range(place, PROBLEM_FIELD_SIZE, field, (int64_t)size);
        return false;
    }
    if (size + 1 > (size_t)DEFINITION_TEXT_MAX - definition->texts_used) {
        (void)complain(place, PROBLEM_DEFINITION_SIZE, field);
        return false;
    }
    memcpy(definition->texts + definition->texts_used, text, size + 1);
    definition->texts_used = (uint16_t)(definition->texts_used + size + 1);
    return true;
}

static void put_choice(struct definition *definition, enum field field, const char *text,
                       const struct place *place)
{
    char word[32];

    for (int64_t i = 0;; i++) {
        struct phrase choice = phrase_in(word, sizeof(word));
        if (!choice_take(fields[field].choices, i, &choice)) {
            break;
        }
        if (text_is_alike(text, word)) {
            definition_put_number(definition, field, i, place);
            return;
        }
    }
    complain_of_type(place, field);
}

void definition_put_text(struct definition *definition, enum field field, const char *text,
                         const struct place *place)
{
    uint16_t at = definition->texts_used;

    if (fields[field].type == FIELD_TYPE_CHOICE) {
        put_choice(definition, field, text, place);
    } else if (!is_text_type(field)) {
        complain_of_type(place, field);
    } else if (texts_add(definition, field, text, place)) {
        definition->values[field].at = at;
        definition->values[field].count = 1;
        definition->values[field].line = place->line;
    }
}

void definition_put_item(struct definition *definition, enum field field, bool is_first,
                         const char *text, const struct place *place)
{
    struct field_value *value = &definition->values[field];
    uint16_t at = definition->texts_used;

    if (is_number_type(field) || is_text_type(field)) {
        complain_of_type(place, field);
        return;
    }
    if (is_first) {
        value->at = at;
        value->count = 0;
    }
    if (value->count == LIST_ITEMS_MAX) {
        (void)complain(place, PROBLEM_LIST_SIZE, field);
    } else if (texts_add(definition, field, text, place)) {
        value->count++;
        value->line = place->line;
    }
}

const char *definition_text(const struct definition *definition, enum field field)
{
    return definition->values[field].count > 0 ? definition->texts + definition->values[field].at
                                               : "";
}

const char *definition_item(const struct definition *definition, enum field field, const char *item)
{
    const struct field_value *value = &definition->values[field];
    const char *first = definition->texts + value->at;

    if (item == NULL) {
        return value->count > 0 ? first : NULL;
    }
    uint32_t number = 1;
    for (const char *byte = first; byte < item; byte++) {
        number += *byte == '\0';
    }
    return number < value->count ? item + strlen(item) + 1 : NULL;
}

bool definition_has_trigger(const struct definition *definition, const char *trigger)
{
    for (const char *item = NULL;
         (item = definition_item(definition, FIELD_TRIGGERS, item)) != NULL;) {
        if (text_starts(item, trigger)) {
            return true;
        }
    }
    return false;
}

bool definition_is_same(const struct definition *left, const struct definition *right,
                        enum field field)
{
    const char *a = NULL;
    const char *b = NULL;

    if (left->values[field].number != right->values[field].number ||
        left->values[field].count != right->values[field].count) {
        return false;
    }
    for (uint32_t i = 0; i < left->values[field].count; i++) {
        a = definition_item(left, field, a);
        b = definition_item(right, field, b);
        if (!text_is(a, b)) {
            return false;
        }
    }
    return true;
}

// --- What can be said of one definition alone ---------------------------------------------------

static void check_trigger(const char *item, struct place *place)
{
    struct calendar calendar;
    struct calendar_error error;

    if (text_is(item, "boot")) {
        return;
    }
    if (!text_starts(item, "timer:")) {
        phrase_put_safe(complain(place, PROBLEM_TRIGGER, FIELD_TRIGGERS), item);
        return;
    }
    item += strlen("timer:");
    if (!calendar_parse(&calendar, item, strlen(item), &error)) {
        char words[CALENDAR_ERROR_TEXT_MAX];
        struct phrase *detail = complain(place, PROBLEM_TIMER, FIELD_TRIGGERS);
        (void)calendar_error_print(&error, words, sizeof(words));
        phrase_put(detail, words);
    }
}

static void check_condition(const char *item, enum field field, struct place *place)
{
    enum condition_kind kind;
    const char *rest;

    if (!condition_parse(item, &kind, &rest)) {
        phrase_put_safe(complain(place, PROBLEM_CONDITION, field), item);
    }
}

static void check_command(const char *item, enum field field, struct place *place)
{
    if (!command_is_good(item, field == FIELD_ARGUMENTS)) {
        phrase_put_safe(complain(place, PROBLEM_COMMAND, field), item);
    }
}

static void check_code(const char *item, enum field field, struct place *place)
{
    int64_t code = 0;

    for (const char *digit = item; *digit != '\0' && code >= 0; digit++) {
        code = *digit >= '0' && *digit <= '9' ? code * 10 + (*digit - '0') : -1;
        code = code > INT32_MAX ? -1 : code;
    }
    if (code < 0) {
        phrase_put_safe(complain(place, PROBLEM_EXIT_CODE, field), item);
    }
}

static void check_grant(const struct definition *definition, const char *item, struct place *place)
{
    struct grant grant, other;

    if (!grant_parse(&grant, item)) {
        phrase_put_safe(complain(place, PROBLEM_GRANT, FIELD_GRANTS), item);
        return;
    }
    if (grant.service[0] == '\0' && kernel_source_find(grant.source) == NULL) {
        phrase_put_safe(complain(place, PROBLEM_GRANT_SOURCE, FIELD_GRANTS), grant.source);
    }
    for (const char *before = NULL;
         (before = definition_item(definition, FIELD_GRANTS, before)) != item;) {
        if (grant_parse(&other, before) && text_is(other.name, grant.name)) {
            phrase_put_safe(complain(place, PROBLEM_GRANT_TWICE, FIELD_GRANTS), grant.name);
        }
    }
}

static void check_export(const struct definition *definition, const char *item, struct place *place)
{
    struct export export, other;
    struct grant grant;

    if (!export_parse(&export, item)) {
        phrase_put_safe(complain(place, PROBLEM_EXPORT, FIELD_EXPORTS), item);
        return;
    }
    for (const char *before = NULL;
         (before = definition_item(definition, FIELD_EXPORTS, before)) != item;) {
        if (export_parse(&other, before) && text_is(other.name, export.name)) {
            phrase_put_safe(complain(place, PROBLEM_EXPORT_TWICE, FIELD_EXPORTS), export.name);
        }
    }
    for (const char *granted = NULL;
         (granted = definition_item(definition, FIELD_GRANTS, granted)) != NULL;) {
        if (grant_parse(&grant, granted) && text_is(grant.name, export.name)) {
            phrase_put_safe(complain(place, PROBLEM_EXPORT_AGAIN, FIELD_EXPORTS), export.name);
        }
    }
}

static void check_item(const struct definition *definition, enum field field, const char *item,
                       struct place *place)
{
    enum privilege privilege;

    if (field == FIELD_TRIGGERS) {
        check_trigger(item, place);
    } else if (field == FIELD_CONDITIONS || field == FIELD_ASSERTS) {
        check_condition(item, field, place);
    } else if (field == FIELD_GRANTS) {
        check_grant(definition, item, place);
    } else if (field == FIELD_EXPORTS) {
        check_export(definition, item, place);
    } else if (fields[field].type == FIELD_TYPE_CODES) {
        check_code(item, field, place);
    } else if (fields[field].type == FIELD_TYPE_COMMAND ||
               fields[field].type == FIELD_TYPE_COMMANDS) {
        check_command(item, field, place);
    } else if (field == FIELD_REQUIRED_PRIVILEGES &&
               !privilege_find(item, strlen(item), &privilege)) {
        phrase_put_safe(complain(place, PROBLEM_PRIVILEGE, field), item);
    } else if (field == FIELD_ENVIRONMENT) {
        const char *equals = item;
        while (*equals != '\0' && *equals != '=') {
            equals++;
        }
        if (*equals == '\0' || equals == item) {
            phrase_put_safe(complain(place, PROBLEM_ENVIRONMENT, field), item);
        }
    }
}

static void check_security(const struct definition *definition, struct place *place)
{
    const char *text = definition_text(definition, FIELD_SERVICE_SECURITY);
    uint8_t bytes[1024];
    struct access_error error;
    size_t size;

    if (text[0] != '\0' && !sddl_parse(text, strlen(text), bytes, sizeof(bytes), &size, &error)) {
        char words[ACCESS_ERROR_TEXT_MAX];
        (void)access_error_print(&error, words, sizeof(words));
        phrase_put(complain(place, PROBLEM_SECURITY, FIELD_SERVICE_SECURITY), words);
    }
}

static void check_health(const struct definition *definition, struct place *place)
{
    int64_t retries = definition_number(definition, FIELD_HEALTH_CHECK_RETRIES);
    int64_t interval = definition_number(definition, FIELD_HEALTH_CHECK_INTERVAL);
    int64_t window = definition_number(definition, FIELD_RESTART_WINDOW);

    if (definition_text(definition, FIELD_HEALTH_CHECK)[0] == '\0' || retries * interval < window) {
        return;
    }
    struct phrase *detail = complain(place, PROBLEM_HEALTH_TIMING, FIELD_HEALTH_CHECK_INTERVAL);
    phrase_put_number(detail, retries);
    phrase_put(detail, " * ");
    phrase_put_number(detail, interval);
    phrase_put(detail, " s, and RestartWindow is ");
    phrase_put_number(detail, window);
    phrase_put(detail, " s");
}

static void check_timers(const struct definition *definition, struct place *place)
{
    uint32_t count = 0;

    for (const char *item = NULL;
         (item = definition_item(definition, FIELD_TRIGGERS, item)) != NULL;) {
        count += text_starts(item, "timer:");
    }
    if (count > TIMERS_MAX) {
        phrase_put_number(complain(place, PROBLEM_TIMERS, FIELD_TRIGGERS), count);
    }
}

void definition_check(const struct definition *definition, const struct place *given)
{
    struct place place = *given;

    for (enum field field = 0; field < FIELD_COUNT; field++) {
        place.line = definition->values[field].line;
        for (const char *item = NULL;
             !is_number_type(field) && (item = definition_item(definition, field, item)) != NULL;) {
            check_item(definition, field, item, &place);
        }
    }
    place.line = definition->values[FIELD_TRIGGERS].line;
    check_timers(definition, &place);
    place.line = definition->values[FIELD_SERVICE_SECURITY].line;
    check_security(definition, &place);
    place.line = definition->line;
    if (definition_text(definition, FIELD_IMAGE_PATH)[0] == '\0') {
        (void)complain(&place, PROBLEM_IMAGE_MISSING, FIELD_IMAGE_PATH);
    }
    check_health(definition, &place);
    if (definition_number(definition, FIELD_SCHEMA_VERSION) > SCHEMA_VERSION) {
        phrase_put_number(complain(&place, PROBLEM_SCHEMA_NEWER, FIELD_SCHEMA_VERSION),
                          definition_number(definition, FIELD_SCHEMA_VERSION));
    }
    if (definition_is_critical(definition) && !definition_has_trigger(definition, "boot")) {
        (void)complain(&place, PROBLEM_CRITICAL_ON_DEMAND, FIELD_ERROR_CONTROL);
    }
}

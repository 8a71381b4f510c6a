// SPDX-License-Identifier: Apache-2.0
//
// A service's definition: the values of the fields in field.def. It is filled field by field from
// text that nobody vouches for, checked as a whole, and never changed afterwards; who needs one for
// longer (a running service) counts a reference.
#ifndef INIT_MANAGER_DEFINITION_H
#define INIT_MANAGER_DEFINITION_H

#include "system/init/manager/limits.h"
#include "system/init/manager/problem.h"

enum field {
#define FIELD(id, name, type, otherwise, least, most, change, choices) FIELD_##id,
#include "system/init/manager/field.def"
#undef FIELD
    FIELD_COUNT,
};

enum field_type {
    FIELD_TYPE_NUMBER,
    FIELD_TYPE_CHOICE,
    FIELD_TYPE_TEXT,
    FIELD_TYPE_COMMAND,
    FIELD_TYPE_LIST,
    FIELD_TYPE_COMMANDS,
    FIELD_TYPE_CODES,
};

enum field_change {
    CHANGE_RUNNING,
    CHANGE_NEXT_START,
    CHANGE_AT_ONCE,
    CHANGE_NEXT_USE,
};

enum { TYPE_SIMPLE, TYPE_ONESHOT };
enum { READINESS_NOTIFY, READINESS_ALIVE };
enum { NOTIFY_ACCESS_MAIN, NOTIFY_ACCESS_HOOKS, NOTIFY_ACCESS_ALL };
enum { POLICY_NEVER, POLICY_ON_FAILURE, POLICY_ALWAYS };
enum { SCHEMA_VERSION = 1 };

struct field_value {
    int64_t number; // of NUMBER and CHOICE
    uint16_t at;    // of the others: their bytes in `texts`, each item with a zero behind it
    uint16_t count; // items
    uint32_t line;  // of the text that it was read from, 0 if it was not given
};

struct definition {
    uint32_t references; // sets and running services
    uint32_t line;       // where it begins
    bool is_mount;
    bool is_builtin;
    uint16_t texts_used;
    struct field_value values[FIELD_COUNT];
    char texts[DEFINITION_TEXT_MAX];
};

// Where what is being read belongs, for messages.
struct place {
    struct problems *problems;
    uint16_t service;
    uint32_t line;
};

const char *field_name(enum field field);
enum field_type field_type(enum field field);
enum field_change field_change(enum field field);
// FIELD_COUNT if there is none of that name.
enum field field_find(const char *name);
// The field whose name is nearest, for messages; FIELD_COUNT if none is near.
enum field field_near(const char *name);
// The name of a choice, such as "Oneshot".
const char *field_choice(enum field field, int64_t number, struct phrase *scratch);

// All values as if nothing was given.
void definition_init(struct definition *definition, uint32_t line);

// Give one value. What doesn't fit is a problem, and the value is as it was.
void definition_put_number(struct definition *definition, enum field field, int64_t number,
                           const struct place *place);
void definition_put_text(struct definition *definition, enum field field, const char *text,
                         const struct place *place);
// One item of a list after the other; the first begins it anew.
void definition_put_item(struct definition *definition, enum field field, bool is_first,
                         const char *text, const struct place *place);

// What can be said of one definition alone: required fields, the syntax of each.
void definition_check(const struct definition *definition, const struct place *place);

static inline int64_t definition_number(const struct definition *definition, enum field field)
{
    return definition->values[field].number;
}

// A time field in nanoseconds.
static inline uint64_t definition_time(const struct definition *definition, enum field field)
{
    return (uint64_t)definition->values[field].number * NS_PER_S;
}

// The text, or the first item; "" if there is none.
const char *definition_text(const struct definition *definition, enum field field);
// The item behind `item`, or the first for NULL; NULL when there are no more.
const char *definition_item(const struct definition *definition, enum field field,
                            const char *item);
static inline uint32_t definition_count(const struct definition *definition, enum field field)
{
    return definition->values[field].count;
}

bool definition_has_trigger(const struct definition *definition, const char *trigger);
static inline bool definition_is_critical(const struct definition *definition)
{
    return definition->values[FIELD_ERROR_CONTROL].number == 1;
}

// Whether a field has the same value in both.
bool definition_is_same(const struct definition *left, const struct definition *right,
                        enum field field);

#endif

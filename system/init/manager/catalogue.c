// SPDX-License-Identifier: Apache-2.0
//
// Slots, names and definitions, and reading a new set beside the one in force.
#include "system/init/manager/catalogue.h"

#include <string.h>

#include "system/init/manager/assert.h"
#include "system/init/manager/right.h"
#include "system/init/manager/syntax.h"
#include "system/init/manager/validate.h"

static uint32_t bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++) {
        uint8_t letter = (uint8_t)*name;
        letter = letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter + 32) : letter;
        hash = (hash ^ letter) * 16777619u;
    }
    return (hash ^ hash >> 15) % NAME_BUCKETS;
}

void catalogue_init(struct catalogue *catalogue, struct definition *pool, uint16_t pool_max)
{
    memset(catalogue, 0, sizeof(*catalogue));
    catalogue->pool = pool;
    catalogue->pool_max = pool_max;
    graph_init(&catalogue->sets[0].graph);
    graph_index(&catalogue->sets[0].graph);
}

uint16_t catalogue_find(const struct catalogue *catalogue, const char *name)
{
    for (uint32_t i = bucket_of(name); catalogue->buckets[i] != 0; i = (i + 1) % NAME_BUCKETS) {
        uint16_t slot = (uint16_t)(catalogue->buckets[i] - 1);
        if (text_is_alike(catalogue->names[slot], name)) {
            return slot;
        }
    }
    return NO_SERVICE;
}

static void name_put(struct catalogue *catalogue, uint16_t slot)
{
    uint32_t i = bucket_of(catalogue->names[slot]);

    while (catalogue->buckets[i] != 0) {
        i = (i + 1) % NAME_BUCKETS;
    }
    catalogue->buckets[i] = (uint16_t)(slot + 1);
}

// Takes a name out, and puts those behind it in their places again.
static void name_take(struct catalogue *catalogue, uint16_t slot)
{
    uint32_t i = bucket_of(catalogue->names[slot]);

    while (catalogue->buckets[i] != slot + 1) {
        i = (i + 1) % NAME_BUCKETS;
    }
    catalogue->buckets[i] = 0;
    for (i = (i + 1) % NAME_BUCKETS; catalogue->buckets[i] != 0; i = (i + 1) % NAME_BUCKETS) {
        uint16_t moved = (uint16_t)(catalogue->buckets[i] - 1);
        catalogue->buckets[i] = 0;
        name_put(catalogue, moved);
    }
    catalogue->names[slot][0] = '\0';
}

static uint16_t slot_create(struct catalogue *catalogue, const char *name)
{
    struct access_error error;
    uint16_t slot = 0;

    while (slot < catalogue->slot_count && catalogue->names[slot][0] != '\0') {
        slot++;
    }
    if (slot == SERVICES_MAX) {
        return NO_SERVICE;
    }
    if (slot == catalogue->slot_count) {
        catalogue->slot_count++;
    }
    memcpy(catalogue->names[slot], name, strlen(name) + 1);
    // Whatever a service may be called has a SID: name_is_good() asks for more.
    (void)sid_of_service(&catalogue->sids[slot], name, strlen(name), &error);
    name_put(catalogue, slot);
    return slot;
}

void catalogue_slot_hold(struct catalogue *catalogue, uint16_t slot)
{
    catalogue->uses[slot]++;
}

void catalogue_slot_release(struct catalogue *catalogue, uint16_t slot)
{
    manager_assert(catalogue->uses[slot] > 0);
    if (--catalogue->uses[slot] == 0) {
        name_take(catalogue, slot);
    }
}

static uint16_t definition_create(struct catalogue *catalogue)
{
    if (catalogue->free_count > 0) {
        return catalogue->free_list[--catalogue->free_count];
    }
    return catalogue->pool_used == catalogue->pool_max ? NO_DEFINITION : ++catalogue->pool_used;
}

const struct definition *catalogue_definition(const struct catalogue *catalogue, uint16_t number)
{
    return number == NO_DEFINITION ? NULL : &catalogue->pool[number - 1];
}

void catalogue_definition_hold(struct catalogue *catalogue, uint16_t number)
{
    catalogue->pool[number - 1].references++;
}

void catalogue_definition_release(struct catalogue *catalogue, uint16_t number)
{
    struct definition *definition = &catalogue->pool[number - 1];

    manager_assert(definition->references > 0);
    if (--definition->references == 0) {
        catalogue->free_list[catalogue->free_count++] = number;
    }
}

static void member_put(struct catalogue *catalogue, uint16_t slot, uint16_t number)
{
    struct service_set *staged = catalogue_staged(catalogue);

    catalogue_slot_hold(catalogue, slot);
    catalogue_definition_hold(catalogue, number);
    staged->definitions[slot] = number;
    slots_put(&staged->members, slot);
    staged->count++;
}

static void set_clear(struct catalogue *catalogue, struct service_set *set)
{
    for (uint16_t slot = slots_next(&set->members, 0); slot < SERVICES_MAX;
         slot = slots_next(&set->members, slot + 1u)) {
        catalogue_definition_release(catalogue, set->definitions[slot]);
        catalogue_slot_release(catalogue, slot);
        set->definitions[slot] = NO_DEFINITION;
    }
    memset(&set->members, 0, sizeof(set->members));
    set->count = 0;
    set->security[SECURITY_OF_SERVICES].size = set->security[SECURITY_OF_SYSTEM].size = 0;
}

void catalogue_stage_begin(struct catalogue *catalogue)
{
    const struct service_set *set = catalogue_set(catalogue);

    set_clear(catalogue, catalogue_staged(catalogue));
    memset(&catalogue->problems, 0, offsetof(struct problems, list));
    catalogue->is_checked = false;
    for (uint16_t slot = slots_next(&set->members, 0); slot < SERVICES_MAX;
         slot = slots_next(&set->members, slot + 1u)) {
        if (catalogue_definition(catalogue, set->definitions[slot])->is_builtin) {
            member_put(catalogue, slot, set->definitions[slot]);
        }
    }
}

static void refuse(struct catalogue *catalogue, enum problem_kind kind, const char *name,
                   uint32_t line)
{
    phrase_put_safe(problem_add(&catalogue->problems, kind, NO_SERVICE, FIELD_COUNT, line), name);
}

struct definition *catalogue_stage(struct catalogue *catalogue, const char *name, bool is_mount,
                                   uint32_t line)
{
    char full[NAME_SIZE];
    struct phrase text = phrase_in(full, sizeof(full));

    if (is_mount) {
        phrase_put(&text, "mount:");
    }
    phrase_put(&text, name);
    if (!name_is_good(name) || text.is_cut) {
        refuse(catalogue, PROBLEM_NAME, name, line);
        return NULL;
    }
    uint16_t slot = catalogue_find(catalogue, full);
    if (slot != NO_SERVICE && slots_has(&catalogue_staged(catalogue)->members, slot)) {
        uint16_t there = catalogue_staged(catalogue)->definitions[slot];
        refuse(catalogue,
               catalogue_definition(catalogue, there)->is_builtin ? PROBLEM_NAME_RESERVED
                                                                  : PROBLEM_NAME_TWICE,
               full, line);
        return NULL;
    }
    uint16_t number = definition_create(catalogue);
    if (number == NO_DEFINITION) {
        refuse(catalogue, PROBLEM_NO_ROOM, full, line);
        return NULL;
    }
    slot = slot == NO_SERVICE ? slot_create(catalogue, full) : slot;
    if (slot == NO_SERVICE) {
        catalogue->free_list[catalogue->free_count++] = number;
        refuse(catalogue, PROBLEM_TOO_MANY_SERVICES, full, line);
        return NULL;
    }
    struct definition *definition = &catalogue->pool[number - 1];
    definition_init(definition, line);
    definition->is_mount = is_mount;
    member_put(catalogue, slot, number);
    return definition;
}

void catalogue_stage_security(struct catalogue *catalogue, enum set_security kind, const char *text,
                              uint32_t line)
{
    struct security *security = &catalogue_staged(catalogue)->security[kind];
    struct access_error error;
    bool is_good = kind == SECURITY_OF_SYSTEM ? right_system_read(text, security, &error)
                                              : right_inherited_read(text, security, &error);

    if (!is_good) {
        char words[ACCESS_ERROR_TEXT_MAX];
        struct phrase *detail =
            problem_add(&catalogue->problems, PROBLEM_SECURITY, NO_SERVICE, FIELD_COUNT, line);
        (void)access_error_print(&error, words, sizeof(words));
        phrase_put(detail, kind == SECURITY_OF_SYSTEM ? "ControlSecurity: " : "ServiceSecurity: ");
        phrase_put(detail, words);
        security->size = 0;
    }
}

void catalogue_stage_end(struct catalogue *catalogue, const struct slots *members)
{
    struct problems *problems = &catalogue->problems;

    // A second time begins with what was found while it was read.
    if (!catalogue->is_checked) {
        catalogue->is_checked = true;
        catalogue->read_count = problems->count;
        catalogue->read_errors = problems->errors;
        catalogue->read_dropped = problems->dropped;
    }
    problems->count = catalogue->read_count;
    problems->errors = catalogue->read_errors;
    problems->dropped = catalogue->read_dropped;
    problems->path_used = 0;
    validate_set(catalogue, catalogue_staged(catalogue),
                 members != NULL ? members : &catalogue_staged(catalogue)->members);
    for (uint32_t i = 0; i < problems->count; i++) {
        struct problem *problem = &problems->list[i];
        if (problem->service != NO_SERVICE && problem->service_name[0] == '\0') {
            memcpy(problem->service_name, catalogue->names[problem->service], NAME_SIZE);
        }
    }
}

void catalogue_swap(struct catalogue *catalogue)
{
    set_clear(catalogue, catalogue_set(catalogue));
    catalogue->in_force = (uint8_t)(1 - catalogue->in_force);
}

void catalogue_stage_drop(struct catalogue *catalogue)
{
    set_clear(catalogue, catalogue_staged(catalogue));
}

// SPDX-License-Identifier: Apache-2.0
//
// Drawing systems.
#include "system/init/world/draw.h"

#include <stdio.h>

enum { NAME_ROOM = 24 };

static uint64_t draw(uint64_t *random)
{
    uint64_t word = *random += 0x9e3779b97f4a7c15u;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

static bool draw_in(uint64_t *random, uint32_t n)
{
    return draw(random) % n == 0;
}

static void relation_put(const struct drawn_system *system, struct definition *definition,
                         enum field field, uint32_t index, uint64_t *random, uint32_t odds,
                         const struct place *place)
{
    bool is_first = true;

    for (uint32_t other = 0; other < system->service_count; other++) {
        // Mostly towards smaller numbers; sometimes round, into cycles.
        bool is_down = other < index || (system->is_bad && draw_in(random, 40));
        if (is_down && other != index && draw_in(random, odds)) {
            char name[NAME_ROOM];
            snprintf(name, sizeof(name), "s%u", other);
            definition_put_item(definition, field, is_first, name, place);
            is_first = false;
        }
    }
}

static void numbers_put(struct definition *definition, uint64_t *random, const struct place *place)
{
    definition_put_number(definition, FIELD_TYPE, draw_in(random, 4), place);
    definition_put_number(definition, FIELD_REMAIN_AFTER_EXIT, draw_in(random, 2), place);
    definition_put_number(definition, FIELD_RESTART_POLICY, (int64_t)(draw(random) % 3), place);
    definition_put_number(definition, FIELD_RESTART_MAX_RETRIES, (int64_t)(draw(random) % 4),
                          place);
    definition_put_number(definition, FIELD_START_TIMEOUT, 1 + (int64_t)(draw(random) % 20), place);
    definition_put_number(definition, FIELD_STOP_TIMEOUT, 1 + (int64_t)(draw(random) % 10), place);
    definition_put_number(definition, FIELD_READINESS, draw_in(random, 4), place);
    definition_put_number(definition, FIELD_ERROR_CONTROL, draw_in(random, 30), place);
    definition_put_number(definition, FIELD_DISABLED, draw_in(random, 20), place);
    definition_put_number(definition, FIELD_SAFE_MODE, draw_in(random, 3), place);
    definition_put_number(definition, FIELD_CAP_STORE_MAX, (int64_t)(draw(random) % 3), place);
    if (draw_in(random, 5)) {
        definition_put_number(definition, FIELD_WATCHDOG_TIMEOUT, 2, place);
    }
    if (draw_in(random, 5)) {
        definition_put_text(definition, FIELD_HEALTH_CHECK, "check", place);
        definition_put_number(definition, FIELD_HEALTH_CHECK_INTERVAL, 2, place);
    }
}

static void definition_draw(const struct drawn_system *system, struct catalogue *catalogue,
                            uint32_t index, uint64_t *random)
{
    char name[NAME_ROOM];
    struct place place = {.problems = &catalogue->problems, .line = index + 1};

    snprintf(name, sizeof(name), "s%u", index);
    struct definition *definition =
        catalogue_stage(catalogue, name, draw_in(random, 25), index + 1);
    if (definition == NULL) {
        return;
    }
    snprintf(name, sizeof(name), "%ss%u", definition->is_mount ? "mount:" : "", index);
    place.service = catalogue_find(catalogue, name);
    definition_put_text(definition, FIELD_IMAGE_PATH, "image", &place);
    numbers_put(definition, random, &place);
    if (definition->is_mount) {
        definition_put_number(definition, FIELD_TYPE, TYPE_ONESHOT, &place);
        definition_put_number(definition, FIELD_REMAIN_AFTER_EXIT, 1, &place);
    }
    if (!draw_in(random, 3)) {
        definition_put_item(definition, FIELD_TRIGGERS, true, "boot", &place);
    } else if (draw_in(random, 4)) {
        definition_put_item(definition, FIELD_TRIGGERS, true, "timer:*:*:0/20", &place);
        definition_put_number(definition, FIELD_TIMER_JITTER, 3, &place);
    }
    relation_put(system, definition, FIELD_REQUIRES, index, random, 12, &place);
    relation_put(system, definition, FIELD_WANTS, index, random, 20, &place);
    relation_put(system, definition, FIELD_BINDS_TO, index, random, 30, &place);
    if (draw_in(random, 12)) {
        relation_put(system, definition, FIELD_CONFLICTS, index, random, 10, &place);
    }
    if (draw_in(random, 10)) {
        definition_put_text(definition, FIELD_ON_FAILURE, "s0", &place);
    }
    if (draw_in(random, 6)) {
        definition_put_item(definition, FIELD_EXEC_START_PRE, true, "pre one", &place);
        definition_put_item(definition, FIELD_EXEC_START_PRE, false, "pre two", &place);
    }
    if (draw_in(random, 6)) {
        definition_put_item(definition, FIELD_EXEC_START_POST, true, "post", &place);
    }
    if (draw_in(random, 6)) {
        definition_put_item(definition, FIELD_CONDITIONS, true, "path:/a", &place);
        definition_put_item(definition, FIELD_ASSERTS, true, "file:/b", &place);
    }
    if (draw_in(random, 4)) {
        definition_put_text(definition, FIELD_SERVICE_SECURITY,
                            draw_in(random, 2) ? "D:(A;;0xf;;;SY)(A;;0x1;;;WD)"
                                               : "D:(D;;0x4;;;SY)(A;;0xf;;;SY)",
                            &place);
    }
}

void draw_definitions(struct catalogue *catalogue, const struct drawn_system *system)
{
    catalogue_stage_begin(catalogue);
    for (uint32_t i = 0; i < system->service_count; i++) {
        uint64_t changes = (system->generation + i) / 4; // of this one
        uint64_t own = system->seed + i * UINT64_C(1000003) + changes * UINT64_C(0x100000001b3);
        definition_draw(system, catalogue, i, &own);
    }
}

void draw_behaviour(struct behaviour *behaviour, struct world *world)
{
    behaviour->ready_ms = (uint32_t)world_below(world, 2000);
    behaviour->stop_ms = (uint32_t)world_below(world, 3000);
    switch (world_below(world, 14)) {
    case 0:
        behaviour->ready_ms = WORLD_NEVER;
        break;
    case 1:
        behaviour->ends_ms = 1 + (uint32_t)world_below(world, 20000);
        behaviour->crash_percent = (uint32_t)world_below(world, 101);
        behaviour->exit_code = (int32_t)world_below(world, 3);
        behaviour->is_fault = world_below(world, 3) == 0;
        break;
    case 2:
        behaviour->stop_ms = WORLD_NEVER;
        break;
    case 3:
        behaviour->is_unkillable = world_below(world, 2) == 0;
        behaviour->stop_ms = WORLD_NEVER;
        break;
    case 4:
        behaviour->failing_step = (uint8_t)(1 + world_below(world, STEP_COUNT));
        behaviour->is_step_silent = world_below(world, 2) == 0;
        break;
    case 5:
        behaviour->hook_fails = world_below(world, 2) == 0;
        behaviour->hook_hangs = world_below(world, 2) == 0;
        break;
    case 6:
        behaviour->health_fails_from = 1 + (uint32_t)world_below(world, 5);
        break;
    case 7:
        behaviour->false_conditions = world_below(world, 4);
        behaviour->is_check_silent = world_below(world, 5) == 0;
        break;
    case 8:
    case 9:
        behaviour->is_liar = true;
        break;
    default:
        break;
    }
    behaviour->confirms_reload = world_below(world, 2) == 0;
    behaviour->watchdog_ms = world_below(world, 4) == 0 ? 0 : 1000;
}

// SPDX-License-Identifier: Apache-2.0
//
// Reading and carrying out scripts.
#include "tools/svc-sim/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024, DEFAULT_END_S = 60 };

static bool complain(uint32_t line, const char *what)
{
    fprintf(stderr, "svc-sim: line %u of the script: %s\n", line, what);
    return false;
}

static bool words_split(struct script_line *line, char *text)
{
    char *rest = NULL;

    line->word_count = 0;
    for (char *word = strtok_r(text, " \t\r\n", &rest); word != NULL && word[0] != '#';
         word = strtok_r(NULL, " \t\r\n", &rest)) {
        if (line->word_count == SCRIPT_WORDS_MAX || strlen(word) >= SCRIPT_WORD_MAX) {
            return complain(line->number, "too many words, or one too long");
        }
        strcpy(line->words[line->word_count++], word);
    }
    return true;
}

static bool seconds_read(const struct script_line *line, const char *word, double *seconds)
{
    char *end;

    *seconds = strtod(word, &end);
    if (*end != '\0' || end == word || *seconds < 0 || *seconds > 1e8) {
        return complain(line->number, "a time in seconds is expected, from 0 to 100000000");
    }
    return true;
}

static bool at_put(struct script *script, const struct script_line *line)
{
    uint32_t place = script->at_count++;

    while (place > 0 && script->ats[place - 1].at_ns > line->at_ns) {
        script->ats[place] = script->ats[place - 1];
        place--;
    }
    script->ats[place] = *line;
    return true;
}

static bool line_put(struct script *script, struct script_line *line)
{
    double seconds;

    if (line->word_count == 0) {
        return true;
    }
    if (script->at_count == SCRIPT_LINES_MAX || script->behave_count == SCRIPT_LINES_MAX) {
        return complain(line->number, "the script has more than 1024 lines of a kind");
    }
    if (strcmp(line->words[0], "behave") == 0 && line->word_count >= 3) {
        script->behaves[script->behave_count++] = *line;
        return true;
    }
    if (strcmp(line->words[0], "at") == 0 && line->word_count >= 3) {
        if (!seconds_read(line, line->words[1], &seconds)) {
            return false;
        }
        line->at_ns = (uint64_t)(seconds * 1e9);
        return at_put(script, line);
    }
    if (strcmp(line->words[0], "end") == 0 && line->word_count == 2) {
        if (!seconds_read(line, line->words[1], &seconds)) {
            return false;
        }
        script->end_ns = (uint64_t)(seconds * 1e9);
        return true;
    }
    return complain(line->number, "a line begins with behave SERVICE, at SECONDS or end SECONDS");
}

bool script_read(struct script *script, const char *path)
{
    char text[LINE_MAX_BYTES];
    struct script_line line = {0};
    bool is_good = true;

    script->end_ns = DEFAULT_END_S * NS_PER_S;
    if (path == NULL) {
        return true;
    }
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "svc-sim: %s: %s\n", path, strerror(errno));
        return false;
    }
    while (is_good && fgets(text, sizeof(text), file) != NULL) {
        line.number++;
        is_good = words_split(&line, text) && line_put(script, &line);
    }
    fclose(file);
    return is_good;
}

// --- Behaviour ----------------------------------------------------------------------------------

static bool milliseconds_read(const struct script_line *line, uint32_t index, uint32_t *out)
{
    double seconds;

    if (index >= line->word_count) {
        return complain(line->number, "a time is missing at the end");
    }
    if (strcmp(line->words[index], "never") == 0) {
        *out = WORLD_NEVER;
        return true;
    }
    if (!seconds_read(line, line->words[index], &seconds) || seconds > 4e6) {
        return false;
    }
    *out = (uint32_t)(seconds * 1000);
    return true;
}

static bool step_find(const struct script_line *line, struct behaviour *behaviour)
{
    static const char *const names[STEP_COUNT] = {"jobs", "identity", "grants", "build", "run"};

    for (uint32_t i = 0; line->word_count == 5 && i < STEP_COUNT; i++) {
        if (strcmp(line->words[3], names[i]) == 0) {
            behaviour->failing_step = (uint8_t)(i + 1);
            behaviour->is_step_silent = strcmp(line->words[4], "hangs") == 0;
            return true;
        }
    }
    return complain(line->number, "write: step jobs|identity|grants|build|run fails|hangs");
}

static bool hooks_read(const struct script_line *line, struct behaviour *behaviour)
{
    behaviour->hook_fails = line->word_count == 4 && strcmp(line->words[3], "fail") == 0;
    behaviour->hook_hangs = line->word_count == 4 && strcmp(line->words[3], "hang") == 0;
    return behaviour->hook_fails || behaviour->hook_hangs ||
           complain(line->number, "write: hooks fail, or hooks hang");
}

bool script_behave(const struct script_line *line, struct world *world)
{
    uint16_t slot = catalogue_find(&world->manager->catalogue, line->words[1]);
    const char *what = line->words[2];

    if (slot == NO_SERVICE) {
        return complain(line->number, "there is no such service");
    }
    struct behaviour *behaviour = &world->behaviours[slot];
    if (strcmp(what, "ready") == 0) {
        return milliseconds_read(line, 3, &behaviour->ready_ms);
    }
    if (strcmp(what, "stop") == 0) {
        return milliseconds_read(line, 3, &behaviour->stop_ms);
    }
    if (strcmp(what, "ends") == 0) {
        behaviour->crash_percent = 100;
        behaviour->exit_code = line->word_count == 6 ? atoi(line->words[5]) : 0;
        return milliseconds_read(line, 3, &behaviour->ends_ms);
    }
    if (strcmp(what, "step") == 0) {
        return step_find(line, behaviour);
    }
    if (strcmp(what, "hooks") == 0) {
        return hooks_read(line, behaviour);
    }
    if (strcmp(what, "health") == 0 && line->word_count == 5) {
        behaviour->health_fails_from = (uint32_t)atoi(line->words[4]);
    } else if (strcmp(what, "conditions") == 0 && line->word_count == 4) {
        behaviour->false_conditions = strtoull(line->words[3], NULL, 0);
    } else if (strcmp(what, "unkillable") == 0) {
        behaviour->is_unkillable = true;
    } else if (strcmp(what, "reloads") == 0) {
        behaviour->confirms_reload = true;
    } else if (strcmp(what, "lies") == 0) {
        behaviour->is_liar = true;
    } else {
        return complain(line->number, "no such behaviour; see the README of svc-sim");
    }
    return true;
}

// --- Events -------------------------------------------------------------------------------------

static bool command_find(const char *word, enum command *command)
{
    static const struct {
        const char *name;
        enum command command;
    } names[] = {
        {"start", COMMAND_START},
        {"stop", COMMAND_STOP},
        {"restart", COMMAND_RESTART},
        {"reload", COMMAND_RELOAD},
        {"reset", COMMAND_RESET},
        {"status", COMMAND_STATUS},
        {"why", COMMAND_WHY},
        {"plan", COMMAND_PLAN},
        {"list", COMMAND_LIST},
        {"shutdown", COMMAND_SHUTDOWN},
        {"reload-config", COMMAND_RELOAD_CONFIG},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(word, names[i].name) == 0) {
            *command = names[i].command;
            return true;
        }
    }
    return false;
}

static bool command_do(const struct script_line *line, struct world *world)
{
    static const struct access_token system = {.integrity = INTEGRITY_SYSTEM};
    struct access_token token = system;
    struct request request = {.token = &token, .id = line->number};

    token.user = sid_system;
    if (!command_find(line->words[2], &request.command)) {
        return complain(line->number, "no such event; see the README of svc-sim");
    }
    bool is_of_system = request.command == COMMAND_LIST || request.command >= COMMAND_SHUTDOWN;
    bool is_boot_plan = request.command == COMMAND_PLAN && line->word_count == 3;
    if (!is_of_system && !is_boot_plan && line->word_count != 4) {
        return complain(line->number, "name one service");
    }
    struct phrase name = phrase_in(request.service, sizeof(request.service));
    phrase_put(&name, line->word_count > 3 ? line->words[3] : "");
    printf("[%8.3f] > %s %s\n", (double)world->now_ns / 1e9, line->words[2], request.service);
    world_event(world, &(struct event){.kind = EVENT_COMMAND, .request = &request});
    return true;
}

static bool clock_do(const struct script_line *line, struct world *world)
{
    int64_t wall_s = manager_wall(world->manager);
    int64_t jump_s = line->word_count == 4 ? strtoll(line->words[3], NULL, 10) : 0;

    if (wall_s < 0 || jump_s == 0 || jump_s > (INT64_C(1) << 40) || jump_s < -wall_s) {
        return complain(line->number, "write: clock SECONDS, forward or (below 0) back to 1970");
    }
    printf("[%8.3f] > clock %+lld s\n", (double)world->now_ns / 1e9, (long long)jump_s);
    world_event(world, &(struct event){.kind = EVENT_CLOCK, .value = (uint64_t)(wall_s + jump_s)});
    return true;
}

bool script_do(const struct script_line *line, struct world *world)
{
    const char *what = line->words[2];

    if (strcmp(what, "clock") == 0) {
        return clock_do(line, world);
    }
    if (strcmp(what, "power") == 0 || strcmp(what, "interrupt") == 0) {
        world_event(world, &(struct event){.kind = strcmp(what, "power") == 0 ? EVENT_POWER
                                                                              : EVENT_INTERRUPT});
        return true;
    }
    if (strcmp(what, "crash") == 0 && line->word_count >= 4) {
        uint16_t slot = catalogue_find(&world->manager->catalogue, line->words[3]);
        int32_t code = line->word_count > 4 ? atoi(line->words[4]) : 1;
        printf("[%8.3f] > crash %s\n", (double)world->now_ns / 1e9, line->words[3]);
        if (slot == NO_SERVICE || !world_crash(world, slot, code, false)) {
            return complain(line->number, "no such service has a process at that time");
        }
        return true;
    }
    return command_do(line, world);
}

// SPDX-License-Identifier: Apache-2.0
//
// svc-sim: the service manager under simulated time, with its definitions from a file.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/init/format/definitions.h"
#include "system/init/format/reply.h"
#include "tools/svc-sim/script.h"

enum { EXIT_UNFINISHED = 1, EXIT_USAGE = 2, FILE_MAX = 1 << 24, NODES_MAX = 1 << 18 };
enum { LINE_MAX_BYTES = 1024, ANSWER_MAX = 1 << 17 };

static const char help[] =
    "svc-sim FILE [--script SCRIPT] [--seed N] [--jobs] [--safe]\n"
    "  Runs the service manager over the definitions in FILE, under\n"
    "  simulated time, and prints what happens and why.\n"
    "  --script SCRIPT  what services do and what happens when\n"
    "  --seed N         draws both from a seed instead\n"
    "  --jobs           prints jobs, too\n"
    "  --safe           boots in safe mode\n";

struct simulation {
    struct world world;
    struct manager manager;
    struct script script;
    const char *text;
    size_t text_size;
    bool shows_jobs;
};

static struct simulation simulation;
static struct definition pool[SERVICES_MAX * DEFINITIONS_PER_SERVICE];
static struct json_node nodes[NODES_MAX];

_Noreturn void manager_assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "svc-sim: a defect of this tool: %s:%u: %s does not hold\n", file, line, claim);
    abort();
}

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "svc-sim: %s: %s\n", what, why);
    exit(EXIT_USAGE);
}

static char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(FILE_MAX + 1);

    if (file == NULL || bytes == NULL) {
        fail(path, strerror(errno));
    }
    *size = fread(bytes, 1, FILE_MAX + 1, file);
    if (ferror(file) || *size > FILE_MAX) {
        fail(path, "it can't be read, or is longer than 16 MiB");
    }
    fclose(file);
    return bytes;
}

static void stage(void *context, struct catalogue *catalogue)
{
    struct simulation *sim = context;

    (void)definitions_read(catalogue, sim->text, sim->text_size, nodes, NODES_MAX);
    for (uint32_t i = 0; i < sim->script.behave_count; i++) {
        if (!script_behave(&sim->script.behaves[i], &sim->world)) {
            exit(EXIT_USAGE);
        }
    }
}

static void answer_show(struct simulation *sim, const struct reply *reply)
{
    static char bytes[ANSWER_MAX];
    struct phrase words = phrase_in(bytes, sizeof(bytes));

    if (reply->code == REPLY_OK && reply->command == COMMAND_WHY) {
        why_print(&sim->manager, reply->service, reply->token, &words);
        fputs(bytes, stdout);
    } else if (reply->code == REPLY_OK && reply->command == COMMAND_PLAN) {
        plan_tell(&sim->manager, reply->service, reply->token, &words);
        fputs(bytes, stdout);
    } else {
        struct json_writer writer = {.bytes = bytes, .max = sizeof(bytes)};
        reply_write(&sim->manager, reply, &writer);
        printf("           < %.*s\n", (int)writer.size, bytes);
    }
}

static void see_action(void *context, const struct action *action)
{
    struct simulation *sim = context;
    char words[LINE_MAX_BYTES];
    struct phrase line = phrase_in(words, sizeof(words));
    bool is_job = action->kind == ACTION_LOG && (action->record->kind == RECORD_JOB_CREATED ||
                                                 action->record->kind == RECORD_JOB_STARTED ||
                                                 action->record->kind == RECORD_JOB_ENDED);

    if (action->kind == ACTION_LOG && (!is_job || sim->shows_jobs)) {
        record_print(action->record, &line);
        printf("[%8.3f] %s\n", (double)sim->world.now_ns / 1e9, words);
    } else if (action->kind == ACTION_REPLY) {
        answer_show(sim, &action->reply);
    } else if (action->kind == ACTION_HALT) {
        static const char *const kinds[] = {"power off", "reboot", "halt"};
        printf("[%8.3f] machine: %s\n", (double)sim->world.now_ns / 1e9, kinds[action->part]);
    }
}

// Behaviour by seed: most services are good.
static void behaviours_draw(struct world *world)
{
    for (uint32_t slot = 2; slot < SERVICES_MAX; slot++) {
        struct behaviour *behaviour = &world->behaviours[slot];
        behaviour->ready_ms = (uint32_t)world_below(world, 3000);
        switch (world_below(world, 8)) {
        case 0:
            behaviour->ends_ms = (uint32_t)world_below(world, 60000);
            behaviour->exit_code = (int32_t)world_below(world, 4);
            behaviour->crash_percent = 50;
            break;
        case 1:
            behaviour->stop_ms = WORLD_NEVER;
            break;
        case 2:
            behaviour->ready_ms = (uint32_t)world_below(world, 60000);
            break;
        default:
            break;
        }
    }
}

static void run(struct simulation *sim)
{
    struct world *world = &sim->world;

    for (uint32_t i = 0; i < sim->script.at_count && !world->is_halted; i++) {
        world_run(world, sim->script.ats[i].at_ns);
        if (!world->is_halted && !script_do(&sim->script.ats[i], world)) {
            exit(EXIT_USAGE);
        }
    }
    world_run(world, sim->script.end_ns);
}

int main(int count, char **words)
{
    const char *path = NULL, *script_path = NULL, *seed = NULL;
    uint64_t flags = 0;

    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--script") == 0 && i + 1 < count) {
            script_path = words[++i];
        } else if (strcmp(words[i], "--seed") == 0 && i + 1 < count) {
            seed = words[++i];
        } else if (strcmp(words[i], "--jobs") == 0) {
            simulation.shows_jobs = true;
        } else if (strcmp(words[i], "--safe") == 0) {
            flags = BOOT_SAFE;
        } else if (words[i][0] == '-' || path != NULL) {
            fputs(help, strcmp(words[i], "--help") == 0 ? stdout : stderr);
            return strcmp(words[i], "--help") == 0 ? 0 : EXIT_USAGE;
        } else {
            path = words[i];
        }
    }
    if (path == NULL || !script_read(&simulation.script, script_path)) {
        fputs(path == NULL ? help : "", stderr);
        return EXIT_USAGE;
    }
    struct manager_config config = {.seed = seed != NULL ? strtoull(seed, NULL, 10) : 1};
    simulation.text = file_read(path, &simulation.text_size);
    manager_init(&simulation.manager, &config, pool, SERVICES_MAX * DEFINITIONS_PER_SERVICE);
    world_init(&simulation.world, &simulation.manager, config.seed);
    simulation.world.context = &simulation;
    simulation.world.stage = stage;
    simulation.world.see_action = see_action;
    if (seed != NULL) {
        behaviours_draw(&simulation.world);
    }
    world_boot(&simulation.world, flags);
    run(&simulation);
    return simulation.manager.is_booted || simulation.world.is_halted ? 0 : EXIT_UNFINISHED;
}

// SPDX-License-Identifier: Apache-2.0
//
// See walk.h.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS
#include "tests/property/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/property/world.h"

enum {
    DEPTH_MAX = 16,
    LEVELS_FOR_ALL = 4, // once so many are begun, each operation was possible somewhere
    STEPS_DEFAULT = 20000,
};

// Of all processes.
struct totals {
    uint64_t steps, ends, left; // operations, ends of worlds, operations left out
    uint64_t done[64];          // of each action
};
static struct totals *totals;

static struct {
    const struct walk_scene *scene;
    uint32_t depth; // of the path
    uint8_t path[DEPTH_MAX];
    uint64_t steps_most;
} walk;

void again_print(void)
{
    fprintf(stderr, "again: SCENE=%s PATH_OF=", walk.scene->name);
    for (uint32_t i = 0; i < walk.depth; i++) {
        fprintf(stderr, "%s%u", i == 0 ? "" : ",", walk.path[i]);
    }
    fprintf(stderr, "\n");
}

// False: there was nothing to do, and the path ends.
static bool act(uint32_t number)
{
    walk.path[walk.depth++] = (uint8_t)number;
    if (!walk.scene->act(walk.scene->context, number)) {
        return false;
    }
    totals->steps++;
    totals->done[number]++;
    tally.step = totals->steps;
    return true;
}

// Waits for the child; the walk ends where it failed.
static void child_wait(pid_t child)
{
    int status;

    if (child < 0 || waitpid(child, &status, 0) != child) {
        broken("the host has no process left");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        _exit(1); // it has said why
    }
}

// Visits what lies `levels` below this node, each in a process of its own; and ends this world, if
// its level is the one that is being visited.
static void visit(uint32_t levels)
{
    for (uint32_t i = 0; i < walk.scene->count && levels > 0; i++) {
        if (totals->steps >= walk.steps_most) {
            totals->left++;
            continue;
        }
        pid_t child = fork();
        if (child == 0) {
            if (act(i)) {
                visit(levels - 1);
            }
            _exit(0);
        }
        child_wait(child);
    }
    if (levels == 0) {
        walk.scene->end(walk.scene->context);
        totals->ends++;
    }
}

// Level after level: each sequence of one operation, of two, and so on.
static void scene_walk(const struct walk_scene *scene)
{
    uint64_t most = walk.steps_most;

    uint32_t level;

    memset(totals, 0, sizeof *totals);
    walk.scene = scene;
    for (level = 1; level <= DEPTH_MAX && totals->left == 0; level++) {
        uint64_t before = totals->steps;
        uint64_t ends = totals->ends;
        walk.steps_most = before + most;
        pid_t child = fork();
        if (child == 0) {
            scene->begin(scene->context);
            visit(level);
            _exit(0);
        }
        child_wait(child);
        printf("%s, %u operations: %llu steps, %llu ends%s\n", scene->name, level,
               (unsigned long long)(totals->steps - before),
               (unsigned long long)(totals->ends - ends),
               totals->left == 0 ? "" : "; not all of them");
        fflush(stdout);
    }
    for (uint32_t i = 0; i < scene->count && level > LEVELS_FOR_ALL; i++) {
        if (totals->done[i] == 0) {
            broken("%s: nothing leads to '%s'", scene->name, scene->what(scene->context, i));
        }
    }
}

// One path, without forks.
static void path_walk(const struct walk_scene *scene, const char *path)
{
    walk.scene = scene;
    scene->begin(scene->context);
    for (const char *at = path; *at != 0;) {
        char *rest;
        unsigned long number = strtoul(at, &rest, 10);
        if (rest == at || number >= scene->count || walk.depth == DEPTH_MAX) {
            fprintf(stderr, "PATH_OF: '%s' is not a list of numbers below %u\n", path,
                    scene->count);
            exit(2);
        }
        printf("%s%s\n", scene->what(scene->context, (uint32_t)number),
               act((uint32_t)number) ? "" : ": impossible");
        at = *rest == ',' ? rest + 1 : rest;
    }
    scene->end(scene->context);
}

int walk_main(const struct walk_scene *scenes, uint32_t count)
{
    const char *only = getenv("SCENE");
    const char *path = getenv("PATH_OF");

    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED) {
        fprintf(stderr, "no memory\n");
        return 1;
    }
    walk.steps_most = environment("STEPS", 1, STEPS_DEFAULT);
    for (uint32_t i = 0; i < count; i++) {
        if (only != NULL && strcmp(only, scenes[i].name) != 0) {
            continue;
        }
        if (path != NULL) {
            path_walk(&scenes[i], path);
        } else {
            scene_walk(&scenes[i]);
        }
    }
    return 0;
}

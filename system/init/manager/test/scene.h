// SPDX-License-Identifier: Apache-2.0
//
// A scene for tests: definitions as JSON, a booted manager in a simulated machine, and what it
// said.
//
//     scene_behave("web")->ready_ms = WORLD_NEVER;      before the boot
//     scene_boot("{'web': {'ImagePath': 'w', 'Triggers': 'boot'}}");      ' stands for "
//     scene_run(1000);                                  milliseconds
//     scene_command(COMMAND_STOP, "web");
//     assert_int_equal(scene_state("web"), STATE_INACTIVE);
#ifndef INIT_MANAGER_TEST_SCENE_H
#define INIT_MANAGER_TEST_SCENE_H

#include "system/init/world/world.h"

enum {
    SCENE_BEHAVIOURS_MAX = 8,
    SCENE_MESSAGES_MAX = 8192,
    SCENE_REPLIES_MAX = 256,
    SCENE_TEXT_MAX = 1 << 17,
};

struct scene {
    struct world world;
    struct manager manager;
    const char *definitions;
    const char *system; // "'system': {...}," before them
    uint32_t behaviour_count;
    struct {
        char name[NAME_SIZE];
        struct behaviour behaviour;
    } behaviours[SCENE_BEHAVIOURS_MAX];
    uint32_t records[RECORD_KINDS];
    uint32_t actions[ACTION_KINDS];
    uint32_t message_count;
    struct record messages[SCENE_MESSAGES_MAX];
    uint32_t reply_count;
    struct reply replies[SCENE_REPLIES_MAX];
    struct action last[ACTION_KINDS];
    struct access_token token; // of commands
    uint64_t flags;            // of the boot
};

extern struct scene scene;

// Forgets everything; scene_boot() does the rest.
void scene_clear(void);
struct behaviour *scene_behave(const char *name);
// Boots with {"services": this} and runs for a second.
void scene_boot(const char *services);
// Only makes the manager, so that a test can send events itself.
void scene_prepare(const char *services);
void scene_run(uint64_t milliseconds);

uint16_t scene_slot(const char *name);
enum service_state scene_state(const char *name);
enum cause scene_cause(const char *name);
struct service *scene_service(const char *name);

// Sends a command as SYSTEM (or scene.token) and lets the machine go on for 50 ms. Returns the
// number of the reply, SCENE_REPLIES_MAX if there is none yet.
uint32_t scene_command(enum command command, const char *name);
uint32_t scene_request(const struct request *request);
void scene_notify(const char *name, enum notify_kind kind, uint64_t value, const char *text);
void scene_reconfigure(const char *services); // new definitions, and the order to read them

// The number of changes of a service from one state to another.
uint32_t scene_changes(const char *name, enum service_state from, enum service_state to);
// The place of the first change to a state among all messages; UINT32_MAX if there is none.
uint32_t scene_when(const char *name, enum service_state to);
bool scene_said(enum record_kind kind, const char *detail);

#endif

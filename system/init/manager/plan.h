// SPDX-License-Identifier: Apache-2.0
//
// The plan: what a boot, or the start of one service, would do with a set of definitions.
#ifndef INIT_MANAGER_PLAN_H
#define INIT_MANAGER_PLAN_H

#include "system/init/manager/catalogue.h"

enum fate {
    FATE_ON_DEMAND, // nothing starts it
    FATE_STARTS,
    FATE_INVALID,    // an error of its own
    FATE_CYCLE,      // a member of a cycle
    FATE_DEPENDENCY, // what it needs fails
};

enum verdict {
    VERDICT_FULL,
    VERDICT_PARTLY, // boots, but services fail
    VERDICT_SAFE,   // a critical one is in a cycle or conflict: safe mode
    VERDICT_NOT,    // a critical one fails for another reason: reboots until recovery
};

struct plan {
    const struct catalogue *catalogue;
    const struct service_set *set;
    uint8_t fates[SERVICES_MAX];
    uint16_t blames[SERVICES_MAX]; // what it needs and fails, NO_SERVICE
    uint32_t starts_count;
    uint32_t fails_count;
    enum verdict verdict;
    uint16_t critical; // that decides the verdict
};

// For everything with a boot trigger, or for `start` alone (NO_SERVICE: none).
void plan_make(struct plan *plan, const struct catalogue *catalogue, const struct service_set *set,
               uint16_t start);

const char *fate_name(enum fate fate);

#endif

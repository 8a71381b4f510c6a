// SPDX-License-Identifier: Apache-2.0
//
// The service manager as a pure state machine. Whoever owns the clock and the machine calls
//
//     manager_init(m, &config, pool, pool_max)       once; storage is the caller's
//     manager_step(m, &event, now_ns, &actions)      for each event; then carries out the actions
//
// with EVENT_TIME when manager_deadline() has come, and with EVENT_CONTINUE for as long as
// manager_has_work(): one step does bounded work and adds at most ACTIONS_MAX actions. The order of
// events is the caller's (inbox.h serves all sources); answers may come in any order, late, twice
// or never. Nothing here reads a clock, does input or output, or allocates.
//
// Definitions arrive through the catalogue: the answer to ACTION_SNAPSHOT is to stage them
// (catalogue.h), then EVENT_SNAPSHOT.
//
// What the outside may do to it: send any event with any numbers in it; pointers in an event must
// be good, and its text end with a zero (EVENT_OUTPUT: have `size` bytes). What it gets back is
// good until the next step.
#ifndef INIT_MANAGER_MANAGER_H
#define INIT_MANAGER_MANAGER_H

#include "system/init/manager/model.h"

void manager_init(struct manager *manager, const struct manager_config *config,
                  struct definition *pool, uint16_t pool_max);

// `now_ns` never goes backwards.
void manager_step(struct manager *manager, const struct event *event, uint64_t now_ns,
                  struct actions *actions);

// When EVENT_TIME is wanted; UINT64_MAX for never.
uint64_t manager_deadline(const struct manager *manager);
// Whether the next step should come at once.
bool manager_has_work(const struct manager *manager, uint64_t now_ns);

// --- Questions: nothing changes -----------------------------------------------------------------

// The operation of that serial; NULL if there is none (any more).
const struct operation *manager_operation(const struct manager *manager, uint32_t serial);
const struct job *manager_job(const struct manager *manager, uint32_t serial);

// "0192a4f0-...": the GUID of an operation or job.
enum { GUID_TEXT_SIZE = 37 };
void guid_print(const struct manager *manager, char kind, uint32_t serial, char *out);
// The serial of such a GUID; 0 if it is none of this boot.
uint32_t guid_find(const struct manager *manager, char kind, const char *guid);

// Why a service is in its state, through all that led to it, several lines; as far as the token may
// query the services on the way.
void why_print(struct manager *manager, uint16_t slot, const struct access_token *token,
               struct phrase *text);

// What a boot (NO_SERVICE) or a start of one service would do: one line for each that would start
// or stop, in order.
void plan_tell(struct manager *manager, uint16_t start, const struct access_token *token,
               struct phrase *text);

// Which of these rights (right.h) the token lacks for a service, or for the system (NO_SERVICE).
uint32_t right_missing(struct manager *manager, uint16_t slot, const struct access_token *token,
                       uint32_t rights);

#endif

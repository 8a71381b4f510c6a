// SPDX-License-Identifier: Apache-2.0
//
// What the files of this folder share.
#ifndef RUNTIME_SERVICE_FRAME_H
#define RUNTIME_SERVICE_FRAME_H

#include "runtime/service/service.h"

#pragma GCC visibility push(hidden)

// Posts the request's RECV; nothing else is under way for it. False: the ring takes no more.
bool request_receive(struct tsr_request *request);

// A completion of the request's RECV, or one of its RETURN, which means that it failed.
void request_arrived(struct tsr_waiter *waiter, struct tsr_slot *slot);
void request_unanswered(struct tsr_waiter *waiter, struct tsr_slot *slot);

// Tells the service of the calls that nobody waits for any more.
void service_cancelled_ask(struct tsr_service *service);

// The service can't go on.
void service_break(struct tsr_service *service, const struct capnp_exception *exception);

// Withdraws the sleep, if there is one.
void timers_end(struct tsr_service *service);

#pragma GCC visibility pop

#endif

// SPDX-License-Identifier: Apache-2.0
//
// Acting as programs that wait: notifications, parking, sleeping and cancellation, on top of act.h.
#ifndef KERNEL_CORE_TEST_WAITING_H
#define KERNEL_CORE_TEST_WAITING_H

#include "kernel/core/test/act.h"

// --- SQEs ---------------------------------------------------------------------------------------

struct sqe act_signal(cap_t cap, uint64_t bits);
struct sqe act_wait(cap_t cap, uint64_t mask, uint64_t user_data);
struct sqe act_park(cap_t space, uint64_t address, uint32_t word, uint64_t user_data);
struct sqe act_unpark(cap_t space, uint64_t address, uint64_t count);
struct sqe act_cancel(uint32_t sq_index);

// --- Doing --------------------------------------------------------------------------------------

// The index that the thread's next SQE will have.
uint32_t act_sq_index(uint32_t thread);
// Enters and takes nothing in: what was consumed is seen, what is due comes.
void act_enter(uint32_t thread);
// The bits of a WAIT's completion that must be there, and its number.
uint64_t act_reap_bits(uint32_t thread, uint64_t user_data);
// The fact of the completion that must be there, with this number.
enum status act_reap_fact(uint32_t thread, uint64_t user_data);
// How many an UNPARK woke.
uint64_t act_woken(uint32_t thread, struct sqe unpark);

// --- Kernel objects; they fail the test unless they succeed -------------------------------------

cap_t act_notification(uint32_t thread);
cap_t act_park_space(uint32_t thread);
// Another hold of what `cap` of `from` names, for the process of `to`: as a maker of its own would.
cap_t act_give(uint32_t from, cap_t cap, uint32_t to);
// Notification.signal, Notification.take.
void act_set(uint32_t thread, cap_t notification, uint64_t bits);
uint64_t act_take(uint32_t thread, cap_t notification, uint64_t mask);
enum status act_bind_fact(uint32_t thread, cap_t server, cap_t notification);
uint64_t act_next_cancelled(uint32_t thread, cap_t server);
// Timer.sleepUntil, submitted.
void act_sleep(uint32_t thread, cap_t timer, uint64_t deadline_ns, uint64_t timeout_ns,
               uint64_t user_data);

#endif

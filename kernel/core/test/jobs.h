// SPDX-License-Identifier: Apache-2.0
//
// Acting in jobs below one's own, on top of act.h: a child with limits and a priority, and a
// builder of its processes.
#ifndef KERNEL_CORE_TEST_JOBS_H
#define KERNEL_CORE_TEST_JOBS_H

#include "kernel/core/test/act.h"

// Job.child, with a fourth of the share that is left; `size`: bytes of the limits that are sent.
enum status act_job_fact(uint32_t thread, cap_t parent, const uint32_t limits[RESOURCE_COUNT],
                         uint32_t size, uint32_t priority, cap_t *job);
// They fail the test unless they succeed:
cap_t act_job(uint32_t thread, cap_t parent, const uint32_t limits[RESOURCE_COUNT],
              uint32_t priority);
cap_t act_builder_in(uint32_t thread, cap_t job);

#endif

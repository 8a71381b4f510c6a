// SPDX-License-Identifier: Apache-2.0
//
// The three ways to print a plan.
#ifndef SVC_PLAN_PRINT_H
#define SVC_PLAN_PRINT_H

#include "system/init/manager/plan.h"

void plan_print(const struct plan *plan);
void plan_print_dot(const struct plan *plan);
void plan_print_json(const struct plan *plan);

#endif

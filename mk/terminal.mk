# SPDX-License-Identifier: Apache-2.0
# The mind of a terminal has no program around it yet: compiled as programs are, never linked.

SESSION_OBJS := $(foreach v,x86_64-user sim-user, \
                    $(call objs,$v,$(call c_in,system/terminal/session)))
CHECK_BUILD += $(SESSION_OBJS)
TEST_BUILD  += $(SESSION_OBJS)

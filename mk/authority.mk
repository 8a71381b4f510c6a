# SPDX-License-Identifier: Apache-2.0
# Histories for the tests of `authority`, and what its benchmark measures with.

RANDOM_LOG := build/host/tests/authority/random_log
$(eval $(call host_program,$(RANDOM_LOG),host,$(call objs,host,tests/authority/random_log.c), \
    $(call LIBS_OF,host)))

CHECK_BUILD += $(RANDOM_LOG)
TEST_BUILD += $(RANDOM_LOG)

$(eval $(call host_program,build/host/tests/bench/authority_cost,host, \
    $(call objs,host,tests/bench/authority_cost.c),$(call LIBS_OF,host)))
BENCH_BIN += $(RANDOM_LOG) build/host/tests/bench/authority_cost
TEST_BUILD += build/host/tests/bench/authority_cost

# SPDX-License-Identifier: Apache-2.0
# Branch coverage: the unit tests of some folders, compiled so that they count what they take.

# The folders, and the percentage of their branches that their own tests must take.
COVERAGE := lib/access=98 lib/calendar=98 lib/text=98 lib/json=98 system/init/manager=98 \
            system/init/format=98 runtime/loader=96 \
            lib/line=98 lib/ansi=98 system/terminal/session=98 \
            kernel=95 kernel/core=95 kernel/core/state=95 kernel/device=95 kernel/gate=95 \
            kernel/log=95 ring=95

CC_host-branch      := $(CLANG)
CFLAGS_host-branch  := $(hosted) $(here) -O0 -g -fprofile-instr-generate -fcoverage-mapping
LDFLAGS_host-branch := -fuse-ld=lld -Wl,--build-id=none -fprofile-instr-generate

coverage_dirs := $(foreach c,$(COVERAGE),$(firstword $(subst =, ,$c)))
COVERAGE_C    := $(filter $(coverage_dirs:%=%/test/%) lib/replay/test/%,$(UNIT_C))
# These are also shown what nobody thought of. The small worlds walk every sequence of what the
# others draw: minutes where each branch is counted, and no branch more.
COVERAGE_C    += $(filter-out %/small_test.c %/tree_test.c,$(PROPERTY_C))
COVERAGE_BIN  := $(COVERAGE_C:%.c=build/host-branch/test/%)

$(eval $(call variant,host-branch,build/gen/stamp))
$(eval $(call libraries,host-branch))
$(foreach d,$(sort $(dir $(filter $(with_own),$(COVERAGE_C)))), \
    $(eval $(call own_archive,host-branch,$d)))
$(foreach t,$(COVERAGE_C),$(eval $(call test_program,host-branch,$t,-lcmocka -lm)))

TEST_BUILD += $(COVERAGE_BIN)
arguments_coverage_test := $(COVERAGE) -- $(COVERAGE_BIN)

# SPDX-License-Identifier: Apache-2.0
# What is particular to lib/capnp: its branch coverage, its peers in C++.

# Source-based coverage: -O0, so that no branch is folded away.
CC_host-profile      := $(CLANG)
CFLAGS_host-profile  := $(hosted) $(here) -O0 -g -fprofile-instr-generate -fcoverage-mapping
LDFLAGS_host-profile := -fuse-ld=lld -Wl,--build-id=none -fprofile-instr-generate
$(eval $(call variant,host-profile,build/gen/stamp))

capnp_tests   := $(filter lib/capnp/% tools/capnpc-c/%,$(UNIT_C))
capnp_library := $(call c_in,lib/capnp) $(filter lib/capnp/% tools/capnpc-c/%, \
                     $(filter-out $(UNIT_C),$(TEST_C_ALL))) $(GEN_TEST_C)
$(eval $(call archive,build/host-profile/libcapnp.a,$(call objs,host-profile,$(capnp_library))))
capnp_profiled = $(call host_program,build/host-profile/test/$(1:.c=),host-profile, \
    $(call objs,host-profile,$1),build/host-profile/libcapnp.a,-lcmocka -lm)
$(foreach t,$(capnp_tests),$(eval $(call capnp_profiled,$t)))
CAPNP_PROFILED := $(capnp_tests:%.c=build/host-profile/test/%)

# Programs on Debian's libcapnp.
CXX   := g++-12
CAPNP_CPP := build/host/capnp/capnp_cpp
$(CAPNP_CPP): tests/interop/capnp_cpp.cc
	$(call say,CXX,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) -std=c++17 -O1 -Wall -Wextra -Werror $< -o $@ -lcapnpc -lcapnp-rpc -lcapnp \
	    -lkj-async -lkj

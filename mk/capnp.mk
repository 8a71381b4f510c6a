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

# The comparison of speed. Both sides write fields.capnp.h, so each has its folder. Valgrind (3.19)
# does not read the debug information of clang 14.
CAPNP_BENCH := build/host/capnp/bench/bench build/host/capnp/bench/four
bench_folder := build/host/capnp/bench
bench_c   := $(CC_host) $(CFLAGS_host) -I$(bench_folder)/ours -I$(bench_folder)
bench_cxx := $(CXX) -std=c++17 -Wall -Wextra -Werror -I. -I$(bench_folder)/theirs -I$(bench_folder)
$(bench_folder)/theirs/stamp: tests/bench/capnp/fields.py
	$(Q)mkdir -p $(@D) && $(PYTHON) -B $< $(bench_folder)
	$(Q)capnp compile --src-prefix=$(bench_folder) -oc++:$(@D) $(bench_folder)/fields.capnp
	$(Q)touch $@
$(bench_folder)/ours/stamp: $(bench_folder)/theirs/stamp tests/bench/capnp/four.capnp $(CAPNPC)
	$(call say,CAPNP,$(filter %.capnp,$^))
	$(Q)mkdir -p $(@D)
	$(Q)capnp compile --src-prefix=$(bench_folder) -o$(CURDIR)/$(CAPNPC):$(@D) \
	    $(bench_folder)/fields.capnp
	$(Q)capnp compile --src-prefix=tests/bench/capnp -o$(CURDIR)/$(CAPNPC):$(@D) \
	    tests/bench/capnp/four.capnp
	$(Q)touch $@
bench_headers := tests/bench/capnp/operations.h $(wildcard lib/capnp/*.h)
$(bench_folder)/%.o: tests/bench/capnp/%.c $(bench_folder)/ours/stamp $(bench_headers)
	$(call say,CC,$< [bench])
	$(Q)$(bench_c) -g0 -c $< -o $@
$(bench_folder)/%.o: tests/bench/capnp/%.cc $(bench_folder)/theirs/stamp \
                     tests/bench/capnp/operations.h
	$(call say,CXX,$< [bench])
	$(Q)$(bench_cxx) -O2 -c $< -o $@
$(bench_folder)/schema.o: $(bench_folder)/theirs/stamp
	$(Q)$(bench_cxx) -O0 -c $(bench_folder)/theirs/fields.capnp.c++ -o $@
$(bench_folder)/bench: $(addprefix $(bench_folder)/,main.o ours.o theirs.o schema.o) \
                       build/host/liblib.a
	$(call say,LINK,$@)
	$(Q)$(CXX) -o $@ $^ -lcapnp -lkj
$(bench_folder)/four: $(bench_folder)/four.o build/host/liblib.a
	$(call say,LINK,$@)
	$(Q)$(CC_host) $(LDFLAGS_host) -o $@ $^

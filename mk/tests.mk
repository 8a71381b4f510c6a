# SPDX-License-Identifier: Apache-2.0
# Tests: what must be built for them, and the lists that tests/run_all.py runs.

# $(call own_sources,test source or its folder/): the code beside a test that no library holds, but
# for what stands in for the C library.
own_dir = $(patsubst %/test/,%,$(dir $1))
own_sources = $(if $(filter tools/% system/% programs/% drivers/% hal/%,$1), \
                $(filter-out %/string.c,$(call c_in,$(call own_dir,$1))) \
                $(call s_in,$(call own_dir,$1)))

# $(call test_program,variant,source): build/<variant>/test/<source without .c>
# also_<source without .c> are libraries that this test alone is linked with.
# A test of the runtime gets the runtime's carrier and clients, not those that other tests bring.
define test_program
$(call host_program,build/$1/test/$(2:.c=),$1,$(call objs,$1,$2), \
    $(if $(call own_sources,$2),build/$1/own/$(call own_dir,$2).a) \
    $(if $(filter tests/property/% tests/fuzz/%,$2),build/$1/librandom.a) \
    $(if $(filter runtime/%,$2),build/$1/libruntime.a build/$1/libgen.a) build/$1/libsupport.a \
    $(call LIBS_OF,$1) build/$1/libruntime.a,$3 $(also_$(2:.c=)))
endef
# The archives of such code, each once.
with_own := $(foreach t,$(UNIT_C),$(if $(call own_sources,$t),$t))
own_archive = $(call archive,build/$1/own/$(call own_dir,$2).a, \
    $(call objs,$1,$(call own_sources,$2)))
$(foreach v,host-asan host-gcc,$(foreach d,$(sort $(dir $(with_own))), \
    $(eval $(call own_archive,$v,$d))))
$(foreach v,host-asan host-gcc,$(foreach t,$(UNIT_C) $(PROPERTY_C), \
    $(eval $(call test_program,$v,$t,-lcmocka -lm))))
$(foreach t,$(FUZZ_C),$(eval $(call test_program,host-fuzz,$t,-fsanitize=fuzzer)))

$(foreach t,$(INTEROP_C),$(eval $(call test_program,host-asan,$t)))

INTEROP_BIN := $(INTEROP_C:%.c=build/host-asan/test/%)
UNIT_ASAN := $(UNIT_C:%.c=build/host-asan/test/%) $(THREADS_TEST)
UNIT_GCC  := $(UNIT_C:%.c=build/host-gcc/test/%)
PROPERTY_ASAN := $(PROPERTY_C:%.c=build/host-asan/test/%)
PROPERTY_GCC := $(PROPERTY_C:%.c=build/host-gcc/test/%)
FUZZ_BIN  := $(FUZZ_C:%.c=build/host-fuzz/test/%)
CHECKERS  := $(sort $(wildcard tools/tidy/check_*.py))
TOOL_TESTS := $(sort $(wildcard tools/*/test/*_test.py tests/test/*_test.py))
SYSTEM_TESTS := $(filter-out $(TOOL_TESTS), \
                  $(sort $(wildcard tests/*/*_test.py tests/interop/*.py)))
RUN_FILES := $(sort $(wildcard tests/run/*.run))
BOOT_RUN_FILES := $(sort $(wildcard tests/boot/*.run))
BENCHES   := $(filter-out %/profile.py,$(sort $(wildcard tests/bench/*.py)))

define newline


endef
# $(call one,name,seconds at most,command): a line of a list.
one = $1|$2|$3$(newline)
# $(call run_list,name): run $(name_list); ends with `N passed, N failed`.
run_list = mkdir -p build/test; $(file >build/$1.list,$($1_list)) \
    $(PYTHON) -B tests/run_all.py build/$1.list

# Some scripts are told what only the build knows, as the checkers are.
arguments_of = $(arguments_$(basename $(notdir $1)))
arguments_check_budget := $(BUDGET_LIB)
arguments_refusal_test := $(CAPNPC)
arguments_capnp_test := $(CAPNP_PROFILED)
arguments_dynamic_interop := build/host/tools/capnp-strict
arguments_capnp_interop := build/host-asan/test/tests/interop/capnp_interop
arguments_access_interop := build/host-asan/test/tests/interop/access_interop
arguments_calendar_interop := build/host-asan/test/tests/interop/calendar_interop
arguments_calendar_test := build/host-gcc/tests/bench/calendar_cost
arguments_line_test := build/host-gcc/tests/bench/line_cost
arguments_capnp := $(CAPNP_BENCH)
arguments_capnp_cpp := $(arguments_capnp_interop) $(CAPNP_CPP)
# What can't be built doesn't keep the rest from running, and fails as the test `build`.
build_what_builds = $(MAKE) -k $1-build || true
build_list = $(call one,build,600,MAKEFLAGS= $(MAKE) $1-build)
python_list = $(foreach t,$1,$(call one,$(t:.py=),600,$(PYTHON) -B $t $(call arguments_of,$t)))
unit_list = $(foreach t,$1,$(call one,$(t:build/%=%),300,$t))
# Property tests take their number of steps from STEPS; a step of small worlds is a process of the
# host: $(call property_list,tests,seconds,steps,steps of small worlds,of those with jobs)
property_list = $(foreach t,$1,$(call one,$(t:build/%=%),$2, \
    STEPS=$(if $(filter %/small_test,$t),$4,$(if $(filter %/tree_test,$t),$5,$3)) $t))

# The rules of the house.
CORE_OBJS := $(call objs,x86_64-core,$(call c_in,kernel/core kernel/core/state kernel/device) \
               $(KERNEL_LIB) $(KERNEL_GEN))
TIDY_BUILD := $(CORE_OBJS)
tidy_list = $(foreach c,$(CHECKERS), \
        $(call one,$(c:.py=),120,$(PYTHON) -B $c . $(call arguments_of,$c))) \
    $(call one,abi/methods.lock,60,$(PYTHON) -B tools/methods/methods.py --check) \
    $(call python_list,$(filter tools/tidy/%,$(TOOL_TESTS)))

BUDGET_BUILD := $(KERNEL_ELF) $(call objs,host-cov,$(KERNEL_C) $(BUDGET_LIB))
budget = $(PYTHON) -B tools/tidy/budget.py $(BUDGET_LIB)

CHECK_BUILD := $(TIDY_BUILD) $(BUDGET_BUILD) $(UNIT_ASAN) $(PROPERTY_ASAN) \
               $(HOST_TOOLS) $(GCC_TOOLS) $(SIM_ALL) $(X86_64_ALL)
# What both lists begin and end with.
first_list = $(call build_list,$1) $(tidy_list) \
    $(if $(KERNEL_ELF),$(call one,budget,120,$(budget))) \
    $(call python_list,$(filter-out tools/tidy/%,$(TOOL_TESTS)))
run_file_list = $(foreach r,$1,$(call one,$(r:.run=),600, \
    $(PYTHON) -B tests/run/runner.py $r))
check_list = $(call first_list,check) \
    $(call unit_list,$(UNIT_ASAN)) $(call property_list,$(PROPERTY_ASAN),300,100000,400,100) \
    $(call python_list,$(filter tests/run/%,$(SYSTEM_TESTS))) \
    $(call run_file_list,$(RUN_FILES))

# Fuzzing never writes into the tree: new inputs go to build/, kept corpora are only read.
fuzz_name = $(notdir $(1:_fuzz=))
fuzz_run = rm -rf build/test/fuzz/$(fuzz_name); mkdir -p build/test/fuzz/$(fuzz_name); \
    $1 -runs=$(or $(FUZZ_RUNS_$(fuzz_name)),$(FUZZ_RUNS)) -seed=1 \
    -artifact_prefix=build/test/fuzz/$(fuzz_name)- \
    build/test/fuzz/$(fuzz_name) $(wildcard tests/fuzz/corpus/$(fuzz_name))
FUZZ_RUNS ?= 20000
# Each run is a whole machine, a whole schema printed and parsed, or many keys.
FUZZ_RUNS_sqe_stream ?= 3000
FUZZ_RUNS_capnp_schema ?= 3000
FUZZ_RUNS_line ?= 10000
FUZZ_RUNS_log_replay ?= 10000
fuzz_on = $(if $(filter $(TARGET),$(foreach f,$(FUZZ_BIN),$(call fuzz_name,$f))), \
    mkdir -p build/fuzz/$(TARGET); build/host-fuzz/test/tests/fuzz/$(TARGET)_fuzz \
        -artifact_prefix=build/fuzz/$(TARGET)- build/fuzz/$(TARGET) \
        $(wildcard tests/fuzz/corpus/$(TARGET)), \
    echo 'make fuzz TARGET=name, one of: $(foreach f,$(FUZZ_BIN),$(call fuzz_name,$f))'; exit 1)

# Programs that benchmarks count the instructions of.
$(eval $(call host_program,build/host-gcc/tests/bench/calendar_cost,host-gcc, \
    $(call objs,host-gcc,tests/bench/calendar_cost.c),build/host-gcc/liblib.a))
$(eval $(call host_program,build/host-gcc/tests/bench/manager_cost,host-gcc, \
    $(call objs,host-gcc,tests/bench/manager_cost.c), \
    build/host-gcc/libmanager.a build/host-gcc/liblib.a))
$(eval $(call host_program,build/host-gcc/tests/bench/line_cost,host-gcc, \
    $(call objs,host-gcc,tests/bench/line_cost.c),build/host-gcc/liblib.a))
BENCH_BIN := $(addprefix build/host-gcc/tests/bench/,calendar_cost manager_cost line_cost)

TEST_BUILD := $(CHECK_BUILD) build/x86_64/first-call.iso $(BENCH_BIN) $(UNIT_GCC) \
              $(PROPERTY_GCC) $(FUZZ_BIN) $(INTEROP_BIN) $(CAPNP_PROFILED) $(CAPNP_CPP)
test_list = $(call first_list,test) \
    $(call unit_list,$(UNIT_ASAN) $(UNIT_GCC)) \
    $(call property_list,$(PROPERTY_ASAN),900,100000,400,100) \
    $(call property_list,$(PROPERTY_GCC),1200,1000000,10000,4000) \
    $(foreach f,$(FUZZ_BIN),$(call one,$(f:build/%=%),600,$(call fuzz_run,$f))) \
    $(call python_list,$(SYSTEM_TESTS)) $(call run_file_list,$(RUN_FILES) $(BOOT_RUN_FILES))
# In a soak adversaries are rarer, and steps three times as quick: there are many more of both.
soak: export RACES ?= 128
# Of small worlds about what fits in ten minutes to half an hour.
soak_list = $(call property_list,$(PROPERTY_GCC),1000000,$(STEPS),400000,60000)

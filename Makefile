# SPDX-License-Identifier: Apache-2.0
# The one entry to everything. `make help` lists the commands; mk/ has the rules.

MAKEFLAGS += -rR --no-print-directory
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

# Before anything is built, every tool is looked for and what is missing is installed.
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
$(shell tools/setup >&2)
ifneq ($(.SHELLSTATUS),0)
$(error tools/setup could not provide the tools; it says above what is missing)
endif
endif

# Options of the commands below, as in `make sim SEED=7`.
PACKAGE  ?= first-call
PROMPT   ?= prompt
CPU      ?= max
MEMORY   ?= 128M
MACHINE  ?= pc
CPUS     ?= 1
PLATFORM ?= sim
SEED     ?= 1
FAULTS   ?=
TARGET   ?=
ASSERT   ?=
STEPS    ?= 100000000
export GDB_ARGS ?=

# What they run: without PACKAGE= somebody is to sit at `make run`.
RUN_GOALS := run iso run-bios run-uefi sim hosted
$(foreach g,$(RUN_GOALS),$(eval package_of_$g := $$(PACKAGE)))
package_of_hosted := $(PROMPT)
ifeq ($(origin PACKAGE),file)
package_of_run := $(PROMPT)
endif

ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
include mk/toolchain.mk mk/rules.mk mk/sources.mk mk/shell.mk mk/line.mk mk/host.mk \
        mk/x86_64.mk mk/sim.mk mk/capnp.mk mk/threads.mk mk/tests.mk mk/coverage.mk mk/docs.mk \
        mk/loader.mk mk/authority.mk mk/stranger.mk
-include $(shell find build -name '*.d' 2>/dev/null)
endif
# $(call run_needs,platform,goal)
run_needs = $(machine_of_$1) $(call package_file,$1,$(package_of_$2)) $(RUN_TOOLS)
boot = $(PYTHON) -B tools/boot/boot.py
terminal = $(PYTHON) -B tools/run/terminal.py
machine = --cpu $(CPU) --memory $(MEMORY) --machine $(MACHINE) --cpus $(CPUS)

.PHONY: all run iso run-bios run-uefi sim hosted debug test test-build check \
        check-build tidy budget format bench fuzz soak coverage coverage-capnp canaries \
        rules panics trace docs clean help
all: $(X86_64_ALL) $(SIM_ALL) $(HOST_TOOLS)

run: $(call run_needs,x86_64,run) ## Boot in QEMU, a prompt on this terminal (PACKAGE= its console)
ifeq ($(origin PACKAGE),file)
	@$(terminal) x86_64 --package $(PROMPT) $(machine) --append '$(COMMAND)'
else
	@$(boot) x86_64 --package $(PACKAGE) $(machine) --append '$(COMMAND)'
endif

iso: build/x86_64/$(PACKAGE).iso ## One image for CD or stick, BIOS or UEFI: build/x86_64/*.iso

run-bios: build/x86_64/$(PACKAGE).iso $(RUN_TOOLS) ## The same as `run`, from the ISO by BIOS
	@$(boot) x86_64 --package $(PACKAGE) $(machine) --loader bios

run-uefi: build/x86_64/$(PACKAGE).iso $(RUN_TOOLS) ## ... and by UEFI
	@$(boot) x86_64 --package $(PACKAGE) $(machine) --loader uefi

sim: $(call run_needs,sim,sim) ## In the simulator (SEED=n CPUS=n, ASSERT=rules; STEPS= FAULTS=)
	@$(boot) sim --package $(PACKAGE) --memory $(MEMORY) --seed $(SEED) --cpus $(CPUS) \
	    $(if $(FAULTS),--faults $(FAULTS)) $(if $(filter command,$(origin STEPS)),--steps $(STEPS)) \
	    $(if $(ASSERT),--assert $(ASSERT))

hosted: $(call run_needs,sim,hosted) ## The same prompt in the simulator, at once
	@$(terminal) sim --package $(PROMPT) --memory $(MEMORY) --seed $(SEED)

trace: $(X86_64_ALL) $(SIM_ALL) $(HOST_TOOLS) ## A timeline for a browser (PLATFORM=sim, x86_64)
	@$(boot) $(PLATFORM) --package $(PACKAGE) $(machine) --seed $(SEED) --trace

debug: $(X86_64_ALL) ## Boot in QEMU under gdb, stopped before kernel_turn (GDB_ARGS=...)
	@$(boot) x86_64 --package $(PACKAGE) $(machine) --append '$(COMMAND)' --debug

test: ## Everything that must hold (30 minutes); ends with `N passed, N failed`
	+@$(call build_what_builds,$@)
	@$(call run_list,$@)
test-build: $(TEST_BUILD)

check: ## The quick part of the tests (3 minutes), before every merge
	+@$(call build_what_builds,$@)
	@$(call run_list,$@)
check-build: $(CHECK_BUILD)

tidy: $(TIDY_BUILD) ## The rules of the house (STYLE.md): layers, purity, sizes, format
	@$(call run_list,tidy)

budget: $(BUDGET_BUILD) ## Lines and bytes of the kernel against their limits
	@$(budget)

soak: $(PROPERTY_GCC) ## The property tests with many more steps (STEPS=n), without limit of time
	@$(PYTHON) -B tests/property/soak.py $(STEPS) $(PROPERTY_GCC)
	@$(call run_list,soak)

format: ## Format the C sources in place
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs -r clang-format-14 -i

docs: $(DOCS)/index.html $(PAGES_NEED) ## The interface reference, in build/; what pages show
	@tools/pages/pages.py
	@echo '$(DOCS)/index.md and $(DOCS)/index.html, docs/tour.md and docs/authority.svg'

BENCH_NEEDS = $(X86_64_ALL) $(SIM_ALL) $(HOST_TOOLS) $(BENCH_BIN) $(CAPNP_BENCH)
bench: $(BENCH_NEEDS) ## Measure; prints tables and writes JSON
	@missed=0; $(foreach b,$(BENCHES),$(PYTHON) -B $b $(call arguments_of,$b) || missed=1;) \
	exit $$missed

rules: ## Rules by state, and those that no test names
	@$(PYTHON) -B tools/tidy/check_guarantees.py . --rules

panics: ## Every assertion and panic of the kernel, with its reachability
	@$(PYTHON) -B tools/panics/panics.py

coverage: $(COVERAGE_BIN) ## Branches that unit tests take, against limits by folder
	@$(PYTHON) -B tests/coverage/coverage_test.py $(arguments_coverage_test)

coverage-capnp: $(CAPNP_PROFILED) ## Branch coverage of lib/capnp by its unit tests
	@$(PYTHON) -B tests/coverage/capnp_test.py $^

canaries: $(UNIT_GCC) $(PROPERTY_GCC) ## Seeded faults, each of which a test has to find
	@$(PYTHON) -B tests/canary/faults_test.py

fuzz: $(FUZZ_BIN) ## Fuzz until stopped (TARGET=name)
	@$(fuzz_on)

clean: ## Remove build/
	rm -rf build

# A command that has nothing to work on yet is not listed.
idle := $(if $(wildcard tests/bench/*.py),,bench) $(if $(wildcard tests/fuzz/*_fuzz.c),,fuzz) \
        $(if $(wildcard tests/property/*_test.c),,soak)
help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile | while read -r name text; do \
	    case ' $(idle) ' in *" $$name "*) ;; \
	    *) printf '  make %-14s %s\n' "$$name" "$$text" ;; esac; done
	@echo 'Options: V=1 (whole commands) -jN PACKAGE= PROMPT= PLATFORM= SEED= TARGET= GDB_ARGS='
	@echo '         CPU= CPUS= MACHINE= MEMORY= COMMAND= (the kernel'"'"'s command line)'
	@echo '         PRESET= TAGS= SITE= (of manifests: system/manifests/README.md)'

# SPDX-License-Identifier: Apache-2.0
# Which files are part of what. Folders are named here once; files never are.

c_in = $(sort $(wildcard $(addsuffix /*.c,$1)))
s_in = $(sort $(wildcard $(addsuffix /*.S,$1)))

SCHEMAS   := $(sort $(wildcard abi/schema/*.capnp))
# Of a schema: accessors and calls, and apart from them the schema as data.
generated = $1 $(1:.capnp.c=.capnp.schema.c)
GEN_C     := $(call generated,$(SCHEMAS:abi/%=build/gen/%.c))
# What the kernel links of generated code, and nobody else: its own interfaces as plain structs.
KERNEL_GEN := build/gen/schema/kernel.plain.c

KERNEL_C  := $(call c_in,kernel kernel/gate kernel/core kernel/core/state kernel/device kernel/log \
               ring)
# What the kernel links of lib/: budgeted with it. Its string functions are the platform's.
KERNEL_LIB := $(wildcard lib/capnp/plain.c) $(call c_in,lib/sha256)
# What a platform links beside that, to look at the boot package: budgeted with the kernel, too.
HAL_LIB := lib/package/package.c
BUDGET_LIB := $(KERNEL_LIB) $(HAL_LIB)
# Stands in for the C library: not for hosted code, which has one.
STRING_C  := $(call c_in,lib/string)
# The service manager: linked by its tools and its tests.
MANAGER_C := $(call c_in,system/init/manager system/init/format system/init/world)
# Made, not written: how wide characters are (mk/line.mk).
WIDTH_TABLE_C := build/unicode/width_table.c
LIB_C     := $(filter-out $(STRING_C),$(call c_in,lib/*)) $(WIDTH_TABLE_C)

platforms := x86_64 sim wasm null
RUNTIME_C := $(call c_in,runtime $(filter-out $(platforms:%=runtime/%) %/test, \
               $(patsubst %/,%,$(sort $(wildcard runtime/*/)))))
RUNTIME_S := $(call s_in,runtime)

# What a site adds of its own: system/manifests/site-example.
SITE ?= site
OVERLAY := $(wildcard $(addsuffix /overlay.libsonnet,$(SITE)))

# A program is a folder with C files; its name is the last part of the folder's.
PROGRAM_DIRS := $(patsubst %/,%,$(sort $(dir $(wildcard \
                  programs/*/*.c system/*/*.c drivers/*/*/*.c \
                  $(addsuffix /programs/*/*.c,$(SITE))))))
PROGRAM_DIRS := $(filter-out %/test,$(PROGRAM_DIRS))
# These are linked to fixed addresses, too.
STATIC_DIRS  := programs/guest
PROGRAMS     := $(notdir $(PROGRAM_DIRS) $(STATIC_DIRS:%=%-static))
# What else a program is made of.
PROGRAM_ALSO_terminal := $(call c_in,system/terminal/session)
MANIFESTS    := $(sort $(wildcard system/manifests/*.json system/manifests/*.jsonnet \
                  $(addsuffix /*.jsonnet,$(SITE))))
PACKAGES     := $(notdir $(basename $(MANIFESTS)))

TOOLS := $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard tools/*/*.c)))))
# Files of another tool that a tool is made of, too.
TOOL_ALSO_capnp-docs := tools/capnp-strict/load.c
TOOL_ALSO_elf-plan := $(filter-out %/spawn.c,$(call c_in,runtime/loader))

# Libraries that a tool links besides lib/ and the kernel's state.
TOOL_LIBS_svc-plan := manager
TOOL_LIBS_svc-sim := manager

# Tests sit beside the code (<folder>/test/*_test.c); other C files there support them.
tested    := kernel ring lib runtime tools system programs drivers hal
tested    += tests/support
TEST_C_ALL := $(sort $(shell find $(wildcard $(tested)) -path '*/test/*.c' 2>/dev/null))
UNIT_C    := $(filter %_test.c,$(TEST_C_ALL))
PROPERTY_C := $(sort $(wildcard tests/property/*_test.c))
FUZZ_C    := $(sort $(wildcard tests/fuzz/*_fuzz.c))
INTEROP_C := $(call c_in,tests/interop)
TEST_SCHEMAS := $(sort $(shell find $(wildcard $(tested)) -path '*/test/*.capnp' \
                    ! -path '*/test/*/*' 2>/dev/null))
GEN_TEST_C := $(call generated,$(TEST_SCHEMAS:%=build/gen/%.c))
SUPPORT_C := $(filter-out $(UNIT_C),$(TEST_C_ALL)) $(call c_in,tests/support tests/sim)
# Apart from the rest, so that unit tests need none of it.
RANDOM_C  := $(filter-out %_test.c %_fuzz.c,$(call c_in,tests/property tests/fuzz))

# SPDX-License-Identifier: Apache-2.0
# Guests: one program, built in the ways that loaders meet, for the tests of runtime/loader.

guest_c     := tests/loader/guest.c
guest_deps  := $(guest_c) tests/loader/guest.h mk/loader.mk
guest_flags := -std=c17 -O2 -ffreestanding -nostdlib -I. $(warnings) -fno-stack-protector \
               -fno-asynchronous-unwind-tables -ffile-prefix-map=$(CURDIR)=.
guest_clang := $(CLANG) $(bare) $(guest_flags) -ftls-model=local-exec
guest_lld   := -e guest_start --build-id=none -z noexecstack
GUESTS := $(addprefix build/loader/,pie.elf packed.elf small.elf static.elf gnu.elf gnu-static.elf)

define guest_link
	$(call say,GUEST,$@)
	$(Q)mkdir -p $(@D)
endef
build/loader/pie.o: $(guest_deps)
	$(guest_link)
	$(Q)$(guest_clang) -fpie -c $< -o $@
build/loader/static.o: $(guest_deps)
	$(guest_link)
	$(Q)$(guest_clang) -fno-pic -mcmodel=small -c $< -o $@
build/loader/pie.elf: build/loader/pie.o
	$(guest_link)
	$(Q)$(LLD) $(guest_lld) -pie --no-dynamic-linker -z text -z separate-code -o $@ $<
build/loader/packed.elf: build/loader/pie.o
	$(guest_link)
	$(Q)$(LLD) $(guest_lld) -pie --no-dynamic-linker -z text --pack-dyn-relocs=relr \
	    -z stack-size=131072 -o $@ $<
# Segments that share pages of the file, and nothing that a loader doesn't read: for the fuzzer.
build/loader/small.elf: build/loader/pie.o
	$(guest_link)
	$(Q)$(LLD) $(guest_lld) -pie --no-dynamic-linker -z noseparate-code -s -o $@ $<
build/loader/static.elf: build/loader/static.o
	$(guest_link)
	$(Q)$(LLD) $(guest_lld) -static --image-base=0x10200000 -o $@ $<
build/loader/gnu.elf: $(guest_deps)
	$(guest_link)
	$(Q)$(GCC) $(guest_flags) -fpie -static-pie -Wl,-e,guest_start,--build-id=none,-z,text \
	    -o $@ $<
build/loader/gnu-static.elf: $(guest_deps)
	$(guest_link)
	$(Q)$(GCC) $(guest_flags) -fno-pie -no-pie -static \
	    -Wl,-e,guest_start,--build-id=none,-Ttext-segment=0x10200000 -o $@ $<

# Unit tests of the loader, and what compares it with readelf, run them.
CHECK_BUILD += $(GUESTS)
TEST_BUILD += $(GUESTS)
coverage: $(GUESTS)
arguments_loader_interop := build/host-asan/test/tests/interop/loader_interop

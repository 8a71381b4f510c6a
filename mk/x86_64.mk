# SPDX-License-Identifier: Apache-2.0
# The x86_64 platform: kernel image, programs, boot packages.

$(foreach v,x86_64 x86_64-core x86_64-user,$(eval $(call variant,$v,build/gen/stamp)))

KERNEL_ELF := $(if $(wildcard hal/x86_64/kernel.ld),build/x86_64/kernel.elf)
KERNEL_OBJS := $(call objs,x86_64,$(KERNEL_C) $(call c_in,hal/x86_64) $(call s_in,hal/x86_64))
KERNEL_ARCHIVES := build/x86_64/liblib.a build/x86_64/libgen.a
$(eval $(call archive,build/x86_64/liblib.a,$(call objs,x86_64,$(KERNEL_LIB) $(HAL_LIB))))
$(eval $(call archive,build/x86_64/libgen.a,$(call objs,x86_64,$(KERNEL_GEN))))

# $(call kernel_image,name,objects): build/x86_64/<name>.elf and its link map.
define kernel_image
$(call remember,build/x86_64/$1.list,$2)
build/x86_64/$1.elf: $2 $(KERNEL_ARCHIVES) hal/x86_64/kernel.ld build/x86_64/$1.list \
                     tools/symbols/symbols.py build/x86_64/flags
	$$(call say,LINK,$$@)
	$$(Q)$(LLD) $(LDFLAGS_x86_64) -T hal/x86_64/kernel.ld -Map=build/x86_64/$1.map -o $$@ \
	    $2 $(KERNEL_ARCHIVES)
	$$(Q)$(PYTHON) -B tools/symbols/symbols.py $$@
endef
$(eval $(call kernel_image,kernel,$(KERNEL_OBJS)))
# The platform suite takes the kernel's place.
$(eval $(call kernel_image,platform,$(call objs,x86_64, \
    $(call c_in,hal/x86_64 tests/platform) $(call s_in,hal/x86_64 tests/platform))))
# So do a kernel that breaks, for its last words, and one that only switches.
SUITES := panic registers
$(foreach s,$(SUITES),$(eval $(call kernel_image,$s,$(call objs,x86_64, \
    $(call c_in,hal/x86_64 tests/$s) $(call s_in,hal/x86_64 tests/$s)))))
PLATFORM_ELF := $(if $(KERNEL_ELF),$(if $(call c_in,tests/platform),build/x86_64/platform.elf))

# $(call runtime_archive,platform): all that a program may link.
runtime_archive = $(call archive,build/$1/libruntime.a,$(call objs,$1-user, \
    $(RUNTIME_C) $(RUNTIME_S) $(call c_in,runtime/$1 ring) $(call s_in,runtime/$1) \
    $(LIB_C) $(STRING_C) $(GEN_C) $(call c_in,kernel/core/state)))
$(eval $(call runtime_archive,x86_64))

program_objs = $(call objs,$1-user,$(call c_in,$2) $(PROGRAM_ALSO_$(notdir $2)))
# $(call program,platform,folder,name,more flags): whole, so that it links nothing of the kernel.
define program
$(call remember,build/$1/programs/$3.list,$(program_objs))
build/$1/programs/$3.elf: $(program_objs) build/$1/libruntime.a \
                          build/$1/programs/$3.list build/$1-user/flags
	$$(call say,LINK,$$@)
	$$(Q)$(LLD) $(LDFLAGS_$1-user) $4 -o $$@ $(program_objs) \
	    build/$1/libruntime.a
endef
# $(call programs,platform)
programs = $(foreach d,$(PROGRAM_DIRS),$(eval $(call program,$1,$d,$(notdir $d)))) \
    $(foreach d,$(STATIC_DIRS),$(eval $(call program,$1,$d,$(notdir $d)-static, \
        -no-pie --image-base=0x10200000)))
$(call programs,x86_64)

# What mkimage is made of and reads besides manifest and programs.
MKIMAGE_READS := $(sort $(wildcard tools/mkimage/*.py tools/methods/*.py abi/*.lock abi/*.h)) \
                 $(SCHEMAS) $(wildcard system/manifests/*.capnp) \
                 $(addprefix build/host/tools/,capnp-strict elf-plan)

# Words for manifests in Jsonnet; packages are made again when they change.
PRESET ?=
TAGS ?=
manifest_words = $(if $(filter %.jsonnet,$1),--preset '$(PRESET)' --tags '$(TAGS)' \
                   $(addprefix --overlay ,$(OVERLAY)))
$(call remember,build/manifest.words,preset $(PRESET) tags $(TAGS) overlay $(OVERLAY))

# Who wants to run one package waits for its programs alone. Its manifest says which those are;
# where it doesn't, all are made, and then mkimage says what is wrong with it.
PACKAGES_RUN := $(if $(filter-out $(RUN_GOALS),$(or $(MAKECMDGOALS),all)),, \
                  $(sort $(foreach g,$(MAKECMDGOALS),$(package_of_$g))))
named = $(shell $(PYTHON) -B tools/mkimage/source.py $(call manifest_words,$1) $1)
known = $(if $1,$(if $(filter-out $(PROGRAMS),$1),$(PROGRAMS),$1),$(PROGRAMS))
PACKAGE_PROGRAMS := $(foreach p,$(PACKAGES_RUN),$(foreach m, \
    $(filter %/$p.json %/$p.jsonnet,$(MANIFESTS)),$(call known,$(call named,$m))))
package_needs = $(patsubst %,build/$1/programs/%.elf,$(sort $(or $(PACKAGE_PROGRAMS),$(PROGRAMS))))
# $(call package_file,platform,name or path)
package_file = $(if $(findstring /,$2),$2,$(if $(filter $2,$(PACKAGES)),build/$1/$2.pkg,$(error \
    there is no package '$2'; manifests are there for: $(sort $(PACKAGES)))))

# $(call package,platform,manifest): mkimage tells which programs a package is made of.
define package
build/$1/$(notdir $(basename $2)).pkg: $2 $(MKIMAGE_READS) build/manifest.words \
                                       | $(package_needs)
	$$(call say,PKG,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(PYTHON) -B tools/mkimage/mkimage.py --manifest $$< --out $$@ --depends $$@.d \
	    --programs build/$1/programs $(call manifest_words,$2)
endef
$(foreach m,$(MANIFESTS),$(eval $(call package,x86_64,$m)))

# A package with the kernel as one image for CD or disk, BIOS or UEFI, with words for the kernel.
COMMAND ?=
$(call remember,build/x86_64/command,command $(COMMAND))
build/x86_64/%.iso: build/x86_64/%.pkg $(KERNEL_ELF) tools/iso/iso.py build/x86_64/command
	$(call say,ISO,$@)
	$(Q)$(PYTHON) -B tools/iso/iso.py --kernel $(KERNEL_ELF) --package $< --out $@ \
	    --command '$(COMMAND)'

machine_of_x86_64 := $(KERNEL_ELF)
X86_64_ALL := $(KERNEL_ELF) $(PLATFORM_ELF) $(SUITES:%=build/x86_64/%.elf) \
              $(PROGRAMS:%=build/x86_64/programs/%.elf) \
              $(PACKAGES:%=build/x86_64/%.pkg)

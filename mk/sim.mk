# SPDX-License-Identifier: Apache-2.0
# The simulator: the same kernel hosted in one process, the same programs as shared objects.

$(eval $(call variant,sim-user,build/gen/stamp))
$(eval $(call runtime_archive,sim))

# A program of the simulator reaches the kernel through one symbol and links nothing of it.
only_the_gate = $(NM) -D --undefined-only --format=just-symbols $$@ | grep -qx \
    tessera_kernel_enter && [ $$$$($(NM) -D --undefined-only $$@ | wc -l) = 1 ] || { \
    echo "$$@: its only undefined symbol must be tessera_kernel_enter; it has:"; \
    $(NM) -D --undefined-only $$@; rm -f $$@; exit 1; } >&2
$(foreach d,$(PROGRAM_DIRS),$(eval $(call program,sim,$d,so,$(only_the_gate))))
$(foreach m,$(PACKAGES),$(eval $(call package,sim,$m,so)))

# $(call simulator,path,host variant,more sources): the gate is what programs link against.
simulator = $(call host_program,$1,$2, \
    $(call objs,$2,$(call c_in,hal/sim tests/sim) $(call s_in,hal/sim) $3), \
    $(call LIBS_OF,$2),-Wl,--export-dynamic-symbol=tessera_kernel_enter)
$(eval $(call simulator,build/sim/tessera-sim,host,))
$(eval $(call simulator,build/sim-asan/tessera-sim,host-asan,))
# The platform suite takes the kernel's place.
$(eval $(call simulator,build/sim/platform,host,$(call c_in,tests/platform) \
    $(call s_in,tests/platform)))

SIMULATORS := $(if $(call c_in,hal/sim),build/sim/tessera-sim build/sim-asan/tessera-sim \
                $(if $(call c_in,tests/platform),build/sim/platform))
SIM_ALL := $(SIMULATORS) $(PROGRAMS:%=build/sim/programs/%.so) $(PACKAGES:%=build/sim/%.pkg)

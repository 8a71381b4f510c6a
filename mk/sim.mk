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

# $(call simulator,folder under build/,host variant): the gate is what programs link against.
simulator = $(call host_program,build/$1/tessera-sim,$2, \
    $(call objs,$2,$(call c_in,hal/sim) $(call s_in,hal/sim)),$(call LIBS_OF,$2), \
    -Wl,--export-dynamic-symbol=tessera_kernel_enter)
$(eval $(call simulator,sim,host))
$(eval $(call simulator,sim-asan,host-asan))

SIMULATORS := $(if $(call c_in,hal/sim),build/sim/tessera-sim build/sim-asan/tessera-sim)
SIM_ALL := $(SIMULATORS) $(PROGRAMS:%=build/sim/programs/%.so) $(PACKAGES:%=build/sim/%.pkg)

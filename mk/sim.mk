# SPDX-License-Identifier: Apache-2.0
# The simulator: the same kernel hosted in one process, the same programs.

$(eval $(call variant,sim-user,build/gen/stamp))
$(eval $(call runtime_archive,sim))

$(call programs,sim)
$(foreach m,$(MANIFESTS),$(eval $(call package,sim,$m)))

# $(call simulator,path,host variant,more sources)
simulator = $(call host_program,$1,$2, \
    $(call objs,$2,$(call c_in,hal/sim tests/sim) $(call s_in,hal/sim) $3), \
    $(call LIBS_OF,$2))
$(eval $(call simulator,build/sim/tessera-sim,host,))
$(eval $(call simulator,build/sim-asan/tessera-sim,host-asan,))
# The platform suite takes the kernel's place.
$(eval $(call simulator,build/sim/platform,host,$(call c_in,tests/platform) \
    $(call s_in,tests/platform)))

SIMULATORS := $(if $(call c_in,hal/sim),build/sim/tessera-sim build/sim-asan/tessera-sim \
                $(if $(call c_in,tests/platform),build/sim/platform))
machine_of_sim := build/sim/tessera-sim
SIM_ALL := $(SIMULATORS) $(PROGRAMS:%=build/sim/programs/%.elf) $(PACKAGES:%=build/sim/%.pkg)

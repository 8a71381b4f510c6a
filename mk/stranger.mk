# SPDX-License-Identifier: Apache-2.0
# Strangers with many more random numbers, in `make soak`: one seed for each 100,000 steps, then ten
# minutes on QEMU with two CPUs.

soak: $(SIM_ALL) $(X86_64_ALL) $(HOST_TOOLS)
soak_list += $(call one,tests/run/stranger_soak,1000000, \
    STEPS=$(STEPS) $(PYTHON) -B tests/run/stranger_soak.py)

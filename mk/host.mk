# SPDX-License-Identifier: Apache-2.0
# Code that runs on the building machine: generated code, libraries, tools.

$(eval $(call variant,host-first,))
$(foreach v,host host-asan host-gcc host-fuzz host-cov,$(eval $(call variant,$v,build/gen/stamp)))

# The schema compiler comes first: everything else may include what it writes.
CAPNPC := $(if $(wildcard tools/capnpc-c/*.c),build/host/tools/capnpc-c)
ifneq ($(CAPNPC),)
$(eval $(call host_program,$(CAPNPC),host, \
    $(call objs,host-first,$(call c_in,tools/capnpc-c lib/capnp))))
endif

# Each file is replaced only if its contents changed, so that a comment in one schema doesn't
# compile everything again.
$(call remember,build/gen/list,$(SCHEMAS))
build/gen/stamp: $(SCHEMAS) $(CAPNPC) build/gen/list
	$(Q)rm -rf build/gen/new && mkdir -p build/gen/new build/gen/schema
ifneq ($(SCHEMAS),)
	$(call say,CAPNP,$(SCHEMAS))
	$(Q)capnp compile --src-prefix=abi/schema -Iabi/schema \
	    -o $(CURDIR)/$(CAPNPC):build/gen/new $(SCHEMAS)
endif
	$(Q)for old in build/gen/schema/*; do \
	    [ -e "build/gen/new/$${old##*/}" ] || rm -f "$$old"; done
	$(Q)for new in build/gen/new/*; do [ -e "$$new" ] || continue; \
	    cmp -s "$$new" "build/gen/schema/$${new##*/}" || mv "$$new" build/gen/schema/; done
	$(Q)rm -rf build/gen/new && touch $@
$(GEN_C) $(GEN_C:.c=.h): build/gen/stamp ;

# Libraries, one set per variant. Archives: only what is used gets linked.
define libraries
$(call archive,build/$1/libkernel.a,$(call objs,$1,$(KERNEL_C)))
$(call archive,build/$1/liblib.a,$(call objs,$1,$(LIB_C)))
$(call archive,build/$1/libgen.a,$(call objs,$1,$(GEN_C)))
$(call archive,build/$1/libruntime.a,$(call objs,$1,$(RUNTIME_C)))
$(call archive,build/$1/libsupport.a,$(call objs,$1,$(SUPPORT_C)))
endef
$(foreach v,host host-asan host-gcc host-fuzz,$(eval $(call libraries,$v)))
LIBS_OF = build/$1/libkernel.a build/$1/liblib.a build/$1/libgen.a

define tool
$(call host_program,build/$1/tools/$2,$1,$(call objs,$1,$(call c_in,tools/$2)),$(call LIBS_OF,$1))
endef
$(foreach t,$(filter-out capnpc-c,$(TOOLS)),$(eval $(call tool,host,$t)))
$(foreach t,$(TOOLS),$(eval $(call tool,host-gcc,$t)))
HOST_TOOLS := $(TOOLS:%=build/host/tools/%)
GCC_TOOLS  := $(TOOLS:%=build/host-gcc/tools/%)

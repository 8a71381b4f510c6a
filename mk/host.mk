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

# Generated code: abi/schema/x.capnp becomes build/gen/schema/x.capnp.{h,c}, and a test's schema
# build/gen/<its path>.{h,c}. A file is replaced only if its contents changed, so that a comment in
# a schema doesn't compile everything again.
generate = $(if $2,$(Q)capnp compile $1 -o $(CURDIR)/$(CAPNPC):build/gen/new $2)
$(call remember,build/gen/list,$(SCHEMAS) $(TEST_SCHEMAS))
build/gen/stamp: $(SCHEMAS) $(TEST_SCHEMAS) $(CAPNPC) build/gen/list
	$(call say,CAPNP,$(SCHEMAS) $(TEST_SCHEMAS))
	$(Q)rm -rf build/gen/new && mkdir -p build/gen/new
	$(call generate,--src-prefix=abi -Iabi/schema -Itools/capnpc-c,$(SCHEMAS))
	$(call generate,,$(TEST_SCHEMAS))
	$(Q)cd build/gen && find . -name '*.[ch]' ! -path './new/*' | while read -r old; do \
	    [ -e "new/$$old" ] || rm -f "$$old"; done
	$(Q)cd build/gen/new && find . -type f | while read -r new; do \
	    cmp -s "$$new" "../$$new" || { mkdir -p "../$${new%/*}" && mv "$$new" "../$$new"; }; done
	$(Q)rm -rf build/gen/new && touch $@
GEN_ALL := $(GEN_C) $(GEN_TEST_C)
$(GEN_ALL) $(patsubst %.c,%.h,$(filter-out %.schema.c,$(GEN_ALL))) $(KERNEL_GEN) \
$(KERNEL_GEN:.c=.h) $(KERNEL_GEN:.plain.c=.names.h): build/gen/stamp ;

# Libraries, one set per variant. Archives: only what is used gets linked.
define libraries
$(call archive,build/$1/libkernel.a,$(call objs,$1,$(KERNEL_C)))
$(call archive,build/$1/libstate.a,$(call objs,$1,$(call c_in,kernel/core/state)))
$(call archive,build/$1/liblib.a,$(call objs,$1,$(LIB_C)))
$(call archive,build/$1/libmanager.a,$(call objs,$1,$(MANAGER_C)))
$(call archive,build/$1/libgen.a,$(call objs,$1,$(GEN_C) $(KERNEL_GEN)))
$(call archive,build/$1/libruntime.a,$(call objs,$1,$(RUNTIME_C)))
$(call archive,build/$1/libsupport.a,$(call objs,$1,$(SUPPORT_C) $(GEN_TEST_C)))
$(call archive,build/$1/librandom.a,$(call objs,$1,$(RANDOM_C)))
endef
$(foreach v,host host-asan host-gcc host-fuzz,$(eval $(call libraries,$v)))
LIBS_OF = build/$1/libkernel.a build/$1/libmanager.a build/$1/liblib.a build/$1/libgen.a

# Tools link no more than they need, so that those that a first `make run` needs are soon there.
define tool
$(call host_program,build/$1/tools/$2,$1,$(call objs,$1,$(call c_in,tools/$2) \
    $(TOOL_ALSO_$2)),$(patsubst %,build/$1/lib%.a,$(TOOL_LIBS_$2) lib state))
endef
$(foreach t,$(filter-out capnpc-c,$(TOOLS)),$(eval $(call tool,host,$t)))
$(foreach t,$(TOOLS),$(eval $(call tool,host-gcc,$t)))
HOST_TOOLS := $(TOOLS:%=build/host/tools/%)
# After a run: what its logs say.
RUN_TOOLS  := $(addprefix build/host/tools/,authority ringtap)
GCC_TOOLS  := $(TOOLS:%=build/host-gcc/tools/%)

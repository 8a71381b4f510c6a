# SPDX-License-Identifier: Apache-2.0
# The functions that the other files build with. Nothing here names a folder of the project.

# $(call objs,variant,sources): the objects of sources, generated ones included.
objs = $(patsubst %,build/$1/obj/%.o,$(patsubst build/gen/%,gen/%,$2))

# $(call remember,file,words): write words to file if it says something else. Outputs depend on
# such files, so they are made again when flags change or a source disappears.
remember = $(if $(call differ,$(strip $2),$(strip $(file <$1))),$(call write,$1,$(strip $2)))
differ   = $(subst x$1y,,x$2y)$(subst x$2y,,x$1y)
write    = $(shell mkdir -p $(dir $1))$(file >$1,$2)

# $(call variant,name,order-only prerequisites): how a variant compiles C and assembler.
define variant
$(call remember,build/$1/flags,$(CC_$1) $(CFLAGS_$1) $(LDFLAGS_$1) $(linked_alone))
build/$1/obj/%.c.o: %.c build/$1/flags | $2
	$$(call say,CC,$$< [$1])
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC_$1) $(CFLAGS_$1) $$(if $$(filter $(linked_alone),$$<),-fno-lto) -MMD -MP -c $$< -o $$@
build/$1/obj/gen/%.c.o: build/gen/%.c build/$1/flags | $2
	$$(call say,CC,$$< [$1])
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC_$1) $(CFLAGS_$1) -MMD -MP -c $$< -o $$@
build/$1/obj/%.S.o: %.S build/$1/flags | $2
	$$(call say,AS,$$< [$1])
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC_$1) $(CFLAGS_$1) -MMD -MP -c $$< -o $$@
endef

# $(call archive,path,objects)
define archive
$(call remember,$1.list,$2)
$1: $2 $1.list
	$$(call say,AR,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)rm -f $$@ && $(AR) rcsD $$@ $2
endef

# $(call host_program,path,variant,objects,archives and libraries)
define host_program
$(call remember,$1.list,$3)
$1: $3 $(filter build/%,$4) $1.list build/$2/flags
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC_$2) $(LDFLAGS_$2) -o $$@ $3 -Wl,--start-group $4 -Wl,--end-group $5
endef

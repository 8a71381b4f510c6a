# SPDX-License-Identifier: Apache-2.0
# What programs around the shell are made of besides their sources: the list of all schemas as data,
# which system/schemas hands out, and the scripts that programs/typist types.

SCHEMAS_LIST_C := build/schemas/list.c
PROGRAM_ALSO_schemas := $(SCHEMAS_LIST_C)

$(call remember,build/schemas/names,$(SCHEMAS))
$(SCHEMAS_LIST_C): $(SCHEMAS) build/schemas/names mk/shell.mk
	$(call say,LIST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed -n 's/^@0x\([0-9a-f]\{16\}\);.*/\1/p' $(SCHEMAS) | { \
	    printf '// SPDX-License-Identifier: Apache-2.0\n#include "lib/capnp/schema.h"\n'; \
	    ids=$$(cat); \
	    for id in $$ids; do printf 'extern const struct capnp_schema capnp_schema_%s;\n' $$id; \
	    done; \
	    printf 'extern const struct capnp_schema *const schemas_list[];\n'; \
	    printf 'extern const uint32_t schemas_count;\n'; \
	    printf 'const struct capnp_schema *const schemas_list[] = {\n'; \
	    for id in $$ids; do printf '    &capnp_schema_%s,\n' $$id; done; \
	    printf '};\nconst uint32_t schemas_count = sizeof schemas_list / sizeof schemas_list[0];\n'; \
	    } > $@

TYPIST_SCRIPTS := $(sort $(wildcard programs/typist/scripts/*.typed))
TYPIST_SCRIPTS_C := build/typist/scripts.c
PROGRAM_ALSO_typist := $(TYPIST_SCRIPTS_C)

$(call remember,build/typist/names,$(TYPIST_SCRIPTS))
$(TYPIST_SCRIPTS_C): $(TYPIST_SCRIPTS) build/typist/names mk/shell.mk
	$(call say,SCRIPTS,$@)
	$(Q)mkdir -p $(@D)
	$(Q){ printf '// SPDX-License-Identifier: Apache-2.0\n#include <stdint.h>\n'; \
	    printf 'extern const struct typist_script { const char *name, *text; } typist_scripts[];\n'; \
	    printf 'extern const uint32_t typist_script_count;\n'; \
	    printf 'const struct typist_script typist_scripts[] = {\n'; \
	    for f in $(TYPIST_SCRIPTS); do n=$${f##*/}; printf '{"%s",\n' "$${n%.typed}"; \
	        sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' "$$f"; printf '},\n'; done; \
	    printf '};\nconst uint32_t typist_script_count ='; \
	    printf ' sizeof typist_scripts / sizeof typist_scripts[0];\n'; } > $@

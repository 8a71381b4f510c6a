# SPDX-License-Identifier: Apache-2.0
# The interface reference, made from the schemas: build/docs/interfaces/index.{md,html}; and what
# tools/pages makes its parts of pages from.

DOCS := build/docs/interfaces

$(call remember,$(DOCS).list,$(SCHEMAS))
$(DOCS)/index.html: $(SCHEMAS) build/host/tools/capnp-docs $(DOCS).list
	$(call say,DOCS,$(DOCS))
	$(Q)rm -rf $(DOCS) && mkdir -p $(DOCS)
	$(Q)capnp compile --src-prefix=abi -Iabi/schema -Itools/capnpc-c \
	    -o $(CURDIR)/build/host/tools/capnp-docs:$(DOCS) $(SCHEMAS)

PAGES_NEED := build/sim/tessera-sim build/sim/tour.pkg build/sim/first-call.pkg \
              build/host/tools/authority

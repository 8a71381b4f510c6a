# SPDX-License-Identifier: Apache-2.0
# What threads share, under the thread sanitizer: built whole, since it must see every access.

THREADS_TEST := build/host-tsan/runtime/park_threads_test
$(THREADS_TEST): runtime/test/park_threads_test.c runtime/park.c runtime/park.h mk/threads.mk
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(hosted) $(here) -O1 -g -fsanitize=thread -fuse-ld=lld -o $@ \
	    $(filter %.c,$^) -lcmocka

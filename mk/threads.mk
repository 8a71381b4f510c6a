# SPDX-License-Identifier: Apache-2.0
# What threads share, under the thread sanitizer: built whole, since it must see every access.

THREADS_TEST := build/host-tsan/runtime/threads_test
$(THREADS_TEST): runtime/test/threads_test.c runtime/park.c runtime/heap.c runtime/heap_source.c \
                 runtime/stream.c $(wildcard runtime/*.h) mk/threads.mk | build/gen/stamp
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(hosted) $(here) -O1 -g -fsanitize=thread -ffunction-sections \
	    -fuse-ld=lld -Wl,--gc-sections -o $@ $(filter %.c,$^) -lcmocka

# SPDX-License-Identifier: Apache-2.0
# The tools by name, the flags of every variant, and how commands are shown.
#
# A variant is one way to compile: the same source becomes build/<variant>/obj/<source>.o in each.

CLANG   := clang-14
GCC     := gcc-12
LLD     := ld.lld-14
AR      := llvm-ar-14
NM      := llvm-nm-14
PYTHON  := /usr/bin/python3

# V=1 shows whole commands; otherwise each is one line such as `CC      kernel/main.c`.
V ?= 0
Q := $(if $(filter 1,$V),,@)
say = @printf '%-7s %s\n' '$1' '$2'

warnings := -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wundef
# No path of this machine reaches an output, so that two builds are equal bit for bit.
common   := -std=c17 -I. -Ibuild/gen $(warnings) -ffile-prefix-map=$(CURDIR)=. \
            -fno-omit-frame-pointer
# The assembler of clang needs telling apart.
here     := -ffile-compilation-dir=.
freestanding := $(common) $(here) -O2 -g -ffreestanding -nostdlibinc \
            -isystem lib/freestanding -fno-stack-protector \
            -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all
bare     := --target=x86_64-none-elf

# Hosted: unit tests, host tools, the simulator. They may use POSIX; what needs more says so itself.
hosted          := $(common) -D_POSIX_C_SOURCE=200809L
CC_host         := $(CLANG)
CFLAGS_host     := $(hosted) $(here) -O2 -g
LDFLAGS_host    := -fuse-ld=lld -Wl,--build-id=none
CC_host-asan    := $(CLANG)
CFLAGS_host-asan  := $(hosted) $(here) -O1 -g $(sanitize)
LDFLAGS_host-asan := -fuse-ld=lld -Wl,--build-id=none $(sanitize)
CC_host-gcc     := $(GCC)
# gcc in its ISO mode has no address spaces: where the first CPU's record is by GS, it says so.
CFLAGS_host-gcc := $(hosted) -O2 -g -Wno-attributes
LDFLAGS_host-gcc := -Wl,--build-id=none
CC_host-fuzz    := $(CLANG)
# The function that libFuzzer calls is declared nowhere.
CFLAGS_host-fuzz  := $(hosted) $(here) -O1 -g -fsanitize=fuzzer-no-link $(sanitize) \
                     -Wno-missing-prototypes
LDFLAGS_host-fuzz := -fuse-ld=lld -Wl,--build-id=none $(sanitize)
# Only compiled, never run: gcov's notes say which lines carry code (make budget).
CC_host-cov     := $(GCC)
CFLAGS_host-cov := $(hosted) -O0 -g --coverage
# What must exist before generated code can: the schema compiler and what it links.
CC_host-first   := $(CC_host)
CFLAGS_host-first := $(CFLAGS_host)

# The kernel of x86_64, the programs of x86_64, the programs of the simulator.
CC_x86_64       := $(CLANG) $(bare)
CFLAGS_x86_64   := $(freestanding) -flto -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic
LDFLAGS_x86_64  := --lto-O3 -static -z max-page-size=4096 -z noexecstack --gc-sections \
                   --build-id=none
# Only compiled, never run: machine code, whose symbol tables say which data is constant.
CC_x86_64-core  := $(CC_x86_64)
CFLAGS_x86_64-core := $(filter-out -flto,$(CFLAGS_x86_64))
# Programs are linked as a whole, but for what runs before a program's addresses are in place and
# what the compiler itself may call.
linked_alone    := runtime/start.c lib/string/string.c
CC_x86_64-user  := $(CLANG) $(bare)
CFLAGS_x86_64-user  := $(freestanding) -flto -fpie -fomit-frame-pointer
user_link       := -pie --no-dynamic-linker -z text -z noexecstack -z separate-code -e _start \
                   --gc-sections --build-id=none
LDFLAGS_x86_64-user := --lto-O3 $(user_link)
CC_sim-user     := $(CLANG)
# Every basic block says so: runtime/sim/compute.S.
CFLAGS_sim-user := $(freestanding) -flto -fpie -fomit-frame-pointer \
                   -fsanitize-coverage=bb,no-prune,trace-pc
LDFLAGS_sim-user := --lto-O2 $(user_link)

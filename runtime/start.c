// SPDX-License-Identifier: Apache-2.0
//
// Where a process begins. Programs are position-independent, and the first one of a machine comes
// without a loader: the first thing that runs adds the base address to the words that hold
// addresses. Until that is done, nothing here may depend on such a word: no pointer tables, no jump
// tables, no data of other files; every symbol it uses is reached relative to the program counter.
// Where a loader has done it already, all is as it should be and nothing is written: some of these
// words are read-only by then. Any other relocation is a mistake of the build: the process traps.
//
// A program that is linked to fixed addresses has no such words.
//
// Formats: those of runtime/loader/elf.h.

#include "abi/start.h"
#include "runtime/loader/elf.h"
#include "runtime/thread.h"

enum { TAGS = DT_RELR + 1 };

#pragma GCC visibility push(hidden)
extern const struct elf_header __ehdr_start;
_Noreturn void _start(struct start *start);
// Where entering the kernel is a call, whom tsr_enter calls.
extern uint64_t tsr_kernel_enter;
#pragma GCC visibility pop

uint64_t tsr_kernel_enter;

static inline void relocate_table(const uint64_t *tags, uint64_t base, uint32_t table,
                                  uint32_t bytes)
{
    const struct elf_rela *at = (const struct elf_rela *)(base + tags[table]);
    for (uint64_t left = tags[bytes] / sizeof(*at); left > 0; left--, at++) {
        uint64_t *word = (uint64_t *)(base + at->r_offset);
        uint64_t value = base + at->r_addend;
        if (at->r_type != R_X86_64_RELATIVE) {
            __builtin_trap();
        }
        if (*word != value) {
            *word = value;
        }
    }
}

// Programs that can be moved are linked at 0, so their base is where they begin.
static inline void relocate(uint64_t base, const struct elf_dynamic *dynamic)
{
    uint64_t tags[TAGS];
    for (uint32_t i = 0; i < TAGS; i++) {
        tags[i] = 0;
    }
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag < TAGS) {
            tags[dynamic->d_tag] = dynamic->d_val;
        }
    }
    if (tags[DT_REL] != 0 || tags[DT_TEXTREL] != 0 || tags[DT_RELR] != 0) {
        __builtin_trap();
    }
    relocate_table(tags, base, DT_RELA, DT_RELASZ);
    relocate_table(tags, base, DT_JMPREL, DT_PLTRELSZ);
}

_Noreturn void _start(struct start *start)
{
    uint64_t base = (uint64_t)&__ehdr_start;
    const struct elf_program_header *at =
        (const struct elf_program_header *)(base + __ehdr_start.e_phoff);
    for (uint32_t left = __ehdr_start.e_phnum; left > 0; left--, at++) {
        if (at->p_type == PT_DYNAMIC) {
            relocate(base, (const struct elf_dynamic *)(base + at->p_vaddr));
        }
    }
    tsr_kernel_enter = start->kernel_enter;
    tsr_process_run(start);
}

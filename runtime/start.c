// SPDX-License-Identifier: Apache-2.0
//
// Where a process begins. Programs are position-independent and come without a loader: the first
// thing that runs adds the base address to the words that hold addresses. Until that is done,
// nothing here may depend on such a word: no pointer tables, no jump tables, no data of other
// files; every symbol it uses is reached relative to the program counter.
//
// Where entering the kernel is a call (the simulator), one symbol is undefined, and its address is
// in struct start. Any other relocation is a mistake of the build: the process traps.
//
// Formats: ELF gABI chapter 5 (dynamic section), System V ABI for x86-64 (relocation types).

#include "runtime/thread.h"

enum {
    TAG_END = 0,
    TAG_PLT_BYTES = 2,
    TAG_STRINGS = 5,
    TAG_SYMBOLS = 6,
    TAG_RELA = 7,
    TAG_RELA_BYTES = 8,
    TAG_REL = 17,
    TAG_TEXT_RELOCATIONS = 22,
    TAG_PLT = 23,
    TAG_RELR = 36,
    TAGS = 37,
    TYPE_GLOBAL_DATA = 6,
    TYPE_JUMP_SLOT = 7,
    TYPE_RELATIVE = 8,
};

struct elf_dynamic {
    uint64_t tag;
    uint64_t value;
};

struct elf_relocation {
    uint64_t offset;
    uint32_t type;
    uint32_t symbol;
    uint64_t addend;
};

struct elf_symbol {
    uint32_t name;
    uint8_t info;
    uint8_t other;
    uint16_t section; // 0: undefined here
    uint64_t value;
    uint64_t size;
};

#pragma GCC visibility push(hidden)
extern const uint8_t __ehdr_start[];
extern const struct elf_dynamic _DYNAMIC[];
_Noreturn void _start(struct start *start);
#pragma GCC visibility pop

static inline bool is_kernel_enter(const uint64_t *tags, uint64_t base, uint32_t number)
{
    const struct elf_symbol *symbol =
        (const struct elf_symbol *)(base + tags[TAG_SYMBOLS]) + number;
    const char *name = (const char *)(base + tags[TAG_STRINGS]) + symbol->name;
    const char *expected = "tessera_kernel_enter";
    while (*name != 0 && *name == *expected) {
        name++;
        expected++;
    }
    return symbol->section == 0 && *name == *expected;
}

static inline void relocate_table(const struct start *start, const uint64_t *tags, uint64_t base,
                                  uint32_t table, uint32_t bytes)
{
    const struct elf_relocation *at = (const struct elf_relocation *)(base + tags[table]);
    for (uint64_t left = tags[bytes] / sizeof(*at); left > 0; left--, at++) {
        uint64_t *word = (uint64_t *)(base + at->offset);
        if (at->type == TYPE_RELATIVE) {
            *word = base + at->addend;
        } else if ((at->type == TYPE_GLOBAL_DATA || at->type == TYPE_JUMP_SLOT) &&
                   start->kernel_enter != 0 && is_kernel_enter(tags, base, at->symbol)) {
            *word = start->kernel_enter;
        } else {
            __builtin_trap();
        }
    }
}

_Noreturn void _start(struct start *start)
{
    uint64_t base = (uint64_t)__ehdr_start; // programs are linked at 0
    uint64_t tags[TAGS];
    for (uint32_t i = 0; i < TAGS; i++) {
        tags[i] = 0;
    }
    for (const struct elf_dynamic *at = _DYNAMIC; at->tag != TAG_END; at++) {
        if (at->tag < TAGS) {
            tags[at->tag] = at->value;
        }
    }
    if (tags[TAG_REL] != 0 || tags[TAG_TEXT_RELOCATIONS] != 0 || tags[TAG_RELR] != 0) {
        __builtin_trap();
    }
    relocate_table(start, tags, base, TAG_RELA, TAG_RELA_BYTES);
    relocate_table(start, tags, base, TAG_PLT, TAG_PLT_BYTES);
    tsr_process_run(start);
}

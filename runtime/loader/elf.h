// SPDX-License-Identifier: Apache-2.0
//
// The parts of ELF64 that a loader reads, by the names that the specifications give them, so that
// they can be looked up there. Little-endian; a file's structures may stand at any byte, so they
// are copied out before they are read.
//
// Specifications: System V ABI (gABI), "Object Files" (ELF header), "Program Loading and Dynamic
// Linking" (program header, dynamic section, and DT_RELR under "Relocation"); System V ABI, AMD64
// supplement (psABI), sections 4.1 (machine), 4.4 (relocation types), 5.1 (alignment). PT_GNU_STACK
// and PT_GNU_RELRO: Linux Standard Base Core, "Program Header".
#ifndef RUNTIME_LOADER_ELF_H
#define RUNTIME_LOADER_ELF_H

#include <assert.h>
#include <stdint.h>

struct elf_header {
    uint8_t e_ident[16];
    uint16_t e_type;
    uint16_t e_machine;
    uint32_t e_version;
    uint64_t e_entry;
    uint64_t e_phoff;
    uint64_t e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize;
    uint16_t e_phentsize;
    uint16_t e_phnum;
    uint16_t e_shentsize;
    uint16_t e_shnum;
    uint16_t e_shstrndx;
};

struct elf_program_header {
    uint32_t p_type;
    uint32_t p_flags;
    uint64_t p_offset;
    uint64_t p_vaddr;
    uint64_t p_paddr;
    uint64_t p_filesz;
    uint64_t p_memsz;
    uint64_t p_align;
};

struct elf_dynamic {
    uint64_t d_tag;
    uint64_t d_val;
};

struct elf_rela {
    uint64_t r_offset;
    uint32_t r_type; // the lower half of r_info
    uint32_t r_sym;
    uint64_t r_addend;
};

static_assert(sizeof(struct elf_header) == 64, "as the specification has it");
static_assert(sizeof(struct elf_program_header) == 56, "as the specification has it");
static_assert(sizeof(struct elf_dynamic) == 16, "as the specification has it");
static_assert(sizeof(struct elf_rela) == 24, "as the specification has it");

enum {
    EI_CLASS = 4,
    EI_DATA = 5,
    EI_VERSION = 6,
    EI_OSABI = 7,
    ELFCLASS64 = 2,
    ELFDATA2LSB = 1,
    EV_CURRENT = 1,
    ELFOSABI_NONE = 0,
    ELFOSABI_GNU = 3,
    ET_EXEC = 2,
    ET_DYN = 3,
    EM_X86_64 = 62,
};

static const uint32_t ELF_MAGIC = 0x464c457f; // the first four bytes of e_ident

enum {
    PT_LOAD = 1,
    PT_DYNAMIC = 2,
    PT_INTERP = 3,
    PT_TLS = 7,
    PT_GNU_STACK = 0x6474e551,
    PT_GNU_RELRO = 0x6474e552,
    PF_X = 1,
    PF_W = 2,
    PF_R = 4,
};

enum {
    DT_NULL = 0,
    DT_NEEDED = 1,
    DT_PLTRELSZ = 2,
    DT_RELA = 7,
    DT_RELASZ = 8,
    DT_RELAENT = 9,
    DT_REL = 17,
    DT_PLTREL = 20,
    DT_TEXTREL = 22,
    DT_JMPREL = 23,
    DT_FLAGS = 30,
    DT_RELRSZ = 35,
    DT_RELR = 36,
    DT_RELRENT = 37,
    DF_TEXTREL = 4,
};

enum {
    R_X86_64_RELATIVE = 8,
};

#endif

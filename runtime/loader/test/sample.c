// SPDX-License-Identifier: Apache-2.0
//
// Constants and tables in the first page, text in the second, data from the third on, whose first
// page becomes read-only. The image is linked at 0.
#include <stddef.h>
#include <string.h>

#include "runtime/loader/test/sample.h"

enum { PAGE = 4096 };

static_assert(sizeof(struct sample) == SAMPLE_ROOM, "no holes");
static_assert(offsetof(struct sample, relas) == 0x400, "as the constants say");
static_assert(offsetof(struct sample, text) == 0x1000, "as the headers say");
static_assert(offsetof(struct sample, template) == SAMPLE_TEMPLATE, "as the headers say");
static_assert(offsetof(struct sample, dynamic) == 0x2200, "as the headers say");

static struct elf_program_header piece(uint32_t type, uint32_t flags, uint64_t at, uint64_t filesz,
                                       uint64_t memsz, uint64_t align)
{
    return (struct elf_program_header){type, flags, at, at, at, filesz, memsz, align};
}

static void headers_make(struct sample *sample)
{
    struct elf_program_header *headers = sample->headers;
    headers[SAMPLE_CONSTANTS] = piece(PT_LOAD, PF_R, 0, 0x1000, 0x1000, PAGE);
    headers[SAMPLE_TEXT] = piece(PT_LOAD, PF_R | PF_X, 0x1000, 0x123, 0x123, PAGE);
    headers[SAMPLE_DATA] = piece(PT_LOAD, PF_R | PF_W, 0x2000, 0x600, 0x1800, PAGE);
    headers[SAMPLE_TLS] =
        piece(PT_TLS, PF_R, SAMPLE_TEMPLATE, SAMPLE_TEMPLATE_FILE, SAMPLE_TEMPLATE_MEMORY, 64);
    headers[SAMPLE_DYNAMIC] =
        piece(PT_DYNAMIC, PF_R | PF_W, 0x2200, sizeof sample->dynamic, sizeof sample->dynamic, 8);
    headers[SAMPLE_STACK] = piece(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0);
    headers[SAMPLE_RELRO] = piece(PT_GNU_RELRO, PF_R, 0x2000, 0x600, 0x1000, 1);
}

static void tables_make(struct sample *sample)
{
    sample->relas[0] = (struct elf_rela){0x2008, R_X86_64_RELATIVE, 0, 0x1010};
    sample->relas[1] = (struct elf_rela){SAMPLE_TEMPLATE + 8, R_X86_64_RELATIVE, 0, 0x1020};
    sample->relas[2] = (struct elf_rela){SAMPLE_TEMPLATE + 32, R_X86_64_RELATIVE, 0, 0x1030};
    sample->plts[0] = (struct elf_rela){0x37f8, R_X86_64_RELATIVE, 0, 0x1040}; // zeros, to the end
    sample->relrs[0] = 0x2010;
    sample->relrs[1] = 1 | 1ull << 1 | 1ull << 63; // 0x2018 and the 63rd word from there
    sample->relrs[2] = 1 | 1ull << 2;              // the second word behind those 63
    sample->data[0x10 / 8] = 0x2000;
    sample->data[0x18 / 8] = 0x2008;
    const struct elf_dynamic dynamic[SAMPLE_TAGS] = {
        [SAMPLE_RELA] = {DT_RELA, offsetof(struct sample, relas)},
        [SAMPLE_RELASZ] = {DT_RELASZ, sizeof sample->relas},
        [SAMPLE_RELAENT] = {DT_RELAENT, sizeof(struct elf_rela)},
        [SAMPLE_RELR] = {DT_RELR, offsetof(struct sample, relrs)},
        [SAMPLE_RELRSZ] = {DT_RELRSZ, sizeof sample->relrs},
        [SAMPLE_RELRENT] = {DT_RELRENT, sizeof(uint64_t)},
        [SAMPLE_JMPREL] = {DT_JMPREL, offsetof(struct sample, plts)},
        [SAMPLE_PLTRELSZ] = {DT_PLTRELSZ, sizeof sample->plts},
        [SAMPLE_PLTREL] = {DT_PLTREL, DT_RELA},
        [SAMPLE_FLAGS] = {DT_FLAGS, 0},
        [SAMPLE_SONAME] = {14, 0x1234},
        [SAMPLE_NULL] = {DT_NULL, 0},
    };
    memcpy(sample->dynamic, dynamic, sizeof dynamic);
}

void sample_make(struct sample *sample)
{
    for (uint32_t i = 0; i < sizeof *sample; i++) {
        ((uint8_t *)sample)[i] = (uint8_t)(i * 7 + i / 256 + 1);
    }
    static const uint8_t ident[16] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
    sample->header = (struct elf_header){.e_type = ET_DYN,
                                         .e_machine = EM_X86_64,
                                         .e_version = EV_CURRENT,
                                         .e_entry = 0x1010,
                                         .e_phoff = sizeof(struct elf_header),
                                         .e_ehsize = sizeof(struct elf_header),
                                         .e_phentsize = sizeof(struct elf_program_header),
                                         .e_phnum = SAMPLE_HEADERS};
    memcpy(sample->header.e_ident, ident, sizeof ident);
    headers_make(sample);
    tables_make(sample);
}

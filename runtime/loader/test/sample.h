// SPDX-License-Identifier: Apache-2.0
//
// A small file that a loader accepts, made by hand so that each of its numbers is known, to be
// spoilt in one place after the other.
#ifndef RUNTIME_LOADER_TEST_SAMPLE_H
#define RUNTIME_LOADER_TEST_SAMPLE_H

#include "runtime/loader/elf.h"
#include "runtime/loader/loader.h"

enum sample_header {
    SAMPLE_CONSTANTS,
    SAMPLE_TEXT,
    SAMPLE_DATA,
    SAMPLE_TLS,
    SAMPLE_DYNAMIC,
    SAMPLE_STACK,
    SAMPLE_RELRO,
    SAMPLE_HEADERS,
};

enum sample_tag {
    SAMPLE_RELA,
    SAMPLE_RELASZ,
    SAMPLE_RELAENT,
    SAMPLE_RELR,
    SAMPLE_RELRSZ,
    SAMPLE_RELRENT,
    SAMPLE_JMPREL,
    SAMPLE_PLTRELSZ,
    SAMPLE_PLTREL,
    SAMPLE_FLAGS,
    SAMPLE_SONAME, // for dynamic linkers, of no meaning here
    SAMPLE_NULL,
    SAMPLE_TAGS,
};

enum {
    SAMPLE_SIZE = 0x2600,
    SAMPLE_ROOM = 0x3000, // bytes that tests may use
    SAMPLE_RELAS = 3,
    SAMPLE_RELRS = 3,
    SAMPLE_PLTS = 1,
    SAMPLE_RELOCATIONS = SAMPLE_RELAS + 1 + 3 + SAMPLE_PLTS,
    SAMPLE_SPAN = 0x4000,      // bytes of the image
    SAMPLE_TEMPLATE = 0x2100,  // address
    SAMPLE_TEMPLATE_FILE = 36, // bytes in the file: the last word's relocation reaches beyond
    SAMPLE_TEMPLATE_MEMORY = 0x58,
    SAMPLE_MEMORY = 0x2000 + 65536 + 4096, // data, stack of image_options(), thread's block
};

// All of it, so that a test changes fields by name.
struct sample {
    struct elf_header header;
    struct elf_program_header headers[SAMPLE_HEADERS];
    uint8_t
        gap[0x400 - sizeof(struct elf_header) - SAMPLE_HEADERS * sizeof(struct elf_program_header)];
    struct elf_rela relas[SAMPLE_RELAS]; // 0x400
    struct elf_rela plts[SAMPLE_PLTS];
    uint64_t relrs[SAMPLE_RELRS];
    uint8_t constants[0x1000 - 0x400 - (SAMPLE_RELAS + SAMPLE_PLTS) * sizeof(struct elf_rela) -
                      SAMPLE_RELRS * sizeof(uint64_t)];
    uint8_t text[0x1000];
    uint64_t data[0x100 / 8]; // 0x2000
    uint64_t template[0x100 / 8];
    struct elf_dynamic dynamic[SAMPLE_TAGS]; // 0x2200
    uint8_t more[SAMPLE_SIZE - 0x2200 - SAMPLE_TAGS * sizeof(struct elf_dynamic)];
    uint8_t behind[SAMPLE_ROOM - SAMPLE_SIZE];
};

void sample_make(struct sample *sample);

static inline struct loader_file sample_file(const struct sample *sample)
{
    return (struct loader_file){(const uint8_t *)sample, SAMPLE_SIZE};
}

#endif

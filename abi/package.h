// SPDX-License-Identifier: Apache-2.0
//
// The boot package: the manifest and the programs that a machine starts with, as one file that
// tools/mkimage writes. It has two parts, in whole pages, each of which states its own hash:
//
//     header | text | data || table | blob | blob ...
//
// The first part is for the machine: the program that the kernel starts, which knows no program
// format but this one. Text is mapped from the package itself, and data is where memory of the
// program's own begins. The second part is for programs, which get it as a memory object: the
// manifest, programs as ELF files, which runtime/loader knows, and scripts. No byte of a package is
// outside of every hash.
#ifndef ABI_PACKAGE_H
#define ABI_PACKAGE_H

#include <assert.h>
#include <stdint.h>

#include "abi/ids.h"

enum {
    PACKAGE_VERSION = 2,
    PACKAGE_IMAGE_PAGES_MAX = 900, // of the first program, from LAYOUT_IMAGE on
    PACKAGE_ENTRIES_MAX = 32,
};

static const uint64_t PACKAGE_MAGIC = 0x31474b5041535354; // "TSSAPKG1", little-endian

// --- The first program --------------------------------------------------------------------------

struct package_header {
    uint8_t sha256[32]; // of what follows, up to the end of the data
    uint64_t magic;
    uint32_t version;
    uint32_t pages;        // of the whole package
    uint32_t text_pages;   // from LAYOUT_IMAGE on, to be read and executed
    uint32_t data_pages;   // behind them, copied to the first of ...
    uint32_t memory_pages; // ... so many, to be read and written; at least one
    uint32_t entry;        // first instruction, in bytes from LAYOUT_IMAGE
};

// --- What it starts -----------------------------------------------------------------------------

enum package_kind {
    PACKAGE_MANIFEST = 1,  // BootManifest of boot.capnp, one segment without framing; exactly one
    PACKAGE_ELF = 2,       // a program as the linker made it
    PACKAGE_ELF_FIXED = 3, // ... at addresses that are no secret: those that tools/elf-plan says
    PACKAGE_SCRIPT = 4,    // text for a shell
};

struct package_entry {
    char name[NAME_SIZE]; // ends with NUL; unique
    uint32_t kind;
    uint32_t reserved;
    uint64_t offset;    // bytes from the start of the table; a multiple of PAGE_SIZE
    uint64_t size;      // bytes of the blob
    uint8_t sha256[32]; // of the blob's pages
};

struct package_table {
    uint8_t sha256[32]; // of what follows, up to the end of the page
    uint32_t version;
    uint32_t entry_count;
    char first[NAME_SIZE]; // the first program's name, which no entry has; ends with NUL
    struct package_entry entries[PACKAGE_ENTRIES_MAX];
};

static_assert(sizeof(struct package_header) == 64, "one cache line");
static_assert(sizeof(struct package_entry) == 88, "eleven words");
static_assert(sizeof(struct package_table) <= PAGE_SIZE, "it fits into a page");

#endif

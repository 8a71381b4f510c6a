// SPDX-License-Identifier: Apache-2.0
//
// The boot package: the manifest and the programs that a machine starts with, as one file that
// tools/mkimage writes and the kernel checks. A header, the table of entries, then the blobs, each
// at a page boundary, so that text is mapped from the package itself. A program is a blob with
// prepared segments: each starts at a page of the blob and at a page of the process. The kernel
// knows no program format but this one, and starts the first program alone; the others may be ELF
// files, which runtime/loader knows.
#ifndef ABI_PACKAGE_H
#define ABI_PACKAGE_H

#include <assert.h>
#include <stdint.h>

#include "abi/ids.h"

enum {
    PACKAGE_VERSION = 1,
    PACKAGE_ENTRIES_MAX = 21, // header and table fill one page at most
    PACKAGE_SEGMENTS_MAX = 4,
};

static const uint64_t PACKAGE_MAGIC = 0x31474b5041535354; // "TSSAPKG1", little-endian

enum package_kind {
    PACKAGE_MANIFEST = 1, // BootManifest of boot.capnp, one segment without framing; exactly one
    PACKAGE_PROGRAM = 2,  // prepared segments
    PACKAGE_ELF = 3,      // a program as the linker made it: for loaders in user space
};

struct package_segment {
    uint32_t blob_page;    // first page of its bytes, from the blob's first
    uint32_t page;         // where it is mapped, in pages from LAYOUT_IMAGE
    uint32_t file_bytes;   // bytes in the blob, from the start of blob_page; the rest is zero
    uint32_t memory_bytes; // bytes in the process, from the start of page
    uint32_t rights;       // enum memory_right
    uint32_t reserved;
};

struct package_entry {
    char name[NAME_SIZE]; // ends with NUL; unique
    uint32_t kind;
    uint32_t segment_count;
    uint64_t offset;    // bytes from the start of the package; a multiple of PAGE_SIZE
    uint64_t size;      // bytes of the blob
    uint64_t entry;     // PROGRAM: first instruction, in bytes from LAYOUT_IMAGE
    uint8_t sha256[32]; // of the blob's `size` bytes
    struct package_segment segments[PACKAGE_SEGMENTS_MAX]; // unused ones are zero
};

struct package_header {
    uint64_t magic;
    uint32_t version;
    uint32_t entry_count;
    uint64_t size;      // bytes of the whole package: a multiple of PAGE_SIZE
    uint64_t first;     // index of the program that the kernel starts
    uint8_t sha256[32]; // of the table: entry_count entries
};

static_assert(sizeof(struct package_segment) == 24, "six half words");
static_assert(sizeof(struct package_entry) == 192, "three cache lines");
static_assert(sizeof(struct package_header) == 64, "one cache line");
static_assert(sizeof(struct package_header) + PACKAGE_ENTRIES_MAX * sizeof(struct package_entry) <=
                  PAGE_SIZE,
              "header and table fit into the first page");

#endif

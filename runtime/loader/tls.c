// SPDX-License-Identifier: Apache-2.0
//
// Thread-local storage of a program that is one module, in the layout that x86-64 calls variant II:
//
//            block                        thread pointer (FS base)
//      | ... | variables      | padding? | address of this word | LOADER_TCB_SIZE in all |
//
// The linker has already put each variable's distance from the thread pointer into the code. It is
// offset - memory_size - ((-address - memory_size) mod alignment), where `address` is the
// template's in the file: so the block begins as far below the thread pointer as memory_size,
// rounded up, and each variable is aligned as it was in the file. The word at the thread pointer
// holds its own address, since code that needs the address of a variable cannot ask for the FS
// base.
//
// Specifications: U. Drepper, "ELF Handling For Thread-Local Storage", sections 3 (variant II) and
// 3.4.6 (x86-64: the thread pointer's word); gABI, "Program Loading", PT_TLS; psABI x86-64, 4.4
// (R_X86_64_TPOFF32, which the linker resolves).
#include "runtime/loader/parts.h"

bool loader_tls_describe(struct loader_plan *plan, const struct elf_program_header *header,
                         struct spot spot, struct loader_error *error)
{
    struct loader_tls *tls = &plan->tls;
    uint64_t alignment = header->p_align != 0 ? header->p_align : 1;
    if (!is_power_of_two(alignment) || alignment > LOADER_ALIGNMENT_MAX) {
        return loader_refuse(error, LOADER_FACT_TLS_ALIGNMENT, spot, header->p_align);
    }
    if (header->p_filesz > header->p_memsz) {
        return loader_refuse(error, LOADER_FACT_FILE_LARGER, spot, header->p_filesz);
    }
    const struct loader_segment *segment =
        loader_segment_in_file(plan, header->p_vaddr, header->p_filesz);
    bool is_in_place = segment != NULL &&
                       header->p_offset - segment->file_offset == header->p_vaddr - segment->start;
    // What has no bytes in the file needs no place there.
    if (!is_in_place && header->p_filesz != 0) {
        return loader_refuse(error, LOADER_FACT_TLS_PLACE, spot, header->p_vaddr);
    }
    if (header->p_memsz > UINT64_MAX / 4) {
        return loader_refuse(error, LOADER_FACT_WRAPS, spot, header->p_memsz);
    }
    if (header->p_memsz != 0) {
        tls->template = header->p_vaddr;
        tls->file_size = header->p_filesz;
        tls->memory_size = header->p_memsz;
        tls->alignment = alignment;
    }
    return true;
}

// How far below the thread pointer the block begins.
static uint64_t tls_offset(const struct loader_tls *tls)
{
    return tls->memory_size + ((0 - tls->template - tls->memory_size) & (tls->alignment - 1));
}

uint64_t loader_tls_alignment(const struct loader_tls *tls)
{
    return tls->alignment > PAGE_SIZE ? tls->alignment : PAGE_SIZE;
}

// From the pages' first address, to which the thread pointer's alignment is no stranger.
static uint64_t thread_pointer_offset(const struct loader_tls *tls)
{
    uint64_t alignment = tls->alignment > LOADER_TCB_SIZE ? tls->alignment : LOADER_TCB_SIZE;
    return round_up(tls_offset(tls), alignment);
}

uint64_t loader_tls_size(const struct loader_tls *tls)
{
    return round_up(thread_pointer_offset(tls) + LOADER_TCB_SIZE, PAGE_SIZE);
}

void loader_tls_lay_out(struct loader_tls *tls, struct loader_range pages)
{
    tls->pages = pages;
    tls->thread_pointer = pages.low + thread_pointer_offset(tls);
    tls->block = tls->thread_pointer - tls_offset(tls);
}

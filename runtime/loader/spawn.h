// SPDX-License-Identifier: Apache-2.0
//
// A process of an ELF file: the loader (loader.h) over the address space of a process that is being
// built (runtime/spawn.h). Text and constants are mapped from the file's own memory, the rest is
// memory of the process's job, written through a window in the caller's addresses.
//
//     if (!tsr_build_open(&build, &spawner, job, &exception) ||
//         !loader_build_file(&build, &source, &exception) || ...
//         !tsr_build_start(&build, &process, &exception)) {
//         ... tsr_build_why() says why ...
//         tsr_build_drop(&build);
//     }
//
// What holds:
// - Nothing of the file is believed; a refusal is in build->error, in words in the exception.
// - Nothing of the caller's is in the process. After a success nothing of the process stays mapped
//   in the caller; after a failure nothing stays anywhere, once the build is dropped.
// - The places of image, stack and thread's block follow from build->seed alone.
#ifndef RUNTIME_LOADER_SPAWN_H
#define RUNTIME_LOADER_SPAWN_H

#include "lib/capnp/call.h"
#include "runtime/loader/loader.h"
#include "runtime/spawn.h"

enum {
    LOADER_MEMORY_MAX = 64 << 20, // bytes of its own that a process may begin with
    LOADER_COPY_MAX = 4 << 20,    // bytes of a file that has to be copied
};

// A file whose bytes the caller has mapped, in sealed memory: where, and from which byte on, a
// multiple of the page size.
bool loader_build(struct tsr_build *build, const struct loader_file *file,
                  struct memory_object memory, uint64_t offset, struct capnp_exception *exception);

struct loader_source {
    struct memory_object memory;
    uint64_t offset, size; // bytes
    // Nobody else can revoke `memory`. Else it is never mapped here, since its pages could go while
    // they are read.
    bool is_own;
};

// A file in memory of any kind. Where it is sealed, at a page, and the caller's own, its pages are
// used as they are; else a copy is made, with calls, and sealed.
bool loader_build_file(struct tsr_build *build, const struct loader_source *source,
                       struct capnp_exception *exception);

#endif

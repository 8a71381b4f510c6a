// SPDX-License-Identifier: Apache-2.0
//
// Processes of programs: memory, capabilities under names, a start-info message, a first thread.
//
//     struct tsr_spawner spawner;
//     struct tsr_build build;
//     tsr_spawner_open(&spawner, start, &exception);
//     if (!tsr_build_open(&build, &spawner, job, &exception) ||
//         !tsr_build_load(&build, name, &exception) ||
//         !tsr_build_grant(&build, name, cap, &exception) ||
//         !tsr_build_start(&build, &process, &exception)) {
//         tsr_build_drop(&build); // nothing is left of it
//     }
//
// The kernel knows none of this: it has address spaces, memory, and capabilities by number. A
// program comes from the boot package (tsr_build_load; its blob is checked against its hash at
// first use), or from an ELF file somewhere else (runtime/loader/spawn.h). Whoever maps it in
// another way sets build.entry, build.stack and build.fs_base.
//
// The spawner needs its own address space as `space`, and the boot package as `package`, in its
// CapSet; of the job, makeProcessBuilder, makeMemory and makeThread. From LAYOUT_OWN on, its own
// addresses are this file's.
#ifndef RUNTIME_SPAWN_H
#define RUNTIME_SPAWN_H

#include "abi/ids.h"
#include "abi/package.h"
#include "abi/start.h"
#include "lib/capnp/call.h"
#include "runtime/loader/loader.h"
#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

enum {
    TSR_GRANTS_MAX = 64,
    TSR_INFO_MAX = 512, // bytes of a start-info message
};

struct tsr_spawner {
    const struct start *start;
    struct address_space space;        // its own
    struct memory_object package;      // ... without the first program
    const struct package_table *table; // its first page
    uint64_t size;                     // bytes of it
    uint64_t window;                   // where something is mapped for a moment
    uint32_t verified;                 // entries whose blob had its hash
    uint64_t seed;                     // of what it starts: secret
    uint64_t drawn;                    // numbers from it so far
};

// False: a capability is missing, or the package can't be read.
bool tsr_spawner_open(struct tsr_spawner *spawner, const struct start *start,
                      struct capnp_exception *exception);

// The first entry of some kinds (bit n: enum package_kind n), under a name (size 0: under any),
// whose blob has its hash: mapped at *bytes, until tsr_blob_close.
bool tsr_blob_open(struct tsr_spawner *spawner, uint32_t kinds, struct capnp_text name,
                   const struct package_entry **entry, const uint8_t **bytes,
                   struct capnp_exception *exception);
bool tsr_blob_close(const struct tsr_spawner *spawner, const struct package_entry *entry,
                    struct capnp_exception *exception);

struct tsr_build {
    struct tsr_spawner *spawner;
    struct job job;
    struct process_builder builder;
    struct address_space space;
    uint64_t base;    // where its addresses begin
    uint64_t process; // the number that names it
    // Secret numbers: of its addresses, and of those that it gives others.
    uint64_t seed, own_seed;
    struct loader_error error; // why its ELF file was refused; else LOADER_FACT_NONE
    // Of its first thread: addresses, and what its FS register adds.
    uint64_t entry, stack, fs_base;
    uint32_t info_size;
    _Alignas(8) uint8_t info[TSR_INFO_MAX];
    uint64_t grants;
    struct capset_entry entries[TSR_GRANTS_MAX];
};

// An empty process in a job.
bool tsr_build_open(struct tsr_build *build, struct tsr_spawner *spawner, struct job job,
                    struct capnp_exception *exception);
// The same, of the session of the minter.
bool tsr_build_open_for(struct tsr_build *build, struct tsr_spawner *spawner,
                        struct session_minter session, struct job job,
                        struct capnp_exception *exception);
// A program of the boot package, and a stack.
bool tsr_build_load(struct tsr_build *build, struct capnp_text name,
                    struct capnp_exception *exception);
// The start-info message, at most TSR_INFO_MAX bytes.
bool tsr_build_info(struct tsr_build *build, struct capnp_data info,
                    struct capnp_exception *exception);
// A copy of a capability, under a name of 1 to 31 bytes that no other has.
bool tsr_build_grant(struct tsr_build *build, struct capnp_text name, struct capnp_cap cap,
                     struct capnp_exception *exception);
// Lets it run; nothing is left of the build. False: it is to be dropped.
bool tsr_build_start(struct tsr_build *build, struct process *process,
                     struct capnp_exception *exception);
void tsr_build_drop(struct tsr_build *build);
// Why a step failed: what is wrong with the file, whole, or what the exception says.
void tsr_build_why(const struct tsr_build *build, const struct capnp_exception *exception,
                   struct tsr_line *line);

// All of it for a program of the boot package. False: nothing is left.
struct tsr_grant {
    const char *name;
    uint64_t cap;
};
bool tsr_spawn(struct tsr_spawner *spawner, struct job job, const char *name,
               const struct tsr_grant *grants, uint32_t count, struct capnp_data info,
               struct process *process, struct capnp_exception *exception);

// --- For loaders --------------------------------------------------------------------------------

// The spawner's addresses from LAYOUT_OWN on: the package's table, then a window for a file, then
// one for what is written, then one for a file that is checked ahead.
enum { TSR_BLOB_MAX = 0x8000000 }; // bytes of a file that can be mapped

static inline uint64_t tsr_write_window(const struct tsr_spawner *spawner)
{
    return spawner->window + TSR_BLOB_MAX;
}

// A program's entry whose blob was not checked yet; NULL: there is none.
const struct package_entry *tsr_program_unverified(const struct tsr_spawner *spawner,
                                                   struct capnp_text name);
// It was now: the blob has its hash.
void tsr_blob_is_sound(struct tsr_spawner *spawner, const struct package_entry *entry);

// As many calls as it takes, for whole pages: all of them are mapped, or none. What is unmapped was
// mapped so.
bool tsr_pages_map(struct address_space space, uint64_t address, uint32_t pages, uint32_t rights,
                   struct memory_object memory, uint64_t offset, struct capnp_exception *exception);
bool tsr_pages_unmap(struct address_space space, uint64_t address, uint32_t pages,
                     struct capnp_exception *exception);

#endif

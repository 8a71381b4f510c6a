// SPDX-License-Identifier: Apache-2.0
//
// Processes of programs: see spawn.h. What a process is to have of its own is made, written through
// a window in the spawner's own addresses, and mapped into the process; text is mapped from the
// boot package.
#include "runtime/spawn.h"

#include <string.h>

#include "abi/commit.h"
#include "lib/package/table.h"
#include "lib/sha256/sha256.h"
#include "runtime/loader/spawn.h"
#include "runtime/runtime.h"

enum {
    MAP_PAGES = 512, // of one call
    STACK_PAGES = (LAYOUT_STACK_TOP - LAYOUT_STACK) / PAGE_SIZE,
    RW = RIGHT_READ | RIGHT_WRITE,
};

static bool refuse(struct capnp_exception *exception, enum capnp_exception_type type,
                   enum status fact)
{
    capnp_exception_set(exception, type, 0, NULL);
    exception->status = (int32_t)fact;
    return false;
}

// --- Pages --------------------------------------------------------------------------------------

bool tsr_pages_map(struct address_space space, uint64_t address, uint32_t pages, uint32_t rights,
                   struct memory_object memory, uint64_t offset, struct capnp_exception *exception)
{
    for (uint32_t done = 0; done < pages; done += MAP_PAGES) {
        uint32_t count = pages - done < MAP_PAGES ? pages - done : MAP_PAGES;
        uint64_t from = (uint64_t)done * PAGE_SIZE;
        if (!address_space_map(space, address + from, count, rights, memory, offset + from,
                               exception)) {
            struct capnp_exception ignored;
            tsr_pages_unmap(space, address, done, &ignored);
            return false;
        }
    }
    return true;
}

bool tsr_pages_unmap(struct address_space space, uint64_t address, uint32_t pages,
                     struct capnp_exception *exception)
{
    for (uint32_t done = 0; done < pages; done += MAP_PAGES) {
        if (!address_space_unmap(space, address + (uint64_t)done * PAGE_SIZE, exception)) {
            return false;
        }
    }
    return true;
}

// Memory of the process's own, which begins with these bytes.
static bool pages_give(struct tsr_build *build, uint64_t address, uint32_t pages, uint32_t rights,
                       const void *bytes, uint32_t size, struct capnp_exception *exception)
{
    uint64_t window = tsr_write_window(build->spawner);
    uint32_t written = package_pages(size);
    struct memory_object memory;
    if (!job_make_memory(build->job, pages, &memory, exception)) {
        return false;
    }
    bool is_given = true;
    if (written != 0) {
        is_given = tsr_pages_map(build->spawner->space, window, written, RW, memory, 0, exception);
        if (is_given) {
            memcpy((uint8_t *)window, bytes, size);
            is_given = tsr_pages_unmap(build->spawner->space, window, written, exception);
        }
    }
    is_given = is_given && tsr_pages_map(build->space, build->base + address, pages, rights, memory,
                                         0, exception);
    tsr_release(memory.id);
    return is_given;
}

// --- The boot package ---------------------------------------------------------------------------

static bool table_check(const struct package_table *table, struct capnp_exception *exception)
{
    const char *refusal = package_table_refusal(table);
    if (refusal != NULL) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, refusal);
    }
    return refusal == NULL;
}

bool tsr_spawner_open(struct tsr_spawner *spawner, const struct start *start,
                      struct capnp_exception *exception)
{
    uint64_t own = (uint64_t)start - LAYOUT_START + LAYOUT_OWN;
    bool is_sealed;
    *spawner = (struct tsr_spawner){.start = start,
                                    .window = own + 2 * PAGE_SIZE,
                                    .seed = start->boot_flags >> BOOT_SEED_SHIFT};
    if (!tsr_find(start, "space", ADDRESS_SPACE_INTERFACE_ID, &spawner->space.id) ||
        !tsr_find(start, "package", MEMORY_OBJECT_INTERFACE_ID, &spawner->package.id)) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0,
                            "space or package was not granted");
        return false;
    }
    spawner->table = (const struct package_table *)own;
    return memory_object_info(spawner->package, &spawner->size, &is_sealed, exception) &&
           tsr_pages_map(spawner->space, own, 1, RIGHT_READ, spawner->package, 0, exception) &&
           table_check(spawner->table, exception);
}

static const struct package_entry *entry_find(const struct tsr_spawner *spawner, uint32_t kinds,
                                              struct capnp_text name)
{
    const struct package_entry *entries = spawner->table->entries;
    for (uint32_t i = 0; i < spawner->table->entry_count; i++) {
        const char *found = entries[i].name;
        bool is_named = name.size == 0 || (name.size < NAME_SIZE && found[name.size] == 0 &&
                                           memcmp(found, name.data, name.size) == 0);
        if (entries[i].kind < 32 && (kinds >> entries[i].kind & 1) != 0 && is_named) {
            return &entries[i];
        }
    }
    return NULL;
}

enum { PROGRAM_KINDS = 1U << PACKAGE_ELF | 1U << PACKAGE_ELF_FIXED };

static uint32_t bit_of(const struct tsr_spawner *spawner, const struct package_entry *entry)
{
    return 1U << (entry - spawner->table->entries);
}

static bool entry_is_sound(const struct tsr_spawner *spawner, const struct package_entry *entry)
{
    return package_entry_is_sound(entry, spawner->size) && entry->size <= TSR_BLOB_MAX;
}

void tsr_blob_is_sound(struct tsr_spawner *spawner, const struct package_entry *entry)
{
    spawner->verified |= bit_of(spawner, entry);
}

const struct package_entry *tsr_program_unverified(const struct tsr_spawner *spawner,
                                                   struct capnp_text name)
{
    const struct package_entry *found = entry_find(spawner, PROGRAM_KINDS, name);
    return found != NULL && entry_is_sound(spawner, found) &&
                   (spawner->verified & bit_of(spawner, found)) == 0
               ? found
               : NULL;
}

static bool blob_check(struct tsr_spawner *spawner, const struct package_entry *entry,
                       const uint8_t *bytes)
{
    uint32_t bit = bit_of(spawner, entry);
    if ((spawner->verified & bit) == 0 && package_blob_is_sound(entry, bytes)) {
        tsr_blob_is_sound(spawner, entry);
    }
    return (spawner->verified & bit) != 0;
}

bool tsr_blob_open(struct tsr_spawner *spawner, uint32_t kinds, struct capnp_text name,
                   const struct package_entry **entry, const uint8_t **bytes,
                   struct capnp_exception *exception)
{
    const struct package_entry *found = entry_find(spawner, kinds, name);
    if (found == NULL) {
        return refuse(exception, CAPNP_EXCEPTION_FAILED, STATUS_NAME_UNKNOWN);
    }
    if (!entry_is_sound(spawner, found)) {
        return refuse(exception, CAPNP_EXCEPTION_FAILED, STATUS_PROGRAM_CORRUPT);
    }
    if (!tsr_pages_map(spawner->space, spawner->window, package_pages(found->size), RIGHT_READ,
                       spawner->package, found->offset, exception)) {
        return false;
    }
    *entry = found;
    *bytes = (const uint8_t *)spawner->window;
    if (!blob_check(spawner, found, *bytes)) {
        tsr_blob_close(spawner, found, exception);
        return refuse(exception, CAPNP_EXCEPTION_FAILED, STATUS_PROGRAM_CORRUPT);
    }
    return true;
}

bool tsr_blob_close(const struct tsr_spawner *spawner, const struct package_entry *entry,
                    struct capnp_exception *exception)
{
    return tsr_pages_unmap(spawner->space, spawner->window, package_pages(entry->size), exception);
}

// --- Building -----------------------------------------------------------------------------------

static bool space_open(struct tsr_build *build, struct capnp_exception *exception)
{
    return process_builder_space(build->builder, &build->space, &build->base, &build->process,
                                 exception);
}

// An empty build, with numbers of its own that nobody else can tell.
static void build_init(struct tsr_build *build, struct tsr_spawner *spawner, struct job job)
{
    uint64_t seeds[SHA256_SIZE / sizeof(uint64_t)];
    uint64_t drawn[] = {spawner->seed, spawner->drawn++};
    sha256_of(drawn, sizeof drawn, (uint8_t *)seeds);
    *build =
        (struct tsr_build){.spawner = spawner, .job = job, .seed = seeds[0], .own_seed = seeds[1]};
}

bool tsr_build_open(struct tsr_build *build, struct tsr_spawner *spawner, struct job job,
                    struct capnp_exception *exception)
{
    build_init(build, spawner, job);
    return job_make_process_builder(job, &build->builder, exception) &&
           space_open(build, exception);
}

bool tsr_build_open_for(struct tsr_build *build, struct tsr_spawner *spawner,
                        struct session_minter session, struct job job,
                        struct capnp_exception *exception)
{
    build_init(build, spawner, job);
    return session_minter_make_process_builder(session, job, &build->builder, exception) &&
           space_open(build, exception);
}

bool tsr_build_load(struct tsr_build *build, struct capnp_text name,
                    struct capnp_exception *exception)
{
    const struct package_entry *program;
    const uint8_t *blob;
    if (name.size == 0) {
        return refuse(exception, CAPNP_EXCEPTION_FAILED, STATUS_NAME_UNKNOWN);
    }
    if (!tsr_blob_open(build->spawner, PROGRAM_KINDS, name, &program, &blob, exception)) {
        return false;
    }
    struct loader_file file = {blob, program->size};
    build->seed = program->kind == PACKAGE_ELF_FIXED ? LOADER_SEED_KNOWN : build->seed;
    bool is_loaded =
        loader_build(build, &file, build->spawner->package, program->offset, exception);
    struct capnp_exception ignored;
    bool is_closed = tsr_blob_close(build->spawner, program, is_loaded ? exception : &ignored);
    return is_loaded && is_closed;
}

bool tsr_build_info(struct tsr_build *build, struct capnp_data info,
                    struct capnp_exception *exception)
{
    if (info.size > TSR_INFO_MAX) {
        return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, STATUS_BAD_VALUE);
    }
    memcpy(build->info, info.data, info.size);
    build->info_size = info.size;
    return true;
}

static bool name_is_taken(const struct tsr_build *build, struct capnp_text name)
{
    for (uint64_t i = 0; i < build->grants; i++) {
        if (memcmp(build->entries[i].name, name.data, name.size) == 0 &&
            build->entries[i].name[name.size] == 0) {
            return true;
        }
    }
    return false;
}

static bool name_is_good(struct capnp_text name)
{
    bool is_good = name.size != 0 && name.size < NAME_SIZE;
    for (uint32_t i = 0; is_good && i < name.size; i++) {
        is_good = name.data[i] != 0;
    }
    return is_good;
}

bool tsr_build_grant(struct tsr_build *build, struct capnp_text name, struct capnp_cap cap,
                     struct capnp_exception *exception)
{
    struct capset_entry *entry = &build->entries[build->grants];
    if (!name_is_good(name) || build->grants == TSR_GRANTS_MAX) {
        return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, STATUS_BAD_VALUE);
    }
    if (name_is_taken(build, name)) {
        return refuse(exception, CAPNP_EXCEPTION_FAILED, STATUS_NAME_TAKEN);
    }
    *entry = (struct capset_entry){.cap = 0};
    if (!process_builder_grant(build->builder, cap, &entry->cap, &entry->interface, exception)) {
        return false;
    }
    memcpy(entry->name, name.data, name.size);
    build->grants++;
    return true;
}

// What the first argument of a process leads to.
struct start_page {
    struct start start;
    uint64_t capset[2]; // struct capset: the count, and a reserved word
    struct capset_entry entries[TSR_GRANTS_MAX];
    uint8_t info[TSR_INFO_MAX];
};

static_assert(sizeof(struct start_page) <= PAGE_SIZE, "as its maker maps it");
static_assert(sizeof(struct capset) == sizeof((struct start_page *)NULL)->capset,
              "the entries follow");

static bool start_give(struct tsr_build *build, uint64_t ring, struct capnp_exception *exception)
{
    struct start_page page;
    uint64_t at = build->base + LAYOUT_START;
    page.start = (struct start){.abi_major = ABI_MAJOR,
                                .abi_minor = ABI_MINOR,
                                .ring = ring,
                                .capset = at + offsetof(struct start_page, capset),
                                .process = build->process,
                                .info = at + offsetof(struct start_page, info),
                                .info_size = build->info_size,
                                .kernel_enter = build->spawner->start->kernel_enter,
                                .boot_flags = build->own_seed << BOOT_SEED_SHIFT};
    page.capset[0] = build->grants;
    page.capset[1] = 0;
    memcpy(page.entries, build->entries, sizeof page.entries);
    memcpy(page.info, build->info, sizeof page.info);
    return pages_give(build, LAYOUT_START, 1, RIGHT_READ, &page, sizeof page, exception);
}

bool tsr_build_start(struct tsr_build *build, struct process *process,
                     struct capnp_exception *exception)
{
    struct thread thread;
    uint64_t ring;
    if (!job_make_thread(build->job, build->space, &thread, &ring, exception)) {
        return false;
    }
    bool is_started = (build->fs_base == 0 ||
                       thread_control(thread, build->fs_base, UINT32_MAX, false, exception)) &&
                      start_give(build, ring, exception) &&
                      process_builder_start(build->builder, process, exception);
    if (is_started &&
        !thread_start(thread, build->entry, build->stack, build->base + LAYOUT_START, exception)) {
        struct capnp_exception ignored;
        process_kill(*process, &ignored);
        tsr_release(process->id);
        is_started = false;
    }
    tsr_release(thread.id);
    if (is_started) {
        tsr_build_drop(build);
    }
    return is_started;
}

void tsr_build_why(const struct tsr_build *build, const struct capnp_exception *exception,
                   struct tsr_line *line)
{
    char text[LOADER_ERROR_TEXT_MAX];
    if (build->error.fact == LOADER_FACT_NONE) {
        tsr_line_exception(line, exception);
        return;
    }
    loader_error_print(&build->error, text, sizeof text);
    tsr_line_text(line, text);
}

void tsr_build_drop(struct tsr_build *build)
{
    tsr_release(build->space.id);
    tsr_release(build->builder.id);
    build->space.id = 0;
    build->builder.id = 0;
}

bool tsr_spawn(struct tsr_spawner *spawner, struct job job, const char *name,
               const struct tsr_grant *grants, uint32_t count, struct capnp_data info,
               struct process *process, struct capnp_exception *exception)
{
    struct tsr_build build;
    bool is_built = tsr_build_open(&build, spawner, job, exception) &&
                    tsr_build_load(&build, tsr_text_of(name), exception) &&
                    tsr_build_info(&build, info, exception);
    for (uint32_t i = 0; is_built && i < count; i++) {
        is_built = tsr_build_grant(&build, tsr_text_of(grants[i].name),
                                   (struct capnp_cap){grants[i].cap}, exception);
    }
    if (is_built && tsr_build_start(&build, process, exception)) {
        return true;
    }
    tsr_build_drop(&build);
    return false;
}

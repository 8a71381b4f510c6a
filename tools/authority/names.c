// SPDX-License-Identifier: Apache-2.0
//
// See names.h: the boot package, and texts made of its names.
#include "tools/authority/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi/ids.h"
#include "lib/authority/program.h"
#include "lib/package/package.h"
#include "lib/package/table.h"
#include "schema/boot.capnp.h"
#include "tools/authority/answer.h"

enum { GRANTS_NAMED_MAX = 64, METHODS_LISTED_MAX = 4 };

struct names {
    uint8_t *bytes; // null: there is no package
    size_t size;
    struct authority_package package;
    uint32_t pages; // of it, from its table on
    struct capnp_message message;
    struct boot_manifest_reader manifest;
    bool has_manifest;
};

// --- The package --------------------------------------------------------------------------------

static const char *package_take(struct names *names)
{
    const struct package_header *header = (const struct package_header *)(void *)names->bytes;

    if (package_refusal(names->bytes, names->size) != NULL)
        return "is not a boot package, or of another version, or broken";
    const uint8_t *part = names->bytes + (uint64_t)package_table_page(header) * PAGE_SIZE;
    const struct package_table *table = (const struct package_table *)(const void *)part;
    const char *wrong = package_table_refusal(table);
    if (wrong != NULL)
        return wrong;
    names->package.table = table;
    names->pages = header->pages - package_table_page(header);
    for (uint32_t i = 0; i < table->entry_count; i++) {
        const struct package_entry *entry = &table->entries[i];
        if (!package_entry_is_sound(entry, (uint64_t)names->pages * PAGE_SIZE))
            return "is a broken boot package";
        if (entry->kind == PACKAGE_MANIFEST && entry->size <= UINT32_MAX) {
            capnp_message_init(&names->message, part + entry->offset, (uint32_t)entry->size, NULL,
                               0);
            names->manifest = boot_manifest_read(&names->message);
            names->has_manifest = true;
        }
    }
    return NULL;
}

struct names *names_open(const struct history *history)
{
    struct names *names = zeroed(sizeof(*names));
    const char *given = history->options->package;
    char *beside = path_beside(history->path, ".pkg");
    const char *path = given != NULL ? given : beside;

    if (names == NULL)
        fail(EXIT_REFUSED, path, "there is not enough memory");
    authority_package_begin(&names->package, &history->index);
    names->bytes = file_read(path, &names->size, given == NULL);
    if (names->bytes != NULL) {
        const char *wrong = package_take(names);
        if (wrong == NULL &&
            !authority_package_fits(&names->package, &history->index, names->pages))
            wrong = "is not the boot package that this log's machine started with";
        if (wrong != NULL)
            fail(EXIT_REFUSED, path, wrong);
    }
    free(beside);
    return names;
}

void names_close(struct names *names)
{
    free(names->bytes);
    free(names);
}

bool names_has_package(const struct history *history)
{
    return history->names->bytes != NULL;
}

const char *program_name(const struct history *history, uint32_t process)
{
    return authority_program(&history->names->package, &history->index, process);
}

const char *program_at(const struct history *history, uint32_t place)
{
    return authority_program_at(&history->names->package, place);
}

const char *endpoint_name(const struct history *history, uint32_t object)
{
    struct names *names = history->names;
    uint32_t place;

    if (!names->has_manifest || !authority_endpoint_place(&names->package, object, &place))
        return NULL;
    struct boot_endpoint_reader_list list = boot_manifest_get_endpoints(names->manifest);
    return place < list.l.count ? boot_endpoint_get_name(boot_endpoint_reader_at(list, place)).data
                                : NULL;
}

// --- Capabilities -------------------------------------------------------------------------------

// How many holds the process had before it.
static uint32_t holds_before(const struct authority_index *index, uint32_t hold)
{
    uint32_t count = 0;

    for (uint32_t at = index->lives[hold].owner_before;
         at != LIFE_NONE && count <= GRANTS_NAMED_MAX; at = index->lives[at].owner_before)
        count++;
    return count;
}

// Which process of its program it is, from 0. Programs that are started again follow
// all others of their name.
static uint32_t instance_of(const struct history *history, uint32_t process)
{
    const char *name = program_name(history, process);
    uint32_t before = 0;

    for (uint32_t seq = 0; seq < process; seq++) {
        if (authority_commit(&history->index, seq)->kind != COMMIT_PROCESS_CREATE)
            continue;
        const char *other = program_name(history, seq);
        before += other != NULL && strcmp(other, name) == 0;
    }
    return before;
}

bool manifest_program(const struct history *history, uint32_t process, uint32_t *place)
{
    const struct names *names = history->names;
    // What stands for the first pages has no order that the manifest's could be held against.
    bool is_whole = names->has_manifest && history->checkpoint_bytes == NULL;
    const char *name = is_whole ? program_name(history, process) : NULL;
    uint32_t left = name == NULL ? 0 : instance_of(history, process);
    bool is_found = false;

    if (name == NULL)
        return false;
    struct boot_program_reader_list programs = boot_manifest_get_programs(names->manifest);
    for (uint32_t i = 0; i < programs.l.count; i++) {
        const char *of = boot_program_get_name(boot_program_reader_at(programs, i)).data;
        if (of == NULL || strcmp(of, name) != 0)
            continue;
        *place = i;
        is_found = true;
        if (left-- == 0)
            break;
    }
    return is_found;
}

static struct boot_grant_reader_list grants_of(const struct history *history, uint32_t program)
{
    struct boot_program_reader_list programs = boot_manifest_get_programs(history->names->manifest);

    return boot_program_get_grants(boot_program_reader_at(programs, program));
}

bool manifest_grant(const struct history *history, const struct authority_hold *hold,
                    uint32_t *program, uint32_t *grant)
{
    if (hold->how != HOW_GRANT || !manifest_program(history, hold->process, program))
        return false;
    *grant = holds_before(&history->index, hold->life);
    return *grant < grants_of(history, *program).l.count;
}

const char *capability_name(const struct history *history, const struct authority_hold *hold)
{
    // In the order in which the kernel's genesis gives them to the first program.
    static const char *const first[] = {"console", "timer",      "job",       "capabilities",
                                        "package", "log",        "log-pages", "space",
                                        "ports",   "interrupts", "session",   "clock"};

    if (history->names->bytes == NULL || hold->is_revoker || hold->is_before)
        return NULL;
    if (hold->how == HOW_GENESIS) {
        uint32_t place = holds_before(&history->index, hold->life);
        return place < COUNT_OF(first) ? first[place] : NULL;
    }
    uint32_t program, grant;
    return manifest_grant(history, hold, &program, &grant)
               ? boot_grant_get_name(boot_grant_reader_at(grants_of(history, program), grant)).data
               : NULL;
}

// --- Texts --------------------------------------------------------------------------------------

static const char *number_label(struct commit_id id)
{
    return id.generation == 1 ? say("%u", id.index) : say("%u.%u", id.index, id.generation);
}

const char *process_label(const struct history *history, uint32_t process)
{
    if (process == LIFE_NONE)
        return "the kernel";
    const char *name = program_name(history, process);
    const char *number = number_label(authority_id(&history->index, ARENA_PROCESSES, process));

    return name == NULL ? say("process %s", number) : say("%s (process %s)", name, number);
}

const char *object_label(const struct history *history, uint32_t object)
{
    const char *name = endpoint_name(history, object);
    const char *number = number_label(authority_id(&history->index, ARENA_OBJECTS, object));
    const char *interface = interface_label(authority_interface(&history->index, object));

    return name == NULL ? say("%s (object %s)", interface, number)
                        : say("%s (%s, object %s)", name, interface, number);
}

const char *interface_label(uint64_t interface)
{
    const char *name = interface_name(interface);

    return name != NULL ? name : say("interface 0x%" PRIx64, interface);
}

const char *methods_label(uint64_t interface, uint64_t methods)
{
    uint64_t known = interface_methods(interface);
    const char *text = "";
    const char *comma = "";

    if (interface_name(interface) == NULL)
        return methods == UINT64_MAX ? "every method" : say("methods 0x%" PRIx64, methods);
    if (known == 0 && methods != 0)
        return "its operations";
    if ((methods & known) == known && __builtin_popcountll(known) > METHODS_LISTED_MAX)
        return "every method";
    for (uint32_t number = 0; number < METHODS_MAX; number++) {
        if ((methods & known) >> number & 1) {
            text = say("%s%s%s", text, comma, method_name(interface, number));
            comma = ", ";
        }
    }
    return *text == '\0' ? "no method" : text;
}

const char *session_label(const struct history *history, uint32_t session)
{
    const char *text = "";
    const char *of = "";

    if (session == LIFE_NONE)
        return "nobody";
    for (; session != LIFE_NONE; session = history->index.lives[session].owner) {
        text = say("%s%ssession %s", text, of,
                   number_label(authority_id(&history->index, ARENA_SESSIONS, session)));
        of = " of ";
    }
    return text;
}

const char *cap_label(struct commit_id id)
{
    return say("0x%" PRIx64, cap_of(id.generation, id.index).value);
}

const char *hold_label(const struct history *history, uint32_t hold)
{
    struct authority_hold what;

    authority_hold_of(&history->index, hold, &what);
    uint64_t interface = authority_interface(&history->index, what.facet);
    const char *methods = methods_label(interface, authority_methods(&history->index, what.facet));
    return what.is_revoker ? say("the revoker of %s of %s", interface_label(interface),
                                 object_label(history, what.object))
                           : say("%s: %s of %s", interface_label(interface), methods,
                                 object_label(history, what.object));
}

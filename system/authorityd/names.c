// SPDX-License-Identifier: Apache-2.0
//
// What programs and endpoints are called: the table of the boot package and its manifest, read
// once. The package came with the machine, but what it says is checked like anything else.
#include <string.h>

#include "lib/package/table.h"
#include "system/authorityd/authorityd.h"

#include "schema/boot.capnp.h"

enum {
    PIECE = 512, // bytes of one call
    MANIFEST_MAX = 16384,
};

static struct {
    _Alignas(8) uint8_t table[PAGE_SIZE];
    _Alignas(8) uint8_t manifest[MANIFEST_MAX];
    struct capnp_message message;
    struct boot_manifest_reader root;
    bool has_table, has_manifest;
} names;

static bool refused(struct capnp_exception *exception, const char *why)
{
    capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, why);
    return false;
}

static bool bytes_read(struct memory_object package, uint64_t offset, uint8_t *bytes, uint32_t size,
                       struct capnp_exception *exception)
{
    for (uint32_t done = 0; done < size;) {
        struct capnp_call call;
        struct memory_object_read_params_builder params;
        struct memory_object_read_results_reader results;
        uint32_t piece = size - done < PIECE ? size - done : PIECE;
        if (!memory_object_read_begin(package, &call, &params, exception))
            return false;
        memory_object_read_params_set_offset(params, offset + done);
        memory_object_read_params_set_length(params, piece);
        bool is_read = capnp_call_send(&call, exception) &&
                       memory_object_read_finish(&call, &results, exception);
        if (is_read) {
            struct capnp_data data = memory_object_read_results_get_data(results);
            is_read = data.size == piece || refused(exception, "the boot package ends too soon");
            if (is_read)
                memcpy(bytes + done, data.data, piece);
        }
        capnp_call_end(&call);
        if (!is_read)
            return false;
        done += piece;
    }
    return true;
}

static const struct package_table *table(void)
{
    return (const struct package_table *)(const void *)names.table;
}

bool authorityd_names_open(struct memory_object package, struct capnp_exception *exception)
{
    if (!bytes_read(package, 0, names.table, sizeof(names.table), exception))
        return false;
    const char *wrong = package_table_refusal(table());
    if (wrong != NULL)
        return refused(exception, wrong);
    names.has_table = true;
    for (uint32_t i = 0; i < table()->entry_count; i++) {
        const struct package_entry *entry = &table()->entries[i];
        if (entry->kind != PACKAGE_MANIFEST || entry->size > sizeof(names.manifest))
            continue;
        if (!bytes_read(package, entry->offset, names.manifest, (uint32_t)entry->size, exception))
            return false;
        capnp_message_init(&names.message, names.manifest, (uint32_t)entry->size, NULL, 0);
        names.root = boot_manifest_read(&names.message);
        names.has_manifest = true;
    }
    return true;
}

struct authority_package authorityd_package(const struct authorityd *authorityd)
{
    struct authority_package package;

    authority_package_begin(&package, &authorityd->window.index);
    package.table = names.has_table ? table() : NULL;
    return package;
}

struct capnp_text authorityd_program(const struct authority_package *package,
                                     const struct authorityd *authorityd, uint32_t process)
{
    const char *name = authority_program(package, &authorityd->window.index, process);

    return tsr_text_of(name == NULL ? "" : name);
}

struct capnp_text authorityd_endpoint(const struct authority_package *package, uint32_t object)
{
    uint32_t place;

    if (!names.has_manifest || !authority_endpoint_place(package, object, &place))
        return tsr_text_of("");
    struct boot_endpoint_reader_list list = boot_manifest_get_endpoints(names.root);
    return place < list.l.count ? boot_endpoint_get_name(boot_endpoint_reader_at(list, place))
                                : tsr_text_of("");
}

// SPDX-License-Identifier: Apache-2.0
//
// See program.h.
#include "lib/authority/program.h"

#include "lib/package/table.h"

void authority_package_begin(struct authority_package *package, const struct authority_index *index)
{
    *package = (struct authority_package){.image_object = LIFE_NONE, .package_object = LIFE_NONE};
    for (uint32_t life = 0; life < index->count; life++) {
        const struct commit *commit = authority_commit(index, life);
        if (commit->kind != COMMIT_OBJECT_CREATE)
            continue;
        if (commit->object_create.kind == OBJECT_MEMORY && (commit->flags & OBJECT_PINNED) != 0) {
            if (package->image_object == LIFE_NONE)
                package->image_object = life;
            else if (package->package_object == LIFE_NONE)
                package->package_object = life;
        }
        if (commit->object_create.kind == OBJECT_ENDPOINT && commit->actor == 0 &&
            index->base_count == 0 && package->endpoint_count < AUTHORITY_ENDPOINTS_MAX)
            package->endpoints[package->endpoint_count++] = life;
    }
}

bool authority_package_fits(const struct authority_package *package,
                            const struct authority_index *index, uint32_t pages)
{
    return package->package_object == LIFE_NONE ||
           authority_commit(index, package->package_object)->object_create.argument == pages;
}

static bool is_program(const struct package_entry *entry)
{
    return entry->kind == PACKAGE_ELF || entry->kind == PACKAGE_ELF_FIXED;
}

const char *authority_program(const struct authority_package *package,
                              const struct authority_index *index, uint32_t process)
{
    uint32_t image = index->lives[process].image;

    if (package->table == NULL || image == LIFE_NONE)
        return NULL;
    const struct commit_memory_map *map = &authority_commit(index, image)->memory_map;
    uint32_t facet = authority_life(index, ARENA_FACETS, map->facet, image);
    if (facet == package->image_object)
        return package->table->first;
    if (facet != package->package_object)
        return NULL;
    for (uint32_t i = 0; i < package->table->entry_count; i++) {
        const struct package_entry *entry = &package->table->entries[i];
        uint64_t first = entry->offset / PAGE_SIZE;
        if (is_program(entry) && map->object_page >= first &&
            map->object_page - first < package_pages(entry->size))
            return entry->name;
    }
    return NULL;
}

const char *authority_program_at(const struct authority_package *package, uint32_t place)
{
    const struct package_table *table = package->table;

    for (uint32_t i = 0; table != NULL && i < table->entry_count; i++) {
        if (is_program(&table->entries[i]) && place-- == 0)
            return table->entries[i].name;
    }
    // The last one is the machine's first.
    return table != NULL && place == 0 ? table->first : NULL;
}

bool authority_endpoint_place(const struct authority_package *package, uint32_t object,
                              uint32_t *place)
{
    for (*place = 0; *place < package->endpoint_count; (*place)++) {
        if (package->endpoints[*place] == object)
            return true;
    }
    return false;
}

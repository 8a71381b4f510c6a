// SPDX-License-Identifier: Apache-2.0
//
// The dynamic section: which relocations there are, and whether the program needs anything that is
// not in its file. Tags that only a dynamic linker uses are passed over.
//
// Specification: gABI, "Dynamic Section".
#include <string.h>

#include "runtime/loader/parts.h"

enum { TAGS = DT_RELRENT + 1 };

struct tags {
    uint64_t values[TAGS];
    uint64_t seen; // bit n: tag n
    struct spot spots[TAGS];
};

// Which tags speak of a table, and what the last of them must say.
struct table_tags {
    enum loader_table_kind kind;
    uint32_t address;
    uint32_t size;
    uint32_t form;
    uint64_t form_value;
    uint64_t entry_size;
};

static const struct table_tags table_tags[LOADER_TABLES] = {
    {LOADER_TABLE_RELR, DT_RELR, DT_RELRSZ, DT_RELRENT, sizeof(uint64_t), sizeof(uint64_t)},
    {LOADER_TABLE_RELA, DT_RELA, DT_RELASZ, DT_RELAENT, sizeof(struct elf_rela),
     sizeof(struct elf_rela)},
    {LOADER_TABLE_PLT, DT_JMPREL, DT_PLTRELSZ, DT_PLTREL, DT_RELA, sizeof(struct elf_rela)},
};

static const uint64_t tags_once = 1ull << DT_RELR | 1ull << DT_RELRSZ | 1ull << DT_RELRENT |
                                  1ull << DT_RELA | 1ull << DT_RELASZ | 1ull << DT_RELAENT |
                                  1ull << DT_JMPREL | 1ull << DT_PLTRELSZ | 1ull << DT_PLTREL |
                                  1ull << DT_FLAGS;

static_assert(TAGS <= 64, "a bit for each");

static bool has(const struct tags *tags, uint32_t tag)
{
    return (tags->seen >> tag & 1) != 0;
}

static bool tag_note(struct tags *tags, const struct elf_dynamic *entry, struct spot spot,
                     struct loader_error *error)
{
    if (entry->d_tag >= TAGS) {
        return true;
    }
    uint64_t bit = 1ull << entry->d_tag;
    if ((tags->seen & tags_once & bit) != 0) {
        return loader_refuse(error, LOADER_FACT_TWICE, spot, entry->d_tag);
    }
    bool writes_text = entry->d_tag == DT_TEXTREL ||
                       (entry->d_tag == DT_FLAGS && (entry->d_val & DF_TEXTREL) != 0);
    if (entry->d_tag == DT_NEEDED) {
        return loader_refuse(error, LOADER_FACT_NEEDED, spot, entry->d_val);
    }
    if (writes_text) {
        return loader_refuse(error, LOADER_FACT_TEXT_RELOCATIONS, spot, entry->d_val);
    }
    if (entry->d_tag == DT_REL) {
        return loader_refuse(error, LOADER_FACT_NO_ADDENDS, spot, entry->d_val);
    }
    tags->seen |= bit;
    tags->values[entry->d_tag] = entry->d_val;
    tags->spots[entry->d_tag] = spot;
    return true;
}

static bool table_find(struct loader_plan *plan, const struct tags *tags,
                       const struct table_tags *of, struct loader_error *error)
{
    uint64_t size = tags->values[of->size];
    if (size == 0) {
        return true;
    }
    if (!has(tags, of->form) || tags->values[of->form] != of->form_value) {
        return loader_refuse(error, LOADER_FACT_TABLE_ENTRY,
                             tags->spots[has(tags, of->form) ? of->form : of->size],
                             tags->values[of->form]);
    }
    if (size % of->entry_size != 0) {
        return loader_refuse(error, LOADER_FACT_TABLE_SIZE, tags->spots[of->size], size);
    }
    uint64_t address = plan->base + tags->values[of->address];
    const struct loader_segment *segment =
        has(tags, of->address) ? loader_segment_in_file(plan, address, size) : NULL;
    if (segment == NULL) {
        return loader_refuse(error, LOADER_FACT_TABLE_PLACE,
                             tags->spots[has(tags, of->address) ? of->address : of->size],
                             tags->values[of->address]);
    }
    plan->tables[of->kind] =
        (struct loader_table){segment->file_offset + (address - segment->start), size};
    return true;
}

bool loader_dynamic_read(struct loader_plan *plan, const struct loader_file *file,
                         const struct elf_program_header *header, struct spot spot,
                         struct loader_error *error)
{
    struct tags tags = {0};
    struct elf_dynamic entry;
    bool is_over = false;
    if (!file_has(file, header->p_offset, header->p_filesz)) {
        return loader_refuse(error, LOADER_FACT_FILE_OUTSIDE, spot, header->p_offset);
    }
    for (uint64_t i = 0; i < header->p_filesz / sizeof entry && !is_over; i++) {
        struct spot at = {LOADER_PART_DYNAMIC, i, header->p_offset + i * sizeof entry};
        memcpy(&entry, file->bytes + at.at, sizeof entry);
        is_over = entry.d_tag == DT_NULL;
        if (!is_over && !tag_note(&tags, &entry, at, error)) {
            return false;
        }
    }
    if (!is_over) {
        return loader_refuse(error, LOADER_FACT_DYNAMIC_END, spot, header->p_filesz);
    }
    for (uint32_t i = 0; i < LOADER_TABLES; i++) {
        if (!table_find(plan, &tags, &table_tags[i], error)) {
            return false;
        }
    }
    return true;
}

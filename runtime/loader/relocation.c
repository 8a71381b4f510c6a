// SPDX-License-Identifier: Apache-2.0
//
// Relocations: the words of a position-independent program that hold addresses of itself. All that
// a whole program needs is "the base plus a number", as R_X86_64_RELATIVE with the number in the
// entry (DT_RELA), or packed with the number in the word itself (DT_RELR). Any other kind needs
// symbols of somewhere else, or code that runs before the program does, and is refused by its name.
//
// The number in a word is read from the file, never from memory, so each relocation's result is the
// same however often it is applied.
//
// Specifications: psABI x86-64, 4.4; gABI, "Dynamic Section" and "Relative Relocation Table".
#include <string.h>

#include "runtime/loader/parts.h"

static const uint64_t WORD = 8;
static const uint64_t BITS = 63; // of a bitmap; the lowest bit only says that it is one

static const enum loader_part parts[LOADER_TABLES] = {
    [LOADER_TABLE_RELR] = LOADER_PART_RELR,
    [LOADER_TABLE_RELA] = LOADER_PART_RELA,
    [LOADER_TABLE_PLT] = LOADER_PART_PLT,
};

const struct loader_segment *loader_segment_in_file(const struct loader_plan *plan,
                                                    uint64_t address, uint64_t size)
{
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct loader_segment *segment = &plan->segments[i];
        if (is_within(address, size, segment->start, segment->file_size)) {
            return segment;
        }
    }
    return NULL;
}

static const struct loader_segment *segment_to_write(const struct loader_plan *plan,
                                                     uint64_t address)
{
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct loader_segment *segment = &plan->segments[i];
        if ((segment->rights & RIGHT_WRITE) != 0 &&
            is_within(address, WORD, segment->start, segment->memory_size)) {
            return segment;
        }
    }
    return NULL;
}

// What the file has for a word of the segment; zeros behind its bytes.
static uint64_t word_of(const struct loader_file *file, const struct loader_segment *segment,
                        uint64_t address)
{
    uint64_t word = 0;
    uint64_t from = address - segment->start;
    if (from < segment->file_size) {
        uint64_t there = segment->file_size - from;
        memcpy(&word, file->bytes + segment->file_offset + from, there < WORD ? there : WORD);
    }
    return word;
}

static enum walk_step stop(struct loader_error *error, enum loader_fact fact, struct spot spot,
                           uint64_t value)
{
    (void)loader_refuse(error, fact, spot, value);
    return WALK_REFUSED;
}

// Takes an entry of a table out of the file.
static struct spot entry_take(const struct loader_plan *plan, const struct loader_file *file,
                              struct relocation_walk *walk, void *entry, uint32_t size)
{
    const struct loader_table *table = &plan->tables[walk->kind];
    struct spot spot = {parts[walk->kind], walk->offset / size, table->offset + walk->offset};
    memcpy(entry, file->bytes + spot.at, size);
    walk->offset += size;
    return spot;
}

// The packed table: a word is the address of one relocation; or, with its lowest bit set, it has
// one bit for each of the 63 words behind those that the words before it stood for.
static enum walk_step packed_next(const struct loader_plan *plan, const struct loader_file *file,
                                  struct relocation_walk *walk, struct relocation *relocation,
                                  struct loader_error *error)
{
    uint64_t entry;
    while (walk->bitmap == 0) {
        if (walk->offset == plan->tables[walk->kind].size) {
            return WALK_END;
        }
        walk->spot = entry_take(plan, file, walk, &entry, sizeof entry);
        bool is_bitmap = (entry & 1) != 0;
        if (is_bitmap && !walk->has_next) {
            return stop(error, LOADER_FACT_BITMAP, walk->spot, entry);
        }
        walk->low = is_bitmap ? walk->next : plan->base + entry;
        walk->next = walk->low + (is_bitmap ? BITS * WORD : WORD);
        walk->bitmap = is_bitmap ? entry >> 1 : 1;
        walk->has_next = true;
    }
    relocation->place = walk->low + (uint64_t)__builtin_ctzll(walk->bitmap) * WORD;
    walk->bitmap &= walk->bitmap - 1;
    const struct loader_segment *segment = segment_to_write(plan, relocation->place);
    if (segment == NULL) {
        return stop(error, LOADER_FACT_RELOCATION_PLACE, walk->spot,
                    relocation->place - plan->base);
    }
    relocation->value = plan->base + word_of(file, segment, relocation->place);
    return WALK_FOUND;
}

static enum walk_step whole_next(const struct loader_plan *plan, const struct loader_file *file,
                                 struct relocation_walk *walk, struct relocation *relocation,
                                 struct loader_error *error)
{
    struct elf_rela rela;
    if (walk->offset == plan->tables[walk->kind].size) {
        return WALK_END;
    }
    walk->spot = entry_take(plan, file, walk, &rela, sizeof rela);
    if (rela.r_type != R_X86_64_RELATIVE) {
        return stop(error, LOADER_FACT_RELOCATION_TYPE, walk->spot, rela.r_type);
    }
    relocation->place = plan->base + rela.r_offset;
    relocation->value = plan->base + rela.r_addend;
    return segment_to_write(plan, relocation->place) != NULL
               ? WALK_FOUND
               : stop(error, LOADER_FACT_RELOCATION_PLACE, walk->spot, rela.r_offset);
}

enum walk_step loader_relocation_next(const struct loader_plan *plan,
                                      const struct loader_file *file, struct relocation_walk *walk,
                                      struct relocation *relocation, struct loader_error *error)
{
    while (walk->kind < LOADER_TABLES) {
        enum walk_step step = walk->kind == LOADER_TABLE_RELR
                                  ? packed_next(plan, file, walk, relocation, error)
                                  : whole_next(plan, file, walk, relocation, error);
        if (step != WALK_END) {
            return step;
        }
        *walk = (struct relocation_walk){.kind = walk->kind + 1};
    }
    return WALK_END;
}

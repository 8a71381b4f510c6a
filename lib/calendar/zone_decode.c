// SPDX-License-Identifier: Apache-2.0
//
// Compiled zone files (RFC 8536 section 3). A file of version 2 or later holds its data twice: a
// block with instants of four bytes, which is passed over here, then one with eight, and a footer
// with the rule that goes on after the last transition. A file of version 1 has the first only.
//
// Everything is checked, also what isn't used later, such as the names of types.
#include <string.h>

#include "lib/calendar/parts.h"

enum {
    HEADER_SIZE = 44,
    LEAP_EXTRA_SIZE = 4, // of a leap-second record, beside its instant
    TYPES_MAX = 256,
};
// Instants beyond it are not instants of this universe (section 3.2).
#define INSTANT_MAX (INT64_C(1) << 59)

// The counts of a header, in its order (section 3.1).
enum { ISUT, ISSTD, LEAP, TRANSITIONS, TYPES, CHARACTERS, COUNTS };

struct file {
    const uint8_t *bytes;
    size_t size;
    struct calendar_error *error;
};

// One block: header and data.
struct block {
    size_t at;
    uint32_t time_size;
    uint32_t counts[COUNTS];
    size_t times, types, type_records, characters, isstd, isut, end;
};

static bool fail(const struct file *file, enum calendar_fact fact, size_t at, int64_t value)
{
    return calendar_fail(file->error, fact, at, value);
}

static size_t count_at(const struct block *block, unsigned which)
{
    return block->at + 20 + 4 * which;
}

// Where everything stands. False if the file ends before.
static bool block_lay_out(const struct file *file, struct block *block)
{
    const uint32_t *counts = block->counts;
    uint64_t time_size = block->time_size;
    uint64_t end = (uint64_t)block->at + HEADER_SIZE + counts[TRANSITIONS] * (time_size + 1) +
                   (uint64_t)counts[TYPES] * ZONE_TYPE_SIZE + counts[CHARACTERS] +
                   counts[LEAP] * (time_size + LEAP_EXTRA_SIZE) + counts[ISSTD] + counts[ISUT];

    if (end > file->size)
        return fail(file, CALENDAR_FACT_ZONE_SIZE, block->at, (int64_t)end);
    block->end = (size_t)end;
    block->times = block->at + HEADER_SIZE;
    block->types = block->times + counts[TRANSITIONS] * block->time_size;
    block->type_records = block->types + counts[TRANSITIONS];
    block->characters = block->type_records + counts[TYPES] * ZONE_TYPE_SIZE;
    block->isut = block->end - counts[ISUT];
    block->isstd = block->isut - counts[ISSTD];
    return true;
}

static bool block_read(const struct file *file, size_t at, uint32_t time_size, struct block *block)
{
    static const uint8_t magic[] = {'T', 'Z', 'i', 'f'};

    *block = (struct block){.at = at, .time_size = time_size};
    if (file->size - at < HEADER_SIZE)
        return fail(file, CALENDAR_FACT_ZONE_SIZE, at, (int64_t)at + HEADER_SIZE);
    if (memcmp(file->bytes + at, magic, sizeof(magic)) != 0)
        return fail(file, CALENDAR_FACT_ZONE_MAGIC, at, 0);
    for (unsigned i = 0; i < COUNTS; i++)
        block->counts[i] = zone_load_32(file->bytes + count_at(block, i));
    return block_lay_out(file, block);
}

static bool counts_check(const struct file *file, const struct block *block)
{
    const uint32_t *counts = block->counts;

    if (counts[LEAP] != 0)
        return fail(file, CALENDAR_FACT_ZONE_LEAP, count_at(block, LEAP), counts[LEAP]);
    if (counts[TRANSITIONS] > ZONE_TRANSITIONS_MAX)
        return fail(file, CALENDAR_FACT_ZONE_TRANSITIONS, count_at(block, TRANSITIONS),
                    counts[TRANSITIONS]);
    for (unsigned i = ISUT; i <= ISSTD; i++)
        if (counts[i] != 0 && counts[i] != counts[TYPES])
            return fail(file, CALENDAR_FACT_ZONE_COUNT, count_at(block, i), counts[i]);
    if (counts[TYPES] == 0 || counts[TYPES] > TYPES_MAX)
        return fail(file, CALENDAR_FACT_ZONE_COUNT, count_at(block, TYPES), counts[TYPES]);
    if (counts[CHARACTERS] == 0)
        return fail(file, CALENDAR_FACT_ZONE_COUNT, count_at(block, CHARACTERS), 0);
    return true;
}

static bool transitions_check(const struct file *file, const struct block *block,
                              const struct calendar_zone *zone)
{
    for (uint32_t i = 0; i < zone->transitions_count; i++) {
        int64_t instant_s = zone_transition_at(zone, i);

        if (instant_s < -INSTANT_MAX || instant_s > INSTANT_MAX ||
            (i != 0 && instant_s < zone_transition_at(zone, i - 1) + ZONE_SPACING_S))
            return fail(file, CALENDAR_FACT_ZONE_ORDER, block->times + i * block->time_size,
                        instant_s);
        if (zone->types[i] >= block->counts[TYPES])
            return fail(file, CALENDAR_FACT_ZONE_TYPE, block->types + i, zone->types[i]);
    }
    return true;
}

static bool types_check(const struct file *file, const struct block *block)
{
    size_t last = block->characters + block->counts[CHARACTERS] - 1;

    if (file->bytes[last] != 0)
        return fail(file, CALENDAR_FACT_ZONE_DESIGNATION, last, file->bytes[last]);
    for (uint32_t i = 0; i < block->counts[TYPES]; i++) {
        size_t at = block->type_records + (size_t)i * ZONE_TYPE_SIZE;
        int32_t offset_s = (int32_t)zone_load_32(file->bytes + at);
        uint8_t is_dst = file->bytes[at + 4], name = file->bytes[at + 5];

        if (offset_s < OFFSET_MIN_S || offset_s > OFFSET_MAX_S)
            return fail(file, CALENDAR_FACT_ZONE_OFFSET, at, offset_s);
        if (is_dst > 1)
            return fail(file, CALENDAR_FACT_ZONE_FLAG, at + 4, is_dst);
        if (name >= block->counts[CHARACTERS])
            return fail(file, CALENDAR_FACT_ZONE_DESIGNATION, at + 5, name);
    }
    for (size_t at = block->isstd; at < block->end; at++)
        if (file->bytes[at] > 1)
            return fail(file, CALENDAR_FACT_ZONE_FLAG, at, file->bytes[at]);
    return true;
}

// The data of one block into the zone.
static bool data_decode(const struct file *file, const struct block *block,
                        struct calendar_zone *zone)
{
    if (!counts_check(file, block))
        return false;
    zone->transitions_count = block->counts[TRANSITIONS];
    zone->time_size = block->time_size;
    zone->times = file->bytes + block->times;
    zone->types = file->bytes + block->types;
    zone->type_records = file->bytes + block->type_records;
    if (!transitions_check(file, block, zone) || !types_check(file, block))
        return false;
    zone->first_offset_s = (int32_t)zone_load_32(zone->type_records);
    return true;
}

// The changes of one year must be over when those of the next begin. Within the years of
// expressions there are years of all kinds.
static bool rules_keep_apart(const struct calendar_zone *zone)
{
    struct zone_year before, year;

    zone_year_init(&before, zone, CALENDAR_YEAR_MIN - 1);
    while (before.year <= CALENDAR_YEAR_MAX) {
        year = before;
        zone_year_next(&year, zone);
        if (year.changes[0].at_s < before.changes[1].at_s ||
            year.changes[0].offset_s != before.changes[0].offset_s)
            return false;
        before = year;
    }
    return true;
}

// The footer's time at the last transition must be that of the transition.
static bool footer_agrees(const struct calendar_zone *zone)
{
    struct calendar_zone rules = *zone;
    uint32_t last = zone->transitions_count - 1;

    if (zone->transitions_count == 0)
        return true;
    rules.transitions_count = 0;
    rules.first_offset_s = zone->offset_s[0];
    return calendar_zone_offset(&rules, zone_transition_at(zone, last)) ==
           zone_transition_offset(zone, last);
}

static bool footer_decode(const struct file *file, size_t at, struct calendar_zone *zone)
{
    const char *text = (const char *)file->bytes + at + 1;
    size_t size, wrong;

    if (file->size - at < 2)
        return fail(file, CALENDAR_FACT_ZONE_SIZE, at, (int64_t)at + 2);
    size = file->size - at - 2;
    if (text[-1] != '\n')
        return fail(file, CALENDAR_FACT_ZONE_FOOTER, at, 0);
    if (text[size] != '\n')
        return fail(file, CALENDAR_FACT_ZONE_FOOTER, at + 1 + size, 0);
    if (size == 0)
        return true;
    if (!zone_footer_parse(zone, text, size, &wrong))
        return fail(file, CALENDAR_FACT_ZONE_FOOTER, at + 1 + wrong, 0);
    if (zone->has_rules && !rules_keep_apart(zone))
        return fail(file, CALENDAR_FACT_ZONE_OVERLAP, at + 1, 0);
    if (zone->transitions_count == 0)
        zone->first_offset_s = zone->offset_s[0];
    if (!footer_agrees(zone))
        return fail(file, CALENDAR_FACT_ZONE_CONTRADICTION, at + 1, 0);
    return true;
}

bool calendar_zone_decode(struct calendar_zone *zone, const uint8_t *bytes, size_t size,
                          struct calendar_error *error)
{
    struct file file = {bytes, size, error};
    struct calendar_zone read = {0};
    struct block block;

    if (size > ZONE_FILE_SIZE_MAX)
        return fail(&file, CALENDAR_FACT_ZONE_TOO_BIG, 0, (int64_t)size);
    if (!block_read(&file, 0, 4, &block))
        return false;
    uint8_t version = bytes[4];
    if (version != 0 && (version < '2' || version > '4'))
        return fail(&file, CALENDAR_FACT_ZONE_VERSION, 4, version);
    if (version != 0 && !block_read(&file, block.end, 8, &block))
        return false;
    if (!data_decode(&file, &block, &read))
        return false;
    if (version == 0 && block.end != size)
        return fail(&file, CALENDAR_FACT_ZONE_EXTRA, block.end, (int64_t)(size - block.end));
    if (version != 0 && !footer_decode(&file, block.end, &read))
        return false;
    *zone = read;
    return true;
}

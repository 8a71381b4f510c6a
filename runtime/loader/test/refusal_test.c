// SPDX-License-Identifier: Apache-2.0
//
// Everything that a file can have wrong is refused by its own name, with the entry and the byte
// where it stands and what was found there; and no bytes at all make the loader do more.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/ids.h"
#include "runtime/loader/test/image.h"
#include "runtime/loader/test/sample.h"

static const struct loader_options options = {
    .range = {0x400000, 0x2000000}, .seed = 7, .stack_size = 65536, .memory_max = 1 << 20};

// One change of the sample, and what becomes of it.
struct row {
    uint64_t at; // byte of the change
    uint32_t size;
    uint64_t value;
    enum loader_fact fact;
    enum loader_part part;
    uint64_t index;
    uint64_t found;
    bool is_static; // the change is of an ET_EXEC file
};

#define AT(field) offsetof(struct sample, field), sizeof(((struct sample *)0)->field)
#define FILE_PART LOADER_PART_FILE, 0
#define HEADER(n) LOADER_PART_HEADER, n
#define TAG(n)    LOADER_PART_DYNAMIC, n

static const struct row rows[] = {
    {AT(header.e_ident[0]), 0x7e, LOADER_FACT_MAGIC, FILE_PART, 0x464c457e, false},
    {AT(header.e_ident[3]), 'f', LOADER_FACT_MAGIC, FILE_PART, 0x664c457f, false},
    {AT(header.e_ident[EI_CLASS]), 1, LOADER_FACT_CLASS, FILE_PART, 1, false},
    {AT(header.e_ident[EI_DATA]), 2, LOADER_FACT_ENCODING, FILE_PART, 2, false},
    {AT(header.e_ident[EI_VERSION]), 2, LOADER_FACT_VERSION, FILE_PART, 2, false},
    {AT(header.e_ident[EI_OSABI]), 9, LOADER_FACT_OSABI, FILE_PART, 9, false},
    {AT(header.e_type), 1, LOADER_FACT_TYPE, FILE_PART, 1, false},
    {AT(header.e_type), 4, LOADER_FACT_TYPE, FILE_PART, 4, false},
    {AT(header.e_machine), 183, LOADER_FACT_MACHINE, FILE_PART, 183, false},
    {AT(header.e_version), 0, LOADER_FACT_VERSION, FILE_PART, 0, false},
    {AT(header.e_phentsize), 55, LOADER_FACT_HEADER_SIZE, FILE_PART, 55, false},
    {AT(header.e_phnum), 0, LOADER_FACT_HEADERS_NONE, FILE_PART, 0, false},
    {AT(header.e_phnum), 33, LOADER_FACT_HEADERS_MANY, FILE_PART, 33, false},
    {AT(header.e_phnum), 0xffff, LOADER_FACT_HEADERS_MANY, FILE_PART, 0xffff, false},
    {AT(header.e_phoff), SAMPLE_SIZE - 391, LOADER_FACT_HEADERS_OUTSIDE, FILE_PART,
     SAMPLE_SIZE - 391, false},
    {AT(header.e_phoff), UINT64_MAX, LOADER_FACT_HEADERS_OUTSIDE, FILE_PART, UINT64_MAX, false},
    {AT(header.e_entry), 0x0fff, LOADER_FACT_ENTRY, FILE_PART, 0x0fff, false},
    {AT(header.e_entry), 0x1123, LOADER_FACT_ENTRY, FILE_PART, 0x1123, false},
    {AT(header.e_entry), 0x2000, LOADER_FACT_ENTRY, FILE_PART, 0x2000, false},
    {AT(header.e_entry), UINT64_MAX, LOADER_FACT_ENTRY, FILE_PART, UINT64_MAX, false},

    {AT(headers[1].p_type), PT_INTERP, LOADER_FACT_INTERPRETER, HEADER(1), 0x1000, false},
    {AT(headers[5].p_type), PT_TLS, LOADER_FACT_TWICE, HEADER(5), PT_TLS, false},
    {AT(headers[5].p_type), PT_DYNAMIC, LOADER_FACT_TWICE, HEADER(5), PT_DYNAMIC, false},
    {AT(headers[6].p_type), PT_GNU_STACK, LOADER_FACT_TWICE, HEADER(6), PT_GNU_STACK, false},
    {AT(headers[5].p_type), PT_GNU_RELRO, LOADER_FACT_TWICE, HEADER(6), PT_GNU_RELRO, false},
    {AT(headers[2].p_flags), 7, LOADER_FACT_WRITE_EXECUTE, HEADER(2), 7, false},
    {AT(headers[1].p_flags), PF_X, LOADER_FACT_UNREADABLE, HEADER(1), PF_X, false},
    {AT(headers[1].p_flags), 0, LOADER_FACT_UNREADABLE, HEADER(1), 0, false},
    {AT(headers[0].p_flags), 12, LOADER_FACT_FLAGS, HEADER(0), 12, false},
    {AT(headers[2].p_flags), 5, LOADER_FACT_TEXT_ZEROS, HEADER(2), 0x1200, false},
    {AT(headers[0].p_align), 0, LOADER_FACT_ALIGNMENT, HEADER(0), 0, false},
    {AT(headers[0].p_align), 0x800, LOADER_FACT_ALIGNMENT, HEADER(0), 0x800, false},
    {AT(headers[0].p_align), 0x1800, LOADER_FACT_ALIGNMENT, HEADER(0), 0x1800, false},
    {AT(headers[0].p_align), 32 << 20, LOADER_FACT_ALIGNMENT, HEADER(0), 32 << 20, false},
    {AT(headers[2].p_offset), 0x2008, LOADER_FACT_CONGRUENCE, HEADER(2), 0x2000, false},
    {AT(headers[1].p_vaddr), 0x1001, LOADER_FACT_CONGRUENCE, HEADER(1), 0x1001, false},
    {AT(headers[2].p_offset), 0x3000, LOADER_FACT_FILE_OUTSIDE, HEADER(2), 0x3000, false},
    {AT(headers[2].p_filesz), 0x601, LOADER_FACT_FILE_OUTSIDE, HEADER(2), 0x2000, false},
    {AT(headers[2].p_filesz), UINT64_MAX, LOADER_FACT_FILE_OUTSIDE, HEADER(2), 0x2000, false},
    {AT(headers[2].p_offset), UINT64_MAX - 0xfff, LOADER_FACT_FILE_OUTSIDE, HEADER(2),
     UINT64_MAX - 0xfff, false},
    {AT(headers[2].p_memsz), 0x5ff, LOADER_FACT_FILE_LARGER, HEADER(2), 0x600, false},
    {AT(headers[2].p_memsz), UINT64_MAX, LOADER_FACT_WRAPS, HEADER(2), 0x2000, false},
    {AT(headers[2].p_memsz), UINT64_MAX - 0x2000, LOADER_FACT_WRAPS, HEADER(2), 0x2000, false},
    {AT(headers[2].p_vaddr), UINT64_MAX - 0xfff, LOADER_FACT_WRAPS, HEADER(2), UINT64_MAX - 0xfff,
     false},
    {AT(headers[2].p_vaddr), 0, LOADER_FACT_ORDER, HEADER(2), 0, false},
    {AT(headers[2].p_vaddr), 0x1000, LOADER_FACT_OVERLAP, HEADER(2), 0x1000, false},
    {AT(headers[0].p_memsz), 0x1001, LOADER_FACT_OVERLAP, HEADER(1), 0x1000, false},
    {AT(headers[2].p_memsz), 0x3000000, LOADER_FACT_ROOM, FILE_PART, 0x3002000, false},
    {AT(headers[2].p_memsz), UINT64_MAX - 0x4000, LOADER_FACT_ROOM, FILE_PART, UINT64_MAX - 0x1fff,
     false},
    {AT(headers[2].p_memsz), 0x200000, LOADER_FACT_MEMORY, FILE_PART, 0x200000 + 65536 + 4096,
     false},
    {AT(header.e_type), ET_EXEC, LOADER_FACT_RANGE, HEADER(0), 0, false},

    {AT(headers[5].p_flags), 7, LOADER_FACT_STACK_EXECUTABLE, HEADER(5), 7, false},
    {AT(headers[5].p_memsz), LOADER_STACK_MAX + 1, LOADER_FACT_STACK_SIZE, HEADER(5),
     LOADER_STACK_MAX + 1, false},
    {AT(headers[3].p_align), 3, LOADER_FACT_TLS_ALIGNMENT, HEADER(3), 3, false},
    {AT(headers[3].p_align), 1ull << 32, LOADER_FACT_TLS_ALIGNMENT, HEADER(3), 1ull << 32, false},
    {AT(headers[3].p_memsz), 35, LOADER_FACT_FILE_LARGER, HEADER(3), 36, false},
    {AT(headers[3].p_vaddr), 0x25fc, LOADER_FACT_TLS_PLACE, HEADER(3), 0x25fc, false},
    {AT(headers[3].p_offset), 0x2104, LOADER_FACT_TLS_PLACE, HEADER(3), 0x2100, false},
    {AT(headers[3].p_vaddr), 0x1100, LOADER_FACT_TLS_PLACE, HEADER(3), 0x1100, false},
    {AT(headers[3].p_memsz), UINT64_MAX, LOADER_FACT_WRAPS, HEADER(3), UINT64_MAX, false},
    {AT(headers[3].p_memsz), UINT64_MAX / 4, LOADER_FACT_ROOM, FILE_PART, 1ull << 62 | 0x1000,
     false},
    {AT(headers[6].p_vaddr), 0x1000, LOADER_FACT_RELRO_PLACE, HEADER(6), 0x1000, false},
    {AT(headers[6].p_vaddr), 0x2008, LOADER_FACT_RELRO_PLACE, HEADER(6), 0x2008, false},
    {AT(headers[6].p_memsz), 0x2001, LOADER_FACT_RELRO_PLACE, HEADER(6), 0x2000, false},
    {AT(headers[6].p_memsz), UINT64_MAX, LOADER_FACT_RELRO_PLACE, HEADER(6), 0x2000, false},
    {AT(headers[4].p_offset), SAMPLE_SIZE - 8, LOADER_FACT_FILE_OUTSIDE, HEADER(4), SAMPLE_SIZE - 8,
     false},
    {AT(headers[4].p_filesz), 8, LOADER_FACT_DYNAMIC_END, HEADER(4), 8, false},
    {AT(headers[4].p_filesz), 16 * SAMPLE_NULL + 15, LOADER_FACT_DYNAMIC_END, HEADER(4),
     16 * SAMPLE_NULL + 15, false},

    {AT(dynamic[SAMPLE_SONAME].d_tag), DT_NEEDED, LOADER_FACT_NEEDED, TAG(SAMPLE_SONAME), 0x1234,
     false},
    {AT(dynamic[SAMPLE_SONAME].d_tag), DT_TEXTREL, LOADER_FACT_TEXT_RELOCATIONS, TAG(SAMPLE_SONAME),
     0x1234, false},
    {AT(dynamic[SAMPLE_FLAGS].d_val), DF_TEXTREL | 8, LOADER_FACT_TEXT_RELOCATIONS,
     TAG(SAMPLE_FLAGS), DF_TEXTREL | 8, false},
    {AT(dynamic[SAMPLE_SONAME].d_tag), DT_REL, LOADER_FACT_NO_ADDENDS, TAG(SAMPLE_SONAME), 0x1234,
     false},
    {AT(dynamic[SAMPLE_SONAME].d_tag), DT_RELASZ, LOADER_FACT_TWICE, TAG(SAMPLE_SONAME), DT_RELASZ,
     false},
    {AT(dynamic[SAMPLE_RELAENT].d_val), 16, LOADER_FACT_TABLE_ENTRY, TAG(SAMPLE_RELAENT), 16,
     false},
    {AT(dynamic[SAMPLE_RELRENT].d_tag), 1000, LOADER_FACT_TABLE_ENTRY, TAG(SAMPLE_RELRSZ), 0,
     false},
    {AT(dynamic[SAMPLE_PLTREL].d_val), DT_REL, LOADER_FACT_TABLE_ENTRY, TAG(SAMPLE_PLTREL), DT_REL,
     false},
    {AT(dynamic[SAMPLE_RELASZ].d_val), 71, LOADER_FACT_TABLE_SIZE, TAG(SAMPLE_RELASZ), 71, false},
    {AT(dynamic[SAMPLE_RELRSZ].d_val), 23, LOADER_FACT_TABLE_SIZE, TAG(SAMPLE_RELRSZ), 23, false},
    {AT(dynamic[SAMPLE_RELA].d_val), 0xff0, LOADER_FACT_TABLE_PLACE, TAG(SAMPLE_RELA), 0xff0,
     false},
    {AT(dynamic[SAMPLE_RELA].d_val), UINT64_MAX, LOADER_FACT_TABLE_PLACE, TAG(SAMPLE_RELA),
     UINT64_MAX, false},
    {AT(dynamic[SAMPLE_JMPREL].d_tag), 1000, LOADER_FACT_TABLE_PLACE, TAG(SAMPLE_PLTRELSZ), 0,
     false},
    {AT(dynamic[SAMPLE_RELRSZ].d_val), 1ull << 63, LOADER_FACT_TABLE_PLACE, TAG(SAMPLE_RELR),
     offsetof(struct sample, relrs), false},

    {AT(relas[1].r_type), 6, LOADER_FACT_RELOCATION_TYPE, LOADER_PART_RELA, 1, 6, false},
    {AT(relas[2].r_type), 37, LOADER_FACT_RELOCATION_TYPE, LOADER_PART_RELA, 2, 37, false},
    {AT(plts[0].r_type), 7, LOADER_FACT_RELOCATION_TYPE, LOADER_PART_PLT, 0, 7, false},
    {AT(relas[0].r_offset), 0x1100, LOADER_FACT_RELOCATION_PLACE, LOADER_PART_RELA, 0, 0x1100,
     false},
    {AT(relas[0].r_offset), 0x1ffc, LOADER_FACT_RELOCATION_PLACE, LOADER_PART_RELA, 0, 0x1ffc,
     false},
    {AT(plts[0].r_offset), 0x37f9, LOADER_FACT_RELOCATION_PLACE, LOADER_PART_PLT, 0, 0x37f9, false},
    {AT(relas[0].r_offset), UINT64_MAX - 3, LOADER_FACT_RELOCATION_PLACE, LOADER_PART_RELA, 0,
     UINT64_MAX - 3, false},
    {AT(relrs[0]), 0x1ff0, LOADER_FACT_RELOCATION_PLACE, LOADER_PART_RELR, 0, 0x1ff0, false},
    {AT(relrs[0]), 0x1ff1, LOADER_FACT_BITMAP, LOADER_PART_RELR, 0, 0x1ff1, false},
    {AT(relrs[0]), 0x37f0, LOADER_FACT_RELOCATION_PLACE, LOADER_PART_RELR, 1, 0x39e8, false},
    {AT(headers[0].p_offset), 0x1000000, LOADER_FACT_FILE_OUTSIDE, HEADER(0), 0x1000000, true},
    {AT(headers[2].p_vaddr), 0x2000000, LOADER_FACT_RANGE, HEADER(2), 0x2000000, true},
};

static struct sample sample;

static void sample_make_static(void)
{
    sample.header.e_type = ET_EXEC;
    sample.header.e_entry += 0x400000;
    for (uint32_t i = 0; i < SAMPLE_STACK; i++) {
        sample.headers[i].p_vaddr += 0x400000;
    }
    sample.headers[SAMPLE_RELRO].p_vaddr += 0x400000;
    sample.headers[SAMPLE_DYNAMIC].p_type = 0;
}

// The byte at which the entry begins that an error names.
static uint64_t place_of(const struct row *row)
{
    switch (row->part) {
    case LOADER_PART_HEADER:
        return offsetof(struct sample, headers) + row->index * sizeof(sample.headers[0]);
    case LOADER_PART_DYNAMIC:
        return offsetof(struct sample, dynamic) + row->index * sizeof(sample.dynamic[0]);
    case LOADER_PART_RELR:
        return offsetof(struct sample, relrs) + row->index * sizeof(sample.relrs[0]);
    case LOADER_PART_RELA:
        return offsetof(struct sample, relas) + row->index * sizeof(sample.relas[0]);
    case LOADER_PART_PLT:
        return offsetof(struct sample, plts) + row->index * sizeof(sample.plts[0]);
    case LOADER_PART_FILE:
    case LOADER_PART_COUNT:
        break;
    }
    bool is_about_all = row->fact == LOADER_FACT_ROOM || row->fact == LOADER_FACT_MEMORY;
    return is_about_all || row->fact == LOADER_FACT_MAGIC ? 0 : row->at;
}

static void each_defect_is_refused_by_its_name_and_place(void **state)
{
    static const struct loader_plan nothing;
    struct loader_file file = sample_file(&sample);
    (void)state;
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct loader_plan plan;
        struct loader_error error;
        sample_make(&sample);
        if (row->is_static) {
            sample_make_static();
        }
        assert_true(loader_plan(&plan, &file, &options, &error));
        memcpy((uint8_t *)&sample + row->at, &row->value, row->size);
        assert_false(loader_plan(&plan, &file, &options, &error));
        if (error.fact != row->fact || error.part != row->part || error.index != row->index ||
            error.value != row->found || error.at != place_of(row)) {
            char text[LOADER_ERROR_TEXT_MAX];
            loader_error_print(&error, text, sizeof(text));
            fail_msg("row %u: expected fact %d, index %lu; %d: %s", i, row->fact, row->index,
                     error.fact, text);
        }
        assert_memory_equal(&plan, &nothing, sizeof(plan));
    }
}

static void every_fact_has_a_row_or_a_test(void **state)
{
    static const enum loader_fact elsewhere[] = {
        LOADER_FACT_NONE,   LOADER_FACT_SHORT, LOADER_FACT_SEGMENTS_NONE, LOADER_FACT_SEGMENTS_MANY,
        LOADER_FACT_TARGET, // apply_test.c
        LOADER_FACT_SIZE,   // programs/spawn
    };
    bool has[LOADER_FACT_COUNT] = {false};
    (void)state;
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        has[rows[i].fact] = true;
    }
    for (uint32_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        has[elsewhere[i]] = true;
    }
    for (uint32_t i = 0; i < LOADER_FACT_COUNT; i++) {
        if (!has[i]) {
            fail_msg("fact %u", i);
        }
    }
}

static void a_file_needs_a_segment_and_has_eight_at_most(void **state)
{
    struct loader_file file = sample_file(&sample);
    struct loader_plan plan;
    struct loader_error error;
    (void)state;
    sample_make(&sample);
    for (uint32_t i = 0; i < SAMPLE_TLS; i++) {
        sample.headers[i].p_type = 0;
    }
    assert_false(loader_plan(&plan, &file, &options, &error));
    assert_int_equal(error.fact, LOADER_FACT_SEGMENTS_NONE);

    struct elf_program_header *headers = (void *)sample.constants;
    sample_make(&sample);
    sample.header.e_phoff = offsetof(struct sample, constants);
    for (uint32_t i = 0; i < 9; i++) {
        headers[i] = sample.headers[SAMPLE_TEXT];
        headers[i].p_vaddr += i * PAGE_SIZE;
    }
    sample.header.e_phnum = 8;
    assert_true(loader_plan(&plan, &file, &options, &error));
    assert_int_equal(plan.segment_count, 8);
    sample.header.e_phnum = 9;
    assert_false(loader_plan(&plan, &file, &options, &error));
    assert_int_equal(error.fact, LOADER_FACT_SEGMENTS_MANY);
    assert_int_equal(error.index, 8);
}

// In memory that ends where the file ends, so that the sanitizer sees a byte more.
static void a_file_that_is_cut_anywhere_is_refused(void **state)
{
    struct loader_plan plan;
    struct loader_error error;
    (void)state;
    sample_make(&sample);
    for (uint64_t size = 0; size < SAMPLE_SIZE; size++) {
        uint8_t *bytes = malloc(size + (size == 0));
        assert_non_null(bytes);
        memcpy(bytes, &sample, size);
        struct loader_file file = {bytes, size};
        assert_false(loader_plan(&plan, &file, &options, &error));
        assert_int_equal(error.fact, size < sizeof(sample.header) ? LOADER_FACT_SHORT
                                     : size < 64 + 7 * 56         ? LOADER_FACT_HEADERS_OUTSIDE
                                                                  : LOADER_FACT_FILE_OUTSIDE);
        free(bytes);
    }
}

static void load_changed(struct image *image, uint64_t at, uint64_t value, uint32_t size,
                         uint32_t *loaded)
{
    struct loader_plan plan;
    struct loader_error error;
    uint8_t before[8];
    memcpy(before, (uint8_t *)&sample + at, size);
    memcpy((uint8_t *)&sample + at, &value, size);
    image_init(image, &image->file, 0);
    if (image_load(image, &plan, 7, &error)) {
        (*loaded)++;
    } else {
        assert_int_not_equal(error.fact, LOADER_FACT_TARGET);
    }
    if (image->broken != NULL) {
        fail_msg("byte %lu, value %lx: %s", at, value, image->broken);
    }
    image_fini(image);
    memcpy((uint8_t *)&sample + at, before, size);
}

// Each byte and each word of what the loader reads gets values that lie at the ends of something.
static void always_a_changed_file_is_refused_or_loaded_within_its_plan(void **state)
{
    static const uint64_t words[] = {0,
                                     1,
                                     0xfff,
                                     0x1000,
                                     0x1ff8,
                                     0x2000,
                                     0x37f8,
                                     0x4000,
                                     1ull << 31,
                                     1ull << 32,
                                     1ull << 62,
                                     1ull << 63,
                                     UINT64_MAX - 0xfff,
                                     UINT64_MAX - 7,
                                     UINT64_MAX};
    static const struct {
        uint64_t from, to;
    } ranges[] = {{0, offsetof(struct sample, gap)},
                  {offsetof(struct sample, relas), offsetof(struct sample, constants)},
                  {offsetof(struct sample, dynamic), offsetof(struct sample, more)}};
    static struct image image;
    uint32_t loaded = 0;
    (void)state;
    sample_make(&sample);
    image.file = sample_file(&sample);
    for (uint32_t i = 0; i < 3; i++) {
        for (uint64_t at = ranges[i].from; at < ranges[i].to; at++) {
            uint8_t byte = ((const uint8_t *)&sample)[at];
            load_changed(&image, at, byte ^ 1u << at % 8, 1, &loaded);
            for (uint32_t j = 0; at % 8 == 0 && j < sizeof(words) / sizeof(words[0]); j++) {
                load_changed(&image, at, words[j], 8, &loaded);
            }
        }
    }
    assert_true(loaded > 100);
}

static void errors_have_words(void **state)
{
    char text[LOADER_ERROR_TEXT_MAX];
    struct loader_error error = {LOADER_FACT_WRITE_EXECUTE, LOADER_PART_HEADER, 3, 232, 7};
    (void)state;
    size_t size = loader_error_print(&error, text, sizeof(text));
    assert_string_equal(text,
                        "program header 3 (byte 232): writable and executable: flags: 0x7; "
                        "link it without -N and -z wxneeded");
    assert_int_equal(size, strlen(text));
    error = (struct loader_error){LOADER_FACT_RELOCATION_TYPE, LOADER_PART_RELA, 1, 1048, 37};
    loader_error_print(&error, text, sizeof(text));
    assert_string_equal(text,
                        "relocation 1 (byte 1048): a relocation that a whole program does not "
                        "need: R_X86_64_IRELATIVE; link it with -static-pie, without ifuncs "
                        "and undefined symbols");
    error.value = 43;
    loader_error_print(&error, text, sizeof(text));
    assert_non_null(strstr(text, "R_X86_64_43;"));
    error = (struct loader_error){LOADER_FACT_MACHINE, LOADER_PART_FILE, 0, 18, 183};
    loader_error_print(&error, text, sizeof(text));
    assert_string_equal(text,
                        "file (byte 18): made for another machine (x86-64 is 62): 183; build "
                        "it for x86_64-none-elf");
    assert_int_equal(loader_error_print(&error, text, 5), 4);
    assert_string_equal(text, "file");
    for (uint32_t i = 0; i < LOADER_FACT_COUNT; i++) {
        for (uint32_t j = 0; j < LOADER_PART_COUNT; j++) {
            error = (struct loader_error){i, j, UINT64_MAX, UINT64_MAX, UINT64_MAX};
            assert_true(loader_error_print(&error, text, sizeof(text)) > 20);
            assert_true(strlen(text) < sizeof(text) - 1); // nothing is cut
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_defect_is_refused_by_its_name_and_place),
        cmocka_unit_test(every_fact_has_a_row_or_a_test),
        cmocka_unit_test(a_file_needs_a_segment_and_has_eight_at_most),
        cmocka_unit_test(a_file_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(always_a_changed_file_is_refused_or_loaded_within_its_plan),
        cmocka_unit_test(errors_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

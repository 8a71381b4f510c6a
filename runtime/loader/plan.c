// SPDX-License-Identifier: Apache-2.0
//
// The plan: header and program headers are checked one after the other, in the order of the file;
// then image, stack and thread's block get their places; at last each relocation is looked at. A
// fact that is not checked here is one that nothing later relies on.
#include <string.h>

#include "runtime/loader/parts.h"

// A program header of which there is one at most.
struct single {
    bool is_there;
    struct spot spot;
    struct elf_program_header header;
};

struct reading {
    const struct loader_file *file;
    const struct loader_options *options;
    struct loader_plan *plan;
    struct loader_error *error;
    struct elf_header header;
    struct single tls, dynamic, stack, relro;
    struct loader_range span; // from the first page of the image to behind its last
    uint64_t alignment;       // of all of it
    uint64_t stack_size;
};

bool loader_refuse(struct loader_error *error, enum loader_fact fact, struct spot spot,
                   uint64_t value)
{
    *error = (struct loader_error){fact, spot.part, spot.index, spot.at, value};
    return false;
}

// --- Header -------------------------------------------------------------------------------------

static bool refuse_file(const struct reading *reading, enum loader_fact fact, uint64_t at,
                        uint64_t value)
{
    return loader_refuse(reading->error, fact, (struct spot){LOADER_PART_FILE, 0, at}, value);
}

static bool ident_check(const struct reading *reading)
{
    static const struct {
        uint8_t at;
        uint8_t value;
        uint8_t other; // allowed, too
        enum loader_fact fact;
    } rows[] = {
        {EI_CLASS, ELFCLASS64, ELFCLASS64, LOADER_FACT_CLASS},
        {EI_DATA, ELFDATA2LSB, ELFDATA2LSB, LOADER_FACT_ENCODING},
        {EI_VERSION, EV_CURRENT, EV_CURRENT, LOADER_FACT_VERSION},
        {EI_OSABI, ELFOSABI_NONE, ELFOSABI_GNU, LOADER_FACT_OSABI},
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t found = reading->header.e_ident[rows[i].at];
        if (found != rows[i].value && found != rows[i].other) {
            return refuse_file(reading, rows[i].fact, rows[i].at, found);
        }
    }
    return true;
}

static bool header_check(struct reading *reading)
{
    struct elf_header *header = &reading->header;
    const struct loader_file *file = reading->file;
    uint32_t magic;
    if (file->size < sizeof *header) {
        return refuse_file(reading, LOADER_FACT_SHORT, 0, file->size);
    }
    memcpy(header, file->bytes, sizeof *header);
    memcpy(&magic, header->e_ident, sizeof magic);
    if (magic != ELF_MAGIC) {
        return refuse_file(reading, LOADER_FACT_MAGIC, 0, magic);
    }
    if (!ident_check(reading)) {
        return false;
    }
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
        return refuse_file(reading, LOADER_FACT_TYPE, offsetof(struct elf_header, e_type),
                           header->e_type);
    }
    if (header->e_machine != EM_X86_64) {
        return refuse_file(reading, LOADER_FACT_MACHINE, offsetof(struct elf_header, e_machine),
                           header->e_machine);
    }
    if (header->e_version != EV_CURRENT) {
        return refuse_file(reading, LOADER_FACT_VERSION, offsetof(struct elf_header, e_version),
                           header->e_version);
    }
    uint64_t count_at = offsetof(struct elf_header, e_phnum);
    if (header->e_phnum == 0) {
        return refuse_file(reading, LOADER_FACT_HEADERS_NONE, count_at, 0);
    }
    if (header->e_phnum > LOADER_HEADERS_MAX) {
        return refuse_file(reading, LOADER_FACT_HEADERS_MANY, count_at, header->e_phnum);
    }
    if (header->e_phentsize != sizeof(struct elf_program_header)) {
        return refuse_file(reading, LOADER_FACT_HEADER_SIZE,
                           offsetof(struct elf_header, e_phentsize), header->e_phentsize);
    }
    return file_has(file, header->e_phoff, header->e_phnum * sizeof(struct elf_program_header)) ||
           refuse_file(reading, LOADER_FACT_HEADERS_OUTSIDE, offsetof(struct elf_header, e_phoff),
                       header->e_phoff);
}

// --- Segments -----------------------------------------------------------------------------------

static bool rights_read(const struct reading *reading, const struct elf_program_header *header,
                        struct spot spot, uint32_t *rights)
{
    uint32_t flags = header->p_flags;
    if ((flags & ~(uint32_t)(PF_R | PF_W | PF_X)) != 0) {
        return loader_refuse(reading->error, LOADER_FACT_FLAGS, spot, flags);
    }
    if ((flags & PF_R) == 0) {
        return loader_refuse(reading->error, LOADER_FACT_UNREADABLE, spot, flags);
    }
    if ((flags & PF_W) != 0 && (flags & PF_X) != 0) {
        return loader_refuse(reading->error, LOADER_FACT_WRITE_EXECUTE, spot, flags);
    }
    *rights = RIGHT_READ | ((flags & PF_W) != 0 ? RIGHT_WRITE : 0) |
              ((flags & PF_X) != 0 ? RIGHT_EXECUTE : 0);
    return true;
}

// Where the segment's bytes are in the file and in memory, each for itself.
static bool segment_check(const struct reading *reading, const struct elf_program_header *header,
                          struct spot spot)
{
    struct loader_error *error = reading->error;
    if (!is_power_of_two(header->p_align) || header->p_align < PAGE_SIZE ||
        header->p_align > LOADER_ALIGNMENT_MAX) {
        return loader_refuse(error, LOADER_FACT_ALIGNMENT, spot, header->p_align);
    }
    if (((header->p_vaddr - header->p_offset) & (header->p_align - 1)) != 0) {
        return loader_refuse(error, LOADER_FACT_CONGRUENCE, spot, header->p_vaddr);
    }
    if (!file_has(reading->file, header->p_offset, header->p_filesz)) {
        return loader_refuse(error, LOADER_FACT_FILE_OUTSIDE, spot, header->p_offset);
    }
    if (header->p_filesz > header->p_memsz) {
        return loader_refuse(error, LOADER_FACT_FILE_LARGER, spot, header->p_filesz);
    }
    if (header->p_memsz > UINT64_MAX - PAGE_SIZE - header->p_vaddr ||
        header->p_vaddr > UINT64_MAX - PAGE_SIZE) {
        return loader_refuse(error, LOADER_FACT_WRAPS, spot, header->p_vaddr);
    }
    return (header->p_flags & PF_X) == 0 || header->p_filesz == header->p_memsz ||
           loader_refuse(error, LOADER_FACT_TEXT_ZEROS, spot, header->p_memsz - header->p_filesz);
}

// Where it is with regard to those before it, and to what the process may have.
static bool segment_order_check(const struct reading *reading, struct loader_range pages,
                                const struct elf_program_header *header, struct spot spot)
{
    const struct loader_plan *plan = reading->plan;
    const struct loader_range *range = &reading->options->range;
    if (plan->segment_count != 0) {
        const struct loader_segment *before = &plan->segments[plan->segment_count - 1];
        if (header->p_vaddr < before->start) {
            return loader_refuse(reading->error, LOADER_FACT_ORDER, spot, header->p_vaddr);
        }
        if (pages.low < before->pages.high) {
            return loader_refuse(reading->error, LOADER_FACT_OVERLAP, spot, header->p_vaddr);
        }
    }
    bool is_inside = pages.low >= range->low && pages.high <= range->high;
    return reading->header.e_type == ET_DYN || is_inside ||
           loader_refuse(reading->error, LOADER_FACT_RANGE, spot, header->p_vaddr);
}

static bool segment_add(struct reading *reading, const struct elf_program_header *header,
                        struct spot spot)
{
    struct loader_plan *plan = reading->plan;
    uint32_t rights;
    if (!rights_read(reading, header, spot, &rights) || !segment_check(reading, header, spot)) {
        return false;
    }
    if (header->p_memsz == 0) {
        return true;
    }
    if (plan->segment_count == LOADER_SEGMENTS_MAX) {
        return loader_refuse(reading->error, LOADER_FACT_SEGMENTS_MANY, spot, LOADER_SEGMENTS_MAX);
    }
    struct loader_range pages = {page_floor(header->p_vaddr),
                                 round_up(header->p_vaddr + header->p_memsz, PAGE_SIZE)};
    if (!segment_order_check(reading, pages, header, spot)) {
        return false;
    }
    reading->span =
        (struct loader_range){plan->segment_count == 0 ? pages.low : reading->span.low, pages.high};
    if (header->p_align > reading->alignment) {
        reading->alignment = header->p_align;
    }
    plan->segments[plan->segment_count++] = (struct loader_segment){.pages = pages,
                                                                    .start = header->p_vaddr,
                                                                    .file_offset = header->p_offset,
                                                                    .file_size = header->p_filesz,
                                                                    .memory_size = header->p_memsz,
                                                                    .rights = rights,
                                                                    .header = (uint32_t)spot.index};
    return true;
}

static struct single *single_of(struct reading *reading, uint32_t type)
{
    switch (type) {
    case PT_TLS:
        return &reading->tls;
    case PT_DYNAMIC:
        return &reading->dynamic;
    case PT_GNU_STACK:
        return &reading->stack;
    case PT_GNU_RELRO:
        return &reading->relro;
    }
    return NULL;
}

static bool headers_read(struct reading *reading)
{
    struct elf_program_header header;
    for (uint32_t i = 0; i < reading->header.e_phnum; i++) {
        struct spot spot = {LOADER_PART_HEADER, i, reading->header.e_phoff + i * sizeof header};
        memcpy(&header, reading->file->bytes + spot.at, sizeof header);
        struct single *single = single_of(reading, header.p_type);
        if (header.p_type == PT_INTERP) {
            return loader_refuse(reading->error, LOADER_FACT_INTERPRETER, spot, header.p_offset);
        }
        if (header.p_type == PT_LOAD && !segment_add(reading, &header, spot)) {
            return false;
        }
        if (single != NULL && single->is_there) {
            return loader_refuse(reading->error, LOADER_FACT_TWICE, spot, header.p_type);
        }
        if (single != NULL) {
            *single = (struct single){true, spot, header};
        }
    }
    return reading->plan->segment_count != 0 ||
           refuse_file(reading, LOADER_FACT_SEGMENTS_NONE, reading->header.e_phoff,
                       reading->header.e_phnum);
}

// --- What speaks of segments --------------------------------------------------------------------

static bool entry_check(const struct reading *reading)
{
    uint64_t entry = reading->header.e_entry;
    const struct loader_segment *segment = loader_segment_in_file(reading->plan, entry, 1);
    reading->plan->entry = entry;
    return (segment != NULL && (segment->rights & RIGHT_EXECUTE) != 0) ||
           refuse_file(reading, LOADER_FACT_ENTRY, offsetof(struct elf_header, e_entry), entry);
}

static bool stack_check(struct reading *reading)
{
    const struct elf_program_header *header = &reading->stack.header;
    uint64_t least = reading->options->stack_size;
    if (reading->stack.is_there && (header->p_flags & PF_X) != 0) {
        return loader_refuse(reading->error, LOADER_FACT_STACK_EXECUTABLE, reading->stack.spot,
                             header->p_flags);
    }
    if (reading->stack.is_there && header->p_memsz > LOADER_STACK_MAX) {
        return loader_refuse(reading->error, LOADER_FACT_STACK_SIZE, reading->stack.spot,
                             header->p_memsz);
    }
    uint64_t asked = round_up(header->p_memsz, PAGE_SIZE);
    reading->stack_size = asked > least ? asked : least;
    return true;
}

// The pages that only start-up code writes: from the first page of its segment, or another one, to
// the last that is whole. The linker keeps what is written later off these pages.
static bool relro_check(const struct reading *reading)
{
    const struct elf_program_header *header = &reading->relro.header;
    struct loader_plan *plan = reading->plan;
    if (!reading->relro.is_there || header->p_memsz == 0) {
        return true;
    }
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct loader_segment *segment = &plan->segments[i];
        bool is_at_page = header->p_vaddr == segment->start || header->p_vaddr % PAGE_SIZE == 0;
        if ((segment->rights & RIGHT_WRITE) != 0 && is_at_page &&
            header->p_vaddr >= segment->start &&
            is_within(header->p_vaddr, header->p_memsz, segment->pages.low,
                      segment->pages.high - segment->pages.low)) {
            plan->relro = (struct loader_range){page_floor(header->p_vaddr),
                                                page_floor(header->p_vaddr + header->p_memsz)};
            return true;
        }
    }
    return loader_refuse(reading->error, LOADER_FACT_RELRO_PLACE, reading->relro.spot,
                         header->p_vaddr);
}

// --- Places -------------------------------------------------------------------------------------

static void image_move(struct loader_plan *plan, uint64_t base)
{
    plan->base = base;
    plan->entry += base;
    plan->relro.low += base;
    plan->relro.high += base;
    if (plan->tls.memory_size != 0) {
        plan->tls.template += base;
    }
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        plan->segments[i].pages.low += base;
        plan->segments[i].pages.high += base;
        plan->segments[i].start += base;
    }
}

static bool places_choose(const struct reading *reading)
{
    struct loader_plan *plan = reading->plan;
    struct places places = {.range = reading->options->range, .random = reading->options->seed};
    struct loader_range image = reading->span;
    struct loader_range stack;
    struct loader_range block;
    uint64_t size = image.high - image.low;
    uint64_t stack_size = reading->stack_size + 2 * LOADER_GUARD_SIZE;
    uint64_t remainder = image.low & (reading->alignment - 1);
    if (reading->header.e_type == ET_EXEC) {
        loader_place_take(&places, image);
    } else if (!loader_place_choose(&places, size, reading->alignment, remainder, &image)) {
        return refuse_file(reading, LOADER_FACT_ROOM, 0, size);
    }
    image_move(plan, image.low - reading->span.low);
    if (stack_size < reading->stack_size ||
        !loader_place_choose(&places, stack_size, PAGE_SIZE, 0, &stack)) {
        return refuse_file(reading, LOADER_FACT_ROOM, 0, stack_size);
    }
    plan->stack =
        (struct loader_range){stack.low + LOADER_GUARD_SIZE, stack.high - LOADER_GUARD_SIZE};
    if (plan->tls.memory_size != 0) {
        size = loader_tls_size(&plan->tls);
        if (!loader_place_choose(&places, size, loader_tls_alignment(&plan->tls), 0, &block)) {
            return refuse_file(reading, LOADER_FACT_ROOM, 0, size);
        }
        loader_tls_lay_out(&plan->tls, block);
    }
    return true;
}

static bool memory_check(const struct reading *reading)
{
    struct loader_plan *plan = reading->plan;
    plan->memory_size = plan->stack.high - plan->stack.low;
    plan->memory_size += plan->tls.pages.high - plan->tls.pages.low;
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct loader_segment *segment = &plan->segments[i];
        plan->memory_size +=
            loader_is_shared(segment) ? 0 : segment->pages.high - segment->pages.low;
    }
    return plan->memory_size <= reading->options->memory_max ||
           refuse_file(reading, LOADER_FACT_MEMORY, 0, plan->memory_size);
}

// --- All of it ----------------------------------------------------------------------------------

static bool relocations_check(const struct reading *reading)
{
    struct relocation_walk walk = {0};
    struct relocation relocation;
    enum walk_step step;
    do {
        step = loader_relocation_next(reading->plan, reading->file, &walk, &relocation,
                                      reading->error);
        reading->plan->relocation_count += step == WALK_FOUND;
    } while (step == WALK_FOUND);
    return step == WALK_END;
}

static bool plan_make(struct reading *reading)
{
    if (!header_check(reading) || !headers_read(reading) || !entry_check(reading) ||
        !stack_check(reading) || !relro_check(reading)) {
        return false;
    }
    if (reading->tls.is_there && !loader_tls_describe(reading->plan, &reading->tls.header,
                                                      reading->tls.spot, reading->error)) {
        return false;
    }
    // The template's address keeps its remainder, from which the linker counted.
    if (reading->plan->tls.alignment > reading->alignment) {
        reading->alignment = reading->plan->tls.alignment;
    }
    if (!places_choose(reading) || !memory_check(reading)) {
        return false;
    }
    if (reading->dynamic.is_there &&
        !loader_dynamic_read(reading->plan, reading->file, &reading->dynamic.header,
                             reading->dynamic.spot, reading->error)) {
        return false;
    }
    return relocations_check(reading);
}

bool loader_plan(struct loader_plan *plan, const struct loader_file *file,
                 const struct loader_options *options, struct loader_error *error)
{
    struct reading reading = {.file = file, .options = options, .plan = plan, .error = error};
    *plan = (struct loader_plan){0};
    *error = (struct loader_error){0};
    bool is_made = plan_make(&reading);
    if (!is_made) {
        *plan = (struct loader_plan){0};
    }
    return is_made;
}

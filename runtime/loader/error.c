// SPDX-License-Identifier: Apache-2.0
//
// What is wrong, where, and what to do about it, in words. Relocation types by the names that psABI
// x86-64, table 4.9, gives them.
#include "lib/text/text.h"
#include "runtime/loader/parts.h"

enum value_kind { VALUE_NONE, VALUE_DECIMAL, VALUE_HEX, VALUE_RELOCATION };

struct explanation {
    const char *what;
    enum value_kind kind;
    const char *remedy;
};

static const char rebuild[] = "link it anew";
static const char target[] = "build it for x86_64-none-elf";
static const char whole[] = "link it with -static-pie -nostdlib";
static const char fewer[] = "link it with fewer segments";

static const struct explanation explanations[LOADER_FACT_COUNT] = {
    [LOADER_FACT_NONE] = {"nothing is wrong", VALUE_NONE, "nothing needs doing"},
    [LOADER_FACT_SHORT] = {"too short for an ELF header", VALUE_DECIMAL, "hand over a whole file"},
    [LOADER_FACT_MAGIC] = {"not an ELF file", VALUE_HEX, "name a program"},
    [LOADER_FACT_CLASS] = {"not a 64-bit file: class", VALUE_DECIMAL, target},
    [LOADER_FACT_ENCODING] = {"not little-endian: encoding", VALUE_DECIMAL, target},
    [LOADER_FACT_VERSION] = {"an unknown version of ELF", VALUE_DECIMAL, rebuild},
    [LOADER_FACT_OSABI] = {"made for another system: OS ABI", VALUE_DECIMAL, target},
    [LOADER_FACT_TYPE] = {"no executable (2) and not position-independent (3): type", VALUE_DECIMAL,
                          whole},
    [LOADER_FACT_MACHINE] = {"made for another machine (x86-64 is 62)", VALUE_DECIMAL, target},
    [LOADER_FACT_HEADER_SIZE] = {"program headers of another size than 56 bytes", VALUE_DECIMAL,
                                 rebuild},
    [LOADER_FACT_HEADERS_NONE] = {"no program headers", VALUE_NONE,
                                  "link the object file into a program"},
    [LOADER_FACT_HEADERS_MANY] = {"more than 32 program headers", VALUE_DECIMAL, fewer},
    [LOADER_FACT_HEADERS_OUTSIDE] = {"the program headers are not in the file; they begin at",
                                     VALUE_HEX, "hand over the whole file"},
    [LOADER_FACT_TWICE] = {"the second of a kind of which there is one at most", VALUE_HEX,
                           rebuild},
    [LOADER_FACT_INTERPRETER] = {"it asks for an interpreter (PT_INTERP)", VALUE_NONE,
                                 "link it with -static-pie or -static"},
    [LOADER_FACT_SEGMENTS_NONE] = {"no segment to load", VALUE_NONE, rebuild},
    [LOADER_FACT_SEGMENTS_MANY] = {"more segments to load than", VALUE_DECIMAL, fewer},
    [LOADER_FACT_FLAGS] = {"unknown flags", VALUE_HEX, rebuild},
    [LOADER_FACT_UNREADABLE] = {"a segment that can't be read: flags", VALUE_HEX,
                                "link it without --execute-only"},
    [LOADER_FACT_WRITE_EXECUTE] = {"writable and executable: flags", VALUE_HEX,
                                   "link it without -N and -z wxneeded"},
    [LOADER_FACT_ALIGNMENT] = {"not aligned to a power of two from 4096 to 16 MiB", VALUE_HEX,
                               "link it with -z max-page-size=4096 and without -n and -N"},
    [LOADER_FACT_CONGRUENCE] =
        {"address and place in the file differ modulo the alignment; address", VALUE_HEX, rebuild},
    [LOADER_FACT_FILE_OUTSIDE] = {"its bytes are not in the file; they begin at", VALUE_HEX,
                                  "hand over the whole file"},
    [LOADER_FACT_FILE_LARGER] = {"more bytes in the file than in memory", VALUE_HEX, rebuild},
    [LOADER_FACT_TEXT_ZEROS] = {"executable bytes that are not in the file", VALUE_HEX, rebuild},
    [LOADER_FACT_WRAPS] = {"it ends behind the last address; it begins at", VALUE_HEX, rebuild},
    [LOADER_FACT_ORDER] = {"below the segment before it: address", VALUE_HEX,
                           "link it with segments in the order of their addresses"},
    [LOADER_FACT_OVERLAP] = {"in a page of the segment before it: address", VALUE_HEX,
                             "link it with each segment in pages of its own"},
    [LOADER_FACT_RANGE] = {"outside of the addresses that a program may have: address", VALUE_HEX,
                           "link it with -static-pie, or to other addresses"},
    [LOADER_FACT_ENTRY] = {"the entry is no byte of an executable segment: address", VALUE_HEX,
                           "link it with -e and the name of its first function"},
    [LOADER_FACT_STACK_EXECUTABLE] = {"it asks for an executable stack: flags", VALUE_HEX,
                                      "link it with -z noexecstack"},
    [LOADER_FACT_STACK_SIZE] = {"it asks for a stack of more than 16 MiB", VALUE_HEX,
                                "link it with a smaller -z stack-size"},
    [LOADER_FACT_TLS_ALIGNMENT] = {"thread-local storage is not aligned to a power of two of at "
                                   "most 16 MiB",
                                   VALUE_HEX, rebuild},
    [LOADER_FACT_TLS_PLACE] = {"thread-local storage is not where a segment has it: address",
                               VALUE_HEX, rebuild},
    [LOADER_FACT_RELRO_PLACE] = {"what is to become read-only is not at a page of a writable "
                                 "segment: address",
                                 VALUE_HEX, "link it with -z norelro"},
    [LOADER_FACT_DYNAMIC_END] = {"the dynamic section does not end within its bytes", VALUE_HEX,
                                 rebuild},
    [LOADER_FACT_NEEDED] = {"it needs a shared library (DT_NEEDED)", VALUE_NONE, whole},
    [LOADER_FACT_TEXT_RELOCATIONS] = {"its text would have to be changed (DT_TEXTREL)", VALUE_NONE,
                                      "compile it with -fpie, link it with -z text"},
    [LOADER_FACT_NO_ADDENDS] = {"relocations without addends (DT_REL)", VALUE_NONE, target},
    [LOADER_FACT_TABLE_ENTRY] = {"the form of a table of relocations is missing or unknown",
                                 VALUE_DECIMAL, rebuild},
    [LOADER_FACT_TABLE_SIZE] = {"a table of relocations does not end with a whole entry: bytes",
                                VALUE_HEX, rebuild},
    [LOADER_FACT_TABLE_PLACE] = {"a table of relocations is in no segment's bytes: address",
                                 VALUE_HEX, rebuild},
    [LOADER_FACT_RELOCATION_TYPE] = {"a relocation that a whole program does not need",
                                     VALUE_RELOCATION,
                                     "link it with -static-pie, without ifuncs and undefined "
                                     "symbols"},
    [LOADER_FACT_RELOCATION_PLACE] = {"a relocation of what is not writable: address", VALUE_HEX,
                                      "compile it with -fpie, link it with -z text"},
    [LOADER_FACT_BITMAP] = {"a packed relocation that follows no address", VALUE_HEX, rebuild},
    [LOADER_FACT_MEMORY] = {"it needs more memory than it may have: bytes", VALUE_HEX,
                            "allow it more, or make its data or stack smaller"},
    [LOADER_FACT_ROOM] = {"there are not as many free addresses in one piece: bytes", VALUE_HEX,
                          "make its data, stack or gaps smaller"},
    [LOADER_FACT_TARGET] = {"memory could not be had or changed: address", VALUE_HEX,
                            "see why it was refused"},
    [LOADER_FACT_SIZE] = {"no such bytes, or too many: bytes", VALUE_DECIMAL,
                          "name bytes that are there, at most 4 MiB of what has to be copied"},
};

static const char *const parts[LOADER_PART_COUNT] = {
    [LOADER_PART_FILE] = "file",
    [LOADER_PART_HEADER] = "program header ",
    [LOADER_PART_DYNAMIC] = "dynamic entry ",
    [LOADER_PART_RELR] = "packed relocation ",
    [LOADER_PART_RELA] = "relocation ",
    [LOADER_PART_PLT] = "PLT relocation ",
};

static const char *const types[] = {
    "NONE",         "64",        "PC32",         "GOT32",      "PLT32",
    "COPY",         "GLOB_DAT",  "JUMP_SLOT",    "RELATIVE",   "GOTPCREL",
    "32",           "32S",       "16",           "PC16",       "8",
    "PC8",          "DTPMOD64",  "DTPOFF64",     "TPOFF64",    "TLSGD",
    "TLSLD",        "DTPOFF32",  "GOTTPOFF",     "TPOFF32",    "PC64",
    "GOTOFF64",     "GOTPC32",   "GOT64",        "GOTPCREL64", "GOTPC64",
    "GOTPLT64",     "PLTOFF64",  "SIZE32",       "SIZE64",     "GOTPC32_TLSDESC",
    "TLSDESC_CALL", "TLSDESC",   "IRELATIVE",    "RELATIVE64", "PC32_BND",
    "PLT32_BND",    "GOTPCRELX", "REX_GOTPCRELX"};

static void value_put(struct text *text, enum value_kind kind, uint64_t value)
{
    bool has_name = value < sizeof types / sizeof types[0];
    switch (kind) {
    case VALUE_NONE:
        return;
    case VALUE_DECIMAL:
        text_put_decimal(text, (int64_t)value);
        return;
    case VALUE_HEX:
        text_put_hex(text, value);
        return;
    case VALUE_RELOCATION:
        text_put(text, "R_X86_64_");
        if (has_name) {
            text_put(text, types[value]);
        } else {
            text_put_decimal(text, (int64_t)value);
        }
        return;
    }
}

size_t loader_error_print(const struct loader_error *error, char *out, size_t size)
{
    const struct explanation *explanation = &explanations[error->fact];
    struct text text;
    text_init(&text, out, size);
    text_put(&text, parts[error->part]);
    if (error->part != LOADER_PART_FILE) {
        text_put_decimal(&text, (int64_t)error->index);
    }
    text_put(&text, " (byte ");
    text_put_decimal(&text, (int64_t)error->at);
    text_put(&text, "): ");
    text_put(&text, explanation->what);
    text_put(&text, explanation->kind == VALUE_NONE ? "" : ": ");
    value_put(&text, explanation->kind, error->value);
    text_put(&text, "; ");
    text_put(&text, explanation->remedy);
    return text_length(&text);
}

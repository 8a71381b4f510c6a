// SPDX-License-Identifier: Apache-2.0
//
// What the files of this folder share and nobody else needs.
#ifndef LIB_ACCESS_PARTS_H
#define LIB_ACCESS_PARTS_H

#include "lib/access/access.h"

enum {
    SID_REVISION = 1,
    SID_HEADER_SIZE = 8,
    DESCRIPTOR_REVISION = 1,
    DESCRIPTOR_HEADER_SIZE = 20,
    ACL_HEADER_SIZE = 8,
    ACL_SIZE_MAX = 0xfffc, // a whole number of words in 16 bits
    ACE_HEADER_SIZE = 8,   // its mask included
};

// Fields of a descriptor's header (2.4.6), of an ACL's (2.4.5) and of an ACE's (2.4.4.1).
enum {
    DESCRIPTOR_AT_CONTROL = 2,
    DESCRIPTOR_AT_OWNER = 4,
    DESCRIPTOR_AT_GROUP = 8,
    DESCRIPTOR_AT_SACL = 12,
    DESCRIPTOR_AT_DACL = 16,
    ACL_AT_SIZE = 2,
    ACL_AT_COUNT = 4,
    ACE_AT_SIZE = 2,
    ACE_AT_MASK = 4,
};

// Always false, so that one can return it.
static inline bool access_fail(struct access_error *error, enum access_fact fact, size_t at,
                               uint32_t value)
{
    *error = (struct access_error){.fact = fact, .at = (uint32_t)at, .value = value};
    return false;
}

static inline char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

// 16 if it is no hexadecimal digit.
static inline unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = upper(c);
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 16;
}

// Whether `text` begins with `word`, which is in upper case, in any case.
bool text_begins(const char *text, size_t size, const char *word);

// ---- Words of SDDL (2.5.1.1) ----

// One more name for a number; tables end with a name of NULL.
struct word {
    const char *name;
    uint32_t value;
};

extern const struct word words_acl_flag[];    // value: control bits of the DACL
extern const struct word words_ace_type[];    // value: type; unsupported ones too
extern const struct word words_ace_flag[];    // value: flag
extern const struct word words_right[];       // value: mask; printable ones first
extern const struct word words_label_right[]; // value: mask

// The word that `text` begins with; NULL if it begins with none of them.
const struct word *word_find(const struct word *words, const char *text, size_t size);

// The name [MS-DTYP] 2.4.4.1 gives a type; NULL if it gives none.
const char *ace_type_name(uint32_t type);

// Aliases of SIDs. The SID of a known alias that needs a domain has no sub-authorities.
const struct sid *alias_find(const char *text, size_t size);
// NULL if the SID has none.
const char *alias_of(const struct sid *sid);

// A SID at the beginning of a text: `*used` characters of it.
bool sid_take(struct sid *sid, const char *text, size_t size, size_t *used,
              struct access_error *error);

// ---- Lists being written ----

// A list under way at `out`, which has `room` bytes; beyond them it is only counted.
struct acl_writer {
    uint8_t *out;
    size_t room;
    size_t size;
    uint32_t count;
};

void acl_writer_init(struct acl_writer *writer, uint8_t *out, size_t room);
void acl_writer_put(struct acl_writer *writer, const struct ace *ace);
// Writes the header. False if the list is larger than a list may be.
bool acl_writer_end(const struct acl_writer *writer);

// The sizes of a descriptor's parts, and from them where each stands; 0: it is not there.
struct descriptor_layout {
    size_t sacl, dacl, owner, group;
    size_t size;
};

struct descriptor_layout descriptor_layout_of(size_t sacl_size, size_t dacl_size,
                                              const struct sid *owner, const struct sid *group);
// Writes header and SIDs; the lists are the caller's to write.
void descriptor_layout_write(const struct descriptor_layout *layout, uint16_t control,
                             const struct sid *owner, const struct sid *group, uint8_t *out);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// The words of SDDL ([MS-DTYP] 2.5.1.1) and the names of ACE types (2.4.4.1).
#include <string.h>

#include "lib/access/parts.h"

const struct word words_acl_flag[] = {
    {"P", DESCRIPTOR_DACL_PROTECTED},
    {"AR", DESCRIPTOR_DACL_INHERIT_REQUIRED},
    {"AI", DESCRIPTOR_DACL_INHERITED},
    {0},
};

// Longer names stand before those that they begin with.
const struct word words_ace_type[] = {
    {"AU", ACE_AUDIT},
    {"AL", 3},
    {"A", ACE_ALLOWED},
    {"D", ACE_DENIED},
    {"ML", ACE_MANDATORY_LABEL},
    {"OA", 5},
    {"OD", 6},
    {"OU", 7},
    {"OL", 8},
    {"XA", 9},
    {"XD", 0xa},
    {"XU", 0xd},
    {"ZA", 0xb},
    {"RA", 0x12},
    {"SP", 0x13},
    {0},
};

static const char *const type_names[] = {
    "ACCESS_ALLOWED_ACE",
    "ACCESS_DENIED_ACE",
    "SYSTEM_AUDIT_ACE",
    "SYSTEM_ALARM_ACE",
    "ACCESS_ALLOWED_COMPOUND_ACE",
    "ACCESS_ALLOWED_OBJECT_ACE",
    "ACCESS_DENIED_OBJECT_ACE",
    "SYSTEM_AUDIT_OBJECT_ACE",
    "SYSTEM_ALARM_OBJECT_ACE",
    "ACCESS_ALLOWED_CALLBACK_ACE",
    "ACCESS_DENIED_CALLBACK_ACE",
    "ACCESS_ALLOWED_CALLBACK_OBJECT_ACE",
    "ACCESS_DENIED_CALLBACK_OBJECT_ACE",
    "SYSTEM_AUDIT_CALLBACK_ACE",
    "SYSTEM_ALARM_CALLBACK_ACE",
    "SYSTEM_AUDIT_CALLBACK_OBJECT_ACE",
    "SYSTEM_ALARM_CALLBACK_OBJECT_ACE",
    "SYSTEM_MANDATORY_LABEL_ACE",
    "SYSTEM_RESOURCE_ATTRIBUTE_ACE",
    "SYSTEM_SCOPED_POLICY_ID_ACE",
};

const struct word words_ace_flag[] = {
    {"OI", ACE_OBJECT_INHERIT}, {"CI", ACE_CONTAINER_INHERIT},
    {"NP", ACE_NO_PROPAGATE},   {"IO", ACE_INHERIT_ONLY},
    {"ID", ACE_INHERITED},      {"SA", ACE_AUDIT_SUCCESS},
    {"FA", ACE_AUDIT_FAILURE},  {0},
};

// Single rights, in the order in which they are printed; then sets, which are only read.
const struct word words_right[] = {
    {"CC", 0x1},
    {"DC", 0x2},
    {"LC", 0x4},
    {"SW", 0x8},
    {"RP", 0x10},
    {"WP", 0x20},
    {"DT", 0x40},
    {"LO", 0x80},
    {"CR", 0x100},
    {"SD", ACCESS_DELETE},
    {"RC", ACCESS_READ_CONTROL},
    {"WD", ACCESS_WRITE_DAC},
    {"WO", ACCESS_WRITE_OWNER},
    {"GA", ACCESS_GENERIC_ALL},
    {"GX", ACCESS_GENERIC_EXECUTE},
    {"GW", ACCESS_GENERIC_WRITE},
    {"GR", ACCESS_GENERIC_READ},
    {"FA", 0x001f01ff},
    {"FX", 0x001200a0},
    {"FW", 0x00120116},
    {"FR", 0x00120089},
    {"KA", 0x000f003f},
    {"KR", 0x00020019},
    {"KX", 0x00020019},
    {"KW", 0x00020006},
    {0},
};

const struct word words_label_right[] = {
    {"NW", LABEL_NO_WRITE_UP},
    {"NR", LABEL_NO_READ_UP},
    {"NX", LABEL_NO_EXECUTE_UP},
    {0},
};

bool text_begins(const char *text, size_t size, const char *word)
{
    size_t i = 0;

    for (; word[i] != 0; i++)
        if (i == size || upper(text[i]) != word[i])
            return false;
    return true;
}

const struct word *word_find(const struct word *words, const char *text, size_t size)
{
    for (; words->name != NULL; words++)
        if (text_begins(text, size, words->name))
            return words;
    return NULL;
}

const char *ace_type_name(uint32_t type)
{
    return type < sizeof(type_names) / sizeof(type_names[0]) ? type_names[type] : NULL;
}

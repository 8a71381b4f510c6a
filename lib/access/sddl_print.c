// SPDX-License-Identifier: Apache-2.0
//
// From a descriptor to SDDL ([MS-DTYP] 2.5.1.1).
#include "lib/access/parts.h"
#include "lib/text/text.h"

static void put_sid(struct text *text, const struct sid *sid)
{
    const char *alias = alias_of(sid);
    char digits[SID_TEXT_MAX];

    if (alias == NULL)
        sid_print(sid, digits);
    text_put(text, alias == NULL ? digits : alias);
}

static bool is_single(uint32_t bits)
{
    return (bits & (bits - 1)) == 0;
}

// The words of single bits that make up `bits`; the number if there is a bit without one.
static void put_bits(struct text *text, const struct word *words, uint32_t bits)
{
    uint32_t named = 0;

    for (const struct word *word = words; word->name != NULL; word++)
        named |= is_single(word->value) ? word->value : 0;
    if (bits == 0 || (bits & ~named) != 0) {
        text_put_hex(text, bits);
        return;
    }
    for (const struct word *word = words; word->name != NULL; word++)
        if (is_single(word->value) && (bits & word->value) != 0)
            text_put(text, word->name);
}

static void put_ace(struct text *text, const struct ace *ace)
{
    const struct word *type = words_ace_type;

    while (type->value != ace->type)
        type++;
    text_put(text, "(");
    text_put(text, type->name);
    text_put(text, ";");
    for (const struct word *flag = words_ace_flag; flag->name != NULL; flag++)
        if ((ace->flags & flag->value) != 0)
            text_put(text, flag->name);
    text_put(text, ";");
    put_bits(text, ace->type == ACE_MANDATORY_LABEL ? words_label_right : words_right, ace->mask);
    text_put(text, ";;;");
    put_sid(text, &ace->sid);
    text_put(text, ")");
}

// `control` has the list's bits where those of the DACL are.
static void put_list(struct text *text, const char *name, uint32_t control, const struct acl *acl)
{
    struct ace_place place = {0};
    struct ace ace;

    if ((control & DESCRIPTOR_DACL_PRESENT) == 0)
        return;
    text_put(text, name);
    for (const struct word *flag = words_acl_flag; flag->name != NULL; flag++)
        if ((control & flag->value) != 0)
            text_put(text, flag->name);
    if (acl->bytes == NULL) {
        text_put(text, "NO_ACCESS_CONTROL");
        return;
    }
    while (acl_next(acl, &place, &ace))
        put_ace(text, &ace);
}

bool sddl_print(const struct descriptor *descriptor, char *out, size_t out_size, size_t *size,
                struct access_error *error)
{
    // The present bit of the SACL is two places above that of the DACL, the others are one.
    uint32_t sacl_control = (uint32_t)descriptor->control >> 1;
    struct text text;
    char nothing[1];

    sacl_control &= ~(uint32_t)DESCRIPTOR_DACL_PRESENT;
    if ((descriptor->control & DESCRIPTOR_SACL_PRESENT) != 0)
        sacl_control |= DESCRIPTOR_DACL_PRESENT;
    text_init(&text, out_size == 0 ? nothing : out, out_size == 0 ? 1 : out_size);
    if (descriptor->has_owner) {
        text_put(&text, "O:");
        put_sid(&text, &descriptor->owner);
    }
    if (descriptor->has_group) {
        text_put(&text, "G:");
        put_sid(&text, &descriptor->group);
    }
    put_list(&text, "D:", descriptor->control, &descriptor->dacl);
    put_list(&text, "S:", sacl_control, &descriptor->sacl);
    *size = text.length;
    if (text.length >= out_size)
        return access_fail(error, ACCESS_FACT_ROOM, 0, (uint32_t)text.length + 1);
    return true;
}

// SPDX-License-Identifier: Apache-2.0
//
// From SDDL ([MS-DTYP] 2.5.1.1) to self-relative bytes. The text is read twice: first to check it
// and to learn the sizes, then to write the lists where they belong.
#include <string.h>

#include "lib/access/parts.h"

#define NULL_LIST "NO_ACCESS_CONTROL"

enum { SACL_CONTROL_SHIFT = 1 }; // a control bit of the SACL follows that of the DACL

// One list of the text.
struct list {
    bool is_there;
    size_t at;   // of its first ACE
    size_t size; // in bytes; 0 if there is none
};

struct parser {
    const char *text;
    size_t size;
    size_t at;
    struct access_error *error;
    uint16_t control;
    bool has_owner, has_group;
    struct sid owner, group;
    struct list dacl, sacl;
};

static const char *rest(const struct parser *parser)
{
    return parser->text + parser->at;
}

static size_t rest_size(const struct parser *parser)
{
    return parser->size - parser->at;
}

static bool fail(struct parser *parser, enum access_fact fact, uint32_t value)
{
    return access_fail(parser->error, fact, parser->at, value);
}

static bool take(struct parser *parser, const char *word)
{
    bool is_here = text_begins(rest(parser), rest_size(parser), word);

    parser->at += is_here ? strlen(word) : 0;
    return is_here;
}

static const struct word *take_word(struct parser *parser, const struct word *words)
{
    const struct word *word = word_find(words, rest(parser), rest_size(parser));

    parser->at += word == NULL ? 0 : strlen(word->name);
    return word;
}

static bool take_sid(struct parser *parser, struct sid *sid)
{
    size_t used;

    if (!sid_take(sid, rest(parser), rest_size(parser), &used, parser->error)) {
        parser->error->at += (uint32_t)parser->at;
        return false;
    }
    parser->at += used;
    return true;
}

static bool take_separator(struct parser *parser)
{
    return take(parser, ";") || fail(parser, ACCESS_FACT_TEXT_ACE, ';');
}

static bool take_type(struct parser *parser, bool is_dacl, struct ace *ace)
{
    size_t first = parser->at;
    const struct word *word = take_word(parser, words_ace_type);
    bool is_whole = parser->at < parser->size && *rest(parser) == ';';

    parser->at = first;
    if (word == NULL || !is_whole)
        return fail(parser, ACCESS_FACT_TEXT_ACE_TYPE, UINT8_MAX);
    ace->type = (uint8_t)word->value;
    if (ace->type == ACE_ALLOWED || ace->type == ACE_DENIED) {
        if (!is_dacl)
            return fail(parser, ACCESS_FACT_TEXT_ACE_PLACE, ace->type);
    } else if (ace->type == ACE_AUDIT || ace->type == ACE_MANDATORY_LABEL) {
        if (is_dacl)
            return fail(parser, ACCESS_FACT_TEXT_ACE_PLACE, ace->type);
    } else {
        return fail(parser, ACCESS_FACT_TEXT_ACE_TYPE, ace->type);
    }
    parser->at += strlen(word->name);
    return true;
}

static bool take_flags(struct parser *parser, struct ace *ace)
{
    const struct word *word;

    while ((word = take_word(parser, words_ace_flag)) != NULL)
        ace->flags |= (uint8_t)word->value;
    return take(parser, ";") || fail(parser, ACCESS_FACT_TEXT_ACE_FLAG, 0);
}

// A mask as a number: 0x and hexadecimal, 0 and octal, or decimal. It has at least one digit.
static bool take_mask_number(struct parser *parser, uint32_t *mask)
{
    size_t first = parser->at;
    unsigned base = take(parser, "0X") ? 16 : *rest(parser) == '0' ? 8 : 10;
    uint64_t number = 0;
    size_t digits = 0;

    for (; parser->at < parser->size && *rest(parser) != ';'; parser->at++, digits++) {
        unsigned digit = digit_of(*rest(parser));

        number = number * base + digit;
        if (digit >= base || number > UINT32_MAX)
            return fail(parser, ACCESS_FACT_TEXT_RIGHT, 0);
    }
    if (digits == 0) {
        parser->at = first;
        return fail(parser, ACCESS_FACT_TEXT_RIGHT, 0);
    }
    *mask = (uint32_t)number;
    return take_separator(parser);
}

static bool take_rights(struct parser *parser, struct ace *ace)
{
    const struct word *word;

    if (parser->at < parser->size && *rest(parser) >= '0' && *rest(parser) <= '9')
        return take_mask_number(parser, &ace->mask);
    while ((word = take_word(parser, words_right)) != NULL ||
           (word = take_word(parser, words_label_right)) != NULL)
        ace->mask |= word->value;
    return take(parser, ";") || fail(parser, ACCESS_FACT_TEXT_RIGHT, 0);
}

static bool take_no_guid(struct parser *parser)
{
    return take(parser, ";") || fail(parser, ACCESS_FACT_TEXT_GUID, 0);
}

// "A;flags;rights;;;sid)", the "(" already taken.
static bool take_ace(struct parser *parser, bool is_dacl, struct ace *ace)
{
    uint32_t level;

    *ace = (struct ace){0};
    if (!take_type(parser, is_dacl, ace) || !take_separator(parser) || !take_flags(parser, ace) ||
        !take_rights(parser, ace) || !take_no_guid(parser) || !take_no_guid(parser))
        return false;
    size_t sid_at = parser->at;
    if (!take_sid(parser, &ace->sid))
        return false;
    if (ace->type == ACE_MANDATORY_LABEL && !integrity_find(&ace->sid, &level))
        return access_fail(parser->error, ACCESS_FACT_TEXT_LABEL_SID, sid_at, 0);
    return take(parser, ")") || fail(parser, ACCESS_FACT_TEXT_ACE, ')');
}

// All ACEs from here on.
static bool take_aces(struct parser *parser, bool is_dacl, struct acl_writer *writer)
{
    struct ace ace;

    while (take(parser, "(")) {
        if (!take_ace(parser, is_dacl, &ace))
            return false;
        acl_writer_put(writer, &ace);
    }
    return true;
}

static bool take_list(struct parser *parser, bool is_dacl, struct list *list)
{
    unsigned shift = is_dacl ? 0 : SACL_CONTROL_SHIFT;
    struct acl_writer writer;
    const struct word *word;

    if (list->is_there)
        return fail(parser, ACCESS_FACT_TEXT_TWICE, 0);
    list->is_there = true;
    parser->at += strlen("D:");
    parser->control |= (uint16_t)(is_dacl ? DESCRIPTOR_DACL_PRESENT : DESCRIPTOR_SACL_PRESENT);
    while ((word = take_word(parser, words_acl_flag)) != NULL)
        parser->control |= (uint16_t)(word->value << shift);
    if (take(parser, NULL_LIST))
        return true;
    list->at = parser->at;
    acl_writer_init(&writer, NULL, 0);
    if (!take_aces(parser, is_dacl, &writer))
        return false;
    if (!acl_writer_end(&writer))
        return access_fail(parser->error, ACCESS_FACT_TEXT_ACL_SIZE, list->at,
                           (uint32_t)writer.size);
    list->size = writer.size;
    return true;
}

static bool take_identity(struct parser *parser, bool *has, struct sid *sid)
{
    if (*has)
        return fail(parser, ACCESS_FACT_TEXT_TWICE, 0);
    *has = true;
    parser->at += strlen("O:");
    return take_sid(parser, sid);
}

static bool take_component(struct parser *parser)
{
    const char *text = rest(parser);
    size_t size = rest_size(parser);

    if (text_begins(text, size, "O:"))
        return take_identity(parser, &parser->has_owner, &parser->owner);
    if (text_begins(text, size, "G:"))
        return take_identity(parser, &parser->has_group, &parser->group);
    if (text_begins(text, size, "D:"))
        return take_list(parser, true, &parser->dacl);
    if (text_begins(text, size, "S:"))
        return take_list(parser, false, &parser->sacl);
    // What stands directly behind D: or S: was meant as a flag.
    bool is_flag = parser->at != 0 && parser->text[parser->at - 1] == ':';
    return fail(parser, is_flag ? ACCESS_FACT_TEXT_ACL_FLAG : ACCESS_FACT_TEXT_COMPONENT, 0);
}

// The second reading of a list that the first found good.
static void write_list(struct parser *parser, bool is_dacl, const struct list *list, uint8_t *out)
{
    struct acl_writer writer;

    if (list->size == 0)
        return;
    parser->at = list->at;
    acl_writer_init(&writer, out, list->size);
    if (take_aces(parser, is_dacl, &writer))
        acl_writer_end(&writer);
}

bool sddl_parse(const char *text, size_t text_size, uint8_t *out, size_t out_size, size_t *size,
                struct access_error *error)
{
    struct parser parser = {.text = text, .size = text_size, .error = error};

    while (parser.at < parser.size)
        if (!take_component(&parser))
            return false;
    const struct sid *owner = parser.has_owner ? &parser.owner : NULL;
    const struct sid *group = parser.has_group ? &parser.group : NULL;
    struct descriptor_layout layout =
        descriptor_layout_of(parser.sacl.size, parser.dacl.size, owner, group);
    if (layout.size > DESCRIPTOR_SIZE_MAX)
        return access_fail(error, ACCESS_FACT_TOO_BIG, 0, (uint32_t)layout.size);
    if (layout.size > out_size)
        return access_fail(error, ACCESS_FACT_ROOM, 0, (uint32_t)layout.size);
    write_list(&parser, false, &parser.sacl, out + layout.sacl);
    write_list(&parser, true, &parser.dacl, out + layout.dacl);
    descriptor_layout_write(&layout, parser.control, owner, group, out);
    *size = layout.size;
    return true;
}

// SPDX-License-Identifier: Apache-2.0
//
// The descriptor of a new object ([MS-DTYP] 2.5.3.4). Each entry of the parent's list becomes none,
// one or two of the child's: one that acts on the child, and one that only waits to be handed on.
// They are two where acting changes the entry (generic rights are mapped, CREATOR OWNER becomes
// somebody), since what waits must stay as it was.
#include "lib/access/parts.h"

enum { INHERITABLE = ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT };
enum { INHERITANCE = INHERITABLE | ACE_NO_PROPAGATE | ACE_INHERIT_ONLY };

// The object being made.
struct child {
    const struct descriptor_creation *creation;
    const struct sid *owner, *group; // NULL: none
};

// What takes effect on the child.
static struct ace acting(const struct child *child, const struct ace *ace, uint8_t flags)
{
    struct ace acts = *ace;

    if (child->owner != NULL && sid_is_equal(&ace->sid, &sid_creator_owner))
        acts.sid = *child->owner;
    if (child->group != NULL && sid_is_equal(&ace->sid, &sid_creator_group))
        acts.sid = *child->group;
    if (ace->type != ACE_MANDATORY_LABEL)
        acts.mask = access_mask_map(ace->mask, child->creation->mapping);
    acts.flags = flags;
    return acts;
}

// An entry that acts, and is handed on if `hands_on`; `flags` are those besides inheritance.
static void put_acting(struct acl_writer *writer, const struct child *child, const struct ace *ace,
                       bool hands_on, uint8_t flags)
{
    uint8_t inheritance = (uint8_t)(ace->flags & (INHERITABLE | ACE_NO_PROPAGATE));
    struct ace acts = acting(child, ace, flags), waits = *ace;

    if (hands_on && acts.mask == ace->mask && sid_is_equal(&acts.sid, &ace->sid)) {
        acts.flags |= inheritance;
        acl_writer_put(writer, &acts);
        return;
    }
    acl_writer_put(writer, &acts);
    waits.flags = (uint8_t)(flags | inheritance | ACE_INHERIT_ONLY);
    if (hands_on)
        acl_writer_put(writer, &waits);
}

static void put_from_parent(struct acl_writer *writer, const struct child *child,
                            const struct ace *ace)
{
    bool is_container = child->creation->is_container;
    bool acts = (ace->flags & (is_container ? ACE_CONTAINER_INHERIT : ACE_OBJECT_INHERIT)) != 0;
    bool hands_on =
        is_container && (ace->flags & INHERITABLE) != 0 && (ace->flags & ACE_NO_PROPAGATE) == 0;
    uint8_t flags = (uint8_t)((ace->flags & ~INHERITANCE) | ACE_INHERITED);
    struct ace waits = *ace;

    if (acts) {
        put_acting(writer, child, ace, hands_on, flags);
    } else if (hands_on) {
        waits.flags = (uint8_t)(flags | (ace->flags & INHERITABLE) | ACE_INHERIT_ONLY);
        acl_writer_put(writer, &waits);
    }
}

static void put_from_creator(struct acl_writer *writer, const struct child *child,
                             const struct ace *ace)
{
    bool is_container = child->creation->is_container;
    uint8_t flags = (uint8_t)(ace->flags & ~(INHERITANCE | ACE_INHERITED));
    struct ace waits = *ace;

    if ((ace->flags & ACE_INHERIT_ONLY) == 0) {
        put_acting(writer, child, ace, is_container && (ace->flags & INHERITABLE) != 0, flags);
    } else if (is_container) {
        waits.flags = (uint8_t)(ace->flags & ~ACE_INHERITED);
        acl_writer_put(writer, &waits);
    }
}

// One list of a creator, a parent, a child.
struct source {
    const struct acl *creator, *parent; // NULL: there is none
    bool is_given;                      // the creator has a list, the null list among them
    bool is_protected;                  // so that nothing comes from the parent
};

static struct source source_of(const struct descriptor_creation *creation, bool is_dacl)
{
    const struct descriptor *creator = creation->creator, *parent = creation->parent;
    uint32_t control = creator == NULL ? 0 : creator->control;
    uint32_t present = is_dacl ? DESCRIPTOR_DACL_PRESENT : DESCRIPTOR_SACL_PRESENT;
    uint32_t protected = is_dacl ? DESCRIPTOR_DACL_PROTECTED : DESCRIPTOR_SACL_PROTECTED;
    struct source source = {
        .is_given = (control & present) != 0,
        .is_protected = (control & protected) != 0,
    };

    if (creator != NULL)
        source.creator = is_dacl ? &creator->dacl : &creator->sacl;
    if (parent != NULL)
        source.parent = is_dacl ? &parent->dacl : &parent->sacl;
    return source;
}

// Puts the entries of one list. True if some of them came from the parent.
static bool put_entries(const struct child *child, const struct source *source,
                        struct acl_writer *writer)
{
    struct ace_place of_creator = {0}, of_parent = {0};
    struct ace ace;

    while (source->creator != NULL && acl_next(source->creator, &of_creator, &ace))
        if (source->is_protected || (ace.flags & ACE_INHERITED) == 0)
            put_from_creator(writer, child, &ace);
    uint32_t before = writer->count;
    while (source->parent != NULL && !source->is_protected &&
           acl_next(source->parent, &of_parent, &ace))
        put_from_parent(writer, child, &ace);
    return writer->count != before;
}

// The bytes being written.
struct output {
    uint8_t *bytes;
    size_t room;
    size_t at;
    uint16_t control;
};

// Writes one list at output->at; `*size` is 0 if there is none, or the null list.
static bool write_list(struct output *output, const struct child *child, bool is_dacl, size_t *size)
{
    struct source source = source_of(child->creation, is_dacl);
    size_t room = output->room > output->at ? output->room - output->at : 0;
    uint16_t shift = is_dacl ? 0 : 1; // control bits of the SACL follow those of the DACL
    struct acl_writer writer;

    acl_writer_init(&writer, room == 0 ? output->bytes : output->bytes + output->at, room);
    bool is_null = source.is_given && source.creator->bytes == NULL;
    bool is_inherited = !is_null && put_entries(child, &source, &writer);
    if (!acl_writer_end(&writer))
        return false;
    if (is_inherited)
        output->control |= (uint16_t)(DESCRIPTOR_DACL_INHERITED << shift);
    if (source.is_protected)
        output->control |= (uint16_t)(DESCRIPTOR_DACL_PROTECTED << shift);
    if (is_dacl || source.is_given || is_inherited) {
        output->control |= is_dacl ? DESCRIPTOR_DACL_PRESENT : DESCRIPTOR_SACL_PRESENT;
        *size = is_null ? 0 : writer.size;
    }
    output->at += *size;
    return true;
}

bool descriptor_inherit(const struct descriptor_creation *creation, uint8_t *out, size_t out_size,
                        size_t *size, struct access_error *error)
{
    const struct descriptor *creator = creation->creator;
    struct child child = {creation, creation->owner, creation->group};
    struct output output = {.bytes = out, .room = out_size, .at = DESCRIPTOR_HEADER_SIZE};
    size_t sacl = 0, dacl = 0;

    if (creator != NULL && creator->has_owner)
        child.owner = &creator->owner;
    if (creator != NULL && creator->has_group)
        child.group = &creator->group;
    if (!write_list(&output, &child, false, &sacl) || !write_list(&output, &child, true, &dacl))
        return access_fail(error, ACCESS_FACT_TOO_BIG, 0, DESCRIPTOR_SIZE_MAX);
    struct descriptor_layout layout = descriptor_layout_of(sacl, dacl, child.owner, child.group);
    if (layout.size > DESCRIPTOR_SIZE_MAX)
        return access_fail(error, ACCESS_FACT_TOO_BIG, 0, (uint32_t)layout.size);
    if (layout.size > out_size)
        return access_fail(error, ACCESS_FACT_ROOM, 0, (uint32_t)layout.size);
    descriptor_layout_write(&layout, output.control, child.owner, child.group, out);
    *size = layout.size;
    return true;
}

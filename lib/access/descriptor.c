// SPDX-License-Identifier: Apache-2.0
//
// Security descriptors in self-relative form ([MS-DTYP] 2.4.6) and the lists in them (2.4.5,
// 2.4.4). descriptor_decode() checks every byte that others will follow; after it, walking a list
// needs no checks.
#include <string.h>

#include "lib/access/bytes.h"
#include "lib/access/parts.h"

enum { ACL_REVISION = 2, ACL_REVISION_OBJECTS = 4 };

// The bytes being decoded, and where what is wrong gets said.
struct decoder {
    const uint8_t *bytes;
    size_t size;
    struct access_error *error;
};

// A SID at an offset; `limit` is where its surroundings end.
static bool decode_sid(const struct decoder *decoder, size_t at, size_t limit, struct sid *sid)
{
    if (sid_decode(sid, decoder->bytes + at, limit - at, decoder->error))
        return true;
    decoder->error->at += (uint32_t)at;
    return false;
}

// An offset in the header: 0, or one of a whole word behind the header.
static bool decode_offset(const struct decoder *decoder, size_t field, size_t *at)
{
    uint32_t offset = load_32(decoder->bytes + field);

    if (offset != 0 && (offset < DESCRIPTOR_HEADER_SIZE || offset % 4 != 0))
        return access_fail(decoder->error, ACCESS_FACT_OFFSET, field, offset);
    if (offset > decoder->size)
        return access_fail(decoder->error, ACCESS_FACT_CUT_OFF, field, offset);
    *at = offset;
    return true;
}

static bool ace_type_is_good(const struct decoder *decoder, size_t at, bool is_dacl)
{
    uint8_t type = decoder->bytes[at];
    bool is_of_dacl = type == ACE_ALLOWED || type == ACE_DENIED;
    bool is_of_sacl = type == ACE_AUDIT || type == ACE_MANDATORY_LABEL;

    if (!is_of_dacl && !is_of_sacl)
        return access_fail(decoder->error, ACCESS_FACT_ACE_TYPE, at, type);
    if (is_of_dacl != is_dacl)
        return access_fail(decoder->error, ACCESS_FACT_ACE_PLACE, at, type);
    return true;
}

// One ACE of a list that ends at `end`; `*size` is its size.
static bool decode_ace(const struct decoder *decoder, size_t at, size_t end, bool is_dacl,
                       size_t *size)
{
    struct sid sid;
    uint32_t level;

    if (end - at < ACE_HEADER_SIZE)
        return access_fail(decoder->error, ACCESS_FACT_CUT_OFF, at, ACE_HEADER_SIZE);
    *size = load_16(decoder->bytes + at + ACE_AT_SIZE);
    if (!ace_type_is_good(decoder, at, is_dacl) ||
        !decode_sid(decoder, at + ACE_HEADER_SIZE, end, &sid))
        return false;
    if (*size != ACE_HEADER_SIZE + sid_size(&sid))
        return access_fail(decoder->error, ACCESS_FACT_ACE_SIZE, at + ACE_AT_SIZE, (uint32_t)*size);
    if (decoder->bytes[at] == ACE_MANDATORY_LABEL && !integrity_find(&sid, &level))
        return access_fail(decoder->error, ACCESS_FACT_LABEL_SID, at + ACE_HEADER_SIZE, 0);
    return true;
}

static bool decode_acl(const struct decoder *decoder, size_t at, bool is_dacl, struct acl *acl)
{
    const uint8_t *bytes = decoder->bytes + at;
    size_t room = decoder->size - at, next = at + ACL_HEADER_SIZE, ace_size;

    if (room < ACL_HEADER_SIZE)
        return access_fail(decoder->error, ACCESS_FACT_CUT_OFF, at, ACL_HEADER_SIZE);
    if (bytes[0] != ACL_REVISION && bytes[0] != ACL_REVISION_OBJECTS)
        return access_fail(decoder->error, ACCESS_FACT_REVISION, at, bytes[0]);
    *acl = (struct acl){bytes, load_16(bytes + ACL_AT_SIZE), load_16(bytes + ACL_AT_COUNT)};
    if (acl->size < ACL_HEADER_SIZE || acl->size % 4 != 0)
        return access_fail(decoder->error, ACCESS_FACT_ACL_SIZE, at + ACL_AT_SIZE, acl->size);
    if (acl->size > room)
        return access_fail(decoder->error, ACCESS_FACT_CUT_OFF, at, acl->size);
    for (uint32_t i = 0; i < acl->count; i++, next += ace_size)
        if (!decode_ace(decoder, next, at + acl->size, is_dacl, &ace_size))
            return false;
    return true;
}

static bool decode_header(const struct decoder *decoder, uint16_t *control)
{
    const uint8_t *bytes = decoder->bytes;

    if (decoder->size < DESCRIPTOR_HEADER_SIZE)
        return access_fail(decoder->error, ACCESS_FACT_CUT_OFF, 0, DESCRIPTOR_HEADER_SIZE);
    if (decoder->size > DESCRIPTOR_SIZE_MAX)
        return access_fail(decoder->error, ACCESS_FACT_TOO_BIG, 0, (uint32_t)decoder->size);
    if (bytes[0] != DESCRIPTOR_REVISION)
        return access_fail(decoder->error, ACCESS_FACT_REVISION, 0, bytes[0]);
    *control = (uint16_t)load_16(bytes + DESCRIPTOR_AT_CONTROL);
    if ((*control & DESCRIPTOR_SELF_RELATIVE) == 0)
        return access_fail(decoder->error, ACCESS_FACT_NOT_SELF_RELATIVE, DESCRIPTOR_AT_CONTROL,
                           *control);
    return true;
}

// The list whose offset stands in `field`, if there is one.
static bool decode_list(const struct decoder *decoder, uint16_t control, bool is_dacl,
                        struct acl *acl)
{
    size_t field = is_dacl ? DESCRIPTOR_AT_DACL : DESCRIPTOR_AT_SACL, at;
    uint16_t present = is_dacl ? DESCRIPTOR_DACL_PRESENT : DESCRIPTOR_SACL_PRESENT;

    if (!decode_offset(decoder, field, &at))
        return false;
    if (at != 0 && (control & present) == 0)
        return access_fail(decoder->error, ACCESS_FACT_CONTROL, field, control);
    return at == 0 || decode_acl(decoder, at, is_dacl, acl);
}

static bool decode_identity(const struct decoder *decoder, size_t field, bool *has, struct sid *sid)
{
    size_t at;

    if (!decode_offset(decoder, field, &at))
        return false;
    *has = at != 0;
    return at == 0 || decode_sid(decoder, at, decoder->size, sid);
}

bool descriptor_decode(struct descriptor *descriptor, const uint8_t *bytes, size_t size,
                       struct access_error *error)
{
    struct decoder decoder = {bytes, size, error};
    struct descriptor read = {0};

    if (!decode_header(&decoder, &read.control) ||
        !decode_identity(&decoder, DESCRIPTOR_AT_OWNER, &read.has_owner, &read.owner) ||
        !decode_identity(&decoder, DESCRIPTOR_AT_GROUP, &read.has_group, &read.group) ||
        !decode_list(&decoder, read.control, false, &read.sacl) ||
        !decode_list(&decoder, read.control, true, &read.dacl))
        return false;
    *descriptor = read;
    return true;
}

bool acl_next(const struct acl *acl, struct ace_place *place, struct ace *ace)
{
    struct access_error none;

    if (place->index == acl->count)
        return false;
    const uint8_t *bytes = acl->bytes + ACL_HEADER_SIZE + place->offset;
    *ace = (struct ace){.type = bytes[0], .flags = bytes[1], .mask = load_32(bytes + ACE_AT_MASK)};
    place->index++;
    place->offset += load_16(bytes + ACE_AT_SIZE);
    return sid_decode(&ace->sid, bytes + ACE_HEADER_SIZE, SID_SIZE_MAX, &none);
}

struct descriptor_layout descriptor_layout_of(size_t sacl_size, size_t dacl_size,
                                              const struct sid *owner, const struct sid *group)
{
    struct descriptor_layout layout = {.size = DESCRIPTOR_HEADER_SIZE};
    size_t sizes[] = {sacl_size, dacl_size, owner == NULL ? 0 : sid_size(owner),
                      group == NULL ? 0 : sid_size(group)};
    size_t *places[] = {&layout.sacl, &layout.dacl, &layout.owner, &layout.group};

    for (unsigned i = 0; i < 4; i++) {
        *places[i] = sizes[i] == 0 ? 0 : layout.size;
        layout.size += sizes[i];
    }
    return layout;
}

void descriptor_layout_write(const struct descriptor_layout *layout, uint16_t control,
                             const struct sid *owner, const struct sid *group, uint8_t *out)
{
    out[0] = DESCRIPTOR_REVISION;
    out[1] = 0;
    store_16(out + DESCRIPTOR_AT_CONTROL, control | DESCRIPTOR_SELF_RELATIVE);
    store_32(out + DESCRIPTOR_AT_OWNER, (uint32_t)layout->owner);
    store_32(out + DESCRIPTOR_AT_GROUP, (uint32_t)layout->group);
    store_32(out + DESCRIPTOR_AT_SACL, (uint32_t)layout->sacl);
    store_32(out + DESCRIPTOR_AT_DACL, (uint32_t)layout->dacl);
    if (layout->owner != 0)
        sid_encode(owner, out + layout->owner);
    if (layout->group != 0)
        sid_encode(group, out + layout->group);
}

bool descriptor_encode(const struct descriptor *descriptor, uint8_t *out, size_t out_size,
                       size_t *size, struct access_error *error)
{
    const struct acl *sacl = &descriptor->sacl, *dacl = &descriptor->dacl;
    const struct sid *owner = descriptor->has_owner ? &descriptor->owner : NULL;
    const struct sid *group = descriptor->has_group ? &descriptor->group : NULL;
    struct descriptor_layout layout = descriptor_layout_of(sacl->size, dacl->size, owner, group);
    uint16_t control = descriptor->control;

    if (layout.size > out_size)
        return access_fail(error, ACCESS_FACT_ROOM, 0, (uint32_t)layout.size);
    if (layout.sacl != 0) {
        memcpy(out + layout.sacl, sacl->bytes, sacl->size);
        control |= DESCRIPTOR_SACL_PRESENT;
    }
    if (layout.dacl != 0) {
        memcpy(out + layout.dacl, dacl->bytes, dacl->size);
        control |= DESCRIPTOR_DACL_PRESENT;
    }
    descriptor_layout_write(&layout, control, owner, group, out);
    *size = layout.size;
    return true;
}

void acl_writer_init(struct acl_writer *writer, uint8_t *out, size_t room)
{
    *writer = (struct acl_writer){out, room, ACL_HEADER_SIZE, 0};
}

void acl_writer_put(struct acl_writer *writer, const struct ace *ace)
{
    size_t size = ACE_HEADER_SIZE + sid_size(&ace->sid);

    if (writer->size + size <= writer->room) {
        uint8_t *bytes = writer->out + writer->size;

        bytes[0] = ace->type;
        bytes[1] = ace->flags;
        store_16(bytes + ACE_AT_SIZE, (uint32_t)size);
        store_32(bytes + ACE_AT_MASK, ace->mask);
        sid_encode(&ace->sid, bytes + ACE_HEADER_SIZE);
    }
    writer->size += size;
    writer->count++;
}

bool acl_writer_end(const struct acl_writer *writer)
{
    if (writer->size > ACL_SIZE_MAX)
        return false;
    if (writer->size <= writer->room) {
        writer->out[0] = ACL_REVISION;
        writer->out[1] = 0;
        store_16(writer->out + ACL_AT_SIZE, (uint32_t)writer->size);
        store_16(writer->out + ACL_AT_COUNT, writer->count);
        store_16(writer->out + ACL_AT_COUNT + 2, 0);
    }
    return true;
}

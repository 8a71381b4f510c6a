// SPDX-License-Identifier: Apache-2.0
//
// The access check ([MS-DTYP] 2.5.3.2) and the mandatory integrity check that comes before it
// (2.5.3.3).
//
// The specification's pseudocode keeps what remains to be granted. This keeps `undecided` beside
// it, the rights that no entry has spoken of yet, so that a plain request and MAXIMUM_ALLOWED are
// one walk: in both, the first entry that speaks of a right decides it.
#include "lib/access/parts.h"

#define OWNER_RIGHTS (ACCESS_READ_CONTROL | ACCESS_WRITE_DAC)
#define GENERIC_RIGHTS                                                                             \
    (ACCESS_GENERIC_ALL | ACCESS_GENERIC_EXECUTE | ACCESS_GENERIC_WRITE | ACCESS_GENERIC_READ)
// What no entry can grant.
#define SPECIAL_RIGHTS (ACCESS_SYSTEM_SECURITY | ACCESS_MAXIMUM_ALLOWED)

uint32_t access_mask_map(uint32_t mask, const struct access_mapping *mapping)
{
    uint32_t mapped = mask & ~GENERIC_RIGHTS;

    mapped |= (mask & ACCESS_GENERIC_READ) != 0 ? mapping->read : 0;
    mapped |= (mask & ACCESS_GENERIC_WRITE) != 0 ? mapping->write : 0;
    mapped |= (mask & ACCESS_GENERIC_EXECUTE) != 0 ? mapping->execute : 0;
    mapped |= (mask & ACCESS_GENERIC_ALL) != 0 ? mapping->all : 0;
    return mapped;
}

bool access_token_has(const struct access_token *token, const struct sid *sid)
{
    if (sid_is_equal(&token->user, sid))
        return true;
    for (uint32_t i = 0; i < token->groups_count; i++)
        if (sid_is_equal(&token->groups[i], sid))
            return true;
    return false;
}

static bool has_privilege(const struct access_token *token, enum privilege privilege)
{
    return (token->privileges & privilege_bit(privilege)) != 0;
}

// What the object's mandatory label leaves to the token.
static uint32_t label_allows(const struct descriptor *descriptor, const struct access_token *token,
                             const struct access_mapping *mapping)
{
    uint32_t level = INTEGRITY_MEDIUM, forbidden = LABEL_NO_WRITE_UP, allowed = 0;
    struct ace_place place = {0};
    struct ace ace;

    while (acl_next(&descriptor->sacl, &place, &ace)) {
        if (ace.type == ACE_MANDATORY_LABEL && (ace.flags & ACE_INHERIT_ONLY) == 0) {
            level = ace.sid.sub[0];
            forbidden = ace.mask;
            break;
        }
    }
    if (token->integrity >= level)
        return UINT32_MAX;
    allowed |= (forbidden & LABEL_NO_READ_UP) != 0 ? 0 : mapping->read;
    allowed |= (forbidden & LABEL_NO_WRITE_UP) != 0 ? 0 : mapping->write;
    allowed |= (forbidden & LABEL_NO_EXECUTE_UP) != 0 ? 0 : mapping->execute;
    allowed |= has_privilege(token, PRIVILEGE_RELABEL) ? ACCESS_WRITE_OWNER : 0;
    return allowed;
}

static bool names_owner_rights(const struct acl *dacl)
{
    struct ace_place place = {0};
    struct ace ace;

    while (acl_next(dacl, &place, &ace))
        if ((ace.flags & ACE_INHERIT_ONLY) == 0 && sid_is_equal(&ace.sid, &sid_owner_rights))
            return true;
    return false;
}

// One check under way.
struct check {
    const struct access_token *token;
    const struct access_mapping *mapping;
    bool is_owner;
    uint32_t desired;   // what must be granted
    uint32_t undecided; // what an entry may still speak of
    uint32_t granted;
    struct access_answer answer;
};

static void deny(struct check *check, enum access_reason reason, uint32_t missing, uint32_t ace)
{
    check->answer = (struct access_answer){.reason = reason, .missing = missing, .ace = ace};
}

static void grant(struct check *check, uint32_t rights)
{
    check->granted |= rights & check->undecided;
    check->undecided &= ~rights;
}

static bool speaks_of(const struct check *check, const struct ace *ace)
{
    return (ace->flags & ACE_INHERIT_ONLY) == 0 &&
           (access_token_has(check->token, &ace->sid) ||
            (check->is_owner && sid_is_equal(&ace->sid, &sid_owner_rights)));
}

// Walks the list until everything is decided. False if an entry denies what is desired.
static bool walk(struct check *check, const struct acl *dacl)
{
    struct ace_place place = {0};
    struct ace ace;

    while (check->undecided != 0 && acl_next(dacl, &place, &ace)) {
        uint32_t rights = access_mask_map(ace.mask, check->mapping) & check->undecided;

        if (rights == 0 || !speaks_of(check, &ace))
            continue;
        if (ace.type == ACE_ALLOWED) {
            grant(check, rights);
        } else if ((rights & check->desired) != 0) {
            deny(check, ACCESS_DENIED_BY_ACE, rights & check->desired, place.index - 1);
            return false;
        }
        check->undecided &= ~rights;
    }
    return true;
}

// What privileges and ownership give before any entry.
static void grant_implied(struct check *check, const struct descriptor *descriptor)
{
    if (has_privilege(check->token, PRIVILEGE_TAKE_OWNERSHIP))
        grant(check, check->desired & ACCESS_WRITE_OWNER);
    check->is_owner = descriptor->has_owner && access_token_has(check->token, &descriptor->owner);
    if (check->is_owner && !names_owner_rights(&descriptor->dacl))
        grant(check, OWNER_RIGHTS);
}

struct access_answer access_check(const struct descriptor *descriptor,
                                  const struct access_token *token, uint32_t desired,
                                  const struct access_mapping *mapping)
{
    uint32_t label = label_allows(descriptor, token, mapping);
    uint32_t mapped = access_mask_map(desired, mapping);
    bool is_maximum = (desired & ACCESS_MAXIMUM_ALLOWED) != 0;
    struct check check = {.token = token, .mapping = mapping, .desired = mapped & ~SPECIAL_RIGHTS};

    if ((mapped & ACCESS_SYSTEM_SECURITY) != 0 && !has_privilege(token, PRIVILEGE_SECURITY)) {
        deny(&check, ACCESS_DENIED_BY_PRIVILEGE, ACCESS_SYSTEM_SECURITY, 0);
        return check.answer;
    }
    if ((check.desired & ~label) != 0) {
        deny(&check, ACCESS_DENIED_BY_INTEGRITY, check.desired & ~label, 0);
        return check.answer;
    }
    check.undecided = is_maximum ? label & ~SPECIAL_RIGHTS : check.desired;
    check.granted = mapped & ACCESS_SYSTEM_SECURITY;
    grant_implied(&check, descriptor);
    if (descriptor->dacl.bytes == NULL)
        grant(&check, is_maximum ? mapping->all | check.desired : check.desired);
    else if (!walk(&check, &descriptor->dacl))
        return check.answer;
    if ((check.desired & ~check.granted) != 0)
        deny(&check, ACCESS_DENIED_NOT_GRANTED, check.desired & ~check.granted, 0);
    else if (is_maximum && check.granted == 0)
        deny(&check, ACCESS_DENIED_NOT_GRANTED, ACCESS_MAXIMUM_ALLOWED, 0);
    else
        check.answer = (struct access_answer){.is_allowed = true, .granted = check.granted};
    return check.answer;
}

const char *access_reason_text(enum access_reason reason)
{
    static const char *const texts[] = {
        [ACCESS_ALLOWED] = "allowed",
        [ACCESS_DENIED_BY_ACE] = "an entry of the list denies it",
        [ACCESS_DENIED_NOT_GRANTED] = "no entry of the list grants it",
        [ACCESS_DENIED_BY_INTEGRITY] = "the caller's integrity level is below the object's",
        [ACCESS_DENIED_BY_PRIVILEGE] = "it needs SeSecurityPrivilege",
    };

    return texts[reason];
}

// SPDX-License-Identifier: Apache-2.0
//
// Orders of sessions.
#include "system/init/manager/session.h"

#include <string.h>

static uint64_t privileges_of(const struct definition *definition)
{
    uint64_t kept = 0;

    if (definition_count(definition, FIELD_REQUIRED_PRIVILEGES) == 0) {
        return UINT64_MAX;
    }
    for (const char *item = NULL;
         (item = definition_item(definition, FIELD_REQUIRED_PRIVILEGES, item)) != NULL;) {
        enum privilege privilege = 0;
        (void)privilege_find(item, strlen(item), &privilege); // checked when it was read
        kept |= privilege_bit(privilege);
    }
    return kept;
}

struct session_order session_order_of(const struct definition *definition,
                                      const struct sid *service_sid, bool is_hook)
{
    const char *own = definition_text(definition, FIELD_IDENTITY);
    const char *hook = definition_text(definition, FIELD_HOOK_IDENTITY);
    const char *identity = is_hook && hook[0] != '\0' ? hook : own;

    return (struct session_order){
        .identity = identity[0] != '\0' ? identity : IDENTITY_OTHERWISE,
        .service_sid = service_sid,
        .privileges = privileges_of(definition),
    };
}

struct access_token session_apply(const struct session_order *order,
                                  const struct access_token *base, struct sid *groups)
{
    struct access_token token = *base;

    memcpy(groups, base->groups, base->groups_count * sizeof(*groups));
    groups[base->groups_count] = *order->service_sid;
    token.groups = groups;
    token.groups_count = base->groups_count + 1;
    token.privileges = base->privileges & order->privileges;
    return token;
}

// SPDX-License-Identifier: Apache-2.0
//
// Who may ask for what: the descriptor of a service or of the system decides, and nothing goes
// round it. Every denial is written down with who, what and which right.
#include "system/init/manager/right.h"

#include <string.h>

#include "system/init/manager/parts.h"

static const struct access_mapping service_mapping = {RIGHT_QUERY_STATUS, RIGHT_START | RIGHT_STOP,
                                                      RIGHT_INTERROGATE, RIGHT_SERVICE_ALL};
static const struct access_mapping system_mapping = {0, RIGHT_RELOAD_CONFIG, RIGHT_SHUTDOWN,
                                                     RIGHT_SYSTEM_ALL};

static uint32_t missing_of(const struct security *security, const struct access_token *token,
                           uint32_t rights, const struct access_mapping *mapping)
{
    struct descriptor descriptor;
    struct access_error error;

    manager_assert(descriptor_decode(&descriptor, security->bytes, security->size, &error));
    return access_check(&descriptor, token, rights, mapping).missing;
}

bool right_system_read(const char *text, struct security *security, struct access_error *error)
{
    return sddl_parse(text, strlen(text), security->bytes, sizeof(security->bytes), &security->size,
                      error);
}

bool right_inherited_read(const char *text, struct security *security, struct access_error *error)
{
    struct security above;
    struct descriptor parent;
    struct descriptor_creation creation = {.parent = &parent,
                                           .owner = &sid_system,
                                           .group = &sid_system,
                                           .mapping = &service_mapping,
                                           .is_container = true};

    if (!right_system_read(text, &above, error)) {
        return false;
    }
    manager_assert(descriptor_decode(&parent, above.bytes, above.size, error));
    return descriptor_inherit(&creation, security->bytes, sizeof(security->bytes), &security->size,
                              error);
}

// The descriptor that decides about a service; NULL if its own can't be read: then nobody has a
// right to it, and the problem was told when it was read.
static const struct security *security_of_service(struct manager *manager, uint16_t slot,
                                                  struct security *own)
{
    const struct security *inherited =
        &catalogue_set(&manager->catalogue)->security[SECURITY_OF_SERVICES];
    const struct definition *definition = service_newest(manager, slot);
    const char *text =
        definition != NULL ? definition_text(definition, FIELD_SERVICE_SECURITY) : "";
    struct access_error error;

    if (text[0] != '\0') {
        return right_system_read(text, own, &error) ? own : NULL;
    }
    return inherited->size > 0 ? inherited : &manager->default_security;
}

static const struct security *security_of_system(struct manager *manager)
{
    const struct security *given =
        &catalogue_set(&manager->catalogue)->security[SECURITY_OF_SYSTEM];

    return given->size > 0 ? given : &manager->control_security;
}

uint32_t right_missing(struct manager *manager, uint16_t slot, const struct access_token *token,
                       uint32_t rights)
{
    // Without a session one sees public status only: what everybody may query.
    struct access_token public = {.user = sid_anonymous,
                                  .groups = &sid_everyone,
                                  .groups_count = 1,
                                  .integrity = INTEGRITY_UNTRUSTED};
    struct security own;

    if (slot == NO_SERVICE) {
        return token == NULL
                   ? rights
                   : missing_of(security_of_system(manager), token, rights, &system_mapping);
    }
    const struct security *security = security_of_service(manager, slot, &own);
    return security == NULL
               ? rights
               : missing_of(security, token != NULL ? token : &public, rights, &service_mapping);
}

bool right_check(struct manager *manager, uint16_t slot, const struct access_token *token,
                 uint32_t rights, const char *what)
{
    uint32_t missing = right_missing(manager, slot, token, rights);
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));

    if (missing == 0) {
        return true;
    }
    if (token != NULL) {
        char sid[SID_TEXT_MAX];
        (void)sid_print(&token->user, sid);
        phrase_put(&detail, sid);
    } else {
        phrase_put(&detail, "somebody without a session");
    }
    phrase_put(&detail, ", ");
    phrase_put(&detail, what);
    phrase_put(&detail, ", lacks right 0x");
    phrase_put_number(&detail, missing); // one digit
    (void)record_add(manager, RECORD_DENIED, slot, words);
    return false;
}

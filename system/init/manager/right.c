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

// Of the missing rights, when nothing can be decided: all.
static uint32_t missing_of(const uint8_t *bytes, size_t size, const struct access_token *token,
                           uint32_t rights, const struct access_mapping *mapping)
{
    struct descriptor descriptor;
    struct access_error error;

    if (!descriptor_decode(&descriptor, bytes, size, &error)) {
        return rights;
    }
    struct access_answer answer = access_check(&descriptor, token, rights, mapping);
    return answer.is_allowed ? 0 : answer.missing;
}

uint32_t right_missing(struct manager *manager, uint16_t slot, const struct access_token *token,
                       uint32_t rights)
{
    uint8_t bytes[1024];
    struct access_error error;
    size_t size;

    if (slot == NO_SERVICE) {
        return token == NULL ? rights
                             : missing_of(manager->control_security, manager->control_security_size,
                                          token, rights, &system_mapping);
    }
    // Without a session one sees public status only: what everybody may query.
    struct access_token public = {.user = sid_anonymous,
                                  .groups = &sid_everyone,
                                  .groups_count = 1,
                                  .integrity = INTEGRITY_UNTRUSTED};
    const struct access_token *asker = token != NULL ? token : &public;
    const struct definition *definition = service_newest(manager, slot);
    const char *text =
        definition != NULL ? definition_text(definition, FIELD_SERVICE_SECURITY) : "";
    if (text[0] == '\0') {
        return missing_of(manager->default_security, manager->default_security_size, asker, rights,
                          &service_mapping);
    }
    if (!sddl_parse(text, strlen(text), bytes, sizeof(bytes), &size, &error)) {
        return rights;
    }
    return missing_of(bytes, size, asker, rights, &service_mapping);
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

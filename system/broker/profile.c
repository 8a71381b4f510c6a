// SPDX-License-Identifier: Apache-2.0
//
// Profiles as text: NAME ":" {NAME ["{" METHOD {"," METHOD} "}"]} {";" ...}.
#include "system/broker/profile.h"

#include <string.h>

struct read {
    struct profiles *profiles;
    const char *text;
    size_t size, at;
    const struct profile_lookup *lookup;
};

static bool fail(struct read *read, size_t at, const char *reason)
{
    read->profiles->at = at;
    read->profiles->reason = reason;
    return false;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

static void blanks_skip(struct read *read)
{
    while (read->at < read->size && (read->text[read->at] == ' ' || read->text[read->at] == '\n')) {
        read->at++;
    }
}

static bool name_read(struct read *read, struct profile_name *name)
{
    size_t from = read->at;
    while (read->at < read->size && is_name(read->text[read->at])) {
        read->at++;
    }
    *name = (struct profile_name){read->text + from, read->at - from};
    return name->size != 0 || fail(read, from, "a name is missing here");
}

// The mark, if it is the next thing; what stands behind it is next then.
static bool mark_take(struct read *read, char mark)
{
    bool is_there = read->at < read->size && read->text[read->at] == mark;
    read->at += is_there ? 1 : 0;
    blanks_skip(read);
    return is_there;
}

static bool methods_read(struct read *read, struct profile_item *item)
{
    do {
        struct profile_name name;
        uint32_t number;
        size_t at = read->at;
        if (!name_read(read, &name)) {
            return false;
        }
        if (!read->lookup->method(read->lookup->context, item->interface, name, &number)) {
            return fail(read, at, "the interface has no such method");
        }
        item->methods |= UINT64_C(1) << number;
        blanks_skip(read);
    } while (mark_take(read, ','));
    return mark_take(read, '}') || fail(read, read->at, "a , or } is missing here");
}

static bool item_read(struct read *read, struct profile_item *item)
{
    size_t at = read->at;
    if (!name_read(read, &item->name)) {
        return false;
    }
    if (!read->lookup->held(read->lookup->context, item)) {
        return fail(read, at, "nothing is held under this name");
    }
    bool is_narrow = read->at < read->size && read->text[read->at] == '{';
    if (is_narrow) {
        mark_take(read, '{');
        return methods_read(read, item);
    }
    blanks_skip(read);
    return true;
}

static bool profile_read(struct read *read, struct profile *profile)
{
    struct profiles *profiles = read->profiles;
    if (!name_read(read, &profile->name)) {
        return false;
    }
    blanks_skip(read);
    if (!mark_take(read, ':')) {
        return fail(read, read->at, "a : is missing behind the profile's name");
    }
    profile->first = profiles->item_count;
    while (read->at < read->size && read->text[read->at] != ';') {
        if (profiles->item_count == PROFILE_ITEMS_MAX) {
            return fail(read, read->at, "all profiles together have at most 64 capabilities");
        }
        struct profile_item *item = &profiles->items[profiles->item_count++];
        *item = (struct profile_item){.methods = 0};
        if (!item_read(read, item)) {
            return false;
        }
    }
    profile->count = profiles->item_count - profile->first;
    mark_take(read, ';');
    return true;
}

bool profiles_read(struct profiles *profiles, const char *text, size_t size,
                   const struct profile_lookup *lookup)
{
    struct read read = {.profiles = profiles, .text = text, .size = size, .lookup = lookup};
    profiles->profile_count = profiles->item_count = 0;
    blanks_skip(&read);
    while (read.at < size) {
        if (profiles->profile_count == PROFILES_MAX) {
            return fail(&read, read.at, "there are at most 8 profiles");
        }
        struct profile *profile = &profiles->profiles[profiles->profile_count++];
        if (!profile_read(&read, profile)) {
            return false;
        }
    }
    return profiles->profile_count != 0 || fail(&read, 0, "there is no profile");
}

bool profile_method(void *context, uint64_t interface, struct profile_name name, uint32_t *number)
{
    // In two steps, since a method's line names its interface, and only the interface's the id.
#define INTERFACE(id, name) {id, #name},
#define METHOD(interface, number, name)
    static const struct {
        uint64_t id;
        const char *name;
    } interfaces[] = {
#include "abi/methods.lock"
    };
#undef INTERFACE
#undef METHOD
#define INTERFACE(id, name)
#define METHOD(interface, number, name) {#interface, #name, number},
    static const struct {
        const char *interface, *name;
        uint32_t number;
    } methods[] = {
#include "abi/methods.lock"
    };
#undef INTERFACE
#undef METHOD
    const char *wanted = NULL;
    (void)context;
    for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++) {
        wanted = interfaces[i].id == interface ? interfaces[i].name : wanted;
    }
    for (size_t i = 0; wanted != NULL && i < sizeof methods / sizeof methods[0]; i++) {
        if (strlen(methods[i].interface) == strlen(wanted) &&
            memcmp(methods[i].interface, wanted, strlen(wanted)) == 0 &&
            strlen(methods[i].name) == name.size &&
            memcmp(methods[i].name, name.text, name.size) == 0) {
            *number = methods[i].number;
            return true;
        }
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
//
// The broker: see README.md and abi/schema/broker.capnp.

#include <string.h>

#include "abi/identity.h"
#include "abi/start.h"
#include "runtime/service/service.h"
#include "runtime/session.h"
#include "system/broker/profile.h"

#include "schema/boot.capnp.h"
#include "schema/broker.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/launcher.capnp.h"

enum { TEXT_MAX = 512 };

struct broker_state {
    struct tsr_service service;
    const struct start *start;
    struct endpoint server;
    struct debug_console console;
    struct capability_manager capabilities;
    struct profiles profiles;
};

static struct broker_state broker;
static char text[TEXT_MAX];

static struct capnp_text text_of(struct profile_name name)
{
    return (struct capnp_text){name.text, (uint32_t)name.size};
}

// What was decided, for whoever operates the machine.
static void say(const struct broker_state *self, struct profile_name profile,
                struct profile_name name, const char *what)
{
    struct tsr_line line = {0};
    struct capnp_exception ignored;
    tsr_line_text(&line, "broker: profile ");
    tsr_line_bytes(&line, profile.text, (uint32_t)profile.size);
    tsr_line_text(&line, ": ");
    tsr_line_bytes(&line, name.text, (uint32_t)name.size);
    tsr_line_text(&line, what);
    debug_console_write_line(self->console, tsr_line_of(&line), &ignored);
}

// What an item's facet is made from: a launcher of the asker's own, so that a bundle brings no
// tasks of anybody else; everything else is the broker's.
static bool item_source(struct broker_state *self, const struct profile_item *item,
                        struct capnp_cap *cap, struct capnp_exception *exception)
{
    struct launcher own;
    cap->id = item->cap;
    if (item->interface != LAUNCHER_INTERFACE_ID) {
        return true;
    }
    if (!launcher_own((struct launcher){item->cap}, &own, exception)) {
        return false;
    }
    cap->id = own.id;
    tsr_request_give(self->service.current, own.id);
    return true;
}

static bool item_make(struct broker_state *self, const struct profile_item *item,
                      struct capnp_cap *cap, struct capnp_exception *exception)
{
    struct revoker revoker;
    if (!item_source(self, item, cap, exception)) {
        return false;
    }
    if (item->methods == 0) {
        return true;
    }
    if (!capability_manager_facet(self->capabilities, *cap, item->methods, 0, 0, 0, 0, cap,
                                  &revoker, exception)) {
        return false;
    }
    tsr_release(revoker.id);
    tsr_request_give(self->service.current, cap->id);
    return true;
}

// A facet says whose bundle it is, and so does its caller's session: one alone is not enough, so
// that a facet which got into another session brings nothing there.
static bool session_check(const struct broker_state *self, struct profile_name profile,
                          struct capnp_exception *exception)
{
    char bytes[NAME_SIZE];
    uint32_t size = 0;
    if (!tsr_identity_read(self->server, self->service.current->call_id, IDENTITY_PROFILE, bytes,
                           sizeof bytes, &size, exception)) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0,
                            "disclose your session's profile: the bundle follows from it");
        return false;
    }
    if (size != profile.size || memcmp(bytes, profile.text, size) != 0) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0,
                            "this bundle is of another profile than your session's");
        return false;
    }
    return true;
}

static bool on_bundle(void *context, struct broker_bundle_params_reader params,
                      struct broker_bundle_results_builder results,
                      struct capnp_exception *exception)
{
    struct broker_state *self = context;
    uint64_t which = self->service.current->receiver_data;
    uint32_t index = broker_bundle_params_get_index(params);
    struct capnp_cap cap;
    if (which >= self->profiles.profile_count) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, which, "there is no such profile");
        return false;
    }
    const struct profile *profile = &self->profiles.profiles[which];
    if (!session_check(self, profile->name, exception)) {
        say(self, profile->name, (struct profile_name){"the bundle", strlen("the bundle")},
            " is refused: the caller's session has another profile, or does not say it");
        return false;
    }
    if (index >= profile->count) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, index,
                            "the bundle has no more capabilities");
        return false;
    }
    const struct profile_item *item = &self->profiles.items[profile->first + index];
    if (!item_make(self, item, &cap, exception)) {
        say(self, profile->name, item->name, " can't be made");
        return false;
    }
    say(self, profile->name, item->name, " granted");
    broker_bundle_results_set_count(results, (uint32_t)profile->count);
    broker_bundle_results_set_profile(results, text_of(profile->name));
    broker_bundle_results_set_name(results, text_of(item->name));
    broker_bundle_results_set_capability(results, cap);
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct broker_server methods = {.bundle = on_bundle};
    return broker_dispatch(&methods, self, method, request, response, exception);
}

// ---- The beginning ----

static bool held(void *context, struct profile_item *item)
{
    const struct broker_state *self = context;
    const struct capset *capset = (const struct capset *)self->start->capset;
    for (uint64_t i = 0; i < capset->count; i++) {
        const struct capset_entry *entry = &capset->entries[i];
        if (strlen(entry->name) == item->name.size &&
            memcmp(entry->name, item->name.text, item->name.size) == 0) {
            item->cap = entry->cap;
            item->interface = entry->interface;
            return true;
        }
    }
    return false;
}

static void profiles_find(struct start *start)
{
    const struct profile_lookup lookup = {
        .context = &broker, .held = held, .method = profile_method};
    struct capnp_message info;
    tsr_start_info(start, &info);
    struct capnp_text arguments = start_info_get_arguments(start_info_read(&info));
    uint32_t size = arguments.size < TEXT_MAX ? arguments.size : TEXT_MAX;
    memcpy(text, arguments.data, size);
    broker.start = start;
    if (!profiles_read(&broker.profiles, text, size, &lookup)) {
        struct tsr_line line = {0};
        tsr_line_text(&line, "broker: its arguments, byte ");
        tsr_line_decimal(&line, broker.profiles.at);
        tsr_line_text(&line, ": ");
        tsr_line_text(&line, broker.profiles.reason);
        tsr_panic(line.text);
    }
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &broker.server.id) ||
        !tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &broker.console.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID,
                  &broker.capabilities.id)) {
        tsr_panic("broker: server, console or capabilities was not granted");
    }
    profiles_find(start);
    const struct tsr_service_options options = {.server = broker.server.id,
                                                .interface = BROKER_INTERFACE_ID,
                                                .message_max = 640,
                                                .dispatch = dispatch,
                                                .self = &broker};
    if (!tsr_service_start(&broker.service, &options, &exception) ||
        !tsr_service_serve(&broker.service, &exception)) {
        tsr_panic_because("broker: cannot serve: ", &exception);
    }
    return 0;
}

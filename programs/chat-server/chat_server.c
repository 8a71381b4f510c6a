// SPDX-License-Identifier: Apache-2.0
//
// The chat's server: calls of Chat and ChatMember become steps of the hall, and what they change
// rings bells. A member's facets carry its place and a number that no other member has, in no life
// of this server; what makes them of use is the caller's reference, which must be the member's.
#include <string.h>

#include "abi/identity.h"
#include "programs/chat-server/hall.h"
#include "runtime/service/service.h"
#include "runtime/session.h"

#include "schema/chat.capnp.h"
#include "schema/kernel.capnp.h"

enum { PLACE_BITS = 8, MESSAGE_MAX = 640, RUNG = 1, ENTRIES_MAX = 4 };

struct seat {
    uint64_t data;   // receiver data of its facets
    uint32_t facets; // that somebody may hold; 0: it has gone
    struct notification bell;
};

static struct chat_state {
    struct tsr_service service;
    struct endpoint server;
    struct job job;
    struct capability_manager capabilities;
    struct timer timer;
    uint64_t entries; // grows over this life and the next
    struct hall hall;
    struct seat seats[HALL_MEMBERS];
} chat;

static bool refuse(struct capnp_exception *exception, enum capnp_exception_type type,
                   const char *reason)
{
    capnp_exception_set(exception, type, 0, reason);
    return false;
}

static bool well(enum hall_verdict verdict, struct capnp_exception *exception)
{
    static const struct {
        enum capnp_exception_type type;
        const char *reason;
    } refusals[] = {
        [HALL_FULL] = {CAPNP_EXCEPTION_OVERLOADED, "16 members are here; wait until one leaves"},
        [HALL_ROOMS_FULL] = {CAPNP_EXCEPTION_OVERLOADED,
                             "there are 8 rooms; join one of them: `rooms` lists them"},
        [HALL_BAD_ROOM] = {CAPNP_EXCEPTION_INVALID_ARGUMENT,
                           "a room's name has 1 to 31 of a-z, 0-9 and -"},
        [HALL_BAD_TEXT] = {CAPNP_EXCEPTION_INVALID_ARGUMENT,
                           "a line has 1 to 200 bytes, no control characters"},
        [HALL_TOO_FAST] = {CAPNP_EXCEPTION_OVERLOADED, "too fast; wait a moment"},
        [HALL_OUT] = {CAPNP_EXCEPTION_FAILED, "thrown out for flooding; join again in ten seconds"},
        [HALL_NO_ROOM] = {CAPNP_EXCEPTION_FAILED, "you are in no room; join one"},
    };
    return verdict == HALL_WELL ||
           refuse(exception, refusals[verdict].type, refusals[verdict].reason);
}

static struct hall_text hall_text_of(struct capnp_text text)
{
    return (struct hall_text){text.size, text.data};
}

static void bells_ring(void)
{
    struct capnp_exception ignored; // somebody cut it off: the member's own loss
    for (uint32_t i = 0; i < HALL_MEMBERS; i++) {
        if ((chat.hall.rings >> i & 1) != 0 && chat.seats[i].facets != 0) {
            notification_signal(chat.seats[i].bell, RUNG, &ignored);
        }
    }
    chat.hall.rings = 0;
}

static struct tsr_line label_of(uint32_t number)
{
    struct tsr_line label = {0};
    tsr_line_text(&label, "member-");
    tsr_line_decimal(&label, number);
    return label;
}

// ---- Members ----

static struct hall_key caller_key(void)
{
    const struct tsr_request *call = chat.service.current;
    return (struct hall_key){
        {call->caller_reference[0], call->caller_reference[1], call->caller_epoch}};
}

// The member that a call is made for. Whoever else got hold of its facet is not the member.
static bool member_called(uint32_t *member, struct capnp_exception *exception)
{
    uint64_t data = chat.service.current->receiver_data;
    struct hall_key key = caller_key();
    *member = (uint32_t)data & ((1U << PLACE_BITS) - 1);
    if (*member >= HALL_MEMBERS || chat.seats[*member].facets == 0 ||
        chat.seats[*member].data != data) {
        return refuse(exception, CAPNP_EXCEPTION_DISCONNECTED,
                      "this member is forgotten; enter again");
    }
    return hall_key_is(&chat.hall.members[*member].key, &key) ||
           refuse(exception, CAPNP_EXCEPTION_FAILED,
                  "this is another session's member; enter for yourself");
}

// The bell is the server's until the member goes; what it gives away can only be waited for.
static bool seat_open(uint32_t member, struct capnp_exception *exception)
{
    struct seat *seat = &chat.seats[member];
    if (seat->facets != 0) {
        return true;
    }
    seat->data = ++chat.entries << PLACE_BITS | member;
    return job_make_notification(chat.job, &seat->bell, exception);
}

static void seat_close(uint32_t member)
{
    tsr_release(chat.seats[member].bell.id);
    chat.seats[member].bell.id = 0;
    hall_go(&chat.hall, member);
    bells_ring();
}

static bool facet_give(struct capnp_cap target, uint64_t methods, uint64_t interface, uint64_t data,
                       struct capnp_cap *facet, struct capnp_exception *exception)
{
    struct revoker revoker;
    if (!capability_manager_facet(chat.capabilities, target, methods, interface, data, 0, 0, facet,
                                  &revoker, exception)) {
        return false;
    }
    tsr_release(revoker.id);
    tsr_request_give(chat.service.current, facet->id);
    return true;
}

static bool facets_give(uint32_t member, struct chat_enter_results_builder results,
                        struct capnp_exception *exception)
{
    struct seat *seat = &chat.seats[member];
    struct capnp_cap facet, bell;
    if (seat->facets == ENTRIES_MAX) {
        return refuse(exception, CAPNP_EXCEPTION_OVERLOADED,
                      "you entered four times and hold all of that; release some");
    }
    if (!facet_give((struct capnp_cap){seat->bell.id}, 1 << NOTIFICATION_TAKE, 0, 0, &bell,
                    exception) ||
        !facet_give((struct capnp_cap){chat.server.id}, (1U << (CHAT_MEMBER_ROOMS + 1)) - 1,
                    CHAT_MEMBER_INTERFACE_ID, seat->data, &facet, exception)) {
        return false;
    }
    seat->facets++;
    struct tsr_line label = label_of(chat.hall.members[member].number);
    chat_enter_results_set_member(results, (struct chat_member){facet.id});
    chat_enter_results_set_bell(results, (struct notification){bell.id});
    chat_enter_results_set_label(results, tsr_line_of(&label));
    return true;
}

static bool on_enter(void *self, struct chat_enter_params_reader params,
                     struct chat_enter_results_builder results, struct capnp_exception *exception)
{
    char name[HALL_NAME_MAX];
    uint32_t size;
    uint32_t member;
    struct hall_key key = caller_key();
    struct capnp_exception ignored; // it does not say its name
    (void)self;
    (void)params;
    if (!tsr_identity_read(chat.server, chat.service.current->call_id, IDENTITY_NAME, name,
                           sizeof name, &size, &ignored)) {
        size = 0;
    }
    if (!well(hall_enter(&chat.hall, &key, (struct hall_text){size, name}, &member), exception)) {
        return false;
    }
    if (seat_open(member, exception) && facets_give(member, results, exception)) {
        return true;
    }
    if (chat.seats[member].facets == 0) {
        seat_close(member);
    }
    return false;
}

// Told once for each facet that nobody holds any more.
static void dropped(void *self, uint64_t interface, uint64_t data)
{
    uint32_t member = (uint32_t)data & ((1U << PLACE_BITS) - 1);
    (void)self;
    if (interface == CHAT_MEMBER_INTERFACE_ID && member < HALL_MEMBERS &&
        chat.seats[member].facets != 0 && chat.seats[member].data == data &&
        --chat.seats[member].facets == 0) {
        seat_close(member);
    }
}

// ---- What members do ----

static bool on_join(void *self, struct chat_member_join_params_reader params,
                    struct chat_member_join_results_builder results,
                    struct capnp_exception *exception)
{
    struct hall_text room = hall_text_of(chat_member_join_params_get_room(params));
    uint32_t member;
    uint64_t now;
    (void)self;
    if (!member_called(&member, exception) || !timer_now(chat.timer, &now, exception) ||
        !well(hall_join(&chat.hall, member, room, now), exception)) {
        return false;
    }
    uint32_t joined = chat.hall.members[member].room;
    chat_member_join_results_set_members(results, chat.hall.rooms[joined].member_count);
    return true;
}

static bool on_leave(void *self, struct chat_member_leave_params_reader params,
                     struct chat_member_leave_results_builder results,
                     struct capnp_exception *exception)
{
    uint32_t member;
    (void)self;
    (void)params;
    (void)results;
    return member_called(&member, exception) && well(hall_leave(&chat.hall, member), exception);
}

static bool on_say(void *self, struct chat_member_say_params_reader params,
                   struct chat_member_say_results_builder results,
                   struct capnp_exception *exception)
{
    struct hall_text text = hall_text_of(chat_member_say_params_get_text(params));
    uint32_t member;
    uint64_t now;
    (void)self;
    (void)results;
    return member_called(&member, exception) && timer_now(chat.timer, &now, exception) &&
           well(hall_say(&chat.hall, member, text, now), exception);
}

static bool on_next(void *self, struct chat_member_next_params_reader params,
                    struct chat_member_next_results_builder results,
                    struct capnp_exception *exception)
{
    static const enum chat_kind kinds[] = {
        [HALL_NOTHING] = CHAT_KIND_NOTHING, [HALL_SAID] = CHAT_KIND_SAID,
        [HALL_JOINED] = CHAT_KIND_JOINED,   [HALL_LEFT] = CHAT_KIND_LEFT,
        [HALL_MISSED] = CHAT_KIND_MISSED,   [HALL_THROWN_OUT] = CHAT_KIND_THROWN_OUT};
    struct hall_line line;
    uint32_t member;
    (void)self;
    (void)params;
    if (!member_called(&member, exception)) {
        return false;
    }
    hall_next(&chat.hall, member, &line);
    struct tsr_line label = label_of(line.number);
    chat_member_next_results_set_kind(results, kinds[line.kind]);
    chat_member_next_results_set_count(results, line.count);
    if (line.number != 0) {
        chat_member_next_results_set_label(results, tsr_line_of(&label));
        chat_member_next_results_set_name(results, (struct capnp_text){line.name, line.name_size});
        chat_member_next_results_set_text(results, (struct capnp_text){line.text, line.text_size});
    }
    return true;
}

static bool on_who(void *self, struct chat_member_who_params_reader params,
                   struct chat_member_who_results_builder results,
                   struct capnp_exception *exception)
{
    uint32_t member;
    (void)self;
    if (!member_called(&member, exception)) {
        return false;
    }
    uint32_t room = chat.hall.members[member].room;
    if (room == HALL_NOWHERE) {
        return well(HALL_NO_ROOM, exception);
    }
    uint32_t index = chat_member_who_params_get_index(params);
    uint32_t found = hall_member_at(&chat.hall, room, index);
    chat_member_who_results_set_count(results, chat.hall.rooms[room].member_count);
    if (found != HALL_NOBODY) {
        const struct hall_member *who = &chat.hall.members[found];
        struct tsr_line label = label_of(who->number);
        chat_member_who_results_set_label(results, tsr_line_of(&label));
        chat_member_who_results_set_name(results, (struct capnp_text){who->name, who->name_size});
        chat_member_who_results_set_is_caller(results, found == member);
    }
    return true;
}

static bool on_rooms(void *self, struct chat_member_rooms_params_reader params,
                     struct chat_member_rooms_results_builder results,
                     struct capnp_exception *exception)
{
    uint32_t member;
    (void)self;
    if (!member_called(&member, exception)) {
        return false;
    }
    uint32_t found = hall_room_at(&chat.hall, chat_member_rooms_params_get_index(params));
    chat_member_rooms_results_set_count(results, hall_room_count(&chat.hall));
    if (found != HALL_NOWHERE) {
        const struct hall_room *room = &chat.hall.rooms[found];
        chat_member_rooms_results_set_room(results,
                                           (struct capnp_text){room->name, room->name_size});
        chat_member_rooms_results_set_members(results, room->member_count);
    }
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct chat_server doors = {.enter = on_enter};
    static const struct chat_member_server members = {.join = on_join,
                                                      .leave = on_leave,
                                                      .say = on_say,
                                                      .next = on_next,
                                                      .who = on_who,
                                                      .rooms = on_rooms};
    uint64_t interface = chat.service.current->interface;
    bool is_well;
    if (interface == CHAT_INTERFACE_ID) {
        is_well = chat_dispatch(&doors, self, method, request, response, exception);
    } else if (interface == CHAT_MEMBER_INTERFACE_ID) {
        is_well = chat_member_dispatch(&members, self, method, request, response, exception);
    } else {
        is_well = refuse(exception, CAPNP_EXCEPTION_UNIMPLEMENTED,
                         "this server does not serve that interface");
    }
    bells_ring(); // also of who was thrown out by a refusal
    return is_well;
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &chat.server.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &chat.job.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &chat.timer.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &chat.capabilities.id)) {
        tsr_panic("chat-server: server, job, timer or capabilities was not granted");
    }
    const struct tsr_service_options options = {.server = chat.server.id,
                                                .message_max = MESSAGE_MAX,
                                                .dispatch = dispatch,
                                                .dropped = dropped};
    if (!timer_now(chat.timer, &chat.entries, &exception) ||
        !tsr_service_start(&chat.service, &options, &exception) ||
        !tsr_service_serve(&chat.service, &exception)) {
        tsr_panic_because("chat-server: cannot serve: ", &exception);
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// The hall: see hall.h.
#include "programs/chat-server/hall.h"

#include <string.h>

static bool is_control(char byte)
{
    return (unsigned char)byte < ' ' || byte == 0x7f;
}

// ---- Lines ----

static void line_put(struct hall *hall, uint32_t member, enum hall_kind kind, struct hall_text text)
{
    const struct hall_member *author = &hall->members[member];
    struct hall_room *room = &hall->rooms[author->room];
    struct hall_line *line = &room->lines[room->written % HALL_LINES];
    *line = (struct hall_line){.kind = kind,
                               .number = author->number,
                               .name_size = author->name_size,
                               .text_size = text.size};
    memcpy(line->name, author->name, author->name_size);
    if (text.size != 0) {
        memcpy(line->text, text.bytes, text.size);
    }
    room->written++;
    for (uint32_t i = 0; i < HALL_MEMBERS; i++) {
        bool is_told = i != member && hall->members[i].room == author->room;
        hall->rings |= is_told && hall->members[i].presence == HALL_HERE ? 1U << i : 0;
    }
}

// Whether a line is paid for; HALL_OUT: no longer a matter of patience.
static enum hall_verdict line_pay(struct hall_member *member, uint64_t now_ns)
{
    uint64_t from = member->paid_ns > now_ns ? member->paid_ns : now_ns;
    if (from - now_ns > (HALL_BURST - 1) * HALL_LINE_NS) {
        member->refusals++;
        return member->refusals < HALL_PATIENCE ? HALL_TOO_FAST : HALL_OUT;
    }
    member->paid_ns = from + HALL_LINE_NS;
    member->refusals = 0;
    return HALL_WELL;
}

// ---- Rooms ----

static bool room_is_named(struct hall_text name)
{
    bool is_name = name.size >= 1 && name.size <= HALL_ROOM_MAX;
    for (uint32_t i = 0; is_name && i < name.size; i++) {
        char byte = name.bytes[i];
        is_name = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
    }
    return is_name;
}

// The room of this name, or one that nobody is in; HALL_NOWHERE: neither.
static uint32_t room_find(const struct hall *hall, struct hall_text name)
{
    uint32_t found = HALL_NOWHERE;
    for (uint32_t i = HALL_ROOMS; i-- > 0;) {
        const struct hall_room *room = &hall->rooms[i];
        if (room->member_count == 0) {
            found = i;
        }
    }
    for (uint32_t i = 0; i < HALL_ROOMS; i++) {
        const struct hall_room *room = &hall->rooms[i];
        if (room->member_count != 0 && room->name_size == name.size &&
            memcmp(room->name, name.bytes, name.size) == 0) {
            return i;
        }
    }
    return found;
}

static void room_leave(struct hall *hall, uint32_t member, enum hall_kind kind)
{
    struct hall_member *who = &hall->members[member];
    if (who->room != HALL_NOWHERE) {
        line_put(hall, member, kind, (struct hall_text){0, ""});
        hall->rooms[who->room].member_count--;
        who->room = HALL_NOWHERE;
        hall->rings &= ~(1U << member);
    }
}

static enum hall_verdict refused(struct hall *hall, uint32_t member, enum hall_verdict verdict,
                                 uint64_t now_ns)
{
    if (verdict == HALL_OUT) {
        room_leave(hall, member, HALL_THROWN_OUT);
        hall->members[member].paid_ns = now_ns + HALL_PENALTY_NS;
        hall->members[member].refusals = 0;
    }
    return verdict;
}

enum hall_verdict hall_join(struct hall *hall, uint32_t member, struct hall_text name,
                            uint64_t now_ns)
{
    struct hall_member *who = &hall->members[member];
    if (!room_is_named(name)) {
        return HALL_BAD_ROOM;
    }
    uint32_t to = room_find(hall, name);
    if (to == HALL_NOWHERE) {
        return HALL_ROOMS_FULL;
    }
    if (to == who->room) {
        return HALL_WELL;
    }
    enum hall_verdict verdict = line_pay(who, now_ns);
    if (verdict != HALL_WELL) {
        return refused(hall, member, verdict, now_ns);
    }
    room_leave(hall, member, HALL_LEFT);
    struct hall_room *room = &hall->rooms[to];
    if (room->member_count == 0) {
        memset(room, 0, sizeof *room);
        room->name_size = name.size;
        memcpy(room->name, name.bytes, name.size);
    }
    room->member_count++;
    who->room = to;
    line_put(hall, member, HALL_JOINED, (struct hall_text){0, ""});
    who->read = room->written;
    return HALL_WELL;
}

enum hall_verdict hall_leave(struct hall *hall, uint32_t member)
{
    if (hall->members[member].room == HALL_NOWHERE) {
        return HALL_NO_ROOM;
    }
    room_leave(hall, member, HALL_LEFT);
    return HALL_WELL;
}

enum hall_verdict hall_say(struct hall *hall, uint32_t member, struct hall_text text,
                           uint64_t now_ns)
{
    bool is_text = text.size >= 1 && text.size <= HALL_TEXT_MAX;
    for (uint32_t i = 0; is_text && i < text.size; i++) {
        is_text = !is_control(text.bytes[i]);
    }
    if (hall->members[member].room == HALL_NOWHERE) {
        return HALL_NO_ROOM;
    }
    if (!is_text) {
        return HALL_BAD_TEXT;
    }
    enum hall_verdict verdict = line_pay(&hall->members[member], now_ns);
    if (verdict != HALL_WELL) {
        return refused(hall, member, verdict, now_ns);
    }
    line_put(hall, member, HALL_SAID, text);
    return HALL_WELL;
}

void hall_next(struct hall *hall, uint32_t member, struct hall_line *line)
{
    struct hall_member *who = &hall->members[member];
    *line = (struct hall_line){.kind = HALL_NOTHING};
    if (who->room == HALL_NOWHERE) {
        return;
    }
    const struct hall_room *room = &hall->rooms[who->room];
    if (room->written - who->read > HALL_LINES) {
        uint64_t missed = room->written - who->read - HALL_LINES;
        who->read += missed;
        line->kind = HALL_MISSED;
        line->count = missed < UINT32_MAX ? (uint32_t)missed : UINT32_MAX;
        return;
    }
    while (line->kind == HALL_NOTHING && who->read < room->written) {
        const struct hall_line *next = &room->lines[who->read++ % HALL_LINES];
        if (next->number != who->number) {
            *line = *next;
        }
    }
}

// ---- Members ----

// The place of a member that is known by this key, else a free one, else that of who went first;
// HALL_NOBODY: everybody is here.
static uint32_t place_find(const struct hall *hall, const struct hall_key *key)
{
    uint32_t found = HALL_NOBODY;
    for (uint32_t i = 0; i < HALL_MEMBERS; i++) {
        const struct hall_member *member = &hall->members[i];
        if (member->presence != HALL_UNKNOWN && hall_key_is(&member->key, key)) {
            return i;
        }
        if (member->presence != HALL_HERE &&
            (found == HALL_NOBODY || member->departure < hall->members[found].departure)) {
            found = i;
        }
    }
    return found;
}

enum hall_verdict hall_enter(struct hall *hall, const struct hall_key *key, struct hall_text name,
                             uint32_t *member)
{
    *member = place_find(hall, key);
    if (*member == HALL_NOBODY) {
        return HALL_FULL;
    }
    struct hall_member *who = &hall->members[*member];
    if (who->presence == HALL_UNKNOWN || !hall_key_is(&who->key, key)) {
        *who = (struct hall_member){.key = *key, .number = ++hall->numbers, .room = HALL_NOWHERE};
    }
    if (who->presence != HALL_HERE) {
        who->presence = HALL_HERE;
        who->name_size = name.size < HALL_NAME_MAX ? name.size : HALL_NAME_MAX;
        for (uint32_t i = 0; i < who->name_size; i++) {
            who->name[i] = is_control(name.bytes[i]) ? '?' : name.bytes[i];
        }
    }
    return HALL_WELL;
}

void hall_go(struct hall *hall, uint32_t member)
{
    struct hall_member *who = &hall->members[member];
    room_leave(hall, member, HALL_LEFT);
    who->presence = HALL_GONE;
    who->departure = ++hall->departures;
}

// ---- Who is where ----

uint32_t hall_member_at(const struct hall *hall, uint32_t room, uint32_t index)
{
    for (uint32_t i = 0; i < HALL_MEMBERS; i++) {
        const struct hall_member *member = &hall->members[i];
        if (member->presence == HALL_HERE && member->room == room && index-- == 0) {
            return i;
        }
    }
    return HALL_NOBODY;
}

uint32_t hall_room_at(const struct hall *hall, uint32_t index)
{
    for (uint32_t i = 0; i < HALL_ROOMS; i++) {
        if (hall->rooms[i].member_count != 0 && index-- == 0) {
            return i;
        }
    }
    return HALL_NOWHERE;
}

uint32_t hall_room_count(const struct hall *hall)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < HALL_ROOMS; i++) {
        count += hall->rooms[i].member_count != 0 ? 1 : 0;
    }
    return count;
}

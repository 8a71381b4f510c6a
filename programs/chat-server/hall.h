// SPDX-License-Identifier: Apache-2.0
//
// The hall: members and rooms, as a state machine without calls, clocks or memory of its own. Who
// calls is a key that the caller can't choose; what time it is comes with each step.
//
// A room keeps its last lines once for all, and each member how far it has read: so a member that
// never reads costs nobody anything, and is told how many lines it missed. What members write is
// paid for in time, and the debt outlives leaving: a member that left stays known, under its
// number, until its place is needed for another one.
#ifndef PROGRAMS_CHAT_SERVER_HALL_H
#define PROGRAMS_CHAT_SERVER_HALL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HALL_MEMBERS = 16,
    HALL_ROOMS = 8,
    HALL_LINES = 32, // that a room remembers
    HALL_TEXT_MAX = 200,
    HALL_NAME_MAX = 63, // bytes of a member's name
    HALL_ROOM_MAX = 31, // bytes of a room's name
    HALL_BURST = 8,     // lines that may come at once
    HALL_PATIENCE = 32, // refusals without a line between them
    HALL_NOBODY = HALL_MEMBERS,
    HALL_NOWHERE = HALL_ROOMS,
};

#define HALL_LINE_NS    UINT64_C(250000000)   // what a line costs
#define HALL_PENALTY_NS UINT64_C(10000000000) // what being thrown out costs

enum hall_verdict {
    HALL_WELL,
    HALL_FULL,       // no member has left
    HALL_ROOMS_FULL, // each room has somebody in it
    HALL_BAD_ROOM,   // no name of a room
    HALL_BAD_TEXT,
    HALL_TOO_FAST,
    HALL_OUT, // too fast once too often: the member is in no room now
    HALL_NO_ROOM,
};

enum hall_kind {
    HALL_NOTHING,
    HALL_SAID,
    HALL_JOINED,
    HALL_LEFT,
    HALL_MISSED,
    HALL_THROWN_OUT,
};

struct hall_key {
    uint64_t words[3]; // a caller's reference and its epoch
};

struct hall_text {
    uint32_t size;
    const char *bytes;
};

struct hall_line {
    enum hall_kind kind;
    uint32_t number; // of who did it
    uint32_t count;  // of HALL_MISSED
    uint32_t name_size, text_size;
    char name[HALL_NAME_MAX];
    char text[HALL_TEXT_MAX];
};

enum hall_presence {
    HALL_UNKNOWN, // the place is free
    HALL_HERE,
    HALL_GONE, // known, until somebody needs the place
};

struct hall_member {
    enum hall_presence presence;
    struct hall_key key;
    uint32_t number; // its label
    uint32_t name_size;
    char name[HALL_NAME_MAX];
    uint32_t room;
    uint64_t read;    // lines of the room
    uint64_t paid_ns; // when its lines so far are paid for
    uint32_t refusals;
    uint64_t departure; // the order in which members went
};

struct hall_room {
    uint32_t member_count; // 0: there is no such room
    uint32_t name_size;
    char name[HALL_ROOM_MAX];
    uint64_t written;
    struct hall_line lines[HALL_LINES];
};

// All zero: nobody was here yet.
struct hall {
    uint32_t numbers; // that were given
    uint64_t departures;
    uint32_t rings; // bit n: member n has something to ask for, and nobody told it yet
    struct hall_member members[HALL_MEMBERS];
    struct hall_room rooms[HALL_ROOMS];
};

// The member with this key: the same where it is known, else a new one, with a name that others
// see; size 0: none.
enum hall_verdict hall_enter(struct hall *hall, const struct hall_key *key, struct hall_text name,
                             uint32_t *member);
// It goes, out of its room first.
void hall_go(struct hall *hall, uint32_t member);

enum hall_verdict hall_join(struct hall *hall, uint32_t member, struct hall_text room,
                            uint64_t now_ns);
enum hall_verdict hall_leave(struct hall *hall, uint32_t member);
enum hall_verdict hall_say(struct hall *hall, uint32_t member, struct hall_text text,
                           uint64_t now_ns);
// What happened next in its room but for what it did itself; HALL_NOTHING: no more.
void hall_next(struct hall *hall, uint32_t member, struct hall_line *line);

// The index-th member of a room, HALL_NOBODY: none; the index-th room, HALL_NOWHERE: none.
uint32_t hall_member_at(const struct hall *hall, uint32_t room, uint32_t index);
uint32_t hall_room_at(const struct hall *hall, uint32_t index);
uint32_t hall_room_count(const struct hall *hall);

static inline bool hall_key_is(const struct hall_key *left, const struct hall_key *right)
{
    return left->words[0] == right->words[0] && left->words[1] == right->words[1] &&
           left->words[2] == right->words[2];
}

#endif

// SPDX-License-Identifier: Apache-2.0
//
// Somebody who chats: lines of the terminal go to the room, lines of the room to the terminal,
// whichever comes first. See README.md.
#include <string.h>

#include "abi/ring.h"
#include "runtime/bell.h"
#include "runtime/session.h"

#include "schema/boot.capnp.h"
#include "schema/chat.capnp.h"
#include "schema/terminal.capnp.h"

enum { LIMIT = 256, RUNG = 1, WELL = 0, FAILED = 1, UNGRANTED = 2 };

static struct client {
    struct std_io stdio;
    struct chat_member member;
    struct notification notification;
    struct tsr_bell bell;
    bool is_over;
    int32_t code;
} client;

// ---- Words ----

static void show_bytes(struct capnp_text text)
{
    struct capnp_exception exception;
    if (!std_io_write_line(client.stdio, text, &exception) &&
        exception.type != CAPNP_EXCEPTION_OVERLOADED) {
        tsr_exit(FAILED); // nobody reads any more
    }
}

static void show(const struct tsr_line *line)
{
    show_bytes(tsr_line_of(line));
}

static void show_text(const char *text)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, text);
    show(&line);
}

// What went wrong; without the server there is nothing more to do here.
static void show_refusal(const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, "* ");
    tsr_line_exception(&line, exception);
    show(&line);
    if (exception->type == CAPNP_EXCEPTION_DISCONNECTED) {
        client.is_over = true;
        client.code = FAILED;
    }
}

static void line_person(struct tsr_line *line, struct capnp_text label, struct capnp_text name)
{
    tsr_line_bytes(line, label.data, label.size);
    if (name.size != 0) {
        tsr_line_text(line, " (");
        tsr_line_bytes(line, name.data, name.size);
        tsr_line_text(line, ")");
    }
}

// ---- The room ----

static bool enter(struct chat door, bool with_name, struct capnp_exception *exception)
{
    const struct tsr_call_options options = {.disclose = with_name ? TSR_DISCLOSE_NAME : 0};
    struct capnp_call call;
    struct chat_enter_params_builder params;
    struct chat_enter_results_reader results;
    struct tsr_line line = {0};
    bool is_in = chat_enter_begin(door, &call, &params, exception);
    if (is_in) {
        is_in = tsr_call_send(&call, &options, exception) &&
                chat_enter_finish(&call, &results, exception);
        if (is_in) {
            struct capnp_text label = chat_enter_results_get_label(results);
            client.member = chat_enter_results_get_member(results);
            client.notification = chat_enter_results_get_bell(results);
            tsr_line_text(&line, "you are ");
            tsr_line_bytes(&line, label.data, label.size);
            tsr_line_text(&line, "; /help says what can be done here");
            show(&line);
        }
        capnp_call_end(&call);
    }
    return is_in && tsr_bell_open(&client.bell, client.notification.id, RUNG, exception);
}

// "member-2 (a name): what it says", of which the last may be as long as a line.
static void said_show(const struct tsr_line *who, struct capnp_text text)
{
    char row[2 * TSR_LINE_SIZE + 2];
    uint32_t size = text.size < TSR_LINE_SIZE ? text.size : TSR_LINE_SIZE;
    memcpy(row, who->text, who->size);
    memcpy(row + who->size, ": ", 2);
    if (size != 0) {
        memcpy(row + who->size + 2, text.data, size);
    }
    show_bytes((struct capnp_text){row, who->size + 2 + size});
}

static void event_show(struct chat_member_next_results_reader event)
{
    static const char *const words[] = {[CHAT_KIND_JOINED] = " joins",
                                        [CHAT_KIND_LEFT] = " leaves",
                                        [CHAT_KIND_THROWN_OUT] = " is thrown out for flooding"};
    struct tsr_line line = {0};
    enum chat_kind kind = chat_member_next_results_get_kind(event);
    struct capnp_text label = chat_member_next_results_get_label(event);
    struct capnp_text name = chat_member_next_results_get_name(event);
    struct capnp_text text = chat_member_next_results_get_text(event);
    if (kind == CHAT_KIND_SAID) {
        line_person(&line, label, name);
        said_show(&line, text);
        return;
    }
    if (kind == CHAT_KIND_MISSED) {
        tsr_line_text(&line, "* you missed ");
        tsr_line_decimal(&line, chat_member_next_results_get_count(event));
        tsr_line_text(&line, " lines");
    } else if ((uint32_t)kind < sizeof words / sizeof words[0]) {
        tsr_line_text(&line, "* ");
        line_person(&line, label, name);
        tsr_line_text(&line, words[kind]);
    }
    show(&line);
}

// Shows what happened; true: there may be more.
static bool event_next(void)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct chat_member_next_params_builder params;
    struct chat_member_next_results_reader results;
    enum chat_kind kind = CHAT_KIND_NOTHING;
    bool is_told = chat_member_next_begin(client.member, &call, &params, &exception);
    if (is_told) {
        is_told = capnp_call_send(&call, &exception) &&
                  chat_member_next_finish(&call, &results, &exception);
        kind = is_told ? chat_member_next_results_get_kind(results) : kind;
        if (kind != CHAT_KIND_NOTHING) {
            event_show(results);
        }
        capnp_call_end(&call);
    }
    if (!is_told) {
        show_refusal(&exception);
    }
    return kind != CHAT_KIND_NOTHING;
}

static void bell_hear(void)
{
    uint64_t bits;
    struct capnp_exception exception;
    if (!tsr_bell_take(&client.bell, &bits, &exception)) {
        show_refusal(&exception);
        client.is_over = true;
        client.code = FAILED;
    }
    while (!client.is_over && event_next()) {
    }
}

static void join(struct capnp_text room)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    uint32_t members;
    if (!chat_member_join(client.member, room, &members, &exception)) {
        show_refusal(&exception);
        return;
    }
    tsr_line_text(&line, "* you are in ");
    tsr_line_bytes(&line, room.data, room.size);
    tsr_line_text(&line, ", with ");
    tsr_line_decimal(&line, members - 1);
    tsr_line_text(&line, members == 2 ? " other" : " others");
    show(&line);
}

// ---- Commands ----

static void on_join(struct capnp_text rest)
{
    join(rest);
}

static void on_leave(struct capnp_text rest)
{
    struct capnp_exception exception;
    (void)rest;
    if (chat_member_leave(client.member, &exception)) {
        show_text("* you are in no room");
    } else {
        show_refusal(&exception);
    }
}

// One of who is here; the number of all, 0 where that can't be told.
static uint32_t person_show(uint32_t index)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct chat_member_who_params_builder params;
    struct chat_member_who_results_reader results;
    struct tsr_line line = {0};
    uint32_t count = 0;
    if (!chat_member_who_begin(client.member, &call, &params, &exception)) {
        show_refusal(&exception);
        return 0;
    }
    chat_member_who_params_set_index(params, index);
    if (capnp_call_send(&call, &exception) && chat_member_who_finish(&call, &results, &exception)) {
        count = chat_member_who_results_get_count(results);
        tsr_line_text(&line, "  ");
        line_person(&line, chat_member_who_results_get_label(results),
                    chat_member_who_results_get_name(results));
        tsr_line_text(&line, chat_member_who_results_get_is_caller(results) ? ", you" : "");
        show(&line);
    } else {
        show_refusal(&exception);
    }
    capnp_call_end(&call);
    return count;
}

static void on_who(struct capnp_text rest)
{
    uint32_t count = 1;
    (void)rest;
    for (uint32_t i = 0; i < count; i++) {
        count = person_show(i);
    }
}

static uint32_t room_show(uint32_t index)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct chat_member_rooms_params_builder params;
    struct chat_member_rooms_results_reader results;
    struct tsr_line line = {0};
    uint32_t count = 0;
    if (!chat_member_rooms_begin(client.member, &call, &params, &exception)) {
        show_refusal(&exception);
        return 0;
    }
    chat_member_rooms_params_set_index(params, index);
    if (capnp_call_send(&call, &exception) &&
        chat_member_rooms_finish(&call, &results, &exception)) {
        struct capnp_text room = chat_member_rooms_results_get_room(results);
        count = chat_member_rooms_results_get_count(results);
        tsr_line_text(&line, count == 0 ? "  there is none; /join makes one" : "  ");
        tsr_line_bytes(&line, room.data, room.size);
        if (count != 0) {
            tsr_line_text(&line, ": ");
            tsr_line_decimal(&line, chat_member_rooms_results_get_members(results));
        }
        show(&line);
    } else {
        show_refusal(&exception);
    }
    capnp_call_end(&call);
    return count;
}

static void on_rooms(struct capnp_text rest)
{
    uint32_t count = 1;
    (void)rest;
    for (uint32_t i = 0; i < count; i++) {
        count = room_show(i);
    }
}

static void on_exit(struct capnp_text rest)
{
    (void)rest;
    client.is_over = true;
}

static void on_help(struct capnp_text rest);

static const struct command {
    const char *name;
    const char *about;
    void (*run)(struct capnp_text rest);
} commands[] = {
    {"/join", "/join ROOM  goes into a room, which is made where there is none", on_join},
    {"/leave", "/leave      goes out of the room", on_leave},
    {"/who", "/who        says who is in the room", on_who},
    {"/rooms", "/rooms      says which rooms there are", on_rooms},
    {"/exit", "/exit       ends this program; so does C-d", on_exit},
    {"/help", "/help       says this; anything else is said in the room", on_help}};

static void on_help(struct capnp_text rest)
{
    (void)rest;
    for (uint32_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        show_text(commands[i].about);
    }
}

// The first word of a text, which then begins behind it.
static struct capnp_text word_take(struct capnp_text *text)
{
    struct capnp_text word = *text;
    word.size = 0;
    while (word.size < text->size && text->data[word.size] != ' ') {
        word.size++;
    }
    uint32_t past = word.size;
    while (past < text->size && text->data[past] == ' ') {
        past++;
    }
    text->data += past;
    text->size -= past;
    return word;
}

static bool text_is(struct capnp_text text, const char *words)
{
    return text.size == strlen(words) && memcmp(text.data, words, text.size) == 0;
}

static void command_do(struct capnp_text line)
{
    struct capnp_text name = word_take(&line);
    for (uint32_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (text_is(name, commands[i].name)) {
            commands[i].run(line);
            return;
        }
    }
    show_text("* there is no such command; /help lists them");
}

static void line_do(struct capnp_text line)
{
    struct capnp_exception exception;
    if (line.size != 0 && line.data[0] == '/') {
        command_do(line);
    } else if (line.size != 0 && !chat_member_say(client.member, line, &exception)) {
        show_refusal(&exception);
    }
}

// ---- The loop ----

// Hears the room until a line was entered.
static bool line_await(const struct capnp_call *call, struct capnp_exception *exception)
{
    while (!tsr_call_is_done(call) && !client.is_over) {
        if (tsr_bell_has_rung(&client.bell)) {
            bell_hear();
        } else if (!tsr_wait(TIMEOUT_NONE, exception)) {
            return false;
        }
    }
    return !client.is_over;
}

static void turn(void)
{
    char text[LIMIT];
    struct capnp_call call;
    struct capnp_exception exception = {0};
    struct std_io_read_line_params_builder params;
    struct std_io_read_line_results_reader results;
    struct capnp_text line = {text, 0};
    bool is_read = std_io_read_line_begin(client.stdio, &call, &params, &exception);
    if (is_read) {
        std_io_read_line_params_set_prompt(params, tsr_text_of("> "));
        std_io_read_line_params_set_limit(params, LIMIT);
        is_read = capnp_call_send(&call, &exception) && line_await(&call, &exception) &&
                  std_io_read_line_finish(&call, &results, &exception);
        if (is_read) {
            struct capnp_data data = std_io_read_line_results_get_line(results);
            client.is_over = std_io_read_line_results_get_end(results) == LINE_END_END_OF_INPUT;
            line.size = data.size < LIMIT ? data.size : LIMIT;
            memcpy(text, data.data, line.size);
        }
        capnp_call_end(&call);
    }
    if (is_read) {
        line_do(line);
    } else if (!client.is_over) {
        show_refusal(&exception);
        client.is_over = true;
        client.code = FAILED;
    }
}

int tsr_main(struct start *start)
{
    struct chat door;
    struct capnp_message info;
    struct capnp_exception exception;
    if (!tsr_find(start, "stdio", STD_IO_INTERFACE_ID, &client.stdio.id)) {
        return UNGRANTED;
    }
    if (!tsr_find(start, "chat", CHAT_INTERFACE_ID, &door.id)) {
        show_text(
            "chat: it was not granted a chat: `run chat with { stdio: client @terminal, "
            "chat: @chat }`");
        return UNGRANTED;
    }
    tsr_start_info(start, &info);
    struct capnp_text words = start_info_get_arguments(start_info_read(&info));
    struct capnp_text room = word_take(&words);
    bool with_name = text_is(words, "named");
    if (words.size != 0 && !with_name) {
        show_text("chat: its arguments are a room and `named`: to be seen by your session's name");
        return FAILED;
    }
    if (!enter(door, with_name, &exception)) {
        show_refusal(&exception);
        return FAILED;
    }
    join(room.size == 0 ? tsr_text_of("lobby") : room);
    while (!client.is_over) {
        turn();
    }
    return client.code;
}

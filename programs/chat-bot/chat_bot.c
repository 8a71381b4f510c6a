// SPDX-License-Identifier: Apache-2.0
//
// A bot: a member as any other, whose room is its argument. It answers lines that begin with `bot`,
// and never one of its own kind: what it says begins otherwise. Granted: chat.
#include <string.h>

#include "abi/ring.h"
#include "runtime/runtime.h"
#include "runtime/session.h"

#include "schema/boot.capnp.h"
#include "schema/chat.capnp.h"

enum { RUNG = 1 };

// A bell of a server that has ended rings no more, so that it asks without one, too.
static const uint64_t PATIENCE_NS = 60000000000;

static struct bot {
    struct chat_member member;
    struct notification bell;
    uint64_t heard;
} bot;

static bool enter(struct chat door, struct capnp_exception *exception)
{
    const struct tsr_call_options options = {.disclose = TSR_DISCLOSE_NAME};
    struct capnp_call call;
    struct chat_enter_params_builder params;
    struct chat_enter_results_reader results;
    if (!chat_enter_begin(door, &call, &params, exception)) {
        return false;
    }
    bool is_in =
        tsr_call_send(&call, &options, exception) && chat_enter_finish(&call, &results, exception);
    if (is_in) {
        bot.member = chat_enter_results_get_member(results);
        bot.bell = chat_enter_results_get_bell(results);
    }
    capnp_call_end(&call);
    return is_in;
}

// ---- What it knows ----

static void hello(struct capnp_text asker, struct tsr_line *answer)
{
    tsr_line_text(answer, "hello, ");
    tsr_line_bytes(answer, asker.data, asker.size);
}

static void count(struct capnp_text asker, struct tsr_line *answer)
{
    (void)asker;
    tsr_line_text(answer, "lines that I heard here: ");
    tsr_line_decimal(answer, bot.heard);
}

static void help(struct capnp_text asker, struct tsr_line *answer)
{
    (void)asker;
    tsr_line_text(answer, "`bot hello`, `bot count`; I hold this chat and nothing else");
}

static const struct {
    const char *question;
    void (*answer)(struct capnp_text asker, struct tsr_line *answer);
} questions[] = {{"bot hello", hello}, {"bot count", count}};

static bool begins(struct capnp_text text, const char *words)
{
    return text.size >= strlen(words) && memcmp(text.data, words, strlen(words)) == 0;
}

// False: it is not asked.
static bool think(struct capnp_text asker, struct capnp_text text, struct tsr_line *answer)
{
    if (!begins(text, "bot") || (text.size > strlen("bot") && text.data[strlen("bot")] != ' ')) {
        return false;
    }
    for (uint32_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        if (begins(text, questions[i].question)) {
            questions[i].answer(asker, answer);
            return true;
        }
    }
    help(asker, answer);
    return true;
}

// ---- Listening ----

// The next event; what it says to it, if anything, is in *answer. False: the chat is gone.
static bool hear(enum chat_kind *kind, struct tsr_line *answer, struct capnp_exception *exception)
{
    struct capnp_call call;
    struct chat_member_next_params_builder params;
    struct chat_member_next_results_reader results;
    if (!chat_member_next_begin(bot.member, &call, &params, exception)) {
        return false;
    }
    bool is_told =
        capnp_call_send(&call, exception) && chat_member_next_finish(&call, &results, exception);
    if (is_told) {
        *kind = chat_member_next_results_get_kind(results);
        if (*kind == CHAT_KIND_SAID) {
            bot.heard++;
            think(chat_member_next_results_get_label(results),
                  chat_member_next_results_get_text(results), answer);
        }
    }
    capnp_call_end(&call);
    return is_told;
}

// Hears all that there is. What it may not say now it never says.
static bool turn(struct capnp_exception *exception)
{
    enum chat_kind kind;
    do {
        struct tsr_line answer = {0};
        struct capnp_exception ignored;
        if (!hear(&kind, &answer, exception)) {
            return false;
        }
        if (answer.size != 0) {
            chat_member_say(bot.member, tsr_line_of(&answer), &ignored);
        }
    } while (kind != CHAT_KIND_NOTHING);
    return true;
}

// False: the bell is not there any more.
static bool bell_await(struct capnp_exception *exception)
{
    uint64_t bits;
    return tsr_notification_wait(bot.bell.id, RUNG, PATIENCE_NS, &bits, exception) ||
           exception->status == STATUS_TIMED_OUT;
}

int tsr_main(struct start *start)
{
    struct chat door;
    struct capnp_message info;
    struct capnp_exception exception;
    uint32_t members;
    if (!tsr_find(start, "chat", CHAT_INTERFACE_ID, &door.id)) {
        return 2;
    }
    tsr_start_info(start, &info);
    struct capnp_text room = start_info_get_arguments(start_info_read(&info));
    if (!enter(door, &exception) ||
        !chat_member_join(bot.member, room.size == 0 ? tsr_text_of("lobby") : room, &members,
                          &exception)) {
        return 1;
    }
    while (turn(&exception) && bell_await(&exception)) {
    }
    return 1;
}

// SPDX-License-Identifier: Apache-2.0
//
// Somebody who spoils a chat, and says how far that went: see README.md.
#include "runtime/runtime.h"

#include "schema/boot.capnp.h"
#include "schema/chat.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/terminal.capnp.h"

enum { TRIES = 100000, SAY = 1 << CHAT_MEMBER_SAY };

static struct std_io stdio;
static struct chat door;
static struct chat_member mine;

static void tell(const char *what, bool is_done, const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    struct capnp_exception ignored;
    tsr_line_text(&line, what);
    tsr_line_text(&line, ": ");
    if (is_done) {
        tsr_line_text(&line, "done");
    } else {
        tsr_line_exception(&line, exception);
    }
    std_io_write_line(stdio, tsr_line_of(&line), &ignored);
}

static bool enter(struct capnp_exception *exception)
{
    struct capnp_call call;
    struct chat_enter_params_builder params;
    struct chat_enter_results_reader results;
    if (!chat_enter_begin(door, &call, &params, exception)) {
        return false;
    }
    bool is_in = capnp_call_send(&call, exception) && chat_enter_finish(&call, &results, exception);
    if (is_in) {
        tsr_release(chat_enter_results_get_bell(results).id); // it never listens
        mine = chat_enter_results_get_member(results);
    }
    capnp_call_end(&call);
    return is_in;
}

static void pretend(struct start *start)
{
    struct capability_manager capabilities;
    struct chat_member theirs;
    struct capnp_cap made;
    struct revoker revoker;
    struct capnp_exception exception;
    bool is_done;
    if (!tsr_find(start, "member", CHAT_MEMBER_INTERFACE_ID, &theirs.id) ||
        !tsr_find(start, "facet", CAPABILITY_MANAGER_INTERFACE_ID, &capabilities.id)) {
        tsr_exit(2);
    }
    is_done = chat_member_say(theirs, tsr_text_of("I am somebody else"), &exception);
    tell("as somebody else", is_done, &exception);
    is_done = capability_manager_facet(capabilities, (struct capnp_cap){theirs.id}, SAY, 0, 0, 0, 0,
                                       &made, &revoker, &exception) &&
              chat_member_say((struct chat_member){made.id}, tsr_text_of("I am"), &exception);
    tell("through a facet of it", is_done, &exception);
    is_done =
        capability_manager_facet(capabilities, (struct capnp_cap){theirs.id}, SAY,
                                 CHAT_MEMBER_INTERFACE_ID, 7, 0, 0, &made, &revoker, &exception);
    tell("with another number on it", is_done, &exception);
    is_done =
        capability_manager_facet(capabilities, (struct capnp_cap){door.id}, 1,
                                 CHAT_MEMBER_INTERFACE_ID, 7, 0, 0, &made, &revoker, &exception);
    tell("with a member made of the door", is_done, &exception);
}

// Each time there is one more capability that the server made.
static void hoard(void)
{
    struct capnp_exception exception;
    bool is_done = true;
    for (uint32_t i = 0; i < TRIES && is_done; i++) {
        is_done = enter(&exception);
    }
    tell("entering without an end", is_done, &exception);
}

static void flood(void)
{
    struct capnp_exception exception;
    uint32_t members;
    bool is_done = true;
    exception.type = CAPNP_EXCEPTION_NONE;
    for (uint32_t i = 0; i < TRIES && (is_done || exception.type == CAPNP_EXCEPTION_OVERLOADED);
         i++) {
        is_done = chat_member_say(mine, tsr_text_of("x"), &exception);
    }
    tell("flooding", is_done, &exception);
    is_done = chat_member_join(mine, tsr_text_of("lobby"), &members, &exception);
    tell("back at once", is_done, &exception);
}

int tsr_main(struct start *start)
{
    struct capnp_message info;
    struct capnp_exception exception;
    uint32_t members;
    bool is_done;
    if (!tsr_find(start, "stdio", STD_IO_INTERFACE_ID, &stdio.id) ||
        !tsr_find(start, "chat", CHAT_INTERFACE_ID, &door.id)) {
        return 2;
    }
    tsr_start_info(start, &info);
    if (!enter(&exception) || !chat_member_join(mine, tsr_text_of("lobby"), &members, &exception)) {
        tell("coming in", false, &exception);
        return 1;
    }
    if (start_info_get_arguments(start_info_read(&info)).size != 0) {
        return 0; // without a word
    }
    pretend(start);
    is_done = chat_member_say(mine, tsr_text_of("a\nmember-1: I am the bot"), &exception);
    tell("two lines in one", is_done, &exception);
    hoard();
    flood();
    return 0;
}

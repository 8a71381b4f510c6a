// SPDX-License-Identifier: Apache-2.0
//
// What the files of authorityd share: the replica with what was used, and who asks.
#ifndef SYSTEM_AUTHORITYD_AUTHORITYD_H
#define SYSTEM_AUTHORITYD_AUTHORITYD_H

#include "lib/authority/program.h"
#include "lib/authority/usage.h"
#include "lib/authority/window.h"
#include "runtime/log.h"
#include "runtime/service/service.h"

enum {
    WINDOW_SIZE = 51 << 16, // bytes: the state of the kernel's largest configuration, and a history
    USES_MAX = 1024,
    PENDING_MAX = 1024, // records of the SysLog that can't be counted yet
};

struct authorityd {
    struct tsr_log log;
    struct timer timer;
    struct tsr_service service;
    struct tsr_timer poll;
    struct tsr_task task;
    bool is_busy;      // the task is to be done
    uint32_t self;     // its own process, whose records are no news
    bool has_news;     // others did something before the last poll
    uint64_t pause_ns; // until the next poll
    struct authority_window window;
    uint64_t next_page;
    // The SysLog: records up to next_record were read, the last pending_count of which wait for the
    // commits before them.
    uint64_t next_record;
    uint64_t missed; // overwritten before they were read
    struct syslog_record pending[PENDING_MAX];
    uint32_t pending_count;
    struct use uses[USES_MAX];
    struct authority_usage usage;
    // Why it can't follow the log any more; NULL: it can.
    const char *broken;
};

// follow.c: takes what both logs have by now. False, with the exception: it can't.
bool authorityd_follow(struct authorityd *authorityd, struct capnp_exception *exception);
// The same, with the page that is being filled.
bool authorityd_refresh(struct authorityd *authorityd, struct capnp_exception *exception);
// Goes on following while nobody asks.
void authorityd_watch(struct authorityd *authorityd);

// names.c: takes the names of programs and endpoints from the boot package, which the service may
// have been granted. False, with the exception: it is not one.
bool authorityd_names_open(struct memory_object package, struct capnp_exception *exception);
// The package as it is to be looked at now: lives change when the history is folded.
struct authority_package authorityd_package(const struct authorityd *authorityd);
// The program of a process, the endpoint that an object is: empty where it is not known.
struct capnp_text authorityd_program(const struct authority_package *package,
                                     const struct authorityd *authorityd, uint32_t process);
struct capnp_text authorityd_endpoint(const struct authority_package *package, uint32_t object);

// question.c: answers one call.
bool authorityd_dispatch(void *self, uint16_t method, struct capnp_message *request,
                         struct capnp_builder *response, struct capnp_exception *exception);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// The machine's two logs, as a program reads them that holds a LogReader and the memory that it is
// about (both are granted together: log, log-pages).
//
//     tsr_log_ask(&log, &exception)                    how far both are
//     tsr_log_page(&log, number, &page, &exception)    a page, sealed and not yet overwritten
//     tsr_log_records(&log, number, records, count, &exception)
//
// A page that was acknowledged is there until another one takes its place, `capacity` pages later;
// whoever reads late finds that one, and sees it by its number. Reading is not free: it leaves
// records in the SysLog, one for every 512 bytes.
#ifndef RUNTIME_LOG_H
#define RUNTIME_LOG_H

#include "abi/commit.h"
#include "abi/syslog.h"
#include "lib/capnp/call.h"

#include "schema/kernel.capnp.h"

struct tsr_log {
    struct log_reader reader; // granted
    struct memory_object pages;
    // As of the last question.
    uint64_t seq;     // commits
    uint64_t first;   // page that was not acknowledged
    uint64_t page;    // that is being filled
    uint64_t sealed;  // page that is not sealed yet: those before it are
    uint64_t records; // of the SysLog, ever
    uint32_t capacity;
};

bool tsr_log_ask(struct tsr_log *log, struct capnp_exception *exception);
bool tsr_log_page(const struct tsr_log *log, uint64_t number, struct log_page *page,
                  struct capnp_exception *exception);
// `count` records from one on, of the last 512.
bool tsr_log_records(const struct tsr_log *log, uint64_t number, struct syslog_record *records,
                     uint32_t count, struct capnp_exception *exception);

#endif

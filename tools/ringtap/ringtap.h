// SPDX-License-Identifier: Apache-2.0
//
// What the parts of ringtap share: a record is first turned into words that are safe to print.
#ifndef TOOLS_RINGTAP_RINGTAP_H
#define TOOLS_RINGTAP_RINGTAP_H

#include <stdint.h>
#include <stdio.h>

#include "abi/syslog.h"

enum { TITLE_SIZE = 96 };

// "call Ping.echo", "exit", "operation 77".
void title_write(const struct syslog_record *record, char title[TITLE_SIZE]);
// The sentence of the fact that refused it; NULL: nothing did.
const char *refusal_of(const struct syslog_record *record);

// One line for a person.
void text_write(FILE *out, uint64_t number, const struct syslog_record *record);
// The "Trace Event Format" of Chrome's tracing and of Perfetto: one JSON object.
void trace_write(FILE *out, const struct syslog_record *records, uint64_t count);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// A record as a line: when, who, what, on what, what came of it, and how long that took.
#include <inttypes.h>

#include "tools/ringtap/ringtap.h"

static void id_write(FILE *out, const char *what, uint32_t id)
{
    if (id != UINT32_MAX) {
        fprintf(out, " %s %" PRIu32, what, id);
    }
}

void text_write(FILE *out, uint64_t number, const struct syslog_record *record)
{
    const char *refusal = refusal_of(record);
    char title[TITLE_SIZE];

    title_write(record, title);
    fprintf(out, "%" PRIu64 " %" PRIu64 " ns", number, record->time_ns);
    id_write(out, "process", record->sender.process);
    id_write(out, "thread", record->sender.thread);
    fprintf(out, ": %s", title);
    id_write(out, "of object", record->target.object);
    id_write(out, "facet", record->target.facet);
    if (record->operation.opcode == SYSLOG_EXIT) {
        fprintf(out, ", code %" PRId32 ", cause %" PRIu64, record->status, record->detail);
    } else {
        fprintf(out, ", %" PRIu32 " bytes", record->size);
    }
    if (refusal != NULL) {
        fprintf(out, ", refused: %s", refusal);
    }
    if (record->first_commit != UINT64_MAX) {
        fprintf(out, ", commits from %" PRIu64, record->first_commit);
    }
    if (record->duration_ns != 0) {
        fprintf(out, ", after %" PRIu32 " ns", record->duration_ns);
    }
    fputc('\n', out);
}

// SPDX-License-Identifier: Apache-2.0
//
// Records as events of a timeline: a process is a process there and a thread a thread. An operation
// that waited is a bar from its acceptance to its completion, which may lie within another's; one
// that ended within its turn is a mark. Times are in microseconds, with the nanoseconds behind the
// point. Everything that is printed comes from tables or is a number: nothing needs escaping.
#include <inttypes.h>

#include "tools/ringtap/ringtap.h"

static void time_write(FILE *out, const char *name, uint64_t time_ns)
{
    fprintf(out, ", \"%s\": %" PRIu64 ".%03" PRIu64, name, time_ns / 1000, time_ns % 1000);
}

static void event_write(FILE *out, const struct syslog_record *record)
{
    const char *refusal = refusal_of(record);
    uint64_t duration_ns = record->duration_ns;
    char title[TITLE_SIZE];

    title_write(record, title);
    fprintf(out, "{\"name\": \"%s\", \"cat\": \"%s\", \"pid\": %" PRIu32 ", \"tid\": %" PRIu32,
            title, refusal != NULL ? "refused" : "done", record->sender.process,
            record->sender.thread);
    if (duration_ns > record->time_ns) {
        duration_ns = record->time_ns;
    }
    time_write(out, "ts", record->time_ns - duration_ns);
    if (duration_ns != 0) {
        fputs(", \"ph\": \"X\"", out);
        time_write(out, "dur", duration_ns);
    } else {
        fputs(", \"ph\": \"i\", \"s\": \"t\"", out);
    }
    fprintf(out, ", \"args\": {\"status\": %" PRId32 ", \"bytes\": %" PRIu32, record->status,
            record->size);
    if (record->target.object != UINT32_MAX) {
        fprintf(out, ", \"object\": %" PRIu32, record->target.object);
    }
    if (refusal != NULL) {
        fprintf(out, ", \"refused\": \"%s\"", refusal);
    }
    fputs("}}", out);
}

void trace_write(FILE *out, const struct syslog_record *records, uint64_t count)
{
    fputs("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [", out);
    for (uint64_t i = 0; i < count; i++) {
        fputs(i == 0 ? "\n" : ",\n", out);
        event_write(out, &records[i]);
    }
    fputs("\n]}\n", out);
}

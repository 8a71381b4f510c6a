// SPDX-License-Identifier: Apache-2.0
//
// Records as events of a timeline: a process is a process there and a thread a thread. An operation
// that waited is a bar from its acceptance to its completion, which may lie within another's; one
// that ended within its turn is a mark. Viewers take the bars of a thread for a stack, and drop one
// that another crosses: such a one, as of a thread that waits for several things at once, stands in
// a lane of its own, between two asynchronous events. Times are in microseconds, with the
// nanoseconds behind the point. Everything that is printed comes from tables or is a number:
// nothing needs escaping.
#include <inttypes.h>
#include <stdbool.h>

#include "tools/ringtap/ringtap.h"

static void time_write(FILE *out, const char *name, uint64_t time_ns)
{
    fprintf(out, ", \"%s\": %" PRIu64 ".%03" PRIu64, name, time_ns / 1000, time_ns % 1000);
}

static uint64_t begin_ns(const struct syslog_record *record)
{
    return record->duration_ns < record->time_ns ? record->time_ns - record->duration_ns : 0;
}

// Whether the bar begins within one of its thread that ended before it does. A machine keeps
// SYSLOG_RECORDS, so what is farther away is another's.
static bool is_crossing(const struct syslog_record *records, uint64_t place)
{
    const struct syslog_record *late = &records[place];
    uint64_t begin = begin_ns(late);
    uint64_t first = place < SYSLOG_RECORDS ? 0 : place - SYSLOG_RECORDS;

    for (uint64_t i = place; i > first && records[i - 1].time_ns > begin; i--) {
        const struct syslog_record *early = &records[i - 1];
        if (early->sender.thread == late->sender.thread &&
            early->sender.process == late->sender.process && begin_ns(early) < begin &&
            early->time_ns < late->time_ns) {
            return true;
        }
    }
    return false;
}

static void head_write(FILE *out, const struct syslog_record *record, const char *phase,
                       uint64_t time_ns)
{
    char title[TITLE_SIZE];

    title_write(record, title);
    fprintf(out,
            "{\"name\": \"%s\", \"cat\": \"%s\", \"ph\": \"%s\", \"pid\": %" PRIu32
            ", \"tid\": %" PRIu32,
            title, refusal_of(record) != NULL ? "refused" : "done", phase, record->sender.process,
            record->sender.thread);
    time_write(out, "ts", time_ns);
}

static void arguments_write(FILE *out, const struct syslog_record *record)
{
    const char *refusal = refusal_of(record);

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

static void event_write(FILE *out, const struct syslog_record *records, uint64_t place)
{
    const struct syslog_record *record = &records[place];
    uint64_t begin = begin_ns(record);

    if (begin == record->time_ns) {
        head_write(out, record, "i", begin);
        fputs(", \"s\": \"t\"", out);
    } else if (is_crossing(records, place)) {
        head_write(out, record, "b", begin);
        fprintf(out, ", \"id\": %" PRIu64 "},\n", place);
        head_write(out, record, "e", record->time_ns);
        fprintf(out, ", \"id\": %" PRIu64, place);
    } else {
        head_write(out, record, "X", begin);
        time_write(out, "dur", record->time_ns - begin);
    }
    arguments_write(out, record);
}

void trace_write(FILE *out, const struct syslog_record *records, uint64_t count)
{
    fputs("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [", out);
    for (uint64_t i = 0; i < count; i++) {
        fputs(i == 0 ? "\n" : ",\n", out);
        event_write(out, records, i);
    }
    fputs("\n]}\n", out);
}

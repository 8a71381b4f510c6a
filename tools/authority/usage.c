// SPDX-License-Identifier: Apache-2.0
//
// See usage.h. A record names slots; which lives they had then follows from its time.
#include "tools/authority/usage.h"

#include <inttypes.h>
#include <stdlib.h>

#include "abi/ring.h"
#include "tools/authority/answer.h"
#include "tools/authority/names.h"

static void use_count(struct usage *usage, uint32_t process, uint32_t facet, uint64_t methods)
{
    for (uint32_t i = 0; i < usage->count; i++) {
        struct use *use = &usage->uses[i];
        if (use->process == process && use->facet == facet) {
            use->count++;
            use->methods |= methods;
            return;
        }
    }
    usage->uses[usage->count++] = (struct use){process, facet, 1, methods};
}

static bool is_use(uint8_t opcode)
{
    return opcode == OP_CALL || opcode == OP_RECV || opcode == OP_SIGNAL || opcode == OP_WAIT ||
           opcode == OP_PARK || opcode == OP_UNPARK;
}

static void record_take(struct usage *usage, const struct history *history,
                        const struct syslog_record *record)
{
    const struct authority_index *index = &history->index;
    const struct syslog_operation *operation = &record->operation;
    uint32_t at;

    authority_moment(index, record->time_ns, &at);
    // Nothing that was refused or did not end yet, and nothing that is no use: giving back, for
    // one.
    if (record->status < 0 || !is_use(operation->opcode) || record->target.facet == UINT32_MAX ||
        record->sender.process == UINT32_MAX)
        return;
    uint32_t process = life_last(history, ARENA_PROCESSES, record->sender.process, at);
    uint32_t facet = life_last(history, ARENA_FACETS, record->target.facet, at);
    bool is_call = operation->opcode == OP_CALL || operation->opcode == OP_SIGNAL ||
                   operation->opcode == OP_WAIT;
    if (process != LIFE_NONE && facet != LIFE_NONE)
        use_count(usage, process, facet,
                  is_call && operation->method < 64 ? UINT64_C(1) << operation->method : 0);
}

void usage_open(struct usage *usage, const struct history *history)
{
    const char *given = history->options->syslog;
    char *beside = path_beside(history->path, ".syslog");
    const char *path = given != NULL ? given : beside;
    size_t size = 0;

    *usage = (struct usage){.since_ns = 0};
    uint8_t *bytes = file_read(path, &size, given == NULL);
    if (bytes != NULL) {
        const struct syslog_record *records = (const struct syslog_record *)(void *)bytes;
        if (size % sizeof(*records) != 0)
            fail(EXIT_REFUSED, path, "ends within a record of the SysLog");
        usage->is_known = true;
        usage->records = size / sizeof(*records);
        usage->is_cut = usage->records == SYSLOG_RECORDS;
        usage->uses = zeroed((usage->records + 1) * sizeof(*usage->uses));
        if (usage->uses == NULL)
            fail(EXIT_REFUSED, path, "there is not enough memory");
        for (uint64_t i = 0; i < usage->records; i++) {
            if (i == 0 || records[i].time_ns < usage->since_ns)
                usage->since_ns = records[i].time_ns;
            record_take(usage, history, &records[i]);
        }
    }
    free(bytes);
    free(beside);
}

void usage_close(struct usage *usage)
{
    free(usage->uses);
}

const struct use *usage_of(const struct usage *usage, uint32_t process, uint32_t facet)
{
    for (uint32_t i = 0; i < usage->count; i++) {
        if (usage->uses[i].process == process && usage->uses[i].facet == facet)
            return &usage->uses[i];
    }
    return NULL;
}

const char *usage_words(const struct usage *usage)
{
    if (!usage->is_known)
        return "there is no SysLog beside this log (--syslog): what was used is not known";
    if (!usage->is_cut)
        return say("uses by the SysLog, all %" PRIu64 " records", usage->records);
    return say("uses by the SysLog's last %" PRIu64 " records, since %" PRIu64
               " ns: what was used before is not known",
               usage->records, usage->since_ns);
}

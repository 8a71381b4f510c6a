// SPDX-License-Identifier: Apache-2.0
//
// See usage.h.
#include "tools/authority/usage.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lib/authority/usage.h"
#include "tools/authority/answer.h"
#include "tools/authority/names.h"

static void use_count(struct usage *usage, uint32_t process, uint32_t facet, uint64_t methods)
{
    for (uint32_t i = 0; i < usage->count; i++) {
        struct used *use = &usage->uses[i];
        if (use->process == process && use->facet == facet) {
            use->count++;
            use->methods |= methods;
            return;
        }
    }
    usage->uses[usage->count++] = (struct used){process, facet, 1, methods};
}

static void record_take(struct usage *usage, const struct history *history,
                        const struct syslog_record *record)
{
    uint32_t process, facet;
    uint16_t method;

    if (authority_use_of(&history->index, record, &process, &facet, &method))
        use_count(usage, process, facet, method == USE_NO_METHOD ? 0 : UINT64_C(1) << method);
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

const struct used *usage_of(const struct usage *usage, uint32_t process, uint32_t facet)
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

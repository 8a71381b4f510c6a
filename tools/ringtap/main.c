// SPDX-License-Identifier: Apache-2.0
//
// ringtap: renders the SysLog that left a machine. The file is records of abi/syslog.h, oldest
// first, as hal_export_syslog() wrote them.
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringtap/ringtap.h"

enum {
    EXIT_FILE = 1,
    EXIT_USAGE = 2,
    CHUNK_RECORDS = 1024,
};

static const char help[] =
    "usage: ringtap FILE [--trace]\n"
    "  FILE     the SysLog that a machine exported when it halted\n"
    "  --trace  JSON for chrome://tracing or Perfetto; otherwise lines\n";

struct log {
    struct syslog_record *records;
    uint64_t count;
};

_Noreturn static void file_refuse(const char *path, const char *why)
{
    fprintf(stderr, "ringtap: %s: %s\n", path, why);
    exit(EXIT_FILE);
}

static struct log log_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct log log = {NULL, 0};
    size_t got = CHUNK_RECORDS * sizeof(struct syslog_record);

    if (file == NULL) {
        file_refuse(path, strerror(errno));
    }
    while (got == CHUNK_RECORDS * sizeof(struct syslog_record)) {
        log.records =
            realloc(log.records, (log.count + CHUNK_RECORDS) * sizeof(struct syslog_record));
        if (log.records == NULL) {
            file_refuse(path, "there is not enough memory for it");
        }
        got = fread(log.records + log.count, 1, CHUNK_RECORDS * sizeof(struct syslog_record), file);
        log.count += got / sizeof(struct syslog_record);
    }
    if (ferror(file)) {
        file_refuse(path, strerror(errno));
    }
    if (got % sizeof(struct syslog_record) != 0) {
        file_refuse(path, "it ends within a record: was the machine stopped while it wrote?");
    }
    fclose(file);
    return log;
}

int main(int count, char **words)
{
    const char *path = NULL;
    bool is_trace = false;

    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--trace") == 0) {
            is_trace = true;
        } else if (words[i][0] == '-' || path != NULL) {
            fprintf(stderr, "ringtap: not understood: %s\n%s", words[i], help);
            return EXIT_USAGE;
        } else {
            path = words[i];
        }
    }
    if (path == NULL) {
        fprintf(stderr, "ringtap: which file?\n%s", help);
        return EXIT_USAGE;
    }
    struct log log = log_read(path);
    if (is_trace) {
        trace_write(stdout, log.records, log.count);
    }
    for (uint64_t i = 0; !is_trace && i < log.count; i++) {
        text_write(stdout, i, &log.records[i]);
    }
    free(log.records);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "ringtap: can't write: %s\n", strerror(errno));
        return EXIT_FILE;
    }
    return 0;
}

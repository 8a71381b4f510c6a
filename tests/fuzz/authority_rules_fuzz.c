// SPDX-License-Identifier: Apache-2.0
//
// Any text as rules: refused with a place inside of it and a printable sentence, or judged over
// every state of a history. Nothing may crash.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/state/assert.h"
#include "lib/authority/judge.h"
#include "lib/replay/test/sample_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

static bool interface_find(const char *name, size_t size, uint64_t *interface)
{
    *interface = 0x9f4b3c0000000000 + SAMPLE_PING;
    return size == 4 && memcmp(name, "Ping", 4) == 0;
}

static bool method_find(uint64_t interface, const char *name, size_t size, uint32_t *number)
{
    (void)interface;
    *number = 1;
    return size == 4 && memcmp(name, "echo", 4) == 0;
}

static const char *program_of(void *context, uint32_t process)
{
    (void)context;
    return process == 0 ? "init" : NULL;
}

static struct sample_log *sample(void)
{
    static struct sample_log log;

    if (log.bytes == NULL) {
        sample_init(&log);
        sample_history(&log, 2);
        sample_finish(&log);
    }
    return &log;
}

static void judge_all(const struct rules *rules)
{
    static struct authority_judge judge;
    static _Alignas(64) uint8_t storage[1 << 16], judging[1 << 14];
    const struct sample_log *log = sample();
    const struct log_page *pages = (const struct log_page *)(const void *)log->bytes;
    struct state state;

    ASSERT(state_size(&log->state.config) <= sizeof(storage));
    ASSERT(authority_judge_size(&log->state.config) <= sizeof(judging));
    memset(storage, 0, sizeof(storage));
    state_init(&state, &log->state.config, storage);
    authority_judge_init(&judge, rules, &state, program_of, NULL, judging);
    for (uint64_t page = 0; page < log->page_count; page++) {
        for (uint32_t i = 0; i < pages[page].header.count; i++) {
            authority_judge_before(&judge, &pages[page].records[i]);
            reduce(&state, &pages[page].records[i]);
            authority_judge_after(&judge, &pages[page].records[i]);
        }
    }
    for (uint32_t r = 0; r < rules->count; r++)
        ASSERT(judge.verdicts[r].states <= state.seq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rules rules;
    const struct rule_names names = {.interface = interface_find, .method = method_find};
    struct rule_error error;

    if (rules_parse(&rules, (const char *)data, size, &names, &error)) {
        judge_all(&rules);
        return 0;
    }
    ASSERT(error.line >= 1 && error.column >= 1 && error.column <= size + 1);
    for (const char *at = error.message; *at != '\0'; at++)
        ASSERT(*at >= ' ' && *at < 127);
    return 0;
}

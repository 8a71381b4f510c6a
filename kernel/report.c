// SPDX-License-Identifier: Apache-2.0
//
// What the kernel tells people: lines on the console, and the last words of a machine that halts.
#include <string.h>

#include "kernel/parts.h"

static void put(struct report *report, char byte)
{
    if (report->size < sizeof report->text - 1) {
        report->text[report->size] = byte;
        report->size++;
    }
}

void report_begin(struct report *report)
{
    report->size = 0;
    report_text(report, "tessera: ");
}

void report_text(struct report *report, const char *text)
{
    for (; *text != 0; text++) {
        put(report, *text);
    }
}

void report_decimal(struct report *report, uint64_t value)
{
    char digits[20];
    uint32_t count = 0;
    do {
        digits[count] = (char)('0' + value % 10);
        value /= 10;
        count++;
    } while (value != 0);
    while (count > 0) {
        count--;
        put(report, digits[count]);
    }
}

static void put_nibble(struct report *report, uint64_t value)
{
    put(report, "0123456789abcdef"[value & 0xf]);
}

void report_hex(struct report *report, uint64_t value)
{
    for (uint32_t shift = 64; shift > 0; shift -= 4) {
        put_nibble(report, value >> (shift - 4));
    }
}

void report_bytes(struct report *report, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        put_nibble(report, bytes[i] >> 4);
        put_nibble(report, bytes[i]);
    }
}

void report_end(struct report *report)
{
    report->text[report->size] = '\n';
    hal_console_write(report->text, report->size + 1);
}

static void report_log(struct kernel *kernel, uint32_t pages, const uint64_t digest[2])
{
    struct report report;
    report_begin(&report);
    report_text(&report, "calls delivered ");
    report_decimal(&report, kernel->core.counters.deliveries);
    report_text(&report, ", by the fast path ");
    report_decimal(&report, kernel->core.counters.direct_deliveries);
    report_end(&report);
    report_begin(&report);
    report_text(&report, "log of ");
    report_decimal(&report, kernel->log.seq);
    report_text(&report, " commits in ");
    report_decimal(&report, pages);
    report_text(&report, " pages, digest ");
    report_hex(&report, digest[0]);
    report_hex(&report, digest[1]);
    report_end(&report);
    report_begin(&report);
    report_text(&report, "head ");
    report_bytes(&report, kernel->log.head, HASH_SIZE);
    report_end(&report);
}

// Oldest first: what is beyond `next` was written a round ago.
static void syslog_export(const struct core *core)
{
    uint64_t next = core->syslog_next % SYSLOG_RECORDS;
    if (core->syslog_next >= SYSLOG_RECORDS) {
        hal_export_syslog(core->syslog + next,
                          (uint32_t)((SYSLOG_RECORDS - next) * sizeof *core->syslog));
    }
    hal_export_syslog(core->syslog, (uint32_t)(next * sizeof *core->syslog));
}

_Noreturn void kernel_halt(struct kernel *kernel, int32_t code)
{
    struct core *core = &kernel->core;
    uint64_t digest[2];
    state_digest(&core->state, digest);
    ASSERT(digest[0] == core->state.digest[0] && digest[1] == core->state.digest[1]);
    uint32_t pages = log_close(&kernel->log);
    struct log_trailer trailer = {.magic = LOG_TRAILER_MAGIC,
                                  .version = LOG_VERSION,
                                  .boot_id = core->state.boot_id,
                                  .seq = kernel->log.seq,
                                  .pages = pages,
                                  .digest = {digest[0], digest[1]}};
    memcpy(trailer.head, kernel->log.head, HASH_SIZE);
    hal_export(kernel->log.pages, pages * LOG_PAGE_SIZE);
    hal_export(&trailer, sizeof trailer);
    syslog_export(core);
    report_log(kernel, pages, digest);
    hal_halt(code);
}

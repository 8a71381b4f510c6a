// SPDX-License-Identifier: Apache-2.0
//
// Misuse of a terminal: see README.md.

#include <string.h>

#include "abi/ids.h"
#include "runtime/runtime.h"

#include "schema/boot.capnp.h"
#include "schema/terminal.capnp.h"

enum { ROWS = 12, ROW = 40 }; // of a flood; bytes

static bool write(struct std_io stdio, const char *bytes, uint32_t size)
{
    struct capnp_exception exception;
    struct capnp_data data = {(const uint8_t *)bytes, size};
    // Overloaded is said to who writes faster than the terminal: it goes on all the same.
    return std_io_write(stdio, data, &exception) || exception.type == CAPNP_EXCEPTION_OVERLOADED;
}

static int flood(struct std_io stdio)
{
    char rows[ROWS * ROW];
    memset(rows, '.', sizeof rows);
    for (uint32_t i = 1; i <= ROWS; i++) {
        rows[i * ROW - 1] = '\n';
    }
    while (write(stdio, rows, sizeof rows)) {
    }
    return 1;
}

static int bomb(struct std_io stdio)
{
    static const char *const bombs[] = {
        "\33]0;a title\a",
        "\33[6n",
        "\33[2J\33[H",
        "\33P1;2|ab\33\\",
        "\33]52;c;aGk=\a",
        "\33[?1049h",
        "\33c",
        "\33[31mred",
        "\x9b"
        "2J",
        "\xc3\x28",
        "\xed\xa0\x80",
        "\xe2\x80\xae"
        "rtl",
        "\7\b\v\f\16\17",
        "\33[999999999A",
        "\33[",
    };
    bool is_written = write(stdio, "begin ", 6);
    for (uint32_t i = 0; is_written && i < sizeof bombs / sizeof bombs[0]; i++) {
        is_written = write(stdio, bombs[i], (uint32_t)strlen(bombs[i]));
    }
    return is_written && write(stdio, " end\n", 5) ? 0 : 1;
}

static int greedy(struct std_io stdio)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct std_io_read_line_params_builder params;
    struct std_io_read_line_results_reader results;
    if (!std_io_read_line_begin(stdio, &call, &params, &exception)) {
        return 1;
    }
    std_io_read_line_params_set_limit(params, 1U << 20);
    bool is_read =
        capnp_call_send(&call, &exception) && std_io_read_line_finish(&call, &results, &exception);
    capnp_call_end(&call);
    struct tsr_line line = {0};
    tsr_line_text(&line, is_read ? "greedy: read" : "greedy: ");
    tsr_line_exception(&line, &exception);
    return std_io_write_line(stdio, tsr_line_of(&line), &exception) ? 0 : 1;
}

// Has the terminal, and does nothing with it.
static int deaf(struct std_io stdio)
{
    struct capnp_exception exception;
    (void)stdio;
    while (tsr_wait(TIMEOUT_NONE - 1, &exception)) { // nothing else is awaited
    }
    return 1;
}

int tsr_main(struct start *start)
{
    static const struct {
        const char *name;
        int (*run)(struct std_io stdio);
    } deeds[] = {{"flood", flood}, {"bomb", bomb}, {"greedy", greedy}, {"deaf", deaf}};
    struct std_io stdio;
    struct capnp_message info;
    if (!tsr_find(start, "stdio", STD_IO_INTERFACE_ID, &stdio.id)) {
        return 2;
    }
    tsr_start_info(start, &info);
    struct capnp_text deed = start_info_get_arguments(start_info_read(&info));
    for (uint32_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        if (deed.size == strlen(deeds[i].name) &&
            memcmp(deed.data, deeds[i].name, deed.size) == 0) {
            return deeds[i].run(stdio);
        }
    }
    return 2;
}

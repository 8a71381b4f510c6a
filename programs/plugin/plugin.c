// SPDX-License-Identifier: Apache-2.0
//
// Plugins: see README.md. Each is a function that has a StdIO and nothing else, but for what it is
// granted besides under a name of its own.
#include <string.h>

#include "abi/ids.h"
#include "runtime/runtime.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/terminal.capnp.h"

enum { LIMIT = 256, GUESSES = 64, FLOOD = 64, NAP_NS = 1000000 };

static struct start *self;

static bool say(struct std_io stdio, struct tsr_line *line)
{
    struct capnp_exception exception;
    return std_io_write_line(stdio, tsr_line_of(line), &exception);
}

// "readLine: unimplemented (the capability does not include this method)"
static bool told(struct std_io stdio, const char *what, bool is_done,
                 const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, what);
    tsr_line_text(&line, is_done ? ": well" : ": ");
    if (!is_done) {
        tsr_line_exception(&line, exception);
    }
    return say(stdio, &line);
}

// The next line; false: there are no more, or *exception says why there is none.
static bool line_read(struct std_io stdio, char text[LIMIT], uint32_t *size,
                      struct capnp_exception *exception)
{
    struct capnp_call call;
    struct std_io_read_line_params_builder params;
    struct std_io_read_line_results_reader results;
    if (!std_io_read_line_begin(stdio, &call, &params, exception)) {
        return false;
    }
    std_io_read_line_params_set_limit(params, LIMIT);
    bool is_line =
        capnp_call_send(&call, exception) && std_io_read_line_finish(&call, &results, exception);
    if (is_line) {
        struct capnp_data line = std_io_read_line_results_get_line(results);
        *size = line.size < LIMIT ? line.size : LIMIT;
        memcpy(text, line.data, *size);
        is_line = std_io_read_line_results_get_end(results) == LINE_END_LINE;
        exception->type = CAPNP_EXCEPTION_NONE;
    }
    capnp_call_end(&call);
    return is_line;
}

static int count(struct std_io stdio)
{
    char text[LIMIT];
    uint32_t size;
    uint32_t lines = 0;
    uint32_t words = 0;
    struct capnp_exception exception;
    struct tsr_line line = {0};
    for (; line_read(stdio, text, &size, &exception); lines++) {
        for (uint32_t i = 0; i < size; i++) {
            words += text[i] != ' ' && (i == 0 || text[i - 1] == ' ') ? 1 : 0;
        }
    }
    tsr_line_decimal(&line, lines);
    tsr_line_text(&line, " lines, ");
    tsr_line_decimal(&line, words);
    tsr_line_text(&line, " words");
    return say(stdio, &line) && exception.type == CAPNP_EXCEPTION_NONE ? 0 : 1;
}

static int shout(struct std_io stdio)
{
    char text[LIMIT];
    uint32_t size;
    struct capnp_exception exception;
    while (line_read(stdio, text, &size, &exception)) {
        struct tsr_line line = {0};
        for (uint32_t i = 0; i < size; i++) {
            text[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
        }
        tsr_line_bytes(&line, text, size);
        if (!say(stdio, &line)) {
            return 1;
        }
    }
    return exception.type == CAPNP_EXCEPTION_NONE ? 0 : 1;
}

// Ids that it was never given, as if they were consoles: whether any of them answered.
static bool guess(struct capnp_exception *exception)
{
    bool is_answered = false;
    for (uint64_t index = 0; index < GUESSES; index++) {
        for (uint64_t generation = 1; generation < 3; generation++) {
            const struct debug_console console = {generation << 32 | index};
            is_answered |= debug_console_write_line(console, tsr_text_of("got it"), exception);
        }
    }
    return is_answered;
}

// Never ends by itself.
static int stay(void)
{
    struct capnp_exception exception;
    while (tsr_wait(TIMEOUT_NONE - 1, &exception)) { // nothing else is awaited
    }
    return 1;
}

// Tries what it should not have, says what came of it, and then never ends by itself.
static int hostile(struct std_io stdio)
{
    char text[LIMIT];
    uint32_t size = 0;
    struct capnp_exception exception;
    struct std_io lent;
    uint32_t number;
    struct capnp_data screen = {(const uint8_t *)"\33[2J", 4};
    const struct process_builder none = {0};
    struct process process;
    told(stdio, "hostile: read the document", line_read(stdio, text, &size, &exception),
         &exception);
    told(stdio, "hostile: clear the screen", std_io_write(stdio, screen, &exception), &exception);
    told(stdio, "hostile: lend itself the terminal",
         std_io_lend(stdio, true, &lent, &number, &exception), &exception);
    told(stdio, "hostile: start a process", process_builder_start(none, &process, &exception),
         &exception);
    told(stdio, "hostile: guess ids of others", guess(&exception), &exception);
    for (uint32_t i = 0; i < FLOOD; i++) {
        told(stdio, "hostile: flood", false, &exception);
    }
    return stay();
}

// Sleeps by the Timer that it was granted as `clock`, and stays.
static int curious(struct std_io stdio)
{
    struct timer timer;
    struct capnp_exception exception;
    uint64_t now = 0;
    if (!tsr_find(self, "clock", TIMER_INTERFACE_ID, &timer.id)) {
        struct tsr_line line = {0};
        tsr_line_text(&line, "curious: no `clock` was granted");
        say(stdio, &line);
        return 1;
    }
    told(stdio, "curious: clock now", timer_now(timer, &now, &exception), &exception);
    told(stdio, "curious: clock sleepUntil", timer_sleep_until(timer, now + NAP_NS, &exception),
         &exception);
    return stay();
}

int tsr_main(struct start *start)
{
    static const struct {
        const char *name;
        int (*run)(struct std_io stdio);
    } plugins[] = {{"count", count}, {"shout", shout}, {"hostile", hostile}, {"curious", curious}};
    struct std_io stdio;
    struct capnp_message info;
    self = start;
    if (!tsr_find(start, "stdio", STD_IO_INTERFACE_ID, &stdio.id)) {
        return 2;
    }
    tsr_start_info(start, &info);
    struct capnp_text wanted = start_info_get_arguments(start_info_read(&info));
    for (uint32_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++) {
        if (wanted.size == strlen(plugins[i].name) &&
            memcmp(wanted.data, plugins[i].name, wanted.size) == 0) {
            return plugins[i].run(stdio);
        }
    }
    return 2;
}

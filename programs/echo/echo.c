// SPDX-License-Identifier: Apache-2.0
//
// Lines in, lines out. Granted: stdio; without it there is nobody to tell, so it ends with code 2;
// lent without the foreground it can only write.

#include "runtime/runtime.h"

#include "schema/boot.capnp.h"
#include "schema/terminal.capnp.h"

enum { LIMIT = 256 };

static bool say(struct std_io stdio, const char *before, struct capnp_text text)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, before);
    tsr_line_bytes(&line, text.data, text.size);
    return std_io_write_line(stdio, tsr_line_of(&line), &exception);
}

// Reads a line and says it; false: there are no more.
static bool turn(struct std_io stdio, struct capnp_exception *exception)
{
    struct capnp_call call;
    struct std_io_read_line_params_builder params;
    struct std_io_read_line_results_reader results;
    if (!std_io_read_line_begin(stdio, &call, &params, exception)) {
        return false;
    }
    std_io_read_line_params_set_prompt(params, tsr_text_of("? "));
    std_io_read_line_params_set_limit(params, LIMIT);
    bool goes_on =
        capnp_call_send(&call, exception) && std_io_read_line_finish(&call, &results, exception);
    if (goes_on) {
        struct capnp_data line = std_io_read_line_results_get_line(results);
        goes_on = std_io_read_line_results_get_end(results) == LINE_END_LINE &&
                  say(stdio, "echo: ", (struct capnp_text){(const char *)line.data, line.size});
        exception->type = CAPNP_EXCEPTION_NONE;
    }
    capnp_call_end(&call);
    return goes_on;
}

int tsr_main(struct start *start)
{
    struct std_io stdio;
    struct capnp_message info;
    struct capnp_exception exception = {0};
    if (!tsr_find(start, "stdio", STD_IO_INTERFACE_ID, &stdio.id)) {
        return 2;
    }
    tsr_start_info(start, &info);
    if (!say(stdio, "echo has: ", start_info_get_arguments(start_info_read(&info)))) {
        return 1;
    }
    while (turn(stdio, &exception)) {
    }
    if (exception.type != CAPNP_EXCEPTION_NONE) {
        struct tsr_line line = {0};
        tsr_line_exception(&line, &exception);
        say(stdio, "echo can't read: ", tsr_line_of(&line));
        return 1;
    }
    return 0;
}

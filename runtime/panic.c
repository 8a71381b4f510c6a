// SPDX-License-Identifier: Apache-2.0
//
// Words of a program to the console, and the end of one that cannot go on: one line, if there is a
// console to write to.

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

_Noreturn void tsr_panic(const char *text)
{
    static bool is_panicking;
    struct debug_console console;
    if (!is_panicking && tsr_start() != NULL &&
        tsr_find(tsr_start(), "console", DEBUG_CONSOLE_INTERFACE_ID, &console.id)) {
        is_panicking = true;
        struct tsr_line line = {0};
        struct capnp_exception ignored;
        tsr_line_text(&line, "panic: ");
        tsr_line_text(&line, text);
        debug_console_write_line(console, tsr_line_of(&line), &ignored);
    }
    tsr_exit(TSR_EXIT_PANIC);
}

_Noreturn void tsr_panic_because(const char *text, const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, text);
    tsr_line_exception(&line, exception);
    tsr_panic(line.text);
}

void tsr_must(bool is_so, const char *text, const struct capnp_exception *exception)
{
    if (!is_so) {
        tsr_panic_because(text, exception);
    }
}

void tsr_say(uint64_t console, const char *name, const char *what)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, name);
    tsr_line_text(&line, ": ");
    tsr_line_text(&line, what);
    if (!debug_console_write_line((struct debug_console){console}, tsr_line_of(&line),
                                  &exception)) {
        tsr_exit(1);
    }
}

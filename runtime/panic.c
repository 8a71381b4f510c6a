// SPDX-License-Identifier: Apache-2.0
//
// The end of a program that cannot go on: one line to the console, if there is one to write to.

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

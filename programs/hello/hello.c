// SPDX-License-Identifier: Apache-2.0
//
// The smallest program: it was granted the console and nothing else, so one thing is all that it
// can do. Granted: console.

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

int tsr_main(struct start *start)
{
    struct debug_console console;
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &console.id)) {
        return 1;
    }
    const char *text = "hello: a program that can do one thing: print this line";
    return debug_console_write_line(console, tsr_text_of(text), &exception) ? 0 : 1;
}

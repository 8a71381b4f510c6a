// SPDX-License-Identifier: Apache-2.0
//
// The terminal service: makes of one stream of bytes one TerminalSession, of which programs are
// lent a StdIO. Granted: server (the server's side of its endpoint), stream (a ByteStream),
// capabilities (to make StdIOs), timer (to wait for a stream whose server is started again; without
// one the terminal ends with it).
#include "system/terminal/terminal.h"
#include "runtime/runtime.h"

static struct terminal terminal;

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &terminal.server.id) ||
        !tsr_find(start, "stream", BYTE_STREAM_INTERFACE_ID, &terminal.stream.capability.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID,
                  &terminal.capabilities.id)) {
        tsr_panic("terminal: server, stream or capabilities was not granted");
    }
    tsr_find(start, "timer", TIMER_INTERFACE_ID, &terminal.timer.id);
    const struct tsr_service_options options = {.server = terminal.server.id,
                                                .message_max = 640,
                                                .requests = TSR_REQUESTS_MAX,
                                                .dispatch = terminal_dispatch,
                                                .self = &terminal,
                                                .dropped = terminal_dropped,
                                                .cancelled = terminal_cancelled,
                                                .lost = terminal_lost,
                                                .timer = terminal.timer.id};
    if (!tsr_service_start(&terminal.service, &options, &exception)) {
        tsr_panic_because("terminal: cannot start: ", &exception);
    }
    terminal_session_begin(&terminal);
    stream_begin(&terminal);
    if (!tsr_service_serve(&terminal.service, &exception)) {
        tsr_panic_because("terminal: cannot serve: ", &exception);
    }
    return 0;
}

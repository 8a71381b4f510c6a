// SPDX-License-Identifier: Apache-2.0
//
// The console: a program's line for the machine's log, marked with its process. A text ends at its
// first NUL, or where its bytes end.
#include "kernel/core/core.h"

enum status debug_console_write_line_run(struct core *core, struct request *request)
{
    struct plain_data text = request->params.debug_console_write_line.text;
    hal_report("[%lu] %.*s", (uint64_t)request->sender.process, (int)text.size,
               (const char *)text.data);
    core->work += TURN_WORK_MAX; // a line takes long on a serial port
    return STATUS_OK;
}

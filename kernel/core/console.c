// SPDX-License-Identifier: Apache-2.0
//
// The console: a program's line for the machine's log, which the turn marks with its process and
// hands to the machine when it closes. A text ends at its first NUL.
#include "kernel/core/core.h"

enum status debug_console_write_line_run(struct core *core, struct request *request)
{
    struct plain_text text = request->params.debug_console_write_line.text;
    core->line = text.size == 0 ? "" : text.data; // in the scratch page until the turn closes
    core->is_changed = true;
    core->work += TURN_WORK_MAX; // a line takes long on a serial port
    return STATUS_OK;
}

// SPDX-License-Identifier: Apache-2.0
//
// The console: the machine's log for people. A program's line is marked with its process, and can
// hold nothing that moves a cursor or forges another line.
#include <string.h>

#include "kernel/core/core.h"

enum {
    LINE_MAX = 200, // bytes of a program's text
    MARK_MAX = 16,
};

static uint32_t decimal_put(char *to, uint32_t value)
{
    char digits[10];
    uint32_t count = 0;
    do {
        digits[count] = (char)('0' + value % 10);
        value /= 10;
        count++;
    } while (value != 0);
    for (uint32_t i = 0; i < count; i++) {
        to[i] = digits[count - 1 - i];
    }
    return count;
}

enum status debug_console_write_line_run(struct core *core, struct request *request)
{
    struct plain_text text = request->params.debug_console_write_line.text;
    if (text.size > LINE_MAX) {
        return STATUS_BAD_VALUE;
    }
    char line[MARK_MAX + LINE_MAX + 1];
    uint32_t size = 0;
    line[size++] = '[';
    size += decimal_put(line + size, request->sender.process);
    line[size++] = ']';
    line[size++] = ' ';
    for (uint32_t i = 0; i < text.size; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        line[size++] = byte < ' ' || byte > '~' ? '.' : (char)byte;
    }
    line[size++] = '\n';
    hal_console_write(line, size);
    core->work += TURN_WORK_MAX; // a line takes long on a serial port
    return STATUS_OK;
}

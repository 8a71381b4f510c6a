// SPDX-License-Identifier: Apache-2.0
//
// What leaves the machine: the console is standard output, the exported log a file, and the end of
// the machine the end of the process. Lines of the simulator itself go to standard error, so that
// standard output is the console and nothing else.
#include "hal/sim/sim.h"

#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKTRACE_MAX = 32, EXIT_CODE_MAX = 255 };

static FILE *log_file;

bool sim_log_open(const char *path)
{
    log_file = fopen(path, "wb");
    return log_file != NULL;
}

void hal_console_write(const char *text, uint32_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, text, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            sim_die(SIM_EXIT_USAGE, "can't write to the console: %s", strerror(errno));
        }
        text += written;
        size -= (uint32_t)written;
    }
}

void hal_export(const void *bytes, uint32_t size)
{
    if (log_file != NULL && fwrite(bytes, 1, size, log_file) != size) {
        sim_die(SIM_EXIT_USAGE, "can't write the log: %s", strerror(errno));
    }
}

void hal_halt(int32_t code)
{
    if (log_file != NULL && fclose(log_file) != 0) {
        sim_die(SIM_EXIT_USAGE, "can't write the log: %s", strerror(errno));
    }
    // A process's exit code has eight bits; what doesn't fit must not become a success.
    exit(code < 0 || code > EXIT_CODE_MAX ? EXIT_CODE_MAX : code);
}

void hal_panic(const char *what, const char *file, uint32_t line)
{
    void *frames[BACKTRACE_MAX];
    char text[256];
    int size = snprintf(text, sizeof(text), "panic: %s (%s:%u)\n", what, file, line);
    size_t shown = size < (int)sizeof(text) ? (size_t)size : sizeof(text) - 1;

    (void)!write(STDOUT_FILENO, text, shown);
    backtrace_symbols_fd(frames, backtrace(frames, BACKTRACE_MAX), STDERR_FILENO);
    exit(SIM_EXIT_PANIC);
}

void sim_die(int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("sim: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(code);
}

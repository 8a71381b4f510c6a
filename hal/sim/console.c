// SPDX-License-Identifier: Apache-2.0
//
// What leaves the machine: the console is standard output, the commit log and the SysLog are files,
// and the end of the machine the end of the process. Lines of the simulator itself go to standard
// error, so that standard output is the console and nothing else.
#include "hal/sim/sim.h"

#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKTRACE_MAX = 32, EXIT_CODE_MAX = 255, LINE_SIZE = 256 };

static FILE *export_files[SIM_EXPORT_COUNT];

bool sim_export_open(enum sim_export which, const char *path)
{
    export_files[which] = fopen(path, "wb");
    return export_files[which] != NULL;
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

void hal_report(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list values;
    va_start(values, format);
    int size = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (size < 0 || size >= (int)sizeof line) {
        sim_die(SIM_EXIT_USAGE, "the kernel's line is too long: %s", format);
    }
    for (int i = 0; i < size; i++) {
        line[i] = line[i] < ' ' || line[i] > '~' ? '.' : line[i];
    }
    line[size] = '\n';
    hal_console_write(line, (uint32_t)size + 1);
}

static void export_write(enum sim_export which, const void *bytes, uint32_t size)
{
    FILE *file = export_files[which];

    if (file != NULL && fwrite(bytes, 1, size, file) != size) {
        sim_die(SIM_EXIT_USAGE, "can't write what the machine exports: %s", strerror(errno));
    }
}

void hal_export(const void *bytes, uint32_t size)
{
    export_write(SIM_EXPORT_LOG, bytes, size);
}

void hal_export_syslog(const void *bytes, uint32_t size)
{
    export_write(SIM_EXPORT_SYSLOG, bytes, size);
}

void hal_halt(int32_t code)
{
    sim_chaos_end("the machine halted");
    sim_far_flush();
    for (uint32_t i = 0; i < SIM_EXPORT_COUNT; i++) {
        if (export_files[i] != NULL && fclose(export_files[i]) != 0) {
            sim_die(SIM_EXIT_USAGE, "can't write what the machine exports: %s", strerror(errno));
        }
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

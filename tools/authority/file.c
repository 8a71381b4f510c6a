// SPDX-License-Identifier: Apache-2.0
//
// Files as a whole, and how the tool ends where one can't be had.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/state/assert.h"
#include "tools/authority/authority.h"

enum { ALIGNMENT = 64 };

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "authority: a defect of this tool: %s:%u: %s does not hold\n", file, line,
            claim);
    abort();
}

_Noreturn void fail(int code, const char *path, const char *what)
{
    fprintf(stderr, "authority: %s: %s\n", path, what);
    exit(code);
}

_Noreturn void fail_at(const char *path, uint64_t line, uint64_t column, const char *what)
{
    fprintf(stderr, "%s:%" PRIu64 ":%" PRIu64 ": %s\n", path, line, column, what);
    exit(EXIT_REFUSED);
}

void *zeroed(size_t size)
{
    size_t rounded = (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    void *bytes = aligned_alloc(ALIGNMENT, rounded);

    return bytes == NULL ? NULL : memset(bytes, 0, rounded);
}

uint8_t *file_read(const char *path, size_t *size, bool may_miss)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long end = -1;

    if (file == NULL && may_miss && errno == ENOENT)
        return NULL;
    if (file == NULL)
        fail(EXIT_REFUSED, path, strerror(errno));
    if (fseek(file, 0, SEEK_END) == 0)
        end = ftell(file);
    if (end < 0 || end == INT64_MAX || fseek(file, 0, SEEK_SET) != 0)
        fail(EXIT_REFUSED, path, "not a file that can be read at any place");
    *size = (size_t)end;
    bytes = zeroed(*size + 1);
    if (bytes == NULL)
        fail(EXIT_REFUSED, path, "too large for this machine's memory");
    if (fread(bytes, 1, *size, file) != *size)
        fail(EXIT_REFUSED, path, ferror(file) ? strerror(errno) : "shrank while it was read");
    fclose(file);
    return bytes;
}

char *path_beside(const char *path, const char *ending)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(path, '.');
    size_t size =
        dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - path) : strlen(path);
    char *beside = malloc(size + strlen(ending) + 1);

    if (beside == NULL)
        fail(EXIT_REFUSED, path, "there is not enough memory");
    memcpy(beside, path, size);
    strcpy(beside + size, ending);
    return beside;
}

void hex_print(FILE *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        fprintf(out, "%02x", bytes[i]);
}

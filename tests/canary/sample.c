// SPDX-License-Identifier: Apache-2.0
//
// Writes to the standard output a small log in which every kind of commit occurs, also those that
// the kernel does not make yet.
#include <stdio.h>
#include <stdlib.h>

#include "kernel/core/state/assert.h"
#include "lib/replay/test/sample_log.h"

enum { PAGES = 4 };

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

int main(void)
{
    struct sample_log log;

    sample_init(&log);
    sample_history(&log, PAGES);
    sample_child(&log);
    sample_finish(&log);
    bool is_written = fwrite(log.bytes, 1, log.size, stdout) == log.size && fflush(stdout) == 0;
    sample_fini(&log);
    return is_written ? 0 : 1;
}

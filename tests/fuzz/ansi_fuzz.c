// SPDX-License-Identifier: Apache-2.0
//
// Any bytes through the filter, behind one that is the level: what comes out is UTF-8, bounded,
// and passes the filter again as it is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ansi/ansi.h"
#include "lib/json/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 8192 };

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static size_t pass(enum ansi_level level, const uint8_t *bytes, size_t size, char *out)
{
    struct ansi_filter filter;
    size_t sent = 0;

    ansi_filter_init(&filter, level);
    for (size_t i = 0; i < size; i++) {
        size_t step = ansi_filter_step(&filter, bytes[i], out + sent);
        must(step <= ANSI_STEP_MAX, "a byte becomes a bounded number of bytes");
        sent += step;
    }
    return sent + ansi_filter_end(&filter, out + sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char once[4 * INPUT_MAX], twice[8 * INPUT_MAX];
    enum ansi_level level;
    size_t once_size, twice_size;

    if (size == 0 || size > INPUT_MAX)
        return 0;
    level = (enum ansi_level)(data[0] % 3);
    once_size = pass(level, data + 1, size - 1, once);
    for (size_t at = 0; at < once_size;) {
        size_t step = utf8_size(once + at, once_size - at);
        must(step > 0, "what is sent is UTF-8");
        at += step;
    }
    // There CR passes, and LF becomes CR LF once more.
    if (level == ANSI_SCREEN)
        return 0;
    twice_size = pass(level, (const uint8_t *)once, once_size, twice);
    must(once_size == twice_size && memcmp(once, twice, once_size) == 0,
         "what was let pass once passes again");
    return 0;
}

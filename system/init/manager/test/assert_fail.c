// SPDX-License-Identifier: Apache-2.0
//
// In tests an assertion that doesn't hold ends the test.
#include <stdio.h>
#include <stdlib.h>

#include "system/init/manager/assert.h"

_Noreturn void manager_assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s does not hold\n", file, line, claim);
    abort();
}

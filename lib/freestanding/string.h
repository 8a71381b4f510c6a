// SPDX-License-Identifier: Apache-2.0
// <string.h> of freestanding code: what lib/string defines, and nothing else.
#ifndef LIB_FREESTANDING_STRING_H
#define LIB_FREESTANDING_STRING_H

#include "lib/string/string.h"

#endif

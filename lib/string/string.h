// SPDX-License-Identifier: Apache-2.0
//
// The five functions of <string.h> that freestanding code needs, four of them because the compiler
// calls them. Their meaning is the C standard's. Hosted code links its C library's instead.
#ifndef LIB_STRING_STRING_H
#define LIB_STRING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);

#endif

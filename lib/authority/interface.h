// SPDX-License-Identifier: Apache-2.0
//
// The interfaces of abi/methods.lock, by number and by name. What has no name here is of somebody
// else's, and is spoken of by its number.
#ifndef LIB_AUTHORITY_INTERFACE_H
#define LIB_AUTHORITY_INTERFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const char *interface_name(uint64_t interface); // null: unknown
bool interface_find(const char *name, size_t size, uint64_t *interface);
uint32_t interface_count(void);
const char *interface_name_at(uint32_t place);

uint64_t interface_methods(uint64_t interface);               // bit n: it has a method n
const char *method_name(uint64_t interface, uint32_t number); // null: unknown
bool method_find(uint64_t interface, const char *name, size_t size, uint32_t *number);

#endif

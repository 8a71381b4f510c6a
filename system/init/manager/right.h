// SPDX-License-Identifier: Apache-2.0
//
// The rights to services and to the system, as bits of an access mask.
#ifndef INIT_MANAGER_RIGHT_H
#define INIT_MANAGER_RIGHT_H

#include <stdbool.h>

enum {
    RIGHT_QUERY_STATUS = 0x1,
    RIGHT_START = 0x2,
    RIGHT_STOP = 0x4,
    RIGHT_INTERROGATE = 0x8,
    RIGHT_SERVICE_ALL = 0xf,
    RIGHT_SHUTDOWN = 0x1,
    RIGHT_RELOAD_CONFIG = 0x2,
    RIGHT_SYSTEM_ALL = 0x3,
};

struct security;
struct access_error;

// From SDDL to self-relative bytes: a descriptor as it is, or what a service inherits of that of
// the key above it.
bool right_system_read(const char *text, struct security *security, struct access_error *error);
bool right_inherited_read(const char *text, struct security *security, struct access_error *error);

#endif

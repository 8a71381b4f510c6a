// SPDX-License-Identifier: Apache-2.0
//
// The rights to services and to the system, as bits of an access mask.
#ifndef INIT_MANAGER_RIGHT_H
#define INIT_MANAGER_RIGHT_H

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

#endif

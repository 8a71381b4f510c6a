// SPDX-License-Identifier: Apache-2.0
//
// Requests of the control protocol, one JSON object a line:
//
//     {"command":"start","service":"web","wait":true,"timeout":30,"id":7}
//     {"command":"shutdown","action":"poweroff"}             poweroff, reboot or halt
//     {"command":"operation_status","operation_id":"..."}
//
// start, stop, restart, reload, reset, status, why and plan need a service; list, graph, shutdown
// and reload_config don't. `wait`, `timeout` (seconds) and `id` (a number that comes back with the
// answer) may be left out. A member that a command does not have is refused by its name.
#ifndef INIT_FORMAT_REQUEST_H
#define INIT_FORMAT_REQUEST_H

#include "lib/json/json.h"
#include "system/init/manager/manager.h"

enum { REQUEST_NODES_MAX = 64, REQUEST_DETAIL_MAX = 160 };

// Fills in all but connection and token. What is wrong is in `detail`; the id, if it could be read,
// is in the request even then.
enum reply_code request_read(const struct manager *manager, const char *text, size_t size,
                             struct request *request, struct phrase *detail);

#endif

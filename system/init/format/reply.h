// SPDX-License-Identifier: Apache-2.0
//
// Answers of the control protocol:
//
//     {"status":"ok","operation_id":"...","service":"web","state":"active",
//      "cause":"explicit_start","warnings":[]}
//     {"status":"error","code":"ACCESS_DENIED","message":"you don't have the right: ..."}
//
// Names and values are snake_case, codes UPPER_SNAKE. `id` comes first where the request had one.
#ifndef INIT_FORMAT_REPLY_H
#define INIT_FORMAT_REPLY_H

#include "lib/json/json.h"
#include "system/init/manager/manager.h"

// Writes one answer without its line end. The model says what status, list and graph need, and
// `list` shows only what the asker may query.
void reply_write(struct manager *manager, const struct reply *reply, struct json_writer *writer);

// A refusal that comes from no step: a bad request, a full house.
void reply_write_error(enum reply_code code, const char *detail, uint32_t id,
                       struct json_writer *writer);

#endif

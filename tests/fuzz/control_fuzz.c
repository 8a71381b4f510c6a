// SPDX-License-Identifier: Apache-2.0
//
// Any bytes on a control connection of a booted manager: in pieces, as lines, carried out, the
// answers written. Nothing may crash, and every line has at most one answer that is JSON.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/init/format/connection.h"
#include "system/init/format/reply.h"
#include "system/init/format/request.h"
#include "system/init/manager/test/scene.h"

enum { ANSWER_MAX = 1 << 16, LINES_A_SCENE = 200, NODES_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct connections connections;
static uint32_t lines;

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static void answer_check(const struct json_writer *writer)
{
    static struct json_node nodes[NODES_MAX];
    struct json json = {.nodes = nodes, .nodes_max = NODES_MAX};
    struct json_error error;

    must(!writer->is_full && json_read(&json, writer->bytes, writer->size, &error),
         "an answer is JSON");
}

static void line_take(const struct line *line)
{
    static char answer[ANSWER_MAX];
    struct json_writer writer = {.bytes = answer, .max = sizeof(answer)};
    struct request request;
    char detail[REQUEST_DETAIL_MAX];
    struct phrase phrase = phrase_in(detail, sizeof(detail));

    enum reply_code code = request_read(&scene.manager, line->text, line->size, &request, &phrase);
    if (code != REPLY_OK) {
        reply_write_error(code, detail, request.id, &writer);
        answer_check(&writer);
        return;
    }
    request.token = &scene.token;
    scene.reply_count = 0;
    (void)scene_request(&request);
    for (uint32_t i = 0; i < scene.reply_count; i++) {
        writer.size = 0;
        writer.needs_comma = false;
        scene.replies[i].token = &scene.token;
        reply_write(&scene.manager, &scene.replies[i], &writer);
        answer_check(&writer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct line line;

    if (lines == 0 || scene.world.is_halted || lines > LINES_A_SCENE) {
        scene_clear();
        scene_boot(
            "{\"a\": {\"ImagePath\": \"x\", \"Triggers\": \"boot\"},"
            "\"b\": {\"ImagePath\": \"x\", \"BindsTo\": \"a\"}}");
        lines = 1;
    }
    uint32_t number = connection_open(&connections, scene.world.now_ns);
    while (!scene.world.is_halted && connection_feed(&connections, number, &bytes, &size,
                                                     scene.world.now_ns, &line) == LINE_WHOLE) {
        lines++;
        line_take(&line);
        connection_answered(&connections, number, scene.world.now_ns);
    }
    connection_close(&connections, number);
    return 0;
}

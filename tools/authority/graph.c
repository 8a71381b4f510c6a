// SPDX-License-Identifier: Apache-2.0
//
// graph: processes and objects as nodes, holds as edges. `dot`, `json` and `svg` (svg.c) show one
// moment; `html` is one page that needs nothing else, with every moment of the log under a slider
// (page.c).
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/authority/ask.h"
#include "tools/authority/page.h"
#include "tools/authority/svg.h"

enum { LIVES_DRAWN_MAX = 50000 };

// --- One moment ---------------------------------------------------------------------------------

struct drawing {
    struct answer answer;
    const struct history *history;
    struct authority_at at;
};

static const char *node_id(const struct history *history, char letter, uint32_t arena,
                           uint32_t life)
{
    struct commit_id id = authority_id(&history->index, arena, life);

    return say("%c%u.%u", letter, id.index, id.generation);
}

static const char *dot_text(const char *text)
{
    const char *quoted = "";

    for (; *text != '\0'; text++)
        quoted = say("%s%s%c", quoted, *text == '"' || *text == '\\' ? "\\" : "", *text);
    return quoted;
}

static void node_put(struct drawing *drawing, const char *kind, const char *id, const char *label)
{
    if (drawing->answer.is_json)
        ROW(&drawing->answer, kind, "", TEXT("id", id), TEXT("label", label));
    else
        printf("  \"%s\" [label=\"%s\", shape=%s];\n", id, dot_text(label),
               strcmp(kind, "process") == 0 ? "box" : "ellipse");
}

static void edge_put(struct drawing *drawing, uint32_t hold)
{
    const struct history *history = drawing->history;
    struct authority_hold what;

    authority_hold_of(&history->index, hold, &what);
    const char *from = node_id(history, 'p', ARENA_PROCESSES, what.process);
    const char *to = node_id(history, 'o', ARENA_OBJECTS, what.object);
    bool works = authority_hold_use(&history->index, hold, drawing->at) == USE_WORKS;
    const char *label = hold_label(history, hold);
    if (drawing->answer.is_json)
        ROW(&drawing->answer, "hold", "", TEXT("from", from), TEXT("to", to), TEXT("label", label),
            TEXT("cap", cap_label(what.id)), BOOL("works", works));
    else
        printf("  \"%s\" -> \"%s\" [label=\"%s\"%s];\n", from, to, dot_text(label),
               works ? "" : ", style=dashed");
    said_forget();
}

static void moment_draw(struct drawing *drawing)
{
    const struct history *history = drawing->history;
    const struct authority_index *index = &history->index;

    for (uint32_t life = 0; life < drawing->at.at; life++) {
        uint16_t kind = authority_commit(index, life)->kind;
        if (kind == COMMIT_PROCESS_CREATE &&
            authority_stage_of(index, life, drawing->at.at) != STAGE_ABSENT)
            node_put(drawing, "process", node_id(history, 'p', ARENA_PROCESSES, life),
                     process_label(history, life));
        else if (kind == COMMIT_OBJECT_CREATE && life_is_there(index, life, drawing->at.at))
            node_put(drawing, "object", node_id(history, 'o', ARENA_OBJECTS, life),
                     object_label(history, life));
        else if ((kind == COMMIT_HOLD_INSERT || kind == COMMIT_HOLD_MOVE) &&
                 authority_hold_counts(index, life, drawing->at.at))
            edge_put(drawing, life);
        said_forget();
    }
}

static void dot_draw(struct drawing *drawing)
{
    printf("// seq %" PRIu64 ", head ", authority_seq(&drawing->history->index, drawing->at.at));
    hex_print(stdout, drawing->history->index.head, HASH_SIZE);
    puts("\ndigraph authority {\n  rankdir=LR;");
    moment_draw(drawing);
    puts("}");
}

static void json_draw(struct drawing *drawing)
{
    answer_begin(&drawing->answer, drawing->history, "graph", drawing->at);
    moment_draw(drawing);
    answer_end(&drawing->answer);
}

// --- All moments --------------------------------------------------------------------------------

// A text of JSON that may stand inside a page: nothing in it ends the script.
static void page_text(const char *text)
{
    char bytes[1024];
    struct json_writer writer = {.bytes = bytes, .max = sizeof(bytes)};

    json_write_text(&writer, text);
    for (size_t i = 0; i < writer.size; i++) {
        if (bytes[i] == '<')
            fputs("\\u003c", stdout);
        else
            putchar(bytes[i]);
    }
}

// The first moment at which something is gone; the page knows no other way to be absent.
static uint32_t last_moment(const struct authority_index *index, uint32_t life)
{
    return index->lives[life].end == LIFE_NONE ? index->count : index->lives[life].end;
}

static uint32_t process_last(const struct authority_index *index, uint32_t process)
{
    uint32_t over = index->lives[process].over;

    return over == LIFE_NONE ? last_moment(index, process) : over;
}

static bool has_lease(const struct authority_index *index, uint32_t facet)
{
    while (facet != LIFE_NONE && index->lives[facet].changes == LIFE_NONE)
        facet = index->lives[facet].target;
    return facet != LIFE_NONE;
}

// The last moment before which the hold always worked. What is revoked stays so; only leases can be
// over and begin again.
static uint32_t works_last(const struct authority_index *index, uint32_t hold, uint32_t last)
{
    struct authority_at end = authority_at_seq(index, last);

    if (!has_lease(index, index->lives[hold].target) &&
        authority_hold_use(index, hold, end) == USE_WORKS)
        return last;
    for (uint32_t at = hold + 1; at <= last; at++) {
        if (authority_hold_use(index, hold, authority_at_seq(index, at)) != USE_WORKS)
            return at - 1;
    }
    return last;
}

static void page_row(const struct history *history, uint32_t life, const char **comma)
{
    const struct authority_index *index = &history->index;
    uint16_t kind = authority_commit(index, life)->kind;

    if (kind == COMMIT_PROCESS_CREATE) {
        printf("%s[\"p\",%u,%u,", *comma, life + 1, process_last(index, life));
        page_text(process_label(history, life));
        printf("]");
    } else if (kind == COMMIT_OBJECT_CREATE) {
        printf("%s[\"o\",%u,%u,", *comma, life + 1, last_moment(index, life));
        page_text(object_label(history, life));
        printf("]");
    } else if (kind == COMMIT_HOLD_INSERT || kind == COMMIT_HOLD_MOVE) {
        uint32_t process = index->lives[life].owner;
        uint32_t last = last_moment(index, life);
        uint32_t end = process_last(index, process);
        last = end < last ? end : last;
        printf("%s[\"h\",%u,%u,", *comma, life + 1, last);
        page_text(hold_label(history, life));
        printf(",%u,%u,%u]", process + 1, index->lives[index->lives[life].target].owner + 1,
               works_last(index, life, last));
    } else {
        return;
    }
    *comma = ",\n";
}

static void html_draw(struct drawing *drawing)
{
    const struct history *history = drawing->history;
    const struct authority_index *index = &history->index;
    const char *comma = "";

    if (index->count > LIVES_DRAWN_MAX)
        fail(EXIT_REFUSED, history->path,
             "has more than 50,000 commits: too many for one page; --format dot draws a moment");
    fputs(page_head, stdout);
    printf("{\"at\":%u,\"head\":\"", drawing->at.at);
    hex_print(stdout, index->head, HASH_SIZE);
    printf("\",\"commits\":[");
    for (uint32_t seq = 0; seq < index->count; seq++) {
        const struct commit *commit = authority_commit(index, seq);
        printf("%s[%" PRIu64 ",", seq == 0 ? "" : ",", commit->time_ns);
        page_text(commit_kind_name(commit->kind));
        printf("]");
    }
    printf("],\"lives\":[\n");
    for (uint32_t life = 0; life < index->count; life++) {
        page_row(history, life, &comma);
        said_forget();
    }
    printf("]}");
    fputs(page_tail, stdout);
}

int graph_run(const struct options *options)
{
    struct history history;
    struct drawing drawing = {.history = &history};
    const char *format = options->format != NULL ? options->format : options->json ? "json" : "dot";

    if (strcmp(format, "html") == 0)
        history_open_whole(&history, options, options->arguments[0],
                           "begins with a checkpoint: its page would lack the moments before; "
                           "--format dot draws one moment");
    else
        history_open(&history, options, options->arguments[0]);
    drawing.at = moment_asked(&history);
    if (strcmp(format, "dot") == 0) {
        dot_draw(&drawing);
    } else if (strcmp(format, "svg") == 0) {
        svg_draw(&history, drawing.at);
    } else if (strcmp(format, "html") == 0) {
        html_draw(&drawing);
    } else {
        struct options json = *options;
        json.json = true;
        history.options = &json;
        json_draw(&drawing);
    }
    history_close(&history);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// A picture of one moment: processes on the left, each a box with a row for what it holds; on the
// right the objects that are held, at the height of the rows that lead to them. What doesn't work
// is dashed. The same moment of the same log is the same picture, byte for byte.
#include "tools/authority/svg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/authority/ask.h"

// In pixels of a picture that is shown as it is.
enum { MARGIN = 12, ROW = 18, LETTER = 7, GAP = 14, LINES = 220, OBJECT = 24, OBJECT_STEP = 30 };

struct drawn_hold {
    uint32_t hold, process, object;
    uint32_t y; // the middle of its row
};

struct drawn_object {
    uint32_t object;
    uint64_t y_sum; // of the rows that lead here
    uint32_t count;
    uint32_t y; // its middle: that of the rows, or what stands above pushed it down
};

struct svg {
    const struct history *history;
    struct authority_at at;
    uint32_t count, object_count;
    struct drawn_hold *holds;
    struct drawn_object *objects;
    uint32_t left_width, right_width, height;
};

// --- What is drawn, and where -------------------------------------------------------------------

static int by_process(const void *left, const void *right)
{
    const struct drawn_hold *a = left;
    const struct drawn_hold *b = right;

    return a->process != b->process ? (a->process > b->process ? 1 : -1)
                                    : (a->hold > b->hold) - (a->hold < b->hold);
}

// By the mean of the rows, compared without a division; of equals the older one comes first.
static int by_height(const void *left, const void *right)
{
    const struct drawn_object *a = left;
    const struct drawn_object *b = right;
    uint64_t a_mean = a->y_sum * b->count;
    uint64_t b_mean = b->y_sum * a->count;

    return a_mean != b_mean ? (a_mean > b_mean ? 1 : -1)
                            : (a->object > b->object) - (a->object < b->object);
}

static const char *row_label(const struct svg *svg, const struct drawn_hold *drawn)
{
    const struct authority_index *index = &svg->history->index;
    struct authority_hold what;

    authority_hold_of(index, drawn->hold, &what);
    uint64_t interface = authority_interface(index, what.facet);
    return what.is_revoker ? say("the revoker of %s", interface_label(interface))
                           : say("%s: %s", interface_label(interface),
                                 methods_label(interface, authority_methods(index, what.facet)));
}

static void widen(uint32_t *width, const char *text)
{
    uint32_t wanted = (uint32_t)strlen(text) * LETTER + 2 * MARGIN;

    if (wanted > *width)
        *width = wanted;
}

static void object_count(struct svg *svg, const struct drawn_hold *drawn)
{
    uint32_t place = 0;

    while (place < svg->object_count && svg->objects[place].object != drawn->object)
        place++;
    svg->object_count += place == svg->object_count ? 1 : 0;
    svg->objects[place].object = drawn->object;
    svg->objects[place].y_sum += drawn->y;
    svg->objects[place].count++;
}

static void holds_collect(struct svg *svg)
{
    const struct authority_index *index = &svg->history->index;

    for (uint32_t life = 0; life < svg->at.at; life++) {
        uint16_t kind = authority_commit(index, life)->kind;
        struct authority_hold what;
        if ((kind != COMMIT_HOLD_INSERT && kind != COMMIT_HOLD_MOVE) ||
            !authority_hold_counts(index, life, svg->at.at))
            continue;
        authority_hold_of(index, life, &what);
        svg->holds[svg->count++] =
            (struct drawn_hold){.hold = life, .process = what.process, .object = what.object};
    }
    qsort(svg->holds, svg->count, sizeof(svg->holds[0]), by_process);
}

static void rows_place(struct svg *svg)
{
    uint32_t y = MARGIN;

    for (uint32_t i = 0; i < svg->count; i++) {
        struct drawn_hold *drawn = &svg->holds[i];
        if (i == 0 || svg->holds[i - 1].process != drawn->process) {
            y += ROW;
            if (i != 0)
                y += GAP;
            widen(&svg->left_width, process_label(svg->history, drawn->process));
        }
        drawn->y = y + ROW / 2;
        y += ROW;
        widen(&svg->left_width, row_label(svg, drawn));
        widen(&svg->right_width, object_label(svg->history, drawn->object));
        object_count(svg, drawn);
        said_forget();
    }
    svg->height = y + MARGIN;
}

static void objects_place(struct svg *svg)
{
    uint32_t y = MARGIN + OBJECT / 2;

    qsort(svg->objects, svg->object_count, sizeof(svg->objects[0]), by_height);
    for (uint32_t i = 0; i < svg->object_count; i++, y += OBJECT_STEP) {
        uint32_t mean = (uint32_t)(svg->objects[i].y_sum / svg->objects[i].count);
        y = y > mean ? y : mean;
        svg->objects[i].y = y;
    }
    svg->height = svg->height > y ? svg->height : y; // a step below the last one
}

// --- Drawing ------------------------------------------------------------------------------------

static void text_put(uint32_t x, uint32_t y, const char *style, const char *text)
{
    printf("<text x=\"%u\" y=\"%u\"%s>", x, y, style);
    for (; *text != '\0'; text++) {
        if (*text == '&' || *text == '<' || *text == '>')
            printf("&#%d;", *text);
        else
            putchar(*text);
    }
    puts("</text>");
}

static void process_put(const struct svg *svg, uint32_t first)
{
    uint32_t rows = 1;

    while (first + rows < svg->count &&
           svg->holds[first + rows].process == svg->holds[first].process)
        rows++;
    uint32_t top = svg->holds[first].y - ROW / 2 - ROW;
    printf("<rect class=\"p\" x=\"%d\" y=\"%u\" width=\"%u\" height=\"%u\"/>\n", MARGIN, top,
           svg->left_width, (rows + 1) * ROW);
    text_put(MARGIN + MARGIN / 2, top + 13, " class=\"n\"",
             process_label(svg->history, svg->holds[first].process));
}

static uint32_t object_y(const struct svg *svg, uint32_t object)
{
    uint32_t place = 0;

    while (svg->objects[place].object != object)
        place++;
    return svg->objects[place].y;
}

static void hold_put(const struct svg *svg, const struct drawn_hold *drawn)
{
    bool works = authority_hold_use(&svg->history->index, drawn->hold, svg->at) == USE_WORKS;
    uint32_t from = MARGIN + svg->left_width;
    uint32_t end = object_y(svg, drawn->object);

    text_put(MARGIN + MARGIN / 2, drawn->y + 4, "", row_label(svg, drawn));
    printf("<path%s d=\"M%u %uC%u %u %u %u %u %u\"/>\n", works ? "" : " class=\"x\"", from,
           drawn->y, from + LINES / 2, drawn->y, from + LINES / 2, end, from + LINES, end);
}

static void object_put(const struct svg *svg, const struct drawn_object *drawn)
{
    uint32_t x = MARGIN + svg->left_width + LINES;

    printf("<rect class=\"o\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%d\" rx=\"%d\"/>\n", x,
           drawn->y - OBJECT / 2, svg->right_width, OBJECT, OBJECT / 2);
    text_put(x + MARGIN, drawn->y + 4, "", object_label(svg->history, drawn->object));
}

static void picture_put(const struct svg *svg)
{
    printf(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" "
        "font-family=\"monospace\" font-size=\"11\">\n",
        2 * MARGIN + svg->left_width + LINES + svg->right_width, svg->height);
    puts(
        "<style>.p{fill:#eef3fb;stroke:#456}.o{fill:#fdf4e3;stroke:#865}.n{font-weight:bold}"
        "path{fill:none;stroke:#789}.x{stroke-dasharray:4}</style>");
    puts("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
    for (uint32_t i = 0; i < svg->object_count; i++, said_forget())
        object_put(svg, &svg->objects[i]);
    for (uint32_t i = 0; i < svg->count; i++, said_forget()) {
        if (i == 0 || svg->holds[i - 1].process != svg->holds[i].process)
            process_put(svg, i);
        hold_put(svg, &svg->holds[i]);
    }
    puts("</svg>");
}

void svg_draw(const struct history *history, struct authority_at at)
{
    struct svg svg = {.history = history, .at = at};

    svg.holds = zeroed(at.at * sizeof(svg.holds[0]));
    svg.objects = zeroed(at.at * sizeof(svg.objects[0]));
    if (svg.holds == NULL || svg.objects == NULL)
        fail(EXIT_REFUSED, history->path, "there is not enough memory");
    holds_collect(&svg);
    rows_place(&svg);
    objects_place(&svg);
    printf("<!-- seq %" PRIu64 ", head ", authority_seq(&history->index, at.at));
    hex_print(stdout, history->index.head, HASH_SIZE);
    puts(" -->");
    picture_put(&svg);
    free(svg.holds);
    free(svg.objects);
}

// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as keys, behind four that are options, on terminals that change, with other output in
// between: the line is well formed, what is sent is bounded and none but what an editor may send,
// and nothing stays behind when it ends.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/line/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    LIMIT_MOST = 256,
    OUT_MAX = 1 << 16, // bytes that one call may send
    OPTIONS_SIZE = 4,
    PART_MAX = 16,
};

static char memory[LINE_MEMORY_PARTS * LIMIT_MOST], history_bytes[200];
static char out[OUT_MAX];
static size_t out_size;
static struct line_history history;

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static void put(void *context, const char *bytes, size_t size)
{
    (void)context;
    must(size <= OUT_MAX - out_size, "what is sent is bounded");
    memcpy(out + out_size, bytes, size);
    out_size += size;
}

// The sequences that the editor sends; of others' text, none.
static void sent_check(void)
{
    for (size_t i = 0; i < out_size; i++) {
        unsigned char byte = (unsigned char)out[i];
        if (byte == 0x1b) {
            must(i + 2 < out_size && out[i + 1] == '[', "a sequence is a CSI");
            for (i += 2; i < out_size && strchr("0123456789;?", out[i]) != NULL; i++)
                ;
            must(i < out_size && strchr("ABCDHJhlm", out[i]) != NULL, "a sequence is known");
        } else {
            must(byte >= ' ' || strchr("\r\n\b\a", byte) != NULL, "no other control is sent");
            must(byte != 0x7f, "no other control is sent");
        }
    }
    out_size = 0;
}

static const char *const words[] = {"call", "caps", "release\33[2J", "日本", "日字"};

static size_t find(void *context, const char *text, size_t cursor, size_t *word)
{
    (void)context;
    *word = cursor > 0 ? cursor - (unsigned char)text[0] % (cursor + 1) : 0;
    return cursor % 6;
}

static const char *name(void *context, size_t index, size_t *size)
{
    (void)context;
    *size = strlen(words[index % 5]);
    return words[index % 5];
}

static const struct line_completer completer = {NULL, find, name, ' '};

static void line_check(const struct line *line)
{
    must(line->text_size <= line->options.limit && line->cursor <= line->text_size,
         "the line is within its limit");
    for (size_t i = 0; i < line->text_size; i++)
        must((unsigned char)line->text[i] >= ' ' && line->text[i] != 0x7f,
             "a line has no controls");
}

static void begin(struct line *line, const uint8_t *options)
{
    static const char prompt[] = "\33[1mprompt\33[0m 日本\33]0;title\a ";

    line_begin(line, &(struct line_options){
                         .prompt = prompt,
                         .prompt_size = options[0] % sizeof(prompt),
                         .limit = 1 + options[1],
                         .is_hidden = (options[2] & 1) != 0,
                         .keeps_invalid = (options[2] & 2) != 0,
                         .break_byte = (options[2] & 4) != 0 ? ';' : 0,
                         .history = (options[2] & 8) != 0 ? &history : NULL,
                         .completer = (options[2] & 16) != 0 ? &completer : NULL,
                     });
    line->terminal = (enum line_terminal)(options[2] >> 5) % 3;
}

// What else may happen, by the byte that says so.
static void disturb(struct line *line, uint8_t what, const uint8_t *options)
{
    switch (what % 8) {
    case 0:
        line_hide(line);
        break;
    case 1:
        line_show(line);
        break;
    case 2:
        line_cancel(line);
        break;
    case 3:
        begin(line, options);
        break;
    default:
        line_resize(line, what, what / 8);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct line line;
    enum line_event event;

    if (size < OPTIONS_SIZE)
        return 0;
    memset(history_bytes, 0, sizeof(history_bytes));
    memset(memory, 0, sizeof(memory));
    line_init(&line, memory, sizeof(memory), (struct line_sink){put, NULL});
    line_history_init(&history, history_bytes, sizeof(history_bytes));
    line_history_add(&history, "call timer now", 14);
    line_history_add(&history, "caps \xff", 6);
    line_resize(&line, data[3], data[3] % 30);
    begin(&line, data);
    sent_check();
    for (size_t at = OPTIONS_SIZE; at < size;) {
        size_t part = size - at < PART_MAX ? size - at : PART_MAX;
        // A byte that is no part of UTF-8 stands for what is no key.
        if (data[at] == 0xfe && at + 1 < size) {
            disturb(&line, data[at + 1], data);
            at += 2;
        } else {
            const uint8_t *next = memchr(data + at + 1, 0xfe, part - 1);
            if (next != NULL)
                part = (size_t)(next - data) - at;
            at += line_feed(&line, (const char *)data + at, part, &event);
            if (event != LINE_MORE && event != LINE_RESIZED) {
                line_check(&line);
                line_close(&line);
            }
            if (!line.is_open)
                begin(&line, data);
        }
        line_check(&line);
        sent_check();
    }
    line_close(&line);
    for (size_t i = 0; i < sizeof(memory); i++)
        must(memory[i] == 0, "nothing that was typed stays");
    out_size = 0;
    return 0;
}

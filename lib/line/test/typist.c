// SPDX-License-Identifier: Apache-2.0
#include "lib/line/test/typist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void put(void *context, const char *bytes, size_t size)
{
    struct typist *typist = context;

    assert_true(typist->out_size + size < sizeof(typist->out));
    memcpy(typist->out + typist->out_size, bytes, size);
    typist->out_size += size;
    typist->out[typist->out_size] = 0;
}

void typist_begin(struct typist *typist, struct line_options options)
{
    line_close(&typist->line);
    typist->out_size = 0;
    line_begin(&typist->line, &options);
}

void typist_init(struct typist *typist)
{
    memset(typist, 0, sizeof(*typist));
    line_init(&typist->line, typist->memory, sizeof(typist->memory),
              (struct line_sink){put, typist});
    line_history_init(&typist->history, typist->history_bytes, sizeof(typist->history_bytes));
    typist_begin(typist, (struct line_options){.prompt = "$ ",
                                               .prompt_size = 2,
                                               .limit = TYPIST_LIMIT,
                                               .history = &typist->history});
}

void typist_type_bytes(struct typist *typist, const char *keys, size_t size)
{
    typist->out_size = 0;
    typist->out[0] = 0;
    assert_int_equal(line_feed(&typist->line, keys, size, &typist->event), size);
}

void typist_type(struct typist *typist, const char *keys)
{
    typist_type_bytes(typist, keys, strlen(keys));
}

void typist_expect(struct typist *typist, const char *text)
{
    char shown[2 * TYPIST_LIMIT + 2];
    const struct line *line = &typist->line;

    memcpy(shown, line->text, line->cursor);
    shown[line->cursor] = '|';
    memcpy(shown + line->cursor + 1, line->text + line->cursor, line->text_size - line->cursor);
    shown[line->text_size + 1] = 0;
    assert_string_equal(shown, text);
}

void typist_expect_sent(struct typist *typist, const char *bytes)
{
    assert_string_equal(typist->out, bytes);
}

bool typist_sent(const struct typist *typist, const char *part)
{
    return strstr(typist->out, part) != NULL;
}

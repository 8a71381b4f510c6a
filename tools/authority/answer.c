// SPDX-License-Identifier: Apache-2.0
//
// See answer.h.
#include "tools/authority/answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SAID_SIZE = 1 << 20 };

// Texts of the row that is being made. One answer is given at a time.
static char said[SAID_SIZE];
static size_t said_size;

const char *say(const char *format, ...)
{
    char *text = said + said_size;
    size_t room = SAID_SIZE - said_size;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room)
        fail(EXIT_REFUSED, "a row", "is too long to be printed");
    said_size += (size_t)length + 1;
    return text;
}

void said_forget(void)
{
    said_size = 0;
}

// --- JSON ---------------------------------------------------------------------------------------

static void field_write(struct json_writer *writer, const struct field *field)
{
    if (field->kind == FIELD_SAY)
        return;
    json_write_name(writer, field->name);
    if (field->kind == FIELD_NUMBER)
        json_write_integer(writer, (int64_t)field->number);
    else if (field->kind == FIELD_BOOL)
        json_write_bool(writer, field->number != 0);
    else if (field->text == NULL)
        json_write_null(writer);
    else
        json_write_text(writer, field->text);
}

static void json_row(struct answer *answer, const char *kind, const struct field *fields,
                     size_t count)
{
    static char bytes[2 * SAID_SIZE];
    struct json_writer writer = {.bytes = bytes, .max = sizeof(bytes)};

    json_write_begin(&writer, '{');
    json_write_name(&writer, "row");
    json_write_text(&writer, kind);
    for (size_t i = 0; i < count; i++)
        field_write(&writer, &fields[i]);
    json_write_end(&writer, '}');
    if (writer.is_full)
        fail(EXIT_REFUSED, "a row", "is too long to be printed");
    fputs(answer->rows == 0 ? "\n" : ",\n", answer->out);
    fwrite(bytes, 1, writer.size, answer->out);
}

// --- Sentences ----------------------------------------------------------------------------------

static void field_print(FILE *out, const struct field *field)
{
    if (field->kind == FIELD_NUMBER)
        fprintf(out, "%" PRIu64, field->number);
    else if (field->kind == FIELD_BOOL)
        fputs(field->number != 0 ? "yes" : "no", out);
    else if (field->text != NULL)
        fputs(field->text, out);
}

static void text_row(FILE *out, const char *text, const struct field *fields, size_t count)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        fwrite(text, 1, plain, out);
        text += plain;
        if (*text == '\0')
            break;
        size_t size = strcspn(++text, "}");
        for (size_t i = 0; i < count; i++) {
            if (strlen(fields[i].name) == size && memcmp(fields[i].name, text, size) == 0)
                field_print(out, &fields[i]);
        }
        text += size + 1;
    }
    fputc('\n', out);
}

// --- Both ---------------------------------------------------------------------------------------

void answer_begin(struct answer *answer, const struct history *history, const char *verb,
                  struct authority_at at)
{
    const struct authority_index *index = &history->index;
    uint64_t seq = authority_seq(index, at.at);

    *answer = (struct answer){.out = stdout, .is_json = history->options->json};
    if (answer->is_json) {
        fprintf(answer->out, "{\"verb\":\"%s\",\"seq\":%" PRIu64 ",\"time_ns\":%" PRIu64, verb, seq,
                at.now_ns);
        if (index->base_count != 0)
            fprintf(answer->out, ",\"begins\":%" PRIu64, index->base_seq);
        fprintf(answer->out, ",\"boot\":\"%016" PRIx64 "\",\"head\":\"", history->replay.boot_id);
        hex_print(answer->out, history->index.head, HASH_SIZE);
        fputs("\",\"rows\":[", answer->out);
        return;
    }
    fprintf(answer->out, "seq %" PRIu64 " of %" PRIu64 ", %" PRIu64 " ns, head ", seq,
            authority_seq(index, index->count), at.now_ns);
    hex_print(answer->out, index->head, HASH_SIZE);
    if (index->base_count != 0)
        fprintf(answer->out, ", known from seq %" PRIu64 " on", index->base_seq);
    fputc('\n', answer->out);
}

void answer_row(struct answer *answer, const char *kind, const char *text,
                const struct field *fields, size_t count)
{
    if (answer->is_json)
        json_row(answer, kind, fields, count);
    else
        text_row(answer->out, text, fields, count);
    answer->rows++;
    said_size = 0;
}

void answer_end(struct answer *answer)
{
    if (answer->is_json)
        fputs("\n]}\n", answer->out);
}

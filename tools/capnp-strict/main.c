// SPDX-License-Identifier: Apache-2.0
//
// capnp-strict: messages by their schema, to and from JSON and text, with nothing dropped.
//
// What `capnp convert` passes over in silence (a field that the schema doesn't have, a second
// member of a union, a field given twice) is refused here, and so is whatever has no meaning: with
// file, line, column and the path of the field. Nothing is written before all of it is known to be
// good, but for messages that are malformed: they are shown as far as they can be read.

#include "load.h"

#include "lib/capnp/frame.h"
#include "lib/capnp/packed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, OPTIONS_MAX = 32, BUILDER_BYTES = 1 << 20 };

static const char help[] =
    "capnp-strict [OPTION]... FROM:TO SCHEMA TYPE [FILE]\n"
    "  Reads values of TYPE, a struct of SCHEMA, and writes them in another form.\n"
    "  FROM    json, text, binary (messages as a stream has them), packed (the same, packed),\n"
    "          flat (one message without the frame of a stream)\n"
    "  TO      one of these, or nothing (only checks)\n"
    "  SCHEMA  a file of the schema language, or what `capnp compile -o-` makes of one\n"
    "  FILE    standard input if there is none\n"
    "capnp-strict [OPTION]... list SCHEMA\n"
    "  Lists the interfaces with their methods and documentation.\n"
    "  -I DIR  where imports are looked for   -o FILE  where to write\n"
    "  -s      everything on one line\n";

struct options {
    char *include[OPTIONS_MAX + 1];
    int include_count;
    const char *out;
    enum capnp_layout layout;
    const char *words[4];
    int word_count;
};

struct output {
    struct capnp_writer writer; // first
    struct load_bytes room;
    size_t used;
};

static void output_write(struct capnp_writer *writer, const char *bytes, size_t size)
{
    struct output *output = (struct output *)writer;
    while (size > output->room.size - output->used) {
        load_grow(&output->room);
    }
    memcpy(output->room.data + output->used, bytes, size);
    output->used += size;
}

static void output_finish(const struct output *output, const char *path)
{
    FILE *file = path == NULL ? stdout : fopen(path, "wb");
    const char *place = path == NULL ? "standard output" : path;
    if (file == NULL || fwrite(output->room.data, 1, output->used, file) != output->used ||
        (path == NULL ? fflush(file) : fclose(file)) != 0) {
        load_die(place, strerror(errno));
    }
}

static _Noreturn void usage(void)
{
    fputs(help, stderr);
    exit(EXIT_USAGE);
}

static const char *value_of(int *at, int count, char **arguments)
{
    if (arguments[*at][2] != 0) {
        return arguments[*at] + 2;
    }
    if (++*at == count) {
        usage();
    }
    return arguments[*at];
}

static void include_add(struct options *options, const char *folder)
{
    if (options->include_count == OPTIONS_MAX) {
        usage();
    }
    char *option = load_memory(strlen(folder) + 3);
    memcpy(option, "-I", 2);
    memcpy(option + 2, folder, strlen(folder));
    options->include[options->include_count++] = option;
}

static void options_read(struct options *options, int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "-h") == 0 || strcmp(arguments[i], "--help") == 0) {
            fputs(help, stdout);
            exit(0);
        } else if (strncmp(arguments[i], "-I", 2) == 0) {
            include_add(options, value_of(&i, count, arguments));
        } else if (strncmp(arguments[i], "-o", 2) == 0) {
            options->out = value_of(&i, count, arguments);
        } else if (strcmp(arguments[i], "-s") == 0) {
            options->layout = CAPNP_LAYOUT_SHORT;
        } else if (arguments[i][0] == '-' && arguments[i][1] != 0) {
            usage();
        } else if (options->word_count == 4) {
            usage();
        } else {
            options->words[options->word_count++] = arguments[i];
        }
    }
}

// ---- the forms ----

struct job {
    struct options options;
    struct capnp_catalog catalog;
    uint64_t type;
    const char *place; // the input's name
    struct load_bytes input;
    struct output output;
};

static void write_framed(struct job *job, struct capnp_struct_reader root, bool is_packed)
{
    struct capnp_message *message = root.message;
    struct capnp_buffer buffer = {(void *)message->bytes, message->size, message->size};
    size_t size = (size_t)capnp_frame_size(&buffer, 1);
    size_t bound = (size_t)capnp_packed_bound(size);
    char *frame = load_memory(size + bound);
    capnp_frame_write(frame, &buffer, 1);
    if (is_packed) {
        size_t used = (size_t)capnp_pack(frame + size, bound, frame, size);
        output_write(&job->output.writer, frame + size, used);
    } else {
        output_write(&job->output.writer, frame, size);
    }
    free(frame);
}

static void write_binary(struct job *job, struct capnp_struct_reader root)
{
    write_framed(job, root, false);
}

static void write_packed(struct job *job, struct capnp_struct_reader root)
{
    write_framed(job, root, true);
}

static void write_flat(struct job *job, struct capnp_struct_reader root)
{
    if (job->output.used > 0) {
        load_die(job->place, "there is more than one value, and `flat` is one message");
    }
    output_write(&job->output.writer, (const char *)root.message->bytes, root.message->size);
}

static void write_nothing(struct job *job, struct capnp_struct_reader root)
{
    (void)job;
    (void)root;
}

static void write_printed(struct job *job, struct capnp_struct_reader root,
                          bool (*print)(struct capnp_struct_reader, const struct capnp_catalog *,
                                        uint64_t, enum capnp_layout, struct capnp_writer *,
                                        struct capnp_problem *))
{
    struct capnp_problem problem = {0};
    bool is_good =
        print(root, &job->catalog, job->type, job->options.layout, &job->output.writer, &problem);
    output_write(&job->output.writer, "\n", 1);
    if (!is_good) {
        output_finish(&job->output, job->options.out);
        load_die_of(&problem, job->place);
    }
}

static void write_json(struct job *job, struct capnp_struct_reader root)
{
    write_printed(job, root, capnp_json_print);
}

static void write_text(struct job *job, struct capnp_struct_reader root)
{
    write_printed(job, root, capnp_text_print);
}

static const struct {
    const char *name;
    void (*write)(struct job *job, struct capnp_struct_reader root);
} targets[] = {{"json", write_json},     {"text", write_text}, {"binary", write_binary},
               {"packed", write_packed}, {"flat", write_flat}, {"nothing", write_nothing}};

static void read_parsed(struct job *job, void (*write)(struct job *, struct capnp_struct_reader),
                        bool (*parse)(struct capnp_input *, const struct capnp_catalog *, uint64_t,
                                      struct capnp_builder *, struct capnp_problem *),
                        bool (*at_end)(const struct capnp_input *))
{
    struct capnp_input input = {(const char *)job->input.data, job->input.size, 0};
    struct load_bytes room = {load_memory(BUILDER_BYTES), BUILDER_BYTES};
    do {
        struct capnp_problem problem = {0};
        struct capnp_builder builder;
        size_t start = input.at;
        capnp_builder_init(&builder, room.data, (uint32_t)room.size);
        bool is_good = parse(&input, &job->catalog, job->type, &builder, &problem);
        if (!is_good && builder.error == CAPNP_BUILDER_FULL && room.size < UINT32_MAX / 4) {
            load_grow(&room);
            input.at = start;
            continue;
        }
        if (!is_good) {
            load_die_of(&problem, job->place);
        }
        struct capnp_segment segment;
        capnp_segment_set(&segment, room.data, capnp_builder_size(&builder));
        capnp_segments_init(&segment, 1, UINT32_MAX, NULL, 0);
        write(job, capnp_message_root(&segment.message));
    } while (!at_end(&input));
}

static void read_json(struct job *job, void (*write)(struct job *, struct capnp_struct_reader))
{
    read_parsed(job, write, capnp_json_parse, capnp_json_at_end);
}

static void read_text(struct job *job, void (*write)(struct job *, struct capnp_struct_reader))
{
    read_parsed(job, write, capnp_text_parse, capnp_text_at_end);
}

static void read_binary(struct job *job, void (*write)(struct job *, struct capnp_struct_reader))
{
    for (size_t at = 0; at < job->input.size;) {
        write(job, load_message(&job->input, &at, job->place));
    }
}

static void read_packed(struct job *job, void (*write)(struct job *, struct capnp_struct_reader))
{
    job->input = load_unpacked(&job->input, job->place);
    read_binary(job, write);
}

static void read_flat(struct job *job, void (*write)(struct job *, struct capnp_struct_reader))
{
    write(job, load_flat(&job->input, job->place));
}

static const struct {
    const char *name;
    void (*read)(struct job *job, void (*write)(struct job *, struct capnp_struct_reader));
} sources[] = {{"json", read_json},
               {"text", read_text},
               {"binary", read_binary},
               {"packed", read_packed},
               {"flat", read_flat}};

// ---- the two commands ----

static void convert(struct job *job)
{
    const char *const *words = job->options.words;
    const char *colon = strchr(words[0], ':');
    size_t from = sizeof(sources) / sizeof(sources[0]);
    size_t to = sizeof(targets) / sizeof(targets[0]);
    while (from-- > 0 &&
           (colon == NULL || strlen(sources[from].name) != (size_t)(colon - words[0]) ||
            strncmp(sources[from].name, words[0], (size_t)(colon - words[0])) != 0)) {
    }
    while (to-- > 0 && (colon == NULL || strcmp(targets[to].name, colon + 1) != 0)) {
    }
    if (from == SIZE_MAX || to == SIZE_MAX || job->options.word_count < 3) {
        usage();
    }
    struct capnp_problem problem = {0};
    struct capnp_text name = {words[2], (uint32_t)strlen(words[2])};
    (void)load_schema(words[1], job->options.include, &job->catalog);
    if (!capnp_catalog_find(&job->catalog, name, &job->type, &problem)) {
        load_die_of(&problem, words[1]);
    }
    bool is_file = job->options.word_count == 4 && strcmp(words[3], "-") != 0;
    job->place = is_file ? words[3] : "standard input";
    job->input = load_file(is_file ? words[3] : "-");
    sources[from].read(job, targets[to].write);
}

static void list(struct job *job)
{
    if (job->options.word_count != 2) {
        usage();
    }
    (void)load_schema(job->options.words[1], job->options.include, &job->catalog);
    capnp_catalog_list(&job->catalog, 0, &job->output.writer);
}

int main(int count, char **arguments)
{
    static struct job job = {.options = {.layout = CAPNP_LAYOUT_LINES}};
    load_tool = "capnp-strict";
    job.output = (struct output){{output_write}, {load_memory(BUILDER_BYTES), BUILDER_BYTES}, 0};
    options_read(&job.options, count, arguments);
    if (job.options.word_count == 0) {
        usage();
    }
    if (strcmp(job.options.words[0], "list") == 0) {
        list(&job);
    } else {
        convert(&job);
    }
    output_finish(&job.output, job.options.out);
    return 0;
}

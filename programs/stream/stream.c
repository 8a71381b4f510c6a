// SPDX-License-Identifier: Apache-2.0
//
// Reads streams that `source` writes. That records cost no calls is shown by the machine's audit
// trail: how many requests anybody made while they went through. The first program of its system:
// granted console, job, log, package, space.

#include "runtime/stream.h"
#include <string.h>

#include "runtime/runtime.h"
#include "runtime/spawn.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

enum {
    MAPPED = 20000, // records
    CALLED = 200,
    RING_PAGES = 4,
    INFO_SIZE = 64,
};

static struct {
    struct debug_console console;
    struct log_reader log;
    struct tsr_space space;
    struct tsr_spawner spawner;
    struct tsr_stream stream;
    uint8_t buffer[RING_PAGES * PAGE_SIZE];
} own;

static void say(const char *what)
{
    tsr_say(own.console.id, "stream", what);
}

// How many requests the machine has served so far.
static uint64_t requests(void)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct log_reader_state_params_builder params;
    struct log_reader_state_results_reader results;
    tsr_must(log_reader_state_begin(own.log, &call, &params, &exception), "no log: ", &exception);
    tsr_must(capnp_call_send(&call, &exception), "no log: ", &exception);
    tsr_must(log_reader_state_finish(&call, &results, &exception), "no log: ", &exception);
    uint64_t records = log_reader_state_results_get_records(results);
    capnp_call_end(&call);
    return records;
}

// Starts the writer of so many records, and opens the reader's side.
static void stream_begin(const char *how, uint64_t records)
{
    struct tsr_stream_options options = {
        .type = SAMPLE_TYPE, .buffer = own.buffer, .buffer_size = sizeof own.buffer};
    bool is_mapped = how[0] != 'c';
    struct notification count;
    struct process process;
    struct capnp_exception exception;
    uint8_t bytes[INFO_SIZE];
    struct tsr_build build;
    struct capnp_builder message;
    capnp_builder_init(&message, bytes, sizeof bytes);
    start_info_set_arguments(start_info_build(&message), tsr_text_of(how));
    tsr_must(tsr_stream_make(own.space.job, RING_PAGES, SAMPLE_TYPE, &options.memory, &options.bell,
                             &exception) &&
                 job_make_notification(own.space.job, &count, &exception) &&
                 notification_signal(count, records, &exception),
             "no stream: ", &exception);
    options.space = is_mapped ? &own.space : NULL;
    tsr_must(tsr_stream_open(&own.stream, &options, &exception), "not opened: ", &exception);
    tsr_must(tsr_build_open(&build, &own.spawner, own.space.job, &exception) &&
                 tsr_build_load(&build, tsr_text_of("source"), &exception) &&
                 tsr_build_info(&build, (struct capnp_data){bytes, capnp_builder_size(&message)},
                                &exception) &&
                 tsr_build_grant(&build, tsr_text_of("console"), (struct capnp_cap){own.console.id},
                                 &exception) &&
                 tsr_build_grant(&build, tsr_text_of("memory"),
                                 (struct capnp_cap){options.memory.id}, &exception) &&
                 tsr_build_grant(&build, tsr_text_of("bell"), (struct capnp_cap){options.bell.id},
                                 &exception) &&
                 tsr_build_grant(&build, tsr_text_of("count"), (struct capnp_cap){count.id},
                                 &exception) &&
                 (!is_mapped || tsr_build_grant(&build, tsr_text_of("space"),
                                                (struct capnp_cap){build.space.id}, &exception)) &&
                 tsr_build_start(&build, &process, &exception),
             "no source: ", &exception);
    tsr_release(process.id);
    tsr_release(count.id);
}

// Whether these bytes, read where they were written, are the sample of this number.
static bool is_sample(const uint8_t *bytes, uint32_t size, uint64_t number)
{
    struct tsr_line text = {0};
    struct capnp_message message;
    capnp_message_init(&message, bytes, size, NULL, 0);
    struct sample_reader sample = sample_read(&message);
    struct capnp_text said = sample_get_text(sample);
    tsr_line_decimal(&text, number);
    return sample_get_number(sample) == number && sample_get_square(sample) == number * number &&
           said.size == text.size && memcmp(said.data, text.text, text.size) == 0;
}

// Reads until the stream ends, and says how; every record is what it should be.
static enum tsr_stream_result stream_read(uint64_t records)
{
    const uint8_t *bytes = NULL;
    uint32_t size = 0;
    enum tsr_stream_result result;
    uint64_t number = 0;
    for (; (result = tsr_stream_peek(&own.stream, TIMEOUT_NONE, &bytes, &size)) == STREAM_OK;
         number++) {
        tsr_must(is_sample(bytes, size, number), "a record is another: ", &own.stream.why);
        tsr_must(tsr_stream_release(&own.stream) == STREAM_OK, "not released: ", &own.stream.why);
    }
    tsr_must(number == records, "not all records came: ", &own.stream.why);
    return result;
}

// Waits for the writer's end, and lets go of everything.
static void stream_end(void)
{
    struct capnp_exception exception;
    uint64_t process;
    int32_t code;
    enum exit_cause cause;
    tsr_stream_close(&own.stream);
    tsr_must(job_next_exit(own.space.job, &process, &code, &cause, &exception) && code == 0,
             "the source ended badly: ", &exception);
    tsr_release(own.stream.memory.id);
    tsr_release(own.stream.bell.id);
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "log", LOG_READER_INTERFACE_ID, &own.log.id) ||
        !tsr_space_open(&own.space, start, &exception) ||
        !tsr_spawner_open(&own.spawner, start, &exception)) {
        return 1;
    }
    stream_begin("map", MAPPED);
    uint64_t before = requests();
    tsr_must(stream_read(MAPPED) == STREAM_CLOSED, "no end: ", &own.stream.why);
    uint64_t made = requests() - before;
    tsr_must(made > 0 && made * 20 <= MAPPED, "a call for each record: ", &exception);
    stream_end();
    say("20000 records came through shared memory, with a request for less than one in 20");

    stream_begin("call", CALLED);
    tsr_must(stream_read(CALLED) == STREAM_CLOSED, "no end: ", &own.stream.why);
    stream_end();
    say("200 came by calls, where nothing was mapped");

    stream_begin("lie", CALLED);
    tsr_must(stream_read(CALLED) == STREAM_CORRUPT, "a lie is believed: ", &own.stream.why);
    tsr_must(tsr_stream_release(&own.stream) == STREAM_CORRUPT, "and forgotten: ", &own.stream.why);
    stream_end();
    say("a writer that lies is found out, after 200 honest records");
    return 0;
}

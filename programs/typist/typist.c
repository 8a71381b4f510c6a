// SPDX-License-Identifier: Apache-2.0
//
// A person at a terminal, by script: see README.md. Keys are given in the order of the script, each
// line when the terminal has answered the one before, so that runs are equal.

#include <string.h>

#include "runtime/service/service.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/serial.capnp.h"

enum { TYPED_MAX = 512, ROW_MAX = 160, COLUMNS = 150, ROWS = 50 };

enum escape { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_SEQUENCE };

struct typist {
    struct tsr_service service;
    struct debug_console console;
    const char *script;
    size_t script_size, script_at;
    // The connection: typed bytes that the terminal has not said to have yet, and positions.
    uint64_t version, connection;
    bool hangs_up;
    uint64_t typed_from, accepted;
    size_t typed_size;
    char typed[TYPED_MAX];
    struct tsr_request *reader, *asker; // calls that wait
    uint64_t reader_position;
    // The row that is being shown, without what only moves the cursor.
    size_t row_size;
    char row[ROW_MAX];
    const char *hidden; // rows that begin so are not shown
    size_t hidden_size;
    size_t before_size; // the row before
    char before[ROW_MAX];
    size_t row_at; // the cursor
    enum escape escape;
    size_t number;        // of the sequence
    const char *repeated; // keys of a @type line, and how often they are still to be typed
    size_t repeated_size, repeats;
    bool has_row;    // the row that the script waits for came
    bool is_entered; // a line was typed, and its row has not ended yet
};

static struct typist typist;

// Written by the build, from scripts/*.typed.
extern const struct typist_script {
    const char *name, *text;
} typist_scripts[];
extern const uint32_t typist_script_count;

// ---- The script ----

static const char *line_here(const struct typist *self, size_t *size)
{
    const char *line = self->script + self->script_at;
    size_t most = self->script_size - self->script_at;
    *size = 0;
    while (*size < most && line[*size] != '\n') {
        ++*size;
    }
    return line;
}

static void line_next(struct typist *self)
{
    size_t size;
    line_here(self, &size);
    self->script_at += size;
    self->script_at += self->script_at < self->script_size ? 1 : 0;
}

static bool begins(const char *line, size_t size, const char *word)
{
    size_t length = strlen(word);
    return size >= length && memcmp(line, word, length) == 0;
}

static void put(struct typist *self, char key)
{
    if (self->typed_size == TYPED_MAX) {
        tsr_panic("typist: a line of the script is too long");
    }
    self->typed[self->typed_size++] = key;
}

static uint32_t hex_of(char digit)
{
    return (uint32_t)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10) & 0xf;
}

// One character of the script; how many bytes of it that took. 0: no enter behind this line.
static size_t key_put(struct typist *self, const char *line, size_t left)
{
    char second = left > 1 ? line[1] : 0;
    if (line[0] != '\\' || second == 0) {
        put(self, line[0]);
        return 1;
    }
    if (second == 'c' && left > 2) {
        put(self, line[2] & 0x1f);
        return 3;
    }
    if (second == 'x' && left > 3) {
        put(self, (char)(hex_of(line[2]) << 4 | hex_of(line[3])));
        return 4;
    }
    if (second == '-') {
        return 0;
    }
    put(self, second == 't' ? '\t' : second == 'e' ? '\33' : second);
    return 2;
}

static void line_type(struct typist *self, const char *line, size_t size)
{
    size_t at = 0;
    size_t step = 1;
    while (at < size && step != 0) {
        step = key_put(self, line + at, size - at);
        at += step;
    }
    if (step != 0) {
        put(self, '\r');
    }
    self->is_entered = true;
}

// `@type N KEYS`, `@more N KEYS`: as many as fit now, and the rest when they were taken.
static void repeat_begin(struct typist *self, const char *line, size_t size)
{
    size_t at = sizeof "@type " - 1;
    self->repeats = 0;
    for (; at < size && line[at] >= '0' && line[at] <= '9'; at++) {
        self->repeats = self->repeats * 10 + (size_t)(line[at] - '0');
    }
    self->repeated = line + at + 1;
    self->repeated_size = at < size ? size - at - 1 : 0;
}

static void repeat_go_on(struct typist *self)
{
    while (self->repeats > 0 && self->typed_size + self->repeated_size <= TYPED_MAX) {
        for (size_t at = 0; at < self->repeated_size;) {
            at += key_put(self, self->repeated + at, self->repeated_size - at);
        }
        self->repeats--;
    }
}

static bool has_prompt(const struct typist *self)
{
    size_t size = self->row_size;
    return !self->is_entered && size >= 2 && self->row[size - 1] == ' ' &&
           (self->row[size - 2] == '$' || self->row[size - 2] == '>' || self->row[size - 2] == '?');
}

// ---- Answers ----

static void state_put(const struct typist *self, struct stream_state_builder state)
{
    stream_state_set_version(state, self->version);
    stream_state_set_connection(state, self->connection);
    stream_state_set_is_open(state, true);
    stream_state_set_read_from(state, self->typed_from);
    stream_state_set_write_from(state, self->accepted);
    stream_state_set_columns(state, COLUMNS);
    stream_state_set_rows(state, ROWS);
}

static void asker_answer(struct typist *self)
{
    struct tsr_request *request = self->asker;
    if (request != NULL) {
        self->asker = NULL;
        struct capnp_builder *response = tsr_request_response(request);
        state_put(self,
                  byte_stream_state_results_init_state(byte_stream_state_results_build(response)));
        tsr_request_answer(request);
    }
}

static void reader_answer(struct typist *self, bool is_over)
{
    struct tsr_request *request = self->reader;
    if (request == NULL || (!is_over && self->typed_size == 0)) {
        return;
    }
    self->reader = NULL;
    struct byte_stream_read_results_builder results =
        byte_stream_read_results_build(tsr_request_response(request));
    byte_stream_read_results_set_is_over(results, is_over);
    if (!is_over) {
        byte_stream_read_results_set_data(
            results, (struct capnp_data){(uint8_t *)self->typed, (uint32_t)self->typed_size});
    }
    tsr_request_answer(request);
}

static void hang_up(struct typist *self)
{
    reader_answer(self, true);
    self->repeats = 0;
    self->connection++;
    self->version++;
    self->typed_from = self->accepted = 0;
    self->typed_size = self->row_size = self->row_at = 0;
    self->is_entered = false;
    asker_answer(self);
}

// Types what the script has next, once the terminal is where the script wants it.
static void go_on(struct typist *self)
{
    size_t size;
    const char *line = line_here(self, &size);
    while (self->script_at < self->script_size && (size == 0 || line[0] == '#')) {
        line_next(self);
        line = line_here(self, &size);
    }
    if (self->typed_size != 0) {
        return;
    }
    if (self->repeats > 0) {
        repeat_go_on(self);
        return;
    }
    if (self->script_at == self->script_size) {
        return;
    }
    if (begins(line, size, "@hide ")) {
        self->hidden = line + 6;
        self->hidden_size = size - 6;
        line_next(self);
        line = line_here(self, &size);
    }
    if (begins(line, size, "@row ")) {
        if (!self->has_row) {
            return;
        }
        self->has_row = false;
        line_next(self);
        line = line_here(self, &size);
    } else if (!begins(line, size, "@hang now") && !begins(line, size, "@more ") &&
               !has_prompt(self)) {
        return;
    }
    if (begins(line, size, "@type ") || begins(line, size, "@more ")) {
        repeat_begin(self, line, size);
        line_next(self);
        repeat_go_on(self);
        return;
    }
    if (begins(line, size, "@hang")) {
        line_next(self);
        hang_up(self);
        return;
    }
    line_type(self, line, size);
    line_next(self);
}

// ---- What the terminal shows ----

static void row_end(struct typist *self)
{
    struct capnp_exception exception;
    struct tsr_line line = {0};
    size_t size;
    size_t shown = self->row_size;
    while (shown > 0 && self->row[shown - 1] == ' ') {
        shown--; // nobody sees them
    }
    if (self->script_at == self->script_size) {
        return; // the last line may end the system before this row is there, or after that
    }
    tsr_line_text(&line, shown > 0 ? "typist: | " : "typist: |");
    tsr_line_bytes(&line, self->row, (uint32_t)shown);
    bool is_same = shown == self->before_size && memcmp(self->before, self->row, shown) == 0;
    memcpy(self->before, self->row, shown);
    self->before_size = shown;
    bool is_hidden = self->hidden_size != 0 && shown >= self->hidden_size &&
                     memcmp(self->row, self->hidden, self->hidden_size) == 0;
    if (!is_same && !is_hidden &&
        !debug_console_write_line(self->console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
    const char *wanted = line_here(self, &size);
    if (begins(wanted, size, "@row ") && size - 5 == self->row_size &&
        memcmp(wanted + 5, self->row, self->row_size) == 0) {
        self->has_row = true;
    }
    self->row_size = self->row_at = 0;
    self->is_entered = false;
}

// A sequence of which only what concerns the row is obeyed: C and D move, J and K erase behind the
// cursor.
static void sequence_obey(struct typist *self, char final)
{
    size_t number = self->number == 0 ? 1 : self->number;
    if (final == 'C') {
        self->row_at += number;
        self->row_at = self->row_at < self->row_size ? self->row_at : self->row_size;
    } else if (final == 'D') {
        self->row_at -= number < self->row_at ? number : self->row_at;
    } else if (final == 'J' || final == 'K') {
        self->row_size = self->row_at;
    }
}

static void sequence_byte(struct typist *self, char byte)
{
    if (byte >= '0' && byte <= '9') {
        self->number = self->number * 10 + (size_t)(byte - '0');
    } else if (byte >= '@') {
        self->escape = ESCAPE_NONE;
        sequence_obey(self, byte);
    }
}

static void letter_put(struct typist *self, char byte)
{
    if (self->row_at < ROW_MAX) {
        self->row[self->row_at++] = byte;
        self->row_size = self->row_at > self->row_size ? self->row_at : self->row_size;
    }
}

static void show(struct typist *self, char byte)
{
    if (self->escape == ESCAPE_BEGUN) {
        self->escape = byte == '[' ? ESCAPE_SEQUENCE : ESCAPE_NONE;
        self->number = 0;
    } else if (self->escape == ESCAPE_SEQUENCE) {
        sequence_byte(self, byte);
    } else if (byte == '\33') {
        self->escape = ESCAPE_BEGUN;
    } else if (byte == '\n') {
        row_end(self);
    } else if (byte == '\r') {
        self->row_at = 0;
    } else if (byte == '\b') {
        self->row_at -= self->row_at > 0 ? 1 : 0;
    } else if ((unsigned char)byte >= ' ') {
        letter_put(self, byte);
    }
}

// ---- The methods ----

static bool on_state(void *context, struct byte_stream_state_params_reader params,
                     struct byte_stream_state_results_builder results,
                     struct capnp_exception *exception)
{
    struct typist *self = context;
    (void)exception;
    if (byte_stream_state_params_get_known(params) != self->version) {
        state_put(self, byte_stream_state_results_init_state(results));
    } else {
        self->asker = self->service.current;
        tsr_request_defer(self->asker);
    }
    return true;
}

static bool on_read(void *context, struct byte_stream_read_params_reader params,
                    struct byte_stream_read_results_builder results,
                    struct capnp_exception *exception)
{
    struct typist *self = context;
    uint64_t position = byte_stream_read_params_get_position(params);
    (void)exception;
    if (byte_stream_read_params_get_connection(params) != self->connection) {
        byte_stream_read_results_set_is_over(results, true);
        return true;
    }
    if (position == self->typed_from + self->typed_size) {
        self->typed_from = position;
        self->typed_size = 0;
        go_on(self);
    }
    self->reader = self->service.current;
    tsr_request_defer(self->reader);
    reader_answer(self, false);
    return true;
}

static bool on_write(void *context, struct byte_stream_write_params_reader params,
                     struct byte_stream_write_results_builder results,
                     struct capnp_exception *exception)
{
    struct typist *self = context;
    struct capnp_data data = byte_stream_write_params_get_data(params);
    (void)exception;
    if (byte_stream_write_params_get_connection(params) != self->connection) {
        byte_stream_write_results_set_is_over(results, true);
        return true;
    }
    for (uint32_t i = 0; i < data.size; i++) {
        show(self, (char)data.data[i]);
    }
    self->accepted += data.size;
    byte_stream_write_results_set_position(results, self->accepted);
    go_on(self);
    reader_answer(self, false);
    return true;
}

static bool on_drain(void *context, struct byte_stream_drain_params_reader params,
                     struct byte_stream_drain_results_builder results,
                     struct capnp_exception *exception)
{
    const struct typist *self = context;
    (void)exception;
    byte_stream_drain_results_set_is_over(
        results, byte_stream_drain_params_get_connection(params) != self->connection);
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct byte_stream_server methods = {
        .state = on_state, .read = on_read, .write = on_write, .drain = on_drain};
    return byte_stream_dispatch(&methods, self, method, request, response, exception);
}

static void script_find(struct capnp_text name)
{
    for (uint32_t i = 0; i < typist_script_count; i++) {
        if (strlen(typist_scripts[i].name) == name.size &&
            memcmp(typist_scripts[i].name, name.data, name.size) == 0) {
            typist.script = typist_scripts[i].text;
            typist.script_size = strlen(typist_scripts[i].text);
            return;
        }
    }
    tsr_panic("typist: its argument is no script; see programs/typist/scripts");
}

int tsr_main(struct start *start)
{
    struct endpoint server;
    struct capnp_message info;
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &typist.console.id) ||
        !tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &server.id)) {
        return 1;
    }
    tsr_start_info(start, &info);
    struct capnp_text arguments = start_info_get_arguments(start_info_read(&info));
    script_find(arguments);
    typist.version = typist.connection = 1;
    const struct tsr_service_options options = {.server = server.id,
                                                .interface = BYTE_STREAM_INTERFACE_ID,
                                                .message_max = 640,
                                                .requests = TSR_REQUESTS_MAX,
                                                .dispatch = dispatch,
                                                .self = &typist};
    if (!tsr_service_start(&typist.service, &options, &exception) ||
        !tsr_service_serve(&typist.service, &exception)) {
        tsr_panic_because("typist: cannot serve: ", &exception);
    }
    return 0;
}

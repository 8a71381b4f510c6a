// SPDX-License-Identifier: Apache-2.0
//
// Calls of TerminalSession and StdIO become calls of the session; what has to wait is answered when
// the session says so. The owner's facet has receiver data 0, a StdIO's are its holder and the
// holder's generation, so that one that was taken back finds nobody.
//
// Four calls at most wait at a time: a readLine and a nextInterrupt, of which the session allows
// one, a write or a drain of the owner, and a write of all the others; another one is refused as
// overloaded meanwhile. So no flood keeps the owner from its turn. There is room for a call that
// ends others unless the owner itself writes, and that ends by its turn, or by a hang-up.
#include <string.h>

#include "system/terminal/terminal.h"

enum { OWNER = 0, HOLDER_BITS = 8 };

static const char hung_up[] = "the terminal hung up";

static bool refuse(struct capnp_exception *exception, enum capnp_exception_type type,
                   const char *reason)
{
    capnp_exception_set(exception, type, 0, reason);
    return false;
}

static bool refuse_status(struct capnp_exception *exception, enum session_status status)
{
    bool is_gone = status == SESSION_CLOSED || status == SESSION_NO_HOLDER;
    return refuse(exception, is_gone ? CAPNP_EXCEPTION_DISCONNECTED : CAPNP_EXCEPTION_FAILED,
                  session_status_text(status));
}

static struct tsr_request *current(struct terminal *terminal)
{
    return terminal->service.current;
}

// ---- Who calls ----

static uint64_t number_of(const struct terminal *terminal, uint32_t holder)
{
    return (uint64_t)terminal->holders[holder].generation << HOLDER_BITS | holder;
}

static uint32_t holder_of(uint64_t number)
{
    return (uint32_t)number & ((1U << HOLDER_BITS) - 1);
}

static bool number_is_live(const struct terminal *terminal, uint64_t number)
{
    uint32_t holder = holder_of(number);
    return holder != OWNER && holder < SESSION_HOLDERS_MAX &&
           terminal->session.holders[holder].is_used && number == number_of(terminal, holder);
}

static bool caller_find(struct terminal *terminal, struct capnp_exception *exception)
{
    const struct tsr_request *request = current(terminal);
    bool is_owner =
        request->interface == TERMINAL_SESSION_INTERFACE_ID && request->receiver_data == OWNER;
    if (is_owner && terminal->is_over && request->method != TERMINAL_SESSION_NEXT_SESSION) {
        return refuse(exception, CAPNP_EXCEPTION_DISCONNECTED, hung_up);
    }
    if (is_owner || (request->interface == STD_IO_INTERFACE_ID &&
                     number_is_live(terminal, request->receiver_data))) {
        return true;
    }
    return refuse(exception, CAPNP_EXCEPTION_DISCONNECTED, "this StdIO was taken back");
}

static uint32_t caller(struct terminal *terminal)
{
    return holder_of(current(terminal)->receiver_data);
}

// ---- What waits ----

// Without an answer, since nobody waits for it, or with an exception.
static void waiter_end(struct tsr_request **waiter, const char *reason)
{
    struct capnp_exception exception;
    if (*waiter != NULL) {
        struct tsr_request *request = *waiter;
        *waiter = NULL;
        refuse(&exception, CAPNP_EXCEPTION_DISCONNECTED, reason);
        tsr_request_refuse(request, &exception);
    }
}

static void reader_answer(struct tsr_request *request, enum line_end end, const char *text,
                          size_t size)
{
    struct capnp_data line = {(const uint8_t *)text, (uint32_t)size};
    struct capnp_builder *response = tsr_request_response(request);
    if (request->interface == STD_IO_INTERFACE_ID) {
        struct std_io_read_line_results_builder results = std_io_read_line_results_build(response);
        std_io_read_line_results_set_line(results, line);
        std_io_read_line_results_set_end(results, end);
    } else {
        struct terminal_session_read_line_results_builder results =
            terminal_session_read_line_results_build(response);
        terminal_session_read_line_results_set_line(results, line);
        terminal_session_read_line_results_set_end(results, end);
    }
    uint32_t used = capnp_builder_size(response);
    struct capnp_exception ignored;
    tsr_request_answer(request);
    if (tsr_submit(&ignored)) {
        memset(response->bytes, 0, used); // the kernel has it: no copy is kept
    }
}

static void answer(void *context, uint32_t holder, enum session_outcome outcome, const char *text,
                   size_t size)
{
    static const enum line_end ends[] = {[SESSION_LINE] = LINE_END_LINE,
                                         [SESSION_CANCELLED] = LINE_END_CANCELLED,
                                         [SESSION_END] = LINE_END_END_OF_INPUT,
                                         [SESSION_LOST] = LINE_END_CANCELLED};
    struct terminal *terminal = context;
    struct tsr_request *request = terminal->holders[holder].reader;
    if (request == NULL) {
        return;
    }
    if (outcome == SESSION_GONE) {
        waiter_end(&terminal->holders[holder].reader, hung_up);
        return;
    }
    terminal->holders[holder].reader = NULL;
    reader_answer(request, ends[outcome], text, size);
}

// The text of a write, with the end of its row; write and writeLine of both interfaces have it at
// the same place.
static size_t written_of(struct tsr_request *request, char out[TERMINAL_WRITE_MAX + 1])
{
    struct capnp_struct_reader params = capnp_message_root(&request->message);
    if (request->method == TERMINAL_SESSION_WRITE) {
        struct capnp_data data = capnp_get_data(params, 0, (struct capnp_data){NULL, 0});
        memcpy(out, data.data, data.size);
        return data.size;
    }
    struct capnp_text text = capnp_get_text(params, 0, (struct capnp_text){"", 0});
    memcpy(out, text.data, text.size);
    out[text.size] = '\n';
    return text.size + 1;
}
_Static_assert((int)TERMINAL_SESSION_WRITE == (int)STD_IO_WRITE &&
                   (int)TERMINAL_SESSION_WRITE_LINE == (int)STD_IO_WRITE_LINE,
               "as written_of takes them");

// Goes on with a write, which was found to be of a size that is allowed. True: all of it is on its
// way, or it will never be.
static bool write_on(struct terminal *terminal, uint32_t holder, struct tsr_request *request,
                     enum session_status *status)
{
    char bytes[TERMINAL_WRITE_MAX + 1];
    size_t size = written_of(request, bytes);
    size_t *done = &terminal->holders[holder].written;
    *done += session_write(&terminal->session, holder, bytes + *done, size - *done, status);
    return *status != SESSION_OK || *done == size;
}

static void turn(void *context, uint32_t holder)
{
    struct terminal *terminal = context;
    struct tsr_request *request = terminal->holders[holder].writer;
    enum session_status status;
    if (request == NULL) {
        session_write(&terminal->session, holder, "", 0, &status); // it wants to write no more
    } else if (write_on(terminal, holder, request, &status)) {
        terminal->holders[holder].writer = NULL;
        tsr_request_response(request);
        tsr_request_answer(request);
    }
}

static void interrupt(void *context, uint32_t holder)
{
    struct terminal *terminal = context;
    struct tsr_request *request = terminal->holders[OWNER].listener;
    (void)holder;
    terminal->was_interrupted = request == NULL;
    if (request != NULL) {
        terminal->holders[OWNER].listener = NULL;
        terminal->told_call = request->call_id;
        tsr_request_response(request);
        tsr_request_answer(request);
    }
}

static void resized(void *context, uint32_t columns, uint32_t rows)
{
    (void)context;
    (void)columns;
    (void)rows;
}

void terminal_lost(void *self, uint64_t call)
{
    struct terminal *terminal = self;
    if (call == terminal->told_call) {
        interrupt(terminal, OWNER); // whoever listens now, or next, is told instead
    }
}

void terminal_drained(struct terminal *terminal)
{
    struct tsr_request *request = terminal->drainer;
    if (request != NULL) {
        terminal->drainer = NULL;
        tsr_request_response(request);
        tsr_request_answer(request);
    }
}

void terminal_cancelled(void *self, struct tsr_request *request)
{
    struct terminal *terminal = self;
    if (terminal->drainer == request) {
        waiter_end(&terminal->drainer, "nobody waits");
    }
    for (uint32_t i = 0; i < SESSION_HOLDERS_MAX; i++) {
        struct terminal_holder *holder = &terminal->holders[i];
        if (holder->reader == request) {
            holder->reader = NULL; // what was typed for it is scrubbed, and answered to nobody
            session_cancel(&terminal->session, i);
            waiter_end(&request, "nobody waits");
            break;
        }
        bool is_writer = holder->writer == request;
        bool is_listener = holder->listener == request;
        holder->writer = is_writer ? NULL : holder->writer;
        holder->listener = is_listener ? NULL : holder->listener;
        if (is_writer || is_listener) {
            waiter_end(&request, "nobody waits");
            break;
        }
    }
    stream_pump(terminal);
}

// For whoever is given the terminal next; what the owner said last is still on its way to whoever
// sits there.
static void session_begin_again(struct terminal *terminal)
{
    static char said[SESSION_OUT_MAX];
    size_t start = terminal->session.out_start, size = terminal->session.out_size;
    memcpy(said, terminal->memory.out, sizeof said);
    terminal_session_begin(terminal);
    memcpy(terminal->memory.out, said, sizeof said);
    memset(said, 0, sizeof said);
    terminal->session.out_start = start;
    terminal->session.out_size = size;
}

void terminal_dropped(void *self, uint64_t interface, uint64_t number)
{
    struct terminal *terminal = self;
    if (interface == STD_IO_INTERFACE_ID && number_is_live(terminal, number)) {
        waiter_end(&terminal->holders[holder_of(number)].reader, "nobody waits");
        waiter_end(&terminal->holders[holder_of(number)].writer, "nobody waits");
        session_drop(&terminal->session, holder_of(number));
    } else if (interface == TERMINAL_SESSION_INTERFACE_ID && number == OWNER) {
        session_begin_again(terminal);
    }
    stream_pump(terminal);
}

void terminal_hang_up(struct terminal *terminal)
{
    terminal->is_over = true;
    terminal_session_begin(terminal);
}

void terminal_connect(struct terminal *terminal)
{
    struct tsr_request *request = terminal->heir;
    if (request != NULL) {
        terminal->heir = NULL;
        terminal->is_over = false;
        tsr_request_response(request);
        tsr_request_answer(request);
    }
}

void terminal_session_begin(struct terminal *terminal)
{
    const struct session_calls calls = {.context = terminal,
                                        .answer = answer,
                                        .turn = turn,
                                        .interrupt = interrupt,
                                        .resized = resized};
    const struct line_completer completer = offer_completer(&terminal->offer);
    session_close(&terminal->session);
    waiter_end(&terminal->drainer, hung_up);
    for (uint32_t i = 0; i < SESSION_HOLDERS_MAX; i++) {
        waiter_end(&terminal->holders[i].writer, hung_up);
        waiter_end(&terminal->holders[i].listener, hung_up);
        terminal->holders[i].generation++;
    }
    terminal->was_interrupted = false;
    offer_forget(&terminal->offer);
    memset(&terminal->memory, 0, sizeof terminal->memory);
    session_open(&terminal->session, &terminal->memory, &calls);
    session_complete(&terminal->session, &completer);
}

// ---- What both interfaces have ----

// A malformed request is refused by who dispatched it.
static bool is_malformed(struct terminal *terminal)
{
    return current(terminal)->message.error != CAPNP_OK;
}

// Of the owner one write waits at a time, or one drain; of all the others one write.
static bool writer_waits(const struct terminal *terminal, uint32_t holder,
                         struct capnp_exception *exception)
{
    bool waits = holder == OWNER && terminal->drainer != NULL;
    for (uint32_t i = 0; i < SESSION_HOLDERS_MAX; i++) {
        waits |= terminal->holders[i].writer != NULL && (i == OWNER) == (holder == OWNER);
    }
    return waits && !refuse(exception, CAPNP_EXCEPTION_OVERLOADED,
                            "the terminal is slow and others wait; write again");
}

static bool write(struct terminal *terminal, uint32_t size, struct capnp_exception *exception)
{
    uint32_t holder = caller(terminal);
    enum session_status status;
    if (is_malformed(terminal)) {
        return true;
    }
    if (size > TERMINAL_WRITE_MAX) {
        return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, "at most 512 bytes at once");
    }
    if (writer_waits(terminal, holder, exception)) {
        return false;
    }
    terminal->holders[holder].written = 0;
    if (!write_on(terminal, holder, current(terminal), &status)) {
        terminal->holders[holder].writer = current(terminal);
        tsr_request_defer(current(terminal));
    }
    return status == SESSION_OK || refuse_status(exception, status);
}

static bool read_line(struct terminal *terminal, struct capnp_text prompt, enum echo echo,
                      uint32_t limit, struct capnp_exception *exception)
{
    struct tsr_request *request = current(terminal);
    struct tsr_request **reader = &terminal->holders[caller(terminal)].reader;
    if (is_malformed(terminal)) {
        return true;
    }
    if (limit == 0 || limit > TERMINAL_READ_MAX) {
        return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT,
                      "a line has 1 to 768 bytes; ask for as many");
    }
    if (*reader != NULL) {
        return refuse_status(exception, SESSION_BUSY);
    }
    if (caller(terminal) == OWNER) {
        terminal->was_interrupted = false;
    }
    // The answer may come before session_read() returns.
    *reader = request;
    tsr_request_defer(request);
    enum session_status status = session_read(&terminal->session, caller(terminal), prompt.data,
                                              prompt.size, echo == ECHO_HIDDEN, limit);
    if (status != SESSION_OK) {
        *reader = NULL;
        return refuse_status(exception, status);
    }
    return true;
}

static bool cancel(struct terminal *terminal, struct capnp_exception *exception)
{
    enum session_status status = session_cancel(&terminal->session, caller(terminal));
    return status == SESSION_OK || refuse_status(exception, status);
}

static bool lend(struct terminal *terminal, bool with_foreground, struct capnp_cap *stdio,
                 uint32_t *number, struct capnp_exception *exception)
{
    struct revoker revoker;
    uint32_t holder;
    if (is_malformed(terminal)) {
        return true;
    }
    enum session_status status =
        session_lend(&terminal->session, caller(terminal), with_foreground, &holder);
    if (status != SESSION_OK) {
        return refuse_status(exception, status);
    }
    // As much of a generation as the number has room for.
    terminal->holders[holder].generation =
        (terminal->holders[holder].generation + 1) & (UINT32_MAX >> HOLDER_BITS);
    *number = (uint32_t)number_of(terminal, holder);
    if (!capability_manager_facet(terminal->capabilities, (struct capnp_cap){terminal->server.id},
                                  (1U << (STD_IO_TAKE_BACK + 1)) - 1, STD_IO_INTERFACE_ID, *number,
                                  0, 0, stdio, &revoker, exception)) {
        session_drop(&terminal->session, holder);
        return false;
    }
    tsr_release(revoker.id);
    tsr_request_give(current(terminal), stdio->id);
    return true;
}

static bool reclaim(struct terminal *terminal, struct capnp_exception *exception)
{
    enum session_status status = session_reclaim(&terminal->session, caller(terminal));
    return status == SESSION_OK || refuse_status(exception, status);
}

static bool take_back(struct terminal *terminal, uint32_t number, struct capnp_exception *exception)
{
    uint32_t holder = holder_of(number);
    if (!number_is_live(terminal, number) ||
        terminal->session.holders[holder].lender != caller(terminal)) {
        return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT,
                      "no StdIO of this number is lent by this holder");
    }
    waiter_end(&terminal->holders[holder].writer, "this StdIO was taken back");
    if (terminal->holders[holder].reader != NULL) {
        session_cancel(&terminal->session, holder);
    }
    session_drop(&terminal->session, holder);
    return true;
}

// ---- The methods ----

static bool terminal_session_on_write(void *self,
                                      struct terminal_session_write_params_reader params,
                                      struct terminal_session_write_results_builder results,
                                      struct capnp_exception *exception)
{
    (void)results;
    return write(self, terminal_session_write_params_get_data(params).size, exception);
}

static bool
terminal_session_on_write_line(void *self, struct terminal_session_write_line_params_reader params,
                               struct terminal_session_write_line_results_builder results,
                               struct capnp_exception *exception)
{
    (void)results;
    return write(self, terminal_session_write_line_params_get_text(params).size, exception);
}

static bool terminal_session_on_read_line(void *self,
                                          struct terminal_session_read_line_params_reader params,
                                          struct terminal_session_read_line_results_builder results,
                                          struct capnp_exception *exception)
{
    (void)results;
    return read_line(self, terminal_session_read_line_params_get_prompt(params),
                     terminal_session_read_line_params_get_echo(params),
                     terminal_session_read_line_params_get_limit(params), exception);
}

static bool terminal_session_on_cancel(void *self,
                                       struct terminal_session_cancel_params_reader params,
                                       struct terminal_session_cancel_results_builder results,
                                       struct capnp_exception *exception)
{
    (void)params;
    (void)results;
    return cancel(self, exception);
}

static bool terminal_session_on_size(void *self, struct terminal_session_size_params_reader params,
                                     struct terminal_session_size_results_builder results,
                                     struct capnp_exception *exception)
{
    (void)params;
    const struct terminal *terminal = self;
    (void)exception;
    terminal_session_size_results_set_columns(results, terminal->session.columns);
    terminal_session_size_results_set_rows(results, terminal->session.rows);
    return true;
}

static bool terminal_session_on_lend(void *self, struct terminal_session_lend_params_reader params,
                                     struct terminal_session_lend_results_builder results,
                                     struct capnp_exception *exception)
{
    struct capnp_cap stdio = {0};
    uint32_t number = 0;
    if (!lend(self, terminal_session_lend_params_get_foreground(params), &stdio, &number,
              exception)) {
        return false;
    }
    terminal_session_lend_results_set_stdio(results, (struct std_io){stdio.id});
    terminal_session_lend_results_set_number(results, number);
    return true;
}

static bool terminal_session_on_reclaim(void *self,
                                        struct terminal_session_reclaim_params_reader params,
                                        struct terminal_session_reclaim_results_builder results,
                                        struct capnp_exception *exception)
{
    (void)params;
    (void)results;
    return reclaim(self, exception);
}

static bool terminal_session_on_take_back(void *self,
                                          struct terminal_session_take_back_params_reader params,
                                          struct terminal_session_take_back_results_builder results,
                                          struct capnp_exception *exception)
{
    (void)results;
    return take_back(self, terminal_session_take_back_params_get_number(params), exception);
}

static bool std_io_on_write(void *self, struct std_io_write_params_reader params,
                            struct std_io_write_results_builder results,
                            struct capnp_exception *exception)
{
    (void)results;
    return write(self, std_io_write_params_get_data(params).size, exception);
}

static bool std_io_on_write_line(void *self, struct std_io_write_line_params_reader params,
                                 struct std_io_write_line_results_builder results,
                                 struct capnp_exception *exception)
{
    (void)results;
    return write(self, std_io_write_line_params_get_text(params).size, exception);
}

static bool std_io_on_read_line(void *self, struct std_io_read_line_params_reader params,
                                struct std_io_read_line_results_builder results,
                                struct capnp_exception *exception)
{
    (void)results;
    return read_line(self, std_io_read_line_params_get_prompt(params),
                     std_io_read_line_params_get_echo(params),
                     std_io_read_line_params_get_limit(params), exception);
}

static bool std_io_on_cancel(void *self, struct std_io_cancel_params_reader params,
                             struct std_io_cancel_results_builder results,
                             struct capnp_exception *exception)
{
    (void)params;
    (void)results;
    return cancel(self, exception);
}

static bool std_io_on_size(void *self, struct std_io_size_params_reader params,
                           struct std_io_size_results_builder results,
                           struct capnp_exception *exception)
{
    (void)params;
    const struct terminal *terminal = self;
    (void)exception;
    std_io_size_results_set_columns(results, terminal->session.columns);
    std_io_size_results_set_rows(results, terminal->session.rows);
    return true;
}

static bool std_io_on_lend(void *self, struct std_io_lend_params_reader params,
                           struct std_io_lend_results_builder results,
                           struct capnp_exception *exception)
{
    struct capnp_cap stdio = {0};
    uint32_t number = 0;
    if (!lend(self, std_io_lend_params_get_foreground(params), &stdio, &number, exception)) {
        return false;
    }
    std_io_lend_results_set_stdio(results, (struct std_io){stdio.id});
    std_io_lend_results_set_number(results, number);
    return true;
}

static bool std_io_on_reclaim(void *self, struct std_io_reclaim_params_reader params,
                              struct std_io_reclaim_results_builder results,
                              struct capnp_exception *exception)
{
    (void)params;
    (void)results;
    return reclaim(self, exception);
}

static bool std_io_on_take_back(void *self, struct std_io_take_back_params_reader params,
                                struct std_io_take_back_results_builder results,
                                struct capnp_exception *exception)
{
    (void)results;
    return take_back(self, std_io_take_back_params_get_number(params), exception);
}

static bool terminal_session_on_resize(void *self,
                                       struct terminal_session_resize_params_reader params,
                                       struct terminal_session_resize_results_builder results,
                                       struct capnp_exception *exception)
{
    (void)results;
    struct terminal *terminal = self;
    enum session_status status =
        session_resize(&terminal->session, terminal_session_resize_params_get_columns(params),
                       terminal_session_resize_params_get_rows(params));
    return status == SESSION_OK || refuse_status(exception, status);
}

static bool
terminal_session_on_next_interrupt(void *self,
                                   struct terminal_session_next_interrupt_params_reader params,
                                   struct terminal_session_next_interrupt_results_builder results,
                                   struct capnp_exception *exception)
{
    (void)params;
    (void)results;
    struct terminal *terminal = self;
    (void)exception;
    waiter_end(&terminal->holders[OWNER].listener, "another such call took its place");
    if (terminal->was_interrupted) {
        terminal->was_interrupted = false;
        return true;
    }
    terminal->holders[OWNER].listener = current(terminal);
    tsr_request_defer(current(terminal));
    return true;
}

static bool terminal_session_on_complete(void *self,
                                         struct terminal_session_complete_params_reader params,
                                         struct terminal_session_complete_results_builder results,
                                         struct capnp_exception *exception)
{
    (void)results;
    static const char *const reasons[] = {[OFFER_HALF] = "half a pair: pairs end by two zeros",
                                          [OFFER_FULL] = "the table has no room: 64 KiB"};
    struct terminal *terminal = self;
    struct capnp_data table = terminal_session_complete_params_get_table(params);
    enum offer_status status =
        offer_add(&terminal->offer, terminal_session_complete_params_get_begin(params), table.data,
                  table.size);
    if (status == OFFER_OK) {
        return true;
    }
    return refuse(exception,
                  status == OFFER_HALF ? CAPNP_EXCEPTION_INVALID_ARGUMENT : CAPNP_EXCEPTION_FAILED,
                  reasons[status]);
}

static bool terminal_session_on_next_session(
    void *self, struct terminal_session_next_session_params_reader params,
    struct terminal_session_next_session_results_builder results, struct capnp_exception *exception)
{
    struct terminal *terminal = self;
    (void)params;
    (void)results;
    (void)exception;
    waiter_end(&terminal->heir, "another such call took its place");
    if (terminal->is_over && !terminal->stream.is_open) {
        terminal->heir = current(terminal);
        tsr_request_defer(current(terminal));
    }
    terminal->is_over = terminal->heir != NULL;
    return true;
}

static bool terminal_session_on_drain(void *self,
                                      struct terminal_session_drain_params_reader params,
                                      struct terminal_session_drain_results_builder results,
                                      struct capnp_exception *exception)
{
    struct terminal *terminal = self;
    (void)params;
    (void)results;
    if (writer_waits(terminal, OWNER, exception)) {
        return false;
    }
    terminal->drainer = current(terminal);
    tsr_request_defer(current(terminal));
    return true;
}

bool terminal_dispatch(void *self, uint16_t method, struct capnp_message *request,
                       struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct terminal_session_server owner = {
        .write = terminal_session_on_write,
        .write_line = terminal_session_on_write_line,
        .read_line = terminal_session_on_read_line,
        .resize = terminal_session_on_resize,
        .cancel = terminal_session_on_cancel,
        .size = terminal_session_on_size,
        .lend = terminal_session_on_lend,
        .reclaim = terminal_session_on_reclaim,
        .next_interrupt = terminal_session_on_next_interrupt,
        .take_back = terminal_session_on_take_back,
        .complete = terminal_session_on_complete,
        .next_session = terminal_session_on_next_session,
        .drain = terminal_session_on_drain,
    };
    static const struct std_io_server borrower = {
        .write = std_io_on_write,
        .write_line = std_io_on_write_line,
        .read_line = std_io_on_read_line,
        .cancel = std_io_on_cancel,
        .size = std_io_on_size,
        .lend = std_io_on_lend,
        .reclaim = std_io_on_reclaim,
        .take_back = std_io_on_take_back,
    };
    struct terminal *terminal = self;
    bool is_owner = current(terminal)->interface == TERMINAL_SESSION_INTERFACE_ID;
    bool is_answered =
        caller_find(terminal, exception) &&
        (is_owner ? terminal_session_dispatch(&owner, self, method, request, response, exception)
                  : std_io_dispatch(&borrower, self, method, request, response, exception));
    stream_pump(terminal);
    return is_answered;
}

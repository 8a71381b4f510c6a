// SPDX-License-Identifier: Apache-2.0
//
// A desk that wants to know who calls. It mints sessions with identities, starts guests in them,
// and says of each call what the kernel says of its caller, beside what the caller says itself; it
// ends one guest's session, and waits until another one's time is over. Then a human, an agent and
// a tool: each of them lets the desk start the next one, in a session below its own, so that what
// the tool does is done on the human's behalf. The first program of its system: granted console,
// timer, job, capabilities, session and what runtime/spawn.h needs.
#include <string.h>

#include "runtime/runtime.h"
#include "runtime/service/service.h"
#include "runtime/session.h"
#include "runtime/spawn.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

enum {
    MESSAGE_MAX = 256,
    INFO_SIZE = 64,
    METHODS_ALL = 7,
    KNOWN_MAX = 8, // callers that the desk remembers
    CALLS_OF_A_GUEST = 3,
    LIFE_NS = 50000000, // of the guest whose time comes
};

static struct {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct capability_manager capabilities;
    struct session_minter minter;
    struct tsr_spawner spawner;
    struct endpoint server;
    struct desk open, shy; // the facet that guests are given keeps their name back
    struct tsr_service service;
    // Callers by their references, in the order in which they came.
    uint64_t known[KNOWN_MAX][2];
    uint32_t known_count;
    uint32_t calls;                // of the guest that is here
    struct session_minter session; // that ends, or whose time comes
    uint64_t until_ns;             // UINT64_MAX: it is ended
} reception;

// --- Words --------------------------------------------------------------------------------------

static struct tsr_line line_begin(const char *what)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, "reception: ");
    tsr_line_text(&line, what);
    return line;
}

static void line_end(const struct tsr_line *line)
{
    struct capnp_exception ignored;
    if (!debug_console_write_line(reception.console, tsr_line_of(line), &ignored)) {
        tsr_exit(1);
    }
}

static void must(bool claim, const char *what, const struct capnp_exception *exception)
{
    if (!claim) {
        struct tsr_line line = line_begin(what);
        tsr_line_text(&line, ": not so: ");
        tsr_line_exception(&line, exception);
        line_end(&line);
        tsr_exit(1);
    }
}

static void say(const char *what, struct capnp_text words)
{
    struct tsr_line line = line_begin(what);
    tsr_line_bytes(&line, words.data, words.size);
    line_end(&line);
}

static void say_refused(const char *what, const struct capnp_exception *exception)
{
    struct tsr_line line = line_begin(what);
    tsr_line_exception(&line, exception);
    line_end(&line);
}

// --- Who calls ----------------------------------------------------------------------------------

// The caller's number among those that the desk has seen.
static uint32_t caller_number(const struct tsr_request *request)
{
    uint32_t number = 0;
    while (number < reception.known_count &&
           memcmp(reception.known[number], request->caller_reference,
                  sizeof reception.known[number]) != 0) {
        number++;
    }
    if (number == reception.known_count && number < KNOWN_MAX) {
        memcpy(reception.known[number], request->caller_reference, sizeof reception.known[number]);
        reception.known_count++;
    }
    return number + 1;
}

// A section of the caller's identity at the end of the line, or why not.
static void section_tell(struct tsr_line *line, const char *what, uint32_t section)
{
    char bytes[32];
    uint32_t size;
    struct capnp_exception exception;
    tsr_line_text(line, what);
    if (tsr_identity_read(reception.server, reception.service.current->call_id, section, bytes,
                          sizeof bytes, &size, &exception)) {
        tsr_line_bytes(line, bytes, size);
    } else {
        tsr_line_exception(line, &exception);
    }
}

static void caller_tell(const char *what)
{
    struct tsr_line line = line_begin("caller ");
    tsr_line_decimal(&line, caller_number(reception.service.current));
    tsr_line_text(&line, what);
    section_tell(&line, ", principal: ", IDENTITY_PRINCIPAL);
    section_tell(&line, ", name: ", IDENTITY_NAME);
    line_end(&line);
}

// --- Processes in sessions ----------------------------------------------------------------------

static struct session_minter mint(const char *principal, const char *name, uint64_t until_ns)
{
    static struct tsr_identity identity;
    struct session_minter session;
    struct capnp_exception exception;
    tsr_identity_init(&identity);
    tsr_identity_put(&identity, IDENTITY_PRINCIPAL, principal, tsr_text_of(principal).size);
    tsr_identity_put(&identity, IDENTITY_NAME, name, tsr_text_of(name).size);
    must(tsr_session_mint(reception.minter, reception.job, &identity, until_ns, &session,
                          &exception),
         "a session is minted", &exception);
    return session;
}

// delegate in a role, of a session, with a desk.
static bool delegate_start(struct session_minter session, struct capnp_text role, struct desk desk,
                           struct capnp_exception *exception)
{
    static struct tsr_build build;
    struct process process;
    uint8_t bytes[INFO_SIZE];
    struct capnp_builder message;
    capnp_builder_init(&message, bytes, sizeof bytes);
    start_info_set_arguments(start_info_build(&message), role);
    struct capnp_data info = {bytes, capnp_builder_size(&message)};
    bool is_started =
        tsr_build_open_for(&build, &reception.spawner, session, reception.job, exception) &&
        tsr_build_load(&build, tsr_text_of("delegate"), exception) &&
        tsr_build_info(&build, info, exception) &&
        tsr_build_grant(&build, tsr_text_of("desk"), (struct capnp_cap){desk.id}, exception) &&
        tsr_build_start(&build, &process, exception);
    if (is_started) {
        tsr_release(process.id);
    } else {
        tsr_build_drop(&build);
    }
    return is_started;
}

// --- The desk -----------------------------------------------------------------------------------

// The guest's session is over before its next call.
static void session_finish(void)
{
    struct capnp_exception exception;
    bool is_over = reception.until_ns == UINT64_MAX
                       ? session_minter_end(reception.session, &exception)
                       : timer_sleep_until(reception.timer, reception.until_ns, &exception);
    must(is_over, "a session is over", &exception);
}

static bool serve_hello(void *self, struct desk_hello_params_reader params,
                        struct desk_hello_results_builder results,
                        struct capnp_exception *exception)
{
    (void)self;
    (void)results;
    (void)exception;
    if (reception.calls == 0) {
        say("somebody claims: ", desk_hello_params_get_claim(params));
    }
    caller_tell("");
    reception.calls++;
    if (reception.calls == CALLS_OF_A_GUEST) {
        session_finish();
        tsr_service_stop(&reception.service, 0);
    }
    return true;
}

static bool serve_hire(void *self, struct desk_hire_params_reader params,
                       struct desk_hire_results_builder results, struct capnp_exception *exception)
{
    struct session_minter session;
    struct capnp_text role = desk_hire_params_get_role(params);
    (void)self;
    (void)results;
    if (!session_minter_from_call(reception.minter, reception.service.current->call_id, UINT64_MAX,
                                  &session, exception)) {
        say_refused("nobody can be hired for who does not say so: ", exception);
        return false;
    }
    caller_tell(" hires");
    say("hired, to act for it: ", role);
    bool is_started = delegate_start(session, role, desk_hire_params_get_desk(params), exception);
    tsr_release(session.id);
    return is_started;
}

static bool serve_work(void *self, struct desk_work_params_reader params,
                       struct desk_work_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)results;
    (void)exception;
    caller_tell(" works");
    say("done on that principal's behalf: ", desk_work_params_get_what(params));
    session_finish(); // the human's, from which the tool's comes
    tsr_service_stop(&reception.service, 0);
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct desk_server methods = {
        .hello = serve_hello, .hire = serve_hire, .work = serve_work};
    return desk_dispatch(&methods, self, method, request, response, exception);
}

static void serve(void)
{
    const struct tsr_service_options options = {
        .server = reception.server.id, .interface = DESK_INTERFACE_ID, .dispatch = dispatch};
    struct capnp_exception exception;
    must(tsr_service_start(&reception.service, &options, &exception) &&
             tsr_service_serve(&reception.service, &exception),
         "the desk serves", &exception);
}

// So many have ended, in whatever order; the fact by which one of them was refused.
static void ended(uint32_t count, const char *what)
{
    int32_t fact = 0;
    struct capnp_exception exception;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t process;
        int32_t code;
        enum exit_cause cause;
        must(job_next_exit(reception.job, &process, &code, &cause, &exception), "somebody ends",
             &exception);
        fact = code != 0 ? code : fact;
    }
    say(what, tsr_text_of(tsr_fact_text(fact)));
}

static void show_guest(const char *principal, const char *name, uint64_t life_ns, const char *what)
{
    struct capnp_exception exception;
    uint64_t now_ns;
    must(timer_now(reception.timer, &now_ns, &exception), "there is a time", &exception);
    reception.until_ns = life_ns == UINT64_MAX ? UINT64_MAX : now_ns + life_ns;
    reception.session = mint(principal, name, reception.until_ns);
    reception.calls = 0;
    must(delegate_start(reception.session, tsr_text_of("guest"), reception.shy, &exception),
         "a guest is started", &exception);
    serve();
    ended(1, what);
    tsr_release(reception.session.id);
}

// The human, the agent and the tool are three processes of three sessions.
static void show_chain(void)
{
    struct capnp_exception exception;
    reception.until_ns = UINT64_MAX;
    reception.session = mint("carol", "Carol", UINT64_MAX);
    must(delegate_start(reception.session, tsr_text_of("human"), reception.open, &exception),
         "a human is there", &exception);
    serve();
    ended(3, "the human's session is ended, and so is the tool's: ");
}

static struct desk desk_make(uint16_t withheld)
{
    struct capnp_cap made;
    struct revoker revoker;
    struct capnp_exception exception;
    must(capability_manager_facet(reception.capabilities, (struct capnp_cap){reception.server.id},
                                  METHODS_ALL, DESK_INTERFACE_ID, 0, withheld, 0, &made, &revoker,
                                  &exception),
         "a desk is made", &exception);
    tsr_release(revoker.id);
    return (struct desk){made.id};
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &reception.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &reception.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &reception.job.id) ||
        !tsr_find(start, "session", SESSION_MINTER_INTERFACE_ID, &reception.minter.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID,
                  &reception.capabilities.id) ||
        !tsr_spawner_open(&reception.spawner, start, &exception)) {
        tsr_panic("reception: was not granted what it needs");
    }
    must(job_make_endpoint(reception.job, MESSAGE_MAX, 0, &reception.server, &exception),
         "an endpoint is made", &exception);
    reception.open = desk_make(0);
    reception.shy = desk_make(1 << IDENTITY_NAME);
    show_guest("alice", "Alice", UINT64_MAX, "the guest's session was ended; its next call: ");
    show_guest("bob", "Bob", LIFE_NS, "the guest's time was over; its next call: ");
    show_chain();
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// A supervisor of drivers that is not kind to them. It keeps what a driver's next life needs: the
// server's side of the endpoint, so that clients wait, the memory of its state, the registers and
// the line, of which each life gets facets. The first program of its system: granted console,
// timer, job, capabilities, package, space, ports, interrupts.
#include "abi/start.h"
#include "runtime/runtime.h"
#include "runtime/spawn.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/kernel.names.h"
#include "schema/serial.capnp.h"

enum {
    PORTS = 2,
    MESSAGE_MAX = 640, // a part of 512 bytes, and where it belongs
    STATE_PAGES = 3,
    UART_PORTS = 8,
    INFO_SIZE = 64,
    LIFE_NAPS = 25,  // of a driver
    KILLS_MAX = 400, // more than the log has room for would be the end of it
    STREAM_METHODS = 15,
    PORTS_METHODS = 1 << IO_PORTS_READ | 1 << IO_PORTS_WRITE,
    INTERRUPT_METHODS = 1 << INTERRUPT_BIND | 1 << INTERRUPT_ACKNOWLEDGE,
};

static const uint64_t NAP_NS = 2000000;

// The policy: where the ports of a PC are, and which line is theirs.
static const struct policy {
    const char *name;
    uint32_t port, line;
} policies[PORTS] = {{"COM2", 0x2f8, 3}, {"COM3", 0x3e8, 4}};

static struct {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct capability_manager capabilities;
    struct tsr_spawner spawner;
    struct io_ports all_ports;
    struct interrupt all_lines;
    struct port {
        struct endpoint server;
        struct capnp_cap ports, interrupt;
        struct memory_object state;
        struct process driver, user;
        uint64_t lives;
    } ports[PORTS];
    struct capnp_exception exception;
} keeper;

static void say(struct tsr_line *line)
{
    if (!debug_console_write_line(keeper.console, tsr_line_of(line), &keeper.exception)) {
        tsr_exit(1);
    }
}

static void must(bool is_done, const char *what)
{
    if (!is_done) {
        struct tsr_line line = {0};
        tsr_line_text(&line, "serial-keeper: cannot ");
        tsr_line_text(&line, what);
        tsr_line_text(&line, ": ");
        tsr_panic_because(line.text, &keeper.exception);
    }
}

static struct capnp_cap facet_make(uint64_t cap, uint64_t methods, uint64_t interface)
{
    struct capnp_cap facet;
    struct revoker revoker;
    must(capability_manager_facet(keeper.capabilities, (struct capnp_cap){cap}, methods, interface,
                                  0, 0, 0, &facet, &revoker, &keeper.exception),
         "make a facet");
    tsr_release(revoker.id);
    return facet;
}

// What outlives a driver.
static void port_open(struct port *port, const struct policy *policy)
{
    struct io_ports ports;
    struct interrupt interrupt;
    must(job_make_endpoint(keeper.job, MESSAGE_MAX, 0, &port->server, &keeper.exception),
         "make an endpoint");
    must(job_make_memory(keeper.job, STATE_PAGES, &port->state, &keeper.exception), "make memory");
    must(io_ports_narrow(keeper.all_ports, policy->port, UART_PORTS, &ports, &keeper.exception),
         "have ports");
    must(interrupt_narrow(keeper.all_lines, policy->line, 1, &interrupt, &keeper.exception),
         "have a line");
    port->ports = facet_make(ports.id, PORTS_METHODS, 0);
    port->interrupt = facet_make(interrupt.id, INTERRUPT_METHODS, 0);
    tsr_release(ports.id);
    tsr_release(interrupt.id);
}

static void grant(struct tsr_build *build, const char *name, uint64_t cap)
{
    must(tsr_build_grant(build, tsr_text_of(name), (struct capnp_cap){cap}, &keeper.exception),
         "grant");
}

static void driver_start(struct port *port)
{
    static struct tsr_build build;
    struct notification bell;
    must(tsr_build_open(&build, &keeper.spawner, keeper.job, &keeper.exception) &&
             tsr_build_load(&build, tsr_text_of("16550"), &keeper.exception) &&
             job_make_notification(keeper.job, &bell, &keeper.exception),
         "begin a driver");
    grant(&build, "console", keeper.console.id);
    grant(&build, "server", port->server.id);
    grant(&build, "ports", port->ports.id);
    grant(&build, "interrupt", port->interrupt.id);
    grant(&build, "state", port->state.id);
    grant(&build, "bell", bell.id);
    grant(&build, "space", build.space.id);
    must(tsr_build_start(&build, &port->driver, &keeper.exception), "start a driver");
    tsr_release(bell.id);
    port->lives++;
}

static void user_start(struct port *port, const char *name)
{
    struct capnp_cap stream = facet_make(port->server.id, STREAM_METHODS, BYTE_STREAM_INTERFACE_ID);
    const struct tsr_grant grants[] = {{"console", keeper.console.id}, {"stream", stream.id}};
    uint8_t bytes[INFO_SIZE];
    struct capnp_builder message;
    capnp_builder_init(&message, bytes, sizeof(bytes));
    start_info_set_arguments(start_info_build(&message), tsr_text_of(name));
    struct capnp_data info = {bytes, capnp_builder_size(&message)};
    must(tsr_spawn(&keeper.spawner, keeper.job, "serial-echo", grants, 2, info, &port->user,
                   &keeper.exception),
         "start a user");
    tsr_release(stream.id);
}

// Whether it has ended; it has to end well.
static bool has_ended(struct process process)
{
    enum process_state state;
    int32_t code;
    enum exit_cause cause;
    must(process_status(process, &state, &code, &cause, &keeper.exception), "ask a process");
    if (state == PROCESS_STATE_ENDED && (code != 0 || cause != EXIT_CAUSE_CALLED)) {
        tsr_panic("serial-keeper: a user ended badly");
    }
    return state == PROCESS_STATE_ENDED;
}

static void driver_end(struct port *port)
{
    uint64_t ended;
    int32_t code;
    enum exit_cause cause;
    must(process_kill(port->driver, &keeper.exception), "kill a driver");
    tsr_release(port->driver.id);
    must(job_next_exit(keeper.job, &ended, &code, &cause, &keeper.exception), "learn of an exit");
}

static void sleep_for(uint64_t ns)
{
    uint64_t now;
    must(timer_now(keeper.timer, &now, &keeper.exception) &&
             timer_sleep_until(keeper.timer, now + ns, &keeper.exception),
         "sleep");
}

static void find(const struct start *start, const char *name, uint64_t interface, uint64_t *cap)
{
    if (!tsr_find(start, name, interface, cap)) {
        tsr_panic("serial-keeper: was not granted all that it needs");
    }
}

int tsr_main(struct start *start)
{
    find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &keeper.console.id);
    find(start, "timer", TIMER_INTERFACE_ID, &keeper.timer.id);
    find(start, "job", JOB_INTERFACE_ID, &keeper.job.id);
    find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &keeper.capabilities.id);
    find(start, "ports", IO_PORTS_INTERFACE_ID, &keeper.all_ports.id);
    find(start, "interrupts", INTERRUPT_INTERFACE_ID, &keeper.all_lines.id);
    must(tsr_spawner_open(&keeper.spawner, start, &keeper.exception), "start programs");
    for (uint32_t i = 0; i < PORTS; i++) {
        port_open(&keeper.ports[i], &policies[i]);
        driver_start(&keeper.ports[i]);
        user_start(&keeper.ports[i], policies[i].name);
    }
    struct tsr_line line = {0};
    tsr_line_text(&line, "serial-keeper: two ports are served");
    say(&line);
    uint64_t killed = 0;
    for (uint32_t i = 0; !has_ended(keeper.ports[0].user) || !has_ended(keeper.ports[1].user);
         i++) {
        for (uint32_t nap = 0; nap < LIFE_NAPS; nap++) {
            sleep_for(NAP_NS);
        }
        if (killed < KILLS_MAX) {
            driver_end(&keeper.ports[i % PORTS]);
            driver_start(&keeper.ports[i % PORTS]);
            killed++;
        }
    }
    line = (struct tsr_line){0};
    tsr_line_text(&line, "serial-keeper: drivers killed under way: ");
    tsr_line_decimal(&line, killed);
    say(&line);
    for (uint32_t i = 0; i < PORTS; i++) {
        must(process_kill(keeper.ports[i].driver, &keeper.exception), "kill a driver");
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// What programs are granted, by kinds: endpoints and memories, which are made before the first
// start and are the same for each life of a program, and what is made for each start.
#include "system/init-min/init.h"

#include "schema/kernel.names.h"

// Methods of what is granted of devices: all but narrow, since it is as narrow as it is to be.
enum {
    PORTS_METHODS = 1 << IO_PORTS_READ | 1 << IO_PORTS_WRITE,
    LINE_METHODS = 1 << INTERRUPT_BIND | 1 << INTERRUPT_ACKNOWLEDGE,
    MEMORY_READS = 1 << MEMORY_OBJECT_INFO | 1 << MEMORY_OBJECT_READ,
};

// --- Endpoints ----------------------------------------------------------------------------------

void endpoints_make(struct init *init)
{
    struct boot_endpoint_reader_list list = boot_manifest_get_endpoints(init->manifest);
    if (list.l.count > ENDPOINTS_MAX) {
        fail(init, tsr_text_of("manifest"), "has more than 16 endpoints", NULL);
    }
    for (uint32_t i = 0; i < list.l.count; i++) {
        struct boot_endpoint_reader endpoint = boot_endpoint_reader_at(list, i);
        struct capnp_text name = boot_endpoint_get_name(endpoint);
        struct capnp_exception exception;
        if (!job_make_endpoint(init->job, boot_endpoint_get_message_max(endpoint), 0,
                               &init->endpoints[i].server, &exception)) {
            fail(init, name, "cannot make this endpoint", &exception);
        }
        init->endpoints[i].name = name;
        init->endpoint_count = i + 1;
    }
}

// ENDPOINTS_MAX: there is none.
static uint32_t endpoint_find(const struct init *init, struct capnp_text name)
{
    for (uint32_t i = 0; i < init->endpoint_count; i++) {
        if (text_equals(init->endpoints[i].name, name)) {
            return i;
        }
    }
    return ENDPOINTS_MAX;
}

void endpoints_of(const struct init *init, struct boot_program_reader from, struct program *to)
{
    struct boot_grant_reader_list grants = boot_program_get_grants(from);
    for (uint32_t i = 0; i < grants.l.count; i++) {
        struct boot_grant_reader grant = boot_grant_reader_at(grants, i);
        if (boot_grant_which(grant) == BOOT_GRANT_SERVER) {
            to->serves |= 1U << endpoint_find(init, boot_grant_get_server(grant));
        } else if (boot_grant_which(grant) == BOOT_GRANT_CLIENT) {
            to->calls |= 1U << endpoint_find(init, boot_grant_get_client_endpoint(grant));
        }
    }
}

// Whoever serves has its own hold; were each kept here, no endpoint would ever be without a server.
void endpoints_settle(struct init *init)
{
    uint32_t served = 0, kept = 0;
    for (uint32_t i = 0; i < init->program_count; i++) {
        const struct program *program = &init->programs[i];
        if (program->state == PROGRAM_STATE_RUNNING) {
            served |= program->serves;
            kept |= program_goes_on(init, i) ? program->serves | program->calls : 0;
        }
    }
    for (uint32_t i = 0; i < init->endpoint_count; i++) {
        struct endpoint *server = &init->endpoints[i].server;
        if (server->id != 0 && (served & kept & 1U << i) == 0) {
            tsr_release(server->id);
            server->id = 0;
        }
    }
}

// --- Memories -----------------------------------------------------------------------------------

void memories_make(struct init *init)
{
    struct boot_memory_reader_list list = boot_manifest_get_memories(init->manifest);
    if (list.l.count > MEMORIES_MAX) {
        fail(init, tsr_text_of("manifest"), "has more than 8 memories", NULL);
    }
    for (uint32_t i = 0; i < list.l.count; i++) {
        struct boot_memory_reader memory = boot_memory_reader_at(list, i);
        struct capnp_text name = boot_memory_get_name(memory);
        struct capnp_exception exception;
        if (!job_make_memory(init->job, boot_memory_get_pages(memory), &init->memories[i].memory,
                             &exception)) {
            fail(init, name, "cannot make this memory", &exception);
        }
        init->memories[i].name = name;
        init->memory_count = i + 1;
    }
}

static bool memory_find(const struct init *init, struct capnp_text name, struct capnp_cap *memory)
{
    for (uint32_t i = 0; i < init->memory_count; i++) {
        if (text_equals(init->memories[i].name, name)) {
            memory->id = init->memories[i].memory.id;
            return true;
        }
    }
    complain(init, name, "no memory has this name", NULL);
    return false;
}

// --- Grants -------------------------------------------------------------------------------------

// A capability to grant. `is_made`: for this grant, to be released after it. All that follows says
// why where it returns false.
struct source {
    struct capnp_cap cap;
    bool is_made;
};

static bool source_own(const struct init *init, struct boot_grant_reader grant,
                       struct source *source)
{
    struct capnp_text name = boot_grant_get_own(grant);
    if (!tsr_find_any(init->start, name.data, &source->cap.id)) {
        complain(init, name, "cannot grant what was not granted to me", NULL);
        return false;
    }
    return true;
}

static bool source_server(const struct init *init, struct boot_grant_reader grant,
                          struct source *source)
{
    struct capnp_text name = boot_grant_get_server(grant);
    uint32_t index = endpoint_find(init, name);
    if (index == ENDPOINTS_MAX) {
        complain(init, name, "no endpoint has this name", NULL);
        return false;
    }
    source->cap.id = init->endpoints[index].server.id;
    return true;
}

static bool source_facet(const struct init *init, struct capnp_cap target, uint64_t methods,
                         uint64_t interface, uint64_t receiver_data, struct source *source,
                         struct capnp_exception *exception)
{
    struct revoker revoker;
    if (!capability_manager_facet(init->capabilities, target, methods, interface, receiver_data, 0,
                                  0, &source->cap, &revoker, exception)) {
        return false;
    }
    tsr_release(revoker.id);
    source->is_made = true;
    return true;
}

// Of an endpoint that nobody serves any more there is a client all the same, so that whoever has
// other things to do starts; its calls end as disconnected.
static bool source_client(const struct init *init, struct boot_grant_reader grant,
                          struct source *source)
{
    struct capnp_text name = boot_grant_get_client_endpoint(grant);
    struct capnp_exception exception;
    struct endpoint server = {0}, unserved = {0};
    uint32_t index = endpoint_find(init, name);
    if (index != ENDPOINTS_MAX) {
        server = init->endpoints[index].server;
    } else if (text_equals(name, tsr_text_of("init-min"))) {
        server = init->control;
    } else {
        complain(init, name, "no endpoint has this name", NULL);
        return false;
    }
    if (server.id == 0 && job_make_endpoint(init->job, 1, 0, &unserved, &exception)) {
        server = unserved;
    }
    bool is_made =
        server.id != 0 &&
        source_facet(init, (struct capnp_cap){server.id}, boot_grant_get_client_methods(grant),
                     boot_grant_get_client_interface(grant),
                     boot_grant_get_client_receiver_data(grant), source, &exception);
    tsr_release(unserved.id);
    if (!is_made) {
        complain(init, name, "cannot make a facet of this endpoint", &exception);
    }
    return is_made;
}

// All of it, or a facet that can only be read.
static bool source_memory(const struct init *init, struct boot_grant_reader grant,
                          struct source *source)
{
    struct capnp_text name = boot_grant_get_memory_of(grant);
    struct capnp_cap memory;
    struct capnp_exception exception;
    if (!memory_find(init, name, &memory)) {
        return false;
    }
    if (boot_grant_get_memory_write(grant)) {
        source->cap = memory;
        return true;
    }
    if (!source_facet(init, memory, MEMORY_READS, 0, 0, source, &exception)) {
        complain(init, name, "cannot make a facet of this memory", &exception);
        return false;
    }
    return true;
}

// A range of what there is of devices, narrowed (`is_made`, or why not), without narrow itself.
static bool source_range(const struct init *init, struct boot_grant_reader grant, bool is_made,
                         uint64_t range, uint64_t methods, const char *refusal,
                         struct capnp_exception *exception, struct source *source)
{
    if (is_made) {
        is_made = source_facet(init, (struct capnp_cap){range}, methods, 0, 0, source, exception);
        tsr_release(range);
    }
    if (!is_made) {
        complain(init, boot_grant_get_name(grant), refusal, exception);
    }
    return is_made;
}

static bool source_ports(const struct init *init, struct boot_grant_reader grant,
                         struct source *source)
{
    struct io_ports ports = {0};
    struct capnp_exception exception;
    bool is_made = io_ports_narrow(init->ports, boot_grant_get_ports_first(grant),
                                   boot_grant_get_ports_count(grant), &ports, &exception);
    return source_range(init, grant, is_made, ports.id, PORTS_METHODS, "cannot have these ports",
                        &exception, source);
}

static bool source_line(const struct init *init, struct boot_grant_reader grant,
                        struct source *source)
{
    struct interrupt line = {0};
    struct capnp_exception exception;
    bool is_made = interrupt_narrow(init->lines, boot_grant_get_line(grant), 1, &line, &exception);
    return source_range(init, grant, is_made, line.id, LINE_METHODS,
                        "cannot have this interrupt line", &exception, source);
}

static bool source_bell(const struct init *init, struct boot_grant_reader grant,
                        struct source *source)
{
    struct notification bell;
    struct capnp_exception exception;
    if (!job_make_notification(init->job, &bell, &exception)) {
        complain(init, boot_grant_get_name(grant), "cannot make a notification", &exception);
        return false;
    }
    *source = (struct source){{bell.id}, true};
    return true;
}

// Three names mean another thing to those that it starts: `space` is the program's own address
// space, `programs` the job that all of them run in, `callers` what acts for callers alone.
static bool is_special(const struct init *init, const struct tsr_build *build,
                       struct boot_grant_reader grant, struct capnp_cap *cap)
{
    bool is_own = boot_grant_which(grant) == BOOT_GRANT_OWN;
    struct capnp_text name = is_own ? boot_grant_get_own(grant) : (struct capnp_text){"", 0};
    if (text_equals(name, tsr_text_of("space"))) {
        cap->id = build->space.id;
        return true;
    }
    if (text_equals(name, tsr_text_of("callers"))) {
        cap->id = init->callers.id;
        return true;
    }
    cap->id = init->programs_job.id;
    return text_equals(name, tsr_text_of("programs"));
}

bool grant_one(const struct init *init, struct tsr_build *build, struct boot_grant_reader grant)
{
    static bool (*const sources[])(const struct init *, struct boot_grant_reader,
                                   struct source *) = {
        [BOOT_GRANT_OWN] = source_own,       [BOOT_GRANT_SERVER] = source_server,
        [BOOT_GRANT_CLIENT] = source_client, [BOOT_GRANT_MEMORY] = source_memory,
        [BOOT_GRANT_PORTS] = source_ports,   [BOOT_GRANT_LINE] = source_line,
        [BOOT_GRANT_BELL] = source_bell,
    };
    struct capnp_text name = boot_grant_get_name(grant);
    struct source source = {.is_made = false};
    struct capnp_exception exception;
    uint32_t which = (uint32_t)boot_grant_which(grant);
    if (which >= sizeof(sources) / sizeof(sources[0])) {
        complain(init, name, "a grant of a kind that is not known here", NULL);
        return false;
    }
    if (!is_special(init, build, grant, &source.cap) && !sources[which](init, grant, &source)) {
        return false;
    }
    bool is_granted = tsr_build_grant(build, name, source.cap, &exception);
    if (!is_granted) {
        complain(init, name, "cannot grant this", &exception);
    }
    if (source.is_made) {
        tsr_release(source.cap.id);
    }
    return is_granted;
}

// SPDX-License-Identifier: Apache-2.0
//
// The programs that the manifest names, and their lives: started in its order, each with its
// grants; started again or not, as it says; ended.
#include "abi/start.h"
#include "system/init-min/init.h"

enum { RECENT_MAX = 8 }; // restarts of one program ...

static const uint64_t RECENT_NS = 10000000000; // ... within this time: it can't be helped
// Where somebody says halt, other sessions' last words may still be on their way to a slow device.
// In naps: where a clock leaps to the next deadline, as the simulator's may, others still have
// their turns.
static const uint64_t LAST_WORDS_NS = 10000000;
enum { LAST_WORDS_NAPS = 20 };

static struct boot_program_reader program_read(const struct init *init, uint32_t index)
{
    return boot_program_reader_at(boot_manifest_get_programs(init->manifest), index);
}

// --- Starting -----------------------------------------------------------------------------------

static bool info_set(const struct init *init, struct tsr_build *build,
                     struct boot_program_reader from, struct capnp_text label)
{
    uint8_t bytes[TSR_INFO_MAX];
    struct capnp_builder message;
    struct capnp_exception exception;
    capnp_builder_init(&message, bytes, sizeof(bytes));
    struct start_info_builder start = start_info_build(&message);
    start_info_set_arguments(start, boot_program_get_arguments(from));
    if (boot_program_has_session(from)) {
        struct session_info_reader said = boot_program_get_session(from);
        struct session_info_builder session = start_info_init_session(start);
        session_info_set_name(session, session_info_get_name(said));
        session_info_set_profile(session, session_info_get_profile(said));
    }
    if (message.error != CAPNP_OK) {
        complain(init, label, "its arguments are too long", NULL);
        return false;
    }
    struct capnp_data info = {bytes, capnp_builder_size(&message)};
    if (!tsr_build_info(build, info, &exception)) {
        complain(init, label, "cannot hand over its arguments", &exception);
        return false;
    }
    return true;
}

static bool program_load(const struct init *init, struct tsr_build *build,
                         struct boot_program_reader from, struct capnp_text label)
{
    struct capnp_exception exception;
    struct tsr_line line;
    if (tsr_build_load(build, boot_program_get_name(from), &exception)) {
        return true;
    }
    line_start(&line, label);
    tsr_line_text(&line, ": cannot load this program: ");
    tsr_build_why(build, &exception, &line);
    say(init, &line);
    return false;
}

static bool program_build(const struct init *init, struct tsr_build *build,
                          struct boot_program_reader from, struct program *program)
{
    struct boot_grant_reader_list grants = boot_program_get_grants(from);
    struct capnp_exception exception;
    if (!program_load(init, build, from, program->label) ||
        !info_set(init, build, from, program->label)) {
        return false;
    }
    for (uint32_t i = 0; i < grants.l.count; i++) {
        if (!grant_one(init, build, boot_grant_reader_at(grants, i))) {
            complain(init, program->label, "cannot be granted all that it is to have", NULL);
            return false;
        }
    }
    if (!tsr_build_start(build, &program->process, &exception)) {
        complain(init, program->label, "cannot start", &exception);
        return false;
    }
    return true;
}

// Program `index` of the manifest. A program that can't be started leaves nothing behind, and the
// others start all the same.
static void program_start(struct init *init, uint32_t index)
{
    struct boot_program_reader from = program_read(init, index);
    struct program *program = &init->programs[index];
    struct tsr_build build;
    struct capnp_exception exception;
    struct job job = boot_program_get_keep(from) ? init->job : init->programs_job;
    program->state = PROGRAM_STATE_FAILED;
    if (!session_begin(init, from, program)) {
        return;
    }
    struct session_minter session = program->session.id != 0 ? program->session : init->session;
    if (!tsr_build_open_for(&build, &init->spawner, session, job, &exception)) {
        complain(init, program->label, "cannot make a process", &exception);
    } else if (program_build(init, &build, from, program)) {
        program->number = build.process;
        program->state = PROGRAM_STATE_RUNNING;
        return;
    }
    tsr_build_drop(&build);
    session_finish(program);
}

void programs_start(struct init *init)
{
    struct boot_program_reader_list list = boot_manifest_get_programs(init->manifest);
    if (list.l.count > PROGRAMS_MAX) {
        fail(init, tsr_text_of("manifest"), "has more than 20 programs", NULL);
    }
    for (uint32_t i = 0; i < list.l.count; i++) {
        struct boot_program_reader from = boot_program_reader_at(list, i);
        struct program *program = &init->programs[i];
        struct capnp_text label = boot_program_get_label(from);
        program->label = label.size == 0 ? boot_program_get_name(from) : label;
        endpoints_of(init, from, program);
        manifest_check(init);
        init->program_count = i + 1;
        program_start(init, i);
    }
    endpoints_settle(init);
}

// --- Ends ---------------------------------------------------------------------------------------

static bool is_seat(const struct init *init, uint32_t index)
{
    return boot_program_get_seat(program_read(init, index));
}

// PROGRAMS_MAX: there is none.
static uint32_t first_seat(const struct init *init)
{
    for (uint32_t i = 0; i < init->program_count; i++) {
        if (is_seat(init, i)) {
            return i;
        }
    }
    return PROGRAMS_MAX;
}

bool program_goes_on(const struct init *init, uint32_t index)
{
    return boot_program_get_keep(program_read(init, index)) || is_seat(init, index);
}

// Whether it chose to, with a code of its own: not the runtime's.
static bool has_ended_itself(const struct program *program)
{
    return program->cause == EXIT_CAUSE_CALLED &&
           !(program->code >= TSR_EXIT_ABI && program->code <= TSR_EXIT_PANIC);
}

// Whether it may be started once more.
static bool restart_count(const struct init *init, struct program *program)
{
    uint64_t now = 0;
    struct capnp_exception exception;
    if (!timer_now(init->timer, &now, &exception)) {
        complain(init, program->label, "cannot tell the time", &exception);
    }
    if (program->recent == 0 || now - program->recent_since_ns > RECENT_NS) {
        program->recent = 0;
        program->recent_since_ns = now;
    }
    program->restarts++;
    return program->recent++ < RECENT_MAX;
}

static void program_ended(struct init *init, uint32_t index)
{
    struct program *program = &init->programs[index];
    struct tsr_line line;
    bool is_last = index == first_seat(init) && has_ended_itself(program);
    tsr_release(program->process.id);
    session_finish(program);
    program->state = PROGRAM_STATE_ENDED;
    if (!program_goes_on(init, index) || is_last) {
        return;
    }
    bool may = restart_count(init, program);
    line_start(&line, program->label);
    tsr_line_text(&line, may ? " ended, and starts again" : " ended too often");
    say(init, &line);
    program->state = PROGRAM_STATE_FAILED;
    if (may) {
        program_start(init, index);
    }
}

void programs_drop(const struct init *init)
{
    struct capnp_exception exception;
    for (uint32_t i = init->program_count; i-- > 0;) {
        if (init->programs[i].state == PROGRAM_STATE_RUNNING) {
            (void)process_kill(init->programs[i].process, &exception);
        }
    }
}

void programs_look(struct init *init)
{
    for (uint32_t i = 0; i < init->program_count; i++) {
        struct program *program = &init->programs[i];
        enum process_state state = PROCESS_STATE_RUNNING;
        struct capnp_exception exception;
        if (program->state != PROGRAM_STATE_RUNNING) {
            continue;
        }
        if (!process_status(program->process, &state, &program->code, &program->cause,
                            &exception)) {
            fail(init, program->label, "cannot be asked whether it runs", &exception);
        }
        if (state == PROCESS_STATE_ENDED) {
            program_ended(init, i);
        }
    }
    endpoints_settle(init);
}

// Where there are seats, the rest is there for them.
bool programs_are_over(const struct init *init)
{
    uint32_t seat = first_seat(init);
    if (seat != PROGRAMS_MAX && init->programs[seat].state == PROGRAM_STATE_ENDED) {
        return true;
    }
    for (uint32_t i = 0; i < init->program_count; i++) {
        bool is_awaited = seat == PROGRAMS_MAX ? !program_goes_on(init, i) : is_seat(init, i);
        if (is_awaited && init->programs[i].state == PROGRAM_STATE_RUNNING) {
            return false;
        }
    }
    return true;
}

static void last_words_await(const struct init *init)
{
    uint64_t now = 0;
    struct capnp_exception exception;
    bool is_well = true;
    for (uint32_t i = 0; is_well && i < LAST_WORDS_NAPS; i++) {
        is_well = timer_now(init->timer, &now, &exception) &&
                  timer_sleep_until(init->timer, now + LAST_WORDS_NS, &exception);
    }
    if (!is_well) {
        complain(init, tsr_text_of("timer"), "cannot wait for last words", &exception);
    }
}

void programs_end(struct init *init)
{
    struct capnp_exception exception;
    bool is_whole = init->is_halted || first_seat(init) != PROGRAMS_MAX;
    if (init->is_halted) {
        last_words_await(init);
    }
    if (is_whole && !job_kill(init->programs_job, &exception)) {
        fail(init, tsr_text_of("programs"), "cannot be ended", &exception);
    }
    for (uint32_t i = init->program_count; i-- > 0;) {
        struct program *program = &init->programs[i];
        if (program->state == PROGRAM_STATE_RUNNING &&
            !process_kill(program->process, &exception)) {
            fail(init, program->label, "cannot be ended", &exception);
        }
    }
}

// Says how a program ended; whether all was well.
static bool program_tell(const struct init *init, const struct program *program)
{
    static const char causes[][32] = {
        [EXIT_CAUSE_CALLED] = "code ",
        [EXIT_CAUSE_MEMORY_FAULT] = "memory fault, code ",
        [EXIT_CAUSE_MACHINE_FAULT] = "machine fault, code ",
        [EXIT_CAUSE_KILLED] = "killed, code ",
    };
    if ((uint32_t)program->cause >= sizeof(causes) / sizeof(causes[0])) {
        fail(init, program->label, "has ended in an unknown way", NULL);
    }
    struct tsr_line line;
    line_start(&line, program->label);
    tsr_line_text(&line, " ended: ");
    tsr_line_text(&line, causes[program->cause]);
    tsr_line_signed(&line, program->code);
    say(init, &line);
    return program->cause == EXIT_CAUSE_CALLED && program->code == 0;
}

// Where there are seats, what became of the rest is no reason to call them a failure.
bool programs_tell(const struct init *init)
{
    bool has_seats = first_seat(init) != PROGRAMS_MAX;
    bool is_well = true;
    for (uint32_t i = 0; i < init->program_count; i++) {
        const struct program *program = &init->programs[i];
        bool has_run_well = program->state == PROGRAM_STATE_RUNNING;
        if (program->state == PROGRAM_STATE_ENDED) {
            has_run_well = program_tell(init, program);
        }
        is_well = is_well && (has_run_well || (has_seats && i != first_seat(init)));
    }
    return is_well;
}

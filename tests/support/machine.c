// SPDX-License-Identifier: Apache-2.0
//
// The machine's own side: hal.h, boot, and the loop of kernel/kernel.h for one input at a time.
#include "tests/support/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/commit.h"
#include "lib/package/package.h"

enum {
    FRAMES_DEFAULT = 6144,
    GARBAGE = 0xa5,       // what memory holds before the kernel writes it
    STEPS_MAX = 1 << 20,  // after one input: more means that the kernel never ends
    TIMERS_MAX = 1 << 16, // until a thread runs
    MAPPINGS_FIRST = 32,
};

static const uint64_t SPACE_SIZE = 1ull << 32;

struct machine machine;
const struct machine_witness *machine_witness;
void (*machine_writer)(const struct machine_deed *deed);
uint8_t *hal_frames;

static uint32_t frame_count;
// The memory of the machine before, for one of the same size: most of a boot would be the host's
// page faults.
static uint8_t *kept_frames;
static uint32_t kept_count;
static uint8_t *frame_is_table;
static uint64_t space_base;
static bool takes_tables;
// CPUs that it is not the turn of.
static struct cpu_state {
    int32_t running;
    uint64_t armed_ns;
} others[HAL_CPUS_MAX];
static bool cpu_has_entered[HAL_CPUS_MAX];
static jmp_buf end_of_turn;
static bool in_kernel;

void machine_fail(const char *what, uint64_t value)
{
    fprintf(stderr, "machine: %s (%#llx)\n", what, (unsigned long long)value);
    abort();
}

static void require(bool condition, const char *what, uint64_t value)
{
    if (!condition) {
        machine_fail(what, value);
    }
}

// --- Address spaces -----------------------------------------------------------------------------

static struct machine_space *space_of(uint32_t space)
{
    require(space < MACHINE_SPACES_MAX, "no such space", space);
    require(machine.spaces[space].alive, "this space does not live", space);
    return &machine.spaces[space];
}

// The kernel may hand out frames of its ranges and of the package, and no others.
static bool is_usable(uint32_t frame)
{
    const struct boot *boot = &machine.boot;
    bool usable = boot->package_size != 0 && frame >= boot->package_frame && frame < frame_count;

    for (uint32_t i = 0; i < boot->range_count; i++) {
        usable = usable || (frame >= boot->ranges[i].first &&
                            frame - boot->ranges[i].first < boot->ranges[i].count);
    }
    return usable;
}

static void table_take(struct machine_space *space, uint32_t frame)
{
    static const uint8_t zeros[PAGE_SIZE];

    require(is_usable(frame), "this frame is not the kernel's to give", frame);
    require(frame_is_table[frame] == 0, "this frame is a table already", frame);
    require(memcmp(hal_frames + (uint64_t)frame * PAGE_SIZE, zeros, PAGE_SIZE) == 0,
            "a table frame is not zeroed", frame);
    // Remembers whose it is until the space goes.
    memcpy(hal_frames + (uint64_t)frame * PAGE_SIZE, &space, sizeof(space));
    frame_is_table[frame] = 1;
    space->tables++;
    machine.tables++;
}

bool hal_space_create(uint32_t space, const uint32_t *tables)
{
    require(space < MACHINE_SPACES_MAX, "no such space", space);
    require(!machine.spaces[space].alive, "this space lives already", space);
    machine.spaces[space] = (struct machine_space){.alive = true};
    if (takes_tables) {
        table_take(&machine.spaces[space], tables[0]);
    }
    return takes_tables;
}

void hal_space_destroy(uint32_t space)
{
    struct machine_space *gone = space_of(space);

    for (uint32_t i = 0; i < MACHINE_THREADS_MAX; i++) {
        require(!machine.threads[i].alive || machine.threads[i].space != space,
                "a thread of this space lives", i);
    }
    for (uint32_t i = 0; i < frame_count && gone->tables > 0; i++) {
        struct machine_space *owner;
        memcpy(&owner, hal_frames + (uint64_t)i * PAGE_SIZE, sizeof(owner));
        if (frame_is_table[i] != 0 && owner == gone) {
            frame_is_table[i] = 0;
            gone->tables--;
            machine.tables--;
        }
    }
    require(gone->tables == 0, "somebody wrote to a table of this space", space);
    free(gone->mappings);
    *gone = (struct machine_space){.alive = false};
}

uint64_t hal_space_base(uint32_t space)
{
    require(space < MACHINE_SPACES_MAX, "no such space", space);
    return space_base == 0 ? 0 : space_base + space * SPACE_SIZE;
}

// The place of the first mapping that is not below the page.
static uint32_t mapping_place(const struct machine_space *space, uint64_t page)
{
    uint32_t low = 0;
    uint32_t high = space->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (space->mappings[middle].page < page) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct machine_mapping *machine_mapping_find(uint32_t space, uint64_t page)
{
    const struct machine_space *in = space_of(space);
    uint32_t place = mapping_place(in, page);

    if (place == in->count || in->mappings[place].page != page) {
        return NULL;
    }
    return &in->mappings[place];
}

// Like a machine with four levels: the first page of a space takes a table in each of the lower
// three, the first of each region one.
static uint32_t tables_take(struct machine_space *space, uint64_t page, const uint32_t *tables)
{
    bool *has_table = &space->region_has_table[page / MACHINE_REGION_PAGES];
    uint32_t needed = space->tables == 1 ? HAL_MAP_TABLES : 1;

    if (!takes_tables || *has_table) {
        return 0;
    }
    *has_table = true;
    for (uint32_t i = 0; i < needed; i++) {
        table_take(space, tables[i]);
    }
    return needed;
}

uint32_t hal_map(uint32_t space, uint64_t page, uint32_t frame, uint32_t rights,
                 const uint32_t *tables)
{
    struct machine_space *in = space_of(space);

    require(page < MACHINE_SPACE_PAGES, "this page is beyond the address space", page);
    require(machine_mapping_find(space, page) == NULL, "this page is mapped already", page);
    require(is_usable(frame), "this frame is not the kernel's to map", frame);
    require(frame_is_table[frame] == 0, "a table frame is mapped", frame);
    require(rights != 0 && rights <= (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE), "no such rights",
            rights);
    require((rights & RIGHT_WRITE) == 0 || (rights & RIGHT_EXECUTE) == 0, "write and execute",
            rights);
    if (in->count == in->room) {
        in->room = in->room == 0 ? MAPPINGS_FIRST : in->room * 2;
        in->mappings = realloc(in->mappings, in->room * sizeof(in->mappings[0]));
        require(in->mappings != NULL, "the host has no memory left", in->room);
    }
    uint32_t place = mapping_place(in, page);
    memmove(in->mappings + place + 1, in->mappings + place,
            (in->count - place) * sizeof(in->mappings[0]));
    in->mappings[place] = (struct machine_mapping){page, frame, rights};
    in->count++;
    return tables_take(in, page, tables);
}

void hal_unmap(uint32_t space, uint64_t page)
{
    struct machine_space *in = space_of(space);
    uint32_t place = mapping_place(in, page);

    require(machine_mapping_find(space, page) != NULL, "this page is not mapped", page);
    in->count--;
    memmove(in->mappings + place, in->mappings + place + 1,
            (in->count - place) * sizeof(in->mappings[0]));
}

// --- Threads and time ---------------------------------------------------------------------------

void hal_thread_create(uint32_t thread, uint32_t space, uint64_t entry, uint64_t stack,
                       uint64_t argument)
{
    require(thread < MACHINE_THREADS_MAX, "no such thread", thread);
    require(!machine.threads[thread].alive, "this thread lives already", thread);
    (void)space_of(space);
    machine.threads[thread] = (struct machine_thread){
        .alive = true,
        .space = space,
        .entry = entry,
        .stack = stack,
        .argument = argument,
    };
    machine.newest_thread = thread;
}

static struct machine_thread *thread_of(uint32_t thread)
{
    require(thread < MACHINE_THREADS_MAX, "no such thread", thread);
    require(machine.threads[thread].alive, "this thread does not live", thread);
    return &machine.threads[thread];
}

// Another CPU has the thread's registers until it enters.
static bool runs_elsewhere(uint32_t thread)
{
    uint32_t cpu = machine_cpu_of(thread);
    return cpu != HAL_CPUS_MAX && cpu != machine.cpu;
}

void hal_thread_destroy(uint32_t thread)
{
    require(!runs_elsewhere(thread), "another CPU runs this thread", thread);
    machine.threads[thread].alive = false;
}

void hal_thread_result(uint32_t thread, uint64_t value)
{
    struct machine_thread *of = thread_of(thread);

    of->result = value;
    of->has_result = true;
}

void hal_thread_fs_base(uint32_t thread, uint64_t base)
{
    machine.threads[thread].fs_base = base;
}

void hal_kick(uint32_t cpu)
{
    require(cpu < HAL_CPUS_MAX && cpu != machine.cpu && cpu_has_entered[cpu], "kicked CPU", cpu);
    machine.kicked |= 1U << cpu;
}

void hal_arm(uint64_t deadline_ns)
{
    machine.armed_ns = deadline_ns;
}

// --- Devices ------------------------------------------------------------------------------------

bool hal_ports_are_free(uint32_t first, uint32_t count)
{
    require(first < HAL_PORTS && count <= HAL_PORTS - first, "there are no such ports", first);
    return MACHINE_PORT_OWN < first || MACHINE_PORT_OWN >= first + count;
}

static void access_check(const struct port_access *access)
{
    uint32_t size = access->size;

    require(size == 1 || size == 2 || size == 4, "ports have no such size", size);
    require(hal_ports_are_free(access->port, size), "this port is the machine's own", access->port);
}

uint32_t hal_ports_read(const struct port_access *access, uint8_t *bytes, uint32_t count)
{
    uint32_t size = 0;

    access_check(access);
    require(access->mask == 0 || hal_ports_are_free(access->status, 1),
            "this port is the machine's own", access->status);
    for (uint32_t i = 0; i < count; i++) {
        if (access->mask != 0) {
            bytes[size++] = machine.ports[access->status];
            if ((bytes[size - 1] & access->mask) == 0) {
                break;
            }
        }
        memcpy(bytes + size, machine.ports + access->port, access->size);
        size += access->size;
        machine.port_reads++;
    }
    return size;
}

void hal_ports_write(const struct port_access *access, const uint8_t *bytes, uint32_t size)
{
    access_check(access);
    require(size % access->size == 0, "a part of a port is written", size);
    for (uint32_t i = 0; i < size; i += access->size) {
        memcpy(machine.ports + access->port, bytes + i, access->size);
    }
}

void hal_lines_open(uint64_t lines)
{
    machine.open_lines = lines;
}

// --- The world ----------------------------------------------------------------------------------

static void bytes_append(struct machine_bytes *to, const void *bytes, uint32_t size)
{
    to->bytes = realloc(to->bytes, to->size + size + 1);
    require(to->bytes != NULL, "the host has no memory left", size);
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
    to->bytes[to->size] = 0;
}

void hal_console_write(const char *text, uint32_t size)
{
    bytes_append(&machine.console, text, size);
}

void hal_report(const char *format, ...)
{
    char line[256];
    va_list values;
    va_start(values, format);
    int size = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    require(size >= 0 && size < (int)sizeof line, "the kernel's line is too long", (uint64_t)size);
    for (int i = 0; i < size; i++) {
        line[i] = line[i] < ' ' || line[i] > '~' ? '.' : line[i];
    }
    line[size] = '\n';
    hal_console_write(line, (uint32_t)size + 1);
}

void hal_export(const void *bytes, uint32_t size)
{
    bytes_append(&machine.log, bytes, size);
}

void hal_export_syslog(const void *bytes, uint32_t size)
{
    bytes_append(&machine.syslog, bytes, size);
}

static _Noreturn void machine_end(enum machine_end end)
{
    require(in_kernel, "the machine ended outside of the kernel", end);
    machine.end = end;
    machine.running = HAL_NO_THREAD;
    longjmp(end_of_turn, 1);
}

void hal_halt(int32_t code)
{
    machine.code = code;
    machine_end(MACHINE_HALTED);
}

void hal_panic(const char *what, const char *file, uint32_t line)
{
    snprintf(machine.panic_what, sizeof(machine.panic_what), "%s (%s:%u)", what, file, line);
    fprintf(stderr, "machine: panic: %s\n", machine.panic_what);
    machine_end(MACHINE_PANICKED);
}

// --- Boot and inputs ----------------------------------------------------------------------------

void machine_fini(void)
{
    for (uint32_t i = 0; i < MACHINE_SPACES_MAX; i++) {
        free(machine.spaces[i].mappings);
    }
    free(machine.console.bytes);
    free(machine.log.bytes);
    free(machine.syslog.bytes);
    if (hal_frames != NULL) {
        free(kept_frames);
        kept_frames = hal_frames;
        kept_count = frame_count;
    }
    free(frame_is_table);
    hal_frames = NULL;
    frame_is_table = NULL;
    memset(&machine, 0, sizeof(machine));
}

// Memory as a machine finds it: garbage, with the package in the topmost frames.
static void memory_init(const struct machine_options *options)
{
    struct boot *boot = &machine.boot;
    uint64_t size =
        options->package != NULL ? options->package_size : machine_package(options, NULL);
    uint32_t package_frames = (uint32_t)((size + PAGE_SIZE - 1) / PAGE_SIZE);

    frame_count = options->frames == 0 ? FRAMES_DEFAULT : options->frames;
    require(package_frames < frame_count, "the package fills the memory", size);
    if (kept_count == frame_count) {
        hal_frames = kept_frames;
        kept_frames = NULL;
        kept_count = 0;
    } else {
        hal_frames = aligned_alloc(PAGE_SIZE, (size_t)frame_count * PAGE_SIZE);
    }
    frame_is_table = calloc(frame_count, 1);
    require(hal_frames != NULL && frame_is_table != NULL, "the host has no memory left", 0);
    memset(hal_frames, GARBAGE, (size_t)frame_count * PAGE_SIZE);

    *boot = (struct boot){
        .boot_id = options->boot_id == 0 ? 1 : options->boot_id,
        .secret = {3, 5},
        .package_frame = frame_count - package_frames,
        .package_size = size,
        .range_count = 1,
        .ranges = {{0, frame_count - package_frames}},
    };
    memcpy(boot->sizes, options->sizes, sizeof(boot->sizes));
    if (options->hole_count != 0) {
        uint32_t after = options->hole_first + options->hole_count;
        require(after < boot->package_frame, "the hole reaches the package", after);
        boot->range_count = 2;
        boot->ranges[0].count = options->hole_first;
        boot->ranges[1] = (struct frame_range){after, boot->package_frame - after};
    }
    uint8_t *package = hal_frames + (uint64_t)boot->package_frame * PAGE_SIZE;
    if (options->package == NULL) {
        machine_package(options, package);
    } else {
        memcpy(package, options->package, size);
    }
}

bool machine_cpu_enter(uint32_t cpu)
{
    require(cpu < HAL_CPUS_MAX, "no such CPU", cpu);
    if (cpu != machine.cpu) {
        others[machine.cpu] = (struct cpu_state){machine.running, machine.armed_ns};
        machine.running = cpu_has_entered[cpu] ? others[cpu].running : HAL_NO_THREAD;
        machine.armed_ns = cpu_has_entered[cpu] ? others[cpu].armed_ns : UINT64_MAX;
        machine.cpu = cpu;
        machine.kicked &= ~(1U << cpu);
        cpu_has_entered[cpu] = true;
        if (!kernel_enter(machine.kernel, cpu)) {
            machine.running = HAL_NO_THREAD;
        }
    }
    return machine.running != HAL_NO_THREAD;
}

// Each kicked CPU takes a step.
static void kicks_deliver(const struct input *step)
{
    uint32_t self = machine.cpu;

    for (uint32_t cpu = 0; cpu < HAL_CPUS_MAX && machine.end == MACHINE_RUNS; cpu++) {
        if ((machine.kicked >> cpu & 1) != 0) {
            (void)machine_cpu_enter(cpu);
            (void)machine_turn(step);
        }
    }
    if (machine.end == MACHINE_RUNS) {
        (void)machine_cpu_enter(self);
    }
}

// What follows an input until the kernel says who runs.
static void steps_take(struct turn turn)
{
    const struct input step = {.kind = INPUT_STEP, .now_ns = machine.now_ns, .fault = {0}};
    const struct input timer = {.kind = INPUT_TIMER, .now_ns = machine.now_ns, .fault = {0}};

    for (uint32_t steps = 0; machine.end == MACHINE_RUNS && turn.more; steps++) {
        require(steps < STEPS_MAX, "the kernel never ends its work", steps);
        if (machine.interrupts) {
            turn = machine_turn(&timer);
        }
        if (machine.end == MACHINE_RUNS) {
            kicks_deliver(&step);
        }
        if (machine.end == MACHINE_RUNS && turn.more) {
            turn = machine_turn(&step);
        }
    }
    if (machine.end == MACHINE_RUNS && turn.thread != HAL_NO_THREAD) {
        (void)thread_of((uint32_t)turn.thread);
    }
}

int32_t machine_cpu(uint32_t cpu)
{
    (void)machine_cpu_enter(cpu);
    steps_take((struct turn){.thread = HAL_NO_THREAD, .more = true});
    return machine.running;
}

uint32_t machine_cpu_of(uint32_t thread)
{
    for (uint32_t cpu = 0; cpu < HAL_CPUS_MAX; cpu++) {
        int32_t runs = cpu == machine.cpu ? machine.running : others[cpu].running;
        if (cpu_has_entered[cpu] && runs == (int32_t)thread) {
            return cpu;
        }
    }
    return HAL_CPUS_MAX;
}

bool machine_boot(const struct machine_options *options)
{
    machine_fini();
    space_base = options->space_base;
    takes_tables = options->takes_tables;
    machine.armed_ns = UINT64_MAX;
    machine.running = HAL_NO_THREAD;
    memset(machine.ports, 0xff, sizeof(machine.ports));
    memset(cpu_has_entered, 0, sizeof(cpu_has_entered));
    cpu_has_entered[0] = true;
    memory_init(options);
    in_kernel = true;
    if (setjmp(end_of_turn) == 0) {
        const char *refusal =
            package_refusal(hal_frames + (uint64_t)machine.boot.package_frame * PAGE_SIZE,
                            machine.boot.package_size);
        if (refusal != NULL) {
            hal_console_write(refusal, (uint32_t)strlen(refusal));
            hal_halt(1);
        }
        machine.kernel = kernel_boot(&machine.boot);
    }
    in_kernel = false;
    if (machine.end != MACHINE_RUNS) {
        return false;
    }
    steps_take((struct turn){.thread = HAL_NO_THREAD, .more = true});
    return machine.end == MACHINE_RUNS;
}

struct turn machine_turn(const struct input *input)
{
    // Static: it must outlive a longjmp.
    static struct turn turn;

    require(machine.end == MACHINE_RUNS && machine.kernel != NULL, "no machine runs", machine.end);
    turn = (struct turn){.thread = HAL_NO_THREAD, .more = false};
    machine.turns++;
    if (machine_witness != NULL && input->kind == INPUT_ENTER) {
        machine_witness->before((uint32_t)machine.running);
    }
    in_kernel = true;
    if (setjmp(end_of_turn) == 0) {
        turn = kernel_turn(machine.kernel, input);
    }
    in_kernel = false;
    machine.running = turn.thread;
    if (machine_witness != NULL && input->kind == INPUT_ENTER) {
        machine_witness->after();
    }
    return turn;
}

void machine_deed(enum machine_deed_kind kind, uint32_t thread, uint64_t a, uint64_t b,
                  const void *bytes)
{
    if (machine_writer != NULL) {
        machine_writer(&(struct machine_deed){kind, thread, a, b, bytes});
    }
}

// An input of the running thread.
static int32_t input_of_thread(uint32_t thread, struct input *input)
{
    require(machine.running == (int32_t)thread, "this thread does not run", thread);
    thread_of(thread)->has_result = false;
    input->now_ns = machine.now_ns;
    steps_take(machine_turn(input));
    return machine.running;
}

int32_t machine_enter(uint32_t thread, uint64_t min_complete, uint64_t timeout_ns)
{
    struct input input = {.kind = INPUT_ENTER, .fault = {0}};

    machine_deed(MACHINE_ENTER, thread, min_complete, timeout_ns, NULL);
    input.enter.min_complete = min_complete;
    input.enter.timeout_ns = timeout_ns;
    return input_of_thread(thread, &input);
}

int32_t machine_exit(uint32_t thread, int32_t code)
{
    struct input input = {.kind = INPUT_EXIT, .fault = {0}};

    machine_deed(MACHINE_EXIT, thread, (uint32_t)code, 0, NULL);
    input.exit.code = (uint32_t)code;
    return input_of_thread(thread, &input);
}

int32_t machine_fault(uint32_t thread, uint32_t cause, uint64_t address)
{
    struct input input = {.kind = INPUT_FAULT, .fault = {cause, address, LAYOUT_IMAGE}};

    machine_deed(MACHINE_FAULT, thread, cause, address, NULL);
    return input_of_thread(thread, &input);
}

int32_t machine_timer(uint64_t now_ns)
{
    struct input input = {.kind = INPUT_TIMER, .now_ns = now_ns, .fault = {0}};

    machine_deed(MACHINE_TIMER, 0, now_ns, 0, NULL);
    require(now_ns >= machine.now_ns, "time runs backwards", now_ns);
    machine.now_ns = now_ns;
    if (machine.armed_ns <= now_ns) {
        machine.armed_ns = UINT64_MAX;
    }
    steps_take(machine_turn(&input));
    return machine.running;
}

int32_t machine_interrupt(uint64_t lines)
{
    struct input input = {.kind = INPUT_INTERRUPT, .now_ns = machine.now_ns, .fault = {0}};

    machine_deed(MACHINE_INTERRUPT, 0, lines, 0, NULL);
    require((lines & ~machine.open_lines) == 0, "these lines are closed", lines);
    machine.open_lines &= ~lines;
    input.interrupt.lines = lines;
    steps_take(machine_turn(&input));
    return machine.running;
}

// When the next timer comes: at the armed deadline, as the hardware's would.
static uint64_t timer_at(void)
{
    bool is_ahead = machine.armed_ns != UINT64_MAX && machine.armed_ns > machine.now_ns;
    return is_ahead ? machine.armed_ns : machine.now_ns;
}

bool machine_run_until(uint32_t thread)
{
    for (uint32_t i = 0; i < TIMERS_MAX && machine.running != (int32_t)thread; i++) {
        if (machine.end != MACHINE_RUNS || machine_timer(timer_at()) == HAL_NO_THREAD) {
            return false;
        }
    }
    return machine.running == (int32_t)thread;
}

static_assert(MACHINE_THREADS_MAX >= (int)BOOT_THREADS_MAX &&
                  MACHINE_SPACES_MAX >= (int)BOOT_SPACES_MAX,
              "there are arrays for what the kernel makes by itself");

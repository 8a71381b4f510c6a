// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what three programs do: words for their rings, entries with any arguments, writes
// anywhere in their memory, exits, faults, time. The kernel must not stop, no invariant may break,
// and whoever enters gets a result. The first byte chooses the world.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/test/waiting.h"

enum {
    PROGRAMS = 3,
    FRAMES_SMALL = 1792,
    INTERFACE = 0x5000,
    MESSAGE = 64,
    AREA_STEP = 64, // templates put their buffers at multiples of this
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input_bytes {
    const uint8_t *at;
    size_t left;
};

static uint32_t threads[PROGRAMS];
static cap_t server, bell, space;
static struct act_facet client;
static bool has_interrupts;

static uint8_t byte_take(struct input_bytes *input)
{
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->at++;
}

static uint64_t word_take(struct input_bytes *input)
{
    uint64_t word = 0;

    for (uint32_t i = 0; i < 8; i++) {
        word |= (uint64_t)byte_take(input) << (8 * i);
    }
    return word;
}

static void must_run(const char *where)
{
    if (machine.end == MACHINE_PANICKED) {
        fprintf(stderr, "%s: %s\n", where, machine.panic_what);
        abort();
    }
}

static void world_begin(uint8_t choice)
{
    static const char *const programs[] = {"init", "child", "other", NULL};
    struct machine_options options = {.frames = FRAMES_SMALL, .programs = programs};

    options.space_base = (choice & 1) != 0 ? 1ull << 40 : 0;
    options.takes_tables = (choice & 2) != 0;
    if (!machine_boot(&options)) {
        abort();
    }
    threads[0] = (uint32_t)machine.running;
    server = act_endpoint(threads[0], MESSAGE);
    client = act_facet(threads[0], server, 7, INTERFACE, 1);
    bell = act_notification(threads[0]);
    space = act_park_space(threads[0]);
    threads[1] = act_process(threads[0], "it", client.facet);
    threads[2] = act_process(threads[0], "it", server);
    (void)act_give(threads[0], bell, threads[1]);
    (void)act_give(threads[0], space, threads[2]);
    has_interrupts = (choice & 4) != 0;
}

// Whether the thread can act now, and makes it run.
static bool can_act(uint32_t thread)
{
    return machine.end == MACHINE_RUNS && machine.threads[thread].alive &&
           act_core()->threads[thread].state == THREAD_READY && machine_run_until(thread);
}

// Holds that are worth naming: the low ones of the table.
static uint64_t cap_of_byte(uint8_t byte)
{
    const struct core *core = act_core();
    uint32_t index = byte % 64;

    return index >= core->state.arenas[ARENA_HOLDS].fresh
               ? byte
               : cap_of(core->state.holds[index].slot.generation, index).value;
}

// An operation that is mostly well-formed; what a fuzzer could not guess is filled in.
static struct sqe sqe_of(struct input_bytes *input)
{
    uint8_t opcode = byte_take(input);
    uint8_t buffers = byte_take(input);
    struct sqe sqe = {.opcode = opcode % OP_COUNT, .user_data = opcode};

    sqe.method = byte_take(input) % 8;
    sqe.cap = cap_of_byte(byte_take(input));
    sqe.payload = (uint64_t)(buffers & 0xf) * AREA_STEP;
    sqe.payload_len = (uint32_t)(byte_take(input) % 16) * 8;
    sqe.result = ACT_FREE + (uint64_t)(buffers >> 4) * 4 * AREA_STEP;
    sqe.result_len = (uint32_t)byte_take(input) * 4;
    sqe.arg = opcode > 127 ? 1000 : TIMEOUT_NONE;
    sqe.flags = SQE_RING_PAYLOAD | SQE_RING_RESULT;
    if (sqe.opcode == OP_RETURN) {
        const struct request *call = &act_core()->requests[byte_take(input) % 32];
        sqe.arg = (uint64_t)call->generation << 32 | (uint32_t)(call - act_core()->requests);
        sqe.flags = SQE_RING_PAYLOAD | (sqe.method != 0 ? SQE_RETURN_EXCEPTION : 0);
        sqe.cap = sqe.result = sqe.result_len = 0;
    } else if (sqe.opcode == OP_CALL) {
        sqe.transfers = byte_take(input) % 3;
    } else if (sqe.opcode == OP_RECV) {
        sqe.flags = SQE_RING_RESULT;
        sqe.method = 0;
        sqe.payload = sqe.payload_len = 0;
    } else {
        sqe = (struct sqe){.opcode = sqe.opcode, .cap = sqe.opcode == OP_RELEASE ? sqe.cap : 0};
    }
    return sqe;
}

// One that waits for something else than a call, of a word or of bits.
static struct sqe waiting_sqe_of(struct input_bytes *input, uint32_t thread, uint8_t opcode)
{
    uint64_t bits = byte_take(input);
    uint64_t text = hal_space_base(machine.threads[thread].space) + LAYOUT_IMAGE;
    struct sqe sqe = {.opcode = opcode, .user_data = opcode, .arg = bits};

    if (opcode == OP_CANCEL) {
        sqe.arg = act_sq_index(thread) - bits % 32;
        return sqe;
    }
    bool is_bell = opcode == OP_SIGNAL || opcode == OP_WAIT;
    sqe.cap = (bits & 64) != 0 ? cap_of_byte(byte_take(input)) : is_bell ? bell.value : space.value;
    if (!is_bell) {
        sqe.payload = text + bits % 5 * 2;
        sqe.arg = bits % 4;
    }
    if (opcode == OP_PARK && (bits & 8) != 0) {
        uint32_t word = 0;
        machine_read(machine.threads[thread].space, sqe.payload & ~3ull, &word, sizeof(word));
        sqe.arg = word;
    }
    if (opcode == OP_WAIT || opcode == OP_PARK) {
        sqe.arg2 = sqe.flags != 0 || (bits & 16) != 0 ? TIMEOUT_NONE : 1000;
    }
    return sqe;
}

// A message to a kernel object, with a transfer behind it.
static void message_write(struct input_bytes *input, uint32_t thread)
{
    uint64_t words[8];
    uint32_t count = byte_take(input) % 6;

    for (uint32_t i = 0; i < count; i++) {
        words[i] = word_take(input);
    }
    struct transfer transfer = {cap_of_byte(byte_take(input)), TRANSFER_COPY, 0};
    memcpy(&words[count], &transfer, sizeof(transfer));
    machine_message_write(thread, 0, words, count * 8 + (uint32_t)sizeof(transfer));
}

static void submit(struct input_bytes *input, uint32_t thread, bool is_raw)
{
    struct sqe sqe;

    if (is_raw) {
        uint64_t words[8];
        for (uint32_t i = 0; i < 8; i++) {
            words[i] = word_take(input);
        }
        memcpy(&sqe, words, sizeof(sqe));
    } else {
        sqe = sqe_of(input);
        if (sqe.opcode >= OP_SIGNAL && sqe.opcode <= OP_CANCEL) {
            sqe = waiting_sqe_of(input, thread, sqe.opcode);
        }
    }
    (void)machine_submit(thread, &sqe);
}

static void enter(struct input_bytes *input, uint32_t thread)
{
    uint8_t min_complete = byte_take(input);

    // Between turns of one entry only: interrupts at every turn would let nobody get on.
    machine.interrupts = has_interrupts;
    machine_enter(thread, min_complete % 40, min_complete >= 128 ? 100 : 0);
    machine.interrupts = false;
    while (machine.end == MACHINE_RUNS && machine.kernel->core.threads[thread].is_submitting &&
           machine_run_until(thread)) {
        machine_timer(machine.now_ns);
    }
}

// The program's own memory, the ring's indexes among it.
static void scribble(struct input_bytes *input, uint32_t thread)
{
    uint64_t word = word_take(input);
    uint64_t ring = machine_ring(thread);

    machine_write(machine.threads[thread].space, ring + 64 + word % 192, &word, 4);
}

static void reap(uint32_t thread)
{
    struct cqe cqe;

    for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT && machine_reap(thread, &cqe); i++) {
    }
}

static void step(struct input_bytes *input)
{
    uint8_t choice = byte_take(input);
    uint32_t thread = threads[choice % PROGRAMS];

    choice = (uint8_t)(choice / PROGRAMS % 16);
    if (choice == 0) {
        machine_timer(machine.now_ns + byte_take(input));
        return;
    }
    if (!can_act(thread)) {
        return;
    }
    if (choice < 6) {
        submit(input, thread, false);
        enter(input, thread);
    } else if (choice < 8) {
        submit(input, thread, false);
    } else if (choice == 8) {
        submit(input, thread, true);
    } else if (choice < 11) {
        message_write(input, thread);
    } else if (choice == 11) {
        scribble(input, thread);
    } else if (choice < 14) {
        reap(thread);
    } else if (choice == 14 || thread == threads[0]) {
        enter(input, thread);
    } else if ((byte_take(input) & 1) != 0) {
        machine_exit(thread, 7);
    } else {
        bool is_memory = (byte_take(input) & 1) != 0;
        machine_fault(thread, is_memory ? EXIT_FAULT_MEMORY : EXIT_FAULT_MACHINE, word_take(input));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input_bytes input = {data, size};

    world_begin(byte_take(&input));
    while (input.left > 0 && machine.end == MACHINE_RUNS) {
        step(&input);
        must_run("a step");
        if (machine.end == MACHINE_RUNS) {
            core_check(act_core());
        }
    }
    machine_fini();
    return 0;
}

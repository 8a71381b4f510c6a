// SPDX-License-Identifier: Apache-2.0
//
// Acting as programs that map memory and make threads: see memory.h.
#include "kernel/core/test/memory.h"

#include <string.h>

#include "abi/start.h"

static enum status call(uint32_t thread, cap_t cap, uint16_t method,
                        const struct capnp_builder *message, struct act_answer *answer)
{
    act_object(thread, cap, method, message, answer);
    return act_fact(&answer->cqe);
}

// --- Memory -------------------------------------------------------------------------------------

enum status act_memory_fact(uint32_t thread, uint32_t pages, cap_t *memory)
{
    struct capnp_builder message = act_message();
    struct act_answer answer;

    job_make_memory_params_set_pages(job_make_memory_params_build(&message), pages);
    enum status fact = call(thread, act_named(thread, "job"), JOB_MAKE_MEMORY, &message, &answer);
    memory->value =
        job_make_memory_results_get_memory(job_make_memory_results_read(&answer.message)).id;
    return fact;
}

cap_t act_memory(uint32_t thread, uint32_t pages)
{
    cap_t memory;
    enum status fact = act_memory_fact(thread, pages, &memory);

    act_must(fact == STATUS_OK, "no memory object", fact);
    return memory;
}

enum status act_write(uint32_t thread, cap_t memory, uint64_t offset, const void *bytes,
                      uint32_t size)
{
    struct capnp_builder message = act_message();
    struct memory_object_write_params_builder params = memory_object_write_params_build(&message);
    struct act_answer answer;

    memory_object_write_params_set_offset(params, offset);
    memory_object_write_params_set_data(params, (struct capnp_data){bytes, size});
    return call(thread, memory, MEMORY_OBJECT_WRITE, &message, &answer);
}

int32_t act_read(uint32_t thread, cap_t memory, uint64_t offset, void *bytes, uint32_t size)
{
    struct capnp_builder message = act_message();
    struct memory_object_read_params_builder params = memory_object_read_params_build(&message);
    struct act_answer answer;

    memory_object_read_params_set_offset(params, offset);
    memory_object_read_params_set_length(params, size);
    enum status fact = call(thread, memory, MEMORY_OBJECT_READ, &message, &answer);
    struct capnp_data data =
        memory_object_read_results_get_data(memory_object_read_results_read(&answer.message));
    if (fact != STATUS_OK) {
        return -(int32_t)fact;
    }
    memcpy(bytes, data.data, data.size);
    return (int32_t)data.size;
}

enum status act_seal(uint32_t thread, cap_t memory)
{
    struct act_answer answer;

    return call(thread, memory, MEMORY_OBJECT_SEAL, NULL, &answer);
}

// --- Address spaces -----------------------------------------------------------------------------

enum status act_space_fact(uint32_t thread, cap_t builder, cap_t *space, uint64_t *base)
{
    struct act_answer answer;
    enum status fact = call(thread, builder, PROCESS_BUILDER_SPACE, NULL, &answer);

    space->value =
        process_builder_space_results_get_space(process_builder_space_results_read(&answer.message))
            .id;
    *base =
        process_builder_space_results_get_base(process_builder_space_results_read(&answer.message));
    return fact;
}

enum status act_map(uint32_t thread, cap_t space, uint64_t at, uint32_t pages, uint32_t rights,
                    cap_t memory, uint64_t offset)
{
    struct capnp_builder message = act_message();
    struct address_space_map_params_builder params = address_space_map_params_build(&message);
    struct act_answer answer;

    address_space_map_params_set_address(params, at);
    address_space_map_params_set_pages(params, pages);
    address_space_map_params_set_rights(params, rights);
    address_space_map_params_set_memory(params, (struct memory_object){memory.value});
    address_space_map_params_set_offset(params, offset);
    return call(thread, space, ADDRESS_SPACE_MAP, &message, &answer);
}

enum status act_unmap(uint32_t thread, cap_t space, uint64_t at)
{
    struct capnp_builder message = act_message();
    struct address_space_unmap_params_builder params = address_space_unmap_params_build(&message);
    struct act_answer answer;

    address_space_unmap_params_set_address(params, at);
    return call(thread, space, ADDRESS_SPACE_UNMAP, &message, &answer);
}

enum status act_protect(uint32_t thread, cap_t space, uint64_t at, uint32_t rights)
{
    struct capnp_builder message = act_message();
    struct address_space_protect_params_builder params =
        address_space_protect_params_build(&message);
    struct act_answer answer;

    address_space_protect_params_set_address(params, at);
    address_space_protect_params_set_rights(params, rights);
    return call(thread, space, ADDRESS_SPACE_PROTECT, &message, &answer);
}

// --- Threads ------------------------------------------------------------------------------------

enum status act_thread(uint32_t thread, cap_t job, cap_t space, cap_t *made, uint64_t *ring)
{
    struct capnp_builder message = act_message();
    struct job_make_thread_params_builder params = job_make_thread_params_build(&message);
    struct act_answer answer;

    job_make_thread_params_set_space(params, (struct address_space){space.value});
    enum status fact = call(thread, job, JOB_MAKE_THREAD, &message, &answer);
    struct job_make_thread_results_reader results = job_make_thread_results_read(&answer.message);
    made->value = job_make_thread_results_get_thread(results).id;
    *ring = job_make_thread_results_get_ring(results);
    return fact;
}

enum status act_thread_start(uint32_t thread, cap_t made, uint64_t entry, uint64_t stack,
                             uint64_t argument)
{
    struct capnp_builder message = act_message();
    struct thread_start_params_builder params = thread_start_params_build(&message);
    struct act_answer answer;

    thread_start_params_set_entry(params, entry);
    thread_start_params_set_stack(params, stack);
    thread_start_params_set_argument(params, argument);
    return call(thread, made, THREAD_START, &message, &answer);
}

void act_join(uint32_t thread, cap_t made, uint64_t user_data)
{
    struct sqe sqe = act_call(made, THREAD_JOIN, user_data);

    sqe.result = ACT_ANSWER;
    sqe.result_len = ACT_ANSWER_SIZE;
    act_submit(thread, sqe);
}

int32_t act_join_read(uint32_t thread, const struct cqe *cqe)
{
    _Alignas(8) uint8_t bytes[64];
    struct capnp_message message;
    uint32_t size = cqe->status > 0 ? (uint32_t)cqe->status : 0;

    machine_message_read(thread, ACT_ANSWER, bytes, size);
    capnp_message_init(&message, bytes, size, NULL, 0);
    return thread_join_results_get_code(thread_join_results_read(&message));
}

enum status act_control(uint32_t thread, cap_t made, struct act_control to)
{
    struct capnp_builder message = act_message();
    struct thread_control_params_builder params = thread_control_params_build(&message);
    struct act_answer answer;

    thread_control_params_set_fs_base(params, to.fs_base);
    thread_control_params_set_priority(params, to.priority);
    thread_control_params_set_is_suspended(params, to.is_suspended);
    return call(thread, made, THREAD_CONTROL, &message, &answer);
}

struct sqe act_suspend(uint32_t thread, cap_t made)
{
    struct capnp_builder message = act_message();
    struct thread_control_params_builder params = thread_control_params_build(&message);
    struct sqe sqe = act_call(made, THREAD_CONTROL, 7);

    thread_control_params_set_priority(params, PRIORITY_DEFAULT);
    thread_control_params_set_is_suspended(params, true);
    sqe.payload_len = capnp_builder_size(&message);
    machine_message_write(thread, ACT_FREE, message.bytes, sqe.payload_len);
    return sqe;
}

struct sqe act_exit(uint32_t thread, cap_t made, int32_t code)
{
    struct capnp_builder message = act_message();
    struct sqe sqe = act_call(made, THREAD_EXIT, 0);

    thread_exit_params_set_code(thread_exit_params_build(&message), code);
    sqe.payload_len = capnp_builder_size(&message);
    machine_message_write(thread, ACT_FREE, message.bytes, sqe.payload_len);
    return sqe;
}

void act_thread_exit(uint32_t thread, cap_t made, int32_t code)
{
    act_submit(thread, act_exit(thread, made, code));
}

enum status act_fault_endpoint(uint32_t thread, cap_t made, cap_t endpoint)
{
    struct capnp_builder message = act_message();
    struct act_answer answer;

    thread_set_fault_endpoint_params_set_endpoint(thread_set_fault_endpoint_params_build(&message),
                                                  (struct fault_handler){endpoint.value});
    return call(thread, made, THREAD_SET_FAULT_ENDPOINT, &message, &answer);
}

// --- More threads of the first process ----------------------------------------------------------

static uint64_t starts;
static uint32_t start_count;

bool act_threads_boot(void)
{
    static const char *const programs[] = {"init", "child", NULL};

    if (!machine_boot(&(struct machine_options){.programs = programs, .takes_tables = true})) {
        return false;
    }
    uint32_t init = (uint32_t)machine.running;
    starts = LAYOUT_OWN;
    start_count = 0;
    return act_map(init, act_named(init, "space"), starts, 1, RIGHT_READ | RIGHT_WRITE,
                   act_memory(init, 1), 0) == STATUS_OK;
}

uint64_t act_thread_argument(uint64_t ring)
{
    struct start start;
    uint64_t at = starts + start_count++ * sizeof(start);

    act_must(machine_read(0, machine.threads[0].argument, &start, sizeof(start)), "no start page",
             0);
    start.ring = ring;
    act_must(machine_write(0, at, &start, sizeof(start)), "no page for threads", at);
    return at;
}

cap_t act_thread_made(uint64_t *ring)
{
    uint32_t init = (uint32_t)machine.running;
    cap_t made;
    enum status fact =
        act_thread(init, act_named(init, "job"), act_named(init, "space"), &made, ring);

    act_must(fact == STATUS_OK, "no thread", fact);
    return made;
}

cap_t act_thread_started(uint32_t *thread)
{
    uint32_t init = (uint32_t)machine.running;
    uint64_t ring;
    cap_t made = act_thread_made(&ring);
    enum status fact =
        act_thread_start(init, made, ACT_THREAD_ENTRY, ACT_THREAD_STACK, act_thread_argument(ring));

    act_must(fact == STATUS_OK, "the thread does not start", fact);
    *thread = machine.newest_thread;
    return made;
}

// SPDX-License-Identifier: Apache-2.0
//
// See log.h.
#include "runtime/log.h"

#include <string.h>

enum { READ_MAX = 512 }; // bytes that one MemoryObject.read answers at most

bool tsr_log_ask(struct tsr_log *log, struct capnp_exception *exception)
{
    struct capnp_call call;
    struct log_reader_state_results_reader results;
    struct log_reader_state_params_builder params;
    if (!log_reader_state_begin(log->reader, &call, &params, exception)) {
        return false;
    }
    bool is_answered =
        capnp_call_send(&call, exception) && log_reader_state_finish(&call, &results, exception);
    if (is_answered) {
        log->seq = log_reader_state_results_get_seq(results);
        log->first = log_reader_state_results_get_first(results);
        log->page = log_reader_state_results_get_page(results);
        log->sealed = log_reader_state_results_get_sealed(results);
        log->capacity = log_reader_state_results_get_capacity(results);
        log->records = log_reader_state_results_get_records(results);
        is_answered = !capnp_call_refuse_response(&call, exception);
    }
    capnp_call_end(&call);
    if (is_answered && log->capacity == 0) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, "the log has room for no page");
        return false;
    }
    return is_answered;
}

// At most READ_MAX bytes of the logs' memory.
static bool piece_read(const struct tsr_log *log, uint64_t offset, void *to, uint32_t size,
                       struct capnp_exception *exception)
{
    struct capnp_call call;
    struct memory_object_read_params_builder params;
    struct memory_object_read_results_reader results;
    if (!memory_object_read_begin(log->pages, &call, &params, exception)) {
        return false;
    }
    memory_object_read_params_set_offset(params, offset);
    memory_object_read_params_set_length(params, size);
    bool is_answered =
        capnp_call_send(&call, exception) && memory_object_read_finish(&call, &results, exception);
    if (is_answered) {
        struct capnp_data data = memory_object_read_results_get_data(results);
        is_answered = !capnp_call_refuse_response(&call, exception);
        if (is_answered && data.size == size) {
            memcpy(to, data.data, size);
        } else if (is_answered) {
            capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, data.size,
                                "the logs' memory was read in part");
            is_answered = false;
        }
    }
    capnp_call_end(&call);
    return is_answered;
}

static bool memory_read(const struct tsr_log *log, uint64_t offset, void *to, uint32_t size,
                        struct capnp_exception *exception)
{
    bool is_read = true;
    for (uint32_t done = 0; done < size && is_read; done += READ_MAX) {
        uint32_t piece = size - done < READ_MAX ? size - done : READ_MAX;
        is_read = piece_read(log, offset + done, (uint8_t *)to + done, piece, exception);
    }
    return is_read;
}

bool tsr_log_page(const struct tsr_log *log, uint64_t number, struct log_page *page,
                  struct capnp_exception *exception)
{
    return memory_read(log, number % log->capacity * LOG_PAGE_SIZE, page, sizeof(*page), exception);
}

bool tsr_log_records(const struct tsr_log *log, uint64_t number, struct syslog_record *records,
                     uint32_t count, struct capnp_exception *exception)
{
    uint64_t start = (uint64_t)log->capacity * LOG_PAGE_SIZE;
    uint32_t place = (uint32_t)(number % SYSLOG_RECORDS);
    uint32_t first = count < SYSLOG_RECORDS - place ? count : SYSLOG_RECORDS - place;
    uint32_t size = (uint32_t)sizeof(*records);
    return memory_read(log, start + (uint64_t)place * size, records, first * size, exception) &&
           memory_read(log, start, records + first, (count - first) * size, exception);
}

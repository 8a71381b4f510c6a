// SPDX-License-Identifier: Apache-2.0
//
// The questions about a history as a whole: names, rules, pictures, proofs.
#include "lib/sha256/sha256.h"
#include "programs/asker/asker.h"

// Of all that is so in this system, the third isn't, and the fourth is so for a while.
static const char RULES[] =
    "let servers = program(relay)\n"
    "never servers holds LogReader, Job\n"
    "only authorityd or init-min holds LogReader.state\n"
    "never program(chain) reaches Relay.name\n"
    "only init-min holds Timer from 20 to 60\n"
    "always program(asker) holds AuthorityHistory.prove\n";
static const char NOT_RULES[] = "never relay holds Tmier\n";

static void text_put(struct tsr_line *line, struct capnp_text text)
{
    tsr_line_text(line, " ");
    tsr_line_bytes(line, text.size == 0 ? "-" : text.data, text.size == 0 ? 1 : text.size);
}

static void names_ask(uint64_t process, uint64_t object)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct authority_history_names_params_builder params;
    struct authority_history_names_results_reader results;
    struct tsr_line line = line_begin("names");
    if (!authority_history_names_begin(asker.history, &call, &params, &exception)) {
        fail("names", &exception);
    }
    authority_history_names_params_set_process(params, process);
    authority_history_names_params_set_object(params, object);
    authority_history_names_params_set_interface(params, AUTHORITY_HISTORY_INTERFACE_ID);
    authority_history_names_params_set_method(params, AUTHORITY_HISTORY_NAMES);
    authority_history_names_params_set_at(params, asker.seq);
    bool is_answered = capnp_call_send(&call, &exception) &&
                       authority_history_names_finish(&call, &results, &exception);
    if (is_answered) {
        number_put(&line, process);
        number_put(&line, object);
        text_put(&line, authority_history_names_results_get_program(results));
        text_put(&line, authority_history_names_results_get_endpoint(results));
        text_put(&line, authority_history_names_results_get_interface(results));
        text_put(&line, authority_history_names_results_get_method(results));
        line_put(&line);
    }
    call_end(&call, is_answered, false, "names", &exception);
}

static void named_ask(const char *program)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct authority_history_named_params_builder params;
    struct authority_history_named_results_reader results;
    if (!authority_history_named_begin(asker.history, &call, &params, &exception)) {
        fail("named", &exception);
    }
    authority_history_named_params_set_program(params, tsr_text_of(program));
    authority_history_named_params_set_at(params, asker.seq);
    if (!capnp_call_send(&call, &exception) ||
        !authority_history_named_finish(&call, &results, &exception)) {
        refused_tell(program, &exception);
        capnp_call_end(&call);
        return;
    }
    struct authority_process_reader_list list =
        authority_history_named_results_get_processes(results);
    for (uint32_t i = 0; i < list.l.count; i++) {
        struct tsr_line line = line_begin("named");
        number_put(&line, authority_process_get_process(authority_process_reader_at(list, i)));
        line_put(&line);
    }
    call_end(&call, true, false, "named", &exception);
}

static void verdict_tell(struct authority_verdict_reader verdict)
{
    struct tsr_line line = line_begin("verdict");
    const uint64_t numbers[] = {
        authority_verdict_get_line(verdict),    authority_verdict_get_states(verdict),
        authority_verdict_get_first(verdict),   authority_verdict_get_last(verdict),
        authority_verdict_get_process(verdict), authority_verdict_get_cap(verdict)};
    numbers_put(&line, numbers, sizeof numbers / sizeof *numbers);
    text_put(&line, authority_verdict_get_program(verdict));
    line_put(&line);
}

// Rules that can't be read are told with their place. False: the question was refused.
static bool assert_ask(const char *rules)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct authority_history_assert_params_builder params;
    struct authority_history_assert_results_reader results;
    if (!authority_history_assert_begin(asker.history, &call, &params, &exception)) {
        fail("assert", &exception);
    }
    authority_history_assert_params_set_rules(params, tsr_text_of(rules));
    if (!capnp_call_send(&call, &exception) ||
        !authority_history_assert_finish(&call, &results, &exception)) {
        refused_tell("assert", &exception);
        capnp_call_end(&call);
        return false;
    }
    struct tsr_line line = line_begin("assert");
    number_put(&line, authority_history_assert_results_get_seq(results));
    number_put(&line, authority_history_assert_results_get_states(results));
    number_put(&line, authority_history_assert_results_get_line(results));
    number_put(&line, authority_history_assert_results_get_column(results));
    text_put(&line, authority_history_assert_results_get_error(results));
    line_put(&line);
    struct authority_verdict_reader_list list =
        authority_history_assert_results_get_verdicts(results);
    for (uint32_t i = 0; i < list.l.count; i++) {
        verdict_tell(authority_verdict_reader_at(list, i));
    }
    call_end(&call, true, false, "assert", &exception);
    return true;
}

static void element_tell(struct authority_element_reader element)
{
    struct tsr_line line = line_begin("graph");
    const uint64_t numbers[] = {
        authority_element_get_kind(element),       authority_element_get_works(element),
        authority_element_get_is_revoker(element), authority_element_get_process(element),
        authority_element_get_object(element),     authority_element_get_cap(element),
        authority_element_get_interface(element),  authority_element_get_methods(element)};
    numbers_put(&line, numbers, sizeof numbers / sizeof *numbers);
    text_put(&line, authority_element_get_name(element));
    line_put(&line);
}

static void graph_ask(void)
{
    bool has_more = true;
    for (uint32_t skip = 0; has_more;) {
        struct capnp_call call;
        struct capnp_exception exception;
        struct authority_history_graph_params_builder params;
        struct authority_history_graph_results_reader results;
        if (!authority_history_graph_begin(asker.history, &call, &params, &exception)) {
            fail("graph", &exception);
        }
        authority_history_graph_params_set_at(params, asker.seq);
        authority_history_graph_params_set_skip(params, skip);
        bool is_answered = capnp_call_send(&call, &exception) &&
                           authority_history_graph_finish(&call, &results, &exception);
        has_more = is_answered && authority_history_graph_results_get_more(results);
        struct authority_element_reader_list list = {0};
        if (is_answered) {
            list = authority_history_graph_results_get_elements(results);
        }
        for (uint32_t i = 0; i < list.l.count; i++, skip++) {
            element_tell(authority_element_reader_at(list, i));
        }
        has_more = call_end(&call, is_answered, has_more, "graph", &exception);
    }
}

// What is known of a proof while it is fetched, piece by piece.
struct proof {
    uint8_t kind;
    uint64_t process, object;
    uint64_t seq, begins, pages, size, offset;
    struct sha256 sum;
};

// False: it was refused.
static bool piece_ask(struct proof *proof)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct authority_history_prove_params_builder params;
    struct authority_history_prove_results_reader results;
    if (!authority_history_prove_begin(asker.history, &call, &params, &exception)) {
        fail("prove", &exception);
    }
    authority_history_prove_params_set_kind(params, proof->kind);
    authority_history_prove_params_set_process(params, proof->process);
    authority_history_prove_params_set_object(params, proof->object);
    authority_history_prove_params_set_at(params, proof->seq);
    authority_history_prove_params_set_begins(params, proof->begins);
    authority_history_prove_params_set_pages(params, proof->pages);
    authority_history_prove_params_set_offset(params, proof->offset);
    if (!capnp_call_send(&call, &exception) ||
        !authority_history_prove_finish(&call, &results, &exception)) {
        refused_tell("prove", &exception);
        capnp_call_end(&call);
        return false;
    }
    struct capnp_data data = authority_history_prove_results_get_data(results);
    sha256_update(&proof->sum, data.data, data.size);
    proof->seq = authority_history_prove_results_get_seq(results);
    proof->begins = authority_history_prove_results_get_begins(results);
    proof->pages = authority_history_prove_results_get_pages(results);
    proof->size = authority_history_prove_results_get_size(results);
    proof->offset += data.size;
    call_end(&call, true, false, "prove", &exception);
    return data.size != 0;
}

static void prove_ask(uint8_t kind, uint64_t process, uint64_t object)
{
    struct proof proof = {
        .kind = kind, .process = process, .object = object, .seq = asker.seq, .size = 1};
    uint64_t hash[SHA256_SIZE / sizeof(uint64_t)];
    sha256_init(&proof.sum);
    while (proof.offset < proof.size) {
        if (!piece_ask(&proof)) {
            return;
        }
    }
    sha256_final(&proof.sum, (uint8_t *)hash);
    struct tsr_line line = line_begin("prove");
    const uint64_t numbers[] = {kind,    process, object,  proof.pages, proof.size,
                                hash[0], hash[1], hash[2], hash[3]};
    numbers_put(&line, numbers, sizeof numbers / sizeof *numbers);
    line_put(&line);
}

void report_show(void)
{
    assert_ask(RULES);
    assert_ask(NOT_RULES);
    graph_ask();
    for (uint8_t kind = 0; kind < 4; kind++) {
        prove_ask(kind, asker.processes[0], asker.objects[1]);
    }
}

void names_show(void)
{
    for (uint32_t i = 0; i < asker.process_count; i++) {
        names_ask(asker.processes[i], 0);
    }
    for (uint32_t i = 0; i < asker.object_count; i++) {
        names_ask(0, asker.objects[i]);
    }
    named_ask("relay");
    named_ask("rleay");
}

void report_own_show(void)
{
    graph_ask();
    named_ask("relay");
    assert_ask(RULES);
    prove_ask(0, asker.processes[0], asker.objects[0]);
}

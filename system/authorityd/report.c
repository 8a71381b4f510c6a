// SPDX-License-Identifier: Apache-2.0
//
// What is said of a history as a whole: names, rules that hold in every state or not, the picture
// of a moment, and proofs. What is made of the logs is lib/authority's; what rules mean is in
// docs/authority.md, and what a proof is in abi/proof.h.
#include <string.h>

#include "abi/ids.h"
#include "lib/authority/interface.h"
#include "lib/authority/proof.h"
#include "lib/sha256/sha256.h"
#include "system/authorityd/question.h"

enum {
    NAMED_ROWS_MAX = 8,          // of an answer whose rows have names
    JUDGE_SIZE = 192 << 10,      // bytes: of the kernel's largest configuration
    PROOF_ANSWER_MAX = 64 << 10, // bytes
    PIECE_MAX = 512,
};

enum element { ELEMENT_PROCESS, ELEMENT_OBJECT, ELEMENT_HOLD };

// Whether the asker's job is the root.
static bool sees_all(const struct question *question)
{
    uint32_t job = question->view.job;

    return job != LIFE_NONE && authority_id(question->index, ARENA_JOBS, job).index == 0;
}

// Rules and proofs are about everybody.
static bool all_is_seen(const struct question *question, struct capnp_exception *exception)
{
    return sees_all(question) ||
           refuse(exception, "it speaks of everybody: only who may see all is answered");
}

// --- Names --------------------------------------------------------------------------------------

bool serve_names(void *self, struct authority_history_names_params_reader params,
                 struct authority_history_names_results_builder results,
                 struct capnp_exception *exception)
{
    struct question question;
    uint32_t life;
    uint64_t process = authority_history_names_params_get_process(params);
    uint64_t object = authority_history_names_params_get_object(params);
    uint64_t interface = authority_history_names_params_get_interface(params);
    const char *method = method_name(interface, authority_history_names_params_get_method(params));
    const char *name = interface_name(interface);

    if (!question_begin(&question, self, 0, exception) ||
        !moment_find(&question, authority_history_names_params_get_at(params),
                     authority_history_names_params_get_is_time(params), exception))
        return false;
    struct authority_package package = authorityd_package(question.authorityd);
    if (process != 0) {
        if (!process_find(&question, process, &life, exception))
            return false;
        authority_history_names_results_set_program(
            results, authorityd_program(&package, question.authorityd, life));
    }
    if (object != 0) {
        if (!object_find(&question, object, &life, exception))
            return false;
        authority_history_names_results_set_endpoint(results, authorityd_endpoint(&package, life));
    }
    authority_history_names_results_set_seq(results, authority_seq(question.index, question.at.at));
    authority_history_names_results_set_interface(results, tsr_text_of(name == NULL ? "" : name));
    authority_history_names_results_set_method(results, tsr_text_of(method == NULL ? "" : method));
    return true;
}

static bool is_text(struct capnp_text text, const char *word, size_t size)
{
    return text.size == size && memcmp(text.data, word, size) == 0;
}

static bool program_is_known(const void *context, const char *name, size_t size)
{
    const struct authority_package *package = context;
    const char *known;

    for (uint32_t i = 0; (known = authority_program_at(package, i)) != NULL; i++) {
        if (is_text(tsr_text_of(known), name, size))
            return true;
    }
    return false;
}

bool serve_named(void *self, struct authority_history_named_params_reader params,
                 struct authority_history_named_results_builder results,
                 struct capnp_exception *exception)
{
    struct question question;
    struct capnp_text name = authority_history_named_params_get_program(params);

    if (!question_begin(&question, self, authority_history_named_params_get_skip(params),
                        exception) ||
        !moment_find(&question, authority_history_named_params_get_at(params),
                     authority_history_named_params_get_is_time(params), exception))
        return false;
    const struct authority_index *index = question.index;
    struct authority_package package = authorityd_package(question.authorityd);
    if (!program_is_known(&package, name.data, name.size))
        return refuse(exception, "the boot package, if it was granted, has no such program");
    for (uint32_t slot = 0; slot < index->config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, question.at.at);
        if (process != LIFE_NONE && authority_sees_process(&question.view, process) &&
            authority_stage_of(index, process, question.at.at) != STAGE_ABSENT &&
            is_text(authorityd_program(&package, question.authorityd, process), name.data,
                    name.size))
            row_put(&question, process, 0);
    }
    authority_history_named_results_set_seq(results, authority_seq(index, question.at.at));
    authority_history_named_results_set_more(results, question.has_more);
    struct authority_process_builder_list list =
        authority_history_named_results_init_processes(results, question.count);
    for (uint32_t i = 0; i < question.count; i++)
        process_fill(&question, authority_process_builder_at(list, i), question.rows[i].life);
    return true;
}

// --- Rules --------------------------------------------------------------------------------------

// Where the judge is, for the names of programs.
struct judging {
    const struct authorityd *authorityd;
    struct authority_package package;
    uint32_t at;
};

static const char *program_now(void *context, uint32_t slot)
{
    const struct judging *judging = context;
    const struct authority_index *index = &judging->authorityd->window.index;
    uint32_t process = authority_life(index, ARENA_PROCESSES, slot, judging->at);

    return process == LIFE_NONE ? NULL : authority_program(&judging->package, index, process);
}

// False where they can't be judged at all: what is wrong with them is in the results.
static bool rules_read(struct rules *rules, const struct judging *judging, struct capnp_text text,
                       struct authority_history_assert_results_builder results)
{
    static struct rule_error error;
    struct rule_names names = {.interface = interface_find,
                               .method = method_find,
                               .program = program_is_known,
                               .context = &judging->package};

    if (!rules_parse(rules, text.data, text.size, &names, &error)) {
        authority_history_assert_results_set_line(results, error.line);
        authority_history_assert_results_set_column(results, error.column);
        authority_history_assert_results_set_error(results, tsr_text_of(error.message));
        return false;
    }
    return true;
}

static void verdict_fill(const struct question *question, const struct judging *judging,
                         struct authority_verdict_builder row, const struct rule *rule,
                         const struct rule_verdict *verdict)
{
    const struct authority_index *index = question->index;
    struct commit_id process = verdict->process_id, hold = verdict->hold_id;
    uint32_t at;

    authority_verdict_set_line(row, rule->line);
    authority_verdict_set_states(row, verdict->states);
    if (verdict->states == 0)
        return;
    authority_verdict_set_first(row, verdict->first);
    authority_verdict_set_last(row, verdict->last);
    authority_verdict_set_process(row, cap_of(process.generation, process.index).value);
    if (verdict->hold != NONE)
        authority_verdict_set_cap(row, cap_of(hold.generation, hold.index).value);
    uint32_t life = authority_at_of(index, verdict->first, &at)
                        ? authority_life(index, ARENA_PROCESSES, verdict->process, at)
                        : LIFE_NONE;
    if (life != LIFE_NONE)
        authority_verdict_set_program(
            row, authorityd_program(&judging->package, judging->authorityd, life));
}

bool serve_assert(void *self, struct authority_history_assert_params_reader params,
                  struct authority_history_assert_results_builder results,
                  struct capnp_exception *exception)
{
    static struct rules rules;
    static struct authority_judge judge;
    static _Alignas(8) uint8_t storage[JUDGE_SIZE];
    struct question question;

    if (!question_begin(&question, self, authority_history_assert_params_get_skip(params),
                        exception) ||
        !all_is_seen(&question, exception))
        return false;
    const struct authority_index *index = question.index;
    struct judging judging = {.authorityd = self, .package = authorityd_package(self)};
    if (authority_judge_size(&index->config) > sizeof(storage))
        return refuse(exception, "the machine holds more than this service can judge");
    authority_history_assert_results_set_seq(results, authority_seq(index, index->count));
    authority_history_assert_results_set_begins(results, index->base_seq);
    if (!rules_read(&rules, &judging, authority_history_assert_params_get_rules(params), results))
        return true;
    authority_window_judge(&question.authorityd->window, &judge, &rules, program_now, &judging,
                           &judging.at, storage);
    question.rows_max = NAMED_ROWS_MAX;
    for (uint32_t r = 0; r < rules.count; r++)
        row_put(&question, r, 0);
    authority_history_assert_results_set_states(results, index->count - index->base_count +
                                                             (index->base_count != 0));
    authority_history_assert_results_set_more(results, question.has_more);
    struct authority_verdict_builder_list list =
        authority_history_assert_results_init_verdicts(results, question.count);
    for (uint32_t i = 0; i < question.count; i++)
        verdict_fill(&question, &judging, authority_verdict_builder_at(list, i),
                     &rules.rules[question.rows[i].life], &judge.verdicts[question.rows[i].life]);
    return true;
}

// --- The picture --------------------------------------------------------------------------------

// Who sees all sees what nobody ever held, too.
static bool object_is_seen(const struct question *question, uint32_t object)
{
    return sees_all(question) || authority_sees_object(&question->view, object, question->at.at);
}

static void elements_collect(struct question *question)
{
    const struct authority_index *index = question->index;
    uint32_t at = question->at.at;

    for (uint32_t life = 0; life < at; life++) {
        uint16_t kind = authority_commit(index, life)->kind;
        if (kind == COMMIT_PROCESS_CREATE) {
            if (authority_stage_of(index, life, at) != STAGE_ABSENT &&
                authority_sees_process(&question->view, life))
                row_put(question, life, ELEMENT_PROCESS);
        } else if (kind == COMMIT_OBJECT_CREATE) {
            if (life_is_there(index, life, at) && object_is_seen(question, life))
                row_put(question, life, ELEMENT_OBJECT);
        } else if (authority_is_hold(index, life) && authority_hold_counts(index, life, at) &&
                   authority_sees_hold(&question->view, life)) {
            row_put(question, life, ELEMENT_HOLD);
        }
    }
}

static void element_fill(const struct question *question, const struct authority_package *package,
                         struct authority_element_builder row, const struct row *what)
{
    const struct authority_index *index = question->index;
    struct authority_hold hold;

    authority_element_set_kind(row, (uint8_t)what->extra);
    switch ((enum element)what->extra) {
    case ELEMENT_PROCESS:
        authority_element_set_process(row, id_of(question, ARENA_PROCESSES, what->life));
        authority_element_set_name(row,
                                   authorityd_program(package, question->authorityd, what->life));
        break;
    case ELEMENT_OBJECT:
        authority_element_set_object(row, id_of(question, ARENA_OBJECTS, what->life));
        authority_element_set_interface(row, authority_interface(index, what->life));
        authority_element_set_name(row, authorityd_endpoint(package, what->life));
        break;
    case ELEMENT_HOLD:
        authority_hold_of(index, what->life, &hold);
        authority_element_set_works(row, authority_hold_use(index, what->life, question->at) ==
                                             USE_WORKS);
        authority_element_set_is_revoker(row, hold.is_revoker);
        authority_element_set_process(row, id_of(question, ARENA_PROCESSES, hold.process));
        authority_element_set_object(row, id_of(question, ARENA_OBJECTS, hold.object));
        authority_element_set_cap(row, cap_of(hold.id.generation, hold.id.index).value);
        authority_element_set_interface(row, authority_interface(index, hold.facet));
        authority_element_set_methods(row, authority_methods(index, hold.facet));
        break;
    }
}

bool serve_graph(void *self, struct authority_history_graph_params_reader params,
                 struct authority_history_graph_results_builder results,
                 struct capnp_exception *exception)
{
    struct question question;

    if (!question_begin(&question, self, authority_history_graph_params_get_skip(params),
                        exception) ||
        !moment_find(&question, authority_history_graph_params_get_at(params),
                     authority_history_graph_params_get_is_time(params), exception))
        return false;
    struct authority_package package = authorityd_package(question.authorityd);
    question.rows_max = NAMED_ROWS_MAX;
    elements_collect(&question);
    authority_history_graph_results_set_seq(results, authority_seq(question.index, question.at.at));
    authority_history_graph_results_set_more(results, question.has_more);
    struct authority_element_builder_list list =
        authority_history_graph_results_init_elements(results, question.count);
    for (uint32_t i = 0; i < question.count; i++)
        element_fill(&question, &package, authority_element_builder_at(list, i), &question.rows[i]);
    return true;
}

// --- Proofs -------------------------------------------------------------------------------------

enum part_name { PART_HEADER, PART_QUESTION, PART_ANSWER, PART_CHECKPOINT, PART_PAGES, PART_HASH };

enum { PART_COUNT = PART_HASH + 1 };

struct part {
    const void *bytes;
    uint64_t size;
};

struct bundle {
    struct bundle_header header;
    char question[QUESTION_MAX];
    char answer[PROOF_ANSWER_MAX];
    uint8_t hash[HASH_SIZE];
    struct part parts[PART_COUNT];
    uint64_t size;
};

static bool proof_read(const struct question *question, struct authority_proof *proof,
                       struct authority_history_prove_params_reader params,
                       struct capnp_exception *exception)
{
    uint8_t kind = authority_history_prove_params_get_kind(params);

    if (kind >= PROOF_KIND_COUNT)
        return refuse(exception, "what can be proved is: who, holds, path, at");
    *proof = (struct authority_proof){.index = question->index,
                                      .at = question->at,
                                      .kind = kind,
                                      .process = LIFE_NONE,
                                      .object = LIFE_NONE};
    return (!authority_proof_has_process(kind) ||
            process_find(question, authority_history_prove_params_get_process(params),
                         &proof->process, exception)) &&
           (!authority_proof_has_object(kind) ||
            object_find(question, authority_history_prove_params_get_object(params), &proof->object,
                        exception));
}

// How many pages it is of. False: those that were spoken of are not there any more.
static bool pages_find(const struct question *question,
                       struct authority_history_prove_params_reader params, uint64_t *pages,
                       struct capnp_exception *exception)
{
    const struct authority_window *window = &question->authorityd->window;
    uint64_t begins = authority_history_prove_params_get_begins(params);

    *pages = authority_history_prove_params_get_pages(params);
    if (*pages != 0)
        return (*pages <= window->page_count && begins == question->index->base_seq) ||
               refuse(exception, "the history begins later by now: begin the proof again");
    *pages = window->page_count;
    return *pages != 0 || refuse(exception, "there is no page yet to prove anything by");
}

static void bundle_make(struct bundle *bundle, const struct authority_proof *proof,
                        const struct authority_window *window, uint64_t pages)
{
    struct authority_text question = {.bytes = bundle->question, .room = QUESTION_MAX};
    struct authority_text answer = {.bytes = bundle->answer, .room = PROOF_ANSWER_MAX};

    authority_proof_question(proof, &question);
    authority_proof_answer(proof, &answer);
    bundle->header = (struct bundle_header){.magic = BUNDLE_MAGIC,
                                            .version = BUNDLE_VERSION,
                                            .question_size = (uint32_t)question.size,
                                            .answer_size = answer.size,
                                            .page_count = pages,
                                            .seq = authority_seq(proof->index, proof->at.at),
                                            .checkpoint_size = window->checkpoint_size,
                                            .time_ns = proof->at.now_ns,
                                            .boot_id = window->replay.boot_id};
    sha256_of(&window->pages[pages - 1], LOG_PAGE_SIZE, bundle->header.head);
    const struct part parts[PART_COUNT] = {
        [PART_HEADER] = {&bundle->header, sizeof(bundle->header)},
        [PART_QUESTION] = {bundle->question, question.size},
        [PART_ANSWER] = {bundle->answer, answer.size},
        [PART_CHECKPOINT] = {window->checkpoint, window->checkpoint_size},
        [PART_PAGES] = {window->pages, pages * LOG_PAGE_SIZE},
        [PART_HASH] = {bundle->hash, HASH_SIZE}};
    memcpy(bundle->parts, parts, sizeof(parts));
    bundle->size = 0;
    for (uint32_t i = 0; i < PART_COUNT; i++)
        bundle->size += parts[i].size;
}

// The hash of all before it: only for a piece that has some of it.
static void bundle_hash(struct bundle *bundle)
{
    struct sha256 sum;

    sha256_init(&sum);
    for (uint32_t i = 0; i < PART_HASH; i++)
        sha256_update(&sum, bundle->parts[i].bytes, bundle->parts[i].size);
    sha256_final(&sum, bundle->hash);
}

static struct capnp_data piece_of(const struct bundle *bundle, uint64_t offset, uint8_t *bytes)
{
    uint32_t size = 0;

    for (uint32_t i = 0; i < PART_COUNT && size < PIECE_MAX; i++) {
        const struct part *part = &bundle->parts[i];
        if (offset < part->size) {
            uint64_t left = part->size - offset;
            uint32_t taken = left < PIECE_MAX - size ? (uint32_t)left : PIECE_MAX - size;
            memcpy(bytes + size, (const uint8_t *)part->bytes + offset, taken);
            size += taken;
            offset += taken;
        }
        offset -= offset < part->size ? offset : part->size;
    }
    return (struct capnp_data){bytes, size};
}

bool serve_prove(void *self, struct authority_history_prove_params_reader params,
                 struct authority_history_prove_results_builder results,
                 struct capnp_exception *exception)
{
    static struct bundle bundle;
    static uint8_t piece[PIECE_MAX];
    struct question question;
    struct authority_proof proof;
    uint64_t pages;
    uint64_t offset = authority_history_prove_params_get_offset(params);

    if (!question_begin(&question, self, 0, exception) || !all_is_seen(&question, exception) ||
        !moment_find(&question, authority_history_prove_params_get_at(params),
                     authority_history_prove_params_get_is_time(params), exception) ||
        !pages_find(&question, params, &pages, exception) ||
        !proof_read(&question, &proof, params, exception))
        return false;
    bundle_make(&bundle, &proof, &question.authorityd->window, pages);
    if (bundle.header.answer_size > PROOF_ANSWER_MAX)
        return refuse(exception, "the answer is longer than this service can prove");
    if (offset + PIECE_MAX > bundle.size - HASH_SIZE)
        bundle_hash(&bundle);
    authority_history_prove_results_set_seq(results, bundle.header.seq);
    authority_history_prove_results_set_begins(results, question.index->base_seq);
    authority_history_prove_results_set_pages(results, pages);
    authority_history_prove_results_set_size(results, bundle.size);
    authority_history_prove_results_set_data(results, piece_of(&bundle, offset, piece));
    return true;
}

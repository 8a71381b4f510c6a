// SPDX-License-Identifier: Apache-2.0
//
// One question, as the files that answer share it: who asks, about which moment, and what is
// collected for the answer.
#ifndef SYSTEM_AUTHORITYD_QUESTION_H
#define SYSTEM_AUTHORITYD_QUESTION_H

#include "lib/authority/view.h"
#include "system/authorityd/authorityd.h"

#include "schema/authority.capnp.h"

enum {
    ROWS_MAX = 12, // of one answer: they fit a slot of the ring
};

struct row {
    uint32_t life;
    uint32_t extra; // which path; enum change
};

struct question {
    struct authorityd *authorityd;
    const struct authority_index *index;
    struct authority_view view;
    struct authority_at at;
    uint32_t skip;
    uint32_t rows_max;
    struct row rows[ROWS_MAX];
    uint32_t count;
    bool has_more;
};

// Always false, with the exception filled in.
bool refuse(struct capnp_exception *exception, const char *why);

// The question begins about the newest moment. False: nothing can be asked.
bool question_begin(struct question *question, struct authorityd *authorityd, uint32_t skip,
                    struct capnp_exception *exception);
bool moment_find(struct question *question, uint64_t value, bool is_time,
                 struct capnp_exception *exception);
// What an id names at the question's moment, if the asker sees it. What is not to be seen is
// refused as what is not there.
bool process_find(const struct question *question, uint64_t id, uint32_t *process,
                  struct capnp_exception *exception);
bool object_find(const struct question *question, uint64_t id, uint32_t *object,
                 struct capnp_exception *exception);

void row_put(struct question *question, uint32_t life, uint32_t extra);
// The id of what lived, 0 of nothing.
uint64_t id_of(const struct question *question, uint32_t arena, uint32_t life);
void process_fill(const struct question *question, struct authority_process_builder row,
                  uint32_t process);

// report.c: what is said of a whole history.
bool serve_names(void *self, struct authority_history_names_params_reader params,
                 struct authority_history_names_results_builder results,
                 struct capnp_exception *exception);
bool serve_named(void *self, struct authority_history_named_params_reader params,
                 struct authority_history_named_results_builder results,
                 struct capnp_exception *exception);
bool serve_assert(void *self, struct authority_history_assert_params_reader params,
                  struct authority_history_assert_results_builder results,
                  struct capnp_exception *exception);
bool serve_graph(void *self, struct authority_history_graph_params_reader params,
                 struct authority_history_graph_results_builder results,
                 struct capnp_exception *exception);
bool serve_prove(void *self, struct authority_history_prove_params_reader params,
                 struct authority_history_prove_results_builder results,
                 struct capnp_exception *exception);

#endif

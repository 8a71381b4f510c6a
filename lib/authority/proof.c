// SPDX-License-Identifier: Apache-2.0
//
// See proof.h.
#include "lib/authority/proof.h"

#include <string.h>

#include "abi/ids.h"

static const struct {
    const char *verb;
    bool has_process, has_object;
} kinds[PROOF_KIND_COUNT] = {[PROOF_WHO] = {"who", false, true},
                             [PROOF_HOLDS] = {"holds", true, false},
                             [PROOF_PATH] = {"path", true, true},
                             [PROOF_AT] = {"at", false, false}};

static const char *const uses[USE_COUNT] = {[USE_WORKS] = "works",
                                            [USE_REVOKED] = "revoked",
                                            [USE_EXPIRED] = "expired",
                                            [USE_SESSION] = "session-over"};

static const char *const hows[] = {[HOW_GENESIS] = "genesis",
                                   [HOW_GRANT] = "grant",
                                   [HOW_CALL] = "call",
                                   [HOW_RETURN] = "return",
                                   [HOW_MINT] = "mint"};

const char *authority_proof_verb(enum authority_proof_kind kind)
{
    return kinds[kind].verb;
}

bool authority_proof_has_process(enum authority_proof_kind kind)
{
    return kinds[kind].has_process;
}

bool authority_proof_has_object(enum authority_proof_kind kind)
{
    return kinds[kind].has_object;
}

// --- Texts --------------------------------------------------------------------------------------

static void word_put(struct authority_text *text, const char *word)
{
    uint64_t size = strlen(word);
    uint64_t left = text->size < text->room ? text->room - text->size : 0;

    if (left != 0)
        memcpy(text->bytes + text->size, word, (size_t)(size < left ? size : left));
    text->size += size;
}

static void number_put(struct authority_text *text, uint64_t number, uint32_t base)
{
    char digits[24];
    char *at = digits + sizeof(digits);

    *--at = '\0';
    do
        *--at = "0123456789abcdef"[number % base];
    while ((number /= base) != 0);
    word_put(text, at);
}

static void decimal_put(struct authority_text *text, const char *name, uint64_t number)
{
    word_put(text, name);
    number_put(text, number, 10);
}

static void hex_put(struct authority_text *text, const char *name, uint64_t number)
{
    word_put(text, name);
    word_put(text, "0x");
    number_put(text, number, 16);
}

static void id_put(struct authority_text *text, const char *name,
                   const struct authority_index *index, uint32_t arena, uint32_t life)
{
    struct commit_id id = authority_id(index, arena, life);

    decimal_put(text, name, id.index);
    decimal_put(text, ".", id.generation);
}

static void cap_put(struct authority_text *text, struct commit_id id)
{
    hex_put(text, " cap ", cap_of(id.generation, id.index).value);
}

static void how_put(struct authority_text *text, uint32_t how)
{
    word_put(text, " how ");
    word_put(text, how <= HOW_MINT ? hows[how] : "unknown");
}

// --- Lines --------------------------------------------------------------------------------------

static void hold_put(const struct authority_proof *proof, uint32_t life,
                     struct authority_text *text)
{
    const struct authority_index *index = proof->index;
    struct authority_hold hold;

    authority_hold_of(index, life, &hold);
    id_put(text, "process ", index, ARENA_PROCESSES, hold.process);
    cap_put(text, hold.id);
    hex_put(text, " interface ", authority_interface(index, hold.facet));
    hex_put(text, " methods ", authority_methods(index, hold.facet));
    id_put(text, " facet ", index, ARENA_FACETS, hold.facet);
    id_put(text, " object ", index, ARENA_OBJECTS, hold.object);
    decimal_put(text, " since ", authority_seq(index, life));
    how_put(text, hold.how);
    word_put(text, " use ");
    word_put(text, uses[authority_hold_use(index, life, proof->at)]);
    word_put(text, hold.is_revoker ? " revoker\n" : "\n");
}

static void step_put(const struct authority_proof *proof, uint32_t life,
                     const struct authority_hold *hold, struct authority_text *text)
{
    const struct authority_index *index = proof->index;
    uint32_t session = authority_acted_for(index, hold);

    decimal_put(text, "step since ", authority_seq(index, life));
    decimal_put(text, " time ", authority_commit(index, life)->time_ns);
    id_put(text, " process ", index, ARENA_PROCESSES, hold->process);
    cap_put(text, hold->id);
    id_put(text, " facet ", index, ARENA_FACETS, hold->facet);
    how_put(text, hold->how);
    word_put(text, hold->was_moved ? " moved for " : " for ");
    if (hold->is_before || session == LIFE_NONE)
        word_put(text, hold->is_before ? "unknown" : "nobody");
    else
        id_put(text, "", index, ARENA_SESSIONS, session);
    word_put(text, "\n");
}

static void path_put(const struct authority_proof *proof, uint32_t life,
                     struct authority_text *text)
{
    struct authority_hold hold;

    word_put(text, "path use ");
    word_put(text, uses[authority_hold_use(proof->index, life, proof->at)]);
    word_put(text, "\n");
    for (; life != LIFE_NONE; life = hold.origin) {
        authority_hold_of(proof->index, life, &hold);
        step_put(proof, life, &hold, text);
    }
}

static bool is_asked(const struct authority_proof *proof, uint32_t life)
{
    const struct authority_index *index = proof->index;
    struct authority_hold hold;

    if (!authority_is_hold(index, life) || !authority_hold_counts(index, life, proof->at.at))
        return false;
    authority_hold_of(index, life, &hold);
    return (proof->process == LIFE_NONE || proof->process == hold.process) &&
           (proof->object == LIFE_NONE || proof->object == hold.object);
}

static bool could_call(const struct authority_proof *proof, uint32_t life)
{
    const struct authority_index *index = proof->index;
    struct authority_hold hold;

    authority_hold_of(index, life, &hold);
    return !hold.is_revoker &&
           authority_stage_of(index, hold.process, proof->at.at) == STAGE_RUNNING &&
           authority_hold_use(index, life, proof->at) == USE_WORKS;
}

void authority_proof_question(const struct authority_proof *proof, struct authority_text *text)
{
    word_put(text, kinds[proof->kind].verb);
    if (kinds[proof->kind].has_process)
        id_put(text, " ", proof->index, ARENA_PROCESSES, proof->process);
    if (kinds[proof->kind].has_object)
        id_put(text, " ", proof->index, ARENA_OBJECTS, proof->object);
}

void authority_proof_answer(const struct authority_proof *proof, struct authority_text *text)
{
    for (uint32_t life = 0; life < proof->at.at; life++) {
        if (!is_asked(proof, life))
            continue;
        if (proof->kind == PROOF_PATH)
            path_put(proof, life, text);
        else if (proof->kind != PROOF_WHO || could_call(proof, life))
            hold_put(proof, life, text);
    }
}

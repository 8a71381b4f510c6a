// SPDX-License-Identifier: Apache-2.0
//
// From a word on the command line to the record that it names at a moment, or to a sentence that
// says why it names none and what is nearest.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/authority/answer.h"
#include "tools/authority/names.h"

enum { WORD_MAX = 64 };

uint32_t edit_distance(const char *a, const char *b)
{
    uint32_t row[WORD_MAX + 1];
    size_t width = strlen(b) < WORD_MAX ? strlen(b) : WORD_MAX;

    for (uint32_t j = 0; j <= width; j++)
        row[j] = j;
    for (uint32_t i = 1; a[i - 1] != '\0' && i <= WORD_MAX; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= width; j++) {
            uint32_t kept = diagonal + (a[i - 1] != b[j - 1]);
            uint32_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = kept < least ? kept : least;
        }
    }
    return row[width];
}

const char *nearest_name(const char *word, const char *(*name_at)(const void *context, uint32_t),
                         const void *context)
{
    uint32_t least = (uint32_t)strlen(word) / 2 + 2;
    const char *best = NULL;
    const char *name;

    for (uint32_t i = 0; (name = name_at(context, i)) != NULL; i++) {
        uint32_t distance = edit_distance(word, name);
        if (distance < least) {
            least = distance;
            best = name;
        }
    }
    return best;
}

static _Noreturn void refuse(const struct history *history, const char *what, const char *nearest)
{
    fprintf(stderr, "authority: %s: %s%s%s%s\n", history->path, what,
            nearest != NULL ? "; did you mean `" : "", nearest != NULL ? nearest : "",
            nearest != NULL ? "`?" : "");
    exit(EXIT_REFUSED);
}

// index or index.generation; false: the word is no number.
static bool number_parse(const char *word, struct commit_id *id)
{
    char *end;
    unsigned long index = strtoul(word, &end, 10);

    *id = (struct commit_id){(uint32_t)index, 0};
    if (word[0] < '0' || word[0] > '9' || index > UINT32_MAX)
        return false;
    if (*end == '.') {
        unsigned long generation = strtoul(end + 1, &end, 10);
        id->generation = generation <= UINT32_MAX ? (uint32_t)generation : 0;
    }
    return *end == '\0';
}

static const char *program_at_any(const void *context, uint32_t place)
{
    return program_at(context, place);
}

uint32_t process_named(const struct history *history, const char *word, uint32_t at)
{
    const struct authority_index *index = &history->index;
    const char *mark = strrchr(word, '#');
    size_t size = mark != NULL ? (size_t)(mark - word) : strlen(word);
    unsigned long which = mark != NULL ? strtoul(mark + 1, NULL, 10) : 0;
    uint32_t found = LIFE_NONE;
    uint32_t there = 0;
    uint32_t count = 0;
    struct commit_id id;

    if (number_parse(word, &id)) {
        found = authority_life_of(index, ARENA_PROCESSES, id, at);
        if (found == LIFE_NONE)
            refuse(
                history,
                say("there was no process %s up to seq %" PRIu64, word, authority_seq(index, at)),
                NULL);
        return found;
    }
    for (uint32_t seq = 0; seq < at; seq++) {
        const char *name = authority_commit(index, seq)->kind == COMMIT_PROCESS_CREATE
                               ? program_name(history, seq)
                               : NULL;
        if (name == NULL || strlen(name) != size || memcmp(name, word, size) != 0)
            continue;
        count++;
        bool is_there = authority_stage_of(index, seq, at) != STAGE_ABSENT;
        if (mark != NULL ? count == which : is_there || there == 0)
            found = seq;
        there += is_there;
    }
    if (found == LIFE_NONE)
        refuse(
            history,
            say("no process of a program `%s` up to seq %" PRIu64, word, authority_seq(index, at)),
            nearest_name(word, program_at_any, history));
    if (mark == NULL && there > 1)
        refuse(history,
               say("%u processes run the program `%s` at seq %" PRIu64 "; say which, as in %s#1",
                   there, word, authority_seq(index, at), word),
               NULL);
    return found;
}

// --- Objects ------------------------------------------------------------------------------------

// The hold that a process finds under a name.
static uint32_t hold_by_capability(const struct history *history, const char *word,
                                   const char *slash, uint32_t at)
{
    const char *program = say("%.*s", (int)(slash - word), word);
    uint32_t process = process_named(history, program, at);
    const struct authority_index *index = &history->index;
    struct authority_hold hold;

    for (uint32_t h = authority_first_hold(index, process, at); h != LIFE_NONE;
         h = authority_next_hold(index, h, at)) {
        authority_hold_of(index, h, &hold);
        const char *name = capability_name(history, &hold);
        if (name != NULL && strcmp(name, slash + 1) == 0)
            return h;
    }
    refuse(history,
           say("%s has no capability `%s` at seq %" PRIu64, process_label(history, process),
               slash + 1, authority_seq(&history->index, at)),
           NULL);
}

static const char *any_name_at(const void *context, uint32_t place)
{
    return place < interface_count() ? interface_name_at(place)
                                     : program_at(context, place - interface_count());
}

// The one object that has a facet of an interface, or is an endpoint of that name.
static uint32_t object_by_name(const struct history *history, const char *word, uint32_t at)
{
    const struct authority_index *index = &history->index;
    uint64_t interface = 0;
    bool is_interface = interface_find(word, strlen(word), &interface);
    const char *list = "";
    uint32_t found = LIFE_NONE;
    uint32_t count = 0;

    for (uint32_t seq = 0; seq < at; seq++) {
        const struct commit *commit = authority_commit(index, seq);
        bool is_object = commit->kind == COMMIT_OBJECT_CREATE;
        const char *name = is_object ? endpoint_name(history, seq) : NULL;
        if (name != NULL && strcmp(name, word) == 0)
            return seq;
        if ((!is_object && commit->kind != COMMIT_FACET_CREATE) || !life_is_there(index, seq, at))
            continue;
        uint32_t object = index->lives[seq].owner;
        if (is_interface && authority_interface(index, seq) == interface && object != found) {
            struct commit_id id = authority_id(index, ARENA_OBJECTS, object);
            found = object;
            if (count++ < 8)
                list = say("%s %u.%u", list, id.index, id.generation);
        }
    }
    if (found == LIFE_NONE && is_interface)
        refuse(history,
               say("there is no object with the interface %s at seq %" PRIu64, word,
                   authority_seq(index, at)),
               NULL);
    if (found == LIFE_NONE)
        refuse(history,
               say("`%s` names no object: a number, an interface, an endpoint of the manifest, or "
                   "program/capability is asked for",
                   word),
               nearest_name(word, any_name_at, history));
    if (count > 1)
        refuse(history, say("%u objects have the interface %s; say which:%s", count, word, list),
               NULL);
    return found;
}

// What a number names in an arena.
static uint32_t numbered(const struct history *history, uint32_t arena, const char *what,
                         const char *word, uint32_t at)
{
    struct commit_id id;

    if (!number_parse(word, &id))
        refuse(history, say("`%s` names no %s: its number is asked for", word, what), NULL);
    uint32_t found = authority_life_of(&history->index, arena, id, at);
    if (found == LIFE_NONE)
        refuse(history,
               say("there was no %s %s up to seq %" PRIu64, what, word,
                   authority_seq(&history->index, at)),
               NULL);
    return found;
}

uint32_t facet_named(const struct history *history, const char *word, uint32_t at)
{
    const char *slash = strchr(word, '/');

    if (slash == NULL)
        return numbered(history, ARENA_FACETS, "facet", word, at);
    return history->index.lives[hold_by_capability(history, word, slash, at)].target;
}

uint32_t job_named(const struct history *history, const char *word, uint32_t at)
{
    return numbered(history, ARENA_JOBS, "job", word, at);
}

uint32_t object_named(const struct history *history, const char *word, uint32_t at)
{
    const char *slash = strchr(word, '/');
    struct commit_id id;

    if (slash != NULL)
        return history->index.lives[facet_named(history, word, at)].owner;
    if (!number_parse(word, &id))
        return object_by_name(history, word, at);
    return numbered(history, ARENA_OBJECTS, "object", word, at);
}

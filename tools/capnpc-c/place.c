// SPDX-License-Identifier: Apache-2.0
//
// Lines of declarations: where in the schema file is what a refusal names?
//
// The compiler's request says no lines, so the schema is read again, just as far as it takes to
// know which declaration begins where: comments and strings are skipped, braces and parentheses
// counted; a declaration is the first name after `{`, `}` or `;`, or the one after a keyword. Where
// the file isn't found, or is no longer what was compiled, there is no line.

#define _POSIX_C_SOURCE 200809L // readlink, getppid

#include "request.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, WORD_MAX = 256 };

struct place {
    FILE *file;
    uint32_t line;
    char word[WORD_MAX];
    // The declaration that is being read, and those around it.
    char scopes[DEPTH_MAX][WORD_MAX];
    uint32_t depth;
    uint32_t parentheses;
};

// The schema as the compiler was told it: the argument that ends like the path it displays, for it
// may have cut off a prefix. Relative to the compiler's folder; ours is the output's.
static FILE *schema_open(const char *path)
{
    char name[64];
    char folder[2048];
    char argument[2048];
    char whole[sizeof(folder) + sizeof(argument)];
    size_t path_size = strlen(path);
    FILE *schema = NULL;
    snprintf(name, sizeof(name), "/proc/%ld/cwd", (long)getppid());
    ssize_t size = readlink(name, folder, sizeof(folder) - 1);
    folder[size > 0 ? size : 0] = 0;
    snprintf(name, sizeof(name), "/proc/%ld/cmdline", (long)getppid());
    FILE *line = fopen(name, "r");
    while (line != NULL && schema == NULL && !feof(line)) {
        size_t used = 0;
        for (int got = fgetc(line); got != EOF && got != 0; got = fgetc(line)) {
            argument[used] = (char)got;
            used += used < sizeof(argument) - 1 ? 1 : 0;
        }
        argument[used] = 0;
        if (used >= path_size && strcmp(argument + used - path_size, path) == 0) {
            snprintf(whole, sizeof(whole), "%s/%s", argument[0] == '/' ? "" : folder, argument);
            schema = fopen(whole, "r");
        }
    }
    if (line != NULL) {
        fclose(line);
    }
    return schema;
}

// The next character that is neither in a comment nor in a string.
static int next_character(struct place *place)
{
    char quote = 0;
    for (;;) {
        int got = fgetc(place->file);
        place->line += got == '\n' ? 1 : 0;
        if (got == EOF) {
            return EOF;
        }
        if (quote == '#') {
            quote = got == '\n' ? 0 : quote;
        } else if (quote != 0) {
            if (got == '\\') {
                fgetc(place->file);
            }
            quote = got == quote ? 0 : quote;
        } else if (got == '#' || got == '"') {
            quote = (char)got;
        } else {
            return got;
        }
    }
}

// The next word (kept in place->word) or other character; EOF at the end.
static int next_token(struct place *place)
{
    int got = next_character(place);
    while (got != EOF && isspace(got)) {
        got = next_character(place);
    }
    if (!isalpha(got)) {
        return got;
    }
    size_t used = 0;
    while (got != EOF && (isalnum(got) || got == '_')) {
        place->word[used] = (char)got;
        used += used < WORD_MAX - 1 ? 1 : 0;
        got = next_character(place);
    }
    place->word[used] = 0;
    place->line -= got == '\n' ? 1 : 0;
    ungetc(got, place->file);
    return 'a';
}

static bool is_keyword(const char *word)
{
    static const char *const keywords[] = {"struct", "interface", "enum", "const", "annotation"};
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (strcmp(word, keywords[i]) == 0) {
            return true;
        }
    }
    return false;
}

// Whether the declaration being read is the one at this path ("Outer.Inner"). Unnamed unions don't
// count.
static bool is_at(const struct place *place, const char *path)
{
    for (uint32_t i = 0; i <= place->depth; i++) {
        size_t size = strlen(place->scopes[i]);
        if (size == 0 || strcmp(place->scopes[i], "union") == 0) {
            continue;
        }
        if (strncmp(path, place->scopes[i], size) != 0 || (path[size] != '.' && path[size] != 0)) {
            return false;
        }
        path += size + (path[size] == '.' ? 1 : 0);
    }
    return *path == 0;
}

static uint32_t find(struct place *place, const char *path)
{
    bool is_start = true;
    for (int got = next_token(place); got != EOF; got = next_token(place)) {
        if (got == 'a' && is_start) {
            is_start = is_keyword(place->word);
            if (!is_start) {
                memcpy(place->scopes[place->depth], place->word, WORD_MAX);
                if (strcmp(place->word, "union") != 0 && is_at(place, path)) {
                    return place->line;
                }
            }
        } else if (got == '(' || got == '[') {
            place->parentheses++;
        } else if (got == ')' || got == ']') {
            place->parentheses -= place->parentheses > 0 ? 1 : 0;
        } else if (place->parentheses == 0 && (got == '{' || got == '}' || got == ';')) {
            is_start = true;
            if (got == '{' && place->depth < DEPTH_MAX - 1) {
                place->depth++;
            } else if (got == '}' && place->depth > 0) {
                place->depth--;
            }
            place->scopes[place->depth][0] = 0;
        }
    }
    return 0;
}

uint32_t place_line(struct capnp_text display, struct capnp_text member)
{
    static struct place place;
    char path[4096];
    snprintf(path, sizeof(path), "%.*s%s%.*s", (int)display.size, display.data,
             member.size > 0 ? "." : "", (int)member.size, member.data);
    char *names = strchr(path, ':');
    if (names == NULL) {
        return 0;
    }
    *names++ = 0;
    // What a method implies is displayed with the method's name before it.
    char *implied = strchr(names, '$');
    if (implied != NULL) {
        *implied = 0;
    }
    place = (struct place){.file = schema_open(path), .line = 1};
    if (place.file == NULL) {
        return 0;
    }
    uint32_t line = find(&place, names);
    fclose(place.file);
    return line;
}

// SPDX-License-Identifier: Apache-2.0
//
// Names that a generated file has given already (unit_name, unit_tag): two things in a schema that
// need the same C name are refused, for C would not tell them apart.
//
// Tags (what follows `struct` and `enum`) and all other names are two spaces, as in C. A few names
// are macros of C's own headers.

#define _POSIX_C_SOURCE 200809L // strdup

#include "unit.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct taken {
    char *name; // the space's letter, then the name; NULL: free
    uint64_t owner;
};

static struct taken *table;
static size_t table_size; // a power of two
static size_t used;

static struct taken *find(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = name; *at != 0; at++) {
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    }
    size_t at = (size_t)hash & (table_size - 1);
    while (table[at].name != NULL && strcmp(table[at].name, name) != 0) {
        at = (at + 1) & (table_size - 1);
    }
    return &table[at];
}

static void grow(struct capnp_struct_reader node)
{
    struct taken *old = table;
    size_t old_size = table_size;
    table_size = table_size == 0 ? 4096 : table_size * 2;
    table = calloc(table_size, sizeof(*table));
    if (table == NULL) {
        refuse(node, "no memory for its names", (struct capnp_text){"", 0});
    }
    for (size_t i = 0; i < old_size; i++) {
        if (old[i].name != NULL) {
            *find(old[i].name) = old[i];
        }
    }
    free(old);
}

static bool is_macro_of_c(const char *name)
{
    if (strcmp(name, "NULL") == 0) {
        return true;
    }
    // INT8_MAX, UINT64_C and the like.
    const char *at = name + (name[0] == 'U' ? 1 : 0);
    return strncmp(at, "INT", 3) == 0 && isdigit((unsigned char)at[3]) &&
           (strstr(at, "_MAX") != NULL || strstr(at, "_MIN") != NULL || strstr(at, "_C") != NULL);
}

static void take(struct capnp_struct_reader node, const char *spaced)
{
    if (used * 2 >= table_size) {
        grow(node);
    }
    struct taken *taken = find(spaced);
    bool is_macro = is_macro_of_c(spaced + 1);
    if (taken->name != NULL || is_macro) {
        struct capnp_text other = {"the C library", 13};
        char fact[NAME_MAX_BYTES + 64];
        snprintf(fact, sizeof(fact), "its C name `%.500s` is taken; rename one of the two",
                 spaced + 1);
        refuse(node, fact, is_macro ? other : node_display_name(request_node(taken->owner)));
    }
    taken->name = strdup(spaced);
    taken->owner = node_id(node);
    used++;
}

void unit_tag(struct name name, struct capnp_struct_reader node)
{
    char spaced[NAME_MAX_BYTES + 1];
    snprintf(spaced, sizeof(spaced), "t%s", name.text);
    take(node, spaced);
}

void unit_name(struct capnp_struct_reader node, const char *format, ...)
{
    char spaced[4 * NAME_MAX_BYTES] = "n";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(spaced + 1, sizeof(spaced) - 1, format, arguments);
    va_end(arguments);
    take(node, spaced);
}

void unit_names_clear(void)
{
    for (size_t i = 0; i < table_size; i++) {
        free(table[i].name);
    }
    free(table);
    table = NULL;
    table_size = 0;
    used = 0;
}

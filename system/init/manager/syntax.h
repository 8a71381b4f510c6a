// SPDX-License-Identifier: Apache-2.0
//
// The small languages inside of fields: names, commands, grants, exports, conditions. Each function
// answers whether a text is one; the parts that it found are cut to their buffers' size, which is
// that of the longest name.
#ifndef INIT_MANAGER_SYNTAX_H
#define INIT_MANAGER_SYNTAX_H

#include "system/init/manager/limits.h"
#include "system/init/manager/phrase.h"

// A service's name: letters, digits, '-', '_', '.', a letter or digit first.
bool name_is_good(const char *name);
// The same for things inside of a service: no '.', since a facet follows one.
bool part_is_good(const char *name);

// The words of a command, split at blanks; double quotes keep blanks, `\"` and `\\` inside of them
// are a quote and a backslash. `place` begins at the command and moves on; false at the end.
bool command_next(const char **place, struct phrase *word);
// Quotes have partners, and there is a word unless none is needed.
bool command_is_good(const char *command, bool is_empty_good);

// "name = source[.facet]" or "name = service/export[.facet]".
struct grant {
    char name[NAME_SIZE];
    char service[NAME_SIZE]; // "" for a source of the kernel
    char source[NAME_SIZE];
    char facet[NAME_SIZE]; // "" for none
};
bool grant_parse(struct grant *grant, const char *text);

// "name : interface"
struct export
{
    char name[NAME_SIZE];
    char interface[NAME_SIZE];
};
bool export_parse(struct export *export, const char *text);

enum condition_kind {
    CONDITION_PATH,
    CONDITION_FILE,
    CONDITION_DIRECTORY,
    CONDITION_REGISTRY,
    CONDITION_COUNT,
};
// "path:/x". `rest` is what stands behind the colon.
bool condition_parse(const char *text, enum condition_kind *kind, const char **rest);

// The kernel's interface of that name; NULL if it has none.
const char *kernel_source_find(const char *name);

#endif

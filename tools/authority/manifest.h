// SPDX-License-Identifier: Apache-2.0
//
// A boot manifest's JSON with some grants changed and the rest as it was written.
#ifndef TOOLS_AUTHORITY_MANIFEST_H
#define TOOLS_AUTHORITY_MANIFEST_H

#include <stdio.h>

#include "lib/json/json.h"

struct manifest {
    const char *path;
    char *text;
    struct json json;
};

// Ends the tool where it can't be read or is no manifest.
void manifest_open(struct manifest *manifest, const char *path);
void manifest_close(struct manifest *manifest);
uint32_t manifest_program_count(const struct manifest *manifest);

// Writes it, with each grant as `change` says, and behind those of program `to` another one (null:
// none).
void manifest_write(const struct manifest *manifest, FILE *out,
                    const char *(*change)(void *context, uint32_t program, uint32_t grant,
                                          const char *text),
                    void *context, uint32_t to, const char *added);

// A client's grant with these methods alone (JSON, without brackets).
const char *grant_with_methods(const char *grant, const char *methods);

#endif

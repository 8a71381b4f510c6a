// SPDX-License-Identifier: Apache-2.0
//
// Any text as SDDL: what is accepted must be a good descriptor, print as text, and come out of that
// text byte for byte; what is refused must be explained. A buffer of any size is never overrun.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/access/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static void explain(const struct access_error *error, size_t size)
{
    char message[ACCESS_ERROR_TEXT_MAX];

    must(access_error_print(error, message, sizeof(message)) > 20, "errors have words");
    must(error->at <= size, "the place of an error is in the text");
}

static void parse_again(const uint8_t *bytes, size_t size)
{
    static char text[4 * DESCRIPTOR_SIZE_MAX];
    static uint8_t again[DESCRIPTOR_SIZE_MAX];
    struct descriptor descriptor;
    struct access_error error;
    size_t text_size, again_size;

    must(descriptor_decode(&descriptor, bytes, size, &error), "what is parsed is good");
    must(sddl_print(&descriptor, text, sizeof(text), &text_size, &error), "it has a text");
    must(sddl_parse(text, text_size, again, sizeof(again), &again_size, &error),
         "its text is good");
    must(again_size == size && memcmp(again, bytes, size) == 0, "its text says the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[DESCRIPTOR_SIZE_MAX];
    struct access_error error;
    size_t made, needed;

    if (!sddl_parse((const char *)data, size, bytes, sizeof(bytes), &made, &error)) {
        explain(&error, size);
        return 0;
    }
    parse_again(bytes, made);
    uint8_t *exact = malloc(made);
    must(sddl_parse((const char *)data, size, exact, made, &needed, &error), "exact room will do");
    must(!sddl_parse((const char *)data, size, exact, made - 1, &needed, &error) &&
             error.fact == ACCESS_FACT_ROOM,
         "less room will not");
    free(exact);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// lib/access at the other end of a pipe, for access_interop.py. One question a line, one answer a
// line, words separated by blanks:
//
//     parse SDDL                            -> ok HEX, or error MESSAGE
//     print HEX                             -> ok SDDL, or error MESSAGE
//     check HEX DESIRED PRIVILEGES SID...   -> allowed GRANTED, or denied REASON; the first SID is
//                                              the user's, numbers are hexadecimal
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/access/access.h"

enum { LINE_SIZE_MAX = 1 << 18, SIDS_MAX = 64 };

static char line[LINE_SIZE_MAX], text[LINE_SIZE_MAX];
static uint8_t bytes[DESCRIPTOR_SIZE_MAX];

static void print_error(const struct access_error *error)
{
    char message[ACCESS_ERROR_TEXT_MAX];

    access_error_print(error, message, sizeof(message));
    printf("error %s\n", message);
}

static size_t bytes_of(const char *hex)
{
    size_t size = strlen(hex) / 2;
    unsigned byte;

    for (size_t i = 0; i < size; i++) {
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            exit(2);
        bytes[i] = (uint8_t)byte;
    }
    return size;
}

static void answer_parse(const char *sddl)
{
    struct access_error error;
    size_t size;

    if (!sddl_parse(sddl, strlen(sddl), bytes, sizeof(bytes), &size, &error)) {
        print_error(&error);
        return;
    }
    printf("ok ");
    for (size_t i = 0; i < size; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

static void answer_print(const char *hex)
{
    struct descriptor descriptor;
    struct access_error error;
    size_t size;

    if (!descriptor_decode(&descriptor, bytes, bytes_of(hex), &error) ||
        !sddl_print(&descriptor, text, sizeof(text), &size, &error))
        print_error(&error);
    else
        printf("ok %s\n", text);
}

static void answer_check(char *words)
{
    static const struct access_mapping mapping = {0x120089, 0x120116, 0x1200a0, 0x1f01ff};
    struct sid groups[SIDS_MAX];
    struct access_token token = {.groups = groups, .integrity = INTEGRITY_SYSTEM};
    struct descriptor descriptor;
    struct access_error error;
    size_t size = bytes_of(strtok(words, " "));
    uint32_t desired = (uint32_t)strtoul(strtok(NULL, " "), NULL, 16);

    token.privileges = strtoull(strtok(NULL, " "), NULL, 16);
    const char *user = strtok(NULL, " ");
    if (!descriptor_decode(&descriptor, bytes, size, &error) ||
        !sid_parse(&token.user, user, strlen(user), &error)) {
        print_error(&error);
        return;
    }
    for (const char *sid; (sid = strtok(NULL, " ")) != NULL; token.groups_count++) {
        if (!sid_parse(&groups[token.groups_count], sid, strlen(sid), &error)) {
            print_error(&error);
            return;
        }
    }
    struct access_answer answer = access_check(&descriptor, &token, desired, &mapping);
    if (answer.is_allowed)
        printf("allowed %x\n", answer.granted);
    else
        printf("denied %s\n", access_reason_text(answer.reason));
}

int main(void)
{
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "parse ", 6) == 0)
            answer_parse(line + 6);
        else if (strncmp(line, "print ", 6) == 0)
            answer_print(line + 6);
        else if (strncmp(line, "check ", 6) == 0)
            answer_check(line + 6);
        else
            return 2;
    }
    return 0;
}

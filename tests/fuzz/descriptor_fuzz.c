// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a descriptor in binary. What is accepted can be walked, checked, inherited, printed
// and encoded, and its text and its encoding say the same.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/access/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct access_mapping mapping = {0x20001, 0x2, 0x4, 0xf000f};

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static bool acl_is_same(const struct acl *left, const struct acl *right)
{
    struct ace_place of_left = {0}, of_right = {0};
    struct ace one, other;

    if (left->count != right->count || (left->bytes == NULL) != (right->bytes == NULL))
        return false;
    while (acl_next(left, &of_left, &one)) {
        if (!acl_next(right, &of_right, &other) || one.type != other.type ||
            one.mask != other.mask || !sid_is_equal(&one.sid, &other.sid))
            return false;
    }
    return true;
}

static void is_same(const struct descriptor *descriptor, const uint8_t *bytes, size_t size)
{
    struct descriptor other;
    struct access_error error;

    must(descriptor_decode(&other, bytes, size, &error), "what is written can be read");
    must(acl_is_same(&descriptor->dacl, &other.dacl), "with the same discretionary list");
    must(acl_is_same(&descriptor->sacl, &other.sacl), "with the same system list");
    must(descriptor->has_owner == other.has_owner && sid_is_equal(&descriptor->owner, &other.owner),
         "with the same owner");
}

// Rights asked for alone are those that the maximum has.
static void check_agrees(const struct descriptor *descriptor)
{
    struct access_token token = {.user = sid_system, .groups = &sid_everyone, .groups_count = 1};

    for (token.integrity = 0; token.integrity <= INTEGRITY_SYSTEM; token.integrity += 0x1000) {
        struct access_answer most =
            access_check(descriptor, &token, ACCESS_MAXIMUM_ALLOWED, &mapping);

        for (unsigned bit = 0; bit < 20; bit++) {
            struct access_answer one = access_check(descriptor, &token, 1u << bit, &mapping);
            bool is_in_most = (most.granted >> bit & 1) != 0;

            // A null list allows whatever is asked for, and at most what there is.
            must(one.is_allowed == is_in_most ||
                     (descriptor->dacl.bytes == NULL && (mapping.all >> bit & 1) == 0),
                 "the maximum is the sum of what is allowed");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[16 * DESCRIPTOR_SIZE_MAX];
    static uint8_t bytes[DESCRIPTOR_SIZE_MAX];
    struct access_error error;
    struct descriptor descriptor;
    size_t made, text_size;

    if (!descriptor_decode(&descriptor, data, size, &error)) {
        must(access_error_print(&error, text, sizeof(text)) > 20, "errors have words");
        must(error.at <= size, "the place of an error is in the bytes");
        return 0;
    }
    check_agrees(&descriptor);
    if (descriptor_encode(&descriptor, bytes, sizeof(bytes), &made, &error))
        is_same(&descriptor, bytes, made);
    must(sddl_print(&descriptor, text, sizeof(text), &text_size, &error), "it has a text");
    if (sddl_parse(text, text_size, bytes, sizeof(bytes), &made, &error))
        is_same(&descriptor, bytes, made);
    else
        must(error.fact == ACCESS_FACT_TOO_BIG, "only overlapping parts can be too big");
    for (unsigned is_container = 0; is_container < 2; is_container++) {
        struct descriptor_creation creation = {.parent = &descriptor,
                                               .creator = size % 2 == 0 ? &descriptor : NULL,
                                               .owner = &sid_system,
                                               .mapping = &mapping,
                                               .is_container = is_container != 0};
        struct descriptor child;

        if (descriptor_inherit(&creation, bytes, sizeof(bytes), &made, &error))
            must(descriptor_decode(&child, bytes, made, &error), "what is inherited is good");
    }
    return 0;
}

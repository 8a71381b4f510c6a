// SPDX-License-Identifier: Apache-2.0
//
// Security identifiers ([MS-DTYP] 2.4.2): in packets, as text, and the few that code names.
#include <string.h>

#include "lib/access/bytes.h"
#include "lib/access/parts.h"
#include "lib/text/text.h"

// Authorities from here on are written in hexadecimal (2.4.2.1).
#define AUTHORITY_DECIMAL_END (UINT64_C(1) << 32)
#define AUTHORITY_END         (UINT64_C(1) << 48)

const struct sid sid_everyone = {1, 1, {0, 0, 0, 0, 0, 1}, {0}};
const struct sid sid_creator_owner = {1, 1, {0, 0, 0, 0, 0, 3}, {0}};
const struct sid sid_creator_group = {1, 1, {0, 0, 0, 0, 0, 3}, {1}};
const struct sid sid_owner_rights = {1, 1, {0, 0, 0, 0, 0, 3}, {4}};
const struct sid sid_anonymous = {1, 1, {0, 0, 0, 0, 0, 5}, {7}};
const struct sid sid_system = {1, 1, {0, 0, 0, 0, 0, 5}, {18}};
const struct sid sid_local_service = {1, 1, {0, 0, 0, 0, 0, 5}, {19}};
const struct sid sid_network_service = {1, 1, {0, 0, 0, 0, 0, 5}, {20}};
const struct sid sid_administrators = {1, 2, {0, 0, 0, 0, 0, 5}, {32, 544}};

bool sid_is_equal(const struct sid *left, const struct sid *right)
{
    // Most that differ do so in the first sub-authority.
    return left->sub[0] == right->sub[0] && memcmp(left, right, sizeof(*left)) == 0;
}

bool sid_decode(struct sid *sid, const uint8_t *bytes, size_t size, struct access_error *error)
{
    if (size < SID_HEADER_SIZE)
        return access_fail(error, ACCESS_FACT_CUT_OFF, 0, SID_HEADER_SIZE);
    if (bytes[0] != SID_REVISION)
        return access_fail(error, ACCESS_FACT_REVISION, 0, bytes[0]);
    if (bytes[1] == 0 || bytes[1] > SID_SUB_AUTHORITIES_MAX)
        return access_fail(error, ACCESS_FACT_SID_COUNT, 1, bytes[1]);
    *sid = (struct sid){.revision = SID_REVISION, .count = bytes[1]};
    if (size < sid_size(sid))
        return access_fail(error, ACCESS_FACT_CUT_OFF, 0, sid_size(sid));
    memcpy(sid->authority, bytes + 2, sizeof(sid->authority));
    for (uint32_t i = 0; i < sid->count; i++)
        sid->sub[i] = load_32(bytes + SID_HEADER_SIZE + 4 * i);
    return true;
}

void sid_encode(const struct sid *sid, uint8_t *out)
{
    out[0] = sid->revision;
    out[1] = sid->count;
    memcpy(out + 2, sid->authority, sizeof(sid->authority));
    for (uint32_t i = 0; i < sid->count; i++)
        store_32(out + SID_HEADER_SIZE + 4 * i, sid->sub[i]);
}

// A number below `end` in `base` at text[*at]. False if there is none.
static bool number_take(const char *text, size_t size, size_t *at, unsigned base, uint64_t end,
                        uint64_t *number)
{
    size_t first = *at;

    *number = 0;
    for (; *at < size && digit_of(text[*at]) < base; ++*at) {
        *number = *number * base + digit_of(text[*at]);
        if (*number >= end)
            return false;
    }
    return *at > first;
}

static bool sid_numbers_take(struct sid *sid, const char *text, size_t size, size_t *at)
{
    uint64_t number;
    bool is_hexadecimal = text_begins(text + *at, size - *at, "0X");

    *at += is_hexadecimal ? 2 : 0;
    if (!number_take(text, size, at, is_hexadecimal ? 16 : 10, AUTHORITY_END, &number))
        return false;
    for (unsigned i = 0; i < sizeof(sid->authority); i++)
        sid->authority[i] = (uint8_t)(number >> (40 - 8 * i));
    while (*at < size && text[*at] == '-') {
        ++*at;
        if (sid->count == SID_SUB_AUTHORITIES_MAX ||
            !number_take(text, size, at, 10, UINT64_C(1) << 32, &number))
            return false;
        sid->sub[sid->count++] = (uint32_t)number;
    }
    return sid->count != 0;
}

bool sid_take(struct sid *sid, const char *text, size_t size, size_t *used,
              struct access_error *error)
{
    const struct sid *known = alias_find(text, size);
    struct sid read = {.revision = SID_REVISION};
    size_t at = 4;

    if (text_begins(text, size, "S-1-")) {
        if (!sid_numbers_take(&read, text, size, &at))
            return access_fail(error, ACCESS_FACT_TEXT_SID, at, 0);
        *sid = read;
        *used = at;
        return true;
    }
    if (known == NULL)
        return access_fail(error, ACCESS_FACT_TEXT_SID, 0, 0);
    if (known->count == 0)
        return access_fail(error, ACCESS_FACT_TEXT_SID_DOMAIN, 0, 0);
    *sid = *known;
    *used = 2;
    return true;
}

bool sid_parse(struct sid *sid, const char *text, size_t size, struct access_error *error)
{
    struct sid read;
    size_t used;

    if (!sid_take(&read, text, size, &used, error))
        return false;
    if (used != size)
        return access_fail(error, ACCESS_FACT_TEXT_SID, used, 0);
    *sid = read;
    return true;
}

size_t sid_print(const struct sid *sid, char *out)
{
    struct text text;
    uint64_t authority = 0;

    for (unsigned i = 0; i < sizeof(sid->authority); i++)
        authority = authority << 8 | sid->authority[i];
    text_init(&text, out, SID_TEXT_MAX);
    text_put(&text, "S-1-");
    if (authority < AUTHORITY_DECIMAL_END)
        text_put_decimal(&text, (int64_t)authority);
    else
        text_put_hex(&text, authority);
    for (uint32_t i = 0; i < sid->count; i++) {
        text_put(&text, "-");
        text_put_decimal(&text, sid->sub[i]);
    }
    return text_length(&text);
}

struct sid sid_of_integrity(uint32_t level)
{
    return (struct sid){SID_REVISION, 1, {0, 0, 0, 0, 0, 16}, {level}};
}

bool integrity_find(const struct sid *sid, uint32_t *level)
{
    struct sid expected = sid_of_integrity(sid->sub[0]);

    if (!sid_is_equal(sid, &expected))
        return false;
    *level = sid->sub[0];
    return true;
}

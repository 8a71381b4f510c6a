// SPDX-License-Identifier: Apache-2.0
//
// The SID of a service's name.
#include "lib/access/bytes.h"
#include "lib/access/parts.h"
#include "lib/access/sha1.h"

enum { SERVICE_FIRST_SUB_AUTHORITY = 80 };

bool sid_of_service(struct sid *sid, const char *name, size_t size, struct access_error *error)
{
    uint8_t wide[2 * SERVICE_NAME_MAX], hash[SHA1_SIZE];

    if (size == 0 || size > SERVICE_NAME_MAX)
        return access_fail(error, ACCESS_FACT_NAME_SIZE, 0, (uint32_t)size);
    for (size_t i = 0; i < size; i++) {
        if (name[i] < ' ' || name[i] > '~')
            return access_fail(error, ACCESS_FACT_NAME_CHARACTER, i, (uint8_t)name[i]);
        store_16(wide + 2 * i, (uint8_t)upper(name[i]));
    }
    sha1_of(wide, 2 * size, hash);
    *sid = (struct sid){SID_REVISION, 6, {0, 0, 0, 0, 0, 5}, {SERVICE_FIRST_SUB_AUTHORITY}};
    for (uint32_t i = 0; i < SHA1_SIZE / 4; i++)
        sid->sub[1 + i] = load_32(hash + 4 * i);
    return true;
}

// SPDX-License-Identifier: Apache-2.0
//
// Interfaces by id. The table is abi/methods.lock itself, so that no other list has to agree.
#include <inttypes.h>
#include <string.h>

#include "tools/authority/authority.h"

static const struct {
    uint64_t id;
    const char *name;
} interfaces[] = {
#define INTERFACE(id, name) {id, #name},
#define METHOD(interface, number, name)
#include "abi/methods.lock"
#undef INTERFACE
#undef METHOD
};

static const struct {
    const char *interface;
    uint32_t number;
    const char *name;
} methods[] = {
#define INTERFACE(id, name)
#define METHOD(interface, number, name) {#interface, number, #name},
#include "abi/methods.lock"
#undef INTERFACE
#undef METHOD
};

const char *interface_name(uint64_t interface)
{
    for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
        if (interfaces[i].id == interface)
            return interfaces[i].name;
    }
    return NULL;
}

uint64_t interface_methods(uint64_t interface)
{
    const char *name = interface_name(interface);
    uint64_t mask = 0;

    for (size_t i = 0; name != NULL && i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].interface, name) == 0)
            mask |= UINT64_C(1) << methods[i].number;
    }
    return mask;
}

void interface_print(FILE *out, uint64_t interface)
{
    const char *name = interface_name(interface);

    if (name != NULL)
        fputs(name, out);
    else
        fprintf(out, "interface 0x%" PRIx64, interface);
}

bool interface_find(const char *name, size_t size, uint64_t *interface)
{
    for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
        if (strlen(interfaces[i].name) == size && memcmp(interfaces[i].name, name, size) == 0) {
            *interface = interfaces[i].id;
            return true;
        }
    }
    return false;
}

const char *method_name(uint64_t interface, uint32_t number)
{
    const char *name = interface_name(interface);

    for (size_t i = 0; name != NULL && i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (methods[i].number == number && strcmp(methods[i].interface, name) == 0)
            return methods[i].name;
    }
    return NULL;
}

bool method_find(uint64_t interface, const char *name, size_t size, uint32_t *number)
{
    for (*number = 0; *number < 64; (*number)++) {
        const char *known = method_name(interface, *number);
        if (known != NULL && strlen(known) == size && memcmp(known, name, size) == 0)
            return true;
    }
    return false;
}

uint32_t interface_count(void)
{
    return sizeof(interfaces) / sizeof(interfaces[0]);
}

const char *interface_name_at(uint32_t place)
{
    return place < interface_count() ? interfaces[place].name : NULL;
}

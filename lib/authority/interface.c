// SPDX-License-Identifier: Apache-2.0
//
// Interfaces by id. The table is abi/methods.lock itself, so that no other list has to agree.
#include "lib/authority/interface.h"

#include <string.h>

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

static bool is_same(const char *known, const char *name, size_t size)
{
    return strlen(known) == size && memcmp(known, name, size) == 0;
}

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
        if (is_same(methods[i].interface, name, strlen(name)))
            mask |= UINT64_C(1) << methods[i].number;
    }
    return mask;
}

bool interface_find(const char *name, size_t size, uint64_t *interface)
{
    for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
        if (is_same(interfaces[i].name, name, size)) {
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
        if (methods[i].number == number && is_same(methods[i].interface, name, strlen(name)))
            return methods[i].name;
    }
    return NULL;
}

bool method_find(uint64_t interface, const char *name, size_t size, uint32_t *number)
{
    for (*number = 0; *number < 64; (*number)++) {
        const char *known = method_name(interface, *number);
        if (known != NULL && is_same(known, name, size))
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

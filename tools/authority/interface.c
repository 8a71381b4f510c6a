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
} methods[] = {
#define INTERFACE(id, name)
#define METHOD(interface, number, name) {#interface, number},
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

// SPDX-License-Identifier: Apache-2.0
//
// Names of what a record says by number, of lib/authority's interfaces and of abi/errors.def
// itself. A number without a name stays a number: records come from a machine that may be newer
// than this tool, or broken.
#include <inttypes.h>

#include "abi/errors.h"
#include "abi/ring.h"
#include "lib/authority/interface.h"
#include "tools/ringtap/ringtap.h"

static const char *const operations[UINT8_MAX + 1] = {
    [OP_NOP] = "nop",         [OP_CALL] = "call",     [OP_RECV] = "recv", [OP_RETURN] = "return",
    [OP_RELEASE] = "release", [OP_SIGNAL] = "signal", [OP_WAIT] = "wait", [OP_PARK] = "park",
    [OP_UNPARK] = "unpark",   [OP_CANCEL] = "cancel", [OP_LINK] = "link", [OP_DRAIN] = "drain",
    [OP_FINISH] = "finish",   [SYSLOG_EXIT] = "exit",
};

static const char *const sentences[STATUS_LIMIT] = {
#define STATUS(name, number, kind, sentence) [number] = sentence,
#include "abi/errors.def"
#undef STATUS
};

// ".echo", or ".method 9"; nothing where the operation has no method: a RETURN answers a call,
// whose record says which.
static void method_write(char *to, size_t size, uint64_t interface,
                         const struct syslog_operation *operation)
{
    const char *name = method_name(interface, operation->method);

    if (operation->opcode != OP_CALL) {
        to[0] = 0;
    } else if (name != NULL) {
        snprintf(to, size, ".%s", name);
    } else {
        snprintf(to, size, ".method %" PRIu16, operation->method);
    }
}

void title_write(const struct syslog_record *record, char title[TITLE_SIZE])
{
    const char *operation = operations[record->operation.opcode];
    const char *interface = interface_name(record->interface);
    char method[32];
    char number[32];

    if (operation == NULL) {
        snprintf(title, TITLE_SIZE, "operation %u", record->operation.opcode);
    } else if (record->interface == 0) {
        snprintf(title, TITLE_SIZE, "%s", operation);
    } else {
        snprintf(number, sizeof(number), "interface 0x%" PRIx64, record->interface);
        method_write(method, sizeof(method), record->interface, &record->operation);
        snprintf(title, TITLE_SIZE, "%s %s%s", operation, interface != NULL ? interface : number,
                 method);
    }
}

const char *refusal_of(const struct syslog_record *record)
{
    uint64_t fact = record->status < 0 ? (uint64_t) - (int64_t)record->status : record->detail;

    if (record->operation.opcode == SYSLOG_EXIT || fact == 0) {
        return NULL;
    }
    return fact < STATUS_LIMIT && sentences[fact] != NULL ? sentences[fact] : "no known reason";
}

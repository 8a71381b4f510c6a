// SPDX-License-Identifier: Apache-2.0
//
// Reads the command line. An option is a row of `options`; a word that is no row, a value that is
// none, or an option that is given twice refuses the whole line: a machine that was asked for
// something boots with it or not at all.
#include "hal/x86_64/command.h"

#include <stdbool.h>
#include <stddef.h>

#include "abi/start.h"
#include "hal/x86_64/x86.h"

enum {
    SHOWN_MAX = 40, // bytes of a word that a refusal repeats
    CHOICES_MAX = 4,
};

static const char PREFIX[] = "tessera.";

struct option {
    const char *name; // after PREFIX
    // Exactly one of three: words to choose from, a range of numbers, or a flag.
    const char *choices[CHOICES_MAX];
    uint32_t least, most;
    uint32_t flag;
    uint32_t offset; // of a uint32_t in struct command: choice's index, number, or flags
};

#define SIZE_OPTION(word, size, low, high)                                                         \
    {                                                                                              \
        .name = "size." word, .least = (low), .most = (high),                                      \
        .offset = offsetof(struct command, sizes[size])                                            \
    }

// The least of each lets the smallest system boot; the most is what a replica accepts, or what this
// platform has arrays for.
static const struct option options[] = {
    {.name = "log",
     .choices = {"quiet", "normal", "verbose"},
     .offset = offsetof(struct command, log)},
    {.name = "end",
     .choices = {"test", "off", "reboot", "stop"},
     .offset = offsetof(struct command, ending)},
    {.name = "safemode", .flag = BOOT_SAFE_MODE, .offset = offsetof(struct command, flags)},
    {.name = "recovery", .flag = BOOT_RECOVERY, .offset = offsetof(struct command, flags)},
    {.name = "seed", .least = 1, .most = UINT32_MAX, .offset = offsetof(struct command, seed)},
    SIZE_OPTION("sessions", RESOURCE_SESSIONS, 4, 1 << 20),
    SIZE_OPTION("jobs", RESOURCE_JOBS, 4, 1 << 20),
    SIZE_OPTION("processes", RESOURCE_PROCESSES, 8, SPACES_MAX),
    SIZE_OPTION("threads", RESOURCE_THREADS, 8, THREADS_MAX),
    SIZE_OPTION("objects", RESOURCE_OBJECTS, 128, 1 << 20),
    SIZE_OPTION("facets", RESOURCE_FACETS, 256, 1 << 20),
    SIZE_OPTION("holds", RESOURCE_HOLDS, 256, 1 << 20),
    SIZE_OPTION("mappings", RESOURCE_MAPPINGS, 128, 1 << 20),
    SIZE_OPTION("requests", RESOURCE_CALLS, 128, 1 << 20),
    SIZE_OPTION("logpages", RESOURCE_LOG, 32, 1 << 20),
};

enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

static_assert(OPTION_COUNT <= 32, "one bit for each");

struct word {
    const char *text;
    uint32_t size;
};

// --- Refusals -----------------------------------------------------------------------------------

static void fault_add(struct command_fault *fault, const char *text, uint32_t size)
{
    uint32_t at = 0;

    while (fault->text[at] != 0) {
        at++;
    }
    for (uint32_t i = 0; i < size && text[i] != 0 && at < sizeof(fault->text) - 1; i++) {
        fault->text[at++] = text[i] > ' ' && text[i] <= '~' ? text[i] : '?';
    }
    fault->text[at] = 0;
}

static void fault_say(struct command_fault *fault, const char *text)
{
    uint32_t at = 0;

    while (fault->text[at] != 0) {
        at++;
    }
    while (*text != 0 && at < sizeof(fault->text) - 1) {
        fault->text[at++] = *text++;
    }
    fault->text[at] = 0;
}

static void fault_number(struct command_fault *fault, uint32_t value)
{
    char digits[10];
    uint32_t first = sizeof(digits);

    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    fault_add(fault, digits + first, (uint32_t)sizeof(digits) - first);
}

// "<word>: <why>"
static bool refuse(struct command_fault *fault, struct word word, const char *why)
{
    fault->text[0] = 0;
    fault_add(fault, word.text, word.size < SHOWN_MAX ? word.size : SHOWN_MAX);
    fault_say(fault, word.size > SHOWN_MAX ? "...: " : ": ");
    fault_say(fault, why);
    return false;
}

// --- Values -------------------------------------------------------------------------------------

static bool word_is(struct word word, const char *text)
{
    uint32_t i = 0;

    while (i < word.size && text[i] != 0 && text[i] == word.text[i]) {
        i++;
    }
    return i == word.size && text[i] == 0;
}

static bool choice_decode(const struct option *option, struct word value, uint32_t *to)
{
    for (uint32_t i = 0; i < CHOICES_MAX && option->choices[i] != NULL; i++) {
        if (word_is(value, option->choices[i])) {
            *to = i;
            return true;
        }
    }
    return false;
}

static bool number_decode(const struct option *option, struct word value, uint32_t *to)
{
    uint64_t number = 0;

    for (uint32_t i = 0; i < value.size; i++) {
        if (value.text[i] < '0' || value.text[i] > '9' || number > option->most) {
            return false;
        }
        number = number * 10 + (uint64_t)(value.text[i] - '0');
    }
    if (value.size == 0 || number < option->least || number > option->most) {
        return false;
    }
    *to = (uint32_t)number;
    return true;
}

static bool choice_refuse(const struct option *option, struct word word,
                          struct command_fault *fault)
{
    refuse(fault, word, "the value must be ");
    for (uint32_t i = 0; i < CHOICES_MAX && option->choices[i] != NULL; i++) {
        fault_say(fault, i == 0 ? "" : " or ");
        fault_say(fault, option->choices[i]);
    }
    return false;
}

static bool number_refuse(const struct option *option, struct word word,
                          struct command_fault *fault)
{
    refuse(fault, word, "the value must be a number from ");
    fault_number(fault, option->least);
    fault_say(fault, " to ");
    fault_number(fault, option->most);
    return false;
}

// --- Words --------------------------------------------------------------------------------------

static const struct option *option_find(struct word name)
{
    for (uint32_t i = 0; i < OPTION_COUNT; i++) {
        if (word_is(name, options[i].name)) {
            return &options[i];
        }
    }
    return NULL;
}

// `word` without the prefix in `name`, up to "="; `value.text` is NULL where there is none.
static bool option_decode(struct word word, struct command *command, uint32_t *seen,
                          struct command_fault *fault)
{
    struct word name = {word.text + sizeof(PREFIX) - 1, 0};
    struct word value = {NULL, 0};
    uint32_t size = word.size - (uint32_t)sizeof(PREFIX) + 1;

    while (name.size < size && name.text[name.size] != '=') {
        name.size++;
    }
    if (name.size < size) {
        value = (struct word){name.text + name.size + 1, size - name.size - 1};
    }
    const struct option *option = option_find(name);
    if (option == NULL) {
        return refuse(fault, word, "there is no such option");
    }
    uint32_t bit = 1u << (option - options);
    if (*seen & bit) {
        return refuse(fault, word, "given twice");
    }
    *seen |= bit;
    uint32_t *to = (uint32_t *)(void *)((uint8_t *)command + option->offset);
    if (option->flag != 0) {
        *to |= option->flag;
        return value.text == NULL || refuse(fault, word, "this option takes no value");
    }
    if (option->choices[0] != NULL) {
        return choice_decode(option, value, to) || choice_refuse(option, word, fault);
    }
    return number_decode(option, value, to) || number_refuse(option, word, fault);
}

static bool has_prefix(struct word word)
{
    uint32_t i = 0;

    while (i < word.size && PREFIX[i] != 0 && word.text[i] == PREFIX[i]) {
        i++;
    }
    return PREFIX[i] == 0;
}

bool command_decode(const char *line, struct command *command, struct command_fault *fault)
{
    uint32_t seen = 0;

    *command = (struct command){.log = LOG_NORMAL, .ending = ENDING_TEST};
    while (*line != 0) {
        struct word word = {line, 0};
        while (word.text[word.size] != ' ' && word.text[word.size] != 0) {
            word.size++;
        }
        if (has_prefix(word) && !option_decode(word, command, &seen, fault)) {
            return false;
        }
        line += word.size;
        line += *line == ' ';
    }
    return true;
}

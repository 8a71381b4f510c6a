// SPDX-License-Identifier: Apache-2.0
//
// The aliases of SIDs in SDDL ([MS-DTYP] 2.5.1.1, their SIDs 2.4.2.4). Those that stand for a
// member of a domain are known too, so that they can be refused by name: there is no domain here.
#include "lib/access/parts.h"

struct alias {
    const char *name;
    struct sid sid;
};

#define NT(sub)                                                                                    \
    {                                                                                              \
        1, 1, {0, 0, 0, 0, 0, 5},                                                                  \
        {                                                                                          \
            sub                                                                                    \
        }                                                                                          \
    }
#define BUILTIN(sub)                                                                               \
    {                                                                                              \
        1, 2, {0, 0, 0, 0, 0, 5},                                                                  \
        {                                                                                          \
            32, sub                                                                                \
        }                                                                                          \
    }
#define CREATOR(sub)                                                                               \
    {                                                                                              \
        1, 1, {0, 0, 0, 0, 0, 3},                                                                  \
        {                                                                                          \
            sub                                                                                    \
        }                                                                                          \
    }
#define LABEL(level)                                                                               \
    {                                                                                              \
        1, 1, {0, 0, 0, 0, 0, 16},                                                                 \
        {                                                                                          \
            level                                                                                  \
        }                                                                                          \
    }
#define DOMAIN                                                                                     \
    {                                                                                              \
        0                                                                                          \
    }

static const struct alias aliases[] = {
    {"AA", BUILTIN(579)},
    {"AC", {1, 2, {0, 0, 0, 0, 0, 15}, {2, 1}}},
    {"AN", NT(7)},
    {"AO", BUILTIN(548)},
    {"AU", NT(11)},
    {"BA", BUILTIN(544)},
    {"BG", BUILTIN(546)},
    {"BO", BUILTIN(551)},
    {"BU", BUILTIN(545)},
    {"CA", DOMAIN},
    {"CD", BUILTIN(574)},
    {"CG", CREATOR(1)},
    {"CN", DOMAIN},
    {"CO", CREATOR(0)},
    {"CY", BUILTIN(569)},
    {"DA", DOMAIN},
    {"DC", DOMAIN},
    {"DD", DOMAIN},
    {"DG", DOMAIN},
    {"DU", DOMAIN},
    {"EA", DOMAIN},
    {"ED", NT(9)},
    {"ER", BUILTIN(573)},
    {"ES", BUILTIN(576)},
    {"HA", BUILTIN(578)},
    {"HI", LABEL(INTEGRITY_HIGH)},
    {"IS", BUILTIN(568)},
    {"IU", NT(4)},
    {"LA", DOMAIN},
    {"LG", DOMAIN},
    {"LS", NT(19)},
    {"LU", BUILTIN(559)},
    {"LW", LABEL(INTEGRITY_LOW)},
    {"ME", LABEL(INTEGRITY_MEDIUM)},
    {"MP", LABEL(INTEGRITY_MEDIUM_PLUS)},
    {"MS", BUILTIN(577)},
    {"MU", BUILTIN(558)},
    {"NO", BUILTIN(556)},
    {"NS", NT(20)},
    {"NU", NT(2)},
    {"OW", CREATOR(4)},
    {"PA", DOMAIN},
    {"PO", BUILTIN(550)},
    {"PS", NT(10)},
    {"PU", BUILTIN(547)},
    {"RA", BUILTIN(575)},
    {"RC", NT(12)},
    {"RD", BUILTIN(555)},
    {"RE", BUILTIN(552)},
    {"RM", BUILTIN(580)},
    {"RO", DOMAIN},
    {"RS", DOMAIN},
    {"RU", BUILTIN(554)},
    {"SA", DOMAIN},
    {"SI", LABEL(INTEGRITY_SYSTEM)},
    {"SO", BUILTIN(549)},
    {"SU", NT(6)},
    {"SY", NT(18)},
    {"UD", {1, 6, {0, 0, 0, 0, 0, 5}, {84, 0, 0, 0, 0, 0}}},
    {"WD", {1, 1, {0, 0, 0, 0, 0, 1}, {0}}},
    {"WR", NT(33)},
};

enum { ALIASES = sizeof(aliases) / sizeof(aliases[0]) };

const struct sid *alias_find(const char *text, size_t size)
{
    for (uint32_t i = 0; i < ALIASES; i++)
        if (text_begins(text, size, aliases[i].name))
            return &aliases[i].sid;
    return NULL;
}

const char *alias_of(const struct sid *sid)
{
    for (uint32_t i = 0; i < ALIASES; i++)
        if (sid_is_equal(&aliases[i].sid, sid))
            return aliases[i].name;
    return NULL;
}

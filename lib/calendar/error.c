// SPDX-License-Identifier: Apache-2.0
//
// What is wrong, where, and what to do about it, in words.
#include "lib/calendar/parts.h"
#include "lib/text/text.h"

enum value_kind { VALUE_NONE, VALUE_NUMBER, VALUE_HEX };

struct explanation {
    const char *place; // what `at` counts
    const char *what;
    enum value_kind kind;
    const char *remedy;
};

static const struct explanation explanations[CALENDAR_FACT_COUNT] = {
    [CALENDAR_FACT_NONE] = {"character", "nothing is wrong", VALUE_NONE, "nothing needs doing"},
    [CALENDAR_FACT_EMPTY] = {"character", "the expression is empty", VALUE_NONE,
                             "write one, such as Mon..Fri *-*-* 08:30"},
    [CALENDAR_FACT_TOO_LONG] = {"character", "the expression is too long", VALUE_NUMBER,
                                "256 characters are allowed; use ranges and steps"},
    [CALENDAR_FACT_CHARACTER] = {"character", "no expression has this character", VALUE_HEX,
                                 "use printable ASCII"},
    [CALENDAR_FACT_WORD] = {"character", "this belongs to no part of an expression", VALUE_NONE,
                            "write [day of the week] [year-month-day] hour:minute[:second] [zone]"},
    [CALENDAR_FACT_SHORTHAND] = {"character", "this shorthand is not offered", VALUE_NONE,
                                 "use hourly daily weekly monthly, or write it out, as in "
                                 "*-01-01 00:00 for each year"},
    [CALENDAR_FACT_WEEKDAY] = {"character", "not a day of the week", VALUE_NONE,
                               "use Mon Tue Wed Thu Fri Sat Sun, with , and .."},
    [CALENDAR_FACT_DATE] = {"character", "not a date", VALUE_NONE,
                            "write year-month-day, or year-month~day to count from the end"},
    [CALENDAR_FACT_NO_TIME] = {"character", "the time of day is missing", VALUE_NONE,
                               "write hour:minute, such as 00:00"},
    [CALENDAR_FACT_TIME] = {"character", "not a time of day", VALUE_NONE,
                            "write hour:minute or hour:minute:second"},
    [CALENDAR_FACT_NUMBER] = {"character", "a number is missing", VALUE_NONE,
                              "write numbers, with , .. and /, or *"},
    [CALENDAR_FACT_FRACTION] = {"character", "parts of seconds are not offered", VALUE_NONE,
                                "write whole seconds"},
    [CALENDAR_FACT_RANGE] = {"character", "out of range", VALUE_NUMBER,
                             "years are 1970 to 2199, months 1 to 12, days 1 to 31 (behind ~ to "
                             "28), hours 0 to 23, minutes and seconds 0 to 59"},
    [CALENDAR_FACT_BACKWARDS] = {"character", "a range that ends before it begins", VALUE_NONE,
                                 "write two ranges with , between them; weeks begin on Monday"},
    [CALENDAR_FACT_STEP] = {"character", "a step that leads to no other number", VALUE_NUMBER,
                            "write first/step, such as 0/15, with a step within the field"},
    [CALENDAR_FACT_ZONE_NAME] = {"character", "not the name of a zone", VALUE_NONE,
                                 "write one such as Europe/Berlin or UTC"},
    [CALENDAR_FACT_NEVER] = {"character", "no year has such a date", VALUE_NONE,
                             "check the day against the month, the weekday and the year"},
    [CALENDAR_FACT_ZONE_SIZE] = {"byte", "the zone file is cut off; bytes needed", VALUE_NUMBER,
                                 "hand over the whole file"},
    [CALENDAR_FACT_ZONE_TOO_BIG] = {"byte", "the zone file has too many bytes", VALUE_NUMBER,
                                    "65,536 are allowed; compile it with zic -b slim"},
    [CALENDAR_FACT_ZONE_EXTRA] = {"byte", "bytes behind the end of the zone file", VALUE_NUMBER,
                                  "hand over the file alone"},
    [CALENDAR_FACT_ZONE_MAGIC] = {"byte", "not a zone file", VALUE_NONE,
                                  "compile the zone with zic"},
    [CALENDAR_FACT_ZONE_VERSION] = {"byte", "unknown version of zone files", VALUE_HEX,
                                    "compile the zone with a zic of version 1 to 4"},
    [CALENDAR_FACT_ZONE_COUNT] = {"byte", "an impossible count", VALUE_NUMBER,
                                  "compile the zone anew with zic"},
    [CALENDAR_FACT_ZONE_TRANSITIONS] = {"byte", "too many transitions", VALUE_NUMBER,
                                        "compile the zone with zic -b slim -r @0"},
    [CALENDAR_FACT_ZONE_ORDER] = {"byte",
                                  "a transition less than three days after another, or out of time",
                                  VALUE_NUMBER, "compile the zone anew with zic"},
    [CALENDAR_FACT_ZONE_TYPE] = {"byte", "a transition to a type that is not there", VALUE_NUMBER,
                                 "compile the zone anew with zic"},
    [CALENDAR_FACT_ZONE_OFFSET] = {"byte", "a distance from UTC of more than a day", VALUE_NUMBER,
                                   "use seconds from -89999 to 93599"},
    [CALENDAR_FACT_ZONE_FLAG] = {"byte", "a flag that is neither 0 nor 1", VALUE_NUMBER,
                                 "compile the zone anew with zic"},
    [CALENDAR_FACT_ZONE_DESIGNATION] = {"byte", "the name of a type is not there", VALUE_NUMBER,
                                        "compile the zone anew with zic"},
    [CALENDAR_FACT_ZONE_LEAP] = {"byte", "the file counts leap seconds", VALUE_NUMBER,
                                 "use the file of the same name without right/"},
    [CALENDAR_FACT_ZONE_FOOTER] = {"byte", "the footer is no rule", VALUE_NONE,
                                   "write one such as CET-1CEST,M3.5.0,M10.5.0/3"},
    [CALENDAR_FACT_ZONE_OVERLAP] = {"byte", "the footer's changes of one year reach into another's",
                                    VALUE_NONE, "choose days and times further apart"},
    [CALENDAR_FACT_ZONE_CONTRADICTION] = {"byte", "the footer contradicts the last transition",
                                          VALUE_NONE, "compile the zone anew with zic"},
};

size_t calendar_error_print(const struct calendar_error *error, char *out, size_t size)
{
    const struct explanation *explanation = &explanations[error->fact];
    struct text text;

    text_init(&text, out, size);
    text_put(&text, explanation->place);
    text_put(&text, " ");
    text_put_decimal(&text, error->at);
    text_put(&text, ": ");
    text_put(&text, explanation->what);
    if (explanation->kind != VALUE_NONE)
        text_put(&text, ": ");
    if (explanation->kind == VALUE_NUMBER)
        text_put_decimal(&text, error->value);
    else if (explanation->kind == VALUE_HEX)
        text_put_hex(&text, (uint64_t)error->value);
    text_put(&text, "; ");
    text_put(&text, explanation->remedy);
    return text_length(&text);
}

// SPDX-License-Identifier: Apache-2.0
//
// The footer of a zone file (RFC 8536 section 3.3): a rule as POSIX writes them into TZ, with the
// hours of 3.3.1.
//
//     CET-1CEST,M3.5.0,M10.5.0/3
#include "lib/calendar/parts.h"

enum { NAME_SIZE_MIN = 3, HOURS_OF_OFFSET_MAX = 24, HOURS_OF_TIME_MAX = 167 };

struct footer {
    const char *text;
    size_t size, at;
};

static char here(const struct footer *footer)
{
    return footer->at < footer->size ? footer->text[footer->at] : 0;
}

static bool take(struct footer *footer, char c)
{
    if (here(footer) != c)
        return false;
    footer->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool take_number(struct footer *footer, int32_t low, int32_t high, int32_t *number)
{
    if (!is_digit(here(footer)))
        return false;
    *number = 0;
    while (is_digit(here(footer)) && *number <= high)
        *number = *number * 10 + (footer->text[footer->at++] - '0');
    return *number >= low && *number <= high;
}

// Three letters or more, or anything of letters, digits and signs in <>.
static bool take_name(struct footer *footer)
{
    bool is_quoted = take(footer, '<');
    size_t first = footer->at;

    while (is_letter(here(footer)) ||
           (is_quoted && (is_digit(here(footer)) || here(footer) == '+' || here(footer) == '-')))
        footer->at++;
    return footer->at - first >= NAME_SIZE_MIN && (!is_quoted || take(footer, '>'));
}

// [+-]hours[:minutes[:seconds]]
static bool take_time(struct footer *footer, int32_t hours_max, int32_t *time_s)
{
    bool is_negative = take(footer, '-');
    int32_t hours, minutes = 0, seconds = 0;

    if (!is_negative)
        take(footer, '+');
    if (!take_number(footer, 0, hours_max, &hours))
        return false;
    if (take(footer, ':')) {
        if (!take_number(footer, 0, 59, &minutes))
            return false;
        if (take(footer, ':') && !take_number(footer, 0, 59, &seconds))
            return false;
    }
    *time_s = hours * HOUR_S + minutes * 60 + seconds;
    *time_s = is_negative ? -*time_s : *time_s;
    return true;
}

// Mm.w.d: the weekday's first in the week's seven days of the month, the last seven for week 5.
static bool take_weekday(struct footer *footer, struct zone_rule *rule)
{
    enum { LAST_WEEK = 5 };
    int32_t month, week, weekday;

    if (!take_number(footer, 1, 12, &month) || !take(footer, '.') ||
        !take_number(footer, 1, LAST_WEEK, &week) || !take(footer, '.') ||
        !take_number(footer, 0, 6, &weekday))
        return false;
    for (unsigned i = 0; i < 2; i++) {
        uint32_t first = days_before_month((uint32_t)month, i != 0) + 7 * ((uint32_t)week - 1);
        uint32_t last = days_before_month((uint32_t)month + 1, i != 0) - 7;

        rule->day[i] = (uint16_t)(week == LAST_WEEK ? last : first);
    }
    rule->has_weekday = true;
    rule->weekday = (uint8_t)((weekday + 6) % 7); // 0 is Sunday there, Monday here
    return true;
}

// Jn is a day of the year from 1 on that never counts February 29; n is one from 0 on that does.
static bool take_day(struct footer *footer, struct zone_rule *rule)
{
    enum { MARCH_1 = 60 };
    bool is_julian = take(footer, 'J');
    int32_t day;

    if (!is_julian && take(footer, 'M'))
        return take_weekday(footer, rule);
    if (!take_number(footer, is_julian ? 1 : 0, 365, &day))
        return false;
    rule->day[0] = (uint16_t)(is_julian ? day - 1 : day);
    rule->day[1] = (uint16_t)(is_julian && day < MARCH_1 ? day - 1 : day);
    return true;
}

static bool take_rule(struct footer *footer, struct zone_rule *rule)
{
    rule->time_s = 2 * HOUR_S;
    return take(footer, ',') && take_day(footer, rule) &&
           (!take(footer, '/') || take_time(footer, HOURS_OF_TIME_MAX, &rule->time_s));
}

static bool take_rules(struct footer *footer, struct calendar_zone *zone)
{
    int32_t west_s;

    zone->has_rules = true;
    zone->offset_s[1] = zone->offset_s[0] + HOUR_S;
    if (!take_name(footer))
        return false;
    if (here(footer) != ',') {
        if (!take_time(footer, HOURS_OF_OFFSET_MAX, &west_s))
            return false;
        zone->offset_s[1] = -west_s;
    }
    return take_rule(footer, &zone->rules[0]) && take_rule(footer, &zone->rules[1]);
}

bool zone_footer_parse(struct calendar_zone *zone, const char *text, size_t size, size_t *at)
{
    struct footer footer = {text, size, 0};
    int32_t west_s = 0;
    bool is_good = take_name(&footer) && take_time(&footer, HOURS_OF_OFFSET_MAX, &west_s);

    zone->offset_s[0] = -west_s;
    if (is_good && footer.at < size)
        is_good = take_rules(&footer, zone);
    *at = footer.at;
    return is_good && footer.at == size;
}

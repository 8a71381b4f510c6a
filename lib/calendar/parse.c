// SPDX-License-Identifier: Apache-2.0
//
// Expressions to sets of numbers. An expression is at most four words; what a word is shows in its
// characters: a time has a colon, a date a dash or a tilde, names begin with a letter.
#include <string.h>

#include "lib/calendar/parts.h"

// One field of numbers.
struct field {
    uint32_t low, high;
    uint32_t digits_max;
};

static const struct field field_year = {CALENDAR_YEAR_MIN, CALENDAR_YEAR_MAX, 4};
static const struct field field_month = {1, 12, 2};
static const struct field field_day = {1, 31, 2};
static const struct field field_day_from_end = {1, 28, 2};
static const struct field field_hour = {0, 23, 2};
static const struct field field_sixty = {0, 59, 2};

// A set of numbers of a field: bit n stands for `base` + n.
struct set {
    uint64_t words[4];
    uint32_t base;
};

struct parser {
    const char *text;
    size_t size, at;
    size_t word_end;
    struct calendar_error *error;
};

static bool fail_at(struct parser *parser, enum calendar_fact fact, size_t at, int64_t value)
{
    return calendar_fail(parser->error, fact, at, value);
}

static bool fail(struct parser *parser, enum calendar_fact fact, int64_t value)
{
    return fail_at(parser, fact, parser->at, value);
}

// The next character of the word, 0 at its end.
static char here(const struct parser *parser)
{
    return parser->at < parser->word_end ? parser->text[parser->at] : 0;
}

static bool take(struct parser *parser, const char *token)
{
    size_t size = strlen(token);

    if (parser->word_end - parser->at < size || memcmp(parser->text + parser->at, token, size) != 0)
        return false;
    parser->at += size;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

// To the next word; false at the end.
static bool word_next(struct parser *parser)
{
    while (parser->at < parser->size && is_blank(parser->text[parser->at]))
        parser->at++;
    parser->word_end = parser->at;
    while (parser->word_end < parser->size && !is_blank(parser->text[parser->word_end]))
        parser->word_end++;
    return parser->at < parser->word_end;
}

static bool word_has(const struct parser *parser, char c)
{
    for (size_t i = parser->at; i < parser->word_end; i++)
        if (parser->text[i] == c)
            return true;
    return false;
}

// ---- Numbers ----

static void set_put(struct set *set, uint32_t number)
{
    uint32_t bit = number - set->base;

    set->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool take_number(struct parser *parser, const struct field *field, uint32_t *number)
{
    enum { NUMBER_END = 100000 };
    size_t first = parser->at;

    if (!is_digit(here(parser)))
        return fail(parser, CALENDAR_FACT_NUMBER, 0);
    for (*number = 0; is_digit(here(parser)) && *number < NUMBER_END; parser->at++)
        *number = *number * 10 + (uint32_t)(here(parser) - '0');
    if (parser->at - first > field->digits_max || *number < field->low || *number > field->high)
        return fail_at(parser, CALENDAR_FACT_RANGE, first, *number);
    return true;
}

// The number behind a `/`.
static bool take_step(struct parser *parser, uint32_t reach, uint32_t *step)
{
    static const struct field field_step = {0, 9999, 4};
    size_t first = parser->at;

    if (!take_number(parser, &field_step, step))
        return false;
    return (*step != 0 && *step <= reach) || fail_at(parser, CALENDAR_FACT_STEP, first, *step);
}

// `a/step`: on to the field's end, which is its beginning for days from the end of the month. It
// must lead to one more number at least.
static bool take_open_step(struct parser *parser, const struct field *field, bool is_from_end,
                           uint32_t first, struct set *set)
{
    uint32_t reach = is_from_end ? first - field->low : field->high - first, step;

    if (!take_step(parser, reach, &step))
        return false;
    for (uint32_t i = 0; i <= reach; i += step)
        set_put(set, is_from_end ? first - i : first + i);
    return true;
}

// One of `a`, `a/step`, `a..b`, `a..b/step`.
static bool take_element(struct parser *parser, const struct field *field, bool is_from_end,
                         struct set *set)
{
    uint32_t low, high, step = 1;

    if (!take_number(parser, field, &low))
        return false;
    set_put(set, low);
    if (take(parser, "/"))
        return take_open_step(parser, field, is_from_end, low, set);
    if (!take(parser, ".."))
        return true;
    size_t high_at = parser->at;
    if (!take_number(parser, field, &high))
        return false;
    if (high < low)
        return fail_at(parser, CALENDAR_FACT_BACKWARDS, high_at, high);
    if (take(parser, "/") && !take_step(parser, UINT32_MAX, &step))
        return false;
    for (uint32_t i = low; i <= high; i += step)
        set_put(set, i);
    return true;
}

static bool take_field(struct parser *parser, const struct field *field, bool is_from_end,
                       struct set *set)
{
    if (take(parser, "*")) {
        for (uint32_t i = field->low; i <= field->high; i++)
            set_put(set, i);
        return here(parser) != '/' || fail(parser, CALENDAR_FACT_STEP, 0);
    }
    do {
        if (!take_element(parser, field, is_from_end, set))
            return false;
    } while (take(parser, ","));
    return true;
}

// ---- Words ----

struct name {
    const char *name;
    size_t size_min; // how much of it will do
    uint32_t number;
};

static const struct name weekdays[] = {
    {"monday", 3, 0}, {"tuesday", 3, 1},  {"wednesday", 3, 2}, {"thursday", 3, 3},
    {"friday", 3, 4}, {"saturday", 3, 5}, {"sunday", 3, 6},    {0},
};

// The name of all letters that stand here: NULL if there is none in the table.
static const struct name *take_name(struct parser *parser, const struct name *names)
{
    size_t first = parser->at, size, same;

    while (is_letter(here(parser)))
        parser->at++;
    size = parser->at - first;
    for (; names->name != NULL; names++) {
        for (same = 0; same < size && names->name[same] == lower(parser->text[first + same]);)
            same++;
        if (same == size && (size == names->size_min || size == strlen(names->name)))
            return names;
    }
    parser->at = first;
    return NULL;
}

static bool take_weekday(struct parser *parser, uint32_t *number)
{
    const struct name *day = take_name(parser, weekdays);

    if (day == NULL)
        return fail(parser, CALENDAR_FACT_WEEKDAY, 0);
    *number = day->number;
    return true;
}

static bool take_weekdays(struct parser *parser, struct calendar *calendar)
{
    uint32_t low, high;

    calendar->weekdays = 0;
    do {
        if (!take_weekday(parser, &low))
            return false;
        high = low;
        size_t high_at = parser->at;
        if (take(parser, "..") && !take_weekday(parser, &high))
            return false;
        if (high < low)
            return fail_at(parser, CALENDAR_FACT_BACKWARDS, high_at + 2, 0);
        calendar->weekdays |= (uint8_t)((2u << high) - (1u << low));
    } while (take(parser, ","));
    return here(parser) == 0 ||
           fail(parser, here(parser) == '/' ? CALENDAR_FACT_STEP : CALENDAR_FACT_WEEKDAY, 0);
}

static bool take_date(struct parser *parser, struct calendar *calendar)
{
    struct set years = {.base = CALENDAR_YEAR_MIN}, months = {0}, days = {0};

    if (!take_field(parser, &field_year, false, &years))
        return false;
    if (!take(parser, "-"))
        return fail(parser, CALENDAR_FACT_DATE, 0);
    if (!take_field(parser, &field_month, false, &months))
        return false;
    calendar->is_from_end = take(parser, "~");
    if (!calendar->is_from_end && !take(parser, "-"))
        return fail(parser, CALENDAR_FACT_DATE, 0);
    if (!take_field(parser, calendar->is_from_end ? &field_day_from_end : &field_day,
                    calendar->is_from_end, &days))
        return false;
    memcpy(calendar->years, years.words, sizeof(calendar->years));
    calendar->months = (uint16_t)months.words[0];
    calendar->days = (uint32_t)days.words[0];
    return here(parser) == 0 || fail(parser, CALENDAR_FACT_DATE, 0);
}

static bool take_time(struct parser *parser, struct calendar *calendar)
{
    struct set hours = {0}, minutes = {0}, seconds = {.words = {1}};

    if (!take_field(parser, &field_hour, false, &hours))
        return false;
    if (!take(parser, ":"))
        return fail(parser, CALENDAR_FACT_TIME, 0);
    if (!take_field(parser, &field_sixty, false, &minutes))
        return false;
    if (take(parser, ":")) {
        seconds = (struct set){0};
        if (!take_field(parser, &field_sixty, false, &seconds))
            return false;
    }
    calendar->hours = (uint32_t)hours.words[0];
    calendar->minutes = minutes.words[0];
    calendar->seconds = seconds.words[0];
    return here(parser) == 0 ||
           fail(parser, here(parser) == '.' ? CALENDAR_FACT_FRACTION : CALENDAR_FACT_TIME, 0);
}

static bool is_of_zone(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '+' || c == '-' || c == '/';
}

static bool take_zone(struct parser *parser, struct calendar *calendar)
{
    size_t first = parser->at, size = parser->word_end - first;
    char before = '/'; // so that none may begin with it

    if (!is_letter(here(parser)))
        return fail(parser, CALENDAR_FACT_WORD, 0);
    for (; parser->at < parser->word_end; parser->at++) {
        char c = here(parser);

        if (!is_of_zone(c) || (c == '/' && before == '/'))
            return fail(parser, CALENDAR_FACT_ZONE_NAME, 0);
        before = c;
    }
    if (before == '/' || size >= CALENDAR_ZONE_NAME_MAX)
        return fail_at(parser, CALENDAR_FACT_ZONE_NAME, first, (int64_t)size);
    memcpy(calendar->zone, parser->text + first, size);
    calendar->zone[size] = 0;
    return true;
}

// ---- Expressions ----

enum shorthand { HOURLY, DAILY, WEEKLY, MONTHLY, NOT_OFFERED };

static const struct name shorthands[] = {
    {"hourly", 6, HOURLY},
    {"daily", 5, DAILY},
    {"weekly", 6, WEEKLY},
    {"monthly", 7, MONTHLY},
    {"minutely", 8, NOT_OFFERED},
    {"yearly", 6, NOT_OFFERED},
    {"annually", 8, NOT_OFFERED},
    {"quarterly", 9, NOT_OFFERED},
    {"semiannually", 12, NOT_OFFERED},
    {0},
};

static void apply_shorthand(struct calendar *calendar, uint32_t shorthand)
{
    calendar->minutes = 1;
    if (shorthand != HOURLY)
        calendar->hours = 1;
    if (shorthand == WEEKLY)
        calendar->weekdays = 1;
    if (shorthand == MONTHLY)
        calendar->days = 2;
}

static bool word_is_date(const struct parser *parser)
{
    return !is_letter(here(parser)) && !word_has(parser, ':') &&
           (word_has(parser, '-') || word_has(parser, '~'));
}

// Days, date and time, without shorthands; `*date_at` is where the date stands.
static bool take_parts(struct parser *parser, struct calendar *calendar, size_t *date_at)
{
    if (is_letter(here(parser)) && !take_weekdays(parser, calendar))
        return false;
    word_next(parser);
    *date_at = parser->at;
    if (word_is_date(parser) && !take_date(parser, calendar))
        return false;
    word_next(parser);
    if (!word_has(parser, ':'))
        return fail(parser, CALENDAR_FACT_NO_TIME, 0);
    return take_time(parser, calendar);
}

static bool take_expression(struct parser *parser, struct calendar *calendar, size_t *date_at)
{
    const struct name *shorthand;

    if (!word_next(parser))
        return fail(parser, CALENDAR_FACT_EMPTY, 0);
    *date_at = parser->at;
    shorthand = take_name(parser, shorthands);
    if (shorthand != NULL && shorthand->number == NOT_OFFERED)
        return fail_at(parser, CALENDAR_FACT_SHORTHAND, *date_at, 0);
    if (shorthand != NULL)
        apply_shorthand(calendar, shorthand->number);
    else if (!take_parts(parser, calendar, date_at))
        return false;
    if (here(parser) != 0)
        return fail(parser, CALENDAR_FACT_WORD, 0);
    if (word_next(parser) && !take_zone(parser, calendar))
        return false;
    return !word_next(parser) || fail(parser, CALENDAR_FACT_WORD, 0);
}

// All times there are, but for seconds.
static const struct calendar always = {
    .years = {UINT64_MAX, UINT64_MAX, UINT64_MAX, (UINT64_C(1) << CALENDAR_YEARS % 64) - 1},
    .minutes = (UINT64_C(1) << 60) - 1,
    .seconds = 1,
    .hours = (UINT32_C(1) << 24) - 1,
    .days = UINT32_MAX - 1,
    .months = (1 << 13) - 2,
    .weekdays = 0x7f,
};

bool calendar_parse(struct calendar *calendar, const char *text, size_t size,
                    struct calendar_error *error)
{
    struct parser parser = {.text = text, .size = size, .error = error};
    struct calendar read = always;
    struct date_walk dates;
    size_t date_at;
    int64_t day;

    if (size > CALENDAR_TEXT_MAX)
        return fail_at(&parser, CALENDAR_FACT_TOO_LONG, CALENDAR_TEXT_MAX, (int64_t)size);
    for (size_t i = 0; i < size; i++)
        if (!is_blank(text[i]) && (text[i] < '!' || text[i] > '~'))
            return fail_at(&parser, CALENDAR_FACT_CHARACTER, i, (uint8_t)text[i]);
    if (!take_expression(&parser, &read, &date_at))
        return false;
    date_walk_init(&dates, &read, 0);
    if (!date_walk_next(&dates, &day))
        return fail_at(&parser, CALENDAR_FACT_NEVER, date_at, 0);
    *calendar = read;
    return true;
}

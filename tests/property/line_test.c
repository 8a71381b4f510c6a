// SPDX-License-Identifier: Apache-2.0
//
// Random keys for the line editor. What it sends is drawn by a terminal that others wrote
// (libvterm); after each key the line, the screen and the cursor are what a small model says, and
// what stands above the line is as it was. Terminals of many sizes, that change at any moment.
//
//     STEPS=n   a key for each ten (default 100,000: 10,000 keys)
//     SEED=n    another sequence (default 1); a failure prints the line that repeats it
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vterm.h>

#include "lib/line/line.h"
#include "tests/property/line_model.h"

enum {
    STEPS_DEFAULT = 100000,
    STEPS_A_KEY = 10,
    OUT_MAX = 1 << 20,
    ROWS_MOST = 30,
    COLUMNS_MOST = LINE_COLUMNS_MAX,
    TRAIL = 24, // keys that a failure prints
    KEY_SIZE_MAX = 64,
};

struct pressed {
    char bytes[KEY_SIZE_MAX];
    size_t size;
};

static struct test {
    uint64_t seed, random, key_count, line_count;
    struct line line;
    struct line_history history;
    struct line_model model;
    VTerm *terminal;
    VTermScreen *screen;
    int rows, columns;
    char out[OUT_MAX];
    size_t out_size;
    const char *prompt; // as it is shown
    bool was_tall;      // parts of the line may have left the screen
    int first;          // the row of the screen on which the line begins
    bool has_above;
    uint32_t above[COLUMNS_MOST]; // the row above the line
    struct pressed trail[TRAIL];
    unsigned occurred[MODEL_KEYS], resized, hidden, over, tall;
} test;

static char memory[LINE_MEMORY_PARTS * MODEL_TEXT_MAX], history_bytes[MODEL_HISTORY_MAX];
static struct model_area area;

// ---- Chance ----

static uint64_t draw(void)
{
    test.random ^= test.random << 13;
    test.random ^= test.random >> 7;
    test.random ^= test.random << 17;
    return test.random;
}

static size_t below(size_t limit)
{
    return (size_t)(draw() % limit);
}

// ---- Failures ----

static void print_bytes(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        fprintf(stderr, bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '\\' ? "%c" : "\\x%02x",
                (unsigned)(unsigned char)bytes[i]);
}

static void print_codes(const char *what, const struct model_cell *cell)
{
    fprintf(stderr, "%s", what);
    for (size_t i = 0; i < MODEL_CELL_MAX; i++)
        fprintf(stderr, " %" PRIx32, cell->codes[i]);
    fprintf(stderr, "\n");
}

static void print_area(void)
{
    for (size_t row = 0; row < area.rows; row++) {
        fprintf(stderr, "  wanted |");
        for (size_t i = 0; i < (size_t)test.columns; i++)
            fprintf(stderr, "%" PRIx32 " ", area.cells[row * (size_t)test.columns + i].codes[0]);
        fprintf(stderr, "\n");
    }
    for (int row = 0; row < test.rows; row++) {
        if (vterm_screen_is_eol(test.screen, (VTermPos){row, 0}))
            continue;
        fprintf(stderr, "  screen |");
        for (int i = 0; i < test.columns; i++) {
            VTermScreenCell cell;
            vterm_screen_get_cell(test.screen, (VTermPos){row, i}, &cell);
            fprintf(stderr, "%" PRIx32 " ", cell.chars[0]);
        }
        fprintf(stderr, "\n");
    }
}

static _Noreturn void broken(const char *what)
{
    fprintf(stderr,
            "broken: %s\nkey %" PRIu64 " of line %" PRIu64 ", %d columns, %d rows\nkeys: ", what,
            test.key_count, test.line_count, test.columns, test.rows);
    for (uint64_t i = test.key_count > TRAIL ? test.key_count - TRAIL : 0; i < test.key_count; i++)
        print_bytes(test.trail[i % TRAIL].bytes, test.trail[i % TRAIL].size), fputc(' ', stderr);
    fprintf(stderr, "\nline:  ");
    print_bytes(test.line.text, test.line.text_size);
    fprintf(stderr, " at %zu\nmodel: ", test.line.cursor);
    print_bytes(test.model.text.bytes, test.model.text.size);
    fprintf(stderr, " at %zu\nsent:  ", test.model.text.cursor);
    print_bytes(test.out, test.out_size);
    fprintf(stderr, "\n");
    print_area();
    fprintf(stderr,
            "again: SEED=%" PRIu64 " STEPS=%" PRIu64
            " build/host-asan/test/tests/property/"
            "line_test\n",
            test.seed, (test.key_count + 1) * STEPS_A_KEY);
    exit(1);
}

static void must(bool claim, const char *what)
{
    if (!claim)
        broken(what);
}

// ---- The terminal ----

static void put(void *context, const char *bytes, size_t size)
{
    (void)context;
    must(test.out_size + size <= OUT_MAX, "what is sent is bounded");
    memcpy(test.out + test.out_size, bytes, size);
    test.out_size += size;
}

static VTermPos terminal_cursor(void)
{
    VTermPos place;

    vterm_input_write(test.terminal, test.out, test.out_size);
    vterm_state_get_cursorpos(vterm_obtain_state(test.terminal), &place);
    return place;
}

static struct model_cell cell_at(int row, int column)
{
    struct model_cell found = {{0}};
    VTermScreenCell cell;

    vterm_screen_get_cell(test.screen, (VTermPos){row, column}, &cell);
    for (size_t i = 0; i < MODEL_CELL_MAX && cell.chars[i] != 0; i++)
        found.codes[i] = cell.chars[i];
    // Of a right half this terminal keeps what stood there before.
    for (size_t i = 1; i < MODEL_CELL_MAX && found.codes[0] == UINT32_MAX; i++)
        found.codes[i] = 0;
    if (found.codes[0] == ' ' && found.codes[1] == 0)
        found.codes[0] = 0;
    return found;
}

static void above_take(int row)
{
    test.has_above = row >= 0;
    for (int i = 0; i < test.columns && test.has_above; i++)
        test.above[i] = cell_at(row, i).codes[0];
}

static void above_check(int row)
{
    for (int i = 0; i < test.columns && test.has_above && row >= 0; i++)
        must(cell_at(row, i).codes[0] == test.above[i], "what is above the line stays");
}

static void row_check(int row, size_t area_row)
{
    static const struct model_cell blank;

    for (int i = 0; i < test.columns; i++) {
        const struct model_cell *wanted =
            area_row < area.rows ? &area.cells[area_row * (size_t)test.columns + (size_t)i]
                                 : &blank;
        struct model_cell shown = cell_at(row, i), expected = *wanted;
        if (expected.codes[0] == ' ' && expected.codes[1] == 0)
            expected.codes[0] = 0;
        if (memcmp(&shown, &expected, sizeof(shown)) != 0) {
            fprintf(stderr, "row %d, column %d:", row, i);
            print_codes(" wanted", &expected);
            print_codes("shown", &shown);
            broken("the screen shows the line");
        }
    }
}

// `is_fresh`: the line was drawn anew, perhaps at another place.
static void screen_check(bool is_fresh)
{
    VTermPos cursor = terminal_cursor();
    int first;

    model_draw(&test.model, test.prompt, (size_t)test.columns, &area);
    if (area.rows > (size_t)test.rows) {
        test.was_tall = true;
        test.tall++;
    }
    first = cursor.row - (int)area.cursor_row;
    must(cursor.col == (int)area.cursor_column, "the cursor is where the model has it");
    must(first >= 0 || test.was_tall, "the whole line is on the screen if it fits");
    for (int row = first > 0 ? first : 0; row < test.rows; row++)
        row_check(row, (size_t)(row - first));
    test.first = first;
    if (is_fresh || first <= 0)
        above_take(first - 1);
    else
        above_check(first - 1);
}

static void terminal_make(void)
{
    VTermPos cursor;

    test.rows = (int)(2 + below(ROWS_MOST - 1));
    test.columns = (int)(8 + below(below(2) == 0 ? 12 : below(8) > 0 ? 93 : COLUMNS_MOST - 7));
    if (test.terminal == NULL) {
        test.terminal = vterm_new(test.rows, test.columns);
        vterm_set_utf8(test.terminal, 1);
        test.screen = vterm_obtain_screen(test.terminal);
        vterm_screen_reset(test.screen, 1);
    }
    vterm_set_size(test.terminal, test.rows, test.columns);
    // libvterm 0.1.4 may leave its cursor above a screen that became small.
    vterm_state_get_cursorpos(vterm_obtain_state(test.terminal), &cursor);
    if (cursor.row < 0)
        vterm_input_write(test.terminal, "\33[H", 3);
}

// ---- Keys ----

struct key {
    enum model_key key;
    const char *forms[6];
};

static const struct key keys[] = {
    {MODEL_START, {"\1", "\33[H", "\33OH", "\33[1~", "\33[7~", "\33[1;2H"}},
    {MODEL_END, {"\5", "\33[F", "\33OF", "\33[4~", "\33[8~"}},
    {MODEL_LEFT, {"\2", "\33[D", "\33OD", "\33[1;2D"}},
    {MODEL_RIGHT, {"\6", "\33[C", "\33OC", "\33[1;2C"}},
    {MODEL_WORD_LEFT, {"\33b", "\33[1;5D", "\33[1;3D", "\33Od"}},
    {MODEL_WORD_RIGHT, {"\33f", "\33[1;5C", "\33[1;3C", "\33Oc"}},
    {MODEL_RUB_OUT, {"\10", "\177"}},
    {MODEL_DELETE, {"\33[3~", "\33[3;2~"}},
    {MODEL_CONTROL_D, {"\4"}},
    {MODEL_KILL_END, {"\13"}},
    {MODEL_KILL_START, {"\25"}},
    {MODEL_KILL_TO_BLANK, {"\27"}},
    {MODEL_KILL_WORD, {"\33d", "\33[3;5~", "\33[3;3~"}},
    {MODEL_KILL_WORD_BEFORE, {"\33\177", "\33\10"}},
    {MODEL_YANK, {"\31"}},
    {MODEL_YANK_OTHER, {"\33y"}},
    {MODEL_TRANSPOSE, {"\24"}},
    {MODEL_UNDO, {"\37"}},
    {MODEL_OLDER, {"\20", "\33[A", "\33OA"}},
    {MODEL_NEWER, {"\16", "\33[B", "\33OB"}},
    {MODEL_SEARCH, {"\22"}},
    {MODEL_SEARCH_NEWER, {"\23"}},
    {MODEL_GIVE_UP, {"\7"}},
    {MODEL_COMPLETE, {"\11"}},
    {MODEL_CLEAR, {"\14"}},
    {MODEL_ENTER, {"\r", "\n", "\33OM"}},
    {MODEL_CANCEL, {"\3"}},
    {MODEL_NOTHING, {"\30", "\33z", "\33[5~", "\33[1;5P", "\33[15~"}},
};
enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static const char *const characters[] = {
    "a",
    "b",
    "1",
    " ",
    " ",
    "-",
    "é",
    "ß",
    "€",
    "日",
    "本",
    "字",
    "\xcc\x81",
    "\xcc\x88",
    "c",
    "word",
    "d",
    "e",
    "\xe2\x80\xae",
    "\x82",
    "\xac",
    "\xff",
    "\xc2\x85",
};
enum { CHARACTERS = sizeof(characters) / sizeof(characters[0]) };

static const char *const words[] = {"aa",           "ab",   "abc",     "b日本", "b日字",
                                    "cafe\xcc\x81", "word", "wording", NULL};
static const struct {
    const char *sent, *shown;
} prompts[] = {
    {"$ ", "$ "},
    {"", ""},
    {"\33[1;32mtessera\33[0m> ", "tessera> "},
    {"本: ", "本: "},
    {"a prompt that needs more than one row of a small terminal: ",
     "a prompt that needs more than one row of a small terminal: "},
};

static size_t find(void *context, const char *text, size_t cursor, size_t *word)
{
    const char **found = context;
    size_t count = 0;

    for (*word = cursor; *word > 0 && text[*word - 1] != ' '; (*word)--)
        ;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strlen(words[i]) >= cursor - *word &&
            memcmp(words[i], text + *word, cursor - *word) == 0)
            found[count++] = words[i];
    }
    return count;
}

static const char *name(void *context, size_t index, size_t *size)
{
    const char **found = context;

    *size = strlen(found[index]);
    return found[index];
}

static void line_start(void)
{
    static const char *found[sizeof(words) / sizeof(words[0])];
    static const struct line_completer completer = {found, find, name, ' '};
    size_t prompt = below(sizeof(prompts) / sizeof(prompts[0]));
    struct line_options options = {
        .prompt = prompts[prompt].sent,
        .prompt_size = strlen(prompts[prompt].sent),
        .limit = below(4) == 0 ? 20 + below(40) : 100 + below(MODEL_TEXT_MAX - 99),
        .is_hidden = below(8) == 0,
        .keeps_invalid = below(2) == 0,
        .history = below(4) == 0 ? NULL : &test.history,
        .completer = &completer,
    };

    test.prompt = prompts[prompt].shown;
    test.line_count++;
    test.hidden += options.is_hidden;
    test.was_tall = false;
    test.out_size = 0;
    line_begin(&test.line, &options);
    test.model.words = words;
    model_begin(&test.model, options.limit, options.is_hidden, options.keeps_invalid,
                options.history != NULL);
    screen_check(true);
}

// ---- Steps ----

static void trail(const char *bytes, size_t size)
{
    struct pressed *pressed = &test.trail[test.key_count % TRAIL];

    pressed->size = size < KEY_SIZE_MAX ? size : KEY_SIZE_MAX;
    memcpy(pressed->bytes, bytes, pressed->size);
}

// Sometimes a byte at a time.
static enum line_event feed(const char *bytes, size_t size)
{
    enum line_event event = LINE_MORE;
    size_t used = 0, part = below(3) == 0 ? 1 : size;

    while (used < size && event == LINE_MORE) {
        size_t given = size - used < part ? size - used : part;
        used += line_feed(&test.line, bytes + used, given, &event);
    }
    must(used == size, "all bytes of a key are used");
    return event;
}

static void line_check(void)
{
    must(test.line.text_size == test.model.text.size &&
             memcmp(test.line.text, test.model.text.bytes, test.model.text.size) == 0,
         "the line is the model's");
}

static bool is_scrubbed(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

// The line has ended: the next one begins below it.
static void line_end(enum line_event event)
{
    must((event == LINE_DONE) == test.model.is_done, "done when the model says so");
    must((event == LINE_CANCELLED) == test.model.is_cancelled, "cancelled when the model says so");
    must((event == LINE_ENDED) == test.model.is_ended, "ended when the model says so");
    if (event == LINE_MORE)
        return;
    if (event == LINE_DONE)
        line_check();
    must(terminal_cursor().col == 0, "a line leaves the cursor at the beginning of a row");
    line_close(&test.line);
    must(is_scrubbed(memory, sizeof(memory)), "no copy of what was typed is left");
    line_start();
}

static void settle(enum line_event event, bool is_fresh)
{
    test.over += test.model.is_over;
    if (event == LINE_MORE) {
        line_check();
        must(test.line.cursor == test.model.text.cursor, "the cursor is the model's");
        must(!test.model.is_hidden || test.out_size == 0 || is_fresh || test.model.is_over ||
                 test.was_tall,
             "nothing is sent for what is hidden");
        screen_check(is_fresh);
    }
    line_end(event);
}

static void press(const struct key *key)
{
    size_t count = 0;

    while (count < sizeof(key->forms) / sizeof(key->forms[0]) && key->forms[count] != NULL)
        count++;
    const char *form = key->forms[below(count)];
    trail(form, strlen(form));
    test.occurred[key->key]++;
    model_press(&test.model, key->key, NULL, 0);
    enum line_event event = feed(form, strlen(form));
    settle(event, test.model.said);
}

// A character, or a byte, or a word; several in a row, often at once.
static void type(bool is_paste)
{
    char bytes[KEY_SIZE_MAX];
    size_t size = 0, count = is_paste ? below(8) : 1;
    bool said = false;

    if (is_paste) {
        memcpy(bytes, "\33[200~", 6);
        size = 6;
        model_press(&test.model, MODEL_PASTE_BEGIN, NULL, 0);
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = characters[below(CHARACTERS)];
        bool is_break = is_paste && below(4) == 0;
        size_t text_size = is_break ? 2 : strlen(text);
        memcpy(bytes + size, is_break ? "\r\n" : text, text_size);
        size += text_size;
        if (is_break)
            text = " ";
        bool is_one = (text[0] & 0x80) != 0;
        for (size_t at = 0; at < strlen(text); at += is_one ? strlen(text) : 1) {
            model_press(&test.model, MODEL_TEXT, text + at, is_one ? strlen(text) : 1);
            said = said || test.model.said;
        }
    }
    if (is_paste) {
        memcpy(bytes + size, "\33[201~", 6);
        size += 6;
        model_press(&test.model, MODEL_PASTE_END, NULL, 0);
    }
    trail(bytes, size);
    test.occurred[is_paste ? MODEL_PASTE_BEGIN : MODEL_TEXT]++;
    settle(feed(bytes, size), said);
}

// The first byte of a character, and then another one.
static void type_part(void)
{
    static const char part[] = "\xe2", next[] = "x";

    trail("\xe2x", 2);
    model_press(&test.model, MODEL_TEXT, part, 1);
    bool said = test.model.said;
    model_press(&test.model, MODEL_TEXT, next, 1);
    settle(feed("\xe2x", 2), said || test.model.said);
}

// The terminal cuts its rows, as this one does.
static void resize(void)
{
    char report[32];

    int rows = test.rows, columns = test.columns;

    trail("(resize)", 8);
    terminal_make();
    bool is_smaller = test.rows < rows || test.columns < columns;
    for (int i = columns; i < test.columns; i++)
        test.above[i] = 0;
    if (below(2) == 0) {
        line_resize(&test.line, (uint32_t)test.columns, (uint32_t)test.rows);
    } else {
        enum line_event event;
        int size = snprintf(report, sizeof(report), "\33[8;%d;%dt", test.rows, test.columns);
        bool is_new =
            (uint32_t)test.columns != test.line.columns || (uint32_t)test.rows != test.line.rows;
        line_feed(&test.line, report, (size_t)size, &event);
        must((event == LINE_RESIZED) == is_new, "a new size is an event");
    }
    test.was_tall = true;
    test.resized++;
    int first = test.first;
    settle(LINE_MORE, is_smaller);
    must(is_smaller || first < 0 || test.first == first, "a line stays where it is");
}

// Something else is written, while the line is being edited.
static void interrupt(void)
{
    static const char text[] = "something else\r\n";

    trail("(interrupt)", 11);
    line_hide(&test.line);
    if (below(2) == 0) {
        model_press(&test.model, MODEL_TEXT, "a", 1);
        must(feed("a", 1) == LINE_MORE, "keys count while the line is hidden");
    }
    put(NULL, text, sizeof(text) - 1);
    line_show(&test.line);
    test.was_tall = true;
    settle(LINE_MORE, true);
}

static void step(void)
{
    size_t chance = below(100);

    test.out_size = 0;
    if (chance < 45)
        type(false);
    else if (chance < 49)
        type(true);
    else if (chance < 51)
        type_part();
    else if (chance < 53)
        resize();
    else if (chance < 54)
        interrupt();
    else if (chance < 56)
        press(&keys[KEYS - 3]); // enter, so that there is a history
    else
        press(&keys[below(KEYS - 2) + (below(40) == 0 ? 2 : 0)]);
    test.key_count++;
}

static void always_the_screen_shows_the_line(uint64_t steps)
{
    for (uint64_t i = 0; i < steps; i += STEPS_A_KEY)
        step();
    for (size_t i = 0; i < KEYS; i++)
        must(test.occurred[keys[i].key] > 0 || steps < STEPS_DEFAULT, "every key occurred");
    must(steps < STEPS_DEFAULT || (test.over > 0 && test.tall > 0 && test.hidden > 0),
         "lines too long, too tall and hidden occurred");
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

int main(void)
{
    static const char sentinel[] = "what was here before\r\n";

    test.seed = number_of("SEED", 1);
    test.random = test.seed * 0x9e3779b97f4a7c15u + 1;
    line_init(&test.line, memory, sizeof(memory), (struct line_sink){put, NULL});
    line_history_init(&test.history, history_bytes, sizeof(history_bytes));
    test.line.terminal = LINE_CUTS;
    terminal_make();
    line_resize(&test.line, (uint32_t)test.columns, (uint32_t)test.rows);
    put(NULL, sentinel, sizeof(sentinel) - 1);
    terminal_cursor();
    line_start();
    always_the_screen_shows_the_line(number_of("STEPS", STEPS_DEFAULT));
    vterm_free(test.terminal);
    printf("%" PRIu64 " keys, %" PRIu64
           " lines, %u sizes, %u hidden, %u drawn taller than the"
           " screen, %u too long\n",
           test.key_count, test.line_count, test.resized, test.hidden, test.tall, test.over);
    return 0;
}

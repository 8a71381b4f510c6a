// SPDX-License-Identifier: Apache-2.0
//
// authority-verify: checks a proof that somebody else made. See README.md for what it believes.
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/authority-verify/verify.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NO_HEAD = 3 };

static const char help[] =
    "authority-verify BUNDLE [--head HEX] [--state HEX]\n"
    "  Checks a proof by `authority prove`: recomputes the answer from its pages.\n"
    "  --head HEX   the SHA-256 of the log's last page, from somebody whom you trust\n"
    "  --state HEX  the hash of the checkpoint that the pages begin with, from the same\n";

static const char *path;

struct bundle {
    struct bundle_header header;
    char question[QUESTION_MAX + 1];
    const char *answer;
    struct base base;
    struct log_page *pages;
};

_Noreturn void refuse(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "authority-verify: %s: refused: ", path);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_REFUSED);
}

// --- The bundle ---------------------------------------------------------------------------------

static uint8_t *file_read(size_t *size)
{
    FILE *file = fopen(path, "rb");
    long end = -1;

    if (file == NULL)
        refuse("%s", strerror(errno));
    if (fseek(file, 0, SEEK_END) == 0)
        end = ftell(file);
    if (end < 0 || end == INT64_MAX || fseek(file, 0, SEEK_SET) != 0)
        refuse("it is not a file that can be read at any place");
    uint8_t *bytes = malloc((size_t)end + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)end, file) != (size_t)end)
        refuse("it can't be read as a whole");
    fclose(file);
    *size = (size_t)end;
    return bytes;
}

// A copy that is aligned as its records need it.
static void *part_copy(const uint8_t *bytes, uint64_t size)
{
    void *copy = malloc(size + 1);

    if (copy == NULL)
        refuse("there is not enough memory for it");
    return memcpy(copy, bytes, size);
}

// The checkpoint, which has a hash of its own; its last part, free slots, is not needed here.
static void base_open(struct bundle *bundle, const uint8_t *bytes)
{
    uint64_t size = bundle->header.checkpoint_size;
    struct checkpoint_header *header = &bundle->base.header;
    uint64_t left = size - sizeof(*header) - HASH_SIZE;

    *header = (struct checkpoint_header){.magic = 0};
    if (size == 0)
        return;
    if (size < sizeof(*header) + HASH_SIZE)
        refuse("its checkpoint is too short");
    memcpy(header, bytes, sizeof(*header));
    if (header->magic != CHECKPOINT_MAGIC || header->boot_id != bundle->header.boot_id)
        refuse("its checkpoint is none, or of another boot");
    if (header->version != LOG_VERSION)
        refuse("its checkpoint has version %u; this tool knows version %d", header->version,
               LOG_VERSION);
    if (header->records > left / sizeof(struct commit) || header->records > NOTHING / 2)
        refuse("its checkpoint says that it has %llu records", (unsigned long long)header->records);
    hash_of(bytes, size - HASH_SIZE, bundle->base.hash);
    if (memcmp(bundle->base.hash, bytes + size - HASH_SIZE, HASH_SIZE) != 0)
        refuse("its checkpoint is not the one that was written: its SHA-256 differs");
    bundle->base.records = part_copy(bytes + sizeof(*header), left);
}

static void bundle_open(struct bundle *bundle, const uint8_t *bytes, size_t size)
{
    struct bundle_header *header = &bundle->header;
    uint8_t hash[HASH_SIZE];

    if (size < sizeof(*header) + HASH_SIZE)
        refuse("%zu bytes are too few for a proof", size);
    memcpy(header, bytes, sizeof(*header));
    if (header->magic != BUNDLE_MAGIC)
        refuse("it is not a proof");
    if (header->version != BUNDLE_VERSION)
        refuse("its version is %u; this tool knows version %d", header->version, BUNDLE_VERSION);
    size_t left = size - sizeof(*header) - HASH_SIZE;
    if (header->question_size > QUESTION_MAX || header->question_size > left ||
        header->answer_size > left - header->question_size ||
        header->checkpoint_size > left - header->question_size - header->answer_size)
        refuse("its header is broken");
    left -= header->question_size + header->answer_size + header->checkpoint_size;
    bool has_some = header->page_count != 0 || header->checkpoint_size != 0;
    if (!has_some || left % LOG_PAGE_SIZE != 0 || header->page_count != left / LOG_PAGE_SIZE)
        refuse("its header says that it has %llu pages; it has %zu bytes of them",
               (unsigned long long)header->page_count, left);
    hash_of(bytes, size - HASH_SIZE, hash);
    if (memcmp(hash, bytes + size - HASH_SIZE, HASH_SIZE) != 0)
        refuse("its bytes are not those that were written: the SHA-256 at its end differs");
    const uint8_t *at = bytes + sizeof(*header);
    memcpy(bundle->question, at, header->question_size);
    bundle->question[header->question_size] = '\0';
    if (strlen(bundle->question) != header->question_size)
        refuse("its question is not understood");
    at += header->question_size;
    bundle->answer = (const char *)at;
    at += header->answer_size;
    base_open(bundle, at);
    at += header->checkpoint_size;
    bundle->pages = part_copy(at, header->page_count * LOG_PAGE_SIZE);
}

// --- The chain ----------------------------------------------------------------------------------

static bool is_zero(const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;

    for (size_t i = 0; i < size; i++) {
        if (byte[i] != 0)
            return false;
    }
    return true;
}

static void chain_verify(const struct bundle *bundle)
{
    uint8_t hash[HASH_SIZE] = {0};
    uint64_t first = 0;

    if (bundle->base.header.magic != 0) {
        memcpy(hash, bundle->base.header.head, HASH_SIZE);
        first = bundle->base.header.page;
    }
    for (uint64_t i = 0; i < bundle->header.page_count; i++) {
        const struct log_page_header *page = &bundle->pages[i].header;
        unsigned long long number = (unsigned long long)(first + i);
        if (page->magic != LOG_PAGE_MAGIC)
            refuse("page %llu is no page of a log", number);
        if (page->version != LOG_VERSION)
            refuse("page %llu has version %u; this tool knows version %d", number, page->version,
                   LOG_VERSION);
        if (page->page != number || page->boot_id != bundle->header.boot_id)
            refuse("page %llu is another page, or of another boot", number);
        if (page->count == 0 || page->count > COMMITS_PER_PAGE ||
            !is_zero(bundle->pages[i].records + page->count,
                     (size_t)(COMMITS_PER_PAGE - page->count) * COMMIT_SIZE))
            refuse("page %llu does not have the records that it says", number);
        if (memcmp(page->previous, hash, HASH_SIZE) != 0)
            refuse("page %llu does not follow the page before it: its SHA-256 differs", number);
        hash_of(&bundle->pages[i], LOG_PAGE_SIZE, hash);
    }
    if (memcmp(hash, bundle->header.head, HASH_SIZE) != 0)
        refuse("its pages do not lead to its head");
}

// --- The answer ---------------------------------------------------------------------------------

static void answer_verify(const struct bundle *bundle)
{
    const struct bundle_header *header = &bundle->header;
    struct world world;
    char *answer = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&answer, &size);

    if (out == NULL)
        refuse("there is not enough memory for it");
    world_make(&world, &bundle->base, bundle->pages, header->page_count, header->seq);
    if (header->time_ns < world.time_ns)
        refuse("its moment is before its last commit");
    for (uint64_t i = 0, seq = world.base_seq; i < header->page_count; i++) {
        uint64_t next = header->seq - seq;
        if (header->seq >= seq && next < bundle->pages[i].header.count && header->seq != 0 &&
            bundle->pages[i].records[next].time_ns <= header->time_ns &&
            header->time_ns != world.time_ns)
            refuse("there are more commits up to its time than it counts");
        seq += bundle->pages[i].header.count;
    }
    world.time_ns = header->time_ns;
    answer_write(&world, bundle->question, out);
    if (fclose(out) != 0)
        refuse("there is not enough memory for it");
    if (size != header->answer_size || memcmp(answer, bundle->answer, size) != 0)
        refuse("its pages lead to another answer");
    free(answer);
}

static void hex_print(const uint8_t *bytes)
{
    for (uint32_t i = 0; i < HASH_SIZE; i++)
        printf("%02x", bytes[i]);
}

static bool hash_read(const char *text, uint8_t hash[HASH_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (uint32_t i = 0; i < 2 * HASH_SIZE; i++) {
        const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);
        if (digit == NULL)
            return false;
        hash[i / 2] = (uint8_t)(hash[i / 2] << 4 | (digit - digits));
    }
    return text[2 * HASH_SIZE] == '\0';
}

// Hashes that were given; the words that are left are the bundle's path.
struct given {
    uint8_t head[HASH_SIZE], state[HASH_SIZE];
    bool has_head, has_state;
};

static bool words_read(int count, char **words, struct given *given)
{
    *given = (struct given){.has_head = false};
    path = count > 1 ? words[1] : "-";
    for (int i = 2; i + 1 < count; i += 2) {
        bool is_head = strcmp(words[i], "--head") == 0;
        if (!is_head && strcmp(words[i], "--state") != 0)
            return false;
        *(is_head ? &given->has_head : &given->has_state) = true;
        if (!hash_read(words[i + 1], is_head ? given->head : given->state))
            return false;
    }
    return count % 2 == 0 && path[0] != '-';
}

// A hash, and whether somebody else has said that it is the right one.
static void hash_tell(const char *name, const uint8_t *hash, bool is_given)
{
    printf("%s: ", name);
    hex_print(hash);
    printf(" (%s)\n", is_given ? "as given" : "NOT confirmed: compare it with one from elsewhere");
}

int main(int count, char **words)
{
    struct bundle bundle;
    struct given given;
    size_t size;

    if (!words_read(count, words, &given)) {
        bool asks = count == 2 && strcmp(words[1], "--help") == 0;
        fputs(help, asks ? stdout : stderr);
        return asks ? 0 : EXIT_USAGE;
    }
    uint8_t *bytes = file_read(&size);
    bundle_open(&bundle, bytes, size);
    bool has_base = bundle.base.header.magic != 0;
    chain_verify(&bundle);
    if (given.has_head && memcmp(given.head, bundle.header.head, HASH_SIZE) != 0)
        refuse("it is about another log: its head is not the given one");
    if (given.has_state && (!has_base || memcmp(given.state, bundle.base.hash, HASH_SIZE) != 0))
        refuse("it begins with another state than the given one");
    answer_verify(&bundle);
    printf("question: %s\nmoment: seq %llu, %llu ns, of boot %016llx\n", bundle.question,
           (unsigned long long)bundle.header.seq, (unsigned long long)bundle.header.time_ns,
           (unsigned long long)bundle.header.boot_id);
    hash_tell("head", bundle.header.head, given.has_head);
    if (has_base) {
        printf("from: seq %llu on\n", (unsigned long long)bundle.base.header.seq);
        hash_tell("state", bundle.base.hash, given.has_state);
    }
    fwrite(bundle.answer, 1, bundle.header.answer_size, stdout);
    if (bundle.header.answer_size == 0)
        puts("(nothing)");
    bool is_proven = given.has_head && (given.has_state || !has_base);
    puts(is_proven        ? "proven"
         : given.has_head ? "consistent, but nothing is proven without the state that it begins "
                            "with (--state)"
                          : "consistent, but nothing is proven without a head (--head)");
    free(bundle.pages);
    free((void *)(uintptr_t)bundle.base.records);
    free(bytes);
    return is_proven ? 0 : EXIT_NO_HEAD;
}

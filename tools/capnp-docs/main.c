// SPDX-License-Identifier: Apache-2.0
//
// capnp-docs: the plugin that makes `capnp compile -o<path to capnp-docs>:<folder>` write an
// interface reference: a page for each schema file and an index, in Markdown and in HTML.
//
// All that is said comes from the schema: names, types, numbers, and the comments behind what they
// document. The index has a row for every interface with its transfer mode and session scope; they
// are what the documentation of the interface, or else of its methods, says in a sentence such as
// "Transfer: copy." or "Session scope: session."; where it doesn't say, "not said" stands.

#include "docs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 512 };

static struct capnp_catalog catalog;
static struct capnp_struct_reader request;

struct capnp_text docs_text(const char *text)
{
    return (struct capnp_text){text, (uint32_t)strlen(text)};
}

// "schema/ping.capnp" becomes "ping".
static struct capnp_text base_of(struct capnp_text name)
{
    static const char suffix[] = ".capnp";
    for (uint32_t i = 0; i < name.size; i++) {
        if (name.data[i] == '/') {
            name = (struct capnp_text){name.data + i + 1, name.size - i - 1};
            i = 0;
        }
    }
    uint32_t length = sizeof(suffix) - 1;
    if (name.size > length && memcmp(name.data + name.size - length, suffix, length) == 0) {
        name.size -= length;
    }
    return name;
}

const char *docs_target(struct capnp_text file, const struct page_style *style, uint64_t id)
{
    static char target[PATH_BYTES];
    struct capnp_text base = base_of(file);
    int size =
        snprintf(target, sizeof(target), "%.*s%s", (int)base.size, base.data, page_suffix(style));
    if (id != 0 && size > 0 && (size_t)size < sizeof(target)) {
        snprintf(target + size, sizeof(target) - (size_t)size, "#x%016llx", (unsigned long long)id);
    }
    return target;
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        load_die(path, strerror(errno));
    }
    return file;
}

static void finish(struct page *page, const char *path)
{
    page_end(page);
    if (fclose(page->to) != 0) {
        load_die(path, strerror(errno));
    }
}

static void write_page(struct capnp_struct_reader file, const struct page_style *style)
{
    struct page page;
    char title[PATH_BYTES];
    char path[PATH_BYTES];
    struct capnp_text base = base_of(file_name(file));
    snprintf(path, sizeof(path), "%s", docs_target(file_name(file), style, 0));
    snprintf(title, sizeof(title), "Interfaces: %.*s", (int)base.size, base.data);
    page_begin(&page, create(path), style, title);
    docs_file(&page, &catalog, file);
    finish(&page, path);
}

static void write_index(const struct page_style *style)
{
    static const char *const columns[] = {"interface",     "file",       "transfer",
                                          "session scope", "what it is", NULL};
    struct page page;
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "index%s", page_suffix(style));
    page_begin(&page, create(path), style, "Interface reference");
    page_heading(&page, 1, docs_text("Interface reference"), NULL);
    page_doc(&page, docs_text("An interface is a permission, and its id is the type of a "
                              "capability. This reference is made from the schemas."));
    page_table_begin(&page, columns);
    struct capnp_list_reader files = request_files(request);
    for (uint32_t i = 0; i < files.count; i++) {
        docs_index_rows(&page, &catalog, capnp_list_get_struct(files, i));
    }
    page_table_end(&page);
    page_heading(&page, 2, docs_text("Files"), NULL);
    for (uint32_t i = 0; i < files.count; i++) {
        struct capnp_text name = file_name(capnp_list_get_struct(files, i));
        page_item_begin(&page);
        page_link(&page, name, docs_target(name, style, 0));
        page_item_end(&page);
    }
    finish(&page, path);
}

int main(void)
{
    static const struct page_style *const *const styles[] = {&page_markdown, &page_html};
    struct capnp_problem problem = {0};
    struct load_bytes bytes = load_file("-");
    size_t at = 0;
    load_tool = "capnp-docs";
    request = load_message(&bytes, &at, "standard input (run this through `capnp compile -o`)");
    uint32_t count = capnp_catalog_count(request);
    capnp_catalog_init(&catalog, load_memory(count * sizeof(struct capnp_catalog_node)), count);
    if (!capnp_catalog_add(&catalog, request, &problem) ||
        !capnp_catalog_check(&catalog, &problem)) {
        load_die_of(&problem, "the schema");
    }
    struct capnp_list_reader files = request_files(request);
    for (size_t style = 0; style < sizeof(styles) / sizeof(styles[0]); style++) {
        for (uint32_t i = 0; i < files.count; i++) {
            write_page(capnp_list_get_struct(files, i), *styles[style]);
        }
        write_index(*styles[style]);
    }
    return 0;
}

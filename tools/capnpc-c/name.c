// SPDX-License-Identifier: Apache-2.0
//
// C names for things in schemas (request.h): one rule, applied to every part of a name, so that
// the C name of anything can be guessed from its schema name.
//
// A capital starts a word unless the one before was one too and no small letter follows: HTTPServer
// becomes http_server, ipV4 ip_v4, Sha256 sha256. Scopes are joined by underscores. A file may
// put a prefix before all its names with the annotation of c.capnp.

#include "request.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// c.capnp: annotation prefix (file) :Text
static const uint64_t prefix_annotation_id = UINT64_C(0xe1c7a9b2d45f6038);

static const char *const c_words[] = {
    "auto",     "break",  "case",   "char",     "const",    "continue", "default",  "do",
    "double",   "else",   "enum",   "extern",   "float",    "for",      "goto",     "if",
    "inline",   "int",    "long",   "register", "restrict", "return",   "short",    "signed",
    "sizeof",   "static", "struct", "switch",   "typedef",  "union",    "unsigned", "void",
    "volatile", "while",  "bool",   "true",     "false",    "asm",      "linux",    "unix",
};

// Parameters and variables of generated functions.
static const char *const own_words[] = {"target", "call",    "exception",
                                        "params", "results", "answered"};

struct name name_join(struct name before, struct name after)
{
    if (before.text[0] == 0 || after.text[0] == 0) {
        return before.text[0] == 0 ? after : before;
    }
    struct name joined;
    size_t used = strlen(before.text);
    memcpy(joined.text, before.text, used);
    int more = snprintf(joined.text + used, sizeof(joined.text) - used, "_%s", after.text);
    if (more < 0 || (size_t)more >= sizeof(joined.text) - used) {
        refuse(request_root(), "a name is longer than 511 bytes", (struct capnp_text){"", 0});
    }
    return joined;
}

static bool starts_word(struct capnp_text text, uint32_t at)
{
    unsigned char before = (unsigned char)text.data[at - 1];
    unsigned char after = at + 1 < text.size ? (unsigned char)text.data[at + 1] : 0;
    if (!isupper((unsigned char)text.data[at])) {
        return false;
    }
    return islower(before) || isdigit(before) || (isupper(before) && islower(after));
}

struct name name_snake(struct capnp_text text)
{
    struct name name;
    size_t used = 0;
    for (uint32_t i = 0; i < text.size && used + 3 < sizeof(name.text); i++) {
        unsigned char letter = (unsigned char)text.data[i];
        if (i > 0 && starts_word(text, i)) {
            name.text[used++] = '_';
        }
        name.text[used++] = isalnum(letter) ? (char)tolower(letter) : '_';
    }
    name.text[used] = 0;
    return name;
}

struct name name_upper(struct name name)
{
    for (size_t i = 0; name.text[i] != 0; i++) {
        name.text[i] = (char)toupper((unsigned char)name.text[i]);
    }
    return name;
}

static bool is_among(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

struct name name_safe(struct name name)
{
    if (is_among(name.text, c_words, sizeof(c_words) / sizeof(c_words[0]))) {
        strcat(name.text, "_");
    }
    return name;
}

struct name name_safe_parameter(struct name name)
{
    if (is_among(name.text, own_words, sizeof(own_words) / sizeof(own_words[0]))) {
        strcat(name.text, "_");
    }
    return name_safe(name);
}

static struct name file_prefix(uint64_t file)
{
    struct capnp_list_reader annotations = node_annotations(request_node(file));
    for (uint32_t i = 0; i < annotations.count; i++) {
        struct capnp_struct_reader annotation = capnp_list_get_struct(annotations, i);
        if (annotation_id(annotation) == prefix_annotation_id) {
            return name_snake(schema_text(annotation_value(annotation), VALUE_POINTER));
        }
    }
    return (struct name){""};
}

// Where the file's part of a display name ends.
static uint32_t display_path_size(struct capnp_struct_reader node)
{
    struct capnp_text display = node_display_name(node);
    uint32_t size = display.size;
    while (size > 0 && display.data[size - 1] != ':') {
        size--;
    }
    return size > 0 ? size - 1 : 0;
}

// The structs that a method implies have no scope: they are displayed with the name of their file.
uint64_t request_home_of(struct capnp_struct_reader node)
{
    uint64_t file = request_file_of(node);
    uint32_t path_size = display_path_size(node);
    struct capnp_list_reader nodes = request_nodes(request_root());
    for (uint32_t i = 0; i < nodes.count && file == 0; i++) {
        struct capnp_struct_reader other = capnp_list_get_struct(nodes, i);
        struct capnp_text path = node_display_name(other);
        if (node_kind(other) == NODE_FILE && path.size == path_size &&
            memcmp(path.data, node_display_name(node).data, path_size) == 0) {
            file = node_id(other);
        }
    }
    return file;
}

struct name name_of_node(struct capnp_struct_reader node)
{
    struct capnp_text display = node_display_name(node);
    if (node_id(node) == STREAM_RESULT_ID) {
        return (struct name){"capnp_stream_result"};
    }
    uint32_t start = display_path_size(node) + 1;
    if (start == 1) {
        refuse(node, "has no name that a C name could be made of", display);
    }
    struct capnp_text own = {display.data + start, display.size - start};
    return name_join(file_prefix(request_home_of(node)), name_snake(own));
}

struct name name_of_tag(struct capnp_struct_reader node)
{
    return name_safe(name_of_node(node));
}

// SPDX-License-Identifier: Apache-2.0
//
// What is wrong, where, and what to do about it, in words.
#include "lib/access/parts.h"
#include "lib/text/text.h"

enum value_kind {
    VALUE_NONE,
    VALUE_NUMBER,
    VALUE_HEX,
    VALUE_TYPE,      // of an ACE, by its name
    VALUE_CHARACTER, // one that is missing
};

struct explanation {
    const char *place; // what `at` counts
    const char *what;
    enum value_kind kind;
    const char *remedy;
};

static const struct explanation explanations[ACCESS_FACT_COUNT] = {
    [ACCESS_FACT_NONE] = {"byte", "nothing is wrong", VALUE_NONE, "nothing needs doing"},
    [ACCESS_FACT_CUT_OFF] = {"byte", "the structure reaches beyond the end; bytes needed",
                             VALUE_NUMBER, "hand over the whole descriptor"},
    [ACCESS_FACT_TOO_BIG] = {"byte", "the descriptor has too many bytes", VALUE_NUMBER,
                             "65,536 are allowed; use groups, so that it needs fewer entries"},
    [ACCESS_FACT_REVISION] = {"byte", "unknown revision", VALUE_NUMBER,
                              "SIDs and descriptors are of revision 1, lists of 2 or 4"},
    [ACCESS_FACT_NOT_SELF_RELATIVE] = {"byte", "not a self-relative descriptor; control bits",
                                       VALUE_HEX, "convert it to self-relative form"},
    [ACCESS_FACT_OFFSET] = {"byte", "an offset that points nowhere", VALUE_NUMBER,
                            "offsets are 0, or at least 20 and divisible by 4"},
    [ACCESS_FACT_CONTROL] = {"byte", "a list whose present bit is not set; control bits", VALUE_HEX,
                             "set the bit, or make the offset 0"},
    [ACCESS_FACT_SID_COUNT] = {"byte", "sub-authorities of a SID", VALUE_NUMBER,
                               "a SID has 1 to 15"},
    [ACCESS_FACT_ACL_SIZE] = {"byte", "a list of an impossible size", VALUE_NUMBER,
                              "a list has at least 8 bytes, and a multiple of 4"},
    [ACCESS_FACT_ACE_SIZE] = {"byte", "an entry whose size is not that of its SID", VALUE_NUMBER,
                              "an entry has 8 bytes and its SID, no more"},
    [ACCESS_FACT_ACE_TYPE] = {"byte", "an entry of a type that is not supported", VALUE_TYPE,
                              "only plain entries are: allowed, denied, audit, mandatory label"},
    [ACCESS_FACT_ACE_PLACE] = {"byte", "an entry in the wrong list", VALUE_TYPE,
                               "allowed and denied belong to the DACL, others to the SACL"},
    [ACCESS_FACT_LABEL_SID] = {"byte", "a mandatory label that is no integrity level", VALUE_NONE,
                               "its SID must be S-1-16-level"},
    [ACCESS_FACT_TEXT_COMPONENT] = {"character", "neither an entry nor a component begins here",
                                    VALUE_NONE, "go on with ( or O: G: D: S:"},
    [ACCESS_FACT_TEXT_TWICE] = {"character", "this component is there a second time", VALUE_NONE,
                                "keep one of the two"},
    [ACCESS_FACT_TEXT_SID] = {"character", "not a SID", VALUE_NONE,
                              "write S-1-authority-numbers, or an alias such as SY or BA"},
    [ACCESS_FACT_TEXT_SID_DOMAIN] = {"character", "this alias needs a domain, and there is none",
                                     VALUE_NONE, "write the SID itself"},
    [ACCESS_FACT_TEXT_ACL_FLAG] = {"character", "not a flag of a list", VALUE_NONE,
                                   "use P AR AI or NO_ACCESS_CONTROL, then entries in ( )"},
    [ACCESS_FACT_TEXT_ACE] = {"character", "an entry is not whole; missing", VALUE_CHARACTER,
                              "write (type;flags;rights;;;sid)"},
    [ACCESS_FACT_TEXT_ACE_TYPE] = {"character", "an entry of a type that is not supported",
                                   VALUE_TYPE, "use A, D, AU or ML"},
    [ACCESS_FACT_TEXT_ACE_PLACE] = {"character", "an entry in the wrong list", VALUE_TYPE,
                                    "A and D belong behind D:, AU and ML behind S:"},
    [ACCESS_FACT_TEXT_ACE_FLAG] = {"character", "not a flag of an entry", VALUE_NONE,
                                   "use OI CI NP IO ID SA FA, then ;"},
    [ACCESS_FACT_TEXT_RIGHT] = {"character", "not a right, or not a number of 32 bits", VALUE_NONE,
                                "use aliases such as GA or RC, or a number such as 0xf, then ;"},
    [ACCESS_FACT_TEXT_GUID] = {"character", "an object type, which is not supported", VALUE_NONE,
                               "leave the two fields before the SID empty"},
    [ACCESS_FACT_TEXT_LABEL_SID] = {"character", "a mandatory label that is no integrity level",
                                    VALUE_NONE, "use LW ME MP HI SI or S-1-16-level"},
    [ACCESS_FACT_TEXT_ACL_SIZE] =
        {"character", "a list of too many bytes", VALUE_NUMBER,
         "65,532 are allowed; use groups, so that it needs fewer entries"},
    [ACCESS_FACT_ROOM] = {"byte", "the buffer is too small; bytes needed", VALUE_NUMBER,
                          "hand over a larger one"},
    [ACCESS_FACT_NAME_SIZE] = {"character", "a name of an impossible length", VALUE_NUMBER,
                               "service names have 1 to 256 characters"},
    [ACCESS_FACT_NAME_CHARACTER] = {"character", "not a character of a service name", VALUE_HEX,
                                    "use printable ASCII"},
};

static void put_type(struct text *text, uint32_t type)
{
    const char *name = ace_type_name(type);

    text_put(text, ": ");
    text_put(text, name == NULL ? "unknown" : name);
    if (type != UINT8_MAX) {
        text_put(text, " (");
        text_put_decimal(text, type);
        text_put(text, ")");
    }
}

static void put_value(struct text *text, enum value_kind kind, uint32_t value)
{
    char character[] = {' ', (char)value, 0};

    switch (kind) {
    case VALUE_NONE:
        break;
    case VALUE_NUMBER:
        text_put(text, ": ");
        text_put_decimal(text, value);
        break;
    case VALUE_HEX:
        text_put(text, ": ");
        text_put_hex(text, value);
        break;
    case VALUE_TYPE:
        put_type(text, value);
        break;
    case VALUE_CHARACTER:
        text_put(text, character);
        break;
    }
}

size_t access_error_print(const struct access_error *error, char *out, size_t size)
{
    const struct explanation *explanation = &explanations[error->fact];
    struct text text;

    text_init(&text, out, size);
    text_put(&text, explanation->place);
    text_put(&text, " ");
    text_put_decimal(&text, error->at);
    text_put(&text, ": ");
    text_put(&text, explanation->what);
    put_value(&text, explanation->kind, error->value);
    text_put(&text, "; ");
    text_put(&text, explanation->remedy);
    return text_length(&text);
}

// SPDX-License-Identifier: Apache-2.0
//
// A sentence for every error of the library. A file of its own, for a kernel has no use for it.

#include "lib/capnp/flat.h"

static const char *const sentences[] = {
    [CAPNP_OK] = "no error",
    [CAPNP_MESSAGE_TOO_LARGE] = "the message is larger than 64 KiB",
    [CAPNP_MESSAGE_NOT_WORDS] = "the message is not a whole number of 8-byte words",
    [CAPNP_POINTER_OUT_OF_BOUNDS] = "a pointer leads outside the message",
    [CAPNP_POINTER_FAR] = "a message of one segment has a far pointer",
    [CAPNP_POINTER_FAR_MALFORMED] = "a far pointer leads to what is no landing pad",
    [CAPNP_POINTER_SEGMENT_UNKNOWN] = "a far pointer names a segment that the message lacks",
    [CAPNP_POINTER_OTHER_KIND] = "a pointer is of another kind than its field",
    [CAPNP_POINTER_RESERVED_BITS] = "a pointer has reserved bits set",
    [CAPNP_LIST_OTHER_ELEMENTS] = "the elements of a list are of another size than its type",
    [CAPNP_LIST_TAG_NOT_STRUCT] = "the tag of a list of structs is not a struct pointer",
    [CAPNP_LIST_TAG_TOO_LONG] = "a list of structs counts more elements than it has room for",
    [CAPNP_LIST_INDEX_OUT_OF_RANGE] = "an index is outside its list",
    [CAPNP_TEXT_NOT_TERMINATED] = "a text does not end in NUL",
    [CAPNP_DEPTH_EXCEEDED] = "pointers are nested more than 64 deep",
    [CAPNP_TRAVERSAL_EXCEEDED] = "more was read than the message has reason to hold",
    [CAPNP_CAP_ORDINAL_OUT_OF_RANGE] = "a capability pointer names none of the capabilities",
    [CAPNP_BUILDER_FULL] = "the message does not fit into its buffer",
    [CAPNP_BUILDER_LIST_TOO_LONG] = "a list is longer than a list pointer can say",
    [CAPNP_BUILDER_CAPS_FULL] = "the message has more than 16 capabilities",
    [CAPNP_BUILDER_CAP_SET_TWICE] = "a capability field was set twice",
    [CAPNP_BUILDER_OTHER_FIELD] = "a field is not part of its struct",
    [CAPNP_CANONICAL_CAPABILITY] = "a message with capabilities has no canonical form",
    [CAPNP_FRAME_CUT] = "the message is shorter than its frame says",
    [CAPNP_FRAME_TOO_MANY_SEGMENTS] = "the frame has more segments than its reader takes",
    [CAPNP_FRAME_TOO_LARGE] = "the frame has a segment of 4 GiB or more",
    [CAPNP_PACKED_CUT] = "the packed bytes end in the middle",
    [CAPNP_PACKED_RUN_TOO_LONG] = "a run of packed words goes on beyond the message",
};

_Static_assert(sizeof(sentences) / sizeof(sentences[0]) == CAPNP_ERROR_COUNT,
               "a sentence for each error");

const char *capnp_error_text(enum capnp_error error)
{
    return (unsigned)error < CAPNP_ERROR_COUNT ? sentences[error] : "unknown error";
}

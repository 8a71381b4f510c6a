// SPDX-License-Identifier: Apache-2.0
//
// libcapnp's side of operations.h, as its documentation says to be fast: the first segment is a
// buffer that is reused, messages are read where they lie.

#include "tests/bench/capnp/operations.h"

#include <capnp/any.h>
#include <capnp/serialize-packed.h>
#include <capnp/serialize.h>
#include <kj/io.h>

#include "fields.capnp.h"
#include "theirs_fields.h"

#include <cstring>

namespace {

capnp::word scratch[BUFFER_BYTES / 8];
capnp::word frames[SIZE_COUNT][BUFFER_BYTES / 8];
size_t frame_words[SIZE_COUNT];
kj::byte packed[SIZE_COUNT][BUFFER_BYTES];
size_t packed_bytes[SIZE_COUNT];
capnp::word unpacked[BUFFER_BYTES / 8]; // not the builders' scratch, which stays zero
kj::byte out[BUFFER_BYTES];
capnp::FlatArrayMessageReader *opened[SIZE_COUNT];

kj::ArrayPtr<const capnp::word> frame(int size) {
    return kj::arrayPtr(const_cast<const capnp::word *>(frames[size]), frame_words[size]);
}

uint64_t bytes_of(capnp::MessageBuilder &message) {
    return message.getSegmentsForOutput()[0].size() * sizeof(capnp::word);
}

template <typename Root> uint64_t build() {
    capnp::MallocMessageBuilder message(kj::arrayPtr(scratch, BUFFER_BYTES / 8));
    set_fields(message.initRoot<Root>());
    return bytes_of(message);
}

template <typename Root, int size> uint64_t read() {
    capnp::FlatArrayMessageReader message(frame(size));
    return get_fields(message.getRoot<Root>());
}

template <int size> uint64_t copy() {
    capnp::MallocMessageBuilder message(kj::arrayPtr(scratch, BUFFER_BYTES / 8));
    message.setRoot(opened[size]->getRoot<capnp::AnyStruct>());
    return bytes_of(message);
}

template <int size> uint64_t canonicalise() {
    return opened[size]->getRoot<capnp::AnyStruct>().canonicalize().size() * sizeof(capnp::word);
}

template <int size> uint64_t pack() {
    kj::ArrayOutputStream to(kj::arrayPtr(out, sizeof(out)));
    kj::ArrayPtr<const capnp::word> segments[] = {opened[size]->getSegment(0)};
    capnp::writePackedMessage(to, kj::arrayPtr(segments, 1));
    return to.getArray().size();
}

template <typename Root, int size> uint64_t unpack() {
    kj::ArrayInputStream from(kj::arrayPtr(packed[size], packed_bytes[size]));
    capnp::PackedMessageReader message(from, capnp::ReaderOptions(),
                                       kj::arrayPtr(unpacked, BUFFER_BYTES / 8));
    return message.getRoot<Root>().getF0();
}

} // namespace

operation_run *const theirs[OPERATION_COUNT][SIZE_COUNT] = {
    {build<Fields1>, build<Fields8>, build<Fields64>, build<Fields10000>},
    {read<Fields1, 0>, read<Fields8, 1>, read<Fields64, 2>, read<Fields10000, 3>},
    {copy<0>, copy<1>, copy<2>, copy<3>},
    {canonicalise<0>, canonicalise<1>, canonicalise<2>, canonicalise<3>},
    {pack<0>, pack<1>, pack<2>, pack<3>},
    {unpack<Fields1, 0>, unpack<Fields8, 1>, unpack<Fields64, 2>, unpack<Fields10000, 3>},
};

template <typename Root> static void prepare(int size) {
    capnp::MallocMessageBuilder message(kj::arrayPtr(scratch, BUFFER_BYTES / 8));
    set_fields(message.initRoot<Root>());
    auto flat = capnp::messageToFlatArray(message);
    frame_words[size] = flat.size();
    memcpy(frames[size], flat.begin(), flat.size() * sizeof(capnp::word));
    capnp::ReaderOptions options;
    options.traversalLimitInWords = UINT64_MAX; // read again and again
    opened[size] = new capnp::FlatArrayMessageReader(frame(size), options);
    packed_bytes[size] = theirs[PACK][size]();
    memcpy(packed[size], out, packed_bytes[size]);
}

void theirs_prepare(void) {
    prepare<Fields1>(FIELDS_1);
    prepare<Fields8>(FIELDS_8);
    prepare<Fields64>(FIELDS_64);
    prepare<Fields10000>(FIELDS_10000);
}

// SPDX-License-Identifier: Apache-2.0
//
// The other side of capnp_cpp.py: Debian's C++ implementation of Cap'n Proto.
//
//   capnp_cpp generate <schema> <struct> <seed> <count> [packed]
//       random messages, in segments as small as it can make them, with objects moved between them
//       so that double far pointers come about; to standard output, after each its canonical form
//   capnp_cpp check [packed]
//       messages from standard input, after each its canonical form: must be what this
//       implementation makes of it
//   capnp_cpp caps-generate       a message of the struct Open of whole.capnp with six capabilities
//   capnp_cpp caps-check          such a message from standard input
//   capnp_cpp pack                packs standard input, one message
//
// Exits with 1 and a reason where something differs.

#include <capnp/any.h>
#include <capnp/capability.h>
#include <capnp/dynamic.h>
#include <capnp/schema-parser.h>
#include <capnp/serialize-packed.h>
#include <capnp/serialize.h>
#include <kj/filesystem.h>
#include <kj/io.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

using namespace capnp;

namespace {

std::mt19937_64 engine;

uint64_t below(uint64_t limit) { return engine() % limit; }

uint64_t any_number() {
    switch (below(4)) {
    case 0: return below(3);
    case 1: return UINT64_MAX - below(3);
    case 2: return uint64_t(1) << below(64);
    default: return engine();
    }
}

std::string any_bytes(bool is_text) {
    std::string bytes;
    for (uint64_t left = below(20); left > 0; left--) {
        bytes += is_text ? char('a' + below(26)) : char(below(256));
    }
    return bytes;
}

// Sets a scalar, text or data of this type through `set`.
template <typename Set> bool set_plain(Type type, Set set) {
    switch (type.which()) {
    case schema::Type::VOID: set(DynamicValue::Reader(VOID)); return true;
    case schema::Type::BOOL: set(DynamicValue::Reader(below(2) == 1)); return true;
    case schema::Type::INT8: set(DynamicValue::Reader(int8_t(any_number()))); return true;
    case schema::Type::INT16: set(DynamicValue::Reader(int16_t(any_number()))); return true;
    case schema::Type::INT32: set(DynamicValue::Reader(int32_t(any_number()))); return true;
    case schema::Type::INT64: set(DynamicValue::Reader(int64_t(any_number()))); return true;
    case schema::Type::UINT8: set(DynamicValue::Reader(uint8_t(any_number()))); return true;
    case schema::Type::UINT16: set(DynamicValue::Reader(uint16_t(any_number()))); return true;
    case schema::Type::UINT32: set(DynamicValue::Reader(uint32_t(any_number()))); return true;
    case schema::Type::UINT64: set(DynamicValue::Reader(any_number())); return true;
    case schema::Type::FLOAT32: set(DynamicValue::Reader(float(any_number()))); return true;
    case schema::Type::FLOAT64: set(DynamicValue::Reader(double(any_number()))); return true;
    case schema::Type::ENUM: {
        auto enumerants = type.asEnum().getEnumerants();
        set(DynamicValue::Reader(DynamicEnum(enumerants[below(enumerants.size())])));
        return true;
    }
    case schema::Type::TEXT: {
        std::string text = any_bytes(true);
        set(DynamicValue::Reader(Text::Reader(text.c_str(), text.size())));
        return true;
    }
    case schema::Type::DATA: {
        std::string data = any_bytes(false);
        set(DynamicValue::Reader(
            Data::Reader(reinterpret_cast<const byte *>(data.data()), data.size())));
        return true;
    }
    default: return false;
    }
}

void fill(DynamicStruct::Builder builder, Orphanage orphanage, int depth);

void fill_list(DynamicList::Builder list, Orphanage orphanage, int depth) {
    Type type = list.getSchema().getElementType();
    for (uint i = 0; i < list.size(); i++) {
        if (set_plain(type, [&](DynamicValue::Reader value) { list.set(i, value); })) {
            continue;
        }
        if (type.isStruct()) {
            fill(list[i].as<DynamicStruct>(), orphanage, depth + 1);
        } else if (type.isList()) {
            fill_list(list.init(i, below(4)).as<DynamicList>(), orphanage, depth + 1);
        }
    }
}

void fill_field(DynamicStruct::Builder builder, StructSchema::Field field, Orphanage orphanage,
                int depth) {
    Type type = field.getType();
    if (field.getProto().isGroup()) {
        fill(builder.init(field).as<DynamicStruct>(), orphanage, depth);
    } else if (below(4) == 0 ||
               set_plain(type, [&](DynamicValue::Reader value) { builder.set(field, value); })) {
        return; // absent, or set
    } else if (type.isList()) {
        if (type.asList().getElementType().isAnyPointer()) {
            return; // the dynamic interface doesn't make them
        }
        fill_list(builder.init(field, below(6)).as<DynamicList>(), orphanage, depth + 1);
    } else if (type.isStruct() && depth < 6) {
        if (below(2) == 0) {
            auto orphan = orphanage.newOrphan(type.asStruct());
            fill(orphan.get(), orphanage, depth + 1);
            builder.adopt(field, kj::mv(orphan));
        } else {
            fill(builder.init(field).as<DynamicStruct>(), orphanage, depth + 1);
        }
    } else if (type.isAnyPointer() && depth < 6) {
        builder.clear(field); // which makes it the active member of its union
        auto any = builder.get(field).as<AnyPointer>();
        switch (below(3)) {
        case 0: any.setAs<Text>(any_bytes(true).c_str()); break;
        case 1: fill(any.initAs<DynamicStruct>(builder.getSchema()), orphanage, depth + 1); break;
        default: any.initAs<List<uint16_t>>(uint(below(5))); break;
        }
    }
}

void fill(DynamicStruct::Builder builder, Orphanage orphanage, int depth) {
    auto schema = builder.getSchema();
    for (auto field : schema.getNonUnionFields()) {
        fill_field(builder, field, orphanage, depth);
    }
    auto members = schema.getUnionFields();
    if (members.size() > 0) {
        fill_field(builder, members[below(members.size())], orphanage, depth);
    }
}

void write_words(kj::OutputStream &to, kj::ArrayPtr<const word> words) {
    kj::ArrayPtr<const word> segments[] = {words};
    writeMessage(to, kj::arrayPtr(segments, 1));
}

int generate(int count, char **arguments) {
    SchemaParser parser;
    auto disk = kj::newDiskFilesystem();
    auto standard = disk->getRoot().openSubdir(kj::Path({"usr", "include"}));
    const kj::ReadableDirectory *imports[] = {standard.get()};
    ParsedSchema file = parser.parseFromDirectory(
        disk->getCurrent(), kj::Path(nullptr).eval(arguments[0]), kj::arrayPtr(imports, 1));
    StructSchema schema = file.getNested(arguments[1]).asStruct();
    engine.seed(strtoull(arguments[2], nullptr, 0));
    kj::FdOutputStream raw(1);
    kj::BufferedOutputStreamWrapper to(raw);
    size_t segments = 0;
    for (int left = atoi(arguments[3]); left > 0; left--) {
        MallocMessageBuilder message(uint(1 + below(24)), AllocationStrategy::FIXED_SIZE);
        auto root = message.initRoot<DynamicStruct>(schema);
        fill(root, message.getOrphanage(), 0);
        segments += message.getSegmentsForOutput().size();
        if (count > 4) {
            writePackedMessage(to, message);
        } else {
            writeMessage(to, message);
        }
        auto reader = message.getRoot<AnyPointer>().asReader().getAs<AnyStruct>();
        write_words(to, reader.canonicalize());
    }
    fprintf(stderr, "%zu segments\n", segments);
    return 0;
}

int check(int count, char **) {
    kj::FdInputStream raw(0);
    kj::BufferedInputStreamWrapper from(raw);
    size_t messages = 0;
    size_t segments = 0;
    while (from.tryGetReadBuffer().size() > 0) {
        kj::Own<MessageReader> message;
        if (count > 0) {
            message = kj::heap<PackedMessageReader>(from);
        } else {
            message = kj::heap<InputStreamMessageReader>(from);
        }
        auto root = message->getRoot<AnyStruct>();
        auto wanted = root.canonicalize();
        for (uint i = 0; message->getSegment(i) != nullptr; i++) {
            segments++;
        }
        InputStreamMessageReader theirs(from);
        auto words = theirs.getSegment(0);
        if (!theirs.isCanonical() || words.size() != wanted.size() ||
            memcmp(words.begin(), wanted.begin(), words.size() * sizeof(word)) != 0) {
            fprintf(stderr, "message %zu: another canonical form\n", messages);
            return 1;
        }
        if (theirs.getRoot<AnyStruct>() != root) {
            fprintf(stderr, "message %zu: the canonical form says something else\n", messages);
            return 1;
        }
        messages++;
    }
    fprintf(stderr, "%zu messages\n%zu segments\n", messages, segments);
    return messages == 0;
}

// Pointers of Open that hold capabilities: cap, both; lists caps, boths; box boxed.
enum { CAP = 3, BOTH = 4, CAPS = 5, BOTHS = 6, BOXED = 7, OPEN_POINTERS = 10, OPEN_DATA = 1 };

int caps_generate(int, char **) {
    MallocMessageBuilder message(4, AllocationStrategy::FIXED_SIZE);
    BuilderCapabilityTable table;
    auto root = table.imbue(message.getRoot<AnyPointer>())
                    .initAsAnyStruct(OPEN_DATA, OPEN_POINTERS);
    auto pointers = root.getPointerSection();
    auto fresh = [] { return Capability::Client(newBrokenCap("a capability")); };
    pointers[CAP].setAs<Capability>(fresh());
    pointers[BOTH].setAs<Capability>(fresh());
    auto caps = pointers[CAPS].initAs<List<Capability>>(2);
    caps.set(0, fresh());
    caps.set(1, fresh());
    auto boths = pointers[BOTHS].initAs<List<Capability>>(1);
    boths.set(0, fresh());
    pointers[BOXED].initAsAnyStruct(1, 3).getPointerSection()[0].setAs<Capability>(fresh());
    kj::FdOutputStream to(1);
    writeMessage(to, message);
    return table.getTable().size() == 6 ? 0 : 1;
}

int caps_check(int, char **) {
    kj::FdInputStream from(0);
    InputStreamMessageReader message(from);
    auto hooks = kj::heapArrayBuilder<kj::Maybe<kj::Own<ClientHook>>>(6);
    const void *wanted[6];
    for (int i = 0; i < 6; i++) {
        auto hook = newBrokenCap("a capability");
        wanted[i] = hook.get();
        hooks.add(kj::mv(hook));
    }
    ReaderCapabilityTable table(hooks.finish());
    auto root = table.imbue(message.getRoot<AnyPointer>()).getAs<AnyStruct>();
    auto pointers = root.getPointerSection();
    auto hook_of = [](Capability::Client client) {
        return static_cast<const void *>(ClientHook::from(kj::mv(client)).get());
    };
    auto caps = pointers[CAPS].getAs<List<Capability>>();
    auto boths = pointers[BOTHS].getAs<List<Capability>>();
    auto boxed = pointers[BOXED].getAs<AnyStruct>().getPointerSection();
    const void *seen[6] = {hook_of(pointers[CAP].getAs<Capability>()),
                           hook_of(pointers[BOTH].getAs<Capability>()),
                           hook_of(caps[0]),
                           hook_of(caps[1]),
                           hook_of(boths[0]),
                           hook_of(boxed[0].getAs<Capability>())};
    for (int i = 0; i < 6; i++) {
        if (seen[i] != wanted[i]) {
            fprintf(stderr, "capability %d is another\n", i);
            return 1;
        }
    }
    return 0;
}

int pack(int, char **) {
    kj::FdInputStream from(0);
    kj::FdOutputStream to(1);
    InputStreamMessageReader message(from);
    MallocMessageBuilder copy;
    copy.setRoot(message.getRoot<AnyPointer>());
    writePackedMessage(to, copy);
    return 0;
}

const struct {
    const char *name;
    int arguments;
    int (*run)(int count, char **arguments);
} commands[] = {{"generate", 4, generate},
                {"check", 0, check},
                {"caps-generate", 0, caps_generate},
                {"caps-check", 0, caps_check},
                {"pack", 0, pack}};

} // namespace

int main(int count, char **arguments) {
    for (auto &command : commands) {
        if (count >= 2 + command.arguments && strcmp(arguments[1], command.name) == 0) {
            return command.run(count - 2, arguments + 2);
        }
    }
    fprintf(stderr, "usage: capnp_cpp generate|check|caps-generate|caps-check|pack ...\n");
    return 2;
}

# SPDX-License-Identifier: Apache-2.0
#
# Annotations that capnpc-c understands.

@0xb1d4c39f02e6a785;

annotation prefix @0xe1c7a9b2d45f6038 (file) :Text;
# A prefix for all C names of a file: with $prefix("abi"), struct Process becomes
# abi_process_reader. For schemas whose names a C program already uses for something else.

annotation plain @0x8d0f6a1b7c3e5294 (file) :Void;
# The file's interfaces are served by plain structs (plain.c): x.plain.h, x.plain.c, x.names.h.

annotation most @0xa6e2d95c1f70b483 (field, param) :UInt32;
# Bytes of data in a plain result, at most. Of a plain parameter: the largest that a number without
# sign may be, or the bytes of data or text.

annotation least @0xb90e53d1674fa28c (param) :UInt32;
# The same, the smallest.

annotation by @0xf28a6d0c95e3b174 (method) :Text;
# The plain method is served by this C function, without its _run, and not by one of its own: for
# methods that do the same to different things.

annotation reach @0xd7406be38ca951f2 (param) :UInt32;
# The methods that a capability of a plain parameter has to admit, as bits: bit n is method n.

# macro.capnp:5: null: its C name `NULL` is taken;
# rename one of the two: the C library
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0003;
const null :UInt8 = 0;

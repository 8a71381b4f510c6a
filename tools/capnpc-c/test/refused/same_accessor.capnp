# same_accessor.capnp:6: Pair: its C name `pair_get_foo_bar` is taken;
# rename one of the two: same_accessor.capnp:Pair
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0001;

struct Pair {
  fooBar @0 :UInt8;
  foo :group { bar @1 :UInt8; }
}

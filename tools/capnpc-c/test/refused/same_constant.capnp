# same_constant.capnp:8: Outer.limit: its C name `OUTER_LIMIT` is taken;
# rename one of the two: same_constant.capnp:outerLimit
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0002;
const outerLimit :UInt8 = 1;
struct Outer {
  # A string and a brace: "struct {".
  const limit :Text = "{ not # a comment";
}

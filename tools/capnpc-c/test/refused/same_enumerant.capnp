# same_enumerant.capnp:11: Color.Shade: its C name `COLOR_SHADE_DARK` is taken;
# rename one of the two: same_enumerant.capnp:Color
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0004;
struct Color {
  union {
    shadeDark @0 :Void;
    light @1 :Void;
  }
  # the enum
  enum Shade { dark @0; }
}

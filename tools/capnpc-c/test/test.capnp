# SPDX-License-Identifier: Apache-2.0
#
# Every feature that capnpc-c supports, for its tests, the interop tests and the fuzz target.

@0xd7f3a1c09be24586;

using Other = import "other.capnp";

const answer :Int32 = 42;
# The constant that sizes an array.
const coldest :Int32 = -2147483648;
const lowest :Int64 = -9223372036854775808;
const highest :UInt64 = 18446744073709551615;
const big :UInt32 = 4000000000;
const yes :Bool = true;
const half :Float32 = 0.5;
const tenth :Float64 = 0.1;
const endless :Float64 = inf;
const greeting :Text = "hi \"there\"?\\ \n";
const magic :Data = 0x"00 ff 41 22";
const paint :Color = blue;
const corner :Point = (x = 3, y = -4);
const primes :List(UInt16) = [2, 3, 5, 7, 11];
const corners :List(Point) = [(x = 1), (y = 2)];

enum Color {
  red @0;
  # Comments end in a backslash: \
  green @1;
  blue @2;
  darkGrey @3;
}

struct Point {
  # A point, on what??/ A plane.
  x @0 :Int32;
  y @1 :Int32;
}

struct Empty {
}

struct Scalars {
  nothing @0 :Void;
  flag @1 :Bool;
  int8 @2 :Int8;
  int16 @3 :Int16;
  int32 @4 :Int32;
  int64 @5 :Int64;
  uint8 @6 :UInt8;
  uint16 @7 :UInt16;
  uint32 @8 :UInt32;
  uint64 @9 :UInt64;
  float32 @10 :Float32;
  float64 @11 :Float64;
  color @12 :Color;
  otherFlag @13 :Bool;
}

struct Defaults {
  flag @0 :Bool = true;
  int8 @1 :Int8 = -8;
  int16 @2 :Int16 = -1600;
  int32 @3 :Int32 = -320000;
  int64 @4 :Int64 = -64000000000;
  uint8 @5 :UInt8 = 200;
  uint16 @6 :UInt16 = 65535;
  uint32 @7 :UInt32 = 4000000000;
  uint64 @8 :UInt64 = 18446744073709551615;
  float32 @9 :Float32 = 1.5;
  float64 @10 :Float64 = -2.25;
  color @11 :Color = green;
  text @12 :Text = "default";
  data @13 :Data = 0x"01 02 03";
  point @14 :Point = (x = 7, y = 8);
  numbers @15 :List(UInt32) = [1, 2, 3];
  points @16 :List(Point) = [(x = 1, y = 2), (x = 3)];
}

struct Lists {
  voids @0 :List(Void);
  flags @1 :List(Bool);
  int8s @2 :List(Int8);
  uint16s @3 :List(UInt16);
  int32s @4 :List(Int32);
  uint64s @5 :List(UInt64);
  float32s @6 :List(Float32);
  float64s @7 :List(Float64);
  colors @8 :List(Color);
  texts @9 :List(Text);
  datas @10 :List(Data);
  points @11 :List(Point);
  nested @12 :List(List(UInt8));
  trees @13 :List(Tree);
  bytes @14 :List(UInt8);
}

struct Tree {
  value @0 :Int64;
  label @1 :Text;
  left @2 :Tree;
  right @3 :Tree;
}

struct Shape {
  # A union, a group, a group in a union, a union in a group.
  name @0 :Text;
  union {
    unknown @1 :Void;
    circle :group {
      radius @2 :Float64;
      filled @3 :Bool;
    }
    square @4 :UInt32;
    label @5 :Text;
    corner @6 :Point;
    corners @7 :List(Point);
  }
  style :group {
    color @8 :Color = blue;
    width @9 :UInt16 = 1;
    pen :union {
      solid @10 :Void;
      dashed @11 :UInt8;
      stamp @12 :Text;
    }
  }
}

struct Outer {
  inner @0 :Inner;
  kind @1 :Kind;
  foreign @2 :Other.Foreign;
  foreignKind @3 :Other.Foreign.Kind;
  const limit :UInt16 = 300;

  struct Inner {
    depth @0 :UInt8;
    deeper @1 :Deeper;
    struct Deeper {
      leaf @0 :Text;
    }
  }
  enum Kind {
    plain @0;
    fancy @1;
  }
}

struct All {
  # What the interop tests fill with random values.
  scalars @0 :Scalars;
  defaults @1 :Defaults;
  lists @2 :Lists;
  tree @3 :Tree;
  shapes @4 :List(Shape);
  outer @5 :Outer;
  data @6 :Data;
  empty @7 :Empty;
}

struct Wallet {
  ping @0 :Ping;
  any @1 :Capability;
  pings @2 :List(Ping);
  union {
    none @3 :Void;
    spare @4 :Ping;
  }
}

interface Ping {
  # Answers.

  echo @0 (value :UInt64, text :Text) -> (value :UInt64, length :UInt32);
  # Gives the value back.

  now @1 () -> (time :UInt64);
  shape @2 Shape -> Lists;
  hand @3 (ping :Ping, any :Capability) -> (ping :Ping, any :Capability);
  default @4 (target :UInt8, data :Data, color :Color = green, struct :Bool) -> ();
  named @5 Point -> (sum :Int64);
  big @6 (items :List(Point)) -> (copy :List(Point), label :Text);
  foreign @7 (kind :Other.Foreign.Kind) -> Other.Foreign;
  silent @8 (nothing :Void) -> (nothing :Void);
}

interface HTTPMarker {
}

# SPDX-License-Identifier: Apache-2.0
#
# Every feature of the schema language that a value can have, for dynamic_interop.py and the unit
# tests of the dynamic side.
@0xe1f3d8a9b0c44d17;

interface Service {
  # Something to call.

  call @0 (word :Text, count :UInt32 = 3) -> (words :List(Text));
  # Says the word again.

  pass @1 Every -> (service :Service);
}

interface Wider extends(Service) {
  more @0 () -> (box :Box(Text));
}

enum Color {
  red @0;    # like a tomato
  green @1;
  darkGrey @2;
}

struct Point { x @0 :Int32; y @1 :Int32 = -7; }

struct Box(Content) {
  content @0 :Content;
  next @1 :Box(Content);
  struct Inner { deep @0 :Content; other @1 :Box(Data); }
  inner @2 :Inner;
}

struct Every {
  nothing @0 :Void;
  yes @1 :Bool = true;
  no @2 :Bool;
  int8 @3 :Int8 = -8;
  int16 @4 :Int16;
  int32 @5 :Int32 = 123456;
  int64 @6 :Int64 = -64000000000;
  uint8 @7 :UInt8 = 200;
  uint16 @8 :UInt16;
  uint32 @9 :UInt32 = 4000000000;
  uint64 @10 :UInt64;
  float32 @11 :Float32 = 1.5;
  float64 @12 :Float64 = -inf;
  text @13 :Text = "text by default";
  data @14 :Data = 0x"00 ff";
  color @15 :Color = green;
  point @16 :Point = (x = 5);
  numbers @17 :List(UInt32) = [1, 2, 3];

  union {
    first @18 :Void;
    word @19 :Text = "a word";
    amount @20 :UInt16 = 9;
    pair :group {
      left @21 :Int8;
      right @22 :Text;
    }
    corner @23 :Point = (y = 4);
    corners @24 :List(Point) = [(x = 1), (y = 2)];
    shade @25 :Color = darkGrey;
  }
  box :group {
    wide @26 :UInt64 = 18446744073709551615;
    union {
      open @27 :Void;
      shut @28 :Bool;
      ajar @29 :Float64;
    }
    lid :group { colour @30 :Color; names @31 :List(Text); }
  }

  voids @32 :List(Void);
  bools @33 :List(Bool);
  int8s @34 :List(Int8);
  int16s @35 :List(Int16);
  int64s @36 :List(Int64);
  uint64s @37 :List(UInt64);
  float32s @38 :List(Float32);
  float64s @39 :List(Float64);
  texts @40 :List(Text);
  datas @41 :List(Data);
  colors @42 :List(Color);
  points @43 :List(Point);
  lists @44 :List(List(List(Int16)));
  everies @45 :List(Every);
  every @46 :Every;
  boxed @47 :Box(Text);
  boxes @48 :List(Box(Box(Point)));
  pairs @49 :Box(List(UInt8));
  unbound @50 :Box;
  service @51 :Service;
  any @52 :AnyPointer;
  services @53 :List(Service);
}

const origin :Point = (x = 0, y = 0);

struct Twice {
  # The default of either is a Twice, without end.
  left :union { a @0 :Twice; nothing @1 :Void; }
  right :union { b @2 :Twice; none @3 :Void; }
}

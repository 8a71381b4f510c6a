# SPDX-License-Identifier: Apache-2.0
#
# Two versions of the same things: what the language reference allows to change, changed.

@0xe2b90c7d41f8a653;

struct OldRecord {
  id @0 :UInt32;
  name @1 :Text;
  numbers @2 :List(UInt32);
  bytes @3 :List(UInt8);
  texts @4 :List(Text);
  lists @5 :List(List(UInt16));
  items @6 :List(Item);
  single @7 :Int64;
  link @8 :OldRecord;
  color @9 :Color;
  voids @10 :List(Void);

  struct Item {
    a @0 :UInt16;
  }
  enum Color {
    red @0;
    green @1;
  }
}

struct NewRecord(T) {
  # Fields added and renamed, scalars in lists became structs, a field became a member of a union,
  # a struct generic, an enum longer.
  identifier @0 :UInt32;
  name @1 :Text;
  numbers @2 :List(Number);
  bytes @3 :List(Byte);
  texts @4 :List(Line);
  lists @5 :List(Row);
  items @6 :List(Item);
  union {
    single @7 :Int64;
    double @11 :Float64;
    words @12 :List(Text);
  }
  link @8 :NewRecord(T);
  color @9 :Color;
  voids @10 :List(UInt32);
  added @13 :UInt64 = 77;
  more @14 :Text = "more";
  extra @15 :T;
  flag @16 :Bool = true;

  struct Number {
    value @0 :UInt32;
    unit @1 :Text;
    scale @2 :UInt64 = 10;
  }
  struct Byte {
    value @0 :UInt8;
    next @1 :UInt8 = 9;
  }
  struct Line {
    text @0 :Text;
    number @1 :UInt16;
  }
  struct Row {
    cells @0 :List(UInt16);
    height @1 :UInt16;
  }
  struct Item {
    a @0 :UInt16;
    b @1 :UInt16 = 5;
    c @2 :Text;
  }
  enum Color {
    red @0;
    green @1;
    blue @2;
  }
}

struct OldKinds {
  # A field of every kind; the new version adds another of each, most with a default.
  nothing @0 :Void;
  yes @1 :Bool;
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
  color @12 :OldRecord.Color;
  text @13 :Text;
  data @14 :Data;
  flags @15 :List(Bool);
  floats @16 :List(Float64);
  texts @17 :List(Text);
  item @18 :OldRecord.Item;
  items @19 :List(OldRecord.Item);
  any @20 :AnyPointer;
  cap @21 :Capability;
  group :group {
    inner @22 :UInt16;
    union { left @23 :UInt32; right @24 :Text; }
  }
}

struct NewKinds {
  nothing @0 :Void;
  yes @1 :Bool;
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
  color @12 :OldRecord.Color;
  text @13 :Text;
  data @14 :Data;
  flags @15 :List(Bool);
  floats @16 :List(Float64);
  texts @17 :List(Text);
  item @18 :OldRecord.Item;
  items @19 :List(OldRecord.Item);
  any @20 :AnyPointer;
  cap @21 :Capability;
  group :group {
    inner @22 :UInt16;
    union { left @23 :UInt32; right @24 :Text; }
  }
  moreNothing @25 :Void;
  moreYes @26 :Bool = true;
  moreInt8 @27 :Int8 = -8;
  moreInt16 @28 :Int16 = -16;
  moreInt32 @29 :Int32 = -32;
  moreInt64 @30 :Int64 = -64;
  moreUint8 @31 :UInt8 = 8;
  moreUint16 @32 :UInt16 = 16;
  moreUint32 @33 :UInt32 = 32;
  moreUint64 @34 :UInt64 = 64;
  moreFloat32 @35 :Float32 = 1.5;
  moreFloat64 @36 :Float64 = -2.5;
  moreColor @37 :OldRecord.Color = green;
  moreText @38 :Text = "more";
  moreData @39 :Data = 0x"01 02";
  moreFlags @40 :List(Bool) = [true, false];
  moreFloats @41 :List(Float64) = [0.5];
  moreTexts @42 :List(Text) = ["a", "b"];
  moreItem @43 :OldRecord.Item = (a = 3);
  moreItems @44 :List(OldRecord.Item) = [(a = 4)];
  moreAny @45 :AnyPointer;
  moreCap @46 :Capability;
  moreGroup :group {
    inner @47 :UInt16 = 7;
    union { left @48 :UInt32 = 9; right @49 :Text; }
  }
}

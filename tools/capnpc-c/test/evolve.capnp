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

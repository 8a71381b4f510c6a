# SPDX-License-Identifier: Apache-2.0
#
# What test.capnp leaves out of the schema language: type parameters, pointers of open type, lists
# of lists, interfaces that extend others, streaming, annotations, aliases, embedded files.

@0xb7a1f6d05c2e8934;

using Test = import "test.capnp";
using import "other.capnp".Foreign;

annotation note(*) :Text;
annotation weight(field) :Float64;

const greeting :Box(Text) = (value = "hi");
const matrix :List(List(UInt8)) = [[1, 2], [], [3]];
const source :Data = embed "other.capnp";

struct Box(T) $note("generic") {
  value @0 :T;
  union {
    none @1 :Void;
    nested @2 :Box(T);
    other @3 :Box(Box(T));
    pair :group {
      first @4 :T;
      tag @5 :UInt8 $weight(2.5);
    }
  }

  struct Inner(U) {
    outer @0 :T;
    inner @1 :U;
  }

  interface Getter {
    get @0 () -> (value :T);
  }
}

struct Map(Key, Value) {
  entries @0 :List(Entry);
  struct Entry {
    key @0 :Key;
    value @1 :Value;
  }
}

using Names = Map(Text, List(UInt32));

struct Whole {
  text @0 :Box(Text) = (value = "default", pair = (first = "f", tag = 3));
  deep @1 :Box(Box(Data));
  inner @2 :Box(Text).Inner(Test.Point);
  names @3 :Names;
  boxes @4 :List(Box(Text));
  textLists @5 :List(List(Text)) = [["a", "b"], []];
  flagLists @6 :List(List(Bool));
  pointLists @7 :List(List(Test.Point));
  cubes @8 :List(List(List(Int16)));
  datas @9 :List(Data) = [0x"01 02", 0x"03"];
  floats @10 :List(Float32) = [1.5, inf];
  strange @11 :Float32 = nan;
  foreign @12 :Foreign;
  colorLists @13 :List(List(Test.Color));
}

struct Open {
  any @0 :AnyPointer;
  struct @1 :AnyStruct;
  list @2 :AnyList;
  cap @3 :Capability;
  both @4 :Both;
  caps @5 :List(Capability);
  boths @6 :List(Both);
  boxed @7 :Box(Both);
  lists @8 :List(AnyList);
  union {
    nothing @9 :Void;
    something @10 :AnyPointer;
  }
}

interface Base {
  foo @0 (x :UInt32) -> (y :UInt32);
  # Declared once, called through everything that extends it.
}

interface Marker {}

interface Left extends (Base, Marker) {
  left @0 () -> ();
}

interface Right extends (Base) {
  right @0 () -> ();
  pass @1 [T] (value :T, box :Box(T)) -> (value :T);
}

interface Both extends (Left, Right) {
  both @0 () -> (self :Both);
  write @1 (bytes :Data) -> stream;
  explicit @2 Open -> Box(Text);
}

interface Only extends (Base) {}

interface Exchange(Q, R) extends (Base) {
  call @0 (question :Q) -> (answer :R);
  reverse @1 () -> (exchange :Exchange(R, Q));
}

interface Int extends (Exchange(Text, Data)) {
  # Its name is a word of C.
  short @0 (double :Default) -> (static :UInt8);
  enum Default {
    case @0;
    while @1;
  }
}

# SPDX-License-Identifier: Apache-2.0
#
# An interface that is served by plain structs, with every kind of field that they may have.

@0x9a4e6fd2c8b17036;

using C = import "../c.capnp";

$C.plain;

interface Shop {
  buy @0 (tiny :Int8 = -3, small :UInt16 = 7, count :Int32, large :Int64 = -9, flag :Bool = true,
          other :Bool, size :Size = wide, name :Text, picture :Data, payer :Shop $C.reach(5),
          nothing :Void, friend :Capability)
      -> (tiny :Int8 = -3, small :UInt16 = 7, count :Int32, large :Int64 = -9, flag :Bool = true,
          other :Bool, size :Size = wide, receipt :Data $C.most(5), thing :Capability, rest :Shop);
  look @1 () -> ();
  weigh @2 (grams :UInt16 $C.least(2) $C.most(9), most :UInt64 $C.most(5), name :Text $C.least(1),
            picture :Data $C.most(3)) -> ();

  enum Size {
    narrow @0;
    wide @1;
  }
}

interface Empty {
}

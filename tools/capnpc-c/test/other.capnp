# SPDX-License-Identifier: Apache-2.0
#
# Imported by test.capnp and importing it, with a prefix before its C names.

@0x9a4e6fd2c8b17035;

using C = import "../c.capnp";
using Test = import "test.capnp";

$C.prefix("far");

struct Foreign {
  kind @0 :Kind;
  point @1 :Test.Point;
  enum Kind {
    near @0;
    away @1;
  }
}

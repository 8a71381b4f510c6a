# SPDX-License-Identifier: Apache-2.0
#
# What four.c reads.

@0xa9d2e7b14c60f385;

struct Four {
  a @0 :UInt64;
  b @1 :UInt64;
  c @2 :UInt64;
  d @3 :UInt64;
}

# SPDX-License-Identifier: Apache-2.0

@0xd39b5e2a7c1f4806;

struct Person {
  # Somebody to write to.

  id @0 :UInt32;
  name @1 :Text;
  email @2 :Text;
  phones @3 :List(Phone);
  employment :union {
    unemployed @4 :Void;
    employer @5 :Text;
  }

  struct Phone {
    number @0 :Text;
    type @1 :Type = mobile;
    enum Type {
      mobile @0;
      home @1;
      work @2;
    }
  }
}

struct Contacts {
  people @0 :List(Person);
}

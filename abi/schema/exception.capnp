# SPDX-License-Identifier: Apache-2.0
#
# How an object or its server says that it could not do what it was asked for. The type is always
# in the completion; this message comes along where it fits. Exceptions that the kernel makes carry
# no message: the completion's detail is the fact's number in abi/errors.def.
@0x9f4b3c0000000003;

struct CapException {
  enum Type {
    none @0;
    failed @1;
    overloaded @2;
    disconnected @3;
    unimplemented @4;
    invalidArgument @5;
  }
  type @0 :Type;
  reason @1 :Text;
}

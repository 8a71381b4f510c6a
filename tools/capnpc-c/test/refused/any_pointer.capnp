# any_pointer.capnp:Holder: AnyPointer is not supported: field: thing
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0004;
struct Holder { thing @0 :AnyPointer; }

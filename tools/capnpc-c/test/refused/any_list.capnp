# any_list.capnp:Holder: AnyPointer is not supported: field: things
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0009;
struct Holder { things @0 :AnyList; }

# generic.capnp:Box: generic types are not supported
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0001;
struct Box(T) { value @0 :T; }

# generic_method.capnp:Maker: generic methods are not supported: method: make
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0003;
interface Maker { make @0 [T] (value :T) -> (); }

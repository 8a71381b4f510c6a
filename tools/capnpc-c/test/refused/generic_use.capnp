# generic_use.capnp:User: generic types are not supported: field: box
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0002;
using Generic = import "generic.capnp";

struct User { box @0 :Generic.Box(Text); }

# Sink.write$Params: not in a plain struct: the type of field: items
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0009;
using C = import "/c.capnp";
$C.plain;
interface Sink { write @0 (items :List(Text)) -> (); }

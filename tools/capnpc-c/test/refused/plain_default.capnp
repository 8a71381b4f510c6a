# Sink.write$Params: a plain struct has no default for text and data: field: name
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c000c;
using C = import "/c.capnp";
$C.plain;
interface Sink { write @0 (name :Text = "x") -> (); }

# Ask: a plain struct has no groups and no unions: field: left
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c000d;
using C = import "/c.capnp";
$C.plain;
struct Ask { union { left @0 :Int32; right @1 :Int32; } }
interface Sink { write @0 Ask -> (); }

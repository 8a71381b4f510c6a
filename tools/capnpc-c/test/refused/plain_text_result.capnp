# Sink.read$Results: not in a plain struct: the type of field: name
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c000a;
using C = import "/c.capnp";
$C.plain;
interface Sink { read @0 () -> (name :Text); }

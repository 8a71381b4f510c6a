# Sink.read$Results: the annotation `most` must say how long it gets: field: bytes
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c000b;
using C = import "/c.capnp";
$C.plain;
interface Sink { read @0 () -> (bytes :Data); }

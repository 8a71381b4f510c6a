# Sink.weigh$Params: `least` and `most` are about numbers without sign, text and data: field: change
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0017;
using C = import "/c.capnp";
$C.plain;
interface Sink { weigh @0 (change :Int32 $C.least(1)) -> (); }

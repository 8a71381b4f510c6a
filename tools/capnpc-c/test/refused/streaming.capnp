# streaming.capnp:Sink: streaming methods are not supported yet: method: write
# SPDX-License-Identifier: Apache-2.0
@0x8f1de3a95a3c0006;
interface Sink { write @0 (bytes :Data) -> stream; }

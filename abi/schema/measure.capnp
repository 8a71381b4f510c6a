# SPDX-License-Identifier: Apache-2.0
#
# What the programs measure and measure-echo say to each other: answers of a known size.
@0x9f4b3c00000000f0;

interface Measure @0x9f4b3c00000002f0 {
  # Calls whose size is known. Transfer: copy. Session scope: shareable.

  words @0 (first :UInt64, second :UInt64, third :UInt64)
      -> (first :UInt64, second :UInt64, third :UInt64);
  # Answers with what it was sent: 32 bytes each way, one word of them the root pointer.

  data @1 (data :Data) -> (data :Data);
  # Answers with what it was sent: 16 bytes more than the data, each way.
}

interface MeasureToken @0x9f4b3c00000002f1 {
  # Calls that bring a capability. Transfer: copy. Session scope: shareable.

  hand @0 (token :Capability) -> (token :Capability);
  # Answers with the capability that it was handed.

  leave @1 () -> ();
  # The server ends after its answer.
}

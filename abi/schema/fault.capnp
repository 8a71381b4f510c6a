# SPDX-License-Identifier: Apache-2.0
#
# What a thread's fault endpoint is called with, by the kernel, in the name of the thread.
@0x9f4b3c0000000008;

interface FaultHandler @0x9f4b3c0000000130 {
  # Whoever serves it looks after threads that fault. Transfer: copy. Session scope: shareable.

  fault @0 (cause :UInt64, address :UInt64, instruction :UInt64) -> ();
  # Why (enum exit_reason of abi/ids.h), what was touched, by which instruction: addresses within
  # the process. An answer runs the instruction again; an exception ends the thread's process.
}

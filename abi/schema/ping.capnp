# SPDX-License-Identifier: Apache-2.0
#
# The interface between the programs ping and pong: the smallest service that shows a typed call.
@0x9f4b3c0000000004;

interface Ping @0x9f4b3c0000000201 {
  echo @0 (sequence :UInt64, sentAt :UInt64) -> (sequence :UInt64, sentAt :UInt64);
  # Answers with what it was sent.
  # Transfer of the interface: copy. Session scope of the interface: shareable.

  greet @1 (name :Text) -> (answer :Text);
  # A greeting by name (at most 64 bytes of name). Errors: invalidArgument when it is longer.

  reset @2 () -> ();
  # Forgets how often it was called. Clients are not given this one.
}

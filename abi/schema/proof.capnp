# SPDX-License-Identifier: Apache-2.0
#
# The interfaces of the programs that show what calls and capabilities do.
@0x9f4b3c000000000a;

interface Relay @0x9f4b3c0000000204 {
  # One of a chain of servers, each of which holds the next. Transfer: copy.
  # Session scope: shareable.

  next @0 () -> (relay :Relay);
  # The next one. Errors: failed where this is the last.

  name @1 () -> (name :Text);

  lie @2 () -> (relay :Relay, other :Relay);
  # As next, but the message claims to bring two capabilities, and names ones that did not come.

  leave @3 () -> ();
  # The server ends after this answer.
}

interface Locker @0x9f4b3c0000000205 {
  # Keeps one capability. Transfer: copy. Session scope: shareable.

  put @0 (capability :Capability) -> ();
  # Keeps it; what was kept before is released.

  take @1 () -> (capability :Capability);
  # Hands it out and keeps nothing. Errors: failed where there is nothing.

  leave @2 () -> ();
  # The server ends after this answer.
}

interface Desk @0x9f4b3c0000000207 {
  # A service that wants to know who calls, and starts programs that act for its callers.
  # Transfer: copy. Session scope: shareable.

  hello @0 (claim :Text) -> ();
  # Says what the desk knows of the caller, beside what the caller claims.

  hire @1 (role :Text, desk :Desk) -> ();
  # Starts the program delegate in a role, with this desk, in a session below the caller's. The call
  # must disclose acting for the caller.

  work @2 (what :Text) -> ();
  # Something that is done on somebody's behalf.
}

struct Sample {
  # A record of the stream that programs/source writes and programs/stream reads.

  number @0 :UInt64;
  # Counted from 0.

  square @1 :UInt64;

  text @2 :Text;
  # The number in decimal.
}

const sampleType :UInt64 = 0x9f4b3c0000000301;
# What their stream says of its records.

interface Bystander @0x9f4b3c0000000206 {
  # A service that must not notice what strangers try. Transfer: copy. Session scope: shareable.

  ask @0 (number :UInt64) -> (answer :UInt64);
  # One more than the number.

  keep @1 (number :UInt64) -> ();
  # Keeps the number. Errors: failed for who is not its keeper.

  kept @2 () -> (number :UInt64, asked :UInt64);
  # The number, and how often its keeper has asked.

  leave @3 () -> ();
  # The server ends after this answer.
}

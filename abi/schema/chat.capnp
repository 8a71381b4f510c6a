# SPDX-License-Identifier: Apache-2.0
#
# Rooms in which people and programs talk. Nobody says who he is: a server knows a member by the
# reference that the kernel gives it for the caller's session, and calls it member-N; a name for
# people stands beside that only where the caller's session has one and the call disclosed it.
#
# Nothing waits here: each member has a bell that is rung when there is something, and asks for it.
# So one who never asks keeps nobody waiting, and only misses lines.
#
# Errors are exceptions with words that say what to do.
@0x9f4b3c0000000016;

using Kernel = import "kernel.capnp";

enum ChatKind {
  nothing @0;   # there is no more to tell
  said @1;
  joined @2;
  left @3;
  missed @4;    # so many lines, `count`, were forgotten before they were asked for
  thrownOut @5; # somebody, for saying too much too fast
}

interface Chat @0x9f4b3c0000000a01 {
  # The door. Transfer: copy. Session scope: shareable.

  enter @0 () -> (member :ChatMember, bell :Kernel.Notification, label :Text);
  # Makes a member of the caller's session, in no room yet; one that is a member already gets the
  # same again, and so does one that was lately. Bit 0 of the bell is set when there is something to
  # ask for. The name that others see is section 1 of the identity, where this call discloses it.
  # Errors: overloaded when there are 16 members, or a member that it gave four times is still held.
}

interface ChatMember @0x9f4b3c0000000a02 {
  # What a member does. It is of use to the session that entered alone: calls of another one fail.
  # When nobody holds it any more, the member leaves. Transfer: copy. Session scope: shareable.
  # Errors of all methods: failed for the caller of another session; disconnected for a member that
  # the server has forgotten.

  join @0 (room :Text) -> (members :UInt32);
  # Goes into a room, out of the one before; what is said there from now on can be asked for. A room
  # is there as long as somebody is in it. Its name has 1 to 31 lower-case letters, digits and `-`.
  # Errors: invalidArgument for another name; overloaded when there are 8 rooms, or too many lines
  # came too fast.

  leave @1 () -> ();
  # Goes out of the room. Errors: failed in no room.

  say @2 (text :Text) -> ();
  # A line for the others in the room: 1 to 200 bytes without control characters. Errors: failed in
  # no room; invalidArgument for other bytes; overloaded when it comes too fast: eight at once, then
  # four in a second. Who goes on all the same, 32 times, is thrown out, and can join again after
  # ten seconds.

  next @3 () -> (kind :ChatKind, label :Text, name :Text, text :Text, count :UInt32);
  # The next thing that happened in the room, and who did it; not what the caller did. A room
  # remembers 32. Never waits.

  who @4 (index :UInt32) -> (count :UInt32, label :Text, name :Text, isCaller :Bool);
  # How many are in the caller's room; one of them. Errors: failed in no room.

  rooms @5 (index :UInt32) -> (count :UInt32, room :Text, members :UInt32);
  # How many rooms there are; one of them.
}

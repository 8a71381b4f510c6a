# SPDX-License-Identifier: Apache-2.0
#
# The stream of bytes that somebody far away sits at the other end of: what a serial port's driver
# serves, and a connection of a network or a browser alike. It carries bytes and understands none of
# them: lines, editing and who may read are the terminal's (terminal.capnp), which makes of one
# ByteStream one TerminalSession, of which programs are lent a StdIO. A program that wants words and
# lines asks for a StdIO; only what carries bytes (a terminal, a bridge, a logger) asks for this.
#
# A stream lives through *connections*, one after the other, numbered from 1. A telephone line that
# hangs up, a break on a serial line, a peer that closes: each ends a connection, and nothing of it
# reaches the next, in neither direction. A serial port without a carrier signal has its first
# connection from the start.
#
# Within a connection bytes have *positions*, from 0 in each direction, and the caller says where it
# is. So a call can be repeated: when the server dies in the midst of it (the kernel's exception
# disconnected) the same call again, to the server's next life, neither loses nor doubles a byte.
@0x9f4b3c0000000010;

interface ByteStream @0x9f4b3c0000000401 {
  # Has one user at a time; several would read each other's bytes. At most 4 calls may be
  # outstanding, such as one of each kind; another one waits its turn.
  # Transfer: move. Session scope: session.

  state @0 (known :UInt64) -> (state :StreamState);
  # How the stream stands. Completes when state.version is another one than known: at once for 0,
  # otherwise when something of it has changed, of which one answer tells all. Whoever keeps one
  # such call outstanding with the version it knows misses nothing.

  read @1 (connection :UInt64, position :UInt64, limit :UInt32) -> (data :Data, isOver :Bool);
  # At least one byte and at most limit (1 to 512) of what came in this connection, from position
  # on; waits for the first. Asking from a position says that all before it arrived: it is forgotten
  # then and not before. isOver: the connection has ended, and with it what was not read; data is
  # empty. Errors: invalidArgument for another limit, or for a position before one that was asked
  # from or behind all that came.

  write @2 (connection :UInt64, position :UInt64, data :Data) -> (position :UInt64, isOver :Bool);
  # Sends data (at most 512 bytes), the first byte of which stands at position. Completes when all
  # of it is accepted, which waits as long as the stream has no room: that is the brake of a fast
  # writer. What is accepted is sent, whatever becomes of the server, unless the connection ends
  # first. The answer's position is behind it. What stood before the stream's own position was
  # accepted already, and is not sent again. isOver: the connection has ended, and nothing was
  # accepted. Errors: invalidArgument for more data, or for a position behind the stream's own.

  drain @3 (connection :UInt64) -> (isOver :Bool);
  # Completes when all that was accepted before has left the machine.
}

struct StreamState {
  version @0 :UInt64;    # never 0; another one whenever something below has changed but positions
  connection @1 :UInt64; # the present one, or the last; 0: there was none yet
  isOpen @2 :Bool;       # the connection goes on
  readFrom @3 :UInt64;   # the oldest byte that is kept: where a new user begins to read
  writeFrom @4 :UInt64;  # how many bytes were accepted: where it begins to write
  columns @5 :UInt32;    # size of the terminal there, where the carrier of the bytes knows; 0: it
  rows @6 :UInt32;       # does not, and the terminal may have to be asked
  lost @7 :UInt64;       # bytes of this connection, at least, that came faster than they were taken
}

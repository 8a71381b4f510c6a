# SPDX-License-Identifier: Apache-2.0
#
# The terminal that a person sits at, as programs see it. Who may read from it, whose turn it is,
# and what becomes of what is typed, says system/terminal/session/session.h; the same on a serial
# port, on a stream and in a browser: its bytes come and go by a ByteStream (serial.capnp).
#
# What is written is UTF-8. It may have colours (SGR) and, from the holder of the foreground while
# it doesn't read, cursor movement and erasing; whatever else would make a terminal do something is
# shown as U+FFFD. A line feed begins a new row. What is written while a line is edited appears
# above it, in whole rows.
#
# Errors are exceptions with words that say what to do. Every method fails as disconnected when the
# session has ended.
@0x9f4b3c0000000005;

enum Echo {
  visible @0;  # what is typed is shown, can be completed, and is kept in the history
  hidden @1;   # it is edited by the same keys; nothing is shown, and no copy is kept
}

enum LineEnd {
  line @0;       # a line was entered
  cancelled @1;  # by C-c, by cancel, or because the foreground went to another holder
  endOfInput @2; # C-d in an empty line
}

interface TerminalSession @0x9f4b3c0000000301 {
  # One session at one terminal. Who holds it is its owner: what is lent comes back to it, and the
  # session ends when it is dropped. Transfer: move. Session scope: session.

  write @0 (data :Data) -> ();
  # Writes at most 512 bytes. Completes when all of them are on their way to the terminal; writers
  # take turns of 1,024 bytes, so that nobody keeps others from it. Errors: invalidArgument when
  # there are more; overloaded when too many others wait: write again.

  writeLine @1 (text :Text) -> ();
  # The same, and ends the row.

  readLine @2 (prompt :Text, echo :Echo, limit :UInt32) -> (line :Data, end :LineEnd);
  # Shows the prompt (at most 256 bytes of it, colours allowed) and waits for a line of at most
  # `limit` bytes (1 to 768), without its end. What is typed for it reaches this answer and
  # nothing else; when it is cancelled, it is scrubbed. A line that is too long is refused on the
  # screen, and can be entered again. Errors: failed, when another holder has the foreground, or a
  # line is being read already; invalidArgument for another limit.

  resize @3 (columns :UInt32, rows :UInt32) -> ();
  # The terminal has this size now: for whoever carries its bytes. 0 is unknown; sizes are brought
  # within 8 to 500 columns and 2 to 500 rows.

  cancel @4 () -> ();
  # Ends the caller's readLine as cancelled; what was typed for it is scrubbed. Errors: failed when
  # there is none.

  size @5 () -> (columns :UInt32, rows :UInt32);
  # What is known of the size; 80 by 24 where nothing is.

  lend @6 (foreground :Bool) -> (stdio :StdIO, number :UInt32);
  # A holder for a program that is to use this terminal. With the foreground: the program reads, the
  # owner doesn't, until the StdIO is taken back or the foreground is reclaimed; what was typed
  # ahead is dropped, and a readLine of the owner ends as cancelled. Without: it can only write.
  # The number names the StdIO for takeBack. Errors: failed when another holder has the foreground,
  # or 16 exist.

  reclaim @7 () -> ();
  # Takes the foreground back. A readLine of who has it ends as cancelled. Errors: failed when the
  # caller has it already.

  nextInterrupt @8 () -> ();
  # Completes when C-c is typed and the holder of the foreground is not reading: the shell then ends
  # what it runs. What was typed ahead is dropped. One call is told of one C-c. One such call
  # waits at a time: another one takes its place, and it ends as disconnected.

  takeBack @9 (number :UInt32) -> ();
  # Ends the StdIO of this number that the caller lent: its calls fail as disconnected, its readLine
  # ends as cancelled, and the foreground, if it had it, comes back. Errors: invalidArgument when
  # the caller lent none of this number, or took it back already.

  complete @10 (begin :Bool, table :Data) -> ();
  # What the tab key offers to whoever types for the owner. The table is a sequence of pairs, each a
  # context and a candidate, both ended by a zero byte; one call brings at most 512 bytes of it,
  # whole pairs, and they add up to 64 KiB; begin forgets those before. The context is the words
  # before the one that is typed, back to the last `;`, with one blank between each two, or the
  # mark of a name (`$`, `@`) that the word begins with; the longest one that there are pairs of
  # counts, words taken away from its end. Errors: invalidArgument for half a pair; failed when
  # there is no room.

  nextSession @11 () -> ();
  # When the terminal hung up, the session is over: what was typed is scrubbed, what was lent is
  # taken back, and every call fails as disconnected until this one was answered, which waits for
  # somebody to connect again. Who holds the owner's capability thus knows that there is somebody
  # else at the terminal. Where nothing is over it completes at once.

  drain @12 () -> ();
  # Completes when all that was written before has left the machine: whoever is about to end a
  # session waits for what it said last. Such a call counts as a write of the owner that waits.
  # Errors: overloaded, when one waits already.
}

interface StdIO @0x9f4b3c0000000302 {
  # The streams that an ordinary program gets: its words go out, lines come in. It can't be told
  # whether a terminal, a file or another program is behind it. Transfer: move.
  # Session scope: session.

  write @0 (data :Data) -> ();
  # As TerminalSession.write.

  writeLine @1 (text :Text) -> ();
  # The same, and ends the row.

  readLine @2 (prompt :Text, echo :Echo, limit :UInt32) -> (line :Data, end :LineEnd);
  # As TerminalSession.readLine, without its history. Errors: also failed where the StdIO was lent
  # without the foreground, or the foreground was reclaimed.

  cancel @3 () -> ();
  # As TerminalSession.cancel.

  size @4 () -> (columns :UInt32, rows :UInt32);
  # As TerminalSession.size.

  lend @5 (foreground :Bool) -> (stdio :StdIO, number :UInt32);
  # As TerminalSession.lend: it comes back to this holder.

  reclaim @6 () -> ();
  # As TerminalSession.reclaim.

  takeBack @7 (number :UInt32) -> ();
  # As TerminalSession.takeBack.
}

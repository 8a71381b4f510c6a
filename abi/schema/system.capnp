# SPDX-License-Identifier: Apache-2.0
#
# The programs that a machine was booted with, for whoever operates it: what the first program,
# init-min, serves to those whom the manifest grants it.
@0x9f4b3c0000000014;

interface System @0x9f4b3c0000000801 {
  # Looks after what the manifest names. Who may only look gets a facet with `programs` alone.
  # Transfer: copy. Session scope: shareable.

  programs @0 (index :UInt32) -> (count :UInt32, name :Text, state :ProgramState, process :UInt64,
                                  restarts :UInt32);
  # How many programs the manifest names; one of them: its name there, how it is, the process that
  # it is or was last, how often it was started again. Errors: invalidArgument beyond the last.

  restart @1 (name :Text) -> ();
  # Ends a program that the manifest says to keep, or a session; it starts again by itself.
  # Errors: invalidArgument for a name that the manifest does not have; failed where it does not
  # run, or would not be started again.

  halt @2 () -> ();
  # Ends every program, those that were started last first; then the machine halts, and its log
  # leaves it. The answer comes before.
}

enum ProgramState {
  running @0;
  ended @1;  # by itself
  failed @2; # it could not be started, or ended too often
}

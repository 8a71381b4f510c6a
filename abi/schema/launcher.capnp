# SPDX-License-Identifier: Apache-2.0
#
# Starting programs without the authority to make processes: a launcher starts what is on its list,
# with what the caller hands over and nothing else. It also hands out the boot package's scripts,
# which are nothing but text: who runs one does so with what is held.
#
# Errors are exceptions with words that say what to do.
@0x9f4b3c0000000012;

using Kernel = import "kernel.capnp";

struct Grant {
  name @0 :Text;              # under which the program finds it: 1 to 31 bytes, each name once
  capability @1 :Capability;  # the caller's own; the program gets a copy
}

enum TaskState {
  running @0;
  ended @1;
}

interface Launcher @0x9f4b3c0000000501 {
  # Transfer: copy. Session scope: shareable.

  programs @0 (index :UInt32) -> (count :UInt32, name :Text, uses :Text);
  # How many programs are on the list; the name of one of them, and what it says that it uses, as
  # `console:DebugConsole,stdio:StdIO`. That is advice to who grants: it gets what it is handed.

  start @1 (program :Text, arguments :Text, grants :List(Grant)) -> (task :Task, number :UInt32);
  # Starts a program of the list, which has these capabilities (at most 12) and these arguments (at
  # most 256 bytes), in a job of its own, whose limits are the launcher's choice, and in a session
  # below the caller's: the call has to say that it may be acted for (bit 15 of its disclose), and
  # the program can disclose what the call did. Errors: failed for a program that is not on the
  # list, or what the kernel found; overloaded when too many run.

  tasks @2 (index :UInt32) -> (count :UInt32, number :UInt32, program :Text, process :UInt64,
                               state :TaskState, code :Int32, cause :Kernel.ExitCause,
                               startedAt :UInt64, pages :UInt32, session :Text);
  # How many tasks of this launcher are known; one of them: those that run, and the last that ended.
  # The time is nanoseconds since boot; pages are those of memory that it has now; session is the
  # name of the one that it acts for, as its start disclosed it.

  own @3 () -> (launcher :Launcher);
  # A launcher with the same list and tasks of its own. When nobody holds it any more, what it
  # started is ended: so nothing of one session goes on into the next. Errors: those of
  # CapabilityManager.facet.

  script @4 (name :Text, offset :UInt32) -> (size :UInt32, data :Data);
  # Of the script with this name its size, and at most 512 of its bytes, from the offset on. Errors:
  # failed when the package has none of this name, or its bytes don't have their checksum.

  scripts @5 (index :UInt32) -> (count :UInt32, name :Text);
  # How many scripts there are, and the name of one of them.
}

interface Task @0x9f4b3c0000000502 {
  # A program that was started. Who drops it lets the program go on.
  # Transfer: copy. Session scope: shareable.

  wait @0 () -> (code :Int32, cause :Kernel.ExitCause);
  # Completes when the program has ended. Errors: overloaded when three such calls wait.

  kill @1 () -> ();
  # Ends the program and all that its job has. One that has ended stays as it is.
}

# SPDX-License-Identifier: Apache-2.0
#
# What a machine starts with: the boot manifest, which tools/mkimage puts into the boot package and
# init-min reads, and the start-info message that a program finds when it starts.
@0x9f4b3c0000000002;

struct BootManifest {
  programs @0 :List(BootProgram);    # started in this order; each is reaped
  endpoints @1 :List(BootEndpoint);  # made before the first start
  memories @2 :List(BootMemory);     # the same
}

struct BootEndpoint {
  name @0 :Text;         # grants refer to it
  messageMax @1 :UInt32; # bytes
}

struct BootMemory {
  # Memory that init-min keeps, so that a program which is started again finds in it what it left.
  name @0 :Text;    # grants refer to it
  pages @1 :UInt32;
}

struct BootProgram {
  name @0 :Text;    # of a program in the boot package
  arguments @1 :Text;
  grants @2 :List(BootGrant);
  keep @3 :Bool;    # started again when it ends, ended when all others have; of init-min's own job
  seat @4 :Bool;    # somebody sits there: the end of the first one is the end of all, the others
                    # begin anew; one that fails is started again
  label @5 :Text;   # what init-min calls it; empty: its name
  session @6 :SessionInfo; # of its own, another one for each start; no name: init-min's own
}

struct SessionInfo {
  # What a session's identity says (abi/identity.h).
  name @0 :Text;    # for people
  profile @1 :Text; # what a broker hands out there
}

struct BootGrant {
  name @0 :Text;    # under which the program finds it
  union {
    own @1 :Text;       # a capability that init-min itself was given, by its name
    server @2 :Text;    # the server's side of an endpoint
    client :group {     # a facet of an endpoint for a client
      endpoint @3 :Text;  # of the manifest, or init-min's own, under init-min's name
      interface @4 :UInt64;
      methods @5 :UInt64;      # bit n admits method n
      receiverData @6 :UInt64; # the server sees it with every call
    }
    memory :group {   # memory that init-min keeps
      of @7 :Text;
      write @8 :Bool; # else a facet by which it can only be read
    }
    ports :group {    # so many I/O ports, to be read and written
      first @9 :UInt32;
      count @10 :UInt32;
    }
    line @11 :UInt32; # an interrupt line, to be bound and acknowledged
    bell @12 :Void;   # a notification of its own, another one for each start
  }
}

struct StartInfo {
  arguments @0 :Text;
  session @1 :SessionInfo; # what the program may tell people; servers ask the kernel instead
}

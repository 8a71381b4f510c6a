# SPDX-License-Identifier: Apache-2.0
#
# What the manifests in this folder say, as people write them: Jsonnet that tools/mkimage evaluates
# to JSON (or JSON as it is), and holds against
# this schema (by capnp-strict) before it looks at what the words mean. What init-min reads is
# BootManifest of abi/schema/boot.capnp, which mkimage makes of it.
@0xb2c7e14d0a5f9361;

struct Manifest {
  first @0 :Text;                 # the program that the kernel starts
  endpoints @1 :List(Endpoint);   # made before the first start
  programs @2 :List(Program);     # started in this order
  memories @3 :List(Memory);      # kept by the first program
  also @4 :List(Text);            # programs that are in the package besides, for launchers
  scripts @5 :List(Script);       # for shells, which have them from a launcher
}

struct Script {
  name @0 :Text; # no program has it
  text @1 :Text; # in the shell's language: at most 8,191 bytes
}

struct Endpoint {
  name @0 :Text;         # grants refer to it
  messageMax @1 :UInt32; # bytes, 1 to 65,536
}

struct Memory {
  name @0 :Text;    # grants refer to it
  pages @1 :UInt32; # 1 to 1,024
}

struct Program {
  name @0 :Text;           # of a file in the folder of programs
  arguments @1 :Text;
  grants @2 :List(Grant);
  keep @3 :Bool;           # started again when it ends; ends when all others have
  fixed @4 :Bool;          # always at the same addresses: those that tools/elf-plan says
  why @5 :Text;            # for people: tools/plan prints it
  seat @6 :Bool;           # somebody sits there: the end of the first one is the end of all, the
                           # others begin anew; one that fails is started again
  label @7 :Text;          # what init-min calls it, if not by its name: two of a kind differ so
  session @8 :Session;     # of its own, another one for each start; else it is of init-min's, which
                           # has no identity
}

struct Session {
  name @0 :Text;    # for people: 1 to 63 bytes
  profile @1 :Text; # what the broker hands out there
}

struct Grant {
  name @0 :Text;      # under which the program finds it
  union {
    none @1 :Void;    # not allowed: a grant is one of the following
    own @2 :Text;     # a capability that the first program was given, by its name; but `space` is
                      # the program's own address space, `programs` the job that all run in,
                      # `callers` the right to act for callers that let it
    server @3 :Text;  # the server's side of an endpoint
    client :group {   # a facet of an endpoint for a client
      endpoint @4 :Text;         # or the first program's own, under its name: System
      interface @5 :Text;        # as abi/methods.lock names it
      methods @6 :List(Text);    # those that it may call
      receiverData @7 :UInt64;   # the server sees it with every call
    }
    memory :group {   # what a program that is started again finds as it left it
      of @8 :Text;
      write @9 :Bool; # else it can only be read
    }
    ports :group {    # a device's I/O ports, to be read and written
      first @11 :UInt32;
      count @12 :UInt32;
    }
    line @13 :UInt32; # a device's interrupt line, to be bound and acknowledged
    bell @14 :Void;   # a notification of its own, where it is told of interrupts
  }
  why @10 :Text;      # for people: tools/plan prints it
}

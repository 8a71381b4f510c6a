# SPDX-License-Identifier: Apache-2.0
#
# The interfaces that the kernel serves. An interface is a permission: a hold's interface and
# method set say all that its holder can do with the object. Messages to kernel objects are one
# struct of at most 1 KiB; capabilities travel beside them. Unless a method says otherwise it
# completes at once, and a refusal changes nothing.
#
# What a method is given as a capability is looked at first, for all methods alike: BAD_TRANSFER is
# one that the caller does not hold, WRONG_OBJECT a revoker or another kind of object,
# METHOD_NOT_IN_FACET one that lacks a method that is needed, REVOKED or LEASE_OVER one cut off.
# A process whose session is over is refused all methods alike: SESSION_OVER.
#
# The session scope of an interface is that of a hold when it is made: shareable goes to whatever
# process, same session only to those of the holder's session, regrant only goes with no message: a
# process gets it while it is built, by whoever builds it for a session (SessionMinter). All that is
# made from a hold has its scope, or a narrower one that was asked for.
#
# Sizes are bytes, times are nanoseconds since boot on the machine's monotonic clock.
#
# Reserved for interfaces that later versions serve: 0x9f4b3c0000000120 to 0x9f4b3c000000013f.
@0x9f4b3c0000000001;

using C = import "/c.capnp";
using Fault = import "fault.capnp";
$C.plain;

interface DebugConsole @0x9f4b3c0000000101 {
  # The machine's log, for messages to whoever operates it.
  # Transfer: copy. Session scope: shareable.

  writeLine @0 (text :Text $C.most(200)) -> ();
  # Appends a line, marked with the writer's process. At most 200 bytes; whatever is not
  # printable ASCII is shown as a dot. Errors: BAD_VALUE when it is longer.
}

interface Timer @0x9f4b3c0000000102 {
  # The monotonic clock. Transfer: copy. Session scope: shareable.
  #
  # The first program is given a MemoryObject beside this, one page whose first 64 bits say what the
  # clock showed when the kernel was last entered; it can't be written.

  now @0 () -> (time :UInt64);
  # Nanoseconds since boot.

  sleepUntil @1 (deadline :UInt64) -> ();
  # Completes at the deadline or soon after, at once where it has passed.
  # Errors: OUT_OF_CALLS, RING_BUSY.
}

interface Endpoint @0x9f4b3c0000000103 {
  # The server's side of an endpoint: who holds it may RECV calls and RETURN answers, and mint
  # facets with the service's own interface for its clients.
  # Transfer: copy. Session scope: shareable.

  nextCancelled @0 () -> (callId :UInt64);
  # A call of this endpoint that the caller's process has taken and nobody waits for any more; each
  # is named once. 0: none. It still has to be answered (CALLER_LOST).

  bind @1 (notification :Notification $C.reach(1)) -> ();
  # From now on bit 0 is signalled when a call becomes one for nextCancelled, as long as the caller
  # keeps the capability, which must admit signal. Another one takes its place.

  identity @2 (callId :UInt64, section :UInt32 $C.most(7), offset :UInt32 $C.most(4096))
      -> (size :UInt32, data :Data $C.most(512));
  # Of a section of the identity of who made this call: its size, and at most 512 bytes from offset;
  # none where there is no such section, or no more of it. Only while the process answers the call.
  # Who called must disclose it (the SQE's disclose, bit n for section n), and so must its session
  # and the facet that it called through. Errors: BAD_VALUE for a section or an offset that can't
  # be; STALE_CALL where the call is none of this endpoint that the process answers; NOT_DISCLOSED;
  # SESSION_OVER.
}

interface Job @0x9f4b3c0000000104 {
  # The account that pays for what its processes make, and the maker of objects.
  # Transfer: copy. Session scope: shareable.

  makeEndpoint @0 (messageMax :UInt32 $C.least(1) $C.most(65536), ceiling :UInt32)
      -> (server :Endpoint) $C.by("jobMake");
  # An endpoint whose calls carry at most messageMax bytes (1 to 65,536). ceiling: who answers one
  # runs at this priority at least, at most the job's.
  # Errors: BAD_VALUE; OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS.

  makeProcessBuilder @1 () -> (builder :ProcessBuilder);
  # A process without memory, threads or capabilities, in this job and the caller's session.
  # Errors: OUT_OF_PROCESSES, OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS, OUT_OF_MEMORY.

  nextExit @2 () -> (process :UInt64, code :Int32, cause :ExitCause);
  # Completes when a process of this job has ended and everything that it held is given back; each
  # exit is told once, by the nearest job above that asks. One outstanding call is enough: no exit
  # is lost meanwhile. Errors: OUT_OF_CALLS, LIMIT_CALLS, RING_BUSY.

  child @3 (limits :Data $C.least(48) $C.most(48), priority :UInt32, share :UInt32,
            isDrainer :Bool) -> (job :Job);
  # A job of its own, paid from this one. limits: twelve 32-bit numbers, little-endian, in the order
  # of enum resource (abi/commit.h): so much of each is carved out of this job's own limit, and
  # returns when the child is gone. priority: at most this job's. share: of a processor, in
  # thousandths, out of this job's: what its threads may use of each 100 ms before they run only
  # while nobody else wants to who has not. isDrainer: its changes of authority do not wait for who
  # takes pages of the log away, since that is its work; only of a job that is one itself. Eight
  # jobs stand above each other at most. A job is gone when nobody holds it and it pays for nothing.
  # Errors: BAD_VALUE, LIMIT_*, OUT_OF_*.

  kill @4 () -> ();
  # Ends every process of this job and of those below it, before any of them runs again, and for
  # ever. Killing again changes nothing.

  limits @5 () -> (limits :Data $C.most(96), share :UInt32);
  # The twelve limits, and what is used of each; the share that is not its children's.

  makeNotification @6 () -> (notification :Notification) $C.by("jobMake");
  # A notification with no bit set. Errors: OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS.

  makeParkSpace @7 () -> (space :ParkSpace) $C.by("jobMake");
  # Errors: OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS.

  makeMemory @8 (pages :UInt32 $C.least(1) $C.most(1024)) -> (memory :MemoryObject)
      $C.by("jobMake");
  # Zeroed memory of 1 to 1,024 pages of 4,096 bytes.
  # Errors: BAD_VALUE; OUT_OF_MEMORY, OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS, LIMIT_PAGES.

  makeThread @9 (space :AddressSpace $C.reach(1)) -> (thread :Thread, ring :UInt64);
  # A thread of the process whose address space it is, of this job, with a ring of its own at the
  # address ring. It runs once it is started. The space must admit the method map.
  # Errors: PROCESS_OVER; BAD_TRANSFER where it is the space of another job's process;
  # OUT_OF_THREADS, OUT_OF_MEMORY, OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS,
  # OUT_OF_MAPPINGS.
}

enum ExitCause {
  called @0;         # it called exit
  memoryFault @1;    # it touched memory that it does not have
  machineFault @2;   # it ran an instruction that a program may not or cannot execute
  killed @3;         # somebody with the authority ended it, or its job
}

interface ProcessBuilder @0x9f4b3c000000010e {
  # A process that is being built. Its maker maps a program through its address space, makes threads
  # for it (Job.makeThread), starts the process, and then its threads. Dropping the builder before
  # start undoes everything. Transfer: none. Session scope: same session.
  # Errors of all methods: BUILDER_SPENT once it was started, or has ended.

  space @0 () -> (space :AddressSpace, base :UInt64, process :UInt64);
  # The process's address space, to be used by the maker or granted; where its addresses begin; the
  # number that names the process. Errors: OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS.

  grant @1 (capability :Capability) -> (id :UInt64, interface :UInt64);
  # Puts a copy of the capability into the process, which will know it by this id.
  # Errors: TRANSFER_REFUSED, OUT_OF_HOLDS.

  start @2 () -> (process :Process);
  # The process is built, and its threads may be started.
  # Errors: OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS.
}

interface SessionMinter @0x9f4b3c0000000110 {
  # A session: on whose behalf processes act. Who holds this makes sessions below it, and processes
  # in it. A session is over once it is ended, once its time has come, and when the one above is:
  # its processes can then RELEASE, RETURN and exit, and nothing else. Eight stand above each other
  # at most. One is gone when nobody holds it, and no process and no other session is left in it.
  # Transfer: copy. Session scope: regrant only.
  # Errors of all methods: SESSION_OVER for this session.

  mint @0 (identity :MemoryObject $C.reach(2), expiry :UInt64, hash :UInt64)
      -> (session :SessionMinter);
  # A session below this one, with this identity (abi/identity.h), which must admit read, until
  # expiry, and no longer than this one; all ones: no limit of its own. hash: the first 64 bits of
  # the SHA-256 of the identity's page, as the log is to say it. The caller's job pays.
  # Errors: BAD_IDENTITY, SESSION_TOO_DEEP; OUT_OF_SESSIONS, LIMIT_SESSIONS, OUT_OF_OBJECTS,
  # OUT_OF_FACETS, OUT_OF_HOLDS.

  end @1 () -> ();
  # From now on it is over.

  fromCall @2 (callId :UInt64, expiry :UInt64) -> (session :SessionMinter);
  # A session below the session of who made this call, with its identity, of which its processes
  # can disclose what this call disclosed: to act for who called. Only while the process answers the
  # call, and if the call disclosed acting for it (bit 15). Errors: as mint's; STALE_CALL where the
  # process answers no such call; NOT_DISCLOSED.

  makeProcessBuilder @3 (job :Job $C.reach(2)) -> (builder :ProcessBuilder);
  # As Job.makeProcessBuilder, of that job, which must admit it: a process of this session.
}

interface Process @0x9f4b3c0000000106 {
  # A process that was started. Transfer: none. Session scope: same session.

  status @0 () -> (state :ProcessState, code :Int32, cause :ExitCause);
  # code and cause are meaningful once it has ended.

  kill @1 () -> ();
  # Ends it, with the cause killed; one that has ended stays as it is.
}

enum ProcessState {
  running @0;
  ended @1;
}

interface MemoryObject @0x9f4b3c0000000107 {
  # Memory that can be read and written through calls, and mapped. What a facet of it does not
  # admit, a mapping through it does not either: read is needed for any right, write to write.
  # Transfer: copy. Session scope: shareable.

  info @0 () -> (size :UInt64, sealed :Bool);
  # Bytes, and whether it is read-only for ever.

  read @1 (offset :UInt64, length :UInt32 $C.most(512)) -> (data :Data $C.most(512));
  # At most 512 bytes from offset; fewer at the end. Errors: BAD_VALUE beyond the end.

  write @2 (offset :UInt64, data :Data $C.most(512)) -> ();
  # At most 512 bytes, at offset. Errors: BAD_VALUE where they reach beyond the end; SEALED.

  seal @3 () -> ();
  # Makes it read-only for ever: from now on it may be executed, too. Sealing again changes nothing.
  # Errors: MAPPED_WRITABLE.
}

interface CapabilityManager @0x9f4b3c0000000108 {
  # Makes facets of the caller's own capabilities. Transfer: copy. Session scope: shareable.

  facet @0 (target :Capability, methods :UInt64, interface :UInt64, receiverData :UInt64,
            withheld :UInt16, scope :UInt16 $C.most(2)) -> (facet :Capability, revoker :Revoker);
  # A narrower view of target and the capability that can cut it off. methods: bit n admits method
  # n; it must be within target's. interface: 0 keeps target's; another one, and receiverData, only
  # where target is the server's side of an endpoint. withheld: bit n keeps section n of a caller's
  # identity from the server, whatever the caller offers; bit 15 acting for it. scope: 0 keeps
  # target's; 1 same session, 2 regrant only, where target is shareable or has the same.
  # Errors: FACET_WIDER, FACET_TOO_DEEP, OUT_OF_FACETS, OUT_OF_HOLDS; BAD_VALUE for no such scope.
}

interface LogReader @0x9f4b3c000000010f {
  # Says how far the machine's two logs are, and which pages of the CommitLog it may forget. The
  # logs themselves are a MemoryObject, which the first program is given beside this: first the
  # CommitLog (abi/commit.h), page n at its place n modulo capacity; then the SysLog (abi/syslog.h),
  # record n at its place n modulo 512. It can't be written, but what it says goes on changing.
  # Transfer: copy. Session scope: shareable.

  state @0 () -> (seq :UInt64, first :UInt64, page :UInt64, sealed :UInt64, capacity :UInt32,
                  head :Data $C.most(32), records :UInt64);
  # Commits so far; the oldest page that was not acknowledged; the one being filled; the oldest
  # that is not sealed; how many pages there is memory for; the SHA-256 of the page sealed last;
  # how many records the SysLog ever had, of which the last 512 are kept. Each such call also seals
  # a page, if there is a full one.

  acknowledge @1 (page :UInt64) -> ();
  # The pages before it are not needed any more: there is room for new ones.
  # Errors: BAD_VALUE where one of them is not sealed, or this was said of a later page before.

  flush @2 () -> ();
  # Closes the page being filled, short, if it has any commit. Where the log is nearly full, nothing
  # happens.
}

interface Revoker @0x9f4b3c0000000109 {
  # Cuts off one facet and everything made from it. Dropping it revokes nothing.
  # Transfer: move. Session scope: shareable.

  revoke @0 () -> ();
  # From now on every use of the facet fails as disconnected. Revoking again changes nothing.

  status @1 () -> (live :Bool);
  # Whether the facet and all that it was made from still work.

  setLease @2 (expiry :UInt64, calls :UInt64 $C.least(1)) -> ();
  # From now on the facet works until expiry, and for so many calls; all ones: no limit. What it was
  # made from may end it sooner. Errors: BAD_VALUE for no calls at all.
}

interface Notification @0x9f4b3c000000010a {
  # 64 bits that some set and others wait for. Transfer: copy. Session scope: shareable.
  #
  # The ring has operations of its own for both. SIGNAL sets bits; it needs the method signal. WAIT
  # takes those of its mask, or sleeps until there are any; it needs the method take. Who has waited
  # longest takes first. Errors of WAIT: BAD_ARGUMENT for an empty mask; OUT_OF_CALLS, RING_BUSY.

  signal @0 (bits :UInt64) -> ();
  # Sets bits.

  take @1 (mask :UInt64) -> (bits :UInt64);
  # Clears those of the mask that are set, and says which.
}

interface ParkSpace @0x9f4b3c000000010b {
  # The right to sleep on words of memory and to wake who sleeps. It has no methods: PARK and UNPARK
  # are operations of the ring. A word is named by an address, aligned to 4, in memory that the
  # caller can read; words are the same where the memory is the same, in whatever process. PARK
  # sleeps if the word is the one expected, else it is PARK_MISMATCH; nothing comes between. UNPARK
  # wakes who has slept longest, at most 64 at once. Errors: BAD_ARGUMENT, BAD_BUFFER; of PARK also
  # OUT_OF_CALLS, RING_BUSY. Transfer: none. Session scope: same session.
}

interface AddressSpace @0x9f4b3c000000010c {
  # The addresses of one process, as its code would use them, in whole pages. Programs map from
  # LAYOUT_START to LAYOUT_RING, where they like; from there on are the rings that the kernel gives
  # to threads. A mapping lives through the capability by which it was made: revoking that takes it
  # away. rights: 0 none, 1 read, 3 read and write, 5 read and execute; writing needs memory that is
  # not sealed, executing needs memory that is. Transfer: copy. Session scope: shareable.
  #
  # Errors of all methods: BAD_VALUE for what is no such place, PROCESS_OVER. Of unmap and protect:
  # NOT_MAPPED, where no mapping begins.

  map @0 (address :UInt64, pages :UInt32 $C.least(1) $C.most(512), rights :UInt32,
          memory :MemoryObject, offset :UInt64)
      -> ();
  # Maps at most 512 pages, from a byte of the object that is a multiple of 4,096 on.
  # Errors: RIGHTS_REFUSED, METHOD_NOT_IN_FACET for the rights, ADDRESS_TAKEN;
  # OUT_OF_MAPPINGS, OUT_OF_MEMORY, LIMIT_SPACE.

  unmap @1 (address :UInt64) -> ();
  # Takes the mapping that begins there away, all of it.

  protect @2 (address :UInt64, rights :UInt32) -> ();
  # Other rights for the mapping that begins there. Without rights its pages keep their contents and
  # stay charged. Errors: METHOD_NOT_IN_FACET, REVOKED, RIGHTS_REFUSED; OUT_OF_MEMORY.
}

interface Thread @0x9f4b3c000000010d {
  # A thread of a process. When the last one that runs has ended, so has the process; also when the
  # last that there is has ended, and none ever ran. Who releases it lets the thread go on; what was
  # never started is undone.
  # Transfer: none. Session scope: same session.
  # Errors of all methods but join: THREAD_OVER.

  start @0 (entry :UInt64, stack :UInt64, argument :UInt64) -> ();
  # Lets it run, at an address. Errors: THREAD_STARTED; PROCESS_OVER before the process is started.

  join @1 () -> (code :Int32);
  # Completes when the thread has ended and what it held is given back, once: the code of its exit,
  # or that of its process. Errors: BAD_VALUE for a thread that asks of itself; THREAD_JOINED;
  # OUT_OF_CALLS, RING_BUSY.

  exit @2 (code :Int32) -> ();
  # Ends it, as a thread ends itself.

  control @3 (fsBase :UInt64, priority :UInt32, isSuspended :Bool) -> ();
  # How it runs from now on, or once it is started: what its FS register adds to addresses; its
  # priority, at most its job's; suspended, it does not run, and what it waits for comes all the
  # same.

  setFaultEndpoint @4 (endpoint :Fault.FaultHandler $C.reach(1)) -> ();
  # From now on its faults are calls in its name, as long as the caller keeps the capability: an
  # answer lets the thread go on, an exception ends its process.
}

interface Interrupt @0x9f4b3c0000000111 {
  # A range of the lines by which devices ask for attention: 0 to 15 are those of a PC's old
  # controllers, from 16 on the platform's. Several devices may share a line: it is told to all who
  # are bound to it, and stays closed until they have all acknowledged.
  # Transfer: copy. Session scope: shareable.

  narrow @0 (first :UInt32, count :UInt32) -> (interrupt :Interrupt) $C.by("rangeNarrow");
  # So many lines of this range, from its nth on. The job pays that pays for this one.
  # Errors: BAD_VALUE where they are not all in it; OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS.

  bind @1 (notification :Notification $C.reach(1), bits :UInt64) -> (generation :UInt64);
  # From now on these bits are signalled when the line interrupts, as long as the caller keeps both
  # capabilities. generation names this binding; no other one ever has the same. The line is opened.
  # Errors: BAD_VALUE where the range is not one line; OUT_OF_CALLS.

  acknowledge @2 (generation :UInt64) -> ();
  # The device was looked after, and may interrupt again. Says nothing where the generation is not
  # of a binding made by the caller, and this capability. An interrupt that came while the line was
  # closed is not lost: it is told now.
}

interface IoPorts @0x9f4b3c0000000112 {
  # A range of I/O ports, numbered from 0 on. Ports that the machine itself needs (its console, its
  # clock, its interrupt controllers, its power) are refused to everybody: DEVICE_RESERVED.
  # Transfer: copy. Session scope: shareable.
  # Errors of all methods: BAD_VALUE where a port is not in the range.

  narrow @0 (first :UInt32, count :UInt32) -> (ports :IoPorts) $C.by("rangeNarrow");
  # So many ports of this range, from its nth on. The job pays that pays for this one.
  # Errors: DEVICE_RESERVED; OUT_OF_OBJECTS, OUT_OF_FACETS, OUT_OF_HOLDS.

  read @1 (port :UInt32, size :UInt32, count :UInt32, status :UInt32, mask :UInt32)
      -> (data :Data $C.most(128));
  # Reads so many times, size bytes (1, 2 or 4) each, at most 64 bytes: a FIFO in one call. Where
  # mask is not 0, the byte at the port status is read before each, and stands before it in data;
  # one that has no bit of mask is the last. Errors: BAD_VALUE for other sizes.

  write @2 (port :UInt32, size :UInt32, data :Data) -> (written :UInt32);
  # Writes at most 64 bytes, size bytes at a time; says how many. Who has the answer written to
  # memory that outlives it knows from there whether the device got them.
  # Errors: BAD_VALUE for other sizes.
}

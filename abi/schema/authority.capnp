# SPDX-License-Identifier: Apache-2.0
#
# Who could do what, at any moment that the service still has: the questions of docs/authority.md,
# asked inside the system.
#
# An id of a process, object, facet or job is its index, and in the upper half its generation;
# generation 0 asks for the newest one with that index. What a facet of the service shows is in its
# receiver data: the id of a job. Asked through it, the service knows the processes of that job and
# of those below it, what they hold and what they held, and nothing else. The root job's id is
# 0x100000000.
#
# A moment is a number of commits (at), or a time since boot in ns where isTime is set; all ones is
# the newest. Every answer says the seq that it holds for; an answer that is longer than a message
# says that there is more, and goes on where skip says how many of its rows are known already: ask
# the same seq then.
#
# Errors of all questions: failed where what is named is not there, or is not to be seen; where the
# moment is not in the history; and where there is none, since too much is alive.
@0xc21f8a6be0d94f73;

struct AuthorityHold {
  # A capability that a process holds, held, or could come to hold.
  process @0 :UInt64;   # who
  cap @1 :UInt64;       # under which id
  object @2 :UInt64;
  facet @3 :UInt64;
  interface @4 :UInt64;
  methods @5 :UInt64;   # bit n: method n; all ones: every method
  since @6 :UInt64;     # the commit that made it
  how @7 :UInt8;        # enum hold_how of abi/commit.h
  use @8 :UInt8;        # 0 works, 1 revoked, 2 its lease is over, 3 its holder's session is over
  isRevoker @9 :Bool;   # it is the facet's revoker
  change @10 :UInt8;    # of diff: 0 gained, 1 lost, 2 works again, or no more
}

struct AuthorityStep {
  # How a hold came to be: one of the steps back to genesis, or to where the history begins.
  path @0 :UInt32;      # which of the holds it belongs to, from 0, newest first
  how @1 :UInt8;
  isMoved @2 :Bool;     # the one before was given away for it
  isBefore @3 :Bool;    # it is older than the history: when, and for whom, is not known
  isForeign @4 :Bool;   # what it was made from is older than the history
  isHidden @5 :Bool;    # who held it is not to be seen: process and cap are 0
  process @6 :UInt64;
  cap @7 :UInt64;
  facet @8 :UInt64;
  since @9 :UInt64;
  timeNs @10 :UInt64;
  actedFor @11 :UInt64; # the session that the step acted for; 0: nobody's
}

struct AuthorityProcess {
  process @0 :UInt64;
  session @1 :UInt64;
  stage @2 :UInt8;      # 1 being built, 2 running, 3 its job was killed
}

struct AuthorityUse {
  # What a process did through a facet with one method.
  process @0 :UInt64;
  facet @1 :UInt64;
  count @2 :UInt64;     # operations that were not refused
  firstNs @3 :UInt64;
  lastNs @4 :UInt64;
  method @5 :UInt16;    # 65535: operations that are no calls
}

interface AuthorityHistory @0x9f4b3c0000000220 {
  # Transfer: copy. Session scope: shareable.

  state @0 () -> (boot :UInt64, begins :UInt64, seq :UInt64, timeNs :UInt64, pages :UInt64,
                  head :Data);
  # How far the service has come: the first and the last seq that can be asked for, the time of the
  # last commit, pages taken, the SHA-256 of the last one. Commits that are on a page which is not
  # full yet are not among them.

  refresh @1 () -> (seq :UInt64);
  # Closes the page that is being filled, so that all that was committed by now can be asked for.
  # It costs the log a page; so not everybody who may ask needs this method.

  who @2 (object :UInt64, at :UInt64, isTime :Bool, skip :UInt32)
      -> (seq :UInt64, more :Bool, holds :List(AuthorityHold));
  # Who could call it then.

  holds @3 (process :UInt64, at :UInt64, isTime :Bool, skip :UInt32)
      -> (seq :UInt64, more :Bool, holds :List(AuthorityHold));
  # What a process held then, newest first.

  path @4 (process :UInt64, object :UInt64, at :UInt64, isTime :Bool, skip :UInt32)
      -> (seq :UInt64, more :Bool, steps :List(AuthorityStep));
  # By which grants it came to what it held of the object.

  at @5 (at :UInt64, isTime :Bool, skip :UInt32)
      -> (seq :UInt64, more :Bool, processes :List(AuthorityProcess));
  # Every process that was there then.

  diff @6 (fromSeq :UInt64, toSeq :UInt64, skip :UInt32)
      -> (seq :UInt64, more :Bool, holds :List(AuthorityHold));
  # What was gained, lost, or changed whether it works, between two moments.

  reach @7 (process :UInt64, at :UInt64, isTime :Bool, skip :UInt32)
      -> (seq :UInt64, more :Bool, holds :List(AuthorityHold));
  # What it could come to hold over calls: an upper bound. Rows are those of holders who can be
  # seen.

  uses @8 (process :UInt64, skip :UInt32)
      -> (records :UInt64, missed :UInt64, more :Bool, uses :List(AuthorityUse));
  # What a process did, since the service began: so many records of the SysLog were counted, and so
  # many were gone before they could be.

  whyNot @9 (process :UInt64, object :UInt64, interface :UInt64, method :UInt16, at :UInt64,
             isTime :Bool)
      -> (seq :UInt64, reasons :List(AuthorityReason), giver :UInt64, giverCap :UInt64,
          calls :UInt32);
  # Why it may not call the method, one reason for each of its holds, and who could hand it one,
  # over how many calls; giver 0: nobody, as far as can be seen. No reason: it may.

  whatIf @10 (facet :UInt64, process :UInt64, job :UInt64, skip :UInt32)
      -> (seq :UInt64, missed :UInt64, more :Bool, stops :List(AuthorityStop));
  # Who would be stopped if a facet were revoked, or else a process or a job killed; the others
  # are 0. Of what was used it knows what uses knows.

  suggest @11 (process :UInt64, skip :UInt32)
      -> (records :UInt64, missed :UInt64, more :Bool, grants :List(AuthorityGrant));
  # Which of the capabilities that a process was given before it started it has used, by what uses
  # counts. Where anything was missed, what looks unused may be needed.

  names @12 (process :UInt64, object :UInt64, interface :UInt64, method :UInt16, at :UInt64,
             isTime :Bool)
      -> (seq :UInt64, program :Text, endpoint :Text, interface :Text, method :Text);
  # What people call them: the program that a process runs and the endpoint that an object is, by
  # the boot package; an interface and its method. What is 0 is not asked for; a method, only with
  # its interface. Empty: it has no name that the service knows.

  named @13 (program :Text, at :UInt64, isTime :Bool, skip :UInt32)
      -> (seq :UInt64, more :Bool, processes :List(AuthorityProcess));
  # The other way round: every process that ran this program then. Errors: failed where the package
  # has no such program, or the service was not granted the package.

  assert @14 (rules :Text, skip :UInt32)
      -> (seq :UInt64, begins :UInt64, states :UInt64, line :UInt32, column :UInt32, error :Text,
          more :Bool, verdicts :List(AuthorityVerdict));
  # Whether rules hold in every state that the history has, a verdict for each in their order. What
  # the rules mean is in docs/authority.md. line: 0, or where they can't be read, and error then
  # says why. Rules speak of everybody, so only who may see all is answered.

  graph @15 (at :UInt64, isTime :Bool, skip :UInt32)
      -> (seq :UInt64, more :Bool, elements :List(AuthorityElement));
  # The picture of a moment: processes, objects, and what is held, in the order in which they began.

  prove @16 (kind :UInt8, process :UInt64, object :UInt64, at :UInt64, isTime :Bool,
             begins :UInt64, pages :UInt64, offset :UInt64)
      -> (seq :UInt64, begins :UInt64, pages :UInt64, size :UInt64, data :Data);
  # A proof, as abi/proof.h describes it, for somebody who believes neither this machine nor this
  # service; at most 512 bytes of it from offset. kind: 0 who, 1 holds, 2 path, 3 at. First with
  # pages 0: of all the pages that there are; then again with what begins and pages said, and with
  # seq as at, for the other pieces. It has all of the log in it, so only who may see all is
  # answered. Errors: failed where the history begins later by now; begin again.
}

struct AuthorityVerdict {
  # Of one rule.
  line @0 :UInt32;      # where it stands
  states @1 :UInt64;    # in which it does not hold; 0: it holds, and the rest is 0
  first @2 :UInt64;     # the first of those, and the last: commits before
  last @3 :UInt64;
  process @4 :UInt64;   # whom it does not hold for, first; 0: nobody
  cap @5 :UInt64;       # by which capability; 0: by none
  program @6 :Text;     # of that process, where it is known
}

struct AuthorityElement {
  # Of a picture.
  kind @0 :UInt8;       # 0 a process, 1 an object, 2 what a process holds of an object
  works @1 :Bool;       # of what is held: it could be used
  isRevoker @2 :Bool;
  process @3 :UInt64;   # 0: it is an object
  object @4 :UInt64;    # 0: it is a process
  cap @5 :UInt64;       # of what is held
  interface @6 :UInt64; # ... of an object: its own
  methods @7 :UInt64;
  name @8 :Text;        # of the program or the endpoint, where it is known
}

struct AuthorityGrant {
  cap @0 :UInt64;
  facet @1 :UInt64;
  interface @2 :UInt64;
  methods @3 :UInt64;
  used @4 :UInt64;      # methods that were called, through it or through what was made from it
  isUsed @5 :Bool;      # also by operations that are no calls, or by being handed on
  isHandedOn @6 :Bool;
}

struct AuthorityReason {
  hold @0 :UInt64;      # the process's capability; 0: the reason is about the process or the object
  why @1 :UInt8;        # enum authority_reason of lib/authority/denial.h
  seq @2 :UInt64;       # when it came about, where a commit says so
}

struct AuthorityStop {
  process @0 :UInt64;
  why @1 :UInt8;        # 1 uses it, 2 is killed, 3 uses what those serve
}

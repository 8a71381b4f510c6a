#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# lib/access against Debian's Samba bindings (package python3-samba), with random descriptors.
#
#   texts:  the same SDDL, read by both, must be the same descriptor; each must read what the other
#           wrote, in binary and as text.
#   checks: random lists and tokens, specific and standard rights, with privileges and owners; both
#           must give the same answer.
#
# Left out, because Samba 4.17 doesn't do it as [MS-DTYP] says, or not at all: generic rights in
# checks (it leaves mapping to its callers), mandatory labels, masks in decimal or octal (it reads
# 0), the aliases of registry rights, FA (it reads 0x1ff; 2.5.1.1 says 0x1f01ff), lower case, the
# null list in text, flags of a list without entries (it reads on into the next component).
#
# usage: access_interop.py <path to access_interop> [count [seed]]

import random
import subprocess
import sys

from samba import NTSTATUSError, security as samba_check
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack

DOMAIN = security.dom_sid("S-1-5-21-1-2-3")
SIDS = ["S-1-1-0", "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545", "S-1-5-11", "S-1-3-4",
        "S-1-5-21-1-2-3-1000", "S-1-5-21-1-2-3-1001", "S-1-5-80-1-2-3-4-5", "S-1-22-1-0",
        "S-1-4294967295-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15", "S-1-5-4294967295"]
ALIASES = ["SY", "BA", "BU", "WD", "AU", "CO", "CG", "OW", "LS", "NS", "IU", "NU", "SU", "AN",
           "PS", "BG", "PU", "RD", "ER", "LW", "ME", "HI", "SI", "AA", "AC", "AO", "BO", "CD", "CY",
           "ED", "ES", "HA", "IS", "LU", "MP", "MS", "MU", "NO", "PO", "RA", "RC", "RE", "RM", "RU",
           "SO", "UD", "WR"]
RIGHTS = ["CC", "DC", "LC", "SW", "RP", "WP", "DT", "LO", "CR", "SD", "RC", "WD", "WO", "GA", "GR",
          "GW", "GX", "FR", "FW", "FX"]
FLAGS = ["OI", "CI", "NP", "IO", "ID"]
SPECIFIC = [1 << bit for bit in range(9)] + [1 << bit for bit in range(16, 21)]


def any_sid_text(rng):
    return rng.choice(SIDS + ALIASES)


def any_mask_text(rng):
    if rng.random() < 0.3:
        return f"0x{rng.getrandbits(32):x}"
    return "".join(rng.sample(RIGHTS, rng.randrange(1, 6)))


def any_entry_text(rng, kinds):
    kind = rng.choice(kinds)
    flags = rng.sample(FLAGS, rng.randrange(3))
    if kind == "AU":
        flags += rng.sample(["SA", "FA"], rng.randrange(1, 3))
    return f"({kind};{''.join(flags)};{any_mask_text(rng)};;;{any_sid_text(rng)})"


def any_list_text(rng, name, kinds):
    if rng.random() < 0.3:
        return ""
    entries = "".join(any_entry_text(rng, kinds) for _ in range(rng.choice([0, 1, 2, 3, 8])))
    flags = "".join(flag for flag in ("P", "AR", "AI") if entries and rng.random() < 0.2)
    return f"{name}:{flags}{entries}"


def any_text(rng):
    owner = f"O:{any_sid_text(rng)}" if rng.random() < 0.8 else ""
    group = f"G:{any_sid_text(rng)}" if rng.random() < 0.8 else ""
    return (owner + group + any_list_text(rng, "D", ["A", "D"]) +
            any_list_text(rng, "S", ["AU"]))


class Program:
    """Questions are collected and asked at once."""

    def __init__(self, path):
        self.path, self.questions = path, []

    def ask(self, question):
        self.questions.append(question)

    def answers(self):
        run = subprocess.run([self.path], input="\n".join(self.questions) + "\n", text=True,
                             stdout=subprocess.PIPE, check=True)
        answers = run.stdout.splitlines()
        assert len(answers) == len(self.questions), (len(answers), len(self.questions))
        self.questions = []
        return answers


def fields(descriptor):
    """A descriptor as Samba sees it, for comparing."""
    def entries(acl):
        return acl and [(ace.type, ace.flags, ace.access_mask, str(ace.trustee))
                        for ace in acl.aces]
    return (descriptor.type, str(descriptor.owner_sid), str(descriptor.group_sid),
            entries(descriptor.dacl), entries(descriptor.sacl))


def compare_texts(program, rng, count):
    texts = [any_text(rng) for _ in range(count)]
    theirs = [security.descriptor.from_sddl(text, DOMAIN) for text in texts]
    for text, other in zip(texts, theirs):
        program.ask(f"parse {text}")
        program.ask(f"print {ndr_pack(other).hex()}")
        program.ask(f"parse {other.as_sddl(DOMAIN)}")
    answers = program.answers()
    for index, (text, other) in enumerate(zip(texts, theirs)):
        ours, printed, again = answers[3 * index:3 * index + 3]
        for what, answer in (("our reading", ours), ("our reading of their text", again)):
            yield f"{what} of {text}", fields(other), (
                fields(ndr_unpack(security.descriptor, bytes.fromhex(answer[3:])))
                if answer.startswith("ok ") else answer)
        yield f"their reading of our text of {text}", fields(other), (
            fields(security.descriptor.from_sddl(printed[3:], DOMAIN))
            if printed.startswith("ok ") else printed)


def any_check(rng):
    people = rng.sample(SIDS, rng.randrange(2, 6))
    entries = "".join(
        f"({rng.choice('AAD')};{'IO' if rng.random() < 0.15 else ''};"
        f"0x{sum(rng.sample(SPECIFIC, rng.randrange(1, 6))):x};;;{rng.choice(people + SIDS)})"
        for _ in range(rng.choice([0, 1, 2, 3, 5, 9])))
    descriptor = f"O:{rng.choice(people + SIDS)}G:SYD:{entries}"
    desired = sum(rng.sample(SPECIFIC, rng.randrange(0, 5)))
    if rng.random() < 0.1:
        desired |= 0x01000000
    if rng.random() < 0.15:
        desired |= 0x02000000
    privileges = rng.choice([0, 0, 1 << 8, 1 << 9, 1 << 8 | 1 << 9])
    return descriptor, people, desired, privileges


def their_answer(descriptor, people, desired, privileges):
    token = security.token()
    token.sids = [security.dom_sid(sid) for sid in people]
    token.num_sids = len(people)
    if privileges & 1 << 8:
        token.set_privilege(security.SEC_PRIV_SECURITY)
    if privileges & 1 << 9:
        token.set_privilege(security.SEC_PRIV_TAKE_OWNERSHIP)
    try:
        granted = samba_check.access_check(descriptor, token, desired)
    except NTSTATUSError:
        return "denied"
    # 2.5.3.2: who asks for the maximum, where that is nothing, is denied. Samba allows nothing.
    return f"allowed {granted:x}" if granted or not desired & 0x02000000 else "denied"


def compare_checks(program, rng, count):
    checks = [any_check(rng) for _ in range(count)]
    parsed = [security.descriptor.from_sddl(check[0], DOMAIN) for check in checks]
    for (_, people, desired, privileges), descriptor in zip(checks, parsed):
        program.ask(f"check {ndr_pack(descriptor).hex()} {desired:x} {privileges:x} "
                    + " ".join(people))
    for check, descriptor, ours in zip(checks, parsed, program.answers()):
        theirs = their_answer(descriptor, *check[1:])
        yield (f"{check[0]} for {' '.join(check[1])} desired {check[2]:#x} privileges "
               f"{check[3]:#x}", theirs, "denied" if ours.startswith("denied") else ours)


def main():
    program = Program(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(seed)
    compared = different = 0
    for compare in (compare_texts, compare_checks):
        for what, theirs, ours in compare(program, rng, count):
            compared += 1
            if ours != theirs:
                different += 1
                if different <= 20:
                    print(f"{what}\n    Samba: {theirs}\n    ours:  {ours}")
    print(f"seed {seed}: {compared} compared, {different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Who could do what, computed from a log's raw pages by brute force: written from the layouts in
abi/commit.h alone, so that it shares neither code nor ideas with lib/authority. Slow on purpose:
each question goes through the log from its beginning."""

import struct

PAGE, HEADER, RECORD = 4096, 64, 64
NEVER = 2 ** 64 - 1
NOBODY = 2 ** 32 - 1
(SESSION_CREATE, SESSION_END, JOB_CREATE, JOB_KILL, PROCESS_CREATE, PROCESS_START, PROCESS_EXIT,
 PROCESS_REAP) = range(4, 12)
(OBJECT_CREATE, OBJECT_DESTROY, FACET_CREATE, FACET_LEASE, FACET_REVOKE, FACET_DESTROY, HOLD_INSERT,
 HOLD_MOVE, HOLD_REMOVE) = range(14, 23)
SESSION_DESTROY, JOB_DESTROY = 31, 32
ENDPOINT = 1
REVOKER = 0x9f4b3c0000000109
HOWS = ("genesis", "grant", "call", "return", "mint")
SHAREABLE, SAME_SESSION = 0, 1
TRANSFER_NONE = 0


def commits_of(data):
    """(time, kind, actor, body) of each record."""
    for at in range(0, len(data) // PAGE * PAGE, PAGE):
        count = struct.unpack_from("<H", data, at + 6)[0]
        for record in range(count):
            start = at + HEADER + record * RECORD
            time, _, kind, _, actor = struct.unpack_from("<QQHHI", data, start)
            yield time, kind, actor, data[start + 24:start + RECORD]


def expiries_of(data):
    """When leases run out, as their commits say."""
    return [struct.unpack_from("<Q", body, 8)[0] for _, kind, _, body in commits_of(data)
            if kind == FACET_LEASE]


def ident(index, generation):
    return f"{index}.{generation}"


class World:
    """The state after some commits, and every hold that there ever was."""

    def __init__(self, data, until=None):
        """After so many commits; None: before the first, for states()."""
        self.sessions, self.jobs, self.processes = {}, {}, {}
        self.objects, self.facets, self.holds, self.ever = {}, {}, {}, {}
        self.now = self.seq = self.actor = 0
        for count in self.states(data) if until else ():
            if count == until:
                break

    def states(self, data):
        """Goes through all states; yields how many commits each has behind it."""
        for self.seq, (self.now, kind, self.actor, body) in enumerate(commits_of(data)):
            effect = self.EFFECTS.get(kind)
            if effect:
                effect(self, body)
            yield self.seq + 1

    def session_create(self, body):
        index, generation, _, _, parent, live, expiry = struct.unpack_from("<IIIIIIQ", body)
        self.sessions[index] = {"id": ident(index, generation), "ended": False, "expiry": expiry,
                                "parent": parent if live else None}

    def session_end(self, body):
        self.sessions[struct.unpack_from("<I", body)[0]]["ended"] = True

    def session_destroy(self, body):
        del self.sessions[struct.unpack_from("<I", body)[0]]

    def job_create(self, body):
        index, _, parent, live = struct.unpack_from("<IIII", body)
        self.jobs[index] = {"killed": False, "parent": parent if live else None}

    def job_kill(self, body):
        self.jobs[struct.unpack_from("<I", body)[0]]["killed"] = True

    def job_destroy(self, body):
        del self.jobs[struct.unpack_from("<I", body)[0]]

    def process_create(self, body):
        index, generation, job, session = struct.unpack_from("<IIII", body)
        self.processes[index] = {"id": ident(index, generation), "job": job, "session": session,
                                 "stage": "building"}

    def process_start(self, body):
        self.processes[struct.unpack_from("<I", body)[0]]["stage"] = "running"

    def process_exit(self, body):
        self.processes[struct.unpack_from("<I", body)[0]]["stage"] = "dead"

    def process_reap(self, body):
        del self.processes[struct.unpack_from("<I", body)[0]]

    def object_create(self, body):
        index, generation, _, kind, root, root_generation, interface = struct.unpack_from(
            "<IIIIIIQ", body)
        self.objects[index] = {"id": ident(index, generation), "kind": kind, "root": root,
                               "interface": interface}
        self.facets[root] = {"id": ident(root, root_generation), "object": index, "parent": None,
                             "interface": interface, "methods": NEVER, "revoked": False,
                             "expiry": NEVER}

    def object_destroy(self, body):
        gone = self.objects.pop(struct.unpack_from("<I", body)[0])
        del self.facets[gone["root"]]

    def facet_create(self, body):
        index, generation, _, parent, interface, methods = struct.unpack_from("<IIIIQQ", body)
        self.facets[index] = {"id": ident(index, generation), "parent": parent,
                              "object": self.facets[parent]["object"], "interface": interface,
                              "methods": methods, "revoked": False, "expiry": NEVER}

    def facet_lease(self, body):
        index, _, expiry = struct.unpack_from("<IIQ", body)
        self.facets[index]["expiry"] = expiry

    def facet_revoke(self, body):
        self.facets[struct.unpack_from("<I", body)[0]]["revoked"] = True

    def facet_destroy(self, body):
        del self.facets[struct.unpack_from("<I", body)[0]]

    def put(self, index, generation, hold):
        facet = self.facets[hold["facet"]]
        hold.update(cap=f"{generation << 32 | index:#x}", since=self.seq, since_ns=self.now,
                    interface=facet["interface"], methods=facet["methods"], shown=facet["id"],
                    holder=self.processes[hold["process"]]["id"])
        process = {"grant": self.actor, "genesis": None}.get(hold["how"], hold["process"])
        if hold["how"] == "call" and hold["origin"] is not None:
            hold["acted_for"] = self.ever[hold["origin"]]["session_now"]()
        elif process is None or process not in self.processes:
            hold["acted_for"] = None
        else:
            hold["acted_for"] = self.session_id(process)
        if hold["how"] == "call" and hold["origin"] is None:
            known = self.processes.get(self.actor)
            hold["acted_for"] = known and self.session_id(self.actor)
        mine, processes, sessions = hold["process"], self.processes, self.sessions
        life = processes[mine]
        hold["session_now"] = lambda: sessions[life["session"]]["id"]
        from_whom = self.ever.get(hold["origin"])
        hold["line"] = from_whom["line"] + [from_whom["known"]()] if from_whom else []
        hold["known"] = lambda: (mine, self.session_line(life))
        self.holds[index] = self.ever[self.seq] = hold

    def session_line(self, process):
        """The indexes of its session and of those that it comes from."""
        line, at = [], process["session"]
        while at is not None:
            line.append(at)
            at = self.sessions[at]["parent"]
        return line

    def session_id(self, process):
        return self.sessions[self.processes[process]["session"]]["id"]

    def hold_insert(self, body):
        (index, generation, process, facet, origin, origin_generation, origin_seq, transfer, scope,
         how, revoker) = struct.unpack_from("<IIIIIIQBBBB", body)
        known = self.ever.get(origin_seq, {}).get("cap") == f"{origin_generation << 32 | origin:#x}"
        self.put(index, generation,
                 {"process": process, "facet": facet, "transfer": transfer, "scope": scope,
                  "how": HOWS[how], "revoker": bool(revoker), "moved": False,
                  "origin": origin_seq if known and origin_generation else None})

    def hold_move(self, body):
        index, _, made, generation, process, how = struct.unpack_from("<IIIIII", body)
        old = self.holds.pop(index)
        self.put(made, generation, {**old, "process": process, "how": HOWS[how], "moved": True,
                                    "origin": old["since"]})

    def hold_remove(self, body):
        del self.holds[struct.unpack_from("<I", body)[0]]

    EFFECTS = {SESSION_CREATE: session_create, SESSION_END: session_end,
               SESSION_DESTROY: session_destroy, JOB_CREATE: job_create, JOB_KILL: job_kill,
               JOB_DESTROY: job_destroy, PROCESS_CREATE: process_create,
               PROCESS_START: process_start, PROCESS_EXIT: process_exit,
               PROCESS_REAP: process_reap, OBJECT_CREATE: object_create,
               OBJECT_DESTROY: object_destroy, FACET_CREATE: facet_create,
               FACET_LEASE: facet_lease, FACET_REVOKE: facet_revoke,
               FACET_DESTROY: facet_destroy, HOLD_INSERT: hold_insert, HOLD_MOVE: hold_move,
               HOLD_REMOVE: hold_remove}

    # --- What follows ---------------------------------------------------------------------------

    def stage(self, process):
        job = self.processes[process]["job"]
        if self.processes[process]["stage"] == "dead":
            return "dead"
        while job is not None:
            if self.jobs[job]["killed"]:
                return "killed"
            job = self.jobs[job]["parent"]
        return self.processes[process]["stage"]

    def session_works(self, session):
        while session is not None:
            known = self.sessions[session]
            if known["ended"] or self.now >= known["expiry"]:
                return False
            session = known["parent"]
        return True

    def use(self, hold):
        if not self.session_works(self.processes[hold["process"]]["session"]):
            return "session over"
        facet = hold["facet"]
        while facet is not None:
            known = self.facets[facet]
            if known["revoked"]:
                return "revoked"
            if known["expiry"] <= self.now:
                return "expired"
            facet = known["parent"]
        return "works"

    def row(self, hold):
        """As the tool's JSON has it."""
        return {"process": hold["holder"], "cap": hold["cap"], "methods": f"{hold['methods']:#x}",
                "object": self.objects[self.facets[hold["facet"]]["object"]]["id"],
                "facet": hold["shown"], "revoker": hold["revoker"], "since": hold["since"],
                "since_ns": hold["since_ns"], "how": hold["how"], "use": self.use(hold)}

    def holds_of(self, process):
        """None: of all."""
        return [self.row(hold) for hold in self.holds.values()
                if process in (None, hold["process"]) and self.stage(hold["process"]) != "dead"]

    def works_for(self, hold):
        return self.stage(hold["process"]) == "running" and self.use(hold) == "works"

    def who(self, target):
        return [self.row(hold) for hold in self.holds.values()
                if self.facets[hold["facet"]]["object"] == target and not hold["revoker"]
                and self.works_for(hold)]

    def paths(self, process, target):
        """For each hold of the process on the object: the commits from it back to the first."""
        found = []
        for hold in self.holds.values():
            if (hold["process"] == process and self.stage(process) != "dead"
                    and self.facets[hold["facet"]]["object"] == target):
                steps = []
                while hold is not None:
                    steps.append((hold["since"], hold["holder"], hold["cap"], hold["how"],
                                  hold["moved"], hold["shown"], hold["acted_for"]))
                    hold = self.ever.get(hold["origin"])
                found.append(tuple(steps))
        return sorted(found)

    # --- Reach ----------------------------------------------------------------------------------

    def side(self, hold):
        """("client" or "server", object) where the hold is on an endpoint and works."""
        facet = self.facets[hold["facet"]]
        known = self.objects[facet["object"]]
        if known["kind"] != ENDPOINT or hold["revoker"] or not self.works_for(hold):
            return None
        return ("server" if facet["interface"] == known["interface"] else "client",
                facet["object"])

    def component(self, process):
        """Everybody with whom it can exchange capabilities, over whatever many calls."""
        found, grown = {process}, True
        sides = {}
        for hold in self.holds.values():
            side = self.side(hold)
            if side:
                sides.setdefault(side, set()).add(hold["process"])
        while grown:
            grown = False
            for (kind, target), members in sides.items():
                others = sides.get(("server" if kind == "client" else "client", target), set())
                if members & found and not others <= found:
                    found |= others
                    grown = True
        return found

    def reach(self, process):
        if process not in self.processes or self.stage(process) == "dead":
            return []
        own = [hold for hold in self.holds.values() if hold["process"] == process]
        if self.stage(process) != "running":
            return sorted(hold["since"] for hold in own if self.use(hold) == "works")
        near = self.component(process)
        session = self.processes[process]["session"]
        return sorted(
            hold["since"] for hold in self.holds.values()
            if self.use(hold) == "works" and (hold["process"] == process or (
                hold["process"] in near and self.stage(hold["process"]) == "running"
                and hold["transfer"] != TRANSFER_NONE
                and (hold["scope"] == SHAREABLE or (
                    hold["scope"] == SAME_SESSION
                    and self.processes[hold["process"]]["session"] == session)))))


    # --- Rules ----------------------------------------------------------------------------------

    def members(self, asked):
        """Running processes for which asked(index, sessions) is true."""
        return [index for index, known in self.processes.items()
                if self.stage(index) == "running" and self.session_works(known["session"])
                and asked(index, self.session_line(known))]

    def is_target(self, hold, targets):
        """targets: None, which is any, or (interface, method or None)."""
        interface = REVOKER if hold["revoker"] else hold["interface"]
        return self.use(hold) == "works" and (targets is None or any(
            interface == wanted and (hold["revoker"] or method is None or
                                     hold["methods"] >> method & 1)
            for wanted, method in targets))

    def does(self, process, verb, targets, through):
        own = [hold for hold in self.holds.values() if hold["process"] == process
               and self.is_target(hold, targets)]
        if verb == "holds":
            return any(through is None or any(through(*known) for known in hold["line"])
                       for hold in own)
        if through is None and own:
            return True
        near = [other for other in self.component(process) if other != process]
        if through is not None and not any(other in near for other in self.members(through)):
            return False
        reached = set(self.reach(process))
        return any(hold["since"] in reached and hold["process"] in near
                   and self.is_target(hold, targets) for hold in self.holds.values())

    def breaks(self, quantifier, asked, verb, targets, through):
        members = self.members(asked)
        if quantifier == "only":
            members = [index for index in self.members(lambda *_: True) if index not in members]
        return any(self.does(index, verb, targets, through) != (quantifier == "always")
                   for index in members)


def diff(before, after):
    """(sign, the commit that made the hold) of what one of two moments has; ~: its use changed."""
    first = {row["since"]: row for row in before.holds_of(None)}
    second = {row["since"]: row for row in after.holds_of(None)}
    rows = [("lost", since) for since in first if since not in second]
    rows += [("gained", since) for since in second if since not in first]
    rows += [("changed", since) for since in first
             if since in second and first[since]["use"] != second[since]["use"]]
    return sorted(rows)

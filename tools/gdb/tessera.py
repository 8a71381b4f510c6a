# SPDX-License-Identifier: Apache-2.0
"""Commands of `make debug` that print the kernel's state: `help tessera` lists them.

Everything is read by name from the debug information of the image: no offset, size or number of an
enumeration stands here. The names that are relied on stand in NAMES and ENUMS, once each, and
`tessera check` looks all of them up; tools/gdb/test/ runs it, so that a record that is renamed
fails there and not before somebody's eyes. Whole records are printed with whatever fields they
have.
"""
import gdb  # pylint: disable=import-error

# Where the state begins.
KERNEL = "cpus[0].kernel"
# The fields that are used by name.
NAMES = {
    "struct kernel": ("core", "log"),
    "struct core": ("state", "syslog", "syslog_next", "threads", "processes", "objects", "current",
                    "next", "ready", "cpu", "cpus", "busy"),
    "struct cpu_record": ("running",),
    "struct state": ("config", "seq", "sessions", "jobs", "processes", "threads",
                     "objects", "facets", "holds", "mappings"),
    "struct state_config": ("sessions", "jobs", "processes", "threads", "objects", "facets",
                            "holds", "mappings"),
    "struct slot": ("generation", "link"),
    "struct process_entry": ("slot", "state", "first_hold"),
    "struct hold": ("slot", "facet", "next", "revoker", "transfer", "how"),
    "struct facet": ("slot", "object", "interface", "methods", "revoked", "server_count"),
    "struct object": ("slot", "kind", "root_facet"),
    "struct thread_record": ("ready", "state", "process"),
    "struct object_record": ("endpoint",),
    "struct endpoint_record": ("calls", "receivers"),
    "struct queue": ("head", "count"),
    "struct link": ("next",),
    "struct request": ("queue", "sender"),
    "struct syslog_record": ("time_ns", "interface", "operation", "sender", "target", "status",
                             "detail"),
    "struct syslog_operation": ("opcode", "method"),
    "struct syslog_sender": ("process",),
    "struct syslog_target": ("object",),
    "struct log": ("pages", "page_count", "first", "page", "seq"),
    "struct log_page": ("header", "records"),
    "struct log_page_header": ("count",),
    "struct commit": ("time_ns", "kind", "actor"),
}
# Enumerations by one of their members, with what their members' names begin with.
ENUMS = {
    "stage": ("PROCESS_RUNNING", "PROCESS_"),
    "object kind": ("OBJECT_ENDPOINT", "OBJECT_"),
    "commit kind": ("COMMIT_GENESIS", "COMMIT_"),
    "thread state": ("THREAD_READY", "THREAD_"),
    "opcode": ("OP_CALL", "OP_"),
    "how": ("HOW_GENESIS", "HOW_"),
    "transfer": ("TRANSFER_COPY", "TRANSFER_"),
    "cause": ("EXIT_CALLED", "EXIT_"),
    "resource": ("RESOURCE_SESSIONS", "RESOURCE_"),
    "status": ("STATUS_OK", "STATUS_"),
}
CONSTANTS = ("NONE", "SYSLOG_RECORDS", "SYSLOG_EXIT", "PRIORITY_COUNT", "LEVEL_COUNT",
             "HAL_CPUS_MAX")
# What the fields of records hold, wherever they stand.
FIELDS = {"how": "how", "transfer": "transfer", "exit_cause": "cause",
          "cause": "cause", "resource": "resource"}
# Arenas by the field of struct state, with the enumeration of a field that only they have so.
ARENAS = {
    "sessions": {}, "jobs": {}, "processes": {"state": "stage"}, "threads": {},
    "objects": {"kind": "object kind"}, "facets": {}, "holds": {}, "mappings": {},
}


class Missing(gdb.GdbError):
    """A name that the image doesn't have."""


def constant(name):
    return int(gdb.parse_and_eval(name))


def member(enum, number):
    """The name of a number, without what all names of its enumeration begin with."""
    known, prefix = ENUMS[enum]
    for item in gdb.parse_and_eval(known).type.fields():
        if item.enumval == number:
            return item.name.removeprefix(prefix).lower().replace("_", "-")
    return str(number)


def kernel():
    found = gdb.parse_and_eval(KERNEL)
    if int(found) == 0:
        raise gdb.GdbError("the kernel has not booted yet: continue to kernel_turn first")
    return found.dereference()


def core():
    return kernel()["core"]


def state():
    return core()["state"]


def integer(value):
    return int(value.cast(gdb.lookup_type("unsigned long")))


def index_text(value):
    return "-" if int(value) & 0xffffffff == constant("NONE") else str(int(value))


def slots(arena):
    """(index, record) of an arena's live slots."""
    records = state()[arena]
    for index in range(int(state()["config"][arena])):
        if is_live(index, records[index]):
            yield index, records[index]


def is_live(index, record):
    """Whether a slot is in use: its link is itself. Slots that never were are zero."""
    slot = record["slot"]
    return int(slot["link"]) == index and int(slot["generation"]) != 0


def identity(index, record):
    return f"{index}.{int(record['slot']['generation'])}"


def interfaces():
    """Names of interfaces and methods, from the file that numbers them."""
    names, methods = {}, {}
    with open("abi/methods.lock", encoding="utf-8") as lines:
        for line in lines:
            word, _, rest = line.partition("(")
            values = [value.strip() for value in rest.rstrip(")\n").split(",")]
            if word == "INTERFACE":
                names[int(values[0], 16)] = values[1]
            elif word == "METHOD":
                methods[values[0], int(values[1])] = values[2]
    return names, methods


def interface_text(value):
    number = integer(value)
    return interfaces()[0].get(number, f"interface {number:#x}")


def methods_text(facet):
    """The methods that a facet includes, by name."""
    names, methods = interfaces()
    name = names.get(integer(facet["interface"]))
    mask = integer(facet["methods"])
    found = [text for (interface, number), text in methods.items()
             if interface == name and mask >> number & 1]
    return ",".join(found) or f"{mask:#x}"


def field_text(value):
    """A field of a record of which nothing is known but its type."""
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_STRUCT:
        if {item.name for item in kind.fields()} == {"index", "generation"}:
            return f"{index_text(value['index'])}.{int(value['generation'])}"
        return "{" + fields_text(value, {}) + "}"
    if kind.code == gdb.TYPE_CODE_ARRAY and kind.target().sizeof == 4:
        return "[" + ",".join(index_text(value[i]) for i in range(kind.range()[1] + 1)) + "]"
    if kind.code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_UNION):
        return ""
    if kind.sizeof == 4:
        return index_text(value)
    number = int(value)
    return f"{number:#x}" if number >> 32 else str(number)


def fields_text(record, enums):
    parts, enums = [], FIELDS | enums
    for item in record.type.strip_typedefs().fields():
        if item.name in (None, "slot", "reserved", "unused"):
            continue
        value = record[item.name]
        text = member(enums[item.name], int(value)) if item.name in enums else field_text(value)
        if item.name == "interface":
            text = interface_text(value)
        if text:
            parts.append(f"{item.name}={text}")
    return " ".join(parts)


def facet_text(index):
    """What a facet leads to, in words."""
    facet = state()["facets"][index]
    kind = member("object kind", int(state()["objects"][int(facet["object"])]["kind"]))
    revoked = ", revoked" if int(facet["revoked"]) else ""
    return (f"facet {index} of object {int(facet['object'])} ({kind}): "
            f"{interface_text(facet['interface'])}.{methods_text(facet)}{revoked}")


def list_of(head):
    """The links of a list: a ring through its head."""
    link = head["next"]
    while link != head.address:
        yield link
        link = link["next"]


def owner(link, kind, name):
    """The record that a link is the field `name` of."""
    struct = gdb.lookup_type(kind)
    offset = next(item.bitpos for item in struct.fields() if item.name == name) // 8
    address = integer(link) - offset
    return gdb.Value(address).cast(struct.pointer()).dereference()


class Command(gdb.Command):
    """A command of the prefix `tessera`, which takes at most one number."""

    usual = 0

    def __init__(self):
        super().__init__("tessera " + self.name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) > 1 or not all(word.isdigit() for word in words):
            raise gdb.GdbError(f"tessera {self.name} takes at most one number")
        for line in self.lines(int(words[0]) if words else self.usual):
            print(line)


class Holds(Command):
    """tessera capabilities PROCESS: what a process holds, and what each leads to."""
    name = "capabilities"

    def lines(self, number):
        entry = dict(slots("processes")).get(number)
        if entry is None:
            raise gdb.GdbError(f"there is no process {number}; see `tessera processes`")
        index = int(entry["first_hold"])
        while index != constant("NONE"):
            hold = state()["holds"][index]
            role = " (revoker)" if int(hold["revoker"]) else ""
            transfer = member("transfer", int(hold["transfer"]))
            how = member("how", int(hold["how"]))
            yield (f"hold {identity(index, hold)}{role}, {transfer}, by {how}: "
                   f"{facet_text(int(hold['facet']))}")
            index = int(hold["next"])


class Endpoints(Command):
    """tessera endpoints: who waits at each."""
    name = "endpoints"

    def lines(self, _number):
        for index, record in slots("objects"):
            if member("object kind", int(record["kind"])) != "endpoint":
                continue
            endpoint = core()["objects"][index]["endpoint"]
            servers = state()["facets"][int(record["root_facet"])]["server_count"]
            yield (f"object {identity(index, record)}: {int(servers)} server holds, "
                   f"{int(endpoint['calls']['count'])} calls queued, "
                   f"{int(endpoint['receivers']['count'])} receivers")
            for name in ("calls", "receivers"):
                for link in list_of(endpoint[name]["head"]):
                    request = owner(link, "struct request", "queue")
                    yield f"  {name}: process {int(request['sender']['process'])}"


class Queue(Command):
    """tessera queue: who runs, who runs next, and who is ready, in order."""
    name = "queue"

    def thread(self, index):
        record = core()["threads"][index]
        return (f"thread {index} of process {int(record['process'])} "
                f"({member('thread state', int(record['state']))})")

    def thread_at(self, address):
        first = integer(core()["threads"])
        return self.thread((address - first) // gdb.lookup_type("struct thread_record").sizeof)

    def lines(self, _number):
        none = constant("NONE")
        for role in ("current", "next"):
            index = int(core()[role])
            yield f"{role}: " + ("nobody" if index == none else self.thread(index))
        for cpu in range(constant("HAL_CPUS_MAX")):
            if integer(core()["busy"]) >> cpu & 1:
                running = integer(core()["cpus"][cpu]["running"])
                yield f"on CPU {cpu}: " + self.thread_at(running)
        for level in reversed(range(constant("LEVEL_COUNT"))):
            priority = level % constant("PRIORITY_COUNT")
            left = "" if level >= constant("PRIORITY_COUNT") else ", its share used up"
            for link in list_of(core()["ready"][level]):
                record = owner(link, "struct thread_record", "ready")
                yield (f"ready at priority {priority}{left}: " +
                       self.thread_at(integer(record.address)))


class Syslog(Command):
    """tessera syslog [N]: the last N requests and what came of them; 10 if not said."""
    name = "syslog"
    usual = 10

    def what(self, record):
        """The operation, with interface and method where it has them."""
        opcode, method = (int(record["operation"][name]) for name in ("opcode", "method"))
        if opcode == constant("SYSLOG_EXIT"):
            return "exit"
        words = [member("opcode", opcode)]
        if integer(record["interface"]):
            name = interface_text(record["interface"])
            words.append(name)
            if opcode == constant("OP_CALL"):
                words[-1] += f".{interfaces()[1].get((name, method), method)}"
        return " ".join(words)

    def refusal(self, record):
        """By its name in abi/errors.def, where it is one."""
        status, detail = int(record["status"]), integer(record["detail"])
        if int(record["operation"]["opcode"]) == constant("SYSLOG_EXIT"):
            return f" cause {member('cause', detail)}"
        fact = -status if status < 0 else detail
        return f" refused: {member('status', fact)}" if fact else ""

    def lines(self, number):
        end, size = integer(core()["syslog_next"]), constant("SYSLOG_RECORDS")
        for place in range(max(0, end - min(number, size)), end):
            record = core()["syslog"][place % size]
            yield (f"{place} {integer(record['time_ns'])} ns process "
                   f"{index_text(record['sender']['process'])} {self.what(record)} object "
                   f"{index_text(record['target']['object'])} status {int(record['status'])}"
                   f"{self.refusal(record)}")


class Commits(Command):
    """tessera commits [N]: the last N changes of authority; 10 if not said.

    Each has the number that `authority verify --commits` gives it. What the present turn has
    reduced is in the log only when the turn ends; what a reader has acknowledged is gone."""
    name = "commits"
    usual = 10

    def detail(self, commit, kind):
        """The union's part of this kind: the one of its name, or the longest it begins with."""
        names = {item.name for union in commit.type.fields() if union.name is None
                 for item in union.type.fields()}
        word = kind.replace("-", "_")
        known = [name for name in names if (word + "_").startswith(name + "_")]
        enums = {"kind": "object kind"}
        return fields_text(commit[max(known, key=len)], enums) if known else ""

    def lines(self, number):
        log, found = kernel()["log"], []
        page, seq = int(log["page"]), integer(log["seq"])
        while page >= int(log["first"]) and len(found) < number:
            there = log["pages"][page % int(log["page_count"])]
            count = int(there["header"]["count"])
            found += [there["records"][place] for place in reversed(range(count))]
            page -= 1
        found = found[:number]
        for place, commit in reversed(list(enumerate(found))):
            kind = member("commit kind", int(commit["kind"]))
            yield (f"{seq - 1 - place} {integer(commit['time_ns'])} ns process "
                   f"{index_text(commit['actor'])}: {kind} {self.detail(commit, kind)}")


class Check(Command):
    """tessera check: whether the image has every name that these commands use."""
    name = "check"

    def lines(self, _number):
        missing = []
        for kind, names in NAMES.items():
            try:
                has = {item.name for item in gdb.lookup_type(kind).fields()}
                has |= {inner.name for item in gdb.lookup_type(kind).fields()
                        if item.name is None for inner in item.type.fields()}
            except gdb.error:
                has = set()
            missing += [f"{kind} has no {name}" for name in names if name not in has]
        for name in [*CONSTANTS, *(known for known, _ in ENUMS.values()), KERNEL]:
            try:
                gdb.parse_and_eval(name).type  # pylint: disable=expression-not-assigned
            except gdb.error as error:
                missing.append(str(error))
        if missing:
            raise Missing("tools/gdb/tessera.py does not fit this image: " + "; ".join(missing))
        yield f"all {sum(map(len, NAMES.values()))} names are there"


def arena_command(arena, enums):
    """A command that lists an arena's live records."""
    class Arena(Command):
        __doc__ = f"tessera {arena}: the live ones, with all that their records say."
        name = arena

        def lines(self, _number):
            for index, record in slots(arena):
                yield f"{identity(index, record)}: {fields_text(record, enums)}"
    Arena()


class Prefix(gdb.Command):
    """The kernel's state: `tessera processes`, `tessera capabilities 3`, `tessera syslog 20`."""

    def __init__(self):
        super().__init__("tessera", gdb.COMMAND_DATA, prefix=True)


Prefix()
for command in (Holds, Endpoints, Queue, Syslog, Commits, Check):
    command()
for arena_name, arena_enums in ARENAS.items():
    arena_command(arena_name, arena_enums)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Manifests as they are written: Jsonnet, presets, tags, a site's overlay; and what is wrong with
them is said with the file and the place, whatever they are."""

import copy
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tools" / "mkimage"), str(ROOT / "tools" / "methods")]

import manifest as manifests  # noqa: E402
import methods  # noqa: E402
import source as sources  # noqa: E402

MANIFESTS = ROOT / "system/manifests"
STRICT = ROOT / "build/host/tools/capnp-strict"
HEAD = "local tessera = import 'tessera.libsonnet';\n"
GOOD = HEAD + """tessera.manifest {
  first: 'init-min',
  endpoint+: { ping: { messageMax: 4096 } },
  program+: {
    late: { order: 60 },
    pong: { grant: { server: tessera.server('ping'), console: tessera.own('console') } },
    ping: { order: 1, grant: { pong: tessera.client('ping', 'Ping', ['echo']) } },
  },
}
"""
ROUNDS = 80
VALUES = (None, True, 0, -1, 2**64, 1.5, "", "x", "..", "a/b", "n" * 40, "\0", [], {}, [[]],
          {"own": "console"}, "echo", "ping", "init-min")


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.interfaces = methods.read_lock(methods.LOCK)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, path, **options):
        return manifests.read(path, sources.Options(**options), ROOT / "abi/schema/boot.capnp",
                              self.interfaces, STRICT)

    def assert_refused(self, sentence, path, **options):
        with self.assertRaises(manifests.ManifestError) as refused:
            self.read(path, **options)
        self.assertIn(sentence, str(refused.exception))


class Jsonnet(Folder):
    def test_entries_are_in_their_order_then_by_key(self):
        read = self.read(self.file("m.jsonnet", GOOD))
        self.assertEqual(read.programs, ["ping", "pong", "late"])
        self.assertEqual([grant["name"] for grant in read.value["programs"][1]["grants"]],
                         ["console", "server"])

    def test_a_preset_is_added(self):
        read = self.read(self.file("m.jsonnet", GOOD), preset="fixed")
        self.assertEqual(read.fixed, {"ping", "pong", "late"})
        read = self.read(self.file("m.jsonnet", GOOD), preset="watched")
        self.assertEqual(read.programs[0], "ledger")

    def test_programs_are_named_or_none_is(self):
        options = sources.Options()
        path = self.file("m.jsonnet", GOOD.replace("first:", "also: ['more'], first:"))
        self.assertEqual(sources.programs_of(path, options),
                         ["init-min", "late", "more", "ping", "pong"])
        for text in ("{", "[]", "{}", "{ first: 'x', programs: [{}] }",
                     "{ first: 'x', programs: [], also: [{}] }", "{ first: [], programs: [] }",
                     "{ first: 'x', programs: {} + 'a' }", "{ first: 'x', programs: [], also: 1 }"):
            with self.subTest(text):
                self.assertEqual(sources.programs_of(self.file("m.jsonnet", text), options), [])

    def test_tags_are_seen(self):
        text = HEAD + ("tessera.manifest { first: 'x', program+: "
                       "if tessera.is_tagged('loud') then { horn: {} } else {} }")
        path = self.file("m.jsonnet", text)
        self.assertEqual(self.read(path).programs, [])
        self.assertEqual(self.read(path, tags="long,loud").programs, ["horn"])

    def test_an_overlay_has_the_last_word_on_the_manifests_that_it_names(self):
        overlay = self.file("overlay.libsonnet", "function(name) if name == 'm' then { program+: "
                            "{ late: null, pong+: { grant+: { console: null } } } } else {}")
        for name, programs, grants in (("m", ["ping", "pong"], 1),
                                       ("other", ["ping", "pong", "late"], 2)):
            read = self.read(self.file(f"{name}.jsonnet", GOOD), overlay=overlay)
            self.assertEqual(read.programs, programs)
            self.assertEqual(len(read.value["programs"][1]["grants"]), grants)

    def test_the_example_of_a_site_withholds_a_capability(self):
        read = self.read(MANIFESTS / "first-call.jsonnet",
                         overlay=MANIFESTS / "site-example/overlay.libsonnet")
        grants = [grant["name"] for grant in read.value["programs"][2]["grants"]]
        self.assertEqual(grants, ["capabilities", "console", "pong"])

    def test_every_manifest_is_formatted(self):
        for path in [*MANIFESTS.rglob("*.jsonnet"), *MANIFESTS.rglob("*.libsonnet")]:
            done = subprocess.run(["jsonnetfmt", "--test", path], check=False)
            self.assertEqual(done.returncode, 0, f"jsonnetfmt -i {path}")


# What stands in m.jsonnet instead of what, and what is said.
REFUSED = (
    ("first: 'init-min'", "first: 7", "m.jsonnet: first: Text is wanted, not a number"),
    ("  first: 'init-min',\n", "", "m.jsonnet: first is missing: the name of the program"),
    ("first: 'init-min'", "first: 'late'", "programs[2] (late).name: 'late' is the first program"),
    ("messageMax: 4096", "messageMax: 0", "m.jsonnet: endpoints[0] (ping).messageMax: 0 is out of"),
    ("messageMax", "messageMost", 'm.jsonnet: endpoints[0] (ping): unknown field "messageMost"'),
    ("order: 1,", "oder: 1,", 'programs[0] (ping): unknown field "oder"'),
    ("endpoint+:", "endpoynt:", 'm.jsonnet: unknown field "endpoynt"'),
    ("tessera.server('ping')", "tessera.server('pong')",
     "m.jsonnet: programs[1] (pong).grants[1] (server).server: unknown endpoint 'pong'"),
    ("tessera.server(", "tessera.serve(", "m.jsonnet:7:30: field does not exist: serve"),
    ("['echo']", "['shout']", "grants[0] (pong).client.methods[0]: Ping has no method 'shout'"),
    ("'Ping'", "'Pingg'", "client.interface: unknown interface 'Pingg'"),
    ("order: 60", "order: 'x'", "m.jsonnet: program late: order is no number"),
    ("tessera.libsonnet", "other.libsonnet", "m.jsonnet:1:17: couldn't open import"),
    ("},\n}", "},\n", "m.jsonnet:11:1: "),
    ("'init-min'", "self.first", "m.jsonnet:3:10: max stack frames exceeded"),
    ("local ", "local l = import 'm.jsonnet'; l + local ", "m.jsonnet:1:"),
    ("order: 60", "order: 1e999", "m.jsonnet:6:20: overflow"),
    ("late: {", "ping: {}, late: {", "duplicate field: ping"),
)


class Refusals(Folder):
    def test_each_refusal_names_the_file_and_the_field(self):
        for old, new, sentence in REFUSED:
            with self.subTest(new):
                self.assertIn(old, GOOD)
                self.assert_refused(sentence, self.file("m.jsonnet", GOOD.replace(old, new)))
                self.assert_refused("m.jsonnet:", self.folder / "m.jsonnet")

    def test_what_is_not_there_is_refused(self):
        path = self.file("m.jsonnet", GOOD)
        self.assert_refused("nix.jsonnet: No such file", self.folder / "nix.jsonnet")
        self.assert_refused("there is no preset 'nix'; there are fixed, watched", path,
                            preset="nix")
        self.assert_refused("tag 'a b'", path, tags="ok,a b")
        self.assert_refused("there is no such overlay", path, overlay=self.folder / "nix")
        self.assert_refused("are for manifests in Jsonnet", self.file("m.json", "{}"),
                            preset="fixed")

    def test_an_overlay_that_is_wrong_is_named(self):
        path = self.file("m.jsonnet", GOOD)
        for text, sentence in (("{", "overlay.libsonnet:1:2: "), ("{}", "overlay.libsonnet"),
                               ("function(name) { program+: { a: { b: 1 } } }",
                                'm.jsonnet: programs[1] (a): unknown field "b"')):
            with self.subTest(text):
                self.assert_refused(sentence if text != "{}" else "m.jsonnet", path,
                                    overlay=self.file("overlay.libsonnet", text))


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield from places(each, path + (step,))


def changed(value, draw):
    """A copy with one place replaced, removed or doubled."""
    value = copy.deepcopy(value)
    path = draw.choice([path for path in places(value) if path])
    at = value
    for step in path[:-1]:
        at = at[step]
    step, how = path[-1], draw.randrange(4)
    if how == 0:
        del at[step]
    elif how == 1 and isinstance(at, list):
        at.append(copy.deepcopy(at[step]))
    elif how == 2 and isinstance(at, dict):
        at[draw.choice(("own", "server", "name", "grants", "keep", "why", "nix"))] = at[step]
    else:
        at[step] = draw.choice(VALUES)
    return value


class Random(Folder):
    def test_always_a_message_or_a_refusal_with_file_and_place(self):
        """From the JSON of each shipped manifest, one to three changes away; and broken text."""
        shipped = [json.loads(sources.read(path, sources.Options()).text)
                   for path in sorted(MANIFESTS.glob("*.jsonnet"))]
        draw = random.Random(1)
        taken = 0
        for turn in range(ROUNDS):
            value = draw.choice(shipped)
            for _ in range(draw.randrange(1, 4)):
                value = changed(value, draw)
            text = json.dumps(value, indent=draw.choice((None, 1)))
            if turn % 5 == 0:
                cut = draw.randrange(len(text))
                text = text[:cut] + draw.choice(("", "{", "\u2028", '"', "[")) + text[cut + 1:]
            path = self.file("m.json", text)
            try:
                self.assertEqual(len(self.read(path).message) % 8, 0)
                taken += 1
            except manifests.ManifestError as error:
                self.assertRegex(str(error), r"m\.json:\d+:\d+: .+")
        self.assertTrue(ROUNDS // 40 < taken < ROUNDS, taken)


if __name__ == "__main__":
    unittest.main()

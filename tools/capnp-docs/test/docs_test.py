#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The interface reference against the schemas: every interface, method, struct, field and enum of
abi/schema is there, with the transfer mode and session scope that the schema says."""

import html.parser
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "build/host/tools/capnp-docs"
SCHEMAS = sorted((ROOT / "abi/schema").glob("*.capnp"))
INTERFACE = re.compile(r"^interface (\w+) @(0x\w+)[^\n]*\{\n(.*?)^\}", re.M | re.S)
METHOD = re.compile(r"^  (\w+) @\d+ \(", re.M)
DECLARED = re.compile(r"^\s*(struct|enum) (\w+)[ (]", re.M)
MEMBER = re.compile(r"^\s*(\w+) @\d+ ?[:;]", re.M)


def said(body, name):
    """What the comments of an interface say of its transfer mode or session scope."""
    found = re.search(rf"{name}(?: of the interface)?: ([^.\n]+)", body)
    return found[1] if found else "not said"


class Balance(html.parser.HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.wrong = [], set(), [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids.add(attributes.get("id"))
        self.links += [attributes["href"]] if "href" in attributes else []
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(dir=ROOT / "build")
        cls.addClassCleanup(cls.temporary.cleanup)
        folder = pathlib.Path(cls.temporary.name)
        subprocess.run(["capnp", "compile", "--src-prefix=abi", "-Iabi/schema", "-Itools/capnpc-c",
                        "-o", f"{PROGRAM}:{folder}", *SCHEMAS], cwd=ROOT, check=True)
        cls.pages = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}

    def test_each_schema_has_its_pages_and_there_is_an_index(self):
        stems = [path.stem for path in SCHEMAS] + ["index"]
        self.assertEqual(sorted(self.pages), sorted(stem + end for stem in stems
                                                    for end in (".md", ".html")))

    def test_index_says_of_each_interface_what_the_schema_says(self):
        count = 0
        for path in SCHEMAS:
            for name, number, body in INTERFACE.findall(path.read_text(encoding="utf-8")):
                row = f"| [{name}]({path.stem}.md#x{number[2:]}) | schema/{path.name} | " \
                      f"{said(body, 'Transfer')} | {said(body, 'Session scope')} |"
                self.assertIn(row, self.pages["index.md"])
                self.assertIn(f"| {number} | {said(body, 'Transfer')} | "
                              f"{said(body, 'Session scope')} |", self.pages[f"{path.stem}.md"])
                count += 1
        self.assertNotIn("not said", self.pages["index.md"])
        self.assertGreater(count, 5)
        self.assertEqual(self.pages["index.md"].count("\n| ["), count)

    def test_page_has_every_declaration_and_member(self):
        for path in SCHEMAS:
            source = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
            page = self.pages[f"{path.stem}.md"]
            for name, _, body in INTERFACE.findall(source):
                self.assertIn(f"## interface {name}\n", page)
                for method in METHOD.findall(body):
                    self.assertIn(f"\n### {method}\n\n    {method} @", page)
            for kind, name in DECLARED.findall(source):
                self.assertRegex(page, rf"\n## {kind} (\w+\.)*{name}\n")
            for member in MEMBER.findall(INTERFACE.sub("", source)):
                self.assertIn(f"| {member} | ", page)

    def test_html_is_well_formed_and_its_links_lead_somewhere(self):
        parsed = {}
        for name, text in self.pages.items():
            if name.endswith(".html"):
                parsed[name] = Balance()
                parsed[name].feed(text)
                self.assertEqual((parsed[name].open, parsed[name].wrong), ([], []), name)
        for name, page in parsed.items():
            for link in page.links:
                target, _, anchor = link.partition("#")
                self.assertIn(target, parsed, f"{name}: {link}")
                self.assertTrue(not anchor or anchor in parsed[target].ids, f"{name}: {link}")

    def test_what_is_no_request_is_refused(self):
        done = subprocess.run([PROGRAM], input=b"\xff" * 24, capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"capnp-docs: standard input", done.stderr)


if __name__ == "__main__":
    unittest.main()

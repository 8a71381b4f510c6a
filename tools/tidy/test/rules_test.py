#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every checker refuses what it is for, and accepts what is right."""
import contextlib
import io
import os
import subprocess
import sys
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import budget  # noqa: E402  pylint: disable=wrong-import-position
from fixture import FOLDER, LICENCE, findings  # noqa: E402  pylint: disable=wrong-import-position

GUARD = "#ifndef A_H\n#define A_H\n{}\n#endif\n"


class Guarantees(unittest.TestCase):
    RULE = "## 1 A\n| CORE-1.1 | a rule | {} | `a_claim` |\n"
    TEST = {"kernel/core/test/a_test.c": "static void a_claim(void **state)\n"}

    def of(self, row, state="works"):
        return findings("guarantees", {"docs/guarantees.md": row + "\n", **self.TEST,
                                       "docs/rules/core.md": self.RULE.format(state)})

    def test_a_promise_names_a_rule_that_works_or_a_test(self):
        self.assertEqual(self.of("| It holds | guaranteed (CORE-1.1) | no |"), [])
        self.assertEqual(self.of("| It holds | tested (`a_claim`) | no |", "not yet"), [])
        self.assertEqual(self.of("| It holds | assumed | **no** |"), [])

    def test_a_promise_without_either_is_refused(self):
        self.assertEqual(len(self.of("| It holds | guaranteed | no |")), 1)
        self.assertEqual(len(self.of("| It holds | tested (`no_such_claim`) | no |")), 1)
        self.assertEqual(len(self.of("| It holds | guaranteed (CORE-1.1) | no |", "not yet")), 1)


class Layers(unittest.TestCase):
    FILES = {"abi/ring.h": "", "abi/ids.h": "", "hal/hal.h": "", "kernel/kernel.h": "",
             "kernel/core/core.h": "", "kernel/core/state/state.h": "", "lib/sha256/sha256.h": "",
             "runtime/runtime.h": "", "ring/ring.h": "", "hal/sim/sim.h": "",
             "programs/a/a.h": ""}

    def of(self, path, included):
        return findings("layers", {**self.FILES, path: f'#include "{included}"\n'})

    def test_arrows_of_the_table_are_accepted(self):
        for path, included in [
                ("kernel/core/endpoint.c", "hal/hal.h"), ("kernel/main.c", "kernel/core/core.h"),
                ("kernel/core/endpoint.c", "kernel/core/state/state.h"),
                ("hal/sim/loop.c", "kernel/kernel.h"), ("hal/sim/loop.c", "sim.h"),
                ("programs/b/b.c", "runtime/runtime.h"), ("programs/b/b.c", "schema/x.capnp.h"),
                ("abi/start.h", "abi/ids.h"), ("lib/replay/r.c", "kernel/core/state/state.h"),
                ("kernel/core/test/x_test.c", "hal/sim/sim.h"), ("tools/a/a.c", "ring/ring.h")]:
            self.assertEqual(self.of(path, included), [], (path, included))

    def test_arrows_against_the_table_are_refused(self):
        for path, included in [
                ("abi/start.h", "ring/ring.h"), ("ring/queue.c", "kernel/core/core.h"),
                ("kernel/core/state/reduce.c", "hal/hal.h"),
                ("kernel/core/state/reduce.c", "kernel/core/core.h"),
                ("kernel/core/endpoint.c", "kernel/gate/gate.h"),
                ("kernel/gate/enter.c", "hal/hal.h"),
                ("kernel/log/page.c", "kernel/core/core.h"),
                ("hal/sim/loop.c", "kernel/core/core.h"), ("hal/x86_64/a.c", "hal/sim/sim.h"),
                ("lib/ds/list.c", "kernel/core/core.h"), ("runtime/a.c", "kernel/kernel.h"),
                ("programs/b/b.c", "programs/a/a.h"), ("programs/b/b.c", "ring/ring.h"),
                ("abi/start.h", "schema/x.capnp.h")]:
            found = self.of(path, included)
            self.assertEqual(len(found), 1, (path, included))
            self.assertIn(f"{path}:1: layers: ", found[0])

    def test_a_file_that_is_not_there_is_refused(self):
        self.assertEqual(len(self.of("kernel/main.c", "absent.h")), 1)


class Pure(unittest.TestCase):
    def of(self, files):
        def build(root):
            for path in files:
                out = os.path.join(root, "build/x86_64-core/obj", path + ".o")
                os.makedirs(os.path.dirname(out), exist_ok=True)
                subprocess.run(["clang-14", "--target=x86_64-none-elf", "-c", "-ffreestanding",
                                "-fno-pic", os.path.join(root, path), "-o", out], check=True)
        return findings("pure", files, prepare=build)

    REDUCE = {"kernel/core/state/reduce.c":
              "void *memcpy(void *, const void *, unsigned long);\n"
              "void digest(void);\n"
              "void reduce(char *to) { memcpy(to, to + 9, 4096); digest(); }\n",
              "kernel/core/state/digest.c": "void digest(void) {}\n"}

    def test_a_core_that_needs_only_what_it_may_is_accepted(self):
        self.assertEqual(self.of({
            **self.REDUCE, "lib/capnp/plain.c": "int capnp_get(void) { return 1; }\n",
            "kernel/core/endpoint.c": "void reduce(char *); void hal_wake(int);\n"
            "int capnp_get(void);\nconst int table[] = {1};\n"
            "void f(char *c) { reduce(c); hal_wake(capnp_get()); }\n",
        }), [])

    def test_the_state_may_not_call_the_machine_or_the_core(self):
        for name in ("hal_wake", "malloc", "endpoint_send"):
            found = self.of({
                "kernel/core/state/reduce.c": f"void {name}(void); void f(void) {{ {name}(); }}\n",
                "kernel/core/endpoint.c": "void endpoint_send(void) {}\n"})
            self.assertEqual(len(found), 1, name)
            self.assertIn(name, found[0])

    def test_the_core_may_not_call_the_log(self):
        self.assertEqual(len(self.of({
            **self.REDUCE,
            "kernel/core/a.c": "void log_append(void); void f(void) { log_append(); }\n"})), 1)

    def test_writable_data_is_refused(self):
        for text in ("int count;\n", "int count = 1;\n", "static int c;\nint f(void)"
                     " { return c++; }\n"):
            self.assertIn("writable", self.of({"kernel/core/a.c": text})[0])

    def test_an_object_that_was_not_built_is_refused(self):
        self.assertEqual(len(findings("pure", {"kernel/core/a.c": "\n"})), 1)


class Conditionals(unittest.TestCase):
    def test_a_guard_is_accepted(self):
        self.assertEqual(findings("conditionals", {"lib/a/a.h": LICENCE + GUARD.format("int x;"),
                                                   "hal/sim/a.c": "#if 0\n#endif\n"}), [])

    def test_conditions_are_refused(self):
        for path, text in [("kernel/a.c", "#ifdef X\n#endif\n"), ("ring/a.S", "#if X\n#endif\n"),
                           ("lib/a/a.h", GUARD.format("# if X\n#else\n#endif")),
                           ("lib/a/b.h", "#ifndef A\n#define B\nint x;\n#endif\n")]:
            self.assertNotEqual(findings("conditionals", {path: text}), [], path)


class Sizes(unittest.TestCase):
    @staticmethod
    def function(lines):
        return "static int f(int a,\n             int b)\n{\n" + "    a++;\n" * (lines - 4) + "}\n"

    def test_limits_are_inclusive(self):
        self.assertEqual(findings("sizes", {
            "kernel/a.c": self.function(60), "lib/a/a.c": self.function(70),
            "kernel/b.c": "int a;\n" * 500, "lib/a/b.c": "int a;\n" * 800,
            "tools/x/a.py": "def f():\n" + "    x = 1\n" * 69,
            "lib/a/c.c": "static const int table[] = {\n" + "    1,\n" * 200 + "};\n"}), [])

    def test_one_line_more_is_refused(self):
        for path, text in [("kernel/a.c", self.function(61)), ("lib/a/a.c", self.function(71)),
                           ("kernel/b.c", "int a;\n" * 501), ("lib/a/b.c", "int a;\n" * 801),
                           ("ring/b.h", "int a;\n" * 501),
                           ("tools/x/a.py", "def f():\n" + "    x = 1\n" * 70)]:
            self.assertEqual(len(findings("sizes", {path: text})), 1, path)


class Width(unittest.TestCase):
    def test_good_lines_are_accepted(self):
        self.assertEqual(findings("width", {
            "a.c": "x" * 100 + "\n", "README.md": "| " + "x" * 200 + " |\n",
            "Makefile": "a:\n\tb\n", "a.run": "# a\nexpect " + "x" * 200 + "\n",
            "tests/fuzz/corpus/a/x.c": "x  "}), [])

    def test_bad_lines_are_refused(self):
        for path, text in [("a.c", "x" * 101 + "\n"), ("a.c", "x \n"), ("a.c", "\tx\n"),
                           ("a.c", "x"), ("a.py", "x\n\n"), ("a.md", "x" * 101 + "\n"),
                           ("Makefile", "a: \n")]:
            self.assertEqual(len(findings("width", {path: text})), 1, text)


class Spdx(unittest.TestCase):
    def test_a_licence_near_the_top_is_accepted(self):
        self.assertEqual(findings("spdx", {"a.c": LICENCE, "b.py": "#!x\n" + LICENCE,
                                           "data.json": "{}\n"}), [])

    def test_a_missing_licence_is_refused(self):
        for path in ("a.c", "a.h", "a.S", "a.py", "a.sh", "a.ld", "a.capnp", "a.mk", "Makefile",
                     "a.run"):
            self.assertEqual(len(findings("spdx", {path: "\n\n\n" + LICENCE})), 1, path)
        self.assertEqual(len(findings("spdx", {"tools/setup": "#!/bin/sh\n"})), 1)


class Readme(unittest.TestCase):
    def test_a_sentence_is_accepted(self):
        self.assertEqual(findings("readme", {
            "lib/README.md": "# lib\n\nCode used on both\nsides. More.\n", "lib/test/a_test.c": "",
            ".ci/run": "", "LICENSE": ""}), [])

    def test_a_folder_that_does_not_say_what_it_is_for_is_refused(self):
        for text in (None, "", "# lib\n", "# lib\n\nno sentence here\n", "# lib\n\n- a list.\n"):
            files = {"lib/a.c": ""} | ({} if text is None else {"lib/README.md": text})
            self.assertEqual(len(findings("readme", files)), 1, text)


class Links(unittest.TestCase):
    FILES = {"docs/a.md": "# What is it?\n", "kernel/main.c": "int kernel_turn(void)\n{\n}\n",
             "hal/x/entry.S": "entry_call:\n"}

    def of(self, path, text):
        return findings("links", {**self.FILES, path: text})

    def test_what_is_there_is_accepted(self):
        for path, text in [
                ("README.md", "[a](docs/a.md), [b](docs/a.md#what-is-it), [c](docs/) [d](.)\n"),
                ("docs/b.md", "[a](a.md) [up](../kernel/main.c) [here](#b)\n\n## B\n"),
                ("README.md", "[web](https://x.test/y), `[a](b)`\n```\n[no](where.md)\n```\n"),
                ("ARCHITECTURE.md", "`kernel_turn()`, `entry_call()`, `kernel_turn(a, b)`\n"),
                ("README.md", "`elsewhere()`\n")]:
            self.assertEqual(self.of(path, text), [], text)

    def test_what_is_not_there_is_refused(self):
        for path, text in [
                ("README.md", "[a](absent.md)\n"), ("docs/b.md", "[a](docs/a.md)\n"),
                ("README.md", "[a](docs/a.md#other)\n"), ("README.md", "[a](../README.md)\n"),
                ("README.md", "[a](kernel/main.c#L1)\n"), ("README.md", "[a](#absent)\n"),
                ("ARCHITECTURE.md", "`kernel_turns()`\n"),
                ("ARCHITECTURE.md", "`main()` in [main](kernel/main.c)\n")]:
            self.assertEqual(len(self.of(path, text)), 1, text)


class Rules(unittest.TestCase):
    FILES = {"docs/status.md": "| ABI-1 calls | works |\n",
             "lib/test/a_test.c": "static void a_call_ends(void **state) {}\n",
             "kernel/a.c": "int submit(void) { return STATUS_BAD; }\n",
             "tests/run/a.run": "", "tests/platform/suite.c": '{"exit hands in"},\n',
             "tools/tidy/check_pure.py": ""}
    GOOD = "| ABI-1.1 | a rule | works | `a_call_ends` |\n"

    def of(self, *rows, **files):
        page = "# Rules\n\n## 1 Calls\n\n| id | rule | state | shown by |\n" + "".join(rows)
        return findings("rules", {**self.FILES, "docs/rules/abi.md": page, **files})

    def test_rows_that_name_what_is_there_are_accepted(self):
        for shown in ("`a_call_ends`, `lib/test`", "review: `submit()`", "`a.run` and `STATUS_BAD`",
                      "`exit hands in` (`tests/platform`)", "`check_pure`, `a_test.c`"):
            self.assertEqual(self.of(f"| ABI-1.1 | a | works: so | {shown} |\n",
                                     "| ABI-1.2 | b | not yet | |\n"), [], shown)
        self.assertEqual(self.of(self.GOOD, **{"kernel/b.c": "// ABI-1.1, ABI-1, ABI-X\n"}), [])

    def test_other_rows_are_refused(self):
        for row in ("| ABI-1.2 | a number left out | works | review |\n",
                    "| ABI-2.1 | another section | works | review |\n",
                    "| LOG-1.1 | another page | not yet | |\n",
                    "| ABI-1.1 | a state of its own | perhaps | |\n",
                    "| ABI-1.1 | works, and nothing shows it | works | |\n",
                    "| ABI-1.1 | a column too few | works |\n",
                    "| ABI-1.1 | no test | works | `a_call_never_ends` |\n",
                    "| ABI-1.1 | no test, but the kernel | works | `submit` |\n",
                    "| ABI-1.1 | no function | works | `absent()` |\n",
                    "| ABI-1.1 | no script | works | `b.run` |\n",
                    "| ABI-1.1 | no step | works | `exit hands out` |\n"):
            self.assertNotEqual(self.of(row), [], row)
        self.assertEqual(len(self.of(self.GOOD, self.GOOD)), 1)

    def test_a_name_of_no_rule_and_a_section_without_a_state_are_refused(self):
        for path, text in [("kernel/b.c", "// ABI-1.2\n"), ("docs/a.md", "ABI-2\n"),
                           ("docs/status.md", "ABI-10\n")]:
            self.assertNotEqual(self.of(self.GOOD, **{path: text}), [], path)


class Format(unittest.TestCase):
    STYLE = {".clang-format": "BasedOnStyle: LLVM\nIndentWidth: 4\n"}

    def test_formatted_code_is_accepted(self):
        self.assertEqual(findings("format", {**self.STYLE, "a.c": "int x;\n"}), [])

    def test_other_code_is_refused(self):
        self.assertEqual(len(findings("format", {**self.STYLE, "a.c": "int  x;\n"})), 1)


class Words(unittest.TestCase):
    def test_plain_words_are_accepted(self):
        self.assertEqual(findings("words", {"a.md": "Framework: see docs/home/x, ~/home.\n"}), [])

    def test_notes_and_machine_paths_are_refused(self):
        for text in ("TO" "DO: x", "a FIX" "ME", "XX" "X", "cd /wor" "k/x", '"/hom' 'e/me"'):
            self.assertEqual(len(findings("words", {"a.c": text + "\n"})), 1, text)


class RulesOfTheManager(unittest.TestCase):
    PAGE = "## 1 Shape\n\n| id | rule | state | shown by |\n| --- | --- | --- | --- |\n{}"
    GOOD = "| INIT-1.1 | It is so | works | `it_is_so` |\n"
    TEST = "// INIT-1.1\nvoid it_is_so(void) {}\n"

    def of(self, rows, test):
        return findings("rules", {"docs/rules/init.md": self.PAGE.format(rows),
                                  "docs/status.md": "| INIT-1 shape | works |\n",
                                  "system/init/manager/test/a_test.c": test})

    def test_those_that_tests_name_are_accepted(self):
        self.assertEqual(self.of(self.GOOD, self.TEST), [])
        self.assertEqual(self.of(self.GOOD + "| INIT-1.2 | Later | not yet: no machine | |\n",
                                 self.TEST), [])

    def test_those_that_no_test_names_are_refused(self):
        self.assertEqual(len(self.of(self.GOOD, "void it_is_so(void) {}\n")), 1)


class Budget(unittest.TestCase):
    def of(self, path, lines, *kernel_lib):
        text = "".join(f"int a{n};\n" for n in range(lines))
        return findings("budget", {path: text}, *kernel_lib)

    def test_what_is_within_or_uncounted_is_accepted(self):
        for path, lines in [("kernel/a.c", 6000), ("kernel/core/a.c", 4500),
                            ("hal/x86_64/a.c", 3500), ("kernel/core/test/a.c", 7000),
                            ("lib/a/a.c", 7000), ("kernel/core/check.c", 7000),
                            ("tests/property/model.c", 800), ("tests/property/a.c", 7000)]:
            self.assertEqual(self.of(path, lines), [], path)

    def test_what_is_over_is_refused(self):
        for path, lines in [("kernel/a.c", 6001), ("ring/a.h", 6001), ("kernel/core/a.c", 4501),
                            ("hal/x86_64/a.c", 3501), ("tests/property/model_a.c", 801)]:
            self.assertEqual(len(self.of(path, lines)), 1, path)
        self.assertEqual(len(self.of("lib/a/a.h", 6001, "lib/a/a.c")), 1)

    def test_each_number_that_is_printed_has_a_limit(self):
        limits = {"lines, " + name: most for name, most in budget.check_budget.LIMITS.items()}
        limits |= budget.LIMITS
        for over in (None, *limits):
            numbers = {name: most + (name == over) for name, most in limits.items()}
            with (mock.patch.object(budget, "measure", lambda _, found=numbers: found),
                  mock.patch.object(budget, "previous", lambda *_: ("", {})),
                  mock.patch.object(budget, "git", lambda *_: b"not clean"),
                  contextlib.redirect_stdout(io.StringIO()) as printed):
                self.assertEqual(budget.main(), over is not None, over)
            said = [line for line in printed.getvalue().splitlines() if line.endswith(" OVER")]
            self.assertEqual(len(said), 1 if over else 0, over)


class Checkers(unittest.TestCase):
    def test_each_is_tried_here_and_named_by_the_rules_of_the_house(self):
        with open(__file__, encoding="utf-8") as here:
            tried = here.read()
        style = (FOLDER / "../../STYLE.md").read_text(encoding="utf-8")
        names = [path.stem.removeprefix("check_") for path in FOLDER.glob("check_*.py")]
        self.assertGreater(len(names), 10)
        for name in names:
            self.assertIn(f'findings("{name}"', tried)
            self.assertIn(f"`check_{name}`", style)


if __name__ == "__main__":
    unittest.main()

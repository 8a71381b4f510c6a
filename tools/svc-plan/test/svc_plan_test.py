#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tool `svc-plan` as its user meets it: five services with a cycle, mended by following what it
says. And the service manager, which it links, needs nothing of the world (INIT-1.1)."""
import json
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAN = ROOT / "build" / "host" / "tools" / "svc-plan"
FIVE = """{
  "services": {
    "web": {"ImagePath": "web", "Requires": ["app"], "Triggers": ["boot"]},
    "app": {"ImagePath": "app", "Requires": ["db", "cache"], "Triggers": "boot",
            "Grants": ["log = console", "fs = store/root.read"]},
    "cache": {"ImagePath": "cache",
              "Wants": ["app"]},
    "db": {"ImagePath": "db", "Requires": ["stroe"]},
    "store": {"ImagePath": "store", "Identity": "SYSTEM", "Exports": ["root : Directory"]}
  }
}
"""
# What the manager may need of others: the memory functions, its assertion, libraries.
MEMORY = {"memcpy", "memmove", "memset", "memcmp", "strlen", "manager_assert_fail"}
LIBRARIES = ("lib/json", "lib/access", "lib/calendar", "lib/text")


def plan(text, *words):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(text)
        file.flush()
        return subprocess.run([PLAN, file.name, *words], capture_output=True, text=True,
                              check=False)


class Plan(unittest.TestCase):
    def test_a_cycle_is_named_by_its_path_and_mended_by_following_the_message(self):
        run = plan(FIVE)
        self.assertEqual(run.returncode, 1)
        self.assertIn("app -> cache -> app", run.stdout)
        self.assertIn("    line 4: app: Requires names cache\n", run.stdout)
        self.assertIn("    line 7: cache: Wants names app\n", run.stdout)
        self.assertIn("error: db: Requires, line 8: no such service: stroe (did you mean store?)",
                      run.stdout)
        self.assertIn("fails: web: DependencyFailure: it needs app, which fails", run.stdout)
        mended = FIVE.replace('"cache",\n              "Wants": ["app"]', '"cache"')
        run = plan(mended.replace("stroe", "store"))
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn("verdict: boots in full mode, 5 of 5 services start", run.stdout)
        waves = [line.split()[0] for line in run.stdout.splitlines() if line.startswith("  ")]
        self.assertLess(waves.index("store"), waves.index("db"))
        self.assertLess(waves.index("app"), waves.index("web"))
        self.assertIn("store  Simple as SYSTEM  exports root : Directory", run.stdout)

    def test_the_verdict_knows_critical_services(self):
        cycle = ('{"services": {"a": {"ImagePath": "x", "Requires": "b", "Triggers": "boot"%s},'
                 '"b": {"ImagePath": "x", "Requires": "a"}}}')
        self.assertIn("verdict: boots, but 2 services fail", plan(cycle % "").stdout)
        self.assertIn("verdict: enters safe mode", plan(cycle % ', "ErrorControl": 1').stdout)
        missing = '{"services": {"a": {"Triggers": "boot", "ErrorControl": "Critical"}}}'
        self.assertIn("verdict: does not boot", plan(missing).stdout)

    def test_json_and_dot_say_the_same(self):
        answer = json.loads(plan(FIVE, "--json").stdout)
        self.assertEqual(answer["verdict"], "partly")
        fates = {row["service"]: row["fate"] for row in answer["services"]}
        self.assertEqual(fates, {"web": "dependency", "app": "cycle", "cache": "cycle",
                                 "db": "invalid", "store": "starts"})
        codes = {row["code"]: row for row in answer["problems"]}
        self.assertEqual(codes["CYCLE"]["path"], ["app", "cache"])
        self.assertEqual(codes["MISSING"]["field"], "Requires")
        dot = plan(FIVE, "--dot").stdout
        self.assertIn('"app" -> "store" [style=solid, label="Grants"]', dot)

    def test_one_service_can_be_planned_alone(self):
        run = plan(FIVE, "--start", "store")
        self.assertIn("1 of 5 services start", run.stdout)
        self.assertEqual(plan(FIVE, "--start", "nothing").returncode, 2)

    def test_bad_files_and_command_lines_are_refused_with_a_reason(self):
        run = plan('{"services": {\n"a": {,}}}')
        self.assertEqual(run.returncode, 1)
        self.assertIn("error: line 2: the text is not JSON: column 7:", run.stdout)
        self.assertIn("verdict: nothing starts", run.stdout)
        for words in ([], ["--what"], ["a", "b"]):
            run = subprocess.run([PLAN, *words], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 2)
            self.assertIn("svc-plan FILE", run.stderr)
        run = subprocess.run([PLAN, "/nowhere"], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 2)
        self.assertIn("No such file", run.stderr)


class Manager(unittest.TestCase):
    def test_manager_is_pure(self):
        """INIT-1.1: freestanding, without writable data, needing nothing but libraries."""
        with tempfile.TemporaryDirectory() as folder:
            tables = {}
            sources = sorted((ROOT / "system/init/manager").glob("*.c"))
            sources += [path for name in LIBRARIES for path in sorted((ROOT / name).glob("*.c"))]
            for source in sources:
                out = pathlib.Path(folder) / "out.o"
                subprocess.run(["clang-14", "--target=x86_64-none-elf", "-std=c17", "-O1",
                                "-ffreestanding", "-nostdlibinc", "-fno-pic", f"-I{ROOT}",
                                f"-isystem{ROOT}/lib/freestanding", "-c", source, "-o", out],
                               check=True)
                listed = subprocess.run(["llvm-nm-14", "--format=posix", out], check=True,
                                        capture_output=True, text=True).stdout
                tables[source] = [tuple(line.split()[:2]) for line in listed.splitlines()]
        defined = {name for table in tables.values() for name, kind in table if kind not in "Uwv"}
        for source, table in tables.items():
            for name, kind in table:
                self.assertNotIn(kind, "bBdDgGsSC", f"{source}: {name} is writable data")
                if kind in "Uwv":
                    self.assertIn(name, defined | MEMORY, source)


if __name__ == "__main__":
    unittest.main()

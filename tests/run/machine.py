# SPDX-License-Identifier: Apache-2.0
"""One boot, for tests that a run script can't express."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/boot"))
import boot  # noqa: E402  pylint: disable=wrong-import-position

FOLDER = "build/test/run"
DEADLINE_SECONDS = 60


class Run:
    """What came of it: the system's exit code, the console's lines, the path of the commit log."""

    def __init__(self, platform, package, name, **options):
        os.chdir(ROOT)
        os.makedirs(FOLDER, exist_ok=True)
        self.log = f"{FOLDER}/{name}-{platform}.log"
        pathlib.Path(self.log).unlink(missing_ok=True)
        done = subprocess.run(boot.command(platform, package, self.log, **options), check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=DEADLINE_SECONDS)
        boot.collect(platform, self.log)
        self.code = boot.exit_code(platform, done.returncode)
        self.lines = done.stdout.decode(errors="replace").replace("\r", "").splitlines()
        self.errors = done.stderr.decode(errors="replace")

    def log_bytes(self):
        return pathlib.Path(self.log).read_bytes()

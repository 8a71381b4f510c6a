# SPDX-License-Identifier: Apache-2.0
"""Runs a checker on a small tree made for the purpose."""
import os
import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parents[1]
LICENCE = "// SPDX-License-Identifier: " + "Apache-2.0\n"


def findings(rule, files, *arguments, prepare=None):
    """The lines that check_<rule>.py prints about a tree with these files (path: text)."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        if prepare:
            prepare(root)
        run = subprocess.run([sys.executable, "-B", FOLDER / f"check_{rule}.py", root, *arguments],
                             capture_output=True, text=True, check=False)
    if run.stderr:
        raise AssertionError(run.stderr)
    lines = run.stdout.splitlines()
    if run.returncode != (1 if lines else 0):
        raise AssertionError(f"exit status {run.returncode} with findings {lines}")
    return lines

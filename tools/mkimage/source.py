# SPDX-License-Identifier: Apache-2.0
"""What people write: a manifest in JSON, or in Jsonnet with a preset and a site's overlay.

    source.py [--preset P] [--tags T] [--overlay O] MANIFEST

prints the programs that it names, for whoever builds them, and nothing where it can't be read.

Jsonnet is evaluated by Debian's `jsonnet`; the overlay is a function from the manifest's name, and
has the last word. Errors name the file and the place in it, and of what Jsonnet made the place in
the manifest, with the names of what stands there.
"""

import argparse
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "system/manifests"
PRESETS = LIBRARY / "presets"
POLICIES = "drivers/*/*/policy.libsonnet"
SCRIPTS = "system/scripts/*.shell"
SECONDS = 60
WORD = re.compile(r"[A-Za-z0-9_-]+")
LOCATION = re.compile(r"^\t?(?P<file>[^\t:]+):\(?(?P<place>\d+:\d+)", re.MULTILINE)
LISTED = re.compile(r"\b(endpoints|memories|programs)\[(\d+)\](?:\.grants\[(\d+)\])?")


class SourceError(Exception):
    """The file, the place in it and what is wrong there."""


class Options:
    """What a manifest is evaluated with: the name of a preset, tags, the path of an overlay."""

    def __init__(self, preset="", tags="", overlay=None):
        self.preset = preset
        self.tags = tags
        self.overlay = overlay

    @classmethod
    def add_to(cls, parser):
        parser.add_argument("--preset", default="", help="a file of system/manifests/presets")
        parser.add_argument("--tags", default="", help="words for the manifest, with commas")
        parser.add_argument("--overlay", type=pathlib.Path, help="a site's overlay.libsonnet")

    @classmethod
    def of(cls, parsed):
        return cls(parsed.preset, parsed.tags, parsed.overlay)

    def files(self):
        """Those that a manifest in Jsonnet is made of, besides itself."""
        return [*sorted(LIBRARY.glob("*.libsonnet")), *sorted(PRESETS.glob("*.libsonnet")),
                *sorted(ROOT.glob(POLICIES)), *sorted(ROOT.glob(SCRIPTS)),
                *([self.overlay] if self.overlay else [])]

    def check(self):
        for tag in filter(None, self.tags.split(",")):
            if not WORD.fullmatch(tag):
                raise SourceError(f"tag {tag!r}: letters, digits, `_` and `-` are asked for")
        known = sorted(path.stem for path in PRESETS.glob("*.libsonnet"))
        if self.preset and self.preset not in known:
            raise SourceError(f"there is no preset {self.preset!r}; there are {', '.join(known)}")
        if self.overlay and not self.overlay.is_file():
            raise SourceError(f"{self.overlay}: there is no such overlay")

    def expression(self, path):
        parts = [f"import {json.dumps(str(path))}"]
        if self.preset:
            parts.append(f"import {json.dumps(str(PRESETS / (self.preset + '.libsonnet')))}")
        if self.overlay:
            parts.append(f"(import {json.dumps(str(self.overlay))})({json.dumps(path.stem)})")
        return " + ".join(f"({part})" for part in parts)


class Source:
    """A manifest's JSON, and how its places are called."""

    def __init__(self, path, text, is_made):
        self.path = path
        self.text = text
        self.is_made = is_made

    def told(self, sentence):
        """What was said of the JSON, for whoever wrote it: lines of what Jsonnet made say nothing,
        numbers of entries are told with their names."""
        if not self.is_made:
            return sentence
        sentence = re.sub(rf"^{re.escape(str(self.path))}:\d+:\d+:", f"{self.path}:", sentence)
        return LISTED.sub(self.named, sentence)

    def named(self, match):
        kind, index, grant = match[1], int(match[2]), match[3]
        try:
            entry = json.loads(self.text)[kind][index]
            said = f"{kind}[{index}] ({entry['name']})"
            if grant is not None:
                said += f".grants[{grant}] ({entry['grants'][int(grant)]['name']})"
            return said
        except (LookupError, TypeError, ValueError):
            return match[0]


def why_of(path, errors):
    """jsonnet's words, from the place in the file that somebody wrote."""
    lines = errors.strip().split("\n")
    kind, _, rest = lines[0].partition(" ERROR: ")
    if kind == "STATIC":
        return rest
    library = (str(LIBRARY / "tessera.libsonnet"), "std.jsonnet", "<cmdline>")
    places = [match for match in LOCATION.finditer("\n".join(lines[1:]))
              if match["file"] not in library]
    where = f"{places[0]['file']}:{places[0]['place']}" if places else str(path)
    return f"{where}: {rest or errors.strip()}"


def evaluate(path, options):
    options.check()
    command = ["jsonnet", "-J", str(LIBRARY), "--ext-str", f"tags={options.tags}",
               "-e", options.expression(path)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)
    except FileNotFoundError:
        raise SourceError("jsonnet is not installed; tools/setup installs it") from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"{path}: it is not evaluated within {SECONDS} seconds") from None
    if done.returncode != 0:
        raise SourceError(why_of(path, done.stderr.decode(errors="replace")))
    return done.stdout.decode()


def read(path, options):
    """The Source of a file; raises SourceError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    if path.suffix == ".jsonnet":
        return Source(path, evaluate(path, options), True)
    if options.preset or options.overlay:
        raise SourceError(f"{path}: presets and overlays are for manifests in Jsonnet")
    return Source(path, data.decode(errors="surrogateescape"), False)


def programs_of(path, options):
    """The names of all programs; none where what names them is not what it should be."""
    try:
        value = json.loads(read(path, options).text)
        return sorted({value["first"], *(program["name"] for program in value["programs"]),
                       *value.get("also", [])})
    except (SourceError, LookupError, TypeError, ValueError, AttributeError):
        return []


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    Options.add_to(parser)
    parser.add_argument("manifest", type=pathlib.Path)
    parsed = parser.parse_args()
    print(*programs_of(parsed.manifest, Options.of(parsed)))


if __name__ == "__main__":
    main()

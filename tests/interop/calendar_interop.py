#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# lib/calendar against `systemd-analyze calendar` (package systemd), with random expressions, zones
# and instants: both must accept the same expressions and name the same next times.
#
# Instants lie anywhere, at the ends of months, on leap days, and around changes of the clock in the
# zone of the expression. Some expressions are spoilt, to compare what is refused.
#
# What differs on purpose is in calendar_differences.txt, with reasons; a difference that isn't
# there fails, and so does (at the default count and seed) a row that nothing fits any more.
# Differences of times are not taken on trust: systemd is asked again, step by step, in such a way
# that it doesn't meet what is known, and must then give the same times.
#
# usage: calendar_interop.py <path to calendar_interop> [count [seed]]

import calendar
import concurrent.futures
import datetime
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import zoneinfo

DEFAULT_COUNT, DEFAULT_SEED = 2000, 1
FOLDER = pathlib.Path(__file__).resolve().parent
ZONE_FOLDER = "/usr/share/zoneinfo"
ZONES = ["Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/St_Johns",
         "America/Sao_Paulo", "America/Santiago", "America/Nuuk", "Africa/Casablanca",
         "Africa/Cairo", "Asia/Tehran", "Asia/Kathmandu", "Asia/Hebron", "Asia/Tokyo",
         "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Apia", "Pacific/Chatham",
         "Pacific/Kiritimati", "Antarctica/Troll", "Etc/GMT+5", "UTC"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
LONG_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
# Asked in every run, whatever the seed: what people write, and one for each listed difference.
ALWAYS = ["Mon..Fri *-*-* 08:30 Europe/Berlin", "*-*~1 22:00", "*-2,5..8/3-1/7 0/6:00",
          "Mon *-5~1..7 00:00", "*-2-29 12:00", "Fri *-*-13 13:13", "Sat-Sun 10:00", " 10:00",
          "Mon  10:00", "12:00:00.5", "26-1-1 10:00", "007:00", "weekly America/New_York", "Sat"]
A_GROUP = 20  # expressions for one run of systemd-analyze
COUNT = 3     # next times of each
YEAR = 365 * 86400


def any_element(rng, low, high):
    kind = rng.random()
    first = rng.randint(low, high)
    if kind < 0.6:
        return str(first)
    last = rng.randint(first, high)
    if kind < 0.75:
        return f"{first}..{last}"
    if kind < 0.9:
        return f"{first}/{rng.randint(1, max(1, high - first))}"
    return f"{first}..{last}/{rng.randint(1, max(1, last - first))}"


def any_field(rng, low, high, star):
    if rng.random() < star:
        return "*"
    return ",".join(any_element(rng, low, high) for _ in range(rng.choice([1, 1, 1, 2, 3])))


def any_weekdays(rng):
    parts = []
    for _ in range(rng.choice([1, 1, 2])):
        first = rng.randrange(7)
        names = rng.choice([DAYS, DAYS, LONG_DAYS])
        last = f"..{names[rng.randrange(first, 7)]}" if rng.random() < 0.3 else ""
        parts.append(names[first] + last)
    return ",".join(parts)


def any_date(rng):
    year = "*" if rng.random() < 0.8 else any_field(rng, 1970, 2199, 0)
    month = any_field(rng, 1, 12, 0.4)
    if rng.random() < 0.25:
        return f"{year}-{month}~{any_field(rng, 1, 28, 0)}"
    return f"{year}-{month}-{any_field(rng, 1, 31, 0.4)}"


def any_time(rng):
    # Changes of the clock are between 0 and 3 most of the time.
    hour = any_field(rng, 0, 3 if rng.random() < 0.4 else 23, 0.3)
    minute = any_field(rng, 0, 59, 0.1)
    return f"{hour}:{minute}" + (f":{any_field(rng, 0, 59, 0.1)}" if rng.random() < 0.4 else "")


def spoil(rng, text):
    at = rng.randrange(len(text) + 1)
    return rng.choice([
        text[:at] + rng.choice("*,./-~: 0159aMZ") + text[at:], text[:at] + text[at + 1:],
        text.replace("*", rng.choice(["", "0", "**"]), 1), text.replace("..", "-"),
        text.split(" ")[0], text + " " + text, text.upper()])


def any_expression(rng):
    """An expression and its zone, None if it is spoilt."""
    zone = rng.choice(ZONES) if rng.random() < 0.75 else ""
    if rng.random() < 0.04:
        words = [rng.choice(["hourly", "daily", "weekly", "monthly"])]
    else:
        words = [any_weekdays(rng)] if rng.random() < 0.3 else []
        words += [any_date(rng)] if rng.random() < 0.6 else []
        words += [any_time(rng)]
    text = " ".join(words + ([zone] if zone else []))
    return (spoil(rng, text), None) if rng.random() < 0.15 else (text, zone)


def offset(zone, at):
    return datetime.datetime.fromtimestamp(at, zone).utcoffset()


def changes(zone_name, begin, end):
    """The instants in a stretch of time from which on a zone's clock shows something else."""
    zone, found, week = zoneinfo.ZoneInfo(zone_name), [], 7 * 86400
    for first in range(begin, end, week):
        low, high = first, min(first + week, end)
        if offset(zone, low) != offset(zone, high):
            while high - low > 1:
                middle = (low + high) // 2
                if offset(zone, middle) == offset(zone, low):
                    low = middle
                else:
                    high = middle
            found.append(high)
    return found


def any_instant(rng, known_changes):
    kind = rng.random()
    if kind < 0.5 and known_changes:
        return rng.choice(known_changes) + rng.randint(-7200, 7200)
    year = rng.randint(1972, 2120)
    if kind < 0.7:
        month = rng.randint(1, 12)
        day = calendar.monthrange(year, month)[1]
        return calendar.timegm((year, month, day, 23, 59, rng.randrange(60)))
    if kind < 0.8:
        year -= year % 4
        return calendar.timegm((year, 2, 28, rng.randrange(24), rng.randrange(60), 0))
    return rng.randrange(YEAR, 150 * YEAR)


def ask_systemd(after, expressions, iterations=COUNT):
    """For each expression the instants of its next times, or None if it is refused."""
    run = subprocess.run(
        ["systemd-analyze", "calendar", f"--base-time=@{after}", f"--iterations={iterations}",
         "--", *expressions], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}, check=False)
    found, current, before = {}, None, ""
    for line in run.stdout.splitlines():
        label, _, value = line.lstrip().partition(": ")
        # The original form is left out if it is the normalized one.
        if label == "Original form" or label == "Normalized form" and before != "Original form":
            current = found.setdefault(value, [])
        elif (label == "Next elapse" or label.startswith("Iter.")) and value != "never":
            at = datetime.datetime.strptime(value[4:], "%Y-%m-%d %H:%M:%S UTC")
            current.append(calendar.timegm(at.timetuple()))
        before = label
    return [found.get(expression) for expression in expressions]


def is_refused(text):
    """Whether systemd can't read it at all; it also fails where it finds no next time."""
    run = subprocess.run(["systemd-analyze", "calendar", "--", text], stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True, check=False)
    return "Failed to parse" in run.stderr


def close_steps(text):
    """The expression with `a/step` as the range that it stands for."""
    def close(low, high, is_from_end):
        def closed(match):
            first, step = int(match[1]), int(match[2])
            if is_from_end:
                return f"{first - (first - low) // step * step}..{first}/{step}"
            return f"{first}..{high}/{step}"
        return lambda field: re.sub(r"(?<![.\d])(\d+)/(\d+)", closed, field)
    words = []
    for word in text.split():
        if ":" in word:
            limits = [(0, 23), (0, 59), (0, 59)]
            word = ":".join(close(*limit, False)(field)
                            for limit, field in zip(limits, word.split(":")))
        elif word[0] in "*0123456789":
            year, month, mark, day = re.fullmatch("([^-]*)-([^-~]*)([-~])(.*)", word).groups()
            day = close(1, 28 if mark == "~" else 31, mark == "~")(day)
            word = close(1970, 2199, False)(year) + "-" + close(1, 12, False)(month) + mark + day
        words.append(word)
    return " ".join(words)


def zone_of(text):
    zone = text.split()[-1]
    return zone if zone in ZONES else "UTC"


def first_pass(at, text):
    """The instant at which the clock shows for the first time what it shows at this one."""
    zone = zoneinfo.ZoneInfo(zone_of(text))
    return int(datetime.datetime.fromtimestamp(at, zone).replace(fold=0).timestamp())


def next_first(after, text):
    """(systemd's next time, counted at its first pass, whether it named a second one); no time at
    all is the end of time, and so is its error where clocks skip."""
    for count in (1, 10, 100, 1000, 4000):
        times = ask_systemd(after, [text], count)[0] or []
        firsts = [first_pass(at, text) for at in times]
        # Asked within a second pass it also goes back in time.
        good = [at for at in firsts if at > after]
        if good or len(times) < count:
            return (good + [math.inf])[0], firsts != times or len(good) < len(times)
    raise AssertionError(f"no end of repeated times: {after} {text}")


def times_kind(after, text, ours):
    """Which of the differences of times it is that are known: asks again to be sure."""
    closed = close_steps(text)
    if ask_systemd(after, [closed])[0] == ours:
        return "open-step"
    kind = "open-step"
    for our in ours:
        their, is_repeated = next_first(after, closed)
        kind = "repeated" if is_repeated else kind
        if their != our:
            skips = [at for at in changes(zone_of(text), after, our)
                     if offset(zoneinfo.ZoneInfo(zone_of(text)), at - 1)
                     < offset(zoneinfo.ZoneInfo(zone_of(text)), at)]
            if their < our or not skips or our not in (skips[-1], next_first(skips[-1], closed)[0]):
                return "times"
            kind = "skipped"
        after = our
    return kind


def ask_ours(program, questions):
    run = subprocess.run([program, ZONE_FOLDER], stdout=subprocess.PIPE, text=True, check=True,
                         input="".join(f"{after} {COUNT} {text}\n" for after, text in questions))
    answers = [[int(word) for word in answer.split()[1:]] if answer.startswith("ok") else None
               for answer in run.stdout.splitlines()]
    assert len(answers) == len(questions), (len(answers), len(questions))
    return answers, run.stdout.splitlines()


class Differences:
    """The rows `kind | expression, a regular expression | reason` of the file."""

    def __init__(self, path):
        self.rows = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                kind, pattern, reason = (part.strip() for part in line.split(" | "))
                self.rows.append([kind, re.compile(pattern), reason, 0])

    def explain(self, kind, text):
        for row in self.rows:
            if row[0] == kind and row[1].search(text):
                row[3] += 1
                return True
        return False


def kind_of(after, text, ours, theirs):
    if ours is None:
        return "never" if theirs == [] else "refused"
    if theirs is None and not is_refused(text):
        return times_kind(after, text, ours)
    return "accepted" if theirs is None else times_kind(after, text, ours)


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else DEFAULT_COUNT
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else DEFAULT_SEED
    rng = random.Random(seed)
    known_changes = {zone: changes(zone, YEAR, 75 * YEAR) for zone in ZONES}
    groups = []
    for _ in range(count // A_GROUP):
        zone = rng.choice(ZONES)
        after = any_instant(rng, known_changes[zone])
        texts = {}
        while len(texts) < A_GROUP:
            text, own_zone = any_expression(rng)
            if own_zone and rng.random() < 0.7:
                text = text[:-len(own_zone)] + zone
            texts[text] = None
        groups.append((after, list(texts)))
    groups.append((any_instant(rng, []), ALWAYS))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        theirs = [answer for answers in pool.map(lambda group: ask_systemd(*group), groups)
                  for answer in answers]
    questions = [(after, text) for after, texts in groups for text in texts]
    ours, raw = ask_ours(program, questions)
    differences = Differences(FOLDER / "calendar_differences.txt")
    unlisted = listed = accepted = 0
    for (after, text), our, their, line in zip(questions, ours, theirs, raw):
        accepted += our is not None
        if our == their:
            continue
        kind = kind_of(after, text, our, their)
        if differences.explain(kind, text):
            listed += 1
            continue
        unlisted += 1
        if unlisted <= 40:
            print(f"{kind}: after @{after}: {text!r}\n    systemd: {their}\n"
                  f"    ours:    {our if our is not None else line}")
    is_default = (count, seed) == (DEFAULT_COUNT, DEFAULT_SEED)
    unused = [row for row in differences.rows if row[3] == 0 and is_default]
    for row in unused:
        print(f"no difference fits any more: {row[0]} | {row[1].pattern} | {row[2]}")
    print(f"seed {seed}: {len(questions)} compared, {accepted} of them accepted; "
          f"{listed} differ as listed, {unlisted} otherwise")
    return 1 if unlisted or unused else 0


if __name__ == "__main__":
    sys.exit(main())

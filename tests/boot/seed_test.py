#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tessera.seed gives programs the same addresses at each boot of a PC, another seed gives others,
and without one they are others each time. What was mapped where stands in the commit log."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/run"), str(ROOT / "tests/authority")]
import machine  # noqa: E402  pylint: disable=wrong-import-position
import oracle  # noqa: E402  pylint: disable=wrong-import-position

MEMORY_MAP = 25
PLACE = 16  # where these stand in the commit's body, behind mapping, process and facet


def places(append):
    """Every mapping of a run: address, pages, first page of the object, rights. Which program is
    faster than another, and so the order and the numbers of records, is nobody's promise."""
    run = machine.Run("x86_64", "first-call", "seed", append=append)
    assert run.code == 0, run.lines[-5:]
    return sorted(bytes(body[PLACE:]) for _, kind, _, body in oracle.commits_of(run.log_bytes())
                  if kind == MEMORY_MAP)


class Seed(unittest.TestCase):
    def test_equal_seeds_give_equal_addresses(self):
        first = places("tessera.seed=7")
        self.assertGreater(len(first), 20)
        self.assertEqual(first, places("tessera.seed=7"))
        self.assertNotEqual(first, places("tessera.seed=8"))

    def test_without_a_seed_addresses_are_others_each_time(self):
        self.assertNotEqual(places(""), places(""))


if __name__ == "__main__":
    unittest.main(verbosity=1)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""More than nine of ten calls between processes are handed straight to a server that waits for
them, also in a system where both sides of calls end at every stage (ipc.run)."""
import re
import unittest

import machine

CALLS = re.compile(r"tessera: calls delivered (\d+), by the fast path (\d+)")
PERCENT = 90
LEAST = 2000  # round trips of programs/ipc


class FastPath(unittest.TestCase):
    def share(self, platform, **options):
        run = machine.Run(platform, "ipc", "ipc-share", **options)
        self.assertEqual(run.code, 0, run.lines[-5:])
        delivered, fast = map(int, CALLS.search("\n".join(run.lines)).groups())
        self.assertGreaterEqual(delivered, LEAST)
        self.assertGreater(100 * fast, PERCENT * delivered, (platform, options))

    def test_the_simulator_hands_over_for_every_seed(self):
        for seed in range(1, 9):
            self.share("sim", seed=seed)

    def test_the_machine_hands_over(self):
        self.share("x86_64")


if __name__ == "__main__":
    unittest.main(verbosity=1)

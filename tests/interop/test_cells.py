#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What --quick leaves out of the matrix: cells, but no value and no pair of values that packets can have."""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cells  # noqa: E402


def pairs(chosen):
    return {pair for cell in chosen for pair in cells.pairs(cell)}


class Quick(unittest.TestCase):
    def setUp(self):
        self.everything, self.quick = list(cells.everything()), cells.quick()

    def test_size(self):
        self.assertEqual(len(self.quick), cells.QUICK + cells.QUICK_REFUSED)
        self.assertEqual(len({c.name for c in self.quick}), len(self.quick))
        self.assertEqual(len({c.name for c in self.everything}), len(self.everything))

    def test_every_value(self):
        for name, which in (('all', self.everything), ('refused', [c for c in self.everything if c.is_refused])):
            axes = {value for c in which for value in c.values() if name == 'all' or value[0] != 3}
            found = {value for c in self.quick if name == 'all' or c.is_refused for value in c.values()}
            self.assertEqual(axes - found, set(), name)

    def test_every_pair_with_packets(self):
        left = pairs(c for c in self.everything if not c.is_refused) - pairs(c for c in self.quick if not c.is_refused)
        self.assertEqual(left, set())


if __name__ == '__main__':
    unittest.main()

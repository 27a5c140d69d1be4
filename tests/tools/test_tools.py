#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The verdict of ./demo and the counting of ./check: each kind of failure must be seen.

usage: test_tools.py TOOLS-FOLDER
"""
import copy
import importlib.util
import pathlib
import sys
import unittest

TOOLS = pathlib.Path(sys.argv.pop(1))
sys.path.insert(0, str(TOOLS))

from demo import report, roaming, topology  # noqa: E402

_SPEC = importlib.util.spec_from_file_location("count_tests", TOOLS / "count-tests.py")
count_tests = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(count_tests)

FLOWS = {"sent": 100, "received": 100, "lost": 0, "duplicated": 0, "reordered": 0, "damaged": 0}
GOOD = {
    "up": dict(FLOWS), "down": dict(FLOWS), "tcp_bytes": 1000, "tcp_sent": 1000, "tcp_damaged": 0,
    "ping": {"sent": 5, "received": 5}, "repeated_sequence_numbers": 0, "repeated_ivs": 0,
    "cleartext_packets": 0, "capture_drops": 0, "undecodable": 0, "esp_packets": 300,
    "ways": 2, "wire": {"spis": [{"spi": "0x1", "paths": 2}]}, "trouble": [],
}
BAD = (
    (("up", "lost"), 1), (("down", "lost"), 1), (("up", "duplicated"), 1), (("down", "duplicated"), 1),
    (("up", "damaged"), 1), (("up", "received"), 0), (("tcp_bytes",), 999), (("tcp_damaged",), 1),
    (("ping", "received"), 4), (("ping", "sent"), 6), (("repeated_sequence_numbers",), 1),
    (("repeated_ivs",), 1), (("cleartext_packets",), 1), (("capture_drops",), 1), (("undecodable",), 1),
    (("esp_packets",), 150), (("ways",), 3), (("trouble",), ["a call was refused"]),
)


class Verdict(unittest.TestCase):
    def test_good_is_good(self):
        self.assertEqual(report.failures(GOOD), [])

    def test_each_failure_is_seen(self):
        for path, value in BAD:
            result = copy.deepcopy(GOOD)
            place = result
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            self.assertEqual(len(report.failures(result)), 1, path)

    def test_reordering_is_no_failure(self):
        result = copy.deepcopy(GOOD)
        result["up"]["reordered"] = 3
        self.assertEqual(report.failures(result), [])

    def test_percentile(self):
        values = list(range(1, 101))
        self.assertEqual(report.percentile(values, 0.5), 50)
        self.assertEqual(report.percentile(values, 0.99), 99)
        self.assertEqual(report.percentile([7], 0.99), 7)
        self.assertEqual(report.percentile([], 0.5), 0.0)


class FakeEnd:
    """Stands for a roam process; remembers what it was told."""

    def __init__(self, told, name):
        self.told, self.name = told, name

    def ask(self, line):
        self.told.append((self.name, line))
        return "ok" if line.startswith("keepalive") else "ok 10.0 "


class Moves(unittest.TestCase):
    def test_receivers_move_before_senders(self):
        told = []
        roamer = roaming.Roamer({end: FakeEnd(told, end) for end in ("rw", "gw")})
        for _ in roaming.ROUND:
            roamer.roam()
        calls = [(end, line.split()[4]) for end, line in told if line.startswith("migrate")]
        up, down = "0x1001", "0x2002"
        self.assertEqual(calls, [("rw", down), ("gw", up), ("rw", up), ("gw", down)] * len(roaming.ROUND))
        self.assertEqual(roamer.calls_per_roam(), 2)
        self.assertEqual(roamer.places, set(topology.PLACES))

    def test_each_call_starts_where_the_last_one_ended(self):
        told = []
        roamer = roaming.Roamer({end: FakeEnd(told, end) for end in ("rw", "gw")})
        for _ in range(3 * len(roaming.ROUND)):
            roamer.roam()
        where = {}
        for end, line in told:
            words = line.split()
            if words[0] != "migrate":
                continue
            options = dict(zip(words[1::2], words[2::2]))
            before = where.get((end, options["spi"]))
            if before:
                self.assertEqual((options["dst"], options["mark"]), before)
            where[end, options["spi"]] = (options["new-dst"], options.get("new-mark", options["mark"]))

    def test_a_mapping_exists_before_it_is_used(self):
        told = []
        roamer = roaming.Roamer({end: FakeEnd(told, end) for end in ("rw", "gw")})
        for _ in roaming.ROUND:
            roamer.roam()
        for number, (end, line) in enumerate(told):
            if "new-src 192.168.77.2" in line or "new-dst 203.0.113.130" in line:
                before = [text for _, text in told[max(0, number - 4):number]]
                self.assertTrue(any(text.startswith("keepalive") for text in before), (end, line))


class Counting(unittest.TestCase):
    def count(self, text, good):
        count = count_tests.Count()
        count.program(text, good, "program")
        return count.passed, len(count.failed), count.skipped

    def test_tap(self):
        self.assertEqual(self.count("1..3\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no root\n", False), (1, 1, 1))

    def test_a_program_without_tap(self):
        self.assertEqual(self.count("hello\n", True), (1, 0, 0))
        self.assertEqual(self.count("hello\n", False), (0, 1, 0))

    def test_a_crash_behind_passed_tests(self):
        self.assertEqual(self.count("ok 1 - a\n", False), (1, 1, 0))

    def test_all_skipped(self):
        self.assertEqual(self.count("1..0 # SKIP needs root\n", True), (0, 0, 1))


if __name__ == "__main__":
    unittest.main()
